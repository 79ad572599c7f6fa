"""What was known before the index date: catalogue, published indices, matrix."""

from riskstrat.features.build import build_features
from riskstrat.features.catalogue import GROUPS, Feature, catalogue, catalogue_hash
from riskstrat.features.matrix import FeatureMatrix

__all__ = [
    "GROUPS",
    "Feature",
    "FeatureMatrix",
    "build_features",
    "catalogue",
    "catalogue_hash",
]
