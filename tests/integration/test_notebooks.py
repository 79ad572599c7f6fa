"""Notebooks run from top to bottom, import riskstrat only, and match their pair."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import jupytext
import pytest
from tests.conftest import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.py"))


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(script: Path, tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(script)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONWARNINGS": "default"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.strip()


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_has_a_pair_without_outputs(script: Path) -> None:
    pair = jupytext.read(script.with_suffix(".ipynb"))
    source = jupytext.read(script)
    cells = [(cell.cell_type, cell.source) for cell in pair.cells]
    assert cells == [(cell.cell_type, cell.source) for cell in source.cells]
    assert not any(cell.get("outputs") for cell in pair.cells)


@pytest.mark.parametrize("script", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_imports_riskstrat_shap_and_the_standard_library_only(script: Path) -> None:
    imported = set()
    for node in ast.walk(ast.parse(script.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        if isinstance(node, ast.ImportFrom):
            imported.add((node.module or "").split(".")[0])
    assert "riskstrat" in imported
    assert imported - {"riskstrat", "shap"} <= set(sys.stdlib_module_names)  # shap: its plots
