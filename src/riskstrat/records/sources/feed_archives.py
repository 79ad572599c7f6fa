"""Archives in a feed: their files are unpacked into a folder of this run, within limits.

An archive comes from somebody else: what it says of sizes is not believed, and what is not plainly
files below one folder is refused. Nothing is written under a name that an archive gives.
"""

from __future__ import annotations

import errno
import gzip
import re
import shutil
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO

from riskstrat.errors import RecordsError
from riskstrat.records.file_names import GZIP
from riskstrat.records.sources.feed_places import (
    Place,
    damaged,
    is_apart,
    is_hidden,
    is_truth,
    permitted,
)

__all__ = ["ZIP", "Unpacker"]

ZIP = ".zip"
"""Ending of the name of an archive."""

_MOST_MEMBERS = 10_000
_MOST_BYTES = 100_000_000_000
"""Unpacked, of all archives of a feed: more than the records of any integrated care board."""
_HIGHEST_RATIO = 200
"""Unpacked to packed size. Records in columns that are mostly empty pack some fifty times smaller;
one file of zeros a thousand times."""
_SMALL_BYTES = 1 << 20
"""Up to this size the ratio says nothing and harms nobody."""
_BLOCK_BYTES = 1 << 20
_ALSO_ARCHIVES = (ZIP, GZIP, ".7z", ".bz2", ".rar", ".tar", ".tgz", ".xz", ".zst")
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Ways of packing whose output can be taken in blocks, however much it is."""
_ENCRYPTED = 0x41
"""Bits of a member's flags: encrypted, strongly encrypted (APPNOTE.TXT, 4.4.4)."""
_UNIX_MODE_BITS = 16
_DRIVE = re.compile(r"[A-Za-z]:")
_DAMAGE = (
    *(zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, struct.error),
    *(EOFError, OverflowError, RuntimeError, ValueError),
)
"""What the readers of archives raise for bytes that are none."""
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)


class Unpacker:
    """Unpacks the archives of one feed.

    Parameters
    ----------
    scratch : Path
        Folder that only this user may read; what is unpacked stays in it until it is removed.
    """

    def __init__(self, scratch: Path) -> None:
        self._folder = scratch / ".unpacked"
        self._folder.mkdir()
        self._left = min(_MOST_BYTES, shutil.disk_usage(self._folder).free)
        self._written = 0

    def unpack(self, archive: Place) -> list[Place]:
        """The files of an archive, each under the archive's name and its own.

        A file that is packed alone (``.csv.gz``) keeps the archive's name.

        Raises
        ------
        RecordsError
            When the archive is damaged or too large when unpacked; when it holds something else
            than files, files that are encrypted or archives themselves, or names that lead out of
            it.
        """
        with permitted(archive.name), _whole(archive.name):
            if archive.ending == GZIP:
                if not archive.path.stat().st_size:
                    raise damaged(archive.name)
                with gzip.open(archive.path) as stream:
                    return [Place(archive.name, self._keep(stream, archive, 0))]
            with zipfile.ZipFile(archive.path) as opened:
                return list(self._members(opened, archive))

    def _members(self, opened: zipfile.ZipFile, archive: Place) -> Iterator[Place]:
        unpacked = 0
        for name, member in _chosen(opened.infolist(), archive.name).items():
            with opened.open(member) as stream:
                path = self._keep(stream, archive, unpacked)
            unpacked += path.stat().st_size
            yield Place(f"{archive.name}/{name}", path)

    def _keep(self, stream: IO[bytes] | gzip.GzipFile, archive: Place, unpacked: int) -> Path:
        """Write a file of which so many bytes of the same archive were `unpacked` before."""
        most = max(_SMALL_BYTES, _HIGHEST_RATIO * archive.path.stat().st_size) - unpacked
        self._written += 1
        path = self._folder / str(self._written)
        with path.open("xb") as out:
            while block := stream.read(_BLOCK_BYTES):
                most, self._left = most - len(block), self._left - len(block)
                if most < 0:
                    raise _refused(
                        archive.name, f"it unpacks to more than {_HIGHEST_RATIO} times its size"
                    )
                if self._left < 0:
                    raise _too_large(archive.name)
                out.write(block)
        return path


@contextmanager
def _whole(name: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE:
        raise damaged(name) from None
    except OSError as error:
        if error.errno in _FULL:
            raise _too_large(name) from None
        if error.errno != errno.EINVAL:  # a place in the file that cannot be
            raise
        raise damaged(name) from None


def _chosen(members: list[zipfile.ZipInfo], archive: str) -> dict[str, zipfile.ZipInfo]:
    """The members that are part of the feed, by name; an error if any member is not to be had."""
    if len(members) > _MOST_MEMBERS:
        raise _refused(archive, f"it holds more than {_MOST_MEMBERS:,} files")
    if members and min(member.header_offset for member in members) > 0:
        raise _refused(archive, "something else stands before its first file")
    names = [_name(member, archive) for member in members]
    truths = {name.parent for name in names if is_truth(name.name)}
    chosen: dict[str, zipfile.ZipInfo] = {}
    for name, member in zip(names, members, strict=True):
        if member.is_dir() or is_apart(name.name) or any(map(is_hidden, name.parts)):
            continue
        if truths.intersection(name.parents):
            continue
        if str(name) in chosen:
            raise _refused(archive, "it holds two files of one name")
        _require_plain(name, member, archive)
        chosen[str(name)] = member
    return chosen


def _name(member: zipfile.ZipInfo, archive: str) -> PurePosixPath:
    """The path of a member inside of its archive; its kind is looked at as well."""
    told = member.orig_filename.replace("\\", "/")
    name = PurePosixPath(told)
    if name.is_absolute() or ".." in name.parts or _DRIVE.match(told) or not told.isprintable():
        raise _refused(archive, "the name of a file in it leads out of the archive")
    kind = stat.S_IFMT(member.external_attr >> _UNIX_MODE_BITS)
    if kind not in {0, stat.S_IFREG, stat.S_IFDIR}:
        raise _refused(archive, "it holds a link, or something else that is not a file")
    return name


def _require_plain(name: PurePosixPath, member: zipfile.ZipInfo, archive: str) -> None:
    if member.flag_bits & _ENCRYPTED:
        raise _refused(archive, "a file in it is encrypted", do="Decrypt it first.")
    if name.suffix.lower() in _ALSO_ARCHIVES:
        raise _refused(archive, "a file in it is an archive itself")
    if member.compress_type not in _PACKED:
        raise _refused(archive, "a file in it is packed in another way than 'deflate'")


def _refused(
    archive: str,
    why: str,
    *,
    do: str = "Unpack it yourself, look at what it holds, and put the files of the feed beside it "
    "without the archive.",
) -> RecordsError:
    return RecordsError(f"archive '{archive}' is refused: {why}.", do=do)


def _too_large(archive: str) -> RecordsError:
    return _refused(
        archive,
        f"the archives of the feed unpack to more than {_MOST_BYTES // 10**9} GB, or than the free "
        "disk space",
        do="Free some space, or set TMPDIR to a folder on a larger disk; link less at a time.",
    )
