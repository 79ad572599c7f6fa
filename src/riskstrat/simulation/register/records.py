"""Patients, registrations and residences as they stand in the linked records."""

from __future__ import annotations

import numpy as np

from riskstrat.simulation.block import Block
from riskstrat.simulation.columns import Choice
from riskstrat.simulation.ledger import Ledger
from riskstrat.simulation.people.households import TENURES
from riskstrat.simulation.people.people import ETHNIC_CATEGORIES
from riskstrat.simulation.people.places import practice_codes
from riskstrat.simulation.register.addresses import lsoa_on
from riskstrat.simulation.register.spells import end_told, registrations, residences
from riskstrat.simulation.timeline import NEVER, month_starts, months

__all__ = ["write_patients", "write_registrations", "write_residences"]

_ACCOMMODATION = ("MA01", "MA05", "MA06", "MA09", "CH03")
"""Accommodation status codes of the NHS Data Dictionary, one per tenure (owner occupier, housing
association, private landlord, other) and one for registered care homes."""
_CARE_HOME = _ACCOMMODATION.index("CH03")
_TENURE_KNOWN = 0.75
"""Share of people whose tenure any service knows (assumption)."""


def write_patients(block: Block, ledger: Ledger) -> None:
    """Write one row per person."""
    people, died = block.people, block.died
    ledger.add(
        "patients",
        np.arange(len(people)),
        birth_month=month_starts(months(people.birth)),
        sex=Choice(("female", "male"), np.where(people.female, 0, 1)),
        ethnic_category=Choice(ETHNIC_CATEGORIES, people.ethnicity),
        death_date=died,
        death_recorded_date=np.where(died == NEVER, NEVER, end_told(block)),
    )


def write_registrations(block: Block, ledger: Ledger) -> None:
    """Write who is registered with which practice."""
    spells = registrations(block)
    codes = practice_codes(len(block.district.bounds))
    ledger.add_spells(
        "registrations",
        spells.row,
        spells.told,
        practice_code=Choice(codes, block.people.practice_on(spells.row, spells.start)),
        start_date=spells.start,
        end_date=spells.end,
    )


def write_residences(block: Block, ledger: Ledger) -> None:
    """Write who lives where and how: at home, then perhaps in a care home."""
    spells, people = residences(block), block.people
    row = spells.row
    known = block.draws("tenure known", row).chance("known", _TENURE_KNOWN)
    tenure = np.where(known, people.tenure[row], -1)
    cared_for = block.lives.care_home[row] <= spells.start
    ledger.add_spells(
        "residences",
        row,
        spells.told,
        start_date=spells.start,
        end_date=spells.end,
        lsoa=lsoa_on(block, row, spells.start),
        imd_decile=people.decile_on(row, spells.start),
        accommodation=Choice(_ACCOMMODATION, np.where(cared_for, _CARE_HOME, tenure)),
        tenure=Choice(TENURES, np.where(cared_for, TENURES.index("other"), tenure)),
        care_home=cared_for,
        lives_alone=people.alone[row] & ~cared_for,
        has_carer=people.carer[row] & ~cared_for,
    )
