"""Patients, registrations and residences in the linked records, and what is known when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest

from riskstrat.schema import TABLES
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.register import tell
from riskstrat.simulation.register.spells import end_told, registrations, residences
from riskstrat.simulation.timeline import NEVER

EPOCH = date(1970, 1, 1)


def tables_of(block) -> dict[str, pd.DataFrame]:
    """The rows of every table, with the days as numbers; 2^30 = null."""
    ledger = Ledger(np.array([f"{number:06d}" for number in block.people.number]))
    tell(block, Outputs(None, ledger))
    return {name: _frame(name, parts) for name, parts in ledger.parts.items()}


def _frame(name, parts) -> pd.DataFrame:
    whole = [part.to_pandas() for part in parts if part.num_rows]
    frame = pd.concat(whole, ignore_index=True)
    texts = frame.select_dtypes("category").columns
    frame = frame.astype(dict.fromkeys(texts, "str"))
    for column in TABLES[name].columns:
        if column.name not in frame:
            frame[column.name] = None
        if column.type == "DATE":
            days = [NEVER if pd.isna(day) else (day - EPOCH).days for day in frame[column.name]]
            frame[column.name] = days
    keys = ["patient_id", *(key for key in ("start_date", "recorded_date", "kind") if key in frame)]
    return frame.sort_values(keys, ignore_index=True)


@pytest.fixture(scope="module")
def tables(block):
    return tables_of(block)


def test_only_declared_columns_are_written(block) -> None:
    ledger = Ledger(block.people.nhs_number.astype(str))
    tell(block, Outputs(None, ledger))
    for name, parts in ledger.parts.items():
        assert {column for part in parts for column in part.column_names} <= set(
            TABLES[name].column_names
        )


def test_patients_have_one_row_each_and_deaths_their_two_days(block, tables) -> None:
    patients, people = tables["patients"], block.people
    assert patients["patient_id"].tolist() == [f"{number:06d}" for number in people.number]
    assert (patients["sex"] == np.where(people.female, "female", "male")).all()
    birth = people.birth.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]")
    assert patients["birth_month"].tolist() == birth.astype(np.int64).tolist()
    assert patients["death_date"].tolist() == block.died.tolist()
    died = block.died < NEVER
    known = patients["death_recorded_date"].to_numpy()
    assert (known[died] == end_told(block)[died]).all()
    assert (known[~died] == NEVER).all()
    assert died.sum() > 50


def test_current_registrations_are_those_of_the_people(block, tables) -> None:
    current = tables["registrations"].query("superseded_date == @NEVER")
    spells, people = registrations(block), block.people
    order = np.lexsort([spells.start, spells.row])
    practice = np.where(
        spells.start == people.moves[spells.row],
        people.next_practice[spells.row],
        people.practice[spells.row],
    )
    assert current["start_date"].tolist() == spells.start[order].tolist()
    assert current["end_date"].tolist() == spells.end[order].tolist()
    expected = [f"ZZ{1 + number:04d}" for number in practice[order]]
    assert current["practice_code"].tolist() == expected
    assert len(set(expected)) == 3


def test_current_residences_are_those_of_the_people(block, tables) -> None:
    current = tables["residences"].query("superseded_date == @NEVER")
    spells, people = residences(block), block.people
    order = np.lexsort([spells.start, spells.row])
    row, start = spells.row[order], spells.start[order]
    moved = start >= people.moves[row]
    decile = np.where(moved, people.next_decile[row], people.decile[row])
    area = np.where(moved, people.next_area[row], people.area[row])
    assert current["start_date"].tolist() == start.tolist()
    assert current["imd_decile"].tolist() == decile.tolist()
    assert current["lsoa"].tolist() == [f"X01{1 + number:06d}" for number in area]
    cared_for = start >= block.lives.care_home[row]
    assert current["care_home"].tolist() == cared_for.tolist()
    assert current["lives_alone"].tolist() == (people.alone[row] & ~cared_for).tolist()
    assert 10 < cared_for.sum() < 200


def test_a_care_home_is_nobodys_own_home(tables) -> None:
    homes = tables["residences"]
    care = homes[homes["care_home"]]
    assert set(care["accommodation"]) == {"CH03"}
    assert set(care["tenure"]) == {"other"}
    assert not (care["lives_alone"] | care["has_carer"]).any()
    own = homes[~homes["care_home"]]
    assert "CH03" not in set(own["accommodation"])
    assert own["tenure"].isna().mean() == pytest.approx(0.25, abs=0.05)
    assert (own["tenure"].isna() == own["accommodation"].isna()).all()


@pytest.mark.parametrize("name", ["registrations", "residences"])
def test_an_end_is_not_known_before_it_was_told(block, tables, name) -> None:
    """Open rows say nothing of the end; they are superseded on the day the closed row is told."""
    frame = tables[name]
    opened, closed = frame[frame["end_date"] == NEVER], frame[frame["end_date"] < NEVER]
    assert (closed["recorded_date"] > closed["end_date"]).all()
    assert (closed["superseded_date"] == NEVER).all()
    assert (frame["recorded_date"] > frame["start_date"]).all()
    pairs = opened.merge(closed, on=["patient_id", "start_date"], suffixes=("", "_closed"))
    assert len(pairs) == (opened["superseded_date"] < NEVER).sum() > 100
    assert (pairs["superseded_date"] == pairs["recorded_date_closed"]).all()


@pytest.mark.parametrize("name", ["patients", "registrations", "residences", "opt_outs"])
def test_the_future_does_not_show_in_what_is_known(block, altered, name) -> None:
    """Whoever dies, moves or leaves after a day: what was known on that day is the same."""
    day = block.period.first + 900
    never = {
        key: np.where(values < day, values, NEVER)
        for key, values in (
            ("death", block.lives.death),
            ("care_home", block.lives.care_home),
            ("leave", block.people.leave),
            ("moves", block.people.moves),
        )
    }
    assert sum((values == NEVER).sum() for values in never.values()) > 1000
    first, second = (
        known(tables_of(of)[name], name, day) for of in (block, altered(block, **never))
    )
    pd.testing.assert_frame_equal(first, second)
    assert len(first) > 50


def known(frame: pd.DataFrame, name: str, day: int) -> pd.DataFrame:
    """What a table says to somebody who looks before a day is over."""
    if name == "patients":
        untold = frame["death_recorded_date"] >= day
        columns = ["death_date", "death_recorded_date"]
        return frame.assign(**{key: frame[key].mask(untold, NEVER) for key in columns})
    told = frame[frame["recorded_date"] < day]
    superseded = told["superseded_date"]
    told = told.assign(superseded_date=superseded.mask(superseded >= day, NEVER))
    return told.reset_index(drop=True)


def test_what_is_told_of_people_does_not_depend_on_their_company(block) -> None:
    """Half of the block alone gives the rows that the whole block gives of them."""
    half = np.arange(0, len(block.people), 2)
    lives = replace(
        block.lives, death=block.lives.death[half], care_home=block.lives.care_home[half]
    )
    alone = tables_of(replace(block, people=block.people.take(half), lives=lives))
    names = {f"{number:06d}" for number in half}
    for name, frame in tables_of(block).items():
        among = frame[frame["patient_id"].isin(names)].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone[name], among)


def test_nothing_is_written_that_is_not_wanted(small_block) -> None:
    told: list[str] = []
    tell(small_block, Outputs(lambda rows: told.append(rows.file), None))
    assert told == ["gp_patient", "gp_opt_out", "nhs_number_merges"]
    ledger = Ledger(small_block.people.nhs_number.astype(str))
    tell(small_block, Outputs(None, ledger))
    assert len(told) == 3
    assert set(ledger.parts) == {"patients", "registrations", "residences", "opt_outs"}
