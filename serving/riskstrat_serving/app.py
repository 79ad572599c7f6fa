"""What ``bentoml serve riskstrat_serving.app:service`` runs.

BentoML asks for a service by the name of a module and of something in it. ``service`` is made when
it is asked for, from the folder of scores that the environment names in ``RISKSTRAT_SCORES``. Only
the model is loaded then, to name the features; the scores are loaded where the service starts, not
in the process that watches over it.
"""

from __future__ import annotations

import os
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.errors import UsageError
from riskstrat.risklist import load_scores
from riskstrat.training import RiskModel
from riskstrat_serving.service import build_service

if TYPE_CHECKING:
    import bentoml

__all__ = ["SCORES_VARIABLE"]

SCORES_VARIABLE = "RISKSTRAT_SCORES"


def __getattr__(name: str) -> Any:
    if name == "service":
        return _service()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@cache
def _service() -> bentoml.Service[Any]:
    given = os.environ.get(SCORES_VARIABLE)
    if not given:
        raise UsageError(
            f"expected the folder of scores in {SCORES_VARIABLE}, but it is not set.",
            do="Start the service with: riskstrat serve SCORES",
        )
    folder = Path(given)
    return build_service(RiskModel.load(folder / "model"), partial(load_scores, folder))
