"""Features of one's own: what becomes of them, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tests.unit.features.history import INDEX_DATE, History, days_before, study

from riskstrat.errors import StudyError
from riskstrat.features import AddedFeature, build_features, catalogue, catalogue_hash
from riskstrat.features.codelists import CodeRule, code_rules

CODE, OTHER = "22298006", "37443015"
LIST = f"code,term\n{CODE},a term\n84114007,another\n"


def own(**changes):
    given = {
        "name": "clinic",
        "label": "Seen by the clinic",
        "group": "other",
        "codelist": "codes.csv",
        "system": "snomed",
        "how": "count",
        "windows_days": (365,),
    }
    return AddedFeature(**(given | changes))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "codes.csv").write_text(LIST, "utf-8")
    return tmp_path


def with_own(folder, *features, settings=""):
    return replace(study(settings), folder=folder).with_features(*features)


def build(history, a_study, index_dates=(INDEX_DATE,)):
    history.register()
    people = [row["patient_id"] for row in history.rows["patients"]]
    keys = pd.DataFrame(
        [(person, day) for day in index_dates for person in people],
        columns=["patient_id", "index_date"],
    )
    return build_features(history, keys, a_study)


@pytest.fixture
def history():
    """Readings 10 (200 days ago), 30 (100), 20 (40 days ago), and a note without a value."""
    made = History()
    for day, value in ((200, 10.0), (100, 30.0), (40, 20.0)):
        made.event("measurement", day, CODE, source="gp", system="snomed", value=value)
    made.event("observation", 40, CODE, source="gp", system="snomed")
    made.event("diagnosis", 20, CODE, source="gp", system="snomed")
    made.event("diagnosis", 400, "84114007", source="gp", system="snomed")
    return made


@pytest.mark.parametrize(
    ("changes", "value", "day"),
    [
        ({"how": "count"}, 2, 20),
        ({"how": "days", "kinds": ("measurement", "observation")}, 3, 40),
        ({"how": "any"}, 1, 20),
        ({"how": "since"}, 20, 20),
        ({"how": "first", "windows_days": (730,)}, 400, 400),
        ({"how": "latest"}, 20, 40),
        ({"how": "lowest"}, 10, 40),
        ({"how": "highest", "windows_days": (90,)}, 20, 40),
        ({"how": "highest", "maximum": 25}, 20, 40),
        ({"how": "count", "kinds": ("measurement",), "minimum": 20}, 2, 40),
        ({"how": "change"}, 2 - 1, 20),
    ],
    ids=lambda given: "-".join(map(str, given.values())) if isinstance(given, dict) else "",
)
def test_a_feature_of_ones_own_has_the_value_of_its_rule(folder, history, changes, value, day):
    matrix = build(history, with_own(folder, own(**changes)))
    assert matrix.names[-1] == "clinic"
    assert matrix.column("clinic")[0] == value
    assert matrix.fact_days[0, -1] == day


def test_a_slope_is_in_units_a_year(folder, history):
    matrix = build(history, with_own(folder, own(how="slope", unit="mmol/L", windows_days=(150,))))
    assert matrix.column("clinic")[0] == pytest.approx(-10 / 60 * 365.25)
    assert matrix.features[-1].unit == "mmol/L a year"


def test_several_windows_give_several_features(folder):
    """With one window the feature has the name itself; the default is the study's windows."""
    names = [f.name for f in catalogue(with_own(folder, own(windows_days=(30, 365))))[-2:]]
    assert names == ["clinic_30", "clinic_365"]
    assert catalogue(with_own(folder, own(windows_days=())))[-2].name == "clinic_90"
    assert catalogue(with_own(folder, own()))[-1].name == "clinic"


def test_it_stands_at_the_end_whatever_groups_and_sources_are_chosen(folder):
    settings = 'groups = ["lungs"]\nsources = ["gp"]'
    features = catalogue(with_own(folder, own(), settings=settings))
    assert features[-1].name == "clinic"
    assert {f.group for f in features[:-1]} == {"lungs"}


def test_words_and_unit_follow_from_what_is_given(folder):
    made = own(
        how="any", sentence="seen in the last {window}, on {date}", workable=True, sensitive=True
    )
    feature = catalogue(with_own(folder, made))[-1]
    assert feature.label == "Seen by the clinic, last 12 months"
    assert (feature.unit, feature.kind, feature.monotone) == ("yes = 1", "flag", 0)
    assert feature.sentence == "seen in the last 12 months, on {date}"
    assert feature.workable
    assert feature.sensitive
    labelled = catalogue(with_own(folder, own(label="Clinic within {window}")))[-1]
    assert labelled.label == "Clinic within 12 months"


def test_codes_become_rules_of_a_fact_of_their_own(folder):
    added = set(code_rules(with_own(folder, own()))) - set(code_rules(study()))
    kinds = ("diagnosis", "observation")
    assert added == {CodeRule("own.clinic", kinds, "snomed", code) for code in (CODE, "84114007")}


def test_hierarchical_systems_match_by_prefix(folder):
    (folder / "codes.csv").write_text("ICD10 code,term\nI50.-,x\nE11,y\n", "utf-8")
    rules = code_rules(with_own(folder, own(system="icd10")))
    added = {(r.code, r.is_prefix) for r in rules if r.fact == "own.clinic"}
    assert added == {("I50", True), ("E11", True)}


def test_the_shipped_measurement_and_ones_own_share_a_code(folder):
    """A reading counts for every feature that its code stands for."""
    history = History()
    history.event("measurement", 30, "1022431000000105", source="gp", system="snomed", value=130.0)
    history.event("measurement", 20, "1022431000000105", source="gp", system="snomed", value=120.0)
    alone = build(history, study()).column("haemoglobin")[0]
    (folder / "codes.csv").write_text("id\n1022431000000105\n", "utf-8")
    two = (own(name="a", how="lowest"), own(name="b", how="highest", minimum=125))
    matrix = build(history, with_own(folder, *two))
    assert matrix.column("a")[0] == 120
    assert matrix.column("b")[0] == 130
    np.testing.assert_array_equal(matrix.column("haemoglobin")[0], alone)
    assert build(history, with_own(folder, own(how="latest"))).column("haemoglobin")[0] == alone


# ------------------------------------------------------------------ a missing feed


@pytest.mark.parametrize("how", ["count", "days", "any", "change"])
def test_no_record_is_zero_where_the_feed_is_there(folder, how):
    history = History()
    history.event("diagnosis", 30, OTHER, source="gp", system="snomed")
    assert build(history, with_own(folder, own(how=how))).column("clinic")[0] == 0


@pytest.mark.parametrize("how", ["since", "first"])
def test_no_record_is_missing_for_times(folder, how):
    history = History()
    history.event("diagnosis", 30, OTHER, source="gp", system="snomed")
    assert np.isnan(build(history, with_own(folder, own(how=how))).column("clinic")[0])


@pytest.mark.parametrize(
    "row",
    [
        {"kind": "measurement", "day": 30, "code": OTHER, "system": "snomed"},
        {"kind": "diagnosis", "day": 30, "code": "I500", "system": "icd10"},
        {"kind": "diagnosis", "day": 0, "code": CODE, "system": "snomed"},
        {
            "kind": "diagnosis",
            "day": 30,
            "code": CODE,
            "system": "snomed",
            "recorded_date": days_before(0),
        },
    ],
    ids=["another kind", "another system", "on the index date", "known on the index date"],
)
def test_no_record_is_missing_where_nothing_like_it_was_known(folder, row):
    history = History()
    history.event(source="gp", **row)
    assert np.isnan(build(history, with_own(folder, own())).column("clinic")[0])


def test_a_feed_that_the_study_does_not_name_tells_nothing(folder, history):
    chosen = with_own(folder, own(), settings='sources = ["hospital"]')
    history.diagnosis(50, "I500")
    assert np.isnan(build(history, chosen).column("clinic")[0])


# ------------------------------------------------------------------ the hash


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other_clinic"},
        {"how": "days"},
        {"windows_days": (364,)},
        {"kinds": ("diagnosis",)},
        {"minimum": 1.0, "kinds": ("observation",)},
    ],
)
def test_the_hash_sees_what_fixes_values(folder, changes):
    assert _hash(folder, own(**changes)) != _hash(folder, own())


def test_the_hash_sees_the_codes_and_not_the_wording(folder):
    before = _hash(folder, own())
    assert _hash(folder, own(label="x", sentence="y", group="lungs")) == before
    (folder / "codes.csv").write_text(f"term,id\nb,84114007\na,{CODE}\na,{CODE}\n", "utf-8")
    assert _hash(folder, own()) == before
    (folder / "codes.csv").write_text(f"code\n{CODE}\n", "utf-8")
    assert _hash(folder, own()) != before


def _hash(folder, feature):
    a_study = with_own(folder, feature)
    return catalogue_hash(catalogue(a_study), code_rules(a_study))


# ------------------------------------------------------------------ what is refused


def _said(folder, *features):
    with pytest.raises(StudyError) as error:
        catalogue(with_own(folder, *features))
    return str(error.value)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"group": "hearts"}, "unknown group 'hearts'; expected one of person, support"),
        ({"system": "SNOMED"}, "unknown system 'SNOMED'; expected one of icd10"),
        ({"how": "median"}, "unknown how 'median'; expected one of count, days"),
        ({"kinds": ("visit",)}, "unknown kinds 'visit'"),
        ({"windows_days": (0,)}, "at least 1 day"),
        ({"windows_days": (-30, 365)}, "at least 1 day"),
        ({"windows_days": (1096,)}, "longer than the 1095 days"),
        ({"windows_days": (600,), "how": "change"}, "twice the window"),
        ({"windows_days": (30, 30)}, "names a window twice"),
        ({"windows_days": (1.5,)}, "whole numbers of days"),
        ({"name": "age"}, "the catalogue has a feature 'age'"),
        (
            {"name": "gp_contacts", "windows_days": ()},
            "the catalogue has a feature 'gp_contacts_365' and 'gp_contacts_90'",
        ),
        ({"name": "Clinic"}, "'name' must be lower-case"),
        ({"name": "1st"}, "'name' must be lower-case"),
        ({"name": "own.clinic"}, "'name' must be lower-case"),
        ({"label": ""}, "'label' is empty"),
        ({"label": "In {days} days"}, "'label' may have no placeholder but {window}"),
        ({"codelist": "none.csv"}, "the codelist 'none.csv' cannot be read (FileNotFoundError)"),
        ({"codelist": ""}, "'codelist' is empty"),
        ({"how": "latest", "kinds": ("diagnosis",)}, "needs values, which events of the kind"),
        ({"minimum": 3.0, "kinds": ("medication",)}, "a range of values needs values"),
        ({"how": "latest", "minimum": 9.0, "maximum": 3.0}, "'minimum' must be a number below"),
        ({"how": "latest", "minimum": float("nan")}, "'minimum' must be a number below"),
        ({"how": "latest", "maximum": float("inf")}, "'minimum' must be a number below"),
        ({"how": "latest", "minimum": 3.0, "maximum": 3.0}, "'minimum' must be a number below"),
        ({"sentence": "seen {count} times"}, "'sentence' has the unknown placeholder {count}"),
        ({"sentence": "seen {value:.1f} times"}, "unknown placeholder {value}"),
        ({"sentence": "seen {} times"}, "unknown placeholder {}"),
        ({"sentence": "seen {value.real}"}, "unknown placeholder {value.real}"),
        ({"sentence": "seen {value"}, "a brace without its partner"),
        ({"sentence_one": "seen once"}, "'sentence_one' needs 'sentence'"),
    ],
)
def test_each_mistake_is_one_clear_message(folder, changes, said):
    message = _said(folder, own(**changes))
    assert said in message
    assert "have 1 mistake:" in message


def test_a_name_that_is_repeated_is_refused(folder):
    assert "used by another" in _said(folder, own(), own())
    assert "used by another" in _said(
        folder, own(name="a_30"), own(name="a", windows_days=(30, 60))
    )


def test_all_mistakes_are_told_at_once(folder):
    (folder / "bad.csv").write_text("code\n22298006\n1.23E+17\n22298007\n", "utf-8")
    message = _said(
        folder,
        own(name="Bad", group="hearts", windows_days=(0,), codelist="bad.csv"),
        own(how="median", system="snowmed"),
    )
    assert "have 7 mistakes:" in message
    assert message.count("added feature 'Bad'") == 5
    assert "22298007" not in message


def test_codes_alone_are_refused_with_the_same_words(folder):
    (folder / "codes.csv").write_text("term\nx\n", "utf-8")
    with pytest.raises(StudyError, match="has no column of codes among its 1"):
        code_rules(with_own(folder, own()))
