"""Admissions, nights, attendances: which stays count, and on which days."""

import math

import pytest
from tests.unit.features.history import History, days_before

from riskstrat.features.hospital import LONGEST_OPEN_DAYS


@pytest.mark.parametrize(
    ("start", "expected"),
    [(0, 0), (1, 1), (90, 1), (91, 0)],
    ids=["index day", "day before", "edge of the window", "just outside"],
)
def test_an_admission_counts_within_the_lookback_window(start, expected):
    """[index - 90, index): the index day is out, the 90th day before it is in."""
    history = History()
    history.stay(200, 199)
    history.stay(start, start - 1)
    assert history.value("emergency_admissions_90") == expected


@pytest.mark.parametrize(("recorded", "expected"), [(1, 1), (0, 0), (-5, 0)])
def test_an_admission_counts_only_when_it_was_recorded_before_the_index_date(recorded, expected):
    """Recorded on the index day is too late: the list was made without it."""
    history = History()
    history.stay(200, 199)
    history.stay(20, 18, recorded_date=days_before(recorded))
    assert history.value("emergency_admissions_90") == expected


def test_a_superseded_version_does_not_count_beside_its_successor():
    """An open row and the closed row that replaced it are one admission of two nights."""
    history = History()
    first = {"stay_id": "s", "recorded_date": days_before(20), "superseded_date": days_before(10)}
    history.stay(20, None, **first)
    history.stay(20, 18, stay_id="s", recorded_date=days_before(10))
    assert history.value("emergency_admissions_90") == 1
    assert history.value("emergency_bed_days_90") == 2


def test_a_stay_that_continues_another_is_one_admission_with_it():
    """A transfer (method 81) the next day continues the spell and takes its type."""
    history = History()
    history.stay(20, 15)
    history.stay(15, 10, is_emergency=False, admission_method="81")
    assert history.value("emergency_admissions_90") == 1
    assert history.value("elective_admissions_90") == 0
    assert history.value("inpatient_stays_90") == 1
    assert history.value("emergency_bed_days_90") == 10


def test_a_spell_keeps_the_type_of_its_first_stay():
    """An emergency transfer (2B) after a planned admission is no emergency admission."""
    history = History()
    history.stay(20, 15, is_emergency=False, admission_method="11")
    history.stay(15, 10, admission_method="2B")
    assert history.value("emergency_admissions_90") == 0
    assert history.value("elective_admissions_90") == 1
    assert history.value("emergency_bed_days_90") == 0


def test_a_next_day_emergency_without_evidence_of_transfer_is_a_readmission():
    """A gap alone never joins."""
    history = History()
    history.stay(20, 15)
    history.stay(14, 10)
    assert history.value("emergency_admissions_90") == 2


@pytest.mark.parametrize(
    ("start", "end", "nights"),
    [(95, 88, 2), (91, 90, 0), (90, 89, 1), (2, 1, 1), (400, 1, 89), (3, None, 3), (3, 3, 0)],
    ids=["clipped", "ended at the edge", "first night", "last", "whole", "open", "no night"],
)
def test_nights_are_clipped_to_the_window(start, end, nights):
    """A night counts where it lies; an open stay lasts until the index date."""
    history = History()
    history.stay(start, end)
    assert history.value("emergency_bed_days_90") == nights


def test_nights_of_overlapping_stays_count_once():
    """Overlapping stays are one spell."""
    history = History()
    history.stay(20, 10)
    history.stay(15, 12)
    assert history.value("emergency_bed_days_90") == 10


def test_nights_of_planned_stays_do_not_count():
    history = History()
    history.stay(20, 10, is_emergency=False)
    history.stay(200, 199)
    assert history.value("emergency_bed_days_90") == 0


def test_an_end_recorded_on_the_index_date_or_later_is_not_known():
    """The closed row arrives too late: the open row stands and the stay lasts until today."""
    history = History()
    first = {"stay_id": "s", "recorded_date": days_before(20), "superseded_date": days_before(0)}
    history.stay(20, None, **first)
    history.stay(20, 18, stay_id="s", recorded_date=days_before(0))
    assert history.value("emergency_bed_days_90") == 20
    assert history.value("in_hospital") == 1


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(5, None, 1), (5, 0, 1), (5, -3, 1), (5, 1, 0), (LONGEST_OPEN_DAYS + 1, None, 0)],
    ids=["open", "ends on the index day", "ends later", "ended", "never closed"],
)
def test_in_hospital_on_the_index_date(start, end, expected):
    """An end on or after the index date is not known: the stay is open."""
    history = History()
    history.stay(start, end)
    assert history.value("in_hospital") == expected


def test_an_open_stay_ends_at_the_latest_when_the_next_begins():
    """A missing end does not leave somebody in hospital for ever."""
    history = History()
    history.stay(60, None)
    history.stay(20, 18)
    assert history.value("in_hospital") == 0
    assert history.value("emergency_bed_days_90") == 42


def test_days_since_the_last_emergency_admission_and_discharge():
    """Days from the start of the last emergency spell, and from the last known end."""
    history = History()
    history.stay(100, 90)
    history.stay(30, 25, is_emergency=False)
    assert history.value("days_since_emergency_admission") == 100
    assert history.value("days_since_discharge") == 25


def test_days_since_is_missing_beyond_the_history():
    """Every look-back is finite: 1095 days by default."""
    history = History()
    history.stay(1096, 1095)
    assert math.isnan(history.value("days_since_emergency_admission"))
    assert history.value("days_since_discharge") == 1095


_ATTENDANCES = (
    "day_cases_90",
    "ed_attendances_90",
    "outpatient_attended_90",
    "outpatient_missed_90",
    "inpatient_stays_90",
)


@pytest.mark.parametrize(
    ("kind", "attendance", "feature"),
    [
        ("day_case", None, "day_cases_90"),
        ("emergency_department", "attended", "ed_attendances_90"),
        ("outpatient", "attended", "outpatient_attended_90"),
        ("outpatient", None, "outpatient_attended_90"),
        ("outpatient", "did_not_attend", "outpatient_missed_90"),
    ],
)
def test_attendances_count_by_kind(kind, attendance, feature):
    """A cancelled appointment is neither attended nor missed; without an outcome it took place."""
    history = History()
    for day in (10, 90, 91):
        history.stay(day, day, kind=kind, attendance=attendance, is_emergency=None)
    history.stay(20, 20, kind="outpatient", attendance="cancelled", is_emergency=None)
    matrix = history.matrix()
    counts = {name: matrix.column(name)[0] for name in _ATTENDANCES}
    assert counts[feature] == 2
    assert sum(value for value in counts.values() if not math.isnan(value)) == 2


def test_the_date_of_the_latest_fact_is_kept():
    history = History()
    history.stay(300, 290)
    history.stay(40, 35)
    assert history.fact_day("emergency_admissions_365") == 40
    assert history.fact_day("emergency_admissions_90") == 40
    assert history.fact_day("elective_admissions_365") == -1


def test_without_a_feed_counts_are_missing_not_zero():
    """No emergency department row was ever known: nobody can say there was no attendance."""
    history = History()
    history.stay(20, 10)
    assert math.isnan(history.value("ed_attendances_365"))
    assert history.value("emergency_admissions_90") == 1


def test_a_feed_that_begins_on_the_index_date_is_not_there_yet():
    """The first row of the feed must have been known before the index date."""
    history = History("a", "b")
    history.stay(0, 0, "b", kind="emergency_department")
    assert math.isnan(history.value("ed_attendances_365"))
    history.stay(1, 1, "b", kind="emergency_department")
    assert history.value("ed_attendances_365") == 0


def test_a_feed_that_cannot_say_emergency_leaves_the_type_missing():
    """is_emergency null (an OMOP inpatient visit): stays count, emergency and planned do not."""
    history = History()
    history.stay(20, 10, is_emergency=None, admission_method=None)
    assert history.value("inpatient_stays_90") == 1
    for name in ("emergency_admissions_90", "elective_admissions_90", "emergency_bed_days_90"):
        assert math.isnan(history.value(name))
