"""The person, the home, registration, services in force."""

import math
from datetime import date

import pytest
from tests.unit.features.history import INDEX_DATE, History, days_before


@pytest.mark.parametrize(
    ("birth_month", "age"), [(date(1940, 1, 1), 81), (date(1940, 2, 1), 80), (date(2020, 12, 1), 0)]
)
def test_age_in_completed_years(birth_month, age):
    """A birthday has passed once its month has begun."""
    history = History()
    history.rows["patients"][0]["birth_month"] = birth_month
    assert history.value("age") == age


@pytest.mark.parametrize(
    ("sex", "expected"), [("female", 1), ("male", 0), ("indeterminate", math.nan)]
)
def test_recorded_sex(sex, expected):
    history = History()
    history.rows["patients"][0]["sex"] = sex
    assert history.value("sex_female") == pytest.approx(expected, nan_ok=True)


def test_ethnicity_is_no_feature():
    assert not [name for name in History().matrix().names if "ethnic" in name]


def _home(history, start, end=None, **columns):
    ends = None if end is None else days_before(end)
    history.add("residences", start_date=days_before(start), end_date=ends, **columns)


def test_the_latest_address_in_force_counts():
    history = History()
    _home(history, 900, 100, imd_decile=1, lives_alone=True)
    _home(history, 300, imd_decile=3, lives_alone=False)
    _home(history, 100, imd_decile=7, lives_alone=True, care_home=False)
    assert history.value("imd_decile") == 7
    assert history.value("lives_alone") == 1
    assert history.value("care_home") == 0
    assert math.isnan(history.value("has_carer"))


def test_an_address_that_was_left_or_is_not_known_yet_does_not_count():
    history = History()
    _home(history, 900, 1, imd_decile=1)
    _home(history, 10, imd_decile=9, recorded_date=INDEX_DATE)
    assert math.isnan(history.value("imd_decile"))


@pytest.mark.parametrize(("start", "moves"), [(0, 0), (1, 1), (365, 1), (366, 0)])
def test_changes_of_address_count_by_the_day_somebody_moved_in(start, moves):
    """Two versions of one address are one move; who has lived there for long has had none."""
    history = History()
    _home(history, 2000, imd_decile=5)
    _home(history, start, imd_decile=1)
    _home(history, start, -10, imd_decile=1)
    assert history.value("home_moves_365") == moves


def test_the_first_known_address_is_no_change():
    history = History()
    _home(history, 100, imd_decile=5)
    assert history.value("home_moves_365") == 0


def test_changes_of_address_are_not_known_without_addresses():
    assert math.isnan(History().value("home_moves_365"))


@pytest.mark.parametrize(("start", "days"), [(1, 1), (400, 400), (1095, 1095), (5000, 1095)])
def test_days_since_the_first_registration_are_cut_at_the_history(start, days):
    history = History()
    history.add("registrations", start_date=days_before(start), practice_code="Y00001")
    assert history.value("registered_days") == days


def _service(history, service, start, end=None, **columns):
    ends = None if end is None else days_before(end)
    history.add(
        "services",
        service=service,
        source="council",
        start_date=days_before(start),
        end_date=ends,
        **columns,
    )


@pytest.mark.parametrize(
    ("end", "expected"),
    [(None, 1), (-10, 1), (0, 1), (1, 0)],
    ids=["open", "later", "today", "ended"],
)
def test_a_service_counts_while_it_is_in_force(end, expected):
    """An end on or after the index date is not known: the service is in force."""
    history = History()
    _service(history, "social_care_package", 50, end)
    assert history.value("service_social_care") == expected
    assert history.value("services_current") == expected


def test_kinds_of_support_count_once_and_programmes_do_not():
    """A matron, virtual ward or case management can be started by a list: not a predictor."""
    history = History()
    for service in ("home_care", "social_care_package", "reablement", "community_matron"):
        _service(history, service, 50)
    assert history.value("services_current") == 2
    assert not [name for name in history.matrix().names if "matron" in name]


def test_services_are_missing_without_a_feed():
    """No services rows at all, or none of that family."""
    history = History()
    assert math.isnan(history.value("services_current"))
    _service(history, "reablement", 50)
    assert history.value("service_reablement") == 1
    assert math.isnan(history.value("service_social_care"))


@pytest.mark.parametrize(
    ("registered", "expected"),
    [(None, 0), (400, 0), (365, 0), (364, None), (90, None)],
)
def test_no_fact_means_not_known_where_registration_is_shorter_than_the_window(
    registered, expected
):
    """Statistical rule 8. The feed is there (another person's stay); this person has none.

    Registered for the whole window or longer: none. Shorter: nobody could see what came before.
    """
    history = History("a", "b")
    history.stay(500, 499, "b")
    if registered is not None:
        history.add("registrations", start_date=days_before(registered), practice_code="Y00001")
    value = history.value("emergency_admissions_365")
    assert math.isnan(value) if expected is None else value == expected
    assert not math.isnan(history.value("emergency_admissions_90"))
    assert history.value("in_hospital") == 0


def test_a_fact_counts_however_short_the_registration():
    history = History("a", "b")
    history.stay(500, 499, "b")
    history.stay(20, 15)
    history.add("registrations", start_date=days_before(60), practice_code="Y00001")
    assert history.value("emergency_admissions_365") == 1
