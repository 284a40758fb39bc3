"""Every function that takes a frame reprojects it, or refuses it in words."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from roads import TOWN

import coverage_analyzer as ca
from coverage_analyzer import geometry
from coverage_analyzer.errors import InputError

CRSS = ("EPSG:3857", "EPSG:2056", "EPSG:4269")
"""Metres of the web, metres of Switzerland, degrees of another datum."""


LI: dict[str, Any] = {"country": "LI", "trust_declared": True, "as_of": "2026-12-01"}


@pytest.fixture(autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep networks of tests where tests are."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path_factory.getbasetemp() / "roads"))


@pytest.fixture(scope="module")
def frame_in() -> dict[str, Any]:
    """Give sites, centers, verdicts and areas in degrees."""
    points = gpd.points_from_xy([9.52], [47.12])
    cells = {"center_id": ["TOWN"], "country": ["LI"]}
    centers = gpd.GeoDataFrame(cells, geometry=points, crs=4326)
    lon, lat = [9.51, 9.60, 9.50], [47.12, 47.12, 47.06]
    cells = {"site_id": ["near", "ferry", "field"], "country": ["LI"] * 3}
    sites = gpd.GeoDataFrame(cells, geometry=gpd.points_from_xy(lon, lat), crs=4326)
    verdicts = ca.assess(sites, centers, as_of="2026-12-01", trust_declared=True)
    return {
        "centers": centers,
        "sites": sites,
        "verdicts": verdicts,
        "covered": ca.coverage_areas(centers, as_of="2026-12-01", trust_declared=True),
    }


USES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "assess": lambda g: ca.assess(
        g["sites"], g["centers"], as_of="2026-12-01", trust_declared=True
    )["distance_miles"].tolist(),
    "coverage_areas": lambda g: ca.coverage_areas(
        g["centers"], as_of="2026-12-01", trust_declared=True
    )["area_km2"].tolist(),
    "explain": lambda g: ca.explain(g["centers"], latitude=47.12, longitude=9.51, **LI).to_dict()[
        "center"
    ]["distance_miles"],
    "timeline": lambda g: ca.timeline(
        g["sites"], g["centers"], start="2026-12-01", end="2026-12-31", trust_declared=True
    )["level"].tolist(),
    "coverage_map": lambda g: ca.coverage_map(g["verdicts"], g["centers"], g["covered"]).html(),
    "drive_times": lambda g: (
        ca.drive_times(g["verdicts"], g["centers"], TOWN, minutes=15)["minutes"].fillna(-1).tolist()
    ),
    "service_areas": lambda g: shapely.area(
        ca.service_areas(g["centers"], TOWN, minutes=15).geometry.to_numpy()
    ).tolist(),
    "commitments": lambda g: ca.commitments(
        pd.DataFrame(
            {
                "request_id": ["R"],
                "site_id": ["near"],
                "authorised_at": ["2026-12-01T10:00"],
            }
        ),
        g["sites"],
        g["centers"],
        trust_declared=True,
    )["due_at"].tolist(),
}


def equal(one: Any, other: Any) -> bool:
    """Return whether two results are the same, numbers to a part in a million."""
    if isinstance(one, list) and one and isinstance(one[0], float):
        return bool(np.allclose(one, other, rtol=1e-6))
    if isinstance(one, float):
        return bool(np.isclose(one, other, rtol=1e-6))
    if isinstance(one, str):
        return abs(len(one) - len(other)) < 200  # a page with coordinates of its own rounding
    return bool(one == other)


@pytest.mark.parametrize("crs", CRSS)
@pytest.mark.parametrize("name", USES)
def test_any_crs_gives_the_same(frame_in: dict[str, Any], name: str, crs: str) -> None:
    """Frames in metres, or degrees of another datum, are reprojected."""
    moved = {key: frame.to_crs(crs) for key, frame in frame_in.items()}
    assert equal(USES[name](moved), USES[name](frame_in))


@pytest.mark.parametrize("name", USES)
def test_a_frame_without_a_crs_is_refused(frame_in: dict[str, Any], name: str) -> None:
    """Its numbers may be degrees of another datum: none of the functions guesses."""
    naive = {key: frame.set_crs(None, allow_override=True) for key, frame in frame_in.items()}
    with pytest.raises(InputError, match=r"no CRS.*set_crs.*EPSG:4326"):
        USES[name](naive)


def test_numbers_that_cannot_be_degrees_are_told_so(frame_in: dict[str, Any]) -> None:
    """Metres without a CRS are not told to be EPSG:4326."""
    metres = frame_in["sites"].to_crs("EPSG:3857").set_crs(None, allow_override=True)
    with pytest.raises(InputError, match="not degrees"):
        ca.assess(metres, frame_in["centers"], trust_declared=True)


@pytest.mark.parametrize("crs", CRSS)
def test_unserved_areas_in_any_crs(frame_in: dict[str, Any], crs: str) -> None:
    """Areas in metres of the web once came out as 62 billion km2, with nothing subtracted."""
    served = ca.service_areas(frame_in["centers"], TOWN, minutes=15)
    expected = ca.unserved_areas(frame_in["covered"], served)
    for covered, reached in (
        (frame_in["covered"].to_crs(crs), served),
        (frame_in["covered"], served.to_crs(crs)),
        (frame_in["covered"].to_crs(crs), served.to_crs(crs)),
    ):
        result = ca.unserved_areas(covered, reached)
        assert result.crs == "EPSG:4326"
        assert result["kind"].tolist() == expected["kind"].tolist()
        assert np.allclose(result["area_km2"], expected["area_km2"], rtol=1e-3)


def test_unserved_areas_refuse_what_they_cannot_place(frame_in: dict[str, Any]) -> None:
    """No CRS, numbers beyond the globe, points, no geometry, a frame of pandas."""
    served = ca.service_areas(frame_in["centers"], TOWN, minutes=15)
    covered = frame_in["covered"]
    naive = covered.set_crs(None, allow_override=True)
    beyond = covered.to_crs(3857).set_crs(4326, allow_override=True)
    points = covered.set_geometry(covered.geometry.representative_point())
    plain = pd.DataFrame(covered.drop(columns="geometry"))
    for frame, words in (
        (naive, "no CRS"),
        (beyond, "not polygons on the globe"),
        (points, "not polygons on the globe"),
        (gpd.GeoDataFrame(plain), "no active geometry"),
        (plain, "not a GeoDataFrame"),
    ):
        with pytest.raises(InputError, match=words):
            ca.unserved_areas(frame, served)
    with pytest.raises(InputError, match="no CRS"):
        ca.unserved_areas(covered, served.set_crs(None, allow_override=True))


def test_service_areas_out_of_a_file_want_the_roads(
    frame_in: dict[str, Any], tmp_path: Path
) -> None:
    """A file of GIS keeps no .attrs: then the roads say where there are any."""
    served = ca.service_areas(frame_in["centers"], TOWN, minutes=15)
    served.to_file(tmp_path / "served.gpkg", driver="GPKG")
    again = gpd.read_file(tmp_path / "served.gpkg")
    with pytest.raises(InputError, match="which describe the roads"):
        ca.unserved_areas(frame_in["covered"], again)
    result = ca.unserved_areas(frame_in["covered"], again, TOWN)
    expected = ca.unserved_areas(frame_in["covered"], served)
    assert np.allclose(result["area_km2"], expected["area_km2"], rtol=1e-6)
    served.to_parquet(tmp_path / "served.parquet")
    kept = gpd.read_parquet(tmp_path / "served.parquet")
    assert len(ca.unserved_areas(frame_in["covered"], kept)) == len(expected)


def test_unserved_areas_keep_their_rows_and_their_input(frame_in: dict[str, Any]) -> None:
    """Columns and labels stay; what lies off the roads is no_road_data, never unserved."""
    served = ca.service_areas(frame_in["centers"], TOWN, minutes=15)
    covered = frame_in["covered"].set_index(pd.Index(["row"]))
    kept = covered.copy(deep=True)
    result = ca.unserved_areas(covered, served)
    pd.testing.assert_frame_equal(covered, kept)
    assert result.index.tolist() == ["row", "row"]
    assert set(covered.columns) | {"kind", "minutes"} == set(result.columns)
    unserved, unknown = result.geometry
    assert not unserved.intersects(shapely.Point(9.50, 47.06))  # a field, 4 km from any road
    assert unknown.contains(shapely.Point(9.50, 47.06))
    assert unknown.contains(shapely.Point(9.50, 46.70))


@pytest.mark.parametrize("crs", ["EPSG:4978", 'LOCAL_CS["hall 3",UNIT["metre",1]]'])
@pytest.mark.parametrize("name", ["sites", "centers", "covered"])
def test_a_crs_without_places_is_refused(frame_in: dict[str, Any], name: str, crs: str) -> None:
    """Geocentric metres and the plan of a building: PROJ takes them to some place, here Gabon."""
    frames = frame_in | {name: frame_in[name].set_crs(crs, allow_override=True)}
    served = ca.service_areas(frame_in["centers"], TOWN, minutes=15)
    with pytest.raises(InputError, match="is not a location"):
        _ = (
            ca.assess(frames["sites"], frames["centers"]),
            ca.unserved_areas(frames["covered"], served),
        )


@pytest.mark.parametrize("collecting", [True, False])
def test_making_points_leaves_garbage_collection_as_it_was(*, collecting: bool) -> None:
    """Turn the collector on again where it was on, also after an error, and nowhere else."""
    before = gc.isenabled()
    try:
        (gc.enable if collecting else gc.disable)()
        assert geometry.points(np.array([7.5]), np.array([47.5])).tolist() == [
            shapely.Point(7.5, 47.5)
        ]
        with pytest.raises(TypeError):
            geometry.points(np.array(["east"]), np.array([47.5]))
        assert gc.isenabled() == collecting
    finally:
        (gc.enable if before else gc.disable)()
