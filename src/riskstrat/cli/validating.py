"""Commands beside training: better parameters, a validation, a calibration for a new place."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from riskstrat.cli.console import JsonOption, RecordsOption, show, stages
from riskstrat.errors import UsageError

__all__ = ["recalibrate", "tune", "validate"]

RECALIBRATION = "recalibration.json"
"""The file that every folder of a recalibrated model holds."""

ArtefactArgument = Annotated[Path, typer.Argument(help="A model's artefact folder.")]


def recalibrate(
    artefact: ArtefactArgument,
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="Folder for the new artefact and what was found.")],
    method: Annotated[
        str, typer.Option(help="large: the intercept only; affine: intercept and slope.")
    ] = "large",
    latest: Annotated[
        bool,
        typer.Option("--latest", help="The newest date whose window has ended, not the study's."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Fit a model's calibration again, for a new place or later years; the trees stay.

    The old artefact is not touched. The new one has a version of its own and says where it is from.

    Example: riskstrat recalibrate runs/ours/artefact --records theirs/ --out runs/theirs/

    Example: riskstrat recalibrate runs/ours/artefact --records records/ --out runs/now/ --latest
    --method affine
    """
    from riskstrat.records import load_records
    from riskstrat.staging import require_replaceable, staged_directory
    from riskstrat.training import RiskModel
    from riskstrat.validation import recalibrate_on
    from riskstrat.validation.recalibration import METHODS

    if method not in METHODS:
        raise UsageError(f"expected --method {' or '.join(METHODS)}.")
    _require_apart(artefact, out)
    require_replaceable(out, RECALIBRATION)
    model = RiskModel.load(artefact)
    with stages() as say:
        found = recalibrate_on(
            model, load_records(records), method=METHODS[method], latest=latest, progress=say
        )
        with staged_directory(out, marker=RECALIBRATION) as staged:
            found.model.save(staged / "artefact")
            text = json.dumps(found.told, indent=1, ensure_ascii=False) + "\n"
            (staged / RECALIBRATION).write_text(text, encoding="utf-8", newline="\n")
    show(
        {"out": out, "model_version": found.model.version, **found.told},
        as_json=as_json,
        lines=[*_recalibrated_lines(found.told), f"Artefact: {out / 'artefact'}"],
    )


def tune(
    study: Annotated[Path, typer.Argument(help="A study.toml.")],
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="File for the parameters, such as params.toml.")],
    minutes: Annotated[float, typer.Option(help="How long to search.")],
    trials: Annotated[int | None, typer.Option(min=1, help="Most trials.")] = None,
    study_db: Annotated[
        Path | None, typer.Option(help="File that keeps the trials: the search goes on from it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Search for better parameters of the trees, on development rows only.

    They are kept only if clearly better than the defaults on people who were not seen; else the
    defaults are written, and the file says so. 'params' in [model] of the study names the file.

    Example: riskstrat tune study.toml --records records/ --out params.toml --minutes 30

    Example: riskstrat tune study.toml --records records/ --out params.toml --minutes 30
    --trials 60 --study-db trials.db
    """
    from riskstrat.pipeline import tune_on
    from riskstrat.records import load_records
    from riskstrat.staging import write_file
    from riskstrat.study import load_study
    from riskstrat.training.tuning import MARK, SearchRules, params_text

    if out.exists() and not (out.is_file() and out.read_bytes().startswith(MARK.encode())):
        raise UsageError(
            f"expected a new file or earlier parameters of this command, but '{out.name}' is "
            "neither. Nothing was changed.",
            do="Choose another file with --out.",
        )
    read = load_study(study)
    rules = SearchRules(read.split.seed, minutes, trials=trials, storage=study_db)
    with stages() as say:
        found = tune_on(load_records(records), read, rules, progress=say)
        write_file(out, params_text(found).encode())
    kept = "kept" if found.is_better else "no clear gain: the defaults are written"
    lines = [
        f"{found.trials} trials: out-of-fold log-loss {found.best_loss:.5f} at best, "
        f"{found.default_loss:.5f} with the defaults; {kept}.",
        f"Parameters: {out}",
    ]
    show({"out": out, **dataclasses.asdict(found)}, as_json=as_json, lines=lines)


def validate(
    subject: Annotated[Path, typer.Argument(help="A study.toml, or a model's artefact folder.")],
    records: RecordsOption,
    out: Annotated[Path, typer.Option(help="Folder for validation.json and validation.html.")],
    external: Annotated[
        Path | None, typer.Option(help="Linked records of another place, to judge the model on.")
    ] = None,
    parts: Annotated[
        str, typer.Option(help="Which parts, with commas: practices, feeds, learning, optimism.")
    ] = "practices,feeds,learning,optimism",
    as_json: JsonOption = False,
) -> None:
    """Ask whether a model would hold elsewhere, and what each feed is worth.

    Practices left out; another place, as it is and recalibrated; each feed left out; fewer people;
    optimism. Every part fits the model again several times.

    Example: riskstrat validate study.toml --records records/ --out validated/

    Example: riskstrat validate runs/ours/artefact --records records/ --external theirs/
    --parts practices,feeds --out validated/
    """
    from riskstrat.records import load_records
    from riskstrat.staging import require_replaceable
    from riskstrat.study import load_study
    from riskstrat.training import RiskModel
    from riskstrat.validation import Subject, ValidationRules
    from riskstrat.validation import validate as validated
    from riskstrat.validation.report import VALIDATION

    rules = ValidationRules(tuple(part.strip() for part in parts.split(",") if part.strip()))
    rules.require_known()
    require_replaceable(out, VALIDATION)
    model = RiskModel.load(subject) if subject.is_dir() else None
    study = load_study(subject) if model is None else model.study
    elsewhere = None if external is None else load_records(external)
    with stages() as say:
        what = Subject(study, load_records(records), model)
        report = validated(what, rules, external=elsewhere, progress=say)
        report.write(out)
    lines = [*report.describe(), f"Report: {out / 'validation.html'}"]
    show({"out": out, **report.found}, as_json=as_json, lines=lines)


def _require_apart(artefact: Path, out: Path) -> None:
    """Refuse an output that would take the place of the model it is made from."""
    old, new = artefact.resolve(), out.resolve()
    if new == old or new in old.parents or old in new.parents:
        raise UsageError(
            "expected a folder apart from the artefact, which stays as it is.",
            do="Choose another folder with --out.",
        )


def _recalibrated_lines(told: Mapping[str, Any]) -> list[str]:
    lines = [
        f"Calibrated on {told['people']:,} people at {told['index_date']}, "
        f"{told['age_days']:,} days before the records end."
    ]
    if told["is_in_development"]:
        lines.append(
            "The model may have been developed on them: a later date, or another place, says more."
        )
    for name, words in (("admission", "admission"), ("death", "death first")):
        part = told[name]
        if "left_as_it_was" in part:
            lines.append(f"Model of {words}: as it was, {part['left_as_it_was']}.")
            continue
        before, after = (part[when]["observed_expected"]["value"] for when in ("before", "after"))
        lines.append(f"Model of {words}: observed/expected {before:.3f} before, {after:.3f} after.")
    return lines
