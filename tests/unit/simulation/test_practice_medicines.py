"""Medicines of the practice record: real codes, for a reason, at regular intervals."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from riskstrat.reference import load_table
from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, rows
from riskstrat.simulation.practice.medicines import courses, repeats
from riskstrat.simulation.practice.orders import (
    TABLES,
    Orders,
    first_product,
    product_column,
)
from riskstrat.simulation.practice.treatments import Treatments, treatments
from riskstrat.simulation.practice.visits import recurring
from riskstrat.simulation.timeline import winter

NO_USUAL_TREATMENT = {"hearing_loss", "viral_hepatitis", "memory_problems", "social_vulnerability"}


@pytest.fixture(scope="module")
def taken(block: Block) -> Treatments:
    return treatments(block)


@pytest.fixture(scope="module")
def issued(block: Block) -> Orders:
    return repeats(block)


def test_codes_are_presentations_of_known_sections() -> None:
    sections = {row["bnf_section"] for row in load_table("bnf_sections")}
    for code in product_column("bnf"):
        assert len(code) == 15
        assert code[:4] in sections


def test_codes_are_in_the_published_list_and_name_the_same_substance(shared_data: Path) -> None:
    """The first letters of the name, or of the list's own name, agree; brands aside."""
    file = zipfile.ZipFile(next((shared_data / "bnf").glob("*.zip")))
    text = io.TextIOWrapper(file.open(file.namelist()[0]), "utf-8-sig")
    published = {row["BNF Presentation Code"]: row for row in csv.DictReader(text)}
    given = zip(product_column("bnf"), product_column("text"), strict=True)
    unlike = []
    for code, words in given:
        row = published[code]
        names = row["BNF Presentation"] + " " + row["BNF Chemical Substance"]
        if words[:4].lower() not in names.lower():
            unlike.append((words, row["BNF Presentation"]))
    assert {words for words, _ in unlike} <= {
        "Docusate 100mg capsules",
        "Otomize ear spray",
        "White soft paraffin 50% / Liquid paraffin 50% ointment",
        "Emollient cream",
    }


def test_conditions_that_are_usually_treated_have_medicines() -> None:
    treated = set(column("medicines", "condition"))
    assert set(column("conditions", "condition")) - treated == NO_USUAL_TREATMENT
    shares: dict[tuple[str, str], float] = defaultdict(float)
    for row in rows("medicines"):
        shares[row["condition"], row["group"]] += float(row["share"])
    assert max(shares.values()) <= 1


def test_a_medicine_of_a_condition_starts_within_two_months_of_it(
    block: Block, taken: Treatments
) -> None:
    """From the day after the condition began; the share of people given it is the table's."""
    found = 0
    for product, medicine in enumerate(rows("medicines")):
        of_it = taken.take(np.flatnonzero(taken.product == product))
        onset = block.lives.onset[of_it.row, condition_index(medicine["condition"])]
        wait = of_it.start - onset
        assert ((wait >= 1) & (wait <= 61)).all()
        found += len(of_it)
        if medicine["sex"]:
            women = block.people.female[of_it.row]
            assert (women == (medicine["sex"] == "female")).all()
    assert found > 2000
    thyroid = block.lives.onset[:, condition_index("thyroid")] < block.stop - 100
    product = column("medicines", "condition").index("thyroid")
    given = np.isin(np.flatnonzero(thyroid), taken.row[taken.product == product])
    assert given.mean() == pytest.approx(float(rows("medicines")[product]["share"]), abs=0.12)


def test_nobody_takes_two_medicines_of_a_group_at_a_time(taken: Treatments) -> None:
    """The second may start on the day the first stops."""
    group = [*column("medicines", "group"), *column("medicines_by_age", "group")]
    spells = defaultdict(list)
    for row, product, start, stop in zip(
        taken.row, taken.product, taken.start, taken.stop, strict=True
    ):
        spells[row, group[product]].append((start, stop))
    several = [sorted(found) for found in spells.values() if len(found) > 1]
    assert len(several) > 10
    for found in several:
        assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_a_medicine_by_age_is_taken_by_the_share_of_that_age(
    make_block: Callable[..., Block],
) -> None:
    """Vitamin B12, which nobody is given for a condition, at 65 and over: 3 to 8 %."""
    made = make_block(4000, seed=7)
    found = treatments(made)
    table = column("medicines_by_age", "text")
    number = table.index("Hydroxocobalamin 1mg/1ml solution for injection ampoules")
    product = first_product("medicines_by_age") + number
    of_it = found.take(np.flatnonzero(found.product == product))
    age = (of_it.start - made.people.birth[of_it.row]) / 365.25
    assert age.min() >= 30
    day = int(made.months[36])
    seen = (made.people.entry <= day) & (made.stop > day) & (made.people.birth < day - 65 * 365.25)
    taking = np.isin(np.flatnonzero(seen), of_it.row[of_it.start <= day])
    assert taking.mean() == pytest.approx(0.048, abs=0.02)


def test_issues_of_a_medicine_are_an_interval_apart_and_cease_with_it(
    block: Block, taken: Treatments, issued: Orders
) -> None:
    """Four or eight weeks (others have their own), give or take days of delay and missed issues."""
    first, last = {}, {}
    for row, product, start, stop in zip(
        taken.row, taken.product, taken.start, taken.stop, strict=True
    ):
        first[row, product] = min(start, first.get((row, product), start))
        last[row, product] = max(stop, last.get((row, product), stop))
    delay = 5 + 7
    for row, product, day in zip(issued.row, issued.product, issued.day, strict=True):
        assert first[row, product] <= day < last[row, product] + delay
        assert block.people.entry[row] <= day < block.stop[row]
    order = np.lexsort((issued.day, issued.product, issued.row))
    row, product, day, interval = (
        part[order] for part in (issued.row, issued.product, issued.day, issued.duration)
    )
    same = (row[1:] == row[:-1]) & (product[1:] == product[:-1])
    gap = (day[1:] - day[:-1])[same]
    usual = np.abs(gap - interval[:-1][same]) <= delay
    assert usual.mean() > 0.9
    assert (gap >= interval[:-1][same] - delay).mean() > 0.995
    assert set(np.unique(issued.duration)) == {14, 28, 56, 84, 168}


def test_quantities_go_with_the_interval(issued: Orders) -> None:
    """One capsule a day, for four weeks as for eight."""
    ramipril = issued.take(np.flatnonzero(issued.product == 0))
    assert product_column("text")[0] == "Ramipril 2.5mg capsules"
    assert set(np.unique(ramipril.duration)) == {28, 56}
    assert (ramipril.quantity == ramipril.duration).all()


def test_short_courses_suit_age_sex_and_season(make_block: Callable[..., Block]) -> None:
    made = make_block(3000, seed=8)
    found = courses(made)
    course = found.product - first_product("courses")
    age = (found.day - made.people.birth[found.row]) / 365.25
    names = np.array(column("courses", "text"))[course]
    women_only = np.isin(course, np.flatnonzero(np.array(column("courses", "sex")) == "female"))
    assert women_only.sum() > 100
    assert made.people.female[found.row][women_only].all()
    suspension = np.char.find(names.astype(str), "oral suspension") >= 0
    assert np.median(age[suspension]) < 18 < np.median(age[~suspension])
    antibiotic = np.isin(names, ["Amoxicillin 500mg capsules", "Doxycycline 100mg capsules"])
    assert (winter(found.day[antibiotic]) > 0).mean() > 0.6
    hay_fever = names == "Cetirizine 10mg tablets"
    assert (winter(found.day[hay_fever]) > 0).mean() < 0.4


def test_people_of_65_take_as_many_medicines_as_they_do_in_england(
    make_block: Callable[..., Block],
) -> None:
    """About 55 % have five or more substances in a year; about 7 sections in three years.

    Sections: 7.7 among people with any (Liley et al. 2024, doi:10.1038/s41746-024-01250-1).
    """
    made = make_block(4000, seed=6)
    orders = Orders.joined([repeats(made), courses(made)])
    day = int(made.months[60])
    here = (made.people.entry <= day - 1096) & (made.stop > day)
    old = here & (made.age[:, 60] >= 65)
    substances = _different(made, orders, day - 365, 9)
    sections = _different(made, orders, day - 1095, 4)
    assert (substances[old] >= 5).mean() == pytest.approx(0.55, abs=0.08)
    assert sections[here & (sections > 0)].mean() == pytest.approx(7.7, rel=0.2)
    assert len(orders) / ((made.stop - made.people.entry).sum() / 365.25) == pytest.approx(
        12.5, rel=0.12
    )


def _different(block: Block, orders: Orders, start: int, letters: int) -> np.ndarray:
    """Different medicines of each person from a day to the beginning of 2024."""
    inside = (orders.day >= start) & (orders.day < block.months[60])
    names = np.array([code[:letters] for code in product_column("bnf")])
    pairs = np.unique(
        np.stack([orders.row[inside], np.unique(names, return_inverse=True)[1][
            orders.product[inside]]]), axis=1
    )  # fmt: skip
    return np.bincount(pairs[0], minlength=len(block.people))


def test_products_are_the_rows_of_the_tables_one_after_the_other() -> None:
    assert first_product("medicines") == 0
    for table in TABLES:
        place = first_product(table)
        assert product_column("bnf")[place] == column(table, "bnf")[0]
    assert len(product_column("bnf")) == sum(len(column(table, "bnf")) for table in TABLES)


def test_what_recurs_agrees_with_a_loop() -> None:
    rng = np.random.default_rng(1)
    first = rng.integers(-200, 200, 300)
    interval = rng.integers(1, 60, 300)
    start = rng.integers(-100, 100, 300)
    stop = start + rng.integers(-50, 200, 300)
    expected = [
        (which, day)
        for which in range(300)
        for day in range(first[which], stop[which], interval[which])
        if day >= start[which]
    ]
    which, day = recurring(first, interval, start, stop)
    assert list(zip(which.tolist(), day.tolist(), strict=True)) == expected
