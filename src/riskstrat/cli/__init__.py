"""The command line: ``riskstrat ...``."""

from riskstrat.cli.app import app, main

__all__ = ["app", "main"]
