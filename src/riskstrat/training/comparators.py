"""What the model is always reported beside, on the same people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from riskstrat.training.formula import AGE, Formula, FormulaRows, fit_formula
from riskstrat.training.v3_like import fit_v3_like

if TYPE_CHECKING:
    from riskstrat.features import FeatureMatrix

__all__ = ["Comparator", "fit_comparators"]

SEX = "sex_female"
REFIT_C = 1.0
"""Inverse ridge penalty of the refits: with half a dozen columns it only keeps them finite."""

_HOSPITAL_RECORD = (
    "Comorbidities in the hospital record of the last five years, or of the study's history where "
    "that is shorter."
)

INDICES = {
    "charlson": ("Charlson index", _HOSPITAL_RECORD),
    "hfrs": (
        "Hospital Frailty Risk Score",
        "Validated at 75+ in hospital; people without an emergency stay in the last two years have "
        "no score and rank as 0.",
    ),
    "efi": (
        "eFI (gm-sde lists)",
        "Electronic frailty index from the practice record, of people aged 65 and over; others "
        "have no score and rank as 0.",
    ),
    "cambridge_multimorbidity": (
        "Cambridge Multimorbidity Score",
        "General outcome, without painful conditions and constipation, which need prescriptions.",
    ),
    "elixhauser": ("Elixhauser score (van Walraven)", _HOSPITAL_RECORD),
    "lace": (
        "LACE index",
        "Of the stay that has ended; comorbidity only as far as it was recorded by then.",
    ),
    "hospital_score": (
        "HOSPITAL score",
        "Retrospective: not available at discharge, for it needs coded procedures.",
    ),
    "parr30": (
        "PARR-30",
        "Without the effect of the hospital; for ranking only, as its risks are of other years.",
    ),
}
"""Published indices in the catalogue: what they are called, and what a reader must know."""

AT_DISCHARGE = frozenset({"lace", "hospital_score", "parr30"})
"""Indices of a discharge: in other studies they are not told as left out."""

V3_NOTE = (
    "Logistic regression with the kinds of predictor of SPARRA version 3 (ISD Scotland 2011), "
    "refitted here; not SPARRA itself."
)


@dataclass(frozen=True)
class Comparator:
    """A simpler score on the same rows.

    Parameters
    ----------
    name : str
    label : str
        How reports call it.
    note : str
        What a reader must know to compare fairly.
    is_risk : bool
        Whether `predict` gives a probability; otherwise a score that only ranks.
    formula : Formula or None
        A logistic regression, for a probability.
    feature : str or None
        The feature that is the score, for one that only ranks; missing ranks as 0.
    """

    name: str
    label: str
    note: str
    is_risk: bool
    formula: Formula | None = None
    feature: str | None = None

    def predict(self, matrix: FeatureMatrix) -> NDArray[np.float64]:
        """Probability, or a score for ranking only, of shape (n,)."""
        if self.formula is not None:
            return self.formula.risk(matrix)
        return np.nan_to_num(matrix.column(str(self.feature)).astype(np.float64), nan=0.0)

    def to_json(self) -> dict[str, Any]:
        """Plain names and numbers."""
        return {
            "name": self.name,
            "label": self.label,
            "note": self.note,
            "is_risk": self.is_risk,
            "formula": self.formula.to_json() if self.formula is not None else None,
            "feature": self.feature,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Comparator:
        """The comparator that :meth:`to_json` wrote."""
        formula = data["formula"]
        return cls(**{**data, "formula": Formula.from_json(formula) if formula else None})


def fit_comparators(
    rows: FormulaRows, *, seed: int
) -> tuple[tuple[Comparator, ...], dict[str, str]]:
    """Every comparator the matrix allows, and the reason for each that it does not.

    Parameters
    ----------
    rows : FormulaRows
    seed : int

    Returns
    -------
    tuple of Comparator, dict
        The dict maps the name of each comparator left out to the reason.

    Notes
    -----
    An index alone would be a straw man, so each is also refitted with age and sex.
    """

    def refit(*names: str) -> Formula:
        chosen = [f for f in rows.matrix.features if f.name in names]
        return fit_formula(rows, chosen, seed=seed, inverse_penalties=(REFIT_C,))

    fitted = [_regression(fit_formula(rows, rows.matrix.features, seed=seed))]
    left_out: dict[str, str] = {}
    v3 = fit_v3_like(rows, seed=seed)
    if v3 is None:
        left_out["v3_like"] = "the matrix has no age, or no use of services"
    else:
        fitted.append(Comparator("v3_like", "SPARRA-v3-like", V3_NOTE, is_risk=True, formula=v3))
    for index in INDICES:
        if index in AT_DISCHARGE and index not in rows.matrix.names:
            continue
        found, missing = _index_comparators(index, rows.matrix, refit)
        fitted += found
        left_out |= missing
    return tuple(fitted), left_out


def _regression(formula: Formula) -> Comparator:
    note = "Ridge-penalised logistic regression on the same features; penalty chosen on folds."
    return Comparator("logistic", "Logistic regression", note, is_risk=True, formula=formula)


def _index_comparators(
    index: str, matrix: FeatureMatrix, refit: Callable[..., Formula]
) -> tuple[list[Comparator], dict[str, str]]:
    published, refitted = f"{index}_published", f"{index}_age_sex"
    values = matrix.column(index) if index in matrix.names else np.empty(0)
    if np.isnan(values).all():
        reason = f"the matrix has no known value of the feature '{index}'"
        return [], {published: reason, refitted: reason}
    label, note = INDICES[index]
    found = [Comparator(published, label, note, is_risk=False, feature=index)]
    absent = [name for name in (AGE, SEX) if name not in matrix.names]
    if absent:
        return found, {refitted: f"the matrix has no feature {' or '.join(absent)}"}
    formula = refit(index, AGE, SEX)
    label = f"{label} with age and sex"
    found.append(Comparator(refitted, label, "Refitted here.", is_risk=True, formula=formula))
    return found, {}
