"""What the linked records said of people on an index date, as SQL over what was known then.

A look-back of three years, as SPARRA has it; conditions coded ever.
"""

from __future__ import annotations

import pandas as pd

from riskstrat.engine import Engine
from riskstrat.reference import load_table
from riskstrat.simulation.catalogue import rows
from riskstrat.windows import days_sql, lookback_sql

__all__ = ["FACTS", "HOSPITAL_CONDITIONS", "LONG_TERM_CARE", "register_codes"]

_HISTORY_DAYS = 1096
"""Three years, one of them a leap year."""
_YEAR_DAYS = 365
_SECTION, _SUBSTANCE = 4, 9
"""Leading characters of a BNF code that name a section and a chemical substance."""
LONG_TERM_CARE = ("home_care", "direct_payment", "day_care", "residential_care", "nursing_care")
"""Services that client-level data call long-term support."""

HOSPITAL_CONDITIONS = {
    "copd": ("copd",),
    "heart_failure": ("heart_failure",),
    "atrial_fibrillation": ("atrial_fibrillation",),
    "heart_disease": ("chd",),
    "stroke": ("stroke_tia",),
    "renal_failure": ("ckd", "esrd"),
    "dementia": ("dementia",),
    "diabetes": ("diabetes",),
    "cancer": ("cancer",),
    "arthritis": ("osteoarthritis", "connective_tissue"),
    "parkinsons": ("parkinsons",),
    "asthma": ("asthma",),
    "epilepsy": ("epilepsy",),
    "multiple_sclerosis": ("multiple_sclerosis",),
    "liver_disease": ("chronic_liver",),
    "digestive": ("ibd", "diverticular", "peptic_ulcer"),
    "endocrine": ("thyroid",),
    "blood": ("anaemia_iron",),
    "alcohol": ("alcohol", "substance"),
}
"""SPARRA's long-term conditions (and admissions for alcohol or substances, which are none) by
conditions of the reference list of ICD-10 codes."""
_NO_LONG_TERM_CONDITION = "alcohol"
_STAYS_ONLY = frozenset({"renal_failure", "diabetes", "asthma", "digestive", "blood", "alcohol"})
"""Conditions that practices record of many people who never needed a hospital for them: only stays
are comparable with Scotland's, which are all from stays, of forty years. Of the others, which bring
nearly everybody to hospital in time, the practice's record stands in for stays of long ago."""


def register_codes(engine: Engine) -> None:
    """Hand the code lists to an engine: ``icd10_of``, prefixes; ``snomed_of``, whole codes.

    ``name`` is that of :data:`HOSPITAL_CONDITIONS`: null where the practice's record does not
    count.
    """
    names = {listed: name for name, all_ in HOSPITAL_CONDITIONS.items() for listed in all_}
    prefixes = pd.DataFrame(load_table("ltc_icd10"))
    prefixes = prefixes.assign(name=prefixes["condition"].map(names)).dropna(subset=["name"])
    engine.register("icd10_of", prefixes[["name", "icd10_prefix"]])
    conditions = pd.DataFrame(rows("conditions"))
    named = conditions["condition"].map(names)
    conditions["name"] = named.where(~named.isin(_STAYS_ONLY))
    engine.register("snomed_of", conditions[["condition", "snomed", "ltc", "efi", "name"]])


_LONG = lookback_sql("start_date", _HISTORY_DAYS)
_SHORT = lookback_sql("start_date", _YEAR_DAYS)
_NIGHTS = days_sql("start_date", "end_date")
_KINDS = {
    "emergency": "is_emergency",
    "elective": "kind = 'inpatient' and admission_method in ('11', '12', '13')",
    "day_case": "patient_class = '2'",
    "department": "kind = 'emergency_department'",
    "outpatient": "kind = 'outpatient' and attendance = 'attended'",
}


def _counted(kind: str, where: str) -> str:
    """Stays of a kind in three years and in one; for emergencies also the nights."""
    found = [
        f"count(*) filter ({where} and {_LONG}) as {kind}_count",
        f"count(*) filter ({where} and {_SHORT}) as {kind}_year_count",
    ]
    if kind == "emergency":
        found += [
            f"sum({_NIGHTS}) filter ({where} and {_LONG}) as nights_count",
            f"sum({_NIGHTS}) filter ({where} and {_SHORT}) as nights_year_count",
        ]
    return ", ".join(found)


_STAYS = f"""
    select patient_id, index_date, {", ".join(_counted(*kind) for kind in _KINDS.items())},
        count(*) filter ({_LONG} and coalesce(attendance, 'attended') = 'attended') as stays_count
    from known_stays group by all
"""

_NEW_OUTPATIENTS = f"""
    select patient_id, index_date, count(*) as new_outpatient_count
    from (
        select patient_id, index_date, start_date,
            {days_sql("lag(start_date) over w", "start_date")} as since
        from known_stays where {_KINDS["outpatient"]}
        window w as (partition by patient_id, index_date, specialty order by start_date)
    )
    where {_LONG} and (since is null or since > {_YEAR_DAYS}) group by all
"""
"""First attended appointment of a specialty for a year: the records do not say 'new'."""

_MEDICINES = f"""
    select patient_id, index_date, count(*) as items_count,
        count(distinct substr(code, 1, {_SECTION})) as sections_count,
        count(distinct substr(code, 1, {_SUBSTANCE}))
            filter ({lookback_sql("event_date", _YEAR_DAYS)}) as substances_count
    from known_events
    where kind = 'medication' and {lookback_sql("event_date", _HISTORY_DAYS)} group by all
"""

_HOSPITAL_CODES = f"""
    with codes as (
        select distinct e.code, 'icd10' as system, i.name
        from (select distinct code from events where system = 'icd10') e
        join icd10_of i on starts_with(e.code, i.icd10_prefix)
        union all select snomed, 'snomed', name from snomed_of where name is not null
    )
    select patient_id, index_date,
        {", ".join(f"max(name = '{n}')::int as has_{n}" for n in HOSPITAL_CONDITIONS)},
        count(distinct name) filter (name <> '{_NO_LONG_TERM_CONDITION}') as hospital_ltc_count
    from known_events join codes using (code, system)
    where kind = 'diagnosis' group by all
"""

_PRACTICE_CODES = """
    select patient_id, index_date,
        count(distinct condition) filter (ltc = '1') as ltc_count,
        count(distinct nullif(efi, '')) as deficits_count
    from known_events e join snomed_of s on s.snomed = e.code
    where e.source = 'gp' and e.system = 'snomed' group by all
"""

_HOMES = """
    select patient_id, index_date, cast(imd_decile as double) as imd_decile,
        cast(care_home as integer) as has_care_home, cast(lives_alone as integer) as has_no_company
    from known_residences where end_date is null
    qualify row_number() over
        (partition by patient_id, index_date order by start_date desc, recorded_date desc) = 1
"""

_CARE = f"""
    select k.patient_id, k.index_date, 1 as has_long_term_care
    from cohort_keys k join services s using (patient_id)
    where s.superseded_date is null and s.service in {LONG_TERM_CARE}
        and {days_sql("s.start_date", "k.index_date")} > 0
        and coalesce({days_sql("s.end_date", "k.index_date")}, 0) <= {_YEAR_DAYS}
    group by all
"""
"""Support at some time in the year before, also what the council told of later: that is how the
published number of clients was counted."""

FACTS = {
    "stays_known": _STAYS,
    "new_outpatients_known": _NEW_OUTPATIENTS,
    "medicines_known": _MEDICINES,
    "hospital_codes_known": _HOSPITAL_CODES,
    "practice_codes_known": _PRACTICE_CODES,
    "homes_known": _HOMES,
    "care_given": _CARE,
}
"""One row per person and index date each, where there is anything."""
