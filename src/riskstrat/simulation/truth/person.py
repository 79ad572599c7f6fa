"""The true risks of one person after another, compiled."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from riskstrat.compiled import compiled
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    DEATH_DECAY,
    DEATH_EXCESS,
    LONG_AGO,
    age_of,
    rates_of,
)
from riskstrat.simulation.timeline import NEVER, Days, Floats
from riskstrat.simulation.truth.ahead import Draw, State, ahead
from riskstrat.simulation.truth.grid import posterior
from riskstrat.simulation.truth.hidden import IMPOSSIBLE, common_path, nights_left, walk
from riskstrat.simulation.truth.record import Known, daily_rates, known_onsets, told_days

__all__ = ["PATHS", "Records", "Tables", "risks_of_all"]

PATHS = 64
"""Paths of each person over which the best achievable risk is averaged."""
ORACLE_PATHS = 16
"""Paths over which the oracle's is averaged: it leaves only the conditions to come open."""
ORACLE_KEYS = 512
LONG_SINCE = 10_000
"""Days after a discharge when nothing of the excess is left."""


class Tables(NamedTuple):
    """What is the same for everybody.

    Parameters
    ----------
    prior : ndarray of float, shape (ages, values)
    grid, powers : ndarray of float, shape (values,)
        What each value multiplies the rates of admission and of attendance by.
    lasts : ndarray of float, shape (ages, nights)
        Probability that a stay lasts at least so many nights.
    seasons : ndarray of float, shape (3, days + 1)
        Running sums of the daily factors.
    untold_share : float
        Share of admissions that the emergency department does not tell of.
    """

    prior: Floats
    grid: Floats
    powers: Floats
    lasts: Floats
    seasons: Floats
    untold_share: float


class Records(NamedTuple):
    """People and what happened to them; the arrays that end in ``_of`` give first and last rows.

    ``whole`` has one row per person: number, birth, entry, female, decile, alone, moves,
    next_decile, care_home.
    """

    whole: Days
    multiplier: Floats
    onset: Days
    stays_of: Days
    stays: Days
    visits_of: Days
    visits: Days
    programmes_of: Days
    starts: Days
    stops: Days
    factors: Floats


@compiled
def risks_of_all(
    rates: Rates, tables: Tables, streams: Any, records: Records, known: Known, found: Floats
) -> None:
    """Best achievable and oracle risk of admission and of death, into the rows of `found`."""
    for row in range(len(records.whole)):
        number, birth, entry, female, decile, alone, moves, next_decile, care_home = records.whole[
            row
        ]
        part = slice(records.programmes_of[0, row], records.programmes_of[1, row])
        programmes = (records.starts[part], records.stops[part], records.factors[part])
        stays = records.stays[:, records.stays_of[0, row] : records.stays_of[1, row]]
        visits = records.visits[records.visits_of[0, row] : records.visits_of[1, row]]
        draw = Draw(streams[0], streams[1], streams[2], streams[3], number, known.index_date, 0)
        told_home = care_home if care_home < known.conditions else NEVER
        person = (birth, entry, female, decile, alone, moves, next_decile, told_home)
        found[0, row], found[1, row] = _best(
            rates, tables, person, records.onset[row], stays, visits, programmes, known, draw
        )
        true_home = care_home if care_home < known.index_date else NEVER
        person = (birth, entry, female, decile, alone, moves, next_decile, true_home)
        found[2, row], found[3, row] = _oracle(
            rates, tables, person, records.onset[row], stays, records.multiplier[row], programmes,
            known.index_date, draw,
        )  # fmt: skip


@compiled
def _path(draw: Draw, path: int) -> Draw:
    return Draw(
        draw.hidden, draw.nights, draw.onset, draw.which, draw.person, draw.index_date, path
    )


@compiled
def _best(
    rates: Rates, tables: Tables, person: Any, onset: Days, stays: Days, visits: Days,
    programmes: Any, known: Known, draw: Draw,
) -> tuple[float, float]:  # fmt: skip
    """Weighted mean over paths that the record allows."""
    birth, entry = person[0], person[1]
    told_onset = known_onsets(onset, known.conditions)
    daily = daily_rates(rates, person, told_onset, programmes, known.index_date)
    told = told_days((stays[0], stays[1], stays[2], visits), entry, known)
    common = common_path(daily, told, entry, known, tables.lasts, tables.untold_share)
    chance = tables.prior[age_of(birth, entry)].copy()
    posterior(chance, tables.grid, common.exposure, common.event_rates, chance)
    posterior(chance, tables.powers, common.attendance_exposure, common.attendance_rates, chance)
    own, weights = np.empty(len(onset), np.int64), np.empty(len(onset))
    found = np.zeros((3, PATHS))
    value, below = 0, chance[0]
    for path in range(PATHS):
        while below < (path + 0.5) / PATHS and value < len(tables.grid) - 1:
            value += 1
            below += chance[value]
        drawn = _path(draw, path)
        state, found[0, path] = walk(
            daily, told, common, entry, known, tables.lasts, tables.untold_share,
            tables.grid[value], drawn,
        )  # fmt: skip
        if found[0, path] > IMPOSSIBLE / 2:
            own[:] = told_onset
            found[1, path], found[2, path] = ahead(
                rates, person, own, programmes, known.index_date, state, tables.grid[value], drawn,
                tables.seasons, weights,
            )  # fmt: skip
    return _weighted(found)


@compiled
def _weighted(found: Floats) -> tuple[float, float]:
    """Means of two rows by the log weights of the first."""
    heaviest = found[0].max()
    total = admitted = died = 0.0
    for path in range(found.shape[1]):
        weight = np.exp(found[0, path] - heaviest)
        total += weight
        admitted += weight * found[1, path]
        died += weight * found[2, path]
    return admitted / total, died / total


@compiled
def _oracle(
    rates: Rates, tables: Tables, person: Any, onset: Days, stays: Days, multiplier: float,
    programmes: Any, index_date: int, draw: Draw,
) -> tuple[float, float]:  # fmt: skip
    """Mean over the conditions to come, from the true state and multiplier."""
    began = ended = LONG_AGO
    for stay in range(stays.shape[1]):
        if stays[0, stay] < index_date:
            began, ended = stays[0, stay], stays[1, stay]
    own, weights = np.empty(len(onset), np.int64), np.empty(len(onset))
    admitted = died = 0.0
    for path in range(ORACLE_PATHS):
        own[:] = known_onsets(onset, index_date)
        state = _true_state(rates, tables, person, own, began, ended, index_date, path)
        first, dead = ahead(
            rates, person, own, programmes, index_date, state, multiplier,
            _path(draw, ORACLE_KEYS + path), tables.seasons, weights,
        )  # fmt: skip
        admitted += first / ORACLE_PATHS
        died += dead / ORACLE_PATHS
    return admitted, died


@compiled
def _true_state(
    rates: Rates, tables: Tables, person: Any, onset: Days, began: int, ended: int,
    index_date: int, path: int,
) -> State:  # fmt: skip
    """The state on an index date of somebody whose last admission began and ended on two days."""
    if ended < index_date:
        since = min(index_date - ended - 1, LONG_SINCE)
        excess = ADMISSION_EXCESS * ADMISSION_DECAY**since
        return State(ended, excess, DEATH_EXCESS * DEATH_DECAY**since, 0.0)
    birth, _, female, decile, alone, moves, next_decile, care_home = person
    age = age_of(birth, began)
    home = decile if began < moves else next_decile
    fatality = rates_of(rates, female, home, age, alone, care_home < began, onset, began)[3]
    share = (path + 0.5) / ORACLE_PATHS
    nights = nights_left(tables.lasts, age, index_date - began, share)
    return State(began + nights, ADMISSION_EXCESS, DEATH_EXCESS, fatality)
