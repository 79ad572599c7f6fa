"""The practice record in the shape of OLIDS: people, observations, medicines, appointments.

References
----------
One London Integrated Data Set (OLIDS), tables patient, observation, medication_order, appointment;
NHS England, GP appointments data, national slot categories.

Notes
-----
- A row of the list of patients is a version of one registration: the row recorded last holds, an
  earlier one is kept with the day it was replaced.
- An observation with a number is a measurement; one that is a problem is a diagnosis.
- Contacts by telephone, video and at home are contacts; what takes place at the practice is an
  appointment. Their codes stand for the mode.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import register_mapping, register_meanings, versions_sql
from riskstrat.records.sources.work import Work

__all__ = ["GP"]

_SCOPE = "gp"
_PERSON = Column("local_id", ("person_id", "patient_id"), Kind.IDENTIFIER, required=True)
_ID = Column("identifier", ("id",), Kind.IDENTIFIER)
_DAY = Column(
    "event_date", ("clinical_effective_date",), Kind.DAY, required=True, missing=Reason.NO_DATE
)
_RECORDED = Column("recorded_date", ("date_recorded", "recorded_date", "lds_date"), Kind.DAY)

_PATIENT = RawTable(
    "gp_patient",
    (
        _PERSON,
        Column("nhs_number", ("nhs_number",), Kind.IDENTIFIER),
        Column("token", ("nhs_number_hash", "pseudo_nhs_number")),
        Column("birth_date", ("date_of_birth",), Kind.DAY),
        Column("birth_year", ("birth_year",), Kind.INTEGER),
        Column("month_number", ("birth_month",), Kind.INTEGER),
        Column("sex", ("gender", "sex")),
        Column("ethnic_category", ("ethnic_category", "ethnicity")),
        Column("practice_code", ("registered_practice_id", "practice_code"), required=True),
        Column(
            "start_date",
            ("registration_start_date",),
            Kind.DAY,
            required=True,
            missing=Reason.NO_DATE,
        ),
        Column("end_date", ("registration_end_date",), Kind.DAY),
        Column("death_date", ("date_of_death",), Kind.DAY),
        Column("postcode", ("postcode",)),
        Column("lsoa", ("lsoa", "lsoa_2011", "lsoa_2021")),
        Column("is_spine_sensitive", ("is_spine_sensitive",), Kind.YES_NO),
        Column("is_confidential", ("is_confidential",), Kind.YES_NO),
        Column("is_dummy", ("is_dummy_patient",), Kind.YES_NO),
        _RECORDED,
    ),
    derived={
        "birth_month": "coalesce(cast(date_trunc('month', birth_date) as date), "
        "try(make_date(birth_year, month_number, 1)))",
        "is_withheld": "coalesce(is_spine_sensitive or is_confidential, false)",
    },
    scope=_SCOPE,
    is_register=True,
)
_OBSERVATION = RawTable(
    "gp_observation",
    (
        _ID,
        _PERSON,
        _DAY,
        Column("event_time", ("clinical_effective_time",), Kind.TIME),
        _RECORDED,
        Column(
            "code",
            ("mapped_concept_code", "snomedct_code"),
            Kind.CODE,
            required=True,
            missing=Reason.NO_CODE,
        ),
        Column("text", ("mapped_concept_display",)),
        Column("value", ("result_value",), Kind.NUMBER),
        Column("unit", ("result_unit_display",)),
        Column("is_problem", ("is_problem",), Kind.YES_NO),
    ),
    scope=_SCOPE,
    must_exist=False,
)
_ORDER = RawTable(
    "gp_medication_order",
    (
        _ID,
        _PERSON,
        _DAY,
        _RECORDED,
        Column("bnf", ("bnf_reference", "bnf_code"), Kind.CODE, required=True),
        Column("dmd", ("mapped_concept_code",), Kind.CODE),
        Column("text", ("statement_medication_name", "mapped_concept_display")),
        Column("quantity", ("quantity_value",), Kind.NUMBER),
        Column("duration_days", ("duration_days",), Kind.NUMBER),
    ),
    scope=_SCOPE,
    must_exist=False,
)
_APPOINTMENT = RawTable(
    "gp_appointment",
    (
        _ID,
        _PERSON,
        Column("event_date", ("start_date",), Kind.DAY, required=True, missing=Reason.NO_DATE),
        Column("event_time", ("start_time",), Kind.TIME),
        _RECORDED,
        Column("status", ("appointment_status_display",), required=True),
        Column("mode", ("contact_mode_display",)),
    ),
    scope=_SCOPE,
    must_exist=False,
)
_OPT_OUT = RawTable(
    "gp_opt_out",
    (
        _PERSON,
        Column("kind", ("kind",), required=True, missing=Reason.NO_CODE),
        Column("start_date", ("start_date",), Kind.DAY, required=True, missing=Reason.NO_DATE),
        Column("end_date", ("end_date",), Kind.DAY),
        _RECORDED,
    ),
    scope=_SCOPE,
    must_exist=False,
)

_MODES = {
    "face-to-face": ("appointment", "308335008", "Patient encounter procedure"),
    "telephone": ("contact", "185317003", "Telephone encounter"),
    "video/online": ("contact", "448337001", "Telemedicine consultation with patient"),
    "video conference/online": ("contact", "448337001", "Telemedicine consultation with patient"),
    "home visit": ("contact", "50357006", "Evaluation and management of patient at home"),
}
"""Contact modes of GP appointments data, each with the SNOMED CT concept it stands for. A mode that
is not known is an appointment."""

_STATUSES = {
    "attended": "attended",
    "fulfilled": "attended",
    "dna": "did_not_attend",
    "noshow": "did_not_attend",
    "did not attend": "did_not_attend",
    "cancelled": "cancelled",
}


def _build(work: Work) -> None:
    """What stands on the practice record of some people."""
    _people(work)
    _observations(work)
    _orders(work)
    _appointments(work)
    _objections(work)


def _people(work: Work) -> None:
    judged = work.judge(
        "gp_patient",
        (Reason.END_BEFORE_START, "end_date < start_date"),
        (Reason.DEATH_BEFORE_BIRTH, "death_date < birth_month"),
    )
    known = work.recorded("coalesce(end_date, start_date)", "recorded_date")
    rows = work.keep(
        "gp_list",
        f"""
        select patient_id, practice_code, start_date, end_date, lsoa, ethnic_category, death_date,
            {known} as recorded_date
        from {judged} where reason is null
        """,
    )
    registration = ("patient_id", "practice_code", "start_date")
    work.give("registrations", versions_sql(rows, registration, ("end_date",)))
    home = ("patient_id", "start_date")
    addresses = versions_sql(f"(from {rows} where lsoa is not null)", home, ("end_date", "lsoa"))
    work.give("residences", addresses)
    work.give(
        "told_people",
        f"select patient_id, ethnic_category, death_date, recorded_date from {rows}",
    )


def _observations(work: Work) -> None:
    work.mark_sensitive("gp_observation", "'snomed'", "code")
    judged = work.judge(
        "gp_observation",
        work.is_sensitive("'snomed'", "code"),
        identifier="identifier",
        content=("event_date", "code", "value"),
    )
    work.give(
        "events",
        f"""
        select patient_id, case when value is not null then 'measurement'
                when is_problem then 'diagnosis' else 'observation' end as kind,
            event_date, event_time, {work.feed} as source, 'snomed' as system, code, value,
            case when value is not null then unit end as unit, text,
            {work.recorded("event_date", "recorded_date")} as recorded_date
        from {judged} where reason is null
        """,
    )


def _orders(work: Work) -> None:
    work.normalise("bnf_codes", "gp_medication_order", {"bnf": "bnf"})
    judged = work.judge(
        "gp_medication_order",
        (Reason.NO_CODE, "code is null"),
        (Reason.NEGATIVE, "quantity < 0 or duration_days < 0"),
        select="case when n.normal is not null then 'bnf' when r.dmd is not null then 'dmd' end "
        "as system, coalesce(n.normal, r.dmd) as code",
        joins="left join bnf_codes n on n.code = r.bnf",
        identifier="identifier",
        content=("event_date", "code"),
    )
    work.give(
        "events",
        f"""
        select patient_id, 'medication' as kind, event_date, {work.feed} as source, system, code,
            text, {work.recorded("event_date", "recorded_date")} as recorded_date
        from {judged} where reason is null
        """,
    )


def _appointments(work: Work) -> None:
    register_mapping(work.engine, "gp_statuses", _STATUSES)
    register_meanings(work.engine, "gp_modes", _MODES, ("kind", "code", "term"))
    judged = work.judge(
        "gp_appointment",
        select="s.meaning as attendance, coalesce(m.kind, 'appointment') as kind, "
        "coalesce(m.code, '308335008') as code, coalesce(m.term, 'Patient encounter procedure') "
        "as text",
        joins="left join gp_statuses s on s.given = lower(r.status) "
        "left join gp_modes m on m.given = lower(r.mode)",
        identifier="identifier",
        content=("event_date", "event_time", "attendance"),
    )
    work.give(
        "events",
        f"""
        select patient_id, kind, event_date, event_time, {work.feed} as source, 'snomed' as system,
            code, text, attendance, {work.recorded("event_date", "recorded_date")} as recorded_date
        from {judged} where reason is null
        """,
    )


def _objections(work: Work) -> None:
    judged = work.judge(
        "gp_opt_out",
        (Reason.UNKNOWN_KIND, "lower(kind) not in ('type1', 'national', 'risk_stratification')"),
        (Reason.END_BEFORE_START, "end_date < start_date"),
    )
    known = work.recorded("coalesce(end_date, start_date)", "recorded_date")
    rows = f"""
        (select patient_id, lower(kind) as kind, start_date, end_date, {known} as recorded_date
        from {judged} where reason is null)
    """
    objection = ("patient_id", "kind", "start_date")
    work.give("opt_outs", versions_sql(rows, objection, ("end_date",)))


GP = Dialect(
    "gp",
    (_PATIENT, _OBSERVATION, _ORDER, _APPOINTMENT, _OPT_OUT),
    _build,
    objections=_OPT_OUT.name,
    has_own_people=True,
)
