"""How much history people had: told by the model, compared by the evaluation."""

from types import SimpleNamespace

import numpy as np

from riskstrat.training.fitting import mean_history


def matrix(names, values):
    return SimpleNamespace(names=names, values=np.array(values, dtype=np.float32))


def test_the_mean_leaves_out_what_is_not_known():
    known = matrix(("age", "registered_days"), [[80, 100], [70, np.nan], [60, 300]])
    assert mean_history(known) == 200.0


def test_none_where_nothing_is_known():
    assert mean_history(matrix(("age",), [[80]])) is None
    assert mean_history(matrix(("registered_days",), [[np.nan]])) is None
