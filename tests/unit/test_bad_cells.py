"""Cells of typed files that no library can make sense of cost their row, never the file."""

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import AS_OF, centers_file, records

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table
from coverage_analyzer.files.readers import wkb
from coverage_analyzer.schema.columns import SITES


def run(folder: Path, sites: Path, **options: Any) -> list[str]:
    """Return the ids of decided sites, after a run without map and areas."""
    chosen = batch.Options(map=False, areas=False, **options)
    manifest = batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=chosen)
    assert (
        sum(manifest["ledger"][k] for k in ("decided", "rejected", "blank"))
        == manifest["ledger"]["read"]
    )
    return [row["site_id"] for row in records(folder / "out" / "report.csv")]


def rejects(folder: Path) -> list[dict[str, str]]:
    """Return all rejects."""
    return records(folder / "out" / "rejects.csv")


def bad_text(*cells: bytes) -> pa.Array:
    """Return text that nobody has checked."""
    offsets = np.cumsum([0, *map(len, cells)], dtype=np.int32)
    buffers = [None, pa.py_buffer(offsets), pa.py_buffer(b"".join(cells))]
    return pa.Array.from_buffers(pa.string(), len(cells), buffers)


PLAIN = bad_text(b"a", b"caf\xe9", b"c")
INDEX = pa.array([0, 1, 2], pa.int8())
SHAPES: dict[str, Callable[[], pa.Array]] = {
    "string": lambda: PLAIN,
    "large_string": lambda: PLAIN.cast(pa.large_string()),
    "string_view": lambda: PLAIN.cast(pa.string_view()),
    "dictionary": lambda: pa.DictionaryArray.from_arrays(INDEX, PLAIN),
    "list": lambda: pa.ListArray.from_arrays([0, 1, 2, 3], PLAIN),
    "struct": lambda: pa.StructArray.from_arrays([PLAIN], names=["x"]),
    "map": lambda: pa.MapArray.from_arrays([0, 1, 2, 3], PLAIN, PLAIN),
    "deep": lambda: pa.ListArray.from_arrays(
        [0, 1, 2, 3], pa.StructArray.from_arrays([PLAIN], names=["x"])
    ),
}
TEXT_ONLY = ("string", "large_string", "string_view", "dictionary")


def table_with(column: pa.Array, name: str) -> pa.Table:
    """Return three sites near Philadelphia with a column more."""
    columns = {
        "site_id": pa.array(["1", "2", "3"]),
        "latitude": pa.array([40.0, 40.0, 40.0]),
        "longitude": pa.array([-75.0, -75.0, -75.0]),
        name: column,
    }
    return pa.table(columns)


@pytest.mark.parametrize("kind", SHAPES)
def test_parquet_bad_text_in_a_column_of_the_user(tmp_path: Path, kind: str) -> None:
    """Whatever the column holds it in; the raw text shows the bytes as escapes."""
    pq.write_table(table_with(SHAPES[kind](), "note"), tmp_path / "s.parquet")
    assert run(tmp_path, tmp_path / "s.parquet") == ["1", "3"]
    (row,) = rejects(tmp_path)
    assert (row["line"], row["reason"]) == ("2", "not_utf8")
    assert "'note'" in row["detail"]
    assert r"caf\\xe9" in row["raw"]
    assert json.loads(row["raw"])["site_id"] == "2"


@pytest.mark.parametrize("kind", TEXT_ONLY)
@pytest.mark.parametrize("name", ["country", "name", "site_id", "accuracy_m", "product"])
def test_parquet_bad_text_in_a_known_column(tmp_path: Path, name: str, kind: str) -> None:
    """The row is a reject before anything looks at its country, id or accuracy."""
    cells = bad_text(b"", b"U\xff", b"")
    column = SHAPES[kind]() if name in {"name", "product"} else cells
    table = table_with(column, name) if name != "site_id" else table_with(cells, "note")
    if name == "site_id":
        table = table.set_column(0, "site_id", cells)
    pq.write_table(table, tmp_path / "s.parquet")
    assert len(run(tmp_path, tmp_path / "s.parquet")) == 2
    assert [(r["line"], r["reason"]) for r in rejects(tmp_path)] == [("2", "not_utf8")]


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_parquet_all_rows_bad(tmp_path: Path, format: str) -> None:  # noqa: A002 - the option
    """A table without a usable row is an empty report."""
    pq.write_table(table_with(bad_text(b"\xff", b"\xfe", b"\xc3"), "name"), tmp_path / "s.parquet")
    chosen = batch.Options(map=False, areas=False, format=format)
    args = (tmp_path / "s.parquet", centers_file(tmp_path), tmp_path / "out")
    manifest = batch.run(*args, as_of=AS_OF, options=chosen)
    assert manifest["ledger"] == {"read": 3, "decided": 0, "rejected": 3, "blank": 0}


def test_parquet_bad_name_of_a_column(tmp_path: Path) -> None:
    """No report could carry it: refused, and the name is shown."""
    path = tmp_path / "s.parquet"
    pq.write_table(table_with(pa.array(["x", "y", "z"]), "caf_"), path, store_schema=False)
    path.write_bytes(path.read_bytes().replace(b"caf_", b"caf\xe9"))
    with pytest.raises(
        InputError, match=r"s\.parquet has a column whose name is not UTF-8.*caf.xe9"
    ):
        table.open_table(path, SITES)


def test_parquet_bad_text_beside_an_odd_geometry(tmp_path: Path) -> None:
    """Both kinds of rejects of one batch keep their lines."""
    geo = {
        "version": "1.1.0",
        "primary_column": "geometry",
        "columns": {"geometry": {"encoding": "WKB", "geometry_types": []}},
    }
    point = wkb.encoded("Point", (-75, 40))
    cells = [wkb.encoded("Polygon"), point, point, b"\1\2", wkb.encoded("CurvePolygon")]
    columns = {
        "site_id": pa.array(list("abcde")),
        "name": bad_text(b"x", b"\xff", b"y", b"z", b"\xff"),
        "geometry": pa.array(cells, pa.binary()),
    }
    table = pa.table(columns).replace_schema_metadata({"geo": json.dumps(geo)})
    pq.write_table(table, tmp_path / "s.parquet")
    assert run(tmp_path, tmp_path / "s.parquet") == ["c"]
    assert [(r["line"], r["reason"]) for r in rejects(tmp_path)] == [
        ("1", "geometry_not_a_point"),
        ("2", "not_utf8"),
        ("4", "geometry_not_a_point"),
        ("5", "not_utf8"),
    ]
    assert json.loads(rejects(tmp_path)[0]["raw"])["site_id"] == "a"


def cells_of(*cells: bytes | None, srids: tuple[int, ...] = ()) -> wkb.Points:
    """Return the points of some cells."""
    return wkb.points(pa.array([b"", *cells], pa.binary()).slice(1), frozenset(srids))


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("code", [*wkb.KINDS, *(n + 1000 for n in wkb.KINDS)])
def test_curve_and_every_other_kind_is_named(order: str, code: int) -> None:
    """Also with Z, M and both, by either way of saying so, in either order of bytes."""
    mark = b"\1" if order == "<" else b"\0"
    kind, flags = code % 1000, 0x80000000 if code > 1000 else 0
    for written in (kind, 1000 + kind, 2000 + kind, 3000 + kind, kind | flags):
        body = struct.pack(f"{order}I", written) + b"\0" * 8
        result = cells_of(mark + body)
        what = "not well-known binary" if kind == 1 else f"is a {wkb.KINDS[kind]}, not a point"
        assert what in result.odd[0]


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize(
    ("code", "rest"),
    [(1, 0), (1001, 1), (2001, 1), (3001, 2), (0x80000001, 1), (0x40000001, 1), (0xC0000001, 2)],
)
@pytest.mark.parametrize("srid", [None, 0, 4326, 3857])
def test_points_of_every_form(order: str, code: int, rest: int, srid: int | None) -> None:
    """ISO and extended, with what is to be ignored; another SRID than the file's is no place."""
    mark = b"\1" if order == "<" else b"\0"
    extra = b"" if srid is None else struct.pack(f"{order}i", srid)
    code |= 0x20000000 if srid is not None and not 1000 < code < 4000 else 0
    if 1000 < code < 4000:
        extra, srid = b"", None
    ordinates = (-75.5, 40.25, *[9.0] * rest)
    cell = (
        mark
        + struct.pack(f"{order}I", code)
        + extra
        + struct.pack(f"{order}{2 + rest}d", *ordinates)
    )
    result = cells_of(cell, srids=(4326,))
    if srid == 3857:
        assert "SRID 3857" in result.odd[0]
        return
    assert (result.x[0], result.y[0], result.odd) == (-75.5, 40.25, {})
    assert cells_of(cell[:-1]).odd
    assert cells_of(cell + b"\0").odd


NAN = float("nan")


def test_cells_of_all_kinds_together() -> None:
    """Each keeps its position; nulls and empty points are missing, not odd."""
    point = wkb.encoded("Point", (1.0, 2.0))
    empty = wkb.encoded("Point", (NAN, NAN))
    half = wkb.encoded("Point", (NAN, 3.0))
    result = cells_of(
        point, None, b"", empty, b"\1", b"\7abcdefgh", wkb.encoded("TIN"), half, point
    )
    assert result.x.tolist()[0::8] == [1.0, 1.0]
    assert result.missing.tolist() == [False, True, True, True, True, True, True, False, False]
    assert sorted(result.odd) == [2, 4, 5, 6]
    assert np.isnan(result.x[7])
    assert result.y[7] == 3.0
    assert not len(cells_of().x)
    wild = [
        struct.pack("<BI", 1, code) + b"\0" * 16 for code in (0, 25, 99, 4001, 17001, 2**32 - 1)
    ]
    assert len(cells_of(*wild).odd) == 6
