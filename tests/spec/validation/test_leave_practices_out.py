"""Who judges and who develops when practices are held out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from riskstrat.validation.practices import held_out_rows, practice_groups


def test_a_person_who_is_judged_develops_nothing() -> None:
    """Group 1 is held out. Ann moved into it: her development row elsewhere is left out too.

    Bob stays in group 0; Cat of group 1 was only in development, and develops nothing either.
    """
    frame = pd.DataFrame(
        [
            ("ann", "development", 0, False, False),
            ("ann", "evaluation", 1, True, False),
            ("bob", "development", 0, False, True),
            ("bob", "evaluation", 0, False, False),
            ("cat", "development", 1, False, False),
        ],
        columns=["patient_id", "part", "group", "judged", "developed"],
    )
    judged, developed = held_out_rows(frame, frame["group"].to_numpy(), 1)
    assert judged.tolist() == frame["judged"].tolist()
    assert developed.tolist() == frame["developed"].tolist()


def test_all_rows_of_a_practice_share_a_group_and_groups_hold_about_as_many_practices() -> None:
    names = [f"P{number:02d}" for number in range(11)]
    codes = pd.Series([*names, *names, None, None])
    group = practice_groups(codes, groups=5, seed=1)
    of = pd.DataFrame({"code": codes.fillna("none"), "group": group})
    assert (of.groupby("code")["group"].nunique() == 1).all()
    sizes = of.drop_duplicates()["group"].value_counts()
    assert sorted(sizes) == [2, 2, 2, 3, 3]
    assert np.array_equal(group, practice_groups(codes, groups=5, seed=1))
    assert not np.array_equal(group, practice_groups(codes, groups=5, seed=2))
