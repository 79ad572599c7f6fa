"""The small relations that the queries join: rules, codes, feeds, weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa

from riskstrat.engine import Engine
from riskstrat.features.catalogue import Feature
from riskstrat.features.codelists import CodeRule
from riskstrat.features.declared import counted_conditions
from riskstrat.reference import load_table

__all__ = ["SCHEMAS", "register_relations"]

_TEXT, _NUMBER, _REAL = pa.string(), pa.int32(), pa.float64()
_CODE = {"fact": _TEXT, "kind": _TEXT, "system": _TEXT, "code": _TEXT}

SCHEMAS: dict[str, pa.Schema] = {
    name: pa.schema(list(columns.items()))
    for name, columns in {
        "feature_rules": {
            "feature": _NUMBER,
            "how": _TEXT,
            "fact": _TEXT,
            "window_days": _NUMBER,
        },
        "feature_code_rules": _CODE | {"is_prefix": pa.bool_()},
        "feature_measurements": _CODE
        | {"scale": _REAL, "shift": _REAL, "minimum": _REAL, "maximum": _REAL},
        "feature_feeds": {"source": _TEXT, "family": _TEXT},
        "counted_conditions": {"fact": _TEXT},
        "service_families": {"service": _TEXT, "family": _TEXT},
        "hfrs_points": {"code3": _TEXT, "tenths": _NUMBER},
        "charlson_weights": {"fact": _TEXT, "weight": _NUMBER},
        "charlson_hierarchy": {"drop_fact": _TEXT, "when_present": _TEXT},
    }.items()
}
"""Columns of each relation."""

_Rows = list[dict[str, object]]


def register_relations(
    engine: Engine,
    features: Sequence[Feature],
    rules: Sequence[CodeRule],
    families: Mapping[str, str],
) -> None:
    """Make the rules of `features`, the codes, the feeds and the weights readable."""
    feeds: _Rows = [{"source": s, "family": f} for s, f in sorted(families.items())]
    relations = {
        "feature_rules": _rules(features),
        "feature_code_rules": list(_codes(rules)),
        "feature_measurements": list(_measurements(rules)),
        "feature_feeds": feeds,
        **_published(),
    }
    for name, rows in relations.items():
        engine.register(name, pa.Table.from_pylist(rows, schema=SCHEMAS[name]))


def _rules(features: Sequence[Feature]) -> _Rows:
    return [
        {"feature": i, "how": f.how, "fact": f.fact, "window_days": f.window_days}
        for i, f in enumerate(features)
    ]


def _codes(rules: Sequence[CodeRule]) -> Iterator[dict[str, object]]:
    for rule in rules:
        if rule.maximum is None:
            for kind in rule.kinds:
                yield _code(rule, kind) | {"is_prefix": rule.is_prefix}


def _measurements(rules: Sequence[CodeRule]) -> Iterator[dict[str, object]]:
    for rule in rules:
        if rule.maximum is not None:
            limits = {"minimum": rule.minimum, "maximum": rule.maximum}
            for kind in rule.kinds:
                yield _code(rule, kind) | {"scale": rule.scale, "shift": rule.shift} | limits


def _code(rule: CodeRule, kind: str) -> dict[str, object]:
    return {"fact": rule.fact, "kind": kind, "system": rule.system, "code": rule.code}


def _published() -> dict[str, _Rows]:
    """Tables of the package under the names and columns that the queries use."""
    return {
        "counted_conditions": [{"fact": fact} for fact in counted_conditions()],
        "service_families": [
            {"service": row["service"], "family": row["family"]}
            for row in load_table("service_families")
            if row["programme"] == "0"
        ],
        "hfrs_points": [
            {"code3": row["icd10_3char"], "tenths": int(row["tenths"])}
            for row in load_table("hfrs_gilbert2018")
        ],
        "charlson_weights": [
            {"fact": _charlson(row["condition"]), "weight": int(row["quan2011"])}
            for row in load_table("charlson_weights")
        ],
        "charlson_hierarchy": [
            {
                "drop_fact": _charlson(row["drop_condition"]),
                "when_present": _charlson(row["when_present"]),
            }
            for row in load_table("charlson_hierarchy")
        ],
    }


def _charlson(condition: str) -> str:
    return f"charlson.{condition}"
