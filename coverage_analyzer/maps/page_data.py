"""Content of the page: its metadata as JSON, and the blocks of its sites."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import shapely

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints, distinct
from coverage_analyzer.countries import ATTRIBUTION, Names, Numbers
from coverage_analyzer.errors import InputError
from coverage_analyzer.geometry import Geometries
from coverage_analyzer.maps import base_cut, base_map
from coverage_analyzer.maps.base_cut import BaseBlock
from coverage_analyzer.maps.first_view import first_view
from coverage_analyzer.maps.packing import UNITS, Block, curve_order, morton
from coverage_analyzer.maps.picture import Scene, picture
from coverage_analyzer.maps.site_columns import Codes, Columns
from coverage_analyzer.maps.sites import DRIVE, GRID, MARKED, STATUSES, DrawnSites, Kept
from coverage_analyzer.maps.what_if import ONE_BY_ONE, WhatIfRules
from coverage_analyzer.matching.areas import Areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.schema.actions import REASON_ACTIONS, STATUS_ACTIONS
from coverage_analyzer.schema.verdict import Reason, Status, verdict_names

DRAWN_DEGREES: Final = 0.0005
"""Simplification of area outlines in degrees, about 50 m; the rule itself uses no outlines."""

ROAD_TEXT: Final = (
    "A center is near enough in a straight line, but by road the drive is too long, no road is "
    "known, or none has been checked."
)
ROAD_ACTION: Final = (
    "Promise no more than the level printed. Confirm the route and the time by hand."
)
"""What sites marked as `theme.ROAD` are, and what to do."""


@dataclass(frozen=True)
class Tiles:
    """A server of map tiles for the background, with its attribution.

    Raises
    ------
    InputError
        If it is not a tile URL.
    """

    url: str
    credit: str

    def __post_init__(self) -> None:
        """Check the URL.

        Raises
        ------
        InputError
            If it is not a tile URL.
        """
        if not self.host or not all(part in self.url for part in ("{z}", "{x}", "{y}")):
            msg = (
                f"{self.url!r} is not a tile URL. "
                "Write one like https://tiles.example.com/{z}/{x}/{y}.png."
            )
            raise InputError(msg)

    @property
    def host(self) -> str:
        """Host from which the page may load images, for a content security policy."""
        parts = urlsplit(self.url)
        name = parts.netloc.replace("{s}", "*")
        plain = name.replace("*", "").replace("-", "").replace(".", "").replace(":", "")
        fits = parts.scheme in {"http", "https"} and plain.isascii() and plain.isalnum()
        return f"{parts.scheme}://{name}" if fits else ""


@dataclass(frozen=True)
class Network:
    """The centers of a map, with their assigned countries and coverage areas.

    ``same_country`` says whether a center serves only sites of its own country; ``unserved`` has,
    by position of a center, the part of its area that roads do not serve in ``minutes``, and
    ``no_road_data`` the part for which there are no roads in the data. ``what_if`` has the rule, if
    changes of centers can be tried in the page.
    """

    centers: Centers
    country: Numbers
    areas: Areas | None
    day: np.datetime64
    same_country: bool = True
    unserved: Mapping[int, Any] = field(default_factory=dict)
    no_road_data: Mapping[int, Any] = field(default_factory=dict)
    minutes: float | str = 0
    what_if: WhatIfRules | None = None


class Heading(NamedTuple):
    """What the page says above its map.

    Attributes
    ----------
    policy
        Title of the policy.
    promise
        What it promises where, as `policy.promise.promise` says it; empty if unknown.
    rejected
        Number of rows that could not be read or decided.
    title
        Title of the map, if it is not that of the policy.
    """

    policy: str
    promise: str = ""
    rejected: int = 0
    title: str = ""


@dataclass(frozen=True)
class Payload:
    """The data blocks of a page.

    Attributes
    ----------
    meta
        Everything except rows: texts, counts, centers, areas, and how to read the other blocks.
    places
        Coordinates and verdicts of the kept sites, in curve order.
    texts
        Texts of the sites, in the same order.
    outlines
        The outlines of all areas in the metadata, one after the other.
    scene
        What a static map of the page shows.
    base
        The base map, unless tiles are loaded.
    """

    meta: dict[str, Any]
    places: Block
    texts: Block
    outlines: Block
    scene: Scene
    base: BaseBlock | None = None

    @functools.cached_property
    def picture(self) -> str:
        """A static map, drawn when it is asked for first."""
        return picture(self.scene)


def payload(
    heading: Heading,
    sites: DrawnSites,
    network: Network,
    names: Names,
    *,
    tiles: Tiles | None = None,
) -> Payload:
    """Return the data blocks of a page.

    Parameters
    ----------
    heading
        Title, policy and rejected rows.
    sites
        The collected sites.
    network
        Centers and areas.
    names
        The table of countries.
    tiles
        Tiles loaded from a server when the page is opened; by default none.

    Raises
    ------
    InputError
        If the sites have an unknown reason, or a center that is not among the given ones.
    """
    title_of = dict(zip(names.codes, names.titles, strict=True))
    codes = list(sites.words["site_country"])
    places, texts = _blocks(sites)
    kinds, outlines = _outlines(network)
    base = base_cut.cut(sites, network.centers, names) if tiles is None else None
    meta = {
        "title": heading.title or heading.policy,
        "policy": heading.policy if heading.title else "",
        "promise": heading.promise,
        "as_of": str(network.day),
        "attribution": ATTRIBUTION if base is None else f"{ATTRIBUTION}{base_map.CREDIT}",
        "note": _note(sites),
        "tiles": None if tiles is None else {"url": tiles.url, "credit": tiles.credit},
        "statuses": list(MARKED),
        "status_codes": [*STATUSES, Status.review.name],
        "status_texts": [*(_sentence(s.text) for s in Status), ROAD_TEXT],
        "status_actions": [*(STATUS_ACTIONS[s] for s in Status), ROAD_ACTION],
        "counts": sites.counts.tolist(),
        "total": sites.total,
        "rejected": heading.rejected,
        "kept": sites.kept.value,
        "grid": GRID,
        "levels": list(sites.words["level"]),
        "reasons": list(sites.words["reason"]),
        "reason_words": _reason_words(sites, same_country=network.same_country),
        "reason_actions": [REASON_ACTIONS[Reason[code]] for code in sites.words["reason"]],
        "countries": codes,
        "country_names": [title_of.get(code, code) for code in codes],
        "days": list(sites.words["available_on"]),
        "limits": list(sites.words["limit_miles"]),
        "unit": sites.unit,
        "site_centers": _positions(sites, network.centers),
        "centers": _centers(sites, network, names),
        **kinds,
        "minutes": network.minutes,
        "bounds": first_view(
            np.concatenate([sites.longitudes(), network.centers.lon]),
            np.concatenate([sites.latitudes(), network.centers.lat]),
        ),
        "places": places.specs,
        "texts": texts.specs,
        "outlines": outlines.specs,
        "own_columns": list(sites.own_columns),
        "base": None if base is None else base.page_data(),
        "verdict": list(verdict_names(sites.unit)),
        "what_if": what_if_data(network, sites, names),
    }
    scene = Scene(sites.sample, network.centers, network.areas, network.day)
    return Payload(meta, places, texts, outlines, scene, base)


def what_if_data(network: Network, sites: DrawnSites, names: Names) -> dict[str, Any] | None:
    """Return what the page needs to try changes of centers; None if it does not offer that."""
    rules = network.what_if
    if rules is None:
        return None
    refused = rules.refused or (ONE_BY_ONE if sites.kept is not Kept.all else "")
    if refused:
        return {"refused": refused, "rule": None}
    rule = rules.page_data(network.centers, network.country, names)
    return {"refused": "", "rule": rule}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def _note(sites: DrawnSites) -> str:
    """Return a note about what the page omits."""
    many = f"{sites.total:,} sites are too many to draw one by one"
    return {
        Kept.all: "",
        Kept.not_qualified: f"{many}: qualified sites are shown only as density.",
        Kept.none: f"{many}: they are shown only as density.",
    }[sites.kept]


def _reason_words(sites: DrawnSites, *, same_country: bool) -> list[str]:
    """Return the reasons of the sites as text.

    Raises
    ------
    InputError
        If one is unknown.
    """
    odd = [code for code in sites.words["reason"] if code not in Reason.__members__]
    if odd:
        msg = f"Unknown reason {odd[0]!r}; choose from {', '.join(Reason.__members__)}."
        raise InputError(msg)
    return [Reason[code].text_for(same_country=same_country) for code in sites.words["reason"]]


def _positions(sites: DrawnSites, centers: Centers) -> list[int]:
    """Return the position among the centers of each center named by sites.

    Raises
    ------
    InputError
        If one is not among them.
    """
    position = {center_id: i for i, center_id in enumerate(centers.center_id)}
    odd = [center_id for center_id in sites.words["center_id"] if center_id not in position]
    if odd:
        msg = f"The sites refer to a center that is not among the given ones: {odd[0]!r}."
        raise InputError(msg)
    return [position[center_id] for center_id in sites.words["center_id"]]


def _blocks(sites: DrawnSites) -> tuple[Block, Block]:
    """Return the kept sites in curve order: coordinates and verdicts, and texts."""
    places, texts = Block(), Block()
    if sites.density is not None:
        _add_density(places, sites)
    columns = sites.columns()
    if columns is None:
        return places, texts
    order, code = curve_order(morton(columns.numbers["lon"], columns.numbers["lat"]))
    places.ascending("code", code)
    del code
    numbers = {**columns.numbers, "margin": _beyond(columns, sites)}
    for name in ("accuracy", "held"):
        if name in numbers and numbers[name].max(initial=0) <= 0:
            del numbers[name]  # all sites are as a page takes them to be
    for name in [name for name in numbers if name not in {"lon", "lat", *DRIVE}]:
        places.numbers(name, numbers[name], order)
    for name, cells in columns.texts.items():
        texts.texts(name, cells, order)
    for name in [name for name in DRIVE if name in numbers]:
        texts.numbers(name, numbers[name], order)
    return places, texts


def _beyond(columns: Columns, sites: DrawnSites) -> Codes:
    """Return what margins are beyond limit minus distance, almost nothing; 0 without a center."""
    limits = np.array([*sites.words["limit_miles"], 0.0])
    limits = np.floor(limits * 1000 + 0.5).astype(np.int32)
    result = np.empty(len(columns), np.int32)
    names = ("margin", "miles", "limit_miles", "center_id")
    for part in arrays.slices(len(columns)):
        margin, miles, limit, center = (columns.numbers[name][part] for name in names)
        result[part] = (margin - limits.take(limit) + miles) * (center >= 0)
    return result


def _add_density(block: Block, sites: DrawnSites) -> None:
    density = sites.density
    if density is None:
        return
    cells = np.flatnonzero(density.any(axis=0))
    block.ascending("cell", cells.astype(np.uint64))
    for mark, name in enumerate(MARKED):
        block.numbers(f"density_{name}", density[mark, cells])


def _centers(sites: DrawnSites, network: Network, names: Names) -> list[dict[str, Any]]:
    centers = network.centers
    opened, planned = centers.is_open(network.day), centers.is_planned(network.day)
    words = sites.words["center_id"]
    served = dict(zip(words, sites.served.tolist(), strict=False))
    return [
        {
            "id": centers.center_id[i],
            "name": centers.name[i],
            "country": names.titles[network.country[i]],
            "lon": round(float(centers.lon[i]), 5),
            "lat": round(float(centers.lat[i]), 5),
            "state": "open" if opened[i] else "planned" if planned[i] else "closed",
            "opens_on": "" if np.isnat(centers.opens_on[i]) else str(centers.opens_on[i]),
            "closes_on": "" if np.isnat(centers.closes_on[i]) else str(centers.closes_on[i]),
            "served": served.get(centers.center_id[i], 0),
        }
        for i in range(len(centers))
    ]


class _Drawn(NamedTuple):
    """Shapes that a page draws: what it says of each, its geometry, and its center's longitude."""

    said: list[dict[str, Any]]
    geometry: Geometries
    lon: Floats


def _outlines(network: Network) -> tuple[dict[str, list[dict[str, Any]]], Block]:
    """Return the areas and their parts by kind, each with its number of polygons, and all outlines.

    In the block are the number of rings of each polygon, the number of corners of each ring, and
    all corners in units. Longitudes continue beyond 180, so that no seam is drawn.
    """
    kinds = {
        "areas": _areas(network),
        "unserved": _road_parts(network, network.unserved),
        "no_road_data": _road_parts(network, network.no_road_data),
    }
    geometry = np.concatenate([drawn.geometry for drawn in kinds.values()])
    polygons, shape = _drawn(geometry, np.concatenate([drawn.lon for drawn in kinds.values()]))
    counts = iter(np.bincount(shape, minlength=len(geometry)).tolist())
    meta = {
        name: [{**said, "polygons": next(counts)} for said in drawn.said]
        for name, drawn in kinds.items()
    }
    rings, polygon = shapely.get_rings(polygons, return_index=True)
    corners = np.rint(shapely.get_coordinates(rings) * UNITS).astype(np.int64)
    block = Block()
    block.numbers("rings", np.bincount(polygon, minlength=len(polygons)))
    block.numbers("corners", shapely.get_num_coordinates(rings))
    block.walk("lon", corners[:, 0])
    block.walk("lat", corners[:, 1])
    return meta, block


def _areas(network: Network) -> _Drawn:
    areas = network.areas
    if areas is None:
        return _Drawn([], np.empty(0, object), np.empty(0))
    said = [
        {
            "center": int(areas.center[i]),
            "level": areas.level[i],
            "planned": bool(areas.planned[i]),
            "above": float(areas.above_miles[i]),
            "limit": float(areas.limit_miles[i]),
        }
        for i in range(len(areas.geometry))
    ]
    return _Drawn(said, areas.geometry, network.centers.lon[areas.center])


def _road_parts(network: Network, parts: Mapping[int, Any]) -> _Drawn:
    """Return parts of the areas by position of the center, like `_areas`."""
    geometry = np.empty(len(parts), object)
    geometry[:] = list(parts.values())
    said = [{"center": center, "planned": False} for center in parts]
    return _Drawn(said, geometry, network.centers.lon[list(parts)])


def _drawn(geometry: Geometries, lon: Floats) -> tuple[Geometries, Ints]:
    """Return polygons as drawn, with parts beyond 180 moved next to the center, and whose each is.

    Simplified outlines need not follow each other: a page fills crossings by the even-odd rule,
    and `DRAWN_DEGREES` are less than a pixel. Polygons and holes so small that they would vanish
    are kept as triangles.
    """
    parts, shape = shapely.get_parts(geometry, return_index=True)
    west, _, east, _ = shapely.bounds(parts).T
    split = distinct(shape[np.abs(lon[shape] - (west + east) / 2) > 180])
    geometry = geometry.copy()
    geometry[split] = [_unsplit(geometry[i], float(lon[i])) for i in split.tolist()]
    parts, whole = shapely.get_parts(geometry, return_index=True)
    simple = shapely.simplify(parts, DRAWN_DEGREES, preserve_topology=False)
    n_holes = shapely.get_num_interior_rings
    gone = shapely.is_empty(simple) | (n_holes(simple) != n_holes(parts))
    simple[gone] = shapely.simplify(parts[gone], DRAWN_DEGREES)
    polygons, part = shapely.get_parts(simple, return_index=True)
    shape = whole[part]
    there = ~shapely.is_empty(polygons)
    return polygons[there], shape[there]


def _unsplit(geometry: Any, lon: float) -> Any:
    """Return a geometry with the parts beyond 180 moved next to the center and joined."""
    parts = shapely.get_parts(geometry)
    middle = shapely.bounds(parts)[:, [0, 2]].mean(axis=1)
    turns = np.rint((lon - middle) / 360) * 360
    if not turns.any():
        return geometry
    moved = [
        shapely.transform(p, lambda c, by=turn: c + np.array([by, 0]))
        for p, turn in zip(parts, turns, strict=True)
    ]
    return shapely.union_all(moved)
