"""Social care, housing and charities: what linking makes of their feeds beside the true store.

The feeds name people badly: some rows have no number, some a wrong one. What is linked must be
about the right person and say what the true store says; whoever is named with a number must be
linked.
"""

from __future__ import annotations

import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds  # noqa: F401 - a fixture

SPELL = "patient_id, service, start_date, end_date, recorded_date, superseded_date"

FILES = {
    "council": ("adult_social_care_cld", '"NHS Number"'),
    "housing": ("housing_tenancy", "nhs_number"),
    "voluntary": ("voluntary_contact", '"NHS No"'),
}
"""The file of each source, and its column of NHS numbers."""


def feed_rows(file: str) -> str:
    """Rows of a file with the person each is truly about."""
    return f"""(
        select t.patient_id, f.* from (
            select *, row_number() over () - 1 as row from feed_{file}
        ) f join truth_{file} t using (row)
    )"""


CORRECTED = f"""
    select patient_id, strptime("Event Start Date", '%d/%m/%Y')::date as start_date
    from {feed_rows("adult_social_care_cld")} where "Event End Date" is not null
    group by patient_id, "Event Reference", start_date
    having count(distinct "Event End Date") > 1
"""
"""Events whose end a later list corrects: the true store knows the right end at once."""


def spells(store: str, source: str, more: str = "true") -> str:
    return f"select {SPELL} from {store}_services where source = '{source}' and {more}"


@pytest.mark.parametrize("source", ["housing", "voluntary"])
def test_linked_spells_are_true_and_known_on_the_same_days(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
    source: str,
) -> None:
    linked, true = spells("linked", source), spells("oracle", source)
    assert len(simulated_feeds.query(linked)) >= 20
    assert simulated_feeds.query(f"{linked} except all {true}") == []


def test_linked_social_care_is_true_apart_from_ends_that_were_corrected_later(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
) -> None:
    right = f"(patient_id, start_date) not in ({CORRECTED})"
    linked, true = (spells(store, "council", right) for store in ("linked", "oracle"))
    assert len(simulated_feeds.query(linked)) >= 50
    assert simulated_feeds.query(f"{linked} except all {true}") == []
    assert len(simulated_feeds.query(CORRECTED)) > 0
    # the last word on a corrected end is the true one
    last = (
        "select patient_id, service, start_date, end_date from {}_services where source = 'council'"
    )
    current = f"{last} and superseded_date is null"
    assert simulated_feeds.query(f"{current.format('linked')} except {last.format('oracle')}") == []


@pytest.mark.parametrize("source", ["council", "housing", "voluntary"])
def test_every_spell_of_people_named_with_a_number_is_linked(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
    source: str,
) -> None:
    """Lines of charities have no identifier of a person, so each line must have the number. People
    who object are in neither store."""
    file, number = FILES[source]
    always = "true" if source != "voluntary" else f"count(*) = count({number})"
    named = f"""
        patient_id in (
            select patient_id from {feed_rows(file)} group by patient_id
            having count({number}) > 0 and {always}
        ) and patient_id in (select patient_id from linked_patients)
    """
    first = "select patient_id, service, start_date from {}_services where source = '{}' and {}"
    linked, true = (first.format(store, source, named) for store in ("linked", "oracle"))
    assert len(simulated_feeds.query(true)) >= 20
    assert simulated_feeds.query(f"{true} except {linked}") == []


def test_what_the_council_pays_is_what_it_pays(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
) -> None:
    """Minutes are known for hours of care and for care homes; no field has them for the others."""
    rows = simulated_feeds.query(
        """
        select l.service, count(*), count(l.minutes_per_week),
            count(*) filter (l.weekly_cost_pence <> o.weekly_cost_pence),
            count(*) filter (l.minutes_per_week <> o.minutes_per_week)
        from linked_services l
        join oracle_services o using (patient_id, service, start_date, source)
        where source = 'council' group by l.service
        """
    )
    assert {service for service, *_ in rows} > {"home_care", "social_care_package"}
    for service, count, with_minutes, other_cost, other_minutes in rows:
        timed = service in {"home_care", "reablement", "residential_care", "nursing_care"}
        assert (with_minutes, other_cost, other_minutes) == (count if timed else 0, 0, 0)


FACTS = [
    (
        "source = 'council' and kind = 'referral'",
        f"""
        select distinct patient_id, "Event Reference" as name,
            strptime("Event Start Date", '%d/%m/%Y')::date as day
        from {feed_rows("adult_social_care_cld")} where "Event Type" = 'Request'
        """,
    ),
    (
        "code like 'housing:repair%' or code like 'housing:adaptation%'",
        f"""
        select distinct patient_id, repair_ref as name, reported_date as day
        from {feed_rows("housing_repair")}
        """,
    ),
    (
        "source = 'voluntary'",
        f"""
        select distinct patient_id, concat("Service", "Minutes", "Outcome") as name,
            strptime("Date of contact", '%d/%m/%Y')::date as day
        from {feed_rows("voluntary_contact")}
        """,
    ),
]
"""Facts in the linked store, and what they must be made of."""


@pytest.mark.parametrize(("which", "told"), FACTS)
def test_each_request_repair_and_contact_is_one_fact_of_the_right_person(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
    which: str,
    told: str,
) -> None:
    linked = f"select patient_id, event_date from linked_events where {which}"
    true = f"select patient_id, day from ({told})"
    found, expected = simulated_feeds.query(linked), simulated_feeds.query(true)
    assert simulated_feeds.query(f"({linked}) except all ({true})") == []
    assert len(found) >= 0.9 * len(expected) > 0


@pytest.mark.parametrize(
    "name", ["adult_social_care_cld", "housing_tenancy", "housing_repair", "voluntary_contact"]
)
def test_every_row_is_kept_or_has_a_reason(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
    name: str,
) -> None:
    ((rows,),) = simulated_feeds.query(f"select count(*) from feed_{name}")
    file = simulated_feeds.file(f"{name}.parquet")
    assert file["rows_in"] == rows
    assert set(file["rejected"]) <= {
        "duplicate",
        "no identifier",
        "no usable NHS number, and not linked by other details",
        "objection to this purpose",
        "record marked as confidential",
    }


def test_no_state_of_a_person_repeats_or_says_nothing(
    simulated_feeds: SimulatedFeeds,  # noqa: F811
) -> None:
    repeats = """
        select * from (
            select regexp_extract(code, '(.*):', 1) as attribute, code, lag(code) over (
                partition by patient_id, regexp_extract(code, '(.*):', 1)
                order by event_date, recorded_date) as former
            from linked_events where superseded_date is null and (
                code like 'cld:accommodation%' or code like 'cld:%impairment%'
                or code like 'cld:dementia%' or code like 'cld:%carer:%')
        ) where code = former or (former is null and code like '%:no')
    """
    assert simulated_feeds.query(repeats) == []
