"""FHIR R4 bulk files (NDJSON): one resource a line, one kind of resource a file.

What stands where is in :mod:`riskstrat.records.sources.fhir_tables`; encounters and events have
modules of their own.

Notes
-----
- A patient is the person of an NHS number, else of the identifier of the resource: the file of
  patients says who exists.
- Days are those of the calendar where something happened: an offset is left out, not applied.
- A person is registered with the practice that ``generalPractitioner`` names, in its period where
  that is told; else from the first to the last fact, and with no practice if none is named. One
  whose last fact lies on the last day of the data is still registered.
- Somebody who is marked as confidential (R or V), or as a test patient (HTEST), is left out.
- A year of birth alone is no date of birth.
"""

from __future__ import annotations

from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.fhir_encounters import build_encounters
from riskstrat.records.sources.fhir_events import CODED_FACTS, build_coded_facts
from riskstrat.records.sources.fhir_observations import OBSERVATION_FACTS, build_observations
from riskstrat.records.sources.fhir_rows import refuse_lines
from riskstrat.records.sources.fhir_tables import PATIENT_MOMENTS, TABLES, is_day_sql
from riskstrat.records.sources.followed import followed_sql
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import both_versions_sql
from riskstrat.records.sources.work import Work

__all__ = ["FHIR"]


def _build(work: Work) -> None:
    """What stands on the resources of some people."""
    _people(work)
    build_encounters(work)
    build_coded_facts(work)
    build_observations(work)
    _registrations(work)


def _people(work: Work) -> None:
    refuse_lines(work, "fhir_patient")
    unreadable = " or ".join(
        f"({column} is not null and not {is_day_sql(column)})" for column in PATIENT_MOMENTS
    )
    judged = work.judge(
        "fhir_patient",
        (Reason.UNPARSABLE_DATE, f"({unreadable})"),
        (Reason.DEATH_BEFORE_BIRTH, "death_day < birth_month"),
        (Reason.END_BEFORE_START, "deregistered_day < registered_day"),
    )
    known = work.recorded("death_day")
    work.give(
        "told_people",
        f"""
        select patient_id, upper(ethnic_category) as ethnic_category, death_day as death_date,
            case when death_day is null then cast(updated as date)
                else {known} end as recorded_date
        from {judged} where reason is null
        """,
    )


def _registrations(work: Work) -> None:
    told = """
        select patient_id, practice_code, registered_day, deregistered_day
        from judged_fhir_patient where reason is null
        qualify row_number() over (partition by patient_id order by updated desc nulls last,
            registered_day desc nulls last, deregistered_day, practice_code) = 1
    """
    facts = ("fhir_contacts", *CODED_FACTS, OBSERVATION_FACTS)
    followed = followed_sql(work, "fhir_stays", facts)
    spells = work.keep(
        "fhir_registrations",
        f"""
        select patient_id, t.practice_code, coalesce(t.registered_day, f.start_date) as start_date,
            case when t.registered_day is not null then t.deregistered_day else f.end_date end
                as end_date
        from ({told}) t full join ({followed}) f using (patient_id)
        where coalesce(t.registered_day, f.start_date) is not null
        """,
    )
    lag = work.source.declared_lag_days
    work.give("registrations", both_versions_sql(spells, "patient_id, practice_code", lag))


FHIR = Dialect(
    "fhir",
    TABLES,
    _build,
    unused={"": Reason.NO_RESOURCE},
    has_own_people=True,
)
"""A file without any resource is left out line by line."""
