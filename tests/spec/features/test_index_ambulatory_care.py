"""Ambulatory-care-sensitive conditions of an admission."""

import pytest

from riskstrat.errors import UsageError
from riskstrat.features.indices import acsc


@pytest.mark.parametrize(
    ("primary", "expected"),
    [
        ("J45.9", ("asthma", "chronic")),
        ("J44.1", ("copd", "chronic")),
        ("N10", ("pyelonephritis", "acute")),
        ("n10.x", ("pyelonephritis", "acute")),
        ("J18.1", ("influenza_pneumonia", "vaccine_preventable")),
        ("J18.9", None),
        ("E11.5", ("diabetes_complications", "chronic")),
        ("E11.9", None),
        ("E11", None),
        ("I11.0", ("congestive_heart_failure", "chronic")),
        ("I11.9", ("hypertension", "chronic")),
        ("S72.0", None),
        ("", None),
    ],
)
def test_the_primary_diagnosis_names_condition_and_kind(primary, expected):
    assert acsc(primary) == expected


@pytest.mark.parametrize(
    ("primary", "secondary", "condition"),
    [
        ("J20.9", [], None),
        ("J20.9", ["J44.9"], "copd"),
        ("J20.9", ["J45.9"], None),
        ("J13", ["I10"], "influenza_pneumonia"),
        ("J13", ["D57.1"], None),
        ("S72.0", ["J13"], "influenza_pneumonia"),
        ("S72.0", ["J13", "D57.0"], None),
        ("S72.0", ["R02"], "gangrene"),
        ("S72.0", ["J44.1"], None),
        ("J44.1", ["E11.5"], "copd"),
        ("S72.0", ["R02", "E11.5"], "diabetes_complications"),
    ],
    ids=[
        "bronchitis alone",
        "bronchitis with COPD",
        "bronchitis with asthma",
        "pneumonia",
        "pneumonia in sickle-cell disorder",
        "pneumonia in any position",
        "the same in sickle-cell disorder",
        "gangrene in any position",
        "COPD counts as primary diagnosis only",
        "the primary diagnosis comes first",
        "then the alphabet, whatever the order of codes",
    ],
)
def test_other_diagnoses_decide_where_the_pattern_says_so(primary, secondary, condition):
    found = acsc(primary, secondary)
    assert (found.condition if found else None) == condition


@pytest.mark.parametrize(("primary", "secondary"), [(None, []), (5, []), ("J13", None), ("J", [1])])
def test_what_are_no_codes_is_refused(primary, secondary):
    with pytest.raises(UsageError, match="expected texts"):
        acsc(primary, secondary)
