"""The figures as they are told: the command, its JSON, and the plots of the page about them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from benchmarks.district import main

PAGE = Path(__file__).resolve().parents[3] / "docs" / "explanation" / "simulated-district.md"
MOST_BYTES = 150_000


@pytest.fixture(scope="module")
def told(district, district_folder, tmp_path_factory) -> tuple[Path, str]:
    """What the command writes about the shared district, and what it prints."""
    out = tmp_path_factory.mktemp("told")
    with pytest.MonkeyPatch.context() as patched:
        printed: list[str] = []
        patched.setattr("rich.console.Console.print", lambda _, what: printed.append(str(what)))
        main(
            [
                *("--records", str(district_folder / "records")),
                *("--truth", str(district_folder / "truth")),
                *("--json", str(out / "district.json"), "--plots", str(out / "plots")),
            ]
        )
    return out, "\n".join(printed)


def test_the_json_has_every_figure_with_its_limits_and_says_synthetic(told) -> None:
    folder, printed = told
    found = json.loads((folder / "district.json").read_text("utf-8"))
    assert found["synthetic"] is True
    assert found["people"] == 20_000
    assert set(found["machine"]) == {"cores", "memory_gib", "python", "packages"}
    limited = [one for one in found["measured"] if one["low"] is not None]
    for one in limited:
        assert one["within"] == (one["low"] <= one["found"] <= one["high"])
    assert all(one["within"] is None for one in found["measured"] if one not in limited)
    for is_asked, said in ((True, "{} of {} figures within"), (False, "information {} of {} as")):
        within = [one["within"] for one in limited if one["is_asked"] is is_asked]
        assert said.format(sum(within), len(within)) in printed


def test_the_page_shows_every_plot_and_each_is_small_and_says_synthetic(told) -> None:
    folder, _ = told
    text = PAGE.read_text("utf-8")
    shown = set(re.findall(r"\(simulated-district/([a-z-]+\.svg)\)", text))
    drawn = {path.name: path for path in (folder / "plots").iterdir()}
    committed = {path.name for path in (PAGE.parent / "simulated-district").iterdir()}
    assert shown == set(drawn) == committed
    for path in drawn.values():
        assert path.stat().st_size < MOST_BYTES
        assert "(synthetic)" in path.read_text("utf-8")


def test_every_plot_has_a_text_for_those_who_cannot_see_it() -> None:
    texts = re.findall(r"!\[([^\]]*)\]\(simulated-district/", PAGE.read_text("utf-8"))
    assert len(texts) == 8
    assert all(len(text) > 30 for text in texts)


def test_folders_of_records_and_truth_go_together(capsys) -> None:
    with pytest.raises(SystemExit):
        main(["--records", "somewhere"])
    assert "go together" in capsys.readouterr().err
