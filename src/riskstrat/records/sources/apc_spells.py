"""What the episodes that hold say of a stay: its admission from the first, its end from the last.

Relations: ``apc_told`` (rows that stand), ``apc_again`` (stays that are told more than once),
``apc_held`` (their rows, with the day until which each holds) and ``apc_spans`` (their spans).

References
----------
NHS Data Dictionary, patient classification and admission method.
"""

from __future__ import annotations

from riskstrat.records.sources.hospital_columns import among_sql

__all__ = ["EPISODES_SQL", "KEPT", "ORDER", "ROWS_SQL", "SHORT_CODES", "STATES_SQL"]

_EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2D")
"""Admission methods of emergencies (NHS Data Dictionary; 28 until 2012/13). An emergency transfer
(2B) is one of them unless it continues a stay, which is decided when stays are read."""
_NO_EMERGENCY = ("11", "12", "13", "31", "32", "81", "82", "83", "84", "89", "2C")
"""Planned admissions, maternity, transfers, births (2C: at home as intended), and the waiting lists
of high security hospitals. Any other method, such as 98 and 99, says nothing."""
_ORDINARY, _NOT_ORDINARY = "1", ("2", "3", "4", "5")
"""Patient classification: ordinary admission; day case, regular day and night attender, mother and
baby using delivery facilities only. An emergency is an ordinary admission."""
_WITHOUT_A_WARD = ("2", "3", "4")
"""Patient classifications of day cases: regular attenders come for one treatment of a planned
series (NHS Data Dictionary), and hospital activity statistics keep both apart from ordinary
admissions."""

_CAME = (
    *("admission_date", "start_time", "admission_method", "admission_source", "patient_class"),
    "provider",
)
"""What the first episode of a stay says."""
_WENT = ("discharged_on", "discharge_method", "discharge_destination", "specialty", "at_home")
"""What the last episode of a stay says."""
SHORT_CODES = (
    *("admission_method", "admission_source", "patient_class", "specialty"),
    *("discharge_method", "discharge_destination"),
)
KEPT = (
    *("row_number", "patient_id", "episode", "submission_date", "provider", "admission_date"),
    *("start_time", "episode_start", "episode_end", "episode_order", "discharged_on", "at_home"),
    *("ethnic_category", "death_date", "codes"),
)
ORDER = (
    *("discharged_on nulls first", "episode_end nulls first", "stay_id", "admission_date"),
    *("admission_method", "patient_class", "admission_source", "discharge_destination"),
    *("specialty", "codes"),
)
"""What decides between rows of one episode that are told on the same day: the last holds."""

EPISODES_SQL = """
    select h.*, s.state, s.day, s.next_day, row_number() over (
        partition by s.state
        order by coalesce(episode_start, admission_date), episode_order nulls last,
            discharged_on nulls first, episode_end nulls first, episode) as place
    from apc_held h join apc_spans s on s.stay_id = h.stay_id
        and h.recorded_date <= s.day and (h.until is null or h.until > s.day)
"""
"""The episodes of each stay that held in each of its spans, in their order."""

ROWS_SQL = """
    (select row_number, row_number as state from apc_told anti join apc_again using (stay_id)
    union all select row_number, state from apc_episodes)
"""
"""In which state each row holds: a stay told once is its own."""

_SPELLS_SQL = f"""
    select state, patient_id, stay_id, day as recorded_date, next_day as superseded_date,
        false as is_only, arg_min(struct_pack({", ".join(_CAME)}), place) as came,
        arg_max(struct_pack({", ".join(_WENT)}), place) as went
    from apc_episodes group by state, patient_id, stay_id, day, next_day
    union all
    select row_number, patient_id, stay_id, recorded_date, null, true,
        struct_pack({", ".join(_CAME)}), struct_pack({", ".join(_WENT)})
    from apc_told anti join apc_again using (stay_id)
"""

STATES_SQL = f"""
    select state, patient_id, stay_id, recorded_date, superseded_date, is_only,
        case when {among_sql("came.patient_class", _WITHOUT_A_WARD)} then 'day_case'
            else 'inpatient' end as kind,
        came.admission_date as start_date, came.start_time,
        case when went.discharged_on >= came.admission_date then went.discharged_on end as end_date,
        came.patient_class, came.admission_source, came.admission_method,
        case when {among_sql("came.admission_method", _EMERGENCY)} then
                case when came.patient_class = '{_ORDINARY}' then true
                    when {among_sql("came.patient_class", _NOT_ORDINARY)} then false end
            when {among_sql("came.admission_method", _NO_EMERGENCY)} then false
            end as is_emergency,
        went.specialty,
        case when went.discharged_on is not null then went.discharge_method end as discharge_method,
        case when went.discharged_on is not null then went.discharge_destination end
            as discharge_destination,
        came.provider, coalesce(lower(went.at_home) in ('y', 'yes', '1'), false) as is_at_home
    from ({_SPELLS_SQL}) spells
"""
