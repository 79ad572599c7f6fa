"""Whose rows stay out: objections by purpose, confidential records, dummies; and what is counted.

Each person has a row in every file of three feeds: practice, emergency department, charity.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.unit.records.governed_feeds import joint_feed
from tests.unit.records.small_feeds import alias

from riskstrat.errors import UsageError
from riskstrat.records import link_run, linking
from riskstrat.records.linkage.probabilistic import LINKS, LinkResult
from riskstrat.records.options import LinkOptions
from riskstrat.schema import TABLES, files_of

ANNE, BERT, CARA = "9990000018", "9990000026", "9990000042"
BORN = {ANNE: "1950-03-04", BERT: "1960-05-06", CARA: "1970-07-08"}
HOME = {ANNE: "QQ1 1AA", BERT: "QQ2 2BB", CARA: "QQ3 3CC"}
FILES = ("gp_patient", "gp_observation", "ecds", "voluntary_contact")
OBJECTION, WITHHELD, DUMMY = (
    "objection to this purpose",
    "record marked as confidential",
    "dummy patient",
)
CASE_FINDING = {"case_finding": ["risk_stratification"]}
RULES = {
    "gp": {
        **CASE_FINDING,
        "commissioning": ["type1", "national", "risk_stratification"],
        "research": ["type1", "national", "risk_stratification"],
    },
    "ecds": {
        **CASE_FINDING,
        "commissioning": ["national", "risk_stratification"],
        "research": ["national", "risk_stratification"],
    },
    "voluntary": {
        **CASE_FINDING,
        "commissioning": ["risk_stratification"],
        "research": ["risk_stratification"],
    },
}
"""Those of the simulated district, with a charity that takes part in everything."""

OPEN = {"start_date": "2020-01-01", "end_date": "", "date_recorded": "2020-01-02"}

Row = Mapping[str, Any]


def patient(number: str, **more: Any) -> dict[str, Any]:
    return {
        "person_id": f"P{number[7:]}",
        "nhs_number": number,
        "date_of_birth": BORN.get(number, "1980-01-02"),
        "gender": "F",
        "registered_practice_id": "A00001",
        "registration_start_date": "2010-01-01",
        "registration_end_date": "",
        "is_spine_sensitive": "false",
        "is_confidential": "false",
        "is_dummy_patient": "false",
        "date_recorded": "2010-01-02",
        **more,
    }


def observation(number: str) -> dict[str, Any]:
    return {
        "id": f"O{number[7:]}",
        "person_id": f"P{number[7:]}",
        "clinical_effective_date": "2021-01-01",
        "mapped_concept_code": "44054006",
        "is_problem": "true",
    }


def attendance(number: str, **more: Any) -> dict[str, Any]:
    return {
        "EPIKEY": f"E{number[7:]}",
        "PROVIDER_CODE": "RX1",
        "LOCAL_PATIENT_IDENTIFIER": f"H{number[7:]}",
        "NHS_NUMBER": number,
        "BIRTH_YEAR": BORN[number][:4],
        "BIRTH_MONTH": BORN[number][5:7],
        "DEPARTMENT_TYPE": "01",
        "ATTENDANCE_CATEGORY": "1",
        "ARRIVAL_DATE": "2022-03-01",
        "ARRIVAL_TIME": "10:15",
        "DEPARTURE_DATE": "2022-03-01",
        "DEPARTURE_TIME": "13:00",
        "DIAGNOSIS_CODE_1": "29857009",
        **more,
    }


def contact(number: str, **more: Any) -> dict[str, Any]:
    return {
        "Date of contact": "01/02/2022",
        "NHS No": number,
        "DOB": "/".join(reversed(BORN[number].split("-"))),
        "Postcode": HOME[number],
        "Service": "Befriending",
        "Minutes": "30",
        "Outcome": "Started",
        **more,
    }


def objection(number: str, kind: str = "risk_stratification", **more: Any) -> dict[str, Any]:
    return {"person_id": f"P{number[7:]}", "kind": kind, **OPEN, **more}


def feed_of(
    folder: Path,
    *,
    objections: Sequence[Row] = (),
    patients: Sequence[Row] = (),
    attendances: Sequence[Row] = (),
    contacts: Sequence[Row] = (),
) -> Path:
    """Everybody in every file; rows that are given replace or add to those of their file."""
    named = {row["person_id"]: row for row in map(patient, BORN)}
    more = [row for row in patients if row["person_id"] not in named]
    named |= {row["person_id"]: row for row in patients if row["person_id"] in named}
    none = {"person_id": "nobody", "kind": "", **OPEN}  # so that there is a header
    sources = {
        "gp": {
            "gp_patient": [*named.values(), *more],
            "gp_observation": list(map(observation, BORN)),
            "gp_opt_out": [*objections, none],
        },
        "ecds": {"ecds": [*map(attendance, BORN), *attendances]},
        "voluntary": {"voluntary_contact": [*map(contact, BORN), *contacts]},
    }
    rules = {dialect: {"opt_outs": opt_outs} for dialect, opt_outs in RULES.items()}
    return joint_feed(folder / "feed", sources, rules)


class Linked:
    """A feed linked for a purpose."""

    def __init__(self, folder: Path, purpose: str = "case_finding", **rows: Sequence[Row]) -> None:
        self.out = folder / "records"
        feed = feed_of(folder, **rows)
        self.manifest, self.run = linking.link_feeds(
            feed, self.out, None, LinkOptions(purpose=purpose)
        )

    def where(self, number: str) -> set[str]:
        """Feeds that anything of a person in the records is from; ``patients`` for the person."""
        found = set()
        for table in TABLES.values():
            paths = [str(path) for path in files_of(self.out, table)]
            source = "source" if "source" in table.column_names else f"'{table.name}'"
            rows = duckdb.execute(
                f"select distinct {source} from read_parquet($1) where patient_id = $2",
                [paths, alias(number)],
            ).fetchall()
            found |= {name for (name,) in rows}
        return found

    def rejected(self, reason: str) -> dict[str, int]:
        """Rows of each file that were rejected for a reason, after checking that all add up."""
        files = [file for source in self.manifest["sources"] for file in source["files"]]
        for file in files:
            assert file["rows_in"] == file["rows_kept"] + sum(file["rejected"].values())
        return {
            file["name"].removesuffix(".csv"): file["rejected"][reason]
            for file in files
            if reason in file["rejected"]
        }

    @property
    def excluded(self) -> dict[str, int]:
        counted: dict[str, int] = dict(self.manifest["people_excluded"])
        assert counted.pop("objection of somebody not found", 0) == 0
        return counted

    def bytes_of_everything(self) -> str:
        """What any cell of any file of the records holds."""
        tables = [pq.read_table(path).to_pylist() for path in self.out.rglob("*.parquet")]
        return str(tables) + (self.out / "manifest.json").read_text()


EVERYWHERE = {"patients", "registrations", "stays", "gp", "ecds", "voluntary"}


def test_without_objections_everybody_is_everywhere(tmp_path: Path) -> None:
    linked = Linked(tmp_path)
    for number in BORN:
        assert linked.where(number) == EVERYWHERE
    assert linked.excluded == {}
    assert linked.rejected(OBJECTION) == {}


@pytest.mark.parametrize("purpose", ["case_finding", "commissioning"])
def test_who_objects_to_risk_stratification_is_counted_and_nowhere(
    tmp_path: Path, purpose: str
) -> None:
    linked = Linked(tmp_path, purpose, objections=[objection(ANNE)])
    assert linked.where(ANNE) == set()
    assert alias(ANNE) not in linked.bytes_of_everything()
    assert alias(ANNE) not in linked.run.vault_entries()["patient_id"].to_pylist()
    assert linked.rejected(OBJECTION) == {**dict.fromkeys(FILES, 1), "gp_opt_out": 1}
    assert linked.excluded == {"risk_stratification": 1}
    assert linked.where(BERT) == EVERYWHERE


@pytest.mark.parametrize(
    ("kind", "purpose", "kept"),
    [
        ("type1", "case_finding", EVERYWHERE),
        ("type1", "commissioning", {"patients", "stays", "ecds", "voluntary"}),
        ("national", "case_finding", EVERYWHERE),
        ("national", "commissioning", {"patients", "voluntary"}),
    ],
)
def test_other_objections_keep_rows_of_some_feeds_out_for_some_purposes(
    tmp_path: Path, kind: str, purpose: str, kept: set[str]
) -> None:
    linked = Linked(tmp_path, purpose, objections=[objection(ANNE, kind)])
    assert linked.where(ANNE) - {"opt_outs"} == kept
    assert linked.where(BERT) == EVERYWHERE
    assert linked.excluded == ({} if kept == EVERYWHERE else {kind: 1})
    gone = EVERYWHERE - kept
    assert set(linked.rejected(OBJECTION)) == {
        file
        for file, feed in zip(FILES, ("gp", "gp", "ecds", "voluntary"), strict=True)
        if feed in gone
    } | ({"gp_opt_out"} if "gp" in gone else set())


def test_an_objection_that_holds_for_one_feed_alone_takes_nobody_out_of_the_vault(
    tmp_path: Path,
) -> None:
    linked = Linked(tmp_path, "commissioning", objections=[objection(ANNE, "type1")])
    entries = {row["patient_id"]: row for row in linked.run.vault_entries().to_pylist()}
    assert entries[alias(ANNE)]["nhs_number"] == ANNE
    assert entries[alias(ANNE)]["practice_code"] is None
    assert entries[alias(BERT)]["practice_code"] == "A00001"


ENDED = {"end_date": "2021-01-01"}
NO_RECORD = {"date_recorded": ""}
TOLD_LATER = {"date_recorded": "2021-01-02"}
AGAIN = {"start_date": "2022-01-01", "date_recorded": "2022-01-02"}


OPEN_AND_CLOSED = ({}, {**ENDED, **TOLD_LATER})
VERSIONS: dict[str, tuple[bool, Sequence[Row]]] = {
    "open": (True, [{}]),
    "other casing": (True, [{"kind": "Risk_Stratification"}]),
    "begins later": (True, [{"start_date": "2099-01-01"}]),
    "withdrawn": (False, OPEN_AND_CLOSED),
    "withdrawn, told in another order": (False, OPEN_AND_CLOSED[::-1]),
    "withdrawn, told once": (False, OPEN_AND_CLOSED[1:]),
    "withdrawn on the day it was told": (False, [{}, ENDED]),
    "no day of telling": (False, [NO_RECORD, {**ENDED, **NO_RECORD}]),
    "no day of telling, another order": (False, [{**ENDED, **NO_RECORD}, NO_RECORD]),
    "objects again": (True, [*OPEN_AND_CLOSED, AGAIN]),
    "withdrawal taken back": (True, [OPEN_AND_CLOSED[1], {"date_recorded": "2021-02-01"}]),
    "ends before it starts": (True, [{}, {"end_date": "2019-01-01", **TOLD_LATER}]),
    "another objection withdrawn": (True, [{}, {"kind": "type1", **ENDED, **TOLD_LATER}]),
    "no start": (True, [{"start_date": ""}]),
    "unreadable start": (True, [{"start_date": "not known"}]),
    "unreadable day of telling": (True, [{"date_recorded": "some day"}]),
    "unreadable end": (True, [{}, {"end_date": "some day", **TOLD_LATER}]),
    "no kind": (False, [{"kind": ""}]),
    "kind that is not known": (False, [{"kind": "advertising"}]),
}


def test_an_objection_holds_until_its_latest_version_ends_it(tmp_path: Path) -> None:
    """One person for each case; the feed holds them all."""
    cases = {f"P{place:03d}": case for place, case in enumerate(VERSIONS)}
    linked = Linked(
        tmp_path,
        patients=[patient("", person_id=name) for name in cases],
        objections=[
            objection(ANNE, **{"kind": "risk_stratification", **row, "person_id": name})
            for name, case in cases.items()
            for row in VERSIONS[case][1]
        ],
    )
    barred = {cases[name]: not linked.where(f"own gp gp \x1f{name}") for name in cases}
    assert barred == {case: bars for case, (bars, _) in VERSIONS.items()}
    assert linked.excluded == {"risk_stratification": sum(barred.values())}


def test_an_objection_at_one_practice_holds_for_the_person_everywhere(tmp_path: Path) -> None:
    other = patient(ANNE, person_id="Q1", registered_practice_id="B00002")
    linked = Linked(tmp_path, patients=[other], objections=[{**objection(ANNE), "person_id": "Q1"}])
    assert linked.where(ANNE) == set()
    assert linked.rejected(OBJECTION)["gp_patient"] == 2


def test_an_objection_of_somebody_not_found_is_counted_once(tmp_path: Path) -> None:
    stranger = {**objection(ANNE), "person_id": "X1"}
    ended = {**stranger, **ENDED, **TOLD_LATER}
    linked = Linked(tmp_path, objections=[stranger, ended, {**stranger, "person_id": "X2"}])
    assert linked.manifest["people_excluded"] == {"objection of somebody not found": 2}
    assert linked.rejected("unknown patient")["gp_opt_out"] == 3 + 1


def test_an_objection_that_names_nobody_is_counted(tmp_path: Path) -> None:
    linked = Linked(tmp_path, objections=[{**objection(ANNE), "person_id": ""}])
    assert linked.manifest["people_excluded"] == {"objection of somebody not found": 1}
    assert linked.rejected("no identifier") == {"gp_opt_out": 1}


def test_a_header_line_among_the_rows_is_no_objection(tmp_path: Path) -> None:
    header = {name: name for name in objection(ANNE)}
    linked = Linked(tmp_path, objections=[header])
    assert linked.manifest["people_excluded"] == {}
    assert linked.rejected("header line again") == {"gp_opt_out": 1}


@pytest.mark.parametrize("purpose", ["case_finding", "commissioning"])
def test_a_confidential_record_is_withheld_from_every_feed(tmp_path: Path, purpose: str) -> None:
    marked = [patient(ANNE, is_confidential="true"), patient(BERT, is_spine_sensitive="true")]
    linked = Linked(tmp_path, purpose, patients=marked)
    assert [linked.where(number) for number in BORN] == [set(), set(), EVERYWHERE]
    everything = linked.bytes_of_everything()
    assert [number for number in BORN if alias(number) in everything] == [CARA]
    assert linked.rejected(WITHHELD) == dict.fromkeys(FILES, 2)
    assert linked.excluded == {"withheld": 2}


def test_one_confidential_row_marks_the_person(tmp_path: Path) -> None:
    rows = [patient(ANNE), patient(ANNE, person_id="Q1", is_confidential="true")]
    linked = Linked(tmp_path, patients=rows)
    assert linked.where(ANNE) == set()
    assert linked.rejected(WITHHELD) == {**dict.fromkeys(FILES, 1), "gp_patient": 2}


def test_a_mark_that_cannot_be_read_marks_nobody(tmp_path: Path) -> None:
    """The row is rejected with its reason; so is one that says nothing, which is no mark."""
    linked = Linked(tmp_path, patients=[patient(ANNE, is_confidential="maybe")])
    assert linked.rejected("value is not yes or no") == {"gp_patient": 1}
    assert linked.excluded == {}


def test_dummies_are_nobody(tmp_path: Path) -> None:
    test_record = {"person_id": "T1", "is_dummy_patient": "true"}
    linked = Linked(
        tmp_path,
        patients=[patient("", **test_record), patient(CARA, is_dummy_patient="true")],
    )
    assert linked.where(CARA) == set()
    assert linked.rejected(DUMMY) == {**dict.fromkeys(FILES, 1), "gp_patient": 2}
    assert linked.excluded == {"dummy": 2}
    assert linked.manifest["tables"]["patients"]["rows"] == 2


def test_a_dummy_who_objects_is_a_dummy(tmp_path: Path) -> None:
    linked = Linked(
        tmp_path, patients=[patient(ANNE, is_dummy_patient="true")], objections=[objection(ANNE)]
    )
    assert linked.rejected(DUMMY)["gp_patient"] == 1
    assert linked.rejected(OBJECTION) == {}
    assert linked.excluded == {"dummy": 1, "risk_stratification": 1}


def test_people_are_counted_once_however_many_feeds_they_are_left_out_of(tmp_path: Path) -> None:
    linked = Linked(
        tmp_path,
        "commissioning",
        objections=[objection(ANNE, "national"), objection(BERT), objection(BERT, "national")],
    )
    assert linked.excluded == {"national": 2, "risk_stratification": 1}


def everybody_by_details(claims: pa.Table, people: pa.Table, **_: object) -> LinkResult:
    """Links each claim to the person with its day of birth."""
    born = {row["birth_date"]: row["person"] for row in people.to_pylist() if row["birth_date"]}
    links = [
        {
            "claim": row["claim"],
            "person": born[row["birth_date"]],
            "weight": 9.0,
            "probability": 0.9,
            "accepted": row["sex"] == "female",
            "reason": "accepted",
        }
        for row in claims.to_pylist()
    ]
    return LinkResult(pa.Table.from_pylist(links, schema=LINKS), 0.9, 0.9, 0.9, {}, {})


def test_rows_linked_by_details_are_left_out_with_their_person(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_run, "link_claims", everybody_by_details)
    rows = [contact(n, **{"NHS No": "", "Gender": sex}) for n in BORN for sex in ("F", "M")]
    linked = Linked(
        tmp_path,
        contacts=rows,
        objections=[objection(ANNE)],
        patients=[patient(BERT, is_confidential="true")],
    )
    assert linked.rejected(OBJECTION)["voluntary_contact"] == 2
    assert linked.rejected(WITHHELD)["voluntary_contact"] == 2
    links = pq.read_table(linked.out / "links.parquet").to_pylist()
    assert {(row["patient_id"], row["accepted"]) for row in links} == {
        (alias(CARA), True),
        (alias(CARA), False),
    }
    everything = linked.bytes_of_everything()
    assert [number for number in BORN if alias(number) in everything] == [CARA]
    assert linked.run.vault_entries()["patient_id"].to_pylist() == [alias(CARA)]


def test_a_source_that_tells_who_objects_cannot_be_left_out(tmp_path: Path) -> None:
    feed = feed_of(tmp_path / "feed", objections=[objection(ANNE)])
    with pytest.raises(UsageError, match="gp tells who objects"):
        linking.link(feed, tmp_path / "out", leave_out=("gp",))
    assert not (tmp_path / "out").exists()
