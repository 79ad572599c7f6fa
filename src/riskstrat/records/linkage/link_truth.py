"""Judge links against the truth, where it is known: simulated feeds and clerical review."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from riskstrat.errors import RecordsError

__all__ = ["judge_links"]

_DIGITS = 6


def judge_links(links: pa.Table, truth: pa.Table) -> dict[str, Any]:
    """How many accepted links are right, and how many right links are accepted.

    Parameters
    ----------
    links : pyarrow.Table
        As :attr:`~riskstrat.records.linkage.probabilistic.LinkResult.links` holds them.
    truth : pyarrow.Table
        ``claim`` and ``person``, one row per claim; null for somebody who is not known.

    Returns
    -------
    dict
        ``precision``, of the accepted links, and ``recall``, of the claims of known people; None
        where there is nothing to divide by. ``counts``: claims, claims of known people, accepted
        links, and among these the right ones, those to another known person's record, and those of
        claims that mean nobody known.

    Raises
    ------
    RecordsError
        When the truth of a link's claim is not given, or a claim has two truths.

    Examples
    --------
    >>> links = pa.table({"claim": ["a"], "person": ["p"], "accepted": [True]})
    >>> truth = pa.table({"claim": ["a", "b"], "person": ["p", "q"]})
    >>> judge_links(links, truth)["recall"]
    0.5
    """
    true_person = dict(zip(truth["claim"].to_pylist(), truth["person"].to_pylist(), strict=True))
    if len(true_person) != truth.num_rows:
        raise RecordsError(
            f"expected one truth per claim, got {truth.num_rows} of {len(true_person)} claims."
        )
    unjudged = sum(claim not in true_person for claim in links["claim"].to_pylist())
    if unjudged:
        raise RecordsError(f"expected the truth of every linked claim; without: {unjudged}.")
    accepted = links.filter(links["accepted"])
    pairs = zip(accepted["claim"].to_pylist(), accepted["person"].to_pylist(), strict=True)
    meant = [(true_person[claim], person) for claim, person in pairs]
    right = sum(true == person for true, person in meant)
    nobody = sum(true is None for true, _ in meant)
    known = truth.num_rows - truth["person"].null_count
    return {
        "precision": round(right / len(meant), _DIGITS) if meant else None,
        "recall": round(right / known, _DIGITS) if known else None,
        "counts": {
            "claims": truth.num_rows,
            "known": known,
            "accepted": len(meant),
            "right": right,
            "another_person": len(meant) - right - nobody,
            "nobody_known": nobody,
        },
    }
