"""All feeds of a simulated district together: every row accounted for, nobody made up, and the same
facts as the records that were written without mess or linkage, but for differences with a reason.

Dialect by dialect, rows are compared one by one in the tests named ``test_linked_..._truth``.
"""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
from tests.integration.linked_feeds import SimulatedFeeds, simulated_feeds

from riskstrat.records import check_records, load_records
from riskstrat.records.sources.judging import Reason
from riskstrat.schema import TABLES

__all__ = ["simulated_feeds"]

DIALECTS = {
    *("gp", "nhs_number_merges", "hes_apc", "hes_op", "ecds", "csds", "mhsds"),
    *("cld", "housing", "voluntary"),
}
REASONS = {
    Reason.OBJECTION,
    Reason.WITHHELD,
    Reason.DUMMY,
    Reason.NO_IDENTIFIER,
    Reason.NOT_LINKED,
    Reason.DUPLICATE,
    Reason.NO_CODE,
    Reason.NOT_A_NUMBER,
    Reason.NOT_USED,
}
"""All that rows of a district may be rejected for: its mess has no dates that cannot be read, no
unknown kinds, and no row about a patient whom nobody describes."""


def test_every_file_is_linked_and_every_row_is_kept_or_rejected_for_one_reason(
    simulated_feeds: SimulatedFeeds,
) -> None:
    manifest = simulated_feeds.manifest
    assert {source["dialect"] for source in manifest["sources"]} == DIALECTS
    rows = {
        path.name: pq.read_metadata(path).num_rows
        for path in simulated_feeds.feeds.glob("*.parquet")
    }
    files = {file["name"]: file for source in manifest["sources"] for file in source["files"]}
    assert {name: file["rows_in"] for name, file in files.items()} == rows
    for name, file in files.items():
        assert file["rows_in"] == file["rows_kept"] + sum(file["rejected"].values()), name
        assert set(file["rejected"]) <= {str(reason) for reason in REASONS}, name
    assert manifest["left_out"] == []
    written = json.loads((simulated_feeds.linked / "manifest.json").read_text())
    assert written == json.loads(json.dumps(manifest))


def test_most_rows_of_every_file_are_kept(simulated_feeds: SimulatedFeeds) -> None:
    """But for the practice that community services were told of, which adds nothing."""
    files = [file for source in simulated_feeds.manifest["sources"] for file in source["files"]]
    few = [f["name"] for f in files if f["rows_kept"] < 0.8 * f["rows_in"]]
    assert few == ["csds_cyp002gp.parquet"]


def test_nobody_in_the_records_is_unknown_to_the_truth(simulated_feeds: SimulatedFeeds) -> None:
    """In any table, and in the links by details: but for people of a list without a number."""
    own = simulated_feeds.manifest["linkage"]["claims"].get("own", {"claims": 0})["claims"]
    assert own <= 3
    strangers = set()
    for name in TABLES:
        strangers |= {
            patient
            for (patient,) in simulated_feeds.query(
                f"select distinct patient_id from linked_{name} "
                "where patient_id not in (select patient_id from persons)"
            )
        }
    assert len(strangers) <= own
    links = simulated_feeds.linked / "links.parquet"
    ((count, outside),) = simulated_feeds.query(
        f"""
        select count(*), count(*) filter (where patient_id not in (
            select patient_id from linked_patients)) from read_parquet('{links}')
        """
    )
    assert count > 30
    assert outside == 0


def test_every_row_is_about_somebody_in_the_records(simulated_feeds: SimulatedFeeds) -> None:
    for name in TABLES:
        assert simulated_feeds.query(
            f"select count(*) from linked_{name} anti join linked_patients using (patient_id)"
        ) == [(0,)], name


def test_people_are_those_of_the_records_without_mess(simulated_feeds: SimulatedFeeds) -> None:
    """The same people are left out of both; birth and sex are those of the truth."""
    differing = simulated_feeds.query(
        """
        select count(*) filter (where l.patient_id is null),
            count(*) filter (where o.patient_id is null),
            count(*) filter (where l.birth_month <> o.birth_month or l.sex <> o.sex),
            count(*) filter (where l.death_date is distinct from o.death_date)
        from linked_patients l full join oracle_patients o using (patient_id)
        """
    )
    own = simulated_feeds.manifest["linkage"]["claims"].get("own", {"claims": 0})["claims"]
    ((lost, added, changed, deaths),) = differing
    assert lost <= own
    assert added <= own
    assert (changed, deaths) == (0, 0)


KIND = {
    "patients": "'everybody'",
    "registrations": "'any'",
    "residences": "'any'",
    "events": "source || ' ' || kind",
    "stays": "kind",
    "services": "source || ' ' || service",
    "opt_outs": "kind",
}

ONLY_LINKED = {
    **{
        f"events {feed} {kind}": "the records without mess have the spells of support alone"
        for feed, kinds in {
            "community": ("contact", "observation", "referral"),
            "council": ("observation", "referral"),
            "housing": ("observation",),
            "mental_health": ("contact", "referral"),
            "voluntary": ("contact", "observation"),
        }.items()
        for kind in kinds
    },
    "events hospital referral": "an admission that ends in a virtual ward is told as a referral",
    "services mental_health mental_health_ward": "a stay on a ward is a spell of support",
}
"""Kinds that the records without mess do not have, each with its reason."""

EXACTLY = {
    "residences any": (
        "a move into a care home of the same small area is no other address on the practice's list",
        "select -count(*) from oracle_residences r anti join oracle_registrations "
        "using (patient_id, start_date) where care_home and superseded_date is null",
    ),
    "stays inpatient": (
        "a stay that is not finished is told; the records without mess have finished ones",
        "select count(*) from linked_stays where kind = 'inpatient' and end_date is null "
        "and superseded_date is null",
    ),
    "stays virtual_ward": (
        "no feed tells of the days at home, only of the discharge to a virtual ward",
        "select -count(*) from oracle_stays where kind = 'virtual_ward'",
    ),
}
"""Kinds with more or fewer rows, the reason, and a query that says how many."""

FEWER = {
    "events gp observation": (
        "one practice codes some reviews no more, and writes text for other codes",
        0.1,
    ),
    "events gp measurement": ("the same practice writes text; a value may be words", 0.02),
    "services voluntary befriending": ("lines of a charity without number and birth date", 0.2),
    "services voluntary social_prescribing": ("the same", 0.2),
    "services voluntary voluntary_sector": ("the same", 0.2),
}
"""Kinds of which some rows are lost, the reason, and the largest share."""


@pytest.fixture(scope="module")
def counts(simulated_feeds: SimulatedFeeds) -> dict[str, tuple[int, int]]:
    """Rows that hold now, by table and kind: linked, and without mess."""
    found: dict[str, tuple[int, int]] = {}
    for table, kind in KIND.items():
        held = "" if table == "patients" else "where superseded_date is null"
        rows = simulated_feeds.query(
            f"""
            select kind, count(*) filter (where linked), count(*) filter (where not linked)
            from (select {kind} as kind, true as linked from linked_{table} {held}
                union all select {kind}, false from oracle_{table} {held}) both_stores
            group by kind
            """
        )
        found |= {f"{table} {name}": (linked, true) for name, linked, true in rows}
    return found


def test_every_difference_has_a_reason(counts: dict[str, tuple[int, int]]) -> None:
    assert set(KIND) == set(TABLES)
    differing = {name for name, (linked, true) in counts.items() if linked != true}
    assert differing - {*ONLY_LINKED, *EXACTLY, *FEWER} == set()
    alike = set(counts) - differing
    assert len(alike) > 20


@pytest.mark.parametrize("name", ONLY_LINKED)
def test_kinds_that_only_feeds_tell_of(counts: dict[str, tuple[int, int]], name: str) -> None:
    linked, true = counts[name]
    assert (linked > 0, true) == (True, 0)


@pytest.mark.parametrize("name", EXACTLY)
def test_kinds_that_differ_by_a_rule(
    counts: dict[str, tuple[int, int]], simulated_feeds: SimulatedFeeds, name: str
) -> None:
    linked, true = counts[name]
    _, query = EXACTLY[name]
    assert simulated_feeds.query(query) == [(linked - true,)]
    assert linked != true


@pytest.mark.parametrize("name", FEWER)
def test_kinds_of_which_some_rows_are_lost(counts: dict[str, tuple[int, int]], name: str) -> None:
    linked, true = counts[name]
    _, share = FEWER[name]
    assert (1 - share) * true <= linked <= true


def test_the_records_pass_their_own_checks(simulated_feeds: SimulatedFeeds) -> None:
    findings = check_records(load_records(simulated_feeds.linked))
    assert [finding for finding in findings if finding.level == "error"] == []
