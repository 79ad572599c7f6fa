"""The fast bootstrap gives what a plain loop over resampled people gives."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.evaluation import Observed, bootstrap_discrimination, resampled
from riskstrat.evaluation.discrimination import RankedScore
from riskstrat.evaluation.resampled import drawn_people, replicate_areas


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

    for replicate in range(30):
        drawn = drawn_people(observed.people, 11, replicate)
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


def test_draws_are_of_people_and_each_as_likely():
    draws = [drawn_people(50, 3, replicate) for replicate in range(400)]
    counts = np.array([np.bincount(drawn, minlength=50) for drawn in draws])

    assert all(len(drawn) == 50 for drawn in draws)
    assert counts.var() == pytest.approx(1.0, abs=0.05)  # multinomial
    assert np.abs(counts.mean(axis=0) - 1).max() < 0.2  # four standard errors of 1/20


@pytest.mark.parametrize("decimals", [1, 12])
def test_the_compiled_pass_gives_the_areas_of_the_ranked_score(decimals):
    event, weight, patient, scores = sample(rows=3000, people=1100, decimals=decimals)
    observed = Observed.of(event, weight, patient)
    ranked = [RankedScore.of(observed, score) for score in scores.values()]

    fast = replicate_areas(ranked, observed.people, resamples=25, seed=6)

    for replicate in range(25):
        drawn = drawn_people(observed.people, 6, replicate)
        counts = np.bincount(drawn, minlength=observed.people).astype(float)
        for score, areas in zip(ranked, fast, strict=True):
            assert areas[replicate] == pytest.approx(score.areas(counts), abs=1e-12)


@pytest.mark.parametrize("threads", [1, 3])
def test_the_number_of_threads_does_not_matter(threads, monkeypatch):
    event, weight, patient, scores = sample()
    observed = Observed.of(event, weight, patient)
    usual = bootstrap_discrimination(observed, scores, resamples=40, seed=2)
    monkeypatch.setattr(resampled.os, "cpu_count", lambda: threads)

    again = bootstrap_discrimination(observed, scores, resamples=40, seed=2)

    for name, areas in usual.replicates.items():
        assert np.array_equal(again.replicates[name], areas)


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


def test_nobody_or_only_events_have_what_figures_there_are():
    nobody = bootstrap_discrimination(Observed.of([]), {"model": []}, resamples=2)
    events = bootstrap_discrimination(Observed.of([1, 1]), {"model": [0.1, 0.2]}, resamples=2)

    assert np.isnan(nobody.replicates["model"]).all()
    assert np.isnan(events.replicates["model"][:, 0]).all()
    assert (events.replicates["model"][:, 1] == 1).all()
