"""Recheck verdicts by road, and calculate what centers reach in a time."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from coverage_analyzer import countries
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.spatial import WGS84
from coverage_analyzer.frames._map import check_network
from coverage_analyzer.frames.columns import (
    assessed_day,
    centers_of,
    credited,
    need,
    numbers,
    positions,
    rules_of,
    texts,
)
from coverage_analyzer.frames.crs import areas_wgs84
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.geometry import area_km2
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.roads import recheck
from coverage_analyzer.roads.drive_times import Near, discard_results, open_engine, road_area
from coverage_analyzer.roads.engine import Engine, Places
from coverage_analyzer.roads.fastest import moved
from coverage_analyzer.roads.isochrones import parts_not_served
from coverage_analyzer.roads.limits import drive_limits, many_minutes
from coverage_analyzer.roads.measurement import Measurement, ServingCenters
from coverage_analyzer.roads.needed_drives import (
    KEPT_REACH,
    drive_options,
    measured_drives,
    near_centers,
)
from coverage_analyzer.roads.network import ATTRIBUTION, Network
from coverage_analyzer.schema.verdict import VERDICT, Reason, Status

ROAD_AREA: Final = "road_area"
"""Key in ``.attrs`` of service areas with the area that has roads."""

PART_KINDS: Final = ("unserved", "no_road_data")
"""The kinds of parts of a coverage area returned by `parts_not_served`."""


def drive_times(  # noqa: PLR0913 - verdicts, roads, and how drives are measured
    verdicts: pd.DataFrame,
    centers: pd.DataFrame,
    network: str | Path | Network | Engine,
    *,
    minutes: float | None = None,
    policy: Policy | str | None = None,
    minutes_factor: float = 1.0,
    all_sites: bool = False,
    processes: int = 1,
) -> pd.DataFrame:
    """Recheck verdicts by road, from the center named by each to its site, or the next in reach.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    centers
        The centers used for the assessment.
    network
        A file of roads (``.osm.pbf``, ``.osm``, ``.graphml``), a network, or an engine.
    minutes
        Drive-time limit; by default the delivery clock of the level of each site's band.
    policy
        The policy of the verdicts; required if it is not built in.
    minutes_factor
        Factor on all minutes, for example 1.25 if the roads are slower than their free flow.
    all_sites
        Whether drives are measured that cannot change a verdict, too, such as those of sites beyond
        the limit.
    processes
        Maximum number of processes that search; results do not depend on it.

    Returns
    -------
    verdicts
        The same rows with ``level``, ``status`` and ``reason`` after the recheck, and ``minutes``,
        ``road_miles`` (fastest route), ``detour_factor`` (relative to the geodesic distance),
        ``ferry``, ``snap_m`` (from the site to its road) and ``road_status``: ``within``,
        ``over_budget``, ``unreachable``, ``unsnapped``, ``outside_network``, or ``not_measured``
        where no drive can change the verdict; missing where a site has no center.
        ``limit_minutes`` is the drive-time limit, missing where the level of the band has none.
        ``drive_center_id`` is the center where the drive starts: that of the verdict, or, if that
        is too far by road, the next one in reach that is in time. A level never rises, unless the
        policy uses road distance; sites in ``review`` need manual review. The input is not changed.
        ``.attrs["drive_time_limits"]`` has the limits used, ``.attrs["attribution"]`` the
        attribution to show.

    Raises
    ------
    InputError
        If these are not verdicts, name other centers, the roads, the limit or another number cannot
        be used, or no limit is given and the policy has no delivery clock in hours.
    MissingExtraError
        If the extra ``roads`` is not installed.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/town_centers.csv", trust_declared=True)
    >>> sites = ca.read_sites("data/town_sites.csv")
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01", trust_declared=True)
    >>> looked = ca.drive_times(verdicts, centers, "data/town.osm", minutes=5)
    >>> looked[["site_id", "status", "road_status"]].to_numpy().tolist()[1:3]
    [['south', 'qualified', 'within'], ['ferry', 'review', 'over_budget']]
    >>> looked[["minutes", "road_miles"]].round(1).to_numpy().tolist()[1]
    [4.1, 2.3]
    """
    need(verdicts, VERDICT, "verdicts", "assess()")
    rules, places = rules_of(verdicts, policy), centers_of(centers)
    limits = drive_limits(rules, minutes)
    check_network(verdicts, places)
    at = {center_id: n for n, center_id in enumerate(places.center_id)}
    named = np.array([at.get(c, -1) for c in texts(verdicts, "center_id").to_pylist()], np.int64)
    options = drive_options(minutes_factor, all_sites, processes)
    serving = _serving(verdicts, places, rules)
    engine = open_engine(network, near_centers(serving, rules), options.processes)
    before, sites = _rows(verdicts, rules), Places(*positions(verdicts, "verdicts"))
    drives, chosen = measured_drives(
        Measurement(engine, serving, sites, options.minutes_factor),
        (before, named, numbers(verdicts, "distance_miles")),
        (rules, limits),
        all_sites=options.all_sites,
    )
    discard_results(engine)
    was = recheck.verdicts_before_roads(before, rules)
    after = recheck.apply_drive_times(
        before, rules, drives.status, drives.road_miles, drives.minutes, was
    )
    faster = moved(serving, sites, (before, after), (chosen, drives.minutes), was, rules)
    result = verdicts.copy()
    for name, terms in _texts_of(rules).items():
        old, new = getattr(before, name), getattr(after, name)
        cells = np.array(texts(verdicts, name).to_pylist(), object)
        cells[old != new] = np.array(list(terms), object)[new[old != new]]
        result[name] = pd.array(cells, "string")
    if len(faster.rows):
        ids = np.array(texts(verdicts, "center_id").to_pylist(), object)
        ids[faster.rows] = np.array(places.center_id, object)[faster.center]
        result["center_id"] = pd.array(ids, "string")
        for name, values in faster.distances.items():
            cells = numbers(verdicts, name).copy()
            cells[faster.rows] = values
            result[name] = cells
    columns = drives.columns()
    for name in ("minutes", "road_miles", "detour_factor", "ferry", "snap_m", "status"):
        result["road_status" if name == "status" else name] = columns[name]
    result["snap_m"] = np.where(np.isinf(drives.snap_m), np.nan, drives.snap_m)
    result["limit_minutes"] = columns["limit_minutes"]
    starts = np.append(np.array(places.center_id, object), [None])[drives.center]
    result["drive_center_id"] = pd.array(starts, "string")
    result.loc[chosen < 0, "road_status"] = None
    result.loc[chosen < 0, "limit_minutes"] = np.nan
    result.attrs["drive_time_limits"] = limits.to_dict() | options.to_dict()
    return credited(result, countries.ATTRIBUTION, ATTRIBUTION)


def _texts_of(rules: Policy) -> dict[str, list[str]]:
    """Return the texts of the columns that roads can change, by number."""
    return {
        "level": list(rules.titles),
        "status": [status.name for status in Status],
        "reason": [reason.name for reason in Reason],
    }


def _serving(verdicts: pd.DataFrame, centers: Centers, rules: Policy) -> ServingCenters:
    """Return the centers, with the country assigned to each and whether it is open."""
    world = countries.load()
    trust = bool(verdicts.attrs.get("trust_declared", False))
    number = centers.assigned_countries(world, rules.convention(world.names, trust_declared=trust))
    codes = np.array(world.names.codes, object)
    day = np.datetime64(assessed_day(verdicts), "D")
    return ServingCenters(
        centers.center_id, Places(centers.lon, centers.lat), codes[number], centers.is_open(day)
    )


def _rows(verdicts: pd.DataFrame, rules: Policy) -> recheck.VerdictRows:
    """Return the columns of verdicts that roads can change, as numbers; -1 for other texts."""
    codes = {}
    for name, terms in _texts_of(rules).items():
        number = {text: n for n, text in reversed(list(enumerate(terms)))}
        cells = texts(verdicts, name).to_pylist()
        codes[name] = np.array([number.get(text, -1) for text in cells], np.int8)
    return recheck.VerdictRows(
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
    minutes: float | Iterable[float] | None = None,
    policy: Policy | str = DEFAULT,
) -> gpd.GeoDataFrame:
    """Return the area that each center reaches by road in a time (isochrones).

    Parameters
    ----------
    centers
        As returned by `read_centers`.
    network
        A file of roads, a network, or an engine.
    minutes
        One time, or a sequence of several; by default the delivery clocks of the policy.
    policy
        The policy whose delivery clocks apply if no time is given.

    Returns
    -------
    areas
        One row per center and time: ``center_id``, ``name``, ``minutes``, and a valid
        (multi)polygon in EPSG:4326, split at 180: all places whose road, at most a kilometre away,
        is reached in time. It is empty where a center is on no road of the network. ``.attrs`` has
        ``attribution``, to be shown, and ``road_area``, the area with roads (WKB as hexadecimal
        digits).

    Raises
    ------
    InputError
        If the centers, the roads or a time cannot be used, or no time is given and the policy has
        no delivery clock in hours.
    MissingExtraError
        If the extra ``roads`` is not installed.
    PolicyError
        If there is no such policy.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/town_centers.csv", trust_declared=True)
    >>> served = ca.service_areas(centers, "data/town.osm", minutes=[5, 15])
    >>> served[["center_id", "minutes"]].to_numpy().tolist(), served.crs.to_string()
    ([['TOWN', 5.0], ['TOWN', 15.0]], 'EPSG:4326')
    >>> bool(served.geometry[0].area < served.geometry[1].area)
    True
    """
    rules = Policy.load(policy)
    times = drive_limits(rules).distinct if minutes is None else many_minutes(minutes)
    places = centers_of(centers)
    reach_m = KEPT_REACH * max(band.up_to_m for band in rules.bands)
    near = Near(places.lon, places.lat, np.full(len(places), reach_m))
    engine = open_engine(network, near)
    rows = [(n, time) for n in range(len(places)) for time in times]
    frame = pd.DataFrame(
        {
            "center_id": [places.center_id[n] for n, _ in rows],
            "name": [places.name[n] for n, _ in rows],
            "minutes": [float(time) for _, time in rows],
        }
    )
    shapes = [engine.isochrone(places.lon[n], places.lat[n], time) for n, time in rows]
    result = credited(DatedFrame(frame, geometry=shapes, crs=WGS84), ATTRIBUTION)
    result.attrs[ROAD_AREA] = shapely.to_wkb(road_area(engine), hex=True)
    return result


def unserved_areas(
    covered: gpd.GeoDataFrame,
    served: gpd.GeoDataFrame,
    network: str | Path | Network | Engine | None = None,
) -> gpd.GeoDataFrame:
    """Return the parts of each coverage area that its center does not reach by road in time.

    Parameters
    ----------
    covered
        As returned by `coverage_areas`, not merged, in any CRS.
    served
        As returned by `service_areas`, for one time, in any CRS.
    network
        The roads used for ``served``; required if ``served`` lost its ``.attrs``, as after saving
        to a file.

    Returns
    -------
    areas
        The rows of ``covered`` whose center is in ``served``, up to two each, in EPSG:4326, with
        ``kind``: ``unserved`` where there are roads, but the drive takes too long or no route
        exists; ``no_road_data`` where the network has no road within reach of a place, so that
        nothing is known (the whole area if the center is on no road). ``minutes``, ``area_km2`` and
        ``area_square_miles`` describe the part. ``.attrs["attribution"]`` is the attribution to
        show.

    Raises
    ------
    InputError
        If a frame is of another kind or has no CRS, ``served`` has several times, or the area with
        roads is unknown.
    MissingExtraError
        If a network is given, and the extra ``roads`` is not installed.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/town_centers.csv", trust_declared=True)
    >>> covered = ca.coverage_areas(centers, as_of="2026-12-01", trust_declared=True)
    >>> served = ca.service_areas(centers, "data/town.osm", minutes=5)
    >>> parts = ca.unserved_areas(covered, served)
    >>> parts[["kind", "minutes", "area_square_miles"]].round(1).to_numpy().tolist()
    [['unserved', 5.0, 5.8], ['no_road_data', 5.0, 7842.4]]
    """
    need(covered, ("center_id", "area_km2"), "coverage areas", "coverage_areas()")
    need(served, ("center_id", "minutes"), "service areas", "service_areas()")
    if len(set(served["minutes"])) > 1:
        msg = "The service areas have several times. Choose one: served[served.minutes == 240]."
        raise InputError(msg)
    areas_of, reached_of = areas_wgs84(covered, "areas"), areas_wgs84(served, "service areas")
    roads = _road_area(served, network)
    reached = dict(zip(texts(served, "center_id").to_pylist(), reached_of, strict=True))
    ids = texts(covered, "center_id").to_pylist()
    rows = [n for n, center_id in enumerate(ids) if center_id in reached]
    split = [parts_not_served(areas_of[n], reached[ids[n]], roads) for n in rows]
    at = np.repeat(np.array(rows, np.int64), 2)
    result = covered.iloc[at].set_geometry(
        gpd.GeoSeries([shape for both in split for shape in both], covered.index[at], crs=WGS84)
    )
    result["kind"] = pd.array(list(PART_KINDS) * len(rows), "string")
    result["minutes"] = float(served["minutes"].iloc[0]) if len(served) else np.nan
    result["area_km2"] = area_km2(result.geometry.to_numpy())
    result["area_square_miles"] = result["area_km2"] / areas.SQUARE_MILE_KM2
    return credited(result[~result.geometry.is_empty], countries.ATTRIBUTION, ATTRIBUTION)


def _road_area(served: gpd.GeoDataFrame, network: str | Path | Network | Engine | None) -> Any:
    """Return the area that has roads, from a network or from service areas.

    Raises
    ------
    InputError
        If neither has it.
    """
    if network is not None:
        return road_area(open_engine(network))
    wkb = served.attrs.get(ROAD_AREA)
    if not isinstance(wkb, str):
        msg = (
            "These service areas lost their .attrs, which describe the roads. Give the roads that "
            "they were calculated from: unserved_areas(covered, served, network)."
        )
        raise InputError(msg)
    return shapely.from_wkb(wkb)
