"""Everyone scored, explained and ranked: sums, order, ties, and the folder written."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from riskstrat.errors import ArtefactError, DataError, RecordsError
from riskstrat.risklist import load_scores, make_risk_list, practices, score, scoring
from riskstrat.risklist.scores import SCORE_COLUMNS

DAY = date(2027, 1, 1)


@pytest.fixture
def scores(model, records):
    return score(model, records, DAY)


def test_baseline_and_groups_add_to_the_calibrated_log_odds(scores):
    groups = scores.contributions.drop(columns=["patient_id", "index_date"])
    total = scores.scores["baseline"] + groups.sum(axis=1)
    risk = scores.scores["risk"]
    assert np.abs(total - np.log(risk / (1 - risk))).max() < 1e-9
    assert set(map(str, groups.dtypes)) == {"float64"}
    assert list(groups) == ["person", "emergency", "heart"]


def test_scores_and_contributions_have_the_same_people_in_the_same_order(scores):
    keys = ["patient_id", "index_date"]
    pd.testing.assert_frame_equal(scores.scores[keys], scores.contributions[keys])
    assert list(scores.scores.columns) == list(SCORE_COLUMNS)


def test_ranks_count_from_one_in_each_practice_by_falling_risk(scores):
    for code in ("Z90001", "Z90002", None):
        codes = scores.scores["practice_code"]
        people = scores.scores[codes.isna() if code is None else codes == code]
        assert list(people["rank_in_practice"]) == list(range(1, len(people) + 1))
        assert people["risk"].is_monotonic_decreasing
    assert len(scores.scores) == 300


def test_equal_risks_rank_by_patient(scores):
    twins = scores.scores.set_index("patient_id").loc[["p000", "p001"]]
    assert twins["risk"].nunique() == 1
    assert twins["rank_in_practice"].diff().iloc[1] == 1


def test_people_without_a_practice_are_one_group_and_come_last(scores):
    missing = scores.scores["practice_code"].isna()
    assert missing.sum() == 100
    assert missing.iloc[-100:].all()
    assert practices(scores) == ["Z90001", "Z90002", "no-practice"]


def test_records_without_practices_give_one_list(model, records, cohort, monkeypatch, tmp_path):
    nowhere = replace(cohort, frame=cohort.frame.assign(practice_code=None))
    monkeypatch.setattr(scoring, "build_scoring_cohort", lambda *_: nowhere)
    score(model, records, DAY).save(tmp_path / "scores")
    scores = load_scores(tmp_path / "scores")
    assert practices(scores) == ["no-practice"]
    assert scores.run["practices"] == 1
    listed = make_risk_list(scores, "no-practice", capacity=40).frame
    assert list(listed["rank"]) == list(range(1, 41))


def test_reasons_follow_the_people(scores):
    place = {patient: row for row, patient in enumerate(scores.scores["patient_id"])}
    rows = [(place[reason.patient_id], reason.position) for reason in scores.reasons.itertuples()]
    assert rows == sorted(rows)
    assert len(rows) > 100
    assert "age" not in set(scores.reasons["feature"])


def test_the_run_says_what_was_scored(scores, model):
    assert scores.run == {
        "study": "small",
        "model_version": model.version,
        "index_date": "2027-01-01",
        "window_days": 365,
        "outcome_kind": "emergency_admission",
        "data_to": "2026-12-31",
        "synthetic": True,
        "people": 300,
        "practices": 3,
        "rows": 300,
    }


def test_a_study_at_discharge_without_a_date_is_named_by_its_latest(model, records):
    assert score(model, records, None).run["index_date"] == "2027-01-01"


def test_stages_are_told(model, records):
    said = []
    score(model, records, DAY, progress=said.append)
    assert said == ["cohort", "features, scores and reasons"]


def test_blocks_change_nothing(model, records, scores, monkeypatch):
    monkeypatch.setattr(scoring, "BLOCK_ROWS", 37)
    blocks = score(model, records, DAY)
    pd.testing.assert_frame_equal(blocks.scores, scores.scores)
    pd.testing.assert_frame_equal(blocks.contributions, scores.contributions)
    pd.testing.assert_frame_equal(blocks.reasons, scores.reasons)


def test_every_feature_is_written_on_request_and_sums_to_its_group(model, records, tmp_path):
    full = tmp_path / "full.parquet"
    told = score(model, records, DAY, feature_contributions=full)
    told.save(tmp_path / "scores", feature_contributions=full)
    assert not full.exists()
    wide = pd.read_parquet(tmp_path / "scores" / "feature_contributions.parquet")
    assert list(wide) == ["patient_id", "index_date", *(f.name for f in model.features)]
    assert wide["patient_id"].is_monotonic_increasing
    joined = told.contributions.merge(wide, on="patient_id", suffixes=("_of_group", ""))
    for group in {feature.group for feature in model.features}:
        own = [feature.name for feature in model.features if feature.group == group]
        assert np.allclose(joined[own].sum(axis=1), joined[group], atol=1e-12)
    load_scores(tmp_path / "scores")


def test_the_folder_reads_back_as_it_was(scores, tmp_path):
    scores.save(tmp_path / "scores")
    again = load_scores(tmp_path / "scores")
    for name in ("scores", "contributions", "reasons"):
        pd.testing.assert_frame_equal(getattr(again, name), getattr(scores, name))
    assert again.run == scores.run
    assert again.model.version == scores.model.version
    first, second = make_risk_list(again, capacity=5), make_risk_list(scores, capacity=5)
    pd.testing.assert_frame_equal(first.frame, second.frame)


def test_days_are_dates_in_the_files(scores, tmp_path):
    scores.save(tmp_path / "scores")
    for name, column in (("scores", "index_date"), ("reasons", "fact_date")):
        schema = pq.read_schema(tmp_path / "scores" / f"{name}.parquet")
        assert str(schema.field(column).type) == "date32[day]"
        assert schema.metadata is None


def test_the_same_scores_are_the_same_bytes(model, records, tmp_path):
    for name in ("first", "second"):
        score(model, records, DAY).save(tmp_path / name)
    first, second = _contents(tmp_path / "first"), _contents(tmp_path / "second")
    assert first == second
    assert {"scores.parquet", "contributions.parquet", "reasons.parquet", "run.json"} <= set(first)
    assert "model/model.json" in first


def _contents(folder: Path) -> dict[str, bytes]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_a_failed_save_leaves_the_earlier_folder(scores, tmp_path, monkeypatch):
    scores.save(tmp_path / "scores")
    before = _contents(tmp_path / "scores")

    def full(*_args, **_kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(DataError, match="No space left on device"):
        scores.save(tmp_path / "scores")
    assert _contents(tmp_path / "scores") == before


@pytest.mark.parametrize(
    "name", ["scores.parquet", "contributions.parquet", "reasons.parquet", "run.json"]
)
@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_folder_is_refused_and_the_file_named(scores, tmp_path, name, damage):
    scores.save(tmp_path / "scores")
    file = tmp_path / "scores" / name
    content = file.read_bytes()
    file.unlink()
    if damage == "truncated":
        file.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArtefactError, match=f"'{name}' cannot be read"):
        load_scores(tmp_path / "scores")


def test_a_folder_without_its_model_is_refused(scores, tmp_path):
    scores.save(tmp_path / "scores")
    (tmp_path / "scores" / "model" / "model.json").unlink()
    with pytest.raises(ArtefactError, match=r"model\.json"):
        load_scores(tmp_path / "scores")


def test_a_missing_column_is_named(scores, tmp_path):
    scores.save(tmp_path / "scores")
    path = tmp_path / "scores" / "reasons.parquet"
    pq.write_table(pq.read_table(path).drop(["workable"]), path)
    with pytest.raises(ArtefactError, match=r"'reasons\.parquet' lacks the columns workable"):
        load_scores(tmp_path / "scores")


def test_a_missing_row_is_noticed(scores, tmp_path):
    scores.save(tmp_path / "scores")
    path = tmp_path / "scores" / "contributions.parquet"
    pq.write_table(pq.read_table(path)[:-1], path)
    with pytest.raises(ArtefactError, match=r"expected 300 rows .* there are 300 and 299"):
        load_scores(tmp_path / "scores")


def test_contributions_of_other_people_are_refused(scores, tmp_path):
    scores.save(tmp_path / "scores")
    path = tmp_path / "scores" / "contributions.parquet"
    table = pq.read_table(path)
    pq.write_table(table.take([1, 0, *range(2, len(table))]), path)
    with pytest.raises(ArtefactError, match="does not have the people of the scores in order"):
        load_scores(tmp_path / "scores")


def test_reasons_of_strangers_are_never_listed(scores):
    strangers = replace(scores, reasons=scores.reasons.assign(patient_id="nobody"))
    with pytest.raises(ArtefactError, match=r"reasons\.parquet.* of people not scored") as error:
        strangers.listed_reasons  # noqa: B018 - a property
    assert "nobody" not in str(error.value)


@pytest.mark.parametrize(
    ("run", "message"),
    [([], "is not a table of keys"), ({"study": "small"}, "lacks model")],
)
def test_an_incomplete_run_is_refused(scores, tmp_path, run, message):
    scores.save(tmp_path / "scores")
    (tmp_path / "scores" / "run.json").write_text(json.dumps(run), encoding="utf-8")
    with pytest.raises(ArtefactError, match=message):
        load_scores(tmp_path / "scores")


def test_a_place_that_is_not_a_folder_is_refused(tmp_path):
    with pytest.raises(ArtefactError, match="'nowhere' is not a folder"):
        load_scores(tmp_path / "nowhere")


def test_nothing_printed_holds_a_patient(scores):
    assert "p000" not in repr(scores)
    assert "p000" not in scores.describe()


@pytest.mark.parametrize(
    ("trained", "given", "missing"),
    [
        (["sus_apc", "gp"], ["hospital", "gp", "voluntary"], None),
        (["hospital", "gp"], ["hospital"], "gp"),
        (["hospital"], ["omop"], "hospital"),
        (["omop"], ["meds"], None),
        (["omop"], ["hospital", "gp"], "mixed"),
    ],
)
def test_records_without_a_kind_of_feed_of_the_model_are_not_scored(
    trained, given, missing, model, matrix, cohort
):
    """A missing feed would make a feature missing for everybody, and every risk wrong."""
    told = replace(model, provenance={"sources": [{"name": name} for name in trained]})
    people = replace(cohort, origin={"sources": [{"name": name} for name in given]})
    if missing is None:
        assert len(scoring.score_rows(told, matrix, people).scores) == len(cohort.frame)
    else:
        with pytest.raises(RecordsError, match=f"records have none of: {missing}"):
            scoring.score_rows(told, matrix, people)


@pytest.mark.parametrize(
    ("sources", "linked", "named"),
    [
        ((), ["hes_apc", "ecds"], "hospital"),
        ((), ["hes_apc", "gp"], "hospital, gp"),
        ((), ["omop"], "hospital, gp"),
        (("gp",), ["hes_apc", "gp"], "gp"),
        ((), None, "hospital, gp"),
    ],
)
def test_reasons_name_the_feeds_that_are_linked_and_wanted(
    sources, linked, named, model, matrix, cohort
):
    told = [replace(feature, sources=("hospital", "gp")) for feature in matrix.features]
    study = replace(model.study, features=replace(model.study.features, sources=sources))
    origin = {} if linked is None else {"sources": [{"name": name} for name in linked]}
    found = scoring.score_rows(
        replace(model, study=study, provenance={}),
        replace(matrix, features=tuple(told)),
        replace(cohort, origin=origin),
    )
    assert set(found.reasons["source"]) == {named}
