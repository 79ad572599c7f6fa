"""Archives in a feed: unpacked within limits, and refused where they are not plainly files."""

from __future__ import annotations

import errno
import gzip
import hashlib
import io
import stat
import zipfile
from pathlib import Path

import pytest
from tests.unit.records.small_feeds import write_governance

from riskstrat.engine import Engine
from riskstrat.errors import RecordsError
from riskstrat.records.governance.gate import load_governance
from riskstrat.records.sources import feed_archives
from riskstrat.records.sources.feed import FeedFile, count_rows, find_files

ROWS = b"a,b\n1,2\n3,4\n"


def zipped(path: Path, **members: bytes) -> Path:
    """An archive; a member's name has ``__`` for a slash and ``_dot_`` for a dot."""
    return zipped_as(path, {_plain(name): content for name, content in members.items()})


def _plain(name: str) -> str:
    return name.replace("__", "/").replace("_dot_", ".")


def zipped_as(path: Path, members: dict[str, bytes]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def found(feed: Path) -> list[FeedFile]:
    scratch = feed.parent / f"{feed.name} scratch"
    scratch.mkdir(mode=0o700, exist_ok=True)
    return list(find_files(feed, scratch=scratch))


def refused(feed: Path, match: str) -> None:
    with pytest.raises(RecordsError, match=match) as caught:
        found(feed)
    assert "archive 'a.zip' is refused" in caught.value.message


def test_files_of_an_archive_have_its_name_and_their_own(tmp_path: Path) -> None:
    zipped(tmp_path / "feed" / "x" / "a.zip", person_dot_csv=ROWS, sub__b_dot_CSV=ROWS)
    files = found(tmp_path / "feed")
    assert [file.name for file in files] == ["x/a.zip/person.csv", "x/a.zip/sub/b.CSV"]
    assert [file.stem for file in files] == ["person", "b"]
    assert {file.sha256 for file in files} == {hashlib.sha256(ROWS).hexdigest()}
    assert [count_rows(Engine(threads=1), file) for file in files] == [2, 2]


def test_an_archive_may_be_the_feed(tmp_path: Path) -> None:
    (file,) = found(zipped(tmp_path / "a.zip", b_dot_csv=ROWS))
    assert file.name == "a.zip/b.csv"


@pytest.mark.parametrize("name", ["person.csv.gz", "Person.CSV.GZ"])
def test_a_file_packed_alone_keeps_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / name).write_bytes(gzip.compress(ROWS))
    (file,) = found(tmp_path / "feed")
    assert (file.name, file.stem.lower(), file.columns) == (name, "person", ("a", "b"))
    assert count_rows(Engine(threads=1), file) == 2


@pytest.mark.parametrize(
    ("name", "pattern", "covered"),
    [
        ("hes_apc.csv.gz", "hes_apc", True),
        ("hes_apc.csv.gz", "hes_apc.csv", True),
        ("hes_apc.csv.gz", "hes_apc.csv.gz", True),
        ("hes_apc.zip/april.csv", "hes_apc.zip/*", True),
        ("hes_apc.zip/april.csv", "hes_apc.zip/april", True),
        ("hes_apc.zip/april.csv", "hes_apc", False),
    ],
)
def test_the_entry_of_what_is_packed(
    tmp_path: Path, name: str, pattern: str, covered: bool
) -> None:
    rules = load_governance(write_governance(tmp_path, "hes_apc", files=[pattern]))
    assert rules.sources[0].covers(name) is covered


def test_json_lines_packed_alone(tmp_path: Path) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / "a.ndjson.gz").write_bytes(gzip.compress(b'{"resourceType":"Patient"}\n'))
    (file,) = found(tmp_path / "feed")
    assert file.holds == "Patient"


def test_what_is_no_part_of_a_folder_is_none_of_an_archive(tmp_path: Path) -> None:
    members = {
        "a.csv": ROWS,
        "README.md": b"",
        "__MACOSX/._a.csv": b"",
        "old/.hidden/a.csv": ROWS,
        "truth/truth.json": b"{}",
        "truth/rows/a.csv": ROWS,
        "folder/": b"",
    }
    (file,) = found(zipped_as(tmp_path / "a.zip", members))
    assert file.name == "a.zip/a.csv"


def test_other_files_of_an_archive_are_named(tmp_path: Path) -> None:
    files = found(zipped_as(tmp_path / "a.zip", {"a.csv": ROWS, "b.pdf": b"%PDF"}))
    assert [(file.name, file.is_other) for file in files] == [
        ("a.zip/a.csv", False),
        ("a.zip/b.pdf", True),
    ]


def test_an_archive_without_files_is_named(tmp_path: Path) -> None:
    zipped_as(tmp_path / "feed" / "a.zip", {})
    (tmp_path / "feed" / "b.csv").write_bytes(ROWS)
    assert [(file.name, file.is_other) for file in found(tmp_path / "feed")] == [
        ("a.zip", True),
        ("b.csv", False),
    ]


@pytest.mark.parametrize("name", ["notes.gz", "backup.tar.gz", "a.tar", "a.7z"])
def test_other_archives_are_not_read(tmp_path: Path, name: str) -> None:
    (tmp_path / "feed").mkdir()
    (tmp_path / "feed" / name).write_bytes(gzip.compress(ROWS))
    (tmp_path / "feed" / "b.csv").write_bytes(ROWS)
    assert {file.name: file.is_other for file in found(tmp_path / "feed")}[name]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/a.csv",
        "../a.csv",
        "x/../../a.csv",
        "..\\a.csv",
        "C:\\a.csv",
        "c:a.csv",
        "a\x1b[2J.csv",
    ],
)
def test_a_name_that_leads_out(tmp_path: Path, name: str) -> None:
    refused(zipped_as(tmp_path / "a.zip", {"b.csv": ROWS, name: ROWS}), "leads out of the archive")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["a.zip"]


def test_a_backslash_parts_folders(tmp_path: Path) -> None:
    (file,) = found(zipped_as(tmp_path / "a.zip", {"x\\b.csv": ROWS}))
    assert file.name == "a.zip/x/b.csv"


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_a_member_that_is_no_file(tmp_path: Path, kind: int) -> None:
    member = zipfile.ZipInfo("b.csv")
    member.external_attr = (kind | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(member, "/etc/passwd")
    refused(tmp_path / "a.zip", "holds a link, or something else")


@pytest.mark.parametrize("name", ["b.zip", "b.csv.gz", "b.tar", "b.7z"])
def test_an_archive_in_an_archive(tmp_path: Path, name: str) -> None:
    refused(zipped_as(tmp_path / "a.zip", {name: ROWS}), "an archive itself")


def test_an_encrypted_member(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", b_dot_csv=ROWS).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    (tmp_path / "a.zip").write_bytes(content)
    refused(tmp_path / "a.zip", "encrypted")


@pytest.mark.parametrize("packing", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_ways_of_packing_that_cannot_be_read_block_by_block(tmp_path: Path, packing: int) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", packing) as archive:
        archive.writestr("b.csv", ROWS)
    refused(tmp_path / "a.zip", "packed in another way")


def test_two_files_of_one_name(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("./b.csv", ROWS)
        archive.writestr("b.csv", ROWS)
    refused(tmp_path / "a.zip", "two files of one name")


def test_something_before_the_first_file(tmp_path: Path) -> None:
    hidden = zipped(tmp_path / "b.zip", b_dot_csv=ROWS).read_bytes()
    last = zipped(tmp_path / "a.zip", b_dot_csv=ROWS).read_bytes()
    (tmp_path / "a.zip").write_bytes(hidden + last)
    refused(tmp_path / "a.zip", "before its first file")


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    zipped(tmp_path / "a.zip", b_dot_csv=ROWS, c_dot_csv=ROWS)
    monkeypatch.setattr(feed_archives, "_MOST_MEMBERS", 2)
    assert len(found(tmp_path / "a.zip")) == 2
    monkeypatch.setattr(feed_archives, "_MOST_MEMBERS", 1)
    with pytest.raises(RecordsError, match="more than 1 files"):
        find_files(tmp_path / "a.zip", scratch=tmp_path)


def test_a_file_that_unpacks_to_too_many_times_its_size(tmp_path: Path) -> None:
    """The ratio of 4 MB of zeros is about 1,000; up to 1 MB nobody asks."""
    zipped(tmp_path / "feed" / "a.zip", b_dot_csv=b"a\n" + b"0" * (1 << 19) + b"\n")
    assert len(found(tmp_path / "feed")) == 1
    zipped(tmp_path / "a.zip", b_dot_csv=b"0" * (1 << 22))
    refused(tmp_path / "a.zip", "more than 200 times its size")


def test_many_files_that_unpack_to_too_many_times_their_size(tmp_path: Path) -> None:
    """Each alone is small enough."""
    members = {f"{number}.csv": b"0" * (1 << 19) for number in range(4)}
    refused(zipped_as(tmp_path / "a.zip", members), "more than 200 times its size")


def test_the_size_that_an_archive_tells_is_not_believed(tmp_path: Path) -> None:
    content = bytearray(zipped(tmp_path / "a.zip", b_dot_csv=b"0" * (1 << 22)).read_bytes())
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = content.index(mark) + place
        content[start : start + 4] = (10).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(content)
    with pytest.raises(RecordsError, match="damaged"):
        found(tmp_path / "a.zip")


def test_a_packed_file_that_unpacks_to_too_many_times_its_size(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"0" * (1 << 22)))
    with pytest.raises(RecordsError, match="more than 200 times"):
        found(tmp_path / "a.csv.gz")


def test_more_than_may_be_unpacked_of_all_archives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.zip", "b.zip"):
        zipped(tmp_path / "feed" / name, b_dot_csv=ROWS)
    monkeypatch.setattr(feed_archives, "_MOST_BYTES", 2 * len(ROWS))
    assert len(found(tmp_path / "feed")) == 2
    monkeypatch.setattr(feed_archives, "_MOST_BYTES", 2 * len(ROWS) - 1)
    (tmp_path / "other").mkdir()
    with pytest.raises(RecordsError, match=r"'b\.zip' is refused: .*free disk space"):
        find_files(tmp_path / "feed", scratch=tmp_path / "other")


def test_a_disk_that_fills_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, _: object) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    zipped(tmp_path / "a.zip", b_dot_csv=ROWS)
    real = Path.open
    monkeypatch.setattr(
        Path,
        "open",
        lambda self, mode="r", **rest: Full() if mode == "xb" else real(self, mode, **rest),
    )
    refused(tmp_path / "a.zip", "free disk space")


@pytest.mark.parametrize("keep", [0, 10, 60, -1, -30])
def test_an_archive_that_is_cut(tmp_path: Path, keep: int) -> None:
    content = zipped(tmp_path / "a.zip", b_dot_csv=ROWS * 50).read_bytes()
    (tmp_path / "a.zip").write_bytes(content[:keep])
    with pytest.raises(RecordsError, match=r"'a\.zip' cannot be read: it is truncated"):
        found(tmp_path / "a.zip")


@pytest.mark.parametrize("keep", [0, 5, 20, -1, -9])
def test_a_packed_file_that_is_cut(tmp_path: Path, keep: int) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(ROWS)[:keep])
    with pytest.raises(RecordsError, match=r"a\.csv\.gz"):
        found(tmp_path / "a.csv.gz")


def test_no_byte_of_an_archive_can_be_changed_unseen(tmp_path: Path) -> None:
    """Whatever byte is another one: an error of ours, or the same rows as before."""
    content = zipped(tmp_path / "a.zip", b_dot_csv=b"a,b\n1,2\n").read_bytes()
    for place in range(len(content)):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        (tmp_path / "a.zip").write_bytes(changed)
        scratch = tmp_path / str(place)
        scratch.mkdir()
        try:
            files = find_files(tmp_path / "a.zip", scratch=scratch)
        except RecordsError:
            continue
        assert [file.path.read_bytes() for file in files] == [b"a,b\n1,2\n"]
