"""A trained model as an MLflow run in a SQLite store, and its registered model served."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.unit.training.samples import sample

from riskstrat.tracking import log_run
from riskstrat.tracking.store import ENVIRONMENT_URI, load_mlflow, quiet_mlflow
from riskstrat.training import fit

pytest.importorskip("mlflow", reason="the extra 'track' is not installed")

METRICS = {"admission": {"auroc": {"value": 0.75, "low": 0.7, "high": 0.8}}, "curve": [0.1, 0.2]}
SECONDS_TO_START = 90
SOURCES = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    monkeypatch = pytest.MonkeyPatch()
    monkeypatch.delenv(ENVIRONMENT_URI, raising=False)
    folder = tmp_path_factory.mktemp("runs") / "sample"
    matrix, cohort = sample(people=200)
    model = fit(matrix, cohort)
    model.save(folder / "artefact")
    (folder / "report.html").write_text("<html></html>")
    (folder / "metrics.json").write_text(json.dumps(METRICS))
    (folder / "model_card.md").write_text("# sample")
    identifier = log_run(folder, model, METRICS)
    monkeypatch.undo()
    return identifier, folder, model, matrix


@pytest.fixture
def client(run):
    mlflow = load_mlflow()
    uri = f"sqlite:///{(run[1].parent / 'mlflow.db').as_posix()}"
    with quiet_mlflow():
        yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)


def test_parameters_and_metrics_are_recorded(run, client):
    identifier, _, model, _ = run
    data = client.get_run(identifier).data
    assert data.params["model_version"] == model.version
    assert data.params["max_depth"] == str(model.params["max_depth"])
    assert data.metrics == {
        "admission/auroc/value": 0.75,
        "admission/auroc/low": 0.7,
        "admission/auroc/high": 0.8,
    }


def test_artefact_and_documents_are_recorded(run, client):
    identifier, folder, _, _ = run
    top = {item.path for item in client.list_artifacts(identifier)}
    assert {"artefact", "report.html", "metrics.json", "model_card.md"} <= top
    inside = {Path(item.path).name for item in client.list_artifacts(identifier, "artefact")}
    assert inside == {path.name for path in (folder / "artefact").iterdir()}


def test_the_registered_model_holds_no_code_and_no_pickle(run, client):
    version = client.get_model_version("sample", "1")
    assert version.run_id == run[0]
    files = [p for p in (run[1].parent / "mlartifacts").rglob("*") if p.is_file()]
    assert not [p.name for p in files if p.suffix in {".pkl", ".pickle", ".py", ".joblib"}]
    described = next(p for p in files if p.name == "MLmodel").read_text()
    assert "loader_module: riskstrat.tracking.pyfunc" in described
    assert "code: null" in described
    example = next(p for p in files if p.name == "input_example.json")
    values = json.loads(example.read_text())["data"][0]
    assert [value for value in values if value == value] == [80.0]  # NaN is not itself


def test_no_patient_is_in_the_store(run):
    _, folder, _, matrix = run
    patients = [patient.encode() for patient in matrix.keys["patient_id"].unique()]
    store = [folder.parent / "mlflow.db", *(folder.parent / "mlartifacts").rglob("*")]
    for file in store:
        if file.is_file():
            content = file.read_bytes()
            assert not any(patient in content for patient in patients), file.name


def test_telemetry_is_off(run):
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert os.environ["DO_NOT_TRACK"] == "true"


def test_the_store_of_the_user_is_as_it_was(run, tmp_path):
    _, folder, model, _ = run
    mlflow = load_mlflow()
    before = mlflow.get_tracking_uri()
    with quiet_mlflow():
        log_run(folder, model, {}, uri=f"sqlite:///{(tmp_path / 'other.db').as_posix()}")
    assert (tmp_path / "other.db").is_file()
    assert mlflow.get_tracking_uri() == before


@pytest.mark.slow
def test_mlflow_serves_the_registered_model(run):
    _, folder, model, matrix = run
    rows = matrix.take(np.array([0, 1]))
    table = pd.DataFrame(rows.values.astype(np.float64), columns=list(rows.names))
    with _served(folder.parent) as address:
        answer = _post(f"{address}/invocations", table)
    expected = model.predict(rows)[["risk", "risk_death"]]
    served = pd.DataFrame(answer["predictions"])[["risk", "risk_death"]]
    pd.testing.assert_frame_equal(served, expected, rtol=1e-12)


class _served:
    """``mlflow models serve`` in a process group of its own, on a free port of loopback."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.folder = folder

    def __enter__(self) -> str:
        uri = f"sqlite:///{(self.folder / 'mlflow.db').as_posix()}"
        switches = {"MLFLOW_TRACKING_URI": uri, "MLFLOW_REGISTRY_URI": uri}
        # mlflow starts uvicorn by name
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "PATH": path}
        command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", "models:/sample/1"]
        command += ["--env-manager", "local", "-h", "127.0.0.1", "-p", str(self.port)]
        self.log = (self.folder / "serve.log").open("wb")
        self.process = subprocess.Popen(
            command,
            env={**os.environ, **switches, **quiet, "PYTHONPATH": str(SOURCES)},
            stdout=self.log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        address = f"http://127.0.0.1:{self.port}"
        self._wait(address)
        return address

    def _wait(self, address: str) -> None:
        deadline = time.monotonic() + SECONDS_TO_START
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{address}/ping", timeout=2):
                    return
            except OSError:
                time.sleep(0.2)
        self.__exit__()
        pytest.fail((self.folder / "serve.log").read_text()[-2000:])

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(timeout=30)
        self.log.close()


def _post(address: str, table: pd.DataFrame) -> dict:
    body = json.dumps({"dataframe_split": json.loads(table.to_json(orient="split", index=False))})
    request = urllib.request.Request(
        address, body.encode(), {"Content-Type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())
