"""What the feeds of support say, against the linked records that the same facts make."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pytest

from riskstrat.simulation.block import Block
from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.catalogue import rows
from riskstrat.simulation.feeds.calendar import (
    COMMUNITY,
    COUNCIL,
    HOUSING,
    MENTAL_HEALTH,
    VOLUNTARY,
)
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.lives.programme import Enrolments, Programme
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.support import tell
from riskstrat.simulation.support.about import day_texts, month_texts
from riskstrat.simulation.support.submissions import feed_rows, submission_columns, told_periods
from riskstrat.simulation.timeline import NEVER, Period

EPOCH = date(1970, 1, 1)
TEAMS = {row["team"]: row["name"] for row in rows("services")}
CSDS = {
    "csds_cyp001mpi",
    "csds_cyp002gp",
    "csds_cyp003accommodation",
    "csds_cyp101referral",
    "csds_cyp102servicetypereferredto",
    "csds_cyp201carecontact",
}
MHSDS = {
    "mhsds_mhs001mpi",
    "mhsds_mhs101referral",
    "mhsds_mhs201carecontact",
    "mhsds_mhs501hospprovspell",
}
OTHERS = {"adult_social_care_cld", "housing_tenancy", "housing_repair", "voluntary_contact"}


def _day(*day: int) -> int:
    return (date(*day) - EPOCH).days


def _date(text: str | None) -> date | None:
    """A date as councils and charities write it."""
    return None if text is None else date(int(text[6:]), int(text[3:5]), int(text[:2]))


@dataclass
class Told:
    """What was told of a block."""

    files: dict[str, FeedRows]
    services: list[dict]

    def rows(self, file: str) -> list[dict]:
        found = self.files[file]
        told = found.table().to_pylist()
        return [
            row | {"person": person}
            for row, person in zip(told, found.person.tolist(), strict=True)
        ]


def _tell(block: Block) -> Told:
    files: dict[str, FeedRows] = {}

    def feed(told: FeedRows) -> None:
        assert told.file not in files
        files[told.file] = told

    ledger = Ledger(np.array([str(number) for number in block.people.number]))
    tell(block, Outputs(feed=feed, ledger=ledger))
    services = [row for part in ledger.parts["services"] for row in part.to_pylist()]
    return Told(files, services)


@pytest.fixture(scope="module")
def told(block: Block) -> Told:
    return _tell(block)


def _spells(told: Told, source: str) -> set[tuple]:
    """Spells of the linked records: person, service, start, end, and when each became known."""
    found: dict[tuple, list] = defaultdict(lambda: [None, None, None])
    for row in told.services:
        if row["source"] != source:
            continue
        spell = found[int(row["patient_id"]), row["service"], row["start_date"]]
        if row["end_date"] is None:
            spell[1] = row["recorded_date"]
        else:
            spell[0], spell[2] = row["end_date"], row["recorded_date"]
    return {
        (*key, end, known or ended, ended if end else None)
        for key, (end, known, ended) in found.items()
    }


def test_every_file_is_told_once_for_a_block(told):
    assert set(told.files) == CSDS | MHSDS | OTHERS
    assert all(len(rows.person) == rows.table().num_rows for rows in told.files.values())
    assert all(len(rows.person) for rows in told.files.values())


def test_months_and_quarters_are_told_from_the_first_to_the_last_day():
    first = np.array([_day(2021, 1, 31), _day(2021, 2, 1), _day(2021, 5, 9)])
    last = np.array([_day(2021, 2, 1), _day(2021, 2, 28), _day(2021, 5, 8)])
    monthly = told_periods(COMMUNITY, first, last)
    assert monthly.which.tolist() == [0, 0, 1, 2]
    assert monthly.day.tolist()[:3] == [_day(2021, 1, 1), _day(2021, 2, 1), _day(2021, 2, 1)]
    quarterly = told_periods(COUNCIL, first[:1], np.array([_day(2021, 4, 1)]))
    assert quarterly.day.tolist() == [_day(2021, 1, 1), _day(2021, 4, 1)]
    refreshed = monthly.and_refreshed(np.array([True, False, False, False]))
    assert refreshed.submitted().tolist()[0] == _day(2021, 2, 25)
    assert refreshed.submitted().tolist()[-1] == _day(2021, 3, 25)


def test_months_are_numbered_from_april_1900():
    told = told_periods(COMMUNITY, np.array([_day(2019, 4, 1)]), np.array([_day(2019, 4, 30)]))
    columns = submission_columns(told, "ZZC01")
    assert columns["month"].arrow().to_pylist() == ["1429"]
    assert columns["submission"].arrow().to_pylist() == ["ZZC011429P"]
    assert columns["submitted"].arrow().to_pylist() == [date(2019, 5, 25)]


def test_dates_as_text_are_day_first_and_never_is_null():
    days = np.array([_day(2020, 2, 29), NEVER, _day(1931, 12, 1)])
    assert day_texts(days).arrow().to_pylist() == ["29/02/2020", None, "01/12/1931"]
    assert month_texts(days).arrow().to_pylist() == ["2020-02", None, "1931-12"]


def test_a_row_told_twice_is_the_same_row_elsewhere_in_the_file(block):
    draws = block.draws("test", np.arange(1000))
    found = feed_rows("file", {"a": np.arange(1000), "b": "x"}, draws, 0.2)
    counts = Counter(found.table()["a"].to_pylist())
    assert set(counts.values()) == {1, 2}
    assert len(found.person) == pytest.approx(1200, abs=40)
    assert (found.person == np.array(found.table()["a"])).all()
    assert len(set(found.order.tolist())) == len(found.order)
    assert len(feed_rows("file", {"a": np.arange(1000)}, draws).person) == 1000


def _read_referrals(told: Told, names: dict[str, str], teams: dict[str, str]) -> set[tuple]:
    """Spells as a reader makes them of referrals: first told, then ended, unless rejected."""
    found: dict[str, list[dict]] = defaultdict(list)
    for row in told.rows(names["file"]):
        found[row[names["referral"]]].append(row)
    spells = set()
    for referral, own in found.items():
        if referral not in teams:
            continue
        ends = [row for row in own if row[names["end"]] is not None]
        first = min(row[names["submitted"]] for row in own)
        assert len({row[names["end"]] for row in ends}) <= 1
        spells.add(
            (
                own[0]["person"],
                teams[referral],
                own[0][names["start"]],
                ends[0][names["end"]] if ends else None,
                first,
                min(row[names["submitted"]] for row in ends) if ends else None,
            )
        )
    return spells


def test_community_referrals_make_the_spells_of_the_linked_records(told):
    rejected, teams = set(), {}
    for row in told.rows("csds_cyp102servicetypereferredto"):
        referral = row["SERVICE REQUEST IDENTIFIER"]
        teams[referral] = TEAMS[row["SERVICE OR TEAM TYPE REFERRED TO (COMMUNITY CARE)"]]
        if row["REFERRAL REJECTION DATE"]:
            rejected.add(referral)
            assert row["REFERRAL CLOSURE DATE"] is None
    assert 0.02 < len(rejected) / len(teams) < 0.06
    names = {
        "file": "csds_cyp101referral",
        "referral": "SERVICE REQUEST IDENTIFIER",
        "start": "REFERRAL REQUEST RECEIVED DATE",
        "end": "SERVICE DISCHARGE DATE",
        "submitted": "EFFECTIVE FROM",
    }
    accepted = {referral: team for referral, team in teams.items() if referral not in rejected}
    found = _read_referrals(told, names, accepted)
    assert len(found) > 500
    assert found == _spells(told, COMMUNITY.feed)


def test_mental_health_referrals_make_the_spells_of_the_linked_records(told):
    rejected = {
        row["UniqServReqID"]
        for row in told.rows("mhsds_mhs101referral")
        if row["ReferRejectionDate"]
    }
    teams = {
        row["UniqServReqID"]: TEAMS[row["ServTeamType"]]
        for row in told.rows("mhsds_mhs101referral")
        if row["UniqServReqID"] not in rejected
    }
    names = {
        "file": "mhsds_mhs101referral",
        "referral": "UniqServReqID",
        "start": "ReferralRequestReceivedDate",
        "end": "ServDischDate",
        "submitted": "EFFECTIVE_FROM",
    }
    found = _read_referrals(told, names, teams)
    assert len(found) > 150
    assert found == _spells(told, MENTAL_HEALTH.feed)


def test_open_referrals_are_told_every_month_and_refreshed_a_month_later(told):
    by_referral: dict[str, set] = defaultdict(set)
    for row in told.rows("csds_cyp101referral"):
        start, end = row["REPORTING PERIOD START DATE"], row["REPORTING PERIOD END DATE"]
        assert start.day == 1
        assert (end + timedelta(1)).day == 1
        late = row["EFFECTIVE FROM"] - end
        assert late.days == 25 if row["FILE TYPE"] == "Primary" else 28 + 25 <= late.days <= 31 + 25
        if row["FILE TYPE"] == "Primary":
            by_referral[row["SERVICE REQUEST IDENTIFIER"]].add(int(row["UNIQUE MONTH ID"]))
        else:
            assert row["SERVICE DISCHARGE DATE"] is not None
    for months in by_referral.values():
        assert max(months) - min(months) + 1 == len(months)
    assert max(len(months) for months in by_referral.values()) > 5


def test_contacts_belong_to_a_referral_and_their_status_is_told_at_last(told):
    referrals = {row["SERVICE REQUEST IDENTIFIER"]: row for row in told.rows("csds_cyp101referral")}
    statuses: dict[str, list] = defaultdict(list)
    for row in told.rows("csds_cyp201carecontact"):
        referral = referrals[row["SERVICE REQUEST IDENTIFIER"]]
        assert row["PERSON ID"] == referral["PERSON ID"]
        assert row["person"] == referral["person"]
        assert row["CARE CONTACT DATE"] >= referral["REFERRAL REQUEST RECEIVED DATE"]
        assert (
            row["REPORTING PERIOD START DATE"]
            <= row["CARE CONTACT DATE"]
            <= row["REPORTING PERIOD END DATE"]
        )
        statuses[row["CARE CONTACT IDENTIFIER"]].append(
            (row["EFFECTIVE FROM"], row["ATTENDANCE STATUS"])
        )
    latest = [max(told)[1] for told in statuses.values()]
    assert set(latest) == {"2", "3", "4", "5", "6", "7"}
    assert np.mean([status in ("5", "6") for status in latest]) == pytest.approx(0.87, abs=0.03)
    unknown = np.mean([min(told, key=lambda t: t[0])[1] is None for told in statuses.values()])
    assert unknown == pytest.approx(0.08, abs=0.02)


def test_stays_on_mental_health_wards_lie_in_a_referral(told):
    referrals = {row["UniqServReqID"]: row for row in told.rows("mhsds_mhs101referral")}
    stays = told.rows("mhsds_mhs501hospprovspell")
    assert len(stays) > 5
    for row in stays:
        referral = referrals[row["UniqServReqID"]]
        assert row["StartDateHospProvSpell"] > referral["ReferralRequestReceivedDate"]
        end = row["DischDateHospProvSpell"]
        assert end is None or row["StartDateHospProvSpell"] <= end
        assert end is None or end <= row["ReportingPeriodEndDate"]


def _canonical_name(row: dict) -> str:
    table = {
        (line["service_type"], line["component"]): line["service"] for line in rows("cld_services")
    }
    service = table[row["Service Type"], row["Service Component"]]
    return next(line["name"] for line in rows("services") if line["service"] == service)


def test_services_of_client_level_data_make_the_spells_of_the_linked_records(told):
    """Of the lists that tell an end, the last one is right, and the first one says when."""
    found: dict[str, list[dict]] = defaultdict(list)
    for row in told.rows("adult_social_care_cld"):
        if row["Event Type"] == "Service" and row["Client Type"] == "Service User":
            found[row["Event Reference"]].append(row)
    spells = set()
    for own in found.values():
        own.sort(key=lambda row: _date(row["ImportDate"]))
        ended = [row for row in own if row["Event End Date"]]
        spells.add(
            (
                own[0]["person"],
                _canonical_name(own[0]),
                _date(own[0]["Event Start Date"]),
                _date(ended[-1]["Event End Date"]) if ended else None,
                _date(own[0]["ImportDate"]),
                _date(ended[0]["ImportDate"]) if ended else None,
            )
        )
    assert len(spells) > 80
    assert spells == _spells(told, COUNCIL.feed)


def test_client_level_data_are_lists_of_quarters(told):
    events = told.rows("adult_social_care_cld")
    kinds = Counter(row["Event Type"] for row in events)
    assert set(kinds) == {"Request", "Assessment", "Service", "Review"}
    assert {row["Client Type"] for row in events} == {"Service User", "Carer"}
    for row in events:
        first, last = (
            _date(row["Reporting Period Start Date"]),
            _date(row["Reporting Period End Date"]),
        )
        assert first.month in (1, 4, 7, 10)
        assert _date(row["ImportDate"]) - last == timedelta(28)
        start, end = _date(row["Event Start Date"]), _date(row["Event End Date"])
        assert start <= last
        assert end is None or start <= end <= last
        assert (row["Unit Cost"] is not None) == (row["Event Type"] == "Service")
        assert (row["Event Outcome"] is None) or end is not None
        assert len(row["dmYearAndMonthOfBirth"]) == 7
    deceased = [row for row in events if row["Event Outcome"] == "NFA - Deceased"]
    assert deceased
    assert all(row["dmYearAndMonthofDeath"] for row in deceased)


def test_the_next_quarter_corrects_ends_and_outcomes(told):
    ends: dict[str, list] = defaultdict(list)
    for row in told.rows("adult_social_care_cld"):
        if row["Event End Date"]:
            ends[row["Event Reference"]].append(row)
    corrected = [sorted(own, key=lambda r: _date(r["ImportDate"])) for own in ends.values()]
    corrected = [own for own in corrected if len(own) > 1]
    assert 0.03 < len(corrected) / len(ends) < 0.10
    for first, second in corrected:
        assert first["Event Outcome"] is None
        assert second["Event Outcome"] is not None
        assert _date(second["Event End Date"]) <= _date(first["Event End Date"])


def test_support_in_tenancies_makes_the_spells_of_the_linked_records(told):
    first: dict[tuple, date] = {}
    ends: dict[tuple, tuple] = {}
    for row in told.rows("housing_tenancy"):
        if row["support_start"]:
            key = (row["person"], "housing_support", row["support_start"])
            first[key] = min(row["extract_date"], first.get(key, date.max))
            if row["support_end"]:
                found = (row["support_end"], row["extract_date"])
                ends[key] = min(found, ends.get(key, (date.max, date.max)))
    spells = {(*key, *(_end_first(ends.get(key), known))) for key, known in first.items()}
    assert len(spells) > 10
    assert spells == _spells(told, HOUSING.feed)


def _end_first(end: tuple[date, date] | None, known: date) -> tuple:
    return (None, known, None) if end is None else (end[0], known, end[1])


def test_tenancies_change_on_their_status_dates(told):
    tenancies: dict[str, list[dict]] = defaultdict(list)
    for row in told.rows("housing_tenancy"):
        tenancies[row["tenancy_ref"]].append(row)
        assert row["tenancy_end"] is None or row["tenancy_end"] == row["status_date"]
        assert row["extract_date"] > row["status_date"]
    for own in tenancies.values():
        assert len({row["status_date"] for row in own}) == len(own)
        assert len({(row["person_ref"], row["nhs_number"], row["postcode"]) for row in own}) == 1
    assert {row["arrears"] for row in told.rows("housing_tenancy")} == {"no", "yes"}


def test_repairs_are_told_when_reported_and_when_completed(told):
    tenancies = {row["tenancy_ref"]: row["person"] for row in told.rows("housing_tenancy")}
    repairs: dict[str, list[dict]] = defaultdict(list)
    for row in told.rows("housing_repair"):
        assert tenancies[row["tenancy_ref"]] == row["person"]
        assert (row["cost_gbp"] is None) == (row["completed_date"] is None)
        repairs[row["repair_ref"]].append(row)
    told_twice = [own for own in repairs.values() if len(own) == 2]
    assert told_twice
    for own in told_twice:
        first, second = sorted(own, key=lambda row: row["extract_date"])
        assert first["completed_date"] is None
        assert second["completed_date"] < second["extract_date"]
    grants = {row["category"] for row in told.rows("housing_repair") if row["funding"] != "repairs"}
    assert grants
    assert all(category.startswith("adaptation") for category in grants)


def test_lists_of_charities_make_the_spells_of_the_linked_records(told):
    """A spell goes from its line 'Started' to its line 'Ended'."""
    lines = sorted(told.rows("voluntary_contact"), key=lambda row: _date(row["Date of contact"]))
    names = {
        "Social prescribing": "social_prescribing",
        "Befriending": "befriending",
        "Food support": "voluntary_sector",
        "Welfare advice": "voluntary_sector",
    }
    spells: dict[tuple, list] = {}
    for row in lines:
        key = (row["person"], row["Service"])
        if row["Outcome"] == "Started":
            day = _date(row["Date of contact"])
            spells[(*key, day)] = [None, _date(row["Sent on"]), None]
    for row in lines:
        if row["Outcome"] == "Ended":
            day = _date(row["Date of contact"])
            own = [k for k in spells if k[:2] == (row["person"], row["Service"]) and k[2] < day]
            latest = max(own)
            spells[latest][0], spells[latest][2] = day, _date(row["Sent on"])
    found = {
        (person, names[service], start, end, known, ended)
        for (person, service, start), (end, known, ended) in spells.items()
    }
    assert len(found) > 150
    assert found == _spells(told, VOLUNTARY.feed)


@pytest.mark.parametrize(
    ("file", "name", "expected", "tolerance"),
    [
        ("csds_cyp001mpi", "NHS NUMBER", 0.01, 0.01),
        ("mhsds_mhs001mpi", "NHSNumber", 0.015, 0.015),
        ("adult_social_care_cld", "NHS Number", 0.035, 0.02),
        ("housing_tenancy", "nhs_number", 0.25, 0.08),
        ("voluntary_contact", "NHS No", 0.40, 0.10),
    ],
)
def test_numbers_are_missing_as_often_as_stated_and_else_mostly_right(
    told, block, file, name, expected, tolerance
):
    found = told.rows(file)
    given = [row for row in found if row[name] is not None]
    assert 1 - len(given) / len(found) == pytest.approx(expected, abs=tolerance)
    own = {number: str(nhs) for number, nhs in enumerate(block.people.nhs_number.tolist())}
    right = np.mean([row[name].replace(" ", "") == own[row["person"]] for row in given])
    assert right > 0.97


def test_a_person_has_one_identifier_in_each_organisation(told):
    for file, name in (
        ("csds_cyp101referral", "PERSON ID"),
        ("mhsds_mhs101referral", "Person_ID"),
        ("adult_social_care_cld", "LA Person Unique Identifier"),
        ("housing_repair", "person_ref"),
    ):
        pairs = {(row["person"], row[name]) for row in told.rows(file)}
        assert len(pairs) == len({person for person, _ in pairs}) == len({i for _, i in pairs})


def test_only_the_community_feed_tells_rows_twice(told):
    for file in ("csds_cyp201carecontact", "csds_cyp001mpi", "adult_social_care_cld"):
        table = told.files[file].table()
        distinct = len({tuple(row.items()) for row in table.to_pylist()})
        share = 1 - distinct / table.num_rows
        expected = 0.015 if file.startswith("csds") else 0.0
        assert share == pytest.approx(expected, abs=0.01)


PERIOD = Period.of(date(2021, 1, 1), date(2023, 12, 31))


def test_the_rows_do_not_depend_on_who_else_is_in_the_block():
    district = Blocks.of(240, 5, PERIOD, Setting())
    whole = _tell(district.block(np.arange(240)))
    parts = [_tell(district.block(np.arange(a, b))) for a, b in ((0, 1), (1, 100), (100, 240))]
    for file, told in whole.files.items():
        tables = [part.files[file].table() for part in parts]
        assert {table.schema for table in tables} == {told.table().schema}
        joined = pa.concat_tables(tables).take(
            pa.array(np.argsort(np.concatenate([part.files[file].order for part in parts])))
        )
        assert joined.equals(told.table().take(pa.array(np.argsort(told.order))))
    assert _spells_of(parts) == _spells_of([whole])


def _spells_of(parts: list[Told]) -> Counter:
    return Counter(tuple(row.values()) for part in parts for row in part.services)


def test_a_programme_changes_nothing_that_was_told_before_it():
    district = Blocks.of(300, 6, PERIOD, Setting())
    everybody, day = np.arange(300), _day(2022, 6, 1)
    nothing = np.zeros(300, np.int64)
    enrolments = Enrolments(
        everybody, nothing + day, nothing + day + 90, np.full(300, 0.05), nothing
    )
    programmes = (Programme("Ward", "virtual_ward"),)
    without = _tell(district.block(everybody))
    with_it = _tell(district.block(everybody, enrolments, programmes))
    for file in ("csds_cyp101referral", "csds_cyp201carecontact", "csds_cyp001mpi"):
        before = [
            sorted(
                (str(row) for row in told.rows(file) if row["EFFECTIVE FROM"] < date(2022, 6, 26)),
            )
            for told in (without, with_it)
        ]
        assert before[0] == before[1]
        assert len(before[0]) > 30
    names = Counter(row["service"] for row in with_it.services)
    assert names["virtual_ward"] > 200
    first = min(r["recorded_date"] for r in with_it.services if r["service"] == "virtual_ward")
    assert first == date(2022, 7, 25)
    assert "virtual_ward" not in {row["service"] for row in without.services}


def test_canonical_rows_need_no_feeds_and_feeds_no_ledger(small_block):
    both = _tell(small_block)
    ledger = Ledger(np.array([str(number) for number in small_block.people.number]))
    tell(small_block, Outputs(ledger=ledger))
    alone = [row for part in ledger.parts["services"] for row in part.to_pylist()]
    assert alone == both.services
    files = []
    tell(replace(small_block), Outputs(feed=files.append))
    assert [rows.file for rows in files] == list(both.files)
