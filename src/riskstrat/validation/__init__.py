"""Would it hold elsewhere, later, with fewer feeds or fewer people? And what is done about it.

A validation asks what a report on one evaluation set cannot tell; a recalibration answers for a
place or a time where ranks hold and levels do not.
"""

from riskstrat.validation.recalibration import Recalibrated, recalibrate, recalibrate_on
from riskstrat.validation.report import ValidationReport
from riskstrat.validation.run import PARTS, Subject, ValidationRules, validate

__all__ = [
    "PARTS",
    "Recalibrated",
    "Subject",
    "ValidationReport",
    "ValidationRules",
    "recalibrate",
    "recalibrate_on",
    "validate",
]
