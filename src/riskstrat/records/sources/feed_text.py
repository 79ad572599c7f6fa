"""Text of a feed's CSV files: that it is UTF-8, and what its header line says."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
from pathlib import Path

from riskstrat.errors import RecordsError
from riskstrat.records.sources.feed_places import damaged

__all__ = ["digest_of", "header_of", "require_lines"]

_BLOCK_BYTES = 1 << 20
_DELIMITERS = (",", "\t", ";", "|")
_LONGEST_HEADER = 1 << 20
"""Characters of a header line: no list of columns is longer."""
_UTF16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def digest_of(path: Path, name: str, *, is_text: bool) -> str:
    """SHA-256 of a file.

    Raises
    ------
    RecordsError
        When it should be text and is not in UTF-8, or holds NUL bytes.
    """
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
    except UnicodeDecodeError:
        raise _encoded(name, block) from None
    if b"\0" in block:
        raise RecordsError(
            f"file '{name}': expected text in UTF-8, but it holds NUL bytes: it is in another "
            "encoding, or damaged.",
            do=f"Save it again as UTF-8, for example: iconv -f UTF-16LE -t UTF-8 {name}",
        )


def _encoded(name: str, block: bytes) -> RecordsError:
    encoding = "UTF-16" if block.startswith(_UTF16_MARKS) else "WINDOWS-1252"
    return RecordsError(
        f"file '{name}': expected text in UTF-8, but it is in another encoding.",
        do=f"Save it again as UTF-8, for example: iconv -f {encoding} -t UTF-8 {name}",
    )


def require_lines(path: Path, name: str) -> None:
    """Refuse a file of JSON lines that begins as UTF-16 does, or is a single byte.

    Whatever stands in its lines is for each line to tell; the engine would not see a single byte.

    Raises
    ------
    RecordsError
    """
    with path.open("rb") as stream:
        start = stream.read(len(codecs.BOM_UTF8))
    if start.startswith(_UTF16_MARKS):
        raise _encoded(name, start)
    if len(start) == 1 and start.strip():
        raise damaged(name)


def header_of(path: Path, name: str) -> tuple[tuple[str, ...], str]:
    """Column names and delimiter of a CSV file; no column of a file without any text.

    Raises
    ------
    RecordsError
        When the first line is blank or cannot be read as the engine reads it.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        first = stream.readline(_LONGEST_HEADER)
        delimiter = max(_DELIMITERS, key=first.count)
        if not first.strip() and _is_blank(stream):
            return (), delimiter
        stream.seek(0)
        columns = _first_record(stream, delimiter, name) if first.strip() else []
    if not columns:
        raise RecordsError(
            f"file '{name}': expected the names of the columns in the first line, but it is blank.",
            do="Remove what stands above the header line.",
        )
    return tuple(column.strip() for column in columns), delimiter


def _is_blank(stream: io.TextIOBase) -> bool:
    return all(not block.strip() for block in iter(lambda: stream.read(_BLOCK_BYTES), ""))


def _first_record(stream: io.TextIOBase, delimiter: str, name: str) -> list[str]:
    """The first record as the engine reads it.

    One with line breaks is refused: the engine may take the rows after it for the header too, and
    nobody can tell it from an open quotation mark.
    """
    lines = iter(lambda: stream.readline(_LONGEST_HEADER), "")
    try:
        if delimiter == "\t":
            return next(csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE))
        columns = next(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        columns = []
    if not columns or any("\n" in column or "\r" in column for column in columns):
        raise RecordsError(
            f"file '{name}': the header line has a quotation mark that is not closed, a line break "
            "in the name of a column, or is too long.",
            do="Write the names of the columns in one line, and export the file again.",
        )
    return columns
