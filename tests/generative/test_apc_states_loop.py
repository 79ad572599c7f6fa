"""Versions of hospital stays beside a plain loop over people, days and episodes.

Random feeds in which episodes are submitted again and again, change their stay, day, order, end and
codes, with spell numbers and without.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.unit.records.hospital_feeds import EPISODE, linked_episodes, reasons
from tests.unit.records.small_feeds import rows_of

from riskstrat.records import LinkedRecords, raw_rows

PEOPLE = 60
SUBMITTED = ("2024-04-20", "2024-05-20", "2024-06-20", "2024-07-20")
ADMITTED = ("2024-03-01", "2024-03-02")
ENDED = ("2024-03-10", "2024-03-11")
CODES = ("J189", "I10", "E119", "N179")
OPERATED = ("2024-03-03", "2024-03-04", "")
SEEDS = range(4)

Row = Mapping[str, str]


def random_rows(random: Random) -> list[dict[str, str]]:
    """Episodes of some people, each submitted up to four times."""
    rows = []
    for person in range(PEOPLE):
        numbered = random.random() < 0.6
        for episode in range(random.randint(1, 3)):
            days = sorted(random.sample(SUBMITTED, random.randint(1, len(SUBMITTED))))
            rows += [random_row(random, person, episode, day, numbered=numbered) for day in days]
    random.shuffle(rows)
    return rows


def random_row(
    random: Random, person: int, episode: int, day: str, *, numbered: bool
) -> dict[str, str]:
    ended = random.random() < 0.6
    codes = random.sample(CODES, random.randint(0, 3))
    return {
        "EPIKEY": f"E{episode}" if person % 3 else "",
        "EPIORDER": str(random.randint(1, 2)) if person % 3 else str(episode),
        "SUBDATE": day,
        "PROVSPNO": f"S{random.randint(1, 2)}" if numbered or not person % 3 else "",
        "PROCODET": f"P{person:02d}",
        "NEWNHSNO": "",
        "PSEUDO_HESID": f"T{person}",
        "ADMIDATE": random.choice(ADMITTED),
        "EPISTART": random.choice((*ADMITTED, "")),
        "EPIEND": "",
        "EPIDUR": "",
        "EPISTAT": "3",
        "CLASSPAT": random.choice("12"),
        "ADMIMETH": random.choice(("21", "11", "99")),
        "TRETSPEF": random.choice(("300", "320")),
        "DISDATE": random.choice(ENDED) if ended else "",
        "DISMETH": "1" if ended else "8",
        "DIAG_4_01": "",
        **{f"DIAG_4_{n:02d}": code for n, code in enumerate(codes, start=1)},
        "OPERTN_4_01": random.choice(("W371", "", "-")),
        "OPDATE_01": random.choice(OPERATED),
    }


def episode_of(row: Row) -> tuple[str, ...]:
    if row["EPIKEY"]:
        return ("key", row["EPIKEY"])
    return ("place", row["PROVSPNO"], row["EPIORDER"])


def order_of(row: Row) -> tuple[Any, ...]:
    start = row["EPISTART"] or row["ADMIDATE"]
    return (start, int(row["EPIORDER"]), row["DISDATE"], episode_of(row))


def content_of(rows: Sequence[Row]) -> tuple[Any, ...]:
    """What the episodes of a stay say of it."""
    first, last = min(rows, key=order_of), max(rows, key=order_of)
    emergency = {"21": first["CLASSPAT"] == "1", "11": False, "99": None}[first["ADMIMETH"]]
    return (
        {"1": "inpatient", "2": "day_case"}[first["CLASSPAT"]],
        first["ADMIDATE"],
        last["DISDATE"] or None,
        first["ADMIMETH"],
        emergency,
        last["TRETSPEF"],
    )


def codes_of(rows: Sequence[Row]) -> dict[tuple[str, ...], int]:
    """Code and day to the best position."""
    admitted = content_of(rows)[1]
    found: dict[tuple[str, ...], int] = {}
    for row in rows:
        told = [(row.get(f"DIAG_4_{n:02d}", ""), admitted, n) for n in range(1, len(CODES))]
        told.append((row["OPERTN_4_01"].strip("-"), row["OPDATE_01"] or admitted, 1))
        for code, day, position in told:
            if code:
                found[code, day] = min(found.get((code, day), position), position)
    return found


def states(rows: Sequence[Row]) -> Iterator[tuple[str, dict[tuple[str, ...], list[Row]]]]:
    """For each day of submission, the rows of each stay that hold."""
    for day in SUBMITTED:
        latest: dict[tuple[str, ...], Row] = {}
        for row in sorted(rows, key=lambda row: row["SUBDATE"]):
            if row["SUBDATE"] <= day:
                latest[episode_of(row)] = row
        stays: dict[tuple[str, ...], list[Row]] = {}
        for row in latest.values():
            stay = ("spell", row["PROVSPNO"]) if row["PROVSPNO"] else ("day", row["ADMIDATE"])
            stays.setdefault(stay, []).append(row)
        yield day, stays


def versions(told: Sequence[tuple[str, Mapping[Any, Any]]]) -> Counter[tuple[Any, ...]]:
    """What was known under each key, with the days from and until which."""
    found: Counter[tuple[Any, ...]] = Counter()
    since: dict[Any, tuple[Any, str]] = {}
    for day, known in (*told, ("", {})):
        for key in [*since]:
            if not day or key not in known or known[key] != since[key][0]:
                content, start = since.pop(key)
                found[key, content, start, day or None] += 1
        for key, content in known.items():
            since.setdefault(key, (content, day))
    return found


def expected(rows: Sequence[Row]) -> tuple[Counter[Any], Counter[Any]]:
    """Versions of stays, and of codes."""
    stays: Counter[Any] = Counter()
    codes: Counter[Any] = Counter()
    for provider in sorted({row["PROCODET"] for row in rows}):
        told = list(states([row for row in rows if row["PROCODET"] == provider]))
        of_stays = [(day, {s: content_of(r) for s, r in held.items()}) for day, held in told]
        of_codes = [
            (day, {(s, *code): at for s, r in held.items() for code, at in codes_of(r).items()})
            for day, held in told
        ]
        for (_, content, start, end), count in versions(of_stays).items():
            stays[(provider, *content, start, end)] += count
        for ((_, *code), position, start, end), count in versions(of_codes).items():
            codes[(provider, *code, position, start, end)] += count
    return stays, codes


def found(records: LinkedRecords) -> tuple[Counter[Any], Counter[Any]]:
    def of(rows: Sequence[tuple[Any, ...]]) -> Counter[Any]:
        return Counter(tuple(str(v) if isinstance(v, date) else v for v in row) for row in rows)

    known = "recorded_date, superseded_date"
    columns = "kind, start_date, end_date, admission_method, is_emergency, specialty"
    stays = rows_of(records, "stays", f"provider, {columns}, {known}", "1")
    provided = "(select distinct stay_id, provider from stays)"
    events = rows_of(
        records,
        f"events join {provided} p using (stay_id)",
        f"p.provider, code, event_date, position, {known}",
        "1",
    )
    return of(stays), of(events)


@pytest.mark.parametrize("seed", SEEDS)
def test_versions_are_those_of_a_plain_loop(tmp_path: Path, seed: int) -> None:
    rows = random_rows(Random(seed))
    records = linked_episodes(tmp_path, *rows)
    assert reasons(records) == {}
    assert found(records) == expected([{**EPISODE, **row} for row in rows])


def test_neither_order_nor_parts_change_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also with rows of one episode on one day, of which one stands."""
    rows = random_rows(Random(99))
    rows += [{**row, "TRETSPEF": "100", "DIAG_4_01": "N179"} for row in rows[:80]] + rows[80:90]
    whole = linked_episodes(tmp_path / "whole", *rows)
    monkeypatch.setattr(raw_rows, "_ROWS_PER_PART", 50)
    Random(7).shuffle(rows)
    parted = linked_episodes(tmp_path / "parted", *rows)
    assert (parted.path / "events").is_dir()
    assert reasons(parted) == reasons(whole)
    for table in ("stays", "events", "patients"):
        assert rows_of(parted, table, "*", "all") == rows_of(whole, table, "*", "all")
    assert sum(reasons(whole).values()) == 90
