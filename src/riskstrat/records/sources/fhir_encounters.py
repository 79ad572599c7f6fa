"""FHIR encounters: stays of a hospital, attendances, and contacts elsewhere.

References
----------
HL7 FHIR R4, Encounter (status, class, priority, hospitalization) with code systems admit-source and
discharge-disposition; HL7 v3 ActEncounterCode and ActPriority; HL7 UK, UK Core R4, extensions
AdmissionMethod and DischargeMethod and code systems of the NHS Data Dictionary; Centers for
Medicare & Medicaid Services, patient discharge status codes (National Uniform Billing Committee).

Notes
-----
- Only an encounter that is finished counts. What is planned, under way, cancelled or entered in
  error has not taken place yet, or never did.
- An inpatient stay is an emergency when its method of admission, the place it was admitted from
  (``emd``) or its priority (``EM``) says so; nothing else does.
- An ambulatory encounter is an outpatient attendance: whether it was at a hospital or a practice is
  not told. What is by telephone or video, at home or elsewhere is a contact.
- Ends are taken as they stand, also where an attendance seems to last for weeks.
"""

from __future__ import annotations

from riskstrat.records.sources.fhir_rows import RESTRICTED, refuse_lines, stay_id_sql, versions
from riskstrat.records.sources.json_lines import picked_sql
from riskstrat.records.sources.judging import Reason, moment_sql, time_sql
from riskstrat.records.sources.rows import register_mapping, register_meanings
from riskstrat.records.sources.work import Work

__all__ = ["build_encounters"]

_STAYS = {
    "IMP": "inpatient",
    "ACUTE": "inpatient",
    "NONAC": "inpatient",
    "SS": "day_case",
    "EMER": "emergency_department",
    "AMB": "outpatient",
    "OBSENC": "outpatient",
    "PRENC": "outpatient",
}
"""HL7 v3 ActEncounterCode: inpatient, acute and not; short stay; emergency; ambulatory, observation
(outpatient care), pre-admission."""

_CONTACTS: dict[str, tuple[str | None, ...]] = {
    "VR": ("448337001", "Telemedicine consultation with patient"),
    "HH": ("50357006", "Evaluation and management of patient at home"),
    "FLD": ("308335008", "Patient encounter procedure"),
}
"""Virtual, home health and field, each with the SNOMED CT concept that stands for the mode in
these records."""

_SOURCES = {"hosp-trans": "87", "nursing": "85", "psych": "87", "rehab": "87", "born": "79"}
"""HL7 admit-source as NHS source of admission. Hospitals that are not known to be the NHS's read as
87: evidence of transfer. The other places say who sent the person, not where they lived."""

_DISPOSITIONS: dict[str, tuple[str | None, ...]] = {
    "home": ("1", "19"),
    "alt-home": ("1", "29"),
    "other-hcf": ("1", "87"),
    "hosp": ("1", "88"),
    "long": ("1", "87"),
    "psy": ("1", "87"),
    "rehab": ("1", "87"),
    "snf": ("1", "85"),
    "aadvice": ("2", None),
    "exp": ("4", "79"),
}
"""HL7 discharge-disposition as NHS method and destination of discharge: 1 on clinical advice, 2
discharged themselves, 4 died; 19 usual and 29 temporary home, 85 care home, 87 hospital, 88
hospice."""

_BILLED: dict[str, tuple[str | None, ...]] = {
    "1": ("1", "19"),
    "2": ("1", "87"),
    "3": ("1", "85"),
    "5": ("1", "87"),
    "6": ("1", "19"),
    "7": ("2", None),
    "20": ("4", "79"),
    "50": ("1", "88"),
    "51": ("1", "88"),
    "62": ("1", "87"),
    "63": ("1", "87"),
    "65": ("1", "87"),
}
"""The same for patient discharge status codes of hospital bills in the United States."""

_EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2D")
_NO_EMERGENCY = ("11", "12", "13", "31", "32", "81", "82", "83", "84", "89", "2C")
"""NHS Data Dictionary, ADMISSION METHOD: emergencies; planned, maternity, transfers and births. Any
other method says nothing."""

_PICKED = {
    "admission_method": '$.extension[url$="UKCore-AdmissionMethod"]'
    ".valueCodeableConcept.coding[0].code",
    "told_method": '$.extension[url$="UKCore-DischargeMethod"].valueCodeableConcept.coding[0].code',
    "admit_source": '$.admitSource.coding[system$="/admit-source"].code',
    "told_source": '$.admitSource.coding[system$="SourceOfAdmissionEngland"].code',
    "disposition": '$.dischargeDisposition.coding[system$="/discharge-disposition"].code',
    "billed": '$.dischargeDisposition.coding[system$="/patient-discharge"].code',
    "told_destination": '$.dischargeDisposition.coding[system$="DischargeDestinationEngland"].code',
}
"""What is looked up in ``hospitalization``."""

_MEANT = """
coalesce(h.told_source, a.meaning) as admission_source,
coalesce(h.told_method, d.method, b.method) as discharge_method,
coalesce(h.told_destination, d.destination, b.destination) as discharge_destination
"""

_STAY = (
    *("kind", "start_date", "start_time", "end_date", "admission_source", "admission_method"),
    *("is_emergency", "discharge_method", "discharge_destination", "provider"),
)


def build_encounters(work: Work) -> None:
    """Judge encounters; give stays and contacts. Makes ``fhir_stays`` and ``fhir_contacts``."""
    refuse_lines(work, "fhir_encounter")
    register_mapping(work.engine, "fhir_classes", _STAYS)
    register_meanings(work.engine, "fhir_modes", _CONTACTS, ("code", "term"))
    register_mapping(work.engine, "fhir_sources", _SOURCES)
    register_meanings(work.engine, "fhir_dispositions", _DISPOSITIONS, ("method", "destination"))
    register_meanings(work.engine, "fhir_billed", _BILLED, ("method", "destination"))
    content = (*_STAY, "mode_code", "mode_term")
    judged = work.judge(
        "fhir_encounter",
        RESTRICTED,
        (Reason.NO_IDENTIFIER, "identifier is null"),
        (Reason.NOT_DONE, "status is distinct from 'finished'"),
        (Reason.NO_DATE, "start_date is null"),
        (Reason.END_BEFORE_START, "end_date < start_date"),
        (Reason.UNMAPPED_VISIT, "kind is null"),
        select=_selected(),
        joins=_joins(work),
        identifier="identifier || ' ' || coalesce(last_updated, '')",
        content=content,
    )
    known = work.recorded("coalesce(end_date, start_date)")
    told = versions(work, judged, known, content)
    stay = stay_id_sql(work, "key")
    work.keep("fhir_stays", f"select *, {stay} as stay_id from {told} where kind <> 'contact'")
    columns = ", ".join(("patient_id", "stay_id", *_STAY, "recorded_date", "superseded_date"))
    work.give("stays", f"select {columns} from fhir_stays")
    work.keep("fhir_contacts", _contacts_sql(work, told))
    work.give("events", "select * from fhir_contacts")


def _selected() -> str:
    emergency = f"""
        case when k.meaning <> 'inpatient' or k.meaning is null then null
            when upper(h.admission_method) in {_EMERGENCY} then true
            when upper(h.admission_method) in {_NO_EMERGENCY} then false
            when h.admit_source = 'emd' or r.priority = 'EM' then true end
    """
    ods = "ends_with(r.organisation_system, '/Id/ods-organization-code')"
    return f"""
        coalesce(k.meaning, case when m.code is not null then 'contact' end) as kind,
        m.code as mode_code, m.term as mode_term, {time_sql(moment_sql("r.started"))} as start_time,
        upper(h.admission_method) as admission_method, {emergency} as is_emergency, {_MEANT},
        case when {ods} then upper(r.organisation) end as provider
    """


def _joins(work: Work) -> str:
    """Joins to what the codes of an encounter mean."""
    picked = ", ".join(f"{picked_sql('record', path)} as {name}" for name, path in _PICKED.items())
    work.keep(
        "fhir_hospitalizations",
        f"""
        select written, {picked} from (
            select hospitalization as written, try_cast(hospitalization as json) as record
            from raw_fhir_encounter where hospitalization is not null group by all
        ) distinct_ones
        """,
    )
    return """
        left join fhir_classes k on k.given = upper(r.class_code)
        left join fhir_modes m on m.given = upper(r.class_code)
        left join fhir_hospitalizations h on h.written = r.hospitalization
        left join fhir_sources a on a.given = h.admit_source
        left join fhir_dispositions d on d.given = h.disposition
        left join fhir_billed b on b.given = ltrim(h.billed, '0')
    """


def _contacts_sql(work: Work, told: str) -> str:
    return f"""
        select patient_id, 'contact' as kind, start_date as event_date, start_time as event_time,
            {work.feed} as source, 'snomed' as system, mode_code as code, mode_term as text,
            recorded_date, superseded_date
        from {told} where kind = 'contact'
    """
