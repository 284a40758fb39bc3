"""Distances, bounds and decisions, one rule at a time."""

import numpy as np
import pytest
from building import karney_m, moved
from pyproj import Transformer

from coverage_analyzer import geodesy
from coverage_analyzer.geodesy import MILE_M

US_LIMIT_M = 70 * MILE_M


def test_the_mile_is_the_international_one() -> None:
    """Count 70 miles as 112,654.08 m; 70 US survey miles are 22 cm more."""
    assert pytest.approx(112_654.08, abs=1e-9) == 70 * MILE_M


def test_ecef_of_known_places() -> None:
    """Put the equator at a, the poles at b, and grow an axis of three."""
    xyz = geodesy.ecef([0.0, 90.0, 180.0, 77.0], [0.0, 0.0, 0.0, 90.0])
    a, b = 6_378_137.0, 6_356_752.314245179
    expected = [[a, 0, 0], [0, a, 0], [-a, 0, 0], [0, 0, b]]
    np.testing.assert_allclose(xyz, expected, atol=1e-8)


def test_distance_of_a_known_pair() -> None:
    """Agree with GeographicLib on Basel to Lörrach."""
    assert geodesy.distance_m(7.5886, 47.5596, 7.6614, 47.6156) == pytest.approx(8291.619, abs=5e-4)


def test_distance_broadcasts() -> None:
    """Measure one point against many without copies of it."""
    result = geodesy.distance_m(0.0, 0.0, np.array([[0.0], [1.0]]), np.array([0.0, 1.0, 2.0]))
    assert result.shape == (2, 3)
    assert result[0, 0] == 0


def test_distance_leaves_its_input_alone() -> None:
    """Write to copies: pyproj works in place on the arrays that it is given."""
    lon, lat = np.array([10.0, 20.0]), np.array([50.0, 60.0])
    geodesy.distance_m(lon, lat, 0.0, 0.0)
    assert lon.tolist() == [10.0, 20.0]
    assert lat.tolist() == [50.0, 60.0]


def test_missing_coordinates_are_nowhere() -> None:
    """Give NaN for a distance to nowhere, and let nothing be within it."""
    lon = np.array([np.nan, 0.0, 0.0])
    lat = np.array([0.0, np.nan, 0.0])
    assert np.isnan(geodesy.distance_m(lon, lat, 0.0, 0.0)).tolist() == [True, True, False]
    assert geodesy.within(lon, lat, 0.0, 0.0, 1e7).tolist() == [False, False, True]


def test_distance_across_180_degrees() -> None:
    """See Taveuni and Savusavu 45 miles apart, not once round the globe."""
    metres = geodesy.distance_m(179.341, -16.8028, -179.983, -16.796)
    assert metres / MILE_M == pytest.approx(44.7788, abs=5e-5)


def test_poles_have_every_longitude() -> None:
    """Let the longitude of a pole mean nothing."""
    assert geodesy.distance_m(-120.0, 90.0, 33.0, 90.0) < 1e-8
    assert geodesy.within(-120.0, -90.0, 33.0, -90.0, 0.0)


@pytest.mark.parametrize("azimuth", [0, 45, 90, 135, 180, 270])
@pytest.mark.parametrize("place", [(-94.5786, 39.0997), (180.0, -16.5), (0.0, 89.9), (12.0, -90.0)])
@pytest.mark.parametrize(
    ("offset_m", "inside"),
    [(0, True), (0.0005, True), (0.0009, True), (0.0011, False), (0.002, False), (1, False)],
)
def test_the_limit_is_included_with_a_millimetre(
    place: tuple[float, float], azimuth: float, offset_m: float, *, inside: bool
) -> None:
    """Hold the limit itself, and 1 mm for rounding, for within; and nothing beyond."""
    lon, lat = moved(*place, azimuth, US_LIMIT_M + offset_m)
    assert geodesy.within(*place, lon, lat, US_LIMIT_M) == inside


def test_the_limit_is_included_to_the_last_bit() -> None:
    """Hold a pair whose distance is the limit with its millimetre, bit for bit; one less is out."""
    pairs = np.random.default_rng(5).uniform(-80, 80, (200, 4))
    exact = geodesy.distance_m(*pairs.T)
    limit = exact - geodesy.ROUNDING_M
    same = limit + geodesy.ROUNDING_M == exact
    assert same.sum() > 50
    assert geodesy.within(*pairs[same].T, limit[same]).all()
    less = np.nextafter(limit, 0)
    out = less + geodesy.ROUNDING_M < exact
    assert not geodesy.within(*pairs[out].T, less[out]).any()


def test_within_of_nothing() -> None:
    """Include a point in a limit of nothing round itself, and not what is 2 mm off."""
    lon, lat = moved(8.0, 47.0, 30.0, 0.002)
    assert geodesy.within(8.0, 47.0, 8.0, 47.0, 0.0)
    assert not geodesy.within(8.0, 47.0, lon, lat, 0.0)


def test_within_takes_a_limit_for_each_pair() -> None:
    """Judge each pair by its own limit."""
    lon, lat = moved(8.0, 47.0, 90.0, 100_000)
    assert geodesy.within(8.0, 47.0, lon, lat, [99_999, 100_000]).tolist() == [False, True]


def test_within_reaches_round_the_globe() -> None:
    """Decide limits of half the globe, where no chord can, by the geodesic."""
    far = karney_m(0.0, 0.0, 179.9, 0.3)
    result = geodesy.within(0.0, 0.0, 179.9, 0.3, [far - 0.01, far, 2.1e7])
    assert result.tolist() == [False, True, True]


def test_bounds_lie_three_centimetres_apart_at_70_miles() -> None:
    """Leave only a sliver in doubt, as the module says."""
    inner, outer = geodesy.chord_limits_m(US_LIMIT_M)
    assert 0 < outer - inner < 0.035


def test_upper_bound_is_infinite_near_the_antipode() -> None:
    """Promise nothing where the chord is longer than the smallest ball."""
    chord = geodesy.chord_m(geodesy.ecef(0.0, 0.0), geodesy.ecef(180.0, 0.0))
    assert geodesy.most_m(chord) == np.inf


def test_rival_chord_is_longer_but_hardly() -> None:
    """Ask for no more rivals than could win: 3 cm at 70 miles."""
    chord = np.array([0.0, 1.0, 112_000.0])
    rival = geodesy.rival_chord_m(chord)
    assert (rival > chord).all()
    assert (rival - chord < 0.035).all()


def test_arc_of_nothing_is_nothing() -> None:
    """Give 0 for a point and itself, where the arc has no direction, and warn of nothing."""
    point = geodesy.ecef([0.0, 77.0], [0.0, -90.0])
    assert geodesy.arc_m(point, point).tolist() == [0.0, 0.0]


def test_coordinates_in_space_are_those_of_proj() -> None:
    """Agree with PROJ to 10 nm everywhere, poles and 180 degrees included, and give NaN for NaN."""
    random = np.random.default_rng(9)
    lon = np.append(random.uniform(-180, 180, 10_000), [180, -180, 0, 77, -90, 0])
    lat = np.append(random.uniform(-90, 90, 10_000), [10, 10, 90, -90, 0, -90])
    to_space = Transformer.from_crs("EPSG:4979", "EPSG:4978", always_xy=True)
    expected = np.stack(to_space.transform(lon, lat, np.zeros_like(lon)), axis=-1)
    np.testing.assert_allclose(geodesy.ecef(lon, lat), expected, rtol=0, atol=1e-8)
    assert np.isnan(geodesy.ecef(np.nan, np.nan)).all()


def test_the_arc_to_nobody_is_no_distance() -> None:
    """Give NaN, without a warning, to a point that is infinitely far."""
    assert np.isnan(geodesy.arc_m(geodesy.ecef([8.0], [47.0]), np.full((1, 3), np.inf))).all()


def test_points_from_half_angles_are_as_exact_as_sines() -> None:
    """Agree with sine and cosine within 10 nanometres: everywhere, at 180 degrees and the poles."""
    lon = np.array([0, 1e-9, 7.5, 45, 90, 90 + 1e-9, 135, 180 - 1e-9, 180.0])
    lon, lat = np.meshgrid(np.concatenate([lon, -lon]), np.array([-90, -89.99, 0, 45, 47.3, 90.0]))
    lam, phi = np.radians(lon), np.radians(lat)
    normal = geodesy.EQUATOR_M / np.sqrt(1 - geodesy.ECCENTRICITY2 * np.sin(phi) ** 2)
    flat = normal * np.cos(phi)
    up = (1 - geodesy.ECCENTRICITY2) * normal * np.sin(phi)
    wanted = np.stack([flat * np.cos(lam), flat * np.sin(lam), up], axis=-1)
    np.testing.assert_allclose(geodesy.ecef(lon, lat), wanted, rtol=0, atol=1e-8)
