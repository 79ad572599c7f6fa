"""Scores of six people in two practices and without one, written down by hand."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskstrat.risklist import Scores

PEOPLE = [
    # practice, patient, risk, rank, in hospital
    ("Z90001", "pa", 0.52341, 1, False),
    ("Z90001", "pb", 0.32, 2, True),
    ("Z90001", "pc", 0.004, 3, False),
    ("Z90002", "pd", 0.41, 1, False),
    (None, "pe", 0.2, 1, False),
    (None, "pf", 0.1, 2, False),
]

REASONS = [
    # patient, position, direction, text, sensitive
    ("pa", 1, "raising", "=1+1 emergency admissions", False),
    ("pa", 2, "raising", "alcohol problem recorded", True),
    ("pa", 3, "raising", "second", False),
    ("pa", 4, "raising", "third", False),
    ("pa", 5, "raising", "fourth", False),
    ("pa", 6, "lowering", "has a carer", False),
    ("pb", 1, "raising", "only", False),
]

RUN = {
    "study": "small",
    "model_version": "0123456789ab",
    "index_date": "2027-01-01",
    "window_days": 365,
    "outcome_kind": "emergency_admission",
    "data_to": "2026-12-31",
    "synthetic": True,
    "people": 6,
    "practices": 3,
    "rows": 6,
}


def scores_frame() -> pd.DataFrame:
    frame = pd.DataFrame(
        PEOPLE, columns=["practice_code", "patient_id", "risk", "rank_in_practice", "in_hospital"]
    )
    return frame.assign(
        practice_code=frame["practice_code"].astype("str"),
        index_date=pd.Series([pd.Timestamp("2027-01-01")] * 6).astype("datetime64[s]"),
        raw_score=np.log(frame["risk"] / (1 - frame["risk"])),
        risk_death=0.77,
        baseline=-2.0,
        model_version=RUN["model_version"],
        age=82,
        sex="female",
        compared_with="women aged 80 to 84",
    )


def reasons_frame() -> pd.DataFrame:
    frame = pd.DataFrame(
        REASONS, columns=["patient_id", "position", "direction", "text", "sensitive"]
    )
    return frame.assign(
        code="emergency." + frame["text"].str.strip("=1+ ").str.replace(" ", "_") + ".raising",
        index_date=pd.Series([pd.Timestamp("2027-01-01")] * len(frame)).astype("datetime64[s]"),
    )


@pytest.fixture
def scores() -> Scores:
    people = scores_frame()
    contributions = people[["patient_id", "index_date"]].assign(emergency=0.5)
    return Scores(people, contributions, reasons_frame(), dict(RUN), SimpleNamespace())
