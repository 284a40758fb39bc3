"""Borders that have moved since April 2022, against the time zones, which follow those of today."""

from importlib import resources

import numpy as np
import pytest

from coverage_analyzer.countries import Countries

MOVED = [
    (-2.4007, 12.4396, "CG", "GA"),
    (12.6927, 1.5957, "NE", "BF"),
    (3.426, -64.1848, "BR", "VE"),
    (0.9922, 14.4041, "GA", "CG"),
    (1.0228, 11.3432, "", "GA"),
    (-1.5558, -73.4908, "PE", "CO"),
    (39.8379, 70.6588, "KG", "TJ"),
    (4.0817, -64.7384, "VE", "BR"),
    (40.2486, 70.9336, "KG", "UZ"),
    (14.7525, 22.6943, "SD", "TD"),
    (-4.4281, 12.8827, "CG", "AO"),
    (-14.7213, 31.0715, "MZ", "ZM"),
    (13.5765, 22.2076, "TD", "SD"),
    (12.6245, 1.5718, "", "BF"),
    (32.8741, 37.8025, "JO", "SY"),
    (-10.0921, 33.3715, "ZM", "MW"),
    (27.3277, 97.002, "IN", "MM"),
    (35.2578, 41.2276, "SY", "IQ"),
    (42.5405, 73.146, "KG", "KZ"),
    (48.1203, 133.1557, "RU", "CN"),
    (12.4538, -9.0482, "ML", "GN"),
    (7.2689, 11.8695, "CM", "NG"),
    (5.9548, -61.3904, "GY", "VE"),
    (42.805, 71.6896, "KZ", "KG"),
    (-25.1962, -54.4558, "PY", "BR"),
    (0.416, -77.439, "EC", "CO"),
    (6.1719, -68.3266, "VE", "CO"),
    (-9.6162, 33.0045, "MW", "ZM"),
    (8.8516, 14.7597, "CM", "TD"),
    (4.7787, -54.468, "GF", "SR"),
    (37.2702, 68.8024, "TJ", "AF"),
    (31.0037, 47.8706, "IQ", "IR"),
    (29.4077, 63.9808, "PK", "AF"),
    (42.0585, 80.1944, "KG", "CN"),
    (51.6335, 30.5292, "BY", "UA"),
    (-12.0986, -64.8299, "BO", "BR"),
    (-9.1199, 32.2971, "TZ", "ZM"),
    (38.0119, 66.5661, "UZ", "TM"),
    (-16.5646, 28.6842, "", "ZW"),
    (3.2489, -67.4394, "CO", "VE"),
    (37.0048, 68.2267, "AF", "TJ"),
    (39.8915, 71.176, "UZ", "KG"),
    (22.1144, 92.7776, "MM", "IN"),
    (2.2652, 16.2215, "CF", "CG"),
    (17.1679, 43.1624, "SA", "YE"),
]
"""Places between the border of 2022 and the one of today: latitude, longitude, whose they were, and
whose they are. Each lies far enough from both lines for the simplified zones of `tzfpy` to tell."""

DISPUTED = [
    (27.9596, 90.8826, "BT+CN"),
    (30.2527, 80.8648, "IN+NP"),
    (8.5165, 34.0781, "ET+SS"),
    (28.6354, 96.5744, "CN+IN"),
    (12.6225, 35.6772, "SD+ET"),
    (9.8881, 34.2117, "ET+SD"),
    (11.4384, 33.1533, "SD+SS"),
    (-4.0363, -70.1552, "PE+CO"),
    (11.6251, 33.1504, "SS+SD"),
    (2.2574, -56.815, "SR+GY"),
    (-49.7035, -73.1949, "AR+CL"),
    (3.6919, 31.6304, "UG+SS"),
    (4.294, -57.9713, "GY+SR"),
    (23.9786, 68.3682, "PK+IN"),
    (27.4658, 88.9781, "CN+BT"),
    (-9.3431, 124.0642, "TL+ID"),
    (29.9876, 48.023, "IQ+KW"),
    (26.0022, 70.0939, "IN+PK"),
    (29.3746, 96.0524, "IN+CN"),
    (38.3386, 128.1292, "KP+KR"),
    (37.0748, 74.6648, "PK+CN"),
    (-9.1544, 125.1847, "ID+TL"),
    (30.2145, 80.9164, "NP+IN"),
    (37.0869, 74.6949, "CN+PK"),
    (-49.0015, -72.9894, "CL+AR"),
    (50.2716, 36.5835, "RU+UA"),
    (39.189, 46.506, "AZ+AM"),
    (41.171, 45.1642, "AM+AZ"),
    (14.341, 103.2523, "KH+TH"),
    (45.6836, 18.9494, "RS+HR"),
    (14.0034, 102.8644, "TH+KH"),
    (48.2967, 39.9026, "UA+RU"),
    (38.6173, 128.3668, "KR+KP"),
    (33.2757, 35.6232, "LB+IL"),
]
"""Places between both lines where the parties disagree: the face is named by both, holder first."""


def _zone_countries() -> dict[str, str]:
    table = resources.files("tzdata") / "zoneinfo" / "zone.tab"
    lines = table.read_text().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return {row[2]: row[0] for row in rows}


@pytest.mark.parametrize(("lat", "lon", "before", "now"), MOVED)
def test_land_that_changed_hands(
    lat: float, lon: float, before: str, now: str, world: Countries
) -> None:
    """A place is in the country of today, as the country of its time zone says."""
    tzfpy = pytest.importorskip("tzfpy")
    assert _zone_countries()[tzfpy.get_tz(lon, lat)] == now
    assert str(world.locate(lon, lat)) == now != before


@pytest.mark.parametrize(("lat", "lon", "face"), DISPUTED)
def test_strip_on_which_the_parties_disagree(
    lat: float, lon: float, face: str, world: Countries
) -> None:
    """The strip is a contested face, and by default the holder's, as in 2022."""
    at = world.borders.located(np.array([lon]), np.array([lat]))
    assert world.borders.faces[int(at[0])] == face
    assert str(world.locate(lon, lat)) == face[:2]
