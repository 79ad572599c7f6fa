r"""Which links are accepted: the probability of each claim's best candidate, and the threshold.

With odds :math:`o_i` of candidate `i` against nobody known, Bayes' rule gives

.. math:: P(\text{best}) = o_{\text{best}} / (1 + \textstyle\\sum_i o_i).

The probability of a pair by itself would not do: two people of the same description would both be
nearly certain, although at most one of them is meant. Several claims may mean one person, so claims
are judged one by one (Sadinle judges whole files, in which a record may be used only once).

References
----------
Fellegi I, Sunter A. A theory for record linkage. J Am Stat Assoc 1969;64:1183-1210.
Sadinle M. Bayesian estimation of bipartite matchings for record linkage. J Am Stat Assoc
2017;112:600-612.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = [
    "ACCEPTED",
    "BELOW",
    "MOST_KNOWN",
    "TIED",
    "Decisions",
    "decide",
    "lowest_threshold",
    "prior_weight",
    "share_known",
]

Floats = npt.NDArray[np.float64]

ACCEPTED, BELOW, TIED = "accepted", "below the threshold", "no single best person"

MOST_KNOWN = 0.95
"""Largest share of claims taken to mean a known person: every feed has some people who are
registered elsewhere; a judgement."""
_EVEN = 0.5
_WORST_OF_MEAN = 10
"""A link may be so many times as likely to be wrong as links may be on average, and never more
likely wrong than right: sure links must not make room for guesses. A judgement; where people and
errors are known, links below it were wrong more often than the model says."""
_NOTHING_PASSES = 1.0
_DIGITS = 6
_STEPS = 1000
_STILL = 1e-10


@dataclass(frozen=True)
class Decisions:
    """Links with their reasons, and what the model expects of them.

    Parameters
    ----------
    links : DataFrame
        Claim, person, weight, probability, accepted, reason.
    threshold : float
        Links of this probability and more are accepted, but for ties; 1 when nothing can be.
    expected_right : float
        Expected right links among the accepted.
    expected_known : float
        Expected claims, of those with a candidate, that mean a known person.
    """

    links: pd.DataFrame
    threshold: float
    expected_right: float
    expected_known: float


def share_known(evidence: Floats, claims: int, people: int) -> float:
    """Share of claims that mean a known person: the mean of the probability that they do.

    The fixed point of expectation maximisation. Half a claim of each kind is added, so that few
    claims never make it 0 or 1, and it stays at or below :data:`MOST_KNOWN`.

    Parameters
    ----------
    evidence : ndarray of float
        For each claim with a candidate, log2 of the sum over candidates of the likelihood ratio.
    claims : int
        Claims that share a key with nobody are included.
    people : int
        Known people, each as likely before any evidence.
    """
    share = _EVEN
    for _ in range(_STEPS):
        found = _somebody(evidence + prior_weight(share, people)).sum()
        after = min((found + 0.5) / (claims + 1), MOST_KNOWN)
        if abs(after - share) < _STILL:
            break
        share = after
    return float(share)


def prior_weight(share: float, people: int) -> float:
    """log2 of the odds, before any evidence, that a claim means one known person and not nobody.

    Examples
    --------
    >>> prior_weight(0.5, people=1024)
    -10.0
    """
    return float(np.log2(share / (1 - share) / max(people, 1)))


def _somebody(weight: Floats) -> Floats:
    """Probability of odds that are given as a logarithm to base 2."""
    probability: Floats = 1 / (1 + np.exp2(-weight))
    return probability


def decide(best: pd.DataFrame, prior: float, precision: float) -> Decisions:
    """Judge the best candidate of each claim.

    Parameters
    ----------
    best : DataFrame
        One row per claim with a candidate: claim, person, evidence (log2 of the likelihood ratio
        of the best), all_evidence (log2 of the sum over candidates), tied.
    prior : float
        As :func:`prior_weight` gives it.
    precision : float
        Mean probability that the accepted links must reach.
    """
    evidence = best["evidence"].to_numpy(np.float64)
    somebody = _somebody(best["all_evidence"].to_numpy(np.float64) + prior)
    this_one = somebody * np.exp2(evidence - best["all_evidence"].to_numpy(np.float64))
    probability = np.round(this_one, _DIGITS)
    tied = best["tied"].to_numpy(np.bool_)
    threshold = lowest_threshold(probability[~tied], precision)
    accepted = ~tied & (probability >= threshold)
    links = best[["claim", "person"]].assign(
        weight=np.round(evidence + prior, _DIGITS),
        probability=probability,
        accepted=accepted,
        reason=np.select([tied, accepted], [TIED, ACCEPTED], BELOW),
    )
    return Decisions(links, threshold, float(probability[accepted].sum()), float(somebody.sum()))


def lowest_threshold(probability: Floats, precision: float) -> float:
    """The lowest probability from which upwards the mean is the precision or more.

    It is never below one minus ten times the share that may be wrong, nor below a half.

    Parameters
    ----------
    probability : ndarray of float
        Of the links that can be accepted.
    precision : float

    Examples
    --------
    >>> lowest_threshold(np.array([0.999, 0.99, 0.9, 0.6]), 0.95)
    0.9
    >>> lowest_threshold(np.array([0.9]), 0.95)
    1.0
    """
    floor = max(_EVEN, 1 - _WORST_OF_MEAN * (1 - precision))
    values, counts = np.unique(probability[probability >= floor], return_counts=True)
    values, counts = values[::-1], counts[::-1]
    means = np.cumsum(values * counts) / np.cumsum(counts)
    passing = values[means >= precision]
    return float(passing[-1]) if len(passing) else _NOTHING_PASSES
