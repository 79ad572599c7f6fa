"""Groups in words: who is less on the list than among outcomes or frail people, who is missed."""

from riskstrat.evaluation.equity import equity_section


def group(name, *, listed=0.2, events=0.2, frail=None, gap=(0.0, -0.1, 0.1)):
    value, low, high = gap
    return {
        "group": name, "withheld": False, "list_share": listed, "event_share": events,
        "frail_share": frail,
        "missed": {"observed": {"value": 0.8}, "expected": 0.8 - value,
                   "difference": {"value": value, "low": low, "high": high}},
    }  # fmt: skip


def said(*groups, division="ethnic_category"):
    told = equity_section({division: {"title": "Ethnic category", "groups": list(groups)}})
    return told[0]["sentences"] if told else []


def test_shares_within_four_fifths_and_its_inverse_need_no_word():
    withheld = {"group": "B", "withheld": True}

    assert said(group("A"), withheld, group("C", listed=None)) == []
    assert said(group("A", listed=0.161), group("C", listed=0.249)) == []


def test_less_and_more_of_the_list_than_of_the_outcomes():
    assert said(group("a", listed=0.15), group("18-39", listed=0.3, events=0.1)) == [
        "Less of the list than of the outcomes: A, 15.0% of the list and 20.0% of the outcomes.",
        "More of the list than of the outcomes: 18-39, 30.0% of the list and 10.0% of the "
        "outcomes.",
    ]


def test_less_of_the_list_than_of_recorded_frailty():
    assert said(group("A", frail=0.5), group("B", frail=0.24)) == [
        "Less of the list than of recorded frailty: A, 20.0% of the list and 50.0% of the people "
        "with moderate or severe frailty."
    ]


def test_missed_beyond_chance_only():
    assert said(group("A", gap=(0.1, -0.01, 0.2)), group("B", gap=(0.1, 0.05, 0.15))) == [
        "B is missed more than its own risks imply: 80% of those with the outcome were not on the "
        "list, 70% implied (difference +5.0 to +15.0 percentage points, adjusted for the number of "
        "groups)."
    ]
    assert "missed less" in said(group("A", gap=(-0.1, -0.15, -0.05)))[0]


def test_that_the_old_are_listed_more_needs_no_word_but_that_they_are_missed_does():
    group_90 = group("90+", listed=0.6, frail=0.9)
    missed = group("75-79", gap=(0.1, 0.05, 0.15))

    assert said(group_90, division="age_band") == []
    assert len(said(group_90, missed, division="age_band")) == 1
