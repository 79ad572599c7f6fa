"""Codes: those that cannot be codes of their system, and those of no known system."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from riskstrat.codes import OWN_CODES
from riskstrat.records.checks.evidence import Evidence
from riskstrat.records.checks.finding import FEWEST_SHOWN, Found, Level, check
from riskstrat.records.checks.formats import IS_WELL_FORMED

__all__ = ["CHECKS", "MOST_CODES", "malformed_codes", "unmapped_codes"]

MALFORMED_SHARE = 0.01
"""Share of a system's rows from which codes that cannot be are a warning (judgement)."""

UNMAPPED_SHARE = 0.2
"""Share of a feed's rows without a known coding system from which it is a warning (judgement)."""

MANY_ROWS = 1_000
"""Rows of a feed from which that share means something (judgement)."""

MOST_CODES = 20
"""Codes that the detail of a finding names, commonest first."""

_CODES = """
select system, code, count(*) as n, count(distinct patient_id) as people
from events
group by system, code
order by system, n desc, code
"""

_UNMAPPED = f"system = 'local' and not regexp_full_match(code, '{OWN_CODES}')"

_LOCAL = f"""
select source as feed, kind, count(*) as n_all, count_if({_UNMAPPED}) as n,
    count(distinct case when {_UNMAPPED} then code end) as codes
from events
group by source, kind
having n > 0
order by source, kind
"""

_LOCAL_CODES = f"""
select source as feed, kind, code, count(*) as n, count(distinct patient_id) as people
from events
where {_UNMAPPED}
group by source, kind, code
having people >= $fewest
order by source, kind, n desc, code
"""


@check("R029", "info")
def malformed_codes(evidence: Evidence) -> Iterator[Found]:
    """Codes do not have the form of their coding system, or their check digit is wrong.

    A warning where more than one row in a hundred of the system is concerned. Codes are named only
    where at least ten people have them.

    Why: such a code is on no codelist, so the condition or the medicine is not seen. SNOMED CT
    identifiers that a spreadsheet has rounded, identifiers of descriptions, and numbers of
    paragraphs of the formulary are the usual ones.
    Do: ask the supplier for the codes as they stand in the source system, as text.
    """
    frame = evidence.frame(_CODES)
    for system, part in frame.groupby("system", sort=True):
        is_well_formed = IS_WELL_FORMED.get(str(system))
        if is_well_formed is None:
            continue
        wrong = part[[not is_well_formed(code or "") for code in part["code"]]]
        if len(wrong):
            rows, share = int(wrong["n"].sum()), wrong["n"].sum() / part["n"].sum()
            message = (
                f"{system}: {rows:,} rows ({share:.1%}) have a code that cannot be one; "
                f"distinct codes: {len(wrong):,}"
            )
            level: Level = "warning" if share > MALFORMED_SHARE else "info"
            shown = wrong[wrong["people"] >= FEWEST_SHOWN].head(MOST_CODES)
            detail = {"system": system, "codes": _counted(shown.to_dict("records"))}
            yield Found("events", message, rows, level, detail)


@check("R030", "info")
def unmapped_codes(evidence: Evidence) -> Iterator[Found]:
    """Events have a code of no known coding system (`local`), and none that these records gave.

    A warning where it is more than a fifth of a large feed. The commonest codes are in the detail
    of `riskstrat check --json`, where at least ten people have them.

    Why: codelists are of known systems, so no feature sees these events; only counts of everything
    do.
    Do: map the commonest codes to SNOMED CT, ICD-10 or BNF before linking; a few hundred usually
    cover most rows.
    """
    local = evidence.rows(_LOCAL)
    common = evidence.rows(_LOCAL_CODES, fewest=FEWEST_SHOWN) if local else []
    for row in local:
        share = row["n"] / row["n_all"]
        message = (
            f"{row['feed']}, {row['kind']}: {row['n']:,} rows ({share:.1%}) have a code of no "
            f"known system; distinct codes: {row['codes']:,}"
        )
        is_much = share > UNMAPPED_SHARE and row["n_all"] >= MANY_ROWS
        shown = [c for c in common if (c["feed"], c["kind"]) == (row["feed"], row["kind"])]
        detail = {"feed": row["feed"], "kind": row["kind"], "codes": _counted(shown[:MOST_CODES])}
        yield Found("events", message, row["n"], "warning" if is_much else None, detail)


def _counted(rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    return [{"code": row["code"], "rows": int(row["n"])} for row in rows]


CHECKS = (malformed_codes, unmapped_codes)
"""Every check of this module."""
