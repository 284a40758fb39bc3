"""The base map of one page: cut to the extent of its data, within a limit of bytes.

The whole world is there at level 0. Then come, each time the busiest cells first, until the limit
of bytes is reached: level 2 where there is a center or as many sites as count for one, and level 1
around it; level 1 where there are sites, then level 2; the same around these; level 1 farther out.
A page about one country or region may take `REGION_BYTES`, any other `WORLD_BYTES`.
"""

import functools
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.countries import Names
from coverage_analyzer.maps import base_map
from coverage_analyzer.maps.base_map import CELLS, FINE, SIDE, PlaceKind, Places
from coverage_analyzer.maps.packing import UNITS, Block
from coverage_analyzer.maps.sites import GRID, DrawnSites
from coverage_analyzer.matching.centers import Centers

REGION_BYTES: Final = 620_000
WORLD_BYTES: Final = 1_440_000
"""Most bytes of the base map in a page, as base64."""

REGION_DEGREES: Final = 100.0
REGION_SHARE: Final = 0.95
"""Data of which this share is in a strip at most this wide are about a region."""

CENTER_WEIGHT: Final = 50
"""A center counts as much as so many sites."""

NEAR: Final = 1
FAR: Final = 6
"""Distances in cells up to which level 2 and level 1 are given around data."""

PACKED_SHARE: Final = (0.38, 0.81, 0.91)
"""Bytes in a page before base64, of a byte of counts, and of steps at level 1 and 2: measured."""

PLACE_BYTES: Final = 11.0
"""Bytes of a place in a page before base64: measured."""

WORLD_ZOOM: Final = 6
"""Places of at most this zoom are shown everywhere; of a region's map, one less."""

PLACES_SHARE: Final = 0.25
"""Share of the bytes near the data that places may take."""

LATITUDE_STEP: Final = 1 << 10
"""Units of latitude in which rows of cells are looked up: 0.01 degree."""


@dataclass(frozen=True)
class BaseBlock:
    """The base map of a page.

    Attributes
    ----------
    block
        Rows (``cell``, ``level``, sizes, bytes) and places.
        ``place_country`` is a position in ``country_name``, whose first is empty.
    """

    block: Block

    def page_data(self) -> dict[str, Any]:
        """Return how the page reads the block."""
        return {
            "columns": self.block.specs,
            "shifts": list(base_map.SHIFTS),
        }


def cut(sites: DrawnSites, centers: Centers, names: Names) -> BaseBlock:
    """Return the base map for the page of some sites and centers."""
    weights = cell_weights(sites, centers)
    regional = is_region(weights) or _is_one_country(sites, names)
    limit = (REGION_BYTES if regional else WORLD_BYTES) * 3 / 4
    world, places = base_map.load(), base_map.places()
    costs = _costs(world)
    whole = np.flatnonzero(world.level == 0)
    shown = _places(places, weights, limit, WORLD_ZOOM - regional, float(costs[whole].sum()))
    left = limit - float(costs[whole].sum()) - PLACE_BYTES * len(shown)
    rows = np.concatenate([whole, _rows(world, costs, weights, left)])
    return _packed(world, rows, places.take(shown), names)


def cell_weights(sites: DrawnSites, centers: Centers) -> Ints:
    """Return how much data each cell has. Shape (`CELLS`, `CELLS`), rows from the north."""
    own = np.full(len(centers.lon), CENTER_WEIGHT, np.int64)
    at = _cells(_rounded(centers.lon), _rounded(centers.lat))
    result = np.bincount(at, own, CELLS * CELLS).astype(np.int64)
    if sites.density is not None:
        counts = sites.density.sum(axis=0).reshape(CELLS, GRID // CELLS, CELLS, GRID // CELLS)
        result += counts.sum(axis=(1, 3)).astype(np.int64).ravel()
    elif (columns := sites.columns()) is not None:
        lon, lat = columns.numbers["lon"], columns.numbers["lat"]
        for part in arrays.slices(len(columns)):
            result += np.bincount(_cells(lon[part], lat[part]), minlength=CELLS * CELLS)
    return result.reshape(CELLS, CELLS)


def _rounded(degrees: Floats) -> Ints:
    return np.rint(degrees * UNITS).astype(np.int64)


def _cells(lon: npt.NDArray[Any], lat: npt.NDArray[Any]) -> Ints:
    """Return the cell of places in units of `UNITS` per degree, within 0.01 degree."""
    column = (lon + 180 * UNITS) // (360 * UNITS // CELLS)
    column[column == CELLS] = 0  # 180 degrees east
    cells: Ints = _row_starts().take((lat + 90 * UNITS) // LATITUDE_STEP) + column
    return cells


@functools.cache
def _row_starts() -> Ints:
    """Return the first cell of the row of each step of latitude, from the South Pole."""
    south = np.arange(0, 180 * UNITS + 1, LATITUDE_STEP) / UNITS - 90
    _, y = base_map.units_of(0.0, south)
    return np.minimum(y // SIDE, CELLS - 1).astype(np.int64) * CELLS


def is_region(weights: Ints) -> bool:
    """Return whether nearly all data fit into `REGION_DEGREES`, also across 180.

    A few sites far away, or with wrong coordinates, do not make a region the world.
    """
    columns = weights.sum(axis=0)
    width = int(REGION_DEGREES / 360 * CELLS)
    total = np.cumsum(np.concatenate([[0], columns, columns]))
    most = (total[width:] - total[:-width]).max()
    return bool(most >= REGION_SHARE * columns.sum())


def _is_one_country(sites: DrawnSites, names: Names) -> bool:
    """Return whether all sites are in one country and its territories."""
    known = set(names.codes)
    codes = [code for code in sites.words["site_country"] if code in known]
    numbers = [names.codes.index(code) for code in codes]
    return len({int(names.sovereign[n]) or n for n in numbers}) == 1


def _costs(world: base_map.BaseMap) -> Floats:
    """Return the bytes of each row in a page, before base64."""
    steps = np.where(world.level == FINE, PACKED_SHARE[2], PACKED_SHARE[1])
    counts = base_map.lengths(world.counts)
    result: Floats = PACKED_SHARE[0] * counts + steps * (world.sizes - counts) + 3
    return result


def _around(weights: Ints) -> Ints:
    """Return the greatest weight in each cell and the eight around it; columns go round."""
    tall = np.pad(weights, ((1, 1), (0, 0)))
    down = np.maximum(np.maximum(tall[:-2], tall[2:]), weights)
    result: Ints = np.maximum(np.maximum(np.roll(down, 1, 1), np.roll(down, -1, 1)), down)
    return result


def _places(places: Places, weights: Ints, limit: float, everywhere: int, used: float) -> Ints:
    """Return the places of a page: some everywhere, and near the data as many as fit."""
    near = (_around(weights) > 0).ravel()
    cell = places.y // SIDE * CELLS + places.x // SIDE
    is_near = near[np.clip(cell, 0, CELLS * CELLS - 1)]
    result = places.zoom <= everywhere
    result |= (places.kind == PlaceKind.country) | (places.kind == PlaceKind.capital)
    room = (limit - used) * PLACES_SHARE
    for zoom in range(everywhere + 1, int(places.zoom.max()) + 1):
        more = result | (is_near & (places.zoom <= zoom))
        if PLACE_BYTES * more.sum() > room:
            break
        result = more
    return np.flatnonzero(result)


def _rows(world: base_map.BaseMap, costs: Floats, weights: Ints, left: float) -> Ints:
    """Return the rows of cells that fit into the bytes that are left."""
    coarse, fine = world.rows(1), world.rows(FINE)
    fine = np.where(fine < 0, coarse, fine)
    chosen = np.full(CELLS * CELLS, -1)
    reached = weights.copy()
    rings = [weights.ravel()]
    for _ in range(FAR):
        reached = _around(reached)
        rings.append(reached.ravel())
    turns = [(0, fine, CENTER_WEIGHT), (NEAR, coarse, CENTER_WEIGHT), (0, coarse, 1), (0, fine, 1)]
    turns += [
        (NEAR, coarse, 1),
        (NEAR, fine, 1),
        *((d, coarse, 1) for d in range(NEAR + 1, FAR + 1)),
    ]
    for ring, rows, least in turns:
        can = (rings[ring] >= least) & (rows >= 0)
        can &= (chosen < 0) if rows is coarse else (chosen != rows)
        left -= _take(np.flatnonzero(can), rings[ring], rows, chosen, costs, left)
    result: Ints = chosen[chosen >= 0]
    return result


def _take(
    cells: Ints, weights: Ints, rows: Ints, chosen: Ints, costs: Floats, left: float
) -> float:
    """Choose rows for cells, those of greater weight first; return the bytes that they take."""
    ordered = cells[np.lexsort((cells, -weights[cells]))]
    had = chosen[ordered]
    more = costs[rows[ordered]] - np.where(had >= 0, costs[had], 0)
    total = np.cumsum(more)
    n = int(np.searchsorted(np.maximum.accumulate(total), left, side="right"))
    chosen[ordered[:n]] = rows[ordered[:n]]
    return float(total[n - 1]) if n else 0.0


def _packed(world: base_map.BaseMap, rows: Ints, places: Places, names: Names) -> BaseBlock:
    block = Block()
    block.numbers("cell", world.cell[rows])
    block.numbers("level", world.level[rows])
    at = arrays.from_numpy(rows)
    parts = {n: getattr(world, n).take(at) for n in ("counts", "x", "y")}
    for name, part in parts.items():
        block.numbers(f"{name}_size", base_map.lengths(part))
    for name, part in parts.items():
        block.numbers(f"{name}_bytes", base_map.content(part))
    codes = _ordered_codes(places)
    titles = dict(zip(names.codes, names.titles, strict=True))
    position = {code: number for number, code in enumerate(codes)}
    country = np.array([position[code] for code in places.country.dictionary.to_pylist()])
    block.numbers("place_x", places.x)
    block.numbers("place_y", places.y)
    block.numbers("place_zoom", places.zoom)
    block.numbers("place_kind", places.kind)
    block.numbers("place_country", country[arrays.as_numpy(places.country.indices)])
    block.texts("place_name", places.name)
    named = arrays.text_array([titles.get(code, code) for code in codes])
    block.texts("country_name", named.cast(pa.large_string()))
    return BaseBlock(block)


def _ordered_codes(places: Places) -> list[str]:
    """Return all codes of the dictionary of countries, the empty one first."""
    return sorted({"", *places.country.dictionary.to_pylist()})
