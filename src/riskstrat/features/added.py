"""Features of one's own: their codelists, and every mistake in them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from riskstrat.errors import StudyError
from riskstrat.features.declared import declared
from riskstrat.features.opencodelists import read_codelist
from riskstrat.study import AddedFeature, FeatureRules, Study, added_mistakes, columns_of

__all__ = ["added_codes", "codelist_file", "mistakes_beside", "require_added"]


def require_added(study: Study, taken: Collection[str]) -> None:
    """Refuse a study whose own features cannot be built as they are declared.

    Parameters
    ----------
    study : Study
    taken : collection of str
        Names of the features of the catalogue.

    Raises
    ------
    StudyError
        Names every mistake: those of the declarations, names that are taken, groups that are not
        known, and what is wrong with a codelist.
    """
    rules = study.features
    mistakes = added_mistakes(rules.added, rules.windows_days, rules.longest_days)
    for feature in rules.added:
        mistakes += mistakes_beside(vars(feature), rules, taken, study.folder)
    _raise(mistakes)


def mistakes_beside(
    given: Mapping[str, Any], rules: FeatureRules, taken: Collection[str], folder: Path | None
) -> list[str]:
    """What is wrong with a feature of one's own beside the catalogue and its codelist.

    Parameters
    ----------
    given : mapping of str
        Fields of :class:`AddedFeature`; what is not among them is not judged.
    rules : FeatureRules
        The study's, for features without windows of their own.
    taken : collection of str
        Names of the features of the catalogue.
    folder : Path or None
        Where the codelist stands.
    """
    found, groups = [], declared()["groups"]
    if "group" in given and given["group"] not in groups:
        found.append(f"unknown group '{given['group']}'; expected one of {', '.join(groups)}")
    name = given.get("name", "")
    windows = given.get("windows_days") or rules.windows_days
    names = {column for column, _ in columns_of(name, windows)} | {name}
    if repeated := sorted(names & set(taken)):
        found.append(f"the catalogue has a feature {' and '.join(map(repr, repeated))}")
    if given.get("codelist") and given.get("system"):
        found += _codelist_mistakes((folder or Path()) / given["codelist"], given["system"])
    return [f"added feature '{name}': {message}" for message in found]


def added_codes(study: Study) -> Iterator[tuple[AddedFeature, tuple[str, ...]]]:
    """Each feature of one's own with its codes in their normal written form.

    Raises
    ------
    StudyError
        When a codelist cannot be used; says what is wrong with each.
    """
    mistakes, found = [], []
    for feature in study.features.added:
        file = codelist_file(study, feature)
        messages = _codelist_mistakes(file, feature.system) if feature.codelist else []
        mistakes += [f"added feature '{feature.name}': {message}" for message in messages]
        found.append((feature, read_codelist(file, feature.system)[0]))
    _raise(mistakes)
    yield from found


def codelist_file(study: Study, feature: AddedFeature) -> Path:
    """Where the codelist of a feature stands: beside the study."""
    return (study.folder or Path()) / feature.codelist


def _codelist_mistakes(file: Path, system: str) -> list[str]:
    _, mistakes = read_codelist(file, system)
    return [f"the codelist '{file.name}' {mistake}" for mistake in mistakes]


def _raise(mistakes: list[str]) -> None:
    if not mistakes:
        return
    listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
    raise StudyError(
        f"the study's own features have {len(mistakes)} mistake{'s'[: len(mistakes) > 1]}:\n"
        f"{listed}",
        do="docs/how-to/own-features.md has an example; 'riskstrat study check' reads them again.",
    )
