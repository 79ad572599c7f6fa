"""Whom programmes take: one rule on one day, then every programme on every one of its days."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import zscore

from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.programmes.standing import Standing
from riskstrat.simulation.timeline import Days, Floats, Mask
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["Candidates", "chosen", "held_out"]

_LEAST, _MOST = 1e-6, 1 - 1e-6
"""Scores are kept off 0 and 1 before the logarithm of the odds is taken."""


@dataclass(frozen=True)
class Candidates:
    """The people whom a programme could take on a day, in ascending order of number.

    Parameters
    ----------
    number : ndarray of int
    score, frailty : ndarray of float
    practice : ndarray of int
    """

    number: Days
    score: Floats
    frailty: Floats
    practice: npt.NDArray[np.int64]

    @classmethod
    def of(
        cls, rule: ProgrammeRule, standing: Standing, column: int, practices: Mask, busy: Days
    ) -> Candidates:
        """Those who are there, old enough, of the right practice, and not taking part already.

        Parameters
        ----------
        column : int
            Position of the day in ``standing.days``.
        practices : ndarray of bool
            Which practices take part.
        busy : ndarray of int
            Numbers of people who take part, or are held out, already.
        """
        age = (standing.days[column] - standing.birth) / DAYS_PER_YEAR
        practice = standing.practice[:, column]
        fit = standing.there[:, column] & (age >= rule.min_age) & practices[practice]
        fit[busy] = False
        number = np.flatnonzero(fit)
        return cls(
            number,
            standing.score[number, column].astype(np.float64),
            standing.frailty[number].astype(np.float64),
            practice[number].astype(np.int64),
        )

    def among(self, rows: npt.NDArray[np.int64]) -> Candidates:
        """Some of the candidates, in the order of these positions."""
        return Candidates(
            self.number[rows], self.score[rows], self.frailty[rows], self.practice[rows]
        )


def chosen(rule: ProgrammeRule, candidates: Candidates, draws: Draws, listed: Days) -> Candidates:
    """Whom a programme takes on a day, the first choice first.

    Parameters
    ----------
    rule : ProgrammeRule
    candidates : Candidates
    draws : Draws
        Random numbers of the candidates on this day.
    listed : ndarray of int
        The people of the enrolment file for this day, the most important first.
    """
    if rule.rule == "list":
        order = _places_of(listed, candidates.number)
    else:
        worth = _worth(rule, candidates, draws)
        order = np.lexsort((draws.bits("tie"), -worth))
        order = order[candidates.score[order] >= (rule.threshold or 0.0)]
    return candidates.among(_within_capacity(rule, candidates.practice[order], order))


def held_out(rule: ProgrammeRule, draws: Draws) -> Mask:
    """Which of those chosen are kept out at random."""
    return draws.chance("hold out", rule.hold_out)


def _places_of(listed: Days, number: Days) -> npt.NDArray[np.int64]:
    """Positions in `number` of the listed people who are among them."""
    place = np.searchsorted(number, listed)
    found = place < len(number)
    found[found] = number[place[found]] == listed[found]
    return place[found]


def _worth(rule: ProgrammeRule, candidates: Candidates, draws: Draws) -> Floats:
    if rule.rule == "random":
        return draws.uniform("lot")
    if rule.rule != "judgement":
        return candidates.score
    score = np.clip(candidates.score, _LEAST, _MOST)
    correlation = rule.correlation or 0.0
    opinion = correlation * _standard(candidates.frailty)
    opinion += np.sqrt(1 - correlation**2) * draws.normal("opinion")
    return _standard(np.log(score / (1 - score))) + opinion


def _standard(values: Floats) -> Floats:
    """Values with mean 0 and standard deviation 1; all 0 when they do not differ."""
    if len(values) == 0 or np.ptp(values) == 0:
        return np.zeros(len(values))
    found: Floats = zscore(values)
    return found


def _within_capacity(
    rule: ProgrammeRule, practice: npt.NDArray[np.int64], order: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """The first of an order, in the district or in each practice."""
    if rule.capacity is None:
        return order
    if rule.capacity_per == "district":
        return order[: rule.capacity]
    by_practice = np.argsort(practice, kind="stable")
    _, counts = np.unique(practice, return_counts=True)
    starts = np.repeat(np.cumsum(counts) - counts, counts)
    place = np.empty(len(order), np.int64)
    place[by_practice] = np.arange(len(order)) - starts
    return order[place < rule.capacity]
