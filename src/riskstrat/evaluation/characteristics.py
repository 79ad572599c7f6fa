"""Table 1: who the people in development and in evaluation are, and how often they had the outcome.

Counts are to the nearest 5, shares and rates come from them, rates carry the weights for people who
left. Small groups are withheld, and with them groups that would give one away: in their own table,
or as the difference from a group that stands elsewhere in the report.

References
----------
Collins GS et al. TRIPOD+AI statement. BMJ 2024;385:e078378, items 20b and 20c.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.evaluation.blocks import is_withheld_from
from riskstrat.evaluation.differencing import gives_away, withheld_beside
from riskstrat.evaluation.disclosure import rounded, withheld
from riskstrat.evaluation.judged import observed_outcome
from riskstrat.evaluation.known import known_about
from riskstrat.evaluation.observed import Observed
from riskstrat.evaluation.plain import plain
from riskstrat.evaluation.subgroups import (
    DIVISIONS,
    OVERLAPPING,
    SHOWN_DECIMALS,
    divide,
    group_order,
)

if TYPE_CHECKING:
    from riskstrat.cohort import Cohort
    from riskstrat.features import FeatureMatrix

__all__ = ["characteristics", "describe_people", "side_by_side"]

Mask = npt.NDArray[np.bool_]
Division = Mapping[str, Any]


def describe_people(matrix: FeatureMatrix, cohort: Cohort) -> dict[str, Any]:
    """The people of a cohort, for the artefact of a model that was developed on them.

    Parameters
    ----------
    matrix : FeatureMatrix
        One row per row of the cohort, in its order.
    cohort : Cohort
        With outcomes.

    Returns
    -------
    dict
        Of :func:`characteristics`, as plain values.
    """
    frame = pd.concat([cohort.frame.reset_index(drop=True), known_about(matrix)], axis=1)
    names = cohort.study.report.subgroups
    return dict(plain(characteristics(frame, observed_outcome(frame), names)))


def characteristics(
    frame: pd.DataFrame,
    observed: Observed,
    names: Sequence[str],
    published: Sequence[Mask] = (),
) -> dict[str, Any]:
    """How many people there are of each kind, and how often they had the outcome.

    Parameters
    ----------
    frame : DataFrame
        n rows of a cohort with :func:`riskstrat.evaluation.known.known_about`.
    observed : Observed
        n rows.
    names : sequence of str
        Subgroups of the study: deprivation is divided as they divide it.
    published : sequence of ndarray of bool, shape (n,), optional
        Groups whose figures stand elsewhere.

    Returns
    -------
    dict
        ``withheld``, or ``rows``, ``people``, ``events``, ``rate`` and ``divisions``.
    """
    if is_withheld_from(observed):
        return {"withheld": True}
    everybody = _cell(observed, rounded(len(observed)))
    known, divisions = list(published), {}
    for name in _divisions(names):
        masks = divide(frame, name)
        if set(masks) <= {"not recorded"}:
            continue
        hidden = _hidden(name, list(masks.values()), known, observed)
        divisions[name] = _division(name, masks, hidden, observed)
        known += [m for m, gone in zip(masks.values(), hidden, strict=True) if not gone]
    return {
        "withheld": False,
        "people": rounded(observed.people),
        "events": rounded(observed.events),
        "rows": everybody["rows"],
        "rate": everybody["rate"],
        "divisions": divisions,
    }


def side_by_side(
    development: Mapping[str, Any] | None, evaluation: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """The divisions of both parts, each group once: what the table shows.

    Parameters
    ----------
    development, evaluation : mapping or None
        Of :func:`characteristics`; None or withheld where there is nothing to show.

    Returns
    -------
    list of dict
        ``title``, ``overlaps`` and ``rows`` with ``group``, ``development`` and ``evaluation`` (a
        cell, or None where a part has no such group) and ``is_gone`` (withheld in both).
    """
    parts = [
        {} if part is None or part["withheld"] else part["divisions"]
        for part in (development, evaluation)
    ]
    shown = []
    for name in dict.fromkeys([*parts[1], *parts[0]]):
        found = [part.get(name) for part in parts]
        cells = [
            {g["group"]: g for g in division["groups"]} if division else {} for division in found
        ]
        one: Division = next(division for division in found if division)
        labels = list(dict.fromkeys([*cells[1], *cells[0]]))
        if not one["overlaps"]:
            labels.sort(key=group_order)
        rows = [_row(label, cells[0].get(label), cells[1].get(label)) for label in labels]
        shown.append({"title": one["title"], "overlaps": one["overlaps"], "rows": rows})
    return shown


def _row(label: str, development: Division | None, evaluation: Division | None) -> dict[str, Any]:
    cells = [cell for cell in (development, evaluation) if cell is not None]
    return {
        "group": label,
        "development": development,
        "evaluation": evaluation,
        "is_gone": all(cell["withheld"] for cell in cells),
    }


def _divisions(names: Sequence[str]) -> list[str]:
    by_tenths = "imd_decile" in names and "imd_quintile" not in names
    deprivation = "imd_decile" if by_tenths else "imd_quintile"
    own = ["care_home", "condition_count", "long_term_condition", "prior_admissions"]
    return ["age_band", "sex", deprivation, "ethnic_category", *own]


def _hidden(
    name: str, masks: Sequence[Mask], known: Sequence[Mask], observed: Observed
) -> list[bool]:
    if name not in OVERLAPPING:
        return withheld_beside(masks, known, observed)
    elsewhere = [*known, *(~mask for mask in known)]
    return [
        _is_lonely(mask, observed) or any(gives_away(mask, one, observed) for one in elsewhere)
        for mask in masks
    ]


def _is_lonely(mask: Mask, observed: Observed) -> bool:
    """Whether a group, or everybody else, is small."""
    parts = [observed.take(mask), observed.take(~mask)]
    return withheld([part.followed for part in parts], [part.events for part in parts])[0]


def _division(
    name: str, masks: Mapping[str, Mask], hidden: Sequence[bool], observed: Observed
) -> dict[str, Any]:
    title = OVERLAPPING[name] if name in OVERLAPPING else DIVISIONS[name][0]
    total = rounded(len(observed))
    groups = [
        {"group": label, "withheld": True}
        if gone
        else {"group": label, "withheld": False, **_cell(observed.take(mask), total)}
        for (label, mask), gone in zip(masks.items(), hidden, strict=True)
    ]
    return {"title": title, "overlaps": name in OVERLAPPING, "groups": groups}


def _cell(group: Observed, total: int) -> dict[str, Any]:
    """Rows, their share of all and the rate of the outcome, from rounded counts."""
    rows = rounded(len(group))
    return {
        "rows": rows,
        "share": round(min(rows / total, 1.0), SHOWN_DECIMALS),
        "rate": round(rounded(group.rate * len(group)) / rows, SHOWN_DECIMALS),
    }
