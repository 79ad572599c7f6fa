"""GP contacts, medicines, measurements."""

import math
from datetime import time

import pytest
from tests.unit.features.history import History


def _contact(history, day, kind="contact", **columns):
    history.event(kind, day, "308335008", source="gp", system="snomed", **columns)


@pytest.mark.parametrize(("day", "expected"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_a_gp_contact_counts_within_the_window(day, expected):
    history = History()
    _contact(history, 800)
    _contact(history, day)
    assert history.value("gp_contacts_90") == expected


def test_contacts_of_one_day_are_one_and_missed_appointments_none():
    """An appointment and the consultation it became are one contact."""
    history = History()
    _contact(history, 10)
    _contact(history, 10, "appointment", attendance="attended")
    _contact(history, 20, "appointment", attendance="did_not_attend")
    _contact(history, 30)
    assert history.value("gp_contacts_90") == 2
    assert history.value("days_since_gp_contact") == 10


def test_contacts_of_another_feed_are_no_gp_contacts():
    """No GP feed: missing."""
    history = History()
    history.event("contact", 10, "308335008", source="community", system="snomed")
    assert math.isnan(history.value("gp_contacts_90"))


def test_medicines_count_as_items_and_as_kinds():
    """Two issues of one BNF section are two items of one kind; dressings (20 on) are neither."""
    history = History()
    for day, code in ((10, "0205051R0AA"), (40, "0205051R0BB"), (50, "0601022B0AA"), (5, "2003")):
        history.event("medication", day, code, source="gp", system="bnf")
    assert history.value("medicine_items_90") == 3
    assert history.value("medicine_kinds_90") == 2
    assert history.fact_day("medicine_kinds_90") == 10


def test_a_kind_of_medicine_counts_in_every_window_that_holds_an_issue():
    """The latest issue decides: 90 days before is in, 91 is out."""
    history = History()
    history.event("medication", 90, "0205051R0AA", source="gp", system="bnf")
    history.event("medication", 91, "0601022B0AA", source="gp", system="bnf")
    history.event("medication", 300, "0601022B0AA", source="gp", system="bnf")
    assert history.value("medicine_kinds_90") == 1
    assert history.value("medicine_kinds_365") == 2


def test_codes_of_another_system_are_kinds_of_their_own():
    history = History()
    for code in ("316672", "313782", "316672"):
        history.event("medication", 10, code, source="omop", system="local")
    assert history.value("medicine_kinds_90") == 2


def _pressure(history, day, value, code="271649006", system="snomed", **columns):
    columns = {"source": "gp", "system": system, "value": value} | columns
    history.event("measurement", day, code, **columns)


@pytest.mark.parametrize(("day", "is_read"), [(0, False), (1, True), (730, True), (731, False)])
def test_a_measurement_is_read_within_two_years(day, is_read):
    history = History()
    _pressure(history, day, 150.0)
    assert math.isnan(history.value("systolic_bp")) is not is_read


def test_the_latest_measurement_counts():
    """Latest by day, then by time of day, then the highest; a time of day not known is earliest."""
    history = History()
    _pressure(history, 30, 170.0)
    _pressure(history, 10, 190.0)
    _pressure(history, 10, 150.0, event_time=time(9))
    _pressure(history, 10, 140.0, event_time=time(15))
    _pressure(history, 10, 145.0, event_time=time(15))
    assert history.value("systolic_bp") == 145
    assert history.fact_day("systolic_bp") == 10


@pytest.mark.parametrize(
    ("value", "expected"), [(49.9, 120), (50, 50), (300, 300), (300.1, 120), (math.nan, 120)]
)
def test_an_implausible_value_is_ignored(value, expected):
    """Not 50 to 300 mmHg: the value before it stands."""
    history = History()
    _pressure(history, 30, 120.0)
    _pressure(history, 10, value)
    assert history.value("systolic_bp") == expected


def test_a_measurement_without_value_is_no_measurement():
    history = History()
    _pressure(history, 10, None)
    assert math.isnan(history.value("systolic_bp"))


def test_units_of_a_code_are_converted():
    """LOINC haemoglobin in g/dL becomes g/L; HbA1c in per cent becomes mmol/mol."""
    history = History()
    _pressure(history, 10, 13.2, "718-7", "loinc")
    _pressure(history, 10, 7.0, "4548-4", "loinc")
    assert history.value("haemoglobin") == pytest.approx(132)
    assert history.value("hba1c") == pytest.approx(53, abs=0.1)


def test_the_same_code_in_another_system_is_another_code():
    history = History()
    _pressure(history, 10, 150.0, system="local")
    assert math.isnan(history.value("systolic_bp"))


def test_a_study_may_leave_feeds_out():
    """sources = hospital: rows of the GP feed do not count, features of GP only are dropped."""
    history = History()
    history.diagnosis(10, "Z000")
    history.diagnosis(10, "44054006", source="gp", system="snomed")
    assert history.value("diabetes") == 1
    matrix = history.matrix('sources = ["hospital"]')
    assert matrix.column("diabetes")[0] == 0
    assert not any(name.startswith("gp_contacts") for name in matrix.names)
