"""The first view begins where a reader expects it, and has every site and center."""

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coverage_analyzer.maps.first_view import first_view

WORLD = np.arange(-180.0, 180.0, 4.0)


def test_no_place_has_no_view() -> None:
    """A run without sites and centers."""
    assert first_view(np.zeros(0), np.zeros(0)) is None


def test_one_place_is_its_own_view() -> None:
    """No wider than the place."""
    assert first_view(np.array([7.0]), np.array([50.0])) == [[50.0, 7.0], [50.0, 7.0]]


def test_a_network_round_the_world_is_cut_in_the_pacific() -> None:
    """Not at the widest of many small gaps, which may be in the Atlantic, through Greenland."""
    lon = np.concatenate([WORLD[(WORLD < -40) | (WORLD > -30)], [179.0]])
    box = first_view(lon, np.array([-50.0, 70.0]))
    assert box is not None
    assert 165 < box[0][1] % 360 < 225
    assert box[1][1] - box[0][1] > 340


def test_a_wide_gap_is_where_the_view_is_cut() -> None:
    """Asia and the Americas without Europe and Africa are together over the Pacific."""
    box = first_view(np.array([100.0, 140.0, -120.0, -40.0]), np.array([0.0]))
    assert box == [[0.0, 100.0], [0.0, 320.0]]


@pytest.mark.parametrize(
    ("lon", "west", "east"),
    [
        ([179.9, -179.9], 179.9, 180.1),
        ([-180.0, 180.0], -180.0, 180.0),
        ([0.0, 359.0 - 360], -1, 0),
    ],
    ids=["both sides of 180", "the same meridian", "Greenwich"],
)
def test_the_box_is_the_smallest(lon: list[float], west: float, east: float) -> None:
    """Beyond 180 where that is nearer."""
    box = first_view(np.array(lon), np.array([0.0]))
    assert box is not None
    width = box[1][1] - box[0][1]
    assert width == pytest.approx(min(east - west, 360 - (east - west)), abs=1e-9)


@settings(max_examples=50)
@given(st.lists(st.floats(-180, 180), min_size=1, max_size=40))
def test_each_place_is_in_the_box(places: list[float]) -> None:
    """At one of its longitudes, wherever the world is cut."""
    lon: npt.NDArray[np.float64] = np.array(places)
    box = first_view(lon, np.array([0.0]))
    assert box is not None
    (_, west), (_, east) = box
    assert 0 <= east - west <= 360
    eastward = (lon - west) % 360
    near = np.minimum(eastward, 360 - eastward) < 1e-6
    assert (near | (eastward <= east - west + 1e-6)).all()
