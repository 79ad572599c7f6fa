"""The benchmark of published indices: what it draws, counts and tells."""

from __future__ import annotations

import json
import re

import numpy as np
import polars as pl
import pytest
from benchmarks.indices import PAIRS, as_table, code_pool, judge, main, measure, random_sets

from riskstrat.codes import normalise_code
from riskstrat.features.indices import hfrs


def test_drawn_codes_could_be_codes_and_have_several_written_forms() -> None:
    pool = code_pool(np.random.default_rng(1))
    assert all(re.fullmatch(r"[A-Z]\d\d\w{0,2}", normalise_code(code, "icd10")) for code in pool)
    assert sum("." in code for code in pool) > 100
    assert sum(code != code.upper() for code in pool) > 100
    assert sum(code != code.strip() for code in pool) > 100


def test_every_set_holds_two_codes_under_one_stem() -> None:
    for codes in random_sets(200, np.random.default_rng(2)):
        stems = [normalise_code(code, "icd10")[:3] for code in codes]
        assert 2 <= len(codes) <= 13
        assert len(set(stems)) < len(stems)


def test_the_same_seed_gives_the_same_sets() -> None:
    first, second = (random_sets(50, np.random.default_rng(3)) for _ in range(2))
    assert first == second


def test_a_wrong_score_is_counted() -> None:
    """A program that counts every four-character code of one stem disagrees with pycomorb."""

    def each_code(codes: list[str]) -> int:
        return sum(hfrs([code]) for code in codes)

    sets = [["F000", "F001"], ["F000"], ["Z000"]]
    found = judge(sets, {"hfrs": (each_code, PAIRS["hfrs"][1])})["hfrs"]
    assert found == {(142, 71): 1, (71, 71): 1, (0, 0): 1}


def test_figures_are_those_of_all_pieces_together(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_is_wrong(frame: pl.DataFrame) -> pl.DataFrame:
        right = PAIRS["hfrs"][1](frame)
        return right.with_columns(
            score=pl.col("score") + (pl.col("id") == pl.col("id").max()).cast(pl.Int64)
        )

    monkeypatch.setattr("benchmarks.indices.PIECE", 40)
    found = measure(100, seed=5, pairs={"hfrs": (hfrs, last_is_wrong)})
    assert found["sets"] == found["indices"]["hfrs"]["compared"] == 100
    assert found["indices"]["hfrs"]["disagreements"] == 3


def test_the_command_tells_and_writes_the_figures(tmp_path, capsys) -> None:
    main(["--sets", "60", "--json", str(tmp_path / "indices.json")])
    told = json.loads((tmp_path / "indices.json").read_text())
    assert told["command"] == "python -m benchmarks.indices --sets 60"
    assert set(told["measured"]["indices"]) == set(PAIRS)
    assert "60 random sets" in capsys.readouterr().out
    assert as_table(told["measured"]).row_count == len(PAIRS)
