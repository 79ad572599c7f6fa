"""The batched APIs of the service know nothing of who calls.

Inside a batch BentoML shows every row the context of one request, so an API that reads it would
mix callers up.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SERVICE = Path(__file__).resolve().parents[2] / "serving" / "riskstrat_serving" / "service.py"


def apis(tree: ast.Module) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and any(
            ast.unparse(mark).split("(")[0] in {"bentoml.api", "api"}
            for mark in node.decorator_list
        )
    ]


@pytest.fixture(scope="module")
def service() -> ast.Module:
    if not SERVICE.exists():
        pytest.skip("the service is not part of this tree")
    return ast.parse(SERVICE.read_text(encoding="utf-8"))


def test_there_are_the_two_apis(service: ast.Module) -> None:
    assert sorted(api.name for api in apis(service)) == ["explain", "score"]


def test_no_api_takes_or_reads_the_context_of_a_request(service: ast.Module) -> None:
    for api in apis(service):
        arguments = api.args
        taken = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        names = {argument.arg for argument in taken}
        types = {ast.unparse(a.annotation) for a in taken if a.annotation is not None}
        assert arguments.kwarg is None
        assert not names & {"ctx", "context", "request"}
        assert not [t for t in types if "Context" in t or "Request" in t]


def test_the_service_never_asks_for_the_current_context(service: ast.Module) -> None:
    words = {getattr(node, "attr", None) or getattr(node, "id", None) for node in ast.walk(service)}
    assert not words & {"ctx", "server_context", "request_directory", "Context"}
