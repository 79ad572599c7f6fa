"""Rates of the whole store against what is known of England."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from riskstrat.records.checks.evidence import Evidence, primary_care_sql
from riskstrat.records.checks.finding import Found, check
from riskstrat.windows import DAYS_PER_YEAR, age_sql, days_sql

__all__ = ["CHECKS", "REFERENCES", "Reference", "implausible_rates"]

YEARS_LOOKED_AT = 3
"""Newest years of the data whose rates are looked at."""

FEWEST_PERSON_YEARS = 2_000
"""Registered person-years from which a rate is judged: 18 deaths are expected among so many, and
fewer than 8, or more than 40, come by chance in one store of 300."""

FEWEST_PEOPLE = 500
"""Registered people from which a share is judged (standard error of a half: 2 in 100)."""


@dataclass(frozen=True)
class Reference:
    """A figure of a population, and the limits within which it is credible.

    Parameters
    ----------
    name : str
    unit : str
    low, high : float
        Limits: wide, so that an old or a young town is within them.
    per : float
        Rates: how many person-years the figure is for. 0: a mean or share of people.
    sql : str
        Counts as ``n`` (rates), or gives as ``n`` (means and shares, null where it cannot be said).
    table : str
    source : str
        Where the usual figure is from.
    """

    name: str
    unit: str
    low: float
    high: float
    per: float
    sql: str
    table: str
    source: str


_STAYS = "from stays where superseded_date is null and start_date between $first and $last"

REFERENCES = (
    Reference(
        "emergency admissions",
        "per 1,000 registered person-years",
        50,
        200,
        1_000,
        f"select case when count(is_emergency) > 0 then count_if(is_emergency) end as n {_STAYS} "
        "and kind = 'inpatient'",
        "stays",
        "6.02 million emergency admissions in England in 2017/18 (Health Foundation), about 108 "
        "per 1,000 people; 34 to 282 by age and deprivation in one county (Pereira Gray 2017)",
    ),
    Reference(
        "emergency department attendances",
        "per 1,000 registered person-years",
        100,
        800,
        1_000,
        f"select nullif(count(*), 0) as n {_STAYS} and kind = 'emergency_department' "
        "and coalesce(attendance, 'attended') = 'attended'",
        "stays",
        "43 % of people of SPARRA v4 have 2.07 on average in three years, about 300 a year per "
        "1,000; limits are a judgement",
    ),
    Reference(
        "contacts with primary care",
        "per registered person-year",
        1,
        15,
        1,
        "select nullif(count(*), 0) as n from events where superseded_date is null "
        f"and kind in ('contact', 'appointment') and {primary_care_sql('source')} "
        "and coalesce(attendance, 'attended') = 'attended' "
        "and event_date between $first and $last",
        "events",
        "5.16 consultations per person-year in England in 2013/14 (Hobbs 2016)",
    ),
    Reference(
        "deaths",
        "per 1,000 registered person-years",
        4,
        20,
        1_000,
        "select count(*) as n from patients where death_date between $first and $last",
        "patients",
        "1.3 % of the people of SPARRA v4 in a year; about 9 per 1,000 in England (judgement)",
    ),
    Reference(
        "share of women",
        "of registered people",
        0.45,
        0.55,
        0,
        "select avg(case when sex = 'female' then 1.0 else 0.0 end) as n from patients "
        "semi join {now} now using (patient_id) where sex in ('female', 'male')",
        "patients",
        "judgement",
    ),
    Reference(
        "mean age",
        "years, of registered people",
        25,
        55,
        0,
        f"select avg({age_sql('birth_month', 'last_day')}) as n "
        "from (select p.*, $last as last_day from patients p) patients "
        "semi join {now} now using (patient_id)",
        "patients",
        "judgement: about 40 in England",
    ),
    Reference(
        "people without any event or stay",
        "of registered people",
        0.0,
        0.5,
        0,
        "select avg(case when seen is null then 1.0 else 0.0 end) as n from {now} now left join "
        "(select patient_id, true as seen from events union select patient_id, true from stays) "
        "told using (patient_id)",
        "events",
        "judgement: 97 % of the people of SPARRA v4 have at least a prescription",
    ),
    Reference(
        "people with diabetes",
        "of registered people",
        0.02,
        0.15,
        0,
        "select case when (select count(*) from events where kind = 'diagnosis') > 0 "
        "then avg(case when has is null then 0.0 else 1.0 end) end as n from {now} now left join "
        "(select distinct patient_id, true as has from events where kind = 'diagnosis' and ("
        "system = 'snomed' and code in ('73211009', '44054006', '46635009') "
        "or system = 'icd10' and substring(code, 1, 3) in ('E10', 'E11', 'E12', 'E13', 'E14') "
        "or system = 'icd9' and starts_with(code, '250'))) told using (patient_id)",
        "events",
        "judgement: 3.3 % by hospital codes alone in SPARRA v4, about 6 % in practice registers",
    ),
)
"""Figures with the source of the usual one; the limits around it are a judgement."""

_NOW = """(
    select distinct patient_id from registrations
    where superseded_date is null and start_date <= $last
        and (end_date is null or end_date > $last)
)"""

_PERSON_TIME = f"""
select coalesce(sum(greatest({days_sql("begins", "ends")}, 0)), 0) / {DAYS_PER_YEAR} as years
from (
    select greatest(start_date, $first) as begins,
        least(coalesce(end_date, $last), $last) as ends
    from registrations where superseded_date is null
) spells
"""


@check("R034", "warning")
def implausible_rates(evidence: Evidence) -> Iterator[Found]:
    """A rate or share of the last three years is far from what is known of England.

    Why: a feed is missing in part, is told twice, or covers other people than the registrations. A
    model can be trained on it, but its risks are not those of the district.
    Do: compare with the figures that the practice or trust publishes. For people of another
    country, or chosen for an illness, there is nothing to do.
    """
    span = evidence.lately(round(YEARS_LOOKED_AT * DAYS_PER_YEAR))
    years = float(evidence.row(_PERSON_TIME, **span)["years"])
    now = int(evidence.row(f"select count(*) as n from {_NOW} people", last=span["last"])["n"])
    for reference in REFERENCES:
        enough = years >= FEWEST_PERSON_YEARS if reference.per else now >= FEWEST_PEOPLE
        figure = _figure(evidence, reference, years, span) if enough else None
        if figure is not None and not reference.low <= figure <= reference.high:
            rows = round(figure * years / reference.per) if reference.per else now
            yield _far(reference, figure, rows)


def _figure(
    evidence: Evidence, reference: Reference, years: float, span: dict[str, date]
) -> float | None:
    """The figure; None where the records cannot say."""
    sql = reference.sql.format(now=_NOW)
    used = {name: day for name, day in span.items() if f"${name}" in sql}
    found = evidence.row(sql, **used)["n"]
    if found is None:
        return None
    return float(found) * reference.per / years if reference.per else float(found)


def _far(reference: Reference, figure: float, rows: int) -> Found:
    message = (
        f"{reference.name}: {figure:,.3g} {reference.unit}; "
        f"{reference.low:g} to {reference.high:g} is credible"
    )
    detail = {"figure": round(figure, 4), "low": reference.low, "high": reference.high}
    return Found(reference.table, message, rows, detail={**detail, "source": reference.source})


CHECKS = (implausible_rates,)
"""Every check of this module."""
