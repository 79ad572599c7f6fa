"""Every command of ``riskstrat``: read the arguments, call the library, show the result.

A command imports what it runs when it runs, so that ``--help`` need not wait for LightGBM.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import entry_points, version
from pathlib import Path
from typing import Annotated

import typer

from riskstrat.cli.console import (
    JsonOption,
    RecordsOption,
    report_defect,
    report_error,
    show,
    show_table,
    stages,
    warn,
)
from riskstrat.cli.demo import demo
from riskstrat.cli.link import link_command
from riskstrat.cli.lists import explain, list_command, score
from riskstrat.cli.models import compare, models, promote
from riskstrat.cli.simulate import simulate
from riskstrat.cli.validating import recalibrate, tune, validate
from riskstrat.errors import DataError, RiskstratError

__all__ = ["COMMAND_GROUP", "add_commands_of_other_packages", "app", "main"]

COMMAND_GROUP = "riskstrat.commands"
"""Entry-point group through which other packages (the service) add commands."""

app = typer.Typer(
    help="Explained risk of emergency admission from linked records. Not a medical device.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
study_app = typer.Typer(help="Describe or check a study file.", no_args_is_help=True)
app.add_typer(study_app, name="study")


def _show_version(asked: bool) -> None:
    if asked:
        typer.echo(f"riskstrat {version('riskstrat')}")
        raise typer.Exit


@app.callback()
def _options(
    _version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Explained risk of emergency admission from linked records. Not a medical device."""


@app.command("schema")
def schema_command(as_json: JsonOption = False) -> None:
    """Print the canonical tables that a store of linked records holds."""
    from riskstrat.schema import TABLES, describe_tables

    if as_json:
        show({"tables": describe_tables()}, as_json=True, lines=[])
        return
    for table in TABLES.values():
        rows = [
            [c.name, c.type, "" if c.nullable else "required", ", ".join(c.allowed), c.meaning]
            for c in table.columns
        ]
        title = f"{table.name}: one row per {table.row}"
        show_table(title, ["column", "type", "", "allowed values", "meaning"], rows)


@study_app.command("schema")
def study_schema_command() -> None:
    """Print the JSON Schema of study.toml.

    Example: riskstrat study schema > study.schema.json
    """
    from riskstrat.study import study_schema

    typer.echo(json.dumps(study_schema(), indent=2))


@study_app.command("check")
def study_check(study: Annotated[Path, typer.Argument(help="A study.toml.")]) -> None:
    """Read a study strictly and name every mistake at once.

    Example: riskstrat study check models/omop_emergency_visit_12m/study.toml
    """
    from riskstrat.features.check_study import check_study

    read = check_study(study)
    show({"name": read.name}, as_json=False, lines=[f"The study '{read.name}' has no mistakes."])


app.command()(simulate)


app.command("link")(link_command)


@app.command("check")
def check_command(
    records: Annotated[Path, typer.Argument(help="Folder of linked records.")],
    as_json: JsonOption = False,
    plot: Annotated[
        Path | None, typer.Option(help="File for rows by feed and month: .svg or .png.")
    ] = None,
) -> None:
    """Check linked records; exit status 3 when a finding is an error.

    What each finding means, and what to do, is in docs/reference/checks.md.

    Example: riskstrat check records/

    Example: riskstrat check records/ --plot volumes.svg
    """
    from riskstrat.cli.checking import checked_json, covered, show_checked
    from riskstrat.records import check_records, load_records
    from riskstrat.records.checks import plot_volumes, volumes

    loaded = load_records(records)
    with stages() as say:
        say("counting rows")
        rows = volumes(loaded)
        recent = covered(rows, loaded)
        if plot is not None:
            plot_volumes(recent, plot, is_synthetic=loaded.is_synthetic)
        say("checking")
        findings = check_records(loaded)
    if as_json:
        show(checked_json(findings, rows), as_json=True, lines=[])
    else:
        show_checked(findings, recent, is_synthetic=loaded.is_synthetic)
    if any(f.level == "error" for f in findings):
        raise typer.Exit(DataError.exit_code)


@app.command()
def train(
    study: Annotated[Path, typer.Argument(help="A study.toml.")],
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="Folder for artefact, metrics, report and card.")],
    capacity: Annotated[
        int | None, typer.Option(min=1, help="How many people a team can review.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train a study's model on linked records and judge it.

    Example: riskstrat train models/omop_emergency_visit_12m/study.toml --records records/
    --out runs/omop/
    """
    from riskstrat.cli.silent import silent_features
    from riskstrat.cli.tracked import log_run
    from riskstrat.pipeline import run_study
    from riskstrat.records import load_records
    from riskstrat.study import load_study

    rules = load_study(study)
    with stages() as say:
        run = run_study(load_records(records), rules, out, capacity=capacity, progress=say)
        say("tracking")
        note = log_run(run)
    if warning := silent_features(run.model):
        warn(warning)
    pages = f"Report: {out / 'report.html'}; explanations: {out / 'explanations.html'}"
    lines = [run.report.describe(), note, pages]
    show(
        {"out": out, "model_version": run.model.version, "metrics": run.report.metrics},
        as_json=as_json,
        lines=lines,
    )


@app.command()
def evaluate(
    artefact: Annotated[Path, typer.Argument(help="A model's artefact folder.")],
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="Folder for metrics, report and card.")],
    capacity: Annotated[
        int | None, typer.Option(min=1, help="How many people a team can review.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Judge a trained model on linked records, those it was trained on or others.

    Example: riskstrat evaluate runs/omop/artefact --records records/ --out judged/
    """
    from riskstrat.pipeline import METRICS, evaluate_on
    from riskstrat.records import load_records
    from riskstrat.staging import require_replaceable, staged_directory
    from riskstrat.training import RiskModel

    require_replaceable(out, METRICS)
    model = RiskModel.load(artefact)
    with stages() as say:
        report = evaluate_on(model, load_records(records), capacity=capacity, progress=say)
        with staged_directory(out, marker=METRICS) as staged:
            report.write(staged)
    lines = [report.describe(), f"Report: {out / 'report.html'}"]
    show({"out": out, "metrics": report.metrics}, as_json=as_json, lines=lines)


app.command()(tune)
app.command()(validate)
app.command()(recalibrate)
app.command()(score)
app.command("list")(list_command)
app.command()(explain)
app.command()(models)
app.command()(compare)
app.command()(promote)
app.command()(demo)


def add_commands_of_other_packages() -> None:
    """Add every command of the entry-point group, such as ``serve``."""
    for entry in sorted(entry_points(group=COMMAND_GROUP), key=lambda found: found.name):
        app.command(entry.name)(entry.load())


def main() -> None:
    """Run the command line; exit status 0, 1 (defect), 2 (usage) or 3 (data)."""
    add_commands_of_other_packages()
    try:
        app()
    except RiskstratError as error:
        report_error(error)
        sys.exit(error.exit_code)
    except Exception as error:
        report_defect(error)
        sys.exit(1)
