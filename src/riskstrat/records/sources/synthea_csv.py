"""Tables that Synthea exports as CSV: people who do not exist, in the records of the United States.

References
----------
Synthea, CSV File Data Dictionary (project wiki) and its CSV exporter; Walonoski J et al., Journal
of the American Medical Informatics Association 2018;25:230-238 (doi 10.1093/jamia/ocx079).

Notes
-----
- A race of the United States is not an NHS ethnic category: ``ethnic_category`` stays null.
- Somebody is registered from the first to the last fact, with no practice; whose last fact lies on
  the last day of the data is still registered.
- An inpatient stay is an emergency when its code says so; other codes do not say that it is none.
- Ambulatory, outpatient, urgent care and wellness encounters are outpatient attendances: whether
  they were at a hospital is not told. What is by telephone or video or at home is a contact.
  Hospices and nursing homes are no hospitals.
- An observation of type ``numeric`` is a measurement; of any other the value is the wording of the
  answer.
- Days are those that are written: an offset is left out, not applied.
"""

from __future__ import annotations

from riskstrat.records.governance.sensitive import register_sensitive
from riskstrat.records.sources.codesystems import register_normal_codes
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.followed import followed_sql
from riskstrat.records.sources.judging import Reason, moment_sql, time_sql
from riskstrat.records.sources.rows import both_versions_sql, register_mapping, register_meanings
from riskstrat.records.sources.synthea_tables import LIKE_CONDITIONS, TABLES, UNUSED
from riskstrat.records.sources.work import Work

__all__ = ["SYNTHEA_CSV"]

_STAYS = {
    "inpatient": "inpatient",
    "emergency": "emergency_department",
    "ambulatory": "outpatient",
    "outpatient": "outpatient",
    "urgentcare": "outpatient",
    "wellness": "outpatient",
}
_CONTACTS: dict[str, tuple[str | None, ...]] = {
    "virtual": ("448337001", "Telemedicine consultation with patient"),
    "home": ("50357006", "Evaluation and management of patient at home"),
}
"""Classes that are contacts, each with the SNOMED CT concept that stands for the mode in these
records."""

_EMERGENCY_CODES = ("183452005", "183460006", "183478001")
"""SNOMED CT: emergency hospital admission, the same in obstetrics, and for asthma."""

_SYSTEMS = {
    "snomed-ct": "snomed",
    "http://snomed.info/sct": "snomed",
    "loinc": "loinc",
    "http://loinc.org": "loinc",
    "icd10": "icd10",
    "icd-10": "icd10",
    "icd10-cm": "icd10",
    "icd10cm": "icd10",
    "http://hl7.org/fhir/sid/icd-10": "icd10",
    "http://hl7.org/fhir/sid/icd-10-cm": "icd10",
}
"""Coding systems as Synthea writes them. Older exports have no such column: SNOMED CT."""

_LOINC = r"\d{1,7}-\d"
"""A LOINC code: up to seven digits, a dash and a check digit (LOINC Users' Guide)."""

_STAY = ("kind", "event_date", "start_time", "end_date", "is_emergency")


def _build(work: Work) -> None:
    """What stands on the tables of some people."""
    register_mapping(work.engine, "synthea_systems", _SYSTEMS)
    _people(work)
    _encounters(work)
    kinds = {
        "synthea_conditions": ("diagnosis", _WRITTEN_SYSTEM),
        "synthea_medications": ("medication", "'RxNorm'"),
        "synthea_procedures": ("procedure", _WRITTEN_SYSTEM),
    }
    for table, (kind, system) in kinds.items():
        _coded_events(work, table, kind, system)
    _observations(work)
    for unused in LIKE_CONDITIONS:
        work.judge(unused.name, (Reason.NOT_USED, "true"))
    facts = ("synthea_contacts", *(f"{table}_facts" for table in (*kinds, "synthea_observations")))
    followed = work.keep("synthea_followed", followed_sql(work, "synthea_stays", facts))
    lag = work.source.declared_lag_days
    work.give("registrations", both_versions_sql(followed, "patient_id", lag))


_WRITTEN_SYSTEM = "coalesce(written_system, 'SNOMED-CT')"


def _people(work: Work) -> None:
    judged = work.judge("synthea_patients", (Reason.DEATH_BEFORE_BIRTH, "death_date < birth_date"))
    known = work.recorded("death_date")
    work.give(
        "told_people",
        f"""
        select patient_id, death_date, {known} as recorded_date from {judged} where reason is null
        """,
    )


def _encounters(work: Work) -> None:
    register_mapping(work.engine, "synthea_classes", _STAYS)
    register_meanings(work.engine, "synthea_modes", _CONTACTS, ("code", "term"))
    judged = work.judge(
        "synthea_encounters",
        (Reason.END_BEFORE_START, "end_date < event_date"),
        (Reason.UNMAPPED_VISIT, "kind is null"),
        select=f"""
            coalesce(k.meaning, case when m.code is not null then 'contact' end) as kind,
            m.code as mode_code, m.term as mode_term,
            {time_sql(moment_sql("r.moment"))} as start_time,
            case when k.meaning = 'inpatient' and r.code in {_EMERGENCY_CODES} then true end
                as is_emergency
        """,
        joins="left join synthea_classes k on k.given = lower(r.visit_class) "
        "left join synthea_modes m on m.given = lower(r.visit_class)",
        identifier="identifier",
        content=_STAY,
    )
    known = work.recorded("coalesce(end_date, event_date)")
    work.keep(
        "synthea_stays",
        f"""
        select patient_id, identifier, {_stay_id(work, "identifier")} as stay_id, kind,
            event_date as start_date, start_time, end_date, is_emergency, {known} as recorded_date
        from {judged} where reason is null and kind <> 'contact'
        """,
    )
    work.give("stays", "select * exclude (identifier) from synthea_stays")
    work.keep(
        "synthea_contacts",
        f"""
        select patient_id, kind, event_date, start_time as event_time, {work.feed} as source,
            'snomed' as system, mode_code as code, mode_term as text,
            {work.recorded("event_date")} as recorded_date
        from {judged} where reason is null and kind = 'contact'
        """,
    )
    work.give("events", "select * from synthea_contacts")


def _stay_id(work: Work, encounter: str) -> str:
    return work.hidden("'synthea'", f"'{work.source.name}'", "patient_id", encounter)


def _normal_codes(work: Work, table: str, system: str) -> None:
    """Make ``synthea_codes``: codes of a table as written, in the form of these records."""
    known = f"(select meaning from synthea_systems where given = lower({system}))"
    work.keep(
        "synthea_written",
        f"""
        select written, code, coalesce(known, 'local') as system,
            case when known is null then written || ':' || code else code end as named
        from (
            select distinct {system} as written, code, {known} as known
            from raw_{table} where code is not null
        ) distinct_ones
        """,
    )
    register_normal_codes(
        work.engine, "synthea_normal", "(select system, named as code from synthea_written)"
    )
    work.keep(
        "synthea_codes",
        """
        select w.written, w.code, w.system, nullif(n.normal, '') as normal from synthea_written w
        join synthea_normal n on n.system = w.system and n.code = w.named
        """,
    )
    codes = "(select system, normal as code from synthea_codes)"
    register_sensitive(work.engine, "sensitive_here", codes, work.sensitive_version)


def _coded_events(work: Work, table: str, kind: str, system: str) -> None:
    _normal_codes(work, table, system)
    judged = work.judge(
        table,
        work.is_sensitive("system", "normal"),
        (Reason.NO_CODE, "normal is null"),
        select=f"c.system, c.normal, {time_sql(moment_sql('r.moment'))} as event_time",
        joins=f"left join synthea_codes c on c.code = r.code and c.written = {system}",
    )
    more = f"'{kind}' as kind, cast(null as double) as value, cast(null as varchar) as unit, text"
    _give_events(work, judged, more)


_NUMBER = "try_cast(written_value as double)"


def _observations(work: Work) -> None:
    table = "synthea_observations"
    system = f"case when regexp_full_match(code, '{_LOINC}') then 'LOINC' else 'Synthea' end"
    _normal_codes(work, table, system)
    judged = work.judge(
        table,
        work.is_sensitive("system", "normal"),
        (Reason.NOT_A_NUMBER, f"is_numeric and coalesce(not isfinite({_NUMBER}), true)"),
        select=f"c.system, c.normal, coalesce(lower(r.type) = 'numeric', false) as is_numeric, "
        f"{time_sql(moment_sql('r.moment'))} as event_time",
        joins="left join synthea_codes c on c.code = r.code",
    )
    _give_events(
        work,
        judged,
        f"""
        case when is_numeric then 'measurement' else 'observation' end as kind,
        case when is_numeric then {_NUMBER} end as value,
        case when is_numeric then unit end as unit,
        case when is_numeric then text else coalesce(written_value, text) end as text
        """,
    )


def _give_events(work: Work, judged: str, columns: str) -> None:
    facts = judged.removeprefix("judged_") + "_facts"
    work.keep(
        facts,
        f"""
        select r.patient_id, event_date, event_time, {work.feed} as source, system, normal as code,
            {columns}, s.stay_id, {work.recorded("event_date")} as recorded_date
        from {judged} r left join (select patient_id, identifier, stay_id from synthea_stays) s
            on s.identifier = r.encounter_id and s.patient_id = r.patient_id
        where reason is null
        """,
    )
    work.give("events", f"select * from {facts}")


SYNTHEA_CSV = Dialect(
    "synthea_csv",
    TABLES,
    _build,
    unused=dict.fromkeys(UNUSED, Reason.NOT_USED),
    has_own_people=True,
)
