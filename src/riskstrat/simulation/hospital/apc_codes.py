"""Diagnoses and procedures of ``hes_apc`` rows, with the fillers of the dialect."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.columns import Choice, DaysOf
from riskstrat.simulation.hospital.coding import (
    MOST_DIAGNOSES,
    MOST_PROCEDURES,
    diagnosis_labels,
    procedure_labels,
)
from riskstrat.simulation.hospital.submissions import ApcRows
from riskstrat.simulation.timeline import NEVER, Mask

__all__ = ["diagnosis_columns", "procedure_columns"]

_UNKNOWN_CAUSE = "R69"
"""ICD-10: unknown causes; what hospital episode statistics give episodes without a code."""
_NO_PROCEDURE = "-"
"""What hospital episode statistics give episodes without a procedure."""
_EARLIER_SHARE = 0.7
"""Share of a spell's diagnoses that its earlier episodes already have, the first ones first."""
_CODE_LENGTH = 4
_EXTERNAL = "VWXY"
"""Chapter of ICD-10 with external causes."""

_STYLES = np.array((0.90, 0.04, 0.03, 0.03))
"""Shares of spells whose codes are written with the filler X, plainly, with dashes, and with marks
of dagger (D) and asterisk (A)."""
_X, _PLAIN, _DASH, _DAGGER, _ASTERISK = range(5)


@cache
def _written() -> tuple[str, ...]:
    """Every diagnosis in every style: all codes in the first, then in the second."""
    codes = (*diagnosis_labels(), _UNKNOWN_CAUSE)
    filled = [code.ljust(_CODE_LENGTH, "X") for code in codes]
    dashed = [f"{code}-" for code in codes]
    marked = [code + mark for mark in "DA" for code in filled]
    return (*filled, *codes, *dashed, *marked)


@cache
def _is_external() -> Mask:
    return np.array([code[0] in _EXTERNAL for code in (*diagnosis_labels(), _UNKNOWN_CAUSE)])


def diagnosis_columns(rows: ApcRows) -> dict[str, Any]:
    """DIAG_4_01 to 12, their count, and the external cause."""
    codes = _shown(rows)
    style = _styles(rows)
    columns: dict[str, Any] = {}
    kinds = len(diagnosis_labels()) + 1
    for place in range(MOST_DIAGNOSES):
        code = codes[:, place]
        written = np.where(code < 0, -1, style[:, place] * kinds + code)
        columns[f"DIAG_4_{place + 1:02d}"] = Choice(_written(), written)
    external = np.where(codes >= 0, _is_external()[codes], False)
    first = codes[np.arange(len(codes)), external.argmax(axis=1)]
    columns["DIAG_COUNT"] = (codes >= 0).sum(axis=1)
    columns["CAUSE_4"] = Choice(_written(), np.where(external.any(axis=1), first, -1))
    return columns


def _shown(rows: ApcRows) -> npt.NDArray[np.int64]:
    """The diagnoses that each row has: positions; -1 = none."""
    codes = rows.facts.coded.diagnoses[rows.spell]
    count = (codes >= 0).sum(axis=1)
    earlier = np.ceil(_EARLIER_SHARE * count).astype(np.int64)
    shown = np.where(rows.of_episode("last"), count, earlier)
    shown = np.where(rows.only_cause(), np.minimum(shown, 1), shown)
    found = np.where(np.arange(MOST_DIAGNOSES) < shown[:, None], codes, -1)
    unknown = rows.wrong_cause() | (count == 0)
    found[unknown, 0] = len(diagnosis_labels())
    return found


def _styles(rows: ApcRows) -> npt.NDArray[np.int64]:
    drawn = rows.whose.draws.choice("style of codes", _STYLES)
    style = np.repeat(drawn[:, None], MOST_DIAGNOSES, axis=1)
    marked = drawn == _DAGGER
    style[marked, 1:] = _X
    style[marked, 1] = _ASTERISK
    return style


def procedure_columns(rows: ApcRows) -> dict[str, Any]:
    """OPERTN_4_01 to 04 with their dates: in the episode in which they were done."""
    labels = (*procedure_labels(), _NO_PROCEDURE)
    operated = rows.facts.coded.operated[rows.spell]
    here = operated >= rows.of_episode("start")
    here &= (operated < rows.of_episode("end")) | rows.of_episode("last")
    codes = np.where(here[:, None], rows.facts.coded.procedures[rows.spell], -1)
    done = codes >= 0
    codes[~done[:, 0], 0] = len(labels) - 1
    columns: dict[str, Any] = {}
    for place in range(MOST_PROCEDURES):
        columns[f"OPERTN_4_{place + 1:02d}"] = Choice(labels, codes[:, place])
    for place in range(MOST_PROCEDURES):
        day = np.where(done[:, place], operated, NEVER)
        columns[f"OPDATE_{place + 1:02d}"] = DaysOf(day)
    return {**columns, "OPERTN_COUNT": done.sum(axis=1)}
