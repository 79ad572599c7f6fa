"""What has to be asked of the records for a study, worked out once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa

from riskstrat.engine import QueryEngine
from riskstrat.features.catalogue import Feature, catalogue, catalogue_hash
from riskstrat.features.codelists import code_rules
from riskstrat.features.coding import CodeFacts, code_facts, list_codes
from riskstrat.features.feeds import Feeds, read_feeds
from riskstrat.features.kernel import Rules
from riskstrat.features.rules import compile_rules, looks_back
from riskstrat.features.sets import members_of
from riskstrat.reference import load_table
from riskstrat.study import Study

__all__ = ["HELPERS", "FeaturePlan", "KnownRecords"]

HELPERS = (
    Feature("age", "", "years", "person", "count", ("person",), None, "value age"),
    Feature("medicines", "", "kinds", "primary_care", "count", ("gp",), 365, "points substance"),
)
"""Features that others are worked out from."""


class KnownRecords(Protocol):
    """What features need of the records: an engine that holds them, and a way to name the keys."""

    @property
    def engine(self) -> QueryEngine:
        """Holds the canonical tables."""

    @property
    def content(self) -> str | None:
        """Another text when any row is another; None when they cannot tell."""

    def listed_codes(self) -> pa.Table:
        """Every code: ``source, kind, system, code, first_known`` (day)."""

    def register_keys(self, keys: pd.DataFrame) -> None:
        """Make `keys` readable as ``cohort_keys``."""


@dataclass(frozen=True)
class FeaturePlan:
    """What has to be asked of the records for a study, worked out once.

    Parameters
    ----------
    features : tuple of Feature
    catalogue_hash : str
    facts : mapping of str to int
        Number of each fact.
    rules : Rules
    helpers : Rules
        Those of :data:`HELPERS`, which some features need whether or not a study has them.
    coding : CodeFacts
    feeds : Feeds
    """

    features: tuple[Feature, ...]
    catalogue_hash: str
    facts: dict[str, int]
    rules: Rules
    helpers: Rules
    coding: CodeFacts
    feeds: Feeds

    @classmethod
    def of(cls, records: KnownRecords, study: Study) -> FeaturePlan:
        """Ask the records which codes and feeds they hold, and number the facts.

        Raises
        ------
        StudyError
            When the study names an unknown group, source or codelist.
        """
        features, rules = catalogue(study), code_rules(study)
        listed = records.listed_codes().to_pylist()
        feeds = read_feeds(records.engine, listed, rules, study.features.sources)
        codes, found = list_codes(listed, rules, feeds.families)
        names = {rule.fact for rule in rules} | {fact for of_code in found for fact, _ in of_code}
        asked = (*features, *HELPERS)
        names |= {fact for f in asked for fact in members_of(f.fact, names)}
        numbers = {fact: number for number, fact in enumerate(sorted(names))}
        looked = np.zeros(len(numbers), np.int64)
        for feature in asked:
            for fact in members_of(feature.fact, numbers):
                looked[numbers[fact]] = max(looked[numbers[fact]], looks_back(feature))
        return cls(
            features,
            catalogue_hash(features, rules),
            numbers,
            compile_rules(features, numbers),
            compile_rules(HELPERS, numbers),
            code_facts(codes, found, numbers, looked),
            feeds,
        )

    def register(self, engine: QueryEngine) -> None:
        """Make the relations that every chunk's queries join readable."""
        ruled = (np.diff(self.rules.starts) > 0) | (np.diff(self.helpers.starts) > 0)
        facts = [(fact, number) for fact, number in self.facts.items() if ruled[number]]
        engine.register(
            "feature_facts",
            pa.table(
                {
                    "fact": pa.array([fact for fact, _ in facts], pa.string()),
                    "fact_number": pa.array([number for _, number in facts], pa.int32()),
                }
            ),
        )
        engine.register("feature_codes", self.coding.relation)
        families = [row for row in load_table("service_families") if row["programme"] == "0"]
        engine.register(
            "service_families",
            pa.table(
                {
                    name: pa.array([row[name] for row in families], pa.string())
                    for name in ("service", "family")
                }
            ),
        )
