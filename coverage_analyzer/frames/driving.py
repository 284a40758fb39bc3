"""Verdicts looked at by road, and what is reached from centers in a time."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_analyzer import areas, tables
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.spatial import WGS84
from coverage_analyzer.frames.columns import centers_of, need, numbers, positions, texts
from coverage_analyzer.frames.drawing import check_network
from coverage_analyzer.frames.reporting import rules_of
from coverage_analyzer.matching import Reason, Status
from coverage_analyzer.online.roads import drives, ruling
from coverage_analyzer.online.roads.drives import MINUTES, check_minutes, engine_of
from coverage_analyzer.online.roads.engine import Engine, Places
from coverage_analyzer.online.roads.network import Network
from coverage_analyzer.policy import Policy


def drive_times(
    verdicts: pd.DataFrame,
    centers: pd.DataFrame,
    network: str | Path | Network | Engine,
    *,
    minutes: float = MINUTES,
    policy: Policy | str | None = None,
) -> pd.DataFrame:
    """Look at verdicts by road, from the center that each names to its site.

    Parameters
    ----------
    verdicts
        As `assess` gives them.
    centers
        Those that the sites were judged by.
    network
        A file of roads (``.osm.pbf``, ``.osm``, ``.graphml``), a network, or an engine.
    minutes
        How long a drive may take.
    policy
        The one that the verdicts are by; needed if it is not built in.

    Returns
    -------
    verdicts
        The same rows with ``level``, ``status`` and ``reason`` as roads leave them, and
        ``minutes``, ``road_miles`` (fastest way), ``detour_factor`` (over ``distance_miles``),
        ``ferry``, ``snap_m`` (from the site to its road) and ``road_status``: ``within``,
        ``over_budget``, ``unreachable``, ``unsnapped`` or ``outside_network``; missing where a
        site has no center. A promise never rises, unless the policy counts miles by road; what
        goes to ``review`` wants a second look. The input is not changed.

    Raises
    ------
    InputError
        If these are no verdicts, name other centers, or the roads or the time cannot be used.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    need(verdicts, tables.VERDICT, "verdicts", "assess()")
    check_minutes(minutes)
    rules, places = rules_of(verdicts, policy), centers_of(centers)
    check_network(verdicts, places)
    at = {center_id: n for n, center_id in enumerate(places.center_id)}
    chosen = np.array([at.get(c, -1) for c in texts(verdicts, "center_id").to_pylist()], np.int64)
    found = drives.drive_times(
        engine_of(network),
        Places(places.lon, places.lat),
        Places(*positions(verdicts, "verdicts")),
        (chosen, numbers(verdicts, "distance_miles")),
        minutes=minutes,
    )
    after = ruling.ruled(_rows(verdicts, rules), rules, found.status, found.road_miles)
    result = verdicts.copy()
    result["level"] = pd.array([rules.titles[n] for n in after.level], "string")
    result["status"] = pd.array([Status(n).name for n in after.status], "string")
    result["reason"] = pd.array([Reason(n).name for n in after.reason], "string")
    columns = found.columns()
    for name in tables.DRIVE_TIMES[2:]:
        result["road_status" if name == "status" else name] = columns[name]
    result.loc[chosen < 0, "road_status"] = None
    return result


def _rows(verdicts: pd.DataFrame, rules: Policy) -> ruling.Rows:
    """Return the columns of verdicts that roads can change, as numbers."""
    titles = {title: n for n, title in reversed(list(enumerate(rules.titles)))}
    known = {"level": titles, "status": Status.__members__, "reason": Reason.__members__}
    codes = {
        name: np.array([table[text] for text in texts(verdicts, name).to_pylist()], np.int8)
        for name, table in known.items()
    }
    return ruling.Rows(
        **codes,
        country=np.array(texts(verdicts, "site_country").to_pylist(), object),
        limit_miles=numbers(verdicts, "limit_miles"),
        margin_miles=numbers(verdicts, "margin_miles"),
        in_reach=numbers(verdicts, "centers_in_reach"),
    )


def service_areas(
    centers: pd.DataFrame,
    network: str | Path | Network | Engine,
    *,
    minutes: float | list[float] = MINUTES,
) -> gpd.GeoDataFrame:
    """Return what each center reaches by road in a time (isochrones).

    Parameters
    ----------
    centers
        As `read_centers` gives them.
    network
        A file of roads, a network, or an engine.
    minutes
        One time, or several.

    Returns
    -------
    areas
        One row a center and time: ``center_id``, ``name``, ``minutes``, and a valid (multi)polygon
        in EPSG:4326, split at 180: all that lies within a kilometre of a road that is reached. It
        is empty where a center is on no road of the network.

    Raises
    ------
    InputError
        If the centers, the roads or a time cannot be used.
    MissingExtraError
        If the extra ``roads`` is not installed.
    """
    times = minutes if isinstance(minutes, list) else [minutes]
    for time in times:
        check_minutes(time)
    places, engine = centers_of(centers), engine_of(network)
    rows = [(n, time) for n in range(len(places)) for time in times]
    frame = pd.DataFrame(
        {
            "center_id": [places.center_id[n] for n, _ in rows],
            "name": [places.name[n] for n, _ in rows],
            "minutes": [float(time) for _, time in rows],
        }
    )
    shapes = [engine.isochrone(places.lon[n], places.lat[n], time) for n, time in rows]
    return gpd.GeoDataFrame(frame, geometry=shapes, crs=WGS84)


def unserved_areas(covered: gpd.GeoDataFrame, served: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the part of each coverage area that its center does not reach by road in time.

    Parameters
    ----------
    covered
        As `coverage_areas` gives them, not merged.
    served
        As `service_areas` gives them, for one time.

    Returns
    -------
    areas
        The rows of ``covered`` that have such a part, with ``minutes``, ``area_km2`` and
        ``area_square_miles`` of it. Of centers that are on no road of the network nothing is
        known: they are left out.

    Raises
    ------
    InputError
        If a frame is none of these, or ``served`` has several times.
    """
    need(covered, ("center_id", "area_km2"), "coverage areas", "coverage_areas()")
    need(served, ("center_id", "minutes"), "service areas", "service_areas()")
    if len(set(served["minutes"])) > 1:
        msg = "The service areas are for several times; take one: served[served.minutes == 240]."
        raise InputError(msg)
    on_map = served[~served.geometry.is_empty]
    reached = dict(zip(on_map["center_id"], on_map.geometry, strict=True))
    known = covered[covered["center_id"].isin(list(reached))]
    left = [
        shapely.difference(area, reached[center_id])
        for center_id, area in zip(known["center_id"], known.geometry, strict=True)
    ]
    result = known.set_geometry(left, crs=covered.crs)
    result["minutes"] = float(served["minutes"].iloc[0]) if len(served) else np.nan
    result["area_km2"] = areas.area_km2(result.geometry.to_numpy())
    result["area_square_miles"] = result["area_km2"] / areas.SQUARE_MILE_KM2
    return result[~result.geometry.is_empty]
