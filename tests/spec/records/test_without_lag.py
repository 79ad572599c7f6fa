"""What would be known had no feed of services a lag: the current rows, on the day they began."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tests.small_store import small_records
from tests.spec.records.memory_records import memory_records

from riskstrat.errors import UsageError
from riskstrat.records import LinkedRecords, as_known, without_lag

D = date(2020, 6, 15)
DAY_BEFORE, EARLIER, LATER = date(2020, 6, 14), date(2020, 6, 1), date(2020, 8, 1)


def stay(name: str, start: date, end: date | None, **columns: Any) -> dict[str, Any]:
    return {
        "patient_id": "a", "stay_id": name, "start_date": start, "end_date": end,
        "recorded_date": LATER, **columns,
    }  # fmt: skip


def code(stay_id: str | None, day: date, value: str, recorded: date = LATER) -> dict[str, Any]:
    return {
        "patient_id": "a", "kind": "diagnosis", "source": "hospital", "system": "icd10",
        "code": value, "event_date": day, "stay_id": stay_id, "recorded_date": recorded,
    }  # fmt: skip


@pytest.fixture
def records(tmp_path: Path) -> LinkedRecords:
    return small_records(
        tmp_path,
        {
            "patients": [
                {"patient_id": "a", "death_date": DAY_BEFORE, "death_recorded_date": LATER}
            ],
            "stays": [
                stay("ended", EARLIER, DAY_BEFORE, discharge_destination="19"),
                stay("there", EARLIER, LATER, discharge_destination="19"),
                stay("index_day", D, D),
                stay("replaced", EARLIER, None, recorded_date=EARLIER, superseded_date=LATER),
                stay("replaced", EARLIER, EARLIER),
            ],
            "events": [
                code("ended", EARLIER, "I48"),
                code("there", EARLIER, "J18"),
                code(None, EARLIER, "E11"),
                code("there", EARLIER, "N39", recorded=DAY_BEFORE),
            ],
            "services": [
                {"patient_id": "a", "source": "council", "service": "home_care",
                 "start_date": DAY_BEFORE, "recorded_date": LATER},
            ],
        },
    )  # fmt: skip


def known(records: LinkedRecords, table: str) -> pd.DataFrame:
    records.register_keys(pd.DataFrame({"patient_id": ["a"], "index_date": [pd.Timestamp(D)]}))
    return records.engine.fetch_frame(as_known(table))


def test_stays_are_known_from_the_day_they_begin(records: LinkedRecords) -> None:
    """Ends on or after the index date stay unknown; of two versions the current one counts."""
    assert set(known(records, "stays")["stay_id"]) == {"replaced"}
    at_once = known(without_lag(records), "stays").set_index("stay_id")
    assert set(at_once.index) == {"ended", "there", "replaced"}
    assert at_once.index.is_unique
    assert at_once["end_date"].notna().to_dict() == {
        "ended": True, "there": False, "replaced": True,
    }  # fmt: skip
    assert at_once.loc["ended", "discharge_destination"] == "19"
    assert pd.isna(at_once.loc["there", "discharge_destination"])


def test_codes_of_a_stay_are_known_when_it_has_ended(records: LinkedRecords) -> None:
    """Not while it goes on, unless they were; events of no stay as they were recorded."""
    assert known(records, "events")["code"].tolist() == ["N39"]
    assert set(known(without_lag(records), "events")["code"]) == {"I48", "N39"}


def test_support_is_known_at_once_and_a_death_as_it_was_told(records: LinkedRecords) -> None:
    at_once = without_lag(records)
    assert known(records, "services").empty
    assert known(at_once, "services")["service"].tolist() == ["home_care"]
    assert known(at_once, "patients")["death_date"].isna().all()


def test_the_records_themselves_stay_as_they_were(records: LinkedRecords) -> None:
    at_once = without_lag(records)
    assert set(known(records, "stays")["stay_id"]) == {"replaced"}
    assert records.content is not None
    assert at_once.content is None


def test_relations_of_a_warehouse_are_refused() -> None:
    with pytest.raises(UsageError, match="relations of a warehouse"):
        without_lag(memory_records({}, {"tables": {"stays": {"rows": 0}}}))
