"""The sites of a map are bounded, counted and coded the same however they come."""

import copy
import pickle
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import site_columns
from coverage_analyzer.maps import sites as gathering
from coverage_analyzer.maps.sites import (
    GRID,
    Columns,
    Details,
    DrawnSites,
    Drive,
    Kept,
    cells_of,
)
from coverage_analyzer.schema.verdict import Status

ROWS = [
    ("A", "qualified", "within_radius", "C1", 1.5, 50.0, 48.5, "US", None),
    ("B", "pending", "center_opens_later", "C2", 2.0, 50.0, 48.0, "FR", "2027-01-01"),
    ("C", "fallback", "no_center_in_country", None, None, 50.0, None, "DE", None),
    ("D", "review", "null_island", None, None, None, None, None, None),
    ("E", "qualified", "within_radius", "C1", 0.001, 62.137, 62.136, "US", None),
]


def verdict(rows: list[tuple[Any, ...]], *, as_text: bool) -> dict[str, pa.Array]:
    """Return the verdict's columns of some rows, typed or as a CSV has them."""
    names = ("status", "reason", "center_id", "distance_miles", "limit_miles", "margin_miles")
    names += ("site_country", "available_on")
    columns = {n: [row[i] for row in rows] for i, n in enumerate(names, 1)}
    columns["level"] = ["Gold" for _ in rows]
    columns["centers_in_reach"] = [1 for _ in rows]
    if as_text:
        return {
            n: pa.array(["" if v is None else str(v) for v in c], pa.string())
            for n, c in columns.items()
        }
    floats = {"distance_miles", "limit_miles", "margin_miles"}
    return {
        n: pa.array(c, pa.float64() if n in floats else None if n[0] == "c" else pa.string())
        for n, c in columns.items()
    }


def gathered(rows: list[tuple[Any, ...]], size: int = 99, *, as_text: bool = False) -> DrawnSites:
    """Return rows gathered in blocks of a size, on a line eastward from 10 E, 50 N."""
    sites = DrawnSites(["own"])
    for start in range(0, len(rows), size):
        subset = rows[start : start + size]
        lon = np.arange(start, start + len(subset)) * 0.00001 + 10
        names = arrays.text_array([row[0] for row in subset])
        lat = np.full(len(subset), 50.0)
        number = np.arange(start, start + len(subset))
        drive = Drive(np.where(number % 2, np.nan, 12.34), np.full(len(subset), 7.5))
        details = Details([names], drive)
        sites.add(lon, lat, names, names, verdict(subset, as_text=as_text), details)
    return sites


def plain(columns: Columns | None) -> dict[str, Any]:
    """Return columns as values that compare."""
    assert columns is not None
    cells = {n: values.tolist() for n, values in columns.numbers.items()}
    texts = {n: values.to_pylist() for n, values in columns.texts.items()}
    assert texts["own_0"] == texts["id"]
    return cells | texts


@pytest.mark.parametrize("size", [1, 2, 99])
@pytest.mark.parametrize("as_text", [False, True], ids=["typed", "text"])
def test_blocks_and_types_do_not_show(size: int, as_text: bool) -> None:
    """The same columns and words, of a block or many, of numbers or of a report's text."""
    whole, subset = gathered(ROWS), gathered(ROWS, size, as_text=as_text)
    assert plain(subset.columns()) == plain(whole.columns())
    assert subset.words == whole.words
    assert list(whole.words["limit_miles"]) == [50.0, 62.137]
    assert plain(whole.columns())["limit_miles"] == [0, 0, 0, -1, 1]
    assert plain(whole.columns())["miles"] == [1500, 2000, 0, 0, 1]
    assert plain(whole.columns())["lon"] == [1000000 + i for i in range(len(ROWS))]


def test_all_are_counted() -> None:
    """By status, and by the center that serves them."""
    sites = gathered(ROWS, 2)
    assert sites.total == len(ROWS)
    assert sites.counts.tolist() == [2, 1, 1, 1, 0, 0]
    assert dict(zip(sites.words["center_id"], sites.served, strict=True)) == {"C1": 2, "C2": 0}
    assert sites.kept is Kept.all
    assert sites.density is None


def test_too_many_leave_those_that_do_not_qualify(monkeypatch: pytest.MonkeyPatch) -> None:
    """All are in the density then, also those that came before."""
    monkeypatch.setattr(gathering, "MOST_SITES", 4)
    sites = gathered(ROWS * 2, 3)
    assert sites.kept is Kept.none  # six of ten do not qualify, still too many
    assert sites.columns() is None
    monkeypatch.setattr(gathering, "MOST_SITES", 6)
    sites = gathered(ROWS * 2, 3)
    assert sites.kept is Kept.not_qualified
    assert plain(sites.columns())["id"] == ["B", "C", "D"] * 2
    assert sites.density is not None
    assert sites.density.sum(axis=1).tolist() == sites.counts.tolist() == [4, 2, 2, 2, 0, 0]
    cell = cells_of(np.array([10.0]), np.array([50.0]))
    assert sites.density[Status.qualified, cell].tolist() == [4]


def test_an_empty_map_has_nothing() -> None:
    """No columns, no places."""
    sites = gathered([])
    assert sites.columns() is None
    assert len(sites.longitudes()) == len(sites.latitudes()) == sites.total == 0


def test_a_strange_status_is_refused() -> None:
    """With the word, and those that there are."""
    with pytest.raises(InputError, match="Unknown status 'lost'; choose from qualified"):
        gathered([("A", "lost", *ROWS[0][2:])])


def test_cells_cover_the_world() -> None:
    """Also at its corners; 180 degrees is both ends."""
    lon, lat = (v.ravel() for v in np.meshgrid([-180.0, -90, 0, 179.9999, 180], [-90.0, 0, 90]))
    cells = cells_of(lon, lat)
    assert ((cells >= 0) & (cells < GRID * GRID)).all()
    assert cells[0] == cells[4]


def test_texts_beyond_what_short_offsets_hold_are_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cells are the same, also of slices and nulls, and after a selection."""
    cells = pa.array(["x", "é", None, "", "long text"])[1:]
    for most in (10**9, 3):
        monkeypatch.setattr(site_columns, "MOST_BYTES", most)
        growing = site_columns.GrowingColumns(4)
        for _ in range(3):
            growing.append(Columns({"lon": np.arange(4, dtype=np.int32)}, {"t": cells}))
        texts = growing.columns().texts["t"]
        assert pa.types.is_large_string(texts.type) == (most == 3)
        assert texts.to_pylist() == ["é", "", "", "long text"] * 3
        growing.select(np.array([11, 0]))
        growing.append(Columns({"lon": np.array([300], np.int32)}, {"t": pa.array(["new"])}))
        assert growing.columns().texts["t"].to_pylist() == ["long text", "é", "new"]
        assert growing.columns().numbers["lon"].tolist() == [3, 0, 300]
        shipped = copy.deepcopy(growing).columns()
        assert shipped.texts["t"].to_pylist() == ["long text", "é", "new"]


def test_numbers_grow_into_a_larger_type() -> None:
    """Those before keep their values; what is shipped has no room for more."""
    growing = site_columns.GrowingColumns(10**6)
    for kind, value in ((np.int8, -1), (np.int8, 3), (np.int16, 300), (np.int32, 70_000)):
        growing.append(Columns({"lon": np.array([value], kind)}, {}))
    assert growing.columns().numbers["lon"].tolist() == [-1, 3, 300, 70_000]
    assert len(pickle.dumps(growing)) < 10_000
