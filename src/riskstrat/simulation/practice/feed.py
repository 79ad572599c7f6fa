"""The practice's files in the shape of the London data service, with what goes wrong in them."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, numbers
from riskstrat.simulation.columns import Choice, DaysOf, clock, opaque
from riskstrat.simulation.feeds.calendar import GP
from riskstrat.simulation.feeds.files import FeedRows
from riskstrat.simulation.feeds.mess import Mess, twice
from riskstrat.simulation.keyed import Draws
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.practice import coding
from riskstrat.simulation.practice.appointments import STATUSES, Appointments
from riskstrat.simulation.practice.canonical import recorded
from riskstrat.simulation.practice.entries import Entries, Kind, concept_column
from riskstrat.simulation.practice.identity import person_ids
from riskstrat.simulation.practice.orders import Orders, first_product, product_column
from riskstrat.simulation.timeline import NEVER, Days, Mask

__all__ = ["appointment_rows", "observation_rows", "order_rows"]

_OBSERVATIONS = Mess(twice=0.003)
_MISPLACED_POINT = 0.0004
"""Share of values that are ten times too high, such as a body mass index of 270."""
_TENTHS = 10
_NO_UNIT = 0.004
_NO_NUMBER = 0.0005
_TEXT_RESULT = "see comment"
_BEFORE_BIRTH = 0.0001
_BEFORE_BIRTH_DAYS = (1, 20_000)
_ENDED = 0.3
_ENDED_AFTER_DAYS = (30, 366)
"""Share of passing problems that were over when the record came from another practice."""


def observation_rows(block: Block, entries: Entries) -> FeedRows:
    """Rows of the file of diagnoses, observations and measurements."""
    entries, order = _told_twice(block, entries)
    after = coding.changed(block, entries.row, entries.day)
    sent = np.flatnonzero(coding.is_sent(entries, after))
    entries, order, after = entries.take(sent), order[sent], after[sent]
    draws = _draws(block, "gp observation", entries.row, entries.day, entries.key)
    columns = {
        "id": opaque("O", entries.key),
        "person_id": _persons(block, entries.row),
        "practice_code": _practices(block, entries.row, entries.day),
        "clinical_effective_date": _dates(block, entries, draws),
        "date_recorded": DaysOf(recorded(block, entries)),
        "mapped_concept_code": coding.codes(entries, after),
        "mapped_concept_display": coding.terms(entries, after),
        **_results(entries, draws),
        "is_problem": entries.kind == Kind.DIAGNOSIS,
        "problem_end_date": _ends(block, entries, draws),
    }
    return FeedRows("gp_observation", columns, block.people.number[entries.row], order)


def appointment_rows(block: Block, booked: Appointments) -> FeedRows:
    """Rows of the file of appointments."""
    minutes = numbers("appointment_slots", "minutes").astype(np.int64)
    columns = {
        "id": opaque("A", booked.key),
        "person_id": _persons(block, booked.row),
        "practice_code": _practices(block, booked.row, booked.day),
        "start_date": DaysOf(booked.day),
        "start_time": clock(booked.minute),
        "planned_duration": minutes[booked.slot],
        "date_recorded": DaysOf(GP.told(booked.day)),
        "appointment_status_display": Choice(STATUSES, booked.status),
        "national_slot_category_name": Choice(column("appointment_slots", "slot"), booked.slot),
        "contact_mode_display": Choice(column("contact_modes", "mode"), booked.mode),
    }
    return FeedRows("gp_appointment", columns, block.people.number[booked.row], booked.key)


def order_rows(block: Block, orders: Orders) -> FeedRows:
    """Rows of the file of medicines. No code of the dictionary of medicines is given."""
    after = coding.changed(block, orders.row, orders.day)
    nothing = np.full(len(orders), -1)
    columns = {
        "id": opaque("M", orders.key),
        "person_id": _persons(block, orders.row),
        "practice_code": _practices(block, orders.row, orders.day),
        "clinical_effective_date": DaysOf(orders.day),
        "date_recorded": DaysOf(GP.told(orders.day)),
        "bnf_reference": coding.drug_codes(orders.product, after),
        "mapped_concept_code": Choice([""], nothing),
        "statement_medication_name": Choice(product_column("text"), orders.product),
        "quantity_value": orders.quantity,
        "quantity_unit": Choice(product_column("unit"), orders.product),
        "duration_days": orders.duration,
        "is_repeat": orders.product < first_product("courses"),
    }
    return FeedRows("gp_medication_order", columns, block.people.number[orders.row], orders.key)


def _draws(
    block: Block,
    process: str,
    row: npt.NDArray[np.int64],
    day: Days,
    key: npt.NDArray[np.uint64],
) -> Draws:
    """Random numbers of records that have keys of their own."""
    return block.draws(process, row, day, key.view(np.int64))


def _told_twice(block: Block, entries: Entries) -> tuple[Entries, npt.NDArray[np.uint64]]:
    """Entries with those that are told again, and the order of all."""
    record = entries.key.view(np.int64)
    again = twice(block, GP.feed, _OBSERVATIONS, entries.row, entries.day, record)
    repeated = entries.take(np.flatnonzero(again))
    return Entries.joined([entries, repeated]), np.concatenate([entries.key, ~repeated.key])


def _persons(block: Block, row: npt.NDArray[np.int64]) -> Choice:
    return Choice(person_ids(block).to_pylist(), row)


def _practices(block: Block, row: npt.NDArray[np.int64], day: Days) -> Choice:
    """The practice that has the record on the day, or had the person first."""
    return Choice(practice_codes(len(block.district.bounds)), block.people.practice_on(row, day))


def _dates(block: Block, entries: Entries, draws: Draws) -> DaysOf:
    early = block.people.birth[entries.row] - draws.integers("early", *_BEFORE_BIRTH_DAYS)
    return DaysOf(np.where(draws.chance("before birth", _BEFORE_BIRTH), early, entries.day))


def _results(entries: Entries, draws: Draws) -> dict[str, Any]:
    """Values as text, as they are sent, and their units."""
    measured = entries.kind == Kind.MEASUREMENT
    tenths = np.where(measured, np.round(_TENTHS * entries.value), -1).astype(np.int64)
    tenths = np.where(draws.chance("point", _MISPLACED_POINT) & measured, _TENTHS * tenths, tenths)
    found, place = np.unique(tenths, return_inverse=True)
    labels = [*(f"{value / _TENTHS:.10g}" for value in found.tolist()), _TEXT_RESULT]
    place = np.where(draws.chance("text", _NO_NUMBER), len(found), place)
    unit = np.where(measured & ~draws.chance("unit", _NO_UNIT), entries.concept, -1)
    return {
        "result_value": Choice(labels, np.where(measured, place, -1)),
        "result_unit_display": Choice(concept_column(None, "unit"), unit),
    }


def _ends(block: Block, entries: Entries, draws: Draws) -> DaysOf:
    """Last day of problems that were over before they were recorded here."""
    end = entries.day + draws.integers("end", *_ENDED_AFTER_DAYS)
    passing = _passing()[entries.concept] & (entries.kind == Kind.DIAGNOSIS)
    over = passing & (end < block.people.registered[entries.row]) & draws.chance("over", _ENDED)
    return DaysOf(np.where(over, end, NEVER))


@cache
def _passing() -> Mask:
    """Conditions that are not for life."""
    long_term = numbers("conditions", "ltc") == 1
    others = np.zeros(len(column("observations", "observation")), dtype=bool)
    return np.concatenate([~long_term, others])
