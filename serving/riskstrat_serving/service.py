"""The one BentoML service: ``score`` and ``explain`` for typed rows, and the review pages.

The two methods know nothing of the caller: inside a batch BentoML shows every row the context of
one request. What acts per request stands in middleware, which sees APIs, pages and documents alike.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

os.environ["BENTOML_DO_NOT_TRACK"] = "True"  # read when bentoml is imported: no usage reports

import bentoml
import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from riskstrat_serving.guard import JsonBodies, LoopbackHost
from riskstrat_serving.review.pages import review_pages
from riskstrat_serving.rows import MOST_ROWS, matrix_input
from riskstrat_serving.served import ExplainedRow, ScoredRow, ServedModel

if TYPE_CHECKING:
    from riskstrat.risklist import Scores
    from riskstrat.training import RiskModel

__all__ = ["build_service"]

BATCH_ROWS = 4 * MOST_ROWS
"""Rows of several requests that are scored in one call."""

LATENCY_MS = 10_000
"""Longest wait of a request for its batch before the service says that it is overloaded."""


_bento_log = logging.getLogger("bentoml._internal.server.http_app")


def build_service(model: RiskModel, load: Callable[[], Scores]) -> bentoml.Service[Any]:
    """The service for one model and the scores of its run.

    Parameters
    ----------
    model : RiskModel
        Scores and explains the rows.
    load : callable
        Gives the scores that the review pages show; called once, when the service starts.

    Returns
    -------
    bentoml.Service
    """
    served = ServedModel(model)
    body = matrix_input(model)
    limits: dict[str, Any] = {"max_batch_size": BATCH_ROWS, "max_latency_ms": LATENCY_MS}

    @bentoml.service(
        name="riskstrat",
        workers=1,
        http={"host": "127.0.0.1"},
        # Both would keep the addresses of pages, which hold pseudonyms.
        logging={"access": {"enabled": False}},
        metrics={"enabled": False},
    )
    class Riskstrat:
        """Explained risk of emergency admission. Not a medical device; for evaluation."""

        @bentoml.api(batchable=True, input_spec=body, **limits)  # type: ignore[untyped-decorator]
        def score(self, matrix: npt.NDArray[np.float32]) -> list[ScoredRow]:
            """The risk of each row of a feature matrix."""
            return served.score(matrix)

        @bentoml.api(batchable=True, input_spec=body, **limits)  # type: ignore[untyped-decorator]
        def explain(self, matrix: npt.NDArray[np.float32]) -> list[ExplainedRow]:
            """The risk of each row, and what each clinical group contributes to it."""
            return served.explain(matrix)

    _bento_log.addFilter(_is_not_a_callers_mistake)
    service: bentoml.Service[Any] = Riskstrat
    service.mount_asgi_app(review_pages(load), path="/review", name="review")
    service.add_asgi_middleware(LoopbackHost)
    service.add_asgi_middleware(JsonBodies)
    return service


def _is_not_a_callers_mistake(record: logging.LogRecord) -> bool:
    """A body that cannot be read is answered (400), not logged: its keys may be anything."""
    return not (record.exc_info and isinstance(record.exc_info[1], ValidationError))
