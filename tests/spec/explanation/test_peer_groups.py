"""Who somebody is compared with: same age band and sex, merged where there are fewer than 50."""

from types import SimpleNamespace

import lightgbm as lgb
import numpy as np
import pandas as pd
import pytest

from riskstrat.explanation import compared_with, peer_reference
from riskstrat.features import FeatureMatrix
from riskstrat.training import CalibratedTrees


@pytest.fixture(scope="module")
def booster():
    values = np.arange(400, dtype=np.float32).reshape(-1, 1) % 8
    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5, "num_threads": 1}
    outcome = (np.arange(400) % 8 > 3).astype(float)
    return lgb.train(settings, lgb.Dataset(values, outcome), 3)


@pytest.fixture
def peers_of(booster, fact):
    """Who a person is compared with, when development had so many people of each age and sex."""

    def reference(people, age, sex):
        ages = np.repeat([row[0] for row in people], [row[2] for row in people])
        sexes = np.repeat([row[1] for row in people], [row[2] for row in people])
        feature = fact().feature
        rows = len(ages)
        keys = pd.DataFrame({"patient_id": [str(row) for row in range(rows)]})
        values = (np.arange(rows, dtype=np.float32) % 8).reshape(-1, 1)
        matrix = FeatureMatrix(keys, values, (feature,), "hash", None)
        cohort = SimpleNamespace(
            frame=pd.DataFrame({"age": ages, "sex": pd.Series(sexes, dtype="str")})
        )
        model = SimpleNamespace(
            admission=CalibratedTrees(booster, 1.0, 0.0), death=None, features=(feature,)
        )
        model.peers = peer_reference(model, matrix, cohort)
        asked = pd.DataFrame({"age": [age], "sex": pd.Series([sex], dtype="str")})
        place = model.peers[(model.peers["sex"] == sex) & (model.peers["age_band"] == "80-84")]
        return compared_with(model, asked).iloc[0], place["people"].tolist()

    return reference


@pytest.mark.parametrize(
    ("people", "peers", "rows"),
    [
        # fifty are enough
        ([(82, "female", 50)], "women aged 80 to 84", 50),
        # 49 are merged with the younger band, if that is enough
        ([(82, "female", 49), (77, "female", 1), (87, "female", 99)], "women aged 75 to 84", 50),
        # else with the older band
        ([(82, "female", 49), (87, "female", 1)], "women aged 80 to 89", 50),
        # else with both
        (
            [(82, "female", 30), (77, "female", 10), (87, "female", 10)],
            "women aged 75 to 89",
            50,
        ),
        # else with the other sex of the same band
        ([(82, "female", 30), (82, "male", 20)], "people aged 80 to 84", 50),
        # else wider and wider; bands nobody is in are not named
        ([(82, "female", 30), (77, "male", 10), (62, "male", 10)], "people aged 60 to 84", 50),
        # and with everybody when there are fewer than 50 at all
        ([(82, "female", 3), (30, "male", 3)], "people aged 18 to 84", 6),
    ],
)
def test_small_groups_are_merged_and_named_for_what_they_are(peers_of, people, peers, rows):
    assert peers_of(people, 82, "female") == (peers, [rows])


def test_a_sex_that_development_did_not_have_is_compared_with_everybody_of_the_band(peers_of):
    peers, _ = peers_of([(82, "female", 60), (82, "male", 60)], 82, "unknown")
    assert peers == "people aged 80 to 84"
