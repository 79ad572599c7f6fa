"""Small stand-ins for a model, a matrix and a cohort, with a known truth behind them."""

from __future__ import annotations

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
from scipy.special import expit, logit

from riskstrat.cohort import AttritionStep, Censoring, Cohort
from riskstrat.study import parse_study

STUDY = """
name = "district_emergency_12m"
[index]
dates = [2018-01-01, 2019-01-01, 2021-01-01, 2022-01-01]
[eligibility]
min_age = 18
[outcome]
kind = "emergency_admission"
window_days = 365
[split]
develop_to = 2019-01-01
evaluate_from = 2021-01-01
seed = 7
[report]
capacities = [0.005, 0.02]
subgroups = ["age_band", "sex", "imd_quintile", "ethnic_category", "practice",
    "long_term_condition"]
"""


def feature(name, label, rule="", window_days=None):
    return SimpleNamespace(
        name=name, label=label, rule=rule, window_days=window_days, group="person",
        sources=("hospital",),
    )  # fmt: skip


FEATURES = (
    feature("risk", "True risk"),
    feature("death", "Death"),
    feature("logistic", "Logistic"),
    feature("index", "Index"),
    feature("since", "Days since", "since emergency_admission", 1095),
    feature("admissions", "Admissions", "count emergency_admission", 365),
    feature("registered_days", "Registered", "longest registration", 1095),
    feature("efi", "eFI", "points efi", 1095),
    feature("copd", "COPD", "any condition.copd", 1095),
    feature("dementia", "Dementia", "any condition.dementia", 1095),
)


@dataclass
class Matrix:
    keys: pd.DataFrame
    values: np.ndarray
    features: tuple = FEATURES

    def __len__(self):
        return len(self.keys)

    @property
    def names(self):
        return tuple(one.name for one in self.features)

    def take(self, rows):
        chosen = np.asarray(rows)
        return Matrix(self.keys.iloc[chosen].reset_index(drop=True), self.values[chosen])

    def column(self, name):
        return self.values[:, self.names.index(name)]


DEVELOPED_ON = {
    "withheld": False,
    "people": 4100,
    "rows": 8005,
    "events": 1215,
    "rate": 0.152,
    "divisions": {
        "sex": {
            "title": "Sex",
            "overlaps": False,
            "groups": [
                {"group": "female", "withheld": False, "rows": 4105, "share": 0.513, "rate": 0.15},
                {"group": "male", "withheld": False, "rows": 3895, "share": 0.487, "rate": 0.154},
            ],
        },
        "care_home": {
            "title": "Care home",
            "overlaps": False,
            "groups": [
                {"group": "in a care home", "withheld": True},
                {"group": "not recorded", "withheld": True},
            ],
        },
    },
}
"""The people of development, as the artefact of a model keeps them."""


class Model:
    """Reads its risks from the matrix, so that a test decides how good they are."""

    version = "3f9a1c20b7de"
    catalogue_hash = "c0ffee"
    death = SimpleNamespace()
    admission = SimpleNamespace(slope=0.97, intercept=-0.02)

    def __init__(self, *, synthetic=True):
        self.params = {"trees": 300, "leaves": 31}
        self.features = tuple(
            SimpleNamespace(name=f"f{i}", label=label, group=group, sources=("hospital",))
            for i, (label, group) in enumerate(
                [("Age", "person"), ("Emergency admissions in 12 months", "admissions")]
            )
        )
        self.provenance = {
            "libraries": {"lightgbm": "4.7.0"},
            "rows": {"development": 8003},
            "death": {"left_out": "3 people died"},
            "people": DEVELOPED_ON,
            "sources": [
                {
                    "name": "hospital",
                    "dialect": "simulated",
                    "data_from": "2014-01-01",
                    "data_to": "2023-03-31",
                }
            ],
            "synthetic": synthetic,
            "data_to": "2023-03-31",
        }
        self.comparators = (
            SimpleNamespace(
                name="logistic", label="Logistic regression", note="", is_risk=True,
                predict=lambda m: m.column("logistic"),
            ),
            SimpleNamespace(
                name="hfrs", label="Hospital Frailty Risk Score", note="Validated at 75+.",
                is_risk=False, predict=lambda m: m.column("index"),
            ),
        )  # fmt: skip

    def require_matrix(self, matrix):
        assert matrix.features == FEATURES

    def predict(self, matrix):
        risk, death = matrix.column("risk"), matrix.column("death")
        return pd.DataFrame({"risk": risk, "risk_death": death, "log_odds": logit(risk)})


def history(rng, true, age):
    """Days since an admission, admissions, days registered, eFI, two conditions; all plausible."""
    rows = len(true)
    admitted = rng.random(rows) < 2 * true
    since = np.where(admitted, rng.integers(1, 1096, rows), np.nan)
    registered = np.where(rng.random(rows) < 0.1, rng.integers(1, 730, rows), 1095)
    efi = np.where(age >= 65, rng.binomial(36, np.clip(true + 0.05, 0, 0.6)) / 36, np.nan)
    conditions = [rng.random(rows) < chance for chance in (true, np.where(age > 75, 0.1, 0.003))]
    return [since, (since <= 365).astype(float), registered, efi, *conditions]


def district(people=4000, *, seed=1, leaving=0.05, dates=("2021-01-01", "2022-01-01"), study=STUDY):
    """Evaluation rows of a small district: model, matrix, cohort. Risks are the true ones."""
    rng = np.random.default_rng(seed)
    rows = people * len(dates)
    person = np.tile(np.arange(people), len(dates))
    age0 = rng.integers(18, 97, people)
    frailty = rng.gamma(2.0, 0.5, people)
    age = age0[person] + np.repeat(np.arange(len(dates)), people)
    true = expit(-5.4 + 0.042 * age + 1.1 * np.log(frailty[person] + 0.1))
    die = np.clip(0.0009 * np.exp(0.075 * (age - 45)), 0, 0.5) * (1 - true)
    draw = rng.random(rows)
    outcome = np.where(draw < true, 1, np.where(draw < true + die, 2, 0)).astype(np.int8)
    left = rng.random(rows) < leaving
    outcome = np.where(left, -1, outcome).astype(np.int8)
    ethnic = rng.choice(["A", "B", "H", "N", None], people, p=[0.72, 0.1, 0.08, 0.002, 0.098])
    frame = pd.DataFrame(
        {
            "patient_id": pd.Series([f"secret{p:06d}" for p in person], dtype="str"),
            "index_date": pd.to_datetime(np.repeat(dates, people)).astype("M8[s]"),
            "index_stay_id": None,
            "practice_code": pd.Series(np.array(["P1", "P2", "P3"])[person % 3], dtype="str"),
            "age": age.astype("int64"),
            "sex": np.where(person % 2 == 0, "female", "male"),
            "imd_decile": np.where(person % 11 == 0, np.nan, 1.0 + person % 10),
            "ethnic_category": pd.Series(ethnic[person], dtype="object"),
            "in_hospital": False,
            "part": "evaluation",
            "unseen": person % 4 == 0,
            "outcome": outcome,
            "follow_up_days": np.where(outcome == 0, 365, rng.integers(0, 365, rows)),
            "weight": np.where(left, 0.0, 1.0 / (1.0 - leaving)),
        }
    ).sort_values(["index_date", "patient_id"], ignore_index=True)
    order = np.argsort(np.repeat(np.arange(len(dates)), people) * people + person, kind="stable")
    noise = expit(logit(true) * 0.8 - 0.35 + rng.normal(0, 0.5, rows))
    values = np.column_stack(
        [true, die, noise, np.round(age / 10 + rng.normal(0, 2, rows)), *history(rng, true, age)]
    )
    cohort = Cohort(
        frame,
        (
            AttritionStep("registered at the index date", rows + 800, people + 410),
            AttritionStep("alive at the index date", rows + 640, people + 330),
            AttritionStep("aged 18 or over", rows, people),
        ),
        parse_study(study),
        Censoring("ipcw", int(left.sum()), 0),
    )
    matrix = Matrix(frame[["patient_id", "index_date"]].copy(), values[order])
    return Model(), matrix, cohort
