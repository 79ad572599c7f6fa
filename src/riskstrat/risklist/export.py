"""Risk lists as CSV and JSON text."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

__all__ = ["csv_text", "json_text"]

RISK_DECIMALS = 4
"""A risk in a file is written to a hundredth of a percent: more would claim too much."""

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")
"""A spreadsheet may run a cell that begins so (OWASP, 'CSV Injection')."""

LINE_END = "\r\n"
"""As RFC 4180 has it; a carriage return inside a cell is then quoted."""

REASON_SEPARATOR = " | "

TOLD = ("reasons", "reason_codes")
"""Columns with several texts in a cell."""


def csv_text(people: pd.DataFrame) -> str:
    """CSV of a list's frame; cells that a spreadsheet could run begin with an apostrophe."""
    told = {name: people[name].map(REASON_SEPARATOR.join).astype("str") for name in TOLD}
    plain = people.assign(
        **told,
        risk=people["risk"].round(RISK_DECIMALS),
        index_date=people["index_date"].dt.strftime("%Y-%m-%d"),
    )
    texts = plain.select_dtypes(include=["str", "object"]).columns
    safe = plain.assign(**{name: _guarded(plain[name].astype("str")) for name in texts})
    return safe.to_csv(index=False, lineterminator=LINE_END)


def _guarded(cells: pd.Series) -> pd.Series:
    return cells.mask(cells.str.startswith(FORMULA_STARTS), "'" + cells)


def json_text(head: dict[str, Any], people: pd.DataFrame) -> str:
    """JSON of a list: the keys of `head`, then ``people``; nothing is NaN."""
    plain = people.assign(
        **{name: people[name].map(list) for name in TOLD},
        risk=people["risk"].round(RISK_DECIMALS),
        index_date=people["index_date"].dt.strftime("%Y-%m-%d"),
    ).astype(object)
    rows = plain.where(plain.notna(), None).to_dict("records")
    return json.dumps({**head, "people": rows}, indent=2, allow_nan=False) + "\n"
