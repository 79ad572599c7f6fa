"""What the reporting checklist TRIPOD+AI asks for, and what of it the metrics already say.

The items stand in ``tripod.toml`` with the place in the metrics that is evidence for each. An item
is filled only when all its evidence is there; what nobody but the author can know is left to them.

References
----------
Collins GS et al. TRIPOD+AI statement. BMJ 2024;385:e078378.
"""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, UndefinedError

from riskstrat.evaluation.rendering import template_environment

__all__ = [
    "AUTHOR",
    "FILLED",
    "PARTLY",
    "SECTIONS",
    "is_there",
    "render_tripod",
    "tripod_counts",
    "tripod_items",
]

FILLED, PARTLY, AUTHOR = "filled", "partly filled", "left to the author"
"""How much of an item the metrics say."""

SECTIONS = {
    "summary": "Summary",
    "people": "People",
    "characteristics": "Table 1",
    "calibration": "Calibration",
    "lists": "Lists and workload",
    "ranking": "Ranking",
    "groups": "Groups of people",
    "inputs": "Features",
    "methods": "How the model was made",
    "limits": "Limits",
}
"""Sections of the report by their anchor."""

Metrics = Mapping[str, Any]


@cache
def _items() -> tuple[dict[str, Any], ...]:
    text = files("riskstrat.evaluation").joinpath("tripod.toml").read_text(encoding="utf-8")
    return tuple(tomllib.loads(text)["item"])


def is_there(metrics: Metrics, path: str, *, may_be_empty: bool = False) -> bool:
    """Whether the metrics have something at a path: not None, withheld or (by default) empty.

    Parameters
    ----------
    metrics : mapping
    path : str
        Keys with dots between them.
    may_be_empty : bool
        Whether an empty list says something too, such as that nothing was found.

    Examples
    --------
    >>> is_there({"a": {"b": 0}}, "a.b"), is_there({"a": {"b": []}}, "a.b"), is_there({}, "a.b")
    (True, False, False)
    """
    value: Any = metrics
    for key in path.split("."):
        if not isinstance(value, Mapping) or key not in value:
            return False
        value = value[key]
    if isinstance(value, Mapping):
        return _says_something(value)
    if isinstance(value, list):
        return may_be_empty or len(value) > 0
    return value is not None


def _says_something(block: Mapping[str, Any]) -> bool:
    if not block or block.get("withheld") is True:
        return False
    groups = block.get("groups")
    return groups is None or any(not group["withheld"] for group in groups)


def tripod_items(metrics: Metrics) -> list[dict[str, Any]]:
    """Every item with its status and the evidence there is.

    Parameters
    ----------
    metrics : mapping
        The metrics of a report.

    Returns
    -------
    list of dict
        ``id``, ``part``, ``asks``, ``status``, ``evidence`` (sentences), ``section`` (its anchor
        in the report, or None), ``where`` (its title, or None) and ``author`` (what is
        left to write, or None).
    """
    environment = template_environment(html=False)
    told = []
    for item in _items():
        evidence = list(_evidence(item, metrics, environment))
        status = _status(item, len(evidence))
        told.append(
            {
                "id": item["id"],
                "part": item["part"],
                "asks": item["asks"],
                "status": status,
                "evidence": evidence,
                "section": item.get("section") if evidence else None,
                "where": SECTIONS[item["section"]] if evidence else None,
                "author": None if status == FILLED else item.get("author", "The rest of it."),
            }
        )
    return told


def _evidence(item: Mapping[str, Any], metrics: Metrics, environment: Environment) -> Iterator[str]:
    for one in item.get("evidence", ()):
        may_be_empty = one.get("may_be_empty", False)
        if not any(is_there(metrics, path, may_be_empty=may_be_empty) for path in one["at"]):
            continue
        with suppress(UndefinedError):  # a sentence without its figures is no evidence
            yield environment.from_string(one["says"]).render(m=metrics)


def _status(item: Mapping[str, Any], found: int) -> str:
    if not found:
        return AUTHOR
    is_whole = item["most"] == "filled" and found == len(item["evidence"])
    return FILLED if is_whole else PARTLY


def tripod_counts(items: list[dict[str, Any]]) -> dict[str, int]:
    """How many items have each status."""
    counts = Counter(item["status"] for item in items)
    return {status: counts[status] for status in (FILLED, PARTLY, AUTHOR)}


def render_tripod(metrics: Metrics) -> str:
    """The checklist in Markdown, for authors to go on with.

    Parameters
    ----------
    metrics : mapping
        The metrics of a report.
    """
    items = tripod_items(metrics)
    template = template_environment(html=False).get_template("tripod.md.j2")
    return template.render(m=metrics, items=items, counts=tripod_counts(items))
