"""NHS numbers that were merged: the number that is no longer used, and the present one."""

from __future__ import annotations

from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.dialect import Dialect
from riskstrat.records.sources.judging import Reason
from riskstrat.records.sources.work import Work

__all__ = ["NHS_NUMBER_MERGES"]

_TABLE = RawTable(
    "nhs_number_merges",
    (
        Column(
            "superseded_nhs_number",
            ("superseded_nhs_number", "former_nhs_number", "old_nhs_number"),
            required=True,
        ),
        Column("nhs_number", ("nhs_number", "current_nhs_number", "new_nhs_number"), required=True),
        Column("merge_date", ("merge_date", "date_merged"), Kind.DAY),
        Column("recorded_date", ("date_recorded", "recorded_date"), Kind.DAY),
    ),
    derived={
        "pair": "case when superseded_nhs_number is not null then "
        "sha256(concat(getvariable('claim_secret'), superseded_nhs_number, ' ', nhs_number)) end"
    },
)


def _build(work: Work) -> None:
    """Merges make no rows of their own; one of a known person is kept: who is who stands on it."""
    work.judge(
        _TABLE.name,
        (Reason.NO_IDENTIFIER, "pair is null"),
        identifier="pair",
        content=("merge_date",),
    )


NHS_NUMBER_MERGES = Dialect("nhs_number_merges", (_TABLE,), _build, merges=_TABLE.name)
