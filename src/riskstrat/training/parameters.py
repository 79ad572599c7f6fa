"""How the trees are grown: documented defaults, and a params.toml that is read strictly."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from riskstrat.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from riskstrat.study import Study

__all__ = ["MAX_DEPTH", "TreeParameters", "load_parameters"]

MAX_DEPTH = 8
"""Deepest tree allowed: it regularises, and it keeps exact Shapley tables at most 2**8 wide."""

WEIGHTS_OF_CLASSES = frozenset(
    {"class_weight", "class_weights", "is_unbalance", "unbalance", "scale_pos_weight"}
)
"""LightGBM's and scikit-learn's names for weighting one class. What it does to risks: van den
Goorbergh R, van Smeden M, Timmerman D, Van Calster B. The harm of class imbalance corrections for
risk prediction models. JAMIA 2022;29:1525-1534."""


@dataclass(frozen=True)
class TreeParameters:
    """Settings of the boosted trees.

    Parameters
    ----------
    learning_rate : float
        Shrinkage of each tree, in (0, 1].
    max_depth : int
        Deepest tree, 1 to 8.
    num_leaves : int
        Most leaves of one tree.
    min_child_samples : int
        Fewest rows in a leaf; lowered to a twentieth of the rows where there are few.
    lambda_l2 : float
        Ridge penalty on leaf values.
    feature_fraction, bagging_fraction : float
        Share of features, and of rows, that each tree sees, in (0, 1].
    max_bin : int
        Most histogram bins of one feature.
    max_rounds : int
        Most trees; early stopping usually ends before.
    early_stopping_rounds : int
        Trees without a better out-of-fold log-loss before stopping.
    folds : int
        Patient-grouped folds for early stopping and for the cross-fitted calibration.
    """

    learning_rate: float = 0.05
    max_depth: int = 6
    num_leaves: int = 31
    min_child_samples: int = 60
    lambda_l2: float = 10.0
    feature_fraction: float = 0.6
    bagging_fraction: float = 0.8
    max_bin: int = 255
    max_rounds: int = 600
    early_stopping_rounds: int = 30
    folds: int = 4

    def mistakes(self) -> list[str]:
        """Every setting that is out of its range, in words; empty when all are usable."""
        shares = ("learning_rate", "feature_fraction", "bagging_fraction")
        at_least = {
            "num_leaves": 2,
            "min_child_samples": 1,
            "max_bin": 2,
            "max_rounds": 1,
            "early_stopping_rounds": 1,
            "folds": 2,
        }
        found = [f"'{n}' must be above 0 and at most 1" for n in shares if not 0 < self[n] <= 1]
        found += [f"'{n}' must be at least {low}" for n, low in at_least.items() if self[n] < low]
        if not 1 <= self.max_depth <= MAX_DEPTH:
            found.append(f"'max_depth' must be 1 to {MAX_DEPTH}")
        if self.lambda_l2 < 0:
            found.append("'lambda_l2' must not be negative")
        return found

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


def load_parameters(study: Study) -> TreeParameters:
    """The parameters a study names in ``[model] params``, or the defaults.

    Parameters
    ----------
    study : Study

    Returns
    -------
    TreeParameters

    Raises
    ------
    StudyError
        When the file is missing, is not TOML, or has unknown keys or values out of range; all
        mistakes are named at once.
    """
    if study.model.params is None:
        return TreeParameters()
    file = (study.folder or Path()) / study.model.params
    try:
        data = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(
            f"expected readable model parameters in '{file.name}', but got {type(error).__name__}.",
            do="Correct 'model.params' in the study, or leave it out for the defaults.",
        ) from error
    return _read_parameters(data, file.name)


def _unknown(key: str, known: Iterable[str]) -> str:
    if key in WEIGHTS_OF_CLASSES:
        return (
            f"'{key}' is not offered: weighting the classes makes every risk wrong (too high for a "
            "rare outcome) and ranks no better. A list is cut at a capacity, not at a risk"
        )
    return f"unknown key '{key}'; expected one of {', '.join(known)}"


def _read_parameters(data: Mapping[str, Any], name: str) -> TreeParameters:
    """Parameters from a mapping, refusing unknown keys, wrong types and values out of range."""
    kinds = {f.name: type(f.default) for f in dataclasses.fields(TreeParameters)}
    mistakes = [_unknown(key, kinds) for key in data if key not in kinds]
    values: dict[str, Any] = {}
    for key in kinds.keys() & data.keys():
        value = float(data[key]) if kinds[key] is float and type(data[key]) is int else data[key]
        if type(value) is kinds[key]:
            values[key] = value
        else:
            mistakes.append(f"'{key}' must be {kinds[key].__name__}, not {type(value).__name__}")
    parameters = TreeParameters(**values)
    mistakes = sorted([*mistakes, *parameters.mistakes()])
    if mistakes:
        listed = "\n".join(f"  - {mistake}" for mistake in mistakes)
        raise StudyError(
            f"'{name}' has {len(mistakes)} mistake{'s' if len(mistakes) > 1 else ''}:\n{listed}",
            do="Correct the file, or leave a key out for its default.",
        )
    return parameters
