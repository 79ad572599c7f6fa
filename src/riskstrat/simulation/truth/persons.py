"""Who the simulated people truly are, and every emergency admission that they had."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from riskstrat.simulation.block import Block
from riskstrat.simulation.catalogue import numbers
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.feeds.files import number_column
from riskstrat.simulation.people.households import TENURES
from riskstrat.simulation.people.identity import pseudonyms
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES, GRID
from riskstrat.simulation.people.places import area_codes, practice_codes
from riskstrat.simulation.timeline import dates

__all__ = ["admissions_table", "persons_table"]


def persons_table(block: Block) -> pa.Table:
    """One row per person: identity, home, what no record holds, and the days of their life.

    ``death_date``, ``care_home_date`` and ``conditions`` count everything until a year after the
    period, whether or not a service of the district saw it.
    """
    people, lives = block.people, block.lives
    areas = area_codes(len(block.district.deciles))
    practices = practice_codes(len(block.district.bounds))
    long_term = np.flatnonzero(numbers("conditions", "ltc") == 1)
    begun = lives.onset[:, long_term] <= block.period.last
    return pa.table(
        {
            "person": people.number.astype(np.int32),
            "nhs_number": number_column(people.nhs_number),
            "patient_id": pa.array(pseudonyms(people.nhs_number, people.number), pa.string()),
            "birth_date": dates(people.birth),
            "sex": Choice(("male", "female"), people.female.astype(np.int64)).arrow(),
            "ethnic_category": Choice(ETHNIC_CATEGORIES, people.ethnicity).arrow(),
            "registered_date": dates(people.registered),
            "entry_date": dates(people.entry),
            "leave_date": dates(people.leave),
            "death_date": dates(lives.death),
            "practice_code": Choice(practices, people.practice).arrow(),
            "lsoa": Choice(areas, people.area).arrow(),
            "imd_decile": people.decile.astype(np.int8),
            "move_date": dates(people.moves),
            "next_practice_code": Choice(practices, people.next_practice).arrow(),
            "next_lsoa": Choice(areas, people.next_area).arrow(),
            "next_imd_decile": people.next_decile.astype(np.int8),
            "lives_alone": people.alone,
            "has_carer": people.carer,
            "tenure": Choice(TENURES, people.tenure).arrow(),
            "care_home_date": dates(lives.care_home),
            "conditions": begun.sum(axis=1).astype(np.int8),
            "multiplier": GRID[people.multiplier],
            "contact_rate": people.contact_rate,
        }
    )


def admissions_table(block: Block) -> pa.Table:
    """Every emergency admission, also after moving away and in the year after the period.

    ``seen`` says whether it happened while the person was registered in the district and in the
    period: only these are told by any service.
    """
    people, found = block.people, block.lives.admissions
    seen = (found.start < people.leave[found.row]) & (found.start <= block.period.last)
    return pa.table(
        {
            "person": people.number[found.row].astype(np.int32),
            "start_date": dates(found.start),
            "end_date": dates(found.end),
            "died": found.died,
            "through_emergency_department": found.through_emergency_department,
            "seen": seen,
        }
    )
