"""What a user is told of features that tell a model nothing."""

from __future__ import annotations

from riskstrat.training import RiskModel

__all__ = ["silent_features"]


def silent_features(model: RiskModel) -> str | None:
    """One warning with the names of the features that tell `model` nothing; None without any.

    Their development rows all have the same value, or no record stands behind any value: a feed is
    not there, or the records do not hold the codes.
    """
    empty = model.provenance.get("features_without_facts", [])
    same = [name for name in model.provenance.get("features_constant", []) if name not in empty]
    told = [
        f"{what}: {', '.join(names)}"
        for what, names in (
            ("No record stands behind any value", empty),
            ("The same value, or none, in every row", same),
        )
        if names
    ]
    if not told:
        return None
    number = len(empty) + len(same)
    return (
        f"{number} of {len(model.features)} features tell the model nothing. {'. '.join(told)}. "
        "Expected without a feed; else look at the codes with 'riskstrat check'."
    )
