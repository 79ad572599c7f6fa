"""What explanations say about many people, each figure against a loop."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import age_band
from riskstrat.explanation import build_reasons, explain, peer_reference
from riskstrat.explanation.trust import (
    covered_share,
    peer_group_contributions,
    strongest,
    told_groups,
)


@pytest.fixture(scope="module")
def with_peers(small_model, small_matrix, small_cohort):
    return replace(small_model, peers=peer_reference(small_model, small_matrix, small_cohort))


@pytest.fixture(scope="module")
def people(small_matrix, small_cohort):
    return pd.concat([small_matrix.keys, small_cohort.frame], axis=1)


@pytest.fixture(scope="module")
def explanations(with_peers, small_matrix):
    return explain(with_peers, small_matrix)


@pytest.fixture(scope="module")
def reasons(with_peers, small_matrix, explanations, people):
    return build_reasons(with_peers, small_matrix, explanations, people)


def test_the_strongest_features_are_those_of_largest_mean_size():
    rng = np.random.default_rng(1)
    amounts = rng.normal(0, rng.random(6), (50, 6))
    amounts[:, 2] = 0.0
    sizes = [sum(abs(row[k]) for row in amounts) / 50 for k in range(6)]
    by_hand = sorted((k for k in range(6) if sizes[k] > 0), key=lambda k: -sizes[k])
    assert strongest(amounts, 4).tolist() == by_hand[:4]
    assert strongest(amounts, 9).tolist() == by_hand


def test_peer_contributions_of_groups_are_sums_over_members(with_peers, explanations, people):
    found = peer_group_contributions(with_peers, explanations, people)
    means = with_peers.peers.set_index(["age_band", "sex", "feature"])["mean_contribution"]
    groups = list(explanations.by_group())
    for row in range(0, len(people), 250):
        band = age_band(people["age"].iloc[[row]]).astype(str)[0]
        for place, group in enumerate(groups):
            total = 0.0
            for column, feature in enumerate(with_peers.features):
                if feature.group == group:
                    mean = means[(band, people["sex"].iloc[row], feature.name)]
                    total += explanations.contributions[row, column] - mean
            assert found[row, place] == pytest.approx(total, abs=1e-12)


def test_what_was_told_is_what_the_reasons_table_holds(reasons, people, explanations):
    groups = list(explanations.by_group())
    told = told_groups(reasons, people, groups)
    rows = {patient: row for row, patient in enumerate(people["patient_id"])}
    by_hand = {direction: np.zeros((len(people), len(groups)), bool) for direction in told}
    for reason in reasons.to_dict("records"):
        row, place = rows[reason["patient_id"]], groups.index(reason["group"])
        by_hand[reason["direction"]][row, place] = True
    assert set(told) == {"raising", "lowering"}
    for direction, found in told.items():
        assert (found == by_hand[direction]).all()
        assert found.sum() == (reasons["direction"] == direction).sum() > 0


def test_a_patient_at_two_dates_is_two_rows(reasons, people, explanations):
    groups = list(explanations.by_group())
    later = people.assign(index_date=people["index_date"] + pd.Timedelta(days=365))
    both = pd.concat([people, later], ignore_index=True)
    told = told_groups(reasons, both, groups)["raising"]
    assert told[: len(people)].any()
    assert not told[len(people) :].any()


def test_the_share_covered_is_told_over_all_that_raises(with_peers, reasons, people, explanations):
    sums = peer_group_contributions(with_peers, explanations, people)
    groups = list(explanations.by_group())
    told = told_groups(reasons, people, groups)["raising"]
    found = covered_share(sums, told)
    amounts = reasons[reasons["direction"] == "raising"].groupby("patient_id")["peer_contribution"]
    by_patient = amounts.sum()
    for row, patient in enumerate(people["patient_id"]):
        above = sum(amount for amount in sums[row] if amount > 0)
        if above == 0:
            assert np.isnan(found[row])
        else:
            assert found[row] == pytest.approx(by_patient.get(patient, 0.0) / above, abs=1e-12)


def test_nothing_above_the_peers_has_no_share():
    found = covered_share(np.array([[-0.2, 0.0], [0.3, -0.1]]), np.zeros((2, 2), bool))
    assert np.isnan(found[0])
    assert found[1] == 0.0
