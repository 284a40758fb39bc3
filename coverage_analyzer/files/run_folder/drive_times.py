"""``drive_times.csv``: the drive to each site of a report from its center."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats, Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter, Style
from coverage_analyzer.schema.columns import DRIVE_TIMES, as_text

NAME: Final = "drive_times.csv"

AGAIN: Final = "Run drive-times again."

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
        self,
        ids: tuple[pa.Array, pa.Array, pa.Array],
        values: dict[str, npt.NDArray[Any]],
        rows: Ints,
    ) -> None:
        """Append rows.

        Parameters
        ----------
        ids
            ``site_id``, ``center_id`` and ``drive_center_id`` as strings.
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
            "drive_center_id": pc.fill_null(texts[2], ""),
            "attribution": arrays.text_array([self._attribution] * len(rows)),
        } | {n: arrays.decimals(values[n][rows], places) for n, places in DECIMALS.items()}
        columns = [cells[name] for name in DRIVE_TIMES]
        self._writer.write(pa.RecordBatch.from_arrays(columns, schema=SCHEMA))


class DriveTimesReader:
    """The drives of a report's sites, block by block in its order.

    Parameters
    ----------
    path
        As written by `DriveTimesWriter`.
    style
        Style of the text files of the run.
    centers
        Ids of the run's centers: a row is only of a site with one of them.

    Raises
    ------
    InputError
        If it cannot be read.
    """

    def __init__(self, path: Path, style: Style, centers: Sequence[str]) -> None:
        self._path, self._centers, self._at = path, arrays.text_array(list(centers)), 0
        read = csv.ReadOptions()
        parse = csv.ParseOptions(delimiter=style.delimiter, newlines_in_values=True)
        names = ("site_id", "minutes", "road_miles")
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), include_columns=list(names)
        )
        try:
            table = csv.read_csv(path, read, parse, convert).combine_chunks()
        except (OSError, ValueError, KeyError) as error:
            msg = f"{path} does not contain the drive times of this run ({error}). {AGAIN}"
            raise InputError(msg) from None
        self._ids = table.column("site_id").combine_chunks()
        self._values = [
            _decimals(table.column(name), style.output_decimal)
            for name in ("minutes", "road_miles")
        ]

    def next(self, site_id: pa.Array, center_id: pa.Array) -> tuple[Floats, Floats]:
        """Return the minutes and miles of the next sites of the report; NaN where unknown.

        Parameters
        ----------
        site_id, center_id
            As in the report, shape (n,).

        Raises
        ------
        InputError
            If the file is about other sites.
        """
        rows = np.flatnonzero(arrays.to_bools(pc.is_in(as_text(center_id), self._centers)))
        part = slice(self._at, self._at + len(rows))
        self._at += len(rows)
        own = as_text(site_id).take(arrays.from_numpy(rows))
        if not pc.utf8_ltrim(own, "'").equals(pc.utf8_ltrim(self._ids[part], "'")):
            msg = f"{self._path} is about other sites than the report. {AGAIN}"
            raise InputError(msg)
        result = []
        for values in self._values:
            column = np.full(len(site_id), np.nan)
            column[rows] = values[part]
            result.append(column)
        return result[0], result[1]


def _decimals(cells: pa.ChunkedArray, mark: str) -> Floats:
    texts = pc.replace_substring(cells.combine_chunks(), mark, ".")
    empty = pc.equal(texts, "")
    numbers: Floats = (
        pc.if_else(empty, None, texts).cast(pa.float64()).to_numpy(zero_copy_only=False)
    )
    return numbers
