"""LightGBM's model text as arrays: the trees of a booster, checked, without running any of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from riskstrat.errors import ArtefactError

__all__ = ["MissingType", "Tree", "TreeText", "read_tree_text"]

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_CATEGORICAL, _DEFAULT_LEFT, _MISSING_SHIFT, _MISSING_MASK = 1, 2, 2, 3
"""Bits of ``decision_type`` (LightGBM 4, ``include/LightGBM/tree.h``)."""

_WORD_BITS = 32
"""Bits in a word of ``cat_threshold``."""


class MissingType:
    """What a split takes for missing: nothing (NaN counts as 0), 0 and NaN, or NaN."""

    NONE, ZERO, NAN = 0, 1, 2


@dataclass(frozen=True)
class Tree:
    """One tree of m inner nodes and m + 1 leaves; node 0 is the root.

    Parameters
    ----------
    feature : ndarray of int64, shape (m,)
    threshold : ndarray of float64, shape (m,)
        A value at most this goes left; of a categorical split the position in `categories`.
    is_categorical, default_left : ndarray of bool, shape (m,)
    missing_type : ndarray of int64, shape (m,)
        See :class:`MissingType`.
    left, right : ndarray of int64, shape (m,)
        A child of 1 or more is an inner node, one below 0 the leaf ``~child``.
    cover : ndarray of float64, shape (m,)
        Training rows that reached each inner node.
    leaf_value, leaf_cover : ndarray of float64, shape (m + 1,)
    categories : tuple of ndarray of int64
        The codes that go left, for each categorical split.
    """

    feature: Integers
    threshold: Floats
    is_categorical: npt.NDArray[np.bool_]
    default_left: npt.NDArray[np.bool_]
    missing_type: Integers
    left: Integers
    right: Integers
    cover: Floats
    leaf_value: Floats
    leaf_cover: Floats
    categories: tuple[Integers, ...] = ()


@dataclass(frozen=True)
class TreeText:
    """The trees of a model, in order.

    Parameters
    ----------
    names : tuple of str, length p
        Names of the features.
    outputs : int
        Scores per row: 1, or the number of classes. Tree i belongs to output ``i % outputs``.
    trees : tuple of Tree
    """

    names: tuple[str, ...]
    outputs: int
    trees: tuple[Tree, ...] = field(repr=False)


def read_tree_text(text: str) -> TreeText:
    """Read what ``Booster.model_to_string()`` writes.

    Parameters
    ----------
    text : str

    Returns
    -------
    TreeText

    Raises
    ------
    ArtefactError
        When the text is not LightGBM's, is cut off or damaged, or has linear leaves or a kind of
        split that is not known.
    """
    body, end, _ = text.partition("\nend of trees")
    head, *blocks = body.split("\nTree=")
    told = _pairs(head)
    if not head.startswith("tree") or not end:
        raise _damaged("it does not begin with 'tree' or has no 'end of trees'")
    try:
        names = tuple(told["feature_names"].split(" "))
        outputs = int(told["num_tree_per_iteration"])
        promised = len(told.get("tree_sizes", "").split())
        if len(names) != int(told["max_feature_idx"]) + 1 or outputs < 1:
            raise _damaged("its head contradicts itself")
        trees = tuple(_tree(_pairs(block), len(names)) for block in blocks)
    except (KeyError, ValueError, OverflowError) as error:
        raise _damaged(f"a part is missing or is no number ({type(error).__name__})") from error
    if len(trees) != promised or len(trees) % outputs:
        raise _damaged(f"it promises {promised:,} trees and holds {len(trees):,}")
    return TreeText(names, outputs, trees)


def _pairs(block: str) -> Mapping[str, str]:
    lines = (line.partition("=") for line in block.splitlines())
    return {key: value for key, equals, value in lines if equals}


def _tree(told: Mapping[str, str], features: int) -> Tree:
    if told.get("is_linear", "0") != "0":
        raise ArtefactError(
            "expected leaves with one value each, but the model has linear leaves.",
            do="Train it without linear_tree.",
        )
    leaves = int(told["num_leaves"])
    values = _numbers(told, "leaf_value", leaves, np.float64)
    if leaves == 1:
        none = np.empty(0, np.int64)
        no, empty = none.astype(bool), np.empty(0)
        return Tree(none, empty, no, no, none, none, none, empty, values, np.ones(1))
    integers = ("split_feature", "decision_type", "left_child", "right_child")
    feature, decision, left, right = (
        _numbers(told, name, leaves - 1, np.int64) for name in integers
    )
    _require_tree(left, right, leaves)
    if feature.min() < 0 or feature.max() >= features:
        raise _damaged("a split names a feature that the model does not have")
    missing_type = (decision >> _MISSING_SHIFT) & _MISSING_MASK
    if missing_type.max() > MissingType.NAN or decision.min() < 0:
        raise _damaged("a split is of a kind that is not known")
    is_categorical = (decision & _CATEGORICAL) > 0
    categories = _categories(told) if is_categorical.any() else ()
    threshold = _numbers(told, "threshold", leaves - 1, np.float64)
    if not np.isin(threshold[is_categorical], np.arange(len(categories))).all():
        raise _damaged("a categorical split has no categories")
    return Tree(
        feature=feature,
        threshold=threshold,
        is_categorical=is_categorical,
        default_left=(decision & _DEFAULT_LEFT) > 0,
        missing_type=missing_type,
        left=left,
        right=right,
        cover=_numbers(told, "internal_count", leaves - 1, np.float64),
        leaf_value=values,
        leaf_cover=_numbers(told, "leaf_count", leaves, np.float64),
        categories=categories,
    )


def _numbers(told: Mapping[str, str], name: str, count: int, kind: type) -> npt.NDArray[Any]:
    numbers = np.array(told[name].split(), dtype=np.float64)
    is_number = np.isfinite(numbers) | ((numbers > 0) & (name == "threshold"))  # all but missing
    if len(numbers) != count or not is_number.all():
        raise _damaged(f"a tree does not have {count:,} numbers of {name}")
    return numbers.astype(kind)


def _require_tree(left: Integers, right: Integers, leaves: int) -> None:
    """Every node but the root is the child of one node before it, every leaf of one node."""
    children = np.concatenate([left, right])
    parents = np.tile(np.arange(leaves - 1), 2)
    is_node = children >= 0
    whole = np.sort(children).tolist() == [*range(-leaves, 0), *range(1, leaves - 1)]
    if not whole or (children[is_node] <= parents[is_node]).any():
        raise _damaged("the nodes of a tree do not hang together")


def _categories(told: Mapping[str, str]) -> tuple[Integers, ...]:
    splits = int(told["num_cat"])
    bounds = _numbers(told, "cat_boundaries", splits + 1, np.int64)
    words = _numbers(told, "cat_threshold", int(bounds[-1]), np.int64)
    bits = (words[:, None] >> np.arange(_WORD_BITS)) & 1
    return tuple(np.flatnonzero(bits[first:last].ravel()) for first, last in pairwise(bounds))


def _damaged(what: str) -> ArtefactError:
    return ArtefactError(
        f"expected the model text of LightGBM, but {what}.",
        do="Give the text that Booster.model_to_string() or save_model() wrote, unchanged.",
    )
