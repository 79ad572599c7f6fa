"""The rules of client-level data of adult social care, each as a small list and what it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.governed_feeds import linked_feed
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.records import LinkedRecords

ANNE = "9998698162"
HOME_CARE = {
    "Event Type": "Service",
    "Service Type": "Long Term Support: Community",
    "Service Component": "Home Support",
    "Delivery Mechanism": "CASSR Managed Personal Budget",
    "Unit Cost": "23.50",
    "Cost Frequency (Unit Type)": "Hourly",
    "Planned units per week": "7.5",
}
ROW = {
    "LA Code": "999",
    "Reporting Period Start Date": "01/01/2024",
    "Reporting Period End Date": "31/03/2024",
    "NHS Number": ANNE,
    "LA Person Unique Identifier": "P1",
    "Gender": "Female",
    "Ethnicity": "",
    "dmYearAndMonthOfBirth": "1940-06",
    "Client Type": "Service User",
    "Accommodation Status": "",
    "Has Unpaid Carer": "",
    "Dementia": "",
    "Event Type": "Request",
    "Event Reference": "E1",
    "Event Start Date": "15/02/2024",
    "Event End Date": "",
    "Request: Route of Access": "",
    "Assessment Type": "",
    "Review Reason": "",
    "Service Type": "",
    "Service Component": "",
    "Delivery Mechanism": "",
    "Unit Cost": "",
    "Cost Frequency (Unit Type)": "",
    "Planned units per week": "",
    "ImportDate": "28/04/2024",
}
NEXT = {
    "Reporting Period Start Date": "01/04/2024",
    "Reporting Period End Date": "30/06/2024",
    "ImportDate": "28/07/2024",
}


def linked(folder: Path, *rows: Mapping[str, Any], **governance: object) -> LinkedRecords:
    files = {"asc": [{**ROW, **row} for row in rows]}
    settings = {"told": "quarterly", "declared_lag_days": 28, **governance}
    return linked_feed(folder, "cld", files, **settings)


def reasons(records: LinkedRecords) -> dict[str, int]:
    return rejected(records, "asc.csv")


def services(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "services", columns, "service, start_date, recorded_date")


def facts(records: LinkedRecords) -> list[tuple[Any, ...]]:
    return rows_of(records, "events", "code, event_date, recorded_date", "code, event_date, kind")


def codes(records: LinkedRecords) -> list[str]:
    return [code for code, _, _ in facts(records)]


def test_a_service_is_a_spell_with_what_it_takes_and_costs_a_week(tmp_path: Path) -> None:
    records = linked(tmp_path, HOME_CARE)
    (spell,) = services(records, "* exclude (patient_id)")
    # 7.5 hours are 450 minutes, at 23.50 pounds an hour 176.25 pounds
    expected = (
        "home_care", "cld", date(2024, 2, 15), None, 450, 17625, date(2024, 4, 28), None,
    )  # fmt: skip
    assert spell == expected
    assert codes(records) == []


WHICH_SERVICE = [
    ("Long Term Support: Community", "Home Support", "", "home_care"),
    ("long term support - community", "HOME SUPPORT", "", "home_care"),
    ("Long Term Support: Community", "Direct Payment", "Direct Payment", "direct_payment"),
    ("Long Term Support: Community", "", "Direct Payment", "direct_payment"),
    ("Long Term Support: Community", "Home Support", "Direct Payment", "home_care"),
    ("Long Term Support: Community", "Day Support", "CASSR Commissioned Support", "day_care"),
    ("Long Term Support: Community", "Transport", "", "social_care_package"),
    ("Long Term Support: Prison", "", "", "social_care_package"),
    ("Long Term Support: Nursing Care", "Long Term Nursing Care", "", "nursing_care"),
    ("Long Term Support: Residential Care", "", "", "residential_care"),
    ("", "Long Term Residential Care", "", "residential_care"),
    ("Short Term Support: ST-Max", "Home Support", "", "reablement"),
    ("Short Term Support: Ongoing Low Level", "Equipment", "", "social_care_package"),
    (
        "Short Term Support: Other Short Term",
        "Short Term Residential Care",
        "",
        "social_care_package",
    ),
    (
        "Carer Support: Support involving the person cared-for",
        "Carer Respite",
        "",
        "social_care_package",
    ),
    ("words of its own", "", "", "social_care_package"),
]


def numbered(*changes: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Events of one list that begin on the 1st, 2nd, 3rd... of a month."""
    return [
        {**HOME_CARE, "Event Reference": f"E{day}", "Event Start Date": f"{day:02}/02/2024", **row}
        for day, row in enumerate(changes, start=1)
    ]


def by_start(records: LinkedRecords, columns: str) -> list[tuple[Any, ...]]:
    return rows_of(records, "services", columns, "start_date")


def test_which_service_it_is(tmp_path: Path) -> None:
    names = ("Service Type", "Service Component", "Delivery Mechanism")
    rows = numbered(*(dict(zip(names, words, strict=True)) for *words, _ in WHICH_SERVICE))
    expected = [(service,) for *_, service in WHICH_SERVICE]
    assert by_start(linked(tmp_path, *rows), "service") == expected


INTENSITY = [
    ("Hourly", "20", "0.5", 30, 1000),
    ("Hourly", "0.333", "3", 180, 99),  # to the penny, then times the units
    ("Hourly", "20", "", None, None),
    ("Per session", "58", "2", None, 11600),
    ("Daily", "40", "3", None, 12000),
    ("Weekly", "275", "7", None, 27500),  # the frequency counts, not the units beside it
    ("Weekly", "275", "", None, 27500),
    ("Fortnightly", "100", "1", None, 5000),
    ("4-weekly", "100", "", None, 2500),
    ("Monthly", "520", "", None, 12000),
    ("Quarterly", "520", "", None, 4000),
    ("Annually", "5200", "", None, 10000),
    ("One-off", "500", "1", None, None),
    ("", "500", "1", None, None),
    ("Hourly", "", "7.5", 450, None),
    ("Hourly", "99999999999", "7.5", 450, None),  # more than the column can hold is not known
]


def test_minutes_and_pence_a_week(tmp_path: Path) -> None:
    names = ("Cost Frequency (Unit Type)", "Unit Cost", "Planned units per week")
    rows = numbered(*(dict(zip(names, row[:3], strict=True)) for row in INTENSITY))
    records = linked(tmp_path, *rows)
    columns = "minutes_per_week, weekly_cost_pence"
    assert by_start(records, columns) == [row[3:] for row in INTENSITY]


@pytest.mark.parametrize("kind", ["Nursing Care", "Residential Care"])
def test_a_care_home_is_support_round_the_clock(tmp_path: Path, kind: str) -> None:
    row = {**HOME_CARE, "Service Type": f"Long Term Support: {kind}"}
    weekly = {**row, "Cost Frequency (Unit Type)": "Weekly", "Unit Cost": "980"}
    assert services(linked(tmp_path, weekly), "minutes_per_week, weekly_cost_pence") == [
        (7 * 24 * 60, 98000)
    ]


def test_a_later_quarter_supersedes_what_an_earlier_one_said(tmp_path: Path) -> None:
    """Open, still open (nothing new), closed, then the end corrected."""
    third = {"ImportDate": "28/10/2024", "Reporting Period End Date": "30/09/2024"}
    fourth = {"ImportDate": "28/01/2025", "Reporting Period End Date": "31/12/2024"}
    records = linked(
        tmp_path,
        {**HOME_CARE, **fourth, "Event End Date": "28/08/2024"},
        {**HOME_CARE, **third, "Event End Date": "31/08/2024"},
        {**HOME_CARE, **NEXT},
        HOME_CARE,
    )
    assert services(records, "end_date, recorded_date, superseded_date") == [
        (None, date(2024, 4, 28), date(2024, 10, 28)),
        (date(2024, 8, 31), date(2024, 10, 28), date(2025, 1, 28)),
        (date(2024, 8, 28), date(2025, 1, 28), None),
    ]
    assert reasons(records) == {}


def test_the_reference_names_the_event_even_if_start_and_component_were_wrong(
    tmp_path: Path,
) -> None:
    corrected = {
        **HOME_CARE, **NEXT, "Event Start Date": "16/02/2024", "Service Component": "Day Support",
    }  # fmt: skip
    records = linked(tmp_path, HOME_CARE, corrected)
    assert services(records, "service, start_date, superseded_date") == [
        ("day_care", date(2024, 2, 16), None),
        ("home_care", date(2024, 2, 15), date(2024, 7, 28)),
    ]


def test_components_of_one_reference_in_one_list_are_services_of_their_own(
    tmp_path: Path,
) -> None:
    day_care = {**HOME_CARE, "Service Component": "Day Support"}
    records = linked(
        tmp_path, HOME_CARE, day_care, {**HOME_CARE, **NEXT, "Event End Date": "01/06/2024"}
    )
    assert services(records, "service, end_date, superseded_date") == [
        ("day_care", None, None),
        ("home_care", None, date(2024, 7, 28)),
        ("home_care", date(2024, 6, 1), None),
    ]
    assert reasons(records) == {}


def test_without_a_reference_what_and_since_when_name_the_service(tmp_path: Path) -> None:
    row = {**HOME_CARE, "Event Reference": ""}
    later = {**row, "Event Start Date": "16/02/2024"}
    records = linked(tmp_path, row, later, {**row, **NEXT, "Event End Date": "01/06/2024"})
    assert services(records, "start_date, end_date, superseded_date") == [
        (date(2024, 2, 15), None, date(2024, 7, 28)),
        (date(2024, 2, 15), date(2024, 6, 1), None),
        (date(2024, 2, 16), None, None),
    ]


def test_councils_may_use_the_same_reference(tmp_path: Path) -> None:
    records = linked(tmp_path, HOME_CARE, {**HOME_CARE, "LA Code": "998"})
    assert len(services(records, "service")) == 2


@pytest.mark.parametrize(
    ("dates", "known"),
    [
        ({}, date(2024, 4, 28)),
        ({"ImportDate": ""}, date(2024, 4, 28)),  # 28 days after the period
        ({"ImportDate": "", "Reporting Period End Date": ""}, date(2024, 4, 28)),
        (
            {
                "ImportDate": "",
                "Reporting Period End Date": "",
                "Event End Date": "01/04/2024",
            },
            date(2024, 7, 28),
        ),
        ({"ImportDate": "30/04/2024"}, date(2024, 4, 30)),
    ],
)
def test_when_a_row_was_known(tmp_path: Path, dates: dict[str, str], known: date) -> None:
    records = linked(tmp_path, {**HOME_CARE, **dates})
    assert services(records, "recorded_date") == [(known,)]


def test_requests_assessments_and_reviews_are_facts_of_the_day_they_begin(tmp_path: Path) -> None:
    records = linked(
        tmp_path,
        {"Request: Route of Access": "Discharge from Hospital"},
        {"Event Type": "Assessment", "Assessment Type": "Long term assessment"},
        {"Event Type": "Review", "Review Reason": "Unplanned - Safeguarding concern"},
    )
    assert rows_of(records, "events", "kind, system, code, event_date, recorded_date", "code") == [
        (kind, "local", code, date(2024, 2, 15), date(2024, 4, 28))
        for kind, code in (
            ("observation", "cld:assessment:long_term"),
            ("referral", "cld:request:hospital_discharge"),
            ("observation", "cld:review:unplanned"),
        )
    ]
    assert services(records, "service") == []


def test_words_that_no_table_knows_never_become_a_code(tmp_path: Path) -> None:
    records = linked(
        tmp_path,
        {"Request: Route of Access": "rang by his neighbour", "Accommodation Status": "at Joan's"},
        {"Event Type": "Assessment", "Event Reference": "E2", "Assessment Type": "of Joan"},
    )
    assert codes(records) == ["cld:assessment:other", "cld:request:other"]


def test_the_outcome_is_never_read(tmp_path: Path) -> None:
    records = linked(tmp_path, {"Event Outcome": "Admitted to hospital"})
    everything = rows_of(records, "events", "*", "code")
    assert len(everything) == 1
    assert "hospital" not in str(everything).lower()


@pytest.mark.parametrize("client", ["Carer", "Unpaid carer"])
def test_a_row_of_a_carer_is_about_the_carer(tmp_path: Path, client: str) -> None:
    support = {
        **HOME_CARE,
        "Client Type": client,
        "Service Type": "Carer Support: Direct to Carer",
        "Service Component": "Carer Universal Services",
    }
    records = linked(tmp_path, support)
    assert services(records, "service") == []
    assert codes(records) == ["cld:service:carer_support", "cld:unpaid_carer:yes"]


@pytest.mark.parametrize(
    "client", ["Carer known by association", "Unpaid carer known by association"]
)
def test_a_carer_known_by_association_has_no_event(tmp_path: Path, client: str) -> None:
    nothing = {
        "Client Type": client, "Event Type": "", "Event Reference": "", "Event Start Date": "",
    }  # fmt: skip
    records = linked(tmp_path, nothing)
    assert facts(records) == [("cld:unpaid_carer:yes", date(2024, 1, 1), date(2024, 4, 28))]
    assert reasons(records) == {}


def test_support_for_carers_is_no_support_for_a_service_user_either(tmp_path: Path) -> None:
    support = {**HOME_CARE, "Service Type": "Carer Support: Direct to Carer"}
    records = linked(tmp_path, support)
    assert services(records, "service") == []
    assert codes(records) == ["cld:service:carer_support"]


def states(records: LinkedRecords) -> list[tuple[Any, ...]]:
    """Everything that is told beside events."""
    return [
        (code.removeprefix("cld:"), day, known, superseded)
        for code, day, known, superseded in rows_of(
            records,
            "events",
            "code, event_date, recorded_date, superseded_date",
            "recorded_date, code",
        )
        if not code.startswith("cld:request")
    ]


def test_home_carer_and_impairments_are_told_where_they_change(tmp_path: Path) -> None:
    home = {"Accommodation Status": "Tenant", "Has Unpaid Carer": "Yes", "Dementia": "No"}
    moved = {"Accommodation Status": "Registered care home", "Has Unpaid Carer": "No"}
    new = {"Event Reference": "E2", "Event Start Date": "10/05/2024"}
    records = linked(tmp_path, home, {**home, **NEXT}, {**moved, **NEXT, **new, "Dementia": "Yes"})
    assert states(records) == [
        ("accommodation:tenant", date(2024, 2, 15), date(2024, 4, 28), None),
        ("has_unpaid_carer:yes", date(2024, 2, 15), date(2024, 4, 28), None),
        ("accommodation:care_home", date(2024, 5, 10), date(2024, 7, 28), None),
        ("dementia:yes", date(2024, 5, 10), date(2024, 7, 28), None),
        ("has_unpaid_carer:no", date(2024, 5, 10), date(2024, 7, 28), None),
    ]


def test_an_old_event_that_goes_on_does_not_bring_an_old_state_back(tmp_path: Path) -> None:
    old = {"Accommodation Status": "Tenant"}
    new = {
        "Event Reference": "E2",
        "Event Start Date": "01/03/2024",
        "Accommodation Status": "Registered care home",
    }
    records = linked(tmp_path, old, new, {**old, **NEXT})
    assert states(records) == [
        ("accommodation:care_home", date(2024, 3, 1), date(2024, 4, 28), None),
        ("accommodation:tenant", date(2024, 2, 15), date(2024, 4, 28), None),
    ]


def test_of_events_from_before_the_list_the_latest_says_what_is_true(tmp_path: Path) -> None:
    old = {"Accommodation Status": "Tenant", "Event Start Date": "01/03/2019"}
    new = {
        "Event Reference": "E2",
        "Event Start Date": "01/03/2021",
        "Accommodation Status": "Registered care home",
    }
    assert states(linked(tmp_path, old, new)) == [
        ("accommodation:care_home", date(2024, 1, 1), date(2024, 4, 28), None)
    ]


def test_a_state_told_otherwise_of_the_same_event_is_a_change(tmp_path: Path) -> None:
    home, moved = ({"Accommodation Status": text} for text in ("Tenant", "Registered care home"))
    records = linked(tmp_path, home, {**moved, **NEXT})
    assert states(records) == [
        ("accommodation:tenant", date(2024, 2, 15), date(2024, 4, 28), None),
        ("accommodation:care_home", date(2024, 4, 1), date(2024, 7, 28), None),
    ]


def test_a_state_told_otherwise_of_the_same_day_is_a_correction(tmp_path: Path) -> None:
    again = {"ImportDate": "28/07/2024"}
    records = linked(tmp_path, {"Dementia": "Yes"}, {**again, "Dementia": "No"})
    assert states(records) == [
        ("dementia:yes", date(2024, 2, 15), date(2024, 4, 28), date(2024, 7, 28)),
        ("dementia:no", date(2024, 2, 15), date(2024, 7, 28), None),
    ]


@pytest.mark.parametrize("word", ["Unknown", "", "No", "Prison / Young offenders institution"])
def test_what_says_nothing_and_what_is_nobodys_business_is_no_fact(
    tmp_path: Path, word: str
) -> None:
    records = linked(
        tmp_path, {"Accommodation Status": word, "Has Unpaid Carer": word, "Dementia": word}
    )
    assert states(records) == []


def test_no_address_is_made_of_the_home(tmp_path: Path) -> None:
    records = linked(tmp_path, {"Accommodation Status": "Registered care home"})
    assert rows_of(records, "residences", "*", "patient_id") == []


@pytest.mark.parametrize(
    ("words", "category"),
    [
        ("English / Welsh / Scottish / Northern Irish / British", "A"),
        ("White: English, Welsh, Scottish, Northern Irish or British", "A"),
        ("Asian or Asian British: Chinese", "R"),
        ("White: Gypsy or Irish Traveller", None),
        ("Undeclared / Not known", None),
    ],
)
def test_ethnic_category(tmp_path: Path, words: str, category: str | None) -> None:
    records = linked(tmp_path, {"Ethnicity": words})
    assert rows_of(records, "patients", "sex, birth_month, ethnic_category", "sex") == [
        ("female", date(1940, 6, 1), category)
    ]


def test_a_day_of_death_counts_and_a_month_of_death_is_no_day(tmp_path: Path) -> None:
    month = linked(tmp_path / "month", {"dmYearAndMonthofDeath": "2024-03"})
    day = linked(tmp_path / "day", {"Date of Death": "05/03/2024"})
    columns = "death_date, death_recorded_date"
    assert rows_of(month, "patients", columns, "all") == [(None, None)]
    assert rows_of(day, "patients", columns, "all") == [(date(2024, 3, 5), date(2024, 4, 28))]


def test_the_names_of_the_national_extract(tmp_path: Path) -> None:
    row = {
        "LA_Code": "999",
        "Reporting_Period_End_Date": "2024-03-31",
        "Der_NHS_Number_Traced_Pseudo": "0F3A",
        "Der_LA_Person_Unique_Identifier_Pseudo": "77B1",
        "Der_Birth_Year": "1940",
        "Der_Birth_Month": "6",
        "Gender": "Male",
        "Client_Type": "Service User",
        "Event_Type": "Service",
        "Event_Reference": "E1",
        "Event_Start_Date": "2024-02-15",
        "Event_End_Date": "NULL",
        "Service_Type": "Short Term Support: ST-Max",
        "Service_Component": "Reablement",
        "Unit_Cost": "30",
        "Cost_Frequency_Unit_Type": "Hourly",
        "Planned_units_per_week": "2",
        "ImportDate": "2024-04-29",
    }
    records = linked_feed(tmp_path, "cld", {"asc": [row]})
    columns = "service, minutes_per_week, weekly_cost_pence, recorded_date"
    assert services(records, columns) == [("reablement", 120, 6000, date(2024, 4, 29))]
    assert rows_of(records, "patients", "birth_month, sex", "all") == [(date(1940, 6, 1), "male")]


NO_PERIOD = {"Reporting Period Start Date": "", "Reporting Period End Date": ""}
CANNOT_STAND = [
    ({"Event Start Date": ""}, "no date"),
    ({"Client Type": "Carer known by association", "Event Start Date": ""} | NO_PERIOD, "no date"),
    ({"Event Start Date": "31/02/2024"}, "unparsable date"),
    ({"Event Type": ""}, "kind that is not known"),
    ({"Event Type": "Complaint"}, "kind that is not known"),
    ({"Client Type": "Neighbour"}, "kind that is not known"),
    ({"Event End Date": "31/01/2024"}, "end before start"),
    ({"Planned units per week": "-1"}, "negative length or count"),
    ({"Unit Cost": "-0.01"}, "negative length or count"),
    ({"Unit Cost": "ten pounds"}, "value is not a number"),
]


def test_a_row_that_cannot_stand_has_one_reason(tmp_path: Path) -> None:
    records = linked(tmp_path, HOME_CARE, *numbered(*(row for row, _ in CANNOT_STAND)))
    assert reasons(records) == Counter(reason for _, reason in CANNOT_STAND)
    assert services(records, "start_date") == [(date(2024, 2, 15),)]


@pytest.mark.parametrize("end", ["15/02/2024", ""])
def test_a_service_may_end_on_its_first_day_or_have_no_client_type(
    tmp_path: Path, end: str
) -> None:
    records = linked(tmp_path, {**HOME_CARE, "Client Type": "", "Event End Date": end})
    assert reasons(records) == {}
    assert len(services(records, "service")) == 1


def test_repeats_within_a_list(tmp_path: Path) -> None:
    other = {**HOME_CARE, "Planned units per week": "8"}
    records = linked(tmp_path, HOME_CARE, HOME_CARE, other)
    assert reasons(records) == {"duplicate": 1, "same identifier, different content": 1}
    assert services(records, "minutes_per_week") == [(450,)]
