"""What is known of services that a list can start, and that the shipped features leave out."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
from tests.small_store import small_records

from riskstrat.validation.programmes import programme_columns


def test_days_since_the_latest_start_that_was_known(tmp_path: Path) -> None:
    """At 1 January 2022, a history of 1,000 days.

    Ann had a matron twice: the later start counts. Bob's was recorded too late, Cat's began with
    the index date, Dan's lies before the history, Eve had home care, which is no programme.
    """
    rows = [
        ("ann", "matron", date(2021, 3, 2), date(2021, 3, 3)),
        ("ann", "community_matron", date(2021, 12, 2), date(2021, 12, 3)),
        ("ann", "virtual_ward", date(2021, 12, 31), date(2021, 12, 31)),
        ("bob", "matron", date(2021, 12, 1), date(2022, 1, 1)),
        ("cat", "matron", date(2022, 1, 1), date(2022, 1, 1)),
        ("dan", "matron", date(2019, 1, 1), date(2019, 1, 2)),
        ("eve", "home_care", date(2021, 6, 1), date(2021, 6, 1)),
    ]
    services = [
        {
            "patient_id": who,
            "source": "csds",
            "service": service,
            "start_date": start,
            "recorded_date": told,
        }
        for who, service, start, told in rows
    ]
    people = [{"patient_id": who} for who in ("ann", "bob", "cat", "dan", "eve")]
    records = small_records(tmp_path, {"patients": people, "services": services})
    keys = pd.DataFrame(people).assign(
        index_date=pd.Series([pd.Timestamp("2022-01-01")] * 5).astype("M8[s]"),
        index_stay_id=pd.Series([None] * 5, dtype="str"),
    )
    found = programme_columns(records, keys, history_days=1000)
    missing = [np.nan] * 4
    assert sorted(found) == ["community_matron", "virtual_ward"]
    np.testing.assert_array_equal(found["community_matron"], [30, *missing])
    np.testing.assert_array_equal(found["virtual_ward"], [1, *missing])
