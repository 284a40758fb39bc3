"""Where the sites are, by status: a sample of bounded size, for a static picture.

Of each status every site is kept until there are `MOST_KEPT`, then every second one, and so on. So
the few stay whole beside the many, equal input gives an equal sample however its blocks end, and a
million sites cost a few milliseconds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.maps.first_view import first_view
from coverage_analyzer.schema.verdict import Status

MOST_KEPT: Final = 16_384
"""Maximum number of sites kept per status."""

LONGITUDE_BINS: Final = 3600
"""Resolution, a tenth of a degree, at which longitudes with sites are recorded."""


class Places(Protocol):
    """Places of sites: an array of shape (n, 2), or a file of one."""

    def __len__(self) -> int:
        """Return the number of places."""

    def __getitem__(self, at: slice, /) -> Floats:
        """Return some of them. Shape (n, 2)."""


@dataclass
class EveryNth:
    """Every n-th site of one status."""

    step: int = 1
    seen: int = 0
    held: int = 0
    parts: list[Floats] = field(default_factory=list)

    @classmethod
    def of_parts(cls, parts: Sequence["Places"]) -> "EveryNth":
        """Return those that are kept of some parts, which may be files, in their order."""
        seen, step, offset = sum(map(len, parts)), 1, 0
        while -(-seen // step) > MOST_KEPT:
            step *= 2
        kept = []
        for part in parts:
            kept.append(np.array(part[-offset % step :: step]))
            offset += len(part)
        return cls(step, seen, sum(map(len, kept)), kept)

    def add(self, lon: Floats, lat: Floats, at: Ints) -> None:
        """Add the next sites: those at some positions of a block."""
        subset = at[(-self.seen) % self.step :: self.step]
        self.seen += len(at)
        self.parts.append(places_at(lon, lat, subset))
        self.held += len(subset)
        while self.held > MOST_KEPT:
            self.parts = [np.concatenate(self.parts)[::2]]
            self.held, self.step = len(self.parts[0]), self.step * 2


def places_at(lon: Floats, lat: Floats, at: Ints) -> Floats:
    """Return the places of sites at some positions. Shape (n, 2)."""
    return np.column_stack([lon.take(at), lat.take(at)])


class SiteSample:
    """A sample of the sites, collected block by block.

    Attributes
    ----------
    counts
        Number of all sites per status, by the values of `Status`.
    """

    def __init__(self) -> None:
        self.counts = np.zeros(len(Status), np.int64)
        self._kept = [EveryNth() for _ in Status]
        self._longitudes = np.zeros(LONGITUDE_BINS, np.bool_)
        self._latitudes = (np.inf, -np.inf)

    @classmethod
    def of_parts(cls, parts: Sequence["SiteSample"], kept: list[EveryNth]) -> "SiteSample":
        """Return the sample of several parts, given what is kept of each status in all of them."""
        result = cls()
        result._kept = kept
        for part in parts:
            result.counts += part.counts
            result._longitudes |= part._longitudes  # noqa: SLF001 - of this class
            (south, north), (low, high) = result._latitudes, part._latitudes  # noqa: SLF001
            result._latitudes = min(south, low), max(north, high)
        return result

    def add(self, lon: Floats, lat: Floats, status: npt.NDArray[np.integer[Any]]) -> None:
        """Add a block.

        Parameters
        ----------
        lon, lat
            Degrees on WGS 84.
        status
            Values of `Status`.
        """
        if not len(lon):
            return
        for code, kept in enumerate(self._kept):
            at = np.flatnonzero(status == code)
            if len(at):
                kept.add(lon, lat, at)
                self.counts[code] += len(at)
        bins = ((lon + 180) * (LONGITUDE_BINS / 360)).astype(np.int64)
        bins[bins == LONGITUDE_BINS] = 0
        self._longitudes[bins] = True
        south, north = self._latitudes
        self._latitudes = min(south, float(lat.min())), max(north, float(lat.max()))

    def places(self) -> Iterator[tuple[Status, Floats, int]]:
        """Yield for each status its kept sites, and how many sites each of them stands for.

        Sites have longitude and latitude in degrees, shape (n, 2).
        """
        for status, kept in zip(Status, self._kept, strict=True):
            if kept.seen:
                yield status, np.concatenate(kept.parts), kept.step

    def corners(self) -> list[list[float]] | None:
        """Return the south-west and north-east corners of all sites, as `first_view` does."""
        bins = np.flatnonzero(self._longitudes)
        middles = (bins.astype(np.float64) + 0.5) * (360 / LONGITUDE_BINS) - 180
        return first_view(middles, np.array(self._latitudes))
