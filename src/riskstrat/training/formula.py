"""A logistic regression as numbers only: terms that anybody can recompute by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from threadpoolctl import threadpool_limits

from riskstrat.training.folds import patient_folds, people_per_class

if TYPE_CHECKING:
    from riskstrat.features import Feature, FeatureMatrix

__all__ = ["Formula", "FormulaRows", "Term", "candidate_terms", "fit_formula"]

AGE = "age"
"""The feature that enters as a spline."""

KNOT_QUANTILES = (0.05, 0.35, 0.65, 0.95)
"""Where the knots of the age spline stand (Harrell, Regression Modeling Strategies, 2nd edition
2015, table 2.3)."""

MOST_ROWS = 500_000
"""Rows a logistic regression is fitted on at most; more would add cost and no precision to about
150 coefficients."""

INVERSE_PENALTIES = (0.0001, 0.001, 0.01, 0.1, 1.0)
"""Scikit-learn's `C` of the ridge penalty on standardised columns, from which folds choose."""

CHOICE_ROWS = 20_000
"""Rows on which the penalty is chosen: as a prior on the coefficients it does not depend on n."""

CHOICE_FOLDS = 4
_MOST_ITERATIONS = 2000
_LEAST_SPREAD = 1e-9
"""Standard deviation below which a column is constant."""

Basis = Literal["linear", "log1p", "missing", "level", "spline"]


@dataclass(frozen=True)
class Term:
    """One column of a logistic regression.

    Parameters
    ----------
    feature : str
    basis : str
        "linear"; "log1p" of counts and days; "missing" (1 where the value is missing); "level" (1
        where it equals `level`); "spline" (one part of a restricted cubic spline over `knots`).
    fill : float
        Median of the known values, used where the value is missing.
    level : float
    knots : tuple of float
    part : int
        Which part of the spline, from 0.
    centre, spread : float
        Mean and standard deviation in development, by which the column is standardised.
    coefficient : float
        Log-odds per standard deviation.
    """

    feature: str
    basis: Basis
    fill: float = 0.0
    level: float = 0.0
    knots: tuple[float, ...] = ()
    part: int = 0
    centre: float = 0.0
    spread: float = 1.0
    coefficient: float = 0.0

    def column(self, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
        """The standardised column, from the feature's values of shape (n,); NaN is missing."""
        return (self._basis(values.astype(np.float64)) - self.centre) / self.spread

    def _basis(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.basis == "missing":
            return np.isnan(values).astype(np.float64)
        if self.basis == "level":
            return np.equal(values, self.level).astype(np.float64)
        known = np.where(np.isnan(values), self.fill, values)
        if self.basis == "log1p":
            return np.asarray(np.log1p(np.maximum(known, 0.0)))
        return known if self.basis == "linear" else _spline(known, self.knots, self.part)

    def standardised(self, values: NDArray[np.floating[Any]]) -> Term | None:
        """The term with its centre and spread, or None when the column is constant."""
        raw = self._basis(values.astype(np.float64))
        centre, spread = float(raw.mean()), float(raw.std())
        if spread < _LEAST_SPREAD:
            return None
        return dataclasses.replace(self, centre=centre, spread=spread)


@dataclass(frozen=True)
class Formula:
    """Intercept and terms on the log-odds.

    Parameters
    ----------
    intercept : float
    terms : tuple of Term
    """

    intercept: float
    terms: tuple[Term, ...]

    def risk(self, matrix: FeatureMatrix) -> NDArray[np.float64]:
        """Probability of shape (n,)."""
        log_odds = np.full(matrix.values.shape[0], self.intercept)
        for term in self.terms:
            log_odds += term.coefficient * term.column(matrix.column(term.feature))
        return np.asarray(expit(log_odds))

    def to_json(self) -> dict[str, Any]:
        """Plain numbers and names."""
        return {
            "intercept": self.intercept,
            "terms": [dataclasses.asdict(term) for term in self.terms],
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Formula:
        """The formula that :meth:`to_json` wrote."""
        terms = (Term(**{**term, "knots": tuple(term["knots"])}) for term in data["terms"])
        return cls(float(data["intercept"]), tuple(terms))


def candidate_terms(feature: Feature, values: NDArray[np.floating[Any]]) -> list[Term]:
    """The terms a feature enters with, standardised; constant columns are left out.

    Parameters
    ----------
    feature : Feature
    values : ndarray of float, shape (n,)
        Development values; NaN is missing.
    """
    known = values[~np.isnan(values)].astype(np.float64)
    if known.size == 0:
        return []
    fill = float(np.median(known))
    found = [term.standardised(values) for term in _terms(feature, known, fill)]
    if known.size < values.size:
        found.append(Term(feature.name, "missing").standardised(values))
    return [term for term in found if term is not None]


def _terms(feature: Feature, known: NDArray[np.float64], fill: float) -> list[Term]:
    if feature.kind == "category":
        levels, counts = np.unique(known, return_counts=True)
        others = np.delete(levels, counts.argmax())
        return [Term(feature.name, "level", level=float(level)) for level in others]
    if feature.name == AGE:
        linear = Term(feature.name, "linear", fill)
        return [linear, *_spline_terms(feature.name, known, fill)]
    is_skewed = feature.kind in ("count", "days")
    return [Term(feature.name, "log1p" if is_skewed else "linear", fill)]


def _spline_terms(name: str, known: NDArray[np.float64], fill: float) -> list[Term]:
    knots = tuple(float(k) for k in np.quantile(known, KNOT_QUANTILES))
    if len(set(knots)) < len(knots):
        return []
    parts = range(len(knots) - 2)
    return [Term(name, "spline", fill, knots=knots, part=part) for part in parts]


def _spline(values: NDArray[np.float64], knots: Sequence[float], part: int) -> NDArray[np.float64]:
    """One part of a restricted cubic spline: linear beyond the outer knots.

    References
    ----------
    Harrell FE. Regression Modeling Strategies. 2nd edition. Springer 2015, equation 2.25.
    """
    *_, before_last, last = knots
    at = knots[part]
    gap = last - before_last

    def cubed(knot: float) -> NDArray[np.float64]:
        return np.maximum(values - knot, 0.0) ** 3

    bent = (
        cubed(at) - cubed(before_last) * (last - at) / gap + cubed(last) * (before_last - at) / gap
    )
    return np.asarray(bent / (last - knots[0]) ** 2)


@dataclass(frozen=True)
class FormulaRows:
    """The rows a formula is fitted on: matrix; outcome, weight and person of shape (n,)."""

    matrix: FeatureMatrix
    outcome: NDArray[np.bool_]
    weight: NDArray[np.float64]
    people: NDArray[np.int64]

    def at_most(self, rows: int, seed: int) -> FormulaRows:
        """All rows, or a seeded random sample where there are more."""
        if self.outcome.size <= rows:
            return self
        chosen = np.sort(np.random.default_rng(seed).choice(self.outcome.size, rows, replace=False))
        return FormulaRows(
            self.matrix.take(chosen),
            self.outcome[chosen],
            self.weight[chosen],
            self.people[chosen],
        )

    def design(self, terms: Sequence[Term]) -> NDArray[np.float64]:
        """One standardised column per term."""
        columns = np.empty((self.outcome.size, len(terms)))
        for position, term in enumerate(terms):
            columns[:, position] = term.column(self.matrix.column(term.feature))
        return columns


def fit_formula(
    rows: FormulaRows,
    features: Sequence[Feature],
    *,
    seed: int,
    inverse_penalties: Sequence[float] = INVERSE_PENALTIES,
) -> Formula:
    """Ridge-penalised logistic regression on standardised columns.

    Parameters
    ----------
    rows : FormulaRows
    features : sequence of Feature
        Which features may enter.
    seed : int
        For the folds, and for the sample where there are more than 500,000 rows.
    inverse_penalties : sequence of float
        Scikit-learn's `C`; of several, the one with the lowest log-loss on patient-grouped folds.

    Returns
    -------
    Formula
    """
    rows = rows.at_most(MOST_ROWS, seed)
    by_feature = [(f, rows.matrix.column(f.name)) for f in features]
    terms = [term for f, values in by_feature for term in candidate_terms(f, values)]
    if not terms:
        return Formula(float(logit(np.average(rows.outcome, weights=rows.weight))), ())
    with threadpool_limits(limits=1):  # sums in BLAS differ with the number of threads
        penalty = _best_penalty(
            rows.at_most(CHOICE_ROWS, seed), terms, inverse_penalties, seed=seed
        )
        regression = _regression(penalty)
        regression.fit(rows.design(terms), rows.outcome, sample_weight=rows.weight)
    fitted = (
        dataclasses.replace(term, coefficient=float(value))
        for term, value in zip(terms, regression.coef_[0], strict=True)
    )
    return Formula(float(regression.intercept_[0]), tuple(fitted))


def _regression(inverse_penalty: float) -> LogisticRegression:
    return LogisticRegression(C=inverse_penalty, max_iter=_MOST_ITERATIONS)


def _best_penalty(
    rows: FormulaRows, terms: Sequence[Term], inverse_penalties: Sequence[float], *, seed: int
) -> float:
    people = min(people_per_class(rows.people, rows.outcome))
    if len(inverse_penalties) == 1 or people < CHOICE_FOLDS:
        return inverse_penalties[0]
    design = rows.design(terms)
    fold = patient_folds(rows.people, rows.outcome, folds=CHOICE_FOLDS, seed=seed)
    losses = []
    for penalty in inverse_penalties:
        risk = np.empty(rows.outcome.size)
        for number in range(CHOICE_FOLDS):
            inside, held_out = fold != number, fold == number
            regression = _regression(penalty)
            regression.fit(design[inside], rows.outcome[inside], sample_weight=rows.weight[inside])
            risk[held_out] = regression.predict_proba(design[held_out])[:, 1]
        losses.append(log_loss(rows.outcome, risk, sample_weight=rows.weight))
    return inverse_penalties[int(np.argmin(losses))]
