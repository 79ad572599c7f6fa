"""What was known before the index date: catalogue, published indices, matrix."""

from riskstrat.features.build import build_features
from riskstrat.features.catalogue import GROUPS, Feature, catalogue, catalogue_hash
from riskstrat.features.matrix import FeatureMatrix
from riskstrat.features.streaming import feature_chunks, write_features
from riskstrat.study import AddedFeature

__all__ = [
    "GROUPS",
    "AddedFeature",
    "Feature",
    "FeatureMatrix",
    "build_features",
    "catalogue",
    "catalogue_hash",
    "feature_chunks",
    "write_features",
]
