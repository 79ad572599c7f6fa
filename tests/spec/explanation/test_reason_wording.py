"""Every string of the wording catalogue, and when a comparison may stand beside a fact."""

import re
import tomllib
from datetime import date
from importlib import resources

import numpy as np
import pytest

from riskstrat.explanation.wording import (
    Usual,
    age_in_words,
    caveat,
    compare,
    date_in_words,
    days_in_words,
    number_in_words,
    peers_in_words,
    tell,
    tell_fact,
)
from riskstrat.features import catalogue
from riskstrat.study import parse_study

PEERS = "women aged 80 to 84"
CAUSAL = re.compile(r"because|caused|due to|leads? to|results? in|prevent|avoid", re.IGNORECASE)


def usual(median=0.0, share=0.2, direction=1):
    return Usual(peers=PEERS, usual=median, share_with_any=share, direction=direction)


@pytest.mark.parametrize(
    ("kind", "direction", "value", "among", "said"),
    [
        # counts: more than usual raises, fewer than usual lowers
        ("count", "raising", 3, usual(0, 0.2), "most women aged 80 to 84 had none"),
        ("count", "raising", 3, usual(2, 0.9), "the usual number for women aged 80 to 84 was 2"),
        ("count", "raising", 3, usual(1, 0.6), "the usual number for women aged 80 to 84 was 1"),
        ("count", "lowering", 2, usual(5, 0.9), "the usual number for women aged 80 to 84 was 5"),
        ("count", "raising", 2, usual(5, 0.9), None),
        ("count", "lowering", 5, usual(2, 0.9), None),
        ("count", "raising", 2, usual(2, 0.9), None),
        # 'most had none' needs more than half without
        ("count", "raising", 3, usual(0, 0.49), "most women aged 80 to 84 had none"),
        ("count", "raising", 3, usual(0, 0.5), None),
        ("count", "lowering", 1, usual(0, 0.2), None),
        # flags
        ("flag", "raising", 1, usual(0, 0.2), "most women aged 80 to 84 had no such record"),
        ("flag", "raising", 1, usual(1, 0.6), None),
        ("flag", "lowering", 1, usual(0, 0.2), None),
        # scores, among those for whom they are known
        (
            "score",
            "raising",
            9.25,
            usual(4, 0.8),
            "among women aged 80 to 84 for whom it was known, the usual value was 4",
        ),
        (
            "score",
            "raising",
            2,
            usual(0, 0.3),
            "most women aged 80 to 84 for whom it was known had 0",
        ),
        (
            "score",
            "raising",
            2,
            usual(5, 1.0, direction=-1),
            "among women aged 80 to 84 for whom it was known, the usual value was 5",
        ),
        ("score", "raising", 9, usual(5, 1.0, direction=-1), None),
        # measurements: the side that raises is learnt (a low eGFR raises)
        (
            "measurement",
            "raising",
            35,
            usual(68, 1.0, direction=-1),
            "among women aged 80 to 84 who were measured, the usual value was 68",
        ),
        ("measurement", "raising", 75, usual(68, 1.0, direction=-1), None),
        (
            "measurement",
            "lowering",
            75,
            usual(68, 1.0, direction=-1),
            "among women aged 80 to 84 who were measured, the usual value was 68",
        ),
        ("measurement", "raising", 35, usual(68, 1.0, direction=0), None),
        ("measurement", "raising", 68.04, usual(68, 1.0, direction=1), None),  # both read 68
        # times
        (
            "days",
            "raising",
            40,
            usual(200, 1.0, direction=-1),
            "among women aged 80 to 84 with one on record, the usual time was 200 days",
        ),
        (
            "days",
            "raising",
            40,
            usual(1, 1.0, direction=1),
            "among women aged 80 to 84 with one on record, the usual time was 1 day",
        ),
        # nothing known about the peers, or nothing to order by
        ("count", "raising", 3, usual(np.nan, np.nan), None),
        ("category", "raising", 3, usual(0, 0.2), None),
    ],
)
def test_usual_is_said_only_on_the_side_that_the_contribution_says(
    kind, direction, value, among, said
):
    assert compare(kind, direction, value, usual=among) == said


@pytest.mark.parametrize(
    ("sex", "lower", "upper", "words"),
    [
        ("female", 80, 84, "women aged 80 to 84"),
        ("male", 18, 39, "men aged 18 to 39"),
        ("female", 90, None, "women aged 90 and over"),
        ("all", 75, 89, "people aged 75 to 89"),
        ("unknown", 60, 64, "people aged 60 to 64"),
        ("indeterminate", 60, 64, "people aged 60 to 64"),
        ("female", 0, 17, "people aged 0 to 17"),
        ("all", 0, None, "people of all ages"),
    ],
)
def test_peers_are_named(sex, lower, upper, words):
    assert peers_in_words(sex, lower, upper) == words


@pytest.mark.parametrize(
    ("days", "age"),
    [
        (1, "eGFR 35 on 14 September 2026 (1 day old)"),
        (59, "eGFR 35 on 14 September 2026 (59 days old)"),
        (60, "eGFR 35 on 14 September 2026 (2 months old)"),
        (250, "eGFR 35 on 14 September 2026 (8 months old)"),
    ],
)
def test_a_measurement_says_how_old_it_is(fact, days, age):
    measured = fact(kind="measurement", sentence="eGFR {value} on {date}").feature
    assert tell_fact(measured, 35.0, date(2026, 9, 14), days=days) == age


@pytest.mark.parametrize(
    ("value", "sentence_one", "words"),
    [
        (
            1,
            "one admission in the last 12 months, on {date}",
            "one admission in the last 12 months",
        ),
        (1, None, "1 emergency admissions in the last 12 months"),
        (2, "one admission", "2 emergency admissions in the last 12 months"),
    ],
)
def test_one_has_its_own_sentence_where_the_catalogue_gives_one(fact, value, sentence_one, words):
    feature = fact(sentence_one=sentence_one).feature
    assert tell_fact(feature, value, date(2026, 9, 14), days=1).startswith(words)


def test_a_fact_and_its_comparison_make_one_sentence():
    assert tell("a fall recorded", None) == "a fall recorded"
    assert tell("a fall recorded", "most had none") == "a fall recorded; most had none"


def test_dates_are_written_out():
    assert date_in_words(date(2026, 9, 14)) == "14 September 2026"
    assert date_in_words(date(2027, 1, 1)) == "1 January 2027"


@pytest.mark.parametrize(
    ("days", "words"),
    [(1, "1 day"), (30, "30 days"), (90, "3 months"), (180, "6 months"), (365, "12 months"),
     (730, "24 months"), (1095, "36 months"), (93, "3 months"), (94, "94 days"), (100, "100 days")],
)  # fmt: skip
def test_windows_are_told_in_months_where_they_are_whole_months(days, words):
    assert days_in_words(days) == words


def test_ages_of_values_are_told_to_the_nearest_month():
    assert age_in_words(45) == "45 days"
    assert age_in_words(730) == "24 months"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        *[(3.0, "3"), (10.0, "10"), (4.26, "4.3"), (99.96, "100"), (100.4, "100"), (-1.26, "-1.3")],
        *[
            (1 / 36, "0.03"),
            (5 / 36, "0.14"),
            (0.5, "0.5"),
            (0.999, "1"),
            (0.0, "0"),
            (-0.5, "-0.5"),
        ],
        (-0.001, "0"),
    ],
)
def test_numbers_carry_one_decimal_at_most_and_two_below_1(value, words):
    assert number_in_words(value) == words


def test_a_frailty_index_is_told_and_compared_to_two_decimals(fact):
    index = fact(kind="score", sentence="frailty index {value}, on {date}").feature
    told = tell_fact(index, np.float32(5 / 36), date(2026, 9, 14), days=1)
    assert told == "frailty index 0.14, on 14 September 2026"
    said = compare("score", "raising", 5 / 36, usual=usual(4 / 36, 0.9))
    assert said == "among women aged 80 to 84 for whom it was known, the usual value was 0.11"


def test_the_caveat_stands_word_for_word():
    assert caveat() == (
        "These recorded facts go with the risk; they are not shown to be its cause. Changing one "
        "may not change the risk, and a low risk is no reassurance."
    )


def all_words():
    text = resources.files("riskstrat.explanation").joinpath("wording.toml").read_text("utf-8")
    tables = tomllib.loads(text)
    return [
        (f"{table}.{name}", words if isinstance(words, str) else " ".join(words))
        for table, strings in tables.items()
        for name, words in strings.items()
    ]


@pytest.mark.parametrize(("name", "words"), all_words())
def test_nothing_is_said_as_a_cause(name, words):
    assert CAUSAL.search(words) is None


@pytest.mark.parametrize(
    ("name", "words"), [entry for entry in all_words() if entry[0].startswith("comparison")]
)
def test_comparisons_are_in_the_past_tense(name, words):
    assert re.search(r"\b(is|are|has|have)\b", words) is None
    assert re.search(r"\b(had|was|were)\b", words) is not None


STUDY = """
name = "small"
[index]
dates = [2024-01-01, 2026-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2024-01-01
evaluate_from = 2026-01-01
"""


@pytest.mark.parametrize(
    "feature",
    [feature for feature in catalogue(parse_study(STUDY)) if feature.sentence],
    ids=lambda feature: feature.name,
)
def test_every_sentence_of_the_feature_catalogue_can_be_told(feature):
    told = [tell_fact(feature, value, date(2026, 9, 14), days=109) for value in (1.0, 3.0)]
    for text in told:
        assert not re.search(r"[{}]|nan|None|\bon \d{4}-", text)
        assert CAUSAL.search(text) is None
