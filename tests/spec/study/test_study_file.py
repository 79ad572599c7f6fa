"""The study file is read strictly: every mistake is named, all of them at once."""

from __future__ import annotations

import dataclasses
import json
from datetime import date
from pathlib import Path

import pytest

from riskstrat.errors import StudyError
from riskstrat.study import LONGEST_DAYS, Study, load_study, parse_study, study_schema

FULL = """
name = "everything"
contact = "Risk team, risk@example.org"

[index]
from = 2019-04-01
to = 2021-04-01
every = "6 months"

[eligibility]
min_age = 65
max_age = 110
min_registered_days = 365
exclude = ["care_home"]

[outcome]
kind = "emergency_or_inpatient_visit"
window_days = 90
gap_days = 7
lag_days = 30
competing = "death"
censoring = "exclude"

[features]
groups = ["heart", "lung"]
sources = ["gp", "hospital"]
windows_days = [30, 365, 730]
history_days = 700
codelists = "lists.csv"

[split]
develop_to = 2020-04-01
evaluate_from = 2020-10-01
hold_out_practices = ["Y12345"]
seed = 7

[model]
params = "params.toml"

[report]
capacities = [0.01, 0.1]
subgroups = ["sex"]
refits = 5
"""

SHORT = """
name = "short"
[index]
dates = [2020-01-01, 2022-01-01]
[outcome]
kind = "emergency_admission"
[split]
develop_to = 2020-01-01
evaluate_from = 2022-01-01
"""

EVENT = """
name = "event"
[index]
event = "discharge"
index_stay = "known"
[outcome]
kind = "emergency_admission"
window_days = 30
[split]
hold_out_share = 0.3
"""


def mistakes(text: str) -> list[str]:
    """What the reader lists; at least one."""
    with pytest.raises(StudyError) as caught:
        parse_study(text)
    first, *listed = caught.value.message.split("\n")
    assert first.startswith(f"the study has {len(listed)} mistake")
    return [line.removeprefix("  - ") for line in listed]


def changed(text: str, old: str, new: str) -> str:
    assert text.count(old) == 1
    return text.replace(old, new)


def test_every_key_reaches_the_study() -> None:
    """A full file in, the same values out; nothing is dropped or renamed."""
    study = parse_study(FULL)
    given = dataclasses.asdict(study)
    assert given["index"] == {
        "dates": (), "from_": date(2019, 4, 1), "to": date(2021, 4, 1), "every": "6 months",
        "event": None, "index_stay": None,
    }  # fmt: skip
    assert given["contact"] == "Risk team, risk@example.org"
    assert given["eligibility"] == {
        "min_age": 65, "max_age": 110, "min_registered_days": 365, "exclude": ("care_home",),
    }  # fmt: skip
    assert given["outcome"] == {
        "kind": "emergency_or_inpatient_visit", "window_days": 90, "gap_days": 7, "lag_days": 30,
        "competing": "death", "censoring": "exclude",
    }  # fmt: skip
    assert given["features"] == {
        "groups": ("heart", "lung"), "sources": ("gp", "hospital"),
        "windows_days": (30, 365, 730), "history_days": 700, "codelists": "lists.csv",
        "added": (),
    }  # fmt: skip
    assert given["split"] == {
        "develop_to": date(2020, 4, 1), "evaluate_from": date(2020, 10, 1),
        "hold_out_practices": ("Y12345",), "hold_out_share": 0.0, "seed": 7,
    }  # fmt: skip
    assert given["model"] == {"params": "params.toml"}
    assert given["report"] == {"capacities": (0.01, 0.1), "subgroups": ("sex",), "refits": 5}
    assert study.name == "everything"
    assert study.text == FULL
    assert study.features.longest_days == 730


def test_a_study_read_again_from_its_own_text_is_the_same() -> None:
    """The artefact keeps the text, so the text has to be enough."""
    for text in (FULL, SHORT, EVENT):
        study = parse_study(text)
        assert parse_study(study.text) == study


def test_defaults_are_those_of_the_design() -> None:
    study = parse_study(SHORT)
    assert study.outcome.window_days == 365
    assert (study.outcome.gap_days, study.outcome.competing) == (0, "death")
    assert study.outcome.censoring == "ipcw"
    assert study.report.capacities == (0.005, 0.02)


def test_a_study_is_frozen() -> None:
    study = parse_study(SHORT)
    for part in (study, study.index, study.outcome, study.split, study.features):
        with pytest.raises(dataclasses.FrozenInstanceError):
            part.name = "other"


def test_index_dates_fall_into_development_and_evaluation() -> None:
    """Up to ``develop_to`` and from ``evaluate_from``, both days included; between them neither."""
    study = parse_study(FULL)
    assert study.index.all_dates() == (
        date(2019, 4, 1), date(2019, 10, 1), date(2020, 4, 1), date(2020, 10, 1), date(2021, 4, 1),
    )  # fmt: skip
    assert study.development_dates() == study.index.all_dates()[:3]
    assert study.evaluation_dates() == study.index.all_dates()[3:]


def test_dates_are_used_in_order_however_they_are_written() -> None:
    text = changed(SHORT, "[2020-01-01, 2022-01-01]", "[2022-01-01, 2019-01-01, 2020-01-01]")
    assert parse_study(text).index.all_dates() == (
        date(2019, 1, 1), date(2020, 1, 1), date(2022, 1, 1),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("old", "new", "key", "expected"),
    [
        ("name = ", "nmae = 'x'\nname = ", "nmae", "name, index, outcome"),
        ("min_age = 65", "min_aeg = 65", "eligibility.min_aeg", "min_age, max_age"),
        ("window_days = 90", "horizon = 90", "outcome.horizon", "kind, window_days"),
        ("from = 2019-04-01", "from_ = 2019-04-01", "index.from_", "dates, from, to"),
        ("[model]", "[modle]", "modle", "model"),
    ],
)
def test_an_unknown_key_is_refused_with_the_keys_that_exist(
    old: str, new: str, key: str, expected: str
) -> None:
    unknown = [m for m in mistakes(changed(FULL, old, new)) if m.startswith("unknown key")]
    assert len(unknown) == 1
    assert unknown[0].startswith(f"unknown key '{key}'; expected one of ")
    assert expected in unknown[0]


def test_a_missing_required_key_is_named() -> None:
    assert mistakes(changed(SHORT, 'name = "short"', "")) == ["missing key 'name'"]
    assert mistakes(changed(SHORT, 'kind = "emergency_admission"', "")) == [
        "missing key 'outcome.kind'"
    ]
    assert mistakes("")[:3] == [
        "missing key 'name'",
        "missing key 'index'",
        "missing key 'outcome'",
    ]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("min_age = 65", 'min_age = "65"',
         "'eligibility.min_age' must be a whole number, not str"),
        ("min_age = 65", "min_age = 65.0",
         "'eligibility.min_age' must be a whole number, not float"),
        ("min_age = 65", "min_age = true",
         "'eligibility.min_age' must be a whole number, not bool"),
        ("from = 2019-04-01", 'from = "2019-04-01"',
         "'index.from' must be a date 2024-01-31, not str"),
        ("from = 2019-04-01", "from = 2019-04-01T00:00:00",
         "'index.from' must be a date 2024-01-31, not datetime"),
        ("[30, 365, 730]", "[30, '365']",
         "'features.windows_days' must be a whole number, not str"),
        ("[30, 365, 730]", "30", "'features.windows_days' must be a list"),
        ("[0.01, 0.1]", "[0.01, 'x']", "'report.capacities' must be a number, not str"),
        ('censoring = "exclude"', 'censoring = "drop"',
         "'outcome.censoring' must be one of 'ipcw', 'exclude'"),
        ('["care_home"]', '["carehome"]', "'eligibility.exclude' must be one of 'care_home'"),
        ('name = "everything"', "name = 3", "'name' must be text, not int"),
        ('name = "everything"', 'name = " "', "'name' is empty"),
        ('contact = "Risk', 'contact = ["Risk"] # "', "'contact' must be text, not list"),
        ('contact = "Risk team', 'contact = " " # "',
         "'contact' must be one line of text that is not empty"),
        ('contact = "Risk team', 'contact = "Risk\\nteam',
         "'contact' must be one line of text that is not empty"),
    ],
)  # fmt: skip
def test_a_value_of_the_wrong_type_is_refused(old: str, new: str, mistake: str) -> None:
    """No guessing: text is not a number, a number with a point is not whole, true is not 1."""
    assert mistakes(changed(FULL, old, new)) == [mistake]


def test_a_whole_number_serves_where_a_number_is_asked_for() -> None:
    event = parse_study(changed(EVENT, "hold_out_share = 0.3", "hold_out_share = 0.5"))
    assert event.split.hold_out_share == 0.5
    assert mistakes(changed(EVENT, "hold_out_share = 0.3", "hold_out_share = 1")) == [
        "an event study needs 'split.hold_out_share' in (0, 1)"
    ]


def test_a_table_must_be_a_table() -> None:
    text = 'name = "x"\nindex = 3\n[outcome]\nkind = "emergency_admission"\n'
    assert mistakes(text) == ["'index' must be a table [index]"]


@pytest.mark.parametrize(
    ("old", "new", "mistake"),
    [
        ("max_age = 110", "max_age = 64", "'eligibility.min_age' is above 'max_age'"),
        ("min_age = 65", "min_age = -1", "'eligibility.min_age' is negative"),
        ("min_registered_days = 365", "min_registered_days = -1",
         f"'eligibility.min_registered_days' must be from 0 to {LONGEST_DAYS}"),
        ("window_days = 90", "window_days = 0",
         "'outcome.window_days' must be from 30 to 730: 30 days to 24 months"),
        ("window_days = 90", "window_days = 29",
         "'outcome.window_days' must be from 30 to 730: 30 days to 24 months"),
        ("window_days = 90", "window_days = 731",
         "'outcome.window_days' must be from 30 to 730: 30 days to 24 months"),
        ('kind = "emergency_or_inpatient_visit"', 'kind = "readmission"',
         "'outcome.kind' = \"readmission\" needs index.event = \"discharge\""),
        ("gap_days = 7", "gap_days = -1", f"'outcome.gap_days' must be from 0 to {LONGEST_DAYS}"),
        ("lag_days = 30", "lag_days = -1", f"'outcome.lag_days' must be from 0 to {LONGEST_DAYS}"),
        ("[30, 365, 730]", "[]", "'features.windows_days' is empty"),
        ("[30, 365, 730]", "[0, 365]",
         f"'features.windows_days' must be from 1 to {LONGEST_DAYS}, but holds 0"),
        ("[30, 365, 730]", "[365, 30]", "'features.windows_days' must be ascending"),
        ("[30, 365, 730]", "[30, 30]", "'features.windows_days' names 30 twice"),
        ("history_days = 700", "history_days = 0",
         f"'features.history_days' must be from 1 to {LONGEST_DAYS}"),
        ("[0.01, 0.1]", "[0.01, 1.0]", "'report.capacities' must be in (0, 1)"),
        ("[0.01, 0.1]", "[0.0]", "'report.capacities' must be in (0, 1)"),
        ("[0.01, 0.1]", "[nan]", "'report.capacities' must be in (0, 1)"),
        ("refits = 5", "refits = -1", "'report.refits' must be from 0 to 100"),
        ("seed = 7", "hold_out_share = 0.5",
         "'split.hold_out_share' is for event studies: calendar dates split by date"),
    ],
)  # fmt: skip
def test_a_value_out_of_range_is_refused(old: str, new: str, mistake: str) -> None:
    assert mistakes(changed(FULL, old, new)) == [mistake]


def test_mistakes_of_every_kind_are_named_at_once() -> None:
    """Unknown key, wrong type, contradiction, range: one message, so that one round is enough."""
    text = changed(FULL, "max_age = 110", "max_age = 10\nmax_aeg = 110")
    text = changed(text, "seed = 7", 'seed = "seven"')
    text = changed(text, "windows_days = [30, 365, 730]", "windows_days = [365, 30]")
    text = changed(text, 'every = "6 months"', 'every = "half a year"')
    found = mistakes(text)
    assert len(found) == 5
    for part in ("max_aeg", "'split.seed'", "above 'max_age'", "ascending", "'index.every'"):
        assert sum(part in mistake for mistake in found) == 1


@pytest.mark.parametrize(
    ("index", "mistake"),
    [
        ("", "[index] needs exactly one of 'dates', 'from'/'to'/'every' or 'event'"),
        ("dates = []", "[index] needs exactly one of 'dates', 'from'/'to'/'every' or 'event'"),
        ('dates = [2020-01-01]\nevent = "discharge"',
         "[index] needs exactly one of 'dates', 'from'/'to'/'every' or 'event'"),
        ("dates = [2020-01-01]\nfrom = 2020-01-01",
         "[index] needs exactly one of 'dates', 'from'/'to'/'every' or 'event'"),
        ("from = 2020-01-01\nto = 2021-01-01",
         "[index] needs all three of 'from', 'to' and 'every'"),
        ('from = 2022-01-01\nto = 2021-01-01\nevery = "1 month"',
         "[index] gives no date: 'to' is before 'from'"),
        ('from = 2020-01-31\nto = 2022-01-01\nevery = "1 month"',
         "'index.every': expected a first date on or before the 28th for monthly or yearly steps"),
        ("dates = [2020-01-01, 2020-01-01, 2022-01-01]", "'index.dates' names a date twice"),
        ('dates = [2020-01-01, 2022-01-01]\nindex_stay = "known"',
         "'index.index_stay' needs event = \"discharge\""),
    ],
)  # fmt: skip
def test_index_dates_are_given_in_one_way(index: str, mistake: str) -> None:
    assert mistakes(changed(SHORT, "dates = [2020-01-01, 2022-01-01]", index)) == [mistake]


@pytest.mark.parametrize(
    ("gap", "lag", "evaluate", "refused"),
    [
        (0, 0, "2020-12-31", False),
        (0, 0, "2020-12-30", True),
        (7, 0, "2021-01-07", False),
        (7, 0, "2021-01-06", True),
        (7, 30, "2021-02-06", False),
        (7, 30, "2021-02-05", True),
        (0, 0, "2020-01-02", True),
    ],
)
def test_a_development_window_ends_before_the_first_evaluation_date(
    gap: int, lag: int, evaluate: str, refused: bool
) -> None:
    """Last development date + gap + window + lag may be the first evaluation date, not later.

    The window of 2020-01-01 ends on 2020-12-31 (2020 is a leap year).
    """
    text = changed(SHORT, "[2020-01-01, 2022-01-01]", f"[2020-01-01, {evaluate}, 2022-06-01]")
    text = changed(text, "[split]", f"gap_days = {gap}\nlag_days = {lag}\n[split]")
    text = changed(text, "evaluate_from = 2022-01-01", f"evaluate_from = {evaluate}")
    if refused:
        (mistake,) = mistakes(text)
        assert f"after the first evaluation date {evaluate}: windows must not overlap" in mistake
    else:
        assert min(parse_study(text).evaluation_dates()) == date.fromisoformat(evaluate)


def test_a_study_at_calendar_dates_names_its_split() -> None:
    assert mistakes(changed(SHORT, "evaluate_from = 2022-01-01", "")) == [
        "[split] needs 'develop_to' and 'evaluate_from'"
    ]
    text = changed(SHORT, "evaluate_from = 2022-01-01", "evaluate_from = 2022-01-02")
    assert mistakes(text) == ["[split] leaves no index date for development or for evaluation"]


EITHER = (
    "an event study is split either by 'split.hold_out_share' or by 'split.develop_to' and "
    "'split.evaluate_from'"
)


@pytest.mark.parametrize(
    ("split", "mistake"),
    [
        ("hold_out_share = 0.3\ndevelop_to = 2020-01-01", EITHER),
        ("hold_out_share = 0.3\nevaluate_from = 2020-01-01", EITHER),
        ("", EITHER),
        ("develop_to = 2020-01-01", "[split] needs 'develop_to' and 'evaluate_from'"),
        ("develop_to = 2020-01-01\nevaluate_from = 2020-01-30",
         "the last development window ends on 2020-01-31, after the first evaluation "
         "date 2020-01-30: windows must not overlap"),
        ("hold_out_share = -0.1", "an event study needs 'split.hold_out_share' in (0, 1)"),
        ("hold_out_share = 0.3\nhold_out_practices = ['Y1']",
         "an event study cannot hold out practices"),
    ],
)  # fmt: skip
def test_an_event_study_holds_out_people(split: str, mistake: str) -> None:
    assert mistakes(changed(EVENT, "hold_out_share = 0.3", split)) == [mistake]


def test_an_event_study_may_be_split_by_dates() -> None:
    split = "develop_to = 2020-01-01\nevaluate_from = 2020-01-31"
    study = parse_study(changed(EVENT, "hold_out_share = 0.3", split))
    assert study.split.develop_to == date(2020, 1, 1)
    assert study.split.hold_out_share == 0


def test_an_event_study_has_no_calendar_dates() -> None:
    study = parse_study(EVENT)
    assert study.index.all_dates() == ()
    assert study.development_dates() == study.evaluation_dates() == ()
    assert (study.index.event, study.index.index_stay) == ("discharge", "known")
    wrong = changed(EVENT, 'event = "discharge"', 'event = "admission"')
    assert mistakes(wrong) == ["'index.event' must be one of 'discharge'"]
    wrong = changed(EVENT, 'index_stay = "known"', 'index_stay = "guessed"')
    assert mistakes(wrong) == ["'index.index_stay' must be one of 'known'"]


def test_a_file_is_read_with_its_folder(tmp_path: Path) -> None:
    """Paths in the study are relative to it; a byte order mark is no mistake."""
    path = tmp_path / "study.toml"
    path.write_text(SHORT, encoding="utf-8-sig")
    study = load_study(path)
    assert study == parse_study(SHORT)
    assert study.folder == tmp_path


@pytest.mark.parametrize("content", [None, b"name = \xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "mine.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(StudyError, match=r"'mine\.toml' cannot be read") as caught:
        load_study(path)
    assert str(tmp_path) not in str(caught.value)
    assert caught.value.exit_code == 3


def test_text_that_is_not_toml_says_where() -> None:
    with pytest.raises(StudyError, match=r"not valid TOML: .*line 2"):
        parse_study('name = "x"\nindex = yes\n')


def test_the_published_schema_names_the_same_keys() -> None:
    """``riskstrat study schema`` is made from the same declaration that files are read against."""
    schema = json.loads(json.dumps(study_schema()))
    assert schema["required"] == ["name", "index", "outcome"]
    assert set(schema["properties"]) == {
        "name", "index", "outcome", "eligibility", "features", "split", "model", "report",
        "contact",
    }  # fmt: skip
    index = schema["properties"]["index"]["properties"]
    assert index["from"] == {"type": "string", "format": "date"}
    assert index["event"] == {"enum": ["discharge"]}
    assert schema["properties"]["outcome"]["additionalProperties"] is False
    assert "text" not in schema["properties"]


def test_study_is_hashable_data() -> None:
    """Two readings of one text are equal and hash equally, so a study can key a cache."""
    assert len({parse_study(SHORT), parse_study(SHORT), parse_study(EVENT)}) == 2
    assert isinstance(parse_study(SHORT), Study)
