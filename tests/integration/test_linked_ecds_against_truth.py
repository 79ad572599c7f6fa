"""Attendances linked from raw feeds beside the same people's records without mess or linkage."""

from __future__ import annotations

from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds

__all__ = ["simulated_feeds"]

STAY = (
    "patient_id, kind, start_date, start_time, end_date, is_emergency, attendance, specialty, "
    "provider, recorded_date, superseded_date, patient_class, admission_method, discharge_method"
)
EVENT = (
    "patient_id, kind, event_date, event_time, source, system, code, position, value, text, "
    "attendance, recorded_date, superseded_date"
)
ATTENDED = "kind = 'emergency_department'"
CODED = "stay_id in (select stay_id from {store}_stays where kind = 'emergency_department')"


def differences(feeds: SimulatedFeeds, rows: str, table: str, columns: str) -> tuple[int, int]:
    """Rows that only linking gives, and rows that only the records without mess have."""
    found = []
    for one, other in (("linked", "oracle"), ("oracle", "linked")):
        left, right = (
            f"select {columns} from {s}_{table} where {rows.format(store=s)}" for s in (one, other)
        )
        ((count,),) = feeds.query(f"select count(*) from ({left} except all {right})")
        found.append(count)
    return found[0], found[1]


def lost_attendances(feeds: SimulatedFeeds) -> set[str]:
    """Attendances of rows that nobody could link, by the hospital's identifier."""
    rows = feeds.query(
        f"""
        with given as (
            select f.*, t.patient_id
            from (select *, row_number() over () - 1 as row from feed_ecds) f
            join truth_ecds t using (row)
        )
        select g.EPIKEY from given g anti join (from linked_stays where {ATTENDED}) s
            on s.patient_id = g.patient_id and s.start_date = g.ARRIVAL_DATE
            and s.start_time = g.ARRIVAL_TIME::time
        where g.patient_id in (select patient_id from oracle_patients)
        """
    )
    return {identifier for (identifier,) in rows}


def test_every_row_is_kept_or_has_a_reason(simulated_feeds: SimulatedFeeds) -> None:
    file = simulated_feeds.file("ecds.parquet")
    ((rows, attendances),) = simulated_feeds.query(
        "select count(*), count(distinct EPIKEY) from feed_ecds"
    )
    assert file["rows_in"] == rows
    assert rows > attendances > 500
    assert file["rejected"]["duplicate"] <= rows - attendances
    assert set(file["rejected"]) <= {
        *("duplicate", "objection to this purpose", "record marked as confidential"),
        "no usable NHS number, and not linked by other details",
    }


def test_attendances_are_those_of_the_truth_but_for_rows_that_nobody_could_link(
    simulated_feeds: SimulatedFeeds,
) -> None:
    """Nothing is added and nothing differs; what is lost are rows without a usable NHS number."""
    added, lost = differences(simulated_feeds, ATTENDED, "stays", STAY)
    unlinked = lost_attendances(simulated_feeds)
    assert (added, lost) == (0, len(unlinked))
    assert lost <= simulated_feeds.file("ecds.parquet")["rejected"].get(
        "no usable NHS number, and not linked by other details", 0
    )


def test_rows_that_were_not_linked_have_no_number_and_no_known_hospital_number(
    simulated_feeds: SimulatedFeeds,
) -> None:
    unlinked = lost_attendances(simulated_feeds)
    named = ", ".join(f"'{identifier}'" for identifier in unlinked) or "''"
    rows = simulated_feeds.query(f"select NHS_NUMBER from feed_ecds where EPIKEY in ({named})")
    assert {number for (number,) in rows} <= {None}


def test_diagnoses_are_those_of_the_truth(simulated_feeds: SimulatedFeeds) -> None:
    added, lost = differences(simulated_feeds, CODED, "events", EVENT)
    assert added == 0
    assert lost <= len(lost_attendances(simulated_feeds))


def test_every_diagnosis_belongs_to_an_attendance_of_its_person(
    simulated_feeds: SimulatedFeeds,
) -> None:
    ((events, with_stay),) = simulated_feeds.query(
        f"""
        select count(*), count(s.stay_id) from linked_events e
        left join linked_stays s on s.stay_id = e.stay_id and s.patient_id = e.patient_id
            and s.start_date = e.event_date
        where {CODED.format(store="linked").replace("stay_id in", "e.stay_id in")}
        """
    )
    assert events == with_stay > 0


def test_complaints_acuity_and_accommodation_are_not_kept(simulated_feeds: SimulatedFeeds) -> None:
    """As in the records without mess: an attendance gives a stay and its diagnoses alone."""
    ((other,),) = simulated_feeds.query(
        f"select count(*) from linked_events where kind <> 'diagnosis' "
        f"and {CODED.format(store='linked')}"
    )
    assert other == 0


def test_a_hospital_gives_one_number_to_a_person_in_all_its_feeds(
    simulated_feeds: SimulatedFeeds,
) -> None:
    """So that a row without an NHS number is linked by the rows of other feeds."""
    ((shared, people),) = simulated_feeds.query(
        """
        with emergency as (
            select distinct f.PROVIDER_CODE as provider, f.LOCAL_PATIENT_IDENTIFIER as number,
                t.patient_id
            from (select *, row_number() over () - 1 as row from feed_ecds) f
            join truth_ecds t using (row)
        ), admitted as (
            select distinct f.PROCODET as provider, f.LOPATID as number, t.patient_id
            from (select *, row_number() over () - 1 as row from feed_hes_apc) f
            join truth_hes_apc t using (row)
        )
        select count(*), count(*) filter (where e.patient_id = a.patient_id)
        from emergency e join admitted a using (provider, number)
        """
    )
    assert shared == people > 50
