"""What ``score`` and ``explain`` take: rows of a feature matrix, checked before they are batched.

BentoML puts the rows of several requests into one call, so nothing may be left to go wrong there:
one bad row would fail other callers' requests. Everything is checked here, request by request, and
nothing of a row is repeated in an error, where it could reach a log.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.functional_validators import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

if TYPE_CHECKING:
    from riskstrat.training import RiskModel

__all__ = ["MOST_ROWS", "matrix_input"]

MOST_ROWS = 1_000
"""Rows of one request; a whole population is scored with 'riskstrat score'."""

NAMES_TOLD = 5
"""Missing features named in an error; of unknown names only the number is told."""

STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)

_LARGEST = float(np.finfo(np.float32).max)

Value = Annotated[float | None, Field(strict=True, allow_inf_nan=False, ge=-_LARGEST, le=_LARGEST)]
"""A number that float32 can hold, or null for a missing value."""


def matrix_input(model: RiskModel) -> type[BaseModel]:
    """The type of a request's body, for the features of one model.

    Parameters
    ----------
    model : RiskModel
        Gives the names of the features and the catalogue hash that a request has to state.

    Returns
    -------
    type of pydantic model
        With one field, ``matrix``: an object ``{"catalogue_hash": ..., "rows": [...]}`` whose rows
        are objects of feature name to number or null. Read, the field is a float32 array of shape
        (rows, features) with NaN for null.
    """
    names = tuple(feature.name for feature in model.features)
    rows: Any = create_model(
        "MatrixRows",
        __config__=STRICT,
        catalogue_hash=(Annotated[str, AfterValidator(_same_catalogue(model.catalogue_hash))], ...),
        rows=(
            list[Annotated[dict[str, Value], BeforeValidator(_named(names))]],
            Field(min_length=1, max_length=MOST_ROWS),
        ),
    )
    return create_model(
        "MatrixInput",
        __config__=STRICT,
        matrix=(Annotated[rows, AfterValidator(_to_array(names))], ...),
    )


def _same_catalogue(own: str) -> Any:
    def check(given: str) -> str:
        if given != own:
            raise PydanticCustomError(
                "other_catalogue",
                "The rows were built by another feature catalogue than the model's, or do not say "
                "which: build them with the release of riskstrat and the study of the model",
            )
        return given

    return check


def _named(names: tuple[str, ...]) -> Any:
    expected = frozenset(names)

    def check(row: Any) -> Any:
        if not isinstance(row, dict):
            raise PydanticCustomError("row_type", "A row is an object of feature name to number")
        missing = [name for name in names if name not in row]
        unknown = len(row.keys() - expected)
        if missing or unknown:
            raise PydanticCustomError("features", f"A row has {_differences(missing, unknown)}")
        return row

    return check


def _differences(missing: list[str], unknown: int) -> str:
    parts = []
    if missing:
        named = ", ".join(missing[:NAMES_TOLD]) + (", ..." if len(missing) > NAMES_TOLD else "")
        parts.append(f"{len(missing)} of the model's features missing ({named})")
    if unknown:
        parts.append(f"{unknown} feature names that the model does not have")
    return " and ".join(parts)


def _to_array(names: tuple[str, ...]) -> Any:
    def read(matrix: Any) -> npt.NDArray[np.float32]:
        rows: Iterable[dict[str, float | None]] = matrix.rows
        values = [[row[name] for name in names] for row in rows]
        return np.array(values, dtype=np.float32)  # None becomes NaN

    return read
