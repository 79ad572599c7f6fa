from __future__ import annotations

import io

import numpy as np
import pandas as pd
import pytest
from benchmarks.reason_stability import (
    as_table,
    changed_rows,
    listed,
    measure,
    shaken,
    told_again,
)
from rich.console import Console

from riskstrat.explanation import Explanations

DAY = pd.Timestamp("2027-01-01")
PEOPLE = pd.DataFrame({"patient_id": ["a", "b", "c"], "index_date": DAY})


def reasons(*rows):
    columns = ["patient_id", "code", "position", "direction", "sensitive"]
    return pd.DataFrame(rows, columns=columns).assign(index_date=DAY)


FIRST = reasons(
    ("a", "heart.chd.raising", 1, "raising", False),
    ("a", "lungs.copd.raising", 2, "raising", False),
    ("b", "heart.chd.raising", 1, "raising", False),
)


@pytest.mark.parametrize(
    ("second", "codes", "order"),
    [
        (FIRST, [False] * 3, [False] * 3),
        (FIRST.iloc[[1, 0, 2]], [False] * 3, [False] * 3),  # another order of rows says nothing
        (FIRST.assign(position=[2, 1, 1]), [False] * 3, [True, False, False]),
        (FIRST.iloc[:2], [False, True, False], [False, True, False]),
        (FIRST.assign(patient_id=["a", "a", "c"]), [False, True, True], [False, True, True]),
    ],
)
def test_a_row_has_changed_when_it_is_told_something_else(second, codes, order):
    assert changed_rows(FIRST, second, PEOPLE, ["code"]).tolist() == codes
    assert changed_rows(FIRST, second, PEOPLE, ["code", "position"]).tolist() == order


def test_a_list_shows_three_raising_reasons_that_are_not_sensitive():
    given = reasons(
        ("a", "1", 1, "raising", False),
        ("a", "2", 2, "raising", True),
        *(("a", str(place), place, "raising", False) for place in (3, 4, 5)),
        ("a", "6", 6, "lowering", False),
        ("b", "7", 1, "raising", False),
    )
    assert listed(given)["code"].tolist() == ["1", "3", "4", "7"]


@pytest.mark.parametrize(
    ("second", "share"), [(FIRST, 1.0), (FIRST.iloc[:1], 0.33333), (FIRST.iloc[:0], 0.0)]
)
def test_a_reason_is_told_again_when_its_group_is(second, share):
    groups = FIRST["code"].str.split(".").str[0]
    again = FIRST.assign(group=groups)
    assert told_again(again, again.loc[second.index]) == share


def test_noise_moves_only_features_that_contribute():
    keys = PEOPLE[["patient_id", "index_date"]]
    given = Explanations(keys, (), np.array([[0.1, 0.0], [0.0, 0.0], [0.3, 0.0]]), -2.0)
    moved = shaken(given, 1e-3, seed=1).contributions - given.contributions
    assert np.abs(moved).max() <= 1e-3
    assert (moved[:, 0] != 0).all()
    assert (moved[:, 1] == 0).all()


def test_the_same_is_told_twice_and_under_rounding():
    found = measure(1_200)
    changes = found["changes"]
    for name in ("as it is, told twice", "up to 1e-09 on every feature"):
        assert changes[name]["order_or_codes_changed"] == 0
    assert changes["fitted on another sample of people"]["codes_changed"] > 0
    shares = [row["without_a_raising_reason"] for row in found["floors"]]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]
    console = Console(width=200, record=True, file=io.StringIO())
    console.print(as_table(found))
    assert "told twice" in console.export_text()
