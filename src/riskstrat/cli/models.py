"""Commands about registered models: list the versions, compare two models, promote one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from riskstrat.cli.console import JsonOption, RecordsOption, show, show_table, stages

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["compare", "models", "promote"]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--mlflow",
        help="MLflow address, or the folder with mlflow.db; RISKSTRAT_MLFLOW_URI or 'runs' "
        "otherwise.",
    ),
]
NameArgument = Annotated[str, typer.Argument(help="Name of the study.")]

NOTHING = "\u2013"
"""Stands where there is no figure."""

_SHOWN = ("everyone/people", "everyone/events")


def models(name: NameArgument, mlflow: StoreOption = None, as_json: JsonOption = False) -> None:
    """List the registered versions of a study's model, and why each was promoted.

    Example: riskstrat models emergency_admission_12m --mlflow runs/
    """
    from dataclasses import asdict

    from riskstrat.tracking import registered_versions, registry_uri

    versions = registered_versions(name, uri=registry_uri(mlflow))
    if as_json:
        show({"versions": [asdict(version) for version in versions]}, as_json=True, lines=[])
        return
    rows = [
        [v.version, ", ".join(v.aliases), v.model_version, v.created[:10], *_figures(v.metrics)]
        for v in versions
    ]
    columns = ["version", "alias", "artefact", "registered", "people", "events"]
    show_table(name, columns, rows)
    told = [
        f"Version {v.version} became {p.alias} on {p.at[:10]}"
        + (f", after version {p.replaced}" if p.replaced else "")
        + f": {p.reason}"
        for v in reversed(versions)
        for p in v.promotions
    ]
    show({}, as_json=False, lines=told)


def _figures(metrics: dict[str, float]) -> list[str]:
    return [f"{metrics[name]:,.0f}" if name in metrics else "" for name in _SHOWN]


def compare(
    first: Annotated[
        str, typer.Argument(help="Artefact folder, or registered model: name@champion, name:3.")
    ],
    second: Annotated[str, typer.Argument(help="The model to compare with the first.")],
    records: RecordsOption,
    mlflow: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Judge two models on the same people and dates, with paired intervals.

    Example: riskstrat compare frail_older_12m@champion frail_older_12m@challenger
    --records records/

    Example: riskstrat compare runs/old/artefact runs/new/artefact --records records/
    """
    from riskstrat.pipeline import compare_on
    from riskstrat.records import load_records

    one, other = (_model(reference, mlflow) for reference in (first, second))
    loaded = load_records(records)
    with stages() as say:
        found = compare_on(one, other, loaded, progress=say)
    found["synthetic"] = loaded.is_synthetic
    show(found, as_json=as_json, lines=[])
    if not as_json:
        _show_compared(found)


def _model(reference: str, mlflow: str | None) -> RiskModel:
    from riskstrat.tracking import load_version, registry_uri
    from riskstrat.training import RiskModel

    if Path(reference).is_dir():
        return RiskModel.load(reference)
    return load_version(reference, uri=registry_uri(mlflow))


def _show_compared(found: dict[str, Any]) -> None:
    rows = [
        [label, *(_said(found[key][part]) for part in ("first", "second", "difference"))]
        for key, label in (("auroc", "AUROC"), ("average_precision", "average precision"))
    ]
    for key, label in (("slope", "calibration slope"), ("observed_expected", "observed/expected")):
        pair = [_said(found["calibration"][part][key]) for part in ("first", "second")]
        rows.append([label, *pair, ""])
    for row in found["lists"]:
        held = row["sensitivity"]
        pair = [f"{held[part]:.1%}" for part in ("first", "second")]
        change = _said(held["difference"], scale=100, unit=" points")
        rows.append([f"found by the {row['label']}", *pair, change])
        rows.append([f"same people in the {row['label']}", "", "", f"{row['shared']:.0%}"])
    synthetic = "Synthetic data. " if found["synthetic"] else ""
    title = f"{synthetic}{found['rows']:,} rows of {found['people']:,} people, "
    title += f"{found['events']:,} with the outcome"
    show_table(title, ["", "first", "second", "second less first"], rows)


def _said(estimate: dict[str, float | None], *, scale: float = 1, unit: str = "") -> str:
    value, low, high = (estimate[part] for part in ("value", "low", "high"))
    if value is None:
        return NOTHING
    digits = 3 if scale == 1 else 1
    if low is None or high is None:
        return f"{value * scale:.{digits}f}{unit}"
    limits = f"{low * scale:.{digits}f} to {high * scale:.{digits}f}"
    return f"{value * scale:.{digits}f}{unit} ({limits})"


def promote(
    name: NameArgument,
    version: Annotated[str, typer.Argument(help="Number of the version.")],
    reason: Annotated[
        str, typer.Option(help="Why, for those who ask later; never a patient's details.")
    ],
    alias: Annotated[str, typer.Option(help="champion or challenger.")] = "champion",
    mlflow: StoreOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a version the one in use, with a written reason that stays with it.

    Example: riskstrat promote frail_older_12m 3 --reason "AUROC +0.012 on 2024, board of 3 March"
    """
    from dataclasses import asdict

    from riskstrat.tracking import promote as promote_version
    from riskstrat.tracking import registry_uri

    promoted = promote_version(name, version, reason=reason, alias=alias, uri=registry_uri(mlflow))
    line = f"Version {promoted.version} of {promoted.name} is now the {alias}."
    show(asdict(promoted), as_json=as_json, lines=[line])
