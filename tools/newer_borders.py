"""Replace stretches of land border that have moved since the country layer's source was made.

The source of `build_countries` is of April 2022. The polygons of time zones in
`timezonefinder-data` are of 2026, cut along OpenStreetMap's country borders, and ``zone.tab`` says
which country each zone belongs to. Where both sides of a stretch belong to one country each, they
show today's border.

A zone follows clocks, not borders, so it is no evidence everywhere: see `NO_EVIDENCE` and `CLOCKS`.
Where the parties themselves disagree (`DISPUTES`), the strip between both lines becomes a contested
face, held by the country that the source of 2022 gives it to.

As a script it prints how far a layer and the zones differ, at 50,000 points near borders::

    python tools/newer_borders.py [FILE.arrow]
"""

import collections
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import shapely

if TYPE_CHECKING:
    from coverage_analyzer.countries import Countries

Geometries = dict[str, shapely.Geometry]

PACKAGES = ("timezonefinder==9.0.0", "timezonefinder-data==3.2026.3.post1", "tzdata==2026.6")
COORDINATES_SHA256 = "03998b32bb059dea929657849b8dcf6f0e1f4204178538b4fb1eef012f6624f6"
ZONES_SHA256 = "e2e8e31c4e10f44576c79345e76060591dbb3eef6ce14e006afc8a373caa9593"

NO_EVIDENCE = frozenset({"AQ", "EH", "PS", "SJ", "UM", "VN", "XK"})
"""Their zones are others' (Kosovo keeps Belgrade's, northern Vietnam Bangkok's), or mere claims."""

CLOCKS = frozenset({frozenset({"GE", "RU"}), frozenset({"CU", "US"})})
"""Abkhazia and South Ossetia keep Moscow's clock, Guantanamo Bay New York's: no border moved."""


class Dispute(NamedTuple):
    """Two countries that disagree on their border, and where: west, south, east, north."""

    pair: frozenset[str]
    why: str
    box: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)


DISPUTES = (
    Dispute(
        frozenset({"IN", "CN"}), "Aksai Chin, Arunachal Pradesh and the Line of Actual Control"
    ),
    Dispute(frozenset({"IN", "PK"}), "Kashmir, Sir Creek"),
    Dispute(frozenset({"CN", "PK"}), "the Shaksgam valley, which India claims"),
    Dispute(frozenset({"IN", "NP"}), "Kalapani, Limpiyadhura, Susta"),
    Dispute(frozenset({"BT", "CN"}), "Doklam, Jakarlung and Pasamlung"),
    Dispute(frozenset({"AR", "CL"}), "Southern Patagonian Ice Field", (-74.0, -50.7, -72.8, -48.5)),
    Dispute(frozenset({"EG", "SD"}), "Halaib, the Wadi Halfa salient"),
    Dispute(frozenset({"SD", "SS"}), "Kafia Kingi, the 14th mile, Heglig"),
    Dispute(frozenset({"SD", "ET"}), "Al-Fashaga"),
    Dispute(frozenset({"SS", "UG"}), "Kajo Keji and Moyo"),
    Dispute(frozenset({"SS", "ET"}), "the Baro salient, not demarcated"),
    Dispute(frozenset({"GY", "SR"}), "the bed of the Corentyne"),
    Dispute(frozenset({"PE", "CO"}), "Santa Rosa island, since 2025", (-70.2, -4.4, -69.8, -3.9)),
    Dispute(frozenset({"TL", "ID"}), "Naktuka"),
    Dispute(frozenset({"IQ", "KW"}), "Khor Abdullah"),
    Dispute(frozenset({"KP", "KR"}), "the Military Demarcation Line"),
    Dispute(frozenset({"KH", "TH"}), "Preah Vihear and other temples"),
    Dispute(frozenset({"AM", "AZ"}), "delimitation under way since 2024"),
    Dispute(frozenset({"RU", "UA"}), "the war"),
    Dispute(frozenset({"RS", "HR"}), "the Danube"),
    Dispute(frozenset({"IL", "LB"}), "the Blue Line"),
    Dispute(frozenset({"IL", "SY"}), "the Golan Heights"),
)
"""From the parties' own statements, as the CIA World Factbook lists them under "Disputes"."""

NOBODY = (shapely.box(33.1, 21.7, 34.2, 22.1), shapely.box(34.9, 4.2, 36.0, 5.6))
"""Gaps that stay: Bir Tawil, which nobody claims, and the Ilemi Triangle, which several do."""

DEPTH_M = 250.0
"""Lines that differ by less are the same border, drawn twice (`countries.BORDER_ERROR_M`)."""

LEAST_KM2 = 0.05  # smaller pieces are where two drawings of a line cross
WINDOW = 0.3  # degrees round a strip in which the other country's border is looked for
METRES_PER_DEGREE = 111_195.0
KM2_PER_SQUARE_DEGREE = 12_364.0
MOSTLY = 0.9  # of a strip: so much of it on land, and the rest is taken with it


class Strip(NamedTuple):
    """What lies between the old border and the new one: whose it was, and whose it is now."""

    before: str
    now: str
    km2: float
    depth_m: float
    shape: shapely.Polygon


def unpacked(scratch: Path) -> Path:
    """Return a folder that the pinned packages are installed in.

    Raises
    ------
    SystemExit
        If they are not those that are pinned.
    """
    site = scratch / "site"
    install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--target", str(site)]
    subprocess.run([*install, *PACKAGES], check=True)
    pinned = {
        site
        / "timezonefinder_data"
        / "data"
        / "boundaries"
        / "coordinates.bin": COORDINATES_SHA256,
        site / "tzdata" / "zoneinfo" / "zone.tab": ZONES_SHA256,
    }
    for path, sha256 in pinned.items():
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        if digest != sha256:
            raise SystemExit(f"{path.name} has sha256 {digest}, expected {sha256}")
    return site


READ = """
import pickle, sys
from timezonefinder import TimezoneFinder
finder = TimezoneFinder()
names = finder.timezone_names
names = [name for name in names if not name.startswith("Etc/")]
polygons = {name: finder.get_geometry(tz_name=name, coords_as_pairs=True) for name in names}
pickle.dump(polygons, open(sys.argv[1], "wb"))
"""
"""Run by itself, so that the packages of the scratch folder stay out of this process."""


def zones(scratch: Path) -> Geometries:
    """Return the land and waters of each country as the zones of 2026 have them."""
    import pickle

    site, out = unpacked(scratch), scratch / "zones.pickle"
    environment = {**os.environ, "PYTHONPATH": str(site)}
    subprocess.run([sys.executable, "-c", READ, str(out)], check=True, env=environment)
    table = (site / "tzdata" / "zoneinfo" / "zone.tab").read_text().splitlines()
    rows = [line.split("\t") for line in table if not line.startswith("#")]
    country = {row[2]: row[0] for row in rows}
    rings = pickle.loads(out.read_bytes())  # noqa: S301 - our own child wrote it
    polygons = collections.defaultdict(list)
    for name in sorted(set(rings) & set(country)):
        for shell, *holes in rings[name]:
            polygons[country[name]].append(shapely.Polygon(shell, holes))
    valid = {c: shapely.make_valid(np.array(shapes)) for c, shapes in polygons.items()}
    return {c: shapely.union_all(shapes) for c, shapes in sorted(valid.items())}


def parts(geometry: shapely.Geometry) -> list[shapely.Polygon]:
    """Return all polygons of a geometry that are not empty, however deep they are nested."""
    if isinstance(geometry, shapely.Polygon):
        return [] if geometry.is_empty else [geometry]
    return [p for part in getattr(geometry, "geoms", ()) for p in parts(part)]


def area_km2(geometry: shapely.Geometry) -> float:
    """Return the area, good to a few per cent."""
    polygons = parts(geometry)
    return sum(p.area * np.cos(np.radians(p.centroid.y)) * KM2_PER_SQUARE_DEGREE for p in polygons)


def in_metres(geometry: shapely.Geometry, lat: float) -> shapely.Geometry:
    """Return a small shape near a latitude in metres on a plane."""
    scale = METRES_PER_DEGREE * np.array([np.cos(np.radians(lat)), 1.0])
    return shapely.transform(geometry, lambda points: points * scale)


def evidence(faces: Geometries, newer: Geometries) -> Geometries:
    """Return the zones that show borders: without those that lie mostly in `NO_EVIDENCE`."""
    void = [faces[code] for code in NO_EVIDENCE if code in faces]
    shapely.prepare(void)
    kept = {}
    for code, geometry in newer.items():
        polygons = [
            p
            for p in parts(geometry)
            if not any(v.intersects(p) and v.intersection(p).area > p.area / 2 for v in void)
        ]
        kept[code] = shapely.MultiPolygon(polygons)
    return {code: geometry for code, geometry in kept.items() if code not in NO_EVIDENCE}


def strips(faces: Geometries, newer: Geometries, land: shapely.Geometry) -> list[Strip]:
    """Return where the newer source gives land to another country than the layer does.

    Parameters
    ----------
    faces
        The layer, without overlaps: faces of one country are compared, contested ones are not.
    newer
        The same countries by the newer source (`zones`).
    land
        What is land.
    """
    shores = np.array(parts(land))
    shapely.prepare(shores)
    tree = shapely.STRtree(shores)
    result = []
    shown = evidence(faces, newer)
    boxes = {code: shapely.box(*g.bounds) for code, g in (*faces.items(), *shown.items())}
    for before, mine in faces.items():
        if "+" in before or before in NO_EVIDENCE:
            continue
        for now, theirs in shown.items():
            pair = frozenset({before, now})
            if before == now or now not in faces or pair in CLOCKS:
                continue
            if boxes[before].intersects(boxes[now]):
                for piece in parts(shapely.intersection(mine, theirs)):
                    result += _of_piece(piece, (before, now), faces[now], (tree, shores))
    return result


def gaps(faces: Geometries, newer: Geometries, land: shapely.Geometry) -> list[Strip]:
    """Return what no country had on land, and one alone has by the newer source."""
    shores = np.array(parts(land))
    shapely.prepare(shores)
    shore = shapely.STRtree(shores)
    shown = evidence(faces, newer)
    tree, codes = shapely.STRtree(list(shown.values())), list(shown)
    whole = shapely.union_all(list(faces.values()))
    holes = [shapely.Polygon(ring) for p in parts(whole) for ring in p.interiors]
    result = []
    for hole in holes:
        middle = hole.representative_point()
        ashore = len(shore.query(hole, predicate="covered_by")) > 0
        if ashore and area_km2(hole) > LEAST_KM2 and not any(b.contains(middle) for b in NOBODY):
            owners = [codes[i] for i in tree.query(hole, predicate="intersects")]
            shares = {c: shapely.intersection(hole, shown[c]) for c in owners}
            owner = max(owners, key=lambda c: shares[c].area, default="")
            if owner and shares[owner].area > MOSTLY * hole.area:
                result.append(Strip("", owner, area_km2(hole), depth_m(hole, faces[owner]), hole))
    return result


def _of_piece(
    piece: shapely.Polygon,
    sides: tuple[str, str],
    other: shapely.Geometry,
    shores: tuple[shapely.STRtree, np.ndarray],
) -> list[Strip]:
    """Return the parts of a piece that are on land and deeper than `DEPTH_M`."""
    if area_km2(piece) < LEAST_KM2:
        return []
    tree, land = shores
    near = [land[i] for i in tree.query(piece, predicate="intersects")]
    ashore = shapely.union_all(shapely.intersection(piece, near)) if near else shapely.Polygon()
    whole = area_km2(ashore) >= MOSTLY * area_km2(piece)
    pieces = [piece] if whole else [p for p in parts(ashore) if area_km2(p) >= LEAST_KM2]
    depths = [depth_m(p, other) for p in pieces]
    pairs = zip(pieces, depths, strict=True)
    return [Strip(*sides, area_km2(p), d, p) for p, d in pairs if DEPTH_M < d < np.inf]


def depth_m(piece: shapely.Polygon, other: shapely.Geometry) -> float:
    """Return how far a piece reaches from another country; infinite if they do not touch."""
    west, south, east, north = piece.bounds
    around = west - WINDOW, south - WINDOW, east + WINDOW, north + WINDOW
    near = shapely.difference(shapely.clip_by_rect(other, *around), piece)
    lat = piece.centroid.y
    plane = in_metres(near, lat)
    shapely.prepare(plane)
    if near.is_empty or shapely.distance(plane, in_metres(piece, lat)) > DEPTH_M:
        return float("inf")
    flat = in_metres(piece, lat)
    # What the other country surrounds is deepest inside, a strip along a border at its edge.
    inside = shapely.get_coordinates(shapely.maximum_inscribed_circle(flat, tolerance=50.0))[:1]
    points = shapely.points(np.vstack([inside, shapely.get_coordinates(flat)]))
    return float(shapely.distance(points, plane).max())


def disputed(strip: Strip) -> bool:
    """Return whether the parties disagree on a strip."""
    pair, middle = frozenset({strip.before, strip.now}), strip.shape.representative_point()
    return any(d.pair == pair and shapely.box(*d.box).contains(middle) for d in DISPUTES)


def updated(faces: Geometries, changes: Iterable[Strip]) -> Geometries:
    """Return the faces with each strip moved to its country of now, or made a contested face."""
    taken, added = collections.defaultdict(list), collections.defaultdict(list)
    for strip in changes:
        if strip.before:
            taken[strip.before].append(strip.shape)
        face = f"{strip.before}+{strip.now}" if disputed(strip) else strip.now
        added[face].append(strip.shape)
    result = dict(faces)
    for code, shapes in taken.items():
        result[code] = shapely.difference(result[code], shapely.union_all(shapes))
    for code, shapes in added.items():
        result[code] = shapely.union_all([result.get(code, shapely.Polygon()), *shapes])
    return {face: shapely.MultiPolygon(parts(geometry)) for face, geometry in result.items()}


def table(changes: Iterable[Strip]) -> str:
    """Return what was taken from the newer source, pair by pair, as a Markdown table."""
    pairs = collections.defaultdict(list)
    for strip in changes:
        pairs[strip.before, strip.now, disputed(strip)].append(strip)
    rows = sorted(pairs.items(), key=lambda row: -sum(s.km2 for s in row[1]))
    lines = [
        f"| {before or 'none'} | {f'{before}+{now}' if doubt else now} | {len(strips)} | "
        f"{sum(s.km2 for s in strips):.1f} | {max(s.depth_m for s in strips) / 1000:.1f} |"
        for (before, now, doubt), strips in rows
    ]
    head = "| April 2022 | now | strips | km2 | deepest, km |\n|---|---|---|---|---|\n"
    return head + "\n".join(lines) + "\n"


SAMPLE = 50_000
SAMPLE_M = 5_000.0


def shared_edges(faces: Geometries) -> np.ndarray:
    """Return the edges that two faces share, in degrees, shape (n, 2 ends, 2)."""
    rings = [
        np.array(ring.coords) for g in faces.values() for p in parts(g) for ring in rings_of(p)
    ]
    edges = np.concatenate([np.stack([ring[:-1], ring[1:]], axis=1) for ring in rings])
    turned = (edges[:, 0, 0] > edges[:, 1, 0]) | (
        (edges[:, 0, 0] == edges[:, 1, 0]) & (edges[:, 0, 1] > edges[:, 1, 1])
    )
    edges[turned] = edges[turned][:, ::-1]
    unique, counts = np.unique(edges.reshape(-1, 4), axis=0, return_counts=True)
    return unique[counts == 2].reshape(-1, 2, 2)


def rings_of(polygon: shapely.Polygon) -> list[shapely.LinearRing]:
    """Return the outer ring of a polygon, and its holes."""
    return [polygon.exterior, *polygon.interiors]


def sampled(lines: np.ndarray, land: shapely.Geometry) -> np.ndarray:
    """Return points on land within `SAMPLE_M` of borders, evenly along them, shape (n, 2)."""
    rng = np.random.default_rng(20_261_129)
    shores = np.array(parts(land))
    tree = shapely.STRtree(shores)
    lengths = np.hypot(*(lines[:, 1] - lines[:, 0]).T)
    points = np.zeros((0, 2))
    while len(points) < SAMPLE:
        segments = rng.choice(len(lines), SAMPLE, p=lengths / lengths.sum())
        along = rng.random((SAMPLE, 1))
        at = lines[segments, 0] * (1 - along) + lines[segments, 1] * along
        angle, away = rng.random((2, SAMPLE)) * [[2 * np.pi], [SAMPLE_M / METRES_PER_DEGREE]]
        shift = np.stack([np.sin(angle) / np.cos(np.radians(at[:, 1])), np.cos(angle)], axis=1)
        at += shift * away[:, None]
        ashore, _ = tree.query(shapely.points(at), predicate="within")
        points = np.vstack([points, at[np.unique(ashore)]])
    return points[:SAMPLE]


def disagreements(
    points: np.ndarray, newer: Geometries, world: "Countries"
) -> list[tuple[str, str, float]]:
    """Return pairs of country by the layer and by the zones, more than `DEPTH_M` inside, counted.

    Parameters
    ----------
    points
        Longitude and latitude in degrees, shape (n, 2).
    newer
        Countries by the newer source (`zones`), those that are no evidence left out.
    world
        The layer.
    """
    codes = list(newer)
    tree = shapely.STRtree(list(newer.values()))
    point, shape = tree.query(shapely.points(points), predicate="within")
    alone = np.bincount(point, minlength=len(points))[point] == 1
    point, shape = point[alone], shape[alone]
    lon, lat = points[point].T
    face = world.borders.located(lon, lat)
    mine = np.array(world.names.codes)[world.holder[face]]
    claimed = world.claimant[face] != 0
    other = np.array(codes)[shape]
    number = np.array([world.names.codes.index(c) for c in codes], np.int16)[shape]
    itself = np.eye(len(world.names.codes), dtype=bool)
    clocks = [frozenset(pair) in CLOCKS for pair in zip(mine, other, strict=True)]
    odd = np.flatnonzero(
        (mine != other) & ~np.isin(mine, list(NO_EVIDENCE)) & ~claimed & ~np.array(clocks)
    )
    away = world.near_m(lon[odd], lat[odd], number[odd], itself, 100_000.0)
    deep = odd[away > DEPTH_M]
    counts = collections.Counter(zip(mine[deep], other[deep], strict=True))
    return [(*pair, n) for pair, n in counts.most_common()]


def main() -> None:
    """Print how far the layer that ships, or another, and the newer source differ."""
    import build_countries

    from coverage_analyzer import countries
    from coverage_analyzer.countries import borders

    shipped = countries.load()
    compared = shipped
    if len(sys.argv) > 1:
        layer = borders.read(Path(sys.argv[1]).read_bytes())
        compared = countries.Countries(shipped.names, layer)
    with tempfile.TemporaryDirectory() as folder:
        build_countries.packed(build_countries.LAND, build_countries.LAND_SHA256, Path(folder))
        land = build_countries.natural_land(Path(folder) / "package" / "land-10m.json")
        newer = zones(Path(folder))
    layer = shipped.borders
    faces = {name: layer.polygon(i) for i, name in enumerate(layer.faces) if name}
    points = sampled(shared_edges(faces), land)
    total = 0
    for before, now, n in disagreements(points, evidence(faces, newer), compared):
        print(f"{n:6} {before} by the layer, {now} by the zones")
        total += n
    deep = f"more than {DEPTH_M:.0f} m outside the country of their zone"
    print(f"{total:6} of {len(points):,} points are {deep}")


if __name__ == "__main__":
    main()
