"""Leaving the area: the weights give back the rate that would have been seen without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from riskstrat.cohort import ADMITTED, CENSORED, DIED, NEITHER
from riskstrat.cohort.censoring import (
    MINIMUM_STRATUM,
    WEIGHT_CAP,
    censoring_weights,
    staying,
)

WINDOW = 365


def naive_staying(days: list[int], left: list[bool]) -> list[float]:
    """Kaplan-Meier by its definition: a product over the days on which somebody left."""
    result = []
    for own_day, own_left in zip(days, left, strict=True):
        probability = 1.0
        for day in sorted(set(days)):
            if day >= own_day or own_left:
                continue
            leaving = sum(d == day and gone for d, gone in zip(days, left, strict=True))
            # events of that day came before leaving: those rows are not at risk of it any more
            at_risk = sum(
                d > day or (d == day and gone) for d, gone in zip(days, left, strict=True)
            )
            if leaving:
                probability *= 1 - leaving / at_risk
        result.append(probability)
    return result


def test_staying_on_a_table_that_can_be_checked_by_hand() -> None:
    """Six rows; one leaves on day 3 (of 5 at risk, as one had an event that day), one on day 7.

    Before day 3 everybody stays; after it 4/5; after day 7, 4/5 * 2/3.
    """
    days = np.array([3, 3, 5, 7, 10, 10])
    left = np.array([False, True, False, True, False, False])
    expected = [1.0, 1.0, 4 / 5, 1.0, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3]
    assert staying(days, left) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(8))
def test_staying_agrees_with_kaplan_meier_by_definition(seed: int) -> None:
    """Random days with many ties, day 0 and the last day among them."""
    rng = np.random.default_rng(seed)
    days = rng.integers(0, 12, 60)
    left = rng.random(60) < rng.choice([0.0, 0.1, 0.5])
    assert staying(days, left) == pytest.approx(naive_staying(days.tolist(), left.tolist()))


def test_nobody_left_means_everybody_weighs_one() -> None:
    frame = rows([NEITHER, ADMITTED, DIED], [WINDOW, 10, 20])
    weights, censoring = censoring_weights(frame, "ipcw")
    assert weights.tolist() == [1.0, 1.0, 1.0]
    assert (censoring.left, censoring.capped) == (0, 0)


def rows(outcome: list[int], days: list[int], **columns: object) -> pd.DataFrame:
    defaults = {"age": 70, "index_date": pd.Timestamp(2020, 1, 1), "practice_code": "P1"}
    return pd.DataFrame({"outcome": outcome, "follow_up_days": days, **defaults, **columns})


def test_weights_are_one_over_staying_and_zero_for_leavers() -> None:
    """Of four, one leaves on day 3: the event of day 1 weighs 1, the two that stay 3/2 each."""
    frame = rows([ADMITTED, CENSORED, NEITHER, ADMITTED], [1, 3, WINDOW, 200])
    weights, censoring = censoring_weights(frame, "ipcw")
    assert weights == pytest.approx([1.0, 0.0, 1.5, 1.5])
    assert weights.sum() == pytest.approx(4.0)
    assert censoring.left == 1


def test_excluding_leavers_weighs_the_others_one() -> None:
    frame = rows([ADMITTED, CENSORED, NEITHER], [1, 3, WINDOW])
    weights, censoring = censoring_weights(frame, "exclude")
    assert weights.tolist() == [1.0, 0.0, 1.0]
    assert censoring.policy == "exclude"


def test_a_large_weight_is_capped_and_counted() -> None:
    """Nine of ten leave: the one that stays would weigh 10."""
    frame = rows([CENSORED] * 9 + [NEITHER], [*range(1, 10), WINDOW])
    weights, censoring = censoring_weights(frame, "ipcw")
    assert weights[-1] == WEIGHT_CAP
    assert (censoring.left, censoring.capped, censoring.cap) == (9, 1, WEIGHT_CAP)


def block(
    count: int, *, leave: int, practice: str | None = "P1", age: int = 70, year: int = 2020
) -> pd.DataFrame:
    """Rows of which `leave` leave on day 100 and the others stay to the end."""
    outcome = [CENSORED] * leave + [NEITHER] * (count - leave)
    days = [100] * leave + [WINDOW] * (count - leave)
    day = pd.Timestamp(year, 1, 1)
    return rows(outcome, days, practice_code=practice, age=age, index_date=day)


def stayers_weights(*blocks: pd.DataFrame) -> list[float]:
    """The weight of the rows that stay, for each block."""
    weights, _ = censoring_weights(pd.concat(blocks, ignore_index=True), "ipcw")
    ends = np.cumsum([len(b) for b in blocks])
    return [round(float(weights[end - 1]), 9) for end in ends]


def test_practices_large_enough_have_their_own_stratum() -> None:
    """Students leave one practice, nobody another: neither's weights touch the other's."""
    big = MINIMUM_STRATUM
    assert stayers_weights(
        block(big, leave=big // 2, practice="students"), block(big, leave=0, practice="settled")
    ) == [2.0, 1.0]


def test_small_practices_are_merged_within_age_band_and_year() -> None:
    """One row short of the minimum: the two practices share a stratum, the age bands do not."""
    small = MINIMUM_STRATUM - 1
    weights = stayers_weights(
        block(small, leave=small, practice="P1"),
        block(small, leave=0, practice="P2"),
        block(MINIMUM_STRATUM, leave=0, age=40),
        block(MINIMUM_STRATUM, leave=MINIMUM_STRATUM // 2, year=2021),
    )
    assert weights == [0.0, 2.0, 1.0, 2.0]


def test_small_years_and_small_age_bands_are_merged_in_turn() -> None:
    """What is still too small is merged over years, then over age bands; nothing stands alone."""
    half = MINIMUM_STRATUM // 2
    assert stayers_weights(
        block(half, leave=half, year=2020), block(half, leave=0, year=2021)
    ) == [0.0, 2.0]  # fmt: skip
    assert stayers_weights(block(100, leave=100, age=40), block(100, leave=0, age=70)) == [0.0, 2.0]


def test_rows_without_a_practice_are_one_group() -> None:
    big = MINIMUM_STRATUM
    assert stayers_weights(
        block(big, leave=big // 2, practice=None), block(big, leave=0, practice="P1")
    ) == [2.0, 1.0]


def population(seed: int, *, yearly_leaving: dict[str, float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The same people followed to the end, and with leaving at a planted yearly rate.

    Students are young and rarely admitted, others older and often: leaving depends on what
    admission depends on, through age and practice only.
    """
    rng = np.random.default_rng(seed)
    count = 60_000
    practice = rng.choice(list(yearly_leaving), count)
    student = practice == "students"
    age = np.where(student & (rng.random(count) < 0.9), 20, rng.integers(40, 95, count))
    yearly = np.where(age < 30, 0.05, 0.1 + 0.01 * (age - 40))
    admission = np.floor(rng.exponential(WINDOW / yearly)).astype(int)
    death = np.floor(rng.exponential(WINDOW / (yearly / 5))).astype(int)
    rates = np.array([yearly_leaving[p] for p in practice])
    leaving = np.floor(rng.exponential(WINDOW / np.maximum(rates, 1e-9))).astype(int)

    event = np.minimum(np.minimum(admission, death), WINDOW)
    outcome = np.where(event == WINDOW, NEITHER, np.where(admission <= death, ADMITTED, DIED))
    gone = leaving < event
    shared = {"age": age, "practice_code": practice, "index_date": pd.Timestamp(2020, 1, 1)}
    full = pd.DataFrame({"outcome": outcome, "follow_up_days": event, **shared})
    seen = full.assign(
        outcome=np.where(gone, CENSORED, outcome), follow_up_days=np.where(gone, leaving, event)
    )
    return full, seen


def rate(frame: pd.DataFrame, weights: np.ndarray, code: int) -> float:
    return float(weights @ (frame["outcome"] == code).to_numpy() / weights.sum())


@pytest.mark.parametrize(
    "yearly_leaving",
    [{"students": 0.29, "town": 0.05}, {"students": 0.08, "town": 0.08}],
    ids=["a quarter of a student practice", "eight in a hundred everywhere"],
)
def test_a_planted_leaving_rate_does_not_move_the_estimated_rate(
    yearly_leaving: dict[str, float],
) -> None:
    """Binding rule 7: weighting is within 1 % of what full follow-up shows; the rest is not.

    Dropping leavers inflates the rate (people admitted before they would have left are kept),
    counting them as 'no' lowers it.
    """
    full, seen = population(11, yearly_leaving=yearly_leaving)
    truth = rate(full, np.ones(len(full)), ADMITTED)
    weighted, censoring = censoring_weights(seen, "ipcw")
    dropped, _ = censoring_weights(seen, "exclude")
    assert censoring.left > 0.05 * len(seen)
    assert rate(seen, weighted, ADMITTED) == pytest.approx(truth, rel=0.01)
    assert rate(seen, dropped, ADMITTED) > 1.03 * truth
    assert rate(seen, np.ones(len(seen)), ADMITTED) < 0.97 * truth


@pytest.mark.parametrize("practice", ["students", "town"])
def test_the_rate_of_each_practice_and_of_deaths_is_not_moved_either(practice: str) -> None:
    full, seen = population(12, yearly_leaving={"students": 0.29, "town": 0.05})
    weights, _ = censoring_weights(seen, "ipcw")
    chosen = (seen["practice_code"] == practice).to_numpy()
    for code, tolerance in ((ADMITTED, 0.04), (DIED, 0.12)):
        truth = rate(full[chosen], np.ones(chosen.sum()), code)
        assert rate(seen[chosen], weights[chosen], code) == pytest.approx(truth, rel=tolerance)


def test_weights_add_up_to_the_rows_of_their_stratum() -> None:
    """Those who stay stand for those who left, no more and no less."""
    _, seen = population(13, yearly_leaving={"students": 0.29, "town": 0.05})
    weights, censoring = censoring_weights(seen, "ipcw")
    assert censoring.capped == 0
    for _, group in seen.groupby("practice_code"):
        assert weights[group.index].sum() == pytest.approx(len(group), rel=0.002)
