"""Council housing: tenancies, arrears, support, repairs and adaptations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice, DaysOf, opaque
from riskstrat.simulation.feeds.calendar import HOUSING
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.register import postcode_on
from riskstrat.simulation.support.about import local_identifier
from riskstrat.simulation.support.canonical import add_services
from riskstrat.simulation.support.repairs import CATEGORIES, PRIORITIES, Repairs, repairs_of
from riskstrat.simulation.support.spells import Spells
from riskstrat.simulation.support.state import State
from riskstrat.simulation.support.submissions import Told, feed_rows, told_on
from riskstrat.simulation.support.tenancies import (
    Arrears,
    Tenancies,
    arrears_of,
    supported,
    tenancies_of,
)
from riskstrat.simulation.timeline import NEVER, Days

__all__ = ["MESS", "tell_housing"]

MESS = Mess(missing=0.25, wrong=0.005)
_TYPES, _TYPE_SHARES = ("secure", "introductory", "sheltered"), (0.78, 0.10, 0.12)
_HOMES, _HOME_SHARES = ("flat", "house", "bungalow"), (0.45, 0.42, 0.13)
_MOST_BEDROOMS = 4
_YES_NO = ("no", "yes")
_FUNDING = ("repairs", "disabled facilities grant")


def tell_housing(block: Block, spells: Spells, out: Outputs) -> None:
    """Tell what the council's housing service did; only its tenants are in its records."""
    tenancies = tenancies_of(block)
    support, supported_in = supported(block, tenancies, spells.of_feed(HOUSING))
    if out.feed:
        state = State.by_month(block)
        arrears = arrears_of(block, tenancies, state)
        _tell_tenancies(block, tenancies, arrears, (support, supported_in), out.feed)
        _tell_repairs(block, tenancies, repairs_of(block, tenancies, state), out.feed)
    if out.ledger:
        add_services(block, out.ledger, HOUSING, support, HOUSING.told(support.end))


def _tell_tenancies(
    block: Block,
    tenancies: Tenancies,
    arrears: Arrears,
    support: tuple[Spells, npt.NDArray[np.int64]],
    feed: Callable[[FeedRows], None],
) -> None:
    """A row for each day on which something about a tenancy changed, as it stood on that day."""
    which, day = _changes(tenancies, arrears, support)
    own = tenancies.take(which)
    draws = own.draws(block)
    end = np.where(own.end <= day, own.end, NEVER)
    columns = {
        **_tenant_columns(block, own),
        "tenancy_type": Choice(_TYPES, draws.choice("type", _TYPE_SHARES)),
        "property_type": Choice(_HOMES, draws.choice("home", _HOME_SHARES)),
        "bedrooms": draws.integers("bedrooms", 1, _MOST_BEDROOMS + 1),
        "tenancy_start": DaysOf(own.start),
        "tenancy_end": DaysOf(end),
        "arrears": Choice(_YES_NO, arrears.on(which, day).astype(np.int64)),
        **_support_columns(block, support, which, day),
        "status_date": DaysOf(day),
        "extract_date": DaysOf(HOUSING.told(day)),
    }
    rows = block.draws("tenancy row", own.row, day, own.number)
    feed(feed_rows("housing_tenancy", columns, rows))


def _changes(
    tenancies: Tenancies, arrears: Arrears, support: tuple[Spells, npt.NDArray[np.int64]]
) -> tuple[npt.NDArray[np.int64], Days]:
    """Tenancy and day of each change in the period."""
    spells, supported_in = support
    everyone = np.arange(len(tenancies))
    parts = [
        (everyone, tenancies.known),
        (everyone, tenancies.end),
        (arrears.tenancy, arrears.start),
        (arrears.tenancy, arrears.end),
        (supported_in, np.maximum(spells.start, tenancies.known[supported_in])),
        (supported_in, spells.end),
    ]
    which, day = (np.concatenate(part) for part in zip(*parts, strict=True))
    happened = day < NEVER
    keys = np.unique(which[happened] * NEVER + day[happened])
    return keys // NEVER, keys % NEVER


def _support_columns(
    block: Block,
    support: tuple[Spells, npt.NDArray[np.int64]],
    which: npt.NDArray[np.int64],
    day: Days,
) -> dict[str, Any]:
    """The latest spell of housing support that had begun."""
    spells, supported_in = support
    start, end = np.full(len(which), NEVER), np.full(len(which), NEVER)
    if len(spells):
        known = np.maximum(spells.start, block.people.entry[spells.row])
        place = np.searchsorted(supported_in * NEVER + known, which * NEVER + day, "right") - 1
        found = np.maximum(place, 0)
        begun = (place >= 0) & (supported_in[found] == which)
        start = np.where(begun, spells.start[found], NEVER)
        end = np.where(begun & (spells.end[found] <= day), spells.end[found], NEVER)
    return {"support_start": DaysOf(start), "support_end": DaysOf(end)}


def _tell_repairs(
    block: Block, tenancies: Tenancies, repairs: Repairs, feed: Callable[[FeedRows], None]
) -> None:
    """A row in the month of the report, and one in the month of completion if that is later."""
    told, later = _repairs_told(repairs)
    which, last = repairs.tenancy[told.which], HOUSING.period_end(told.day)
    own, completed = tenancies.take(which), repairs.completed[told.which]
    done = completed <= last
    columns = {
        "repair_ref": opaque("J", repairs.reference[told.which]),
        **_tenant_columns(block, own),
        "category": Choice(CATEGORIES, repairs.category[told.which]),
        "priority": Choice(PRIORITIES, repairs.priority[told.which]),
        "funding": Choice(_FUNDING, repairs.is_adaptation[told.which].astype(np.int64)),
        "reported_date": DaysOf(repairs.reported[told.which]),
        "completed_date": DaysOf(np.where(done, completed, NEVER)),
        "cost_gbp": np.where(done, repairs.pounds[told.which], np.nan),
        "extract_date": DaysOf(HOUSING.told(told.day)),
    }
    number = 2 * repairs.number[told.which] + later
    draws = block.draws("repair row", own.row, repairs.reported[told.which], number)
    feed(feed_rows("housing_repair", columns, draws))


def _repairs_told(repairs: Repairs) -> tuple[Told, npt.NDArray[np.bool_]]:
    """Rows, and which of them tell of the completion of a repair that was told before."""
    done = repairs.completed
    after = np.flatnonzero((done < NEVER) & (done > HOUSING.period_end(repairs.reported)))
    told = told_on(HOUSING, np.concatenate([repairs.reported, done[after]]))
    which = np.concatenate([np.arange(len(repairs)), after])
    return Told(HOUSING, which, told.day, told.refreshed), np.arange(len(which)) >= len(repairs)


def _tenant_columns(block: Block, own: Tenancies) -> dict[str, Any]:
    """Who the tenant is: the same in every row of a tenancy."""
    number = told_numbers(block, "housing", MESS, own.row, own.known, own.number)
    return {
        "tenancy_ref": opaque("T", own.draws(block).bits("tenancy")),
        "person_ref": local_identifier(block, "housing", "H", own.row),
        "nhs_number": number_column(number),
        "date_of_birth": DaysOf(block.people.birth[own.row]),
        "postcode": postcode_on(block, own.row, own.known),
    }
