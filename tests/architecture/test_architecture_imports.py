"""Who may import what; the layers themselves are import-linter's, in pyproject.toml."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
LIBRARY = REPOSITORY / "src" / "riskstrat"
SERVICE = REPOSITORY / "serving" / "riskstrat_serving"

PICKLES = {"pickle", "cPickle", "_pickle", "joblib", "cloudpickle", "dill", "shelve", "marshal"}
"""Modules whose files run code when they are loaded."""

SERVERS = {"bentoml", "starlette", "fastapi", "uvicorn", "riskstrat_serving"}


def imported(file: Path) -> dict[str, int]:
    """Every module a file imports, also inside functions, and the line."""
    found: dict[str, int] = {}
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update({alias.name: node.lineno for alias in node.names})
        elif isinstance(node, ast.ImportFrom):
            found.update({f"{node.module}.{alias.name}": node.lineno for alias in node.names})
        elif isinstance(node, ast.Call) and ast.unparse(node.func).endswith("import_module"):
            found.update(
                {str(a.value): node.lineno for a in node.args[:1] if isinstance(a, ast.Constant)}
            )
    return found


def offenders(root: Path, banned: set[str], *, but: str = "") -> list[str]:
    """Places below `root` that import a banned package, as file:line."""
    return [
        f"{file.relative_to(REPOSITORY)}:{line} imports {name}"
        for file in sorted(root.rglob("*.py"))
        if not (but and file.is_relative_to(LIBRARY / but))
        for name, line in imported(file).items()
        if name.split(".")[0] in banned
    ]


@pytest.mark.parametrize("root", [LIBRARY, SERVICE], ids=["library", "service"])
def test_nothing_is_pickled(root: Path) -> None:
    """No artefact holds a pickle, so loading a model can run no code."""
    assert offenders(root, PICKLES) == []


@pytest.mark.parametrize("root", [LIBRARY, SERVICE], ids=["library", "service"])
def test_only_tracking_knows_mlflow(root: Path) -> None:
    assert offenders(root, {"mlflow"}, but="tracking") == []


@pytest.mark.parametrize("root", [LIBRARY, SERVICE], ids=["library", "service"])
def test_only_one_engine_knows_spark(root: Path) -> None:
    assert offenders(root, {"pyspark", "py4j"}, but="engine/spark.py") == []


def test_the_library_knows_nothing_of_the_service() -> None:
    assert offenders(LIBRARY, SERVERS) == []


@pytest.mark.parametrize("root", [LIBRARY, SERVICE], ids=["library", "service"])
def test_only_windows_does_date_arithmetic(root: Path) -> None:
    """``timedelta``, ``relativedelta``, ``Timedelta`` and ``DateOffset`` belong to one module."""
    places = []
    for file in sorted(root.rglob("*.py")):
        if file == LIBRARY / "windows.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            name = getattr(node, "attr", None) or getattr(node, "id", None)
            if isinstance(node, ast.alias):
                name = node.name.split(".")[-1]
            if name in {"timedelta", "timedelta64", "relativedelta", "Timedelta", "DateOffset"}:
                places.append(f"{file.relative_to(REPOSITORY)} uses {name}")
    assert places == []


def test_the_check_sees_imports_wherever_they_stand(tmp_path: Path) -> None:
    """Inside functions and through ``import_module`` too: the checks above cannot be passed by."""
    file = tmp_path / "sly.py"
    file.write_text(
        "from importlib import import_module\n"
        "def f():\n    import pickle as p\n    from joblib import dump\n"
        "    return import_module('dill')\n"
    )
    assert {name.split(".")[0] for name in imported(file)} & PICKLES == {"pickle", "joblib", "dill"}
