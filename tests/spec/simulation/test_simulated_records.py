"""What every simulated store keeps to: the declared tables, and the order of things in time."""

from __future__ import annotations

import pytest

from riskstrat.engine import Step
from riskstrat.records.known import spells
from riskstrat.schema import TABLES

_DATED = [name for name, table in TABLES.items() if table.event_date]
_SPELLS = ("registrations", "residences", "services", "opt_outs")
_EMERGENCY_METHODS = "('21', '22', '23', '24', '25', '28', '2A', '2D')"
_WARDS = ("51", "52", "53")
"""NHS Data Dictionary: wards of another hospital, as source and as destination."""


@pytest.mark.parametrize("name", list(TABLES))
def test_values_are_of_the_declared_kind(district, manifest, name) -> None:
    """No null where none is allowed, no value off the list, no key twice, no empty table."""
    table = TABLES[name]
    assert district.count(f"select count(*) from {name}") == manifest["tables"][name]["rows"] > 0
    for column in table.columns:
        if not column.nullable:
            assert district.count(f"select count(*) from {name} where {column.name} is null") == 0
        if column.allowed:
            found = district.frame(f"select distinct {column.name} as v from {name}")["v"].dropna()
            assert set(found) <= set(column.allowed)
    if table.key:
        keys = ", ".join(table.key)
        repeated = f"select {keys} from {name} group by {keys} having count(*) > 1"
        assert district.count(f"select count(*) from ({repeated})") == 0


@pytest.mark.parametrize("name", _DATED)
def test_nothing_is_known_before_it_happens(district, name) -> None:
    """A row is recorded on or after its day, a closed row on or after its end."""
    day = TABLES[name].event_date
    late = f"select count(*) from {name} where recorded_date < {day}"
    assert district.count(late) == 0
    if "end_date" in TABLES[name].column_names:
        assert district.count(f"select count(*) from {name} where recorded_date < end_date") == 0
        assert district.count(f"select count(*) from {name} where end_date < {day}") == 0


@pytest.mark.parametrize("name", _DATED)
def test_nothing_happens_before_birth_after_death_or_after_the_last_day(district, name) -> None:
    """The boundary days count: a stay may begin on the day of birth and of death."""
    day = TABLES[name].event_date
    joined = f"{name} t join patients p using (patient_id)"
    assert district.count(f"select count(*) from {joined} where t.{day} < p.birth_month") == 0
    assert district.count(f"select count(*) from {joined} where t.{day} > p.death_date") == 0
    assert district.count(f"select count(*) from {name} where {day} > date '2024-12-31'") == 0
    if "end_date" in TABLES[name].column_names:
        assert district.count(f"select count(*) from {joined} where t.end_date > p.death_date") == 0
        assert (
            district.count(f"select count(*) from {name} where end_date > date '2024-12-31'") == 0
        )


def test_deaths_become_known_later_some_of_them_much_later(district) -> None:
    """Every death has a day on which it became known, at least two days after it."""
    lags = district.frame(
        "select date_diff('day', death_date, death_recorded_date) as lag from patients "
        "where death_date is not null"
    )["lag"]
    assert len(lags) > 500
    assert lags.notna().all()
    assert lags.min() >= 2
    assert 0.03 < (lags > 59).mean() < 0.09
    unexplained = "death_date is null and death_recorded_date is not null"
    assert district.count(f"select count(*) from patients where {unexplained}") == 0


@pytest.mark.parametrize("name", _SPELLS)
def test_an_open_row_is_superseded_by_its_closed_row(district, name) -> None:
    """A spell whose end became known later is two rows: open until the closed one is recorded."""
    later = {"end_date", "recorded_date", "superseded_date"}
    others = [column for column in TABLES[name].column_names if column not in later]
    same = " and ".join(f"o.{c} is not distinct from c.{c}" for c in others)
    pairs = f"""
        select count(*) from {name} o join {name} c
        on {same} and c.recorded_date = o.superseded_date and c.end_date is not null
    """
    superseded = district.count(f"select count(*) from {name} where superseded_date is not null")
    opened = "superseded_date is not null and end_date is null and superseded_date > recorded_date"
    assert district.count(f"select count(*) from {name} where {opened}") == superseded > 0
    assert district.count(pairs) == superseded


def test_hospital_stays_are_told_once_on_the_20th_of_the_month_after_discharge(district) -> None:
    """But for a planned stay that became an emergency, told with it; attendances after two days."""
    stays = district.frame(
        """
        select kind, is_emergency, date_diff('day', end_date, recorded_date) as waited,
            date_diff('month', end_date, recorded_date) as months, day(recorded_date) as on_day,
            date_diff('day', start_date, recorded_date) as since
        from stays
        """
    )
    told = stays[stays["kind"] != "emergency_department"]
    assert set(told["on_day"]) == {20}
    assert (told["months"] == 1).mean() > 0.999
    assert (told.loc[told["is_emergency"], "months"] == 1).all()
    assert set(stays.loc[stays["kind"] == "emergency_department", "since"]) == {2}
    assert district.count("select count(*) from stays where superseded_date is not null") == 0


def test_an_unfinished_stay_is_not_told_yet(district) -> None:
    assert district.count("select count(*) from stays where end_date is null") == 0
    seen = "truth_admissions join truth_persons using (person) join patients using (patient_id)"
    unfinished = f"select count(*) from {seen} where seen and end_date > date '2024-12-31'"
    assert district.count(unfinished) > 0


def test_the_emergency_stays_are_the_true_admissions_that_services_saw(district) -> None:
    """Of everybody who does not object: same person, first day, last day unless transferred."""
    pairs = district.frame(
        """
        with true_stays as (
            select p.patient_id, a.start_date, a.end_date, a.died
            from truth_admissions a join truth_persons t using (person)
            join patients p on p.patient_id = t.patient_id
            where a.seen and least(a.end_date, coalesce(t.leave_date, a.end_date))
                <= date '2024-12-31'
        )
        select s.stay_id, t.patient_id as true_one, s.end_date as told, t.end_date,
            s.discharge_destination as place, l.leave_date
        from true_stays t full join (select * from stays where is_emergency) s
            using (patient_id, start_date)
        left join truth_persons l on l.patient_id = t.patient_id
        """
    )
    assert pairs["stay_id"].notna().all()
    assert pairs["true_one"].notna().all()
    same = pairs["told"] == pairs["end_date"]
    moved = pairs["leave_date"] <= pairs["end_date"]
    assert (same | pairs["place"].isin(_WARDS) | moved).all()
    assert same.mean() > 0.9


def test_the_true_outcome_is_that_of_the_records_of_those_who_stayed(district, rows) -> None:
    """An emergency stay or a death within a year, of people whose year is wholly told."""
    recorded = district.frame(
        """
        select k.person, k.index_date, min(date_diff('day', k.index_date, s.start_date)) as days
        from cohort_keys k join stays s using (patient_id)
        where s.is_emergency and date_diff('day', k.index_date, s.start_date) between 0 and 364
        group by all
        """
    )
    both = rows.merge(recorded, on=["person", "index_date"], how="left", suffixes=("", "_told"))
    told = both[(both["index_date"] < "2024-01-01") & ((both["exposure"] > 0.99) | both["died"])]
    assert ((told["outcome"] == "admission") == told["days_told"].notna()).mean() > 0.999
    admitted = told[(told["outcome"] == "admission") & told["days_told"].notna()]
    assert (admitted["days"] == admitted["days_told"]).all()


def test_an_emergency_is_an_ordinary_admission_with_an_emergency_method(district) -> None:
    """A stay that continues another is none; the spell rule of the records is the oracle."""
    continues = spells("stays", partition=("patient_id",))
    expected = Step(
        "expected",
        f"""
        select stay_id, is_emergency, continues, admission_method,
            coalesce(patient_class = '1' and (admission_method in {_EMERGENCY_METHODS}
                or (admission_method = '2B' and not continues)), false) as emergency
        from spells
        """,
    )
    stays = district.engine.fetch_frame(continues, expected)
    assert (stays["is_emergency"] == stays["emergency"]).all()
    assert {"2B", "81"} <= set(stays.loc[stays["continues"], "admission_method"])
    urgent = "select count(*) from stays where is_emergency and kind <> 'inpatient'"
    assert district.count(urgent) == 0


def test_a_transfer_has_evidence_on_both_sides(district) -> None:
    """The stay before ends that day in another hospital's ward, as does the source say."""
    transfers = district.frame(
        f"""
        select a.admission_source as source, b.discharge_destination as destination,
            a.provider <> b.provider as elsewhere
        from stays a left join stays b
            on b.patient_id = a.patient_id and b.end_date = a.start_date
            and b.kind = 'inpatient' and b.discharge_destination in {_WARDS}
        where a.admission_method in ('2B', '81') and not a.is_emergency
        """
    )
    assert len(transfers) > 50
    assert (transfers["source"] == transfers["destination"]).all()
    assert transfers["elsewhere"].all()


def test_a_death_in_hospital_ends_the_stay_that_day(district) -> None:
    """Discharge method 4 and destination 79 say the same, and the date of death agrees."""
    deaths = district.frame(
        "select s.discharge_destination as place, s.end_date = p.death_date as same_day "
        "from stays s join patients p using (patient_id) where s.discharge_method = '4'"
    )
    assert len(deaths) > 100
    assert (deaths["place"] == "79").all()
    assert deaths["same_day"].all()
    others = "discharge_destination = '79' and discharge_method <> '4'"
    assert district.count(f"select count(*) from stays where {others}") == 0


def test_attendances_and_missed_appointments_are_told_apart(district) -> None:
    for query in (
        "select distinct attendance from stays where kind = 'outpatient'",
        "select distinct attendance from events where kind = 'appointment'",
    ):
        told = set(district.frame(query)["attendance"])
        assert told == {"attended", "did_not_attend", "cancelled"}
    arrived = """
        select count(*) from stays s where is_emergency and admission_method = '21' and not exists (
            select 1 from stays d where d.patient_id = s.patient_id
                and d.kind = 'emergency_department' and d.start_date = s.start_date
                and d.start_time <= s.start_time)
    """
    assert district.count(arrived) == 0


def test_codes_of_a_stay_have_one_first_position_and_no_code_twice(district) -> None:
    """Each stay in a bed has exactly one primary diagnosis."""
    per_stay = district.frame(
        """
        select s.stay_id, count(*) filter (e.position = 1) as first, count(*) as codes,
            count(distinct e.code) as different, max(e.position) as last
        from stays s join events e using (stay_id)
        where s.kind = 'inpatient' and e.kind = 'diagnosis' group by s.stay_id
        """
    )
    assert (per_stay["first"] == 1).all()
    assert (per_stay["codes"] == per_stay["different"]).all()
    assert (per_stay["codes"] == per_stay["last"]).all()
    assert len(per_stay) == district.count("select count(*) from stays where kind = 'inpatient'")


def test_support_comes_from_its_own_feed(district) -> None:
    """Every kind of support is told by one feed, and each feed tells of some."""
    told = district.frame("select distinct service, source from services")
    assert told["service"].is_unique
    assert set(told["source"]) == {"community", "mental_health", "council", "housing", "voluntary"}
    assert {"home_care", "residential_care", "nursing_care", "community_nursing"} <= set(
        told["service"]
    )


def test_everybody_is_registered_without_a_gap_or_an_overlap(district, manifest) -> None:
    """A move ends one registration on the day the next one starts."""
    spells_of_people = """
        select start_date, lag(end_date) over (partition by patient_id order by start_date) as
            before, row_number() over (partition by patient_id order by start_date) as number
        from registrations where superseded_date is null
    """
    first = district.count(f"select count(*) from ({spells_of_people}) where number = 1")
    assert first == manifest["tables"]["patients"]["rows"]
    gaps = "number > 1 and before is distinct from start_date"
    assert district.count(f"select count(*) from ({spells_of_people}) where {gaps}") == 0
    assert district.count(f"select count(*) from ({spells_of_people}) where number > 1") > 0


def test_who_objects_has_no_row_and_everybody_else_has(district, manifest) -> None:
    everybody = district.count("select count(*) from truth_persons")
    excluded = sum(manifest["people_excluded"].values())
    assert everybody - excluded == manifest["tables"]["patients"]["rows"]
    assert excluded > 0


def test_the_manifest_names_the_feeds_and_says_that_all_is_synthetic(district, manifest) -> None:
    assert manifest["synthetic"] is True
    sources = {source["name"]: source for source in manifest["sources"]}
    support = {"community", "mental_health", "council", "housing", "voluntary"}
    assert set(sources) == {"hospital", "gp", *support}
    assert {source["data_to"] for source in sources.values()} == {"2024-12-31"}
    assert sources["gp"]["data_from"] < sources["hospital"]["data_from"] == "2019-01-01"
    found = district.frame("select distinct source from events union select source from services")
    assert set(found["source"]) <= set(sources)
    earliest = "select count(*) from events where event_date < date '1999-01-01'"
    assert district.count(earliest) == 0
