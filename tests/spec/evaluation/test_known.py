"""Who was not admitted lately, who is frail and who has which condition, as the matrix knows."""

from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from riskstrat.evaluation.known import (
    ADMISSIONS,
    CARE_HOME,
    FRAIL,
    NOT_ADMITTED_LATELY,
    known_about,
)

MISSING = np.nan


@dataclass
class Matrix:
    features: tuple
    values: np.ndarray


def matrix(columns, rows):
    features = tuple(
        SimpleNamespace(name=f"f{place}", label=label, rule=rule, window_days=window)
        for place, (rule, label, window) in enumerate(columns)
    )
    return Matrix(features, np.array(rows, dtype=np.float32))


def not_admitted(rows, *, window=1095):
    columns = [
        ("since emergency_admission", "Since", window),
        ("count emergency_admission", "Admissions in 90 days", 90),
        ("count emergency_admission", "Admissions in 365 days", 365),
        ("longest registration", "Registered", 1095),
    ]
    return known_about(matrix(columns, rows))[NOT_ADMITTED_LATELY].to_list()


@pytest.mark.parametrize(
    ("since", "admissions", "registered", "told"),
    [
        (730, 0, 1095, 0),
        (731, 0, 1095, 1),
        (3, 1, 40, 0),  # an admission is an admission, however new the person
        (MISSING, 0, 730, 1),
        (MISSING, 0, 729, MISSING),  # registered too short to know
        (MISSING, MISSING, 1095, MISSING),  # no feed of admissions
        (MISSING, 0, MISSING, MISSING),
    ],
)
def test_no_emergency_admission_in_two_years(since, admissions, registered, told):
    row = [since, MISSING if np.isnan(admissions) else 0, admissions, registered]

    assert not_admitted([row]) == pytest.approx([told], nan_ok=True)


def test_a_history_of_one_year_cannot_say():
    assert not_admitted([[MISSING, 0, 0, 1095], [5, 0, 1, 1095]], window=365) == pytest.approx(
        [MISSING, 0], nan_ok=True
    )


def test_without_the_features_nothing_is_known():
    told = known_about(matrix([("value age", "Age", None)], [[70], [80]]))

    assert list(told.columns) == [NOT_ADMITTED_LATELY, FRAIL, CARE_HOME, ADMISSIONS]
    assert told.isna().all(axis=None)


def test_admissions_before_are_those_of_a_year():
    columns = [
        ("count emergency_admission", "A year", 365),
        ("count emergency_admission", "B", 730),
    ]

    told = known_about(matrix(columns, [[1, 4], [MISSING, 2]]))

    assert told[ADMISSIONS].tolist() == pytest.approx([1, MISSING], nan_ok=True)


def test_moderate_frailty_starts_at_nine_of_36_deficits():
    told = known_about(matrix([("points efi", "eFI", 1095)], [[8 / 36], [9 / 36], [MISSING]]))

    assert told[FRAIL].to_list() == pytest.approx([0, 1, MISSING], nan_ok=True)


def test_conditions_that_nobody_knows_of_are_left_out_and_rows_are_chosen():
    columns = [("any condition.copd", "COPD", 1095), ("any condition.cancer", "Cancer", 1095)]
    told = known_about(matrix(columns, [[1, MISSING], [0, MISSING], [MISSING, MISSING]]))

    assert told["condition: COPD"].to_list() == pytest.approx([1, 0, MISSING], nan_ok=True)
    assert "condition: Cancer" not in told
