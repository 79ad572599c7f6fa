"""Two models on the same rows, against plain arithmetic on a small table and scikit-learn."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from riskstrat.errors import DataError, UsageError
from riskstrat.evaluation import Judged, Observed, Resampling, common_rows, compare
from riskstrat.evaluation.judged import MODEL, Score

ROWS = 400


def judged(risk: np.ndarray, outcome: np.ndarray, first: int = 0) -> Judged:
    """People `first` and on, one index date."""
    frame = pd.DataFrame(
        {
            "patient_id": [f"p{first + i:04d}" for i in range(len(risk))],
            "index_date": pd.Timestamp("2024-01-01"),
            "outcome": outcome.astype(np.int8),
        }
    )
    observed = Observed.of(outcome == 1, np.ones(len(risk)), np.arange(len(risk)))
    score = Score(MODEL, "This model", "", True, risk)
    return Judged(frame, observed, (score,), np.full(len(risk), np.nan), pooled=False)


@pytest.fixture(scope="module")
def pair() -> tuple[Judged, Judged]:
    rng = np.random.default_rng(1)
    truth = rng.uniform(0.02, 0.6, ROWS)
    outcome = (rng.random(ROWS) < truth).astype(int)
    vague = np.clip(truth + rng.normal(0, 0.2, ROWS), 0.01, 0.9)
    return judged(vague, outcome), judged(truth, outcome)


def test_figures_are_those_of_plain_arithmetic(pair) -> None:
    first, second = pair
    found = compare(first, second, capacities=[0.1], resampling=Resampling(200, 1))
    event = first.observed.event
    areas = [roc_auc_score(event, judged.model.values) for judged in pair]
    auroc = found["auroc"]
    assert [auroc["first"]["value"], auroc["second"]["value"]] == pytest.approx(areas, abs=1e-6)
    assert auroc["difference"]["value"] == pytest.approx(areas[1] - areas[0], abs=1e-6)
    assert auroc["difference"]["low"] > 0
    (row,) = found["lists"]
    lists = [set(np.argsort(-judged.model.values, kind="stable")[:40]) for judged in pair]
    held = [sum(event[i] for i in chosen) / event.sum() for chosen in lists]
    told = row["sensitivity"]
    assert [told["first"], told["second"]] == pytest.approx(held, abs=1e-6)
    assert told["difference"]["value"] == pytest.approx(held[1] - held[0], abs=1e-6)
    assert row["shared"] == pytest.approx(len(lists[0] & lists[1]) / 40)
    assert found["events"] % 5 == 0


def test_the_interval_of_found_people_is_that_of_a_bootstrap(pair) -> None:
    first, second = pair
    told = compare(first, second, capacities=[0.1], resampling=Resampling(10, 1))["lists"][0]
    event = first.observed.event
    on = [np.zeros(ROWS), np.zeros(ROWS)]
    for mask, part in zip(on, pair, strict=True):
        mask[np.argsort(-part.model.values, kind="stable")[:40]] = 1
    rng, drawn = np.random.default_rng(2), []
    for _ in range(4000):
        counts = np.bincount(rng.integers(0, ROWS, ROWS), minlength=ROWS)
        drawn.append((counts * event * (on[1] - on[0])).sum() / (counts * event).sum())
    difference = told["sensitivity"]["difference"]
    reach = (difference["high"] - difference["low"]) / 2
    assert reach == pytest.approx(1.96 * np.std(drawn), rel=0.06)


def test_a_model_beside_itself_differs_in_nothing(pair) -> None:
    found = compare(pair[0], pair[0], capacities=[0.05, 20], resampling=Resampling(50, 1))
    assert found["auroc"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    assert [row["shared"] for row in found["lists"]] == [1.0, 1.0]


def test_only_rows_of_both_are_compared(pair) -> None:
    first, second = pair
    keep = np.arange(ROWS) >= 150
    one, other = common_rows(first, second.take(keep))
    assert len(one.frame) == len(other.frame) == ROWS - 150
    assert one.frame["patient_id"].tolist() == other.frame["patient_id"].tolist()
    np.testing.assert_array_equal(one.model.values, first.model.values[keep])


def test_nothing_in_common_is_an_error(pair) -> None:
    strangers = judged(np.full(20, 0.1), np.zeros(20, int), first=5000)
    with pytest.raises(DataError, match="but there are none"):
        common_rows(pair[0], strangers)


def test_other_outcomes_are_refused(pair) -> None:
    first, second = pair
    other = second.frame.assign(outcome=1 - second.frame["outcome"])
    with pytest.raises(UsageError, match="models of one outcome"):
        common_rows(first, replace(second, frame=other))


def test_too_few_events_are_withheld() -> None:
    few = judged(np.linspace(0.1, 0.9, 60), (np.arange(60) < 3).astype(int))
    with pytest.raises(DataError, match="withheld"):
        compare(few, few, capacities=[0.1], resampling=Resampling(10, 1))
