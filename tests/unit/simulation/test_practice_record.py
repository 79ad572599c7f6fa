"""What practices record: known no earlier than it happened, and of the right person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, condition_index, numbers
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.practice import entries_of, tell
from riskstrat.simulation.practice.appointments import appointments
from riskstrat.simulation.practice.diagnoses import HISTORY_DAYS
from riskstrat.simulation.practice.entries import Entries, Kind, concept
from riskstrat.simulation.practice.medicines import courses, repeats
from riskstrat.simulation.practice.seen import Seen
from riskstrat.simulation.practice.values import measured
from riskstrat.simulation.practice.visits import visits
from riskstrat.simulation.timeline import NEVER, ages

DAYS_PER_YEAR = 365.25


@pytest.fixture(scope="module")
def entries(block: Block) -> Entries:
    return entries_of(block)


@pytest.fixture(scope="module")
def events(block: Block) -> Any:
    """Canonical events as one table."""
    ledger = Ledger(np.array([f"p{number}" for number in block.people.number]))
    tell(block, Outputs(None, ledger))
    tables = [part.select(["patient_id", "kind", "event_date", "recorded_date", "source", "code"])
              for part in ledger.parts["events"]]  # fmt: skip
    return pa.concat_tables(tables).to_pandas()


def _known(block: Block, day: int) -> Counter[tuple[Any, ...]]:
    """Everything that happened before a day, as a bag."""
    noted, booked = entries_of(block), appointments(block)
    found: Counter[tuple[Any, ...]] = Counter()
    for parts in (
        (noted.row, noted.day, noted.concept, np.nan_to_num(noted.value), noted.key),
        (booked.row, booked.day, booked.mode, booked.status, booked.slot, booked.key),
        *((o.row, o.day, o.product, o.quantity, o.key) for o in (repeats(block), courses(block))),
    ):
        before = parts[1] < day
        found.update(zip(*(part[before].tolist() for part in parts), strict=True))
    return found


def test_what_happens_later_changes_nothing_that_was_recorded_before(block: Block) -> None:
    """The boundary day counts as later: nobody falls ill, dies or moves on it or after it."""
    day = int(block.months[40]) + 11
    lives = block.lives
    stopped = replace(
        lives,
        onset=np.where(lives.onset >= day, NEVER, lives.onset),
        death=np.where(lives.death >= day, NEVER, lives.death),
        care_home=np.where(lives.care_home >= day, NEVER, lives.care_home),
    )
    assert (lives.onset >= day).any()
    expected = _known(block, day)
    assert _known(replace(block, lives=stopped), day) == expected
    assert sum(expected.values()) > 10_000


def test_admissions_attendances_and_the_multiplier_leave_no_trace(block: Block) -> None:
    lives = block.lives
    none = {
        name: type(found)(*(getattr(found, part)[:0] for part in found.__dataclass_fields__))
        for name in ("admissions", "attendances")
        for found in [getattr(lives, name)]
    }
    people = replace(block.people, multiplier=block.people.multiplier[::-1].copy())
    healthy = replace(block, lives=replace(lives, **none), people=people)
    assert len(lives.admissions.row) > 100
    assert _known(healthy, NEVER) == _known(block, NEVER)


def test_a_person_has_the_same_record_in_a_block_of_other_people(block: Block) -> None:
    some = np.arange(700, 760)
    lives = replace(
        block.lives,
        onset=block.lives.onset[some],
        death=block.lives.death[some],
        care_home=block.lives.care_home[some],
    )
    few = replace(block, people=block.people.take(some), lives=lives)
    expected = Counter(
        {item: n for item, n in _known(block, NEVER).items() if 700 <= item[0] < 760}
    )
    moved = Counter({(item[0] + 700, *item[1:]): n for item, n in _known(few, NEVER).items()})
    assert moved == expected


def test_every_condition_that_began_is_coded_exactly_once(block: Block, entries: Entries) -> None:
    """On its day, or when old records were moved; not one that begins on the last day or later."""
    first = np.flatnonzero(entries.kind == Kind.DIAGNOSIS)
    coded = {(entries.row[i], entries.concept[i]): entries.day[i] for i in first}
    row, condition = np.nonzero(block.lives.onset < block.stop[:, None])
    assert len(coded) == len(first) == len(row)
    earliest = block.period.first - HISTORY_DAYS
    days = np.array([coded[pair] for pair in zip(row, condition, strict=True)])
    onset = block.lives.onset[row, condition]
    old = onset < earliest
    assert old.sum() > 20
    assert (days[~old] == onset[~old]).all()
    assert (days[old] >= earliest).all()
    assert (days[old] < earliest + 3 * 365).all()


def test_events_are_recorded_the_next_day_and_old_ones_on_registering(
    block: Block, events: Any
) -> None:
    person = events["patient_id"].str[1:].astype(int).to_numpy()
    registered = block.people.registered[person]
    day, recorded = (
        events[name].to_numpy().astype("datetime64[D]").astype(np.int64)
        for name in ("event_date", "recorded_date")
    )
    assert (recorded == np.maximum(day, registered) + 1).all()
    assert (day < block.stop[person]).all()
    assert (day >= block.people.birth[person]).all()
    assert (day >= block.period.first - HISTORY_DAYS).all()
    assert set(events["source"]) == {"gp"}
    kinds = {"diagnosis", "observation", "measurement", "medication", "appointment", "contact"}
    assert set(events["kind"]) == kinds


def test_falls_and_care_are_told_of_those_only_who_need_it(block: Block, entries: Entries) -> None:
    """Concepts that stand for a frailty deficit need the condition they stand for."""
    for name, condition in (("recurrent_fall", "fall"), ("has_carer", "care_requirement")):
        found = entries.take(entries.concept == concept(name))
        onset = block.lives.onset[found.row, condition_index(condition)]
        assert len(found) > 0
        assert (onset < found.day).all()


def test_no_concept_stands_for_a_deficit_that_the_person_need_not_have(shared_data: Any) -> None:
    codes = (shared_data.parent / "reference" / "efi_codes.csv").read_text("utf-8").splitlines()
    deficits = {line.split(",")[-2]: line.split(",")[0] for line in codes if ",snomed," in line}
    needed = {"1912002": "falls", "184156005": "care-requirement"}
    told = [*column("observations", "snomed"), *column("observations", "changed_snomed")]
    told += column("contact_modes", "snomed")
    assert {code: deficits[code] for code in told if code in deficits} == needed


def test_results_keep_to_the_side_of_the_limit_that_the_conditions_say(
    block: Block, entries: Entries
) -> None:
    """The limits of the frailty index: a result on a limit is not yet a deficit."""
    beyond = {}
    for name, condition, side in zip(
        *(column("measurement_limits", key) for key in ("observation", "condition", "side")),
        strict=True,
    ):
        found = entries.take(entries.concept == concept(name))
        limits = numbers("measurement_limits", "men"), numbers("measurement_limits", "women")
        which = column("measurement_limits", "observation").index(name)
        limit = np.where(block.people.female[found.row], limits[1][which], limits[0][which])
        is_beyond = found.value < limit if side == "lowest" else found.value > limit
        ill = block.lives.onset[found.row, condition_index(condition)] < found.day
        assert len(found) > 500
        assert not (is_beyond & ~ill).any()
        beyond[name] = is_beyond[ill].mean()
    assert beyond["egfr"] > 0.8
    assert beyond["hba1c"] > 0.6


def test_values_of_one_person_are_alike(entries: Entries) -> None:
    """Two readings of one person differ less than readings of two people."""
    for name, alike in (("bmi", 0.2), ("egfr", 0.6), ("systolic", 0.9)):
        found = entries.take(entries.concept == concept(name))
        order = np.lexsort((found.day, found.row))
        row, value = found.row[order], found.value[order]
        same = row[1:] == row[:-1]
        within = np.std(value[1:][same] - value[:-1][same]) / np.sqrt(2)
        assert within < alike * value.std()


def test_weight_falls_slowly_after_weight_loss_began_and_not_before(block: Block) -> None:
    """Six per cent a year, at most a fifth; the body mass index goes with the weight."""
    lives = block.lives
    loses = condition_index("weight_loss")
    begun = int(block.months[24])
    thin = replace(block, lives=replace(lives, onset=lives.onset.copy()))
    thin.lives.onset[:, loses] = begun
    never = replace(block, lives=replace(lives, onset=lives.onset.copy()))
    never.lives.onset[:, loses] = NEVER
    ratios = {}
    for made in (thin, never):
        found = entries_of(made)
        found = found.take(found.concept == concept("weight"))
        read = zip(found.key.tolist(), found.day, found.value, strict=True)
        ratios[made is thin] = {key: (day, value) for key, day, value in read}
    both = ratios[True].keys() & ratios[False].keys()
    years = np.array([(ratios[True][key][0] - begun) / DAYS_PER_YEAR for key in both])
    lost = np.array([1 - ratios[True][key][1] / ratios[False][key][1] for key in both])
    expected = np.clip(0.06 * np.maximum(years, 0), 0, 0.2)
    assert len(both) > 300
    assert np.abs(lost - expected).max() < 0.01


def test_creatinine_and_filtration_rate_of_a_visit_agree(block: Block, entries: Entries) -> None:
    """The 2009 CKD-EPI equation gives the rate back within rounding."""
    kept = {}
    for name in ("egfr", "creatinine"):
        found = entries.take(entries.concept == concept(name))
        kept[name] = {(r, d): v for r, d, v in zip(found.row, found.day, found.value, strict=True)}
    pairs = [pair for pair in kept["egfr"] if pair in kept["creatinine"]]
    row, day = np.array(pairs).T
    age = ages(block.people.birth[row], day)
    female = block.people.female[row]
    scaled = np.array([kept["creatinine"][pair] for pair in pairs]) / np.where(female, 61.9, 79.6)
    power = np.where(scaled < 1, np.where(female, -0.329, -0.411), -1.209)
    rate = 141 * scaled**power * 0.993**age * np.where(female, 1.018, 1.0)
    told = np.array([kept["egfr"][pair] for pair in pairs])
    close = np.abs(rate - told) < 0.03 * told + 1.5
    assert len(pairs) > 500
    assert close.mean() > 0.98


def test_hypertension_raises_pressure_from_the_day_after_it_began(block: Block) -> None:
    visit = visits(block, "trial", np.ones((len(block.people), 1)))
    had = block.had("hypertension", visit.row, visit.day)
    onset = block.lives.onset.copy()
    onset[:, condition_index("hypertension")] = NEVER
    without = replace(block, lives=replace(block.lives, onset=onset))
    change = measured(Seen(block, visit), "systolic") - measured(Seen(without, visit), "systolic")
    assert had.sum() > 100
    assert np.allclose(change[~had], 0)
    assert change[had].mean() == pytest.approx(13, abs=0.2)


def test_vaccinations_come_in_autumn_for_those_invited(block: Block, entries: Entries) -> None:
    """At 65, or at risk, on the first of September; at most once a season."""
    found = entries.take(entries.concept == concept("influenza_vaccination"))
    day = found.day.astype("datetime64[D]")
    month = day.astype("datetime64[M]").astype(int) % 12 + 1
    assert set(month) <= {9, 10, 11, 12}
    season = day.astype("datetime64[Y]").astype(int)
    assert len(set(zip(found.row, season, strict=True))) == len(found)
    september = (day.astype("datetime64[Y]").astype("datetime64[M]") + 8).astype("datetime64[D]")
    september = september.astype(int)
    old = ages(block.people.birth[found.row], september) >= 65
    ill = (block.lives.onset[found.row] < september[:, None]).any(axis=1)
    assert (old | ill).all()
    assert 0.6 < old.mean() < 0.95


def test_frailty_degrees_follow_the_deficits_coded_before(block: Block, entries: Entries) -> None:
    """From five deficits of 36 mild, from nine moderate, from thirteen severe; counted singly."""
    deficits = np.array(column("conditions", "efi"))
    bounds = {"mild_frailty": (5, 8), "moderate_frailty": (9, 12), "severe_frailty": (13, 36)}
    seen = 0
    for name, (low, high) in bounds.items():
        found = entries.take(entries.concept == concept(name))
        for row, day in zip(found.row, found.day, strict=True):
            begun = set(deficits[block.lives.onset[row] < day]) - {""}
            assert low <= len(begun) <= high
        seen += len(found)
    assert seen > 50


def test_a_shock_year_has_fewer_measurements_and_visits_and_most_are_by_telephone(
    block: Block,
) -> None:
    """Four visits in five and three readings in five take place; none is moved or added."""
    shocked = replace(block, setting=replace(block.setting, shock=date(2020, 3, 1)))
    start = (date(2020, 3, 1) - date(1970, 1, 1)).days
    kept = {}
    for made in (block, shocked):
        booked, noted = appointments(made), entries_of(made)
        read = noted.take(noted.concept == concept("systolic"))
        inside = (booked.day >= start) & (booked.day < start + 365)
        during = (read.day >= start) & (read.day < start + 365)
        kept[made is shocked] = (set(booked.key[inside].tolist()), set(read.key[during].tolist()),
                                 (booked.mode[inside] == 0).mean())  # fmt: skip
    usual, shock = kept[False], kept[True]
    assert shock[0] <= usual[0]
    assert shock[1] <= usual[1]
    assert len(shock[0]) / len(usual[0]) == pytest.approx(0.8, abs=0.03)
    assert len(shock[1]) / len(usual[1]) == pytest.approx(0.6, abs=0.07)
    assert shock[2] < 0.35 < 0.6 < usual[2]


def test_visits_are_on_working_days(block: Block, entries: Entries) -> None:
    """Monday to Friday; day 0 was a Thursday."""
    measured_days = entries.day[entries.kind == Kind.MEASUREMENT]
    for day in (measured_days, appointments(block).day, repeats(block).day, courses(block).day):
        weekday = (day + 3) % 7
        assert weekday.max() == 4
        assert np.bincount(weekday, minlength=5).min() / len(day) > 0.15


def test_consultations_by_age_are_near_those_of_english_practices(
    make_block: Callable[..., Block],
) -> None:
    """Attended appointments a person-year (Hobbs et al. 2016), within 15 %; women more than men."""
    made = make_block(4000, seed=5)
    booked = appointments(made)
    attended = booked.take(booked.status == 0)
    age = ages(made.people.birth[attended.row], attended.day)
    first, last = made.people.entry[:, None], made.stop[:, None]
    seen = np.minimum(last, made.months[1:]) - np.maximum(first, made.months[:-1])
    years = np.maximum(seen, 0) / DAYS_PER_YEAR
    rates = {}
    for low, high in ((20, 45), (45, 65), (65, 75), (75, 85), (85, 120)):
        of_age = years[(made.age >= low) & (made.age < high)].sum()
        rates[low] = ((age >= low) & (age < high)).sum() / of_age
    for low, expected in ((20, 3.5), (45, 5.5), (65, 7.5), (75, 10.0), (85, 13.0)):
        assert rates[low] == pytest.approx(expected, rel=0.15), low
    assert len(attended) / years.sum() == pytest.approx(5.2, rel=0.12)
    women = made.people.female
    by_sex = [
        (women[attended.row] == sex).sum() / years[women == sex].sum() for sex in (False, True)
    ]
    assert by_sex[1] > 1.1 * by_sex[0]
    assert np.bincount(booked.status)[1:] / len(booked) == pytest.approx([0.045, 0.05], abs=0.006)


def test_feed_rows_of_a_block_without_people_have_the_same_columns(small_block: Block) -> None:
    def told(made: Block) -> dict[str, pa.Schema]:
        found: list[FeedRows] = []
        tell(made, Outputs(found.append, None))
        return {rows.file: rows.table().schema for rows in found}

    nobody = np.arange(0)
    lives = small_block.lives
    empty = replace(
        small_block,
        people=small_block.people.take(nobody),
        lives=replace(lives, onset=lives.onset[nobody], death=nobody, care_home=nobody),
    )
    expected = told(small_block)
    assert set(expected) == {"gp_observation", "gp_appointment", "gp_medication_order"}
    assert told(empty) == expected
