"""Every rule on random facts, against a loop written from the table in ``features/rules.py``."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from tests.unit.features.history import INDEX_DATE, History, days_before, study

from riskstrat.engine import Engine
from riskstrat.features import build, catalogue
from riskstrat.features.catalogue import Feature
from riskstrat.features.kernel import How, apply_facts
from riskstrat.features.ordering import SortedFacts
from riskstrat.features.packing import LONGEST_DAY, pack
from riskstrat.features.rules import compile_rules
from riskstrat.features.sets import fact_set

ROWS = 3
WINDOWS = (1, 2, 7, 90, None)
LONGEST_TOLD = 32_767
DAYS_PER_YEAR = Fraction(1461, 4)

PLAIN = ("contact", "medicine.0101", "medicine.0205", "medicine.0601")
SCORED = ("charlson.diabwc", "charlson.diab", "charlson.metacanc", "charlson.canc", "charlson.chf")
VALUED = ("measure.bmi", "measure.sodium")
NUMBERS = {fact: number for number, fact in enumerate(sorted((*PLAIN, *SCORED, *VALUED, "spell")))}

OF_ONE = ("count", "days", "any", "since", "first", "longest", "change")
OF_SETS = ("count", "any", "since", "first", "longest", "change", "points")
OF_AMOUNTS = ("value", "latest", "lowest", "highest", "total", "slope", "fall")
RULES = (
    *(f"{how} contact" for how in OF_ONE),
    *(f"{how} medicine" for how in OF_SETS),
    "points charlson",
    *(f"{how} measure.bmi" for how in (*OF_ONE, *OF_AMOUNTS)),
    *(f"{how} measured" for how in (*OF_SETS, "lowest", "highest", "total")),
    "nights spell",
)
FEATURES = tuple(
    Feature(f"{rule} {window}", "", "", "person", "count", ("gp",), window, rule)
    for rule in RULES
    for window in WINDOWS
    if window is not None or not rule.startswith("change")
)


@dataclass(frozen=True)
class Fact:
    """Something known of a row; `minute` of the day is -1 when it is not known."""

    row: int
    name: str
    day: int
    amount: float = 0.0
    minute: int = -1

    @property
    def read_day(self) -> int:
        return min(self.day, LONGEST_DAY)


# ---------------------------------------------------------------- the facts

edges = sorted({d for w in (1, 2, 7, 90) for d in (w, w + 1, 2 * w, 2 * w + 1)})
beyond = (LONGEST_TOLD, LONGEST_TOLD + 1, LONGEST_DAY - 1, LONGEST_DAY, LONGEST_DAY + 1, 300_000)
days = st.sampled_from([*edges, *beyond]) | st.integers(1, 200)
rows = st.integers(0, ROWS - 1)
quarters = st.integers(-40, 800).map(lambda number: number / 4)
"""Amounts whose sums are exact, so that the loop need not sum in any one order."""
minutes = st.sampled_from([-1, 0, 540, 1439])


def facts_with(amounts: st.SearchStrategy[float]) -> st.SearchStrategy[list[Fact]]:
    plain = st.builds(Fact, rows, st.sampled_from([*PLAIN, *SCORED]), days)
    valued = st.builds(Fact, rows, st.sampled_from(VALUED), days, amounts, minutes)
    spells = st.builds(
        lambda row, left, nights: Fact(row, "spell", left + nights, float(left)),
        rows,
        st.integers(0, 200) | st.sampled_from([89, 90, 91, LONGEST_DAY - 1, LONGEST_DAY]),
        st.sampled_from([0, 1, 2, 30, 90]),
    )
    return st.lists(plain | valued | spells, max_size=40)


IS_CHANGE = [feature.how == "change" for feature in FEATURES]


def values_of(facts: list[Fact], *, was_seen: bool = True) -> tuple[np.ndarray, np.ndarray]:
    """Values and days of the facts by the compiled loops; without facts nothing is known.

    But for changes, where the earlier window was seen.
    """

    def packed(chosen: list[Fact]) -> np.ndarray:
        numbers = [NUMBERS[fact.name] for fact in chosen]
        return pack([f.row for f in chosen], numbers, [f.day for f in chosen])

    plain = [fact for fact in facts if fact.name in (*PLAIN, *SCORED)]
    valued = [fact for fact in facts if fact.name in (*VALUED, "spell")]
    amounts = np.array([fact.amount for fact in valued], np.float64)
    times = np.array([fact.minute for fact in valued], np.int32)
    values = np.full((ROWS, len(FEATURES)), np.nan, np.float32)
    values[:, IS_CHANGE] = 0 if was_seen else np.nan
    fact_days = np.full(values.shape, -1, np.int16)
    ordered = SortedFacts.of(
        packed(sorted(plain, key=lambda fact: fact.row)), (packed(valued), amounts, times), ROWS
    )
    apply_facts(compile_rules(FEATURES, NUMBERS), ordered, values, fact_days)
    return values, fact_days


# ---------------------------------------------------------------- the table, word by word


def latest_first(facts: list[Fact]) -> list[Fact]:
    """Of several on one day the latest, then the highest."""
    return sorted(facts, key=lambda fact: (fact.read_day, -fact.minute, -fact.amount))


def change_of(facts: list[Fact], window: int) -> float:
    recent = sum(fact.read_day <= window for fact in facts)
    before = sum(window < fact.read_day <= 2 * window for fact in facts)
    return recent - before


def longest_of(facts: list[Fact], window: int) -> float:
    return min(max(fact.read_day for fact in facts), window) if facts else math.nan


def slope_of(facts: list[Fact]) -> float:
    """Least squares in exact fractions; time runs forwards."""
    points = [(-Fraction(fact.read_day), Fraction(fact.amount)) for fact in facts]
    if len({day for day, _ in points}) < 2:
        return math.nan
    mean_day = sum(day for day, _ in points) / len(points)
    mean = sum(amount for _, amount in points) / len(points)
    above = sum((day - mean_day) * (amount - mean) for day, amount in points)
    return float(DAYS_PER_YEAR * above / sum((day - mean_day) ** 2 for day, _ in points))


def fall_of(facts: list[Fact]) -> float:
    """One reading cannot fall; a highest of nothing or less has no percentages."""
    highest = max(fact.amount for fact in facts)
    if len(facts) == 1 or highest <= 0:
        return math.nan
    return 100 * (highest - latest_first(facts)[0].amount) / highest


def nights_of(facts: list[Fact], window: int) -> float:
    """Night n is the one from day n before the index date to the next."""
    nights = sum(
        sum(1 for night in range(int(fact.amount) + 1, min(fact.read_day, window) + 1))
        for fact in facts
    )
    return min(nights, window) if nights else math.nan


def points_of(name: str, facts: list[Fact]) -> float:
    found = fact_set(name)
    present = {fact.name for fact in facts}
    dropped = {mild for mild, severe in found.drops if {mild, severe} <= present}
    return sum(found.weights.get(fact, 1) for fact in present - dropped)


OVER_THE_WINDOW: dict[str, Callable[[list[Fact]], float]] = {
    "count": len,
    "days": lambda facts: len({fact.read_day for fact in facts}),
    "any": lambda _: 1,
    "since": lambda facts: min(fact.read_day for fact in facts),
    "first": lambda facts: max(fact.read_day for fact in facts),
    "value": lambda facts: latest_first(facts)[0].amount,
    "latest": lambda facts: latest_first(facts)[0].amount,
    "lowest": lambda facts: min(fact.amount for fact in facts),
    "highest": lambda facts: max(fact.amount for fact in facts),
    "total": lambda facts: sum(fact.amount for fact in facts),
    "slope": slope_of,
    "fall": fall_of,
}


def members(name: str, facts: list[Fact]) -> list[Fact]:
    found = fact_set(name)
    if found is None:
        return [fact for fact in facts if fact.name == name]
    is_begun = {fact.name for fact in facts if found.prefix and fact.name.startswith(found.prefix)}
    return [fact for fact in facts if fact.name in {*is_begun, *found.weights}]


def window_of(feature: Feature) -> int:
    return LONGEST_DAY if feature.window_days is None else feature.window_days


def expected_value(feature: Feature, facts: list[Fact]) -> float:
    """The value of a feature over the facts of one row."""
    chosen, window = members(feature.fact, facts), window_of(feature)
    outside = {"longest": longest_of, "nights": nights_of, "change": change_of}
    if feature.how in outside:
        return outside[feature.how](chosen, window)
    within = [fact for fact in chosen if fact.read_day <= window]
    if not within:
        return math.nan
    if feature.how == "points":
        return points_of(feature.fact, within)
    return OVER_THE_WINDOW[feature.how](within)


def expected_day(feature: Feature, facts: list[Fact]) -> int:
    """Days to the latest fact behind a value; -1 for none, and at most what two bytes hold.

    Behind ``first`` is the earliest fact of each kind.
    """
    chosen, window = members(feature.fact, facts), window_of(feature)
    if feature.how == "longest" or math.isnan(expected_value(feature, facts)):
        return -1
    if feature.how == "nights":
        behind = [fact for fact in chosen if fact.amount < min(window, fact.read_day)]
    elif feature.how == "points" and (weights := fact_set(feature.fact).weights):
        behind = [f for f in chosen if f.read_day <= window and weights[f.name] > 0]
    else:
        reach = 2 * window if feature.how == "change" else window
        behind = [fact for fact in chosen if fact.read_day <= reach]
    if feature.how == "first":
        of_kinds = {fact.name: fact for fact in latest_first(behind)}
        behind = list(of_kinds.values())
    return min((min(fact.read_day, LONGEST_TOLD) for fact in behind), default=-1)


# ---------------------------------------------------------------- side by side


def test_every_rule_is_tried():
    assert {rule.split()[0] for rule in RULES} == {how.name.lower() for how in How}


@settings(max_examples=150, deadline=None)
@given(facts_with(quarters))
def test_compiled_rules_agree_with_a_naive_loop(facts):
    values, _ = values_of(facts)
    for row in range(ROWS):
        of_row = [fact for fact in facts if fact.row == row]
        expected = {f.name: expected_value(f, of_row) for f in FEATURES}
        found = dict(zip(expected, map(float, values[row]), strict=True))
        assert found == pytest.approx(expected, nan_ok=True, rel=1e-6, abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(facts_with(quarters))
def test_the_day_of_the_latest_fact_agrees_with_a_naive_loop(facts):
    _, fact_days = values_of(facts)
    for row in range(ROWS):
        of_row = [fact for fact in facts if fact.row == row]
        expected = {f.name: expected_day(f, of_row) for f in FEATURES}
        assert dict(zip(expected, fact_days[row].tolist(), strict=True)) == expected


@settings(max_examples=60, deadline=None)
@given(facts_with(st.floats(-1e6, 1e6)), st.randoms(use_true_random=False))
def test_the_order_of_the_facts_changes_no_bit(facts, random):
    """Also sums of amounts whose last digit depends on the order in which they are added."""
    values, fact_days = values_of(facts)
    random.shuffle(facts)
    again, days_again = values_of(facts)
    assert values.tobytes() == again.tobytes()
    assert fact_days.tobytes() == days_again.tobytes()


@settings(max_examples=60, deadline=None)
@given(facts_with(quarters))
def test_a_change_that_could_not_be_seen_stays_missing_whatever_the_facts(facts):
    """The other rules do not look at it."""
    values, fact_days = values_of(facts, was_seen=False)
    assert np.isnan(values[:, IS_CHANGE]).all()
    assert (fact_days[:, IS_CHANGE] == -1).all()
    seen, seen_days = values_of(facts)
    others = ~np.array(IS_CHANGE)
    assert values[:, others].tobytes() == seen[:, others].tobytes()
    assert fact_days[:, others].tobytes() == seen_days[:, others].tobytes()


def test_only_rules_that_take_kinds_together_are_about_sets():
    """Of two kinds of fact there is no one latest amount, and days with either are not added up."""
    alone = {"days", "value", "latest", "slope", "fall", "nights"}
    sets = {f.name: fact_set(f.fact) for f in catalogue(study()) if f.how in alone}
    mixed = [
        name
        for name, found in sets.items()
        if found and (found.prefix or sum(map(bool, found.weights.values())) > 1)
    ]
    assert mixed == []


# ---------------------------------------------------------------- threads and chunks


def random_history(threads: int) -> History:
    rng = np.random.default_rng(11)
    people = [f"p{number}" for number in range(12)]
    history = History(*people)
    history.engine = Engine(threads=threads)
    for person in people:
        for start in rng.integers(1, 800, 5).tolist():
            stay = history.stay(start, start - int(rng.integers(0, 9)), person)
            history.diagnosis(start, str(rng.choice(["I500", "E119", "F03"])), person, stay_id=stay)
        for day in rng.integers(1, 800, 8).tolist():
            reading = {"system": "snomed", "value": float(rng.uniform(18, 35)), "source": "gp"}
            history.event("measurement", day, "60621009", person, **reading)
            spell = {"source": "council", "minutes_per_week": int(rng.integers(1, 900))}
            start = days_before(day)
            history.add("services", person, service="home_care", start_date=start, **spell)
    return history


@pytest.fixture(scope="module")
def whole():
    return random_history(1).matrix(index_dates=(days_before(300), INDEX_DATE))


@pytest.mark.parametrize(("threads", "rows"), [(2, 150_000), (1, 1), (2, 7), (1, 23)])
def test_threads_and_chunks_change_no_bit(threads, rows, whole, monkeypatch):
    monkeypatch.setattr(build, "ROWS_PER_CHUNK", rows)
    parts = random_history(threads).matrix(index_dates=(days_before(300), INDEX_DATE))
    assert_array_equal(whole.keys, parts.keys)
    assert whole.values.tobytes() == parts.values.tobytes()
    assert whole.fact_days.tobytes() == parts.fact_days.tobytes()
    assert np.nanmax(whole.column("bmi_slope")) > 0
