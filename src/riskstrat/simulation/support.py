"""Support around people: community nursing, social care, housing, voluntary sector."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.catalogue import condition_index, rows
from riskstrat.simulation.district import District
from riskstrat.simulation.feeds import COMMUNITY, COUNCIL, VOLUNTARY, Feed
from riskstrat.simulation.ledger import Ledger, Recorded
from riskstrat.simulation.timeline import NEVER, Days, Floats, Mask, occurrences

__all__ = ["write_services"]

_FEEDS: dict[str, Feed] = {feed.name: feed for feed in (COMMUNITY, COUNCIL, VOLUNTARY)}
_DECADE = 10
_USUAL_AGE = 80
_LENGTH_SIGMA = 0.7
_MOST_AFTER_DISCHARGE = 0.5
_DAYS_TO_START = 10
_COUNCIL_FUNDED = 0.5
"""Share of care-home residents whose place the council pays."""
_CARE_HOME_MINUTES = 7 * 24 * 60
_CARE_HOME_PENCE = 95_000


def write_services(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    """Write spells of support, some begun after a discharge, and council-funded care homes."""
    for service in rows("services"):
        person, start = _starts(rng, district, service)
        length = rng.lognormal(np.log(float(service["median_days"])), _LENGTH_SIGMA, len(person))
        end = start + 1 + np.floor(length).astype(np.int64)
        kept = _one_at_a_time(person, start, end)
        _write(rng, ledger, district, service, (person[kept], start[kept], end[kept]))
    _write_care_homes(rng, ledger, district)


def _starts(
    rng: np.random.Generator, district: District, service: dict[str, str]
) -> tuple[npt.NDArray[np.int64], Days]:
    people, found = district.people, district.history.admissions
    factor = _factor(district, service)
    rate = float(service["at_80_per_year"]) * factor
    person, start = occurrences(rng, rate, people.entry, district.stop)
    share = np.minimum(float(service["after_discharge_at_80"]) * factor, _MOST_AFTER_DISCHARGE)
    offered = rng.random(len(found.person)) < share[found.person]
    after = found.end + rng.integers(1, _DAYS_TO_START, len(found.person))
    offered &= after < district.stop[found.person]
    person = np.concatenate([person, found.person[offered]])
    start = np.concatenate([start, after[offered]])
    order = np.lexsort((start, person))
    return person[order], start[order]


def _factor(district: District, service: dict[str, str]) -> Floats:
    decades = (district.age - _USUAL_AGE) / _DECADE
    onset = district.people.onset[:, condition_index(service["condition"])]
    likelier = np.where(onset <= district.halfway, float(service["condition_factor"]), 1.0)
    factor: Floats = np.exp(float(service["change_per_decade"]) * decades) * likelier
    return factor * (district.age >= 18)  # noqa: PLR2004 - support of adults


def _one_at_a_time(person: npt.NDArray[np.int64], start: Days, end: Days) -> Mask:
    """Spells that begin after every earlier one of the same person and service has ended."""
    offset = person * (2 * NEVER)
    latest = np.maximum.accumulate(np.concatenate([[0], (end + offset)[:-1]]))
    clear: Mask = latest < start + offset
    return clear


def _write(
    rng: np.random.Generator,
    ledger: Ledger,
    district: District,
    service: dict[str, str],
    spells: tuple[npt.NDArray[np.int64], Days, Days],
) -> None:
    person, start, end = spells
    stop = district.stop[person]
    gone = np.where(district.history.exit[person] <= district.period.last, stop, NEVER)
    end = np.where(end < stop, end, gone)
    feed = _FEEDS[service["feed"]]
    ledger.add_spells(
        "services",
        person,
        Recorded(feed.recorded(rng, start), feed.recorded(rng, end)),
        service=service["service"],
        source=feed.name,
        start_date=start,
        end_date=end,
        minutes_per_week=int(service["minutes_per_week"]),
        weekly_cost_pence=int(service["weekly_cost_pence"]),
    )


def _write_care_homes(rng: np.random.Generator, ledger: Ledger, district: District) -> None:
    history = district.history
    funded = rng.random(len(district.people)) < _COUNCIL_FUNDED
    person = np.flatnonzero((history.care_home < NEVER) & funded)
    service = {
        "service": "care_home",
        "feed": COUNCIL.name,
        "minutes_per_week": str(_CARE_HOME_MINUTES),
        "weekly_cost_pence": str(_CARE_HOME_PENCE),
    }
    endless = np.full(len(person), NEVER)
    _write(rng, ledger, district, service, (person, history.care_home[person], endless))
