"""The repository is about riskstrat: no machine, no index address stands in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]

MACHINE_PATH = re.compile(r"(?<![\w.~$}-])/(?:work|root|home|Users)/[\w.]")
"""The beginning of an absolute path on somebody's machine."""

INDEX_HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("conda", "anaconda", "org"),
    )
)
"""Hosts of package indexes: which index serves a package is a matter of each machine."""

INDEX_OPTION = re.compile(r"(?:index-url|find-links)[ =]+\S*:[/]/|trusted-[h]ost")
"""An option that names an index by its address."""


def tracked_files() -> list[Path]:
    """Files of the repository; scratch files of other programs are none of it."""
    git = shutil.which("git")
    if git is None or not (REPOSITORY / ".git").exists():
        pytest.skip("not a clone of the repository")
    listed = subprocess.run(
        [git, "-c", f"safe.directory={REPOSITORY}", "ls-files", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=True,
        text=True,
    )
    files = [REPOSITORY / name for name in listed.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def lines_of(file: Path) -> list[str]:
    content = file.read_bytes()
    if b"\0" in content:
        return []
    return content.decode("utf-8", errors="replace").splitlines()


@pytest.fixture(scope="module")
def texts() -> dict[str, list[str]]:
    return {str(file.relative_to(REPOSITORY)): lines_of(file) for file in tracked_files()}


def test_no_path_of_a_machine(texts: dict[str, list[str]]) -> None:
    found = [
        f"{name}:{number}"
        for name, lines in texts.items()
        for number, line in enumerate(lines, 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_no_host_or_option_of_a_package_index(texts: dict[str, list[str]]) -> None:
    found = [
        f"{name}:{number}"
        for name, lines in texts.items()
        for number, line in enumerate(lines, 1)
        if any(host in line for host in INDEX_HOSTS) or INDEX_OPTION.search(line)
    ]
    assert found == []


def test_lock_files_hold_versions_and_hashes_but_no_addresses(texts: dict[str, list[str]]) -> None:
    requirements = [line for line in texts["requirements.lock"] if "://" in line]
    assert requirements == []
    if "serving/package-lock.json" in texts:
        lock = json.loads("\n".join(texts["serving/package-lock.json"]))
        resolved = [p for p in lock["packages"].values() if "://" in p.get("resolved", "")]
        assert resolved == []


def test_the_pattern_finds_paths_and_leaves_addresses_alone() -> None:
    slash = "/"
    assert MACHINE_PATH.search(f"open('{slash}home{slash}me{slash}x')")
    assert MACHINE_PATH.search(f"{slash}root{slash}.cache")
    assert not MACHINE_PATH.search("https://www.example.nhs.uk/home/page")
    assert not MACHINE_PATH.search("docs/home/page and $HOME/x and ./relative/x")
