"""A catalogue with a mistake is refused with one clear message, whoever wrote it."""

from __future__ import annotations

import copy

import pytest
from tests.unit.features.history import study

from riskstrat.errors import StudyError, UsageError
from riskstrat.features.catalogue import features_of
from riskstrat.features.declared import declared
from riskstrat.features.well_formed import catalogue_mistakes
from riskstrat.study import FeatureRules, parse_study

FEATURE = {
    "name": "coughs_{days}",
    "label": "Coughs in the last {window}",
    "unit": "coughs",
    "group": "lungs",
    "kind": "count",
    "sources": ["gp"],
    "windows": [30, 90],
    "rule": "count gp_contact",
    "sentence": "{value} coughs in the last {window}, the latest on {date}",
}
"""A sound feature, to which each case does one wrong thing."""


def made(section, name, entry, *, without=()):
    """Our catalogue with one more entry."""
    content = copy.deepcopy(declared())
    entry = {key: value for key, value in entry.items() if key not in without}
    if section == "feature":
        content[section].append(entry)
    else:
        content[section][name] = entry
    return content


def said(content, rules=None):
    with pytest.raises(UsageError) as error:
        features_of(content, rules or FeatureRules())
    return str(error.value)


def test_our_catalogue_is_sound():
    assert catalogue_mistakes(declared()) == []
    assert len(features_of(made("feature", "", FEATURE), FeatureRules())) == 2 + len(
        features_of(declared(), FeatureRules())
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": "red"}, "unknown key 'colour'; expected one of name, label"),
        ({"group": "chest"}, "unknown group 'chest'; expected one of person, support"),
        ({"kind": "number"}, "unknown kind 'number'; expected one of count, flag"),
        ({"sources": ["gp", "dentist"]}, "unknown source 'dentist'; expected one of hospital"),
        ({"index": "birth"}, "unknown index 'birth'; expected one of discharge"),
        ({"rule": "median gp_contact"}, "unknown rule word 'median'; expected one of count, days"),
        ({"rule": "count"}, "the rule 'count' names 0 facts; expected '<how> <fact>'"),
        ({"rule": "count gp_contact fall"}, "names 2 facts; expected '<how> <fact>'"),
        ({"rule": "any condition.hiccups"}, "unknown codelist or fact 'condition.hiccups'"),
        ({"rule": "latest measure.mood"}, "unknown codelist or fact 'measure.mood'"),
        ({"windows": 0, "name": "a"}, "the window 0 is none; expected 'each', 'history' or days"),
        ({"windows": [30, -90]}, "the window [30, -90] is none"),
        ({"windows": "always"}, "the window 'always' is none"),
        ({"windows": [90, 90]}, "the windows [90, 90] name one twice"),
        ({"name": "coughs"}, "several windows give one name; expected {days} in it"),
        ({"name": "coughs_{window}", "windows": 30}, "'name' has the unknown placeholder {window}"),
        ({"label": "Coughs in {days}"}, "'label' has the unknown placeholder {days}"),
        ({"sentence": "{count} coughs"}, "'sentence' has the unknown placeholder {count}"),
        ({"sentence": "{value coughs"}, "'sentence' has a brace without its partner"),
        ({"sentence_one": "{value} cough"}, "'sentence_one' has the unknown placeholder {value}"),
        (
            {"name": "gp_contacts_{days}"},
            "feature 'gp_contacts_90': expected each name once, but 2 entries or windows give it",
        ),
        (
            {"name": "gp_missed_90", "windows": 90},
            "feature 'gp_missed_90': expected each name once",
        ),
    ],
    ids=lambda given: "-".join(given) if isinstance(given, dict) else "",
)
def test_each_mistake_of_a_feature_is_one_clear_message(changes, message):
    found = said(made("feature", "", FEATURE | changes))
    assert message in found
    assert "has 1 mistake:" in found
    assert "Correct catalogue.toml" in found


@pytest.mark.parametrize("key", ["name", "label", "unit", "group", "kind", "sources", "rule"])
def test_each_key_that_is_needed_is_missed(key):
    assert f"missing key '{key}'" in said(made("feature", "", FEATURE, without=[key]))


@pytest.mark.parametrize(
    ("section", "name", "entry", "message"),
    [
        ("conditions", "hiccups", {"phrase": "hiccups", "group": "lungs"}, "unknown codelist"),
        ("conditions", "gout", {"phrase": "gout", "group": "feet"}, "unknown group 'feet'"),
        ("conditions", "gout", {"phrase": "gout"}, "missing key 'group'"),
        ("measurements", "mood", {"phrase": "mood", "normal": [0, 1]}, "unknown codelist 'mood'"),
        ("measurements", "bmi", {"phrase": "", "normal": [0, 1], "lost": 1}, "unknown key 'lost'"),
        ("measurements", "bmi", {"phrase": "BMI"}, "missing key 'normal'"),
        ("measurements", "bmi", {"phrase": "", "normal": [30, 18.5]}, "normal is [30, 18.5]; expe"),
        ("measurements", "bmi", {"phrase": "", "normal": [30]}, "normal is [30]; expected"),
        ("medicines", "tonic", {"phrase": "tonics", "bnf": ["9999"]}, "no section of the BNF"),
        ("sets", "odd", ["drug.opioid", "drug.tonic"], "unknown fact 'drug.tonic'"),
    ],
)
def test_mistakes_of_other_sections(section, name, entry, message):
    content = copy.deepcopy(declared())
    content[section][name] = entry
    found = said(content)
    assert f"{section} '{name}': " in found
    assert message in found
    assert "has 1 mistake:" in found


def test_an_unknown_or_missing_section_is_named():
    content = {key: value for key, value in declared().items() if key != "sets"} | {"set": {}}
    found = said(content)
    assert "unknown section 'set'; expected one of groups, feature" in found
    assert "missing section 'sets'" in found


def test_all_mistakes_are_told_at_once():
    content = made("feature", "", FEATURE | {"group": "chest", "kind": "number"})
    content["sets"]["odd"] = ["drug.tonic"]
    assert "has 3 mistakes:" in said(content)


@pytest.mark.parametrize("history_days", [1, 30, 90, 180, 365, 7300])
def test_no_history_gives_a_name_twice_or_looks_further_back(history_days):
    """A change looks back over two windows."""
    rules = FeatureRules(windows_days=(1,), history_days=history_days)
    features = features_of(declared(), rules)
    looked = [(f.window_days or 0) * (2 if f.how == "change" else 1) for f in features]
    assert max(looked) <= max(history_days, 2)


# ------------------------------------------------------------------ windows of a study


@pytest.mark.parametrize(
    ("windows", "message"),
    [
        ("[]", "'features.windows_days' is empty"),
        ("[0, 90]", "'features.windows_days' must be from 1 to 36525, but holds 0"),
        ("[-90, 365]", "'features.windows_days' must be from 1 to 36525, but holds -90"),
        ("[90, 90, 365]", "'features.windows_days' names 90 twice"),
        ("[365, 90]", "'features.windows_days' must be ascending"),
        ("[90.5]", "'features.windows_days' must be a whole number, not float"),
        ("90", "'features.windows_days' must be a list"),
    ],
)
def test_each_mistake_in_the_windows_of_a_study_is_one_clear_message(windows, message):
    with pytest.raises(StudyError) as error:
        study(f"windows_days = {windows}")
    assert message in str(error.value)
    assert "has 1 mistake:" in str(error.value)


OWN = """
[[features.added]]
name = "clinic"
label = "Seen by the clinic"
group = "other"
codelist = "codes.csv"
system = "snomed"
how = "count"
windows_days = [365]
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            'group = "other"',
            'group = "other"\ncolour = "red"',
            "unknown key 'features.added 1.colour'",
        ),
        ('how = "count"', 'how = "median"', "'features.added 1.how' must be one of 'count'"),
        ('codelist = "codes.csv"\n', "", "missing key 'features.added 1.codelist'"),
        ("[365]", "[0]", "a window must have at least 1 day"),
        ("[365]", "[365, 365]", "'windows_days' names a window twice"),
        ('how = "count"', 'how = "count"\nsentence = "{x}"', "the unknown placeholder {x}"),
    ],
)
def test_a_study_file_says_what_is_wrong_with_a_feature_of_ones_own(old, new, message):
    text = study().text.replace("[features]", "") + OWN.replace(old, new)
    with pytest.raises(StudyError) as error:
        parse_study(text)
    assert message in str(error.value)
    assert "has 1 mistake:" in str(error.value)
