"""The benchmark of linkage: what it counts and how it tells it."""

from __future__ import annotations

import json

import pytest
from benchmarks.linkage import as_table, judge_rows, main

from riskstrat.engine import Engine


@pytest.fixture
def engine() -> Engine:
    """Rows of two files: right, wrong, alone, not found, of nobody, and without any name."""
    made = Engine(threads=1)
    made.connection.execute(
        """
        create temp table judged_rows as from (values
            ('one', 'c1', 'number', 'p1', 'p1'),
            ('one', 'c1', 'details', 'p1', 'p1'),
            ('one', 'c2', 'number', 'p1', 'p2'),
            ('one', 'c3', 'own', 'p9', 'p3'),
            ('two', 'c4', null, null, 'p4'),
            ('two', 'c5', 'number', 'p5', null),
            ('two', null, null, null, 'p6')
        ) t(file, claim, how, patient_id, truth)
        """
    )
    return made


def test_rows_are_judged_by_file_and_all_together(engine) -> None:
    assert judge_rows(engine) == {
        "one": {
            **{"rows": 4, "named": 4, "linked": 3, "right": 2},
            **{"precision": 0.666667, "recall": 0.5},
        },
        "two": {
            **{"rows": 3, "named": 1, "linked": 1, "right": 0},
            **{"precision": 0.0, "recall": 0.0},
        },
        "all": {
            **{"rows": 7, "named": 5, "linked": 4, "right": 2},
            **{"precision": 0.5, "recall": 0.4},
        },
    }


def test_links_of_one_kind_are_judged_alone(engine) -> None:
    told = judge_rows(engine, "how = 'details'")
    assert list(told) == ["one", "all"]
    assert told["all"]["right"] == told["all"]["linked"] == 1


def test_nothing_linked_has_no_share(engine) -> None:
    told = judge_rows(engine, "claim is null")["two"]
    assert (told["precision"], told["recall"]) == (None, None)


def test_a_small_district_is_measured_and_told(tmp_path, capsys) -> None:
    main(["--people", "150", "--json", str(tmp_path / "linkage.json")])
    found = json.loads((tmp_path / "linkage.json").read_text())
    assert found["command"] == "python -m benchmarks.linkage --people 150"
    measured = found["measured"]
    files = measured["rows_of_files"]
    assert files["all"]["rows"] == sum(t["rows"] for name, t in files.items() if name != "all")
    assert files["gp_patient"]["named"] >= 150
    assert as_table(measured).row_count == len(files) + 2
    assert "150 simulated people" in capsys.readouterr().out
