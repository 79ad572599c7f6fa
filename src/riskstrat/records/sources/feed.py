"""Find the files of a feed and read them as text; nothing about any dialect in here."""

from __future__ import annotations

import codecs
import csv
import glob
import hashlib
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.sources.columns import normal_name
from riskstrat.records.sources.json_lines import IS_JSON, JSON_LINES, first_held, json_lines_sql

__all__ = ["FeedFile", "count_rows", "find_files", "relation_of", "whole"]

_BLOCK_BYTES = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_SUFFIXES = (".csv", ".parquet", *JSON_LINES)
_TRUTH = "truth.json"
"""A folder with this file is the truth of a simulated district: for judging only, never a feed."""
_LINE = re.compile(r"CSV Error on Line: (\d+)")


@dataclass(frozen=True)
class FeedFile:
    """One file of a feed.

    Parameters
    ----------
    name : str
        Path inside the feed, with forward slashes.
    path : Path
    sha256 : str
    columns : tuple of str
        Column names as they stand in the file. Of a file of JSON lines the paths that are asked
        for, such as ``$.period.start``.
    delimiter : str or None
        For CSV; None means Parquet, or JSON lines.
    is_read : bool
        Whether these are rows that were read by an earlier linking and kept as they are declared.
    holds : str or None
        For JSON lines: what the first line that says so holds, empty when none does; None for
        any other file.
    """

    name: str
    path: Path
    sha256: str
    columns: tuple[str, ...]
    delimiter: str | None
    is_read: bool = False
    holds: str | None = None

    @property
    def normal_columns(self) -> tuple[str, ...]:
        """Column names without casing, spaces and underscores."""
        return tuple(map(normal_name, self.columns))


def find_files(feed: Path, *, leave_out: Path | None = None) -> tuple[FeedFile, ...]:
    """The CSV, Parquet and NDJSON files of a feed, by name.

    Parameters
    ----------
    feed : Path
        A file, or a folder that is searched with everything below it. Hidden files, and other
        kinds of file, are not part of a feed.
    leave_out : Path, optional
        A folder inside the feed that is not part of it (an earlier output).

    Raises
    ------
    RecordsError
        When the feed is missing or holds no such file, or a file may not be read, is damaged or
        is a CSV that is not in UTF-8.
    """
    with _permitted(feed.name):
        if not feed.exists():
            raise RecordsError(
                f"expected a feed at '{feed.name}', but there is no such file or folder."
            )
        folder = feed if feed.is_dir() else feed.parent
        paths = [feed] if feed.is_file() else sorted(_walk(feed, leave_out))
        found = [_opened(path, path.relative_to(folder).as_posix()) for path in paths]
    if not found:
        raise RecordsError(f"expected CSV, Parquet or NDJSON files in '{feed.name}', found none.")
    return tuple(found)


def _walk(feed: Path, leave_out: Path | None) -> Iterator[Path]:
    skipped = leave_out.resolve() if leave_out else None
    for folder, folders, names in os.walk(feed, onerror=_raise):
        here = Path(folder)
        folders[:] = [name for name in folders if _is_part_of_feed(here / name, skipped)]
        for name in names:
            if name[0] not in "._" and Path(name).suffix.lower() in _SUFFIXES:
                yield here / name


def _is_part_of_feed(folder: Path, skipped: Path | None) -> bool:
    hidden = folder.name[0] in "._"
    return not hidden and folder.resolve() != skipped and not (folder / _TRUTH).is_file()


def _raise(error: OSError) -> None:
    raise error


@contextmanager
def _permitted(name: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else type(error).__name__
        raise RecordsError(
            f"'{name}' cannot be read: {reason}.",
            do="Ask for read permission on the folder and its files, or copy them elsewhere.",
        ) from None


def _opened(path: Path, name: str) -> FeedFile:
    with _permitted(name):
        is_text = path.suffix.lower() == ".csv"
        digest = _digest(path, name, is_text=is_text)
        if path.suffix.lower() in JSON_LINES:
            return FeedFile(name, path, digest, (IS_JSON,), None, holds=first_held(path))
        if not is_text:
            return FeedFile(name, path, digest, _parquet_columns(path, name), None)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            header = stream.readline()
    delimiter = max(_DELIMITERS, key=header.count)
    columns = next(csv.reader([header], delimiter=delimiter), [])
    return FeedFile(name, path, digest, tuple(column.strip() for column in columns), delimiter)


def _digest(path: Path, name: str, *, is_text: bool) -> str:
    digest = hashlib.sha256()
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK_BYTES):
            digest.update(block)
            if is_text:
                _require_utf8(decoder, block, name, final=False)
    if is_text:
        _require_utf8(decoder, b"", name, final=True)
    return digest.hexdigest()


def _require_utf8(
    decoder: codecs.IncrementalDecoder, block: bytes, name: str, *, final: bool
) -> None:
    try:
        decoder.decode(block, final)
        is_text = b"\0" not in block
    except UnicodeDecodeError:
        is_text = False
    if not is_text:
        raise RecordsError(
            f"file '{name}': expected text in UTF-8, but it is in another encoding.",
            do=f"Save it again as UTF-8, for example: iconv -f WINDOWS-1252 -t UTF-8 {name}",
        ) from None


def _parquet_columns(path: Path, name: str) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, pa.ArrowException, EOFError):
        raise _damaged(name) from None


def _damaged(name: str) -> RecordsError:
    return RecordsError(
        f"file '{name}' cannot be read: it is truncated, damaged or not what its name says.",
        do="Fetch the file again from where it came from.",
    )


def count_rows(engine: Engine, file: FeedFile) -> int:
    """Number of rows of a file, header apart."""
    with whole(file):
        relation = relation_of(engine, file)
        if relation is None:
            return 0
        ((rows,),) = relation.aggregate("count(*)").fetchall()
    return int(rows)


def relation_of(engine: Engine, file: FeedFile) -> duckdb.DuckDBPyRelation | None:
    """The rows of a file with its columns in order; None for a file without even a header."""
    place = glob.escape(str(file.path))
    if file.holds is not None:
        return engine.connection.sql(json_lines_sql(place, file.columns))
    if file.delimiter is None:
        return engine.connection.read_parquet(place)
    if not file.columns:
        return None
    quote = "" if file.delimiter == "\t" else '"'
    return engine.connection.read_csv(
        place,
        header=True,
        auto_detect=False,
        sep=file.delimiter,
        quotechar=quote,
        escapechar=quote,
        columns={f"c{i}": "VARCHAR" for i in range(len(file.columns))},
    )


@contextmanager
def whole(file: FeedFile) -> Iterator[None]:
    """Turn an engine's error, which may quote the row, into one that names file and line."""
    try:
        yield
    except duckdb.Error as error:
        line = _LINE.search(str(error))
        if line is None:
            raise _damaged(file.name) from None
        raise RecordsError(
            f"file '{file.name}', line {line[1]}: expected {len(file.columns)} columns in every "
            "row, but this row has another number or an open quotation mark.",
            do="Export the file again; a text field may hold a line break or a quotation mark.",
        ) from None
