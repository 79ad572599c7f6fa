"""What the practice notes of care and frailty: medicine reviews, vaccination, frailty, carers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.catalogue import column, condition_index
from riskstrat.simulation.practice.diagnoses import HISTORY_DAYS
from riskstrat.simulation.practice.entries import Entries, noted
from riskstrat.simulation.practice.visits import on_working_days, visits
from riskstrat.simulation.timeline import NEVER, Days, Mask, ages, months
from riskstrat.windows import DAYS_PER_YEAR

__all__ = ["care"]

_ADULT = 18
_MOST_COUNTED = 4
_NOTED_IN_SHOCK = 0.6
_MEDICINES_REVIEWED = (0.05, 0.20)
"""Reviews a year of an adult without conditions, and added per condition (at most four)."""

_SEPTEMBER = 9
_MONTHS = 12
_SEASON_STARTS_DAYS = 14
_SEASON_DAYS = 90
_EARLY = 1.6
"""Most are vaccinated early in the season."""
_OLD = 65
_AT_RISK = (
    *("diabetes", "chd", "heart_failure", "stroke_tia", "copd", "asthma", "ckd"),
    *("chronic_liver", "multiple_sclerosis", "parkinsons", "bronchiectasis"),
)
_VACCINATED = (0.45, 0.80)
"""Uptake of younger people at risk and of people aged 65 or over (UK Health Security Agency,
influenza vaccine uptake in winters 2019 to 2024, rounded)."""
_FAITHFUL = 0.92
"""Share of those who are ever vaccinated who come each year."""

_FRAILTY_NOTED = 0.40
"""Assessments a year at 65 and over (NHS England, GP contract 2017/18)."""
_DEFICITS = (5, 9, 13)
_DEGREES = ("mild_frailty", "moderate_frailty", "severe_frailty")
"""Fewest deficits of 36 of each degree (Clegg et al. 2016, doi:10.1093/ageing/afw039)."""

_DYING = (
    *(("cancer", "weight_loss"), ("heart_failure", "housebound"), ("copd", "housebound")),
    *(("dementia", "care_requirement"), ("parkinsons", "care_requirement")),
)
_ON_REGISTER = 0.4
_TO_REGISTER_DAYS = (30, 181)
"""Conditions that together put some people on the register of end of life care, some time later."""

_CARES = 0.09
_CARING_AGES = (42, 82)
_TO_HOME_NOTED_DAYS = (1, 22)
_TO_CARER_NOTED_DAYS = (1, 91)


def care(block: Block) -> Iterator[Entries]:
    """Reviews of medicines, vaccinations, frailty, register of end of life care, carers."""
    alone, more = _MEDICINES_REVIEWED
    rate = (alone + more * np.minimum(block.count, _MOST_COUNTED)) * (block.age >= _ADULT)
    yield _at("medication_review", visits(block, "gp medicines", rate, _NOTED_IN_SHOCK))
    yield from _vaccinations(block)
    yield from _frailty(block)
    yield _end_of_life(block)
    yield from _carers(block)


def _at(name: str, visit: Occurrences) -> Entries:
    return noted(name, visit.row, visit.day, visit.draws)


def _once(block: Block, process: str, day: Days) -> Occurrences:
    """At most one event a person: none where the day is NEVER, or lies beyond the record."""
    everybody = np.arange(len(block.people))
    found = Occurrences(everybody, day, everybody, block.draws(process, everybody))
    return found.keep((day >= block.period.first - HISTORY_DAYS) & (day < block.stop))


def _vaccinations(block: Block) -> Iterator[Entries]:
    everybody = np.arange(len(block.people))
    person = block.draws("gp vaccine", everybody)
    for season in block.months[months(block.months) % _MONTHS == _SEPTEMBER - 1].tolist():
        draws = block.draws("gp vaccine", everybody, season)
        old = ages(block.people.birth, season) >= _OLD
        uptake = np.where(old, _VACCINATED[1], _VACCINATED[0] * _at_risk(block, season))
        comes = person.chance("ever", uptake / _FAITHFUL) & draws.chance("comes", _FAITHFUL)
        late = _SEASON_DAYS * draws.uniform("when") ** _EARLY
        day = on_working_days(
            season + _SEASON_STARTS_DAYS + late.astype(np.int64), draws.uniform("working day")
        )
        seen = comes & (day >= block.people.entry) & (day < block.stop)
        yield _at("influenza_vaccination", Occurrences(everybody, day, everybody, draws).keep(seen))


def _at_risk(block: Block, day: int) -> Mask:
    conditions = [condition_index(name) for name in _AT_RISK]
    found: Mask = np.asarray((block.lives.onset[:, conditions] < day).any(axis=1))
    return found


def _frailty(block: Block) -> Iterator[Entries]:
    seen = visits(block, "gp frailty", _FRAILTY_NOTED * (block.age >= _OLD), _NOTED_IN_SHOCK)
    degree = np.searchsorted(_DEFICITS, _deficits(block, seen), side="right") - 1
    for number, name in enumerate(_DEGREES):
        yield _at(name, seen.keep(degree == number))


def _deficits(block: Block, seen: Occurrences) -> npt.NDArray[np.int64]:
    """Frailty deficits that were coded before some days."""
    begun = block.lives.onset[seen.row] < seen.day[:, None]
    count: npt.NDArray[np.int64] = ((begun @ _deficit_of()) > 0).sum(axis=1)
    return count


@cache
def _deficit_of() -> npt.NDArray[np.int64]:
    """Which deficit each condition is; shape (conditions, deficits)."""
    deficit = np.array(column("conditions", "efi"))
    names = np.unique(deficit[deficit != ""])
    found: npt.NDArray[np.int64] = (deficit[:, None] == names).astype(np.int64)
    return found


def _end_of_life(block: Block) -> Entries:
    pairs = [[condition_index(name) for name in pair] for pair in _DYING]
    begun = block.lives.onset[:, pairs].max(axis=2).min(axis=1)
    draws = block.draws("gp end of life", np.arange(len(block.people)))
    known = (begun < NEVER) & draws.chance("register", _ON_REGISTER)
    day = np.where(known, begun + draws.integers("wait", *_TO_REGISTER_DAYS), NEVER)
    return _at("palliative", _once(block, "gp end of life", day))


def _carers(block: Block) -> Iterator[Entries]:
    """Who cares for somebody, who lives in a home, and who needs care and has somebody."""
    draws = block.draws("gp carer", np.arange(len(block.people)))
    age = draws.integers("age", *_CARING_AGES)
    from_day = block.people.birth + np.floor(age * DAYS_PER_YEAR).astype(np.int64)
    seen = draws.chance("cares", _CARES) & (from_day >= block.people.registered)
    yield _at("carer", _once(block, "gp carer", np.where(seen, from_day, NEVER)))
    moved = block.lives.care_home
    noted_day = np.where(moved < NEVER, moved + draws.integers("home", *_TO_HOME_NOTED_DAYS), NEVER)
    yield _at("care_home", _once(block, "gp care home", noted_day))
    needs = block.lives.onset[:, condition_index("care_requirement")]
    has = block.people.carer & (needs < NEVER)
    told = np.where(has, needs + draws.integers("told", *_TO_CARER_NOTED_DAYS), NEVER)
    yield _at("has_carer", _once(block, "gp has carer", told))
