"""Coverage areas and the map."""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa

from coverage_analyzer import arrays, countries
from coverage_analyzer.countries import ATTRIBUTION as CREDIT
from coverage_analyzer.countries.assignment import Convention, assign_country
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.files import own_columns
from coverage_analyzer.files.atomic import replacing
from coverage_analyzer.files.outputs import PAGE, kind_of
from coverage_analyzer.files.readers.spatial import WGS84
from coverage_analyzer.frames.columns import (
    assessed_day,
    centers_of,
    credited,
    known_columns,
    need,
    policy_of,
    positions,
    texts,
)
from coverage_analyzer.frames.crs import areas_wgs84
from coverage_analyzer.frames.dated import DatedFrame
from coverage_analyzer.geometry import area_km2
from coverage_analyzer.maps import page_data
from coverage_analyzer.maps.sites import Details, DrawnSites, Drive
from coverage_analyzer.matching import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.lead_times import with_opening_windows
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import SITES
from coverage_analyzer.schema.days import day, today
from coverage_analyzer.schema.verdict import VERDICT, names_in

if TYPE_CHECKING:
    from coverage_analyzer.maps.folium_map import CoverageMap


def coverage_areas(
    centers: pd.DataFrame,
    policy: Policy | str = DEFAULT,
    *,
    as_of: datetime.date | str | None = None,
    merge: Literal["union", "depth"] | None = None,
    trust_declared: bool = False,
) -> gpd.GeoDataFrame:
    """Return the area that each center may serve: a geodesic disc clipped to its country.

    Parameters
    ----------
    centers
        As returned by `read_centers`.
    policy
        A policy, or the name of a built-in one.
    as_of
        The day of the assessment, by default today in UTC; centers closed on it have no area.
    merge
        ``union`` merges the areas of each country, ``depth`` splits them by the number that
        overlap.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates. Borders
        then do not limit what a center may serve, and the discs are not clipped.

    Returns
    -------
    areas
        One row per center and band (or, merged, per country, or country and ``depth``), polygons in
        EPSG:4326, split at 180, with ``area_km2`` on the ellipsoid and ``area_square_miles``.
        Boundaries are within 5 m of the true circle; the rule itself uses distances (`assess`).
        ``.attrs["attribution"]`` is the attribution to show with them.

    Raises
    ------
    InputError
        If the centers cannot be used, or a limit is too large to draw.
    PolicyError
        If the policy is unknown.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> swiss = centers[centers["country"] == "CH"]
    >>> areas = ca.coverage_areas(swiss, as_of="2026-12-01")
    >>> areas[["center_id", "limit_miles"]].to_numpy().tolist()
    [['CH-BSL-1', 50.0], ['CH-GVA-1', 50.0], ['CH-ZRH-1', 50.0]]
    >>> areas["area_km2"].round().tolist()  # cut at the border: a whole disc has 20,342 km2
    [8826.0, 4213.0, 14623.0]
    >>> areas.crs.to_string(), areas.attrs["attribution"] == ca.countries.ATTRIBUTION
    ('EPSG:4326', True)
    """
    rules, world, network = policy_of(policy), countries.load(), centers_of(centers)
    convention = rules.convention(world.names, trust_declared=trust_declared)
    country = network.assigned_countries(world, convention)
    network = with_opening_windows(network, rules, country, world.names)
    on_day = np.datetime64(day(as_of) or today(), "D")
    result = areas.areas(network, country, rules, world, on_day, trust_declared=trust_declared)
    if merge is None:
        rows = list(areas.properties(result, network, country, world.names))
        frame = pd.DataFrame(rows, columns=list(areas.names(result)))
        frame["opens_on"] = pd.to_datetime(frame["opens_on"])
        return credited(DatedFrame(frame, geometry=result.geometry, crs=WGS84), CREDIT)
    parts: list[tuple[int, int | None, Any]] = list(areas.overlap_depth(result, country))
    if merge == "union":
        parts = [(n, None, g) for n, g in areas.union_by_country(result, country).items()]
    geometry = np.array([g for _, _, g in parts], object)
    km2 = area_km2(geometry)
    frame = pd.DataFrame(
        {
            "country": [world.names.codes[n] for n, _, _ in parts],
            "depth": [depth for _, depth, _ in parts],
            "area_km2": km2,
            "area_square_miles": km2 / areas.SQUARE_MILE_KM2,
        }
    )
    unused = ["depth"] if merge == "union" else []
    merged = DatedFrame(frame.drop(columns=unused), geometry=geometry, crs=WGS84)
    return credited(merged, CREDIT)


def coverage_map(
    verdicts: pd.DataFrame,
    centers: pd.DataFrame,
    covered: gpd.GeoDataFrame | None = None,
    *,
    title: str = "",
    columns: Sequence[str] = (),
) -> "CoverageMap":
    """Return a map of verdicts, centers and coverage areas.

    Parameters
    ----------
    verdicts
        As returned by `assess`.
    centers
        As returned by `read_centers`.
    covered
        As returned by `coverage_areas`, not merged, in any CRS; by default no areas are drawn.
    title
        Title of the map; by default that of the policy.
    columns
        Own columns of the verdicts to show of a site; by default none, since maps are sent on.

    Returns
    -------
    map
        Shows inline in a notebook; ``.save(path)`` writes one HTML file that works offline. It is a
        folium map, so folium layers can be added.

    Raises
    ------
    InputError
        If the frames are of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> import coverage_analyzer as ca
    >>> centers = ca.read_centers("data/service_centers.csv")
    >>> sites = pd.DataFrame(
    ...     {"site_id": ["Loerrach", "Boise"], "country": ["DE", "US"],
    ...      "latitude": [47.6145, 43.615], "longitude": [7.6645, -116.2023]}
    ... )
    >>> verdicts = ca.assess(sites, centers, as_of="2026-12-01")
    >>> areas = ca.coverage_areas(centers[centers["country"] == "DE"], as_of="2026-12-01")
    >>> page = ca.coverage_map(verdicts, centers, areas, title="December")  # shown in a notebook
    >>> page.html().startswith("<!DOCTYPE html>")  # page.save("coverage.html") writes it
    True
    """
    from coverage_analyzer.maps.folium_map import CoverageMap

    return CoverageMap(map_data(verdicts, centers, covered, title=title, own=columns), _write_page)


def _write_page(path: Path, page: bytes) -> None:
    """Write a map to a file.

    Raises
    ------
    InputError
        If the name has the extension of another kind of file.
    PublishError
        If it cannot be written.
    """
    kind_of(path, PAGE, what="The map is", default=PAGE[0])
    with replacing(path) as part:
        part.write_bytes(page)


def map_data(
    verdicts: pd.DataFrame,
    centers: pd.DataFrame,
    covered: gpd.GeoDataFrame | None,
    *,
    title: str = "",
    own: Sequence[str] = (),
) -> page_data.Payload:
    """Return the data of a map of verdicts, centers and areas, as drawn by `coverage_map`.

    Raises
    ------
    InputError
        If the frames are of another kind.
    """
    need(verdicts, VERDICT, "verdicts", "assess()")
    lon, lat = positions(verdicts, "verdicts")
    header_of = known_columns(verdicts, SITES)
    ours = names_in([str(header) for header in verdicts.columns])
    plain = pa.Table.from_pandas(pd.DataFrame(verdicts[list(ours)]), preserve_index=False)
    columns = {name: plain.column(name).combine_chunks() for name in ours}
    rows = [str(label) for label in verdicts.index]
    site_id, name = (
        texts(verdicts, header_of[n]).to_pylist() if n in header_of else spare
        for n, spare in (("site_id", rows), ("name", [""] * len(rows)))
    )
    headers = [str(header) for header in verdicts.columns if header not in ours]
    own_columns.check(own, headers, "The frame of verdicts")
    map_sites = DrawnSites(own)
    details = Details([texts(verdicts, header) for header in own], _drive(verdicts))
    map_sites.add(lon, lat, arrays.text_array(site_id), arrays.text_array(name), columns, details)
    attrs = verdicts.attrs
    world, network = countries.load(), with_windows(centers_of(centers), attrs)
    check_network(verdicts, network)
    map_centers = page_data.Network(
        network,
        _told_countries(network, world),
        None if covered is None else areas_of(covered, network),
        np.datetime64(assessed_day(verdicts), "D"),
        same_country=attrs.get("same_country", True),
    )
    heading = page_data.Heading(
        attrs.get("policy_title", "Coverage"),
        attrs.get("policy_promise", ""),
        attrs.get("rejected", 0),
        title,
    )
    return page_data.payload(heading, map_sites, map_centers, world.names)


def _drive(verdicts: pd.DataFrame) -> Drive | None:
    """Return the drives that `drive_times` has added, if any."""
    if "road_status" not in verdicts:
        return None
    minutes, miles = (
        pd.to_numeric(verdicts[name]).to_numpy(np.float64, na_value=np.nan)
        for name in ("minutes", "road_miles")
    )
    return Drive(minutes, miles)


def check_network(verdicts: pd.DataFrame, centers: Centers) -> None:
    """Raise if verdicts name a center that is not among the given ones.

    Raises
    ------
    InputError
        With the ids.
    """
    ids = dict.fromkeys(filter(None, texts(verdicts, "center_id").to_pylist()))
    strange = [center_id for center_id in ids if center_id not in centers.center_id]
    if strange:
        names = ", ".join(map(repr, strange[:5])) + (" ..." if len(strange) > 5 else "")
        msg = (
            f"The verdicts refer to {quantity(len(strange), 'center')} not among the given ones: "
            f"{names}. Give the centers used for the verdicts."
        )
        raise InputError(msg)


def with_windows(centers: Centers, attrs: Mapping[Any, Any]) -> Centers:
    """Return centers with the opening windows that the verdicts used."""
    earliest, opens = centers.earliest_on.copy(), centers.opens_on.copy()
    for center_id, window in attrs.get("opening_windows", {}).items():
        if center_id in centers.center_id:
            i = centers.center_id.index(center_id)
            earliest[i], opens[i] = (np.datetime64(text, "D") for text in window)
    return dataclasses.replace(centers, earliest_on=earliest, opens_on=opens)


def _told_countries(centers: Centers, world: countries.Countries) -> countries.Numbers:
    """Return the country shown for each center: the declared one, or its location.

    Whether it applies was decided with the verdicts, by a policy unknown to the map.
    """
    fold = np.arange(len(world.names.codes), dtype=np.int16)
    declared = world.names.numbers(centers.country)
    convention = Convention(fold, trust_declared=True)
    return assign_country(centers.lon, centers.lat, declared, world, convention)[0]


def areas_of(frame: gpd.GeoDataFrame, centers: Centers) -> areas.Areas:
    """Convert a frame of `coverage_areas` to the kernel's areas.

    Raises
    ------
    InputError
        If it is not such a frame, or has other centers.
    """
    needed = ("center_id", "level", "above_miles", "limit_miles", "planned", "area_km2")
    need(frame, needed, "areas", "coverage_areas()")
    position = {center_id: i for i, center_id in enumerate(centers.center_id)}
    center_ids = texts(frame, "center_id").to_pylist()
    strange = [c for c in center_ids if c not in position]
    if strange:
        msg = f"The areas belong to other centers: {strange[0]!r} is not among the given ones."
        raise InputError(msg)
    return areas.Areas(
        center=np.array([position[c] for c in center_ids], np.int64),
        level=tuple(frame["level"]),
        above_miles=frame["above_miles"].to_numpy(np.float64),
        limit_miles=frame["limit_miles"].to_numpy(np.float64),
        planned=frame["planned"].to_numpy(np.bool_),
        geometry=areas_wgs84(frame, "areas"),
        km2=frame["area_km2"].to_numpy(np.float64),
        area=tuple(frame["area"]) if "area" in frame else ("",) * len(frame),
        unit="km" if "limit_km" in frame else "miles",
    )
