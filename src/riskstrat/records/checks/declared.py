"""The records against what the schema and the manifest declare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa

from riskstrat.errors import RecordsError
from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import Found, Level, RowCheck, check, count_rows
from riskstrat.records.store import LinkedRecords
from riskstrat.schema import TABLES, Table, content_of, files_of

__all__ = [
    "CHECKS",
    "allowed_values",
    "disagreements",
    "empty_tables",
    "rejected_rows",
    "repeated_keys",
    "required_values",
]

REJECTED_SHARE = 0.05
"""Share of a file's rows above which rejections are a warning. A judgement."""

_NOT_MEANT_TO_BE_KEPT = frozenset({"derived table", "vocabulary table", "table not used"})

_EXPECTED_ROWS: Mapping[str, Level] = {
    "patients": "error",
    "registrations": "error",
    "stays": "warning",
    "events": "warning",
}


@check("R001", "error")
def disagreements(evidence: Evidence) -> Iterator[Found]:
    """A table's rows or content are not those of the manifest.

    Why: the file was changed or cut short after linking, so nothing it says can be traced to a
    feed.
    Do: link the feeds again, or restore the folder from its copy.
    """
    for name, table in TABLES.items():
        written = evidence.records.manifest["tables"][name]
        found = _content(evidence.records, table)
        if found["rows"] != written["rows"]:
            message = f"holds {found['rows']:,} rows, the manifest says {written['rows']:,}"
            yield Found(name, message, abs(found["rows"] - written["rows"]))
        elif found["content_hash"] != written["content_hash"]:
            message = "its content is not what the manifest says: it was changed after linking"
            yield Found(name, message, found["rows"])


def _content(records: LinkedRecords, table: Table) -> dict[str, Any]:
    try:
        return content_of(table, files_of(records.path, table))
    except (pa.ArrowException, OSError) as error:
        raise RecordsError(
            f"table '{table.name}' cannot be read to its end ({type(error).__name__}): the file is "
            "damaged.",
            do="Link the feeds again, or restore the file from its copy.",
        ) from None


@check("R002", "error")
def repeated_keys(evidence: Evidence) -> Iterator[Found]:
    """Two rows of a table share the key that tells them apart.

    Why: a person or a stay is there twice, and every count of it is too high.
    Do: link the feeds again; if it comes back, report it with the dialect and the table.
    """
    return count_rows(
        evidence,
        (_key_check(table, ", ".join(table.key)) for table in TABLES.values() if table.key),
    )


def _key_check(table: Table, key: str) -> RowCheck:
    return RowCheck(
        table.name,
        f"{{count}} rows repeat the key ({key}) of another row",
        f"select coalesce(sum(copies - 1), 0) as n from "
        f"(select count(*) as copies from {table.name} group by {key}) keys",
    )


@check("R003", "error")
def required_values(evidence: Evidence) -> Iterator[Found]:
    """A column that must not be null is null.

    Why: the row belongs to nobody, to no day or to no code; it is left out of some counts and in
    others.
    Do: link the feeds again; if it comes back, report it with the dialect and the column.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                f"{{count}} rows have no {column.name}, which must not be null",
                f"select count(*) as n from {table.name} where {column.name} is null",
            )
            for table in TABLES.values()
            for column in table.columns
            if not column.nullable
        ),
    )


@check("R004", "error")
def allowed_values(evidence: Evidence) -> Iterator[Found]:
    """A column holds a value that is none of its allowed ones.

    Why: features and rules look for the allowed values, so the row counts as something else, or as
    nothing.
    Do: link the feeds again; `riskstrat schema` prints the allowed values.
    """
    return count_rows(
        evidence,
        (
            RowCheck(
                table.name,
                f"{{count}} rows have a {column.name} that is none of the allowed values",
                f"select count(*) as n from {table.name} where {column.name} not in "
                f"{column.allowed}",
            )
            for table in TABLES.values()
            for column in table.columns
            if column.allowed
        ),
    )


@check("R014", "info")
def empty_tables(evidence: Evidence) -> Iterator[Found]:
    """A table has no rows; people and registrations are needed by every study.

    Why: a study without people cannot run, and every feature of an empty table is zero for
    everybody.
    Do: see whether the feed was left out when linking; without such a feed, leave its feature
    groups out of the study.
    """
    for name in TABLES:
        if evidence.records.manifest["tables"][name]["rows"] == 0:
            level = _EXPECTED_ROWS.get(name, "info")
            yield Found(name, "the table is empty", 0, level)


@check("R020", "info")
def rejected_rows(evidence: Evidence) -> Iterator[Found]:
    """Rows of a feed's file could not be used; a warning above one in twenty.

    Why: what was rejected is missing for the people it was about, seldom at random.
    Do: read the reasons, which the manifest has for every file, and ask the supplier to mend the
    commonest.
    """
    for source in evidence.records.manifest["sources"]:
        for file in source["files"]:
            reasons = {
                reason: rows
                for reason, rows in file["rejected"].items()
                if reason not in _NOT_MEANT_TO_BE_KEPT
            }
            if rejected := sum(reasons.values()):
                yield _rejection(file, reasons, rejected)


def _rejection(file: Mapping[str, Any], reasons: Mapping[str, int], rejected: int) -> Found:
    told = ", ".join(f"{reason}: {rows:,}" for reason, rows in sorted(reasons.items()))
    level: Level = "warning" if rejected > REJECTED_SHARE * file["rows_in"] else "info"
    message = f"{rejected:,} of {file['rows_in']:,} rows were rejected ({told})"
    return Found(file["name"], message, rejected, level)


CHECKS = (
    disagreements,
    repeated_keys,
    required_values,
    allowed_values,
    empty_tables,
    rejected_rows,
)
"""Every check of this module."""
