"""A study file is read strictly: every mistake is named, and all of them at once."""

from __future__ import annotations

import dataclasses
import tomllib
import types
import typing
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from riskstrat.errors import StudyError
from riskstrat.study.declaration import Study
from riskstrat.study.rules import contradictions

__all__ = ["StudyText", "load_study", "parse_study", "read_fields", "study_schema"]


def load_study(path: str | Path) -> Study:
    """Read a study file strictly.

    Parameters
    ----------
    path : str or Path
        A TOML file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or holds mistakes: all of them are named at once.
    """
    return StudyText.of_file(path).study()


def parse_study(text: str, *, folder: Path | None = None) -> Study:
    """Read a study from TOML text; see :func:`load_study`."""
    return StudyText.of(text, folder).study()


@dataclasses.dataclass(frozen=True)
class StudyText:
    """A study file as read, before its mistakes are told.

    Parameters
    ----------
    text : str
    folder : Path or None
        Where the files stand that it names.
    data : mapping
        What the TOML says.
    parts : mapping
        The sound fields of :class:`Study`.
    mistakes : tuple of str
        What is wrong with the others, and between them.
    """

    text: str
    folder: Path | None
    data: Mapping[str, Any]
    parts: Mapping[str, Any]
    mistakes: tuple[str, ...]

    @classmethod
    def of_file(cls, path: str | Path) -> StudyText:
        """Read a file; see :func:`load_study`."""
        file = Path(path)
        try:
            text = file.read_text(encoding="utf-8-sig")  # Windows editors write a byte order mark
        except (OSError, UnicodeDecodeError) as error:
            raise StudyError(
                f"expected a readable study file, but '{file.name}' cannot be read "
                f"({type(error).__name__}).",
                do="Give the path of a study.toml; 'riskstrat study schema' describes its keys.",
            ) from error
        return cls.of(text, file.parent)

    @classmethod
    def of(cls, text: str, folder: Path | None) -> StudyText:
        """Read a text; only what is no TOML is refused at once."""
        try:
            data = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise StudyError(f"the study is not valid TOML: {error}.") from error
        mistakes: list[str] = []
        parts = read_fields(Study, data, "", mistakes)
        return cls(text, folder, data, parts, (*mistakes, *contradictions(parts)))

    def study(self, more_mistakes: Sequence[str] = ()) -> Study:
        """The study.

        Raises
        ------
        StudyError
            When there are mistakes; names its own and `more_mistakes`.
        """
        mistakes = (*self.mistakes, *more_mistakes)
        if mistakes:
            listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
            count = f"{len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}"
            raise StudyError(
                f"the study has {count}:\n{listed}",
                do="'riskstrat study schema' describes every key.",
            )
        return Study(**self.parts, text=self.text, folder=self.folder)


_NOT_IN_FILE = {"text", "folder"}
_UNIONS = (types.UnionType, typing.Union)  # "X | None" of a Literal is a typing.Union


def study_schema() -> dict[str, Any]:
    """The keys of a study file as JSON Schema (draft 2020-12), made from the dataclasses."""
    schema = _schema_of(Study)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def _schema_of(kind: Any) -> dict[str, Any]:
    names: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        int: {"type": "integer"},
        float: {"type": "number"},
        bool: {"type": "boolean"},
        date: {"type": "string", "format": "date"},
    }
    if kind in names:
        return names[kind]
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if get_origin(kind) is tuple:
        return {"type": "array", "items": _schema_of(get_args(kind)[0])}
    if get_origin(kind) in _UNIONS:
        return _schema_of(get_args(kind)[0])
    hints = typing.get_type_hints(kind)
    fields = [f for f in dataclasses.fields(kind) if f.name not in _NOT_IN_FILE]
    missing = dataclasses.MISSING
    required = [f for f in fields if f.default is missing and f.default_factory is missing]
    return {
        "type": "object",
        "description": (kind.__doc__ or "").split("\n")[0],
        "properties": {f.name.rstrip("_"): _schema_of(hints[f.name]) for f in fields},
        "required": [f.name for f in required],
        "additionalProperties": False,
    }


def _read(cls: type[Any], data: Mapping[str, Any], where: str, mistakes: list[str]) -> Any:
    """A dataclass from a TOML table, or None when one of its fields is not sound."""
    values = read_fields(cls, data, where, mistakes)
    is_sound = len(values) == len(_fields(cls))
    return cls(**values) if is_sound else None


def _fields(cls: type[Any]) -> dict[str, dataclasses.Field[Any]]:
    """The fields that a file may give, under the key it uses ('from_' is a Python name only)."""
    return {f.name.rstrip("_"): f for f in dataclasses.fields(cls) if f.name not in _NOT_IN_FILE}


def read_fields(
    cls: type[Any], data: Mapping[str, Any], where: str, mistakes: list[str]
) -> dict[str, Any]:
    """The sound fields of a TOML table, with defaults; mistakes are collected, not raised."""
    fields = _fields(cls)
    mistakes.extend(
        f"unknown key '{where}{key}'; expected one of {', '.join(fields)}"
        for key in data
        if key not in fields
    )
    hints = typing.get_type_hints(cls)
    values: dict[str, Any] = {}
    for key, spec in fields.items():
        if key in data:
            value = _value(hints[spec.name], data[key], f"{where}{key}", mistakes)
            if value is not None:
                values[spec.name] = value
        elif spec.default_factory is not dataclasses.MISSING:
            values[spec.name] = spec.default_factory()
        elif spec.default is not dataclasses.MISSING:
            values[spec.name] = spec.default
        else:
            mistakes.append(f"missing key '{where}{key}'")
    return values


def _value(kind: Any, value: Any, where: str, mistakes: list[str]) -> Any:
    """`value` as the declared type, or None after a mistake."""
    origin = get_origin(kind)
    if dataclasses.is_dataclass(kind) and isinstance(kind, type):
        if isinstance(value, Mapping):
            return _read(kind, value, f"{where}.", mistakes)
        mistakes.append(f"'{where}' must be a table [{where}]")
        return None
    if origin in _UNIONS:
        return _value(get_args(kind)[0], value, where, mistakes)
    if origin is tuple:
        if isinstance(value, list):
            items = tuple(_items(get_args(kind)[0], value, where, mistakes))
            return None if None in items else items
        tables = f" of tables [[{where}]]" if dataclasses.is_dataclass(get_args(kind)[0]) else ""
        mistakes.append(f"'{where}' must be a list{tables}")
        return None
    if origin is Literal:
        if value not in get_args(kind):
            mistakes.append(f"'{where}' must be one of {', '.join(map(repr, get_args(kind)))}")
            return None
        return value
    return _scalar(kind, value, where, mistakes)


def _items(kind: Any, values: list[Any], where: str, mistakes: list[str]) -> Iterator[Any]:
    """Each item of a list; of several tables in it a mistake says which."""
    for number, item in enumerate(values, start=1):
        place = f"{where} {number}" if dataclasses.is_dataclass(kind) else where
        yield _value(kind, item, place, mistakes)


def _scalar(kind: type[Any], value: Any, where: str, mistakes: list[str]) -> Any:
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        names = {
            str: "text",
            int: "a whole number",
            float: "a number",
            bool: "true or false",
            date: "a date 2024-01-31",
        }
        mistakes.append(f"'{where}' must be {names[kind]}, not {type(value).__name__}")
        return None
    return value
