"""Lives: rules of rates, the order of events, what an enrolment changes and what it does not."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskstrat.compiled import compiled
from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.lives import SHARE_THROUGH_EMERGENCY_DEPARTMENT, live
from riskstrat.simulation.lives.programme import Enrolments
from riskstrat.simulation.lives.rates import build_rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_EXCESS,
    HIGHEST,
    MOST_NIGHTS,
    age_of,
    care_home_rate,
    chosen,
    nights_in_hospital,
    onset_rates,
    rates_of,
)
from riskstrat.simulation.people.identity import nhs_numbers
from riskstrat.simulation.people.people import GRID, build_people, prior
from riskstrat.simulation.people.places import District
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import NEVER, Period, months

PERIOD = Period.of(date(2021, 1, 1), date(2024, 12, 31))
CONDITIONS = len(column("conditions", "condition"))
RATES = build_rates(Setting(), PERIOD.first, PERIOD.last)
MIDDLE = PERIOD.first + 700


def _none() -> np.ndarray:
    return np.full(CONDITIONS, NEVER)


def _rates(onset, *, age=70, decile=5, female=0, alone=0, care_home=False, day=MIDDLE):
    return rates_of(RATES, female, decile, age, alone, care_home, onset, day)


@pytest.fixture(scope="module")
def people():
    keyed = Keyed(4)
    district = District.of(keyed, 3000)
    return build_people(keyed, district, np.arange(3000), nhs_numbers(keyed, 3000), PERIOD)


@pytest.fixture(scope="module")
def lives(people):
    return live(Keyed(4), people, RATES, PERIOD.last, Enrolments.nobody())


def test_a_condition_counts_from_the_day_after_its_diagnosis() -> None:
    onset = _none()
    onset[condition_index("copd")] = MIDDLE
    before, on, after = (_rates(onset, day=MIDDLE + days) for days in (-1, 0, 1))
    assert before == on == _rates(_none())
    effect = RATES.admission_effect[70] * numbers("conditions", "admission_log_rate")
    raw = [-np.log(1 - rate / HIGHEST) for rate in (on[0], after[0])]
    assert raw[1] / raw[0] == pytest.approx(np.exp(effect[condition_index("copd")]))
    assert after[2] > on[2]


def test_what_a_condition_adds_falls_with_age_and_no_rate_passes_the_highest() -> None:
    everything = np.full(CONDITIONS, 0)
    young = _rates(everything, age=50)[0] / _rates(_none(), age=50)[0]
    onset = _none()
    onset[condition_index("heart_failure")] = 0
    ratios = [_rates(onset, age=age)[0] / _rates(_none(), age=age)[0] for age in (50, 70, 90)]
    assert ratios[0] > ratios[1] > ratios[2] > 1
    assert young > 1
    assert _rates(everything, age=95)[0] <= HIGHEST


def test_pairs_of_conditions_add_more_than_each_and_a_stronger_setting_more_still() -> None:
    both, one, other = _none(), _none(), _none()
    one[condition_index("heart_failure")] = both[condition_index("heart_failure")] = 0
    other[condition_index("ckd")] = both[condition_index("ckd")] = 0
    strong = build_rates(Setting(interactions=3.0), PERIOD.first, PERIOD.last)
    additive = build_rates(Setting(interactions=0.0), PERIOD.first, PERIOD.last)

    def log_rate(rates, onset):
        return np.log(rates_of(rates, 0, 5, 60, 0, False, onset, MIDDLE)[0])

    def extra(rates):
        parts = [log_rate(rates, onset) for onset in (both, one, other, _none())]
        return parts[0] - parts[1] - parts[2] + parts[3]

    assert extra(additive) == pytest.approx(0, abs=0.02)
    assert 0.2 < extra(RATES) < extra(strong)


@pytest.mark.parametrize(
    ("first", "second", "position"),
    [
        ({"decile": 1}, {"decile": 10}, 0),
        ({"decile": 1}, {"decile": 10}, 1),
        ({"alone": 1}, {}, 0),
        ({"care_home": True}, {}, 0),
        ({"care_home": True}, {}, 2),
        ({"female": 0}, {"female": 1}, 2),
        ({"age": 90}, {"age": 70}, 3),
    ],
)
def test_who_has_the_higher_rate(first, second, position) -> None:
    """Position 0 admission, 1 attendance, 2 death, 3 fatality."""
    assert _rates(_none(), **first)[position] > _rates(_none(), **second)[position]


def test_nobody_falls_ill_twice_and_more_conditions_bring_more() -> None:
    out = np.empty(CONDITIONS)
    few = onset_rates(RATES, 1, 5, 70, _none(), out)
    assert out.sum() == pytest.approx(few)
    assert out[condition_index("prostate")] == 0
    onset = _none()
    onset[:10] = 0
    onset_rates(RATES, 1, 5, 70, onset, out)
    assert (out[:10] == 0).all()
    assert (out[10:] >= 0).all()
    fewer = _none()
    fewer[:2] = 0
    onset_rates(RATES, 0, 5, 70, fewer, other := np.empty(CONDITIONS))
    onset_rates(RATES, 0, 5, 70, onset, out)
    assert (out[10:] > other[10:]).any()


def test_a_position_is_chosen_by_its_weight() -> None:
    weights = np.array([0.0, 2.0, 0.0, 6.0, 0.0])
    shares = (np.arange(1000) + 0.5) / 1000
    found = np.bincount([chosen(weights, share) for share in shares], minlength=5)
    assert found.tolist() == [0, 250, 0, 750, 0]


def test_a_care_home_is_likelier_with_dementia_and_some_months_after_a_discharge() -> None:
    usual = care_home_rate(RATES, 85, False, 10_000)
    assert care_home_rate(RATES, 85, True, 10_000) == pytest.approx(4 * usual)
    rates = [care_home_rate(RATES, 85, False, days) for days in (59, 60, 179, 180)]
    assert rates == pytest.approx([usual, 5 * usual, 5 * usual, usual])
    assert care_home_rate(RATES, 40, True, 100) == 0


def test_nights_have_a_share_without_any_and_an_end() -> None:
    assert nights_in_hospital(RATES, 70, RATES.zero_day[70] - 1e-9, 0.5, 0.5) == 0
    assert nights_in_hospital(RATES, 70, RATES.zero_day[70] + 1e-9, 1e-300, 1.0) == MOST_NIGHTS
    assert nights_in_hospital(RATES, 70, 0.99, 0.5, 0.5) >= 1


def test_age_is_in_completed_years_and_within_the_tables() -> None:
    assert [age_of(0, day) for day in (-5, 0, 365, 366, 730, 60_000)] == [0, 0, 0, 1, 1, 110]


def test_mondays_and_winters_have_more_admissions_and_a_shock_fewer() -> None:
    day = np.arange(PERIOD.first, PERIOD.last + 1)
    season = RATES.season[0]
    by_weekday = [season[(day + 3) % 7 == weekday].mean() for weekday in range(7)]
    assert int(np.argmax(by_weekday)) == 0
    month = months(day) % 12
    assert season[month == 0].mean() > 1.05 * season[month == 6].mean()
    struck = build_rates(Setting(shock=date(2022, 3, 1)), PERIOD.first, PERIOD.last).season
    ratio = struck / RATES.season
    begin = (date(2022, 3, 1) - date(2021, 1, 1)).days
    assert ratio[:, begin - 1].tolist() == ratio[:, begin + 365].tolist() == [1, 1, 1]
    assert ratio[0, begin] == ratio[0, begin + 364] < 1 < ratio[2, begin]


def test_events_of_a_person_are_in_order(people, lives) -> None:
    """In hospital nobody is admitted, attends or dies elsewhere; after death nothing happens."""
    row, start, end = lives.admissions.row, lives.admissions.start, lives.admissions.end
    assert (np.lexsort((start, row)) == np.arange(len(row))).all()
    same = row[1:] == row[:-1]
    assert (start[1:][same] > end[:-1][same]).all()
    assert (start >= people.entry[row]).all()
    assert (end <= lives.death[row]).all()
    assert (lives.death[row[lives.admissions.died]] == end[lives.admissions.died]).all()
    day, who = lives.attendances.day, lives.attendances.row
    assert (day <= lives.death[who]).all()
    assert (day >= people.entry[who]).all()
    inside = {(r, d) for r, s, e in zip(row, start, end, strict=True) for d in range(s, e + 1)}
    assert not inside & set(zip(who.tolist(), day.tolist(), strict=True))
    assert (lives.onset >= people.birth[:, None]).all()
    share = lives.admissions.through_emergency_department.mean()
    assert share == pytest.approx(SHARE_THROUGH_EMERGENCY_DEPARTMENT, abs=0.04)


def test_a_life_is_the_same_alone_or_among_others_and_however_long_it_is_followed(people, lives):
    some = np.array([5, 700, 2999])
    alone = live(Keyed(4), people.take(some), RATES, PERIOD.last - 400, Enrolments.nobody())
    np.testing.assert_array_equal(
        alone.care_home,
        np.where(lives.care_home[some] <= PERIOD.last - 400, lives.care_home[some], NEVER),
    )
    for position, row in enumerate(some):
        early = (lives.admissions.row == row) & (lives.admissions.start <= PERIOD.last - 400)
        found = alone.admissions.start[alone.admissions.row == position]
        np.testing.assert_array_equal(found, lives.admissions.start[early])


def _enrolled(people, factor: float, start: int) -> Enrolments:
    person = people.number
    return Enrolments(
        person,
        np.full(len(person), start),
        np.full(len(person), NEVER),
        np.full(len(person), factor),
        np.zeros(len(person), np.int64),
    )


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.0])
def test_an_enrolment_changes_nothing_before_it_and_its_factor_afterwards(
    people, lives, factor
) -> None:
    other = live(Keyed(4), people, RATES, PERIOD.last, _enrolled(people, factor, MIDDLE))

    def told(found, before):
        chosen_ones = (found.admissions.start < MIDDLE) == before
        return list(
            zip(found.admissions.row[chosen_ones], found.admissions.start[chosen_ones], strict=True)
        )

    assert told(other, True) == told(lives, True)
    early = lives.attendances.day < MIDDLE
    np.testing.assert_array_equal(
        lives.attendances.day[early], other.attendances.day[other.attendances.day < MIDDLE]
    )
    after, usual = set(told(other, False)), set(told(lives, False))
    if factor == 1.0:
        assert after == usual
        np.testing.assert_array_equal(other.death, lives.death)
    first = dict(sorted(usual, reverse=True))
    first_other = dict(sorted(after, reverse=True))
    if factor < 1:
        assert len(after) / len(usual) == pytest.approx(0.5, abs=0.12)
        assert all(first_other[row] >= first.get(row, 0) for row in first_other if row in first)
    if factor > 1:
        assert len(after) > 1.5 * len(usual)
        assert all(first_other.get(row, NEVER) <= first[row] for row in first)


def test_the_excess_after_a_discharge_dies_away(lives) -> None:
    row, start, end = lives.admissions.row, lives.admissions.start, lives.admissions.end
    wait = (start[1:] - end[:-1])[row[1:] == row[:-1]]
    early, late = (wait <= 20).sum() / 20, ((wait > 120) & (wait <= 360)).sum() / 240
    assert early > 0.5 * ADMISSION_EXCESS * late


def test_the_prior_sums_to_one_and_varies_less_among_the_old() -> None:
    chance = prior()
    np.testing.assert_allclose(chance.sum(axis=1), 1)
    mean = chance @ GRID
    variance = chance @ GRID**2 - mean**2
    assert mean[20] == pytest.approx(1, abs=0.02)
    assert variance[20] == pytest.approx(1.6, rel=0.05)
    assert mean[90] < 0.75
    assert variance[90] / mean[90] ** 2 < 0.5 * variance[20]


def test_prevalence_among_the_living_is_as_declared() -> None:
    """Of conditions that hardly kill: the share who have them, by age."""
    keyed, count = Keyed(9), 20_000
    period = Period.of(date(2024, 1, 1), date(2024, 12, 31))
    district = District.of(keyed, count)
    folk = build_people(keyed, district, np.arange(count), np.zeros(count, np.int64), period)
    found = live(
        keyed,
        folk,
        build_rates(Setting(), period.first, period.last),
        period.first,
        Enrolments.nobody(),
    )
    age = (period.first - folk.birth) / 365.25
    for condition in ("hypertension", "osteoarthritis", "diabetes"):
        number = condition_index(condition)
        share, median, spread = (
            numbers("conditions", name)[number] for name in ("share", "median_age", "spread_years")
        )
        for low in (45, 65):
            group = (age >= low) & (age < low + 10)
            expected = (share / (1 + np.exp(-(age[group] - median) / spread))).mean()
            assert (found.onset[group, number] < NEVER).mean() == pytest.approx(expected, rel=0.25)


def test_state_at_the_beginning_of_a_month_knows_nothing_later(people, lives) -> None:
    keyed = Keyed(4)
    block = Block(keyed, Setting(), District.of(keyed, 3000), PERIOD, people, lives)
    month = 20
    day = block.months[month]
    onset = np.where(lives.onset < day, lives.onset, NEVER)
    cut = replace(block, lives=replace(lives, onset=onset))
    np.testing.assert_array_equal(block.count[:, : month + 1], cut.count[:, : month + 1])
    np.testing.assert_array_equal(block.has("copd")[:, month], cut.has("copd")[:, month])
    first = block.occurrences("a visit", 4.0)
    assert (first.day >= people.entry[first.row]).all()
    assert (first.day < block.stop[first.row]).all()
    years = (block.stop - people.entry).clip(0).sum() / 365.25
    assert len(first) == pytest.approx(4 * years, rel=0.02)
    shorter = block.occurrences("a visit", 4.0, stop=np.full(len(people), day))
    kept = first.day < day
    np.testing.assert_array_equal(shorter.day, first.day[kept])
    np.testing.assert_array_equal(shorter.draws.uniform("x"), first.draws.uniform("x")[kept])


def test_compiled_code_is_kept_until_any_file_of_the_simulator_changes() -> None:
    """All loops bear one stamp; a function compiled again gives what the interpreter gives."""
    stamps = {loop._cache._cache_file._source_stamp for loop in (rates_of, onset_rates, chosen)}
    assert len(stamps) == 1
    assert chosen(np.array([1.0, 3.0]), 0.5) == chosen.py_func(np.array([1.0, 3.0]), 0.5)
    assert callable(compiled)
