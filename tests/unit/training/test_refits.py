"""Refits are models of other samples of people: reproducible, and none like another."""

import numpy as np
import pytest
from tests.unit.training.samples import sample

from riskstrat.errors import StudyError
from riskstrat.evaluation import auroc
from riskstrat.training import fit, refit


def test_refits_differ_are_reproducible_and_rank_about_as_well():
    matrix, cohort = sample(people=300)
    seen = (cohort.frame["outcome"] == 1).to_numpy()
    own = fit(matrix, cohort).admission.raw_score(matrix.values)

    scores = [[trees.raw_score(matrix.values) for trees in refit(matrix, cohort, refits=2)]
              for _ in range(2)]  # fmt: skip

    assert np.array_equal(scores[0], scores[1])
    assert not np.allclose(scores[0][0], scores[0][1])
    assert not np.allclose(scores[0][0], own)
    assert auroc(seen, scores[0][0]) == pytest.approx(auroc(seen, own), abs=0.08)


def test_too_few_events_are_refused():
    matrix, cohort = sample(people=60)
    none = cohort.frame.assign(outcome=0)

    with pytest.raises(StudyError, match="at least"):
        refit(matrix, cohort.__class__(none, (), cohort.study), refits=1)
