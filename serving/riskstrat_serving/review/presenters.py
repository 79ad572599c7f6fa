"""What stands on each page, as words and sizes; the templates only lay it out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from urllib.parse import quote

import pandas as pd

from riskstrat.explanation import (
    LOWERING,
    RAISING,
    caveat,
    date_in_words,
    days_in_words,
    risk_sentence,
)
from riskstrat.features import GROUPS
from riskstrat.risklist import NO_PRACTICE
from riskstrat.study import OUTCOMES
from riskstrat_serving.review import words
from riskstrat_serving.review.people import PracticeCount, ScoredPeople
from riskstrat_serving.review.query import PAGE_SIZE, ListQuery

__all__ = [
    "ABOUT_EVERY_LIST",
    "HOME",
    "NO_SIGN_IN",
    "GroupBar",
    "ListPage",
    "ListRow",
    "PageLink",
    "PatientPage",
    "PracticeRow",
    "PracticesPage",
    "Reason",
    "RunFacts",
    "present_list",
    "present_patient",
    "present_practices",
    "present_run",
]

HOME = "/review"
"""Where the review pages are mounted."""

NO_SIGN_IN = "No sign-in: for this computer only."

ABOUT_EVERY_LIST = (
    "This is a prompt for review, not a decision.",
    "The risk is associated with, not caused by, the reasons given.",
    "A low risk is not reassurance.",
    "Not a medical device: not UKCA or CE marked; for evaluation.",
)
"""What every page says, word for word."""

COMPARISON = "; "
"""What stands between a fact and its comparison with peers (no fact has it within)."""

TOP_REASONS = 3
"""Reasons beside a person on the list (users' needs, 3.2); their page has all of them."""

UNSEEN = (
    "anything nobody coded, such as free text, letters and what people say",
    "help from family, friends and neighbours, unless somebody recorded it",
    "what matters to the person, and what they would accept",
)


@dataclass(frozen=True)
class RunFacts:
    """What is true of the whole run: one label and one value each."""

    facts: tuple[tuple[str, str], ...]
    is_synthetic: bool


@dataclass(frozen=True)
class PracticeRow:
    """One practice on the first page."""

    name: str
    href: str
    people: str


@dataclass(frozen=True)
class PracticesPage:
    """The first page: which list to open."""

    rows: tuple[PracticeRow, ...]
    run: RunFacts


@dataclass(frozen=True)
class Reason:
    """One reason in words. A sensitive one is left out of print."""

    text: str
    source: str
    is_sensitive: bool


@dataclass(frozen=True)
class ListRow:
    """One person on the list."""

    rank: int
    name: str
    href: str
    age_and_sex: str
    risk: str
    of_100: int
    reasons: tuple[Reason, ...]
    flags: tuple[str, ...]
    without_reasons: str


@dataclass(frozen=True)
class PageLink:
    """One numbered page of a list; a gap has no address."""

    number: int
    href: str | None
    is_current: bool


@dataclass(frozen=True)
class ListPage:
    """One page of a practice's risk list."""

    practice: str
    lead: str
    caption: str
    rows: tuple[ListRow, ...]
    query: ListQuery
    links: tuple[PageLink, ...]
    run: RunFacts


@dataclass(frozen=True)
class GroupBar:
    """One clinical group in the expert view; the bar in 100ths to either side of the middle."""

    label: str
    value: str
    start: float
    length: float
    is_raising: bool


@dataclass(frozen=True)
class PatientPage:
    """One person: the risk, the reasons, the limits, and the numbers behind them."""

    name: str
    practice: str
    practice_href: str
    facts: tuple[tuple[str, str], ...]
    risk: str
    of_100: int
    sentence: str
    peers: str
    caveat: str
    workable: tuple[Reason, ...]
    background: tuple[Reason, ...]
    lowering: tuple[Reason, ...]
    unseen: tuple[str, ...]
    bars: tuple[GroupBar, ...]
    sum_sentence: str
    run: RunFacts

    @property
    def has_sensitive(self) -> bool:
        """Whether a print of the page leaves something out."""
        return any(r.is_sensitive for r in (*self.workable, *self.background, *self.lowering))


def present_run(run: Mapping[str, Any]) -> RunFacts:
    """The run's facts in the order they are read."""
    event = OUTCOMES[run["outcome_kind"]].with_article
    facts = [
        ("Predicts", f"{event} in the next {days_in_words(run['window_days'])}"),
        *([("Index date", _day(run["index_date"]))] if run.get("index_date") else []),
        ("Records up to", _day(run["data_to"])),
        ("Study", str(run["study"])),
        ("Model version", str(run["model_version"])),
    ]
    return RunFacts(facts=tuple(facts), is_synthetic=bool(run["synthetic"]))


def present_practices(people: ScoredPeople) -> PracticesPage:
    """The first page."""
    rows = tuple(_practice_row(practice) for practice in people.practices())
    return PracticesPage(rows=rows, run=present_run(people.run))


def present_list(people: ScoredPeople, code: str, query: ListQuery) -> ListPage | None:
    """A page of a practice's list, or None when the run has no such practice."""
    everyone = people.of_practice(code)
    if everyone is None:
        return None
    chosen = query.select(everyone)
    pages = max(1, math.ceil(len(chosen) / PAGE_SIZE))
    page = min(query.page, pages)
    shown = chosen.iloc[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    reasons = people.reasons(shown.index.tolist())
    rows = tuple(
        _list_row(code, person, _top_reasons(found))
        for person, found in zip(shown.to_dict("records"), reasons.values(), strict=True)
    )
    return ListPage(
        practice=_practice_name(code),
        lead=_list_lead(len(chosen), len(everyone)),
        caption=_caption(page, len(shown), len(chosen)),
        rows=rows,
        query=query,
        links=_page_links(query, page, pages),
        run=present_run(people.run),
    )


def present_patient(people: ScoredPeople, code: str, patient_id: str) -> PatientPage | None:
    """One patient's page, or None when this practice has no such patient."""
    place = people.person(code, patient_id)
    if place is None:
        return None
    row, person = place
    found = people.reasons([row])[row]
    raising = found[found["direction"] == RAISING]
    lowering = found[found["direction"] == LOWERING]
    bars = people.contributions(row)
    index_date = person["index_date"].date()
    return PatientPage(
        name=words.short_id(patient_id),
        practice=_practice_name(code),
        practice_href=_practice_href(code),
        facts=_patient_facts(person, index_date, people.count(code)),
        risk=words.in_100(person["risk"]),
        of_100=words.of_100(person["risk"]),
        sentence=_sentence(person["risk"], people.run, index_date),
        peers=f"other {person['compared_with']}",
        caveat=caveat(),
        workable=_reasons(raising[raising["workable"]]),
        background=_reasons(raising[~raising["workable"]]),
        lowering=_reasons(lowering),
        unseen=_unseen(people),
        bars=_bars(bars),
        sum_sentence=_sum_sentence(float(person["baseline"]), float(bars.sum()), person["risk"]),
        run=present_run(people.run),
    )


def _sentence(risk: float, run: Mapping[str, Any], index_date: date) -> str:
    told = risk_sentence(risk, run["window_days"], outcome_kind=run["outcome_kind"])
    span = days_in_words(run["window_days"])
    return f"{_sentence_case(told)}. Here the {span} run from {date_in_words(index_date)}."


def _day(text: str) -> str:
    return date_in_words(date.fromisoformat(text))


def _practice_name(code: str) -> str:
    return "No practice recorded" if code == NO_PRACTICE else f"Practice {code}"


def _practice_href(code: str) -> str:
    return f"{HOME}/practices/{quote(code, safe='')}"


def _practice_row(practice: PracticeCount) -> PracticeRow:
    return PracticeRow(
        name=_practice_name(practice.code),
        href=_practice_href(practice.code),
        people=f"{practice.people:,}",
    )


def _list_lead(chosen: int, everyone: int) -> str:
    scored = words.count(everyone, "person was", "people were")
    if chosen == everyone:
        return f"{scored} scored. The highest risk has rank 1."
    return f"{scored} scored; {chosen:,} of them are listed. Ranks are those of the whole practice."


def _caption(page: int, shown: int, chosen: int) -> str:
    if not shown:
        return "Nobody matches what was asked for"
    first = (page - 1) * PAGE_SIZE + 1
    return f"People {first:,} to {first + shown - 1:,} of {chosen:,}"


def _list_row(code: str, person: Mapping[Any, Any], reasons: tuple[Reason, ...]) -> ListRow:
    in_hospital = f"In hospital on {date_in_words(person['index_date'].date())}"
    return ListRow(
        rank=int(person["rank_in_practice"]),
        name=words.short_id(person["patient_id"]),
        href=f"{_practice_href(code)}/patients/{quote(person['patient_id'], safe='')}",
        age_and_sex=words.age_and_sex(int(person["age"]), person["sex"]),
        risk=words.in_100(person["risk"]),
        of_100=words.of_100(person["risk"]),
        reasons=reasons,
        flags=(in_hospital,) if person["in_hospital"] else (),
        without_reasons=f"No recorded fact stands out from other {person['compared_with']}.",
    )


def _top_reasons(found: pd.DataFrame) -> tuple[Reason, ...]:
    """The strongest reasons, the fact alone: the comparison stands on the patient's page."""
    strongest = _reasons(found[found["direction"] == RAISING].head(TOP_REASONS))
    return tuple(replace(r, text=r.text.partition(COMPARISON)[0]) for r in strongest)


def _reasons(found: pd.DataFrame) -> tuple[Reason, ...]:
    return tuple(
        Reason(
            text=_sentence_case(reason["text"]),
            source=words.sources(reason["source"]),
            is_sensitive=bool(reason["sensitive"]),
        )
        for reason in found.to_dict("records")
    )


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def _page_links(query: ListQuery, page: int, pages: int) -> tuple[PageLink, ...]:
    """First, last, and the neighbours of this page; a gap between them."""
    if pages == 1:
        return ()
    near = sorted({1, page - 1, page, page + 1, pages} & set(range(1, pages + 1)))
    links: list[PageLink] = []
    for number in near:
        if links and number > links[-1].number + 1:
            links.append(PageLink(number - 1, None, is_current=False))
        links.append(PageLink(number, query.href(page=number), is_current=number == page))
    return tuple(links)


def _patient_facts(
    person: Mapping[str, Any], index_date: date, in_practice: int
) -> tuple[tuple[str, str], ...]:
    return (
        ("Age and sex", words.age_and_sex(int(person["age"]), person["sex"])),
        ("Rank in practice", f"{int(person['rank_in_practice']):,} of {in_practice:,}"),
        ("In hospital", f"{'Yes' if person['in_hospital'] else 'No'}, as known on the index date"),
        ("Index date", date_in_words(index_date)),
    )


def _unseen(people: ScoredPeople) -> tuple[str, ...]:
    used = {source for feature in people.features for source in feature.sources}
    absent = [name for source, name in words.SOURCES.items() if source not in used]
    late = f"anything after {_day(people.run['data_to'])}, when the records end"
    missing = (f"what stands only in: {', '.join(absent)}",) if absent else ()
    return (late, *missing, *UNSEEN)


def _bars(contributions: pd.Series) -> tuple[GroupBar, ...]:
    """Groups by size; the longest bar fills its side."""
    largest = float(contributions.abs().max()) or 1.0
    ordered = contributions.reindex(contributions.abs().sort_values(ascending=False).index)
    return tuple(
        GroupBar(
            label=GROUPS.get(str(group), str(group)),
            value=words.signed(value),
            start=round(100 + min(0.0, 100 * value / largest), 1),
            length=round(abs(100 * value / largest), 1),
            is_raising=value > 0,
        )
        for group, value in ordered.items()
    )


def _sum_sentence(baseline: float, total: float, risk: float) -> str:
    return (
        f"Baseline {words.signed(baseline)} and all groups together {words.signed(total)} give "
        f"log-odds of {words.signed(baseline + total)}, which is a risk of {100 * risk:.1f} %."
    )
