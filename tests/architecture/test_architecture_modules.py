"""Modules are small, say what they are for, and name what they offer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
LONGEST_FILE = 400
"""Lines of a module (STYLE rule 8)."""

LONGEST_FUNCTION = 40
"""Lines of a function without its docstring (STYLE rule 8)."""


def package_files() -> list[Path]:
    roots = (REPOSITORY / "src" / "riskstrat", REPOSITORY / "serving" / "riskstrat_serving")
    return [file for root in roots for file in sorted(root.rglob("*.py"))]


FILES = {str(file.relative_to(REPOSITORY)): file for file in package_files()}
TREES = {name: ast.parse(file.read_text(encoding="utf-8")) for name, file in FILES.items()}


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            yield node


def code_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from ``def`` to the end, without decorators and docstring."""
    last = function.end_lineno or function.lineno
    lines = last - function.lineno + 1
    if ast.get_docstring(function) is not None:
        doc = function.body[0]
        lines -= (doc.end_lineno or doc.lineno) - doc.lineno + 1
    return lines


def declared_all(tree: ast.Module) -> list[str] | None:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return list(ast.literal_eval(node.value))
    return None


def isort_style(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Constants, then classes, then the rest, each in natural order (ruff's RUF022)."""
    group = 0 if name.isupper() else 1 if name[:1].isupper() else 2
    parts = re.findall(r"\d+|\D+", name)
    return group, [(0, int(p), "") if p.isdigit() else (1, 0, p) for p in parts]


def defined_names(tree: ast.Module) -> set[str]:
    """Names that a module binds at its top level, also for type checkers only."""
    bodies = [tree.body, *(n.body for n in tree.body if isinstance(n, ast.If))]
    names: set[str] = set()
    for node in (n for body in bodies for n in body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name).split(".")[0] for a in node.names}
        elif isinstance(node, ast.Assign):
            names |= {n.id for t in node.targets for n in ast.walk(t) if isinstance(n, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            names.add(node.target.id)
    return names


def public_names(tree: ast.Module) -> set[str]:
    """Public functions and classes of a module, but for commands of the command line."""
    return {
        node.name
        for node in tree.body
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))
        and not node.name.startswith("_")
        and not any(".command" in ast.unparse(mark) for mark in node.decorator_list)
    }


def test_every_module_says_what_it_is_for() -> None:
    silent = [name for name, tree in TREES.items() if not (ast.get_docstring(tree) or "").strip()]
    assert silent == []


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {n: len(f.read_text(encoding="utf-8").splitlines()) for n, f in FILES.items()}
    assert {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_40_lines() -> None:
    long = {
        f"{name}:{function.name}": lines
        for name, tree in TREES.items()
        for function in functions(tree)
        if (lines := code_lines(function)) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_all_is_sorted_and_defined() -> None:
    """Constants, then classes, then functions; no name twice, and none that is not there."""
    wrong = [
        name
        for name, tree in TREES.items()
        if (listed := declared_all(tree)) is not None
        and (
            listed != sorted(set(listed), key=isort_style) or not set(listed) <= defined_names(tree)
        )
    ]
    assert wrong == []


def test_every_all_is_complete() -> None:
    """Where a module has ``__all__``, it holds every public function and class of the module.

    Commands of the command line are reached through their application and stand apart.
    """
    missing = {
        name: sorted(left_out)
        for name, tree in TREES.items()
        if (listed := declared_all(tree)) is not None
        and (left_out := public_names(tree) - set(listed))
    }
    assert missing == {}


def test_packages_and_modules_are_named_after_what_they_do() -> None:
    banned = {"utils", "helpers", "misc", "common", "tools", "util", "helper"}
    assert [name for name, file in FILES.items() if file.stem in banned] == []


def test_the_measure_of_a_function_leaves_its_docstring_out() -> None:
    source = 'def f():\n    """One.\n\n    Two.\n    """\n    a = 1\n    return a\n'
    (function,) = functions(ast.parse(source))
    assert code_lines(function) == 3
