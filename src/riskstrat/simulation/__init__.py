"""A simulated district: believable linked records about people who do not exist."""

from riskstrat.simulation.simulator import simulate

__all__ = ["simulate"]
