"""``drive_times.csv``: the drive to each site of a report from its center."""

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
    """Writer of rows in batches.

    The attribution of the roads is a column, because a comment line would break CSV readers.
    """

    def __init__(self, path: Path, attribution: str, style: Style = SAFE) -> None:
        self._writer, self._attribution = CsvWriter(path, SCHEMA, style), attribution

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()

    def write(
        self, ids: tuple[pa.Array, pa.Array], values: dict[str, npt.NDArray[Any]], rows: Ints
    ) -> None:
        """Append rows.

        Parameters
        ----------
        ids
            ``site_id`` and ``center_id`` as strings.
        values
            The other columns except ``ferry`` and ``status`` as numbers, NaN where missing;
            ``ferry`` as booleans, ``status`` as texts.
        rows
            Positions of the rows to write.
        """
        texts = [i.take(arrays.from_numpy(rows)) for i in ids]
        yes_no = np.where(values["ferry"], "yes", "no")
        cells = {
            "site_id": texts[0],
            "center_id": texts[1],
            "ferry": arrays.text_array(
                np.where(np.isnan(values["minutes"]), "", yes_no)[rows].tolist()
            ),
            "status": arrays.text_array(values["status"][rows].tolist()),
            "attribution": arrays.text_array([self._attribution] * len(rows)),
        } | {n: arrays.decimals(values[n][rows], places) for n, places in DECIMALS.items()}
        columns = [cells[name] for name in DRIVE_TIMES]
        self._writer.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))
