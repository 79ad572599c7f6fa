"""``riskstrat study check`` tells every mistake of a study in one round."""

from __future__ import annotations

import pytest
from tests.unit.features.history import study

from riskstrat.errors import StudyError
from riskstrat.features.check_study import check_study

OWN = """
[[features.added]]
name = "clinic"
label = "Seen by the clinic"
group = "other"
codelist = "codes.csv"
system = "snomed"
how = "count"
windows_days = [365]
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "codes.csv").write_text("code\n22298006\n", "utf-8")
    return tmp_path


def written(folder, own, features=""):
    file = folder / "study.toml"
    text = study().text.replace("[features]", f"[features]\n{features}")
    file.write_text(f"{text}\n{own}", "utf-8")
    return file


def mistakes(folder, own, features=""):
    with pytest.raises(StudyError) as error:
        check_study(written(folder, own, features))
    return [line[4:] for line in str(error.value).splitlines() if line.startswith("  - ")]


def changed(*pairs):
    text = OWN
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return text


BESIDE = (
    ('"other"', '"hearts"'),
    ('"clinic"', '"age"'),
    ('"codes.csv"', '"none.csv"'),
)
SAID_BESIDE = (
    "added feature 'age': unknown group 'hearts'",
    "added feature 'age': the catalogue has a feature 'age'",
    "added feature 'age': the codelist 'none.csv' cannot be read",
)


def test_a_sound_study_is_read(folder):
    assert check_study(written(folder, OWN)).features.added[0].name == "clinic"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[365]", "[0]", "a window must have at least 1 day"),
        ('how = "count"', 'how = "median"', "'features.added 1.how' must be one of"),
        ('how = "count"', 'how = "count"\ncolour = "red"', "unknown key 'features.added 1.colour'"),
        ('label = "Seen by the clinic"\n', "", "missing key 'features.added 1.label'"),
        ("[365]", '"year"', "'features.added 1.windows_days' must be a list"),
    ],
)
def test_what_the_file_says_and_what_stands_beside_it_are_told_together(folder, old, new, said):
    """Also when the feature cannot be read as a whole."""
    found = mistakes(folder, changed((old, new), *BESIDE))
    assert len(found) == 4
    assert said in found[0]
    for told, expected in zip(found[1:], SAID_BESIDE, strict=True):
        assert expected in told


def test_mistakes_of_the_rest_of_the_study_are_told_with_them(folder):
    settings = 'groups = ["hearts"]\nwindows_days = [0, 90]'
    found = mistakes(folder, changed(('"codes.csv"', '"none.csv"')), settings)
    assert [said.split(" ")[0] for said in found] == [
        "'features.windows_days'",
        "'features.groups'",
        "added",
    ]


@pytest.mark.parametrize("own", ["added = 3", "added = [3]"])
def test_what_is_no_table_is_one_mistake(folder, own):
    assert len(mistakes(folder, "", own)) == 1


def test_no_code_of_a_list_is_told(folder):
    (folder / "codes.csv").write_text("code\n22298007\n", "utf-8")
    assert "22298007" not in "".join(mistakes(folder, OWN))
