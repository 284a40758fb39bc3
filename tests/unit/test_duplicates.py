"""Rows that share their id are counted, named and, on request, refused: exactly those."""

import io
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from running import centers_file, contents, judged, manifest, records, sites_file

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import duplicates
from coverage_analyzer.files.duplicates import (
    DuplicateFinder,
    DuplicateSummary,
    OnDuplicate,
    fingerprints,
)
from coverage_analyzer.files.readers import delimited

SITES = """\
site_id,country,latitude,longitude
A,US,40.0,-75.0
B,US,40.1,-75.0
A,US,bad,-75.0
A,US,40.2,-75.0
,US,40.3,-75.0
,US,40.4,-75.0
C,US,bad,-75.0
C,US,40.5,-75.0
B,US,40.6,-75.0
A,US,40.7,-75.0
"""


def run(folder: Path, how: OnDuplicate) -> tuple[list[str], list[tuple[str, str]]]:
    """Return the latitudes in the report, and line and detail of the rejects for an id."""
    judged(folder, SITES, options=batch.Options(on_duplicate=how, map=False, areas=False))
    rejects = records(folder / "out" / "rejects.csv")
    twins = [(r["line"], r["detail"]) for r in rejects if r["reason"] == "duplicate_site_id"]
    return [r["latitude"] for r in records(folder / "out" / "report.csv")], twins


def test_duplicates_are_kept_counted_and_named(tmp_path: Path) -> None:
    """By default all stay; `run.json` and a warning tell how many, and where the first are."""
    kept, twins = run(tmp_path, "keep")
    result = manifest(tmp_path / "out")
    assert len(kept) == 8
    assert not twins
    assert result["duplicates"] == {
        "site_ids": 2,
        "rows": 5,
        "first_lines": [[2, 5, 11], [3, 10]],
    }
    assert any("2 site_ids appear in 5 rows: lines 2 and 5" in w for w in result["warnings"])


def test_only_the_first_usable_row_of_an_id_stays(tmp_path: Path) -> None:
    """A row that is rejected anyway takes no other with it; blank ids are none."""
    kept, twins = run(tmp_path, "first")
    assert kept == ["40.0", "40.1", "40.3", "40.4", "40.5"]
    assert twins == [
        ("5", "site_id 'A' appears already in line 2"),
        ("10", "site_id 'B' appears already in line 3"),
        ("11", "site_id 'A' appears already in line 2"),
    ]
    assert manifest(tmp_path / "out")["duplicates"]["site_ids"] == 0


def test_all_rows_of_an_id_can_be_refused(tmp_path: Path) -> None:
    """Where nobody can tell which is right, none is promised anything."""
    kept, twins = run(tmp_path, "reject")
    assert kept == ["40.3", "40.4", "40.5"]
    assert [line for line, _ in twins] == ["2", "3", "5", "10", "11"]
    assert twins[0][1] == "site_id 'A' appears also in other lines"


def test_the_answer_does_not_depend_on_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of some bytes and runs of some records give the same files."""
    run(tmp_path, "first")
    whole = contents(tmp_path / "out")
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 30)
    monkeypatch.setattr(duplicates, "RUN", 2)
    run(tmp_path, "first")
    assert contents(tmp_path / "out") == whole


def test_standard_input_cannot_be_read_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is refused in words, before anything is written."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SITES.encode())))
    options = batch.Options(on_duplicate="first")
    with pytest.raises(InputError, match="read twice"):
        batch.run("-", centers_file(tmp_path), tmp_path / "out", options=options)
    assert not (tmp_path / "out").exists()


def test_sites_without_ids_have_no_duplicates(tmp_path: Path) -> None:
    """A table without the column has nothing to count."""
    text = "latitude,longitude\n40,-75\n40,-75\n"
    judged(tmp_path, text, options=batch.Options(on_duplicate="reject"))
    assert len(records(tmp_path / "out" / "report.csv")) == 2


def grouped(ids: list[str]) -> dict[str, list[int]]:
    """Return the lines of each id that stands in several, found the plain way."""
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for line, text in enumerate(ids, start=1):
        if text.strip():
            lines[text].append(line)
    return {text: subset for text, subset in lines.items() if len(subset) > 1}


@contextmanager
def stored(ids: list[str], cut: int, folder: Path | None = None) -> Iterator[DuplicateFinder]:
    """Give a store to which ids were given in two goes."""
    lines = np.arange(1, len(ids) + 1)
    with DuplicateFinder(folder) as store:
        for part in (slice(0, cut), slice(cut, None)):
            store.add(pa.array(ids, pa.string())[part], lines[part])
        yield store


texts = st.text(max_size=3) | st.sampled_from(["", " ", "A" * 64, "A" * 65, "A" * 80, "B" * 80])


@given(st.lists(texts, max_size=40), st.data())
def test_repeats_are_those_of_a_dictionary(ids: list[str], data: Any) -> None:
    """Whatever the ids are, however they come, and wherever they are held."""
    expected = grouped(ids)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duplicates, "RUN", data.draw(st.integers(1, 50)))
        with stored(ids, data.draw(st.integers(0, len(ids)))) as store:
            repeats = store.repeats()
            later, every = (store.refused(keep_first=first) for first in (True, False))
    first = sorted(expected.values())[:3]
    rows = sum(map(len, expected.values()))
    assert repeats == DuplicateSummary(len(expected), rows, [lines[:3] for lines in first])
    assert later.lines.tolist() == sorted(n for lines in expected.values() for n in lines[1:])
    assert every.lines.tolist() == sorted(n for lines in expected.values() for n in lines)
    assert dict(zip(every.lines.tolist(), every.first.tolist(), strict=True)) == {
        n: lines[0] for lines in expected.values() for n in lines
    }


def test_one_id_in_all_rows_does_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """A column without a value, such as N/A, is counted with a bounded number of records."""
    sizes = []
    by_id = duplicates._by_id

    def seen(records: duplicates.Records) -> Any:
        sizes.append(len(records))
        return by_id(records)

    monkeypatch.setattr(duplicates, "RUN", 64)
    monkeypatch.setattr(duplicates, "_by_id", seen)
    ids = (["N/A"] * 9 + ["B", "C"]) * 30 + ["C", "D"]
    with DuplicateFinder() as store:
        for start in range(0, len(ids), 20):
            some = ids[start : start + 20]
            store.add(pa.array(some), np.arange(len(some)) + start + 2)
        repeats = store.repeats()
    assert repeats == DuplicateSummary(3, 331, [[2, 3, 4], [11, 22, 33], [12, 23, 34]])
    assert max(sizes) < 2 * 64 + 20


def test_a_slice_of_an_array_is_hashed_from_its_own_start() -> None:
    """Arrow arrays may begin in the middle of their buffers."""
    seeds = np.array([1, 2], np.uint64)
    cells = pa.array(["x", "A-1", "B-22222222222", "x"])
    cut, _ = fingerprints(cells.slice(1, 2), seeds)
    own, _ = fingerprints(pa.array(["A-1", "B-22222222222"]), seeds)
    assert (cut == own).all()


def test_the_hash_is_another_for_each_table() -> None:
    """Nobody can prepare two ids that one run takes for one."""
    cells = pa.array(["A-1"])
    seeds = [np.array([n, n], np.uint64) for n in (1, 2)]
    assert (fingerprints(cells, seeds[0])[0] != fingerprints(cells, seeds[1])[0]).all()


def test_half_a_million_close_ids_are_all_different() -> None:
    """Ids that differ in one digit do not meet in either half of the hash."""
    ids = pa.array([f"CUST-{n:07d}-{n % 7}" for n in range(500_000)])
    hashes, subset = fingerprints(ids, np.array([3, 4], np.uint64))
    assert subset.all()
    assert [len(np.unique(half)) for half in hashes] == [500_000, 500_000]


def test_no_file_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file has no name, so that nothing can stay."""
    monkeypatch.setattr(duplicates, "RUN", 1)
    with stored(["A", "B", "A"], 1, tmp_path) as store:
        assert store.repeats().ids == 1
        assert not list(tmp_path.iterdir())


def test_many_repeats_are_told_shortly(tmp_path: Path) -> None:
    """Three ids are named and of each three lines, whatever their number."""
    rows = "".join(f"S{n % 10},40,-75,US\n" for n in range(100))
    sites = sites_file(tmp_path, "site_id,latitude,longitude,country\n" + rows)
    result = batch.check(sites)["duplicates"]
    assert (result["site_ids"], result["rows"]) == (10, 100)
    assert result["first_lines"] == [[2, 12, 22], [3, 13, 23], [4, 14, 24]]
