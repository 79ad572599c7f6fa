"""What every simulated store keeps to: the declared tables, and the order of things in time."""

from __future__ import annotations

import pytest

from riskstrat.engine import Step
from riskstrat.records.known import spells
from riskstrat.schema import TABLES

_DATED = [name for name, table in TABLES.items() if table.event_date]
_SPELLS = ("registrations", "residences", "services", "opt_outs")
_EMERGENCY_METHODS = "('21', '22', '23', '24', '25', '28', '2A', '2D')"


@pytest.mark.parametrize("name", list(TABLES))
def test_values_are_of_the_declared_kind(district, name) -> None:
    """No null where none is allowed, no value off the list, no key twice, no empty table."""
    table = TABLES[name]
    assert (
        district.count(f"select count(*) from {name}") == district.manifest["tables"][name]["rows"]
    )
    assert district.manifest["tables"][name]["rows"] > 0
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
    assert len(lags) > 100
    assert lags.notna().all()
    assert lags.min() >= 2
    assert 0.02 < (lags > 59).mean() < 0.12
    assert (
        district.count(
            "select count(*) from patients "
            "where death_date is null and death_recorded_date is not null"
        )
        == 0
    )


@pytest.mark.parametrize("name", _SPELLS)
def test_an_open_row_is_superseded_by_its_closed_row(district, name) -> None:
    """A spell whose end became known later is two rows: open until the closed one is recorded."""
    others = [
        column
        for column in TABLES[name].column_names
        if column not in {"end_date", "recorded_date", "superseded_date"}
    ]
    same = " and ".join(f"o.{c} is not distinct from c.{c}" for c in others)
    pairs = f"""
        select count(*) from {name} o join {name} c
        on {same} and c.recorded_date = o.superseded_date and c.end_date is not null
    """
    superseded = district.count(
        f"select count(*) from {name} where superseded_date is not null and end_date is null "
        "and superseded_date > recorded_date"
    )
    assert superseded == district.count(
        f"select count(*) from {name} where superseded_date is not null"
    )
    assert district.count(pairs) == superseded
    if name != "opt_outs":
        assert superseded > 0


def test_hospital_stays_are_told_once_one_to_two_months_after_discharge(district) -> None:
    lags = district.frame(
        "select date_diff('day', end_date, recorded_date) as lag from stays "
        "where kind = 'inpatient' and end_date is not null"
    )["lag"]
    assert (lags.min(), lags.max()) == (30, 60)
    assert district.count("select count(*) from stays where superseded_date is not null") == 0


def test_an_unfinished_stay_has_no_end_no_outcome_and_no_codes(district) -> None:
    """People in hospital on the last day: nothing that is known only at the end is told."""
    unfinished = "from stays s where kind = 'inpatient' and end_date is null"
    assert district.count(f"select count(*) {unfinished}") > 0
    told = "discharge_method is not null or discharge_destination is not null"
    assert district.count(f"select count(*) {unfinished} and ({told})") == 0
    assert (
        district.count(
            f"select count(*) {unfinished} and exists "
            "(select 1 from events e where e.stay_id = s.stay_id)"
        )
        == 0
    )


def test_an_emergency_is_an_ordinary_admission_with_an_emergency_method(district) -> None:
    """Method 2B is an emergency only when it continues no stay; the spell rule is the oracle."""
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
    assert set(stays.loc[stays["continues"], "admission_method"]) == {"2B", "81"}
    assert (~stays["continues"] & (stays["admission_method"] == "2B")).any()
    assert (
        district.count("select count(*) from stays where is_emergency and kind <> 'inpatient'") == 0
    )


def test_a_transfer_has_evidence_on_both_sides(district) -> None:
    """The stay before ends that day in another hospital's ward, as does the source say."""
    transfers = district.frame(
        """
        select a.admission_source as source, b.discharge_destination as destination,
            a.provider <> b.provider as elsewhere
        from stays a left join stays b
            on b.patient_id = a.patient_id and b.end_date = a.start_date
            and b.kind = 'inpatient' and b.discharge_destination = '51'
        where a.admission_method in ('2B', '81') and not a.is_emergency
        """
    )
    assert len(transfers) > 10
    assert (transfers["source"] == "51").all()
    assert (transfers["destination"] == "51").all()
    assert transfers["elsewhere"].all()


def test_a_death_in_hospital_ends_the_stay_that_day(district) -> None:
    """Discharge method 4 and destination 79 say the same, and the date of death agrees."""
    deaths = district.frame(
        "select s.discharge_destination as place, s.end_date = p.death_date as same_day "
        "from stays s join patients p using (patient_id) where s.discharge_method = '4'"
    )
    assert len(deaths) > 20
    assert (deaths["place"] == "79").all()
    assert deaths["same_day"].all()


def test_attendances_and_missed_appointments_are_told_apart(district) -> None:
    found = district.frame("select distinct attendance from stays where kind = 'outpatient'")
    assert set(found["attendance"]) == {"attended", "did_not_attend", "cancelled"}
    appointments = district.frame("select attendance from events where kind = 'appointment'")
    assert set(appointments["attendance"]) == {"attended", "did_not_attend"}
    arrived = """
        select count(*) from stays s where is_emergency and admission_method = '21' and not exists (
            select 1 from stays d where d.patient_id = s.patient_id
                and d.kind = 'emergency_department' and d.start_date = s.start_date
                and d.start_time <= s.start_time)
    """
    assert district.count(arrived) == 0


def test_codes_of_a_stay_have_one_first_position_and_no_code_twice(district) -> None:
    """Each finished emergency stay has exactly one primary diagnosis."""
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
    finished = "select count(*) from stays where kind = 'inpatient' and end_date is not null"
    assert len(per_stay) == district.count(finished)


def test_no_spell_of_a_service_overlaps_another_of_the_same_service(district) -> None:
    overlaps = """
        select count(*) from services a join services b on a.patient_id = b.patient_id
            and a.service = b.service and a.start_date < b.start_date
            and coalesce(a.end_date, date '2999-01-01') > b.start_date
        where a.superseded_date is null and b.superseded_date is null
    """
    assert district.count(overlaps) == 0
    found = set(district.frame("select distinct service from services")["service"])
    assert found == {
        "community_nursing", "community_matron", "physiotherapy", "mental_health",
        "social_care_package", "reablement", "care_home", "day_care", "social_prescribing",
        "voluntary_befriending", "housing_support",
    }  # fmt: skip


def test_everybody_is_registered_without_a_gap_or_an_overlap(district) -> None:
    """A move ends one registration on the day the next one starts."""
    spells_of_people = """
        select start_date, lag(end_date) over (partition by patient_id order by start_date) as
            before, row_number() over (partition by patient_id order by start_date) as number
        from registrations where superseded_date is null
    """
    assert district.count(f"select count(*) from ({spells_of_people}) where number = 1") == 6000
    gaps = "number > 1 and before is distinct from start_date"
    assert district.count(f"select count(*) from ({spells_of_people}) where {gaps}") == 0


def test_the_manifest_names_the_feeds_and_says_that_all_is_synthetic(district) -> None:
    assert district.manifest["synthetic"] is True
    sources = {source["name"]: source for source in district.manifest["sources"]}
    assert set(sources) == {"hospital", "gp", "community", "council", "voluntary"}
    assert {source["data_to"] for source in sources.values()} == {"2024-12-31"}
    assert sources["gp"]["data_from"] < sources["hospital"]["data_from"] == "2019-01-01"
    assert all(source["files"] == () for source in sources.values())
    found = district.frame("select distinct source from events union select source from services")
    assert set(found["source"]) <= set(sources)
    earliest = "select count(*) from events where event_date < date '1999-01-01'"
    assert district.count(earliest) == 0
