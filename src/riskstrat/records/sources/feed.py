"""The files of a feed, read as text; nothing about any dialect in here."""

from __future__ import annotations

import glob
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.file_names import GZIP, unpacked_name
from riskstrat.records.sources.columns import normal_name
from riskstrat.records.sources.feed_archives import ZIP, Unpacker
from riskstrat.records.sources.feed_places import Place, damaged, permitted, places_in
from riskstrat.records.sources.feed_text import digest_of, header_of, require_lines
from riskstrat.records.sources.json_lines import IS_JSON, JSON_LINES, first_held, json_lines_sql

__all__ = ["FeedFile", "count_rows", "find_files", "relation_of", "whole"]

_CSV, _PARQUET = ".csv", ".parquet"
_SUFFIXES = (_CSV, _PARQUET, *JSON_LINES)
_KINDS = "CSV, Parquet or NDJSON files, or archives of them,"
_LINE = re.compile(r"CSV Error on Line: (\d+)")
_CSV_REASONS = (
    ("unterminated quote", "has a quotation mark that is not closed, or text after a closed one"),
    ("Maximum line size", "is longer than 2,000,000 bytes"),
)
"""What the engine says of a line, and what we do; of any other, that its length differs."""


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
    is_other : bool
        Whether it is of a kind that is not read: it is named in the manifest and left alone.
    """

    name: str
    path: Path
    sha256: str
    columns: tuple[str, ...]
    delimiter: str | None
    is_read: bool = False
    holds: str | None = None
    is_other: bool = False

    @property
    def stem(self) -> str:
        """Its name without folders and endings: ``person`` of ``omop/person.csv.gz``."""
        return PurePosixPath(unpacked_name(self.name)).stem

    @property
    def normal_columns(self) -> tuple[str, ...]:
        """Column names without casing, spaces and underscores."""
        return tuple(map(normal_name, self.columns))


def find_files(
    feed: Path, *, leave_out: Sequence[Path] = (), scratch: Path | None = None
) -> tuple[FeedFile, ...]:
    """The files of a feed, by name.

    CSV, Parquet and NDJSON, also within an archive (``.zip``) or packed alone (``.csv.gz``); a file
    of another kind is said to be so.

    Parameters
    ----------
    feed : Path
        A file, or a folder that is searched with everything below it.
    leave_out : sequence of Path
        Files and folders inside the feed that are not part of it (an earlier output).
    scratch : Path, optional
        Folder that only this user may read, for what is unpacked; needed when there are archives.

    Raises
    ------
    RecordsError
        When the feed is missing or holds no such file; when a file may not be read, is damaged or
        is a CSV that is not in UTF-8; when an archive or a link is refused.
    """
    with permitted(feed.name):
        if not feed.exists():
            raise RecordsError(
                f"expected a feed at '{feed.name}', but there is no such file or folder."
            )
        places = _unpacked(places_in(feed, leave_out), scratch)
        found = tuple(map(_opened, places))
    if all(file.is_other for file in found):
        raise RecordsError(
            f"expected {_KINDS} in '{feed.name}', found none among {len(found)} files."
        )
    return found


def _unpacked(places: Sequence[Place], scratch: Path | None) -> Iterator[Place]:
    """The places with the files of an archive instead of the archive."""
    unpacker = None
    for place in places:
        if not _is_archive(place):
            yield place
            continue
        if unpacker is None:
            if scratch is None:
                raise ValueError("expected a folder for what is unpacked")
            unpacker = Unpacker(scratch)
        yield from unpacker.unpack(place) or [place]


def _is_archive(place: Place) -> bool:
    packed = PurePosixPath(unpacked_name(place.name)).suffix.lower()
    return place.ending == ZIP or (place.ending == GZIP and packed in _SUFFIXES)


def _opened(place: Place) -> FeedFile:
    name, path = place.name, place.path
    kind = PurePosixPath(unpacked_name(name)).suffix.lower()
    with permitted(name):
        digest = digest_of(path, name, is_text=kind == _CSV)
        if kind == _CSV:
            return FeedFile(name, path, digest, *header_of(path, name))
        if kind in JSON_LINES:
            require_lines(path, name)
            return FeedFile(name, path, digest, (IS_JSON,), None, holds=first_held(path))
        if kind == _PARQUET:
            return FeedFile(name, path, digest, _parquet_columns(path, name), None)
        return FeedFile(name, path, digest, (), None, is_other=True)


def _parquet_columns(path: Path, name: str) -> tuple[str, ...]:
    try:
        return tuple(pq.read_schema(path).names)
    except (pa.ArrowInvalid, pa.ArrowException, EOFError):
        raise damaged(name) from None


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
        raise _told(file, str(error)) from None


def _told(file: FeedFile, message: str) -> RecordsError:
    if file.is_read:
        return RecordsError(
            f"what the history keeps of the file '{file.name}' cannot be read: it is missing, "
            "truncated or damaged.",
            do="Restore the history from its copy, or link all feeds again into a new history.",
        )
    line = _LINE.search(message)
    if line is not None:
        other = "has another number"
        what = next((ours for theirs, ours in _CSV_REASONS if theirs in message), other)
        return RecordsError(
            f"file '{file.name}', line {line[1]}: expected {len(file.columns)} columns, but this "
            f"row {what}.",
            do="Export the file again; a text field may hold a line break or a quotation mark.",
        )
    if file.delimiter is not None and "state machine" in message:
        return RecordsError(
            f"file '{file.name}': its lines do not all end in the same way.",
            do=f"Make them all end alike, for example: sed -i 's/\\r$//' {file.name}",
        )
    return damaged(file.name)
