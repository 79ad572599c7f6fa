"""Which values rest on a fact that may be told."""

from __future__ import annotations

import numpy as np
import pytest
from tests.unit.features.history import study

from riskstrat.explanation.selection import facts
from riskstrat.features import catalogue

FEATURES = {feature.name: feature for feature in catalogue(study())}


@pytest.mark.parametrize(
    ("name", "value", "is_told"),
    [
        ("bmi_loss", 0, False),
        ("bmi_loss", 6.8, True),
        ("longest_emergency_stay_365", 0, False),
        ("efi", 0, False),
        ("bmi", 28, True),
        ("bmi_slope", 1, False),
    ],
)
def test_nothing_is_told_of_a_value_of_none(name: str, value: float, is_told: bool) -> None:
    told = facts([FEATURES[name]], np.array([[value]], np.float32), np.array([[40]], np.int16))
    assert told.tolist() == [[is_told]]
