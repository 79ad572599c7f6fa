"""Each coded finding fires where its rule says, and not at the boundary beside it."""

import copy

import pytest

from riskstrat.evaluation.catalogue import CHECKS, LEVELS, Finding
from riskstrat.evaluation.checks import find


def about(value, low=None, high=None):
    return {"value": value, "low": low, "high": high}


def block(*, events=1000, rows=10_000, auroc=0.75, ratio=None, slope=None):
    return {
        "withheld": False,
        "rows": rows,
        "events": events,
        "scores": [
            {
                "auroc": about(auroc, auroc - 0.02, auroc + 0.02),
                "calibration": {
                    "observed_expected": ratio or about(1.0, 0.95, 1.05),
                    "slope": slope or about(1.0, 0.95, 1.05),
                },
            }
        ],
        "differences": [
            {
                "name": "logistic",
                "label": "Logistic regression",
                "auroc": about(0.02, 0.01, 0.03),
            }
        ],
    }


def inputs(**changes):
    return {
        "features": 300,
        "model": 0.76,
        "strongest": [{"feature": "Age", "auroc": 0.71}],
        "only_cases": [],
        "drift": [],
        "constant": 0,
        **changes,
    }


def evaluation(**changes):
    """An evaluation without any finding, changed as given."""
    row = {"withheld": False, "cut": 0.3, "gap_at_cut": about(0.01, 0.005, 0.015)}
    group = {
        "group": "80-84",
        "withheld": False,
        "events": 300,
        "observed_expected": about(1.05, 0.97, 1.13),
        "slope": about(0.95, 0.88, 1.02),
        "missed": {
            "observed": about(0.8),
            "expected": 0.79,
            "difference": about(0.01, -0.02, 0.04),
        },
    }
    metrics = {
        "study": {"window_days": 365},
        "model": {"provenance": {}},
        "cohort": {"capped_share": 0.0, "left_share": 0.05},
        "everyone": block(),
        "unseen": block(),
        "aged_65_and_over": block(),
        "workload": [{"capacity": 0.02, "scores": [row]}],
        "subgroups": {"age_band": {"title": "Age", "groups": [group]}},
        "inputs": inputs(),
        "stability": [],
    }
    return {**metrics, **changes}


def codes(metrics):
    return [finding.code for finding in find(metrics)]


def test_a_sound_evaluation_has_no_finding():
    assert codes(evaluation()) == []


@pytest.mark.parametrize(("auroc", "window", "fires"),
                         [(0.85, 365, False), (0.851, 365, True), (0.9, 30, False)])  # fmt: skip
def test_e001_ranking_too_good_at_65_and_over_for_a_year(auroc, window, fires):
    metrics = evaluation(aged_65_and_over=block(auroc=auroc), study={"window_days": window})

    assert (codes(metrics) == ["E001"]) is fires


@pytest.mark.parametrize(
    ("events", "rows", "fires"), [(99, 10_000, True), (100, 10_000, False), (9_950, 10_000, True)]
)
def test_e002_fewer_than_a_hundred_with_or_without_the_outcome(events, rows, fires):
    assert ("E002" in codes(evaluation(everyone=block(events=events, rows=rows)))) is fires


@pytest.mark.parametrize(("code", "measure"), [("E003", "ratio"), ("E004", "slope")])
@pytest.mark.parametrize(
    ("events", "estimate", "fires"),
    [
        # Few events: only when the interval excludes 1, however far off the value is.
        (1000, about(1.3, 0.99, 1.6), False),
        (1000, about(0.95, 0.92, 0.99), True),
        # Many events: by the limits, however narrow the interval is.
        (5000, about(0.95, 0.94, 0.96), False),
        (5000, about(1.11, 1.08, 1.14), True),
        (4999, about(0.95, 0.94, 0.96), True),
        (1000, about(None), False),
    ],
)
def test_e003_e004_calibration_away_from_one(code, measure, events, estimate, fires):
    everyone = block(events=events, rows=100_000, **{measure: estimate})

    assert codes(evaluation(everyone=everyone)) == ([code] if fires else [])


def test_e005_e011_weights():
    assert codes(evaluation(cohort={"capped_share": 0.011, "left_share": 0.11})) == ["E005", "E011"]
    assert codes(evaluation(cohort={"capped_share": 0.01, "left_share": 0.1})) == []


@pytest.mark.parametrize(
    ("then", "now", "fires"),
    [
        (1000.0, 1101.0, True),
        (1000.0, 899.0, True),
        (1000.0, 1100.0, False),
        (1000.0, 900.0, False),
        (None, 900.0, False),
        (1000.0, None, False),
    ],
)
def test_e012_history_at_development_and_at_evaluation(then, now, fires):
    cohort = {"capped_share": 0.0, "left_share": 0.0, "mean_registered_days": now}
    model = {"provenance": {"mean_registered_days": then}}

    assert codes(evaluation(model=model, cohort=cohort)) == (["E012"] if fires else [])


@pytest.mark.parametrize(
    ("gap", "fires"),
    [
        (about(0.03, 0.01, 0.05), True),
        (about(-0.03, -0.05, -0.01), True),
        (about(0.019, 0.01, 0.03), False),
        (about(0.03, -0.01, 0.07), False),  # may be chance
        (about(None), False),
    ],
)
def test_e006_the_curve_is_off_where_a_list_is_cut(gap, fires):
    metrics = evaluation()
    metrics["workload"][0]["scores"][0]["gap_at_cut"] = gap

    assert codes(metrics) == (["E006"] if fires else [])


def test_e007_no_better_than_a_simpler_score():
    metrics = evaluation()
    metrics["everyone"]["differences"][0]["auroc"] = about(0.004, -0.002, 0.01)

    assert codes(metrics) == ["E007"]
    assert "Logistic regression" in find(metrics)[0].message


def test_the_same_without_lag_is_a_bound_and_no_rival():
    metrics = evaluation()
    row = metrics["everyone"]["differences"][0]
    row.update(name="without_lag", auroc=about(-0.01, -0.02, 0.0))
    assert codes(metrics) == []


def test_e008_e009_a_subgroup_is_off():
    metrics = evaluation()
    group = metrics["subgroups"]["age_band"]["groups"][0]
    group["slope"] = about(0.8, 0.7, 0.9)
    group["missed"]["difference"] = about(0.1, 0.05, 0.15)

    assert codes(metrics) == ["E008", "E009"]
    assert [f.message for f in find(metrics)] == [
        "Age, away from 1. 80-84: slope 0.800 (0.700 to 0.900).",
        "Age, missed more, or less, than their own risks imply. "
        "80-84: 80.0% not on the list, 79.0% implied.",
    ]
    withheld = copy.deepcopy(metrics)
    withheld["subgroups"]["age_band"]["groups"][0] = {"group": "80-84", "withheld": True}
    assert codes(withheld) == []


@pytest.mark.parametrize("unseen", [None, {"withheld": True}])
def test_e010_nobody_never_in_development(unseen):
    assert codes(evaluation(unseen=unseen)) == ["E010"]


def test_warnings_come_before_notes():
    metrics = evaluation(unseen=None, everyone=block(events=50))

    assert [f.level for f in find(metrics)] == ["warning", "note"]


@pytest.mark.parametrize(
    ("feature", "model", "features", "fires"),
    [
        (0.801, 0.90, 300, True),
        (0.80, 0.90, 300, False),
        # As good as the whole model, which is worth something.
        (0.751, 0.76, 300, True),
        (0.75, 0.76, 300, False),
        # A poor model is no better than its best feature.
        (0.70, 0.70, 300, False),
        (0.9, 0.9, 1, False),  # a model of one feature is that feature
    ],
)
def test_e013_one_feature_too_strong(feature, model, features, fires):
    strongest = [{"feature": "Discharge letter", "auroc": feature}]
    metrics = evaluation(inputs=inputs(strongest=strongest, model=model, features=features))

    assert codes(metrics) == (["E013"] if fires else [])


def test_e014_features_of_cases_only_are_named():
    metrics = evaluation(inputs=inputs(only_cases=[f"F{i}" for i in range(7)]))

    assert codes(metrics) == ["E014"]
    assert "F0, F1, F2, F3, F4 and 2 more." in find(metrics)[0].message


@pytest.mark.parametrize(
    ("index", "by_chance", "fires"),
    [(0.26, 0.01, True), (0.25, 0.01, False), (0.3, 0.4, False), (0.3, None, False)],
)
def test_e015_a_feature_has_drifted(index, by_chance, fires):
    drift = [{"feature": "Visits", "stability_index": index, "by_chance": by_chance}]

    assert codes(evaluation(inputs=inputs(drift=drift))) == (["E015"] if fires else [])


@pytest.mark.parametrize(("in_common", "fires"), [(0.749, True), (0.75, False)])
def test_e016_an_unstable_list(in_common, fires):
    stability = [{"capacity": 0.02, "in_common": in_common}]

    assert codes(evaluation(stability=stability)) == (["E016"] if fires else [])


def test_e017_silent_features_are_counted_not_named():
    assert [f.message for f in find(evaluation(inputs=inputs(constant=12)))] == [
        "12 of 300 features had one value for everybody in development and add nothing."
    ]


def test_every_code_is_in_the_catalogue_in_order_and_says_what_to_do():
    assert list(CHECKS) == [f"E{number:03d}" for number in range(1, len(CHECKS) + 1)]
    for code, check in CHECKS.items():
        assert check.code == code
        assert check.level in LEVELS
        assert all((check.name, check.what, check.why, check.do))
        assert Finding.of(code, "x") == Finding(code, check.level, "x", check.do)
