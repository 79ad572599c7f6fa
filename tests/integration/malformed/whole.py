"""Malformed FHIR resources, event streams and OMOP tables."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from tests.integration.malformed.case import (
    Cases,
    Linked,
    Refused,
    all_but,
    made,
    to_parquet,
    with_line,
)
from tests.unit.records.small_feeds import write_governance
from tests.unit.records.tiny_files import CANARY, RESOURCES, TABLES, json_text, write_parquet


def _meds_as_text(folder: Path) -> None:
    write_governance(made(folder), "meds")
    write_parquet(folder / "events.parquet", TABLES["meds"]["events"])


FHIR, PEOPLE, STAYS = Cases("fhir"), "Patient.ndjson", "Encounter.ndjson"
FHIR.text("NDJSON cut in the middle", STAYS, lambda t: t[:-40], FHIR.lost(STAYS, NOT_JSON=1))
FHIR.text(
    "NDJSON cut in the middle of the first line",
    STAYS,
    lambda t: t[:60],
    Linked({PEOPLE: (1, {}), STAYS: (0, {"not a FHIR resource of this file": 1})}),
)
FHIR.text(
    "XML in place of NDJSON",
    STAYS,
    lambda _: f"<Bundle>\n<entry>{CANARY}</entry>\n</Bundle>\n",
    Linked({PEOPLE: (1, {}), STAYS: (0, {"not a FHIR resource of this file": 3})}),
)
FHIR.text(
    "JSON that is not FHIR",
    STAYS,
    lambda _: json_text([{"id": CANARY}, {"kind": "Encounter"}]),
    Linked({PEOPLE: (1, {}), STAYS: (0, {"not a FHIR resource of this file": 2})}),
)
FHIR.text(
    "another resource among those of a file",
    STAYS,
    lambda t: t + json_text(RESOURCES["Patient"]),
    Linked({PEOPLE: (1, {}), STAYS: (3, {"not a FHIR resource of this file": 1})}),
)
FHIR.text(
    "a bundle as one JSON text over many lines",
    STAYS,
    lambda t: json.dumps([json.loads(line) for line in t.splitlines()], indent=1),
    Linked({PEOPLE: (1, {}), STAYS: (0, {"not a FHIR resource of this file": 47})}),
)
FHIR.text(
    "encounters of nobody, and without a date",
    STAYS,
    lambda t: with_line(t, 1, lambda line: line.replace("Patient/a", f"Patient/{CANARY}")).replace(
        "2015-03-03", "later"
    ),
    FHIR.lost(STAYS, UNKNOWN_PATIENT=1, UNPARSABLE_DATE=1),
)
FHIR.text(
    "NDJSON with a byte order mark", STAYS, lambda t: "\ufeff" + t, FHIR.lost(STAYS, NOT_JSON=1)
)
FHIR.text(
    "NDJSON in UTF-16", STAYS, lambda t: t.encode("utf-16"), Refused("iconv -f UTF-16 -t UTF-8")
)

MEDS, STREAM = Cases("meds"), "events.csv"
MEDS.cells(
    "identifiers in scientific notation, and dates that are none",
    STREAM,
    {
        "subject_id": ["1", "1", "2", "2.0E+00"],
        "time": ["1950-06-15", "2015-03-01T10:00:00", CANARY, "2015-03-01T10:00:00"],
    },
    MEDS.lost(STREAM, IDENTIFIER_AS_NUMBER=1, UNPARSABLE_DATE=1),
)
MEDS.cells(
    "people without a birth",
    STREAM,
    {"code": ["LAB//1//mg", "LAB//2//mg", "MEDS_BIRTH", "LAB//2//mg"]},
    MEDS.lost(STREAM, NO_BIRTH=2),
)
MEDS.text(
    "a file without rows", STREAM, lambda t: t.split("\n")[0], Refused("table events has no rows")
)
MEDS.add("text where Parquet has numbers and moments", _meds_as_text, to_parquet(MEDS.sound()))

OMOP, PERSONS, VISITS = Cases("omop"), "person.csv", "visit_occurrence.csv"
OMOP.text(
    "a table without rows",
    PERSONS,
    lambda t: t.split("\n")[0],
    Refused("table person has no rows"),
)
OMOP.add(
    "without one of the tables",
    partial(all_but, "omop", "measurement.csv"),
    Refused("needs the tables measurement"),
)
OMOP.cells(
    "visits that end before they start, or are of no known kind",
    VISITS,
    {
        "visit_occurrence_id": ["1", "2", "3"],
        "visit_end_date": ["2015-02-01", "2015-03-01", "2015-03-01"],
        "visit_concept_id": ["9202", "0", "9202"],
    },
    OMOP.lost(VISITS, END_BEFORE_START=1, UNMAPPED_VISIT=1),
)
OMOP.cells(
    "a year of birth that is text",
    PERSONS,
    {"year_of_birth": [CANARY]},
    Refused("no fact of a known person is left"),
)
