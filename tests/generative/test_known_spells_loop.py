"""Which stays continue another, against a loop over one person's history."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.small_store import arrow_table

from riskstrat.engine import Engine
from riskstrat.records import spells
from riskstrat.windows import add_days, days_between

START = date(2020, 1, 1)
SOURCES = (None, "19", "51", "87", "84", "85")
METHODS = (None, "21", "11", "81", "2B", "28")
DESTINATIONS = (None, "19", "51", "84", "85", "87")

HOSPITAL_SOURCES = {"49", "50", "51", "52", "53", "87"}
HOSPITAL_DESTINATIONS = HOSPITAL_SOURCES | {"84"}


def random_history(rng: np.random.Generator, stays: int) -> list[dict[str, Any]]:
    rows = []
    for number in range(stays):
        start = add_days(START, int(rng.integers(0, 60)))
        length = int(rng.integers(0, 7))
        rows.append(
            {
                "patient_id": "a",
                "stay_id": f"s{int(rng.integers(0, 10**6)):06d}-{number}",
                "start_date": start,
                "end_date": None if rng.random() < 0.1 else add_days(start, length),
                "recorded_date": START,
                "admission_method": METHODS[int(rng.integers(0, 6))],
                "admission_source": SOURCES[int(rng.integers(0, 6))],
                "discharge_destination": DESTINATIONS[int(rng.integers(0, 6))],
            }
        )
    return rows


def continuing(rows: list[dict[str, Any]]) -> set[str]:
    """Join by overlap, else by evidence of transfer within two days of the latest end so far."""
    ended = {row["stay_id"]: row["end_date"] or row["start_date"] for row in rows}
    ordered = sorted(rows, key=lambda r: (r["start_date"], ended[r["stay_id"]], r["stay_id"]))
    found = set()
    for place, row in enumerate(ordered[1:], start=1):
        before = ordered[:place]
        gaps = [days_between(ended[b["stay_id"]], row["start_date"]) for b in before]
        sent_here = any(
            gap <= 2 and b["discharge_destination"] in HOSPITAL_DESTINATIONS
            for b, gap in zip(before, gaps, strict=True)
        )
        evidence = (
            row["admission_method"] in {"81", "2B"}
            or row["admission_source"] in HOSPITAL_SOURCES
            or sent_here
        )
        if min(gaps) < 0 or (min(gaps) <= 2 and evidence):
            found.add(row["stay_id"])
    return found


@pytest.mark.parametrize("seed", range(12))
def test_stays_that_continue_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = random_history(rng, 14)
    engine = Engine(threads=1)
    engine.register("stays", arrow_table("stays", rows))
    frame = engine.fetch_frame(spells("stays", partition=("patient_id",)))
    assert set(frame.loc[frame["continues"], "stay_id"]) == continuing(rows)
    assert sorted(frame["stay_order"]) == list(range(1, 15))
