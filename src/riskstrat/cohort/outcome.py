"""What happened first after each index date: the outcome, death, leaving, or none of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.cohort.eligibility import CURRENT_STAYS, REGISTRATION_GAP_DAYS
from riskstrat.engine import Step
from riskstrat.records import LinkedRecords, spells
from riskstrat.study import Outcome, Study
from riskstrat.windows import days_sql, prediction_sql

__all__ = ["ADMITTED", "CENSORED", "DIED", "NEITHER", "add_outcomes", "first_event"]

NEITHER, ADMITTED, DIED, CENSORED = 0, 1, 2, -1
"""Codes of ``outcome``: nothing in the window, the outcome first (mostly an admission, hence the
name), death first, left before either."""

_EMERGENCY_SPELLS = Step(
    "qualifying",
    "select patient_id, start_date from spells where is_emergency and not continues",
)

QUALIFYING = {
    "emergency_admission": _EMERGENCY_SPELLS,
    "readmission": _EMERGENCY_SPELLS,
    "emergency_admission_or_death": Step(
        "qualifying",
        """
        select patient_id, start_date from spells where is_emergency and not continues
        union all
        select patient_id, death_date as start_date from patients where death_date is not null
        """,
    ),
    "emergency_department_attendance": Step(
        "qualifying",
        """
        select patient_id, start_date from current_stays where kind = 'emergency_department'
        """,
    ),
    "emergency_or_inpatient_visit": Step(
        "qualifying",
        """
        select patient_id, start_date from spells where not continues
        union all
        select patient_id, start_date from current_stays where kind = 'emergency_department'
        """,
    ),
}
"""Days on which the outcome happens, by its kind. A stay that continues another is one admission
with it. Death belongs to ``emergency_admission_or_death`` as another such day; in the others it
competes. A readmission is any emergency admission from the index date on: that is the day after a
discharge."""

COVERAGE_ORDER = Step(
    "coverage_order",
    """
    select patient_id, start_date, coalesce(end_date, date '9999-12-31') as end_date,
        practice_code, max(coalesce(end_date, date '9999-12-31')) over (
            partition by patient_id order by start_date, end_date, practice_code
            rows between unbounded preceding and 1 preceding
        ) as covered_until
    from registrations where superseded_date is null
    """,
)

COVERAGE_CHAINS = Step(
    "coverage_chains",
    f"""
    select patient_id, start_date, end_date, sum(case
            when covered_until is null
                or {days_sql("covered_until", "start_date")} > {REGISTRATION_GAP_DAYS}
            then 1 else 0 end
        ) over (
            partition by patient_id order by start_date, end_date, practice_code
            rows between unbounded preceding and current row
        ) as chain
    from coverage_order
    """,
)

COVERAGE = Step(
    "coverage",
    """
    select patient_id, chain, min(start_date) as start_date, max(end_date) as end_date
    from coverage_chains group by patient_id, chain
    """,
)

LEAVING = Step(
    "leaving",
    f"""
    select k.patient_id, k.index_date, coalesce(min(c.end_date), k.index_date) as leaving_date
    from cohort_keys k left join coverage c
        on c.patient_id = k.patient_id
        and {days_sql("c.start_date", "k.index_date")} >= 0
        and {days_sql("k.index_date", "c.end_date")} >= 0
    group by k.patient_id, k.index_date
    """,
)
"""When each person leaves the area. Somebody who was known as registered but, as current rows say,
had left by the index date leaves on it: nothing of what followed was seen."""


def _first_outcome(outcome: Outcome) -> Step:
    inside = prediction_sql("q.start_date", outcome.window, "k.index_date")
    return Step(
        "first_outcome",
        f"""
        select k.patient_id, k.index_date, min(q.start_date) as event_date
        from cohort_keys k join qualifying q on q.patient_id = k.patient_id
        where {inside}
        group by k.patient_id, k.index_date
        """,
    )


FOLLOW_UP = Step(
    "follow_up",
    f"""
    select k.patient_id, k.index_date, a.event_date, p.death_date,
        {days_sql("k.index_date", "a.event_date")} as days_to_event,
        {days_sql("k.index_date", "p.death_date")} as days_to_death,
        {days_sql("k.index_date", "l.leaving_date")} as days_to_leaving
    from cohort_keys k
    join patients p on p.patient_id = k.patient_id
    left join first_outcome a on a.patient_id = k.patient_id and a.index_date = k.index_date
    left join leaving l on l.patient_id = k.patient_id and l.index_date = k.index_date
    order by k.index_date, k.patient_id
    """,
)


def add_outcomes(records: LinkedRecords, study: Study, rows: pd.DataFrame) -> pd.DataFrame:
    """`rows` with ``outcome``, ``outcome_date`` and ``follow_up_days``.

    Outcomes read current rows, not what was known: an admission counts from the day it happened.
    Where death is part of the outcome, nobody dies first.

    Parameters
    ----------
    records : LinkedRecords
    study : Study
    rows : DataFrame
        Eligible rows with ``patient_id``, ``index_date`` and ``index_stay_id``.
    """
    records.register_keys(rows[["patient_id", "index_date", "index_stay_id"]])
    follow_up = records.engine.fetch_frame(
        CURRENT_STAYS,
        spells("current_stays", partition=("patient_id",)),
        QUALIFYING[study.outcome.kind],
        _first_outcome(study.outcome),
        COVERAGE_ORDER,
        COVERAGE_CHAINS,
        COVERAGE,
        LEAVING,
        FOLLOW_UP,
    )
    joined = rows.drop(columns=["death_date", "days_to_death"]).merge(
        follow_up, on=["patient_id", "index_date"], how="left", validate="one_to_one"
    )
    outcome, days = first_event(
        joined["days_to_event"].to_numpy(float),
        joined["days_to_death"].to_numpy(float),
        joined["days_to_leaving"].to_numpy(float),
        end_day=study.outcome.gap_days + study.outcome.window_days,
    )
    dates = np.select(
        [outcome == ADMITTED, outcome == DIED],
        [joined["event_date"].to_numpy("M8[s]"), joined["death_date"].to_numpy("M8[s]")],
        np.datetime64("NaT", "s"),
    )
    joined = joined.assign(outcome=outcome, outcome_date=dates, follow_up_days=days)
    return joined.drop(columns=[c for c in joined.columns if str(c).startswith("days_to_")])


def first_event(
    event: np.ndarray, death: np.ndarray, leaving: np.ndarray, *, end_day: int
) -> tuple[np.ndarray, np.ndarray]:
    """The first event of each row, and the day until which it was followed.

    Parameters
    ----------
    event, death, leaving : ndarray of float, shape (n,)
        Days after the index date, NaN when it did not happen. The outcome's event is already
        limited to the window; death and leaving are not.
    end_day : int
        First day after the window.

    Returns
    -------
    outcome : ndarray of int8, shape (n,)
        :data:`ADMITTED`, :data:`DIED`, :data:`NEITHER` or :data:`CENSORED`. On one day the outcome
        comes before death, and both before leaving.
    days : ndarray of int32, shape (n,)
        Day of that event, or `end_day`.

    Examples
    --------
    >>> nan = float("nan")
    >>> first_event(np.array([5.0, nan, 5.0]), np.array([5.0, 9.0, nan]),
    ...             np.array([nan, nan, 4.0]), end_day=30)
    (array([ 1,  2, -1], dtype=int8), array([5, 9, 4], dtype=int32))
    """
    a = np.where(np.isnan(event), np.inf, event)
    d = np.where(np.isnan(death) | (death >= end_day), np.inf, death)
    left = np.where(np.isnan(leaving) | (leaving >= end_day), np.inf, leaving)
    first = np.minimum(a, d)
    outcome = np.select(
        [left < first, np.isinf(first), a <= d], [CENSORED, NEITHER, ADMITTED], DIED
    ).astype(np.int8)
    days = np.minimum(np.minimum(first, left), end_day).astype(np.int32)
    return outcome, days
