"""Random histories: published functions on a naive reader give the scores of every discharge."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from tests.generative.feature_reader import Reader
from tests.unit.features.history import History, days_before, discharge_study

from riskstrat.features import build_features
from riskstrat.features.discharge import IMD_SCORE_OF_DECILE
from riskstrat.features.indices import (
    HospitalStay,
    Parr30Facts,
    hospital_score,
    lace,
    lace_charlson_points,
    parr30,
)
from riskstrat.features.indices.condition_groups import conditions_of
from riskstrat.features.sets import LACE_CONDITIONS, PARR30_CONDITIONS

BEFORE_EVERYTHING = 4000
LACE_WINDOW, WINDOW = 1095, 730
HAEMOGLOBIN, SODIUM = "1022431000000105", "1000661000000107"
CODES = ("I500", "N183", "K703", "I850", "C509", "C780", "E119", "E112", "F03", "G819", "Z922")


def random_discharges(seed: int) -> History:
    """People with many short stays, coded and told sooner or later, and tests and visits."""
    rng = np.random.default_rng(seed)
    people = [f"p{i}" for i in range(20)]
    history = History(*people, "early")
    for row in history.rows["patients"]:
        row["birth_month"] = date(int(rng.integers(1930, 1975)), int(rng.integers(1, 13)), 1)
    for kind in ("inpatient", "emergency_department"):
        day = BEFORE_EVERYTHING
        history.stay(day, day, "early", kind=kind, specialty=None)
    history.diagnosis(BEFORE_EVERYTHING, "Z000", "early")
    history.event("procedure", BEFORE_EVERYTHING, "H221", "early", system="opcs4")
    for person in people:
        for _ in range(rng.integers(2, 16)):
            _random_stay(rng, history, person)
        if rng.random() < 0.8:
            decile = int(rng.integers(1, 11))
            here = {"start_date": days_before(BEFORE_EVERYTHING), "end_date": None}
            history.add("residences", person, imd_decile=decile, **here)
    return history


def _random_stay(rng: np.random.Generator, history: History, person: str) -> None:
    start = int(rng.choice([*rng.integers(0, 500, 6), *rng.integers(0, 1200, 3)]))
    if rng.random() < 0.3:
        history.stay(start, start, person, kind="emergency_department")
        return
    nights = int(rng.choice([0, 0, 1, 2, 3, 4, 5, 6, 7, 13, 14, 40, 400]))
    end = None if rng.random() < 0.05 else start - nights
    late = int(rng.choice([0, 0, 20, 60]))
    told = days_before((start if end is None else end) - late)
    stay = history.stay(
        start,
        end,
        person,
        is_emergency=[True, True, False, None][rng.integers(0, 4)],
        admission_method="81" if rng.random() < 0.2 else "21",
        specialty=["300", "370", "800", None][rng.integers(0, 4)],
        recorded_date=told,
        superseded_date=days_before(start - 90) if rng.random() < 0.05 else None,
    )
    coded = {"stay_id": stay, "recorded_date": told}
    for code in rng.choice(CODES, rng.integers(0, 4), replace=False):
        history.diagnosis(start, str(code), person, **coded)
    if rng.random() < 0.4:
        history.event("procedure", start, "H221", person, system="opcs4", **coded)
    for code, low, high in ((HAEMOGLOBIN, 100, 140), (SODIUM, 128, 142)):
        for _ in range(rng.integers(0, 3)):
            day = start - int(rng.integers(-1, nights + 1))
            value = float(rng.integers(low, high))
            history.event("measurement", day, code, person, system="snomed", value=value)


def discharge_keys(history: History) -> pd.DataFrame:
    """The day after each end of an inpatient stay, which counts as known."""
    stays = [s for s in history.rows["stays"] if s["kind"] == "inpatient" and s["end_date"]]
    keys = pd.DataFrame(
        [(s["patient_id"], s["end_date"] + timedelta(1), s["stay_id"]) for s in stays],
        columns=["patient_id", "index_date", "index_stay_id"],
    ).drop_duplicates(["patient_id", "index_date"], keep="last", ignore_index=True)
    return keys


class Discharge:
    """What a careful reader finds of one discharge; None where an input is not known."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        left = [s for s in reader.spells if s["end"] and reader.ago(s["end"]) == 1]
        self.spell = max(left, key=lambda s: s["start"], default=None)
        if self.spell is not None:
            self.start = self.spell["start"]
            self.admitted = reader.ago(self.start)
            self.nights = self.admitted - 1
            self.earlier = [s for s in reader.spells if s["start"] < self.start]

    def groups(self, days: int) -> set[str]:
        return conditions_of(self.reader.hospital_codes(days), "charlson_quan2005_icd10")

    def since(self, day: date, days: int) -> bool:
        return self.start - timedelta(days) <= day < self.start

    def lace(self) -> float:
        if self.spell is None or self.spell["emergency"] is None or self.admitted + 182 > 1095:
            return math.nan
        groups = self.groups(LACE_WINDOW)
        seen = [s for s in self.reader.stays if s["kind"] == "emergency_department"]
        return lace(
            self.nights,
            is_acute=self.spell["emergency"],
            charlson_points=lace_charlson_points(
                {LACE_CONDITIONS[name] for name in groups & LACE_CONDITIONS.keys()}
            ),
            ed_visits=sum(self.since(s["start_date"], 182) for s in seen),
        )

    def last(self, code: str) -> float | None:
        readings = [
            e
            for e in self.reader.of_kind("measurement", days=WINDOW)
            if e["code"] == code and e["event_date"] >= self.start
        ]
        readings.sort(key=lambda e: (e["event_date"], e["value"]))
        return readings[-1]["value"] if readings else None

    def hospital(self) -> float:
        if self.spell is None or self.admitted + 365 > WINDOW:
            return math.nan
        within = [e for e in self.reader.events if e["event_date"] >= self.start]
        operated = any(e["kind"] == "procedure" for e in within)
        is_coded = operated or any(e["kind"] == "diagnosis" for e in within)
        services = {
            s["specialty"]
            for s in self.reader.stays
            if s["kind"] == "inpatient" and self.reader.ended(s) == self.spell["end"]
        } - {None}
        values = (self.last(HAEMOGLOBIN), self.last(SODIUM), self.spell["emergency"])
        if None in values or not services or not is_coded:
            return math.nan
        return hospital_score(
            HospitalStay(
                haemoglobin_g_per_l=values[0],
                sodium_mmol_per_l=values[1],
                is_oncology_discharge=bool(services & {"370", "800"}),
                has_procedure=operated,
                is_urgent=values[2],
                prior_admissions=sum(self.since(s["start"], 365) for s in self.earlier),
                length_of_stay_days=self.nights,
            )
        )

    def parr30(self) -> float:
        if self.spell is None or self.spell["emergency"] is None or self.admitted + 365 > WINDOW:
            return math.nan
        address = self.reader.address()
        if address is None:
            return math.nan
        emergencies = [s for s in self.earlier if s["emergency"]]
        groups = self.groups(WINDOW) & PARR30_CONDITIONS.keys()
        return parr30(
            Parr30Facts(
                age_years=self.reader.age(),
                imd_score=IMD_SCORE_OF_DECILE[address["imd_decile"] - 1],
                emergency_admissions=sum(self.since(s["start"], 365) for s in emergencies),
                was_discharged_last_30_days=any(
                    0 <= (self.start - s["left"]).days <= 30 for s in emergencies
                ),
                is_emergency=self.spell["emergency"],
                conditions=frozenset(PARR30_CONDITIONS[name] for name in groups),
            )
        ).probability


@pytest.mark.parametrize("seed", range(6))
def test_the_scores_of_a_chunk_agree_with_the_functions_one_by_one(seed):
    """At every end of a stay, whose feed may have arrived or not; most scores can be known."""
    history = random_discharges(seed)
    keys = discharge_keys(history)
    history.register()
    matrix = build_features(history, keys, discharge_study())
    found = np.stack([matrix.column(n) for n in ("lace", "hospital_score", "parr30")], axis=1)
    expected = []
    for person, day, stay in keys.itertuples(index=False):
        of = Discharge(Reader(history, person, day, stay))
        expected.append((of.lace(), of.hospital(), of.parr30()))
    np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6)
    assert np.isfinite(found).mean(axis=0).tolist() > [0.4, 0.05, 0.3]
