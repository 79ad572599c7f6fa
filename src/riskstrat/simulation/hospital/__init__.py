"""Hospital care: stays, day cases, appointments, attendances, and the feeds that tell of them."""

from riskstrat.simulation.block import Block
from riskstrat.simulation.hospital.apc import tell_apc
from riskstrat.simulation.hospital.attendances import attendances_of
from riskstrat.simulation.hospital.canonical import (
    write_appointments,
    write_attendances,
    write_inpatients,
)
from riskstrat.simulation.hospital.ecds import tell_attendances
from riskstrat.simulation.hospital.inpatients import inpatients_of
from riskstrat.simulation.hospital.op import tell_appointments
from riskstrat.simulation.hospital.outpatients import appointments_of
from riskstrat.simulation.hospital.spells import PROVIDERS
from riskstrat.simulation.outputs import Outputs

__all__ = ["PROVIDERS", "tell"]


def tell(block: Block, out: Outputs) -> None:
    """Tell of the hospital care of the people of a block."""
    inpatients = inpatients_of(block)
    appointments = appointments_of(block)
    attendances = attendances_of(block, inpatients.spells)
    if out.feed is not None:
        out.feed(tell_apc(block, inpatients))
        out.feed(tell_appointments(block, appointments))
        out.feed(tell_attendances(block, attendances))
    if out.ledger is not None:
        write_inpatients(block, out.ledger, inpatients)
        write_appointments(block, out.ledger, appointments)
        write_attendances(block, out.ledger, attendances)
