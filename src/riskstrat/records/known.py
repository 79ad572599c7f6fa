"""What was known on an index date: the only place that says so.

A row counts for index date D when it happened before D, ``recorded_date < D`` and it was not
superseded before D. An end that lies on or after D, or was recorded on or after D, is unknown: the
spell reads as open, and what is only known at its end (length, destination, method of discharge)
reads as null. The stay of a discharge study with ``index_stay = "known"`` counts although its feed
has not arrived: the hospital that scores has the dates, length and method in its own admissions
system. The codes of that stay do not: they count only once they were recorded (statistical rule
15), since they are written after discharge.

Every query reads through :func:`as_known`. It expects a relation ``cohort_keys`` with the columns
``patient_id``, ``index_date`` and ``index_stay_id`` (null unless the index stay is known), one row
per person and index date; :meth:`LinkedRecords.register_keys` provides it.
"""

from __future__ import annotations

from collections.abc import Sequence

from riskstrat.engine import Step
from riskstrat.schema import TABLES
from riskstrat.windows import before_sql, days_sql

__all__ = ["HOSPITAL_DESTINATIONS", "TRANSFER_GAP_DAYS", "as_known", "spells"]

TRANSFER_GAP_DAYS = 2
"""Days between two stays within which, with evidence of transfer, the second continues the first
(binding statistical rule 17)."""

_TRANSFER_METHODS = ("81", "2B")
_HOSPITAL_SOURCES = ("49", "50", "51", "52", "53", "87")
HOSPITAL_DESTINATIONS = ("49", "50", "51", "52", "53", "84", "87")
"""NHS Data Dictionary: source of admission and discharge destination that are hospitals."""

_KNOWN_AT_END = {"discharge_method", "discharge_destination"}


def as_known(table: str, *, name: str | None = None) -> Step:
    """The rows of a canonical table that were known on each key's index date.

    Parameters
    ----------
    table : str
        Name of a canonical table.
    name : str, optional
        Name of the step; ``known_<table>`` when not given.

    Returns
    -------
    Step
        One row per key and known row: ``index_date``, then the table's columns. For ``patients``
        a death not yet recorded reads as null, and ``ethnic_category`` is left out: it has no
        history, so it serves subgroup reporting and never a feature.
    """
    sql = _known_patients() if table == "patients" else _known_rows(table)
    return Step(name or f"known_{table}", sql)


def _known_patients() -> str:
    told = before_sql("t.death_recorded_date", "k.index_date")
    died = before_sql("t.death_date", "k.index_date")
    return f"""
        select k.patient_id, k.index_date, t.birth_month, t.sex,
            case when {told} and {died} then t.death_date end as death_date
        from cohort_keys k join patients t on t.patient_id = k.patient_id
    """


def _known_rows(table: str) -> str:
    declared = TABLES[table]
    happened = f"t.{declared.event_date}"
    selected = ", ".join(_read_column(table, name) for name in declared.column_names)
    on_time = (
        f"{before_sql('t.recorded_date', 'k.index_date')} and (t.superseded_date is null or "
        f"not ({before_sql('t.superseded_date', 'k.index_date')}))"
    )
    if table == "stays":
        on_time = (
            "case when t.stay_id = k.index_stay_id then t.superseded_date is null "
            f"else {on_time} end"
        )
    return f"""
        select k.index_date, {selected}
        from cohort_keys k join {table} t on t.patient_id = k.patient_id
        where {before_sql(happened, "k.index_date")} and ({on_time})
    """


def _read_column(table: str, name: str) -> str:
    if "end_date" not in TABLES[table].column_names:
        return f"t.{name}"
    ended = before_sql("t.end_date", "k.index_date")
    if name == "end_date" or (table == "stays" and name in _KNOWN_AT_END):
        return f"case when {ended} then t.{name} end as {name}"
    return f"t.{name}"


def spells(
    source: str, *, partition: Sequence[str] = ("patient_id", "index_date"), name: str = "spells"
) -> Step:
    """Inpatient stays with a flag that says which of them continue the stay before.

    A stay continues the one before when they overlap, or when it starts within
    :data:`TRANSFER_GAP_DAYS` of its end and there is evidence of transfer: method 81 or 2B, a
    hospital as source of admission, or a hospital as destination of an earlier stay that ended
    within the same days. A next-day emergency without evidence is a readmission. A stay without an
    end counts as ending on the day it starts: an end that was never sent must not swallow every
    later admission. Stays that start on the same day are taken by the time they start, then by
    their end.

    Parameters
    ----------
    source : str
        Name of a step or table with the columns of ``stays``.
    partition : sequence of str
        Columns that one person's history shares.
    name : str
        Name of the step.

    Returns
    -------
    Step
        The inpatient rows of `source` with ``continues`` (boolean) and ``stay_order`` (the place of
        the stay in the history, from 1).
    """
    columns = ", ".join(f"s.{name}" for name in TABLES["stays"].column_names)
    extra = "".join(f"s.{c}, " for c in partition if c not in TABLES["stays"].column_names)
    history = ", ".join(f"s.{column}" for column in partition)
    ended = "coalesce(s.end_date, s.start_date)"
    order = (
        f"partition by {history} "
        f"order by s.start_date, s.start_time, {ended}, s.stay_id, s.recorded_date"
    )
    until_now = f"{order} rows between unbounded preceding and 1 preceding"
    sent_on = f"case when s.discharge_destination in {HOSPITAL_DESTINATIONS} then {ended} end"
    gap = days_sql(f"max({ended}) over ({until_now})", "s.start_date")
    gap_after_sent_on = days_sql(f"max({sent_on}) over ({until_now})", "s.start_date")
    transferred = (
        f"s.admission_method in {_TRANSFER_METHODS} "
        f"or s.admission_source in {_HOSPITAL_SOURCES} "
        f"or {gap_after_sent_on} <= {TRANSFER_GAP_DAYS}"
    )
    sql = f"""
        select {extra}{columns}, row_number() over ({order}) as stay_order,
            coalesce({gap} < 0 or ({gap} <= {TRANSFER_GAP_DAYS} and ({transferred})), false)
                as continues
        from {source} s
        where s.kind = 'inpatient'
    """
    return Step(name, sql)
