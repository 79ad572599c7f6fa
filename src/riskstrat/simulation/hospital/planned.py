"""Planned spells: overnight stays, day cases and regular dialysis, clear of emergency stays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block, Occurrences
from riskstrat.simulation.catalogue import numbers
from riskstrat.simulation.hospital.causes import drawn_causes, rows_of_kind
from riskstrat.simulation.hospital.emergency import discharged, homes, seen_admissions
from riskstrat.simulation.hospital.spells import (
    KINDS,
    METHODS,
    PLACES,
    Spells,
    provider_of,
)
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask
from riskstrat.windows import days_between

__all__ = ["kept_in_shock", "planned_spells"]

_AGES = (5, 20, 40, 60, 75, 85, 95)
_OVERNIGHT = (0.010, 0.015, 0.026, 0.047, 0.058, 0.043, 0.019)
_DAY_CASE = (0.017, 0.034, 0.068, 0.110, 0.143, 0.110, 0.050)
"""Planned stays and day cases a year, by age, of people without conditions: over three years about
8 % of people have a planned stay and 16 % a day case (SPARRA version 4, predictors over three
years, doi:10.1038/s41746-024-01250-1)."""
_PER_CONDITION = 0.09
"""Added to the log rate per long-term condition."""
_WITH_CANCER = 0.6
"""Added to the log rate of day cases of people with cancer: courses of treatment."""
_SPREAD = 1.5
"""Spread of the logarithm of how much planned care a person has, for reasons that nothing else
depends on: some have many stays, most have none."""
_DIALYSIS_A_YEAR = 156
"""Three haemodialysis sessions a week."""
_DIALYSIS = 0.006
"""Share of people with chronic kidney disease who have dialysis in hospital."""

_METHODS = ("11", "12", "13")
_METHOD_SHARES = np.array((0.55, 0.30, 0.15))
_LONGEST = 30
"""Most nights of a planned stay."""
_CLEAR_DAYS = 3
"""Days after an emergency stay without a planned one."""
_MINUTES = (7 * 60, 14 * 60)
"""Minutes of the day at which people come who were asked to."""
_NUMBERS = 1000
"""More than a person's planned spells of one kind in a month; numbers 0 and 1 are emergencies."""

_EPOCH = date(1970, 1, 1)
_SHOCK_DAYS = 365
_SHOCK_PLANNED = 0.5
"""Share of planned care that remains in a shock year."""


@dataclass(frozen=True)
class _Planned:
    """Planned spells as they were arranged, ordered by person and day."""

    row: Days
    start: Days
    number: Days
    kind: npt.NDArray[np.int64]
    cause: npt.NDArray[np.int64]
    nights: Days

    def keep(self, kept: npt.NDArray[np.int64] | Mask) -> _Planned:
        """Some of the spells."""
        return _Planned(
            self.row[kept],
            self.start[kept],
            self.number[kept],
            self.kind[kept],
            self.cause[kept],
            self.nights[kept],
        )


def planned_spells(block: Block) -> Spells:
    """Planned spells; an emergency that comes during one ends it that day.

    Such a spell is told when the emergency stay is: its early end would give that away.
    """
    planned = _clear_of_emergencies(block, _clear_of_each_other(_arranged(block)))
    row, start = planned.row, planned.start
    draws = block.draws("planned spell", row, start, planned.number)
    emergency, known = _next_emergency(block, planned)
    gone = np.minimum(block.lives.death, block.people.leave)[row]
    end = np.minimum(np.minimum(start + planned.nights, emergency), gone)
    died = (end == block.died[row]) & (end < emergency)
    cut_short = (end == emergency) & (end < start + planned.nights)
    return Spells(
        row=row,
        number=planned.number,
        kind=planned.kind,
        start=start,
        end=end,
        minute=draws.integers("minute", *_MINUTES),
        submitted=np.where(cut_short, known, end),
        method=_methods(draws, planned.kind),
        source=homes(block, draws, row, start - 1),
        destination=np.where(died, PLACES.index("79"), homes(block, draws, row, end)),
        discharge=discharged(block, draws, row, end, (died, np.zeros_like(died))),
        provider=provider_of(block, row, start, draws),
        cause=planned.cause,
    )


def _methods(draws: Draws, kind: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Waiting list, booked or planned; always planned for who comes regularly."""
    method = np.array([METHODS.index(code) for code in _METHODS])
    drawn = method[draws.choice("method", _METHOD_SHARES)]
    return np.where(kind == KINDS.index("regular"), METHODS.index("13"), drawn)


def kept_in_shock(block: Block, found: Occurrences, share: float) -> Mask:
    """Which events take place: in a shock year only a share of them does."""
    if block.setting.shock is None:
        return np.ones(len(found), bool)
    since = found.day - days_between(_EPOCH, block.setting.shock)
    struck = (since >= 0) & (since < _SHOCK_DAYS)
    return ~struck | found.draws.chance("takes place in a shock year", share)


def _arranged(block: Block) -> _Planned:
    rates = {
        "inpatient": _rate(block, _OVERNIGHT, 0.0),
        "day_case": _rate(block, _DAY_CASE, _WITH_CANCER),
        "regular": _dialysis_rate(block),
    }
    parts = [_of_kind(block, kind, rate) for kind, rate in rates.items()]
    everything = _Planned(
        *(
            np.concatenate([getattr(part, name) for part in parts])
            for name in ("row", "start", "number", "kind", "cause", "nights")
        )
    )
    return everything.keep(np.lexsort((everything.number, everything.start, everything.row)))


def _rate(block: Block, by_age: tuple[float, ...], with_cancer: float) -> Floats:
    rate: Floats = np.interp(block.age, _AGES, by_age)
    more = block.draws("planned care", np.arange(len(block.people))).normal("how much")
    own = _SPREAD * more - _SPREAD**2 / 2
    by_count: Floats = np.exp(_PER_CONDITION * np.arange(block.count.max(initial=0) + 1))
    rate *= by_count[block.count]
    rate *= np.exp(own)[:, None]
    if with_cancer:
        rate *= np.where(block.has("cancer"), np.exp(with_cancer), 1.0)
    return rate


def _dialysis_rate(block: Block) -> Floats:
    everybody = np.arange(len(block.people))
    chosen = block.draws("dialysis", everybody).chance("in hospital", _DIALYSIS)
    return np.where(block.has("ckd") & chosen[:, None], float(_DIALYSIS_A_YEAR), 0.0)


def _of_kind(block: Block, kind: str, rate: Floats) -> _Planned:
    found = block.occurrences(f"planned {kind}", rate)
    share = 1.0 if kind == "regular" else _SHOCK_PLANNED
    found = found.keep(kept_in_shock(block, found, share))
    rows = rows_of_kind("elective_causes", kind)
    cause = drawn_causes(block, "elective_causes", found.row, found.draws, rows)
    mean = numbers("elective_causes", "nights")[cause]
    nights = np.ceil(found.draws.exponential("nights", mean)).astype(np.int64)
    kinds = np.full(len(found), KINDS.index(kind))
    number = found.draws.number + 2 + kinds * _NUMBERS
    return _Planned(found.row, found.day, number, kinds, cause, np.minimum(nights, _LONGEST))


def _clear_of_each_other(planned: _Planned) -> _Planned:
    """Spells that begin after everything arranged earlier for the same person has ended."""
    offset = planned.row * (2 * NEVER)
    ends = planned.start + planned.nights + offset
    latest = np.maximum.accumulate(np.concatenate([[-1], ends[:-1]]))
    return planned.keep(latest < planned.start + offset)


def _clear_of_emergencies(block: Block, planned: _Planned) -> _Planned:
    """Spells that do not begin in an emergency stay or in the days after one."""
    found = seen_admissions(block)
    place = np.searchsorted(_keys(found.row, found.start), _keys(planned.row, planned.start)) - 1
    before = np.maximum(place, 0)
    same = (place >= 0) & (found.row[before] == planned.row) if len(found.row) else place >= 0
    recent = planned.start <= found.end[before] + _CLEAR_DAYS if len(found.row) else same
    return planned.keep(~(same & recent))


def _next_emergency(block: Block, planned: _Planned) -> tuple[Days, Days]:
    """First and last day of the next emergency stay from the day of each spell; else NEVER."""
    found = seen_admissions(block)
    place = np.searchsorted(_keys(found.row, found.start), _keys(planned.row, planned.start))
    row, start, end = (np.append(values, NEVER) for values in (found.row, found.start, found.end))
    same = row[place] == planned.row
    return np.where(same, start[place], NEVER), np.where(same, end[place], NEVER)


def _keys(row: Days, day: Days) -> Days:
    """Whole numbers in the order of people and days."""
    return row * (2 * NEVER) + day
