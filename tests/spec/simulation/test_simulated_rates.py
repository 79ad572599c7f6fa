"""How often things happen in a simulated district, against published orders of magnitude.

The figures, their sources and their limits are those of `benchmarks.district_*`; see `conftest` for
how much wider the limits are at this size.
"""

from __future__ import annotations

import numpy as np
import pytest
from benchmarks import district_health as health
from benchmarks import district_outcomes as outcomes
from benchmarks import district_predictors as predictors
from benchmarks import district_use as use
from benchmarks.district_figure import misses, ratio

ERRORS = 3.0


@pytest.mark.parametrize(
    "figures", [outcomes.by_age, outcomes.by_decile, outcomes.by_sex], ids=lambda f: f.__name__
)
def test_admission_or_death_is_as_common_as_in_scotland(scotland, figures) -> None:
    """Within 10 % in every ten-year age band, decile of deprivation, and sex."""
    assert misses(figures(scotland), ERRORS) == []


def test_deaths_are_as_common_and_a_third_have_no_admission_before_them(scotland) -> None:
    assert misses(outcomes.deaths(scotland), ERRORS) == []


def test_most_people_admitted_are_admitted_once_and_a_few_very_often(scotland) -> None:
    assert misses(outcomes.repeat_admissions(scotland), ERRORS) == []


def test_first_events_come_early_in_the_year(scotland) -> None:
    """About 12 % in the first month, 7 to 8 % in the last."""
    found = outcomes.first_events(scotland)
    assert misses(found, ERRORS) == []
    assert sum(one.found for one in found) == pytest.approx(100)


def test_the_strongest_predictors_are_as_common_among_cases_and_others(scotland) -> None:
    assert misses(predictors.prevalence(scotland), ERRORS) == []


def test_as_much_is_prescribed_as_in_scotland(scotland) -> None:
    assert misses(predictors.amounts(scotland), ERRORS) == []


def test_the_twelve_strongest_predictors_differ_most_between_cases_and_others() -> None:
    strongest = predictors.strongest()
    assert len(strongest) == 12
    least = min(one.difference for one in strongest)
    others = {one for one in predictors.PREDICTORS if one not in strongest}
    stronger = {one.label for one in others if one.difference > least}
    assert stronger == {"new outpatient"}, "which linked records do not tell from others"


def test_old_people_are_as_frail_as_published(rows) -> None:
    found = health.frailty(rows)
    assert misses(found, ERRORS) == []
    assert sum(one.found for one in found) == pytest.approx(100)


def test_conditions_gather_with_age_as_published(rows) -> None:
    assert misses(health.multimorbidity(rows), ERRORS) == []


def test_people_live_as_the_census_found_them(rows) -> None:
    """Share aged 65 or over, care homes, living alone, long-term social care."""
    assert misses(health.living(rows), ERRORS) == []


def test_people_see_their_practice_as_often_as_published(services_used) -> None:
    assert misses(use.consultations(services_used), ERRORS) == []


def test_people_attend_emergency_departments_as_often_as_published(services_used) -> None:
    assert misses(use.departments(services_used), ERRORS) == []


def test_a_third_of_emergency_admissions_have_no_night_and_old_people_stay_long(district) -> None:
    assert misses(use.nights(district), ERRORS) == []


def test_people_come_back_within_thirty_days_as_often_as_published(district) -> None:
    assert misses(use.readmissions(district), ERRORS) == []


def test_rates_do_not_drift_from_year_to_year(rows) -> None:
    """People have lived under the same rates before the period: the years are alike."""
    old = rows[rows["age"] >= 65]
    first, last = (
        ratio(some, some["admitted"])
        for some in (old[old["index_date"].dt.year == year] for year in (2022, 2024))
    )
    assert abs(last.value - first.value) < ERRORS * np.hypot(last.error, first.error)


def test_as_many_men_and_women_die_as_in_life_tables(rows) -> None:
    assert misses(health.mortality(rows), ERRORS) == []


def test_the_next_admission_is_likelier_soon_after_a_discharge(district) -> None:
    """Of first discharges with a year to follow, more come back in month 1 than in month 12."""
    wait = district.frame(
        """
        with e as (select patient_id, end_date, lead(start_date)
            over (partition by patient_id order by start_date) as next_start,
            row_number() over (partition by patient_id order by start_date) as number
            from stays where is_emergency)
        select date_diff('day', end_date, next_start) as wait from e
        where end_date < date '2023-12-31' and number = 1
        """
    )["wait"]
    first, last = wait.between(0, 30).mean(), wait.between(331, 361).mean()
    assert first > 3 * last


def test_the_multiplier_acts_on_admissions_and_attendances_and_on_nothing_else(district) -> None:
    """Ranks of the multiplier go with them, not with contacts, conditions, medicines or support."""
    people = district.frame(
        """
        with e as (select patient_id, count(*) filter (kind = 'medication') as medicines,
            count(*) filter (kind in ('contact', 'appointment')) as contacts,
            count(distinct code) filter (kind = 'diagnosis' and source = 'gp') as conditions
            from events group by 1),
        s as (select patient_id, count(*) filter (is_emergency) as admissions,
            count(*) filter (kind = 'emergency_department') as attendances,
            count(*) filter (kind = 'outpatient') as appointments from stays group by 1)
        select t.multiplier, t.conditions as true_conditions, e.* exclude (patient_id),
            s.* exclude (patient_id)
        from truth_persons t join patients p using (patient_id)
        left join e using (patient_id) left join s using (patient_id)
        where p.birth_month between date '1970-01-01' and date '1999-01-01'
        """
    ).fillna(0)
    correlation = people.rank().corr()["multiplier"]
    noise = ERRORS / np.sqrt(len(people))
    assert correlation[["admissions", "attendances"]].min() > 5 * noise
    apart = ["contacts", "conditions", "true_conditions", "medicines", "appointments"]
    assert correlation[apart].abs().max() < noise


def test_predictors_of_everybody_lie_between_those_of_cases_and_others() -> None:
    """A slip in copying a published table would show here."""
    for one in predictors.PREDICTORS:
        assert one.others <= one.everybody <= one.cases


def test_age_bands_weigh_as_in_scotland(scotland) -> None:
    weight = scotland.groupby(outcomes.age_band(scotland))["weight"].sum()
    share = weight / weight.sum()
    assert share[9] == pytest.approx(119 / 12_866, rel=0.01)
    assert share[0] == pytest.approx(1_356 / 12_866, rel=0.01)
