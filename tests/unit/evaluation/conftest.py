import re

import pytest
from tests.unit.evaluation.standin import district

from riskstrat.evaluation import evaluate


@pytest.fixture(scope="session")
def report():
    """A small synthetic district, judged once."""
    return evaluate(*district(2500), capacity=150, resamples=40)


@pytest.fixture(scope="session")
def written(report, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluation")
    report.write(folder)
    return folder


@pytest.fixture(scope="session")
def page_ids(written):
    """Every anchor of the report."""
    text = (written / "report.html").read_text(encoding="utf-8")
    return set(re.findall(r'<section id="([^"]+)"', text))
