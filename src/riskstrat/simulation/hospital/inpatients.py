"""Everything that happened to inpatients: spells, their episodes and their codes."""

from __future__ import annotations

from dataclasses import dataclass

from riskstrat.simulation.block import Block
from riskstrat.simulation.hospital.coding import Coded, code_spells
from riskstrat.simulation.hospital.emergency import emergency_spells
from riskstrat.simulation.hospital.episodes import Episodes, episodes_of
from riskstrat.simulation.hospital.planned import planned_spells
from riskstrat.simulation.hospital.spells import Spells

__all__ = ["Inpatients", "inpatients_of"]


@dataclass(frozen=True)
class Inpatients:
    """Spells with their episodes and codes."""

    spells: Spells
    episodes: Episodes
    coded: Coded


def inpatients_of(block: Block) -> Inpatients:
    """All spells of the people of a block."""
    spells = Spells.together(emergency_spells(block), planned_spells(block))
    return Inpatients(spells, episodes_of(block, spells), code_spells(block, spells))
