"""The best achievable risk, and the oracle's: what nobody could better, and what nobody can know.

The oracle knows a person's multiplier and state. The best achievable risk knows what feeds had told
by the index date: no mess, no lost or wrongly linked rows, but every lag. It averages over what the
record leaves open: the multiplier, stays not told yet, and the conditions to come.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

from riskstrat.simulation.feeds.calendar import EMERGENCY_CARE, GP, HOSPITAL
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.lives import (
    SHARE_THROUGH_EMERGENCY_DEPARTMENT,
    Lives,
    whole_numbers,
)
from riskstrat.simulation.lives.programme import Enrolments
from riskstrat.simulation.lives.rates import Rates
from riskstrat.simulation.lives.rules import ATTENDANCE_POWER, MOST_NIGHTS, NIGHTS_SIGMA
from riskstrat.simulation.people.people import GRID, People, prior
from riskstrat.simulation.timeline import Floats, Mask, month_starts, months
from riskstrat.simulation.truth.person import Records, Tables, risks_of_all
from riskstrat.simulation.truth.record import Known

__all__ = ["LONGEST_HISTORY", "Risks", "known_on", "lasting", "risks_on"]

_PARTS_PER_WORKER = 4
LONGEST_HISTORY = 100_000
"""Days of look-back that hold everything anybody's record says."""


@dataclass(frozen=True)
class Risks:
    """True risks of some people on one index date, in the year after it.

    Parameters
    ----------
    row : ndarray of int
        Positions of the people: alive, and registered in the district, on the index date.
    best, oracle : ndarray of float
        Probability of an emergency admission before death.
    best_death, oracle_death : ndarray of float
        Probability of death before any such admission.
    """

    row: npt.NDArray[np.int64]
    best: Floats
    best_death: Floats
    oracle: Floats
    oracle_death: Floats


def known_on(index: int, history: int = LONGEST_HISTORY) -> Known:
    """What the feeds have told by an index date: rows recorded before it.

    Parameters
    ----------
    index : int
        Day number of the index date.
    history : int
        Days of look-back; what happened before is not known.
    """
    starts = month_starts(months(np.array([index]))[0] - np.arange(6))
    untold = int(starts[HOSPITAL.told(starts) >= index].min())
    return Known(
        index_date=index,
        untold=untold,
        arrivals=index - EMERGENCY_CARE.lag_days,
        conditions=index - GP.lag_days,
        since=index - history,
    )


def lasting(rates: Rates) -> Floats:
    """Probability that an emergency admission lasts at least so many nights, by age.

    Returns
    -------
    ndarray of float, shape (ages, nights + 2)
    """
    nights = np.arange(MOST_NIGHTS + 2)
    middle = np.log(rates.nights)[:, None] - NIGHTS_SIGMA**2 / 2
    with np.errstate(divide="ignore"):
        some = norm.sf((np.log(np.maximum(nights - 0.5, 0)) - middle) / NIGHTS_SIGMA)
    some[:, :2] = 1.0
    result: Floats = some * (1 - rates.zero_day)[:, None]
    result[:, 0] = 1.0
    result[:, -1] = 0.0
    return result


def risks_on(
    keyed: Keyed,
    people: People,
    lives: Lives,
    rates: Rates,
    enrolments: Enrolments,
    *,
    index: int,
    chosen: Mask,
    history: int = LONGEST_HISTORY,
    workers: int = 1,
) -> Risks:
    """Best achievable and oracle risk of some people on an index date.

    Parameters
    ----------
    index : int
        Day number of the index date; the tables of `rates` reach a year beyond it.
    chosen : ndarray of bool
        Whom to work it out for; those not alive and registered on the day are passed over.
    history : int
        Days of look-back of the best achievable risk; see :func:`known_on`.
    workers : int
        Threads. The result does not depend on it.
    """
    here = (people.entry <= index) & (people.birth <= index)
    here &= (lives.death >= index) & (people.leave > index)
    rows = np.flatnonzero(chosen & here)
    known = known_on(index, history)
    parts = np.array_split(rows, max(1, min(workers * _PARTS_PER_WORKER, len(rows))))
    with ThreadPoolExecutor(workers) as pool:
        found = list(
            pool.map(
                lambda part: _risks(keyed, people, lives, rates, enrolments, known, part), parts
            )
        )
    return Risks(rows, *np.concatenate(found, axis=1))


def _risks(
    keyed: Keyed,
    people: People,
    lives: Lives,
    rates: Rates,
    enrolments: Enrolments,
    known: Known,
    rows: npt.NDArray[np.int64],
) -> Floats:
    found = np.zeros((4, len(rows)))
    admissions = np.stack(
        [
            lives.admissions.start,
            lives.admissions.end,
            lives.admissions.through_emergency_department.astype(np.int64),
        ]
    )
    first, starts, stops, factors = enrolments.of(people.number)
    records = Records(
        np.column_stack([whole_numbers(people), lives.care_home])[rows],
        GRID[people.multiplier[rows]],
        lives.onset[rows],
        np.searchsorted(lives.admissions.row, [rows, rows + 1]),
        admissions,
        np.searchsorted(lives.attendances.row, [rows, rows + 1]),
        lives.attendances.day,
        np.stack([first[rows], first[rows + 1]]),
        starts,
        stops,
        factors,
    )
    process = keyed.process("truth")
    streams = tuple(process.stream(name) for name in ("hidden", "nights", "onset", "which"))
    risks_of_all(rates, _tables(rates), streams, records, known, found)
    return found


def _tables(rates: Rates) -> Tables:
    return Tables(
        prior(),
        GRID,
        GRID**ATTENDANCE_POWER,
        lasting(rates),
        _running(rates),
        1.0 - SHARE_THROUGH_EMERGENCY_DEPARTMENT,
    )


def _running(rates: Rates) -> Floats:
    """Running sums of the daily factors of each process, 0 before the first day."""
    return np.concatenate([np.zeros((3, 1)), np.cumsum(rates.season, axis=1)], axis=1)
