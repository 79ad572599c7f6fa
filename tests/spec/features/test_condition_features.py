"""Coded facts: long-term conditions, falls, the Charlson index, the frailty score."""

import math
from dataclasses import replace

import pandas as pd
import pytest
from tests.unit.features.history import INDEX_DATE, History, days_before, study

from riskstrat.features import build_features
from riskstrat.features.indices import charlson, hfrs


@pytest.mark.parametrize(
    ("day", "expected"),
    [(0, 0), (1, 1), (1095, 1), (1096, 0)],
    ids=["index day", "day before", "edge of the history", "beyond"],
)
def test_a_condition_counts_within_the_history(day, expected):
    """'Ever' is cut at history_days, so that the look-back is the same at every date."""
    history = History()
    history.diagnosis(500, "Z000")
    history.diagnosis(day, "I500")
    assert history.value("heart_failure") == expected


@pytest.mark.parametrize(
    ("kind", "system", "code", "expected"),
    [
        ("diagnosis", "icd10", "E119", 1),
        ("diagnosis", "icd10", "E109", 1),
        ("diagnosis", "snomed", "44054006", 1),
        ("observation", "snomed", "44054006", 1),
        ("diagnosis", "snomed", "440540069", 0),
        ("diagnosis", "read2", "E119", 0),
        ("procedure", "icd10", "E119", 0),
    ],
    ids=["prefix", "other type", "GP code", "observation", "no prefix", "system", "kind"],
)
def test_a_code_counts_in_its_own_system_and_kind(kind, system, code, expected):
    """ICD-10 matches by prefix, SNOMED exactly, and only in diagnoses and observations."""
    history = History()
    history.diagnosis(10, "Z000")
    history.diagnosis(10, "1", system="snomed")
    history.event(kind, 10, code, system=system)
    assert history.value("diabetes") == expected


def test_a_code_recorded_on_the_index_date_is_not_known():
    history = History()
    history.diagnosis(500, "Z000")
    history.diagnosis(30, "I500", recorded_date=INDEX_DATE)
    assert history.value("heart_failure") == 0


def test_each_long_term_condition_counts_once():
    """Two codes of one condition are one; delirium and hip fracture are not long-term."""
    history = History()
    for code in ("I500", "I501", "E119", "F059", "S720"):
        history.diagnosis(10, code)
    assert history.value("conditions_count") == 2
    assert history.value("delirium") == 1
    assert history.value("hip_fracture") == 1


def test_conditions_are_missing_without_a_feed_in_a_listed_system():
    """Only local codes: nothing can be said, so the flag is missing, not zero."""
    history = History()
    history.diagnosis(10, "X", system="local")
    assert math.isnan(history.value("heart_failure"))
    assert math.isnan(history.value("charlson"))


def test_a_condition_keeps_the_day_it_was_last_recorded():
    history = History()
    for day in (600, 40, 300):
        history.diagnosis(day, "I500")
    assert history.fact_day("heart_failure") == 40


@pytest.mark.parametrize(("day", "expected"), [(0, 0), (1, 1), (365, 1), (366, 0)])
def test_days_with_a_fall_in_twelve_months(day, expected):
    """ICD-10 W00 to W19; two falls coded on one day are one day."""
    history = History()
    history.diagnosis(day, "W190")
    history.diagnosis(day, "W010")
    history.diagnosis(700, "W200")
    assert history.value("fall_days_365") == expected


def test_charlson_agrees_with_the_pure_function():
    """Severe forms drop the mild ones; each condition once."""
    codes = ["I500", "I500", "E119", "E112", "C509", "C780", "K703", "K766", "J449", "F03"]
    history = History()
    for position, code in enumerate(codes):
        history.diagnosis(10 + position, code)
    assert history.value("charlson") == charlson(codes) == 2 + 1 + 6 + 4 + 1 + 2


def test_charlson_reads_hospital_codes_within_its_look_back():
    """Five years, never beyond the study's history."""
    history = History()
    history.diagnosis(1000, "I500")
    history.diagnosis(1096, "F03")
    assert history.value("charlson") == 2
    assert history.value("charlson", "history_days = 3000") == 4


def test_charlson_is_zero_when_coded_records_hold_none_of_its_conditions():
    history = History()
    history.diagnosis(10, "Z000")
    assert history.value("charlson") == 0


def test_hfrs_counts_each_code_of_emergency_spells_once():
    """All positions, on the day the spell began; a planned stay and a code without a stay: no."""
    history = History()
    emergency = history.stay(100, 90)
    transfer = history.stay(90, 80, is_emergency=False, admission_method="81")
    planned = history.stay(50, 45, is_emergency=False)
    for code, stay in (
        ("F009", emergency),
        ("F001", emergency),
        ("W190", transfer),
        ("G309", planned),
        ("F05", None),
    ):
        history.diagnosis(95, code, stay_id=stay)
    assert hfrs(["F009", "F001", "W190"]) == 103
    assert history.value("hfrs") == pytest.approx(10.3)
    assert history.fact_day("hfrs") == 100


def test_hfrs_is_missing_without_a_coded_emergency_spell():
    """Missing is not zero: no spell, or a spell whose codes have not arrived."""
    history = History()
    history.stay(50, 45)
    planned = history.stay(100, 90, is_emergency=False)
    history.diagnosis(95, "F009", stay_id=planned)
    assert math.isnan(history.value("hfrs"))


def test_hfrs_is_zero_for_a_spell_without_frailty_codes():
    history = History()
    history.diagnosis(50, "K359", stay_id=history.stay(50, 45))
    assert history.value("hfrs") == 0


@pytest.mark.parametrize(("start", "is_counted"), [(730, True), (731, False)])
def test_hfrs_reads_spells_of_two_years(start, is_counted):
    history = History()
    history.diagnosis(start, "F009", stay_id=history.stay(start, start - 5))
    assert math.isnan(history.value("hfrs")) is not is_counted


def test_the_known_index_stay_counts_and_its_codes_wait_for_their_record():
    """index_stay = known: the stay that just ended counts although its feed has not arrived.

    Its codes count only once they were recorded; another stay recorded as late does not count.
    """
    late = {"recorded_date": days_before(-40)}
    history = History()
    index_stay = history.stay(5, 1, **late)
    history.stay(30, 25, **late)
    history.diagnosis(3, "F009", stay_id=index_stay, recorded_date=days_before(1))
    history.diagnosis(3, "G309", stay_id=index_stay, **late)
    assert history.value("hfrs", index_stay_id=index_stay) == pytest.approx(7.1)
    assert history.value("emergency_admissions_90", index_stay_id=index_stay) == 1
    assert math.isnan(history.value("hfrs"))
    assert math.isnan(history.value("emergency_admissions_90"))


def test_an_index_stay_with_an_open_and_a_closed_version_is_one_admission():
    """Only the current version of the index stay is read."""
    history = History()
    first = {"recorded_date": days_before(4), "superseded_date": days_before(-30)}
    history.stay(5, None, stay_id="s", **first)
    history.stay(5, 1, stay_id="s", recorded_date=days_before(-30))
    assert history.value("emergency_admissions_90", index_stay_id="s") == 1
    assert history.value("in_hospital", index_stay_id="s") == 0
    assert history.value("emergency_bed_days_90", index_stay_id="s") == 4


def test_a_codelist_of_the_study_adds_to_the_shipped_ones(tmp_path):
    """name,system,code: a local code becomes heart failure."""
    (tmp_path / "codes.csv").write_text("name,system,code\nheart_failure,local,HF-1\n")
    history = History()
    history.diagnosis(10, "HF-1", system="local")
    history.register()
    keys = pd.DataFrame({"patient_id": ["a"], "index_date": [INDEX_DATE]})
    with_list = replace(study('codelists = "codes.csv"'), folder=tmp_path)
    assert build_features(history, keys, with_list).column("heart_failure")[0] == 1
    assert math.isnan(build_features(history, keys, study()).column("heart_failure")[0])
