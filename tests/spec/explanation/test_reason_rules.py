"""Which facts become reasons: each rule a small table of facts in, a table of reasons out.

Facts are of one woman of 82 at 1 January 2027; 'days' is how long before that the fact was.
"""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import ArtefactError, UsageError
from riskstrat.explanation.peers import PEER_COLUMNS, PeerTable

NO_FACT = -1


def texts(reasons, direction=None):
    kept = reasons if direction is None else reasons[reasons["direction"] == direction]
    return list(kept["text"])


def test_a_reason_is_the_recorded_fact_with_its_date_and_what_is_usual(told, fact):
    reasons = told(fact(value=3, days=109, share_with_any=0.2))
    assert texts(reasons) == [
        "3 emergency admissions in the last 12 months, the latest on 14 September 2026; "
        "most women aged 80 to 84 had none"
    ]
    row = reasons.iloc[0]
    assert (row["position"], row["direction"], row["group"]) == (1, "raising", "emergency")
    assert (row["feature"], row["value"], row["source"]) == (
        "emergency_admissions_365",
        3.0,
        "hospital",
    )
    assert row["code"] == "emergency.emergency_admissions_365.raising"
    assert row["fact_date"].date().isoformat() == "2026-09-14"
    assert (row["workable"], row["sensitive"]) == (False, False)
    assert row["peer_contribution"] == pytest.approx(0.4)


def test_the_code_says_the_direction_of_the_same_fact(told, fact):
    codes = [told(fact(contribution=amount)).iloc[0]["code"] for amount in (0.4, -0.4)]
    assert codes == [
        "emergency.emergency_admissions_365.raising",
        "emergency.emergency_admissions_365.lowering",
    ]


def test_one_is_told_in_the_singular(told, fact):
    assert texts(told(fact(value=1, days=1))) == [
        "one emergency admission in the last 12 months, on 31 December 2026; "
        "most women aged 80 to 84 had none"
    ]


@pytest.mark.parametrize(
    ("contribution", "peer_mean", "direction"),
    [
        (0.4, 0.1, ["raising"]),
        (0.4, 0.6, ["lowering"]),  # raises against everybody, but less than among her peers
        (-0.2, -0.5, ["raising"]),
        (0.4, 0.4, []),
    ],
)
def test_contributions_are_taken_against_peers(told, fact, contribution, peer_mean, direction):
    reasons = told(fact(contribution=contribution, peer_mean=peer_mean))
    assert list(reasons["direction"]) == direction


def test_a_group_is_judged_by_the_sum_over_its_features(told, fact):
    raising = fact(name="a", contribution=0.3)
    lowering = fact(name="b", contribution=-0.5)
    reasons = told(raising, lowering)
    assert list(reasons["direction"]) == ["lowering"]
    assert list(reasons["feature"]) == ["b"]
    assert reasons["peer_contribution"].iloc[0] == pytest.approx(-0.2)


def test_a_group_is_told_by_its_strongest_feature_that_has_a_fact(told, fact):
    strongest_without_fact = fact(name="a", contribution=0.5, value=0, days=NO_FACT)
    weaker = fact(name="b", contribution=0.2)
    stronger = fact(name="c", contribution=0.3)
    assert list(told(strongest_without_fact, weaker, stronger)["feature"]) == ["c"]


def test_features_about_the_same_fact_count_together(told, fact):
    """A condition of which the trees use the time since its first record is told as recorded."""
    recorded = fact(name="copd", contribution=0.0, rule="any condition.copd")
    since = fact(name="copd_since", contribution=0.3, rule="first condition.copd", sentence="")
    asthma = fact(name="asthma", contribution=0.1, rule="any condition.asthma")
    assert list(told(asthma, recorded, since)["feature"]) == ["copd"]


def test_what_lowers_must_do_so_itself(told, fact):
    """A value is not reassuring because it was taken lately."""
    value = fact(name="sodium", contribution=-0.009, rule="latest own.sodium")
    since = fact(name="since", contribution=-0.3, rule="since own.sodium", sentence="")
    assert told(value, since).empty
    assert len(told(replace(value, contribution=-0.01), since)) == 1


@pytest.mark.parametrize(
    ("rule", "value", "reasons"),
    [
        ("any condition.stroke", 1, 0),
        ("fall measure.bmi", 7, 0),
        ("latest measure.bmi", 18.4, 0),
        ("latest measure.bmi", 18.5, 1),
        ("latest measure.bmi", 30, 1),
        ("latest measure.bmi", 30.1, 0),
        ("latest measure.egfr", 120, 1),
        ("latest own.grip", 5, 1),  # of a measurement of one's own no range is known
        ("any drug.statin", 1, 1),
    ],
)
def test_illness_is_never_told_as_lowering(told, fact, rule, value, reasons):
    kind = "measurement" if rule.startswith("latest") else "flag"
    given = {"rule": rule, "value": value, "kind": kind}
    assert len(told(fact(contribution=-0.4, **given))) == reasons
    assert len(told(fact(contribution=0.4, **given))) == 1


def test_two_look_backs_of_one_count_outweigh_a_stronger_feature(told, fact):
    year = fact(name="year", contribution=0.2, rule="count admission")
    longer = fact(name="longer", contribution=0.25, rule="count admission")
    visits = fact(name="visits", contribution=0.4, rule="count visit")
    assert list(told(visits, year, longer)["feature"]) == ["longer"]


def test_what_points_the_other_way_does_not_tell_its_topic(told, fact):
    """A good kidney value is no reason for a higher risk, whatever else of kidneys raises it."""
    value = fact(name="egfr", contribution=-0.01, rule="latest egfr")
    since = fact(name="egfr_days", contribution=0.3, rule="since egfr", sentence="")
    assert told(value, since).empty


@pytest.mark.parametrize(("contribution", "features"), [(0.09, []), (0.11, ["imd"])])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_topic_of_less_than_a_quarter_does_not_tell_its_group(
    told, fact, contribution, features, sign
):
    age = fact(name="age", contribution=sign * (0.4 - contribution), sentence="")
    area = fact(name="imd", contribution=sign * contribution)
    assert list(told(age, area)["feature"]) == features


def test_equal_features_are_told_in_the_order_of_the_catalogue(told, fact):
    assert list(told(fact(name="b"), fact(name="a"))["feature"]) == ["b"]


def test_equal_groups_are_told_in_the_order_of_the_groups(told, fact):
    reasons = told(fact(name="c", group="cancer"), fact(name="h", group="heart"), fact(name="e"))
    assert list(reasons["group"]) == ["emergency", "heart", "cancer"]


@pytest.mark.parametrize(
    "changes",
    [
        {"days": NO_FACT, "value": 2},  # nothing dated
        {"days": NO_FACT, "value": 0},
        {"days": NO_FACT, "value": np.nan},
        {"days": 30, "value": 0},  # a count of none is not a fact, even with a date
        {"days": 30, "value": 0, "kind": "flag"},
        {"days": 30, "value": 0, "kind": "score"},
        {"days": 30, "value": 2, "sentence": ""},  # age, sex, season, completeness
    ],
)
@pytest.mark.parametrize("contribution", [0.8, -0.8])
def test_the_absence_of_a_record_is_never_a_reason(told, fact, changes, contribution):
    assert told(fact(contribution=contribution, **changes)).empty


@pytest.mark.parametrize(("days", "reasons"), [(1, 1), (730, 1), (731, 0)])
def test_a_measurement_older_than_24_months_is_never_told(told, fact, days, reasons):
    measured = fact(kind="measurement", value=35, days=days, sentence="eGFR {value} on {date}")
    assert len(told(measured)) == reasons


def test_a_diagnosis_older_than_24_months_may_be_told(told, fact):
    recorded = fact(kind="flag", value=1, days=1000, sentence="heart failure recorded on {date}")
    assert len(told(recorded)) == 1


SEVEN_GROUPS = ("support", "emergency", "planned", "primary_care", "tests", "heart", "cancer")


def in_groups(fact, sizes):
    return [
        fact(name=group, group=group, contribution=size)
        for group, size in zip(SEVEN_GROUPS, sizes, strict=False)
    ]


@pytest.mark.parametrize(
    ("sizes", "told_sizes"),
    [
        ((0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3), [0.9, 0.8, 0.7, 0.6, 0.5]),  # at most five
        ((0.9, 0.8, 0.7, 0.05, 0.0499), [0.9, 0.8, 0.7, 0.05]),  # the fourth needs 0.05
        ((0.03, 0.01, 0.9), [0.9, 0.03, 0.01]),  # the first three need only 0.01
        ((0.9, 0.009), [0.9]),  # below 0.01 it is noise
    ],
)
def test_three_to_five_raising_reasons(told, fact, sizes, told_sizes):
    reasons = told(*in_groups(fact, sizes))
    assert list(reasons["peer_contribution"]) == pytest.approx(told_sizes)
    assert list(reasons["position"]) == list(range(1, len(told_sizes) + 1))


@pytest.mark.parametrize(
    ("sizes", "told_sizes"),
    [
        ((-0.3, -0.9, -0.5), [-0.9, -0.5]),  # at most two, the strongest first
        ((-0.05, -0.0499), [-0.05]),  # each needs 0.05
    ],
)
def test_at_most_two_lowering_reasons(told, fact, sizes, told_sizes):
    reasons = told(*in_groups(fact, sizes))
    assert set(reasons["direction"]) == {"lowering"}
    assert list(reasons["peer_contribution"]) == pytest.approx(told_sizes)


def test_raising_reasons_stand_before_lowering_ones(told, fact):
    reasons = told(*in_groups(fact, (-0.9, 0.2, 0.1)))
    assert list(reasons["direction"]) == ["raising", "raising", "lowering"]
    assert list(reasons["position"]) == [1, 2, 3]


@pytest.mark.parametrize(("death", "reasons"), [(0.3, 0), (0.001, 0), (0.0, 1), (-0.3, 1)])
def test_what_raises_the_risk_of_death_is_never_lowering(told, fact, death, reasons):
    ill = fact(group="cancer", contribution=-0.4, death=death)
    assert len(told(ill, with_death=True)) == reasons


def test_a_feature_that_raises_death_does_not_tell_a_lowering_group(told, fact):
    palliative = fact(name="palliative", contribution=-0.6, death=0.2)
    other = fact(name="other", contribution=-0.3, death=-0.4)
    assert list(told(palliative, other, with_death=True)["feature"]) == ["other"]


def test_a_topic_that_raises_death_does_not_tell_a_lowering_group(told, fact):
    lost = fact(name="loss", contribution=-0.3, death=-0.1, rule="latest own.mood")
    slope = fact(name="slope", contribution=-0.3, death=0.2, rule="slope own.mood", sentence="")
    other = fact(name="other", contribution=-0.2, death=-0.4)
    assert list(told(lost, slope, other, with_death=True)["feature"]) == ["other"]


@pytest.mark.parametrize(("death", "reasons"), [(0.2, 0), (0.1, 1), (0.09, 1)])
def test_a_group_that_raises_death_is_not_told_by_its_harmless_facts(told, fact, death, reasons):
    harmless = fact(name="a", group="cancer", contribution=-0.4, death=-0.1)
    deadly = fact(name="b", group="cancer", contribution=-0.1, death=death)
    assert len(told(harmless, deadly, with_death=True)) == reasons


def test_what_raises_both_risks_is_told_as_raising(told, fact):
    ill = fact(group="cancer", contribution=0.4, death=0.9)
    assert list(told(ill, with_death=True)["direction"]) == ["raising"]


def test_sensitive_and_workable_facts_carry_their_flags(told, fact):
    reasons = told(
        fact(sensitive=True, workable=False),
        fact(name="b", group="support", sensitive=False, workable=True, contribution=0.2),
    )
    assert list(reasons["sensitive"]) == [True, False]
    assert list(reasons["workable"]) == [False, True]


def test_a_model_without_peers_is_refused(fact):
    with pytest.raises(ArtefactError, match="reference values of peers"):
        PeerTable(None, (fact().feature,))


def test_a_reference_of_other_features_is_refused(fact):
    empty = pd.DataFrame(columns=list(PEER_COLUMNS))
    with pytest.raises(ArtefactError, match="1 features"):
        PeerTable(empty, (fact().feature,))


def test_a_matrix_without_fact_days_is_refused(told, fact):
    with pytest.raises(UsageError, match="days since each fact"):
        told(fact(), with_days=False)


def test_people_in_another_order_are_refused(told, fact):
    with pytest.raises(UsageError, match="same order") as refused:
        told(fact(), patient_id="somebody-else")
    assert "somebody-else" not in str(refused.value)
