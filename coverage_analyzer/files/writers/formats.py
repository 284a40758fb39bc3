"""Formats of a report: what each can hold, and the writer of each.

This is the one place of formats: the choices of options, messages and what Spark refuses are read
from here. A writer is imported when it is used, so that ``--help`` needs none.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from coverage_analyzer.arrays import Floats
    from coverage_analyzer.files.writers.base import Writer
    from coverage_analyzer.files.writers.delimited import Style
    from coverage_analyzer.files.writers.excel import Page
    from coverage_analyzer.schema.cell_types import OwnText

Format = Literal["csv", "csv.gz", "csv.zst", "parquet", "xlsx", "gpkg", "geojson", "geoparquet"]


class ReportFormat(NamedTuple):
    """What a format can hold.

    Attributes
    ----------
    has_types
        Whether cells have types: coordinates are numbers, days are days, an empty cell is null.
    has_points
        Whether rows have a geometry.
    on_spark
        Whether Spark writes it, too.
    takes_codes
        Whether its writer takes text of verdicts as dictionary arrays.
    """

    has_types: bool = False
    has_points: bool = False
    on_spark: bool = False
    takes_codes: bool = False


PROPERTIES: Final[dict[Format, ReportFormat]] = {
    "csv": ReportFormat(on_spark=True, takes_codes=True),
    "csv.gz": ReportFormat(takes_codes=True),
    "csv.zst": ReportFormat(takes_codes=True),
    "parquet": ReportFormat(has_types=True, on_spark=True, takes_codes=True),
    "xlsx": ReportFormat(has_types=True),
    "gpkg": ReportFormat(has_types=True, has_points=True),
    "geojson": ReportFormat(has_types=True, has_points=True),
    "geoparquet": ReportFormat(has_types=True, has_points=True),
}

FORMATS: Final[tuple[Format, ...]] = get_args(Format)


def report_writer(
    path: Path,
    kind: Format,
    schema: "pa.Schema",
    style: "Style | None" = None,
    own: "OwnText | None" = None,
    page: "Page | None" = None,
) -> "Writer":
    """Return a writer of rows of a schema, which `with_points` has made.

    Parameters
    ----------
    path, kind, schema
        The file, its format and the columns.
    style
        How text is written; by default no text is run by a spreadsheet.
    own
        The columns of text that a workbook has as numbers or days if every cell plainly is one.
    page
        Of a workbook: the name of its sheet, and what is printed above the rows.
    """
    from coverage_analyzer.files.writers.delimited import SAFE, CsvWriter

    if kind == "xlsx":
        return _workbook_writer(path, schema, (style or SAFE).shown, own, page)
    if kind.startswith("csv"):
        return CsvWriter(path, schema, style or SAFE, packing=packing(kind))
    return _typed_writer(path, kind, schema)


def _workbook_writer(
    path: Path,
    schema: "pa.Schema",
    escaped: "Callable[[str], str]",
    own: "OwnText | None",
    page: "Page | None",
) -> "Writer":
    from coverage_analyzer.files.writers import excel
    from coverage_analyzer.schema import theme
    from coverage_analyzer.schema.cell_types import NO_TEXT
    from coverage_analyzer.schema.verdict import decimals_of

    layout = excel.Layout(
        decimals=decimals_of(schema.names), fills={"status": theme.FILLS}, page=page or excel.Page()
    )
    return excel.WorkbookWriter(path, schema, layout, escaped, own or NO_TEXT)


def _typed_writer(path: Path, kind: Format, schema: "pa.Schema") -> "Writer":
    from coverage_analyzer.files.writers import geojson, geopackage, geoparquet, parquet

    writers: dict[str, Callable[[Path, pa.Schema], Writer]] = {
        "parquet": parquet.ParquetWriter,
        "gpkg": geopackage.GeoPackageWriter,
        "geojson": geojson.GeoJsonWriter,
        "geoparquet": geoparquet.GeoParquetWriter,
    }
    return writers[kind](path, schema)


def with_points(
    kind: Format, rows: "pa.RecordBatch", lon: "Floats", lat: "Floats"
) -> "pa.RecordBatch":
    """Return rows with their points as the last column, if a format holds a geometry.

    Parameters
    ----------
    kind
        The format.
    rows
        Of the report. Length n.
    lon, lat
        Degrees on WGS 84. Shape (n,).
    """
    if not PROPERTIES[kind].has_points:
        return rows
    from coverage_analyzer.files.writers import cells, points

    name = cells.free_name(points.GEOMETRY, rows.schema.names)
    return rows.append_column(name, points.wkb_points(lon, lat))


def packing(kind: Format) -> str:
    """Return how a CSV file is compressed: ``gz``, ``zst``, or empty if it is not."""
    return kind.removeprefix("csv").removeprefix(".")


def check_rows(kind: Format, rows: int | None) -> None:
    """Raise if a format cannot hold the number of rows, if that is known.

    Raises
    ------
    InputError
        If they exceed a sheet.
    """
    if kind == "xlsx" and rows is not None:
        from coverage_analyzer.files.writers import excel

        excel.check_rows(rows)
