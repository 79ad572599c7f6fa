import numpy as np
import pytest
from matplotlib.figure import Figure

from riskstrat.evaluation.line_numbers import APART, number_lines, number_places

LEVEL = np.array([[x, 0.0] for x in range(101)])
RISING = np.array([[x, x / 2] for x in range(101)])
"""Meets the level path at its start, and is farthest from it at its end."""


@pytest.mark.parametrize(
    ("paths", "places"),
    [
        ([LEVEL, RISING], [(100, 0), (100, 50)]),
        ([RISING, LEVEL[:31]], [(100, 50), (30, 0)]),
        ([LEVEL[:1], LEVEL[:31]], [(0, 0), (30, 0)]),
    ],
)
def test_a_number_stands_where_its_line_is_farthest_from_the_others(paths, places):
    assert number_places(paths).tolist() == [list(place) for place in places]


def test_numbers_of_lines_that_are_one_stand_apart_on_it():
    places = number_places([LEVEL] * 5)

    gaps = np.abs(places[:, None, 0] - places[None, :, 0])[np.triu_indices(5, 1)]
    assert (gaps >= APART).all()
    assert (places[:, 1] == 0).all()


def test_a_path_without_room_takes_the_point_farthest_from_other_numbers():
    places = number_places([LEVEL[:1], LEVEL[2:6]])

    assert places.tolist() == [[0, 0], [5, 0]]


def test_numbers_are_written_within_the_axes_and_a_line_out_of_sight_has_none():
    figure = Figure()
    axes = figure.subplots()
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.plot([0, 0.5, 0.6, 1], [0, 0.5, np.nan, 1])
    axes.plot([0, 1], [5, 6])
    axes.plot([0, 1], [0.2, 0.4])
    axes.axhline(0.9)

    number_lines(axes, [1, 2, 4])

    assert [text.get_text() for text in axes.texts] == ["1", "4"]
    assert all(0 < place < 1 for text in axes.texts for place in text.get_position())
