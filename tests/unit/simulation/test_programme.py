"""Programmes: their files, whom they take on a day, and what that changes."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from riskstrat.errors import DataError, UsageError
from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.keyed import Keyed
from riskstrat.simulation.lives.programme import SERVICES, Enrolments
from riskstrat.simulation.lives.rules import (
    ADMISSION_DECAY,
    ADMISSION_EXCESS,
    STEP,
    age_of,
    rates_of,
)
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.people.people import GRID, prior
from riskstrat.simulation.programmes.enrolment import enrol
from riskstrat.simulation.programmes.listed import Listed, read_list, require_list
from riskstrat.simulation.programmes.rule import ProgrammeRule, load_programme, require_sound
from riskstrat.simulation.programmes.score import risks, told_until
from riskstrat.simulation.programmes.selection import Candidates, chosen, held_out
from riskstrat.simulation.programmes.standing import Standing, standing_of
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import Period, day_number

FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)
PERIOD = Period.of(FIRST, LAST)
START = date(2023, 3, 1)

SOUND = """
name = "ward"
service = "virtual_ward"
from = 2023-03-01
effect = 0.5
rule = "score"
capacity = 20
"""


def rule(kind: str = "score", **keys: object) -> ProgrammeRule:
    needed = {
        "score": {"capacity": 20},
        "threshold": {"threshold": 0.2},
        "judgement": {"capacity": 20, "correlation": 0.5},
        "random": {"capacity": 20},
        "list": {},
    }
    given = {"name": "ward", "service": "virtual_ward", "from_": START, "effect": 0.5}
    return ProgrammeRule(**{**given, "rule": kind, **needed[kind], **keys})


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return Blocks.of(1500, 5, PERIOD, Setting())


def draws_of(number: np.ndarray):
    return Keyed(1).process("programme ward").draws(number, 100)


def candidates(score: list[float], **columns: list[float]) -> Candidates:
    count = len(score)
    given = {"number": np.arange(count) * 10, "frailty": np.zeros(count)}
    practice = np.array(columns.pop("practice", [0] * count))
    given |= {name: np.array(values) for name, values in columns.items()}
    return Candidates(score=np.array(score), practice=practice, **given)


def taken(programme: ProgrammeRule, found: Candidates, listed: tuple[int, ...] = ()) -> list[int]:
    on_list = np.array(listed, np.int64)
    return chosen(programme, found, draws_of(found.number), on_list).number.tolist()


def written(tmp_path, text: str):
    path = tmp_path / "ward.toml"
    path.write_text(text, "utf-8")
    return path


def test_a_file_is_read_with_its_defaults(tmp_path) -> None:
    read = load_programme(written(tmp_path, SOUND))
    assert read == rule()
    assert (read.duration_days, read.min_age, read.hold_out) == (182, 18, 0.0)
    assert read.days == (START,)
    assert SERVICES == ("virtual_ward", "case_management", "falls_service")


def test_every_mistake_of_a_file_is_named_at_once(tmp_path) -> None:
    wrong = SOUND.replace("0.5", '"much"').replace("capacity = 20", "capcity = 20\nhold_out = 1.0")
    with pytest.raises(DataError) as caught:
        load_programme(written(tmp_path, wrong))
    said = str(caught.value)
    for mistake in (
        "'effect' must be a number, not str",
        "unknown key 'capcity'",
        "'score' needs 'capacity'",
        "'hold_out' must be 0 to 0.99",
        "has 4 mistakes",
    ):
        assert mistake in said
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("effect", ["nan", "inf", "0", "-1", "0.0"])
def test_an_effect_is_a_number_above_zero(tmp_path, effect) -> None:
    with pytest.raises(DataError, match="'effect' must be a number above 0"):
        load_programme(written(tmp_path, SOUND.replace("0.5", effect)))


@pytest.mark.parametrize("effect", ["0.01", "1", "100"])
def test_effects_that_help_harm_and_do_nothing_are_read(tmp_path, effect) -> None:
    read = load_programme(written(tmp_path, SOUND.replace("0.5", effect)))
    assert read.effect == float(effect)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("until = 2023-03-01", "'until' must be after 'from'"),
        ("threshold = 0.4", "'threshold' is for"),
        ("correlation = 0.4", "'correlation' is for 'judgement' only"),
        ("duration_days = 0", "'duration_days' must be 1 to"),
        ("min_age = -1", "'min_age' must not be negative"),
        ('service = "band"', "TOML"),
    ],
)
def test_keys_that_do_not_fit_are_refused(tmp_path, line, said) -> None:
    with pytest.raises(DataError, match=said):
        load_programme(written(tmp_path, SOUND + line))


def test_a_file_that_cannot_be_read_is_named_without_its_folder(tmp_path) -> None:
    with pytest.raises(DataError, match=r"'none\.toml' cannot be read") as caught:
        load_programme(tmp_path / "none.toml")
    assert str(tmp_path) not in str(caught.value)


def test_a_programme_must_fit_the_district() -> None:
    def refused(*rules: ProgrammeRule) -> str:
        with pytest.raises(DataError) as caught:
            require_sound(rules, ["ZZ0001", "ZZ0002"], FIRST, LAST)
        return str(caught.value)

    assert "unknown practices ZZ0009" in refused(rule(practices=("ZZ0001", "ZZ0009")))
    assert "'from' must be in the period" in refused(rule(from_=date(2021, 12, 31)))
    days = (START, date(2023, 5, 31), date(2023, 6, 1))
    assert "1 of 'intakes'" in refused(rule(intakes=days, until=date(2023, 6, 1)))
    assert "1 of 'intakes'" in refused(rule(intakes=(LAST, date(2025, 1, 1))))
    assert "'ward' is the name of several" in refused(rule(), rule("random"))
    assert "'effect' must be" in refused(rule(effect=float("nan")))
    require_sound([rule(from_=FIRST, intakes=(FIRST, LAST))], ["ZZ0001"], FIRST, LAST)


def test_the_highest_scores_are_taken_up_to_the_capacity() -> None:
    found = candidates([0.1, 0.5, 0.3, 0.4])
    assert taken(rule(capacity=2), found) == [10, 30]
    assert taken(rule(capacity=9), found) == [10, 30, 20, 0]


def test_the_capacity_counts_for_each_practice_if_so_said() -> None:
    found = candidates([0.9, 0.8, 0.7, 0.6, 0.5], practice=[1, 1, 1, 0, 0])
    assert taken(rule(capacity=2, capacity_per="practice"), found) == [0, 10, 30, 40]
    assert taken(rule(capacity=1, capacity_per="practice"), found) == [0, 30]


def test_the_threshold_itself_is_taken() -> None:
    found = candidates([0.2, 0.19999, 0.9])
    assert taken(rule("threshold", threshold=0.2), found) == [20, 0]
    assert taken(rule("threshold", threshold=0.2, capacity=1), found) == [20]
    assert taken(rule("threshold", threshold=0.95), found) == []


def test_chance_takes_regardless_of_score_above_the_threshold() -> None:
    score = np.linspace(0, 1, 2001)
    drawn = np.array(taken(rule("random", threshold=0.5, capacity=500), candidates(list(score))))
    drawn_scores = score[drawn // 10]
    assert drawn_scores.min() >= 0.5
    assert drawn_scores.mean() == pytest.approx(0.75, abs=0.03)


def test_equal_scores_are_not_taken_by_number() -> None:
    drawn = taken(rule(capacity=50), candidates([0.3] * 500))
    assert max(drawn) > 4000
    assert drawn != sorted(drawn)


def test_judgement_sees_as_much_of_the_hidden_as_its_correlation_says() -> None:
    rng = np.random.default_rng(1)
    frailty = rng.normal(size=20_000)
    found = candidates([0.3] * 20_000, frailty=frailty)
    means = []
    for correlation in (0.0, 0.5, 1.0):
        programme = rule("judgement", correlation=correlation, capacity=2000)
        picked = np.array(taken(programme, found)) // 10
        means.append(frailty[picked].mean())
    assert means[0] == pytest.approx(0, abs=0.08)
    assert means[1] == pytest.approx(0.5 * means[2], rel=0.1)
    assert set(picked) == set(np.argsort(-frailty)[:2000])


def test_a_list_is_taken_in_its_order_if_they_are_there() -> None:
    found = candidates([0.1, 0.5, 0.3])
    assert taken(rule("list"), found, (20, 15, 0, 990)) == [20, 0]
    assert taken(rule("list", capacity=1), found, (20, 0)) == [20]


def test_the_held_out_are_a_share_drawn_for_each_day() -> None:
    everybody = Keyed(1).process("programme ward").draws(np.arange(5000), 100)
    out = held_out(rule(hold_out=0.3), everybody)
    assert out.mean() == pytest.approx(0.3, abs=0.02)
    other = Keyed(1).process("programme ward").draws(np.arange(5000), 101)
    assert (held_out(rule(hold_out=0.3), other) != out).any()
    assert not held_out(rule(), everybody).any()


def test_candidates_are_there_old_enough_of_the_practice_and_not_busy() -> None:
    day = day_number(date(2023, 3, 1))
    birthdays = [date(1957, 3, 2), date(1958, 3, 2), date(1950, 1, 1), date(1950, 1, 1)]
    standing = Standing(
        days=np.array([day]),
        birth=np.array([*map(day_number, birthdays), day_number(date(1940, 1, 1))]),
        frailty=np.zeros(5, np.float32),
        there=np.array([[True], [True], [False], [True], [True]]),
        practice=np.array([[0], [0], [0], [1], [0]], np.int16),
        score=np.full((5, 1), 0.4, np.float32),
    )
    only_first = np.array([True, False])
    found = Candidates.of(rule(min_age=65), standing, 0, only_first, np.array([4]))
    assert found.number.tolist() == [0]
    anybody = Candidates.of(rule(min_age=0), standing, 0, np.ones(2, bool), np.array([], int))
    assert anybody.number.tolist() == [0, 1, 3, 4]


def test_being_there_begins_with_registration_and_ends_with_leaving_death_or_admission(
    blocks: Blocks,
) -> None:
    people = blocks.block(np.arange(400))
    stays, folk, death = people.lives.admissions, people.people, people.lives.death
    days = np.arange(PERIOD.first + 200, PERIOD.first + 230)
    there = standing_of(people, blocks.rates, days).there
    for row in range(400):
        own = stays.row == row
        for column, day in enumerate(days):
            inside = bool(((stays.start[own] < day) & (stays.end[own] >= day)).any())
            here = folk.entry[row] <= day < folk.leave[row] and death[row] >= day
            assert there[row, column] == (here and not inside)


@pytest.mark.parametrize(
    ("day", "until"),
    [
        (date(2023, 3, 20), date(2023, 2, 1)),
        (date(2023, 3, 21), date(2023, 3, 1)),
        (date(2023, 4, 1), date(2023, 3, 1)),
    ],
)
def test_discharges_of_a_month_are_told_on_the_20th_of_the_next(day, until) -> None:
    """Told on a day is known from the next day on."""
    assert told_until(day_number(day)) == day_number(until)


def test_the_score_is_the_gamma_formula_over_a_plain_loop(blocks: Blocks) -> None:
    people = blocks.block(np.arange(400))
    days = np.array([PERIOD.first + 300, PERIOD.first + 800])
    found = risks(people, blocks.rates, days)
    often = np.bincount(people.lives.admissions.row, minlength=400) > 2
    for row in {*range(60), *np.flatnonzero(often)}:
        for column, day in enumerate(days):
            expected = slow_risk(people, blocks.rates, row, int(day))
            assert found[row, column] == pytest.approx(expected, rel=1e-9)


def slow_risk(block, rates, row: int, day: int) -> float:
    """The same risk, day by day in Python."""
    folk, until = block.people, told_until(day)
    if day < folk.entry[row]:
        return 0.0
    own = block.lives.admissions.row == row
    every = zip(block.lives.admissions.start[own], block.lives.admissions.end[own], strict=True)
    stays = [(start, end) for start, end in every if end < until]

    def rate_on(when: int) -> float:
        home = folk.decile[row] if when < folk.moves[row] else folk.next_decile[row]
        age = age_of(folk.birth[row], when)
        cared = bool(block.lives.care_home[row] < when)
        onset = block.lives.onset[row]
        return rates_of(
            rates, int(folk.female[row]), home, age, int(folk.alone[row]), cared, onset, when
        )[0]

    hazard, rate, excess, last = 0.0, 0.0, 0.0, -(2**30)
    for when in range(folk.entry[row], until):
        if (when - folk.entry[row]) % STEP == 0:
            rate = rate_on(when)
        if when > last:
            hazard += rate * (1 + excess) * rates.season[0, when - rates.first_day]
            excess *= ADMISSION_DECAY
        for start, end in stays:
            if start == when:
                last, excess = end, ADMISSION_EXCESS
    since = day - stays[-1][1] if stays else 10**9
    left = ADMISSION_EXCESS * ADMISSION_DECAY**since / (1 - ADMISSION_DECAY)
    ahead = rate_on(day) * (365 + left) / 365.25
    weights = prior()[int((folk.entry[row] - folk.birth[row]) / 365.25)]
    mean = weights @ GRID
    scale = (weights @ GRID**2 - mean**2) / mean
    return 1 - ((1 / scale + hazard) / (1 / scale + hazard + ahead)) ** (mean / scale + len(stays))


def test_the_score_ranks_and_is_about_right() -> None:
    """On people it never saw: the highest tenth of scores holds several times its share."""
    whole = Blocks.of(6000, 8, PERIOD, Setting())
    day = day_number(date(2023, 9, 1))
    block = whole.block(np.arange(6000))
    standing = standing_of(block, whole.rates, np.array([day]))
    here, score = standing.there[:, 0], standing.score[:, 0]
    stays = block.lives.admissions
    admitted = np.zeros(6000, bool)
    admitted[stays.row[(stays.start >= day) & (stays.start < day + 365)]] = True
    assert score[here].mean() == pytest.approx(admitted[here].mean(), rel=0.15)
    high = here & (score >= np.quantile(score[here], 0.9))
    assert admitted[high].mean() > 3 * admitted[here].mean()


def test_enrolments_of_some_people_leave_the_others_out() -> None:
    whole = Enrolments(
        person=np.array([2, 5, 5, 7, 9]),
        start=np.array([10, 20, 30, 40, 50]),
        stop=np.array([11, 21, 31, 41, 51]),
        factor=np.array([0.5, 1.0, 2.0, 3.0, 4.0]),
        programme=np.array([0, 0, 1, 0, 1]),
    )
    first, start, stop, factor = whole.of(np.array([5, 6, 9]))
    assert first.tolist() == [0, 2, 2, 3]
    assert start.tolist() == [20, 30, 50]
    assert (stop - start).tolist() == [1, 1, 1]
    assert factor.tolist() == [1.0, 2.0, 4.0]
    assert [len(part) for part in Enrolments.nobody().of(np.arange(3))] == [4, 0, 0, 0]


def test_what_a_programme_does_begins_on_the_day_it_takes_people(blocks: Blocks) -> None:
    programme = rule(capacity=60, effect=0.05, duration_days=400)
    selected = enrol(blocks, [programme], Listed.nobody())
    helped = blocks.block(np.arange(1500), selected.enrolments())
    alone = blocks.block(np.arange(1500))
    start = day_number(START)
    assert len(selected.person) == 60

    def stays(block, since: int, until: int) -> set[tuple[int, int, int]]:
        found = block.lives.admissions
        rows = (found.start >= since) & (found.start < until)
        return set(zip(found.row[rows], found.start[rows], found.end[rows], strict=True))

    assert stays(helped, 0, start) == stays(alone, 0, start)
    after, without = (stays(block, start, start + 400) for block in (helped, alone))
    members = set(selected.person)
    assert {stay for stay in after if stay[0] not in members} == {
        stay for stay in without if stay[0] not in members
    }
    own, own_without = (sum(row in members for row, _, _ in found) for found in (after, without))
    assert own < 0.3 * own_without


def test_nobody_takes_part_twice_at_once_and_the_held_out_stay_out(blocks: Blocks) -> None:
    days = (START, date(2023, 4, 1), date(2023, 5, 1))
    programme = rule(capacity=100, hold_out=0.4, intakes=days, duration_days=31)
    selected = enrol(blocks, [programme], Listed.nobody(), workers=2)
    assert len(selected.person) == 300
    out = selected.person[selected.held_out]
    assert len(out) == len(set(out))
    assert not set(out) & set(selected.person[~selected.held_out][-60:])
    enrolments = selected.enrolments()
    again = np.flatnonzero(enrolments.person[1:] == enrolments.person[:-1])
    assert len(again) > 0
    assert (enrolments.start[1:][again] >= enrolments.stop[:-1][again]).all()


def test_an_early_end_ends_what_it_does(blocks: Blocks) -> None:
    programme = rule(until=date(2023, 3, 11))
    selected = enrol(blocks, [programme], Listed.nobody())
    assert set(selected.stop - selected.start) == {10}


def test_another_programme_is_left_out_alone(blocks: Blocks) -> None:
    second = rule("random", name="visits", capacity=30, min_age=80)
    selected = enrol(blocks, [rule(), second], Listed.nobody())
    assert len(selected.enrolments()) == 50
    assert set(selected.enrolments(leave_out=0).programme) == {1}
    whole = blocks.block(np.arange(1500))
    age = (day_number(START) - whole.people.birth) / 365.25
    assert age[selected.person[selected.programme == 1]].min() >= 80


def enrolment_file(blocks: Blocks, **columns: list[object]) -> pd.DataFrame:
    number = blocks.nhs_number[[4, 2, 9]]
    given = {"nhs_number": [str(n) for n in number], "date": ["2023-04-01"] * 3}
    return pd.DataFrame({**given, **columns})


def test_a_list_names_people_by_either_identifier(blocks: Blocks, tmp_path) -> None:
    listing = [rule("list")]
    by_number = read_list(enrolment_file(blocks), listing, blocks.nhs_number, PERIOD)
    assert by_number.person.tolist() == [4, 2, 9]
    assert by_number.on(0, day_number(date(2023, 4, 1))).tolist() == [4, 2, 9]
    names = pseudonyms(blocks.nhs_number, np.arange(1500))
    rows = pd.DataFrame({"patient_id": names[[7, 3, 7]], "date": [date(2023, 4, 2)] * 3, "rank": 1})
    for kind in ("csv", "parquet"):
        path = tmp_path / f"list.{kind}"
        getattr(rows, f"to_{kind}")(path, index=False)
        assert read_list(path, listing, blocks.nhs_number, PERIOD).person.tolist() == [7, 3]
    spaced = [f"{text[:3]} {text[3:6]} {text[6:]}" for text in enrolment_file(blocks).nhs_number]
    found = read_list(enrolment_file(blocks, nhs_number=spaced), listing, blocks.nhs_number, PERIOD)
    assert found.person.tolist() == [4, 2, 9]


def test_rows_of_a_list_that_cannot_be_are_counted_and_never_shown(blocks: Blocks) -> None:
    wrong = enrolment_file(
        blocks,
        nhs_number=["9434765919", "canary", str(blocks.nhs_number[1])],
        date=["2023-04-01", "2022-12-31", "yesterday"],
    )
    with pytest.raises(DataError) as caught:
        read_list(wrong, [rule("list")], blocks.nhs_number, PERIOD)
    said = str(caught.value)
    assert "2 with an unknown person" in said
    assert "1 without a sound date" in said
    assert "1 outside of the period or of the programme" in said
    assert not any(value in said for value in ("9434765919", "canary", "yesterday"))


def test_a_list_needs_its_columns_and_its_programme(blocks: Blocks) -> None:
    two = [rule("list"), rule("list", name="visits")]
    with pytest.raises(DataError, match="expected a column 'programme'"):
        read_list(enrolment_file(blocks), two, blocks.nhs_number, PERIOD)
    named = enrolment_file(blocks, programme=["visits", "ward", "visits"])
    assert read_list(named, two, blocks.nhs_number, PERIOD).programme.tolist() == [1, 0, 1]
    unknown = enrolment_file(blocks, programme=["visits", "ward", "other"])
    with pytest.raises(DataError, match="1 of an unknown programme"):
        read_list(unknown, two, blocks.nhs_number, PERIOD)
    with pytest.raises(DataError, match="without them"):
        read_list(pd.DataFrame({"name": ["x"]}), two, blocks.nhs_number, PERIOD)
    with pytest.raises(DataError, match="no rows"):
        read_list(enrolment_file(blocks).iloc[:0], two, blocks.nhs_number, PERIOD)
    with pytest.raises(UsageError, match="beside the enrolment file"):
        require_list(named, [rule()])
    with pytest.raises(UsageError, match="expected an enrolment file"):
        require_list(None, two)


def test_the_first_and_last_day_of_a_list(blocks: Blocks) -> None:
    programme = rule("list", until=date(2023, 6, 1))
    days = ["2023-03-01", "2023-05-31", "2023-06-01"]
    with pytest.raises(DataError, match="1 outside of"):
        read_list(enrolment_file(blocks, date=days), [programme], blocks.nhs_number, PERIOD)
    days[2] = "2023-05-31"
    read = read_list(enrolment_file(blocks, date=days), [programme], blocks.nhs_number, PERIOD)
    assert read.days(0) == [day_number(START), day_number(date(2023, 5, 31))]


def test_a_list_takes_who_is_there(blocks: Blocks) -> None:
    day = day_number(date(2023, 4, 1))
    whole = blocks.block(np.arange(1500))
    there = standing_of(whole, blocks.rates, np.array([day])).there[:, 0]
    dead = np.flatnonzero(whole.lives.death < day)[0]
    alive = np.flatnonzero(there & (whole.people.birth < day - 20 * 366))[:2]
    listed = Listed(np.array([dead, *alive]), np.full(3, day), np.zeros(3, np.int64))
    selected = enrol(blocks, [rule("list")], listed)
    assert selected.person.tolist() == alive.tolist()
