"""Commands after training: score everyone, make a practice's list, explain one patient."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated
from urllib.parse import quote

import typer

from riskstrat.cli.console import JsonOption, RecordsOption, parse_day, show, stages
from riskstrat.errors import DataError, UsageError

__all__ = ["explain", "list_command", "score"]

ArtefactArgument = Annotated[Path, typer.Argument(help="A model's artefact folder.")]
DayOption = Annotated[
    str | None,
    typer.Option("--index-date", help="Day the prediction stands for, such as 2025-01-01."),
]


def score(
    artefact: ArtefactArgument,
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="Folder for scores, contributions and reasons.")],
    index_date: DayOption = None,
    full: Annotated[
        bool, typer.Option("--full", help="Also write what every single feature contributes.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Score and explain everyone who is eligible at an index date.

    A study at discharge needs no date: it then scores each person's latest discharge.

    Example: riskstrat score runs/demo/artefact --records records/ --index-date 2024-01-01
    --out scores/
    """
    from riskstrat import risklist
    from riskstrat.records import load_records
    from riskstrat.staging import require_replaceable
    from riskstrat.training import RiskModel

    require_replaceable(out, "run.json")
    model = RiskModel.load(artefact)
    with stages() as say, _room_aside(out) as aside:
        contributions = aside / "contributions.parquet" if full else None
        scores = risklist.score(
            model,
            load_records(records),
            parse_day(index_date),
            feature_contributions=contributions,
            progress=say,
        )
        scores.save(out, feature_contributions=contributions)
    lines = [
        f"Scored {scores.run['people']:,} people in {scores.run['practices']:,} practices: {out}/"
    ]
    show(scores.run, as_json=as_json, lines=lines)


@contextmanager
def _room_aside(out: Path) -> Iterator[Path]:
    """A folder for unfinished files, beside the output and so on the same disk."""
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=out.parent, prefix=f".{out.name}.")
    except OSError as error:
        raise DataError(
            f"expected to write beside '{out.name}', but: {error.strerror}.",
            do="Check the folder's permissions and the free disk space, then run it again.",
        ) from error
    with folder as name:
        yield Path(name)


def list_command(
    scores: Annotated[Path, typer.Argument(help="Folder written by 'riskstrat score'.")],
    out: Annotated[Path, typer.Option(help="File; with --all a folder with a file a practice.")],
    practice: Annotated[str | None, typer.Option(help="Code of one practice.")] = None,
    every_practice: Annotated[bool, typer.Option("--all", help="Every practice.")] = False,
    capacity: Annotated[
        int | None, typer.Option(min=1, help="How many people the team can review.")
    ] = None,
    mode: Annotated[str, typer.Option(help="highest")] = "highest",
    file_format: Annotated[str, typer.Option("--format", help="csv or json.")] = "csv",
    as_json: JsonOption = False,
) -> None:
    """Write a practice's risk list: a prompt for review, never a decision.

    Example: riskstrat list scores/ --practice Z90001 --capacity 40 --out list.csv
    """
    from riskstrat import risklist

    if (practice is None) != every_practice:
        raise UsageError("expected either --practice CODE or --all.")
    if file_format not in {"csv", "json"}:
        raise UsageError("expected --format csv or json.")
    loaded = risklist.load_scores(scores)
    codes = risklist.practices(loaded) if practice is None else [practice]
    people = 0
    for code in codes:
        made = risklist.make_risk_list(loaded, code, capacity=capacity, mode=mode)
        path = out / f"{quote(code, safe='')}.{file_format}" if every_practice else out
        made.to_csv(path) if file_format == "csv" else made.to_json(path)
        people += len(made.frame)
    lines = [f"Listed {people:,} people of {len(codes):,} practices: {out}"]
    result = {"out": out, "people": people, "practices": len(codes)}
    show(result, as_json=as_json, lines=lines)


def explain(
    artefact: ArtefactArgument,
    records: RecordsOption,
    patient: Annotated[str, typer.Option(help="Pseudonym of the patient.")],
    index_date: DayOption = None,
    as_json: JsonOption = False,
) -> None:
    """Explain one patient's risk at an index date, in words and numbers.

    Example: riskstrat explain runs/demo/artefact --records records/ --patient ID
    --index-date 2024-01-01
    """
    from riskstrat import risklist
    from riskstrat.records import load_records
    from riskstrat.training import RiskModel

    model = RiskModel.load(artefact)
    day = parse_day(index_date)
    explained = risklist.explain_patient(model, load_records(records), patient, day)
    show(explained.to_dict(), as_json=as_json, lines=explained.lines())
