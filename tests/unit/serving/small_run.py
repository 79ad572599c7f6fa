"""A small run: a model of three features and the scores of a few invented people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import httpx
import lightgbm as lgb
import numpy as np
import pandas as pd
from starlette.applications import Starlette
from starlette.routing import Mount

from riskstrat.explanation import REASON_COLUMNS
from riskstrat.features import Feature
from riskstrat.risklist import Scores
from riskstrat.study import parse_study
from riskstrat.training import CalibratedTrees, RiskModel
from riskstrat_serving.review.pages import review_pages

INDEX_DATE = pd.Timestamp("2025-01-01").as_unit("s")

STUDY = """
name = "small"
[index]
dates = [2022-01-01, 2024-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2022-01-01
evaluate_from = 2024-01-01
"""


def make_feature(name: str, **changes) -> Feature:
    given = {
        "label": name,
        "unit": "",
        "group": "emergency",
        "kind": "count",
        "sources": ("hospital",),
        "window_days": 365,
        "rule": "count admissions.emergency",
        "workable": False,
        "monotone": 0,
        "sensitive": False,
        "sentence": "",
        "sentence_one": None,
    }
    return Feature(name=name, **{**given, **changes})


FEATURES = (
    make_feature("age", group="person", sources=("person",)),
    make_feature("emergency_admissions_365"),
    make_feature("falls", group="brain", sources=("hospital", "gp")),
)


def make_model() -> RiskModel:
    rng = np.random.default_rng(1)
    values = np.column_stack(
        [rng.integers(18, 95, 400), rng.poisson(0.5, 400), rng.integers(0, 2, 400)]
    ).astype(np.float32)
    outcome = rng.random(400) < 0.1 + 0.2 * (values[:, 1] > 0) + 0.002 * values[:, 0]
    settings = {"objective": "binary", "num_leaves": 4, "verbose": -1, "seed": 1, "num_threads": 1}
    booster = lgb.train(settings, lgb.Dataset(values, outcome.astype(int)), num_boost_round=10)
    trees = CalibratedTrees(booster, slope=0.9, intercept=-0.1)
    return RiskModel(
        study=parse_study(STUDY),
        params={},
        features=FEATURES,
        catalogue_hash="c0ffee",
        admission=trees,
        death=None,
        comparators=(),
        provenance={},
    )


def make_reason(patient_id: str, position: int, text: str, **changes) -> dict[str, object]:
    given = {
        "patient_id": patient_id,
        "index_date": INDEX_DATE,
        "position": position,
        "direction": "raising",
        "group": "emergency",
        "feature": "emergency_admissions_365",
        "code": "emergency.emergency_admissions_365.raising",
        "text": text,
        "value": 2.0,
        "fact_date": pd.Timestamp("2024-12-03").as_unit("s"),
        "source": "hospital",
        "workable": False,
        "sensitive": False,
        "peer_contribution": 0.4,
    }
    return {**given, **changes}


ADMISSIONS = "2 emergency admissions in the last 12 months, the latest on 3 December 2024"
REASONS = (
    make_reason("ada00000aaaa", 1, f"{ADMISSIONS}; most women aged 80 to 84 had none"),
    make_reason(
        "ada00000aaaa",
        2,
        "a fall recorded, most recently on 12 November 2024",
        group="brain",
        feature="falls",
        source="hospital, gp",
        workable=True,
    ),
    make_reason(
        "ada00000aaaa",
        3,
        "alcohol problems recorded, most recently on 9 May 2024",
        group="mind",
        source="gp",
        workable=True,
        sensitive=True,
    ),
    make_reason("ada00000aaaa", 4, "smoking recorded, most recently on 1 May 2024", source="gp"),
    make_reason(
        "ada00000aaaa",
        5,
        "blood pressure 128 mmHg on 1 October 2024 (3 months old)",
        group="tests",
        direction="lowering",
        source="gp",
    ),
)

# patient, practice, rank, risk, age, sex, in hospital
PEOPLE = (
    ("ada00000aaaa", "D82001", 1, 0.318, 82, "female", True),
    ("bob00000bbbb", "D82001", 2, 0.2, 45, "male", False),
    ("cat00000cccc", "D82001", 3, 0.004, 19, "unknown", False),
    ("dot/1 <b>", "Y02345", 1, 0.995, 90, "female", False),
    ("eve00000eeee", None, 1, 0.1, 70, "female", False),
)


def make_scores(model: RiskModel, people=PEOPLE, *, synthetic: bool = True) -> Scores:
    names = ["patient_id", "practice_code", "rank_in_practice", "risk", "age", "sex", "in_hospital"]
    frame = pd.DataFrame(list(people), columns=names)
    log_odds = np.log(frame["risk"] / (1 - frame["risk"]))
    scores = frame.assign(
        practice_code=frame["practice_code"].astype("str"),
        index_date=INDEX_DATE,
        raw_score=log_odds,
        risk_death=0.0625,
        baseline=-2.0,
        model_version=model.version,
        compared_with=[f"people aged {age}" for age in frame["age"]],
    )
    contributions = scores[["patient_id", "index_date"]].assign(
        person=-0.25, emergency=log_odds + 2.0, brain=0.25
    )
    run = {
        "study": "small",
        "model_version": model.version,
        "index_date": "2025-01-01",
        "window_days": 365,
        "outcome_kind": "emergency_admission",
        "data_to": "2024-12-31",
        "synthetic": synthetic,
        "people": len(frame),
        "practices": 3,
        "rows": len(frame),
    }
    reasons = pd.DataFrame(list(REASONS), columns=list(REASON_COLUMNS))
    return Scores(scores, contributions, reasons, run, model)


@dataclass(frozen=True)
class Site:
    """The review pages at their address, asked without a network."""

    app: Starlette

    def get(self, path: str, **headers: str) -> httpx.Response:
        async def ask() -> httpx.Response:
            transport = httpx.ASGITransport(app=self.app, raise_app_exceptions=False)
            async with (
                self.app.router.lifespan_context(self.app),
                httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:3000") as client,
            ):
                return await client.get(path, headers=headers)

        return asyncio.run(ask())


def make_site(scores: Scores) -> Site:
    pages = review_pages(lambda: scores)
    return Site(
        Starlette(
            routes=[Mount("/review", pages)],
            lifespan=lambda _app: pages.router.lifespan_context(pages),
        )
    )
