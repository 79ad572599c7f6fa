"""Practices the model has never seen: the model fitted again without them, judged on them.

References
----------
Riley RD, Ensor J, Snell KIE, et al. External validation of clinical prediction models using big
datasets from e-health records or IPD meta-analysis: opportunities and challenges. BMJ 2016;353:
i3140 (internal-external cross-validation).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from riskstrat.errors import StudyError
from riskstrat.evaluation.blocks import WITHHELD
from riskstrat.evaluation.disclosure import withheld
from riskstrat.evaluation.observed import Floats
from riskstrat.validation.measured import is_too_few, paired, risk_figures
from riskstrat.validation.prepared import Mask, Prepared

__all__ = ["GROUPS", "held_out_rows", "leave_practices_out", "practice_groups"]

GROUPS = 5
"""Groups of practices: each model keeps about four fifths of the practices [judgement]."""

NO_PRACTICE = ""
"""People without a recorded practice are one group with each other."""


def practice_groups(codes: pd.Series, *, groups: int, seed: int) -> npt.NDArray[np.int64]:
    """The group of each row's practice, shape (n,): practices are dealt out in a seeded order.

    Parameters
    ----------
    codes : Series of str, shape (n,)
        Practice of each row; null is a practice of its own.
    groups : int
    seed : int

    Examples
    --------
    >>> found = practice_groups(pd.Series(["a", "b", "a", None]), groups=2, seed=1)
    >>> bool(found[0] == found[2]), sorted(set(found.tolist()))
    (True, [0, 1])
    """
    practice, names = pd.factorize(codes.astype("object").fillna(NO_PRACTICE), sort=True)
    order = np.random.default_rng(seed).permutation(len(names))
    of_practice = np.empty(len(names), dtype=np.int64)
    of_practice[order] = np.arange(len(names)) % groups
    return of_practice[practice]


def held_out_rows(
    frame: pd.DataFrame, group: npt.NDArray[np.int64], number: int
) -> tuple[Mask, Mask]:
    """Which rows of a cohort are judged, and which may develop, when a group is held out.

    Parameters
    ----------
    frame : DataFrame
        Rows with ``patient_id`` and ``part``.
    group : ndarray of int, shape (n,)
    number : int

    Returns
    -------
    judged, developed : ndarray of bool, shape (n,)
        A person who is judged develops nothing, whichever practice they were with before.
    """
    judged = (group == number) & (frame["part"] == "evaluation").to_numpy()
    theirs = frame["patient_id"].isin(frame["patient_id"][judged].unique()).to_numpy()
    developed = (group != number) & (frame["part"] == "development").to_numpy() & ~theirs
    return judged, developed


def leave_practices_out(prepared: Prepared, *, groups: int = GROUPS) -> dict[str, Any]:
    """Judge every practice with a model that knows nothing of it, nor of its people.

    Parameters
    ----------
    prepared : Prepared
    groups : int
        Groups of practices; as many as there are practices where there are fewer.

    Returns
    -------
    dict
        ``groups``: practices and figures of each; ``pooled``: all of them together;
        ``cost``: those figures minus those of the model that knows every practice, paired. Small
        groups are withheld. ``not_possible``, the reason, where there is one practice only or too
        few people would be left.
    """
    frame = prepared.cohort.frame
    seed = prepared.resampling.seed
    practices = int(frame["practice_code"].nunique(dropna=False))
    if practices < 2:  # noqa: PLR2004 - one to hold out, one to learn from
        return {"not_possible": "the records hold one practice only"}
    groups = min(groups, practices)
    group = practice_groups(frame["practice_code"], groups=groups, seed=seed)
    try:
        risk, rows = _unseen_risk(prepared, group, groups)
    except StudyError:
        return {"not_possible": "without a group too few people with the outcome would be left"}
    return {
        "groups": _group_figures(prepared, risk, rows),
        "pooled": risk_figures(prepared.observed, risk, prepared.resampling),
        "cost": None
        if is_too_few(prepared.observed)
        else paired(prepared.observed, risk, prepared.risk, prepared.resampling),
    }


def _unseen_risk(
    prepared: Prepared, group: npt.NDArray[np.int64], groups: int
) -> tuple[Floats, list[tuple[int, Mask]]]:
    """The risk of every evaluation row by the model without its group; practices and rows of each.

    Raises
    ------
    StudyError
        When too few people are left to develop on.
    """
    frame = prepared.cohort.frame
    is_developed = (frame["part"] == "development").to_numpy()
    risk = np.full(int((~is_developed).sum()), np.nan)
    rows = []
    for number in range(groups):
        judged, developed = held_out_rows(frame, group, number)
        if not judged.any():
            continue
        trees = prepared.fitted(developed[is_developed])
        here = judged[~is_developed]
        risk[here] = trees.risk(prepared.judged[0].values[here])
        rows.append((int(frame["practice_code"][judged].nunique(dropna=False)), here))
    return risk, rows


def _group_figures(
    prepared: Prepared, risk: Floats, rows: list[tuple[int, Mask]]
) -> list[dict[str, Any]]:
    """Figures of each group, withheld with what would give a small one away."""
    parts = [prepared.observed.take(here) for _, here in rows]
    hidden = withheld(
        [part.followed for part in parts],
        [part.events for part in parts],
        [is_too_few(part) for part in parts],
    )
    return [
        {
            "group": position + 1,
            "practices": practices,
            **(WITHHELD if gone else risk_figures(part, risk[here], prepared.resampling)),
        }
        for position, ((practices, here), part, gone) in enumerate(
            zip(rows, parts, hidden, strict=True)
        )
    ]
