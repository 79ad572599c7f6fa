"""Registered models: which versions there are, which one is in use, and why it was chosen."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from riskstrat.errors import UsageError
from riskstrat.tracking.store import ENVIRONMENT_URI, connected, load_mlflow, quiet_mlflow
from riskstrat.training import RiskModel

__all__ = [
    "ALIASES",
    "CHALLENGER",
    "CHAMPION",
    "Promotion",
    "RegisteredVersion",
    "load_version",
    "promote",
    "registered_versions",
    "registry_uri",
]

CHAMPION, CHALLENGER = "champion", "challenger"
ALIASES = (CHAMPION, CHALLENGER)
"""The version in use, and the newest one that was trained to replace it."""

LEAST_REASON = 10
"""Fewest characters of a reason: enough to name a meeting, a figure or a document (judgement)."""

PROMOTION = "promotion."
"""Start of the tags of a version that tell its promotions, followed by when."""

_REFERENCE = re.compile(r"(?P<name>[^@/:]+)(?:@(?P<alias>\w+)|:(?P<version>\d+))")


@dataclass(frozen=True)
class Promotion:
    """When a version got an alias, what it replaced, and why.

    Parameters
    ----------
    at : str
        Coordinated universal time, ISO 8601.
    alias : str
    replaced : str
        The version that had the alias before; empty for none.
    reason : str
    """

    at: str
    alias: str
    replaced: str
    reason: str


@dataclass(frozen=True)
class RegisteredVersion:
    """One registered version of a study's model.

    Parameters
    ----------
    name, version : str
    aliases : tuple of str
    model_version : str
        Version of the artefact, twelve hex digits.
    run_id : str
    created : str
        Coordinated universal time, ISO 8601.
    metrics : dict
        The figures logged with the run, named by their path.
    promotions : tuple of Promotion
        Oldest first.
    """

    name: str
    version: str
    aliases: tuple[str, ...]
    model_version: str
    run_id: str
    created: str
    metrics: dict[str, float]
    promotions: tuple[Promotion, ...]


def registry_uri(place: str | None = None) -> str:
    """Address of the MLflow store with the registered models.

    Parameters
    ----------
    place : str, optional
        An MLflow address, or the folder that holds ``mlflow.db`` (runs are written in it); else
        ``RISKSTRAT_MLFLOW_URI``, else the folder ``runs``.

    Raises
    ------
    UsageError
        When the folder holds no ``mlflow.db``.
    """
    chosen = place or os.environ.get(ENVIRONMENT_URI) or "runs"
    if "://" in chosen:
        return chosen
    file = Path(chosen).resolve() / "mlflow.db"
    if not file.is_file():
        raise UsageError(
            f"expected 'mlflow.db' in the folder '{Path(chosen).name}', but there is none.",
            do="Give the folder beside whose runs 'riskstrat train' logged, or the address of an "
            "MLflow server.",
        )
    return f"sqlite:///{file.as_posix()}"


def registered_versions(name: str, *, uri: str) -> list[RegisteredVersion]:
    """Every registered version of a model, newest first.

    Raises
    ------
    UsageError
        When no model has this name; those that there are are named.
    """
    with _client(uri) as client:
        found = client.search_model_versions(f"name = '{_plain(name)}'")
        if not found:
            names = sorted(model.name for model in client.search_registered_models())
            raise UsageError(
                f"no model is registered as '{name}'; there are: {', '.join(names) or 'none'}."
            )
        read = [_read(client, name, version.version) for version in found]
    return sorted(read, key=lambda version: int(version.version), reverse=True)


def load_version(reference: str, *, uri: str) -> RiskModel:
    """The model that a reference names, such as ``name@champion`` or ``name:3``.

    Raises
    ------
    UsageError
        When the reference is written otherwise, or there is no such model, version or alias.
    """
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        raise UsageError(
            f"expected a registered model such as 'name@champion' or 'name:3', got '{reference}'."
        )
    name, wanted = match["name"], match["alias"] or match["version"]
    for version in registered_versions(name, uri=uri):
        if wanted == version.version or wanted in version.aliases:
            return _loaded(version, uri)
    raise UsageError(
        f"no version of '{name}' is '{wanted}'.",
        do=f"'riskstrat models {name}' lists the versions and their aliases.",
    )


def promote(
    name: str, version: str, *, reason: str, uri: str, alias: str = CHAMPION
) -> RegisteredVersion:
    """Give a version an alias, with a written reason that stays with it.

    Parameters
    ----------
    name, version : str
    reason : str
        Why: the comparison, the meeting, the document. Never a patient's details.
    uri : str
        From :func:`registry_uri`.
    alias : {'champion', 'challenger'}

    Returns
    -------
    RegisteredVersion

    Raises
    ------
    UsageError
        When the reason is too short, the alias is another, the version does not exist, or it has
        the alias already.
    """
    why = " ".join(reason.split())
    if len(why) < LEAST_REASON:
        raise UsageError(
            f"expected a reason of at least {LEAST_REASON} characters, got {len(why)}.",
            do="Say what was compared, who decided, and where it is written down.",
        )
    if alias not in ALIASES:
        raise UsageError(f"expected an alias, one of: {', '.join(ALIASES)}.")
    versions = {found.version: found for found in registered_versions(name, uri=uri)}
    if version not in versions:
        raise UsageError(f"'{name}' has the versions {', '.join(versions)}, but not '{version}'.")
    if alias in versions[version].aliases:
        raise UsageError(f"version {version} of '{name}' is the {alias} already.")
    before = next((v.version for v in versions.values() if alias in v.aliases), "")
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    with _client(uri) as client:
        told = f"{alias}|{before}|{why}"
        client.set_model_version_tag(name, version, f"{PROMOTION}{at}", told)
        client.set_registered_model_alias(name, alias, version)
        return _read(client, name, version)


def _read(client: Any, name: str, number: str) -> RegisteredVersion:
    version = client.get_model_version(name, str(number))
    data = client.get_run(version.run_id).data
    return RegisteredVersion(
        name,
        str(version.version),
        tuple(sorted(version.aliases)),
        data.params.get("model_version", ""),
        version.run_id,
        datetime.fromtimestamp(version.creation_timestamp / 1000, UTC).isoformat(),
        dict(data.metrics),
        tuple(_promotions(version.tags)),
    )


def _promotions(tags: dict[str, str]) -> Iterator[Promotion]:
    for tag in sorted(tag for tag in tags if tag.startswith(PROMOTION)):
        alias, replaced, reason = tags[tag].split("|", 2)
        yield Promotion(tag.removeprefix(PROMOTION), alias, replaced, reason)


def _loaded(version: RegisteredVersion, uri: str) -> RiskModel:
    mlflow = load_mlflow()
    with quiet_mlflow(), connected(mlflow, uri), TemporaryDirectory() as folder:
        place = mlflow.artifacts.download_artifacts(
            run_id=version.run_id, artifact_path="artefact", dst_path=folder
        )
        return RiskModel.load(place)


def _plain(name: str) -> str:
    """The name as a filter of MLflow takes it."""
    if "'" in name:
        raise UsageError("expected the name of a study, without quotation marks.")
    return name


@contextmanager
def _client(uri: str) -> Iterator[Any]:
    mlflow = load_mlflow()
    with quiet_mlflow(), connected(mlflow, uri):
        yield mlflow.MlflowClient(tracking_uri=uri, registry_uri=uri)
