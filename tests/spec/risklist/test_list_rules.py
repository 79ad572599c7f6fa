"""A practice's list: who is on it, in which order, what it says and what it never says."""

import pytest

from riskstrat.errors import DataError, UsageError
from riskstrat.risklist import NO_PRACTICE, make_risk_list, practices


def test_a_practice_gets_its_own_people_by_rank(scores):
    frame = make_risk_list(scores, "Z90001").frame
    assert list(frame["patient_id"]) == ["pa", "pb", "pc"]
    assert list(frame["rank"]) == [1, 2, 3]
    assert set(frame["practice_code"]) == {"Z90001"}


@pytest.mark.parametrize(("capacity", "people"), [(1, 1), (2, 2), (3, 3), (40, 3), (None, 3)])
def test_a_list_is_as_long_as_the_team_can_review(scores, capacity, people):
    assert len(make_risk_list(scores, "Z90001", capacity=capacity).frame) == people


def test_people_without_a_practice_are_one_group(scores):
    frame = make_risk_list(scores, NO_PRACTICE).frame
    assert list(frame["patient_id"]) == ["pe", "pf"]
    assert frame["practice_code"].isna().all()


def test_all_practices_stand_one_after_the_other_each_with_its_capacity(scores):
    frame = make_risk_list(scores, capacity=1).frame
    assert list(frame["patient_id"]) == ["pa", "pd", "pe"]
    assert list(frame["rank"]) == [1, 1, 1]
    assert list(frame.index) == [0, 1, 2]


def test_practices_are_sorted_and_those_without_come_last(scores):
    assert practices(scores) == ["Z90001", "Z90002", NO_PRACTICE]


def test_the_risk_is_also_told_in_words(scores):
    frame = make_risk_list(scores, "Z90001").frame
    assert list(frame["risk_text"]) == [
        "52 in 100 people like this were admitted as an emergency within 12 months",
        "32 in 100 people like this were admitted as an emergency within 12 months",
        "fewer than 1 in 100 people like this were admitted as an emergency within 12 months",
    ]


def test_the_three_strongest_raising_reasons_are_listed_without_sensitive_ones(scores):
    frame = make_risk_list(scores, "Z90001").frame
    assert list(frame["reasons"]) == [
        ("=1+1 emergency admissions", "second", "third"),
        ("only",),
        (),
    ]
    assert list(frame["reason_codes"]) == [
        tuple(f"emergency.{name}.raising" for name in ("emergency_admissions", "second", "third")),
        ("emergency.only.raising",),
        (),
    ]


def test_the_risk_of_dying_is_never_on_a_list(scores, tmp_path):
    made = make_risk_list(scores)
    made.to_csv(tmp_path / "list.csv")
    made.to_json(tmp_path / "list.json")
    assert not [name for name in made.frame if "death" in name]
    for name in ("list.csv", "list.json"):
        text = (tmp_path / name).read_text("utf-8")
        assert "death" not in text
        assert "0.77" not in text


def test_every_row_says_which_model_and_day_and_whether_it_is_synthetic(scores):
    row = make_risk_list(scores, "Z90002").frame.iloc[0]
    assert row["model_version"] == "0123456789ab"
    assert row["index_date"].date().isoformat() == "2027-01-01"
    assert bool(row["synthetic"]) is True


def test_an_unknown_practice_is_refused_without_naming_anybody(scores):
    with pytest.raises(DataError, match="they hold 3 practices") as refused:
        make_risk_list(scores, "Z99999")
    assert "Z9" not in str(refused.value)


@pytest.mark.parametrize("capacity", [0, -1])
def test_a_capacity_below_one_is_refused(scores, capacity):
    with pytest.raises(UsageError, match="at least 1"):
        make_risk_list(scores, "Z90001", capacity=capacity)


def test_an_unknown_mode_is_refused_and_the_known_ones_named(scores):
    with pytest.raises(UsageError, match="expected a list mode of: highest"):
        make_risk_list(scores, "Z90001", mode="rising")


def test_descriptions_show_counts_only(scores):
    made = make_risk_list(scores, "Z90001")
    assert made.describe() == "3 people listed (highest), scored 2027-01-01"
    assert "pa" not in repr(made).replace("capacity", "")
    assert scores.describe().startswith("6 people of 3 practices scored at 2027-01-01")
