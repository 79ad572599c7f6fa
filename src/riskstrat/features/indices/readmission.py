"""PARR-30 without the effect of the hospital, from a **single source** of its coefficients."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

from riskstrat.features.indices.arguments import known_names, whole_number, within, yes_or_no
from riskstrat.reference import load_table

__all__ = ["Parr30", "Parr30Facts", "parr30"]

_NO_CONDITIONS = (
    "constant",
    "age_squared",
    "emergency_admissions_last_year",
    "discharged_last_30_days",
    "current_admission_emergency",
    "imd_score",
)


class Parr30(NamedTuple):
    """PARR-30 without the effect of the hospital.

    Parameters
    ----------
    linear_predictor : float
        Log-odds of an emergency readmission within 30 days.
    probability : float
        The same as a probability, 0 to 1.
    """

    linear_predictor: float
    probability: float


@dataclass(frozen=True, kw_only=True)
class Parr30Facts:
    """What PARR-30 knows of a patient in hospital.

    Parameters
    ----------
    age_years : int
    imd_score : float
        Score (not rank or decile) of the Index of Multiple Deprivation 2007, 0 to 100.
    emergency_admissions : int
        Emergency admissions within the year before the current one.
    was_discharged_last_30_days : bool
        Whether an emergency admission ended within the 30 days before the current one.
    is_emergency : bool
        Whether the current admission is an emergency.
    conditions : frozenset of str
        Names of conditions of the table ``parr30_single_source``, from diagnoses of two years.
        "Other" cancer and liver disease are those without metastatic cancer and moderate or severe
        liver disease; given both, both count, as in the source.

    Raises
    ------
    UsageError
        When a value is missing, of another type, or cannot be.

    Examples
    --------
    >>> Parr30Facts(
    ...     age_years=80, imd_score=21.5, emergency_admissions=2,
    ...     was_discharged_last_30_days=False, is_emergency=True,
    ...     conditions=frozenset({"dementia"}),
    ... ).age_years
    80
    """

    age_years: int
    imd_score: float
    emergency_admissions: int
    was_discharged_last_30_days: bool
    is_emergency: bool
    conditions: frozenset[str] = field(default_factory=frozenset)

    def __post_init__(self) -> None:
        within(whole_number(self.age_years, "age_years"), "age_years", 0, 130)
        within(self.imd_score, "imd_score", 0, 100)
        whole_number(self.emergency_admissions, "emergency_admissions")
        yes_or_no(self.was_discharged_last_30_days, "was_discharged_last_30_days")
        yes_or_no(self.is_emergency, "is_emergency")
        terms = {row["term"] for row in load_table("parr30_single_source")}
        known_names(self.conditions, terms - set(_NO_CONDITIONS), "conditions")


def parr30(facts: Parr30Facts) -> Parr30:
    """PARR-30 risk of emergency readmission within 30 days, without the effect of the hospital.

    The published model has a fixed coefficient for each NHS trust, which is not public in a usable
    form: it is left out (as if it were 0), so that probabilities are those of no real hospital. The
    other coefficients come from one program and were not compared with the paper. Use this to rank
    and to refit, not as a calibrated risk.

    Parameters
    ----------
    facts : Parr30Facts

    Returns
    -------
    Parr30
        Linear predictor and probability.

    References
    ----------
    Billings J, Blunt I, Steventon A, et al. BMJ Open 2012;2:e001667.
    doi:10.1136/bmjopen-2012-001667.

    Examples
    --------
    >>> facts = Parr30Facts(
    ...     age_years=80, imd_score=21.5, emergency_admissions=2,
    ...     was_discharged_last_30_days=False, is_emergency=True,
    ...     conditions=frozenset({"dementia"}),
    ... )
    >>> f"{parr30(facts).linear_predictor:.4f}, {parr30(facts).probability:.4f}"
    '-1.6604, 0.1597'
    """
    rows = load_table("parr30_single_source")
    coefficient = {row["term"]: float(row["coefficient"]) for row in rows if not row["lower"]}
    steps = (row for row in rows if row["term"] == "imd_score")
    terms = [
        coefficient["constant"],
        coefficient["age_squared"] * facts.age_years**2,
        coefficient["emergency_admissions_last_year"] * facts.emergency_admissions,
        coefficient["discharged_last_30_days"] * facts.was_discharged_last_30_days,
        coefficient["current_admission_emergency"] * facts.is_emergency,
        [float(s["coefficient"]) for s in steps if float(s["lower"]) <= facts.imd_score][-1],
        *(coefficient[name] for name in frozenset(facts.conditions)),
    ]
    total = math.fsum(terms)
    return Parr30(total, 1 / (1 + math.exp(-total)))
