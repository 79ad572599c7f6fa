"""A simulated district: believable feeds and linked records about people who do not exist."""

from riskstrat.simulation.plan import shock_of
from riskstrat.simulation.programmes.rule import ProgrammeRule, load_programme
from riskstrat.simulation.settings import Setting
from riskstrat.simulation.simulator import simulate

__all__ = ["ProgrammeRule", "Setting", "load_programme", "shock_of", "simulate"]
