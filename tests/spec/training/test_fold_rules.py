"""All rows of a person share a fold, and every fold has people with and without the event."""

import numpy as np
import pytest

from riskstrat.training.folds import patient_folds, people_per_class


def test_rows_of_a_person_share_a_fold():
    groups = np.repeat(np.arange(50), 3)
    outcome = np.arange(150) % 7 == 0
    fold = patient_folds(groups, outcome, folds=4, seed=3)
    assert all(np.unique(fold[groups == person]).size == 1 for person in range(50))


def test_one_event_row_makes_a_person_with_event():
    assert people_per_class(np.array([4, 4, 9]), np.array([False, True, False])) == (1, 1)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_people_with_events_are_dealt_evenly(seed):
    groups = np.arange(103)
    outcome = groups < 10
    fold = patient_folds(groups, outcome, folds=4, seed=seed)
    assert sorted(np.bincount(fold[outcome])) == [2, 2, 3, 3]
    assert max(np.bincount(fold)) - min(np.bincount(fold)) <= 2


def test_the_fold_does_not_depend_on_the_order_of_rows():
    groups = np.array([5, 5, 1, 2, 3, 4, 8, 9])
    outcome = np.array([1, 0, 1, 0, 1, 0, 1, 0], dtype=bool)
    fold = patient_folds(groups, outcome, folds=2, seed=1)
    turned = patient_folds(groups[::-1], outcome[::-1], folds=2, seed=1)
    assert (turned[::-1] == fold).all()


def test_another_seed_deals_otherwise():
    groups, outcome = np.arange(40), np.arange(40) % 2 == 0
    folds = [patient_folds(groups, outcome, folds=4, seed=seed) for seed in (1, 2)]
    assert (folds[0] != folds[1]).any()
