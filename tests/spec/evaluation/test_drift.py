"""The population stability index, what chance gives, and the bins kept at development."""

from types import SimpleNamespace

import numpy as np
import pytest

from riskstrat.evaluation.inputs import by_chance, drift_section, population_stability_index
from riskstrat.training.reference import bin_counts, reference_counts


def test_a_table_worked_by_hand():
    # share then, share now, (now - then) log(now / then); a half row hardly matters in thousands
    table = [(0.5, 0.25, 0.17329), (0.3, 0.35, 0.00771), (0.2, 0.4, 0.13863)]
    then, now = ([round(row[side] * 1_000_000) for row in table] for side in (0, 1))

    assert population_stability_index(then, now) == pytest.approx(
        sum(row[2] for row in table), abs=2e-5
    )


@pytest.mark.parametrize(
    ("then", "now", "index"),
    [([100, 300], [100, 300], 0.0), ([0, 100, 300], [0, 200, 600], 0.0), ([90, 0], [0, 90], 10.3)],
)
def test_no_change_is_zero_and_an_empty_bin_is_finite(then, now, index):
    assert population_stability_index(then, now) == pytest.approx(index, abs=0.05)


def test_chance_passes_its_limit_once_in_a_thousand():
    rng = np.random.default_rng(1)
    shares = np.full(10, 0.1)
    draws = [rng.multinomial(size, shares, 3000) for size in (2000, 800)]
    passed = [population_stability_index(*pair) > by_chance(*pair)
              for pair in zip(*draws, strict=True)]  # fmt: skip

    assert np.mean(passed) < 0.004


def feature_matrix(values):
    names = tuple(f"f{place}" for place in range(values.shape[1]))
    features = tuple(SimpleNamespace(name=name, label=name.upper()) for name in names)
    return SimpleNamespace(values=values.astype(np.float32), names=names, features=features)


def booster(gain):
    return SimpleNamespace(feature_importance=lambda kind: np.array(gain, dtype=float))


def test_reference_keeps_counts_of_the_features_with_gain_and_no_small_bin():
    rng = np.random.default_rng(2)
    values = np.column_stack([
        rng.normal(size=1000),                              # tenths
        np.where(rng.random(1000) < 0.95, 0, rng.integers(1, 4, 1000)),  # mostly 0
        rng.normal(size=1000),                              # no gain
        np.zeros(1000),                                     # one bin: nothing can be compared
        np.where(np.arange(1000) < 3, np.nan, np.arange(1000)),  # a few missing
    ])  # fmt: skip
    kept = reference_counts(feature_matrix(values), booster([5, 9, 0, 7, 1]))

    assert [one["feature"] for one in kept] == ["f1", "f0", "f4"]
    for one in kept:
        assert len(one["rows"]) == len(one["edges"]) + 2
        assert all(count == 0 or count >= 10 for count in one["rows"])
    assert kept[1]["rows"][-1] == 0
    assert kept[2]["rows"][-1] == 0  # three missing values are too few to be told
    assert all(90 <= count <= 110 for count in kept[1]["rows"][:-1])


def test_the_feature_that_moved_comes_first():
    rng = np.random.default_rng(3)
    then = rng.normal(size=(4000, 2))
    kept = reference_counts(feature_matrix(then), booster([2, 1]))
    now = rng.normal([0, 0.8], size=(3000, 2))

    found = drift_section(kept, feature_matrix(now))

    assert [row["feature"] for row in found] == ["F1", "F0"]
    assert found[0]["stability_index"] > 0.25 > 0.05 > found[1]["stability_index"]
    assert drift_section([], feature_matrix(now)) == []


def test_a_value_belongs_to_the_first_edge_it_does_not_exceed():
    values = np.array([-1, 0, 0.5, 2, 3, np.nan, np.nan], np.float32)

    assert bin_counts(values, [0.0, 2.0]) == [2, 2, 1, 2]
    assert bin_counts(values, []) == [5, 2]
