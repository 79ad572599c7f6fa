"""The fast bootstrap gives what a plain loop over resampled people gives."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.evaluation import Observed, bootstrap_discrimination
from riskstrat.evaluation.bootstrap import person_counts


def sample(rows=240, people=90, seed=2, decimals=1):
    rng = np.random.default_rng(seed)
    patient = rng.integers(0, people, rows)
    event = rng.random(rows) < 0.3
    weight = rng.choice([0.0, 1.0, 1.5], rows)
    scores = {
        "model": np.round(rng.normal(event * 1.0, 1.0), decimals),
        "other": np.round(rng.normal(event * 0.5, 1.0), decimals),
    }
    return event, weight, patient, scores


@pytest.mark.parametrize("decimals", [1, 12])
def test_replicates_are_those_of_resampling_people_row_by_row(decimals):
    event, weight, patient, scores = sample(decimals=decimals)
    observed = Observed.of(event, weight, patient)

    fast = bootstrap_discrimination(observed, scores, resamples=30, seed=11)

    rng = np.random.default_rng(11)
    for replicate in range(30):
        drawn = rng.integers(0, observed.people, observed.people)
        rows = np.concatenate([np.flatnonzero(observed.patient == person) for person in drawn])
        for name, score in scores.items():
            arguments = (event[rows], score[rows])
            slow = [
                roc_auc_score(*arguments, sample_weight=weight[rows]),
                average_precision_score(*arguments, sample_weight=weight[rows]),
            ]
            assert fast.replicates[name][replicate] == pytest.approx(slow, abs=1e-12)


def test_differences_are_paired():
    event, weight, patient, scores = sample()
    scores["copy"] = scores["model"] * 2 + 1  # the same ranking
    result = bootstrap_discrimination(
        Observed.of(event, weight, patient), scores, resamples=50, seed=1
    )

    same = result.difference("model", "copy", 0)
    other = result.difference("model", "other", 0)

    assert (same.value, same.low, same.high) == (0.0, 0.0, 0.0)
    apart = result.replicates["model"][:, 0] - result.replicates["other"][:, 0]
    assert (other.low, other.high) == pytest.approx(tuple(np.quantile(apart, [0.025, 0.975])))


def test_the_seed_decides_the_interval():
    event, weight, patient, scores = sample()
    observed = Observed.of(event, weight, patient)

    first, again, other = (
        bootstrap_discrimination(observed, scores, resamples=20, seed=seed).estimate("model", 0)
        for seed in (4, 4, 5)
    )

    assert first == again
    assert first != other


def test_draws_are_of_people_and_add_up():
    counts = list(person_counts(50, 20, seed=3))

    assert all(c.sum() == 50 for c in counts)
    assert np.mean([c.var() for c in counts]) == pytest.approx(1.0, abs=0.2)  # multinomial


def test_several_rows_of_one_person_widen_the_interval():
    event, weight, _, scores = sample(rows=300, people=300)
    tripled = {name: np.tile(score, 3) for name, score in scores.items()}
    people = np.tile(np.arange(300), 3)

    by_person = bootstrap_discrimination(
        Observed.of(np.tile(event, 3), np.tile(weight, 3), people), tripled, resamples=200, seed=1
    ).estimate("model", 0)
    by_row = bootstrap_discrimination(
        Observed.of(np.tile(event, 3), np.tile(weight, 3)), tripled, resamples=200, seed=1
    ).estimate("model", 0)

    ratio = (by_person.high - by_person.low) / (by_row.high - by_row.low)
    assert ratio == pytest.approx(np.sqrt(3), rel=0.2)


def test_without_events_there_is_no_figure():
    observed = Observed.of([0, 0, 0])
    result = bootstrap_discrimination(observed, {"model": [0.1, 0.2, 0.3]}, resamples=5)

    assert np.isnan(result.estimate("model", 0).value)
    assert np.isnan(result.estimate("model", 0).low)
