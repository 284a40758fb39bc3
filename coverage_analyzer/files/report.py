"""The files of a run's folder: the report, the rejects, the summary, the centers."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Final, Literal, Protocol, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from coverage_analyzer import arrays, tables
from coverage_analyzer.centers import Centers
from coverage_analyzer.countries import Names, Numbers
from coverage_analyzer.files import guard, workbook_writer
from coverage_analyzer.files.blocks import Reject

Format = Literal["csv", "parquet", "xlsx"]
FORMATS: Final[tuple[Format, ...]] = ("csv", "parquet", "xlsx")

FILES: Final = (
    *(f"report.{kind}" for kind in FORMATS),
    "rejects.csv",
    "summary.csv",
    "centers.csv",
    "areas.geojson",
    "drive_times.csv",
    "service_areas.geojson",
    "map.html",
    "run.json",
)
"""All that a run's folder may hold."""

DECIMALS: Final = {"distance_miles": 3, "margin_miles": 3}
"""Columns that CSV and Excel show with so many decimals."""

SUMMARY: Final = ("site_country", "level", "status", "sites")
REJECTS: Final = ("line", "reason", "detail", "raw")

Counts = Mapping[tuple[str, str, str], int]
"""How many sites there are by country, level and status."""


class Writer(Protocol):
    """What all formats offer: a context that finishes the file."""

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    def close(self) -> None:
        """Finish the file."""

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Finish the file, also after a failure."""
        self.close()


def report_writer(path: Path, kind: Format, schema: pa.Schema, *, raw_text: bool = False) -> Writer:
    """Return a writer of report rows of a schema; raw text may be run by a spreadsheet."""
    if kind == "parquet":
        return ParquetWriter(path, schema)
    if kind == "xlsx":
        return workbook_writer.WorkbookWriter(path, schema, DECIMALS, raw_text=raw_text)
    return CsvWriter(path, schema, raw_text=raw_text)


def check_rows(kind: Format, rows: int | None) -> None:
    """Raise if a report of a format has no room for so many rows, if that is known.

    Raises
    ------
    InputError
        If they do not fit into a sheet.
    """
    if kind == "xlsx" and rows is not None:
        workbook_writer.check_rows(rows)


class ParquetWriter(Writer):
    """Rows with the types that they have; columns whose values recur hold each value once."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path, self._schema = path, schema
        self._writer: pq.ParquetWriter | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows; the first ones tell which values recur."""
        if self._writer is None:
            # A dictionary of values that do not recur costs twice the time, and space.
            self._writer = pq.ParquetWriter(
                self._path, self._schema, compression="zstd", use_dictionary=_recurring(batch)
            )
        self._writer.write_batch(batch)

    def close(self) -> None:
        """Finish the file."""
        if self._writer is not None:
            self._writer.close()


def _recurring(batch: pa.RecordBatch) -> list[str]:
    """Return the names of the columns of which at most a quarter of the values are different."""
    uncounted = (pa.types.is_nested, pa.types.is_null, pa.types.is_binary_view)
    names = [f.name for f in batch.schema if not any(is_kind(f.type) for is_kind in uncounted)]
    return [n for n in names if pc.count_distinct(batch.column(n)).as_py() * 4 <= len(batch)]


def left_out(schema: pa.Schema) -> list[str]:
    """Return in words which columns of bytes a CSV leaves out; a geometry is one in Parquet."""
    return [
        f"The column {field.name!r} holds bytes, which a CSV cannot show: it is left out there."
        for field in schema
        if arrays.is_bytes(field.type)
    ]


class CsvWriter(Writer):
    """UTF-8 text, LF, text in quotes, miles with three decimals; bytes are left out (`left_out`).

    Text that a spreadsheet would run is made inert (`guard`), unless it is to stay raw.
    """

    def __init__(self, path: Path | BinaryIO, schema: pa.Schema, *, raw_text: bool = False) -> None:
        self._raw_text = raw_text
        self._kept = [i for i, f in enumerate(schema) if not arrays.is_bytes(f.type)]
        fields = [schema.field(i) for i in self._kept]
        self._names = [f.name for f in fields]
        shown = self._names if raw_text else [guard.guarded_text(n) for n in self._names]
        types = [_csv_type(f) for f in fields]
        self._schema = pa.schema(list(zip(shown, types, strict=True)))
        self._writer = pyarrow.csv.CSVWriter(path, self._schema)

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        columns = [_plain(batch.column(i)) for i in self._kept]
        cells = [_csv_cells(n, c) for n, c in zip(self._names, columns, strict=True)]
        if not self._raw_text:
            cells = [guard.guarded(c) for c in cells]
        self._writer.write(pa.RecordBatch.from_arrays(cells, schema=self._schema))

    def close(self) -> None:
        """Finish the file."""
        self._writer.close()


def _plain(cells: pa.Array) -> pa.Array:
    """Return text of any kind (coded, large, views) as plain strings: none goes unguarded."""
    kind = _text_type(cells.type)
    return cells if cells.type == kind else cells.cast(kind)


def _text_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _text_type(kind.value_type)
    if pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind


def _csv_type(field: pa.Field) -> pa.DataType:
    if field.name in DECIMALS:
        return pa.decimal128(18, DECIMALS[field.name])
    return pa.string() if pa.types.is_nested(field.type) else _text_type(field.type)


def _csv_cells(name: str, cells: pa.Array) -> pa.Array:
    if name in DECIMALS:
        return arrays.decimals(arrays.numpy(cells), DECIMALS[name])
    if pa.types.is_nested(cells.type):
        texts = ["" if v is None else json.dumps(v, default=str) for v in cells.to_pylist()]
        return arrays.text(texts)
    return cells


class RejectsWriter:
    """``rejects.csv``: each row that was not decided, with its line, the reason and raw text."""

    def __init__(self, path: Path, *, raw_text: bool = False) -> None:
        self._shown = str if raw_text else guard.guarded_text
        self._file = path.open("w", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")
        self._writer.writerow(REJECTS)

    def write(self, rejects: Iterable[Reject]) -> None:
        """Append rows."""
        self._writer.writerows(
            (r.line, r.reason.value, r.detail, self._shown(r.raw)) for r in rejects
        )

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def renamed(headers: Sequence[str]) -> dict[str, str]:
    """Return new names for input columns that are called like a column of the verdict."""
    names = {}
    for header in headers:
        if header in tables.VERDICT:
            name = f"input_{header}"
            while name in headers:  # a report of a report
                name = f"input_{name}"
            names[header] = name
    return names


def is_guarded(path: Path) -> bool:
    """Return whether a file is one of a run's that has the spreadsheet guard in it."""
    try:
        manifest = json.loads((path.parent / "run.json").read_text(encoding="utf-8"))
        # Parquet is verbatim, and so is Excel: there the guard is a property of the cell.
        ours = path.suffix == ".csv" and path.name in manifest["files"]
        return ours and bool(manifest["spreadsheet_guard"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def earlier_files(folder: Path) -> list[str]:
    """Return the files that an earlier run says it has put into a folder."""
    try:
        names = json.loads((folder / "run.json").read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return [name for name in names if isinstance(name, str) and name in FILES]


def write_summary(path: Path, counts: Counts) -> None:
    """Write how many sites there are by country, level and status."""
    _write_rows(path, SUMMARY, [(*key, n) for key, n in sorted(counts.items())])


def write_centers(
    path: Path, centers: Centers, country: Numbers, names: Names, *, raw_text: bool = False
) -> None:
    """Write the centers as used, with the country that decided."""
    shown = str if raw_text else guard.guarded_text
    columns: dict[str, Sequence[Any]] = {
        "center_id": list(map(shown, centers.center_id)),
        "name": list(map(shown, centers.name)),
        "country": list(map(shown, centers.country)),
        "latitude": centers.lat.tolist(),
        "longitude": centers.lon.tolist(),
        "opens_on": _days(centers.opens_on),
        "closes_on": _days(centers.closes_on),
        "center_country": [names.codes[n] for n in country.tolist()],
    }
    _write_rows(path, list(columns), list(zip(*columns.values(), strict=True)))


def _days(values: Any) -> list[str]:
    return ["" if np.isnat(v) else str(v) for v in values]


def write_geojson(path: Path, rows: Iterable[Mapping[str, Any]], geometry: Sequence[Any]) -> None:
    """Write features as RFC 7946 asks: WGS 84, rings right-handed, 7 decimals, a feature a line.

    Parameters
    ----------
    path
        The file.
    rows
        The properties of each feature.
    geometry
        Geometries in degrees, split at 180, exterior rings counter-clockwise.
    """
    import shapely

    rounded = shapely.transform(np.array(geometry, object), lambda p: np.round(p, 7))
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write('{"type":"FeatureCollection","features":[\n')
        for number, (row, shape) in enumerate(zip(rows, rounded, strict=True)):
            properties = json.dumps(row, ensure_ascii=False)
            file.write(",\n" if number else "")
            file.write(f'{{"type":"Feature","properties":{properties},')
            file.write(f'"geometry":{shapely.to_geojson(shape)}}}')
        file.write("\n]}\n")


def write_manifest(path: Path, manifest: Mapping[str, Any]) -> None:
    """Write what the run was made of and came to."""
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    path.write_text(text + "\n", encoding="utf-8")


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
