"""Features that rank too well, or are there for cases only, are found; plausible ones are not."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from tests.unit.evaluation.standin import Matrix, district, feature

from riskstrat.evaluation import auroc
from riskstrat.evaluation.inputs import input_section
from riskstrat.evaluation.judged import judge


@pytest.fixture(scope="module")
def judged_rows():
    model, matrix, cohort = district(3000)
    return judge(model, matrix, cohort), matrix


def with_column(matrix, values):
    features = (*matrix.features, feature("planted", "Planted"))
    return Matrix(matrix.keys, np.column_stack([matrix.values, values]), features)


def outcome(judged):
    rng = np.random.default_rng(5)
    return judged.outcome, rng.random(len(judged.outcome))


def planted(judged_rows, values):
    judged, matrix = judged_rows
    return input_section(judged, with_column(matrix, values))


def test_a_column_of_the_outcome_with_noise_ranks_first(judged_rows):
    code, noise = outcome(judged_rows[0])
    found = planted(judged_rows, -((code == 1) + noise))  # whichever way it points

    assert found["strongest"][0]["feature"] == "Planted"
    assert found["strongest"][0]["auroc"] > 0.9
    assert found["features"] == len(judged_rows[1].features) + 1


def test_single_features_are_ranked_with_weights_and_missing_values_lowest(judged_rows):
    judged, matrix = judged_rows
    found = {row["feature"]: row["auroc"] for row in input_section(judged, matrix)["strongest"]}
    since = np.nan_to_num(matrix.column("since"), nan=-1.0)

    expected = auroc(judged.observed.event, since, judged.observed.weight)
    assert found["Days since"] == pytest.approx(max(expected, 1 - expected))


@pytest.mark.parametrize(
    ("of_cases", "of_others", "fires"),
    # Share of admissions and deaths, and of the others, that have the feature.
    [(0.3, 0.0, True), (0.3, 0.001, True), (0.3, 0.01, False), (0.01, 0.0, False), (1, 1, False)],
)
@pytest.mark.parametrize("empty", [0.0, np.nan])
def test_known_for_cases_only(judged_rows, of_cases, of_others, fires, empty):
    code, noise = outcome(judged_rows[0])
    has = noise < np.where(code > 0, of_cases, of_others)

    assert ("Planted" in planted(judged_rows, np.where(has, 7.0, empty))["only_cases"]) is fires


def test_a_death_code_is_caught_although_death_is_not_the_outcome(judged_rows):
    code, _ = outcome(judged_rows[0])

    assert planted(judged_rows, (code == 2).astype(float))["only_cases"] == ["Planted"]


def test_nothing_is_said_where_admission_is_not_rare(judged_rows):
    judged, matrix = judged_rows
    frame = judged.frame.assign(outcome=np.where(np.arange(len(judged.frame)) % 3 > 0, 1, 0))
    often = dataclasses.replace(judged, frame=pd.DataFrame(frame))

    assert input_section(often, with_column(matrix, frame["outcome"]))["only_cases"] == []
