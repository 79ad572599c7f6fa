"""How common predictors are among people who are admitted or die, and among others, as in Scotland.

The same people and weights as in :mod:`benchmarks.district_outcomes`, and the same source. Scotland
coded conditions from forty years of hospital stays, a district only has those of its records, three
to five years: :mod:`benchmarks.district_facts` says where the practice's record stands in for them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.district_figure import NEAR, Figure, figure, mean

__all__ = ["PREDICTORS", "Predictor", "amounts", "prevalence", "strongest"]

_STRONGEST = 12
_PERCENT = 100.0


@dataclass(frozen=True)
class Predictor:
    """A column of counts that are above 0 or not, and the published percentages that are.

    Parameters
    ----------
    column, label : str
    everybody, cases, others : float
        Percent of everybody, of people with an event, and of people without.
    """

    column: str
    label: str
    everybody: float
    cases: float
    others: float

    @property
    def difference(self) -> float:
        """Standardised difference between the shares among cases and others."""
        high, low = self.cases / _PERCENT, self.others / _PERCENT
        variance = (high * (1 - high) + low * (1 - low)) / 2
        return float((high - low) / np.sqrt(variance))


PREDICTORS = (
    Predictor("emergency_count", "emergency admission", 19.1, 47.8, 16.3),
    Predictor("nights_count", "nights in hospital after one", 14.8, 42.2, 12.1),
    Predictor("elective_count", "planned admission", 8.1, 16.5, 7.3),
    Predictor("day_case_count", "day case", 16.0, 25.4, 15.1),
    Predictor("department_count", "emergency department", 43.3, 62.4, 41.5),
    Predictor("new_outpatient_count", "new outpatient", 52.2, 69.0, 50.5),
    Predictor("hospital_ltc_count", "any long-term condition", 32.1, 58.8, 29.5),
    Predictor("sections_count", "any prescription", 97.4, 98.9, 97.2),
    Predictor("has_copd", "COPD", 2.0, 9.0, 1.3),
    Predictor("has_heart_failure", "heart failure", 1.3, 5.7, 0.9),
    Predictor("has_atrial_fibrillation", "atrial fibrillation", 2.4, 9.4, 1.8),
    Predictor("has_heart_disease", "heart disease", 5.4, 16.5, 4.3),
    Predictor("has_stroke", "stroke or TIA", 2.4, 8.5, 1.8),
    Predictor("has_renal_failure", "renal failure", 1.5, 7.0, 1.0),
    Predictor("has_dementia", "dementia", 0.6, 3.4, 0.3),
    Predictor("has_diabetes", "diabetes", 3.3, 10.5, 2.6),
    Predictor("has_cancer", "cancer", 5.0, 12.8, 4.3),
    Predictor("has_arthritis", "arthritis", 6.1, 14.6, 5.3),
    Predictor("has_parkinsons", "Parkinson's disease", 0.2, 0.8, 0.1),
    Predictor("has_alcohol", "alcohol or substances", 1.3, 4.9, 0.9),
)
"""Conditions are those coded in a hospital stay or, where that is comparable, by the practice."""

_NOT_RECORDED = frozenset({"new_outpatient_count"})
"""Linked records do not hold whether an appointment was the first of a referral: a guess by the
time since the last one is shown for information."""

_AMOUNTS = {
    "emergency_count": ("emergency admissions, of those with any", 1.76, 2.71),
    "nights_count": ("nights, of those with any", 12.6, 23.6),
    "department_count": ("emergency department, of those with any", 2.07, 3.24),
    "hospital_ltc_count": ("long-term conditions, of those with any", 1.55, 2.14),
    "sections_count": ("BNF sections, of those with any", 7.7, 12.2),
    "items_count": ("items prescribed, of those with any", 62.0, 138.0),
}
"""Means over three years of everybody and of people with an event who have more than none."""


_ASKED_AMOUNT = ("sections_count", "everybody")
"""The others follow from it, or stand against the size of a district: as many items as in Scotland
would be half as many rows again as a district of 1.1 million people is to have."""


def strongest() -> tuple[Predictor, ...]:
    """The twelve with the largest standardised differences in Scotland, largest first."""
    recorded = [one for one in PREDICTORS if one.column not in _NOT_RECORDED]
    ordered = sorted(recorded, key=lambda predictor: -predictor.difference)
    return tuple(ordered[:_STRONGEST])


def prevalence(scotland: pd.DataFrame) -> list[Figure]:
    """Percent with each predictor among cases and others; the twelve strongest are asked for."""
    asked = strongest()
    found = []
    for one in (*asked, *(other for other in PREDICTORS if other not in asked)):
        has = scotland.assign(has=scotland[one.column] > 0)
        for who, event, expected in (("cases", True, one.cases), ("others", False, one.others)):
            what = (f"predictors among {who}", one.label)
            measured = mean(has, "has", has["event"] == event)
            made = figure(what, measured, expected, NEAR)
            found.append(made if one in asked else made.for_information())
    return sorted(found, key=lambda made: made.group)


def amounts(scotland: pd.DataFrame) -> list[Figure]:
    """How much there is, of those who have any: everybody, and people with an event."""
    found = []
    for column, (label, everybody, cases) in _AMOUNTS.items():
        some = scotland[scotland[column] > 0]
        for who, rows, expected in (
            ("everybody", some, everybody),
            ("cases", some[some["event"]], cases),
        ):
            made = figure(
                (f"amounts in three years, {who}", label), mean(rows, column), expected, scale=1.0
            )
            asked = (column, who) == _ASKED_AMOUNT
            found.append(made if asked else made.for_information())
    return sorted(found, key=lambda made: made.group)
