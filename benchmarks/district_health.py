"""How ill and how frail people are, and how they live, beside published orders of magnitude.

Of everybody registered in the district on 1 January, by what was known then.

References
----------
Clegg A. et al. Age and Ageing 2016, doi:10.1093/ageing/afw039: electronic frailty index.
Barnett K. et al. Lancet 2012, doi:10.1016/S0140-6736(12)60240-2: multimorbidity.
Office for National Statistics, Census 2021: age, care homes, living alone; national life tables
2020 to 2022: deaths.
NHS England, Adult social care activity and finance, 2023-24: long-term support.
"""

from __future__ import annotations

import pandas as pd

from benchmarks.district_figure import Figure, figure, mean

__all__ = ["frailty", "frailty_bands", "living", "mortality", "multimorbidity"]

_DEFICITS = 36
_POLYPHARMACY = 5
"""Distinct substances in twelve months; polypharmacy is one of the 36 deficits."""
_FRAIL_FROM = (0.12, 0.24, 0.36)
"""An index above them is mild, moderate and severe frailty."""
_FRAILTY = {"fit": 50.0, "mild": 35.0, "moderate": 12.0, "severe": 3.0}
_OLD, _OLDEST = 65, 85
_MULTIMORBID = {
    "0 to 24": (0, 25, 1.9),
    "25 to 44": (25, 45, 11.3),
    "45 to 64": (45, 65, 30.4),
    "65 to 84": (65, 85, 64.9),
    "85 and over": (85, 200, 81.5),
}
"""Percent with two or more of forty conditions, by age. The young are shown for information: few of
them are ill, and no list is made of them."""
_CONDITIONS = 2
_AGED_65, _CARE_HOME, _OF_THEM_85 = 25.0, 2.5, 56.4
_ALONE = {"women": 36.3, "men": 22.7}
_LONG_TERM_CARE = 5.3
_TENTH = 0.10
_DEATHS = {
    65: (15.0, 10.0),
    75: (37.0, 25.0),
    80: (63.0, 45.0),
    85: (111.0, 85.0),
    90: (187.0, 155.0),
}
"""Deaths a year per 1,000 men and women of an age."""
_YEARS_AROUND = 2
_PER_1000 = 1000.0


def frailty_bands(rows: pd.DataFrame) -> pd.Series[int]:
    """Band of the electronic frailty index: 0 fit, 1 mild, 2 moderate, 3 severe."""
    deficits = rows["deficits_count"] + (rows["substances_count"] >= _POLYPHARMACY)
    index = deficits / _DEFICITS
    return sum(((index > least).astype(int) for least in _FRAIL_FROM), start=0 * index.astype(int))


def frailty(rows: pd.DataFrame) -> list[Figure]:
    """Percent of people aged 65 or over in each band of the electronic frailty index."""
    old = rows[rows["age"] >= _OLD]
    band = frailty_bands(old)
    return [
        figure(
            ("frailty at 65 and over", name),
            mean(old.assign(here=band == place), "here"),
            expected,
        )
        for place, (name, expected) in enumerate(_FRAILTY.items())
    ]


def multimorbidity(rows: pd.DataFrame) -> list[Figure]:
    """Percent with two or more long-term conditions in the practice record, by age."""
    with_many = rows.assign(many=rows["ltc_count"] >= _CONDITIONS)
    found = []
    for name, (first, last, expected) in _MULTIMORBID.items():
        aged = mean(with_many, "many", rows["age"].between(first, last - 1))
        made = figure(("two or more long-term conditions", f"age {name}"), aged, expected)
        found.append(made.for_information() if first == 0 else made)
    return found


def mortality(rows: pd.DataFrame) -> list[Figure]:
    """Deaths a year per 1,000 men and women of some ages, and of two years more or less."""
    return [
        figure(
            ("deaths a year per 1,000", f"{sex} aged {age}"),
            mean(
                rows,
                "died",
                rows["age"].between(age - _YEARS_AROUND, age + _YEARS_AROUND)
                & (rows["female"] == (sex == "women")),
            ),
            expected,
            scale=_PER_1000,
        )
        for age, by_sex in _DEATHS.items()
        for sex, expected in zip(("men", "women"), by_sex, strict=True)
    ]


def living(rows: pd.DataFrame) -> list[Figure]:
    """Age, care homes, living alone and long-term social care."""
    aged = rows.assign(
        old=rows["age"] >= _OLD,
        oldest=rows["age"] >= _OLDEST,
    )
    old = aged["old"]
    group = "how people live"
    alone = [
        figure(
            (group, f"{sex} aged 65 or over who live alone"),
            mean(aged, "has_no_company", old & (aged["female"] == (sex == "women"))),
            expected,
        )
        for sex, expected in _ALONE.items()
    ]
    return [
        figure((group, "aged 65 or over"), mean(aged, "old"), _AGED_65, _TENTH),
        figure(
            (group, "of 65 and over, in a care home"), mean(aged, "has_care_home", old), _CARE_HOME
        ),
        figure(
            (group, "of these, aged 85 or over"),
            mean(aged, "oldest", old & (aged["has_care_home"] > 0)),
            _OF_THEM_85,
        ),
        *alone,
        figure(
            (group, "of 65 and over, long-term social care in a year"),
            mean(aged, "has_long_term_care", old),
            _LONG_TERM_CARE,
        ),
    ]
