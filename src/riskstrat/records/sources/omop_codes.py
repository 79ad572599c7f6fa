"""Which code an OMOP row stands for: decided once per distinct concept and source value."""

from __future__ import annotations

from riskstrat.engine import Engine
from riskstrat.records.sources import omop
from riskstrat.records.sources.codesystems import VOCABULARY_SYSTEMS, register_normal_codes
from riskstrat.records.sources.judging import identifier_sql, is_as_number_sql
from riskstrat.records.sources.rows import create, register_mapping

__all__ = ["code_match_sql", "map_codes"]

_SNOMED = r"\d{3,15}(00|10)\d"
"""A SNOMED CT concept identifier: 6 to 18 digits, partition 00 or 10 before the check digit
(SNOMED CT Release File Specifications, 'SCTID')."""

_LOINC = r"\d{1,7}-\d"
"""A LOINC code: up to seven digits, a dash and a check digit (LOINC Users' Guide)."""

_CONCEPTS = f"""
select {identifier_sql("c.concept_id")} as concept, coalesce(v.meaning, 'local') as system,
    case when v.meaning is null then c.vocabulary_id || ':' || c.concept_code
        else c.concept_code end as code,
    c.concept_code as written, c.concept_name as name
from raw_concept c left join vocabularies v on v.given = c.vocabulary_id
where {identifier_sql("c.concept_id")} <> '0' and c.concept_code is not null
    and not {is_as_number_sql("c.concept_code", code=True)}
qualify row_number() over (partition by concept order by system, code, name) = 1
"""

_RECORDED = f"""
select t.*, s.system <> 'local' or (s.concept is not null and c.concept is null) as is_source,
    s.system as source_system, s.code as source_code, s.name as source_name,
    c.system as concept_system, c.code as concept_code, c.name as concept_name,
    case when regexp_full_match(t.source_value, '{_SNOMED}') then 'snomed'
        when regexp_full_match(t.source_value, '{_LOINC}') then 'loinc'
        else 'local' end as value_system,
    coalesce({is_as_number_sql("t.source_value", code=True)}, false) as is_number
from triples t
left join concepts c on c.concept = t.concept
left join concepts s on s.concept = t.source_concept
"""

_CHOSEN = """
select concept, source_concept, source_value,
    case when is_source then source_system when concept_code is not null then concept_system
        else value_system end as system,
    case when is_source then source_code when concept_code is not null then concept_code
        when not is_number then source_value end as code,
    case when is_source then source_name when concept_code is not null then concept_name
        end as name,
    not coalesce(is_source, false) and concept_code is null and is_number as is_lost
from recorded_codes
"""

_EVENT_CODES = """
select c.concept, c.source_concept, c.source_value, c.system, nullif(n.normal, '') as code,
    c.name, c.is_lost
from chosen_codes c left join normal_codes n on n.system = c.system and n.code = c.code
"""


def code_match_sql(prefix: str) -> str:
    """SQL: row ``c`` of ``event_codes`` is the one for row ``e`` of a table with that prefix."""
    concept = identifier_sql(f"e.{prefix}_concept_id")
    source = identifier_sql(f"e.{prefix}_source_concept_id")
    return (
        f"c.concept is not distinct from {concept} "
        f"and c.source_concept is not distinct from {source} "
        f"and c.source_value is not distinct from e.{prefix}_source_value"
    )


def map_codes(engine: Engine) -> None:
    """Make ``event_codes`` (and ``concepts``), one row per distinct triple in the event tables.

    What was recorded comes first: the source concept where its vocabulary is a coding system here,
    then the standard concept, then the source concept as a local code, then the source value (the
    digits of a SNOMED CT identifier, a LOINC code, else local).
    """
    register_mapping(engine, "vocabularies", VOCABULARY_SYSTEMS)
    create(engine, "concepts", _CONCEPTS)
    triples = " union ".join(
        f"select {identifier_sql(f'{table.prefix}_concept_id')} as concept, "
        f"{identifier_sql(f'{table.prefix}_source_concept_id')} as source_concept, "
        f"{table.prefix}_source_value as source_value from raw_{table.name}"
        for table in omop.EVENT_TABLES
    )
    create(engine, "triples", triples)
    create(engine, "recorded_codes", _RECORDED)
    create(engine, "chosen_codes", _CHOSEN)
    register_normal_codes(engine, "normal_codes", "chosen_codes")
    create(engine, "event_codes", _EVENT_CODES)
