"""Malformed archives, and links in the folder of a feed."""

from __future__ import annotations

import gzip
import io
import os
import stat
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.integration.malformed.case import WORKBOOK, Build, Cases, Linked, Refused, made
from tests.unit.records.small_feeds import write_governance
from tests.unit.records.tiny_files import texts_of, write_texts


def _zipped(
    folder: Path, members: Mapping[str, str | bytes], name: str = "hes_apc.zip", mode: int = 0
) -> Path:
    write_governance(made(folder), "hes_apc")
    with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members.items():
            info = zipfile.ZipInfo(member)
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, mode << 16
            archive.writestr(info, content)
    return folder / name


SOUND = texts_of("hes_apc")


def _archive(members: Mapping[str, str | bytes], mode: int = 0) -> Build:
    def build(folder: Path) -> None:
        _zipped(folder, members, mode=mode)

    return build


def _encrypted(folder: Path) -> None:
    path = _zipped(folder, SOUND)
    content = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(content)


def _damaged_archive(folder: Path) -> None:
    path = _zipped(folder, SOUND)
    content = bytearray(path.read_bytes())
    content[80] ^= 0xFF
    path.write_bytes(content)


def _gzipped(content: bytes, keep: int | None = None) -> Build:
    def build(folder: Path) -> None:
        write_texts(folder, "hes_apc", {"hes_apc.csv.gz": gzip.compress(content)[:keep]})

    return build


def _inner_zip() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("hes_apc.csv", SOUND["hes_apc.csv"])
    return stream.getvalue()


_BOMB = b"0" * (1 << 22)


def _linked_out(target: str) -> Build:
    def build(folder: Path) -> None:
        write_texts(folder, "hes_apc", SOUND)
        outside = folder.parent / "outside"
        write_texts(outside, "hes_apc", {"more.csv": SOUND["hes_apc.csv"]})
        (folder / "more").symlink_to(target)

    return build


def _linked_in(folder: Path) -> None:
    write_texts(folder, "hes_apc", SOUND)
    (folder / "sub").mkdir()
    (folder / "sub" / "loop").symlink_to("..")
    (folder / "again.csv").symlink_to("hes_apc.csv")


def _pipe(folder: Path) -> None:
    write_texts(folder, "hes_apc", SOUND)
    os.mkfifo(folder / "more.csv")


ARCHIVES = Cases("hes_apc")
rows = SOUND["hes_apc.csv"]
ARCHIVES.add("an archive", _archive(SOUND), Linked({"hes_apc.zip/hes_apc.csv": (3, {})}))
ARCHIVES.add("a file packed alone", _gzipped(rows.encode()), Linked({"hes_apc.csv.gz": (3, {})}))
ARCHIVES.add(
    "a workbook in an archive",
    _archive({**SOUND, "b.xlsx": WORKBOOK}),
    Linked({"hes_apc.zip/hes_apc.csv": (3, {})}, ("hes_apc.zip/b.xlsx",)),
)
ARCHIVES.add(
    "an archive that unpacks to a thousand times its size",
    _archive({"hes_apc.csv": _BOMB}),
    Refused("it unpacks to more than 200 times its size"),
)
ARCHIVES.add(
    "a packed file that unpacks to a thousand times its size",
    _gzipped(_BOMB),
    Refused("it unpacks to more than 200 times its size"),
)
ARCHIVES.add(
    "an archive with a path that leads up",
    _archive({"../../hes_apc.csv": rows}),
    Refused("the name of a file in it leads out of the archive"),
)
ARCHIVES.add(
    "an archive with a path from the root",
    _archive({"/tmp/hes_apc.csv": rows}),
    Refused("the name of a file in it leads out of the archive"),
)
ARCHIVES.add(
    "an archive with a link in it",
    _archive({"hes_apc.csv": "/etc/passwd"}, stat.S_IFLNK | 0o777),
    Refused("it holds a link, or something else that is not a file"),
)
ARCHIVES.add(
    "an archive in an archive",
    _archive({"inner.zip": _inner_zip()}),
    Refused("a file in it is an archive itself"),
)
ARCHIVES.add("an archive with a password", _encrypted, Refused("a file in it is encrypted"))
ARCHIVES.add(
    "an archive with a wrong byte",
    _damaged_archive,
    Refused("truncated, damaged or not what its name says"),
)
ARCHIVES.add(
    "an archive of more than 10,000 files",
    _archive(dict.fromkeys(map(str, range(10_001)), "")),
    Refused("it holds more than 10,000 files"),
)
ARCHIVES.add(
    "a packed file that is cut",
    _gzipped(rows.encode(), -9),
    Refused("truncated, damaged or not what its name says"),
)

LINKS = Cases("hes_apc")
leads_out = Refused("'more' is a link that leads out of the folder of the feed")
LINKS.add("a link to a file outside of the folder", _linked_out("../outside/more.csv"), leads_out)
LINKS.add("a link to a folder outside of the folder", _linked_out("../outside"), leads_out)
LINKS.add(
    "a link to nothing",
    _linked_out("nothing.csv"),
    Refused("'more' is a link that leads nowhere"),
)
LINKS.add("links in circles, and to a file of the feed", _linked_in, LINKS.sound())
LINKS.add("a pipe that never ends", _pipe, Refused("is neither a file nor a folder"))
