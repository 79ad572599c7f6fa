"""What is checked before the service starts."""

from __future__ import annotations

import importlib
import inspect
import os
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from riskstrat.errors import ArtefactError, MissingExtraError, RiskstratError, UsageError
from riskstrat_serving import launch
from riskstrat_serving.commands import serve

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"


@pytest.fixture
def folder(scores, tmp_path) -> Path:
    scores.save(tmp_path / "scores")
    return tmp_path / "scores"


@pytest.fixture
def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def nothing_starts(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "::1", "localhost", "127.0.0.2", "127.1", "192.168.1.7", "nhs.uk", ""]
)
def test_every_other_host_is_refused(folder, free_port, nothing_starts, host):
    with pytest.raises(UsageError, match="for this computer only") as refusal:
        launch.start(folder, host, port=free_port)
    assert refusal.value.exit_code == 2


def test_the_host_is_refused_before_anything_is_read(nothing_starts, tmp_path):
    with pytest.raises(UsageError, match="for this computer only"):
        launch.start(tmp_path / "nowhere", "0.0.0.0")


def test_a_port_in_use_is_told(folder, nothing_starts):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UsageError, match=f"expected port {port} to be free") as refusal:
            launch.start(folder, port=port)
    assert refusal.value.do == "End what uses it, or choose another port with --port."


def test_a_damaged_folder_is_told_before_anything_starts(folder, free_port, nothing_starts):
    (folder / "scores.parquet").write_bytes(b"PAR1")
    with pytest.raises(ArtefactError, match=r"scores\.parquet"):
        launch.start(folder, port=free_port)


def test_a_missing_package_names_the_extra(folder, free_port, nothing_starts, monkeypatch):
    found = importlib.util.find_spec
    monkeypatch.setattr(
        launch, "find_spec", lambda name: None if name == "bentoml" else found(name)
    )
    with pytest.raises(MissingExtraError, match=r"riskstrat\[serve\]"):
        launch.start(folder, port=free_port)


def test_missing_style_sheets_say_how_to_get_them(folder, free_port, nothing_starts, monkeypatch):
    monkeypatch.setattr(launch, "STYLE", folder / "nothing.css")
    with pytest.raises(UsageError, match="make setup"):
        launch.start(folder, port=free_port)


def test_a_service_that_ends_before_it_answers_is_told(folder, free_port, monkeypatch, tmp_path):
    monkeypatch.setattr(
        launch, "_command", lambda _port: [sys.executable, "-c", "raise SystemExit(4)"]
    )
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with pytest.raises(RiskstratError, match="ended before it answered"):
        launch.start(folder, port=free_port)


def test_a_service_that_does_not_answer_is_ended(folder, free_port, monkeypatch):
    started = []

    def popen(*args, **kwargs):
        started.append(real(*args, **kwargs))
        return started[0]

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr(launch, "START_SECONDS", 0.3)
    monkeypatch.setattr(
        launch, "_command", lambda _port: [sys.executable, "-c", "import time; time.sleep(60)"]
    )
    with pytest.raises(RiskstratError, match="did not answer"):
        launch.start(folder, port=free_port)
    assert started[0].returncode is not None


def test_the_service_gets_a_private_place_and_no_settings_of_others(monkeypatch, tmp_path):
    monkeypatch.setenv("BENTOML_CONFIG", "/elsewhere.yaml")
    monkeypatch.setenv("BENTOML_HOST", "0.0.0.0")
    monkeypatch.setenv("BENTOCLOUD_DEPLOYMENT_URL", "https://elsewhere.example")
    given = launch._environment(Path("scores"), tmp_path)
    assert {key: value for key, value in given.items() if key.startswith("BENTO")} == {
        "BENTOML_DO_NOT_TRACK": "True",
        "BENTOML_HOME": str(tmp_path / "bentoml"),
    }
    assert given["TMPDIR"] == str(tmp_path)
    assert given["RISKSTRAT_SCORES"] == os.path.realpath("scores")


def test_the_command_stands_in_the_entry_point_group():
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    target = project["entry-points"]["riskstrat.commands"]["serve"]
    module, name = target.split(":")
    assert getattr(importlib.import_module(module), name) is serve


def test_the_command_can_be_called_with_a_folder_and_a_port_alone():
    required = [
        p.name for p in inspect.signature(serve).parameters.values() if p.default is p.empty
    ]
    assert required == ["scores"]


def test_the_command_refuses_another_host(folder):
    app = typer.Typer()
    app.command()(serve)
    result = CliRunner().invoke(app, [str(folder), "--host", "0.0.0.0"])
    assert isinstance(result.exception, UsageError)


def test_the_command_is_listed_without_the_extra():
    blocked = "import sys; sys.modules.update(dict.fromkeys(('bentoml','starlette','psutil')))\n"
    code = f"{blocked}import riskstrat_serving.commands"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
