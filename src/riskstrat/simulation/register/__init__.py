"""The register of people: who they are, where they are registered and live, who objects."""

from riskstrat.simulation.block import Block
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.register.addresses import lsoa_on, postcode_on
from riskstrat.simulation.register.merges import tell_merges
from riskstrat.simulation.register.objections import (
    objects_to_risk_stratification,
    tell_objections,
    write_objections,
)
from riskstrat.simulation.register.practice_list import spine_sensitive, tell_practice_list
from riskstrat.simulation.register.records import (
    write_patients,
    write_registrations,
    write_residences,
)
from riskstrat.simulation.timeline import Mask

__all__ = ["left_out_of_records", "lsoa_on", "postcode_on", "tell"]


def left_out_of_records(block: Block) -> dict[str, Mask]:
    """People of a block who have no row in linked records, by the one reason that counts."""
    objects = objects_to_risk_stratification(block)
    return {
        "risk_stratification": objects,
        "spine_sensitive": spine_sensitive(block) & ~objects,
    }


def tell(block: Block, out: Outputs) -> None:
    """Tell who the people of a block are, where they are registered and live, who objects."""
    if out.ledger is not None:
        for write in (write_patients, write_registrations, write_residences, write_objections):
            write(block, out.ledger)
    if out.feed is not None:
        for rows in (tell_practice_list, tell_objections, tell_merges):
            out.feed(rows(block))
