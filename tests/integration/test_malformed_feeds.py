"""Malformed feeds: each has its outcome, none ends in a traceback, and no row is lost unseen."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from tests.command_line import riskstrat
from tests.conftest import REPOSITORY
from tests.integration.malformed.case import Case, Linked
from tests.integration.malformed.cases import CASES, table_of_cases
from tests.unit.records.tiny_files import CANARY

from riskstrat.errors import RecordsError
from riskstrat.records import link

LEAST_CASES = 100

PAGE = REPOSITORY / "docs" / "how-to" / "malformed-feeds.md"


def found_in(manifest: Mapping[str, Any]) -> Linked:
    """What a manifest says, after checking that every file adds up."""
    files = [file for source in manifest["sources"] for file in source["files"]]
    files += manifest["left_out"]
    for file in files:
        assert file["rows_in"] == file["rows_kept"] + sum(file["rejected"].values())
    return Linked(
        {file["name"]: (file["rows_kept"], dict(file["rejected"])) for file in files},
        tuple(file["name"] for file in manifest["ignored_files"]),
    )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_a_malformed_feed(
    case: Case, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    options = case.build(tmp_path / "feed") or {}
    out = tmp_path / "out"
    with caplog.at_level(logging.DEBUG):
        told = linked_or_refused(tmp_path / "feed", out, case, options)
    assert CANARY not in told + caplog.text + "".join(capfd.readouterr())
    assert not [path for path in tmp_path.iterdir() if path.name.endswith(".partial")]


def linked_or_refused(feed: Path, out: Path, case: Case, options: Mapping[str, Any]) -> str:
    """All that was said, after checking that it is the outcome of the case."""
    if isinstance(case.outcome, Linked):
        manifest = link(feed, out, **options)
        assert found_in(manifest) == case.outcome
        assert json.loads((out / "manifest.json").read_text())["sources"]
        return json.dumps(manifest)
    with pytest.raises(RecordsError) as caught:
        link(feed, out, **options)
    assert case.outcome.message in str(caught.value)
    assert caught.value.exit_code == case.outcome.exit_code
    assert not out.exists()
    return str(caught.value)


ON_THE_COMMAND_LINE = (
    "gp: UTF-16",
    "gp: a quotation mark that is not closed",
    "gp: 18-digit codes as floats",
    "hes_apc: the columns of a date and of a code swapped",
    "hes_apc: a month that repeats rows of the month before",
    "ecds: names where dates and times should be",
    "housing: a web page, a workbook and a PDF beside the feed",
    "housing: lists and structures in Parquet",
    "fhir: NDJSON cut in the middle",
    "omop: a year of birth that is text",
    "hes_apc: an archive that unpacks to a thousand times its size",
    "hes_apc: a link to a folder outside of the folder",
)
"""Cases that are also run as a user runs them: what is printed is more than the error's text."""


@pytest.mark.parametrize("title", ON_THE_COMMAND_LINE)
def test_a_malformed_feed_on_the_command_line(tmp_path: Path, title: str) -> None:
    (case,) = (case for case in CASES if case.title == title)
    options = case.build(tmp_path / "feed") or {}
    given = [
        f"--{name}" if value is True else f"--{name}={value}" for name, value in options.items()
    ]
    done = riskstrat("link", tmp_path / "feed", "--out", tmp_path / "out", *given)
    said = done.stdout + done.stderr
    assert CANARY not in said
    assert "Traceback" not in said
    if isinstance(case.outcome, Linked):
        assert done.returncode == 0, said
        assert all(
            reason in words_of(said) for _, lost in case.outcome.files.values() for reason in lost
        )
        assert ("Not read: " in said) == bool(case.outcome.ignored)
    else:
        assert done.returncode == case.outcome.exit_code
        assert words_of(case.outcome.message) in words_of(said)
        assert not (tmp_path / "out").exists()


def words_of(text: str) -> str:
    """The text in one line, as it may be broken anywhere when it is printed."""
    return " ".join(text.split())


def test_every_case_is_on_the_page() -> None:
    """When a case changes, put what :func:`table_of_cases` gives into the page."""
    assert table_of_cases() in PAGE.read_text("utf-8")


def test_there_are_enough_cases_and_each_has_its_name() -> None:
    assert len({case.title for case in CASES}) == len(CASES) >= LEAST_CASES
    assert len({case.dialect for case in CASES}) == 12
