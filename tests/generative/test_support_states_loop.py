"""Versions of support from monthly submissions, against a loop over the days of submission."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from tests.unit.records.small_feeds import alias
from tests.unit.records.support_submissions import (
    csds_person,
    csds_referral,
    csds_team,
    linked_csds,
    rows_in,
)

PEOPLE = 150
MONTHS = ("2020-01", "2020-02", "2020-03")
DAYS = ("2020-02-25", "2020-03-25", "2020-04-25", "2020-05-25")
TYPES = {"26": "physiotherapy", "23": "occupational_therapy", "": "other_community_service"}
TEAMS = ("T1", "T2")


@dataclass(frozen=True)
class Told:
    """One row: the submission, and what it says."""

    month: str
    refresh: bool
    day: str
    said: dict[str, str]
    team: str = ""

    @property
    def place(self) -> tuple[Any, ...]:
        return self.month, self.refresh, self.day


def _number(person: int) -> str:
    """A valid NHS number of somebody who does not exist, or nothing."""
    digits = f"9990{person:05d}"
    check = -sum(int(d) * (10 - place) for place, d in enumerate(digits)) % 11
    return f"{digits}{check}" if check < 10 else ""


def _submissions(draw: random.Random) -> list[tuple[str, bool, str]]:
    """Some submissions of each month: not before its end, the refresh not before the primary."""
    made = []
    for place, month in enumerate(MONTHS):
        days = sorted(draw.choices(DAYS[place:], k=2))
        made += [(month, False, days[0]), (month, True, days[1])]
    return [submission for submission in made if draw.random() < 0.6]


def _referrals(draw: random.Random) -> list[Told]:
    return [
        Told(
            *submission,
            {
                "received": draw.choice(("2020-01-05", "2020-01-06")),
                "discharged": draw.choice(("", "", "2020-01-20", "2020-01-25")),
            },
        )
        for submission in _submissions(draw)
    ]


def _teams(draw: random.Random, team: str) -> list[Told]:
    return [
        Told(
            *submission,
            {
                "type": draw.choice(tuple(TYPES)),
                "closed": draw.choice(("", "", "2020-01-20", "2020-01-22")),
                "rejected": draw.choice(("", "", "", "2020-01-07")),
            },
            team,
        )
        for submission in _submissions(draw)
        if draw.random() < 0.7
    ]


def _latest(rows: Sequence[Told], day: str) -> dict[str, str] | None:
    """What the row about the latest month says of those told until a day."""
    told = [row for row in rows if row.day <= day]
    return max(told, key=lambda row: row.place).said if told else None


def _support(referrals: list[Told], teams: dict[str, list[Told]], team: str, day: str):
    """Service, start and end that were known on a day; None where there was no support."""
    referral = _latest(referrals, day)
    known = {name: said for name, rows in teams.items() if (said := _latest(rows, day))}
    if referral is None or (team not in known and (team or known)):
        return None
    taken = known.get(team, {"type": "", "closed": "", "rejected": ""})
    if taken["rejected"]:
        return None
    ends = [end for end in (referral["discharged"], taken["closed"]) if end]
    return TYPES[taken["type"]], referral["received"], min(ends, default=None)


def _versions(referrals: list[Told], teams: dict[str, list[Told]]):
    """Every version of support with the days on which it became known and was replaced."""
    for team in ("", *teams):
        before, since = None, ""
        for day in DAYS:
            now = _support(referrals, teams, team, day)
            if now == before:
                continue
            if before is not None:
                yield *before, since, day
            before, since = now, day
        if before is not None:
            yield *before, since, None


@pytest.mark.parametrize("seed", [1, 2])
def test_every_version_of_support_is_what_the_latest_submission_says(tmp_path: Path, seed: int):
    draw = random.Random(seed)
    people, referrals, teams, expected = [], [], [], []
    for person in range(PEOPLE):
        if not (number := _number(person)):
            continue
        name = f"P{person}"
        people.append(csds_person(name, **{"NHS NUMBER": number}))
        asked = _referrals(draw)
        taken = {team: _teams(draw, team) for team in TEAMS} if asked else {}
        for row in asked:
            referrals += _raw(row, name, csds_referral(**row.said))
        for row in (row for rows in taken.values() for row in rows):
            teams += _raw(row, name, csds_team(team=row.team, **row.said))
        expected += [(alias(number), *version) for version in _versions(asked, taken)]
    records = linked_csds(tmp_path, people=people, referrals=referrals, teams=teams)
    found = records.engine.connection.execute(
        """
        select patient_id, service, start_date, end_date, recorded_date, superseded_date
        from services
        """
    ).fetchall()
    assert len(found) > PEOPLE
    assert sorted(map(repr, found)) == sorted(repr(_dated(row)) for row in expected)


def _raw(row: Told, person: str, content: dict[str, Any]) -> list[dict[str, Any]]:
    (told,) = rows_in(row.month, content, refresh=row.refresh, person=person)
    return [{**told, "EFFECTIVE FROM": row.day}]


def _dated(row: tuple[Any, ...]) -> tuple[Any, ...]:
    patient, service, *days = row
    return (patient, service, *(date.fromisoformat(day) if day else None for day in days))
