"""How often things happen, against published orders of magnitude (bands, not estimates).

Sources: Liley et al. 2024 (SPARRA version 4) for admissions, repeats and deaths without admission;
ONS life tables 2020 to 2022 for deaths; ONS Census 2021 for age structure and care homes.
"""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score


@pytest.mark.parametrize(
    ("low", "high", "at_least", "at_most"),
    [
        (10, 20, 0.03, 0.06),
        (20, 50, 0.040, 0.070),
        (50, 65, 0.055, 0.090),
        (65, 75, 0.090, 0.145),
        (75, 80, 0.13, 0.23),
        (80, 90, 0.22, 0.32),
        (90, 120, 0.28, 0.50),
    ],
)
def test_emergency_admission_within_a_year_rises_with_age(
    rates, low, high, at_least, at_most
) -> None:
    people = rates(f"age >= {low} and age < {high}")
    assert at_least < (people["admissions"] > 0).mean() < at_most


def test_about_one_in_eleven_is_admitted_and_the_tail_is_long(rates) -> None:
    """Of those admitted in a year about 74 % are admitted once, 1 % six times or more."""
    people = rates("true")
    assert 0.078 < (people["admissions"] > 0).mean() < 0.100
    repeats = people.loc[people["admissions"] > 0, "admissions"]
    assert 0.68 < (repeats == 1).mean() < 0.80
    assert 0.004 < (repeats >= 6).mean() < 0.02


def test_deaths_are_as_frequent_as_expected_and_a_third_have_no_admission_first(rates) -> None:
    people = rates("true")
    assert 0.010 < people["dies"].mean() < 0.016
    assert 0.27 < (people.loc[people["dies"], "admissions"] == 0).mean() < 0.45
    women, men = (
        people.loc[(people["sex"] == sex) & people["age"].between(70, 84), "dies"].mean()
        for sex in ("female", "male")
    )
    assert women < men


def test_rates_do_not_drift_from_year_to_year(rates) -> None:
    """People have lived under the same rates before: the last two years are like the first two."""
    old = rates("age >= 65")
    early = old.loc[old["day"] < "2021-01-01", "admissions"].gt(0).mean()
    late = old.loc[old["day"] >= "2023-01-01", "admissions"].gt(0).mean()
    assert 0.85 < late / early < 1.15


def test_a_quarter_is_65_or_over_and_few_of_them_live_in_a_care_home(district, rates) -> None:
    everybody = rates("day = date '2022-01-01'")
    assert 0.22 < (everybody["age"] >= 65).mean() < 0.29
    in_care_homes = district.count(
        """
        select count(distinct y.patient_id) from person_years y join residences r using (patient_id)
        where y.day = date '2022-01-01' and y.age >= 65 and r.care_home and r.start_date < y.day
            and r.superseded_date is null and (r.end_date is null or r.end_date > y.day)
        """
    )
    assert 0.015 < in_care_homes / (everybody["age"] >= 65).sum() < 0.045


def test_more_deprived_areas_have_more_admissions(district) -> None:
    admitted = district.frame(
        """
        with home as (select distinct on (patient_id) patient_id, imd_decile from residences
            order by patient_id, start_date)
        select h.imd_decile <= 3 as deprived, avg(cast(y.admissions > 0 as integer)) as share
        from person_years y join home h using (patient_id)
        where h.imd_decile <= 3 or h.imd_decile >= 8 group by 1 order by 1
        """
    )["share"]
    assert admitted[1] > 1.1 * admitted[0]


def test_a_third_of_emergency_admissions_have_no_night_and_old_people_stay_longer(district) -> None:
    nights = district.frame(
        """
        select date_diff('day', s.start_date, s.end_date) as nights,
            date_diff('year', p.birth_month, s.start_date) as age
        from stays s join patients p using (patient_id)
        where s.is_emergency and s.end_date is not null
        """
    )
    assert 0.28 < (nights["nights"] == 0).mean() < 0.40
    by_age = nights.groupby(nights["age"] >= 75)["nights"].mean()
    assert by_age[True] > 1.5 * by_age[False]


def test_the_next_admission_is_likelier_soon_after_a_discharge(district) -> None:
    """Of first discharges with a year to follow, more come back in month 1 than in month 12."""
    again = district.frame(
        """
        with e as (select patient_id, start_date, end_date, lead(start_date)
            over (partition by patient_id order by start_date) as next_start,
            row_number() over (partition by patient_id order by start_date) as number
            from stays where is_emergency and discharge_method = '1')
        select date_diff('day', end_date, next_start) as wait from e
        where end_date < date '2023-12-31' and number = 1
        """
    )["wait"]
    first, last = again.between(0, 30).mean(), again.between(331, 361).mean()
    assert 0.04 < first < 0.16
    assert first > 3 * last


def test_the_multiplier_acts_on_admissions_and_on_nothing_else_recorded(district, rates) -> None:
    """Ranks of the multiplier go with admissions, not with contacts, conditions or medicines."""
    frame = district.frame(
        """
        with e as (select patient_id, count(*) filter (kind = 'medication') as medicines,
            count(*) filter (kind in ('contact', 'appointment')) as contacts
            from events group by 1),
        s as (select patient_id, count(*) as admissions from stays where is_emergency group by 1)
        select t.multiplier, t.conditions, coalesce(e.contacts, 0) as contacts,
            coalesce(e.medicines, 0) as medicines, coalesce(s.admissions, 0) as admissions
        from truth_people t join patients p using (patient_id)
        left join e using (patient_id) left join s using (patient_id)
        where p.birth_month between date '1970-01-01' and date '1999-01-01'
        """
    ).rank()
    correlation = frame.corr()["multiplier"]
    noise = 3 / np.sqrt(len(frame))
    assert correlation["admissions"] > 0.2
    assert abs(correlation["contacts"]) < noise
    assert abs(correlation["conditions"]) < noise
    assert abs(correlation["medicines"]) < noise


def test_the_true_rate_ranks_people_better_than_age_but_not_perfectly(district, rates) -> None:
    adults = district.frame(
        """
        select y.age, y.admissions, t.yearly_rate from person_years y
        join truth_rates t on t.patient_id = y.patient_id and t.date = y.day where y.age >= 18
        """
    )
    admitted = adults["admissions"] > 0
    by_age, by_truth = (roc_auc_score(admitted, adults[name]) for name in ("age", "yearly_rate"))
    assert 0.60 < by_age < 0.75
    assert 0.80 < by_truth < 0.90
    assert 0.7 < adults["admissions"].mean() / adults["yearly_rate"].mean() < 1.3
