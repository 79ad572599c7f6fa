"""The best achievable risk: its posterior, what feeds have told, and a plain simulation of both."""

from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from scipy.stats import gamma

from riskstrat.simulation.lives.rates import build_rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    ATTENDANCE_POWER,
    DEATH_DECAY,
    DEATH_EXCESS,
    nights_in_hospital,
    rates_of,
)
from riskstrat.simulation.people.people import GRID, prior
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import NEVER, Period
from riskstrat.simulation.truth.best import LONGEST_HISTORY, known_on, lasting
from riskstrat.simulation.truth.grid import posterior
from riskstrat.simulation.truth.person import Records, Tables, risks_of_all
from riskstrat.simulation.truth.record import ON_ARRIVAL, TOLD, daily_rates, told_days

PERIOD = Period.of(date(2022, 1, 1), date(2025, 12, 31))
INDEX = (date(2024, 1, 1) - date(1970, 1, 1)).days
CONDITIONS = 62
NOBODY = (np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))


def _day(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


@pytest.fixture(scope="module")
def rates():
    """Rates of a district where nobody falls ill or moves into a care home."""
    built = build_rates(Setting(), PERIOD.first, PERIOD.last)
    return built._replace(onset=built.onset * 0, care_home=built.care_home * 0)


def test_with_one_process_and_small_rates_the_posterior_is_the_gamma_formula() -> None:
    """Gamma(a, b) before, n events and exposure H seen: Gamma(a + n, b + H) after."""
    shape, rate = 0.8, 0.8
    grid = np.linspace(0.0005, 40, 40_000)
    before = gamma.pdf(grid, shape, scale=1 / rate)
    for events, exposure in ((0, 0.4), (2, 0.9), (5, 3.0)):
        after = np.empty_like(grid)
        posterior(before, grid, exposure, np.full(events, 1e-6), after)
        expected = gamma(shape + events, scale=1 / (rate + exposure))
        assert (after * grid).sum() == pytest.approx(expected.mean(), rel=0.02)
        assert after[grid < 1].sum() == pytest.approx(expected.cdf(1), abs=0.02)


def test_the_posterior_is_the_product_over_days() -> None:
    """A naive loop over days, event or none, for two processes with different powers."""
    rng = np.random.default_rng(1)
    chance = prior()[40].copy()
    expected = chance.copy()
    for values in (GRID, GRID**0.5):
        daily, happened = rng.uniform(0.001, 0.03, 300), rng.random(300) < 0.02
        posterior(chance, values, daily[~happened].sum(), daily[happened], chance)
        for day in range(300):
            none = np.exp(-values * daily[day])
            expected *= (1 - none) if happened[day] else none
    np.testing.assert_allclose(chance, expected / expected.sum(), rtol=1e-9)


@pytest.mark.parametrize(
    ("index", "untold"),
    [
        ((2024, 1, 1), (2023, 12, 1)),
        ((2024, 1, 20), (2023, 12, 1)),
        ((2024, 1, 21), (2024, 1, 1)),
        ((2024, 3, 21), (2024, 3, 1)),
    ],
)
def test_a_month_of_stays_is_known_from_the_day_after_it_was_told(index, untold) -> None:
    """The stays of December are told on 20 January: not known that day, known on the next."""
    known = known_on(_day(*index))
    assert known.untold == _day(*untold)
    assert known.index_date - known.arrivals == 2
    assert known.index_date - known.conditions == 1


def test_the_lengths_of_stays_follow_the_table(rates) -> None:
    rng = np.random.default_rng(2)
    table = lasting(rates)
    for age in (30, 70, 88):
        drawn = rng.random((20_000, 3))
        nights = np.array([nights_in_hospital(rates, age, *row) for row in drawn])
        for least in (0, 1, 2, 5, 20):
            assert (nights >= least).mean() == pytest.approx(table[age, least], abs=0.015)
        assert (np.diff(table[age]) <= 0).all()


def test_what_was_told_by_the_index_date_and_nothing_else_is_seen() -> None:
    """A stay that ended before the first untold day; an arrival told; the rest passed over."""
    entry, known = INDEX - 300, known_on(INDEX)
    starts = np.array([INDEX - 200, INDEX - 50, INDEX - 20, INDEX - 15, INDEX - 2, INDEX + 9])
    ends = np.array([INDEX - 190, known.untold - 1, INDEX - 18, INDEX - 10, INDEX, INDEX + 10])
    through = np.array([0, 0, 0, 1, 1, 1])
    visits = np.array([INDEX - 100, INDEX - 3, INDEX - 2, INDEX + 4])
    told = told_days((starts, ends, through, visits), entry, known)
    seen = {
        int(here) + entry - INDEX: int(told.admitted[here]) for here in told.admitted.nonzero()[0]
    }
    assert seen == {-200: TOLD, -50: TOLD, -15: ON_ARRIVAL}
    assert told.end[100] == INDEX - 190
    assert (np.flatnonzero(told.attended) + entry - INDEX).tolist() == [-100, -3]


def test_daily_rates_are_those_of_the_rules_on_each_day(rates) -> None:
    """A condition counts from the day after its diagnosis, a move from the next fortnight."""
    entry, moves = INDEX - 200, INDEX - 101
    onset = np.full(CONDITIONS, NEVER)
    onset[3] = INDEX - 77
    person = (INDEX - 70 * 365, entry, 1, 9, 0, moves, 2, NEVER)
    daily = daily_rates(rates, person, onset, NOBODY, INDEX)
    for day in (entry, moves + 13, INDEX - 77, INDEX - 76, INDEX - 1):
        step = entry + (day - entry) // 14 * 14
        decile = 9 if max(step, day if day == INDEX - 76 else step) < moves else 2
        age = int((step - person[0]) / 365.25)
        expected = rates_of(rates, 1, decile, age, 0, False, onset, day)
        season = rates.season[:, day - rates.first_day]
        assert daily.admission[day - entry] == pytest.approx(expected[0] * season[0])
        assert daily.attendance[day - entry] == pytest.approx(expected[1] * season[1])
        assert daily.death[day - entry] == pytest.approx(expected[2] * season[2])


def _records(birth: int, entry: int, stays: list[tuple[int, int, int]], visits: list[int]):
    whole = np.array([[1, birth, entry, 0, 5, 0, NEVER, 5, NEVER]])
    return Records(
        whole, np.array([1.0]), np.full((1, CONDITIONS), NEVER), np.array([[0], [len(stays)]]),
        np.array(stays, np.int64).reshape(-1, 3).T.copy(), np.array([[0], [len(visits)]]),
        np.array(visits, np.int64), np.zeros((2, 1), np.int64), *NOBODY,
    )  # fmt: skip


def _best(rates, records, history=LONGEST_HISTORY):
    tables = Tables(
        prior(), GRID, GRID**ATTENDANCE_POWER, lasting(rates),
        np.concatenate([np.zeros((3, 1)), np.cumsum(rates.season, axis=1)], axis=1), 0.28,
    )  # fmt: skip
    streams = tuple(np.uint64(n) for n in (11, 22, 33, 44))
    found = np.zeros((4, 1))
    risks_of_all(rates, tables, streams, records, known_on(INDEX, history), found)
    return found[:2, 0]


class _Lives:
    """Many lives of one person, day by day: the process itself, without any shortcut."""

    def __init__(self, rates, birth: int, entry: int, lives: int) -> None:
        self.rates, self.birth, self.entry = rates, birth, entry
        self.rng = np.random.default_rng(5)
        chance = prior()[int((entry - birth) / 365.25)]
        self.multiplier = self.rng.choice(GRID, lives, p=chance / chance.sum())
        self.alive = np.ones(lives, bool)
        self.end = np.full(lives, -(2**30))
        self.fatal = np.zeros(lives, bool)
        self.excess = np.zeros((2, lives))
        self.lasts = lasting(rates)

    def day(self, day: int, *, arrives_by_department=None):
        """Live one day; returns who was admitted, how, and who attended."""
        step = self.entry + (day - self.entry) // 14 * 14
        age = int((step - self.birth) / 365.25)
        base = rates_of(self.rates, 0, 5, age, 0, False, np.full(CONDITIONS, NEVER), day)
        season = self.rates.season[:, day - self.rates.first_day]
        ends_today = self.alive & self.fatal & (self.end == day - 1)
        self.alive &= ~ends_today
        home = self.alive & (day > self.end)
        draw = self.rng.random((5, len(home)))
        rate = self.multiplier * base[0] * season[0] * (1 + self.excess[0])
        admitted = home & (draw[0] < -np.expm1(-rate))
        nights = (self.lasts[age][None, 1:] > draw[1][admitted][:, None]).sum(axis=1)
        self.end[admitted] = day + nights
        self.fatal[admitted] = draw[2][admitted] < base[3]
        stays = home & ~admitted
        attended = stays & (draw[3] < -np.expm1(-(self.multiplier**0.5) * base[1] * season[1]))
        dies = stays & (draw[4] < -np.expm1(-base[2] * season[2] * (1 + self.excess[1])))
        self.alive &= ~dies
        self.excess[:, stays] *= np.array([[ADMISSION_DECAY], [DEATH_DECAY]])
        self.excess[:, admitted] = [[ADMISSION_EXCESS], [DEATH_EXCESS]]
        through = admitted & (self.rng.random(len(home)) < 0.72)
        return admitted, through, attended


@pytest.mark.parametrize(
    ("age", "stays", "visits"),
    [
        (86, [], []),
        (70, [], [-60]),
        (80, [(-12, None, 1)], []),
        (88, [(-45, -33, 0)], []),
    ],
    ids=[
        "nothing told",
        "an attendance",
        "an arrival without its stay",
        "a stay in the last month",
    ],
)
def test_the_best_risk_is_what_happens_to_people_with_the_same_record(
    rates, age, stays, visits
) -> None:
    """Of many lives drawn day by day, those whose told record is the same: how many are admitted.

    Weighting stands in for waiting: where the record has an event, it is made to happen, and each
    life counts by its probability.
    """
    birth, entry = INDEX - age * 365, INDEX - 330
    known = known_on(INDEX)
    given = [(INDEX + a, INDEX + (b if b is not None else 5), way) for a, b, way in stays]
    best = _best(rates, _records(birth, entry, given, [INDEX + v for v in visits]))
    lives = _Lives(rates, birth, entry, 30_000)
    weight = np.ones(len(lives.alive))
    for day in range(entry, INDEX):
        weight = _condition(lives, day, weight, known, given, [INDEX + v for v in visits])
    weight *= lives.alive
    outcome = _year(lives)
    expected = (weight * outcome).sum() / weight.sum()
    error = np.sqrt((weight**2 * (outcome - expected) ** 2).sum()) / weight.sum()
    assert abs(best[0] - expected) < 4 * error + 0.01 * expected
    assert error < 0.1 * expected


def test_a_look_back_knows_nothing_earlier_but_that_the_person_survived_it(rates) -> None:
    """Lives drawn day by day for years, and held against the record of the last of them only."""
    birth, entry, history = INDEX - 88 * 365, INDEX - 1200, 400
    known = known_on(INDEX, history)
    told = [(INDEX - 700, INDEX - 690, 1), (INDEX - 90, INDEX - 80, 0)]
    visits = [INDEX - 800, INDEX - 200]
    best = _best(rates, _records(birth, entry, told, visits), history)
    assert best[0] == _best(rates, _records(birth, entry, told[1:], visits[1:]), history)[0]
    assert best[0] != _best(rates, _records(birth, entry, told, visits))[0]
    lives = _Lives(rates, birth, entry, 30_000)
    weight = np.ones(len(lives.alive))
    for day in range(entry, known.since):
        lives.day(day)
    for day in range(known.since, INDEX):
        weight = _condition(lives, day, weight, known, told[1:], visits[1:])
    weight *= lives.alive
    outcome = _year(lives)
    expected = (weight * outcome).sum() / weight.sum()
    error = np.sqrt((weight**2 * (outcome - expected) ** 2).sum()) / weight.sum()
    assert abs(best[0] - expected) < 3 * error + 0.01 * expected
    assert error < 0.05 * expected


def _condition(lives, day, weight, known, given, visits):
    """Live a day and keep the lives that agree with what was told of it."""
    here = [stay for stay in given if stay[0] == day]
    home = lives.alive & (day > lives.end)
    step = lives.entry + (day - lives.entry) // 14 * 14
    age = int((step - lives.birth) / 365.25)
    base = rates_of(lives.rates, 0, 5, age, 0, False, np.full(CONDITIONS, NEVER), day)
    season = lives.rates.season[:, day - lives.rates.first_day]
    if here:
        rate = lives.multiplier * base[0] * season[0] * (1 + lives.excess[0])
        weight = weight * home * -np.expm1(-rate)
        _, end, through = here[0]
        told = end < known.untold
        if not told:
            assert through
        share = lives.rng.random(len(home)) * lives.lasts[age, max(known.untold - day, 0)]
        nights = (lives.lasts[age][None, 1:] > share[:, None]).sum(axis=1)
        lives.end = np.full(len(home), end) if told else day + nights
        lives.fatal = np.zeros(len(home), bool) if told else lives.rng.random(len(home)) < base[3]
        lives.excess[:] = [[ADMISSION_EXCESS], [DEATH_EXCESS]]
        return weight
    admitted, through, attended = lives.day(day)
    told = admitted & ((lives.end < known.untold) | (through & (day < known.arrivals)))
    weight = weight * ~told
    if day in visits:
        rate = lives.multiplier**0.5 * base[1] * season[1]
        return weight * home * ~admitted * -np.expm1(-rate)
    if day < known.arrivals:
        weight = weight * ~attended
    return weight


def _year(lives) -> np.ndarray:
    admitted_ever = np.zeros(len(lives.alive), bool)
    for day in range(INDEX, INDEX + 365):
        waiting = lives.alive & ~admitted_ever
        admitted, _, _ = lives.day(day)
        admitted_ever |= waiting & admitted
    return admitted_ever
