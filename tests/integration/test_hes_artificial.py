"""Artificial inpatient and outpatient files of hospital statistics: every row accounted for.

Expectations are worked out from the files by plain Python, with the rules written out again. The
fields of the files are drawn one by one, so that many rows contradict themselves.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from functools import partial
from pathlib import Path

import pytest
from tests.unit.records.small_feeds import rejected, rows_of

from riskstrat.engine import Engine
from riskstrat.records import LinkedRecords, check_records, link, linking, load_records

FOLDER = "hes_artificial"
APC, OP = "artificial_hes_apc_0102_truncated.csv", "artificial_hes_op_0304_truncated.csv"
RULES = Path(__file__).parents[1] / "data" / "governance" / "hes_artificial.toml"
NO_DATE = ("", "1800-01-01", "1801-01-01")
EMERGENCY = ("21", "22", "23", "24", "25", "28", "2A", "2B", "2D")
INPATIENT = "kind in ('inpatient', 'day_case')"
OUTPATIENT = "kind = 'outpatient'"
TOLD = date(2002, 4, 20)
"""When what was open on the last day covered is known."""

Row = dict[str, str]


@pytest.fixture(scope="module")
def folder(shared_data: Path) -> Path:
    path = shared_data / FOLDER
    if not path.is_dir():
        pytest.skip("the artificial files are not in the shared data")
    return path


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as stream:
        return [{k: v.strip() for k, v in row.items()} for row in csv.DictReader(stream)]


@pytest.fixture(scope="module")
def episodes(folder: Path) -> list[Row]:
    return read(folder / APC)


@pytest.fixture(scope="module")
def appointments(folder: Path) -> list[Row]:
    return read(folder / OP)


@pytest.fixture(scope="module")
def records(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> LinkedRecords:
    out = tmp_path_factory.mktemp("artificial") / "records"
    link(folder, out, governance=RULES)
    return load_records(out)


def is_born_later(row: Row) -> bool:
    """Whether the month of birth is after the day of admission."""
    return f"{row['MYDOB'][2:]}-{row['MYDOB'][:2]}-01" > row["ADMIDATE"]


def standing(episodes: list[Row]) -> list[Row]:
    return [r for r in episodes if r["ADMIDATE"] not in NO_DATE and not is_born_later(r)]


def discharge(row: Row) -> str | None:
    """The day on which an episode ends its stay."""
    if row["EPISTAT"] == "1" or row["DISMETH"] == "8":
        return None
    day = "" if row["DISDATE"] in NO_DATE else row["DISDATE"]
    if row["DISMETH"] in "1234567":
        return day or row["EPIEND"]
    return day if day and row["DISDEST"] != "98" else None


def stays(episodes: list[Row]) -> dict[tuple[str, str, str], list[Row]]:
    """The episodes of each stay in their order: there are no spell numbers in the file."""
    found: dict[tuple[str, str, str], list[Row]] = {}
    for row in standing(episodes):
        key = (row["PSEUDO_HESID"], row["ADMIDATE"], row["PROCODE3"])
        found.setdefault(key, []).append(row)
    order = ("EPISTART", "EPIORDER")
    for rows in found.values():
        rows.sort(key=lambda r: (*map(r.get, order), discharge(r) or "", r["EPIEND"], r["EPIKEY"]))
    return found


def test_each_file_is_recognised_by_its_header(records: LinkedRecords) -> None:
    found = {
        file["name"]: source["dialect"]
        for source in records.manifest["sources"]
        for file in source["files"]
    }
    assert (found[APC], found[OP]) == ("hes_apc", "hes_op")


def test_every_episode_is_kept_or_has_a_reason(records: LinkedRecords, episodes: list[Row]) -> None:
    undated = sum(row["ADMIDATE"] in NO_DATE for row in episodes)
    born_later = sum(row["ADMIDATE"] not in NO_DATE and is_born_later(row) for row in episodes)
    assert (len(episodes), undated) == (2_075, 1)
    assert rejected(records, APC) == {
        "no date": undated,
        "age or birth that cannot be": born_later,
    }


def test_every_appointment_is_kept(records: LinkedRecords, appointments: list[Row]) -> None:
    """Of one no age is told, but of the same person at others."""
    assert len(appointments) == 1_000
    assert sum(not row["APPTAGE"] for row in appointments) == 1
    assert rejected(records, OP) == {}


def test_stays(records: LinkedRecords, episodes: list[Row]) -> None:
    """Days, class, method, specialty and destination of every stay, in the episodes' order."""
    expected: Counter[tuple[object, ...]] = Counter()
    for (_, start, provider), rows in stays(episodes).items():
        first, last = rows[0], rows[-1]
        day = discharge(last)
        method = first["ADMIMETH"]
        expected[
            "day_case" if first["CLASSPAT"] in "234" else "inpatient",
            provider,
            start,
            day if day and day >= start else None,
            first["CLASSPAT"],
            method,
            None if method == "99" else method in EMERGENCY and first["CLASSPAT"] == "1",
            None if last["TRETSPEF"] == "&" else last["TRETSPEF"],
            last["DISDEST"] if day else None,
        ] += 1
    columns = (
        "kind, provider, start_date::varchar, end_date::varchar, patient_class, "
        "admission_method, is_emergency, specialty, discharge_destination"
    )
    assert Counter(rows_of(records, f"stays where {INPATIENT}", columns, "1")) == expected


def test_a_final_extract_is_known_after_the_month_of_discharge(records: LinkedRecords) -> None:
    """The 20th of the next month; of stays without an end, when the year was closed."""
    rows = rows_of(
        records,
        f"stays where {INPATIENT} group by 1, 2",
        "end_date is null, coalesce(recorded_date = last_day(end_date) + 20, false), "
        "count(superseded_date), max(recorded_date)",
        "1",
    )
    assert rows[-1] == (True, False, 0, TOLD)
    assert [row[:3] for row in rows[:-1]] == [(False, True, 0)]


def codes(rows: list[Row], stem: str, count: int) -> Iterator[tuple[str, int]]:
    for row in rows:
        for place in range(1, count + 1):
            code = row[f"{stem}_{place:02d}"]
            if re.fullmatch(r"[A-Z]\d\d[\dX]?", code):
                yield code.rstrip("X") if stem == "DIAG_4" else code, place


@pytest.mark.parametrize(
    ("kind", "stem", "count"), [("diagnosis", "DIAG_4", 20), ("procedure", "OPERTN_4", 24)]
)
def test_codes_of_stays(
    records: LinkedRecords, episodes: list[Row], kind: str, stem: str, count: int
) -> None:
    """Each code once in a stay, fillers and unknown causes never; sensitive ones are left out.

    An external cause that is no diagnosis of the row has no position.
    """
    expected: Counter[tuple[str, str, int | None]] = Counter()
    for (_, start, _), rows in stays(episodes).items():
        best: dict[str, int | None] = {}
        for code, place in codes(rows, stem, count):
            best[code] = min(place, best.get(code) or place)
        if kind == "diagnosis":
            causes = {row["CAUSE_4"].rstrip("X") for row in rows} - {"", *best}
            best |= dict.fromkeys(causes)
        expected.update((start, code, place) for code, place in best.items() if code != "R69")
    of_stays = f"events semi join (from stays where {INPATIENT}) s using (stay_id)"
    columns = "event_date::varchar, code, position"
    found = Counter(rows_of(records, f"{of_stays} where kind = '{kind}'", columns, "1"))
    unlike = expected - found
    assert found - expected == Counter()
    assert sum(unlike.values()) <= records.manifest["codes_withheld"]
    assert found.total() > 1_000


def test_appointments(records: LinkedRecords, appointments: list[Row]) -> None:
    came = {"5": "attended", "6": "attended", "3": "did_not_attend", "7": "did_not_attend"}
    expected = Counter(
        (r["APPTDATE"], came.get(r["ATTENDED"], "cancelled"), r["PROCODET"]) for r in appointments
    )
    columns = "start_date::varchar, attendance, provider"
    assert Counter(rows_of(records, f"stays where {OUTPATIENT}", columns, "1")) == expected


def test_people(records: LinkedRecords, episodes: list[Row], appointments: list[Row]) -> None:
    """One person for each pseudonym; of those with episodes the month of birth is told."""
    people = {row["PSEUDO_HESID"] for row in (*episodes, *appointments)}
    in_stays = f"(from stays where {INPATIENT} or {OUTPATIENT})"
    ((found,),) = rows_of(
        records, f"patients semi join {in_stays} using (patient_id)", "count(*)", "1"
    )
    lost = people - {r["PSEUDO_HESID"] for r in (*standing(episodes), *appointments)}
    assert found == len(people) - len(lost)


def test_findings(records: LinkedRecords) -> None:
    """Nothing that is wrong with the store itself."""
    wrong = {f.code for f in check_records(records) if f.level == "error"}
    assert wrong <= {"R020"}


def test_no_pseudonym_of_the_files_is_in_the_store(
    records: LinkedRecords, episodes: list[Row], appointments: list[Row]
) -> None:
    hidden = {row["PSEUDO_HESID"] for row in (*episodes, *appointments)}
    hidden |= {row["EPIKEY"] for row in episodes} | {row["ATTENDKEY"] for row in appointments}
    for table, column in (("patients", "patient_id"), ("stays", "stay_id"), ("events", "stay_id")):
        found = {value for (value,) in rows_of(records, table, f"distinct {column}", "1")}
        assert hidden.isdisjoint(found)


@pytest.mark.parametrize("threads", [1, 4])
def test_the_same_bytes_at_any_thread_count(
    records: LinkedRecords,
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
) -> None:
    monkeypatch.setattr(linking, "Engine", partial(Engine, threads=threads))
    link(folder, tmp_path / "again", governance=RULES)
    for path in records.path.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()
