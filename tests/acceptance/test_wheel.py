"""The built wheel works in an empty environment outside the repository."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.slow


def run(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with nothing in it but the wheel, its extras and what they need."""
    folder = tmp_path_factory.mktemp("wheel")
    uv = [sys.executable, "-m", "uv"]
    run(*uv, "build", "--wheel", "--out-dir", folder, REPOSITORY, cwd=folder)
    (wheel,) = folder.glob("riskstrat-*.whl")
    run(*uv, "venv", "--python", sys.executable, folder / "venv", cwd=folder)
    python = folder / "venv" / "bin" / "python"
    lock = REPOSITORY / "requirements.lock"
    extras = f"{wheel}[serve,track]"
    run(*uv, "pip", "install", "--python", python, "-c", lock, extras, cwd=folder)
    return folder


def test_the_demo_runs_from_the_wheel(environment: Path) -> None:
    riskstrat = environment / "venv" / "bin" / "riskstrat"
    said = run(riskstrat, "demo", "--people", "4000", "--no-serve", cwd=environment)
    assert "Synthetic data" in said
    demo = environment / "demo"
    assert (demo / "run" / "report.html").stat().st_size > 100_000
    assert (demo / "run" / "artefact" / "admission.txt").is_file()
    assert list((demo / "lists").glob("*.csv"))


def test_the_wheel_holds_the_pages_and_their_assets(environment: Path) -> None:
    (wheel,) = environment.glob("riskstrat-*.whl")
    names = run(sys.executable, "-m", "zipfile", "-l", wheel, cwd=environment)
    assert "riskstrat_serving/service.py" in names
    assert ".css" in names
    assert "riskstrat/cli/demo_study.toml" in names


def test_the_bare_core_imports_without_extras(environment: Path) -> None:
    python = environment / "venv" / "bin" / "python"
    code = (
        "import sys\n"
        "for name in ('bentoml', 'mlflow', 'starlette', 'pyspark'): sys.modules[name] = None\n"
        "import riskstrat\n"
        "for name in riskstrat.__all__: getattr(riskstrat, name)\n"
        "print(len(riskstrat.__all__))\n"
    )
    assert run(python, "-c", code, cwd=environment).strip() == "13"
