"""What every command shares: where progress goes, how results and errors are shown."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table

from riskstrat.errors import RiskstratError, UsageError

__all__ = [
    "JsonOption",
    "RecordsOption",
    "counted",
    "parse_day",
    "report_defect",
    "report_error",
    "show",
    "show_table",
    "stages",
    "warn",
]

_messages = Console(stderr=True)
_results = Console()

RecordsOption = Annotated[
    Path, typer.Option("--records", help="Folder of linked records, as 'riskstrat link' writes it.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON, for machines.")]


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Show each stage of a run as it starts, and how long it took once it is done."""
    started: list[tuple[str, float]] = []
    with _messages.status("starting") as status:

        def finish() -> None:
            if started:
                stage, at = started.pop()
                _messages.print(f"  {stage} [dim]{time.monotonic() - at:.1f} s[/dim]")

        def begin(stage: str) -> None:
            finish()
            started.append((stage, time.monotonic()))
            status.update(stage)

        yield begin
        finish()


@contextmanager
def counted(things: str) -> Iterator[Callable[[str, int, int], None]]:
    """Show how many of so many things each stage of a run has done, as a bar and in numbers."""
    bar = Progress(
        TextColumn("  {task.description}"),
        BarColumn(),
        TextColumn("{task.completed:,.0f} of {task.total:,.0f} " + things),
        TimeElapsedColumn(),
        console=_messages,
    )
    begun: dict[str, TaskID] = {}

    def tell(stage: str, done: int, total: int) -> None:
        if stage not in begun:
            begun[stage] = bar.add_task(stage, total=total)
        bar.update(begun[stage], completed=done)

    with bar:
        yield tell


def show(result: Mapping[str, Any], *, as_json: bool, lines: list[str]) -> None:
    """Print a result: as JSON for machines, or as sentences for people."""
    if as_json:
        typer.echo(json.dumps(result, indent=2, default=str))
        return
    for line in lines:
        _results.print(line, highlight=False, markup=False)


def show_table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """Print a table for people."""
    table = Table(title=title, title_justify="left")
    for column in columns:
        table.add_column(column)
    for row in rows:
        table.add_row(*row)
    _results.print(table)


def parse_day(text: str | None) -> date | None:
    """A day written 2025-01-31.

    Raises
    ------
    UsageError
        When it is written otherwise.
    """
    try:
        return date.fromisoformat(text) if text is not None else None
    except ValueError:
        raise UsageError("expected a date written year-month-day, such as 2025-01-31.") from None


def warn(message: str) -> None:
    """Show what a user should look at; the command goes on."""
    _messages.print(f"[bold yellow]Warning:[/bold yellow] {_plain(message)}", highlight=False)


def report_error(error: RiskstratError) -> None:
    """Show an error a user can act on: one message, no traceback."""
    _messages.print(f"[bold red]Error:[/bold red] {_plain(error.message)}", highlight=False)
    if error.do:
        _messages.print(_plain(error.do), highlight=False)


def report_defect(error: BaseException) -> None:
    """Show a defect of riskstrat: where it happened, never the values it happened with."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    place = f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}"
    _messages.print(
        f"[bold red]A defect of riskstrat:[/bold red] {type(error).__name__} in {place}.\n"
        "Nothing was half-written. Please report it with this line. To see the full traceback, "
        "which may contain values from your data, set RISKSTRAT_DEBUG=1.",
        highlight=False,
    )
    if os.environ.get("RISKSTRAT_DEBUG") == "1":
        traceback.print_exception(error, file=sys.stderr)


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
