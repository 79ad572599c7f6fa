"""How much of a list stays the same from refit to refit."""

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import UsageError
from riskstrat.evaluation import list_stability

KEYS = pd.DataFrame(
    {
        "patient_id": list("abcdefgh"),
        "index_date": pd.to_datetime(["2021-01-01"] * 4 + ["2022-01-01"] * 4),
    }
)
OWN = [8, 7, 1, 2, 8, 7, 1, 2]  # lists of two: a b, e f


@pytest.mark.parametrize(
    ("refits", "in_common", "lowest", "always"),
    [
        ([OWN], 1, 1, 1),
        ([[-score for score in OWN]], 0, 0, 0),
        # a c, e f: three of four; then a b, e g: three of four, and a and e always.
        ([[8, 1, 7, 2, 8, 7, 1, 2], [8, 7, 1, 2, 8, 1, 7, 2]], 0.75, 0.75, 0.5),
        ([OWN, [8, 1, 7, 2, 8, 1, 7, 2]], 0.75, 0.5, 0.5),
    ],
)
def test_places_that_go_to_the_same_people(refits, in_common, lowest, always):
    found = list_stability(OWN, refits, KEYS, 2)

    assert (found.in_common, found.lowest, found.always) == (in_common, lowest, always)
    assert (found.capacity, found.refits) == (2, len(refits))


def test_a_loop_over_sets_gives_the_same():
    rng = np.random.default_rng(4)
    keys = pd.DataFrame({"patient_id": [f"p{i:03d}" for i in range(200)],
                         "index_date": pd.Timestamp("2021-01-01")})  # fmt: skip
    own, refits = rng.random(200), rng.random((6, 200))
    top = set(np.argsort(-own)[:30])
    again = [set(np.argsort(-scores)[:30]) for scores in refits]

    found = list_stability(own, list(refits), keys, 0.15)

    assert found.in_common == pytest.approx(np.mean([len(top & one) / 30 for one in again]))
    assert found.always == len(top.intersection(*again)) / 30


def test_without_a_refit_there_is_nothing_to_compare():
    with pytest.raises(UsageError, match="at least one refit"):
        list_stability(OWN, [], KEYS, 2)
