"""The benchmark of features: every way sees the same events, and the ratios are what they say."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pytest
from benchmarks import features
from benchmarks.features import as_table, compared, main, measure, measure_sweep, sweep_table
from benchmarks.features_meds import make_environment, tabularize, write_meds
from benchmarks.features_ways import (
    INDEX_DATE,
    WINDOWS_DAYS,
    everybody,
    pandas_counts,
    people_of,
    rows_of,
    write_subset,
)

from riskstrat import load_records
from riskstrat.schema import TABLES
from riskstrat.simulation import simulate


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Records of a small district, and of six of its people in ``warm``."""
    made = tmp_path_factory.mktemp("district")
    simulate(120, 1, made / "feeds", records=made / "records", years=2)
    write_subset(made / "records", 6, made / "warm")
    return made


@pytest.fixture
def records(folder):
    return folder / "records"


@pytest.mark.parametrize("way", ["limit", "riskstrat", "riskstrat_to_disk", "pandas"])
def test_each_way_sees_every_event(folder, records, capsys, way) -> None:
    main(["--here", way, "--data", str(records), "--folder", str(folder), "--people", "1000"])
    told = json.loads(capsys.readouterr().out)
    assert told["events"] == rows_of(records, "events") > 1000
    assert told["people"] == rows_of(records, "patients") > 100
    assert told["seconds"] > 0
    assert told["peak_memory_gib"] > 0


def test_the_streamed_matrix_has_the_same_columns_for_everybody(folder, records, capsys) -> None:
    told = {}
    for way in ("riskstrat", "riskstrat_to_disk"):
        main(["--here", way, "--data", str(records), "--folder", str(folder)])
        told[way] = json.loads(capsys.readouterr().out)["columns"]
    assert told["riskstrat"] == told["riskstrat_to_disk"] > 300
    assert (folder / "matrix" / "catalogue.json").is_file()


def test_a_subset_is_whole_records_of_the_first_people(records, tmp_path) -> None:
    write_subset(records, 40, tmp_path / "subset")
    chosen = set(people_of(records, 40))
    assert len(chosen) == 40
    manifest = load_records(tmp_path / "subset").manifest
    for name in TABLES:
        rows = pd.read_parquet(records / f"{name}.parquet")
        expected = rows[rows["patient_id"].isin(chosen)].reset_index(drop=True)
        found = pd.read_parquet(tmp_path / "subset" / f"{name}.parquet")
        pd.testing.assert_frame_equal(found, expected)
        assert manifest["tables"][name]["rows"] == len(found)


def test_what_pandas_counts_is_what_a_loop_counts(records) -> None:
    keys = everybody(records).head(30)
    counts, events = pandas_counts([records / "events.parquet"], keys)
    expected: Counter[tuple[int, str, str]] = Counter()
    read = 0
    query = f"""select patient_id, kind, system, code, event_date, recorded_date, superseded_date
        from '{records / "events.parquet"}'"""
    people = set(keys["patient_id"])
    for row in duckdb.sql(query).fetchall():
        person, kind, system, code, event_date, recorded, superseded = row
        if person not in people:
            continue
        read += 1
        if max(event_date, recorded) >= INDEX_DATE or (superseded and superseded < INDEX_DATE):
            continue
        length = {"icd10": 1, "opcs4": 1, "bnf": 2}.get(system, 0)
        group = f"{kind} {code if kind == 'measurement' else code[:length]}"
        for window in WINDOWS_DAYS:
            if (INDEX_DATE - event_date).days <= window:
                expected[window, group, person] += 1
    told = counts.stack([0, 1], future_stack=True)
    found = {(w, g, p): n for (p, w, g), n in told[told > 0].items()}
    assert events == read
    assert found == expected
    assert len(counts) == 30


def test_everybody_has_one_key_at_the_index_date(records) -> None:
    keys = everybody(records)
    assert keys["patient_id"].is_unique
    assert len(keys) == rows_of(records, "patients")
    assert set(keys["index_date"].dt.date) == {INDEX_DATE} == {date(2025, 1, 1)}


def test_meds_holds_the_events_of_the_first_people_in_order(records, tmp_path) -> None:
    number = write_meds(records, 25, tmp_path)
    rows = pd.read_parquet(tmp_path / "data" / "train" / "0.parquet")
    labels = pd.read_parquet(tmp_path / "labels" / "train" / "0.parquet")
    events = pd.read_parquet(records / "events.parquet")
    assert number == events["patient_id"].isin(set(people_of(records, 25))).sum()
    assert rows["time"].notna().sum() == number
    assert rows[rows["time"].isna()]["subject_id"].tolist() == list(range(25))
    ordered = rows.sort_values(["subject_id", "time"], na_position="first", kind="stable")
    assert ordered.index.tolist() == list(range(len(rows)))
    assert labels["subject_id"].tolist() == list(range(25))
    assert set(labels["prediction_time"].dt.date) == {INDEX_DATE}


def test_where_meds_tab_cannot_be_installed_the_row_says_so(tmp_path, monkeypatch) -> None:
    def refuse(command, **_):
        raise subprocess.CalledProcessError(1, command)

    monkeypatch.setattr("benchmarks.features_meds.subprocess.run", refuse)
    assert make_environment(tmp_path / "environment") is None
    missing = {"limit": TOLD, "riskstrat": TOLD, "meds_tab": {"is_missing": True}}
    cells = [list(column.cells) for column in as_table(compared(missing)).columns]
    assert "could not be installed here" in cells[-2][-1]


def program(environment, name: str, text: str) -> None:
    path = environment / "bin" / f"meds-tab-{name}"
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def test_a_peer_that_takes_too_long_is_stopped_and_told_as_more_than(tmp_path) -> None:
    out = tmp_path / "out"
    finished = out / "tabularize" / "train" / "0" / "30d" / "code"
    finished.mkdir(parents=True)
    np.savez(finished / "count.npz", array=np.zeros((3, 2)), shape=np.array([7, 5]))
    for name in ("describe", "tabularize-static"):
        program(tmp_path, name, f"echo $@ >> {tmp_path}/asked")
    program(tmp_path, "tabularize-time-series", "exec sleep 30")
    told = tabularize(tmp_path, tmp_path / "meds", out, at_labels=True, seconds=1.0)
    assert told["is_stopped"]
    assert told["columns"] == 5
    assert 1.0 <= told["seconds"] < 20
    first, second = (tmp_path / "asked").read_text().splitlines()
    assert "input_label_dir" not in first
    assert f"input_label_dir={tmp_path}/meds/labels" in second
    found = compared({"limit": TOLD, "riskstrat": TOLD, "meds_tab": {**TOLD, **told}})
    cells = [list(column.cells)[-1] for column in as_table(found).columns]
    assert cells[4].startswith("more than ")
    assert cells[5].startswith("less than ")
    assert cells[7].startswith("more than ")


def test_a_peer_that_ends_is_not_stopped(tmp_path) -> None:
    for name in ("describe", "tabularize-static", "tabularize-time-series"):
        program(tmp_path, name, f"echo $@ >> {tmp_path}/asked")
    told = tabularize(tmp_path, tmp_path, tmp_path / "out", at_labels=False, seconds=30)
    assert not told["is_stopped"]
    assert "label" not in (tmp_path / "asked").read_text()


TOLD = {"people": 10, "events": 1000, "columns": 4, "seconds": 2.0, "peak_memory_gib": 0.5}


def test_ratios_are_times_beside_the_limit_and_paces_beside_riskstrat() -> None:
    ways = {
        "limit": {**TOLD, "seconds": 0.8, "columns": None},
        "riskstrat": TOLD,
        "pandas": {**TOLD, "events": 100, "seconds": 4.0},
    }
    found = compared(ways)
    assert found["riskstrat"]["times_limit"] == 2.5
    assert found["riskstrat"]["events_per_second"] == 500
    assert found["pandas"]["times_slower_than_riskstrat"] == 20
    table = as_table(found)
    assert table.row_count == 3
    assert list(table.columns[7].cells) == ["", "2.50 x limit", "20 x slower"]


def test_the_ways_take_turns_and_the_fastest_run_of_each_counts(records, monkeypatch) -> None:
    order = []

    def alone(way, *_, **__):
        order.append(way)
        return {**TOLD, "seconds": 20.0 - len(order), "load": 1.0}

    monkeypatch.setattr(features, "_alone", alone)
    found = measure(records, records, is_streamed=True, peer_people=0, peer_seconds=1)
    turns = ["limit", "riskstrat", "pandas"]
    assert order == ["subset", *turns * 3, "riskstrat_to_disk"]
    assert [run["seconds"] for run in found["limit"]["rounds"]] == [18, 15, 12]
    assert found["limit"]["seconds"] == 12
    assert found["riskstrat"]["times_limit"] == 0.92


def test_a_sweep_is_over_the_people_that_are_there(records, tmp_path, monkeypatch) -> None:
    sizes = []

    def alone(way, data, folder, people=0, seconds=0):
        if way == "subset":
            sizes.append(people)
            return {}
        return {**TOLD, "people": sizes[-1], "load": 1.0}

    monkeypatch.setattr(features, "_alone", alone)
    found = measure_sweep(records, tmp_path, [50, 20, 1000, 2000])
    assert sizes == [20, 50, rows_of(records, "patients")]
    assert {told["microseconds_per_event"] for told in found} == {2000}
    assert sweep_table(found).row_count == 3
