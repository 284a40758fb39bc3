"""The first rows of any table can be looked at, and `blocks` gives every row afterwards."""

import gzip
import io
import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
import xlsxwriter

from coverage_analyzer.errors import InputError
from coverage_analyzer.files import opening
from coverage_analyzer.files.database.address import Address, address
from coverage_analyzer.files.readers import delimited, header_row
from coverage_analyzer.files.readers.base import TableReader
from coverage_analyzer.files.readers.delimited import PLAIN, DelimitedFile
from coverage_analyzer.spark._assess import Frame

N_ROWS: Final = 1_500
HEADERS: Final = ["site_id", "latitude", "longitude"]
ROWS: Final = [[f"S{n}", 40 + n / N_ROWS, -100 - n / N_ROWS] for n in range(N_ROWS)]


def text() -> str:
    """Return the rows as CSV."""
    return "".join(",".join(map(str, row)) + "\n" for row in [HEADERS, *ROWS])


def csv_file(folder: Path) -> Path:
    """Write them as a plain file."""
    path = folder / "sites.csv"
    path.write_text(text(), encoding="utf-8")
    return path


def utf16_file(folder: Path) -> Path:
    """Write them in an encoding that is decoded on the way."""
    path = folder / "sites.csv"
    path.write_text(text(), encoding="utf-16")
    return path


def gzip_file(folder: Path) -> Path:
    """Write them compressed."""
    path = folder / "sites.csv.gz"
    path.write_bytes(gzip.compress(text().encode()))
    return path


def workbook(folder: Path) -> Path:
    """Write them as a workbook."""
    path = folder / "sites.xlsx"
    with xlsxwriter.Workbook(path) as result:
        sheet = result.add_worksheet()
        for at, row in enumerate([HEADERS, *ROWS]):
            sheet.write_row(at, 0, row)
    return path


def parquet_file(folder: Path) -> Path:
    """Write them as Parquet."""
    path = folder / "sites.parquet"
    columns = [pa.array(values) for values in zip(*ROWS, strict=True)]
    pq.write_table(pa.table(dict(zip(HEADERS, columns, strict=True))), path, row_group_size=700)
    return path


def points() -> gpd.GeoDataFrame:
    """Return them as points."""
    ids, lat, lon = zip(*ROWS, strict=True)
    return gpd.GeoDataFrame({"site_id": ids}, geometry=shapely.points(lon, lat), crs="EPSG:4326")


def geoparquet_file(folder: Path) -> Path:
    """Write them as GeoParquet."""
    path = folder / "sites.parquet"
    points().to_parquet(path)
    return path


def geopackage_file(folder: Path) -> Path:
    """Write them as GeoPackage."""
    path = folder / "sites.gpkg"
    points().to_file(path)
    return path


def geojson_file(folder: Path) -> Path:
    """Write them as GeoJSON."""
    path = folder / "sites.geojson"
    path.write_text(points().to_json(), encoding="utf-8")
    return path


def folder_of_files(folder: Path) -> Path:
    """Write them as files of a folder ``key=value``, of which the first has no row."""
    keyed = folder / "year=2026"
    keyed.mkdir()
    lines = text().splitlines(keepends=True)
    for name, rows in (("a", []), ("b", lines[1:]), ("c", lines[1:3])):
        (keyed / f"{name}.csv").write_text("".join([lines[0], *rows]), encoding="utf-8")
    return keyed


def sqlite_table(folder: Path) -> Address:
    """Write them as a table of SQLite."""
    with closing(sqlite3.connect(folder / "sites.db")) as result:
        result.execute("CREATE TABLE sites (site_id, latitude, longitude)")
        result.executemany("INSERT INTO sites VALUES (?, ?, ?)", ROWS)
        result.commit()
    return address(f"sqlite:///{folder}/sites.db?table=sites")


FORMATS: Final = [
    csv_file,
    utf16_file,
    gzip_file,
    workbook,
    parquet_file,
    geoparquet_file,
    geopackage_file,
    geojson_file,
    folder_of_files,
    sqlite_table,
]


def opened(place: Path | Address) -> TableReader:
    """Return the reader of a file or table."""
    return opening.source(place, PLAIN, header_row.anything)


def everything(reader: TableReader) -> list[tuple[int, dict[str, Any]]]:
    """Return all rows that a reader yields, each with its line."""
    return [
        (line, row)
        for block in reader.blocks()
        for line, row in zip(
            block.lines.tolist(),
            block.columns.rename_columns(reader.headers).to_pylist(),
            strict=True,
        )
    ]


@pytest.mark.parametrize("write", FORMATS)
@pytest.mark.parametrize("n_rows", [1, 1_000, 5_000])
def test_a_preview_has_the_first_rows_and_takes_none_away(
    tmp_path: Path, write: Callable[[Path], Path | Address], n_rows: int
) -> None:
    """Rows, lines and hash are the same with and without a preview, be it taken twice."""
    place = write(tmp_path)
    plain, previewed = opened(place), opened(place)
    shown = [previewed.preview(n_rows), previewed.preview(n_rows)]
    whole = everything(plain)
    assert shown[0].schema.names == previewed.headers
    assert shown[0].num_rows == min(n_rows, N_ROWS)
    assert shown[0].to_pylist() == [row for _, row in whole[: shown[0].num_rows]]
    assert shown[1].equals(shown[0])
    assert everything(previewed) == whole
    assert previewed.sha256() == plain.sha256()


def test_a_batch_of_spark_can_be_previewed() -> None:
    """What Spark hands on is a table like others."""
    batch = pa.RecordBatch.from_pydict({"site_id": ["a", "b", "c"]})
    frame = Frame(batch)
    assert frame.preview(2).to_pydict() == {"site_id": ["a", "b"]}
    assert [b.columns.num_rows for b in frame.blocks()] == [3]


def test_standard_input_is_read_once_and_whole() -> None:
    """A pipe cannot be read again: what the preview saw comes back."""
    code = (
        "from pathlib import Path\n"
        "from coverage_analyzer.files.readers.delimited import DelimitedFile\n"
        "source = DelimitedFile(Path('-'))\n"
        "print(source.preview(10).num_rows)\n"
        "print(sum(len(b.lines) for b in source.blocks()), source.sha256())\n"
    )
    one = subprocess.run(
        [sys.executable, "-c", code], input=text(), capture_output=True, text=True, check=True
    )
    shown, rest = one.stdout.splitlines()
    assert shown == "10"
    assert rest.split()[0] == str(N_ROWS)


def test_a_preview_looks_past_blank_lines_and_bad_rows(tmp_path: Path) -> None:
    """Rows that say nothing do not use up the preview, nor does a row over several lines."""
    path = tmp_path / "a.csv"
    lines = ["", ",,", "one", 'S,"x\n\n\ny",2', "T,1,2", "U,3,4"]
    path.write_text("site_id,latitude,longitude\n" + "\n".join(lines), encoding="utf-8")
    reader = opened(path)
    assert reader.preview(3)["site_id"].to_pylist() == ["S", "T", "U"]
    blocks = list(reader.blocks())
    counts = [(len(b.lines), b.blank, len(b.rejects)) for b in blocks]
    assert [sum(column) for column in zip(*counts, strict=True)] == [3, 2, 1]


def test_a_file_larger_than_one_block_is_read_whole_after_a_preview(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the preview has read ahead is only a part; no row is lost or doubled at its end."""
    path = csv_file(tmp_path)
    whole = everything(opened(path))
    for size in (64, 1_000, 4_096):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        reader = opened(path)
        shown = reader.preview().to_pylist()
        assert shown == [row for _, row in whole[: len(shown)]]
        assert everything(reader) == whole


def test_a_damaged_file_fails_alike_with_and_without_a_preview(tmp_path: Path) -> None:
    """The error is in the same words."""
    path = tmp_path / "a.csv.gz"
    body = io.BytesIO()
    with gzip.open(body, "wt", compresslevel=0) as result:
        result.write(text() * 120)
    path.write_bytes(body.getvalue()[:-5_000])
    with pytest.raises(InputError) as plain:
        everything(opened(path))
    reader = opened(path)
    reader.preview()
    with pytest.raises(InputError) as previewed:
        everything(reader)
    assert str(previewed.value) == str(plain.value)


@pytest.mark.parametrize("write", [csv_file, parquet_file, workbook, geojson_file])
def test_a_file_that_changes_after_the_preview_is_refused(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    """The preview and the rows are of one file, or there is an error that says so."""
    path = write(tmp_path)
    reader = opened(path)
    reader.preview(5)
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(InputError, match="changed while it was being read"):
        everything(reader)


def test_a_point_that_is_none_is_left_out_of_a_preview(tmp_path: Path) -> None:
    """A line among points is a reject later; a preview shows the others."""
    path = tmp_path / "a.geojson"
    features = [
        {"type": "Feature", "properties": {"site_id": name}, "geometry": geometry}
        for name, geometry in (
            ("A", {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}),
            ("B", {"type": "Point", "coordinates": [1, 2]}),
        )
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    assert opened(path).preview().to_pylist() == [
        {"site_id": "B", "longitude": 1.0, "latitude": 2.0}
    ]


def test_a_preview_ends_at_a_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the first block ends within a character, what is previewed ends before that line."""
    path = tmp_path / "sites.csv"
    path.write_text("Код;Название\r\n1;Мир и труд\r\n2;Май\r\n", encoding="cp1251", newline="")
    for size in range(16, 50):
        monkeypatch.setattr(delimited, "BLOCK_BYTES", size)
        assert len(DelimitedFile(path, PLAIN).preview()) in range(3)
