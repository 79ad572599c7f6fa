"""The reference page of metrics.json names every key a reader meets."""

import re
from pathlib import Path

from riskstrat.evaluation.report import SCHEMA_VERSION

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "metrics.md"
FREE = {"subgroups", "provenance", "params", "feature_groups", "divisions", "missed"}
"""Blocks whose keys are names of a study or of a model, or explained elsewhere."""


def keys(value, *, depth):
    """Keys of mappings down to a depth; of a list, those of its first entry."""
    if isinstance(value, list):
        return keys(value[0], depth=depth) if value else set()
    if not isinstance(value, dict) or depth == 0:
        return set()
    below = (keys(part, depth=depth - 1) for name, part in value.items() if name not in FREE)
    return set(value).union(*below)


def test_every_key_is_explained(report):
    named = set(re.findall(r"`([a-z_0-9]+)`", PAGE.read_text(encoding="utf-8")))
    met = keys(report.metrics, depth=3) | keys(report.metrics["subgroups"]["sex"], depth=2)
    curves = {"roc", "precision_recall", "curve", "histogram", "edges", "density", "outcome"}

    assert met - named - curves == set()


def test_the_version_stands_on_the_page(report):
    assert f"| `schema_version` | {SCHEMA_VERSION} |" in PAGE.read_text(encoding="utf-8")
    assert report.metrics["schema_version"] == SCHEMA_VERSION
