"""Columns that say nothing: never told, or the same for everybody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import Found, check, listed
from riskstrat.schema import TABLES, Table

__all__ = [
    "CHECKS",
    "MANY_ROWS",
    "columns_of_one_value",
    "columns_without_values",
    "emergencies_not_told",
    "practices_not_told",
]

MANY_ROWS = 1_000
"""Rows from which a column that never changes is no accident (judgement)."""

NULL_IN_GOOD_RECORDS: Mapping[str, frozenset[str]] = {
    "registrations": frozenset({"practice_code", "superseded_date"}),
    "residences": frozenset({"end_date", "superseded_date"}),
    "events": frozenset({"superseded_date"}),
    "stays": frozenset({"is_emergency", "superseded_date"}),
    "services": frozenset({"superseded_date"}),
    "opt_outs": frozenset({"end_date", "superseded_date"}),
}
"""Columns that may be null in every row of sound records: nothing was sent again, nobody moved.
That no stay says whether it was an emergency is R018's, that no registration names a practice
R019's."""

CONSTANT_IN_GOOD_RECORDS: Mapping[str, frozenset[str]] = {
    "registrations": frozenset({"practice_code"}),
    "events": frozenset({"unit", "attendance", "position"}),
    "stays": frozenset({"provider", "attendance"}),
}
"""Columns that may hold one value in sound records: records of one practice or one hospital; feeds
that send attended appointments, one measurement or the primary position only."""


@check("R018", "warning")
def emergencies_not_told(evidence: Evidence) -> Iterator[Found]:
    """No inpatient stay says whether it was an emergency.

    Why: there is no emergency admission to predict.
    Do: choose another outcome, such as `emergency_or_inpatient_visit`, or link a feed with
    admission methods.
    """
    sql = "select count(*) as n, count(is_emergency) as told from stays where kind = 'inpatient'"
    if rows := _none_told(evidence, sql):
        message = f"none of {rows:,} inpatient stays says whether it was an emergency"
        yield Found("stays", message, rows)


@check("R019", "info")
def practices_not_told(evidence: Evidence) -> Iterator[Found]:
    """No registration names a practice.

    Why: risk lists are made a practice at a time; here everybody is in one group.
    Do: link registrations with ODS codes if teams are to have lists of their own.
    """
    sql = "select count(*) as n, count(practice_code) as told from registrations"
    if rows := _none_told(evidence, sql):
        message = f"none of {rows:,} registrations names a practice: lists are for one group"
        yield Found("registrations", message, rows)


def _none_told(evidence: Evidence, sql: str) -> int:
    row = evidence.row(sql)
    return 0 if row["told"] else int(row["n"])


@check("R026", "info")
def columns_without_values(evidence: Evidence) -> Iterator[Found]:
    """A column of a large table is null in every row.

    Why: features made of it are zero or missing for everybody, and say nothing.
    Do: ask whether the supplier can send it; otherwise read reports knowing that it is not there.
    """
    for table in TABLES.values():
        rows, kinds = _kinds_of_columns(evidence, table)
        exempt = NULL_IN_GOOD_RECORDS.get(table.name, frozenset())
        names = [name for name, kind in kinds.items() if kind == "null" and name not in exempt]
        if names:
            message = f"null in every one of {rows:,} rows: {listed(names)}"
            yield Found(table.name, message, rows, detail={"columns": names})


@check("R027", "warning")
def columns_of_one_value(evidence: Evidence) -> Iterator[Found]:
    """A column of a large table holds one value only.

    Why: a default was filled in where nothing was known, and a model would take it for a fact.
    Do: ask the supplier what the value stands for; link the column as null if it is a filler.
    """
    for table in TABLES.values():
        rows, kinds = _kinds_of_columns(evidence, table)
        exempt = CONSTANT_IN_GOOD_RECORDS.get(table.name, frozenset())
        names = [name for name, kind in kinds.items() if kind == "constant" and name not in exempt]
        if names:
            message = f"the same value wherever there is one, in {rows:,} rows: {listed(names)}"
            yield Found(table.name, message, rows, detail={"columns": names})


def _kinds_of_columns(evidence: Evidence, table: Table) -> tuple[int, dict[str, str]]:
    """Rows of a table, and each nullable column that is null or constant throughout."""
    names = [column.name for column in table.columns if column.nullable]
    told = ", ".join(f"count({n}) as {n}_told, min({n}) = max({n}) as {n}_same" for n in names)
    row = evidence.row(f"select count(*) as n, {told} from {table.name}")
    if row["n"] <= MANY_ROWS:
        return int(row["n"]), {}
    kinds = {n: "null" if not row[f"{n}_told"] else "constant" for n in names}
    never_changes = (n for n in names if not row[f"{n}_told"] or row[f"{n}_same"])
    return int(row["n"]), {n: kinds[n] for n in never_changes}


CHECKS = (emergencies_not_told, practices_not_told, columns_without_values, columns_of_one_value)
"""Every check of this module."""
