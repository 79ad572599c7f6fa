"""One MLflow run per trained model: parameters, metrics, artefact, report, registered model."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from contextlib import redirect_stderr
from importlib.metadata import version
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from riskstrat.errors import UsageError
from riskstrat.tracking.registry import CHALLENGER
from riskstrat.tracking.store import connected, load_mlflow, quiet_mlflow, store_uri

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["log_run", "scalar_metrics"]

ARTEFACT = "artefact"
DOCUMENTS = (
    *("report.html", "metrics.json", "model_card.md", "tripod.md"),
    *("explanations.html", "explanations.json"),
)
"""Files beside the artefact that belong to the run."""

LOADER = "riskstrat.tracking.pyfunc"
EXAMPLE_AGE = 80.0
"""Age in years of the input example."""

MOST_METRICS = 500
"""Metrics sent at once; MLflow takes at most 1,000."""

_NOT_IN_A_NAME = re.compile(r"[^\w\-. /]")
"""What MLflow refuses in the name of a metric."""


def log_run(
    run_dir: Path, model: RiskModel, metrics: Mapping[str, Any], *, uri: str | None = None
) -> str:
    """Record a trained model in MLflow and register it under the name of its study.

    Parameters
    ----------
    run_dir : Path
        Folder with ``artefact/`` and, where written, the :data:`DOCUMENTS`.
    model : RiskModel
        The model in ``artefact/``.
    metrics : mapping
        As in ``metrics.json``; numbers at any depth are recorded, lists are not.
    uri : str, optional
        The MLflow store; else ``RISKSTRAT_MLFLOW_URI``, else ``mlflow.db`` beside `run_dir`.

    Returns
    -------
    str
        The identifier of the run.

    Raises
    ------
    MissingExtraError
        When MLflow is not installed.
    UsageError
        When `run_dir` holds no artefact.

    Notes
    -----
    No value of a patient enters the run: metrics are aggregates, and the input example is nobody, a
    row of missing values with an age. The new version is the challenger; which one is the champion
    is for people to decide (:func:`riskstrat.tracking.promote`). The registered model is the
    artefact with ``riskstrat.tracking.pyfunc`` as its loader, so it holds neither code nor pickle;
    serve it with ``mlflow models serve --env-manager local``.
    """
    artefact = run_dir / ARTEFACT
    if not (artefact / "model.json").is_file():
        raise UsageError(
            f"expected a trained model in '{run_dir.name}/{ARTEFACT}', but there is none.",
            do="Give the folder that 'riskstrat train' wrote.",
        )
    mlflow = load_mlflow()
    with quiet_mlflow(), connected(mlflow, store_uri(run_dir, uri)):
        experiment = _experiment(mlflow, model.study.name, run_dir)
        with mlflow.start_run(experiment_id=experiment, run_name=model.version) as run:
            mlflow.log_params(_parameters(model))
            scalars = list(scalar_metrics(metrics).items())
            for start in range(0, len(scalars), MOST_METRICS):
                mlflow.log_metrics(dict(scalars[start : start + MOST_METRICS]))
            mlflow.log_artifacts(str(artefact), ARTEFACT)
            for name in DOCUMENTS:
                if (run_dir / name).is_file():
                    mlflow.log_artifact(str(run_dir / name))
            _register(mlflow, model, artefact)
            return str(run.info.run_id)


def scalar_metrics(metrics: Mapping[str, Any], prefix: str = "") -> dict[str, float]:
    """Finite numbers of nested mappings, named by their path.

    Examples
    --------
    >>> scalar_metrics({"auroc": {"value": 0.75, "interval": [0.7, 0.8]}, "note": "text"})
    {'auroc/value': 0.75}
    """
    found: dict[str, float] = {}
    for key, value in metrics.items():
        name = f"{prefix}{_NOT_IN_A_NAME.sub('_', str(key))}"
        if isinstance(value, Mapping):
            found |= scalar_metrics(value, f"{name}/")
        elif (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        ):
            found[name] = float(value)
    return found


def _experiment(mlflow: Any, name: str, run_dir: Path) -> str:
    """The experiment of the study; in a local store its files stand beside the store."""
    found = mlflow.get_experiment_by_name(name)
    if found is not None:
        return str(found.experiment_id)
    is_local = mlflow.get_tracking_uri().startswith("sqlite:")
    files = (run_dir.resolve().parent / "mlartifacts").as_uri() if is_local else None
    return str(mlflow.create_experiment(name, artifact_location=files))


def _parameters(model: RiskModel) -> dict[str, Any]:
    outcome = model.study.outcome
    return {
        **model.params,
        "study": model.study.name,
        "model_version": model.version,
        "catalogue_hash": model.catalogue_hash,
        "features": len(model.features),
        "outcome": outcome.kind,
        "window_days": outcome.window_days,
        "seed": model.study.split.seed,
        "data_fingerprint": model.provenance.get("data_fingerprint", ""),
    }


def _register(mlflow: Any, model: RiskModel, artefact: Path) -> None:
    with redirect_stderr(StringIO()):  # MLflow prints two lines on every registration
        logged = mlflow.pyfunc.log_model(
            name="model",
            loader_module=LOADER,
            data_path=str(artefact),
            pip_requirements=[f"riskstrat=={version('riskstrat')}"],
            signature=_signature(model),
            input_example=_nobody(model),
            registered_model_name=model.study.name,
        )
        mlflow.MlflowClient().set_registered_model_alias(
            model.study.name, CHALLENGER, logged.registered_model_version
        )


def _nobody(model: RiskModel) -> pd.DataFrame:
    """An input that is no patient's: everything missing but a made-up age."""
    row = {feature.name: np.nan for feature in model.features}
    return pd.DataFrame([{**row, "age": EXAMPLE_AGE} if "age" in row else row])


def _signature(model: RiskModel) -> Any:
    """Every feature as an optional number in; two probabilities out."""
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    names = [feature.name for feature in model.features]
    inputs = Schema([ColSpec("double", name, required=False) for name in names])
    outputs = Schema([ColSpec("double", name) for name in ("risk", "risk_death")])
    return ModelSignature(inputs=inputs, outputs=outputs)
