"""The commands about registered models, as a user runs them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from riskstrat.cli.app import app
from riskstrat.errors import UsageError
from riskstrat.tracking import log_run
from riskstrat.training import RiskModel

pytest.importorskip("mlflow", reason="the extra 'track' is not installed")

REASON = "The only model there is: the first of the tests"


@pytest.fixture(scope="module")
def runs(district_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs with one registered model of the district."""
    folder = tmp_path_factory.mktemp("runs")
    artefact = folder / "district" / "artefact"
    model = RiskModel.load(district_run / "artefact")
    model.save(artefact)
    metrics = json.loads((district_run / "metrics.json").read_text("utf-8"))
    log_run(artefact.parent, model, metrics, uri=f"sqlite:///{folder / 'mlflow.db'}")
    return folder


def called(*arguments: str) -> str:
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_version_is_listed_promoted_and_compared(runs: Path, district: Path) -> None:
    store = ["--mlflow", str(runs)]
    assert "challenger" in called("models", "district", *store)
    assert "is now the champion" in called("promote", "district", "1", "--reason", REASON, *store)
    (version,) = json.loads(called("models", "district", *store, "--json"))["versions"]
    assert version["promotions"][0]["reason"] == REASON
    assert REASON in " ".join(called("models", "district", *store).split())
    compared = ["compare", "district@champion", str(runs / "district" / "artefact")]
    compared += ["--records", str(district), *store]
    found = json.loads(called(*compared, "--json"))
    assert found["synthetic"] is True
    assert found["auroc"]["difference"] == {"value": 0.0, "low": 0.0, "high": 0.0}
    said = called(*compared)
    assert "Synthetic data" in said
    assert "100%" in said


def test_a_model_that_is_not_there_is_wrong_usage(runs: Path, district: Path) -> None:
    with pytest.raises(UsageError, match="no version of 'district' is 'best'"):
        called("compare", "district@best", "district:1", "--records", str(district),
               "--mlflow", str(runs))  # fmt: skip
