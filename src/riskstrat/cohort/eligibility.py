"""Who could be in the cohort at an index date, and the rules that decide it.

The queries give one row per person and index date with what each rule needs, read through
``as_known``; the rules are masks over those rows, applied in order and counted.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import pandas as pd

from riskstrat.engine import Step
from riskstrat.records import LinkedRecords, as_known, spells
from riskstrat.records.known import HOSPITAL_DESTINATIONS
from riskstrat.study import Study
from riskstrat.windows import after_sql, age_sql, days_sql

__all__ = [
    "REGISTRATION_GAP_DAYS",
    "AttritionStep",
    "apply_rules",
    "candidates",
    "count_rows",
]

REGISTRATION_GAP_DAYS = 30
"""Days between two registrations that count as one: paperwork when moving practice, not leaving.
A judgement; a longer gap would hide people who did leave the area."""

DIED_IN_HOSPITAL = "4"
"""NHS Data Dictionary, discharge method: patient died."""

Purpose = Literal["development", "scoring"]


@dataclass(frozen=True)
class AttritionStep:
    """Rows (person and index date) and people left after a rule."""

    rule: str
    rows: int
    people: int


DATE_KEYS = Step(
    "cohort_keys",
    """
    select patient_id, index_date, cast(null as varchar) as index_stay_id
    from patients cross join index_dates
    """,
)

CURRENT_STAYS = Step("current_stays", "select * from stays where superseded_date is null")

JOINED_STAYS = Step(
    "joined_stays",
    """
    select s.*, sum(case when s.continues then 0 else 1 end) over (
            partition by s.patient_id order by s.stay_order
            rows between unbounded preceding and current row
        ) as spell
    from spells s
    """,
)

DISCHARGE_KEYS = Step(
    "discharge_keys",
    f"""
    select d.patient_id, {after_sql("d.end_date", 1)} as index_date, max(d.stay_id) as stay_id
    from joined_stays d
    where d.end_date is not null
        and coalesce(d.discharge_method, '') <> '{DIED_IN_HOSPITAL}'
        and coalesce(d.discharge_destination, '') not in {HOSPITAL_DESTINATIONS}
        and not exists (
            select 1 from joined_stays t
            where t.patient_id = d.patient_id
                and (t.spell = d.spell and {days_sql("t.start_date", "d.end_date")} >= 0
                    or t.start_date = d.end_date)
                and (t.end_date is null or {days_sql("d.end_date", "t.end_date")} > 0)
        )
    group by d.patient_id, {after_sql("d.end_date", 1)}
    """,
)
"""The day after each discharge of somebody who left hospital: not to another hospital, not while
another stay of the same spell went on, and not of somebody who was back in hospital on the same day
and still there (nothing can be predicted of a readmission that has happened). Only what happened
before the index date decides."""

REGISTRATION_ORDER = Step(
    "registration_order",
    """
    select r.*, max(coalesce(r.end_date, r.index_date)) over (
            partition by r.patient_id, r.index_date
            order by r.start_date, r.end_date, r.practice_code
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from known_registrations r
    """,
)

REGISTRATION_CHAINS = Step(
    "registration_chains",
    f"""
    select o.*, sum(case
            when o.covered_until is null
                or {days_sql("o.covered_until", "o.start_date")} > {REGISTRATION_GAP_DAYS}
            then 1 else 0 end
        ) over (
            partition by o.patient_id, o.index_date
            order by o.start_date, o.end_date, o.practice_code
            rows between unbounded preceding and current row
        ) as chain
    from registration_order o
    """,
)

CHAIN_STARTS = Step(
    "chain_starts",
    """
    select patient_id, index_date, chain, min(start_date) as registered_since
    from registration_chains group by patient_id, index_date, chain
    """,
)

OPEN_REGISTRATIONS = Step(
    "open_registrations",
    """
    select r.patient_id, r.index_date, r.practice_code, c.registered_since, row_number() over (
            partition by r.patient_id, r.index_date
            order by r.start_date desc, r.practice_code
        ) as newest
    from registration_chains r
    join chain_starts c
        on c.patient_id = r.patient_id and c.index_date = r.index_date and c.chain = r.chain
    where r.end_date is null
    """,
)

OPEN_RESIDENCES = Step(
    "open_residences",
    """
    select patient_id, index_date, imd_decile, care_home, row_number() over (
            partition by patient_id, index_date
            order by start_date desc, lsoa, imd_decile, care_home
        ) as newest
    from known_residences where end_date is null
    """,
)

OPEN_STAYS = Step(
    "open_stays",
    """
    select patient_id, index_date, count(*) as stays
    from known_stays where kind = 'inpatient' and end_date is null
    group by patient_id, index_date
    """,
)

CANDIDATES = Step(
    "candidates",
    f"""
    select k.patient_id, k.index_date, k.index_stay_id, g.practice_code,
        g.patient_id is not null as is_registered,
        {days_sql("g.registered_since", "k.index_date")} as registered_days,
        {age_sql("t.birth_month", "k.index_date")} as age, t.sex,
        t.death_date as known_death, p.death_date, p.ethnic_category,
        {days_sql("k.index_date", "p.death_date")} as days_to_death,
        a.imd_decile, coalesce(a.care_home, false) as care_home,
        coalesce(h.stays, 0) > 0 as in_hospital
    from cohort_keys k
    join patients p on p.patient_id = k.patient_id
    join known_patients t on t.patient_id = k.patient_id and t.index_date = k.index_date
    left join open_registrations g
        on g.patient_id = k.patient_id and g.index_date = k.index_date and g.newest = 1
    left join open_residences a
        on a.patient_id = k.patient_id and a.index_date = k.index_date and a.newest = 1
    left join open_stays h on h.patient_id = k.patient_id and h.index_date = k.index_date
    order by k.index_date, k.patient_id
    """,
)


def candidates(records: LinkedRecords, study: Study, dates: Sequence[date] | None) -> pd.DataFrame:
    """One row per person and index date with what the rules need.

    Parameters
    ----------
    records : LinkedRecords
    study : Study
    dates : sequence of date or None
        Index dates. For an event study they select events by index date; None takes them all.

    Returns
    -------
    DataFrame
        Sorted by index date and patient; leaves the relation ``cohort_keys`` registered.
    """
    engine = records.engine
    if study.index.event == "discharge":
        keys = _discharge_keys(records, study)
        if dates is not None:
            keys = keys[keys["index_date"].isin(pd.to_datetime(list(dates)))]
        records.register_keys(keys)
    else:
        days = pd.DataFrame({"index_date": pd.to_datetime(list(dates or ())).astype("M8[s]")})
        engine.register("index_dates", days)
        records.register_keys(engine.fetch_frame(DATE_KEYS))
    frame: pd.DataFrame = engine.fetch_frame(
        as_known("patients"),
        as_known("registrations"),
        as_known("residences"),
        as_known("stays"),
        REGISTRATION_ORDER,
        REGISTRATION_CHAINS,
        CHAIN_STARTS,
        OPEN_REGISTRATIONS,
        OPEN_RESIDENCES,
        OPEN_STAYS,
        CANDIDATES,
    )
    return frame


def _discharge_keys(records: LinkedRecords, study: Study) -> pd.DataFrame:
    steps = (
        CURRENT_STAYS,
        spells("current_stays", partition=("patient_id",)),
        JOINED_STAYS,
        DISCHARGE_KEYS,
    )
    keys: pd.DataFrame = records.engine.fetch_frame(*steps)
    known = study.index.index_stay == "known"
    return keys.assign(index_stay_id=keys["stay_id"] if known else None).drop(columns="stay_id")


Rule = tuple[str, Callable[[pd.DataFrame], "pd.Series[bool]"]]


def _rules(study: Study, purpose: Purpose) -> list[Rule]:
    eligibility = study.eligibility
    needed = eligibility.min_registered_days
    rules: list[Rule] = [("registered at the index date", lambda c: c["is_registered"])]
    if purpose == "scoring":
        rules.append(("not known to have died", lambda c: c["known_death"].isna()))
    else:
        rules.append(_alive_rule(study))
    rules.append(
        (
            f"aged {eligibility.min_age} to {eligibility.max_age}",
            lambda c: c["age"].between(eligibility.min_age, eligibility.max_age),
        )
    )
    if needed:
        rules.append(
            (f"registered for {needed} days or more", lambda c: c["registered_days"] >= needed)
        )
    if "care_home" in eligibility.exclude:
        rules.append(("not living in a care home", lambda c: ~c["care_home"].astype(bool)))
    return rules


def _alive_rule(study: Study) -> Rule:
    """Alive at the index date; where death is the outcome, when the window begins.

    A death in the gap is nothing anybody could act on, as an admission in it is not: it must not
    count as found, and is no 'neither'.
    """
    gap = study.outcome.gap_days
    if gap and not study.outcome.has_competing_death:
        return "alive when the window begins", lambda c: ~(c["days_to_death"].astype(float) < gap)
    return "alive at the index date", lambda c: ~(c["days_to_death"].astype(float) < 0)


def apply_rules(
    rows: pd.DataFrame, study: Study, purpose: Purpose
) -> tuple[pd.DataFrame, tuple[AttritionStep, ...]]:
    """The rows every eligibility rule keeps, and the counts left after each rule."""
    steps = [count_rows("person and index date in the records", rows)]
    for rule, holds in _rules(study, purpose):
        rows = rows[holds(rows).astype(bool)]
        steps.append(count_rows(rule, rows))
    return rows.reset_index(drop=True), tuple(steps)


def count_rows(rule: str, rows: pd.DataFrame) -> AttritionStep:
    """How many rows and people `rows` holds, under the name of the rule that left them."""
    return AttritionStep(rule, len(rows), int(rows["patient_id"].nunique()))
