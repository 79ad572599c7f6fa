"""``riskstrat simulate`` as a user runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
from tests.command_line import riskstrat, riskstrat_alone

WARD = """
name = "ward"
service = "virtual_ward"
from = 2024-03-01
effect = 0.5
rule = "list"
"""
SMALL = ("simulate", "--people", "300", "--years", "1", "--seed", "4")


def test_feeds_records_and_truth_of_one_district(tmp_path: Path) -> None:
    feeds, records = tmp_path / "feeds", tmp_path / "records"
    done = riskstrat_alone(*SMALL, "--out", feeds, "--records", records, "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["synthetic"], made["people"]) == (True, 300)
    assert made["feeds"]["gp_patient"] >= 300
    assert made["truth"]["persons"] == 300
    assert 0 < made["records"]["patients"] <= 300
    for name, rows in made["feeds"].items():
        assert pq.read_metadata(feeds / f"{name}.parquet").num_rows == rows
    checked = riskstrat("check", records)
    assert checked.returncode == 0, checked.stdout


def test_the_command_says_where_everything_is_and_that_it_is_synthetic(tmp_path: Path) -> None:
    done = riskstrat(*SMALL, "--out", tmp_path / "feeds", "--format", "csv")
    assert done.returncode == 0, done.stderr
    said = " ".join(done.stdout.split())
    assert "Everything is synthetic" in said
    assert "300 people" in said
    assert "Truth, for judging only" in said
    assert "300 of 300 people" in done.stderr
    assert (tmp_path / "feeds" / "gp_patient.csv").is_file()


def test_an_earlier_output_needs_overwrite(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "feeds")
    first = riskstrat(*SMALL, *out)
    assert first.returncode == 0, first.stderr
    before = (tmp_path / "feeds" / "gp_patient.parquet").read_bytes()
    refused = riskstrat(*SMALL[:-1], "5", *out)
    assert refused.returncode == 2
    assert "--overwrite" in refused.stderr
    assert (tmp_path / "feeds" / "gp_patient.parquet").read_bytes() == before
    assert riskstrat(*SMALL[:-1], "5", *out, "--overwrite").returncode == 0
    assert (tmp_path / "feeds" / "gp_patient.parquet").read_bytes() != before


def test_a_list_made_from_the_records_is_fed_back(tmp_path: Path) -> None:
    """Simulate, make a list, simulate again with it: the same district with the programme."""
    (tmp_path / "ward.toml").write_text(WARD, "utf-8")
    first = riskstrat(*SMALL, "--records", tmp_path / "records")
    assert first.returncode == 0, first.stderr
    patients = pq.read_table(tmp_path / "records" / "patients.parquet").to_pandas()
    oldest = patients[patients["death_date"].isna()].sort_values("birth_month").head(12)
    listed = oldest[["patient_id"]].assign(date="2024-03-01")
    listed.to_csv(tmp_path / "list.csv", index=False)
    programme = ("--programme", tmp_path / "ward.toml", "--enrol", tmp_path / "list.csv")
    done = riskstrat(*SMALL, *programme, "--out", tmp_path / "feeds")
    assert done.returncode == 0, done.stderr
    taken = pq.read_table(tmp_path / "feeds" / "truth" / "enrolments.parquet").to_pandas()
    assert set(taken["patient_id"]) <= set(listed["patient_id"])
    assert len(taken) > 5
    effect = json.loads((tmp_path / "feeds" / "truth" / "programmes.json").read_text("utf-8"))
    assert effect["programmes"][0]["planted"]["effect"] == 0.5


def test_unknown_people_on_a_list_are_counted_and_not_shown(tmp_path: Path) -> None:
    (tmp_path / "ward.toml").write_text(WARD, "utf-8")
    (tmp_path / "list.csv").write_text("patient_id,date\ncanary-9434765919,2024-03-01\n", "utf-8")
    programme = ("--programme", tmp_path / "ward.toml", "--enrol", tmp_path / "list.csv")
    done = riskstrat(*SMALL, *programme, "--out", tmp_path / "feeds")
    assert done.returncode == 3
    assert "1 with an unknown person" in " ".join(done.stderr.split())
    assert "9434765919" not in done.stdout + done.stderr
    assert not (tmp_path / "feeds").exists()


def test_two_mistakes_of_a_programme_are_told_at_once(tmp_path: Path) -> None:
    text = WARD.replace("0.5", '"big"').replace("falls", "x") + 'practices = ["ZZ9999"]\nsize = 3\n'
    (tmp_path / "ward.toml").write_text(text, "utf-8")
    done = riskstrat(*SMALL, "--programme", tmp_path / "ward.toml", "--out", tmp_path / "feeds")
    assert done.returncode == 3
    for mistake in ("'effect' must be a number, not str", "unknown key 'size'"):
        assert mistake in " ".join(done.stderr.split())
