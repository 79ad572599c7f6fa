"""Every sentence of the catalogue, string by string: tense, causes, jargon, dates, reading age."""

from __future__ import annotations

import re
import sys
import tomllib
from datetime import date
from importlib import resources

import pytest
from docs.build import DEFAULT_STUDY, DISCHARGE_STUDY
from tests.readability import reading_age, syllables

from riskstrat.explanation import caveat, reason_code, risk_sentence
from riskstrat.explanation import wording as wording_module
from riskstrat.explanation.wording import Usual, compare, peers_in_words, tell, tell_fact
from riskstrat.features import GROUPS, catalogue
from riskstrat.features.declared import declared
from riskstrat.reference import load_table
from riskstrat.study import OUTCOMES, parse_study

STUDIES = (DEFAULT_STUDY, DISCHARGE_STUDY)
FEATURES = {f.name: f for text in STUDIES for f in catalogue(parse_study(text)) if f.sentence}
DAY = date(2026, 9, 14)
HIGHEST_AGE_TOGETHER = 11
"""NHS digital service manual, 'How we write': a reading age of 9 to 11 years."""
HIGHEST_AGE_OF_ONE = 12
"""One sentence has too few words for the formula to be exact: a year more."""

NAMES = (
    *("emergency admission", "emergency admissions", "emergency readmission"),
    *("emergency readmissions", "emergency department", "emergency departments"),
    *("admitted as an emergency", "emergency-department or inpatient visit"),
    *("long-term condition", "long-term conditions"),
    *("long-term physical condition", "long-term physical conditions"),
    *("Charlson comorbidity index", "Elixhauser comorbidity score"),
    *("Hospital Frailty Risk Score", "Cambridge Multimorbidity Score"),
    *("electronic frailty index", "frailty syndrome", "frailty syndromes"),
    "anticholinergic medicine",
    *("delirium", "hip fracture", "physiotherapy or occupational therapy"),
    "reablement or intermediate care",
)
"""Names of care and of published scores that have no plainer word. The names of conditions,
measurements, units and medicines are excused too: those of the catalogue."""

NOW = re.compile(r"\b(is|are|has|have|lives|needs|takes|uses|gets|remains)\b|\bsince\b")
CAUSAL = re.compile(
    r"\b(because|caus(e|es|ed)|due to|leads? to|led to|results? (in|from)|owing to|thanks to"
    r"|makes?|made|raises?|lowers?|adds? to|prevent\w*|avoid\w*|therefore|so that|risk of)\b",
    re.I,
)
JARGON = re.compile(
    r"\b(index date|deficit|spell|episode|feature|baseline|contribution|percentile|quantile|median"
    r"|log-odds|SHAP|model|covariate|predictor|outcome|coded|NaN|null|cohort|lookback)\b",
    re.I,
)


def excused():
    content = declared()
    phrases = [
        entry["phrase"]
        for section in ("conditions", "measurements", "medicines")
        for entry in content[section].values()
    ]
    return [*NAMES, *phrases, *(row["unit"] for row in load_table("measurements"))]


def spoken(feature, value=3.0):
    """A reason as it is shown, with its comparison where there can be one."""
    typical = Usual(
        peers=peers_in_words("female", 80, 84),
        usual=0.0 if feature.kind in {"count", "flag"} else value - 1,
        share_with_any=0.2,
        direction=1,
    )
    fact = tell_fact(feature, value, DAY, days=109)
    return tell(fact, compare(feature.kind, "raising", value, usual=typical))


def templates(feature):
    return [text for text in (feature.sentence, feature.sentence_one) if text]


def is_in_force(feature):
    """What holds on the index date; everything else looks back and may be over."""
    return feature.window_days is None


each_feature = pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)


@each_feature
def test_what_may_be_over_is_not_told_in_the_present_tense(feature):
    for text in templates(feature):
        assert is_in_force(feature) or not NOW.search(text), text


def test_the_present_tense_is_there_for_what_is_in_force():
    told = [f.name for f in FEATURES.values() if NOW.search(f.sentence)]
    assert "service_community_nursing" in told
    assert all(FEATURES[name].window_days is None for name in told)


@each_feature
def test_a_service_that_ended_is_told_as_ended(feature):
    is_over = feature.fact.startswith("stopped.") or feature.fact == "service_stopped"
    for text in templates(feature):
        assert is_over == (" ended " in text), text


@each_feature
def test_no_sentence_says_a_cause_or_uses_jargon(feature):
    for text in templates(feature):
        plain = text.replace("Hospital Frailty Risk Score", "")
        assert CAUSAL.search(plain) is None, text
        assert JARGON.search(plain) is None, text


@each_feature
def test_a_sentence_names_the_value_and_the_day(feature):
    is_about_the_home = feature.rule.startswith("value ")
    for text in templates(feature):
        assert is_about_the_home or "{date}" in text, text
    assert ("{value}" in feature.sentence) == (feature.kind != "flag")


@each_feature
def test_what_is_counted_has_its_singular(feature):
    """'1 frailty syndromes' would be told of many people."""
    is_plural = re.search(r"^\{value\} |\{value\} (days|nights|times)\b", feature.sentence)
    assert bool(is_plural) <= bool(feature.sentence_one), feature.sentence
    assert not re.search(r"\{value\}|\bone \w+s\b", feature.sentence_one or "")


def test_a_group_with_stays_of_any_kind_is_not_called_planned():
    told = [f for f in FEATURES.values() if f.group == "planned" and "of any kind" in f.sentence]
    assert told
    assert "planned" not in GROUPS["planned"].lower()


@each_feature
def test_a_sentence_begins_in_small_letters_unless_with_a_name_and_has_no_full_stop(feature):
    for text in templates(feature):
        is_named = text.startswith(tuple(name for name in excused() if name[0].isupper()))
        assert is_named or text.startswith("{value}") or text[0].islower(), text
        assert not text.startswith("other "), "a sentence stands alone"
        assert not text.endswith("."), text
        assert text == text.strip()
        assert "  " not in text


@each_feature
def test_each_sentence_can_be_read_at_twelve(feature):
    names = excused()
    for value in (1.0, 3.0):
        assert reading_age([spoken(feature, value)], names) <= HIGHEST_AGE_OF_ONE


def test_all_sentences_together_can_be_read_at_eleven():
    told = [spoken(feature, value) for feature in FEATURES.values() for value in (1.0, 3.0)]
    assert reading_age(told, excused()) <= HIGHEST_AGE_TOGETHER


def test_what_stands_beside_the_reasons_can_be_read_at_eleven():
    risks = [
        risk_sentence(0.32, days, outcome_kind=kind) for kind in OUTCOMES for days in (30, 365)
    ]
    assert reading_age([caveat(), *risks], excused()) <= HIGHEST_AGE_TOGETHER


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("night", 1), ("issued", 2), ("recorded", 3), ("stroke", 1), ("ages", 2), ("times", 1),
        ("blindness", 2), ("missed", 1), ("people", 2), ("2026", 1), ("measured", 2), ("ended", 2),
        ("emergency", 4), ("charges", 2), ("most", 1), ("stayed", 1), ("lives", 1), ("the", 1),
        ("September", 3), ("started", 2), ("usual", 2), ("like", 1), ("table", 2), ("while", 1),
    ],
)  # fmt: skip
def test_syllables_are_counted(word, count):
    assert syllables(word) == count


def test_the_grade_is_that_of_the_formula():
    """Two sentences, 12 words, 13 syllables."""
    text = "The man went home from the ward. He had seen a doctor."
    assert reading_age([text]) == pytest.approx(0.39 * 6 + 11.8 * 13 / 12 - 15.59 + 5)
    assert reading_age(["a haemoglobin of 3"], ["haemoglobin"]) == reading_age(["a name of 3"])


def test_codes_are_stable_and_of_one_reason_each():
    codes = [reason_code(f, way) for f in FEATURES.values() for way in ("raising", "lowering")]
    assert len(set(codes)) == len(codes)
    assert all(re.fullmatch(r"[a-z_]+\.[a-z0-9_]+\.(raising|lowering)", code) for code in codes)
    admissions = FEATURES["emergency_admissions_365"]
    assert reason_code(admissions, "raising") == "emergency.emergency_admissions_365.raising"


def test_every_outcome_has_its_words():
    assert wording_module._words()["happened"] == {name: o.had for name, o in OUTCOMES.items()}


# ---------------------------------------------------------------- another language


def foreign(content):
    """Every string in a language of capitals with accents; keys and placeholders stay."""
    if isinstance(content, dict):
        return {key: foreign(value) for key, value in content.items()}
    if isinstance(content, list):
        return [foreign(value) for value in content]
    if not isinstance(content, str):
        return content
    parts = re.split(r"(\{\w+\})", content)
    return "".join(part if part.startswith("{") else _accented(part) for part in parts)


def _accented(text):
    return text.upper().translate(str.maketrans("AEIOU", "ÂÊÎÔÛ"))


@pytest.fixture
def in_another_language(monkeypatch):
    """The two files of words, translated; what is no wording stays."""
    content = declared()
    told = {"sentence", "sentence_one", "phrase"}
    translated = {
        **content,
        "wording": foreign(content["wording"]),
        "feature": [
            {k: foreign(v) if k in told else v for k, v in entry.items()}
            for entry in content["feature"]
        ],
        **{
            section: {
                name: {k: foreign(v) if k in told else v for k, v in entry.items()}
                for name, entry in content[section].items()
            }
            for section in ("conditions", "measurements", "medicines")
        },
    }
    source = resources.files("riskstrat.explanation").joinpath("wording.toml")
    words = foreign(tomllib.loads(source.read_text("utf-8")))
    module = sys.modules["riskstrat.features.catalogue"]  # the package's name is the function
    monkeypatch.setattr(module, "declared", lambda: translated)
    monkeypatch.setattr(wording_module, "_words", lambda: words)
    for name in ("date_in_words", "days_in_words", "_risk_sentence"):  # without what they keep
        monkeypatch.setattr(wording_module, name, getattr(wording_module, name).__wrapped__)
    return catalogue(parse_study(DEFAULT_STUDY))


def test_every_word_comes_from_the_two_files(in_another_language):
    units = {row["unit"] for row in load_table("measurements")}
    told = [f for f in in_another_language if f.sentence]
    assert len(told) > 150
    for feature in told:
        for value in (1.0, 3.0, 250.0):
            text = spoken(feature, value)
            for unit in units:
                text = text.replace(f" {unit}", "")
            assert not re.search("[a-z]", text), text
    assert not re.search("[a-z]", caveat() + risk_sentence(0.3, 365) + risk_sentence(0.001, 45))
