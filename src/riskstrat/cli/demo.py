"""``riskstrat demo``: the whole path on a simulated district."""

from __future__ import annotations

from datetime import date
from importlib.metadata import entry_points
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from riskstrat.cli.console import show, stages
from riskstrat.errors import MissingExtraError

if TYPE_CHECKING:
    from riskstrat.risklist import Scores

__all__ = ["DEMO_CAPACITY", "DEMO_INDEX_DATE", "demo"]

DEMO_INDEX_DATE = date(2025, 1, 1)
"""The simulated records end the day before: the list is made on the newest data."""

DEMO_CAPACITY = 40
"""People on each practice's list: about what a monthly meeting can go through."""


def demo(
    out: Annotated[Path, typer.Option(help="Folder for everything the demo makes.")] = Path("demo"),
    people: Annotated[int, typer.Option(min=2000, help="How many simulated people.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Same seed, same district.")] = 1,
    serve: Annotated[bool, typer.Option(help="End with the running review pages.")] = True,
    port: Annotated[int, typer.Option(help="Port of the review pages.")] = 3000,
) -> None:
    """Simulate a district, train, judge, score, list, and open the review pages.

    Everything is synthetic: the figures say nothing about real accuracy.

    Example: riskstrat demo --no-serve
    """
    from riskstrat import risklist, simulation
    from riskstrat.cli.tracked import log_run
    from riskstrat.pipeline import run_study
    from riskstrat.records import load_records
    from riskstrat.study import parse_study

    study = parse_study(files("riskstrat.cli").joinpath("demo_study.toml").read_text("utf-8"))
    with stages() as say:
        say("simulation")
        simulation.simulate(people, seed, records=out / "records", overwrite=True)
        records = load_records(out / "records")
        run = run_study(records, study, out / "run", capacity=DEMO_CAPACITY, progress=say)
        say("tracking")
        tracked = log_run(run)
        scores = risklist.score(run.model, records, DEMO_INDEX_DATE, progress=say)
        scores.save(out / "scores")
        say("lists")
        _write_lists(scores, out / "lists")
    lines = [
        run.report.describe(),
        "Synthetic data: these figures say nothing about real accuracy.",
        f"  records    {out / 'records'}/",
        f"  model      {out / 'run' / 'artefact'}/",
        f"  report     {out / 'run' / 'report.html'}",
        f"  explained  {out / 'run' / 'explanations.html'}",
        f"  model card {out / 'run' / 'model_card.md'}",
        f"  scores     {out / 'scores'}/",
        f"  lists      {out / 'lists'}/",
        f"  {tracked}",
    ]
    show({}, as_json=False, lines=lines)
    if serve:
        _serve(out / "scores", port)


def _write_lists(scores: Scores, folder: Path) -> None:
    from riskstrat.risklist import make_risk_list, practices

    for code in practices(scores):
        made = make_risk_list(scores, code, capacity=DEMO_CAPACITY)
        made.to_csv(folder / f"{code}.csv")


def _serve(scores: Path, port: int) -> None:
    found = list(entry_points(group="riskstrat.commands", name="serve"))
    if not found:
        raise MissingExtraError("serve", "the review pages")
    found[0].load()(scores, port=port)
