"""Kinds of contact with practices and community services, and appointments that were missed."""

import math

import pytest
from tests.unit.features.history import History

HOME_VISIT, TELEPHONE = "50357006", "185317003"


def _contact(history, day, code="1", source="gp", **columns):
    history.event("contact", day, code, source=source, system="snomed", **columns)


@pytest.mark.parametrize(("day", "expected"), [(0, 0), (1, 1), (90, 1), (91, 0)])
def test_a_missed_appointment_counts_within_the_window(day, expected):
    history = History()
    _contact(history, 800)
    _contact(history, day, attendance="did_not_attend")
    assert history.value("gp_missed_90") == expected


def test_missed_appointments_count_each_and_are_no_contact():
    """Two missed on one day are two; a cancelled one is neither missed nor a contact."""
    history = History()
    _contact(history, 10, attendance="did_not_attend")
    _contact(history, 10, attendance="did_not_attend")
    _contact(history, 10, attendance="cancelled")
    assert history.value("gp_missed_90") == 2
    assert history.value("gp_contacts_90") == 0


@pytest.mark.parametrize(
    ("code", "feature"), [(HOME_VISIT, "gp_home_visits_90"), (TELEPHONE, "gp_telephone_90")]
)
def test_the_kind_of_contact_is_its_code(code, feature):
    """Days, as other contacts; one that was missed did not take place."""
    history = History()
    for day in (10, 10, 20):
        _contact(history, day, code)
    _contact(history, 30, code, attendance="did_not_attend")
    _contact(history, 40)
    assert history.value(feature) == 2
    assert history.value("gp_contacts_90") == 3


def test_contacts_of_community_services_are_their_own():
    history = History()
    _contact(history, 10, HOME_VISIT, source="csds")
    _contact(history, 20, source="csds", attendance="did_not_attend")
    _contact(history, 30, source="csds", attendance="attended")
    assert history.value("community_contacts_90") == 2
    assert history.value("community_missed_90") == 1
    assert math.isnan(history.value("gp_contacts_90"))
    assert math.isnan(history.value("gp_home_visits_90"))


def test_the_change_of_contacts_counts_contacts():
    history = History()
    for day in (5, 5, 90, 91):
        _contact(history, day)
    assert history.value("gp_contacts_change_90") == 2
