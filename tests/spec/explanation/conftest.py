"""Small tables of people whose contributions are written down by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import AGE_BANDS, age_band_label
from riskstrat.explanation import Explanations, build_reasons
from riskstrat.features import Feature, FeatureMatrix

ADMISSIONS = Feature(
    name="emergency_admissions_365",
    label="Emergency admissions in the last 12 months",
    unit="admissions",
    group="emergency",
    kind="count",
    sources=("hospital",),
    window_days=365,
    rule="count admissions.emergency",
    workable=False,
    monotone=1,
    sensitive=False,
    sentence="{value} emergency admissions in the last 12 months, the latest on {date}",
    sentence_one="one emergency admission in the last 12 months, on {date}",
)


@dataclass(frozen=True)
class Fact:
    """One feature of one person: what is recorded, what it contributes, what is usual."""

    feature: Feature = ADMISSIONS
    value: float = 3.0
    days: int = 109
    contribution: float = 0.4
    peer_mean: float = 0.0
    usual: float = 0.0
    share_with_any: float = 0.2
    direction: int = 1
    death: float = 0.0


def peers_frame(facts: list[Fact], peers: str = "women aged 80 to 84") -> pd.DataFrame:
    rows = [
        {
            "age_band": age_band_label(lower),
            "sex": sex,
            "feature": fact.feature.name,
            "mean_contribution": fact.peer_mean,
            "usual": fact.usual,
            "share_with_any": fact.share_with_any,
            "people": 400,
            "direction": fact.direction,
            "mean_death_contribution": 0.0,
            "peers": peers,
        }
        for sex in ("female", "all")
        for lower in AGE_BANDS
        for fact in facts
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def fact() -> Callable[..., Fact]:
    """A fact about emergency admissions with some of its fields changed.

    Fields of the feature are given by their own names; features of one name are about one fact.
    """

    def make(**changes) -> Fact:
        names = set(Fact.__dataclass_fields__)
        of_feature = {name: value for name, value in changes.items() if name not in names}
        of_feature.setdefault("rule", f"count {changes.get('name', 'admissions.emergency')}")
        of_fact = {name: value for name, value in changes.items() if name in names}
        return Fact(**{"feature": replace(ADMISSIONS, **of_feature), **of_fact})

    return make


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Callable[..., pd.DataFrame]:
    """The reasons of one woman of 82 at 1 January 2027, from her facts."""

    def reasons(
        *facts: Fact, with_death: bool = False, with_days: bool = True, patient_id: str = "p1"
    ) -> pd.DataFrame:
        features = tuple(fact.feature for fact in facts)
        keys = pd.DataFrame(
            {
                "patient_id": pd.Series(["p1"], dtype="str"),
                "index_date": pd.Series([date(2027, 1, 1)]).astype("datetime64[s]"),
            }
        )
        values = np.array([[fact.value for fact in facts]], dtype=np.float32)
        days = np.array([[fact.days for fact in facts]], dtype=np.int32)
        matrix = FeatureMatrix(keys, values, features, "hash", days if with_days else None)
        contributions = np.array([[fact.contribution for fact in facts]])
        death = np.array([[fact.death for fact in facts]])
        model = SimpleNamespace(
            features=features,
            peers=peers_frame(list(facts)),
            death=object() if with_death else None,
        )
        written = lambda _, rows: (np.repeat(death, len(rows), axis=0), 0.0)  # noqa: E731
        monkeypatch.setattr("riskstrat.explanation.reasons.tree_contributions", written)
        explanations = Explanations(keys, features, contributions, -2.0)
        people = keys.assign(
            age=82, sex=pd.Series(["female"], dtype="str"), patient_id=[patient_id]
        )
        return build_reasons(model, matrix, explanations, people)

    return reasons
