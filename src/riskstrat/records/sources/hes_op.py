"""Hospital Episode Statistics, outpatients: appointments, kept or not, and what was done there.

Notes
-----
- An appointment that is submitted again supersedes itself: whether people came is often not yet
  said at first.
- A feed without days of submission is known by its declared lag after the day of the appointment.

References
----------
NHS England, Hospital Episode Statistics data dictionary, outpatients; NHS Data Dictionary, attended
or did not attend.
"""

from __future__ import annotations

from riskstrat.records.sources.columns import RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.hes_columns import (
    HES_CODES,
    HES_DIAGNOSES,
    HES_PEOPLE,
    HES_PROCEDURES,
)
from riskstrat.records.sources.hospital_columns import (
    SCOPE,
    code_sql,
    columns_of,
    ethnic_sql,
    impossible_age_sql,
    who_sql,
)
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.rows import register_mapping
from riskstrat.records.sources.stay_codes import (
    CODE_COLUMNS,
    CODES_SQL,
    give_codes,
    take_codes,
)
from riskstrat.records.sources.stay_states import held_sql, told_again_sql, versions_sql
from riskstrat.records.sources.work import Work

__all__ = ["HES_OP"]

_ALIASES = {
    "identifier": ("ATTENDKEY",),
    "attendance_identifier": ("ATTENDID",),
    "appointment_date": ("APPTDATE",),
    "attended": ("ATTENDED",),
}
_TABLE = RawTable(
    "hes_op",
    (
        *columns_of(
            (*_ALIASES, *CODE_COLUMNS),
            {**HES_PEOPLE, **HES_CODES, **_ALIASES, "age": ("APPTAGE",)},
            ("appointment_date", "attended"),
        ),
        *HES_DIAGNOSES,
        *HES_PROCEDURES,
    ),
    scope=SCOPE,
    derived={**who_sql("appointment_date"), "codes": CODES_SQL},
)

_ATTENDED = {
    "5": "attended",
    "6": "attended",
    "7": "did_not_attend",
    "3": "did_not_attend",
    "2": "cancelled",
    "4": "cancelled",
}
"""Attended or did not attend: in time, late but seen; late and not seen, did not come; cancelled by
the patient, by the provider. With 0 (still to come) and 9 (not known) nothing is said."""

_STAY = ("patient_id", "stay_id")
_CONTENT = (
    *("kind", "start_date", "end_date", "is_emergency", "attendance", "specialty", "provider"),
)


def _build(work: Work) -> None:
    """What stands on the appointments of some people."""
    take_codes(work, "hes_op")
    register_mapping(work.engine, "op_attended", _ATTENDED)
    judged = work.judge(
        "hes_op",
        (Reason.NO_DATE, "appointment_date is null"),
        (Reason.NEGATIVE, "age < 0"),
        (Reason.IMPOSSIBLE_AGE, impossible_age_sql("appointment_date")),
        select=f"{_stay_sql(work)} as stay_id, m.meaning as attendance",
        joins=f"left join op_attended m on m.given = {code_sql('r.attended')}",
        identifier="concat(stay_id, ' ', coalesce(submission_date, appointment_date))",
        content=("appointment_date", "attended", "specialty", "provider", "codes"),
    )
    work.keep("op_told", _told_sql(work, judged))
    work.keep("op_again", told_again_sql("op_told", "stay_id"))
    work.keep("op_states", _STATES_SQL)
    work.give("stays", versions_sql("op_states", _STAY, _CONTENT))
    give_codes(
        work,
        "hes_op",
        rows="(select state as row_number, state from op_states)",
        states="op_states",
    )
    work.give("told_people", ethnic_sql("op_told"))


def _stay_sql(work: Work) -> str:
    """The identifier of an appointment: the feed's own, else its day, provider and specialty."""
    plain = "concat(r.provider, '|', r.attendance_identifier, '|', r.appointment_date, '|', "
    named = f"coalesce('key ' || r.identifier, {plain}r.specialty))"
    return work.hidden(f"'{work.source.name}'", "r.patient_id", named)


def _told_sql(work: Work, judged: str) -> str:
    return f"""
        select row_number as state, patient_id, stay_id, 'outpatient' as kind,
            appointment_date as start_date, appointment_date as end_date, false as is_emergency,
            attendance, {code_sql("specialty")} as specialty, provider, ethnic_category, codes,
            {work.recorded("appointment_date", "submission_date")} as recorded_date
        from {judged} where reason is null
    """


_AGAIN = "(from op_told semi join op_again using (stay_id)) again"
_ORDER = ("attendance nulls first", "start_date", "specialty", "codes")
"""What decides between rows of one appointment that are told on the same day: the last holds."""
_STATES_SQL = f"""
    select *, cast(null as date) as superseded_date, true as is_only
    from op_told anti join op_again using (stay_id)
    union all by name
    select * exclude (until), until as superseded_date, false as is_only
    from ({held_sql(_AGAIN, "stay_id", _ORDER)}) held
"""


HES_OP = Dialect("hes_op", (_TABLE,), _build)
"""Outpatients of Hospital Episode Statistics."""
