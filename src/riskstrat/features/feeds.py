"""Which feeds the records hold, since when, and which of them a study wants.

A feature is missing, not zero, while the feed it comes from has not delivered anything: nobody can
know that nothing happened. 'Since when' is the first day on which a row of the feed was known, so
rows that become known on or after an index date change nothing for it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from riskstrat.engine import QueryEngine, Step
from riskstrat.errors import StudyError
from riskstrat.features.codelists import CodeRule
from riskstrat.reference import load_table

__all__ = [
    "FACT_STAYS",
    "FAMILIES",
    "FEED_STEPS",
    "Feeds",
    "families_wanted",
    "family_of",
    "read_feeds",
]

FAMILIES = ("hospital", "gp", "community", "council", "voluntary")
"""Families of feeds, as a study's ``[features] sources`` and a feature's ``sources`` name them."""

_FAMILY_WORDS = {
    "hospital": ("hospital", "hes", "sus", "apc", "ecds", "outpatient", "acute"),
    "gp": ("gp", "gpes", "primary_care", "emis", "tpp"),
    "community": ("community", "csds", "mhsds", "iapt", "mental_health"),
    "council": ("council", "cld", "social_care", "housing", "asc"),
    "voluntary": ("voluntary", "vcse"),
}
"""Names by which a feed is recognised: the whole name, or its beginning before an underscore."""

FEED_STEPS = {
    "stays": Step(
        "feed_stays",
        """
        select kind, is_emergency is not null as is_typed, attendance is not null as has_attendance,
            min(greatest(start_date, recorded_date)) as first_known
        from stays group by kind, is_emergency is not null, attendance is not null
        """,
    ),
    "services": Step(
        "feed_services",
        """
        select source, service, min(greatest(start_date, recorded_date)) as first_known
        from services group by source, service
        """,
    ),
    "residences": Step(
        "feed_residences",
        "select min(greatest(start_date, recorded_date)) as first_known from residences",
    ),
}

FACT_STAYS = {
    "emergency_admission": "typed",
    "elective_admission": "typed",
    "emergency_spell": "typed",
    "short_emergency_stay": "typed",
    "readmission": "typed",
    "inpatient_stay": "inpatient",
    "discharge": "inpatient",
    "discharge_specialty": "inpatient",
    "in_hospital": "inpatient",
    "day_case": "day_case",
    "ed_attendance": "emergency_department",
    "ed_out_of_hours": "emergency_department",
    "outpatient_attended": "outpatient",
    "outpatient_missed": "outpatient_attendance",
}
"""Facts of stays, and the kind of stay that covers each."""

PERSON_FACT_NAMES = (
    *("age", "sex_female", "winter", "month"),
    *("imd_decile", "care_home", "lives_alone", "has_carer", "social_rented", "address_days"),
    *("moved_home", "registration"),
)
"""Facts of the queries about the person and the home."""


@dataclass(frozen=True)
class Feeds:
    """The feeds that may be used and the first day on which each kind of fact was known.

    Parameters
    ----------
    families : mapping of str to str
        Feed name to family; the empty string for a feed that may hold anything.
    first_known : mapping of str to date
        Fact to the first day on which such a fact could be known. A fact that is not in it has no
        feed.
    """

    families: Mapping[str, str]
    first_known: Mapping[str, date] = field(default_factory=dict)

    def covers(self, fact: str, index_date: date) -> bool:
        """Whether the feed of `fact` had delivered anything before `index_date`."""
        known = "medicine." if fact.startswith(("medicine.", "substance.")) else fact
        return known in self.first_known and self.first_known[known] < index_date


def family_of(feed: str) -> str:
    """The family a feed's name belongs to; empty when it may hold anything.

    Examples
    --------
    >>> family_of("hes_apc"), family_of("GP"), family_of("omop")
    ('hospital', 'gp', '')
    """
    name = feed.lower()
    for family, words in _FAMILY_WORDS.items():
        if any(name == word or name.startswith(f"{word}_") for word in words):
            return family
    return ""


def families_wanted(sources: Sequence[str]) -> frozenset[str]:
    """Families that the ``sources`` of a study open; all of them for a mixed feed or none named."""
    named = {source if source in FAMILIES else family_of(source) for source in sources}
    return frozenset(FAMILIES if not named or "" in named else named)


def read_feeds(
    engine: QueryEngine,
    listed: Sequence[Mapping[str, object]],
    rules: Iterable[CodeRule],
    sources: Sequence[str],
) -> Feeds:
    """Look up the feeds of the records.

    Parameters
    ----------
    engine : QueryEngine
        Holds the canonical tables.
    listed : sequence of mapping
        Rows of the query ``listed_codes``.
    rules : iterable of CodeRule
        Which codes stand for which fact.
    sources : sequence of str
        Families or feed names that may be used; empty means all.

    Raises
    ------
    StudyError
        When a source is neither a family nor a feed of the records.
    """
    rows = {name: engine.fetch(step).to_pylist() for name, step in FEED_STEPS.items()}
    feeds = {str(row["source"]) for row in (*listed, *rows["services"])}
    if unknown := sorted(set(sources) - set(FAMILIES) - feeds):
        raise StudyError(
            f"'features.sources' names {', '.join(unknown)}, which is no feed of the records.",
            do=f"Use {', '.join(FAMILIES)} or a feed: {', '.join(sorted(feeds)) or 'none'}.",
        )
    families = {
        feed: family_of(feed)
        for feed in feeds
        if not sources or feed in sources or family_of(feed) in sources
    }
    events = [row for row in listed if row["source"] in families]
    first = _Earliest()
    _add_stays(first, rows["stays"])
    _add_coded(first, events, families, tuple(rules))
    _add_services(first, rows["services"])
    if rows["residences"][0]["first_known"] is not None:
        first.add("moved_home", _day(rows["residences"][0]))
    return Feeds(families, first.days)


class _Earliest:
    """The earliest day per fact."""

    def __init__(self) -> None:
        self.days: dict[str, date] = {}

    def add(self, fact: str, day: date) -> None:
        self.days[fact] = min(day, self.days.get(fact, day))


def _add_stays(first: _Earliest, rows: Sequence[Mapping[str, object]]) -> None:
    for row in rows:
        held = {str(row["kind"])}
        if row["kind"] == "inpatient" and row["is_typed"]:
            held.add("typed")
        if row["kind"] == "outpatient" and row["has_attendance"]:
            held.add("outpatient_attendance")
        for fact, needed in FACT_STAYS.items():
            if needed in held:
                first.add(fact, _day(row))


def _add_coded(
    first: _Earliest,
    rows: Sequence[Mapping[str, object]],
    families: Mapping[str, str],
    rules: Sequence[CodeRule],
) -> None:
    """A feed covers a fact from its first event of a kind and system that could stand for it."""
    held: dict[tuple[str, str, str], date] = {}
    for row in rows:
        key = families[str(row["source"])], str(row["kind"]), str(row["system"])
        held[key] = min(_day(row), held.get(key, _day(row)))
        if row["kind"] == "medication":
            first.add("medicine.", _day(row))
    looked = {(r.fact, kind, r.system, r.families) for r in rules for kind in r.kinds}
    for fact, kind, system, within in looked:
        for (family, held_kind, held_system), day in held.items():
            is_meant = kind == held_kind and system in {"", held_system}
            if is_meant and (not within or family in within):
                first.add(fact, day)


def _add_services(first: _Earliest, rows: Sequence[Mapping[str, object]]) -> None:
    families = {
        row["service"]: row["family"]
        for row in load_table("service_families")
        if row["programme"] == "0"
    }
    for row in rows:
        if (family := families.get(str(row["service"]))) is not None:
            for what in ("service", "started", "stopped"):
                first.add(f"{what}.{family}", _day(row))


def _day(row: Mapping[str, object]) -> date:
    day = row["first_known"]
    if not isinstance(day, date):
        raise TypeError("expected a date")
    return day
