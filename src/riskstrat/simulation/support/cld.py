"""Client-level data of adult social care: one list of events for each quarter.

An event stands in the list of every quarter in which it was open. The list of the quarter after its
end corrects the end date and the outcome of some.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, numbers
from riskstrat.simulation.columns import Choice, opaque
from riskstrat.simulation.feeds.calendar import COUNCIL
from riskstrat.simulation.feeds.files import FeedRows, number_column
from riskstrat.simulation.feeds.mess import Mess, told_numbers
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.register import postcode_on
from riskstrat.simulation.support.about import day_texts, local_identifier, month_texts
from riskstrat.simulation.support.events import EVENT_TYPES, Events, cld_row, units_a_week
from riskstrat.simulation.support.spells import Spells, service_index
from riskstrat.simulation.support.submissions import Told, feed_rows, told_periods
from riskstrat.simulation.timeline import NEVER, Days, Mask, month_starts, months

__all__ = ["COUNCIL_CODE", "MESS", "tell_cld"]

COUNCIL_CODE = "999"
"""A code that no council with social services has."""
MESS = Mess(missing=0.035, wrong=0.001)
_CORRECTED = 0.06
"""Share of events whose end and outcome the next quarter's list corrects (assumption)."""
_DAYS_WRONG = (0, 8)
_NO_PRACTICE = 0.05
_NOT_ASKED = 0.10
"""Share of people of whom the council does not know whether they have a carer."""
_SOON_AFTER = 8
"""Days after a discharge within which a request counts as made by the hospital."""
_REQUEST, _ASSESSMENT, _SERVICE, _REVIEW = range(len(EVENT_TYPES))

_ETHNICITIES = (
    "English / Welsh / Scottish / Northern Irish / British",
    "Irish",
    "Any other White background",
    "White and Black Caribbean",
    "White and Asian",
    "Any other mixed background",
    "Indian",
    "Pakistani",
    "Bangladeshi",
    "Any other Asian background",
    "Caribbean",
    "African",
    "Chinese",
    "Any other ethnic group",
    "Undeclared / Not known",
)
"""Wording of the categories of :data:`~riskstrat.simulation.people.people.ETHNIC_CATEGORIES`."""
_HOMES = (
    "Owner occupier or shared ownership scheme",
    "Tenant",
    "Tenant - private landlord",
    "Settled mainstream housing with family / friends",
    "Registered care home",
    "Registered nursing home",
)
_CARE_HOME, _NURSING_HOME = 4, 5
_REASONS = (
    ("Learning Disability Support", "learning_disability"),
    ("Support with Memory & Cognition", "dementia"),
    ("Mental Health Support", "psychosis_bipolar"),
    ("Social Support: Substance misuse support", "substance"),
    ("Sensory Support: Support for visual impairment", "blindness"),
    ("Physical Support: Access & mobility only", "mobility_problems"),
)
"""Primary support reason by the first of these conditions that a person has."""
_OTHER_REASON = "Physical Support: Personal care support"
_CARER_REASON = "Social Support: Support to Carer"
_ROUTES = ("Discharge from Hospital", "Community/Other route")
_DECEASED, _MOVED = "NFA - Deceased", "NFA - Moved to another LA"
_PROGRESS = "Progress to Support Planning / Services"
_NATURAL = {
    _ASSESSMENT: ((_PROGRESS,), (1.0,)),
    _SERVICE: (
        ("Service ended as planned", _PROGRESS, "NFA - Support ended: Other reason"),
        (0.6, 0.2, 0.2),
    ),
    _REVIEW: (
        ("No change in package", "Progress to Re-assessment / Unplanned Review", _PROGRESS),
        (0.70, 0.15, 0.15),
    ),
}
"""Outcomes of events that end in their own time, and their shares; requests have their own."""
_NOTHING = (
    "NFA - Information & Advice / Signposting only",
    "NFA - Support declined",
    "NFA - No services offered: Other reason",
)
_NOTHING_SHARES = (0.75, 0.10, 0.15)
"""Outcomes of requests that lead to nothing, and their shares."""


def tell_cld(block: Block, events: Events) -> FeedRows:
    """The lists of all quarters."""
    told, corrected = _told(block, events)
    own = events.take(told.which)
    outcomes = _outcomes(block, events).take(told.which)
    known = own.end <= COUNCIL.period_end(told.day)
    first = ~corrected & _is_corrected(block, events)[told.which]
    columns = {
        "LA Code": COUNCIL_CODE,
        "Reporting Period Start Date": day_texts(COUNCIL.period_start(told.day)),
        "Reporting Period End Date": day_texts(COUNCIL.period_end(told.day)),
        **_person_columns(block, own, told),
        "Event Type": Choice(EVENT_TYPES, own.kind),
        "Event Reference": opaque("E", own.draws(block).bits("event")),
        "Event Start Date": day_texts(own.start),
        "Event End Date": day_texts(_told_ends(block, own, told, first)),
        "Event Outcome": Choice(outcomes.labels, np.where(known & ~first, outcomes.positions, -1)),
        "Request: Route of Access": _routes(block, own),
        **_service_columns(block, own),
        "ImportDate": day_texts(told.submitted()),
    }
    quarter = months(told.day) // COUNCIL.months
    return feed_rows("adult_social_care_cld", columns, own.draws(block, quarter), MESS.twice)


def _is_corrected(block: Block, events: Events) -> Mask:
    return events.draws(block).chance("corrected", _CORRECTED) & (events.end < NEVER)


def _told(block: Block, events: Events) -> tuple[Told, Mask]:
    """Rows of the lists, and which of them correct what the quarter before said."""
    known = np.maximum(events.start, block.people.entry[events.spells.row])
    told = told_periods(COUNCIL, known, np.minimum(events.end, block.period.last))
    last = events.end[told.which] <= COUNCIL.period_end(told.day)
    again = told.take(_is_corrected(block, events)[told.which] & last)
    day = np.concatenate([told.day, month_starts(months(again.day) + COUNCIL.months)])
    which = np.concatenate([told.which, again.which])
    nothing = np.zeros(len(which), bool)
    return Told(COUNCIL, which, day, nothing), np.arange(len(which)) >= len(told)


def _told_ends(block: Block, own: Events, told: Told, first: Mask) -> Days:
    """End dates as far as they are known; later than they were where they are corrected later."""
    wrong = own.end + own.draws(block).integers("days wrong", *_DAYS_WRONG)
    last = COUNCIL.period_end(told.day)
    end = np.where(first, np.minimum(wrong, last), own.end)
    return np.where(own.end <= last, end, NEVER)


def _person_columns(block: Block, own: Events, told: Told) -> dict[str, Any]:
    row, record = own.spells.row, own.spells.service * len(EVENT_TYPES) + own.kind
    number = told_numbers(block, "cld", MESS, row, own.start, record)
    last = COUNCIL.period_end(told.day)
    return {
        "NHS Number": number_column(number),
        "LA Person Unique Identifier": local_identifier(block, "council", "P", row),
        "GP Practice Code": _practice(block, row, told.day),
        "Gender": Choice(("Male", "Female"), block.people.female[row].astype(np.int64)),
        "Ethnicity": Choice(_ETHNICITIES, block.people.ethnicity[row]),
        "dmYearAndMonthOfBirth": month_texts(block.people.birth[row]),
        "dmYearAndMonthofDeath": month_texts(
            np.where(block.died[row] <= last, block.died[row], NEVER)
        ),
        "Client Type": _of_service("client_type", own),
        "Primary Support Reason": _reason(block, own),
        "Postcode": postcode_on(block, row, np.maximum(own.start, block.people.entry[row])),
        "Accommodation Status": _home(block, own),
        "Has Unpaid Carer": _has_carer(block, row),
        "Visual Impairment": _yes_or_no(block, own, "blindness"),
        "Hearing Impairment": _yes_or_no(block, own, "hearing_loss"),
        "Dementia": _yes_or_no(block, own, "dementia"),
    }


def _practice(block: Block, row: Days, day: Days) -> Choice:
    unknown = block.draws("council practice", row).chance("unknown", _NO_PRACTICE)
    known = np.where(unknown, -1, block.people.practice_on(row, day))
    return Choice(practice_codes(len(block.district.bounds)), known)


def _has_carer(block: Block, row: Days) -> Choice:
    known = ~block.draws("council carer", row).chance("not asked", _NOT_ASKED)
    return Choice(
        ("No", "Yes", "Unknown"), np.where(known, block.people.carer[row].astype(np.int64), 2)
    )


def _yes_or_no(block: Block, own: Events, condition: str) -> Choice:
    had = block.had(condition, own.spells.row, own.start)
    return Choice(("No", "Yes"), had.astype(np.int64))


def _reason(block: Block, own: Events) -> Choice:
    labels = [label for label, _ in _REASONS] + [_OTHER_REASON, _CARER_REASON]
    had = [block.had(condition, own.spells.row, own.start) for _, condition in _REASONS]
    reason = np.select(had, range(len(had)), len(had))
    carer = own.spells.service == service_index("carer_support")
    return Choice(labels, np.where(carer, labels.index(_CARER_REASON), reason))


def _home(block: Block, own: Events) -> Choice:
    row = own.spells.row
    home = np.where(block.lives.care_home[row] <= own.start, _CARE_HOME, block.people.tenure[row])
    nursing = own.spells.service == service_index("nursing_care")
    return Choice(_HOMES, np.where(nursing, _NURSING_HOME, home))


def _routes(block: Block, own: Events) -> Choice:
    """How requests came: soon after a stay in hospital, or otherwise."""
    after = _soon_after_discharge(block, own.spells)
    return Choice(_ROUTES, np.where(own.kind == _REQUEST, (~after).astype(np.int64), -1))


def _soon_after_discharge(block: Block, spells: Spells) -> Mask:
    stays = block.lives.admissions
    if not len(stays.row):
        return np.zeros(len(spells), bool)
    place = np.searchsorted(
        stays.row * NEVER + stays.end, spells.row * NEVER + spells.asked, "right"
    )
    last = np.maximum(place - 1, 0)
    soon: Mask = (stays.row[last] == spells.row) & (place > 0)
    return soon & (spells.asked - stays.end[last] < _SOON_AFTER)


def _outcomes(block: Block, events: Events) -> Choice:
    """Outcome of each event once it has ended."""
    labels = [_DECEASED, _MOVED, _PROGRESS, *_NOTHING]
    labels += [label for label in column("cld_services", "request_outcome") if label]
    labels += [label for names, _ in _NATURAL.values() for label in names]
    labels = list(dict.fromkeys(labels))
    outcome = _natural_outcomes(block, events, labels)
    row, end = events.spells.row, events.end
    outcome[end == block.died[row]] = labels.index(_DECEASED)
    outcome[end == block.left[row]] = labels.index(_MOVED)
    moved_in = (events.kind == _SERVICE) & (end == block.lives.care_home[row])
    outcome[moved_in & (end < NEVER)] = labels.index(_PROGRESS)
    return Choice(labels, np.where(end < NEVER, outcome, -1))


def _natural_outcomes(block: Block, events: Events, labels: list[str]) -> npt.NDArray[np.int64]:
    draws = events.draws(block)
    asked = column("cld_services", "request_outcome")
    positions = np.array([labels.index(label) if label else -1 for label in asked])
    outcome = positions[cld_row(events.spells.service)]
    for kind, (names, shares) in _NATURAL.items():
        drawn = np.array([labels.index(name) for name in names])[draws.choice("outcome", shares)]
        outcome = np.where(events.kind == kind, drawn, outcome)
    drawn = np.array([labels.index(label) for label in _NOTHING])[
        draws.choice("advice", _NOTHING_SHARES)
    ]
    nothing = events.spells.service == service_index("information_and_advice")
    return np.where(nothing, drawn, outcome)


def _of_service(name: str, own: Events) -> Choice:
    """A text column of ``tables/cld_services.csv``; nothing where it is empty."""
    labels = column("cld_services", name)
    filled = np.array([position if label else -1 for position, label in enumerate(labels)])
    return Choice(labels, filled[cld_row(own.spells.service)])


def _service_columns(block: Block, own: Events) -> dict[str, Any]:
    is_service = own.kind == _SERVICE
    pounds = numbers("cld_services", "unit_pence")[cld_row(own.spells.service)] / 100
    units = units_a_week(block, own.spells)

    def only(kind: int, name: str) -> Choice:
        choice = _of_service(name, own)
        return Choice(choice.labels, np.where(own.kind == kind, choice.positions, -1))

    return {
        "Assessment Type": only(_ASSESSMENT, "assessment"),
        "Service Type": only(_SERVICE, "service_type"),
        "Service Component": only(_SERVICE, "component"),
        "Delivery Mechanism": only(_SERVICE, "delivery_mechanism"),
        "Review Reason": Choice(("Planned",), np.where(own.kind == _REVIEW, 0, -1)),
        "Unit Cost": np.where(is_service, pounds, np.nan),
        "Cost Frequency (Unit Type)": only(_SERVICE, "unit"),
        "Planned units per week": np.where(is_service, units, np.nan),
    }
