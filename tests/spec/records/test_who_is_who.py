"""Who each row is about: small tables of what rows say, and the person each of them gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pytest

from riskstrat.engine import Engine
from riskstrat.records.linkage.claims import (
    CLAIMS,
    NUMBERS,
    add_claims,
    claim_sql,
    merges_of,
    new_claims,
)
from riskstrat.records.linkage.identity import identify, weighed_links
from riskstrat.records.linkage.probabilistic import LINKS, LinkResult
from riskstrat.records.linkage.pseudonyms import PUBLISHED_TEST_KEY, pseudonym
from riskstrat.records.sources.columns import Column, Kind, RawTable
from riskstrat.records.sources.judging import Reason

TYPES = {
    "provider": pa.string(),
    "local_id": pa.string(),
    "nhs_number": pa.string(),
    "token": pa.string(),
    "birth_date": pa.date32(),
    "birth_month": pa.date32(),
    "sex": pa.string(),
    "postcode": pa.string(),
    "lsoa": pa.string(),
    "practice_code": pa.string(),
}
COLUMNS = tuple(Column(name, (name,), Kind.TEXT) for name in TYPES)
CLINIC = RawTable("clinic", COLUMNS, scope="clinic")
LIST = RawTable("practice_list", COLUMNS, scope="practice", is_register=True)
NAMELESS = RawTable("nameless", COLUMNS[2:])

NOT_LINKED, NO_BIRTH = str(Reason.NOT_LINKED), str(Reason.NO_BIRTH)
BORN = date(1950, 3, 4)


def number(serial: int) -> str:
    """A valid number of the range that is never issued."""
    digits = f"999{serial:06d}"
    check = -sum(int(d) * (10 - place) for place, d in enumerate(digits)) % 11
    assert check < 10, "this serial has no check digit"
    return f"{digits}{check}"


ANNE, BERT, CARA = number(1), number(2), number(4)
PEOPLE = {pseudonym(digits, PUBLISHED_TEST_KEY): digits for digits in (ANNE, BERT, CARA)}

Row = Mapping[str, Any]


def clinic(patient: str | None, digits: str | None = None, **more: Any) -> dict[str, Any]:
    return {"table": CLINIC, "local_id": patient, "nhs_number": digits, **more}


def listed(patient: str | None, digits: str | None = None, **more: Any) -> dict[str, Any]:
    return {"table": LIST, "local_id": patient, "nhs_number": digits, "birth_date": BORN, **more}


def nameless(digits: str | None = None, **more: Any) -> dict[str, Any]:
    return {"table": NAMELESS, "nhs_number": digits, **more}


def told(engine: Engine, rows: Sequence[Row], *, synthetic: bool = True) -> None:
    """Claims of rows: those of one table together, each table in turn."""
    new_claims(engine, PUBLISHED_TEST_KEY)
    for table in {row["table"].name: row["table"] for row in rows}.values():
        own = [
            {"place": place, **dict.fromkeys(TYPES), **row}
            for place, row in enumerate(rows)
            if row["table"] is table
        ]
        schema = pa.schema([("place", pa.int64()), *TYPES.items()])
        engine.register(f"rows_{table.name}", pa.Table.from_pylist(own, schema=schema))
        add_claims(
            engine,
            table,
            f"select * from rows_{table.name}",
            table.name,
            key=PUBLISHED_TEST_KEY,
            synthetic=synthetic,
        )


def merged(engine: Engine, pairs: Iterable[tuple[Any, ...]], *, synthetic: bool = True) -> Any:
    schema = pa.schema(
        [
            ("superseded_nhs_number", pa.string()),
            ("nhs_number", pa.string()),
            ("merge_date", pa.date32()),
        ]
    )
    rows = [dict(zip(schema.names, (*pair, None), strict=False)) for pair in pairs]
    engine.register("told_merges", pa.Table.from_pylist(rows, schema=schema))
    return merges_of(engine, "select * from told_merges", PUBLISHED_TEST_KEY, synthetic=synthetic)


def people_of(engine: Engine, rows: Sequence[Row]) -> list[str]:
    """For each row its person's number, another pseudonym, or the reason for having none."""
    names = {}
    for table in {row["table"].name: row["table"] for row in rows}.values():
        names |= dict(
            engine.connection.execute(
                f"""
                select r.place, coalesce(i.patient_id, i.refusal, 'nobody')
                from (select place, {claim_sql(table)} as claim from rows_{table.name}) r
                left join identities i using (claim)
                """
            ).fetchall()
        )
    return [PEOPLE.get(names[place], names[place]) for place in range(len(rows))]


def who(
    *rows: Row, merges: Iterable[tuple[Any, ...]] = (), synthetic: bool = True, **more: Any
) -> list[str]:
    engine = Engine(threads=1)
    told(engine, rows, synthetic=synthetic)
    found = merged(engine, merges, synthetic=synthetic)
    identify(engine, PUBLISHED_TEST_KEY, merges=found, **more)
    return people_of(engine, rows)


def details_of(*rows: Row) -> dict[str, tuple[Any, ...]]:
    """Month of birth and sex of everybody who is found."""
    engine = Engine(threads=1)
    told(engine, rows)
    identify(engine, PUBLISHED_TEST_KEY)
    found = engine.connection.execute(
        "select distinct patient_id, birth_month, sex from identities where patient_id is not null"
    ).fetchall()
    return {PEOPLE.get(patient, patient): tuple(details) for patient, *details in found}


@pytest.mark.parametrize(
    "written", [ANNE, f"{ANNE[:3]} {ANNE[3:6]} {ANNE[6:]}", f"{ANNE[:3]}-{ANNE[3:]}", f"{ANNE}.0"]
)
def test_a_valid_number_is_a_person_however_it_is_written(written: str) -> None:
    assert who(clinic("1", written, birth_date=BORN)) == [ANNE]


@pytest.mark.parametrize(
    "written",
    [
        ANNE[:-1] + str((int(ANNE[-1]) + 1) % 10),
        ANNE[:-1],
        f"{ANNE}0",
        "9999999999",
        "not known",
        "5000000003",
        None,
    ],
    ids=["check digit", "nine", "eleven", "all the same", "words", "range not in issue", "none"],
)
def test_what_is_no_number_links_nobody(written: str | None) -> None:
    row = clinic("1", written, birth_date=BORN)
    assert who(row) == [NOT_LINKED]


def test_numbers_that_are_never_issued_are_people_only_where_all_is_made_up() -> None:
    issued = "4010232137"
    rows = (clinic("1", ANNE, birth_date=BORN), clinic("2", issued, birth_date=BORN))
    known = pseudonym(issued, PUBLISHED_TEST_KEY)
    assert who(*rows) == [ANNE, known]
    assert who(*rows, synthetic=False) == [NOT_LINKED, known]


@pytest.mark.parametrize(
    ("said", "person"),
    [
        (date(1950, 3, 4), ANNE),
        (date(1950, 3, 14), ANNE),
        (date(1950, 9, 4), ANNE),
        (date(1905, 3, 4), ANNE),
        (date(1950, 4, 3), NOT_LINKED),
        (date(1905, 3, 14), NOT_LINKED),
        (date(1905, 9, 4), NOT_LINKED),
        (date(1962, 11, 30), NOT_LINKED),
        (None, ANNE),
    ],
)
def test_two_parts_of_the_birth_date_beside_a_number_must_agree(
    said: date | None, person: str
) -> None:
    *_, last = who(listed("a", ANNE), clinic("1", ANNE, birth_date=said))
    assert last == person


@pytest.mark.parametrize(
    ("said", "person"),
    [
        (date(1950, 3, 1), ANNE),
        (date(1950, 4, 1), NOT_LINKED),
        (date(1951, 3, 1), NOT_LINKED),
    ],
)
def test_where_only_the_month_is_told_it_must_be_the_same(said: date, person: str) -> None:
    assert who(listed("a", ANNE), clinic("1", ANNE, birth_month=said))[1] == person
    months = {"birth_date": None, "birth_month": said}
    *_, last = who(listed("a", ANNE, **months), clinic("1", ANNE, birth_date=BORN))
    assert last == person


def test_a_number_of_somebody_else_leaves_the_row_to_its_local_identifier() -> None:
    rows = (
        listed("a", ANNE),
        listed("b", BERT, birth_date=date(1980, 7, 9)),
        clinic("1", BERT, birth_date=BORN),
        clinic("1", ANNE, birth_date=BORN),
        clinic("1", birth_date=BORN),
    )
    assert who(*rows) == [ANNE, BERT, ANNE, ANNE, ANNE]


def test_somebody_on_the_list_whose_number_is_refused_stands_alone() -> None:
    wrong = listed("b", ANNE, birth_date=date(1980, 7, 9))
    first, second = who(*[listed("a", ANNE)] * 2, wrong)[1:]
    assert first == ANNE
    assert second == pseudonym("own practice \x1fb", PUBLISHED_TEST_KEY)


def test_the_list_outweighs_whatever_other_rows_say_of_a_birth_date() -> None:
    other = clinic("1", ANNE, birth_date=date(1980, 7, 9))
    assert who(listed("a", ANNE), *[other] * 9) == [ANNE, *[NOT_LINKED] * 9]


def test_without_a_list_the_birth_date_of_most_rows_is_the_numbers_own() -> None:
    one = clinic("1", ANNE, birth_date=date(1980, 7, 9))
    two = clinic("2", ANNE, birth_date=BORN)
    assert who(one, two, two) == [NOT_LINKED, ANNE, ANNE]
    assert who(one, one, two) == [ANNE, ANNE, NOT_LINKED]


def test_a_month_and_a_day_in_it_speak_for_the_same_birth() -> None:
    """Three rows of March against two of July: no single day has more than two."""
    march = [
        clinic("1", ANNE, birth_date=date(1950, 3, 4)),
        clinic("1", ANNE, birth_month=date(1950, 3, 1)),
        clinic("1", ANNE, birth_month=date(1950, 3, 1), sex="1"),
    ]
    july = [clinic("2", ANNE, birth_month=date(1980, 7, 1))] * 2
    assert who(*march, *july) == [ANNE] * 3 + [NOT_LINKED] * 2
    assert details_of(*march, *july) == {ANNE: (date(1950, 3, 1), "male")}


def test_a_local_identifier_is_the_person_whose_number_most_of_its_rows_give() -> None:
    anne, bert = clinic("1", ANNE, birth_date=BORN), clinic("1", BERT, birth_date=BORN)
    assert who(anne, bert, bert, clinic("1")) == [BERT] * 4
    assert who(anne, anne, bert, clinic("1")) == [ANNE] * 4


def test_between_equals_the_smaller_pseudonym_decides() -> None:
    smaller = PEOPLE[min(pseudonym(d, PUBLISHED_TEST_KEY) for d in (ANNE, BERT))]
    anne, bert = clinic("1", ANNE, birth_date=BORN), clinic("1", BERT, birth_date=BORN)
    assert who(anne, bert) == who(bert, anne) == [smaller] * 2


def test_refused_numbers_have_no_vote() -> None:
    rows = (
        listed("b", BERT, birth_date=date(1980, 7, 9)),
        *[clinic("1", BERT, birth_date=BORN)] * 3,
        clinic("1", ANNE, birth_date=BORN),
    )
    assert who(*rows)[1:] == [ANNE] * 4


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"local_id": "1", "provider": "RX1"}, {"local_id": "1", "provider": "RX2"}),
        ({"local_id": "1", "provider": "RX1"}, {"local_id": "1"}),
        ({"local_id": "B 1", "provider": "A"}, {"local_id": "1", "provider": "A B"}),
        ({"local_id": "1"}, {"local_id": "01"}),
    ],
    ids=["two providers", "with and without", "spaces", "leading zero"],
)
def test_a_local_identifier_holds_within_its_provider(one: Row, other: Row) -> None:
    rows = (clinic(None, ANNE, birth_date=BORN) | dict(one), clinic(None) | dict(other))
    assert who(*rows) == [ANNE, NOT_LINKED]


def test_a_local_identifier_holds_within_its_scope() -> None:
    first, second = who(clinic("1", ANNE, birth_date=BORN), listed("1"))
    assert (first, second) == (ANNE, pseudonym("own practice \x1f1", PUBLISHED_TEST_KEY))


def test_rows_without_a_local_identifier_are_one_claim_by_their_details() -> None:
    home = {"birth_date": BORN, "postcode": "QQ1 1AA"}
    engine = Engine(threads=1)
    told(engine, [nameless(ANNE, **home), nameless(ANNE, **home), nameless(ANNE, sex="1", **home)])
    rows = engine.connection.execute(f"select rows from {CLAIMS} order by all").fetchall()
    assert rows == [(1,), (2,)]


def test_a_row_that_says_nothing_of_a_person_makes_no_claim() -> None:
    assert who(nameless(sex="1", postcode="QQ1 1AA")) == ["nobody"]


def test_details_are_kept_under_a_name_that_tells_nothing() -> None:
    engine = Engine(threads=1)
    told(engine, [nameless(ANNE, birth_date=BORN)])
    ((claim,),) = engine.connection.execute(f"select claim from {CLAIMS}").fetchall()
    assert ANNE not in claim
    assert "1950" not in claim


def test_claims_hold_pseudonyms_and_no_number() -> None:
    engine = Engine(threads=1)
    told(engine, [listed("a", ANNE), clinic("1", BERT), nameless(CARA, birth_date=BORN)])
    rows = str(engine.connection.execute(f"from {CLAIMS}").fetchall())
    assert not [digits for digits in (ANNE, BERT, CARA) if digits in rows]
    assert all(name in rows for name in PEOPLE)


def test_the_vault_is_told_the_valid_numbers() -> None:
    engine = Engine(threads=1)
    told(engine, [clinic("1", ANNE), clinic("2", ANNE), clinic("3", "9990000000"), clinic("4")])
    rows = engine.connection.execute(f"select digits, number from {NUMBERS}").fetchall()
    assert rows == [(ANNE, pseudonym(ANNE, PUBLISHED_TEST_KEY))]


def test_merged_numbers_are_followed_to_the_present_one() -> None:
    rows = (listed("a", CARA), clinic("1", ANNE), clinic("2", BERT), clinic("3", CARA))
    assert who(*rows, merges=[(ANNE, BERT), (BERT, CARA)]) == [CARA] * 4
    assert who(*rows, merges=[(BERT, CARA), (ANNE, BERT)]) == [CARA] * 4


def test_a_former_number_has_the_birth_date_of_the_present_one() -> None:
    other = clinic("1", ANNE, birth_date=date(1980, 7, 9))
    assert who(listed("a", BERT), other, merges=[(ANNE, BERT)]) == [BERT, NOT_LINKED]


def test_a_present_number_that_no_row_gives_is_known_from_the_merge() -> None:
    engine = Engine(threads=1)
    rows = [clinic("1", ANNE, birth_date=BORN)]
    told(engine, rows)
    identify(engine, PUBLISHED_TEST_KEY, merges=merged(engine, [(ANNE, BERT)]))
    assert people_of(engine, rows) == [BERT]
    known = engine.connection.execute(f"select digits from {NUMBERS} order by all").fetchall()
    assert known == [(ANNE,), (BERT,)]


@pytest.mark.parametrize("wrong", ["9990000000", "999000000", "9999999999", "5000000003", None])
def test_a_merge_into_what_is_no_number_does_not_hold(wrong: str | None) -> None:
    rows = (clinic("1", ANNE, birth_date=BORN), clinic("2", wrong, birth_date=BORN))
    assert who(*rows, merges=[(ANNE, wrong), (wrong, ANNE)]) == [ANNE, NOT_LINKED]


@pytest.mark.parametrize("merges_first", [True, False])
def test_a_wrong_number_stays_wrong_whichever_file_is_read_first(merges_first: bool) -> None:
    engine = Engine(threads=1)
    rows = [clinic("1", "9990000000", birth_date=BORN)]
    new_claims(engine, PUBLISHED_TEST_KEY)
    merges = []
    if merges_first:
        merges = merged(engine, [(ANNE, "9990000000")])
        numbers = engine.connection.execute(f"from {NUMBERS}").fetchall()
        assert numbers == []
    told(engine, rows)
    if not merges_first:
        merges = merged(engine, [(ANNE, "9990000000")])
    identify(engine, PUBLISHED_TEST_KEY, merges=merges)
    assert people_of(engine, rows) == [NOT_LINKED]


def test_real_people_are_not_merged_into_a_number_that_is_never_issued() -> None:
    issued = "4010232137"
    rows = (clinic("1", issued, birth_date=BORN), clinic("2", ANNE, birth_date=BORN))
    known = pseudonym(issued, PUBLISHED_TEST_KEY)
    assert who(*rows, merges=[(issued, ANNE)], synthetic=False) == [known, NOT_LINKED]


def test_a_number_without_a_birth_date_anywhere_is_not_a_patient() -> None:
    assert who(clinic("1", ANNE), clinic("2", ANNE)) == [NO_BIRTH] * 2
    assert who(clinic("1", ANNE), clinic("2", ANNE, birth_month=BORN.replace(day=1))) == [ANNE] * 2


def test_people_of_a_list_stand_without_a_number() -> None:
    rows = (listed("a"), listed("b"), listed("a", provider="X9"), listed("a"))
    found = who(*rows)
    names = (
        "own practice \x1fa",
        "own practice \x1fb",
        "own practice X9\x1fa",
        "own practice \x1fa",
    )
    assert found == [pseudonym(name, PUBLISHED_TEST_KEY) for name in names]
    assert who(listed("a", birth_date=None)) == [NO_BIRTH]


def test_nobody_else_is_a_person_without_a_number() -> None:
    assert who(clinic("1", birth_date=BORN), nameless(birth_date=BORN)) == [NOT_LINKED] * 2


def test_a_pseudonym_that_was_given_is_one_person_in_every_source() -> None:
    rows = (
        listed("a", token="t1"),
        clinic("1", token="t1"),
        nameless(token="t1"),
        clinic("2", token="t2", birth_date=BORN),
    )
    one, other = (pseudonym(f"token {token}", PUBLISHED_TEST_KEY) for token in ("t1", "t2"))
    assert who(*rows) == [one, one, one, other]


def test_a_number_counts_for_more_than_a_pseudonym_that_was_given() -> None:
    assert who(clinic("1", ANNE, token="t1", birth_date=BORN)) == [ANNE]
    assert who(listed("a", ANNE), clinic("1", ANNE, birth_date=date(1980, 7, 9), token="t1"))[
        1
    ] == pseudonym("token t1", PUBLISHED_TEST_KEY)


def test_the_day_that_stands_for_unknown_is_no_birth_date() -> None:
    unknown = date(1900, 1, 1)
    assert who(listed("a", ANNE), clinic("1", ANNE, birth_date=unknown)) == [ANNE] * 2
    assert who(clinic("1", ANNE, birth_date=unknown)) == [NO_BIRTH]
    assert who(clinic("1", ANNE, birth_month=unknown)) == [NO_BIRTH]
    both = {"birth_date": unknown, "birth_month": unknown}
    assert who(listed("a", ANNE), clinic("1", ANNE, **both)) == [ANNE] * 2
    assert who(listed("a", **both)) == [NO_BIRTH]


def test_somebody_may_be_born_in_the_month_of_the_day_that_stands_for_unknown() -> None:
    born = {"birth_date": date(1900, 1, 2), "birth_month": date(1900, 1, 1)}
    assert who(clinic("1", ANNE, **born)) == [ANNE]
    assert details_of(clinic("1", ANNE, **born)) == {ANNE: (date(1900, 1, 1), "unknown")}


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("qq1 1aa", "QQ11AA"),
        ("QQ11AA", "QQ11AA"),
        ("ZZ99 3WZ", None),
        ("zz993vz", None),
        ("ZZ9 9ZZ", None),
        ("", None),
        (None, None),
    ],
)
def test_postcodes_are_read_as_one_word_and_those_of_nowhere_are_none(
    written: str | None, read: str | None
) -> None:
    engine = Engine(threads=1)
    told(engine, [clinic("1", ANNE, postcode=written)])
    rows = engine.connection.execute(f"select postcode from {CLAIMS}").fetchall()
    assert rows == [(read,)]


@pytest.mark.parametrize(
    ("written", "read"),
    [("1", "male"), ("F", "female"), ("Male", "male"), ("9", "indeterminate"), ("0", None)],
)
def test_sex_is_read_in_the_words_of_the_records(written: str, read: str | None) -> None:
    engine = Engine(threads=1)
    told(engine, [clinic("1", ANNE, sex=written)])
    rows = engine.connection.execute(f"select sex from {CLAIMS}").fetchall()
    assert rows == [(read,)]


def test_details_of_a_person_are_those_of_the_list_then_of_most_rows() -> None:
    clinics = [
        clinic("1", ANNE, birth_date=date(1950, 3, 14), sex="M"),
        clinic("1", ANNE, birth_date=date(1950, 9, 4), sex="M"),
        clinic("1", ANNE, birth_date=date(1950, 9, 4), sex="F"),
        clinic("1", ANNE, sex="F"),
        clinic("1", ANNE, sex="F"),
    ]
    assert details_of(*clinics) == {ANNE: (date(1950, 9, 1), "female")}
    assert details_of(listed("a", ANNE, sex="M"), *clinics) == {ANNE: (date(1950, 3, 1), "male")}
    assert details_of(listed("a", ANNE), *clinics) == {ANNE: (date(1950, 3, 1), "female")}


class Linker:
    """Links the claims it is given to persons by name, and remembers both."""

    def __init__(self, **accepted: bool) -> None:
        self.accepted = accepted
        self.claims: list[dict[str, Any]] = []
        self.people: list[dict[str, Any]] = []

    def __call__(self, claims: pa.Table, people: pa.Table) -> LinkResult:
        self.claims, self.people = claims.to_pylist(), people.to_pylist()
        person = min(row["person"] for row in self.people)
        links = [
            {
                "claim": row["claim"],
                "person": person,
                "weight": 9.0,
                "probability": 0.99,
                "accepted": self.accepted[row["claim"].split()[-1]],
                "reason": "accepted",
            }
            for row in self.claims
        ]
        return LinkResult(pa.Table.from_pylist(links, schema=LINKS), 0.9, 0.99, 0.98, {}, {})


DETAILS = {"birth_date": BORN, "postcode": "QQ1 1AA"}


def test_details_link_what_has_no_number_where_that_is_asked_for() -> None:
    rows = (listed("a", ANNE), clinic("x", **DETAILS), clinic("y", **DETAILS))
    assert who(*rows, by_details=Linker(x=True, y=False)) == [ANNE, ANNE, NOT_LINKED]
    assert who(*rows) == [ANNE, NOT_LINKED, NOT_LINKED]


def test_only_claims_without_a_person_are_linked_by_details() -> None:
    linker = Linker(x=True)
    rows = (
        listed("a", ANNE, postcode="QQ9 9ZZ"),
        listed("b"),
        clinic("x", **DETAILS, sex="2"),
        clinic("t", token="t1", **DETAILS),
        clinic("z", postcode="QQ1 1AA"),
        clinic("n", ANNE),
    )
    who(*rows, by_details=linker)
    assert linker.claims == [
        {
            "claim": linker.claims[0]["claim"],
            "birth_date": BORN,
            "birth_month": BORN.replace(day=1),
            "sex": "female",
            "postcode": "QQ11AA",
            "lsoa": None,
            "practice_code": None,
        }
    ]
    named = {row["person"]: row["postcode"] for row in linker.people}
    assert named == {pseudonym(ANNE, PUBLISHED_TEST_KEY): "QQ99ZZ", "token t1": "QQ11AA"}


@pytest.mark.parametrize("at_once", [True, False], ids=["one file", "a file per row"])
def test_details_of_a_claim_are_those_of_most_of_its_rows(at_once: bool) -> None:
    """However its rows are spread over files, and each detail by itself."""
    rows = [
        clinic("x", birth_date=BORN, postcode="QQ1 1AA", sex="1"),
        clinic("x", birth_date=BORN, postcode="QQ1 1AA", sex="1"),
        clinic("x", birth_date=BORN, postcode="QQ2 2BB", sex="1"),
        clinic("x", birth_date=BORN, postcode="QQ2 2BB", sex="2"),
        clinic("x", birth_date=date(1950, 3, 5), postcode="QQ2 2BB", sex="2"),
        clinic("x", birth_date=date(1950, 3, 5), postcode="QQ3 3CC", sex="1"),
    ]
    engine, linker = Engine(threads=1), Linker(x=False)
    told(engine, [listed("a", ANNE)] + (rows if at_once else []))
    for place, row in enumerate(() if at_once else rows):
        engine.register(
            "one_row",
            pa.Table.from_pylist([dict.fromkeys(TYPES) | row], schema=pa.schema(TYPES.items())),
        )
        source = f"clinic_{place}"
        add_claims(engine, CLINIC, "from one_row", source, key=PUBLISHED_TEST_KEY, synthetic=True)
    identify(engine, PUBLISHED_TEST_KEY, by_details=linker)
    ((*_, claim),) = (linker.claims,)
    assert (claim["birth_date"], claim["postcode"], claim["sex"]) == (BORN, "QQ22BB", "male")


def test_links_by_details_are_written_with_their_weight_and_without_a_name() -> None:
    engine = Engine(threads=1)
    told(engine, [listed("a", ANNE), clinic("x", **DETAILS)])
    identify(engine, PUBLISHED_TEST_KEY, by_details=Linker(x=True))
    engine.connection.execute("create temp table patients as select patient_id from identities")
    (link,) = weighed_links(engine, PUBLISHED_TEST_KEY).to_pylist()
    assert link == {
        "claim": pseudonym("clinic \x1fx", PUBLISHED_TEST_KEY),
        "patient_id": pseudonym(ANNE, PUBLISHED_TEST_KEY),
        "weight": 9.0,
        "probability": 0.99,
        "accepted": True,
        "reason": "accepted",
        "sources": "clinic",
    }


def test_how_claims_were_linked_is_counted() -> None:
    engine = Engine(threads=1)
    rows = [
        listed("a", ANNE),
        listed("b"),
        clinic("1", ANNE),
        clinic("1"),
        clinic("t", token="t1"),
        clinic("x", **DETAILS),
        clinic("y"),
    ]
    told(engine, rows)
    counted = identify(engine, PUBLISHED_TEST_KEY, by_details=Linker(x=True))
    assert counted["claims"] == {
        "details": {"claims": 1, "rows": 1},
        "not linked": {"claims": 1, "rows": 1},
        "number": {"claims": 2, "rows": 3},
        "own": {"claims": 1, "rows": 1},
        "token": {"claims": 1, "rows": 1},
    }
    assert counted["by_details"]["claims"] == 1


def test_the_order_of_the_rows_does_not_matter() -> None:
    rows = (
        listed("a", ANNE),
        listed("b", BERT, birth_date=date(1980, 7, 9)),
        clinic("1", BERT, birth_date=BORN),
        clinic("1", CARA, birth_date=BORN),
        clinic("2", ANNE, birth_date=BORN),
        clinic("2", CARA, birth_date=BORN),
    )
    expected = dict(enumerate(who(*rows)))
    assert dict(enumerate(reversed(who(*reversed(rows))))) == expected
    for first in range(len(rows)):
        order = [*range(first, len(rows)), *range(first)]
        found = who(*(rows[place] for place in order))
        assert dict(zip(order, found, strict=True)) == expected
