"""What the page shows, as one compact block of data."""

import base64
import gzip
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import pyarrow as pa
import shapely

from coverage_analyzer import arrays
from coverage_analyzer.areas import Areas
from coverage_analyzer.arrays import Floats
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries import ATTRIBUTION, Names, Numbers
from coverage_analyzer.explanation import REASONS, REASONS_ANYWHERE
from coverage_analyzer.matching import Reason, Status

MOST_SITES: Final = 50_000
"""Of more sites the page gives the counts only, and says so."""

DRAWN_DEGREES: Final = 0.003
"""Outlines of areas are drawn to some 300 m; the rule itself knows no outline."""

DECIMALS: Final = 5
"""Of degrees on the page: a metre."""

CODED: Final = ("level", "status", "reason", "center_id", "site_country")
"""Columns whose texts recur: the page holds each text once."""

MILES: Final = ("distance_miles", "limit_miles", "margin_miles")


@dataclass
class DrawnSites:
    """The sites of a map, gathered batch by batch until they are too many to draw."""

    total: int = 0
    batches: list[pa.RecordBatch] = field(default_factory=list)

    def add(
        self,
        lon: Floats,
        lat: Floats,
        site_id: pa.Array,
        name: pa.Array,
        verdict: Mapping[str, Any],
    ) -> None:
        """Append a batch: coordinates in degrees, texts, and the columns of a verdict."""
        self.total += len(lon)
        if self.total > MOST_SITES:
            self.batches = []
            return
        places = {"lon": np.round(lon, DECIMALS), "lat": np.round(lat, DECIMALS)}
        columns = {n: arrays.arrow(v) for n, v in places.items()}
        columns |= {"id": site_id, "name": name, **verdict}
        batch = pa.RecordBatch.from_arrays(list(columns.values()), names=list(columns))
        self.batches.append(batch)

    def packed(self) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
        """Return the columns as plain lists, and the texts that the coded ones count among."""
        if not self.batches:
            empty: list[Any] = []
            names = ("lon", "lat", "id", "name", *CODED, *MILES, "available_on")
            return dict.fromkeys(names, empty), dict.fromkeys(CODED, empty)
        table = pa.Table.from_batches(self.batches)
        columns, words = {}, {}
        for name in table.schema.names:
            if name in CODED:
                coded = table.column(name).combine_chunks().dictionary_encode()
                words[name] = coded.dictionary.to_pylist()
                columns[name] = coded.indices.to_pylist()
            else:
                columns[name] = table.column(name).to_pylist()
        days = columns["available_on"]
        columns["available_on"] = [d.isoformat()[:10] if d else None for d in days]
        return columns, words


@dataclass(frozen=True)
class Network:
    """The centers of a map: with the country that decided, and the areas they cover.

    ``same_country`` says whether a center serves sites of its own country only.
    """

    centers: Centers
    country: Numbers
    areas: Areas | None
    day: np.datetime64
    same_country: bool = True


def payload(
    title: str,
    sites: DrawnSites,
    counts: Mapping[str, int],
    network: Network,
    names: Names,
) -> dict[str, Any]:
    """Return the data block of the page.

    Parameters
    ----------
    title
        Of the policy.
    sites
        As gathered.
    counts
        How many sites have each status, drawn or not.
    network
        Centers and areas.
    names
        The table of countries.
    """
    columns, words = sites.packed()
    ids = {center_id: i for i, center_id in enumerate(network.centers.center_id)}
    position = [ids[center_id] for center_id in words["center_id"]]
    undrawn = sites.total > MOST_SITES
    reasons = REASONS if network.same_country else REASONS_ANYWHERE
    return {
        "title": title,
        "as_of": str(network.day),
        "attribution": ATTRIBUTION,
        "note": f"{sites.total:,} sites are too many to draw here." if undrawn else "",
        "statuses": [status.name for status in Status],
        "counts": [counts.get(status.name, 0) for status in Status],
        "levels": words["level"],
        "reason_words": [reasons[Reason[r]] for r in words["reason"]],
        "countries": words["site_country"],
        "sites": {
            "lon": columns["lon"],
            "lat": columns["lat"],
            "id": columns["id"],
            "name": columns["name"],
            "level": columns["level"],
            "status": _renumbered(columns["status"], [Status[s].value for s in words["status"]]),
            "reason": columns["reason"],
            "center": _renumbered(columns["center_id"], position),
            "miles": columns["distance_miles"],
            "limit": columns["limit_miles"],
            "margin": columns["margin_miles"],
            "country": columns["site_country"],
            "available_on": columns["available_on"],
        },
        "centers": _centers(network, names),
        "areas": _areas(network),
        "bounds": _bounds(columns, network.centers),
    }


def block(data: Any) -> str:
    """Return data as base64 text of gzipped JSON: no character of it can mean anything in HTML."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return base64.b64encode(gzip.compress(text.encode(), 6, mtime=0)).decode()


def _renumbered(values: list[int | None], numbers: list[int]) -> list[int | None]:
    return [None if v is None else numbers[v] for v in values]


def _centers(network: Network, names: Names) -> list[dict[str, Any]]:
    centers = network.centers
    opened, planned = centers.is_open(network.day), centers.is_planned(network.day)
    return [
        {
            "id": centers.center_id[i],
            "name": centers.name[i],
            "country": names.titles[network.country[i]],
            "lon": round(float(centers.lon[i]), DECIMALS),
            "lat": round(float(centers.lat[i]), DECIMALS),
            "state": "open" if opened[i] else "planned" if planned[i] else "closed",
            "opens_on": "" if np.isnat(centers.opens_on[i]) else str(centers.opens_on[i]),
            "closes_on": "" if np.isnat(centers.closes_on[i]) else str(centers.closes_on[i]),
        }
        for i in range(len(centers))
    ]


def _areas(network: Network) -> list[dict[str, Any]]:
    """Return outlines whose longitudes run on over 180, so that no seam is drawn there."""
    areas = network.areas
    if areas is None:
        return []
    result = []
    for i, geometry in enumerate(areas.geometry):
        whole = _unsplit(geometry, float(network.centers.lon[areas.center[i]]))
        drawn = shapely.simplify(whole, DRAWN_DEGREES)
        polygons = [p for p in shapely.get_parts(drawn) if not p.is_empty]
        result.append(
            {
                "center": int(areas.center[i]),
                "planned": bool(areas.planned[i]),
                "limit": float(areas.limit_miles[i]),
                "polygons": [_rings(p) for p in polygons],
            }
        )
    return result


def _unsplit(geometry: Any, lon: float) -> Any:
    """Return a geometry with the parts beyond 180 moved next to the center, and joined."""
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


def _rings(polygon: Any) -> list[list[list[float]]]:
    rings = [polygon.exterior, *polygon.interiors]
    return [np.round(shapely.get_coordinates(r), DECIMALS).tolist() for r in rings]


def _bounds(columns: Mapping[str, list[Any]], centers: Centers) -> list[list[float]] | None:
    """Return the box of all sites and centers, as south-west and north-east."""
    lon = np.concatenate([np.array(columns["lon"], float), centers.lon])
    lat = np.concatenate([np.array(columns["lat"], float), centers.lat])
    if not len(lon):
        return None
    # A network on both sides of 180 is one network, not one round the world.
    east = np.where(lon < 0, lon + 360, lon)
    x = east if np.ptp(east) < np.ptp(lon) else lon
    return [[float(lat.min()), float(x.min())], [float(lat.max()), float(x.max())]]
