"""The sites of a map, collected block by block as integers, limited to what a page can hold.

Up to `MOST_SITES` all are kept. Beyond that, only sites that are not ``qualified`` are kept, unless
they exceed the limit themselves, and all are counted in a density grid.
"""

import enum
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Floats, Ints, distinct
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps.packing import UNITS
from coverage_analyzer.maps.site_columns import Codes, Columns, GrowingColumns, short
from coverage_analyzer.maps.site_sample import SiteSample
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.coordinates import numbers
from coverage_analyzer.schema.verdict import COLUMNS, ROAD_REASONS, Status

MOST_SITES: Final = 2_000_000
"""Maximum sites of a page; more are slow to open, and too large to mail."""

GRID: Final = 1024
"""Density cells per side of the world in Web Mercator."""

CODED: Final = tuple(
    column.name
    for column in COLUMNS
    if column.type in {pa.string(), pa.date32()} and column.name not in {"status", "as_of"}
)
"""Verdict columns whose texts recur; each text is stored once. All rows share one ``as_of``."""

STATUSES: Final = tuple(status.name for status in Status)

MARKED: Final = (*STATUSES, theme.ROAD)
"""How sites are marked, counted and filtered: by status, but those in review only because of the
road have a mark of their own, since their data are clear."""

MISSING: Final = -1

MOST_CENTIMETRES: Final = 2_000_000_000
"""Accuracy beyond which nothing is certain anywhere: half the circumference of the earth."""

DRIVE: Final = ("minutes", "road_miles")
"""Columns of drives in tenths of a minute and thousandths of a mile, or `MISSING`."""

LONGITUDE_BINS: Final = 3600
"""Resolution, a tenth of a degree, at which locations of sites are recorded."""


class Kept(enum.StrEnum):
    """Which sites a map shows individually."""

    all = enum.auto()
    not_qualified = enum.auto()
    none = enum.auto()


class Drive(NamedTuple):
    """The drive to each site of a block, shape (n,); NaN where it is not known."""

    minutes: npt.NDArray[Any]
    road_miles: npt.NDArray[Any]


class WhatIfSites(NamedTuple):
    """What a page must know of sites to try changes of centers, shape (n,) each.

    Attributes
    ----------
    accuracy_m
        Accuracy of their coordinates, NaN if unknown.
    held
        Whether a center in reach would not help them (`matching.outlook`).
    """

    accuracy_m: Floats
    held: Bools


class Coded(NamedTuple):
    """A column of recurring texts: the texts, and which one each site has.

    ``at`` has shape (n,), and is negative where there is no text.
    """

    texts: pa.Array
    at: npt.NDArray[np.integer[Any]]


class Details(NamedTuple):
    """What a map shows of the sites of a block beside their verdicts.

    Attributes
    ----------
    own
        Cells of `DrawnSites.own_columns` as text, each of shape (n,).
    drive
        The drives, if roads were asked.
    what_if
        What is needed to try changes, if the page can.
    """

    own: Sequence[pa.Array] = ()
    drive: Drive | None = None
    what_if: WhatIfSites | None = None


class DrawnSites:
    """The sites of a map, collected block by block.

    Parameters
    ----------
    own_columns
        Names of the own columns that the map shows.

    Attributes
    ----------
    total
        Number of sites, kept or not.
    counts
        Number of sites per mark, by the positions in `MARKED`.
    served
        Number of qualified sites per center, by its position in ``words["center_id"]``.
    kept
        Which sites are kept individually.
    density
        Number of sites of each mark in each grid cell; empty while all are kept.
    words
        Texts of each coded column in the order of their codes.
    sample
        Where they are, for a static picture.
    """

    def __init__(self, own_columns: Sequence[str] = ()) -> None:
        self.own_columns = tuple(own_columns)
        self.sample = SiteSample()
        self.total = 0
        self.unit = "miles"
        self.counts = np.zeros(len(MARKED), np.int64)
        self.served = np.zeros(0, np.int64)
        self.kept = Kept.all
        self.density: npt.NDArray[np.uint32] | None = None
        self.words: dict[str, dict[Any, int]] = {n: {} for n in (*CODED, "limit_miles")}
        self._codes: dict[str, tuple[pa.Array, Ints]] = {}
        self._columns = GrowingColumns(MOST_SITES)
        self._longitudes = np.zeros(LONGITUDE_BINS, np.bool_)
        self._latitudes = (np.inf, -np.inf)

    def add(
        self,
        lon: Floats,
        lat: Floats,
        site_id: pa.Array,
        name: pa.Array,
        verdict: Mapping[str, pa.Array],
        details: Details | None = None,
    ) -> None:
        """Append a block.

        Parameters
        ----------
        lon, lat
            Degrees on WGS 84.
        site_id, name
            Texts.
        verdict
            The columns of a verdict, with their types or as a report writes them; texts that are
            coded already need not be encoded.
        details
            What is shown besides: the same in each block.

        Raises
        ------
        InputError
            If a status is unknown.
        """
        if not len(lon):
            return
        details = details or Details()
        own = {f"own_{n}": cells for n, cells in enumerate(details.own)}
        columns = Columns(self._numbers(lon, lat, verdict), {"id": site_id, "name": name, **own})
        if details.drive is not None:
            columns.numbers |= _drive_codes(details.drive)
        if details.what_if is not None:
            columns.numbers |= _what_if_codes(details.what_if)
        self._note(columns)
        marks = columns.numbers["status"]
        self.sample.add(lon, lat, np.where(marks == len(Status), Status.review, marks))
        self._keep(columns)

    def _numbers(self, lon: Floats, lat: Floats, verdict: Mapping[str, Any]) -> dict[str, Codes]:
        result: dict[str, Codes] = {n: self._coded(n, _encoded(verdict[n])) for n in CODED}
        result["status"] = _marks(_encoded(verdict["status"]), _encoded(verdict["reason"]))
        limits = numbers(verdict["limit_miles"])[0]
        limits_coded = _encoded(arrays.from_numpy(limits, np.isnan(limits)))
        result["limit_miles"] = self._coded("limit_miles", limits_coded)
        result["lon"], result["lat"] = (np.rint(v * UNITS).astype(np.int32) for v in (lon, lat))
        result["miles"] = _thousandths(verdict["distance_miles"])
        result["margin"] = _thousandths(verdict["margin_miles"])
        result["in_reach"] = short(np.nan_to_num(numbers(verdict["centers_in_reach"])[0]))
        if "distance_km" in verdict:
            self.unit = "km"
            result["km"] = _thousandths(verdict["distance_km"])
            result["margin_km"] = _thousandths(verdict["margin_km"])
        return result

    def _coded(self, column: str, cells: Coded) -> Codes:
        """Return the codes of cells, in the order in which they come; an empty one is missing."""
        words, (texts, at) = self.words[column], cells
        same, codes = self._codes.get(column, (None, None))
        if same is None or codes is None or not texts.equals(same):
            codes = np.full(len(texts) + 1, MISSING)
            self._codes[column] = texts, codes
        known = short(codes).take(at)
        if not (codes[:-1] == MISSING).any():
            return known
        unseen = at[(known == MISSING) & (at >= 0)]
        if len(unseen):
            values, first = np.unique(unseen, return_index=True)
            for number in values[np.argsort(first)].tolist():
                word = texts[number].as_py()
                codes[number] = MISSING if word == "" else words.setdefault(word, len(words))
            known = short(codes).take(at)
        return known

    def _note(self, columns: Columns) -> None:
        """Count the sites, and record their locations."""
        status, center = columns.numbers["status"], columns.numbers["center_id"]
        self.total += len(columns)
        self.counts += np.bincount(status, minlength=len(MARKED))
        known = len(self.words["center_id"])
        self.served = np.pad(self.served, (0, known - len(self.served)))
        by_center = center[(status == Status.qualified) & (center != MISSING)]
        self.served += np.bincount(by_center, minlength=known)
        lon, lat = columns.numbers["lon"], columns.numbers["lat"]
        bins = (lon + 180 * UNITS) // (360 * UNITS // LONGITUDE_BINS)
        bins[bins == LONGITUDE_BINS] = 0
        self._longitudes[bins] = True
        south, north = self._latitudes
        self._latitudes = (
            min(south, lat.min() / UNITS),
            max(north, lat.max() / UNITS),
        )

    def _keep(self, columns: Columns, *, is_counted: bool = False) -> None:
        """Count sites in the grid, if there is one, and keep those that are shown individually."""
        subset = self._shown(columns)
        while len(self._columns) + len(subset) > MOST_SITES and self.kept is not Kept.none:
            self._shed()
            subset = self._shown(columns)
        if self.density is not None and not is_counted:
            _count(self.density, columns)
        if len(subset):
            self._columns.append(subset)

    def _shown(self, columns: Columns) -> Columns:
        """Return the sites that are shown individually."""
        if self.kept is Kept.all:
            return columns
        is_shown = _is_not_qualified(columns) & (self.kept is Kept.not_qualified)
        return columns.take(np.flatnonzero(is_shown))

    def _shed(self) -> None:
        """Show fewer kinds of sites individually."""
        if self.kept is not Kept.all:
            self.kept, self._columns = Kept.none, GrowingColumns(MOST_SITES)
            return
        self.density = np.zeros((len(MARKED), GRID * GRID), np.uint32)
        self.kept = Kept.not_qualified
        if len(self._columns):
            columns = self._columns.columns()
            _count(self.density, columns)
            at = np.flatnonzero(_is_not_qualified(columns))
            del columns
            self._columns.select(at)

    def update(self, other: "DrawnSites") -> None:
        """Append the sites of a part that follows, but for the sample.

        What is kept is what adding its blocks one by one would have kept.
        """
        codes = {n: self._renumbered(n, list(other.words[n])) for n in self.words}
        self.unit = other.unit if other.total else self.unit
        self.total += other.total
        self.counts += other.counts
        centers = codes["center_id"][:-1]
        self.served = np.pad(self.served, (0, len(self.words["center_id"]) - len(self.served)))
        self.served[centers[: len(other.served)]] += other.served
        self._longitudes |= other._longitudes  # noqa: SLF001
        (south, north), (low, high) = self._latitudes, other._latitudes  # noqa: SLF001
        self._latitudes = min(south, low), max(north, high)
        while list(Kept).index(self.kept) < list(Kept).index(other.kept):
            self._shed()
        is_counted = other.density is not None
        if self.density is not None and other.density is not None:
            self.density += other.density
        part = other.columns()
        if part is not None:
            part.numbers |= {n: short(codes[n][part.numbers[n]]) for n in codes}
            self._keep(part, is_counted=is_counted)

    def _renumbered(self, column: str, texts: Sequence[Any]) -> Ints:
        """Return the codes of texts, by their position; the last one is `MISSING`."""
        words = self.words[column]
        codes = [words.setdefault(word, len(words)) for word in texts]
        return np.array([*codes, MISSING], np.int64)

    def columns(self) -> Columns | None:
        """Return the kept sites in input order, if any."""
        return self._columns.columns() if len(self._columns) else None

    def longitudes(self) -> Floats:
        """Return both ends of all tenths of a degree of longitude with sites."""
        tenths = np.flatnonzero(self._longitudes)
        ends = distinct(np.append(tenths, tenths + 1)).astype(np.float64)
        return ends * (360 / LONGITUDE_BINS) - 180

    def latitudes(self) -> Floats:
        """Return the minimum and maximum latitude of the sites, if any."""
        return np.array(self._latitudes if self.total else ())


def _drive_codes(drive: Drive) -> dict[str, npt.NDArray[np.int32]]:
    """Return the columns of drives."""
    return {
        name: np.rint(np.nan_to_num(values, nan=MISSING)).astype(np.int32)
        for name, values in zip(DRIVE, (drive.minutes * 10, drive.road_miles * 1000), strict=True)
    }


def _what_if_codes(sites: WhatIfSites) -> dict[str, Codes]:
    """Return accuracies in centimetres, or `MISSING`, and who is held back as numbers."""
    centimetres = np.minimum(np.nan_to_num(sites.accuracy_m, nan=-0.01) * 100, MOST_CENTIMETRES)
    return {"accuracy": short(np.rint(centimetres)), "held": sites.held.astype(np.int8)}


def _is_not_qualified(columns: Columns) -> Bools:
    result: Bools = columns.numbers["status"] != Status.qualified
    return result


def _encoded(cells: pa.Array) -> Coded:
    """Return the codes of cells, of which days become texts."""
    plain = cells.type in {pa.date32(), pa.float64()} or pa.types.is_dictionary(cells.type)
    coded = (cells if plain else as_text(cells)).dictionary_encode()
    texts = as_text(coded.dictionary) if cells.type == pa.date32() else coded.dictionary
    return Coded(texts, arrays.codes_of(coded))


def _marks(statuses: Coded, reasons: Coded) -> Codes:
    """Return the positions of sites in `MARKED`.

    Raises
    ------
    InputError
        If a status is unknown.
    """
    marks = _statuses(statuses)
    by_road = {reason.name for reason in ROAD_REASONS}
    asked = np.array([*(word in by_road for word in reasons.texts.to_pylist()), False])
    if not asked.any():
        return marks
    looked_at = (marks == Status.review) & asked[reasons.at]
    return np.where(looked_at, np.int8(MARKED.index(theme.ROAD)), marks)


def _statuses(cells: Coded) -> Codes:
    """Return the `Status` values of texts.

    Raises
    ------
    InputError
        If one is unknown.
    """
    position = {name: number for number, name in enumerate(STATUSES)}
    texts = [*cells.texts.to_pylist(), ""]
    codes = np.array([position.get(word, MISSING) for word in texts], np.int8)
    marks: Codes = codes[cells.at]
    if (marks == MISSING).any():
        odd = texts[cells.at[np.flatnonzero(marks == MISSING)[0]]]
        msg = f"Unknown status {odd!r}; choose from {', '.join(STATUSES)}."
        raise InputError(msg)
    return marks


def _thousandths(cells: pa.Array) -> npt.NDArray[np.int32]:
    values = numbers(cells)[0] * 1000
    np.rint(values, out=values)
    values[np.isnan(values)] = 0
    return values.astype(np.int32)


def _count(density: npt.NDArray[np.uint32], columns: Columns) -> None:
    """Count sites into a grid."""
    lon, lat, status = (columns.numbers[name] for name in ("lon", "lat", "status"))
    for part in arrays.slices(len(columns)):
        cells = cells_of(lon[part] / UNITS, lat[part] / UNITS)
        np.add.at(density, (status[part], cells), 1)


def cells_of(lon: Floats, lat: Floats) -> Ints:
    """Return the grid cell of each place, row by row from the north-west.

    Examples
    --------
    >>> cells_of(np.array([-180.0, 0.0, 180.0]), np.array([85.0, 0.1, -90.0])).tolist()
    [1024, 523776, 1047552]
    """
    sine = np.sin(np.radians(np.clip(lat, -85.0511, 85.0511)))
    north = 0.5 - np.log((1 + sine) / (1 - sine)) / (4 * np.pi)
    column = np.floor((lon / 360 + 0.5) * GRID).astype(np.int64) % GRID
    row = np.clip(np.floor(north * GRID).astype(np.int64), 0, GRID - 1)
    cells: Ints = row * GRID + column
    return cells
