"""A ready-made table: numbers stay numbers, text and categories become codes, unseen is missing."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.training.tables import TableCodes

NAN = np.nan


def _encoded(column, later=None):
    codes = TableCodes.learn(pd.DataFrame({"x": column}))
    return codes.encode(pd.DataFrame({"x": column if later is None else later}))[:, 0]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pd.Series([1, 2, 3]), [1, 2, 3]),
        (pd.Series([1.5, None]), [1.5, NAN]),
        (pd.Series([True, False]), [1, 0]),
        (pd.Series([1, None], dtype="Int64"), [1, NAN]),
        (pd.Series([True, None], dtype="boolean"), [1, NAN]),
        (pd.Series([1, 2.5, None], dtype="object"), [1, 2.5, NAN]),
        (pd.Series(["b", "a", None]), [1, 0, NAN]),
        (pd.Series(["b", None], dtype="object"), [0, NAN]),
        (pd.Series(["b", "a"], dtype="category"), [1, 0]),
        (pd.Series([3, 1, None], dtype="category"), [1, 0, NAN]),
        (pd.Series([250, "V57"], dtype="object"), [0, 1]),
        (pd.Series([None, None], dtype="object"), [NAN, NAN]),
    ],
)
def test_each_kind_of_column(column, expected):
    np.testing.assert_array_equal(_encoded(column), expected)


def test_a_category_never_seen_is_missing():
    np.testing.assert_array_equal(_encoded(["a", "b"], ["b", "c"]), [1, NAN])


def test_codes_go_by_the_category_and_not_by_its_place():
    later = pd.Series(["b", "a"], dtype=pd.CategoricalDtype(["b", "z", "a"]))
    first = pd.Series(["a", "b"], dtype="category")
    np.testing.assert_array_equal(_encoded(first, later), [1, 0])
    np.testing.assert_array_equal(_encoded(first, ["b", "a"]), [1, 0])
    np.testing.assert_array_equal(_encoded(["a", "b"], later), [1, 0])


def test_numbers_as_text_are_read_where_numbers_were():
    np.testing.assert_array_equal(_encoded([1.0, 2.0], ["3", None]), [3, NAN])


@pytest.mark.parametrize(
    ("later", "error"),
    [
        (["text"], ValueError),
        (pd.Series(["1"], dtype="category"), TypeError),
        ([np.inf], ValueError),
        (pd.Series([{}], dtype="object"), TypeError),
    ],
)
def test_what_is_no_number_is_refused_where_numbers_were(later, error):
    with pytest.raises(error):
        _encoded([1.0, 2.0], later)


@pytest.mark.parametrize(
    "column", [pd.to_datetime(["2024-01-01"]), pd.Series([{"a": 1}]), pd.Series([[1]])]
)
def test_other_things_are_refused(column):
    with pytest.raises(TypeError, match="string"):
        TableCodes.learn(pd.DataFrame({"x": column}))


def test_the_message_holds_no_value():
    with pytest.raises(ValueError, match="text that is not a number") as error:
        _encoded([1.0], ["SECRET"])
    assert "SECRET" not in str(error.value)
