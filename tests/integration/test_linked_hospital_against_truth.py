"""Hospital stays linked from raw feeds beside the same people's records without mess or linkage.

Of the truth the linked records lack only rows of people whom nobody could link. They have more
besides: stays that had not ended, and what a first submission said wrongly.
"""

from __future__ import annotations

import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds

__all__ = ["simulated_feeds"]

KINDS = "kind in ('inpatient', 'day_case')"
STAY = (
    "patient_id, kind, start_date, end_date, patient_class, admission_source, admission_method, "
    "specialty, discharge_method, discharge_destination, provider"
)
APPOINTMENT = "patient_id, start_date, end_date, is_emergency, attendance, specialty, provider"
EVENT = "e.patient_id, e.kind, e.event_date, e.source, e.system, e.code, e.position"
CODED = "e.system in ('icd10', 'opcs4')"
NOW = "superseded_date is null"
NOT_LINKED = "no usable NHS number, and not linked by other details"


def beside(feeds: SimulatedFeeds, linked: str, truth: str) -> tuple[int, int]:
    """Rows that only linking gives, and rows that only the truth has."""
    ((added,),) = feeds.query(f"select count(*) from ({linked} except all {truth})")
    ((lost,),) = feeds.query(f"select count(*) from ({truth} except all {linked})")
    return added, lost


def unlinked(feeds: SimulatedFeeds, file: str) -> int:
    return int(feeds.file(f"{file}.parquet")["rejected"].get(NOT_LINKED, 0))


@pytest.mark.parametrize(("file", "key"), [("hes_apc", "EPIKEY"), ("hes_op", "ATTENDKEY")])
def test_every_row_is_kept_or_has_a_reason(
    simulated_feeds: SimulatedFeeds, file: str, key: str
) -> None:
    found = simulated_feeds.file(f"{file}.parquet")
    ((rows, keys, told),) = simulated_feeds.query(
        f"select count(*), count(distinct {key}), count(distinct ({key}, SUBDATE)) from feed_{file}"
    )
    assert found["rows_in"] == rows > told > keys > 500
    assert 0 < found["rejected"]["duplicate"] <= rows - told
    assert set(found["rejected"]) <= {
        *("duplicate", "objection to this purpose", "record marked as confidential", NOT_LINKED)
    }


def test_finished_stays_are_those_of_the_truth(simulated_feeds: SimulatedFeeds) -> None:
    """Days, class, methods, places, specialty and provider of every stay, as known in the end."""
    linked = f"select {STAY} from linked_stays where {KINDS} and {NOW} and end_date is not null"
    truth = f"select {STAY} from oracle_stays where {KINDS}"
    added, lost = beside(simulated_feeds, linked, truth)
    assert added == 0
    assert lost <= unlinked(simulated_feeds, "hes_apc")
    assert simulated_feeds.query(f"select count(*) > 400 from ({truth})") == [(True,)]


def test_stays_are_known_from_the_first_submission(simulated_feeds: SimulatedFeeds) -> None:
    rows = simulated_feeds.query(
        f"""
        with first as (
            select stay_id, min(recorded_date) as recorded_date from linked_stays group by stay_id
        )
        select count(*), count(*) filter (where f.recorded_date = o.recorded_date)
        from linked_stays l join first f using (stay_id)
        join oracle_stays o on o.patient_id = l.patient_id and o.start_date = l.start_date
            and o.provider = l.provider and o.kind = l.kind
        where l.{NOW} and l.end_date is not null and l.{KINDS}
        """
    )
    ((stays, alike),) = rows
    assert stays == alike > 400


def test_wrong_days_and_methods_were_known_until_the_refresh(
    simulated_feeds: SimulatedFeeds,
) -> None:
    """A month later, as the calendar of the feed has it; nothing else is superseded."""
    rows = simulated_feeds.query(
        f"""
        select count(*), count(*) filter (where n.start_date <> o.start_date
            or n.admission_method <> o.admission_method)
        from linked_stays o join linked_stays n on n.stay_id = o.stay_id
            and n.recorded_date = o.superseded_date
        where o.{KINDS}
        """
    )
    ((superseded, corrected),) = rows
    assert superseded == corrected > 0
    assert simulated_feeds.query(
        f"select count(*) from linked_stays where {KINDS} and superseded_date is not null"
    ) == [(superseded,)]


def test_open_stays_are_those_that_the_feed_tells_as_unfinished(
    simulated_feeds: SimulatedFeeds,
) -> None:
    ((open_stays,),) = simulated_feeds.query(
        f"select count(*) from linked_stays where {KINDS} and end_date is null"
    )
    ((spells,),) = simulated_feeds.query(
        "select count(distinct PROVSPNO) from feed_hes_apc where PROVSPNO not in "
        "(select PROVSPNO from feed_hes_apc where DISDATE is not null)"
    )
    assert open_stays <= spells
    assert spells - open_stays <= unlinked(simulated_feeds, "hes_apc")


def test_emergencies_are_those_of_the_truth_but_for_transfers(
    simulated_feeds: SimulatedFeeds,
) -> None:
    """An emergency transfer (2B) is told apart when stays are read, by what it continues."""
    differing = simulated_feeds.query(
        f"""
        select distinct l.admission_method, l.is_emergency, o.is_emergency
        from linked_stays l join oracle_stays o on o.patient_id = l.patient_id
            and o.start_date = l.start_date and o.provider = l.provider and o.kind = l.kind
            and o.admission_method = l.admission_method
        where l.{NOW} and l.{KINDS} and l.is_emergency is distinct from o.is_emergency
        """
    )
    assert set(differing) <= {("2B", True, False)}


def test_codes_are_those_of_the_truth(simulated_feeds: SimulatedFeeds) -> None:
    """Fillers, dots and marks are gone; what a first submission lacked came with the refresh."""
    linked = f"select {EVENT} from linked_events e where {CODED} and {NOW}"
    linked += " and stay_id in (select stay_id from linked_stays where end_date is not null)"
    truth = f"select {EVENT} from oracle_events e join oracle_stays s using (stay_id) where {CODED}"
    added, lost = beside(simulated_feeds, linked, truth)
    assert added == 0
    most_of_a_stay = 16
    assert lost <= unlinked(simulated_feeds, "hes_apc") * most_of_a_stay
    assert simulated_feeds.query(f"select count(*) > 2000 from ({truth})") == [(True,)]


def test_codes_are_known_with_the_first_submission_or_with_the_refresh(
    simulated_feeds: SimulatedFeeds,
) -> None:
    rows = simulated_feeds.query(
        f"""
        select count(*), count(*) filter (where e.recorded_date = o.recorded_date),
            count(*) filter (where e.recorded_date < o.recorded_date)
        from linked_events e join oracle_events o on o.patient_id = e.patient_id
            and o.kind = e.kind and o.code = e.code and o.event_date = e.event_date
            and o.position = e.position and o.system = e.system
        where {CODED} and e.{NOW}
        """
    )
    ((codes, at_first, before),) = rows
    assert before == 0
    assert 0.5 * codes < at_first < codes


def test_appointments_are_those_of_the_truth(simulated_feeds: SimulatedFeeds) -> None:
    linked = f"select {APPOINTMENT} from linked_stays where kind = 'outpatient' and {NOW}"
    truth = f"select {APPOINTMENT} from oracle_stays where kind = 'outpatient'"
    added, lost = beside(simulated_feeds, linked, truth)
    assert added == 0
    assert lost <= unlinked(simulated_feeds, "hes_op")


def test_an_outcome_that_is_told_late_was_not_known_before(simulated_feeds: SimulatedFeeds) -> None:
    rows = simulated_feeds.query(
        """
        select count(*), count(attendance), count(superseded_date) from linked_stays
        where kind = 'outpatient' and stay_id in (
            select stay_id from linked_stays group by stay_id having count(*) > 1)
        """
    )
    ((versions, said, superseded),) = rows
    assert versions == 2 * said == 2 * superseded > 0


def test_who_went_to_a_virtual_ward_is_told_with_the_discharge(
    simulated_feeds: SimulatedFeeds,
) -> None:
    """The truth has the stay at home as well, of which the feed says neither length nor end."""
    referred = simulated_feeds.query(
        "select patient_id, event_date from linked_events where code = 'HOSPITAL_AT_HOME' "
        "order by all"
    )
    stays = simulated_feeds.query(
        "select patient_id, start_date from oracle_stays where kind = 'virtual_ward'"
    )
    assert set(stays) <= set(referred)
    assert simulated_feeds.query(
        "select count(*) from linked_stays where kind = 'virtual_ward'"
    ) == [(0,)]
