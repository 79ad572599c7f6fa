"""The feeds ``hes_apc``, ``hes_op`` and ``ecds``: their dialect and their mess."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from tests.unit.simulation.hospital_told import (
    Told,
    current_episodes,
    numbers_of,
    plain,
    told_of,
    without_lives,
)

from riskstrat.simulation.feeds.calendar import HOSPITAL
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.feeds.mess import Mess
from riskstrat.simulation.hospital import tell
from riskstrat.simulation.hospital.emergency import seen_admissions
from riskstrat.simulation.hospital.whose import Whose, financial_years, parts_of_year
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES

FEEDS = ("ecds", "hes_apc", "hes_op")
NUMBERS = {"ecds": "NHS_NUMBER", "hes_apc": "NEWNHSNO", "hes_op": "NEWNHSNO"}
ADMITTED = {"306706006", "1066361000000104", "1066371000000106", "1066391000000105"}


@pytest.fixture(scope="module")
def told(block) -> Told:
    return told_of(block)


@pytest.fixture(scope="module")
def current(told) -> pd.DataFrame:
    return current_episodes(told)


def test_a_block_of_some_of_the_people_tells_the_same_of_them(block, told) -> None:
    some = np.arange(100, 300)
    lives = block.lives
    places = np.full(len(block.people), -1)
    places[some] = np.arange(len(some))
    admitted = np.isin(lives.admissions.row, some)
    came = np.isin(lives.attendances.row, some)
    part = without_lives(block, admitted, came).lives
    part = replace(
        part,
        onset=lives.onset[some],
        death=lives.death[some],
        care_home=lives.care_home[some],
        admissions=replace(part.admissions, row=places[part.admissions.row]),
        attendances=replace(part.attendances, row=places[part.attendances.row]),
    )
    alone = told_of(replace(block, people=block.people.take(some), lives=part))
    for name, rows in alone.rows.items():
        mine = np.isin(told.rows[name].person, block.people.number[some])
        both = []
        for table, key in (
            (rows.table(), rows.order),
            (told.rows[name].table().filter(mine), told.rows[name].order[mine]),
        ):
            both.append(table.take(np.argsort(key, kind="stable")))
        assert both[0].num_rows > 50
        assert both[0].equals(both[1])


@pytest.mark.parametrize("feed", FEEDS)
def test_a_block_without_people_has_the_same_columns(block, told, feed) -> None:
    nobody = np.arange(0)
    empty = without_lives(
        block,
        np.zeros(len(block.lives.admissions.row), bool),
        np.zeros(len(block.lives.attendances.row), bool),
    ).lives
    empty = replace(
        empty,
        onset=empty.onset[nobody],
        death=empty.death[nobody],
        care_home=empty.care_home[nobody],
    )
    alone = told_of(replace(block, people=block.people.take(nobody), lives=empty))
    assert alone.rows[feed].table().num_rows == 0
    assert alone.rows[feed].table().schema == told.rows[feed].table().schema


def test_either_output_may_be_unwanted(small_block) -> None:
    found: list[FeedRows] = []
    tell(small_block, Outputs(found.append, None))
    assert sorted(rows.file for rows in found) == list(FEEDS)
    ledger = Ledger(pseudonyms(small_block.people.nhs_number, small_block.people.number))
    tell(small_block, Outputs(None, ledger))
    assert set(ledger.parts) == {"stays", "events"}


def test_earlier_episodes_have_the_first_of_the_codes(current) -> None:
    columns = [f"DIAG_4_{place:02d}" for place in range(1, 13)]
    ended = current[current["PROVSPNO"].isin(current.loc[current["SPELEND"] == "Y", "PROVSPNO"])]
    several = ended[ended["PROVSPNO"].duplicated(keep=False)]
    assert len(several) > 200
    for _, spell in several.groupby("PROVSPNO"):
        last = spell.loc[spell["SPELEND"] == "Y", columns].iloc[0].dropna().tolist()
        for _, codes in spell[columns].iterrows():
            own = codes.dropna().tolist()
            assert own == last[: len(own)]


def test_every_style_of_writing_a_code_is_used(told) -> None:
    codes = told.feeds["hes_apc"]["DIAG_4_01"].dropna()
    styles = {
        "filled": codes.str.fullmatch(r"[A-Z]\d\dX").mean(),
        "short": codes.str.fullmatch(r"[A-Z]\d\d").mean(),
        "dash": codes.str.endswith("-").mean(),
        "dagger": codes.str.fullmatch(r"[A-Z]\d\d[\dX]D").mean(),
    }
    assert all(share > 0 for share in styles.values())
    assert styles["dash"] == pytest.approx(0.03, abs=0.01)
    assert styles["dagger"] == pytest.approx(0.03, abs=0.01)
    second = told.feeds["hes_apc"]["DIAG_4_02"].dropna()
    assert second.str.fullmatch(r"[A-Z]\d\d[\dX]A").any()


def test_refreshed_spells_keep_their_keys_and_correct_something(told) -> None:
    rows = told.feeds["hes_apc"].drop_duplicates()
    again = rows[rows.duplicated("EPIKEY", keep=False)]
    share = again["PROVSPNO"].nunique() / rows["PROVSPNO"].nunique()
    assert share == pytest.approx(0.083, abs=0.015)
    assert (again.groupby("EPIKEY").size() == 2).all()
    pairs = again.sort_values("SUBDATE").groupby("EPIKEY")
    first, second = pairs.first(), pairs.last()
    assert (first["SUSRECID"] == second["SUSRECID"]).all()
    months = pd.to_datetime(second["SUBDATE"]).dt.to_period("M") - pd.to_datetime(
        first["SUBDATE"]
    ).dt.to_period("M")
    assert {step.n for step in months} == {1}
    unlike = (first["DIAG_COUNT"] != second["DIAG_COUNT"]) | (
        first["DIAG_4_01"] != second["DIAG_4_01"]
    )
    unlike |= (first["ADMIDATE"] != second["ADMIDATE"]) | (first["ADMIMETH"] != second["ADMIMETH"])
    assert unlike.mean() > 0.6
    assert first["DIAG_4_01"].map(plain).eq("R69").mean() > 0.2


def test_only_the_last_episode_knows_of_the_discharge(block, current) -> None:
    last = current["SPELEND"] == "Y"
    assert current.loc[~last, ["DISDATE", "SPELDUR", "DISREADYDATE"]].isna().all(axis=None)
    assert set(current.loc[~last, "DISMETH"]) == {"8"}
    assert set(current.loc[~last, "DISDEST"]) == {"98"}
    assert current.loc[last, ["DISDATE", "SPELDUR", "EPIEND"]].notna().all(axis=None)
    ready = current[current["DISREADYDATE"].notna()]
    assert (ready["DISREADYDATE"] <= ready["DISDATE"]).all()
    assert (ready["DISREADYDATE"] < ready["DISDATE"]).mean() < 0.3
    unfinished = current[current["EPISTAT"] == "1"]
    assert len(unfinished) >= 1
    assert unfinished[["EPIEND", "EPIDUR", "DISDATE"]].isna().all(axis=None)
    submitted = HOSPITAL.told(np.array([block.period.last]))[0]
    assert set(numbers_of(unfinished["SUBDATE"])) == {submitted}
    assert set(unfinished["DIAG_4_01"].map(plain)) == {"R69"}


@pytest.mark.parametrize(("feed", "missing"), [("ecds", 0.03), ("hes_apc", 0.01), ("hes_op", 0.01)])
def test_numbers_are_missing_and_rows_doubled_as_often_as_stated(told, feed, missing) -> None:
    rows = told.feeds[feed]
    doubled = rows.duplicated()
    assert doubled.mean() == pytest.approx(0.005, abs=0.003)
    number = rows.loc[~doubled, NUMBERS[feed]]
    assert number.isna().mean() == pytest.approx(missing, abs=0.012)
    assert number.dropna().str.fullmatch(r"999\d{7}").mean() > 0.99


@pytest.mark.parametrize("feed", FEEDS)
def test_a_local_number_is_one_person_at_one_provider(told, feed) -> None:
    rows = told.feeds[feed]
    local = {"ecds": "LOCAL_PATIENT_IDENTIFIER"}.get(feed, "LOPATID")
    provider = {"ecds": "PROVIDER_CODE"}.get(feed, "PROCODET")
    person = pd.Series(told.rows[feed].person)
    assert (person.groupby(rows[local]).nunique() == 1).all()
    pairs = rows.assign(person=person).drop_duplicates(["person", provider])
    assert pairs[local].is_unique


def test_ethnicity_is_missing_and_now_and_then_conflicts(block, told) -> None:
    rows = told.feeds["hes_op"]
    own = block.people.ethnicity[told.rows["hes_op"].person]
    given = np.array((*ETHNIC_CATEGORIES, "X"))[own]
    missing = rows["ETHNOS"].isin(["X", "Z"]).mean()
    assert missing == pytest.approx(0.12, abs=0.04)
    known = (own >= 0) & (rows["ETHNOS"] != "X").to_numpy()
    conflict = (rows["ETHNOS"].to_numpy() != given)[known].mean()
    assert conflict == pytest.approx(0.014, abs=0.006)


def test_attendances_that_led_to_admission_say_so(block, told) -> None:
    rows = told.feeds["ecds"].drop_duplicates()
    admitted = rows["DECIDED_TO_ADMIT_DATE"].notna()
    through = seen_admissions(block).through_emergency_department.sum()
    assert admitted.sum() == through
    assert set(rows.loc[admitted, "DISCHARGE_DESTINATION"]) <= ADMITTED
    assert not set(rows.loc[~admitted, "DISCHARGE_DESTINATION"]) & ADMITTED
    assert set(rows.loc[admitted, "DEPARTMENT_TYPE"]) == {"01"}
    assert (rows.loc[admitted, "ARRIVAL_TIME"] <= rows.loc[admitted, "DEPARTURE_TIME"]).all()
    lag = pd.to_datetime(rows["SUBMISSION_DATE"]) - pd.to_datetime(rows["ARRIVAL_DATE"])
    assert set(lag.dt.days) == {2}


def test_appointments_whose_outcome_was_late_are_told_again(told) -> None:
    rows = told.feeds["hes_op"].drop_duplicates()
    late = rows[rows["ATTENDED"] == "0"]
    assert len(late) / rows["ATTENDKEY"].nunique() == pytest.approx(0.03, abs=0.01)
    again = rows[rows["ATTENDKEY"].isin(late["ATTENDKEY"])]
    assert (again.groupby("ATTENDKEY").size() == 2).all()
    final = rows.sort_values("SUBDATE").drop_duplicates("ATTENDKEY", keep="last")
    kept = {"5": "attended", "6": "attended", "3": "did_not_attend"}
    kept |= {"2": "cancelled", "4": "cancelled"}
    stays = told.tables["stays"].set_index("stay_id")["attendance"]
    words = final.set_index("ATTENDKEY")["ATTENDED"].map(kept)
    assert (words == stays.reindex(words.index)).all()


@pytest.mark.parametrize(
    ("days", "code"),
    [
        *((0, 7001), (1, 7002), (6, 7002), (7, 7003), (28, 7003), (29, 7004), (90, 7004)),
        *((91, 7005), (181, 7005), (182, 7006), (272, 7006), (273, 7007), (364, 7007)),
        *((366, 1), (730, 1), (731, 2)),
    ],
)
def test_babies_have_codes_instead_of_ages(block, days, code) -> None:
    row = np.zeros(1, np.int64)
    whose = Whose(block, "a feed", Mess(), row, row, row, row)
    assert whose.age(block.people.birth[row] + days).tolist() == [code]


@pytest.mark.parametrize(
    ("on", "year", "part"),
    [
        (date(2023, 3, 31), "2223", "202212"),
        (date(2023, 4, 1), "2324", "202301"),
        (date(2023, 12, 31), "2324", "202309"),
        (date(2000, 1, 1), "9900", "199910"),
    ],
)
def test_the_financial_year_begins_in_april(on, year, part) -> None:
    days = np.array([(on - date(1970, 1, 1)).days])
    assert financial_years(days).arrow().to_pylist() == [year]
    assert parts_of_year(days).arrow().to_pylist() == [part]
