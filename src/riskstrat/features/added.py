"""Features of one's own: their codelists, and every mistake in them at once."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path

from riskstrat.errors import StudyError
from riskstrat.features.declared import declared
from riskstrat.features.opencodelists import read_codelist
from riskstrat.study import AddedFeature, Study, added_mistakes

__all__ = ["added_codes", "codelist_file", "require_added"]


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
        found = []
        if feature.group not in declared()["groups"]:
            groups = ", ".join(declared()["groups"])
            found.append(f"unknown group '{feature.group}'; expected one of {groups}")
        names = {name for name, _ in feature.columns(rules.windows_days)} | {feature.name}
        if repeated := sorted(names & set(taken)):
            found.append(f"the catalogue has a feature {' and '.join(map(repr, repeated))}")
        found += _codelist_mistakes(study, feature)
        mistakes += [f"added feature '{feature.name}': {message}" for message in found]
    _raise(mistakes)


def added_codes(study: Study) -> Iterator[tuple[AddedFeature, tuple[str, ...]]]:
    """Each feature of one's own with its codes in their normal written form.

    Raises
    ------
    StudyError
        When a codelist cannot be used; says what is wrong with each.
    """
    mistakes, found = [], []
    for feature in study.features.added:
        messages = _codelist_mistakes(study, feature)
        mistakes += [f"added feature '{feature.name}': {message}" for message in messages]
        found.append((feature, read_codelist(codelist_file(study, feature), feature.system)[0]))
    _raise(mistakes)
    yield from found


def codelist_file(study: Study, feature: AddedFeature) -> Path:
    """Where the codelist of a feature stands: beside the study."""
    return (study.folder or Path()) / feature.codelist


def _codelist_mistakes(study: Study, feature: AddedFeature) -> list[str]:
    if not feature.codelist:
        return []
    file = codelist_file(study, feature)
    _, mistakes = read_codelist(file, feature.system)
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
