"""A logistic regression as numbers only: terms that anybody can recompute by hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
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

__all__ = [
    "AGE",
    "MOST_ROWS",
    "Formula",
    "FormulaRows",
    "Term",
    "candidate_terms",
    "curve_terms",
    "fit_formula",
    "fit_terms",
]

Columns = Callable[[str], NDArray[np.floating[Any]]]
"""Gives the values of a feature by its name."""


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

Basis = Literal["linear", "log1p", "some", "missing", "level", "spline"]


@dataclass(frozen=True)
class Term:
    """One column of a logistic regression.

    Parameters
    ----------
    feature : str
    basis : str
        "linear"; "log1p" of counts and days; "some" (1 where the value is above 0); "missing" (1
        where the value is missing); "level" (1 where it equals `level`); "spline" (one part of a
        restricted cubic spline over `knots`).
    fill : float
        Median of the known values, used where the value is missing.
    level : float
    knots : tuple of float
    part : int
        Which part of the spline, from 0.
    times : str
        A feature that the basis is multiplied with, missing as 0; empty for none.
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
    times: str = ""
    centre: float = 0.0
    spread: float = 1.0
    coefficient: float = 0.0

    def column(self, of: Columns) -> NDArray[np.float64]:
        """The standardised column, from the values of features by name; NaN is missing."""
        return (self._raw(of) - self.centre) / self.spread

    def standardised(self, of: Columns) -> Term | None:
        """The term with its centre and spread, or None when the column is constant."""
        raw = self._raw(of)
        centre, spread = float(raw.mean()), float(raw.std())
        if spread < _LEAST_SPREAD:
            return None
        return dataclasses.replace(self, centre=centre, spread=spread)

    def _raw(self, of: Columns) -> NDArray[np.float64]:
        raw = self._basis(of(self.feature).astype(np.float64))
        return raw * np.nan_to_num(of(self.times).astype(np.float64)) if self.times else raw

    def _basis(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        if self.basis == "missing":
            return np.isnan(values).astype(np.float64)
        if self.basis == "level":
            return np.equal(values, self.level).astype(np.float64)
        if self.basis == "some":
            return np.greater(values, 0.0).astype(np.float64)
        known = np.where(np.isnan(values), self.fill, values)
        if self.basis == "log1p":
            return np.asarray(np.log1p(np.maximum(known, 0.0)))
        return known if self.basis == "linear" else _spline(known, self.knots, self.part)


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
            log_odds += term.coefficient * term.column(matrix.column)
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
    terms = _terms(feature, known, fill)
    if known.size < values.size:
        terms.append(Term(feature.name, "missing"))
    found = (term.standardised(lambda name: values) for term in terms)
    return [term for term in found if term is not None]


def _terms(feature: Feature, known: NDArray[np.float64], fill: float) -> list[Term]:
    if feature.kind == "category":
        levels, counts = np.unique(known, return_counts=True)
        others = np.delete(levels, counts.argmax())
        return [Term(feature.name, "level", level=float(level)) for level in others]
    if feature.name == AGE:
        return curve_terms(feature.name, known)
    is_skewed = feature.kind in ("count", "days")
    return [Term(feature.name, "log1p" if is_skewed else "linear", fill)]


def curve_terms(name: str, known: NDArray[np.floating[Any]]) -> list[Term]:
    """A restricted cubic spline of a feature, from its known values; linear where knots coincide.

    Parameters
    ----------
    name : str
    known : ndarray of float, shape (n,)
    """
    fill = float(np.median(known))
    linear = Term(name, "linear", fill)
    knots = tuple(float(k) for k in np.quantile(known.astype(np.float64), KNOT_QUANTILES))
    if len(set(knots)) < len(knots):
        return [linear]
    parts = range(len(knots) - 2)
    return [linear, *(Term(name, "spline", fill, knots=knots, part=part) for part in parts)]


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
    """The rows a formula is fitted on; nothing of the matrix is copied but the columns in use.

    Parameters
    ----------
    matrix : FeatureMatrix
    outcome : ndarray of bool, shape (n,)
    weight : ndarray of float, shape (n,)
    people : ndarray of int, shape (n,)
    chosen : ndarray of int, shape (n,), optional
        Which rows of the matrix they are; all of them when not given.
    """

    matrix: FeatureMatrix
    outcome: NDArray[np.bool_]
    weight: NDArray[np.float64]
    people: NDArray[np.int64]
    chosen: NDArray[np.int64] | None = None

    def column(self, name: str) -> NDArray[np.float32]:
        """Values of one feature in these rows."""
        values = self.matrix.column(name)
        return values if self.chosen is None else values[self.chosen]

    def at_most(self, rows: int, seed: int) -> FormulaRows:
        """All rows, or a seeded random sample where there are more."""
        if self.outcome.size <= rows:
            return self
        drawn = np.sort(np.random.default_rng(seed).choice(self.outcome.size, rows, replace=False))
        return FormulaRows(
            self.matrix,
            self.outcome[drawn],
            self.weight[drawn],
            self.people[drawn],
            drawn if self.chosen is None else self.chosen[drawn],
        )

    def design(self, terms: Sequence[Term]) -> NDArray[np.float32]:
        """One standardised column per term, in half the memory of float64."""
        columns = np.empty((self.outcome.size, len(terms)), np.float32)
        for position, term in enumerate(terms):
            columns[:, position] = term.column(self.column)
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
    terms = [term for f in features for term in candidate_terms(f, rows.column(f.name))]
    return fit_terms(rows, terms, seed=seed, inverse_penalties=inverse_penalties)


def fit_terms(
    rows: FormulaRows, terms: Sequence[Term], *, seed: int, inverse_penalties: Sequence[float]
) -> Formula:
    """As :func:`fit_formula`, of terms that are standardised already and of all rows."""
    if not terms:
        return Formula(float(logit(np.average(rows.outcome, weights=rows.weight))), ())
    # sums in BLAS differ with the number of threads; its kernels for float32 were seen to raise the
    # flag of an invalid value on finite columns, which scikit-learn has checked
    with threadpool_limits(limits=1), np.errstate(invalid="ignore"):
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


def _regression(inverse_penalty: float, *, warm_start: bool = False) -> LogisticRegression:
    return LogisticRegression(C=inverse_penalty, max_iter=_MOST_ITERATIONS, warm_start=warm_start)


def _best_penalty(
    rows: FormulaRows, terms: Sequence[Term], inverse_penalties: Sequence[float], *, seed: int
) -> float:
    """From the strongest penalty on, each fit starting where the one before ended.

    It ends where the log-loss over the folds first rises: weaker penalties take the longest.
    """
    people = min(people_per_class(rows.people, rows.outcome))
    if len(inverse_penalties) == 1 or people < CHOICE_FOLDS:
        return inverse_penalties[0]
    design = rows.design(terms)
    fold = patient_folds(rows.people, rows.outcome, folds=CHOICE_FOLDS, seed=seed)
    regressions = [_regression(1.0, warm_start=True) for _ in range(CHOICE_FOLDS)]
    best, lowest = inverse_penalties[0], np.inf
    for penalty in sorted(inverse_penalties):
        risk = np.empty(rows.outcome.size)
        for number, regression in enumerate(regressions):
            inside, held_out = fold != number, fold == number
            regression.set_params(C=penalty)
            regression.fit(design[inside], rows.outcome[inside], sample_weight=rows.weight[inside])
            risk[held_out] = regression.predict_proba(design[held_out])[:, 1]
        loss = log_loss(rows.outcome, risk, sample_weight=rows.weight)
        if loss > lowest:
            break
        best, lowest = penalty, loss
    return best
