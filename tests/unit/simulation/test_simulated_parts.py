"""Parts of the simulator, each against a small table or a loop."""

from __future__ import annotations

import csv
import re
from datetime import date
from importlib.resources import files

import numpy as np
import pytest
from scipy.stats import norm

from riskstrat.codes import normalise_code
from riskstrat.engine import Engine
from riskstrat.records.linkage import PUBLISHED_TEST_KEY as LINKAGE_KEY
from riskstrat.records.linkage import pseudonym
from riskstrat.simulation.catalogue import column, condition_index, numbers, rows
from riskstrat.simulation.feeds import COUNCIL, GP, HOSPITAL
from riskstrat.simulation.hospital import PROVIDERS
from riskstrat.simulation.ledger import Choice, Ledger, Recorded
from riskstrat.simulation.people import (
    PUBLISHED_TEST_KEY,
    _normal_share,
    _pseudonyms,
    build_people,
    synthetic_nhs_numbers,
)
from riskstrat.simulation.population import area_codes, practice_codes
from riskstrat.simulation.rates import case_fatality, length_of_stay, since_discharge
from riskstrat.simulation.timeline import NEVER, Period, dates, months, occurrences, winter


def _day(year: int, month: int, day: int) -> int:
    return (date(year, month, day) - date(1970, 1, 1)).days


def _is_valid(number: str) -> bool:
    check = 11 - sum(int(digit) * (10 - place) for place, digit in enumerate(number[:9])) % 11
    return {11: "0", 10: "none"}.get(check, str(check)) == number[9]


def test_synthetic_numbers_are_valid_and_in_the_range_that_is_never_issued() -> None:
    drawn = synthetic_nhs_numbers()
    sample = [str(number) for number in drawn[:: len(drawn) // 500]]
    assert all(number.startswith("999") and len(number) == 10 for number in sample)
    assert all(_is_valid(number) for number in sample)
    stems = [str(stem) for stem in range(999_000_000, 999_000_200)]
    expected = {s + str(d) for s in stems for d in range(10) if _is_valid(s + str(d))}
    assert {str(number) for number in drawn if number < 9_990_002_000} == expected


def test_pseudonyms_are_those_that_linkage_would_give() -> None:
    drawn = np.random.default_rng(1).permutation(synthetic_nhs_numbers())[:50]
    expected = [pseudonym(str(number), LINKAGE_KEY) for number in drawn]
    assert PUBLISHED_TEST_KEY == LINKAGE_KEY
    assert _pseudonyms(np.random.default_rng(1), 50).tolist() == expected
    assert len(set(expected)) == 50


def test_the_years_of_a_person_are_in_order() -> None:
    period = Period.of(date(2020, 1, 1), date(2023, 12, 31))
    people = build_people(np.random.default_rng(2), 2000, period)
    assert (people.birth <= people.registered).all()
    assert (people.registered <= people.entry).all()
    assert (people.entry < people.leave).all()
    assert (people.onset >= people.birth[:, None]).all()
    assert set(people.decile) <= set(range(1, 11))
    assert len(set(people.decile)) >= 9
    assert set(people.practice) == {0, 1, 2}


def test_the_multiplier_has_mean_one_and_varies_less_among_the_old() -> None:
    period = Period.of(date(2020, 1, 1), date(2023, 12, 31))
    people = build_people(np.random.default_rng(3), 40_000, period)
    age = (people.entry - people.birth) / 365.25
    young, old = people.multiplier[age < 45], people.multiplier[age > 85]
    assert young.mean() == pytest.approx(1, abs=0.04)
    assert old.mean() == pytest.approx(1, abs=0.05)
    assert young.var() > 2 * old.var()


def test_the_share_below_a_value_is_the_normal_one() -> None:
    values = np.linspace(-4, 4, 81)
    assert np.abs(_normal_share(values) - norm.cdf(values)).max() < 2e-4


def test_no_code_can_be_that_of_a_real_practice_area_or_provider() -> None:
    """Live practices: a letter and five digits. Trusts and sites begin with a single letter R."""
    for code in practice_codes(3):
        assert not re.fullmatch(r"[A-Z][0-9]{5}", code)
    assert not any(code[0] in "EWSNKJLM" for code in area_codes(3))
    assert all(code.startswith("ZZ") for code in PROVIDERS)
    assert practice_codes(2) == ["ZZ0001", "ZZ0002"]


def _reference(name: str) -> list[dict[str, str]]:
    text = files("riskstrat.reference").joinpath(f"tables/{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_conditions_are_coded_so_that_the_published_lists_find_them() -> None:
    prefixes = {(row["condition"], row["icd10_prefix"]) for row in _reference("ltc_icd10")}
    snomed = {
        (row["condition"], row["snomed_code"]) for row in _reference("ltc_snomed_illustrative")
    }
    assert len(rows("conditions")) >= 20
    for row in rows("conditions"):
        assert any(c == row["condition"] and row["icd10"].startswith(p) for c, p in prefixes)
        assert (row["condition"], row["snomed"]) in snomed


def test_medicines_have_presentation_codes_of_real_sections() -> None:
    sections = {row["bnf_section"] for row in _reference("bnf_sections")}
    for code in column("medicines", "bnf"):
        assert len(code) == 15
        assert code[:4] in sections
    named = set(column("medicines", "condition")) - {""}
    assert named <= set(column("conditions", "condition"))
    assert all(0 < share < 1 for share in numbers("medicines", "probability"))


@pytest.mark.parametrize(
    ("table", "field", "system"),
    [
        ("conditions", "icd10", "icd10"),
        ("admission_causes", "icd10", "icd10"),
        ("secondary_codes", "icd10", "icd10"),
        ("elective_causes", "icd10", "icd10"),
        ("elective_causes", "opcs4", "opcs4"),
        ("medicines", "bnf", "bnf"),
        ("conditions", "snomed", "snomed"),
    ],
)
def test_codes_stand_in_their_one_written_form(table, field, system) -> None:
    for code in column(table, field):
        assert normalise_code(code, system) == code


def test_occurrences_lie_in_the_half_open_time_and_come_at_the_rate() -> None:
    rng = np.random.default_rng(4)
    start, stop = np.array([100, 200, 300]), np.array([101, 100, 36_825])
    row, day = occurrences(rng, 5.0, start, stop)
    assert (day >= start[row]).all()
    assert (day < stop[row]).all()
    assert (row != 1).all()
    assert (row == 2).sum() == pytest.approx(500, abs=70)
    assert occurrences(rng, 0.0, start, stop)[0].size == 0


def test_days_become_dates_and_never_becomes_null() -> None:
    days = np.array([_day(2020, 2, 29), NEVER, 0])
    assert dates(days).to_pylist() == [date(2020, 2, 29), None, date(1970, 1, 1)]
    assert months(np.array([_day(1969, 12, 31), _day(1970, 1, 1)])).tolist() == [-1, 0]


def test_a_year_starts_in_the_period_only_from_its_first_day() -> None:
    whole = Period.of(date(2020, 1, 1), date(2022, 1, 1))
    assert whole.year_starts() == [_day(2020, 1, 1), _day(2021, 1, 1), _day(2022, 1, 1)]
    assert Period.of(date(2020, 1, 2), date(2021, 12, 31)).year_starts() == [_day(2021, 1, 1)]


def test_winter_is_highest_in_january_and_lowest_in_july() -> None:
    year = np.arange(_day(2021, 1, 1), _day(2022, 1, 1))
    seasons = winter(year)
    assert months(year[[seasons.argmax(), seasons.argmin()]]).tolist() == [612, 618]


@pytest.mark.parametrize(
    ("day", "recorded"),
    [
        (date(2021, 1, 1), date(2021, 4, 22)),
        (date(2021, 3, 31), date(2021, 4, 22)),
        (date(2021, 4, 1), date(2021, 7, 22)),
        (date(2021, 12, 31), date(2022, 1, 22)),
    ],
)
def test_the_council_tells_of_a_quarter_three_weeks_after_it(day, recorded) -> None:
    told = COUNCIL.recorded(np.random.default_rng(1), np.array([_day(*day.timetuple()[:3])]))
    assert dates(told).to_pylist() == [recorded]


def test_each_feed_has_its_own_lag_and_never_stays_never() -> None:
    rng, days = np.random.default_rng(1), np.array([1000] * 400 + [NEVER])
    assert set(GP.recorded(rng, days)) == {1001, NEVER}
    hospital = HOSPITAL.recorded(rng, days)[:-1] - 1000
    assert (hospital.min(), hospital.max()) == (30, 60)


def test_the_excess_after_a_discharge_falls_and_dies_away() -> None:
    factors = since_discharge(np.array([0, 30, 90, 365, NEVER]))
    assert (np.diff(factors) < 0).all()
    assert factors[-1] == 1


def test_dying_in_hospital_and_long_stays_are_for_the_old() -> None:
    rng, none = np.random.default_rng(5), np.zeros((3, len(rows("conditions"))), dtype=bool)
    fatality = case_fatality(np.array([30.0, 70.0, 92.0]), none)
    assert fatality[0] < 0.01 < fatality[1] < 0.08 < fatality[2] < 0.3
    ill = none.copy()
    ill[:, condition_index("cancer")] = True
    assert (case_fatality(np.array([30.0, 70.0, 92.0]), ill) > fatality).all()
    young, old = (length_of_stay(rng, np.full(5000, age)) for age in (30.0, 85.0))
    assert old.mean() > 2 * young.mean()
    assert (old == 0).mean() == pytest.approx(0.22, abs=0.03)


def test_a_spell_becomes_an_open_and_a_closed_row() -> None:
    """Ended and told later: two rows. Not ended: one. Ended and told at once: the closed one."""
    ledger = Ledger(np.array(["ann", "bob", "cid"]))
    ledger.add_spells(
        "opt_outs",
        np.array([0, 1, 2]),
        Recorded(np.array([11, 11, 30]), np.array([25, NEVER, 30])),
        kind=Choice(("type1", "national"), np.array([0, 1, 0])),
        start_date=np.array([10, 10, 10]),
        end_date=np.array([20, NEVER, 20]),
    )
    engine = Engine(threads=1)
    ledger.register(engine)
    found = engine.connection.sql(
        "select patient_id, kind, end_date - date '1970-01-01', recorded_date - date '1970-01-01', "
        "superseded_date - date '1970-01-01' from opt_outs order by 1, 4"
    ).fetchall()
    assert found == [
        ("ann", "type1", None, 11, 25),
        ("ann", "type1", 20, 25, None),
        ("bob", "national", None, 11, None),
        ("cid", "type1", 20, 30, None),
    ]
