"""The benchmark of the bootstrap compares both ways on the same draws."""

import json

from benchmarks.bootstrap import main, measure


def test_both_ways_agree_on_the_same_draws():
    found = measure(2000, 4, plain_resamples=3)

    assert (found["rows"], found["resamples"], found["plain_resamples_timed"]) == (2000, 4, 3)
    assert found["people"] < 2000
    assert found["largest_difference"] < 1e-12


def test_figures_are_printed_and_written(tmp_path, capsys):
    main(["--rows", "500", "--resamples", "2", "--json", str(tmp_path / "found.json")])

    written = json.loads((tmp_path / "found.json").read_text(encoding="utf-8"))
    assert written["command"].endswith("--rows 500 --resamples 2")
    assert "scikit-learn" in capsys.readouterr().out
