"""The catalogue as data: names, wording, choices of a study, hash."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.unit.features.history import study

from riskstrat.errors import StudyError
from riskstrat.features import GROUPS, catalogue, catalogue_hash
from riskstrat.features.catalogue import window_words
from riskstrat.features.codelists import code_rules
from riskstrat.features.kernel import How

FEATURES = catalogue(study())
NAMES = [feature.name for feature in FEATURES]
DEFAULT_SILENT = {"age", "sex_female", "registered_days", "winter", "index_month", "address_days"}


def test_names_are_unique_and_plain():
    assert len(set(NAMES)) == len(NAMES)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in NAMES)


def test_there_are_over_three_hundred_features_and_thirty_conditions():
    """With the windows of the default study, and four hundred with five windows."""
    assert len(FEATURES) >= 300
    assert len(catalogue(study("windows_days = [30, 90, 180, 365, 1095]"))) >= 400
    assert sum(feature.fact.startswith("condition.") for feature in FEATURES) >= 30


def test_every_group_is_declared_and_used():
    assert {feature.group for feature in FEATURES} == set(GROUPS)
    assert 10 <= len(GROUPS) <= 14


def test_every_rule_is_known_and_every_kind_of_rule_is_used():
    used = {feature.how for feature in FEATURES}
    assert used == {how.name.lower() for how in How} - {"lowest"}


@pytest.mark.parametrize("name", ["constipation", "painful_condition"])
def test_conditions_that_icd10_cannot_tell_are_left_out(name):
    assert name not in NAMES


def test_only_prior_emergency_use_is_monotone():
    """Binding statistical rule 14: never age, cancer, frailty, indices, medicines, measurements."""
    monotone = {feature.name for feature in FEATURES if feature.monotone}
    assert monotone == {
        "emergency_admissions_90",
        "emergency_admissions_365",
        "ed_attendances_90",
        "ed_attendances_365",
    }


def test_mental_health_alcohol_drugs_and_third_parties_are_sensitive():
    sensitive = {feature.name for feature in FEATURES if feature.sensitive}
    mind = {feature.name for feature in FEATURES if feature.group == "mind"}
    names = ("hypnotic", "antipsychotic", "lithium", "tricyclic", "antidepressant")
    medicines = {f"{name}_{days}" for name in names for days in (90, 365)}
    assert sensitive == mind | medicines | {
        "has_carer",
        "learning_disability",
        "learning_disability_first_days",
        "mental_conditions",
    }


def test_what_describes_the_record_and_not_the_person_is_never_a_reason():
    """Age and sex, how much is recorded, changes and times that need a page to be understood."""
    silent = {f.name for f in FEATURES if not f.sentence}
    told_apart = {
        f.name for f in FEATURES if f.how in {"change", "slope", "first", "longest", "total"}
    }
    completeness = {f.name for f in FEATURES if f.group == "tests" and f.kind in {"count", "days"}}
    others = {"days_since_medicine", "days_since_condition", "mental_conditions"}
    assert silent == DEFAULT_SILENT | told_apart | completeness | others


@pytest.mark.parametrize("feature", FEATURES, ids=NAMES)
def test_sentences_can_be_filled_in(feature):
    """Only {value}, {date} and {window}; counts and days also say one; no dashes, no full stop."""
    for template in (feature.sentence, feature.sentence_one or ""):
        said = template.format(value="3", date="1 May 2020", window="12 months")
        assert not re.search(r"[{}\u2014\u2013]|\.$|  ", said)
    if feature.sentence and feature.kind in {"count", "days"}:
        assert "{value}" in feature.sentence
        assert feature.sentence_one
        assert "{value}" not in feature.sentence_one
    if feature.kind == "flag":
        assert "{value}" not in feature.sentence


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "emergency_admissions_365",
            "{value} emergency admissions in the last 12 months, the latest on {date}",
        ),
        ("heart_failure", "heart failure recorded, most recently on {date}"),
        ("systolic_bp", "systolic blood pressure {value} mmHg, measured on {date}"),
        ("parkinsons", "Parkinson's disease recorded, most recently on {date}"),
    ],
)
def test_sentences_read_as_written(name, sentence):
    assert FEATURES[NAMES.index(name)].sentence == sentence


def test_each_window_gives_its_own_features():
    names = [f.name for f in catalogue(study("windows_days = [30, 730]"))]
    assert names.index("gp_contacts_30") + 1 == names.index("gp_contacts_730")
    assert "gp_contacts_90" not in names


def test_no_window_reaches_beyond_the_history():
    """A look-back is finite and the same for everybody."""
    short = catalogue(study("history_days = 365"))
    assert max(f.window_days for f in short if f.window_days) == 365


def test_groups_can_be_chosen():
    chosen = catalogue(study('groups = ["emergency", "lungs"]'))
    assert {feature.group for feature in chosen} == {"emergency", "lungs"}


def test_an_unknown_group_is_named():
    with pytest.raises(StudyError, match="respiratory"):
        catalogue(study('groups = ["respiratory"]'))


def test_sources_drop_what_only_other_feeds_can_tell():
    """Hospital only: no GP contacts, no services; age and sex stay."""
    names = {feature.name for feature in catalogue(study('sources = ["hospital"]'))}
    assert {"age", "hfrs", "diabetes"} <= names
    assert not names & {"gp_contacts_90", "services_current", "lives_alone"}


def test_a_mixed_feed_drops_nothing():
    """An OMOP extract may hold anything."""
    assert catalogue(study('sources = ["omop"]')) == FEATURES


RULES = code_rules(study())
HASH = catalogue_hash(FEATURES, RULES)


def test_the_hash_does_not_see_wording():
    told = [replace(f, label="x", sentence="y", group="z", workable=True) for f in FEATURES]
    assert catalogue_hash(told, RULES) == HASH
    assert catalogue_hash(FEATURES, reversed(RULES)) == HASH


@pytest.mark.parametrize("change", [{"name": "x"}, {"rule": "any fall"}, {"unit": "x"}])
def test_the_hash_sees_what_fixes_values(change):
    assert catalogue_hash([*FEATURES[:-1], replace(FEATURES[-1], **change)], RULES) != HASH
    assert catalogue_hash(FEATURES[:-1], RULES) != HASH
    assert catalogue_hash(catalogue(study("history_days = 1094")), RULES) != HASH


@pytest.mark.parametrize(
    ("fact", "feature"),
    [
        ("condition.gout", "gout"),
        ("condition.gout", "conditions_count"),
        ("charlson.chf", "charlson"),
        ("hfrs.F00", "hfrs"),
        ("drug.opioid", "falls_risk_medicines_90"),
        ("measure.bmi", "bmi"),
        ("fall", "fall_days_365"),
    ],
)
def test_the_hash_sees_the_codes_behind_a_feature_and_no_others(fact, feature):
    fewer = [rule for rule in RULES if rule.fact != fact]
    used = [f for f in FEATURES if f.name == feature]
    other = [f for f in FEATURES if f.name == "copd"]
    assert catalogue_hash(used, fewer) != catalogue_hash(used, RULES)
    assert catalogue_hash(other, fewer) == catalogue_hash(other, RULES)


def test_windows_are_told_in_words():
    words = {1: "day", 7: "7 days", 91: "3 months", 366: "12 months", 548: "18 months"}
    words |= {729: "2 years", 735: "735 days", 1826: "5 years", 7300: "20 years"}
    words |= {7305: "20 years", 36_500: "100 years"}
    assert {days: window_words(days) for days in words} == words


@pytest.mark.parametrize(
    ("name", "label"),
    [
        (
            "alcohol_first_days",
            "Days since the first record of alcohol problems, up to 20 years",
        ),
        (
            "heart_failure_first_days",
            "Days since the first record of heart failure, up to 20 years",
        ),
    ],
)
def test_the_time_since_a_condition_is_told_without_was_or_were(name, label):
    labels = {f.name: f.label for f in catalogue(study("history_days = 7300"))}
    assert labels[name] == label
