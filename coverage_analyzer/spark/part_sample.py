"""The sample of sites for a static picture, of rows that several tasks read.

Which sites the sample has depends on how many sites came before, which a task does not know. So a
task writes the places of its sites to files, 16 bytes each, and the driver takes every n-th of them
in order: the sites that one process would have taken.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import IO

import numpy as np

from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.maps.site_sample import EveryNth, SiteSample, places_at
from coverage_analyzer.schema.verdict import Status


class _PlacesFile(EveryNth):
    """All sites of one status, in a file that is created with the first of them."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._file: IO[bytes] | None = None

    def add(self, lon: Floats, lat: Floats, at: Ints) -> None:
        """Write the next sites: those at some positions of a block."""
        if self._file is None:
            self._file = self.path.open("wb")
        self._file.write(places_at(lon, lat, at).data)
        self.seen += len(at)

    def close(self) -> None:
        """Finish the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __len__(self) -> int:
        """Return the number of places."""
        return self.seen

    def __getitem__(self, at: slice, /) -> Floats:
        """Return some places; the file is mapped only as long as they are read. Shape (n, 2)."""
        if not self.seen:
            return np.zeros((0, 2))
        return np.array(np.memmap(self.path, np.float64, "r", shape=(self.seen, 2))[at])


class PartSample(SiteSample):
    """The places of the sites of a part, in files.

    Parameters
    ----------
    base
        Path of the files without their endings.
    """

    def __init__(self, base: Path) -> None:
        super().__init__()
        self.files = [_PlacesFile(Path(f"{base}.{status.name}")) for status in Status]
        self._kept = list(self.files)

    def close(self) -> None:
        """Finish the files."""
        for file in self.files:
            file.close()


def joined_sample(parts: Sequence[PartSample]) -> SiteSample:
    """Return the sample of all sites, given the places of all parts in their order."""
    kept = [EveryNth.of_parts([part.files[status] for part in parts]) for status in Status]
    return SiteSample.of_parts(parts, kept)
