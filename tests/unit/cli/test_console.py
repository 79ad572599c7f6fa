"""What a command prints for people is the text it was given."""

import pytest

from riskstrat.cli.console import show


@pytest.mark.parametrize("line", ["Listed 3 people: lists[june]", "stage [3] recorded", "x[/]"])
def test_brackets_in_data_are_no_markup(capsys: pytest.CaptureFixture[str], line: str) -> None:
    show({}, as_json=False, lines=[line])
    assert capsys.readouterr().out == f"{line}\n"
