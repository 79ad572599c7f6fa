"""Cambridge Multimorbidity Score, 20 conditions, general outcome, in hundredths."""

import pytest

from riskstrat.errors import UsageError
from riskstrat.features.indices import CAMBRIDGE_CONDITIONS, cambridge_multimorbidity


@pytest.mark.parametrize(
    ("conditions", "hundredths"),
    [
        ([], 0),
        (["hypertension"], 8),
        (["dementia", "dementia"], 250),
        (["anxiety"], 50),
        (["anxiety", "depression", "anxiety_depression"], 50),
        (["gout", "migraine"], 0),
        (["hypertension", "hearing_loss", "asthma"], 36),
    ],
    ids=[
        "none",
        "one",
        "one named twice",
        "anxiety alone",
        "anxiety and depression are one",
        "other conditions of the package",
        "a sum",
    ],
)
def test_weights_are_added_once_per_condition(conditions, hundredths):
    assert cambridge_multimorbidity(conditions) == hundredths


def test_all_twenty_conditions_weigh_something():
    assert len(CAMBRIDGE_CONDITIONS) == 20
    assert all(cambridge_multimorbidity([name]) > 0 for name in CAMBRIDGE_CONDITIONS)


@pytest.mark.parametrize("conditions", [None, "dementia", ["demntia"], [None]])
def test_conditions_are_named_exactly(conditions):
    with pytest.raises(UsageError, match="conditions"):
        cambridge_multimorbidity(conditions)
