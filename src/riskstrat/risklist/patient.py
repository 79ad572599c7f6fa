"""One patient explained: risk in words, reasons, and the contributions behind them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from riskstrat.cohort import Cohort, build_scoring_cohort
from riskstrat.errors import DataError
from riskstrat.explanation import LOWERING, RAISING, caveat, date_in_words, risk_sentence
from riskstrat.explanation.expert import percentage_points
from riskstrat.features import GROUPS, build_features
from riskstrat.records import LinkedRecords
from riskstrat.risklist.scores import KEY_COLUMNS
from riskstrat.risklist.scoring import ScoredRows, score_rows
from riskstrat.training import RiskModel

__all__ = ["PatientExplanation", "explain_patient"]


@dataclass(frozen=True)
class PatientExplanation:
    """Why one patient has the risk they have.

    Parameters
    ----------
    patient_id : str
    index_date : date
    age : int
        Years.
    sex : str
    in_hospital : bool
        Whether the patient was known to be in hospital at the index date.
    risk : float
        Calibrated probability, 0 to 1.
    risk_text : str
        The same as a natural frequency.
    baseline : float
        Calibrated log-odds.
    compared_with : str
        The peers, in words.
    groups : DataFrame
        ``group``, ``label``, ``contribution`` (log-odds) and ``percentage_points`` (its share of
        the distance from the baseline risk), strongest first.
    reasons : DataFrame
        The patient's rows of the reasons table.
    model_version : str
    """

    patient_id: str = field(repr=False)
    index_date: date
    age: int = field(repr=False)
    sex: str = field(repr=False)
    in_hospital: bool = field(repr=False)
    risk: float = field(repr=False)
    risk_text: str = field(repr=False)
    baseline: float
    compared_with: str = field(repr=False)
    groups: pd.DataFrame = field(repr=False)
    reasons: pd.DataFrame = field(repr=False)
    model_version: str

    def lines(self) -> list[str]:
        """The explanation as lines of text."""
        place = "; in hospital now" if self.in_hospital else ""
        header = f"{self.sex}, {self.age} years, at {date_in_words(self.index_date)}{place}"
        lines = [header, self.risk_text]
        for heading, told in self._parts():
            if len(told):
                lines.append(f"{heading.format(peers=self.compared_with)}:")
                lines.extend(f"  - {row.text} ({row.source})" for row in told.itertuples())
        if self.reasons.empty:
            lines.append(f"No recorded fact stands out from other {self.compared_with}.")
        lines.append(
            "Against everybody the model was developed on, not these peers: contributions in "
            f"log-odds (baseline {self.baseline:+.3f}), and the percentage points of risk that are "
            f"their share of the way from {100 * expit(self.baseline):.1f} % to "
            f"{100 * self.risk:.1f} %. They are neither causal nor conditional expectations:"
        )
        lines.extend(
            f"  {row.label}: {row.contribution:+z.3f} ({row.percentage_points:+z.1f})"
            for row in self.groups.itertuples()
        )
        return [*lines, caveat()]

    def _parts(self) -> list[tuple[str, pd.DataFrame]]:
        """The reasons with their headings; what could be worked on apart from the background."""
        raising = self.reasons[self.reasons["direction"] == RAISING]
        lowering = self.reasons[self.reasons["direction"] == LOWERING]
        higher = "What goes with a higher risk than other {peers}"
        return [
            (f"{higher} and could be worked on", raising[raising["workable"]]),
            (f"{higher}, in the background", raising[~raising["workable"]]),
            ("What goes with a lower risk than other {peers}", lowering),
        ]

    def to_dict(self) -> dict[str, Any]:
        """The explanation as plain values for JSON; days as ``2026-09-14``."""
        reasons = self.reasons.drop(columns=list(KEY_COLUMNS))
        reasons["fact_date"] = reasons["fact_date"].dt.strftime("%Y-%m-%d")
        return {
            "patient_id": self.patient_id,
            "index_date": self.index_date.isoformat(),
            "age": self.age,
            "sex": self.sex,
            "in_hospital": self.in_hospital,
            "risk": self.risk,
            "risk_text": self.risk_text,
            "baseline": self.baseline,
            "compared_with": self.compared_with,
            "groups": self.groups.to_dict("records"),
            "reasons": reasons.to_dict("records"),
            "model_version": self.model_version,
            "caveat": caveat(),
        }


def explain_patient(
    model: RiskModel, records: LinkedRecords, patient_id: str, index_date: date | None
) -> PatientExplanation:
    """Explain one patient at an index date.

    Parameters
    ----------
    model : RiskModel
    records : LinkedRecords
    patient_id : str
        Pseudonym.
    index_date : date or None
        As in :func:`riskstrat.risklist.score`.

    Returns
    -------
    PatientExplanation

    Raises
    ------
    DataError
        When the patient is not in the cohort at this index date; the message names nobody.
    """
    cohort = build_scoring_cohort(records, model.study, index_date)
    places = np.flatnonzero((cohort.frame["patient_id"] == patient_id).to_numpy())
    if not places.size:
        raise DataError(
            "the patient asked for is not in the cohort at this index date: "
            f"{cohort.frame['patient_id'].nunique():,} other people are.",
            do="Check the pseudonym, and that the person was alive, registered and of the study's "
            "age on that day.",
        )
    one = cohort.rows(np.arange(len(cohort.frame)) == places[-1])
    matrix = build_features(records, one.keys, model.study)
    return _explanation(score_rows(model, matrix, one), one, model)


def _explanation(found: ScoredRows, one: Cohort, model: RiskModel) -> PatientExplanation:
    row, outcome = found.scores.iloc[0], model.study.outcome
    sums = found.contributions.drop(columns=list(KEY_COLUMNS)).iloc[0]
    strongest = sums.reindex(sums.abs().sort_values(ascending=False, kind="stable").index)
    groups = pd.DataFrame(
        {
            "group": list(strongest.index),
            "label": [GROUPS.get(group, group) for group in strongest.index],
            "contribution": strongest.to_numpy(dtype=np.float64),
            "percentage_points": percentage_points([strongest], row["baseline"])[0],
        }
    )
    return PatientExplanation(
        patient_id=str(row["patient_id"]),
        index_date=row["index_date"].date(),
        age=int(row["age"]),
        sex=str(row["sex"]),
        in_hospital=bool(row["in_hospital"]),
        risk=float(row["risk"]),
        risk_text=risk_sentence(row["risk"], outcome.window_days, outcome_kind=outcome.kind),
        baseline=float(row["baseline"]),
        compared_with=str(row["compared_with"]),
        groups=groups,
        reasons=found.reasons,
        model_version=str(row["model_version"]),
    )
