"""A made-up country for drive times: roads, centers and sites, from a seed.

A lattice of junctions some 330 m apart, with bends between them: local roads, of which a fifth is
missing and a tenth is one-way, secondary roads and trunk roads. Rivers with a bridge every 40
junctions part the country; islands off its coast have a ferry each, except one.

Usage: ``python benchmarks/country.py FOLDER NODES CENTERS SITES`` writes ``roads.osm.pbf``,
``centers.csv`` and ``sites.csv``.
"""

import sys
from pathlib import Path

import numpy as np
import osmium

SEED, STEP_M, BENDS, PER_WAY = 11, 330.0, 2, 10
WEST, SOUTH, DEGREE_M = 60.0, 47.0, 111_200.0
RIVER_EVERY, BRIDGE_EVERY, COAST = 150, 40, 0.97
"""Lattice lines between rivers, and between bridges; the share of the country before the strait."""

BUILT = 0.786
"""Share of the lattice that has roads, and so bends."""


class Country:
    """The lattice of a country with so many points."""

    def __init__(self, n_points: int) -> None:
        self.random = np.random.default_rng(SEED)
        self.side = int(np.sqrt(n_points / (1 + 2 * BENDS * BUILT)) / PER_WAY) * PER_WAY + 1
        self.strait = int(self.side * COAST)
        jitter = self.random.normal(0, 40, (2, self.side, self.side))
        self.x = np.arange(self.side)[None, :] * STEP_M + jitter[0]
        self.y = np.arange(self.side)[:, None] * STEP_M + jitter[1]
        self.next_id = self.side * self.side

    def degrees(self, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return longitude and latitude of places in metres."""
        lat = SOUTH + y / DEGREE_M
        return WEST + x / (DEGREE_M * np.cos(np.radians(lat))), lat

    def node(self, row: int, column: int) -> int:
        """Return the number of a junction."""
        return row * self.side + column

    def is_cut(self, line: int, begin: int, *, across: bool) -> bool:
        """Return whether a way from a junction on crosses a river without a bridge, or the sea."""
        end = begin + PER_WAY
        if across and begin < self.strait <= end:
            return True
        if across:
            return False
        crosses = begin // RIVER_EVERY != end // RIVER_EVERY
        return crosses and line % BRIDGE_EVERY != 0


def write_roads(country: Country, path: Path) -> None:
    """Write the extract: all nodes, then all ways."""
    ways, bends = lattice(country)
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        lon, lat = country.degrees(country.x, country.y)
        write_nodes(writer, 0, lon.ravel(), lat.ravel())
        write_nodes(writer, country.side**2, *country.degrees(*bends))
        for number, (nodes, tags) in enumerate(ways):
            writer.add_way(osmium.osm.mutable.Way(id=number + 1, nodes=nodes, tags=tags))


def write_nodes(writer: osmium.SimpleWriter, first: int, lon: np.ndarray, lat: np.ndarray) -> None:
    """Write nodes with consecutive numbers, from 1."""
    places = zip(lon.tolist(), lat.tolist(), strict=True)
    for number, place in enumerate(places, first + 1):
        writer.add_node(osmium.osm.mutable.Node(id=number, location=place))


def lattice(country: Country) -> tuple[list, np.ndarray]:
    """Return the ways of both directions, and the places of their bends in metres."""
    ways, places = [], []
    for across in (True, False):
        for line in range(country.side):
            for begin in range(0, country.side - 1, PER_WAY):
                is_minor = line % 16 != 0
                if country.is_cut(line, begin, across=across) or (
                    is_minor and country.random.random() < 0.2
                ):
                    continue
                nodes = way_nodes(country, places, line, begin, across)
                ways.append((nodes, tags_of(country, line)))
    ways += ferries(country)
    return ways, np.concatenate(places, axis=1)


def way_nodes(country: Country, places: list, line: int, begin: int, across: bool) -> list[int]:
    """Return the nodes of a way, numbered from 1, and add its bends."""
    at = np.arange(begin, begin + PER_WAY + 1)
    row, column = (np.full(len(at), line), at) if across else (at, np.full(len(at), line))
    x, y = country.x[row, column], country.y[row, column]
    share = np.arange(1, BENDS + 1) / (BENDS + 1)
    bend = [(v[:-1, None] + np.diff(v)[:, None] * share) for v in (x, y)]
    wave = country.random.normal(0, 12, (2, *bend[0].shape))
    places.append(np.stack([(b + w).ravel() for b, w in zip(bend, wave, strict=True)]))
    numbers = np.empty((PER_WAY, 1 + BENDS), np.int64)
    numbers[:, 0] = country.node(row, column)[:-1]
    numbers[:, 1:] = country.next_id + np.arange(PER_WAY * BENDS).reshape(PER_WAY, BENDS)
    country.next_id += PER_WAY * BENDS
    return (np.append(numbers.ravel(), country.node(row, column)[-1]) + 1).tolist()


def tags_of(country: Country, line: int) -> dict[str, str]:
    """Return the tags of a way on a line of the lattice."""
    if line % 64 == 0:
        return {"highway": "trunk", "maxspeed": "110"}
    if line % 16 == 0:
        return {"highway": "secondary"}
    tags = {"highway": "residential" if line % 2 else "unclassified"}
    if country.random.random() < 0.1:
        tags["oneway"] = "yes"
    return tags


def ferries(country: Country) -> list:
    """Return ferries across the strait, one for each stretch of coast but the last."""
    found = []
    for row in range(0, country.side - RIVER_EVERY, RIVER_EVERY):
        ends = [country.node(row, country.strait + step) + 1 for step in (-PER_WAY, PER_WAY)]
        found.append((ends, {"route": "ferry", "duration": "00:40"}))
    return found


def write_places(country: Country, folder: Path, n_centers: int, n_sites: int) -> None:
    """Write centers and sites beside random junctions."""
    for name, count, away_m in (("center", n_centers, 50.0), ("site", n_sites, 120.0)):
        at = country.random.integers(0, country.side, (2, count))
        away = country.random.normal(0, away_m, (2, count))
        lon, lat = country.degrees(country.x[tuple(at)] + away[0], country.y[tuple(at)] + away[1])
        rows = zip(range(count), lat.round(6).tolist(), lon.round(6).tolist(), strict=True)
        lines = [f"{name[0].upper()}{n:07d},{y},{x},KZ\n" for n, y, x in rows]
        header = f"{name}_id,latitude,longitude,country\n"
        (folder / f"{name}s.csv").write_text(header + "".join(lines), encoding="utf-8")


def main() -> None:
    """Write a country."""
    folder, sizes = Path(sys.argv[1]), [int(float(text)) for text in sys.argv[2:5]]
    folder.mkdir(parents=True, exist_ok=True)
    country = Country(sizes[0])
    write_roads(country, folder / "roads.osm.pbf")
    write_places(country, folder, *sizes[1:])
    print(f"{country.next_id:,} nodes in {folder}", flush=True)


if __name__ == "__main__":
    main()
