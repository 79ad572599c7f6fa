"""Every mistake of a study file at once: its own, and those beside catalogue and codelists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from riskstrat.features.added import mistakes_beside
from riskstrat.features.catalogue import features_of, unknown_groups
from riskstrat.features.declared import declared
from riskstrat.study import AddedFeature, FeatureRules, Study, StudyText, read_fields

__all__ = ["check_study"]


def check_study(path: str | Path) -> Study:
    """Read a study file strictly, and hold it beside the catalogue and the codelists it names.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or holds mistakes: all of them are named at once,
        also those of a feature of one's own that cannot be read as a whole.
    """
    read = StudyText.of_file(path)
    return read.study(list(_mistakes_beside(read)))


def _mistakes_beside(read: StudyText) -> Iterator[str]:
    table = read.data.get("features", {})
    if not isinstance(table, Mapping):
        return
    others = {key: value for key, value in table.items() if key != "added"}
    rules = FeatureRules(**_sound(FeatureRules, others))
    if unknown := unknown_groups(rules):
        yield unknown
    event = read.parts["index"].event if "index" in read.parts else None
    taken = {feature.name for feature in features_of(declared(), rules, event)}
    added = table.get("added", [])
    for given in added if isinstance(added, list) else []:
        if isinstance(given, Mapping):
            fields = _sound(AddedFeature, given)
            yield from mistakes_beside(fields, rules, taken, read.folder)


def _sound(cls: type[Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The sound fields of a table; what is wrong with the others is told elsewhere."""
    return read_fields(cls, given, "", [])
