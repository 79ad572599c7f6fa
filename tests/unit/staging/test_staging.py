"""Write aside, then swap: a folder is as it was before, or complete."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from riskstrat.errors import DataError, UsageError
from riskstrat.staging import staged_directory

NOBODY = 65534
MARKER = "list.txt"


def contents(folder: Path) -> dict[str, str]:
    return {p.name: p.read_text() for p in sorted(folder.iterdir()) if p.is_file()}


def write(out: Path, text: str, error: BaseException | None = None) -> None:
    """Write one file into the staged folder, and fail afterwards when told to."""
    with staged_directory(out, marker=MARKER) as staged:
        (staged / "list.txt").write_text(text)
        if error is not None:
            raise error


@pytest.fixture
def last_month(tmp_path: Path) -> Path:
    """A finished folder of an earlier run."""
    out = tmp_path / "scores"
    write(out, "last month")
    return out


def test_nothing_stands_at_the_place_until_all_is_written(tmp_path: Path) -> None:
    out = tmp_path / "deep" / "scores"
    with staged_directory(out, marker=MARKER) as staged:
        (staged / "list.txt").write_text("new")
        assert not out.exists()
    assert contents(out) == {"list.txt": "new"}
    assert [p.name for p in out.parent.iterdir()] == ["scores"]


def test_a_finished_folder_is_replaced_as_a_whole(last_month: Path) -> None:
    with staged_directory(last_month, marker=MARKER) as staged:
        (staged / "other.txt").write_text("this month")
        assert contents(last_month) == {"list.txt": "last month"}
    assert contents(last_month) == {"other.txt": "this month"}
    assert [p.name for p in last_month.parent.iterdir()] == ["scores"]


@pytest.mark.parametrize("error", [RuntimeError("defect"), DataError("wrong"), KeyboardInterrupt()])
def test_a_failure_leaves_last_months_folder(last_month: Path, error: BaseException) -> None:
    """Errors of ours pass through as they are; what was written aside is gone."""
    with pytest.raises(type(error)):
        write(last_month, "half", error)
    assert contents(last_month) == {"list.txt": "last month"}
    assert [p.name for p in last_month.parent.iterdir()] == ["scores"]


def test_a_full_disk_is_the_users_to_mend_and_changes_nothing(last_month: Path) -> None:
    error = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with pytest.raises(DataError, match=r"(?s)'scores', but: No space left.*Nothing was changed"):
        write(last_month, "half", error)
    assert contents(last_month) == {"list.txt": "last month"}


def test_a_real_write_to_a_full_device_is_reported(last_month: Path) -> None:
    """The kernel's own 'no space left on device', from /dev/full."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")

    def fill_the_device() -> None:
        with staged_directory(last_month, marker=MARKER) as staged:
            (staged / "big.bin").symlink_to("/dev/full")
            (staged / "big.bin").write_bytes(b"x" * 100_000)

    with pytest.raises(DataError, match="No space left"):
        fill_the_device()
    assert contents(last_month) == {"list.txt": "last month"}


def test_a_failing_swap_puts_last_months_folder_back(
    last_month: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """'Nothing was changed' is true also when the second of the two renames fails."""
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if self.name.endswith(".partial"):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(DataError, match="Nothing was changed"):
        write(last_month, "this month")
    assert contents(last_month) == {"list.txt": "last month"}
    assert [p.name for p in last_month.parent.iterdir()] == ["scores"]


def test_leftovers_of_a_crash_do_not_get_into_the_next_run(tmp_path: Path) -> None:
    crashed = tmp_path / ".scores.partial"
    crashed.mkdir()
    (crashed / "old.txt").write_text("half")
    with staged_directory(tmp_path / "scores", marker=MARKER) as staged:
        (staged / "new.txt").write_text("whole")
    assert contents(tmp_path / "scores") == {"new.txt": "whole"}


def test_a_file_is_never_replaced(tmp_path: Path) -> None:
    out = tmp_path / "notes.txt"
    out.write_text("mine")
    with (
        pytest.raises(UsageError, match=r"'notes\.txt' exists"),
        staged_directory(out, marker=MARKER),
    ):
        pytest.fail("must not begin to write")
    assert out.read_text() == "mine"


def test_a_folder_that_holds_somebodys_work_is_never_replaced(tmp_path: Path) -> None:
    """Without the marker it is not an earlier output, whatever it is called."""
    out = tmp_path / "thesis"
    out.mkdir()
    (out / "chapter.txt").write_text("mine")
    with (
        pytest.raises(UsageError, match="holds other things"),
        staged_directory(out, marker=MARKER),
    ):
        pytest.fail("must not begin to write")
    assert contents(out) == {"chapter.txt": "mine"}


def test_an_empty_folder_is_filled(tmp_path: Path) -> None:
    out = tmp_path / "empty"
    out.mkdir()
    write(out, "new")
    assert contents(out) == {"list.txt": "new"}


@pytest.mark.parametrize("out", [Path(), Path(".."), Path("/")])
def test_the_folder_needs_a_name_of_its_own(out: Path) -> None:
    """Swapping the current folder would pull it away from under the user."""
    with (
        pytest.raises(UsageError, match="name of an output folder"),
        staged_directory(out, marker=MARKER),
    ):
        pytest.fail("must not begin to write")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="needs to become another user")
@pytest.mark.parametrize("mode", [0o755, 0o700])
def test_a_folder_without_permission_is_reported(tmp_path: Path, mode: int) -> None:
    """Root ignores permissions, so another user tries; neither writing nor looking is allowed."""
    closed = tmp_path / "closed"
    closed.mkdir(mode=mode)
    for parent in (tmp_path, *tmp_path.parents[:2]):
        parent.chmod(parent.stat().st_mode | 0o055)
    code = (
        "import os, sys; from pathlib import Path; from riskstrat.errors import DataError\n"
        "from riskstrat.staging import staged_directory\n"
        f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})\n"
        "try:\n"
        "    with staged_directory(Path(sys.argv[1]) / 'scores', marker='x') as s:\n"
        "        (s / 'x').write_text('x')\n"
        "except DataError as error:\n"
        "    print(error); sys.exit(error.exit_code)\n"
    )
    source = Path(sys.modules["riskstrat"].__file__ or "").parents[1]
    done = subprocess.run(  # the interpreter itself may lie where the other user may not look
        [sys.executable, "-c", code, str(closed)],
        env={"PYTHONPATH": str(source)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (3, "")
    assert "Permission denied. Nothing was changed." in done.stdout
    assert str(tmp_path) not in done.stdout
    assert list(closed.iterdir()) == []
