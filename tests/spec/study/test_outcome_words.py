"""One table says how every outcome is written."""

from typing import get_args

import pytest

from riskstrat.study import OUTCOMES, OutcomeKind


def test_every_kind_of_outcome_has_its_words() -> None:
    assert set(OUTCOMES) == set(get_args(OutcomeKind))


@pytest.mark.parametrize(
    ("kind", "with_article", "had", "includes_death"),
    [
        ("emergency_admission", "an emergency admission",
         "were admitted as an emergency", False),
        ("emergency_or_inpatient_visit", "an emergency-department or inpatient visit",
         "had an emergency-department or inpatient visit", False),
        ("emergency_admission_or_death", "an emergency admission or death",
         "were admitted as an emergency or died", True),
        ("emergency_department_attendance", "an emergency-department attendance",
         "attended an emergency department", False),
        ("readmission", "an emergency readmission",
         "were readmitted as an emergency", False),
    ],
)  # fmt: skip
def test_words(kind: str, with_article: str, had: str, includes_death: bool) -> None:
    words = OUTCOMES[kind]
    assert words.with_article == with_article
    assert words.had == had
    assert words.includes_death is includes_death
