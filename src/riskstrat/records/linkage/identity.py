"""Who each claim is about: NHS numbers that agree with the rest, local identifiers, details.

1. A number counts when it is valid, after numbers that were merged are followed to the present one,
   and when the date of birth beside it agrees with the number's own (two of year, month and day; or
   month and year where no more is told). A wrong number of somebody else is caught by this.
2. A local identifier is the person whose number most of its rows give.
3. A claim without a usable number is a person of its own where its source says who exists (a
   practice's list) or gives a pseudonym instead (``token``); else it is linked by its details, or
   not at all.

References
----------
NHS Data Dictionary, NHS NUMBER; NHS England, Personal Demographics Service, cross-check trace (a
number is confirmed by the date of birth beside it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.records.linkage.nhs_number import Merge, resolve_merges
from riskstrat.records.linkage.probabilistic import LINKS, LinkResult
from riskstrat.records.linkage.pseudonyms import pseudonym, register_pseudonyms
from riskstrat.records.sources.judging import Reason

__all__ = ["DetailsLinker", "identify", "weighed_links"]


DetailsLinker = Callable[[pa.Table, pa.Table], LinkResult]
"""Links claims (first table) to known people (second): see :func:`link_claims`."""


def identify(
    engine: Engine,
    key: bytes,
    *,
    merges: Iterable[Merge] = (),
    by_details: DetailsLinker | None = None,
) -> dict[str, Any]:
    """Make ``identities`` from ``claims``: each claim with its person's pseudonym, or a reason.

    Parameters
    ----------
    engine : Engine
        Holds the temporary table ``claims``.
    key : bytes
        Key of the pseudonyms.
    merges : iterable of tuple
        Pseudonyms of a superseded number and the present one and, if told, the day.
    by_details : callable, optional
        Links claims without a usable number; without one they stay unlinked.

    Returns
    -------
    dict
        Counts for the manifest: claims by how they were linked, and what the linkage by details
        told.
    """
    _follow_merges(engine, list(merges))
    for name, sql in _STEPS:
        engine.connection.execute(f"create or replace temp table {name} as {sql}")
    told = _link_by_details(engine, by_details)
    engine.connection.execute(f"create or replace temp table people_of_claims as {_PEOPLE}")
    others = engine.connection.execute(
        "select distinct person from people_of_claims where how in ('token', 'own') order by all"
    ).fetchall()
    register_pseudonyms(engine, "pseudonyms", (person for (person,) in others), key)
    engine.connection.execute(f"create or replace temp table details as {_DETAILS}")
    engine.connection.execute(f"create or replace temp table identities as {_IDENTITIES}")
    return _counts(engine, told)


def _follow_merges(engine: Engine, merges: list[Merge]) -> None:
    """Make ``present_numbers`` (former, number) of the numbers that are no longer used."""
    present, _ = resolve_merges(merges)
    text = pa.string()
    former, number = pa.array(list(present), text), pa.array(list(present.values()), text)
    engine.register("present_numbers", pa.table({"former": former, "number": number}))


_REGISTER_WEIGHT = 1_000_000_000
"""What the register says of a person outweighs any number of rows that say otherwise."""

_WEIGHT = f"sum(c.rows * case when c.is_register then {_REGISTER_WEIGHT} else 1 end)"

_STEPS = (
    (
        "numbered",
        """
        select c.* exclude (number), coalesce(m.number, c.number) as number
        from claims c left join present_numbers m on m.former = c.number
        """,
    ),
    (
        "reference",
        f"""
        select number, first(birth_month order by of_month desc, birth_month) as birth_month,
            first(birth_date order by of_month desc, birth_month, birth_date is null, weight desc,
                birth_date) as birth_date
        from (
            select *, sum(weight) over (partition by number, birth_month) as of_month
            from (
                select number, birth_month, birth_date, {_WEIGHT} as weight
                from numbered c where number is not null and birth_month is not null
                group by number, birth_month, birth_date
            ) days
        ) told group by number
        """,
    ),
    (
        "votes",
        """
        select c.claim, c.number, sum(c.rows) as rows
        from numbered c left join reference r using (number)
        where c.number is not null and (c.birth_month is null or r.birth_month is null or case
            when c.birth_date is not null and r.birth_date is not null then
                (year(c.birth_date) = year(r.birth_date))::int
                + (month(c.birth_date) = month(r.birth_date))::int
                + (day(c.birth_date) = day(r.birth_date))::int >= 2
            else c.birth_month = r.birth_month end)
        group by c.claim, c.number
        """,
    ),
    (
        "elected",
        """
        select claim, first(number order by rows desc, number) as number from votes group by claim
        """,
    ),
    (
        "claimants",
        """
        select c.claim, any_value(e.number) as number, min(c.token) as token,
            bool_or(c.is_register) as is_register, bool_or(c.is_numbered) as is_numbered,
            sum(c.rows) as rows
        from claims c left join elected e using (claim) group by c.claim
        """,
    ),
)

_FACTS = ("birth_date", "birth_month", "sex", "postcode", "lsoa", "practice_code")


def _most_told(name: str, weight: str) -> str:
    """SQL aggregate: the value of a column with the largest weight, the smallest of equals."""
    return f"first({name} order by {weight} desc, {name}) filter (where {name} is not null)"


_ROWS_OF_FACTS = ", ".join(
    f"sum(c.rows) over (partition by c.claim, c.{name}) as of_{name}" for name in _FACTS
)
_UNLINKED = f"""
    select claim, {", ".join(f"{_most_told(name, f'of_{name}')} as {name}" for name in _FACTS)}
    from (
        select c.*, {_ROWS_OF_FACTS} from claims c join claimants t using (claim)
        where t.number is null and t.token is null and not t.is_register
    ) told group by claim having count(birth_month) > 0 order by claim
"""

_KNOWN_PEOPLE = """
    select distinct coalesce(t.number, 'token ' || t.token) as person, c.birth_date,
        c.birth_month, c.sex, c.postcode, c.lsoa, c.practice_code
    from claims c join claimants t using (claim)
    where (t.number is not null or t.token is not null) and c.birth_month is not null order by all
"""

_PEOPLE = """
    select claim, 'number' as how, number as person from claimants where number is not null
    union all
    select claim, 'token', 'token ' || token from claimants
    where number is null and token is not null
    union all
    select claim, 'own', 'own ' || claim from claimants
    where number is null and token is null and is_register
    union all
    select l.claim, 'details', l.person from links_by_details l where l.accepted
"""
"""What each linked claim's person is called: a number by its pseudonym already, others by what the
key will make a pseudonym of."""

_DETAILS = f"""
    select person, {_most_told("birth_month", "of_month")} as birth_month,
        coalesce({_most_told("sex", "of_sex")}, 'unknown') as sex
    from (
        select *, sum(weight) over (partition by person, birth_month) as of_month,
            sum(weight) over (partition by person, sex) as of_sex
        from (
            select p.person, c.birth_month, c.sex, {_WEIGHT} as weight
            from claims c join people_of_claims p using (claim) where p.how <> 'details'
            group by p.person, c.birth_month, c.sex
        ) facts
    ) told group by person having count(birth_month) > 0
"""

_LINKS = """
    select l.claim, coalesce(s.pseudonym, l.person) as patient_id, l.weight, l.probability,
        l.accepted, l.reason, c.sources
    from links_by_details l left join pseudonyms s on s.identifier = l.person
    join (select claim, string_agg(distinct source, ' ' order by source) as sources
        from claims group by claim) c using (claim)
    where coalesce(s.pseudonym, l.person) in (select patient_id from patients) order by l.claim
"""
"""Every link to a person of the records, the claim under its own name: hide it before writing."""

_IDENTITIES = f"""
    select c.claim, p.how,
        case when d.birth_month is not null then coalesce(s.pseudonym, p.person) end as patient_id,
        d.birth_month, d.sex, case when p.person is null then '{Reason.NOT_LINKED}'
            when d.birth_month is null then '{Reason.NO_BIRTH}' end as refusal
    from claimants c left join people_of_claims p using (claim)
    left join details d on d.person = p.person
    left join pseudonyms s on s.identifier = p.person
"""


def _link_by_details(engine: Engine, linker: DetailsLinker | None) -> dict[str, Any]:
    """Make ``links_by_details`` as :data:`LINKS`, empty without a linker; what it told."""
    claims = engine.connection.sql(_UNLINKED).to_arrow_table()
    if linker is None or not claims.num_rows:
        engine.register("links_by_details", LINKS.empty_table())
        return {"asked": linker is not None, "claims": claims.num_rows}
    people = engine.connection.sql(_KNOWN_PEOPLE).to_arrow_table()
    found = linker(claims, people)
    engine.register("links_by_details", found.links)
    return {
        "asked": True,
        "claims": claims.num_rows,
        "threshold": found.threshold,
        "estimated_precision": found.estimated_precision,
        "estimated_recall": found.estimated_recall,
        "counts": dict(found.counts),
        "parameters": dict(found.parameters),
    }


def _counts(engine: Engine, by_details: dict[str, Any]) -> dict[str, Any]:
    rows = engine.connection.execute(
        """
        select coalesce(p.how, 'not linked'), count(*), sum(c.rows)
        from claimants c left join people_of_claims p using (claim)
        group by all order by all
        """
    ).fetchall()
    told = {how: {"claims": claims, "rows": int(number)} for how, claims, number in rows}
    return {"claims": told, "by_details": by_details}


def weighed_links(engine: Engine, key: bytes) -> pa.Table:
    """Every link by details that was weighed, accepted or not, for the store.

    People who are not in ``patients``, such as those who object, are in no link either.

    Returns
    -------
    pyarrow.Table
        ``claim`` (its pseudonym), ``patient_id``, ``weight`` (log2 of the odds), ``probability``,
        ``accepted``, ``reason`` and ``sources``; sorted by claim.
    """
    links = engine.connection.sql(_LINKS).to_arrow_table()
    hidden = pa.array([pseudonym(claim, key) for claim in links["claim"].to_pylist()], pa.string())
    return links.set_column(0, "claim", hidden).sort_by("claim")
