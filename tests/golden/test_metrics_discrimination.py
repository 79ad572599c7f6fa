"""Ranking measures agree with scikit-learn, ties and weights included."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, roc_auc_score

from riskstrat.evaluation import auroc, average_precision


@pytest.mark.parametrize("decimals", [0, 1, 2, 12])
@pytest.mark.parametrize("seed", range(5))
def test_auroc_and_average_precision_are_those_of_scikit_learn(seed, decimals):
    rng = np.random.default_rng(seed)
    event = rng.random(300) < 0.3
    score = np.round(rng.normal(event * 0.8, 1.0), decimals)  # few decimals: many ties
    weight = rng.choice([0.0, 1.0, 1.3, 4.0], 300)

    assert auroc(event, score) == pytest.approx(roc_auc_score(event, score), abs=1e-12)
    assert auroc(event, score, weight) == pytest.approx(
        roc_auc_score(event, score, sample_weight=weight), abs=1e-12
    )
    assert average_precision(event, score, weight) == pytest.approx(
        average_precision_score(event, score, sample_weight=weight), abs=1e-12
    )


def test_the_published_example_of_hanley_and_mcneil():
    # Hanley and McNeil 1982, table I: 109 CT images rated 1 to 5; Wilcoxon area 0.893.
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    rating = np.repeat([1, 2, 3, 4, 5] * 2, normal + abnormal)
    event = np.repeat([0, 1], [sum(normal), sum(abnormal)])

    assert auroc(event, rating) == pytest.approx(0.893, abs=5e-4)
