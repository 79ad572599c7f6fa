import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.training.samples import sample

from riskstrat.errors import MissingExtraError, UsageError
from riskstrat.tracking import log_run
from riskstrat.tracking.runs import scalar_metrics
from riskstrat.tracking.store import ENVIRONMENT_URI, load_mlflow, store_uri
from riskstrat.training import fit


def test_only_finite_numbers_are_metrics():
    metrics = {
        "everyone": {"auroc": 0.75, "rows": 10, "is_synthetic": True, "note": "text"},
        "missing": float("nan"),
        "endless": float("inf"),
        "curve": [1, 2],
        "none": None,
    }
    assert scalar_metrics(metrics) == {"everyone/auroc": 0.75, "everyone/rows": 10.0}


@pytest.mark.parametrize(
    ("key", "name"),
    [("age 65+", "age 65_"), ("O:E", "O_E"), ("0.5 %", "0.5 _"), ("a-b_c", "a-b_c")],
)
def test_names_mlflow_refuses_are_changed(key, name):
    assert scalar_metrics({key: 1}) == {name: 1.0}


def test_the_store_is_beside_the_run_unless_named(tmp_path, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT_URI, raising=False)
    beside = f"sqlite:///{(tmp_path / 'mlflow.db').as_posix()}"
    assert store_uri(tmp_path / "run") == beside
    monkeypatch.setenv(ENVIRONMENT_URI, "http://one")
    assert store_uri(tmp_path / "run") == "http://one"
    assert store_uri(tmp_path / "run", "http://two") == "http://two"


def test_without_mlflow_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(MissingExtraError, match=r"riskstrat\[track\]"):
        load_mlflow()


def test_a_folder_without_a_model_is_refused(tmp_path):
    model = fit(*sample(people=100))
    with pytest.raises(UsageError, match="artefact"):
        log_run(tmp_path, model, {})
    assert list(tmp_path.iterdir()) == []


def test_importing_tracking_does_not_import_mlflow():
    code = (
        "import sys, riskstrat.tracking, riskstrat.tracking.pyfunc;"
        "sys.exit('mlflow' in sys.modules)"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, check=False)
    assert done.returncode == 0
