"""Community and mental health data of a simulated district, row by row against the truth."""

from __future__ import annotations

import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds

from riskstrat.records import check_records, load_records

__all__ = ["simulated_feeds"]

FEEDS = {"csds": "community", "mhsds": "mental_health"}
FILES = {
    "csds": (
        "csds_cyp001mpi",
        "csds_cyp002gp",
        "csds_cyp003accommodation",
        "csds_cyp101referral",
        "csds_cyp102servicetypereferredto",
        "csds_cyp201carecontact",
    ),
    "mhsds": (
        "mhsds_mhs001mpi",
        "mhsds_mhs101referral",
        "mhsds_mhs201carecontact",
        "mhsds_mhs501hospprovspell",
    ),
}
LEFT_OUT = {
    "objection to this purpose",
    "record marked as confidential",
    "dummy patient",
    "no usable NHS number, and not linked by other details",
    "duplicate",
    "table not used",
}
MOST_NOT_LINKED = 0.02
"""Share of people whose identifiers may all be lost."""

SPELL = "patient_id, service, source, start_date, end_date, recorded_date, superseded_date"
REFERRALS = {
    "csds": """
        select t.patient_id, f."SERVICE REQUEST IDENTIFIER" as request,
            f."REFERRAL REQUEST RECEIVED DATE" as start_date,
            max(b."REFERRAL REJECTION DATE") is not null as is_rejected
        from {referral} f join {truth_referral} t on t.row = f.file_row_number
        left join feed_csds_cyp102servicetypereferredto b
            on b."SERVICE REQUEST IDENTIFIER" = f."SERVICE REQUEST IDENTIFIER"
        group by 1, 2, 3
    """,
    "mhsds": """
        select t.patient_id, f."UniqServReqID" as request,
            f."ReferralRequestReceivedDate" as start_date,
            max(f."ReferRejectionDate") is not null as is_rejected
        from {referral} f join {truth_referral} t on t.row = f.file_row_number group by 1, 2, 3
    """,
}
CONTACTS = {
    "csds": (
        "csds_cyp201carecontact",
        '"CARE CONTACT IDENTIFIER"',
        '"CARE CONTACT DATE"',
        '"ATTENDANCE STATUS"',
        '"EFFECTIVE FROM"',
        '"CLINICAL CONTACT DURATION OF CARE CONTACT"',
    ),
    "mhsds": (
        "mhsds_mhs201carecontact",
        '"UniqCareContID"',
        '"CareContDate"',
        '"AttendStatus"',
        '"EFFECTIVE_FROM"',
        '"ClinContDurOfCareCont"',
    ),
}


def rows_of(district: SimulatedFeeds, file: str) -> str:
    return f"read_parquet('{district.feeds}/{file}.parquet', file_row_number=true)"


def linked_people(district: SimulatedFeeds, dialect: str) -> None:
    """Make ``linked_here``: people of whom something of a feed is linked."""
    district.connection.execute(
        f"""
        create or replace temp table linked_here as
        select patient_id from linked_services where source = '{FEEDS[dialect]}'
        union select patient_id from linked_events where source = '{FEEDS[dialect]}'
        """
    )


def referrals(district: SimulatedFeeds, dialect: str) -> None:
    """Make ``referred``: every referral of the feed with the person it is truly about."""
    (file,) = (name for name in FILES[dialect] if "101" in name)
    sql = REFERRALS[dialect].format(
        referral=rows_of(district, file), truth_referral=f"truth_{file}"
    )
    district.connection.execute(f"create or replace temp table referred as {sql}")


@pytest.mark.parametrize("dialect", FEEDS)
def test_every_row_is_kept_or_left_out_for_a_reason_of_its_person(
    simulated_feeds: SimulatedFeeds, dialect: str
):
    for name in FILES[dialect]:
        found = simulated_feeds.file(f"{name}.parquet")
        assert set(found["rejected"]) <= LEFT_OUT
        if name == "csds_cyp002gp":
            assert found["rows_kept"] == 0
        else:
            assert found["rows_kept"] > 0.8 * found["rows_in"] > 0


@pytest.mark.parametrize("dialect", FEEDS)
def test_support_is_that_of_the_truth_for_everybody_linked(
    simulated_feeds: SimulatedFeeds, dialect: str
):
    """All versions, with the days on which they were known, but for the ward and two kinds of rows:

    - of people whose identifiers are lost, or who object, nothing is linked;
    - a referral that is rejected in a later submission was told as open before: the truth never
      has it, the records have it until then.
    """
    source = FEEDS[dialect]
    linked_people(simulated_feeds, dialect)
    referrals(simulated_feeds, dialect)
    linked = f"select {SPELL} from linked_services where service <> 'mental_health_ward'"
    linked = f"({linked} and source = '{source}')"
    truth = f"(select {SPELL} from oracle_services where source = '{source}')"
    ((missing,),) = simulated_feeds.query(
        f"""
        select count(*) from (from {truth} except all from {linked}) lost
        semi join linked_here using (patient_id)
        """
    )
    assert missing == 0
    ((more, explained),) = simulated_feeds.query(
        f"""
        select count(*), count(*) filter (where end_date is null and superseded_date is not null
            and exists (select 1 from referred r where r.is_rejected
                and r.patient_id = more.patient_id and r.start_date = more.start_date))
        from (from {linked} except all from {truth}) more
        """
    )
    assert more == explained
    ((people, found),) = simulated_feeds.query(
        f"""
        select count(distinct patient_id), count(distinct l.patient_id)
        from {truth} t left join linked_here l using (patient_id)
        """
    )
    assert found >= (1 - MOST_NOT_LINKED) * people > 0


@pytest.mark.parametrize("dialect", FEEDS)
def test_every_referral_is_an_event_on_the_day_it_was_received(
    simulated_feeds: SimulatedFeeds, dialect: str
):
    linked_people(simulated_feeds, dialect)
    referrals(simulated_feeds, dialect)
    told = "(select patient_id, start_date from referred semi join linked_here using (patient_id))"
    events = f"""
        (select patient_id, event_date from linked_events
        where kind = 'referral' and source = '{FEEDS[dialect]}' and superseded_date is null)
    """
    assert simulated_feeds.query(f"from {told} except all from {events}") == []
    assert simulated_feeds.query(f"from {events} except all from {told}") == []


@pytest.mark.parametrize("dialect", FEEDS)
def test_every_contact_is_an_event_with_what_was_told_last(
    simulated_feeds: SimulatedFeeds, dialect: str
):
    file, contact, day, status, told_on, minutes = CONTACTS[dialect]
    linked_people(simulated_feeds, dialect)
    told = f"""
        (select t.patient_id, f.{day}, case when last(f.{status} order by f.{told_on}) in ('5', '6')
            then 'attended' when last(f.{status} order by f.{told_on}) in ('2', '4')
            then 'cancelled' else 'did_not_attend' end, nullif(any_value(f.{minutes}), 0)::double,
            max(f.{told_on})
        from {rows_of(simulated_feeds, file)} f join truth_{file} t on t.row = f.file_row_number
        semi join linked_here l on l.patient_id = t.patient_id
        where f.{status} is not null group by t.patient_id, f.{contact}, f.{day})
    """
    events = f"""
        (select patient_id, event_date, attendance, value, recorded_date from linked_events
        where kind = 'contact' and source = '{FEEDS[dialect]}' and superseded_date is null)
    """
    assert simulated_feeds.query(f"from {told} except all from {events}") == []
    assert simulated_feeds.query(f"from {events} except all from {told}") == []
    ((without,),) = simulated_feeds.query(
        f"""
        select count(*) from linked_events where kind = 'contact' and attendance is null
            and source = '{FEEDS[dialect]}' and superseded_date is null
        """
    )
    assert without == 0


def test_stays_on_wards_are_support_and_add_no_stay(simulated_feeds: SimulatedFeeds):
    file = "mhsds_mhs501hospprovspell"
    linked_people(simulated_feeds, "mhsds")
    told = f"""
        (select t.patient_id, f."StartDateHospProvSpell",
            last(f."DischDateHospProvSpell" order by f."EFFECTIVE_FROM")
        from {rows_of(simulated_feeds, file)} f join truth_{file} t on t.row = f.file_row_number
        semi join linked_here l on l.patient_id = t.patient_id
        group by t.patient_id, f."UniqHospProvSpellID", f."StartDateHospProvSpell")
    """
    spells = """
        (select patient_id, start_date, end_date from linked_services
        where service = 'mental_health_ward' and superseded_date is null)
    """
    assert simulated_feeds.query(f"select count(*) > 0 from {told}") == [(True,)]
    assert simulated_feeds.query(f"from {told} except all from {spells}") == []
    assert simulated_feeds.query(f"from {spells} except all from {told}") == []
    assert simulated_feeds.query("from linked_stays where provider = 'ZZM01'") == []


def test_accommodation_is_what_was_recorded(simulated_feeds: SimulatedFeeds):
    file = "csds_cyp003accommodation"
    linked_people(simulated_feeds, "csds")
    told = f"""
        (select distinct t.patient_id, 'accommodation:' || f."ACCOMMODATION STATUS CODE",
            f."ACCOMMODATION STATUS RECORDED DATE", f."EFFECTIVE FROM"
        from {rows_of(simulated_feeds, file)} f join truth_{file} t on t.row = f.file_row_number
        semi join linked_here l on l.patient_id = t.patient_id)
    """
    events = """
        (select patient_id, code, event_date, recorded_date from linked_events
        where kind = 'observation' and source = 'community')
    """
    assert simulated_feeds.query(f"from {told} except all from {events}") == []
    assert simulated_feeds.query(f"from {events} except all from {told}") == []


def test_the_records_have_nothing_wrong_with_their_support(simulated_feeds: SimulatedFeeds):
    findings = check_records(load_records(simulated_feeds.linked))
    found = [f for f in findings if f.table == "services" and f.level != "info"]
    assert {f.code for f in found} <= {"R028"}  # the council tells by quarter, so late
    assert all(f.message.startswith("council") for f in found)
