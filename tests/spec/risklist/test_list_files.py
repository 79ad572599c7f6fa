"""A list as a file: pure CSV or JSON, safe to open in a spreadsheet, whole or not there."""

import csv
import io
import json
from dataclasses import replace

import pandas as pd
import pytest
from tests.command_line import riskstrat

from riskstrat.errors import DataError
from riskstrat.risklist import export, make_risk_list

COLUMNS = [
    "rank",
    "patient_id",
    "age",
    "sex",
    "risk",
    "risk_text",
    "reasons",
    "reason_codes",
    "in_hospital",
    "practice_code",
    "index_date",
    "model_version",
    "synthetic",
]


def read_csv(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8"))))


def test_csv_has_one_header_line_and_one_row_per_person(scores, tmp_path):
    make_risk_list(scores, "Z90001").to_csv(tmp_path / "list.csv")
    rows = read_csv(tmp_path / "list.csv")
    assert list(rows[0]) == COLUMNS
    assert rows[1] == {
        "rank": "2",
        "patient_id": "pb",
        "age": "82",
        "sex": "female",
        "risk": "0.32",
        "risk_text": "32 in 100 people like this were admitted as an emergency within 12 months",
        "reasons": "only",
        "reason_codes": "emergency.only.raising",
        "in_hospital": "True",
        "practice_code": "Z90001",
        "index_date": "2027-01-01",
        "model_version": "0123456789ab",
        "synthetic": "True",
    }


def test_reasons_share_a_cell_and_formulas_are_defused(scores, tmp_path):
    make_risk_list(scores, "Z90001").to_csv(tmp_path / "list.csv")
    rows = read_csv(tmp_path / "list.csv")
    assert rows[0]["reasons"] == "'=1+1 emergency admissions | second | third"
    assert rows[2]["reasons"] == ""


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\tx", "'\tx"),
        ("\rx", "'\rx"),
        ("3 admissions = many", "3 admissions = many"),
    ],
)
@pytest.mark.parametrize("column", ["patient_id", "practice_code"])
def test_a_cell_that_a_spreadsheet_could_run_begins_with_an_apostrophe(
    scores, cell, written, column
):
    frame = make_risk_list(scores, "Z90002").frame
    frame[column] = pd.Series([cell], dtype="str")
    text = export.csv_text(frame)
    assert next(csv.DictReader(io.StringIO(text, newline="")))[column] == written


def test_a_missing_practice_is_an_empty_cell_and_a_json_null(scores, tmp_path):
    made = make_risk_list(scores, "no-practice")
    made.to_csv(tmp_path / "list.csv")
    made.to_json(tmp_path / "list.json")
    assert read_csv(tmp_path / "list.csv")[0]["practice_code"] == ""
    assert (
        json.loads((tmp_path / "list.json").read_text("utf-8"))["people"][0]["practice_code"]
        is None
    )


def test_excel_gets_a_byte_order_mark_only_when_asked(scores, tmp_path):
    made = make_risk_list(scores)
    made.to_csv(tmp_path / "plain.csv")
    made.to_csv(tmp_path / "excel.csv", for_excel=True)
    plain, excel = (tmp_path / "plain.csv").read_bytes(), (tmp_path / "excel.csv").read_bytes()
    assert excel == b"\xef\xbb\xbf" + plain
    assert not plain.startswith(b"\xef\xbb\xbf")


def test_json_holds_the_run_and_the_people(scores, tmp_path):
    make_risk_list(scores, "Z90001", capacity=1).to_json(tmp_path / "list.json")
    found = json.loads((tmp_path / "list.json").read_text("utf-8"))
    assert {name: found[name] for name in ("practice", "mode", "capacity")} == {
        "practice": "Z90001",
        "mode": "highest",
        "capacity": 1,
    }
    assert found["run"]["synthetic"] is True
    assert found["people"][0]["reasons"] == ["=1+1 emergency admissions", "second", "third"]
    assert found["people"][0]["risk"] == 0.5234
    assert found["people"][0]["in_hospital"] is False


def test_an_empty_list_is_a_file_with_a_header(scores, tmp_path):
    made = make_risk_list(scores)
    nobody = type(made)(made.frame[:0], made.run, None, "highest", None)
    nobody.to_csv(tmp_path / "list.csv")
    nobody.to_json(tmp_path / "list.json")
    assert (tmp_path / "list.csv").read_bytes().decode() == ",".join(COLUMNS) + "\r\n"
    assert json.loads((tmp_path / "list.json").read_text("utf-8"))["people"] == []


def test_the_same_list_is_the_same_bytes(scores, tmp_path):
    for name in ("first", "second"):
        make_risk_list(scores).to_csv(tmp_path / f"{name}.csv")
        make_risk_list(scores).to_json(tmp_path / f"{name}.json")
    for kind in ("csv", "json"):
        first = (tmp_path / f"first.{kind}").read_bytes()
        assert first == (tmp_path / f"second.{kind}").read_bytes()


def test_folders_are_made(scores, tmp_path):
    make_risk_list(scores).to_csv(tmp_path / "lists" / "new" / "list.csv")
    assert (tmp_path / "lists" / "new" / "list.csv").is_file()


def test_a_full_disk_leaves_last_months_list_as_it_was(scores, tmp_path, monkeypatch):
    path = tmp_path / "list.csv"
    path.write_text("last month", encoding="utf-8")

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(DataError, match=r"'list\.csv', but: No space left on device"):
        make_risk_list(scores).to_csv(path)
    assert path.read_text("utf-8") == "last month"
    assert [file.name for file in tmp_path.iterdir()] == ["list.csv"]


def test_a_file_where_a_folder_should_be_is_named(scores, tmp_path):
    (tmp_path / "lists").write_text("", encoding="utf-8")
    with pytest.raises(DataError, match=r"expected to write the file 'list\.csv'"):
        make_risk_list(scores).to_csv(tmp_path / "lists" / "list.csv")


def test_a_practice_code_leads_to_no_other_folder(scores, tmp_path, monkeypatch):
    """A code is whatever stood in a feed."""
    codes = scores.scores["practice_code"].replace("Z90001", "../Z9/1").astype("str")
    odd = replace(scores, scores=scores.scores.assign(practice_code=codes))
    monkeypatch.setattr("riskstrat.risklist.load_scores", lambda _: odd)
    done = riskstrat("list", "scores", "--all", "--out", tmp_path / "lists" / "june")
    assert done.returncode == 0, done.stderr
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert {file.parent for file in files} == {tmp_path / "lists" / "june"}
    names = {"..%2FZ9%2F1.csv", "Z90002.csv", "no-practice.csv"}
    assert {file.name for file in files} == names
