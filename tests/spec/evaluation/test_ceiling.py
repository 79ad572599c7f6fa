"""A score above the best achievable risk of a simulation is an error, one at it is not."""

import numpy as np
import pytest
from scipy.special import expit, logit

from riskstrat.evaluation import Observed, against_truth


@pytest.fixture(scope="module")
def simulated():
    rng = np.random.default_rng(8)
    risk = expit(rng.normal(-2, 1, 20_000))
    event = rng.random(20_000) < risk
    return Observed.of(event), risk, event


def test_worse_or_as_good_is_no_finding(simulated):
    observed, risk, _ = simulated
    noisy = logit(risk) + np.random.default_rng(1).normal(0, 0.5, len(risk))

    assert against_truth(observed, {"noisy": noisy, "itself": risk}, risk, resamples=100) == ()


def test_a_score_that_has_seen_the_outcome_is_an_error(simulated):
    observed, risk, event = simulated
    seen = logit(risk) + 0.2 * event

    (finding,) = against_truth(observed, {"the model": seen}, risk, resamples=100)

    assert (finding.code, finding.level) == ("E018", "error")
    assert finding.message.startswith("the model: AUROC 0.")
    assert "best achievable" in finding.message
