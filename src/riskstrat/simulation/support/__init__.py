"""Support around people: community and mental-health services, council, housing, charities."""

from riskstrat.simulation.block import Block
from riskstrat.simulation.outputs import Outputs
from riskstrat.simulation.support.community import tell_community
from riskstrat.simulation.support.housing import tell_housing
from riskstrat.simulation.support.mental_health import tell_mental_health
from riskstrat.simulation.support.programmes import programme_spells
from riskstrat.simulation.support.social_care import tell_social_care
from riskstrat.simulation.support.spells import Spells
from riskstrat.simulation.support.starts import spells_of
from riskstrat.simulation.support.voluntary import tell_voluntary

__all__ = ["tell"]


def tell(block: Block, out: Outputs) -> None:
    """Tell what community, mental-health, council, housing and voluntary services did."""
    spells = Spells.of_all([spells_of(block), programme_spells(block)])
    for tell_domain in (
        tell_community,
        tell_mental_health,
        tell_social_care,
        tell_housing,
        tell_voluntary,
    ):
        tell_domain(block, spells, out)
