"""An artefact is a folder of text, JSON and Parquet with checksums: loading it can run no code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from riskstrat.errors import ArtefactError
from riskstrat.staging import staged_directory

__all__ = ["ARTEFACT_VERSION", "build_index", "read_artefact", "version_of", "write_artefact"]

ARTEFACT_FORMAT = "riskstrat-model"
ARTEFACT_VERSION = 1
"""Raised when the files change shape; readers accept every version since the last major release."""

INDEX = "model.json"
"""The file that describes the others."""

VERSION_DIGITS = 12
"""Hex digits of a model's version: of a million models any two agree with a chance of 1 in 500."""

_TRAIN_AGAIN = "Train the model again, or copy the whole artefact folder again."


def build_index(description: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """What ``model.json`` holds: the description, a checksum a file, and the model's version.

    The version is the first 12 hex digits of the SHA-256 over everything else in the index, so it
    stands for the content of every file, and can be checked without knowing what any of it means.
    """
    index = {
        "format": ARTEFACT_FORMAT,
        "artefact_version": ARTEFACT_VERSION,
        **description,
        "files": {name: _digest(content) for name, content in files.items()},
    }
    return {**index, "version": version_of(index)}


def version_of(index: Mapping[str, Any]) -> str:
    """The version of a model with this index."""
    content = {key: value for key, value in index.items() if key != "version"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return _digest(text.encode())[:VERSION_DIGITS]


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_artefact(folder: Path, index: Mapping[str, Any], files: Mapping[str, bytes]) -> None:
    """Write the files and their index, ``model.json``; all or nothing.

    Raises
    ------
    DataError
        When the place cannot be written.
    """
    text = json.dumps(index, indent=1, allow_nan=False) + "\n"
    with staged_directory(folder, marker=INDEX) as staged:
        for name, content in files.items():
            (staged / name).write_bytes(content)
        (staged / INDEX).write_bytes(text.encode())


def read_artefact(folder: Path) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The description and the content of every file, checked against its checksum.

    Raises
    ------
    ArtefactError
        When a file is missing, damaged, or does not belong to the artefact; it is named.
    """
    index = _read_index(folder)
    checksums: dict[str, str] = index["files"]
    present = {path.name for path in folder.iterdir() if not path.name.startswith(".")}
    for name in sorted(present - set(checksums) - {INDEX}):
        raise ArtefactError(
            f"expected only files of the model in '{folder.name}', but found '{name}'.",
            do="Remove it: an artefact holds nothing else.",
        )
    return index, {name: _checked(folder / name, checksums[name]) for name in sorted(checksums)}


def _read_index(folder: Path) -> dict[str, Any]:
    try:
        index = json.loads(_content(folder / INDEX))
    except ValueError as error:
        raise ArtefactError(f"'{INDEX}' is damaged: not JSON.", do=_TRAIN_AGAIN) from error
    if not isinstance(index, dict) or index.get("format") != ARTEFACT_FORMAT:
        raise ArtefactError(
            f"'{INDEX}' does not describe a riskstrat model.",
            do="Give the artefact folder that 'riskstrat train' wrote.",
        )
    if index.get("artefact_version") != ARTEFACT_VERSION:
        raise ArtefactError(
            f"expected artefact version {ARTEFACT_VERSION} in '{INDEX}', but got "
            f"{index.get('artefact_version')}.",
            do="Use the release of riskstrat that wrote it, or train the model again.",
        )
    files = index.get("files")
    if not isinstance(files, dict) or any(Path(name).name != name for name in files):
        raise ArtefactError(f"'{INDEX}' is damaged: no list of files.", do=_TRAIN_AGAIN)
    if version_of(index) != index.get("version"):
        raise ArtefactError(
            f"'{INDEX}' is damaged: the version it names is not that of its content.",
            do=_TRAIN_AGAIN,
        )
    return index


def _checked(file: Path, checksum: str) -> bytes:
    content = _content(file)
    if _digest(content) != checksum:
        raise ArtefactError(f"'{file.name}' is damaged: its checksum differs.", do=_TRAIN_AGAIN)
    return content


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise ArtefactError(
            f"expected the file '{file.name}' in the artefact '{file.parent.name}', but it cannot "
            f"be read ({type(error).__name__}).",
            do=_TRAIN_AGAIN,
        ) from error
