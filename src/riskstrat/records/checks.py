"""Coded findings about linked records: what contradicts the schema, or itself.

A check is one small query that counts rows, or one small function. Findings carry names and counts,
never a patient value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pyarrow as pa

from riskstrat.engine import Step
from riskstrat.errors import RecordsError
from riskstrat.records.store import LinkedRecords
from riskstrat.schema import TABLES, Table, content_of, files_of
from riskstrat.windows import days_sql

__all__ = ["LONG_ATTENDANCE_DAYS", "Finding", "RowCheck", "check_records"]

Level = Literal["error", "warning", "info"]

LONG_ATTENDANCE_DAYS = 7
"""Days after which an attendance (emergency department, outpatient) is reported as too long to be
true. A judgement: waits of days are seen in emergency departments, a week is not."""

REJECTED_SHARE = 0.05
"""Share of a file's rows above which rejections are a warning. A judgement."""

_NOT_MEANT_TO_BE_KEPT = frozenset({"derived table", "vocabulary table", "table not used"})


@dataclass(frozen=True)
class Finding:
    """What a check found.

    Parameters
    ----------
    code : str
        ``R001`` and on; stable, explained in the documentation.
    level : str
        ``error``: results would be wrong; ``warning``: look at it; ``info``: good to know.
    table : str
        Canonical table, or the file of a feed.
    message : str
        What was found, in words and counts.
    count : int
        Number of rows it concerns.
    """

    code: str
    level: Level
    table: str
    message: str
    count: int


@dataclass(frozen=True)
class RowCheck:
    """A query that counts the rows of one table which something is wrong with."""

    code: str
    level: Level
    table: str
    message: str
    sql: str


def check_records(records: LinkedRecords) -> list[Finding]:
    """Check linked records against the schema, the manifest and themselves.

    Parameters
    ----------
    records : LinkedRecords

    Returns
    -------
    list of Finding
        Sorted by code and table; empty when nothing was found.

    Raises
    ------
    RecordsError
        When a file is so damaged that it cannot be read.
    """
    findings = [
        *_disagreements(records),
        *(found for check in ROW_CHECKS if (found := _run(records, check))),
        *_future(records),
        *_empty_tables(records),
        *_never_told(records),
        *_rejected_rows(records),
    ]
    return sorted(findings, key=lambda found: (found.code, found.table, found.message))


def _run(records: LinkedRecords, check: RowCheck) -> Finding | None:
    count = _count(records, check.sql)
    if not count:
        return None
    message = check.message.format(count=f"{count:,}")
    return Finding(check.code, check.level, check.table, message, count)


def _count(records: LinkedRecords, sql: str) -> int:
    (row,) = records.engine.fetch(Step("counted", sql, portable=False)).to_pylist()
    return int(row["n"])


def _disagreements(records: LinkedRecords) -> Iterator[Finding]:
    """R001: a table's rows or content are not those of the manifest."""
    for name, table in TABLES.items():
        written = records.manifest["tables"][name]
        found = _content(records, table)
        if found["rows"] != written["rows"]:
            message = f"holds {found['rows']:,} rows, the manifest says {written['rows']:,}"
            yield Finding("R001", "error", name, message, abs(found["rows"] - written["rows"]))
        elif found["content_hash"] != written["content_hash"]:
            message = "its content is not what the manifest says: it was changed after linking"
            yield Finding("R001", "error", name, message, found["rows"])


def _content(records: LinkedRecords, table: Table) -> dict[str, Any]:
    try:
        return content_of(table, files_of(records.path, table))
    except (pa.ArrowException, OSError) as error:
        raise RecordsError(
            f"table '{table.name}' cannot be read to its end ({type(error).__name__}): the file is "
            "damaged.",
            do="Link the feeds again, or restore the file from its copy.",
        ) from None


def _declared() -> Iterator[RowCheck]:
    """R002 to R004: keys, nulls and allowed values, as the schema declares them."""
    for table in TABLES.values():
        if table.key:
            yield _key_check(table)
        for column in table.columns:
            if not column.nullable:
                yield RowCheck(
                    "R003",
                    "error",
                    table.name,
                    f"{{count}} rows have no {column.name}, which must not be null",
                    f"select count(*) as n from {table.name} where {column.name} is null",
                )
            if column.allowed:
                yield RowCheck(
                    "R004",
                    "error",
                    table.name,
                    f"{{count}} rows have a {column.name} that is none of the allowed values",
                    f"select count(*) as n from {table.name} "
                    f"where {column.name} not in {column.allowed}",
                )


def _key_check(table: Table) -> RowCheck:
    key = ", ".join(table.key)
    return RowCheck(
        "R002",
        "error",
        table.name,
        f"{{count}} rows repeat the key ({key}) of another row",
        f"select coalesce(sum(copies - 1), 0) as n from "
        f"(select count(*) as copies from {table.name} group by {key}) keys",
    )


_KNOWN = "{table} t join patients p using (patient_id)"

_FACT_RULES: tuple[tuple[str, Level, str, str, str], ...] = (
    (
        "R005",
        "error",
        "{{count}} rows are for somebody who is not in patients",
        "{table} t anti join patients p using (patient_id)",
        "true",
    ),
    ("R006", "error", "{{count}} rows end before they start", "{table}", "end_date < start_date"),
    (
        "R008",
        "warning",
        "{{count}} rows were recorded before their {day}",
        "{table}",
        "recorded_date < {day}",
    ),
    (
        "R009",
        "warning",
        "{{count}} rows were superseded before they were recorded",
        "{table}",
        "superseded_date < recorded_date",
    ),
    (
        "R010",
        "warning",
        "{{count}} rows lie after the person's death",
        _KNOWN,
        "t.{day} > p.death_date",
    ),
    (
        "R011",
        "warning",
        "{{count}} rows lie before the person's month of birth",
        _KNOWN,
        "t.{day} < p.birth_month",
    ),
)
"""Code, level, message, rows and condition of what holds for every table of a person's facts."""


def _per_table() -> Iterator[RowCheck]:
    for table in TABLES.values():
        if table.event_date is None:
            continue
        for code, level, message, rows, condition in _FACT_RULES:
            if "end_date" in condition and "end_date" not in table.column_names:
                continue
            names = {"table": table.name, "day": table.event_date}
            wrong = f"{rows.format(**names)} where {condition.format(**names)}"
            if code == "R008" and table.name == "events":
                wrong += " and kind <> 'appointment'"
            sql = f"select count(*) as n from {wrong}"
            yield RowCheck(code, level, table.name, message.format(**names), sql)


_STAYS_AND_PEOPLE = (
    RowCheck(
        "R007",
        "error",
        "patients",
        "{count} people died before their month of birth",
        "select count(*) as n from patients where death_date < birth_month",
    ),
    RowCheck(
        "R013",
        "warning",
        "registrations",
        "{count} registrations begin before an earlier one of the same person ends",
        """
        select count(*) as n from (
            select start_date < max(coalesce(end_date, date '9999-12-31')) over (
                partition by patient_id order by start_date, end_date
                rows between unbounded preceding and 1 preceding) as overlaps
            from registrations where superseded_date is null
        ) ordered where overlaps
        """,
    ),
    RowCheck(
        "R015",
        "error",
        "stays",
        "{count} stays have more than one current row, and would be counted more than once",
        """
        select count(*) as n from (
            select stay_id from stays where superseded_date is null
            group by stay_id having count(*) > 1
        ) doubled
        """,
    ),
    RowCheck(
        "R016",
        "info",
        "events",
        "{count} rows repeat another row in every column",
        f"""
        select coalesce(sum(copies - 1), 0) as n from (
            select count(*) as copies from events
            group by {", ".join(TABLES["events"].column_names)}
        ) counted
        """,
    ),
    RowCheck(
        "R017",
        "warning",
        "stays",
        f"{{count}} attendances last more than {LONG_ATTENDANCE_DAYS} days; each is not known "
        "before its end",
        f"""
        select count(*) as n from stays
        where kind in ('emergency_department', 'outpatient')
            and {days_sql("start_date", "end_date")} > {LONG_ATTENDANCE_DAYS}
        """,
    ),
)

ROW_CHECKS = (*_declared(), *_per_table(), *_STAYS_AND_PEOPLE)
"""Every check that is one query."""


def _future(records: LinkedRecords) -> Iterator[Finding]:
    """R012: facts dated after the last day the feeds cover."""
    last = records.data_to.isoformat()
    for table in TABLES.values():
        if table.event_date is None:
            continue
        sql = f"select count(*) as n from {table.name} where {table.event_date} > date '{last}'"
        count = _count(records, sql)
        if count:
            message = f"{count:,} rows are dated after the last day of the data, {last}"
            yield Finding("R012", "warning", table.name, message, count)


_EXPECTED_ROWS: Mapping[str, Level] = {
    "patients": "error",
    "registrations": "error",
    "stays": "warning",
    "events": "warning",
}


def _empty_tables(records: LinkedRecords) -> Iterator[Finding]:
    """R014: a table without rows; people and registrations are needed by every study."""
    for name in TABLES:
        if records.manifest["tables"][name]["rows"] == 0:
            level = _EXPECTED_ROWS.get(name, "info")
            yield Finding("R014", level, name, "the table is empty", 0)


def _never_told(records: LinkedRecords) -> Iterator[Finding]:
    """R018 and R019: what no row of the feeds says."""
    stays = "select count(*) as n, count(is_emergency) as told from stays where kind = 'inpatient'"
    if rows := _none_told(records, stays):
        message = f"none of {rows:,} inpatient stays says whether it was an emergency"
        yield Finding("R018", "warning", "stays", message, rows)
    practices = "select count(*) as n, count(practice_code) as told from registrations"
    if rows := _none_told(records, practices):
        message = f"none of {rows:,} registrations names a practice: lists are for one group"
        yield Finding("R019", "info", "registrations", message, rows)


def _none_told(records: LinkedRecords, sql: str) -> int:
    (row,) = records.engine.fetch(Step("told", sql, portable=False)).to_pylist()
    return 0 if row["told"] else int(row["n"])


def _rejected_rows(records: LinkedRecords) -> Iterator[Finding]:
    """R020: rows of a feed's file that were rejected, other than whole tables left out."""
    for source in records.manifest["sources"]:
        for file in source["files"]:
            reasons = {
                reason: rows
                for reason, rows in file["rejected"].items()
                if reason not in _NOT_MEANT_TO_BE_KEPT
            }
            if rejected := sum(reasons.values()):
                yield _rejection(file, reasons, rejected)


def _rejection(file: Mapping[str, Any], reasons: Mapping[str, int], rejected: int) -> Finding:
    told = ", ".join(f"{reason}: {rows:,}" for reason, rows in sorted(reasons.items()))
    level: Level = "warning" if rejected > REJECTED_SHARE * file["rows_in"] else "info"
    message = f"{rejected:,} of {file['rows_in']:,} rows were rejected ({told})"
    return Finding("R020", level, file["name"], message, rejected)
