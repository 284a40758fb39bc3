"""``drive_times.csv``: how each site of a report is reached by road from its center."""

from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style
from coverage_analyzer.schema.columns import DRIVE_TIMES

NAME: Final = "drive_times.csv"

DECIMALS: Final = {
    "minutes": 1,
    "road_miles": 3,
    "detour_factor": 3,
    "snap_m": 0,
    "limit_minutes": 1,
}

SCHEMA: Final = pa.schema(
    [(n, pa.decimal128(18, DECIMALS[n]) if n in DECIMALS else pa.string()) for n in DRIVE_TIMES]
)


class DriveTimesWriter:
    """Rows as they come.

    The credit of the roads is a column: a line of comment would break readers of CSV.
    """

    def __init__(self, path: Path, attribution: str, style: Style = SAFE) -> None:
        self._writer, self._attribution = CsvWriter(path, SCHEMA, style), attribution

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def write(
        self, ids: tuple[pa.Array, pa.Array], told: dict[str, npt.NDArray[Any]], some: Ints
    ) -> None:
        """Append some rows.

        Parameters
        ----------
        ids
            ``site_id`` and ``center_id`` as strings.
        told
            The other columns but ``ferry`` and ``status`` as numbers, NaN where missing; ``ferry``
            as booleans, ``status`` as texts.
        some
            The rows that are written, by position.
        """
        texts = [i.take(arrays.arrow(some)) for i in ids]
        yes_no = np.where(told["ferry"], "yes", "no")
        cells = {
            "site_id": texts[0],
            "center_id": texts[1],
            "ferry": arrays.text(np.where(np.isnan(told["minutes"]), "", yes_no)[some].tolist()),
            "status": arrays.text(told["status"][some].tolist()),
            "attribution": arrays.text([self._attribution] * len(some)),
        } | {n: arrays.decimals(told[n][some], places) for n, places in DECIMALS.items()}
        columns = [cells[name] for name in DRIVE_TIMES]
        self._writer.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
