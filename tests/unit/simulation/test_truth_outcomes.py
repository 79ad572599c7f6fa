"""The truth: first events of every month, everybody's identity, and what programmes really did."""

from __future__ import annotations

from datetime import date
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from riskstrat.simulation.blocks import Blocks
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.people.people import GRID
from riskstrat.simulation.programmes.enrolment import Selected, enrol
from riskstrat.simulation.programmes.listed import Listed
from riskstrat.simulation.programmes.rule import ProgrammeRule
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.timeline import NEVER, Period, day_number
from riskstrat.simulation.truth.effect import Happened, effects, enrolments_table, happened
from riskstrat.simulation.truth.outcomes import OUTCOMES, first_events, outcomes_table
from riskstrat.simulation.truth.persons import admissions_table, persons_table
from riskstrat.simulation.truth.risks import Asked
from riskstrat.simulation.truth.tables import TruthTables

PERIOD = Period.of(date(2022, 1, 1), date(2024, 12, 31))
DAY = 1000


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return Blocks.of(3000, 9, PERIOD, Setting())


def one_life(stays: list[tuple[int, int]], *, entry=0, leave=NEVER, death=NEVER) -> SimpleNamespace:
    admissions = SimpleNamespace(
        row=np.zeros(len(stays), np.int64),
        start=np.array([start for start, _ in stays], np.int64),
        end=np.array([end for _, end in stays], np.int64),
    )
    people = SimpleNamespace(entry=np.array([entry]), leave=np.array([leave]))
    lives = SimpleNamespace(admissions=admissions, death=np.array([death]))
    return SimpleNamespace(people=people, lives=lives)


def event(block: SimpleNamespace, day: int = DAY) -> tuple[str, int] | None:
    """Outcome and days to it on one day; None when the person is not there."""
    row, _, outcome, days = first_events(block, np.array([day]))
    return (OUTCOMES[outcome[0]], int(days[0])) if len(row) else None


@pytest.mark.parametrize(
    ("stays", "death", "expected"),
    [
        ([], NEVER, ("neither", 0)),
        ([(DAY, DAY + 3)], NEVER, ("admission", 0)),
        ([(DAY - 1, DAY - 1)], NEVER, ("neither", 0)),
        ([(DAY + 364, DAY + 400)], NEVER, ("admission", 364)),
        ([(DAY + 365, DAY + 365)], NEVER, ("neither", 0)),
        ([], DAY, ("death", 0)),
        ([], DAY + 364, ("death", 364)),
        ([], DAY + 365, ("neither", 0)),
        ([(DAY + 5, DAY + 9)], DAY + 9, ("admission", 5)),
        ([(DAY + 5, DAY + 5)], DAY + 5, ("admission", 5)),
        ([(DAY - 400, DAY - 390), (DAY + 7, DAY + 8)], DAY + 30, ("admission", 7)),
    ],
)
def test_the_first_event_within_365_days(stays, death, expected) -> None:
    assert event(one_life(stays, death=death)) == expected


@pytest.mark.parametrize(
    ("stays", "death", "expected"),
    [
        ([(DAY - 2, DAY + 4)], NEVER, ("neither", 0)),
        ([(DAY - 2, DAY + 4)], DAY + 4, ("death", 4)),
        ([(DAY - 2, DAY + 4), (DAY + 5, DAY + 6)], DAY + 6, ("admission", 5)),
        ([(DAY - 2, DAY)], NEVER, ("neither", 0)),
        ([(DAY - 2, DAY)], DAY, ("death", 0)),
    ],
)
def test_in_hospital_only_an_admission_after_the_discharge_counts(stays, death, expected) -> None:
    assert event(one_life(stays, death=death)) == expected


def test_only_the_living_and_registered_have_an_outcome() -> None:
    assert event(one_life([], entry=DAY)) is not None
    assert event(one_life([], entry=DAY + 1)) is None
    assert event(one_life([], leave=DAY + 1)) is not None
    assert event(one_life([], leave=DAY)) is None
    assert event(one_life([], death=DAY - 1)) is None


def test_events_after_moving_away_count() -> None:
    assert event(one_life([(DAY + 50, DAY + 60)], leave=DAY + 10)) == ("admission", 50)


def test_every_month_against_a_plain_loop(blocks: Blocks) -> None:
    block = blocks.block(np.arange(150))
    table = outcomes_table(block).to_pylist()
    expected = []
    for row in range(150):
        stays = block.lives.admissions.start[block.lives.admissions.row == row]
        death = block.lives.death[row]
        for day in block.months:
            if block.people.entry[row] <= day < block.people.leave[row] and death >= day:
                ahead = [s for s in stays if day <= s < day + 365]
                found = ("admission", min(ahead) - day) if ahead else ("neither", None)
                if not ahead and death < day + 365:
                    found = ("death", death - day)
                expected.append((row, int(day), *found))
    months = [(r["person"], day_number(r["index_date"]), r["outcome"], r["days"]) for r in table]
    assert months == expected
    assert {r["index_date"] for r in table} >= {date(2022, 1, 1), date(2024, 12, 1)}
    assert max(r["index_date"] for r in table) == date(2025, 1, 1)


def test_people_live_a_year_beyond_the_period(blocks: Blocks) -> None:
    """So that the window of the last index date is whole."""
    last = day_number(date(2025, 1, 1))
    assert blocks.until >= last + 364
    whole = blocks.block(np.arange(3000))
    assert whole.lives.admissions.start.max() > last + 300


def test_everybody_has_their_true_identity(blocks: Blocks) -> None:
    block = blocks.block(np.arange(500, 900))
    table = persons_table(block)
    assert table["person"].to_pylist() == list(range(500, 900))
    numbers = [int(text) for text in table["nhs_number"].to_pylist()]
    assert numbers == blocks.nhs_number[500:900].tolist()
    names = pseudonyms(blocks.nhs_number[500:900], np.arange(500, 900))
    assert table["patient_id"].to_pylist() == names.tolist()
    assert set(table["multiplier"].to_pylist()) <= set(GRID.tolist())
    women = [sex == "female" for sex in table["sex"].to_pylist()]
    assert women == block.people.female.tolist()
    died = np.array([day is not None for day in table["death_date"].to_pylist()])
    assert (died == (block.lives.death < NEVER)).all()


def test_admissions_that_no_service_saw_are_there_and_marked(blocks: Blocks) -> None:
    block = blocks.block(np.arange(3000))
    found, rows = block.lives.admissions, admissions_table(block)
    assert rows.num_rows == len(found.start)
    seen = rows["seen"].to_numpy()
    away = found.start >= block.people.leave[found.row]
    later = found.start > PERIOD.last
    assert (seen == ~(away | later)).all()
    assert (~seen[away]).any()
    assert (~seen[later]).any()
    assert seen[found.start == block.people.leave[found.row] - 1].all()


def test_a_block_without_people_of_a_kind_has_the_same_columns(blocks: Blocks) -> None:
    few, many = blocks.block(np.arange(1)), blocks.block(np.arange(500))
    for table in (persons_table, admissions_table, outcomes_table):
        assert table(few).schema == table(many).schema


def test_twelve_months_are_counted_from_the_first_day() -> None:
    """Two people: nights over the edge count inside only, day cases count as admissions."""
    lives = SimpleNamespace(
        admissions=SimpleNamespace(
            row=np.array([0, 0, 0, 0, 1]),
            start=np.array([98, 200, 464, 465, 300]),
            end=np.array([103, 200, 470, 466, 310]),
        ),
        death=np.array([470, 464]),
    )
    assert happened(lives, np.array([0]), np.array([100])) == Happened(2, 4, 1, 0)
    both = happened(lives, np.array([0, 1]), np.array([100, 100]))
    assert both == Happened(3, 14, 2, 1)
    assert both + Happened(1, 1, 1, 1) == Happened(4, 15, 3, 2)


def programme(effect: float, **keys: object) -> ProgrammeRule:
    given = {"rule": "score", "capacity": 150, "duration_days": 365}
    start = date(2023, 6, 1)
    return ProgrammeRule("ward", "virtual_ward", start, effect, **{**given, **keys})


@pytest.fixture(scope="module")
def judged() -> dict[float, dict]:
    """What programmes of three effects did, with a third held out."""
    larger, found = Blocks.of(8000, 9, PERIOD, Setting()), {}
    for effect in (0.4, 1.0, 2.5):
        rules = [programme(effect, hold_out=0.33)]
        found[effect] = effects(larger, rules, enrol(larger, rules, Listed.nobody()))[0]
    return found


def test_without_an_effect_nothing_changes_yet_before_and_after_differ(blocks: Blocks) -> None:
    """Of people with two admissions in a year most get better: a reduction that nobody made."""
    start = day_number(date(2023, 6, 1))
    stays = blocks.block(np.arange(3000)).lives.admissions
    recent = stays.row[(stays.start >= start - 365) & (stays.start < start)]
    often = np.flatnonzero(np.bincount(recent, minlength=3000) > 1)
    listed = Listed(often, np.full(len(often), start), np.zeros(len(often), np.int64))
    rules = [programme(1.0, rule="list", capacity=None)]
    arm = effects(blocks, rules, enrol(blocks, rules, listed))[0]["arms"]["enrolled"]
    assert arm["people"] > 15
    assert arm["with"] == arm["without"]
    assert arm["year_before"]["admissions"] > 1.5 * arm["with"]["admissions"]


def test_the_same_people_do_better_or_worse_by_the_planted_effect(judged) -> None:
    arms = {effect: found["arms"]["enrolled"] for effect, found in judged.items()}
    assert len({(arm["people"], str(arm["without"])) for arm in arms.values()}) == 1
    helped, harmed = (
        arms[effect]["with"]["admissions"] / arms[effect]["without"]["admissions"]
        for effect in (0.4, 2.5)
    )
    assert helped == pytest.approx(0.4, abs=0.2)
    assert harmed > 1.5
    assert arms[0.4]["with"]["bed_days"] < arms[0.4]["without"]["bed_days"]


def test_nothing_happens_to_the_held_out(judged) -> None:
    for found in judged.values():
        arm = found["arms"]["held_out"]
        assert arm["people"] + found["arms"]["enrolled"]["people"] == 150
        assert arm["people"] > 25
        assert arm["with"] == arm["without"]


def test_whom_a_programme_took_is_written(blocks: Blocks) -> None:
    rules = [programme(0.5, hold_out=0.3)]
    selected = enrol(blocks, rules, Listed.nobody())
    table = enrolments_table(blocks, rules, selected).to_pylist()
    assert len(table) == 150
    assert {row["programme"] for row in table} == {"ward"}
    assert {row["start_date"] for row in table} == {date(2023, 6, 1)}
    assert {row["stop_date"] for row in table} == {date(2024, 5, 31)}
    out = [row["person"] for row in table if row["arm"] == "held_out"]
    assert out == selected.person[selected.held_out].tolist()
    assert isinstance(selected, Selected)


def test_the_sample_of_true_risks_is_random_and_of_the_size_asked_for(blocks: Blocks) -> None:
    some = Asked.of(blocks, [], np.array([1]), 900)
    assert some.people.sum() == 900
    assert some.people[:1500].sum() == pytest.approx(450, abs=60)
    assert Asked.of(blocks, [], np.array([1]), 99_999).people.all()


def test_tables_are_written_whole_however_they_come(tmp_path) -> None:
    for name, size in (("a", 50_000), ("b", 300_000)):
        (tmp_path / name).mkdir()
        tables = TruthTables(tmp_path / name)
        for first in range(0, 300_000, size):
            tables.add("numbers", pa.table({"number": np.arange(first, first + size)}))
        tables.close()
        assert tables.rows == {"numbers": 300_000}
        read = pq.ParquetFile(tmp_path / name / "numbers.parquet")
        assert read.metadata.num_row_groups == 3
        assert read.schema_arrow.metadata[b"synthetic"] == b"true"
        assert read.read()["number"].to_pylist()[-1] == 299_999
    written = [(tmp_path / name / "numbers.parquet").read_bytes() for name in ("a", "b")]
    assert written[0] == written[1]
