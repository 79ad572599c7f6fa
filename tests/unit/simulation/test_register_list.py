"""The practices' list of patients: versions, identity with its mess, deaths, invented patients."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from riskstrat.simulation.people.identity import NO_NUMBER
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES
from riskstrat.simulation.practice.identity import person_ids
from riskstrat.simulation.register.merges import tell_merges
from riskstrat.simulation.register.practice_list import spine_sensitive, tell_practice_list
from riskstrat.simulation.register.spells import end_told, registrations
from riskstrat.simulation.timeline import NEVER

FIRST = 17_897
"""1 January 2019."""
COLUMNS = [
    "person_id",
    "nhs_number",
    "nhs_number_status",
    "birth_year",
    "birth_month",
    "date_of_birth",
    "gender",
    "ethnic_category",
    "registered_practice_id",
    "registration_start_date",
    "registration_end_date",
    "death_year",
    "death_month",
    "date_of_death",
    "postcode",
    "lsoa",
    "is_spine_sensitive",
    "is_confidential",
    "is_dummy_patient",
    "date_recorded",
]


def frame_of(rows) -> pd.DataFrame:
    """A file's rows with the true person of each, and dates as day numbers; 2^30 = null."""
    frame = rows.table().to_pandas().assign(person=rows.person)
    for name in frame.columns:
        if name.endswith(("_date", "date_of_birth", "date_of_death", "date_recorded")):
            days = pd.to_datetime(frame[name]).to_numpy("datetime64[D]")
            frame[name] = np.where(np.isnat(days), NEVER, days.astype(np.int64))
    return frame


@pytest.fixture(scope="module")
def listed(block):
    return frame_of(tell_practice_list(block))


@pytest.fixture(scope="module")
def crowd(small_block, altered):
    """Many people, so that rare things are seen often."""
    return altered(small_block, 40_000)


@pytest.fixture(scope="module")
def crowd_listed(crowd):
    return frame_of(tell_practice_list(crowd))


def test_the_columns_are_the_dialects_and_the_same_without_anybody(small_block, altered) -> None:
    some = tell_practice_list(small_block).table().schema
    assert some.names == COLUMNS
    assert tell_practice_list(altered(small_block, 0)).table().schema == some


@pytest.fixture
def versions(small_block, altered):
    """The rows about one person who joined before the period, as (start, end, recorded)."""

    def of(**days):
        usual = {"registered": FIRST - 400, "entry": FIRST, "moves": NEVER, "leave": NEVER}
        usual |= {"death": NEVER, "care_home": NEVER}
        rows = frame_of(tell_practice_list(altered(small_block, 1, **(usual | days))))
        names = ["registration_start_date", "registration_end_date", "date_recorded"]
        return sorted(map(tuple, rows.query("~is_dummy_patient")[names].to_numpy().tolist()))

    return of


def test_there_is_a_row_on_joining_on_moving_into_a_care_home_and_at_the_end(versions) -> None:
    joined, moved = FIRST - 400, FIRST + 90
    assert versions() == [(joined, NEVER, joined + 1)]
    assert versions(care_home=FIRST + 5) == [
        (joined, NEVER, joined + 1),
        (joined, NEVER, FIRST + 6),
    ]
    assert versions(moves=moved, care_home=moved + 5) == [
        (joined, moved, moved + 1),
        (joined, NEVER, joined + 1),
        (moved, NEVER, moved + 1),
        (moved, NEVER, moved + 6),
    ]


def test_moving_into_a_care_home_on_joining_or_on_the_last_day_is_no_further_row(versions) -> None:
    joined, moved = FIRST - 400, FIRST + 90
    for care_home in (joined, joined - 1):
        assert versions(care_home=care_home) == [(joined, NEVER, joined + 1)]
    both = versions(moves=moved, care_home=moved)
    assert len(both) == 3
    died = versions(death=moved, care_home=moved)
    assert [end for _, end, _ in died] == [moved, NEVER]


def test_the_last_version_of_each_registration_is_the_truth(block, listed) -> None:
    """What linkage is to find: practice, first and last day, told when the register says."""
    last = listed.query("~is_dummy_patient").sort_values("date_recorded")
    last = last.groupby(["person", "registration_start_date"]).tail(1)
    last = last.sort_values(["person", "registration_start_date"])
    spells = registrations(block)
    order = np.lexsort([spells.start, spells.row])
    assert last["person"].tolist() == spells.row[order].tolist()
    assert last["registration_start_date"].tolist() == spells.start[order].tolist()
    assert last["registration_end_date"].tolist() == spells.end[order].tolist()
    ended = (spells.end < NEVER)[order]
    told = spells.told.end[order][ended]
    assert last["date_recorded"].to_numpy()[ended].tolist() == told.tolist()
    practice = block.people.practice_on(spells.row, spells.start)[order]
    assert last["registered_practice_id"].tolist() == [f"ZZ{1 + n:04d}" for n in practice]


def test_a_death_stands_in_the_row_that_ends_the_registration_only(block, listed) -> None:
    dead = listed[listed["date_of_death"] < NEVER]
    row = dead["person"].to_numpy()
    assert sorted(row.tolist()) == np.flatnonzero(block.died < NEVER).tolist()
    assert (dead["date_of_death"] == block.died[row]).all()
    assert (dead["registration_end_date"] == block.died[row]).all()
    assert (dead["date_recorded"] == end_told(block)[row]).all()
    told = pd.to_datetime(dead["date_of_death"], unit="D")
    assert (told.dt.year == dead["death_year"]).all()
    assert (told.dt.month == dead["death_month"]).all()
    alive = listed[listed["date_of_death"] == NEVER]
    assert alive[["death_year", "death_month"]].isna().all(axis=None)


def test_who_a_row_is_about_does_not_change_from_version_to_version(block, listed) -> None:
    real = listed[~listed["is_dummy_patient"]]
    same = ["person_id", "nhs_number", "birth_year", "birth_month", "gender", "is_spine_sensitive"]
    assert (real.groupby("person")[same].nunique(dropna=False) == 1).all(axis=None)
    within = [*same, "date_of_birth", "ethnic_category", "registered_practice_id"]
    registration = real.groupby(["person", "registration_start_date"])
    assert (registration[within].nunique(dropna=False) == 1).all(axis=None)
    names = person_ids(block).to_pylist()
    assert real["person_id"].tolist() == [names[row] for row in real["person"]]
    people = block.people
    expected = np.where(people.female[real["person"]], "2", "1")
    assert real["gender"].tolist() == expected.tolist()


def test_the_birth_is_told_with_its_day_mostly_and_with_month_and_year_always(
    crowd, crowd_listed
) -> None:
    real = crowd_listed[~crowd_listed["is_dummy_patient"]]
    birth = pd.to_datetime(pd.Series(crowd.people.birth[real["person"]], real.index), unit="D")
    assert (birth.dt.year == real["birth_year"]).all()
    assert (birth.dt.month == real["birth_month"]).all()
    without = real["date_of_birth"] == NEVER
    assert without.mean() == pytest.approx(0.04, abs=0.004)
    days = crowd.people.birth[real["person"]]
    assert (real["date_of_birth"].to_numpy() == np.where(without, NEVER, days)).all()


def test_numbers_are_never_missing_but_for_people_who_have_none(
    crowd, altered, small_block
) -> None:
    number = np.where(np.arange(40) % 2 == 0, NO_NUMBER, 9_990_000_018)
    rows = frame_of(tell_practice_list(altered(small_block, 40, nhs_number=number)))
    has = rows["person"] % 2 == 1
    assert (rows["nhs_number"].notna() == (has & ~rows["is_dummy_patient"])).all()
    assert (rows["nhs_number_status"][~has] == "07").all()
    assert set(rows["nhs_number"].dropna()) == {"9990000018"}


def test_numbers_are_verified_mostly(crowd_listed) -> None:
    real = crowd_listed[~crowd_listed["is_dummy_patient"]]
    status = real["nhs_number_status"].value_counts(normalize=True)
    assert set(status.index) == {"01", "02"}
    assert status["02"] == pytest.approx(0.01, abs=0.002)


def test_ethnicity_is_missing_for_a_tenth_and_practices_differ_on_a_few(
    crowd, crowd_listed
) -> None:
    """3 % of people have none anywhere, and a practice lacks it for 7 % of the others."""
    stated = crowd.people.ethnicity >= 0
    real = crowd_listed[~crowd_listed["is_dummy_patient"]]
    joined = real.drop_duplicates(["person", "registration_start_date"])
    has = stated[joined["person"]]
    assert joined["ethnic_category"].isna()[~has].all()
    assert joined["ethnic_category"].isna()[has].mean() == pytest.approx(0.07, abs=0.01)
    own = np.array(ETHNIC_CATEGORIES)[crowd.people.ethnicity[joined["person"]]]
    noted = joined["ethnic_category"].notna() & has
    mistaken = joined["ethnic_category"][noted] != own[noted]
    assert 0.01 < mistaken.mean() < 0.025
    assert set(joined["ethnic_category"][noted][mistaken]) == {"C", "G", "L", "S"}
    assert (joined[noted].groupby("person")["ethnic_category"].nunique() == 2).sum() > 10


def test_missing_ethnicity_is_about_a_tenth_in_all(listed) -> None:
    joined = listed.query("~is_dummy_patient").drop_duplicates(
        ["person", "registration_start_date"]
    )
    assert 0.07 < joined["ethnic_category"].isna().mean() < 0.13


def test_the_address_is_that_of_the_day_the_row_tells_of(block, listed) -> None:
    real = listed[~listed["is_dummy_patient"]]
    people = block.people
    after = real["registration_start_date"].to_numpy() >= people.moves[real["person"]]
    area = np.where(after, people.next_area[real["person"]], people.area[real["person"]])
    assert real["lsoa"].tolist() == [f"X01{1 + number:06d}" for number in area]
    assert all(re.fullmatch(r"QQ\d{1,2} \d[A-Z]{2}", code) for code in set(real["postcode"]))
    assert (real.groupby("postcode")["lsoa"].nunique() == 1).all()
    assert real["postcode"].nunique() > 500


def test_moving_into_a_care_home_changes_the_postcode_and_not_the_area(listed) -> None:
    real = listed[~listed["is_dummy_patient"] & (listed["registration_end_date"] == NEVER)]
    pairs = real.groupby(["person", "registration_start_date"]).filter(lambda rows: len(rows) == 2)
    homes = pairs.groupby(["person", "registration_start_date"])
    assert homes.ngroups > 5
    assert (homes["lsoa"].nunique() == 1).all()
    assert (homes["postcode"].nunique() == 2).mean() > 0.8
    after = pairs.sort_values("date_recorded").groupby("person").tail(1)
    assert (after.groupby("lsoa")["postcode"].nunique() <= 2).all()


def test_invented_patients_are_nobody_and_say_so(crowd_listed) -> None:
    invented = crowd_listed[crowd_listed["is_dummy_patient"]]
    assert len(invented) == pytest.approx(40, abs=20)
    assert (invented["person"] < 0).all()
    assert (crowd_listed["person"][~crowd_listed["is_dummy_patient"]] >= 0).all()
    assert invented["nhs_number"].isna().all()
    assert invented["person_id"].nunique() == len(invented)
    assert not set(invented["person_id"]) & set(
        crowd_listed["person_id"][~crowd_listed["is_dummy_patient"]]
    )
    assert set(invented["gender"]) == {"1", "2"}
    assert not invented["is_spine_sensitive"].any()
    assert (invented["registration_start_date"] <= FIRST).all()


def test_a_few_people_are_withheld_by_the_national_register(crowd, crowd_listed) -> None:
    sensitive = spine_sensitive(crowd)
    assert sensitive.mean() == pytest.approx(0.001, abs=0.0005)
    real = crowd_listed[~crowd_listed["is_dummy_patient"]]
    assert (real["is_spine_sensitive"] == sensitive[real["person"]]).all()
    assert (real["is_confidential"] == real["is_spine_sensitive"]).all()


def test_rows_have_keys_of_their_own(crowd) -> None:
    rows = tell_practice_list(crowd)
    assert len(np.unique(rows.order)) == len(rows.order)


def test_half_of_the_people_alone_are_told_alike(block) -> None:
    half = np.arange(1, len(block.people), 2)
    lives = replace(
        block.lives, death=block.lives.death[half], care_home=block.lives.care_home[half]
    )
    alone = replace(block, people=block.people.take(half), lives=lives)
    for teller in (tell_practice_list, tell_merges):
        part, whole = frame_of(teller(alone)), frame_of(teller(block))
        person = np.where(whole["person"] < 0, -1 - whole["person"], whole["person"])
        among = whole[np.isin(person, half)]
        keys = [*part.columns]
        pd.testing.assert_frame_equal(
            part.sort_values(keys, ignore_index=True), among.sort_values(keys, ignore_index=True)
        )


def test_later_years_do_not_show_in_earlier_rows(block, altered, listed) -> None:
    """Whoever dies, moves or leaves after a day: the rows recorded up to it are the same."""
    day = FIRST + 900
    never = {
        key: np.where(values < day, values, NEVER)
        for key, values in (
            ("death", block.lives.death),
            ("care_home", block.lives.care_home),
            ("leave", block.people.leave),
            ("moves", block.people.moves),
        )
    }
    other = frame_of(tell_practice_list(altered(block, **never)))
    keys = ["person", "registration_start_date", "date_recorded", "registration_end_date"]
    early = [
        rows[rows["date_recorded"] <= day].sort_values(keys, ignore_index=True)
        for rows in (listed, other)
    ]
    pd.testing.assert_frame_equal(*early)
    assert 500 < len(early[0]) < len(listed)


def test_merged_numbers_are_told_once_with_the_number_that_holds(crowd) -> None:
    rows = frame_of(tell_merges(crowd))
    assert len(rows) == pytest.approx(80, abs=30)
    assert rows["superseded_nhs_number"].is_unique
    own = crowd.people.nhs_number[rows["person"]]
    assert rows["nhs_number"].tolist() == [str(number) for number in own]
    everybody = {str(number) for number in crowd.people.nhs_number}
    assert not set(rows["superseded_nhs_number"]) & everybody
    assert rows["merge_date"].between(crowd.period.first, crowd.period.last).all()
    assert (rows["date_recorded"] == rows["merge_date"] + 1).all()
