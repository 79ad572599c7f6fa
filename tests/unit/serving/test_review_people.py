"""Scores in the order of the pages, whatever order they come in."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from riskstrat.errors import ArtefactError
from riskstrat_serving.review.people import ScoredPeople


@pytest.fixture
def shuffled(scores):
    order = np.random.default_rng(3).permutation(len(scores.scores))
    return dataclasses.replace(
        scores,
        scores=scores.scores.iloc[order].reset_index(drop=True),
        contributions=scores.contributions.iloc[order].reset_index(drop=True),
        reasons=scores.reasons.iloc[::-1].reset_index(drop=True),
    )


def test_each_practice_has_its_people_by_rank(shuffled):
    people = ScoredPeople(shuffled)
    assert people.of_practice("D82001")["patient_id"].tolist() == [
        "ada00000aaaa",
        "bob00000bbbb",
        "cat00000cccc",
    ]
    assert people.of_practice("no-practice")["patient_id"].tolist() == ["eve00000eeee"]
    assert people.count("D82001") == 3
    assert people.count("D8200") == people.count("ZZZ") == 0


def test_reasons_and_contributions_follow_their_person(shuffled):
    people = ScoredPeople(shuffled)
    listed = people.of_practice("D82001")
    reasons = people.reasons([int(row) for row in listed.index])
    assert [len(found) for found in reasons.values()] == [5, 0, 0]
    assert reasons[int(listed.index[0])]["position"].tolist() == [1, 2, 3, 4, 5]
    for row, risk in listed["risk"].items():
        log_odds = -2.0 + people.contributions(int(row)).sum()
        assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(risk)


def test_contributions_of_other_people_are_refused(scores):
    reversed_rows = scores.contributions.iloc[::-1].reset_index(drop=True)
    with pytest.raises(ArtefactError, match="contributions of the people scored"):
        ScoredPeople(dataclasses.replace(scores, contributions=reversed_rows))
