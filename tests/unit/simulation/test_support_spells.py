"""Who gets support, and from when until when."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import pytest

from riskstrat.features.feeds import family_of
from riskstrat.reference import load_table
from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import column, rows
from riskstrat.simulation.feeds.calendar import (
    COMMUNITY,
    COUNCIL,
    HOSPITAL,
    HOUSING,
    MENTAL_HEALTH,
    VOLUNTARY,
)
from riskstrat.simulation.lives.programme import SERVICES, Enrolments, Programme
from riskstrat.simulation.support.contacts import contacts_of
from riskstrat.simulation.support.events import EVENT_TYPES, events_of, units_a_week
from riskstrat.simulation.support.programmes import programme_spells
from riskstrat.simulation.support.repairs import CATEGORIES, repairs_of
from riskstrat.simulation.support.social_care import intensity
from riskstrat.simulation.support.spells import (
    Spells,
    ended,
    one_at_a_time,
    service_index,
    service_number,
)
from riskstrat.simulation.support.starts import (
    COUNCIL_FUNDED,
    care_home_spells,
    planned_start,
    spells_of,
)
from riskstrat.simulation.support.state import SOCIAL_RENTED, State, factor
from riskstrat.simulation.support.tenancies import arrears_of, supported, tenancies_of
from riskstrat.simulation.timeline import NEVER, ages

FEEDS = (COMMUNITY, MENTAL_HEALTH, COUNCIL, HOUSING, VOLUNTARY)


def _day(*day: int) -> int:
    return (date(*day) - date(1970, 1, 1)).days


@pytest.fixture(scope="module")
def spells(block: Block) -> Spells:
    return spells_of(block)


def test_a_spell_begins_when_the_last_one_kept_has_ended():
    row = np.array([0, 0, 0, 0, 1])
    first, end = np.array([10, 15, 20, 29, 10]), np.array([20, 99, 30, 40, 11])
    assert one_at_a_time(row, first, end).tolist() == [True, False, True, False, True]
    assert one_at_a_time(row[:0], first[:0], end[:0]).tolist() == []


def test_spells_end_in_their_time_or_when_people_are_gone(block):
    last = block.period.last
    natural = np.array([100, 100, last + 50, last + 50, last])
    until = np.array([101, 100, last, last + 1, last + 1])
    assert ended(block, natural, until).tolist() == [100, 100, last, NEVER, last]


def test_spells_lie_within_the_time_in_which_people_are_seen(block, spells):
    begun = spells.begun()
    stop = block.stop[begun.row]
    assert (begun.asked <= begun.start).all()
    assert (begun.start < stop).all()
    assert (begun.start < begun.end).all()
    assert (begun.end > block.people.entry[begun.row]).all()
    assert ((begun.end <= np.minimum(stop, block.period.last)) | (begun.end == NEVER)).all()
    gone = stop <= block.period.last
    assert (begun.end[gone] <= stop[gone]).all()
    assert (begun.end == NEVER).sum() > 50


def test_spells_of_a_person_and_a_name_do_not_overlap(spells):
    begun = spells.begun()
    name = np.array([n or s for n, s in zip(*map(_column, ("name", "service")), strict=True)])
    _, kind = np.unique(name[begun.service], return_inverse=True)
    order = np.lexsort((begun.start, kind, begun.row))
    row, kind, start, end = (v[order] for v in (begun.row, kind, begun.start, begun.end))
    same = (row[1:] == row[:-1]) & (kind[1:] == kind[:-1])
    assert same.sum() > 100
    assert (start[1:][same] >= end[:-1][same]).all()


def _column(name: str) -> tuple[str, ...]:
    return column("services", name)


def test_services_have_families_that_features_know_and_feeds_that_they_recognise():
    families = {row["service"] for row in load_table("service_families")}
    assert {name for name in _column("name") if name} <= families
    programmes = {r["service"] for r in load_table("service_families") if r["programme"] == "1"}
    assert set(SERVICES) <= programmes
    assert {calendar.feed for calendar in FEEDS} == set(_column("calendar"))
    assert all(family_of(calendar.feed) for calendar in FEEDS)


def test_the_tables_name_each_other_rightly():
    services = set(_column("service"))
    conditions = set(column("conditions", "condition"))
    assert {row["service"] for row in rows("service_conditions")} <= services
    assert {row["condition"] for row in rows("service_conditions")} <= conditions
    council = {row["service"] for row in rows("services") if row["calendar"] == COUNCIL.feed}
    assert set(column("cld_services", "service")) == council
    clinical = [r for r in rows("services") if r["calendar"] in ("community", "mental_health")]
    assert len({row["team"] for row in clinical}) == len(clinical)


def _state(**changed) -> State:
    usual = {
        "age": np.array([80.0]),
        "decile": np.array([5]),
        "alone": np.array([False]),
        "in_care_home": np.array([False]),
        "tenant": np.array([False]),
        "had": lambda _condition: np.array([False]),
    }
    return State(**(usual | changed))


@pytest.mark.parametrize(
    ("service", "changed", "expected"),
    [
        ("befriending", {}, 1.0),
        ("befriending", {"alone": np.array([True])}, 3.0),
        ("befriending", {"age": np.array([49.9])}, 0.0),
        ("befriending", {"age": np.array([70.0])}, np.exp(-0.45)),
        ("befriending", {"age": np.array([110.0])}, np.exp(0.45 * 1.5)),
        ("food_support", {"decile": np.array([1])}, np.exp(0.2 * 4)),
        ("home_care", {"in_care_home": np.array([True])}, 0.0),
        ("housing_support", {}, 0.0),
        ("housing_support", {"tenant": np.array([True])}, 1.0),
        ("memory_clinic", {"had": lambda c: np.array([c == "dementia"])}, 1.5),
    ],
)
def test_need_follows_age_place_home_and_conditions(service, changed, expected):
    row = rows("services")[service_index(service)]
    at_average = np.exp(float(row["deprivation"]) * 0.5)
    found = factor(row, _state(**changed)) / at_average
    assert found == pytest.approx(np.array([expected]))


def test_what_is_known_by_month_is_what_is_known_on_its_first_day(block):
    month = 40
    row = np.arange(len(block.people))
    days = State.on_days(block, row, np.full(len(row), block.months[month]))
    by_month = State.by_month(block)
    for name in ("age", "decile", "alone", "in_care_home", "tenant"):
        assert (getattr(days, name) == getattr(by_month, name)[:, month]).all()
    assert (days.had("diabetes") == by_month.had("diabetes")[:, month]).all()


def test_support_depends_on_nothing_later(block):
    """Whoever dies, moves to a home or falls ill later has had the same support until then."""
    day = _day(2022, 3, 1)
    lives, later = block.lives, block.lives.onset >= day
    stays = lives.admissions
    early = stays.end < day
    cut = type(stays)(*(getattr(stays, f)[early] for f in stays.__dataclass_fields__))
    changed = replace(
        lives,
        onset=np.where(later, NEVER, lives.onset),
        death=np.where(lives.death >= day, day, lives.death),
        care_home=np.where(lives.care_home >= day, NEVER, lives.care_home),
        admissions=cut,
    )
    now, then = (spells_of(b) for b in (block, replace(block, lives=changed)))
    known = [spells.take(spells.asked < day) for spells in (now, then)]
    assert len(known[0]) > 800
    for name in ("service", "row", "asked"):
        assert (getattr(known[0], name) == getattr(known[1], name)).all()
    for name in ("start", "end"):
        first, second = (np.minimum(getattr(spells, name), day) for spells in known)
        assert (first == second).all()


def test_referrals_after_a_stay_are_told_no_earlier_than_the_stay(block):
    end = np.arange(_day(2021, 1, 1), _day(2022, 12, 31))
    for calendar in FEEDS:
        assert (calendar.told(end) >= HOSPITAL.told(end)).all()


def test_stays_lead_to_referrals_only_once_they_have_ended(block):
    stays = block.lives.admissions
    nobody = type(stays)(*(getattr(stays, f)[:0] for f in stays.__dataclass_fields__))
    without = replace(block, lives=replace(block.lives, admissions=nobody))
    kind = service_index("reablement")
    found, usual = (spells_of(b).of_services("reablement") for b in (block, without))
    assert (found.service == kind).all()
    usual_days = set(zip(usual.row.tolist(), usual.asked.tolist(), strict=True))
    ends = set(zip(stays.row.tolist(), stays.end.tolist(), strict=True))
    extra = {*zip(found.row.tolist(), found.asked.tolist(), strict=True)} - usual_days
    assert len(extra) > 10
    assert all(any((row, day - after) in ends for after in range(8)) for row, day in extra)


def test_support_at_home_ends_on_moving_into_a_care_home(block, spells):
    day = _day(2022, 1, 10)
    everybody = np.full(len(block.people), day)
    moved = spells_of(replace(block, lives=replace(block.lives, care_home=everybody)))
    at_home = ("home_care", "reablement", "low_level_support")
    before, after = (found.of_services(*at_home).begun() for found in (spells, moved))
    assert (before.end > day).sum() > 20
    assert (after.end <= np.maximum(day, after.asked + 1)).all()
    assert (after.asked < _day(2022, 2, 1)).all()
    assert (moved.of_services("community_nursing").asked > day).any()


def test_the_council_pays_for_half_of_the_places_in_care_homes(block, spells):
    places = spells.of_services("residential_care", "nursing_care")
    residents = np.flatnonzero(block.lives.care_home < block.stop)
    assert set(places.row) < set(residents)
    assert (places.start == block.lives.care_home[places.row]).all()
    everybody = replace(block.lives, care_home=block.people.entry)
    funded = care_home_spells(replace(block, lives=everybody))
    assert len(funded) / len(block.people) == pytest.approx(COUNCIL_FUNDED, abs=0.05)
    assert len(set(funded.service)) == 2


def test_everybody_helped_is_old_enough(block, spells):
    drawn = spells.take(service_number("at_80_per_year", spells.service) > 0)
    in_period = drawn.take(drawn.asked >= block.period.first)
    age = ages(block.people.birth[in_period.row], in_period.asked)
    assert (age >= service_number("youngest", in_period.service)).all()


def test_support_before_the_period_is_still_in_force_on_its_first_day(block, spells):
    before = spells.take(spells.asked < block.period.first).begun()
    assert len(before) > 50
    assert (before.end > block.period.first).all()
    assert (block.people.entry[before.row] <= before.end).all()


def _enrolled(block: Block, *rows_: tuple[int, int, int, int]) -> Block:
    person, start, stop, programme = np.array(sorted(rows_)).T
    enrolments = Enrolments(person, start, stop, np.ones(len(person)), programme)
    programmes = (Programme("Ward", "virtual_ward"), Programme("Falls", "falls_service"))
    return replace(block, programmes=programmes, enrolments=enrolments)


def test_an_enrolment_is_a_referral_from_its_first_to_its_last_day(small_block):
    seen = np.flatnonzero(
        (small_block.people.entry == small_block.period.first)
        & (small_block.stop > small_block.period.last)
    )[:3].tolist()
    day = _day(2021, 5, 1)
    found = programme_spells(
        _enrolled(
            small_block,
            (seen[0], day, day + 30, 0),
            (seen[0], day + 20, day + 50, 0),
            (seen[0], day + 20, day + 50, 1),
            (seen[1], day, small_block.period.last + 9, 1),
            (seen[2], small_block.period.first - 9, day, 1),
        )
    )
    ward, falls = service_index("virtual_ward"), service_index("falls_service")
    told = list(zip(found.row, found.service, found.start - day, found.end - day, strict=True))
    assert told == [
        (seen[0], ward, 0, 30),
        (seen[0], falls, 20, 50),
        (seen[1], falls, 0, NEVER - day),
    ]
    assert (found.asked == found.start).all()
    assert len(programme_spells(small_block)) == 0


def test_a_virtual_ward_sees_people_daily_and_a_falls_service_weekly(small_block):
    person = int(np.flatnonzero(small_block.stop > small_block.period.last)[0])
    day = _day(2024, 5, 1)
    block = _enrolled(small_block, (person, day, day + 21, 0), (person, day, day + 21, 1))
    found = programme_spells(block)
    contacts = contacts_of(block, found, np.ones(2, bool))
    ward = found.service[contacts.spell] == service_index("virtual_ward")
    assert contacts.day[ward].tolist() == list(range(day, day + 21))
    assert ((contacts.day[~ward] - day) // 7).tolist() == [0, 1, 2]
    assert len(contacts_of(block, found, np.zeros(2, bool))) == 0


def test_contacts_come_as_often_as_the_service_says(block, spells):
    own = spells.of_feed(COMMUNITY)
    contacts = contacts_of(block, own, np.ones(len(own), bool))
    first = np.maximum(own.start, block.people.entry[own.row])
    last = np.minimum(own.end, block.stop[own.row])
    assert (contacts.day >= first[contacts.spell]).all()
    assert (contacts.day < last[contacts.spell]).all()
    weeks = (last - first) / 7
    expected = (weeks * service_number("contacts_per_week", own.service)).sum()
    assert len(contacts) == pytest.approx(expected, rel=0.03)


def test_events_of_social_care_follow_each_other(block, spells):
    own = spells.of_feed(COUNCIL)
    events = events_of(block, own)
    kinds = [events.take(events.kind == kind) for kind in range(len(EVENT_TYPES))]
    request, assessment, service, review = kinds
    assert min(len(kind) for kind in kinds) > 20
    assert (request.start == request.spells.asked).all()
    planned = planned_start(block, assessment.spells)
    assert (assessment.start >= assessment.spells.asked).all()
    assert (assessment.start <= planned).all()
    assert (service.start == service.spells.start).all()
    assert (service.end == service.spells.end).all()
    assert (review.start > review.spells.start).all()
    assert (review.start < review.spells.end).all()
    seen = np.minimum(block.stop[events.spells.row], block.period.last + 1)
    assert (events.start < seen).all()
    assert ((events.end <= seen) | (events.end == NEVER)).all()


def test_minutes_and_cost_are_units_times_what_a_unit_is(block, spells):
    care = spells.of_services("home_care").begun()
    units = units_a_week(block, care)
    minutes, pence = intensity(block, care)
    assert (2 * units % 1 == 0).all()
    assert (minutes == 60 * units).all()
    assert (pence == 2350 * units).all()
    home = spells.of_services("residential_care")
    assert set(intensity(block, home)[0]) == {7 * 24 * 60}


def test_tenancies_are_of_adults_mostly_in_social_housing(block):
    tenancies = tenancies_of(block)
    social = block.people.tenure[tenancies.row] == SOCIAL_RENTED
    assert 0.85 < social.mean() < 1
    assert (ages(block.people.birth[tenancies.row], tenancies.known) >= 18).all()
    assert (tenancies.start <= tenancies.known).all()
    assert (tenancies.known < tenancies.end).all()
    moves = block.people.moves[tenancies.row]
    moving = (tenancies.number == 0) & (moves <= block.period.last)
    assert (tenancies.end[moving] <= moves[moving]).all()
    again = tenancies.row[1:] == tenancies.row[:-1]
    assert again.sum() > 5
    assert (tenancies.end[:-1][again] <= tenancies.known[1:][again]).all()


def test_a_tenancy_is_found_from_its_first_day_until_the_day_it_ended(block):
    tenancies = tenancies_of(block)
    which = int(np.flatnonzero(tenancies.end < NEVER)[0])
    row, known, end = (v[which] for v in (tenancies.row, tenancies.known, tenancies.end))
    assert tenancies.on(np.array([row, row]), np.array([known, end - 1])).tolist() == [which] * 2
    assert tenancies.on(np.array([row]), np.array([end])).tolist() != [which]
    assert (
        tenancies.take(np.zeros(len(tenancies), bool)).on(np.array([row]), np.array([known])) == -1
    )


def test_arrears_repairs_and_support_lie_in_tenancies(block, spells):
    tenancies, state = tenancies_of(block), State.by_month(block)
    years = np.minimum(tenancies.end, block.stop[tenancies.row]) - tenancies.known
    repairs = repairs_of(block, tenancies, state)
    inside = repairs.tenancy
    assert (repairs.reported >= tenancies.known[inside]).all()
    assert (repairs.reported < tenancies.end[inside]).all()
    finished = repairs.completed < NEVER
    assert (repairs.completed[finished] < tenancies.end[inside][finished]).all()
    a_year = (~repairs.is_adaptation).sum() / (years.sum() / 365.25)
    assert a_year == pytest.approx(2.0, abs=0.2)
    assert {CATEGORIES[kind][:10] for kind in set(repairs.category[repairs.is_adaptation])} == {
        "adaptation"
    }
    arrears = arrears_of(block, tenancies, state)
    assert arrears.on(arrears.tenancy, arrears.start).all()
    closed = arrears.end < NEVER
    still = arrears.on(arrears.tenancy[closed], arrears.end[closed])
    assert not still[np.append(np.diff(arrears.tenancy[closed]) != 0, True)].any()
    support, supported_in = supported(block, tenancies, spells.of_feed(HOUSING))
    assert len(support) > 10
    assert (tenancies.row[supported_in] == support.row).all()
    assert (support.end <= tenancies.end[supported_in]).all()
