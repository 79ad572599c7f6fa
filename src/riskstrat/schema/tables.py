"""The canonical tables of a linked-records store, declared once.

The writer casts to them, the reader checks them, ``riskstrat schema`` prints them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from riskstrat.codes import SYSTEMS

__all__ = ["KNOWN_WHEN", "OPT_OUT_KINDS", "TABLES", "Column", "Table", "describe_tables"]

EVENT_KINDS = (
    "diagnosis",
    "procedure",
    "medication",
    "measurement",
    "observation",
    "referral",
    "contact",
    "appointment",
)
STAY_KINDS = ("inpatient", "day_case", "emergency_department", "outpatient", "virtual_ward")
SEXES = ("female", "male", "indeterminate", "unknown")
OPT_OUT_KINDS = ("type1", "national", "risk_stratification")


@dataclass(frozen=True)
class Column:
    """One declared column: DuckDB type, whether null is allowed, allowed values, meaning."""

    name: str
    type: str
    meaning: str
    nullable: bool = True
    allowed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """One canonical table.

    Parameters
    ----------
    name : str
    row : str
        What one row stands for.
    columns : tuple of Column
    key : tuple of str
        Columns that no two rows share; empty when repeated rows are lawful. Rows are stored
        ordered by person, then by the key and every other column: what is read of some people is
        in few places.
    event_date : str or None
        The column that says when the row happened or began.
    """

    name: str
    row: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    event_date: str | None = None

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in stored order."""
        return tuple(column.name for column in self.columns)


def _patient() -> Column:
    return Column("patient_id", "VARCHAR", "keyed pseudonym of the person", nullable=False)


KNOWN_WHEN = (
    Column("recorded_date", "DATE", "day this row became known", nullable=False),
    Column("superseded_date", "DATE", "day a later submission replaced it; null = current"),
)

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "patients",
            "person",
            (
                _patient(),
                Column("birth_month", "DATE", "first day of the month of birth", nullable=False),
                Column("sex", "VARCHAR", "recorded sex", nullable=False, allowed=SEXES),
                Column("ethnic_category", "VARCHAR", "NHS ethnic category code"),
                Column("death_date", "DATE", "day of death"),
                Column("death_recorded_date", "DATE", "day the death became known"),
            ),
            key=("patient_id",),
        ),
        Table(
            "registrations",
            "practice registration",
            (
                _patient(),
                Column("practice_code", "VARCHAR", "ODS code of the practice; null = not known"),
                Column("start_date", "DATE", "first day registered", nullable=False),
                Column("end_date", "DATE", "day the registration ended; null = still registered"),
                *KNOWN_WHEN,
            ),
            event_date="start_date",
        ),
        Table(
            "residences",
            "address spell",
            (
                _patient(),
                Column("start_date", "DATE", "first day at the address", nullable=False),
                Column("end_date", "DATE", "day of leaving; null = still there"),
                Column("lsoa", "VARCHAR", "lower-layer super output area of the address"),
                Column("imd_decile", "INTEGER", "deprivation decile, 1 = most deprived"),
                Column("accommodation", "VARCHAR", "accommodation status"),
                Column("tenure", "VARCHAR", "owned, social rented, private rented, other"),
                Column("care_home", "BOOLEAN", "lives in a care home"),
                Column("lives_alone", "BOOLEAN", "lives alone"),
                Column("has_carer", "BOOLEAN", "has an unpaid carer"),
                *KNOWN_WHEN,
            ),
            event_date="start_date",
        ),
        Table(
            "events",
            "coded fact at a point in time",
            (
                _patient(),
                Column("kind", "VARCHAR", "kind of fact", nullable=False, allowed=EVENT_KINDS),
                Column("event_date", "DATE", "day it happened", nullable=False),
                Column("event_time", "TIME", "time of day, where known"),
                Column("source", "VARCHAR", "feed it came from", nullable=False),
                Column("system", "VARCHAR", "coding system", nullable=False, allowed=SYSTEMS),
                Column("code", "VARCHAR", "code, upper case, without dots", nullable=False),
                Column("position", "INTEGER", "coding position; 1 = primary"),
                Column("value", "DOUBLE", "measured value"),
                Column("unit", "VARCHAR", "unit of the value"),
                Column("text", "VARCHAR", "plain wording where the feed gives one"),
                Column("attendance", "VARCHAR", "attended, did_not_attend, cancelled"),
                Column("stay_id", "VARCHAR", "stay it belongs to"),
                *KNOWN_WHEN,
            ),
            event_date="event_date",
        ),
        Table(
            "stays",
            "hospital stay or attendance",
            (
                _patient(),
                Column("stay_id", "VARCHAR", "identifier of the stay", nullable=False),
                Column("kind", "VARCHAR", "kind of stay", nullable=False, allowed=STAY_KINDS),
                Column("start_date", "DATE", "day of admission or arrival", nullable=False),
                Column("start_time", "TIME", "time of admission or arrival, where known"),
                Column("end_date", "DATE", "day of discharge; null = not ended or not known"),
                Column("patient_class", "VARCHAR", "NHS patient classification code"),
                Column("admission_source", "VARCHAR", "NHS source of admission code"),
                Column("admission_method", "VARCHAR", "NHS admission method code"),
                Column("is_emergency", "BOOLEAN", "emergency admission; null = feed cannot say"),
                Column("attendance", "VARCHAR", "attended, did_not_attend, cancelled"),
                Column("specialty", "VARCHAR", "treatment function code"),
                Column("discharge_method", "VARCHAR", "NHS discharge method code; 4 = died"),
                Column("discharge_destination", "VARCHAR", "NHS discharge destination code"),
                Column("provider", "VARCHAR", "ODS code of the provider"),
                *KNOWN_WHEN,
            ),
            key=("stay_id", "recorded_date"),
            event_date="start_date",
        ),
        Table(
            "services",
            "spell of support",
            (
                _patient(),
                Column("service", "VARCHAR", "kind of support", nullable=False),
                Column("source", "VARCHAR", "feed it came from", nullable=False),
                Column("start_date", "DATE", "first day of support", nullable=False),
                Column("end_date", "DATE", "day it ended; null = current"),
                Column("minutes_per_week", "INTEGER", "planned minutes a week"),
                Column("weekly_cost_pence", "INTEGER", "cost a week in pence"),
                *KNOWN_WHEN,
            ),
            event_date="start_date",
        ),
        Table(
            "opt_outs",
            "objection",
            (
                _patient(),
                Column(
                    "kind", "VARCHAR", "kind of objection", nullable=False, allowed=OPT_OUT_KINDS
                ),
                Column("start_date", "DATE", "day the objection began", nullable=False),
                Column("end_date", "DATE", "day it was withdrawn; null = in force"),
                *KNOWN_WHEN,
            ),
            event_date="start_date",
        ),
    )
}


def describe_tables() -> list[dict[str, Any]]:
    """The declared tables as plain data, as ``riskstrat schema --json`` prints them."""
    return [asdict(table) for table in TABLES.values()]
