"""Malformed feeds of council housing: text, Parquet, and files of other kinds."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
from tests.integration.malformed.case import (
    WORKBOOK,
    Cases,
    Linked,
    Refused,
    columns_swapped,
    made,
    to_parquet,
)
from tests.unit.records.small_feeds import write_governance
from tests.unit.records.tiny_files import (
    CANARY,
    NUMBERS,
    TABLES,
    texts_of,
    write_parquet,
    write_texts,
)


def _nothing(folder: Path) -> None:
    write_governance(made(folder), "housing")


def _other_kinds(folder: Path) -> None:
    others = {"a/login.html": f"<p>{CANARY}</p>", "b.xlsx": WORKBOOK, "c.pdf": b"%PDF-1.7"}
    write_texts(folder, "housing", {**texts_of("housing"), **others})


_OTHER_KINDS = Linked({"housing_tenancy.csv": (3, {})}, ("a/login.html", "b.xlsx", "c.pdf"))


def _other_texts(folder: Path) -> None:
    others = {"a.xml": f"<Patient>{CANARY}</Patient>", "b.json": json.dumps({"id": CANARY})}
    write_texts(folder, "housing", {**texts_of("housing"), **others})


_OTHER_TEXTS = Linked({"housing_tenancy.csv": (3, {})}, ("a.xml", "b.json"))


def _workbook_alone(folder: Path) -> None:
    write_texts(folder, "housing", {"housing_tenancy.xlsx": WORKBOOK})


def _parquet_feed(folder: Path, **columns: pa.Array) -> None:
    write_governance(made(folder), "housing")
    write_parquet(
        folder / "housing_tenancy.parquet", TABLES["housing"]["housing_tenancy"], **columns
    )


def _typed(folder: Path) -> None:
    _parquet_feed(
        folder,
        tenancy_start=pa.array([1_314_748_800_000_000] * 3, pa.timestamp("us", "Europe/London")),
        support_start=pa.array([20190201, 20190201, None]),
        nhs_number=pa.array([float(number) for number in NUMBERS]),
        status_date=pa.array([18_000] * 3, pa.date32()),
        arrears=pa.array([True, False, None]).dictionary_encode(),
    )


def _nested(folder: Path) -> None:
    _parquet_feed(
        folder,
        arrears=pa.array([[1, 2], [], None]),
        postcode=pa.array([{"line": CANARY}, {"line": None}, None]),
    )


def _binary(folder: Path) -> None:
    _parquet_feed(folder, postcode=pa.array([CANARY.encode(), b"\x00\xff", None]))


def _far_days(folder: Path) -> None:
    _parquet_feed(
        folder, tenancy_start=pa.array([2_147_483_646, -2_147_483_646, 18_000], pa.date32())
    )


_FAR_DAYS = Linked({"housing_tenancy.parquet": (1, {"no date": 2})})


def _cut_parquet(folder: Path) -> None:
    _parquet_feed(folder)
    path = folder / "housing_tenancy.parquet"
    path.write_bytes(path.read_bytes()[:-20])


def _misnamed(folder: Path) -> None:
    text = texts_of("housing")["housing_tenancy.csv"]
    write_texts(folder, "housing", {"housing_tenancy.parquet": text})


def _parquet_as_csv(folder: Path) -> None:
    _parquet_feed(folder)
    (folder / "housing_tenancy.parquet").rename(folder / "housing_tenancy.csv")


HOUSING, TENANCIES = Cases("housing"), "housing_tenancy.csv"
HOUSING.text(
    "Windows-1252",
    TENANCIES,
    lambda t: t.replace("road", "caf\u00e9").encode("cp1252"),
    Refused("iconv -f WINDOWS-1252 -t UTF-8"),
)
HOUSING.text(
    "doubled quotation marks inside of quoted text",
    TENANCIES,
    lambda t: t.replace(f"{CANARY} road", f'"the ""{CANARY}"" road, left"'),
    HOUSING.sound(),
)
HOUSING.text(
    "the columns of beginning and end swapped",
    TENANCIES,
    columns_swapped("support_start", "support_end"),
    HOUSING.lost(TENANCIES, END_BEFORE_START=3),
)
HOUSING.text(
    "a column under another name",
    TENANCIES,
    lambda t: t.replace("tenancy_start", "began", 1),
    Refused("lacks the columns tenancy_start"),
)
HOUSING.text(
    "a comma at the end of every row", TENANCIES, lambda t: t.replace("\n", ",\n"), HOUSING.sound()
)
HOUSING.add("a web page, a workbook and a PDF beside the feed", _other_kinds, _OTHER_KINDS)
HOUSING.add("XML and JSON of something else beside the feed", _other_texts, _OTHER_TEXTS)
HOUSING.add("a workbook instead of a file", _workbook_alone, Refused("found none among 1 files"))
HOUSING.add(
    "nothing at all",
    _nothing,
    Refused("found none among 0 files"),
)
HOUSING.add("days as moments, numbers as floats, in Parquet", _typed, to_parquet(HOUSING.sound()))
HOUSING.add(
    "lists and structures in Parquet", _nested, Linked({"housing_tenancy.parquet": (3, {})})
)
HOUSING.add("bytes in Parquet", _binary, Linked({"housing_tenancy.parquet": (3, {})}))
HOUSING.add("days beyond every calendar in Parquet", _far_days, _FAR_DAYS)
HOUSING.add(
    "Parquet that is cut", _cut_parquet, Refused("truncated, damaged or not what its name says")
)
HOUSING.add(
    "CSV that is called Parquet",
    _misnamed,
    Refused("truncated, damaged or not what its name says"),
)
HOUSING.add("Parquet that is called CSV", _parquet_as_csv, Refused("expected text in UTF-8"))
