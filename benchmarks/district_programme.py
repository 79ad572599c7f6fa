"""What a naive look makes of programmes that do nothing: regression to the mean.

One programme takes the 0.5 % of people with the highest scores, and its planted effect is none. One
list has everybody with three or more emergency admissions told in the last twelve months, as many
programmes have chosen: nobody helps the people on it.
"""

from __future__ import annotations

from datetime import date

import pandas as pd

from benchmarks.district_figure import Figure, Measured, figure, ratio
from benchmarks.district_people import WINDOW_DAYS, District
from riskstrat.simulation import ProgrammeRule
from riskstrat.windows import days_sql

__all__ = [
    "NO_EFFECT",
    "naive_change",
    "of_the_often_admitted",
    "of_the_programme",
    "programme_of_no_effect",
    "without_effect",
]

NO_EFFECT = "no effect"
_FIRST_DAY = date(2023, 1, 1)
"""A year before it and a year after it are observed and told."""
_SHARE = 0.005
"""About as many as case managers and virtual wards can take (assumption)."""
_OFTEN = 3
_LEAST_BY_SCORE, _LEAST_BY_ADMISSIONS = 5.0, 25.0
"""Percent by which admissions must seem to fall for the lesson to be worth teaching. A good score
looks through luck: those whom it takes truly are at high risk, and fall back less."""
_EVERYTHING = 100.0
_MONTH_DAYS = 365 / 12
_MONTHS = 12


def programme_of_no_effect(people: int) -> ProgrammeRule:
    """Case management of those with the highest scores, which multiplies rates by one."""
    capacity = max(1, round(_SHARE * people))
    return ProgrammeRule(NO_EFFECT, "case_management", _FIRST_DAY, 1.0, "score", capacity=capacity)


def of_the_programme(district: District) -> pd.DataFrame:
    """Emergency admissions of everybody whom the programme took.

    Returns
    -------
    DataFrame
        One row per person and month, before (-12 to -1) and after (0 to 11) the first day: person,
        month, admissions in the linked records, weight.
    """
    return _by_month(
        district,
        "select person, patient_id, start_date from truth_enrolments "
        f"where arm = 'enrolled' and programme = '{NO_EFFECT}'",
    )


def of_the_often_admitted(district: District) -> pd.DataFrame:
    """The same of people with three or more admissions told of the twelve months before."""
    often = district.rows["emergency_year_count"] >= _OFTEN
    listed = district.rows[often & (district.rows["index_date"] == pd.Timestamp(_FIRST_DAY))]
    district.engine.register(
        "often_admitted", listed[["person", "patient_id"]].assign(start_date=_FIRST_DAY)
    )
    return _by_month(district, "select person, patient_id, start_date from often_admitted")


def _by_month(district: District, listed: str) -> pd.DataFrame:
    elapsed = days_sql("t.start_date", "s.start_date")
    counted = district.frame(f"""
        select t.person, m.month,
            count(s.stay_id) filter (floor({elapsed} / {_MONTH_DAYS}) = m.month) as admissions
        from ({listed}) t join patients p using (patient_id)
        cross join range(-{_MONTHS}, {_MONTHS}) m(month)
        left join stays s on s.patient_id = t.patient_id and s.is_emergency
            and {elapsed} between -{WINDOW_DAYS} and {WINDOW_DAYS - 1}
        group by all order by t.person, m.month
    """)
    return counted.assign(weight=1.0)


def naive_change(months: pd.DataFrame) -> Measured:
    """Share by which there are fewer admissions in the year after than in the year before."""
    after = months["month"] >= 0
    change = ratio(months, months["admissions"] * after, months["admissions"] * ~after)
    return Measured(1 - change.value, change.error)


def without_effect(district: District) -> list[Figure]:
    """Naive reductions after programmes of no effect, and what the truth says of the one."""
    (told,) = (one for one in district.programmes if one["name"] == NO_EFFECT)
    arm = told["arms"]["enrolled"]
    prevented = arm["without"]["admissions"] - arm["with"]["admissions"]
    by_score, by_admissions = of_the_programme(district), of_the_often_admitted(district)
    group, said = "programmes of no effect", "% fewer admissions after than before,"
    return [
        figure((group, "people taken by the highest scores"), Measured(arm["people"]), scale=1),
        figure(
            (group, f"{said} highest scores"),
            naive_change(by_score),
            (_LEAST_BY_SCORE, _EVERYTHING),
            tolerance=0,
        ),
        figure((group, "planted effect on the rate"), Measured(told["effect"]), 1.0, 0, scale=1),
        figure((group, "admissions prevented, in truth"), Measured(prevented), 0.0, 0, scale=1),
        figure(
            (group, "people with three or more admissions told"),
            Measured(by_admissions["person"].nunique()),
            scale=1,
        ),
        figure(
            (group, f"{said} three or more"),
            naive_change(by_admissions),
            (_LEAST_BY_ADMISSIONS, _EVERYTHING),
            tolerance=0,
        ),
    ]
