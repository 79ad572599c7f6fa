"""How much care people use, beside published orders of magnitude.

Events of the year after each index date, per year registered and alive in it; stays that began in
those years.

References
----------
Hobbs F. D. R. et al. Lancet 2016, doi:10.1016/S0140-6736(16)00620-6: consultations, 4.67 to 5.16 a
person and year. Rates by age are from memory of the same paper and of NHS England's Hospital
Accident and Emergency Activity; so are the lengths of stay by age.
Nuffield Trust and The Health Foundation, Focus on: emergency hospital care, 2018: a third of
emergency admissions without a night.
Blunt I. et al. BMJ Quality and Safety 2015, doi:10.1136/bmjqs-2014-003023: readmission.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.district_figure import NEAR, Figure, figure, mean, ratio
from benchmarks.district_people import INDEX_DATES, WINDOW_DAYS, District
from riskstrat.records.known import HOSPITAL_DESTINATIONS
from riskstrat.windows import PredictionWindow, age_sql, days_sql, prediction_sql

__all__ = ["consultations", "departments", "nights", "readmissions", "used"]

_WINDOW = PredictionWindow(WINDOW_DAYS)
_EVERYBODY = (0, 200)
_CONSULTATIONS = {
    "everybody": (*_EVERYBODY, (4.67, 5.16)),
    "age 20 to 44": (20, 45, (3.0, 4.0)),
    "age 45 to 64": (45, 65, (5.0, 6.0)),
    "age 65 to 74": (65, 75, (7.0, 8.0)),
    "age 75 to 84": (75, 85, (10.0, 10.0)),
    "age 85 and over": (85, 200, (13.0, 13.0)),
}
_ATTENDANCES = {
    "age 65 to 69": (65, 70, 330.0),
    "age 75 to 79": (75, 80, 480.0),
    "age 85 to 89": (85, 90, 790.0),
    "age 90 and over": (90, 200, 950.0),
}
"""Attendances at emergency departments per 1,000 people and year."""
_OLD_ATTENDANCES = 16.7
"""Percent by people aged 75 or over in England, which is younger: for information."""
_OLD = 75
_ADMITTED_FROM = 29.0
"""Percent of attendances at major departments that lead to admission, 2017/18."""
_NO_NIGHT = 100 / 3
_NIGHTS = {
    "age 65 to 74": (65, 75, 6.5),
    "age 75 to 84": (75, 85, 8.0),
    "85 and over": (85, 200, 9.5),
}
_ALL_NIGHTS = (4.9, 5.0)
_READMITTED = 7.0
_READMITTED_WITHIN_DAYS = 30
_PER_1000 = 1000.0
_TENTH = 0.10


def used(district: District) -> pd.DataFrame:
    """The district's rows with what was used in the year after the index date.

    Columns ``consultations`` at the practice, ``attendances`` at emergency departments, and
    ``admitted_through`` them.
    """
    found = district.frame(f"""
        with contacts as (
            select k.person, k.index_date, count(*) as consultations
            from cohort_keys k join events e using (patient_id)
            where e.kind in ('contact', 'appointment') and e.source = 'gp'
                and e.attendance = 'attended'
                and {prediction_sql("e.event_date", _WINDOW, "k.index_date")} group by all
        ), hospital as (
            select k.person, k.index_date,
                count(*) filter (s.kind = 'emergency_department') as attendances,
                count(*) filter (s.is_emergency and s.admission_method = '21') as admitted_through
            from cohort_keys k join stays s using (patient_id)
            where {prediction_sql("s.start_date", _WINDOW, "k.index_date")} group by all
        )
        select * from contacts full join hospital using (person, index_date)
    """)
    joined = district.rows.merge(found, on=["person", "index_date"], how="left")
    new = ["consultations", "attendances", "admitted_through"]
    joined[new] = joined[new].fillna(0)
    return joined


def consultations(rows: pd.DataFrame) -> list[Figure]:
    """Attended appointments and contacts at the practice a year; `rows`: see :func:`used`."""
    found = []
    for name, (first, last, expected) in _CONSULTATIONS.items():
        some = rows[rows["age"].between(first, last - 1)]
        measured = ratio(some, some["consultations"], some["exposure"])
        tolerance = NEAR if expected[0] == expected[1] else _TENTH
        found.append(figure(("consultations a year", name), measured, expected, tolerance, scale=1))
    return found


def departments(rows: pd.DataFrame) -> list[Figure]:
    """Attendances at emergency departments; `rows`: see :func:`used`."""
    found = []
    for name, (first, last, expected) in _ATTENDANCES.items():
        some = rows[rows["age"].between(first, last - 1)]
        measured = ratio(some, some["attendances"], some["exposure"])
        what = ("attendances at emergency departments per 1,000 a year", name)
        found.append(figure(what, measured, expected, scale=_PER_1000))
    old = ratio(rows, rows["attendances"] * (rows["age"] >= _OLD), rows["attendances"])
    through = ratio(rows, rows["admitted_through"], rows["attendances"])
    group = "of attendances at emergency departments"
    return [
        *found,
        figure((group, "by people aged 75 or over"), old, _OLD_ATTENDANCES).for_information(),
        figure((group, "that led to admission"), through, _ADMITTED_FROM),
    ]


_YEARS = f"between date '{INDEX_DATES[0]}' and date '{INDEX_DATES[-1]}'"


def nights(district: District) -> list[Figure]:
    """Nights in hospital of emergency admissions, and of all admissions but day cases."""
    stays = district.frame(f"""
        select s.patient_id as person, 1.0 as weight, s.is_emergency,
            {age_sql("p.birth_month", "s.start_date")} as age,
            {days_sql("s.start_date", "s.end_date")} as nights
        from stays s join patients p using (patient_id)
        where s.kind = 'inpatient' and s.patient_class = '1' and s.end_date is not null
            and s.start_date {_YEARS}
    """)
    stays["none"] = stays["nights"] == 0
    urgent = stays["is_emergency"]
    group = "nights in hospital"
    by_age = [
        figure(
            (group, f"emergency admissions, {name}"),
            mean(stays, "nights", urgent & stays["age"].between(first, last - 1)),
            expected,
            scale=1,
        )
        for name, (first, last, expected) in _NIGHTS.items()
    ]
    return [
        figure((group, "% of emergency admissions without"), mean(stays, "none", urgent), _NO_NIGHT,
               _TENTH),
        *by_age,
        figure((group, "all admissions"), mean(stays, "nights"), _ALL_NIGHTS, scale=1),
    ]  # fmt: skip


def readmissions(district: District) -> list[Figure]:
    """Percent of live discharges with an emergency admission within 30 days."""
    left = district.frame(f"""
        select d.patient_id as person, 1.0 as weight, d.is_emergency, exists (
                select 1 from stays n where n.patient_id = d.patient_id and n.is_emergency
                    and n.stay_id <> d.stay_id and (n.start_date > d.start_date)
                    and {days_sql("d.end_date", "n.start_date")}
                        between 0 and {_READMITTED_WITHIN_DAYS}) as again
        from stays d
        where d.kind in ('inpatient', 'day_case') and d.patient_class in ('1', '2')
            and coalesce(d.discharge_method, '1') <> '4' and d.end_date {_YEARS}
            and coalesce(d.discharge_destination, '') not in {HOSPITAL_DESTINATIONS}
    """)
    group = "emergency admission within 30 days of discharge"
    urgent = left["is_emergency"]
    return [
        figure((group, "all discharges"), mean(left, "again"), _READMITTED).for_information(),
        figure((group, "after emergency admissions"), mean(left, "again", urgent)),
        figure((group, "after planned stays"), mean(left, "again", ~urgent)),
    ]
