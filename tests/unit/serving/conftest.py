"""The small run, as fixtures."""

from __future__ import annotations

from functools import partial

import pytest
from tests.unit.serving.small_run import Site, make_model, make_scores, make_site

from riskstrat.risklist import Scores
from riskstrat.training import RiskModel


@pytest.fixture(scope="session")
def model() -> RiskModel:
    return make_model()


@pytest.fixture
def scores(model) -> Scores:
    return make_scores(model)


@pytest.fixture
def scores_of(model):
    return partial(make_scores, model)


@pytest.fixture
def site(scores) -> Site:
    return make_site(scores)


@pytest.fixture
def site_of():
    return make_site
