"""What tasks of Spark read and return, added up: as if one process had read all rows."""

import dataclasses
import errno
import itertools
import os
import pickle
import platform
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import centers_file

from coverage_analyzer import batch, countries
from coverage_analyzer.batch._run import Totals
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.stream import build_matcher, judged
from coverage_analyzer.errors import CoverageError, InputError, PublishError
from coverage_analyzer.files.duplicates import DuplicateFinder
from coverage_analyzer.files.mistakes import open_sites
from coverage_analyzer.files.table import open_table
from coverage_analyzer.maps import site_sample, sites
from coverage_analyzer.maps.sites import DrawnSites, Kept
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.spark import part_ids, parts
from coverage_analyzer.spark.part_ids import IdsOfParts, LinesOfPart, PartIds
from coverage_analyzer.spark.part_job import PartJob, PartResult
from coverage_analyzer.spark.part_run import check_parts
from coverage_analyzer.spark.part_sample import PartSample, joined_sample
from coverage_analyzer.spark.parts import TASK_BYTES, Headers, Part, grouped, parts_of

N = 300


@pytest.fixture(scope="module")
def table() -> pa.Table:
    """Return sites of several statuses, some of which share an id."""
    random = np.random.default_rng(7)
    country = np.where(np.arange(N) % 9 == 0, "FR", np.where(np.arange(N) % 11 == 0, "", "US"))
    return pa.table(
        {
            "site_id": [f"S{n % 280}" for n in range(N)],
            "latitude": random.uniform(38, 42, N),
            "longitude": random.uniform(-78, -73, N),
            "country": country.tolist(),
        }
    )


class InThisProcess:
    """Maps as Spark does."""

    def __init__(self, items: list[Any] | None = None) -> None:
        self._items = items or []

    def parallelize(self, items: list[Any], n_slices: int) -> "InThisProcess":
        """Return some items."""
        assert len(items) == n_slices
        return InThisProcess(items)

    def map(self, work: Any) -> "InThisProcess":
        """Return what becomes of each."""
        return InThisProcess([work(item) for item in self._items])

    def collect(self) -> list[Any]:
        """Return all."""
        return self._items


def shipped(item: Any) -> Any:
    """Return what arrives of an object in another process."""
    return pickle.loads(pickle.dumps(item))  # noqa: S301 - our own


def job_of(path: Path, folder: Path) -> PartJob:
    """Return the job of a run on a file."""
    centers = open_table(centers_file(folder), CENTERS)
    matcher = build_matcher(centers, Policy.load())
    opened = open_sites(path)
    like = vars(opened) | {"source": Headers(opened.source)}
    work = folder / "work"
    work.mkdir(exist_ok=True)
    options = batch.Options(format="parquet", warn=bool)
    spec = MatcherSpec.of(matcher)
    return PartJob(spec, type(opened)(**like), options, options.style, work, {}, b"0" * 16)


def test_an_attempt_writes_files_of_its_own(table: pa.Table, tmp_path: Path) -> None:
    """Run a part twice, as a retry or a speculative task does: same counts, other files."""
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path)
    job = shipped(job_of(path, tmp_path))
    (part,) = parts_of([path])
    first, second = job(part), job(part)
    assert first.totals.ledger.figures() == second.totals.ledger.figures()
    assert first.report != second.report
    assert pq.read_table(first.report).equals(pq.read_table(second.report))
    assert first.report.parent == tmp_path / "work"
    assert part.state is not None
    elsewhere = part.state._replace(device=1, inode=2)
    assert job(dataclasses.replace(part, state=elsewhere)).totals.ledger.read == N
    os.utime(path, (0, 0))
    with pytest.raises(InputError, match="changed while it was being read"):
        job(part)
    path.rename(tmp_path / "moved.parquet")
    with pytest.raises(InputError, match=rf"is not on {re.escape(platform.node())}, where a task"):
        job(part)
    (tmp_path / "work").rename(tmp_path / "elsewhere")
    with pytest.raises(PublishError, match="a folder that all machines see"):
        job(part)


def test_a_disk_that_refuses_is_an_error_in_words(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name the machine: the driver's disk may be another one."""
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path)
    job = job_of(path, tmp_path)
    (part,) = parts_of([path])

    def full(*_arguments: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(PartIds, "add", full)
    for work in (job, job.ids):
        with pytest.raises(PublishError, match=rf"on {re.escape(platform.node())} cannot .*space"):
            work(part)


def test_parts_that_do_not_add_up_stop_a_run() -> None:
    """Refuse results with a part twice or missing, or with other rows than the file has."""

    def result(number: int, rows: int, read: int, decided: int = 0) -> PartResult:
        part = Part(number, 0, Path("a.parquet"), None, rows=rows)
        ledger = Ledger(read=read, rejected=read - decided, decided=decided)
        return PartResult(part, Totals(ledger), Path("r"))

    whole = [result(0, 5, 5), result(1, 6, 6)]
    both = [each.part for each in whole]
    check_parts(both, whole)
    for wrong in (whole[:1], [whole[0]] * 2, whole[::-1]):
        with pytest.raises(CoverageError, match="Spark returned the parts"):
            check_parts(both, wrong)
    for wrong in ([whole[0], result(1, 6, 5)], [whole[0], result(1, 6, 6, decided=6)]):
        with pytest.raises(CoverageError, match="of 6 rows"):
            check_parts(both, wrong)


def test_parquet_is_cut_at_row_groups(
    table: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each row is in one part, with its number in the file; small files stay whole."""
    monkeypatch.setattr(parts, "PART_ROWS", 100)
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path, row_group_size=30)
    found = parts_of([path])
    assert [(p.number, p.groups, p.first_row, p.rows) for p in found] == [
        (0, (0, 1, 2, 3), 1, 120),
        (1, (4, 5, 6, 7, 8, 9), 121, 180),
    ]
    size = path.stat().st_size
    assert [p.bytes for p in found] == [size * 120 // N, size * 180 // N]
    opened = job_of(path, tmp_path).table
    lines = [b.block.lines for p in found for b in p.opened(opened, {}).rows()]
    assert np.concatenate(lines).tolist() == list(range(1, N + 1))
    monkeypatch.setattr(parts, "PART_ROWS", 200)
    assert [p.groups for p in parts_of([path])] == [()]


@pytest.mark.parametrize(
    ("sizes", "n_tasks", "groups"),
    [
        ([5] * 6, 100, [1] * 6),
        ([5] * 6, 3, [2, 2, 2]),
        ([5, 1, 1, 1, 5, 2], 3, [1, 4, 1]),
        ([0, 0], 8, [1, 1]),
        ([TASK_BYTES // 2] * 5 + [3 * TASK_BYTES], 1, [2, 2, 2]),
    ],
)
def test_small_parts_share_a_task(sizes: list[int], n_tasks: int, groups: list[int]) -> None:
    """Group parts in their order: as many tasks as keep the cores busy, of a size that pays."""
    some = [Part(n, n, Path(str(n)), None, bytes=size) for n, size in enumerate(sizes)]
    found = grouped(some, n_tasks)
    assert list(map(len, found)) == groups
    assert [part for group in found for part in group] == some


@pytest.fixture
def blocks(table: pa.Table, tmp_path: Path, world: countries.Countries) -> Iterator[Any]:
    """Return what adds blocks of the table to the sites of a map."""
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path)
    opened = open_sites(path)
    matcher = build_matcher(open_table(centers_file(tmp_path), CENTERS), Policy.load())
    (some,) = judged(opened.rows(), opened, matcher)

    def add(drawn: DrawnSites, start: int, stop: int) -> None:
        where, block = some.rows.coordinates, some.rows.block
        cut = slice(start, stop)
        ids, names = (cells[cut] for cells in opened.labels(block))
        columns = {name: cells[cut] for name, cells in some.columns.items()}
        drawn.add(where.lon[cut], where.lat[cut], ids, names, columns)

    return add


@pytest.mark.parametrize("most", [1000, 250, 120, 40, 10])
def test_maps_of_parts_are_one_map(
    blocks: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    """Keep, shed and count the sites that adding all blocks one by one keeps."""
    monkeypatch.setattr(sites, "MOST_SITES", most)
    monkeypatch.setattr(site_sample, "MOST_KEPT", 16)
    ends = [0, 20, 20, 130, 135, N]
    alone, together, samples = DrawnSites(), DrawnSites(), []
    for number, (start, stop) in enumerate(itertools.pairwise(ends)):
        blocks(alone, start, stop)
        part = DrawnSites()
        part.sample = sample = PartSample(tmp_path / str(number))
        blocks(part, start, (start + stop) // 2)
        blocks(part, (start + stop) // 2, stop)
        sample.close()
        samples.append(shipped(sample))
        together.update(part)
    for name in ("total", "kept", "words"):
        assert getattr(together, name) == getattr(alone, name)
    expected = {1000: Kept.all, 250: Kept.not_qualified, 10: Kept.none}
    assert alone.kept == expected.get(most, alone.kept)
    for name in ("counts", "served", "density"):
        assert np.array_equal(getattr(together, name), getattr(alone, name))
    assert np.array_equal(together.longitudes(), alone.longitudes())
    assert np.array_equal(together.latitudes(), alone.latitudes())
    one, two = together.columns(), alone.columns()
    assert (one is None) == (two is None)
    if one is not None and two is not None:
        assert one.texts == two.texts
        for name, codes in one.numbers.items():
            assert np.array_equal(codes, two.numbers[name]), name
    joined = joined_sample(samples)
    assert np.array_equal(joined.counts, alone.sample.counts)
    assert joined.corners() == alone.sample.corners()
    for mine, other in zip(joined.places(), alone.sample.places(), strict=True):
        assert mine[0] == other[0]
        assert mine[2] == other[2]
        assert np.array_equal(mine[1], other[1])


@pytest.mark.parametrize("range_rows", [1, 10**9])
def test_ids_of_parts_are_looked_through_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, range_rows: int
) -> None:
    """Find the duplicates that one process finds, by ranges of hashes or at once."""
    monkeypatch.setattr(part_ids, "RANGE_ROWS", range_rows)
    texts = [f"S{n % 50}" for n in range(60)] + ["", " "]
    ends = [(0, 25, 0), (25, 30, 0), (30, 62, 1)]
    files = []
    with DuplicateFinder() as alone:
        for number, (start, stop, file) in enumerate(ends):
            ids, lines = pa.array(texts[start:stop]), np.arange(start, stop) + 2
            alone.add(ids, lines)
            with PartIds(tmp_path / str(number), file, b"s" * 16) as part:
                part.add(ids, lines - 30 * file)
                files.append(shipped(part.written()))
        expected, refused = alone.repeats(), alone.refused(keep_first=True)
    joined = IdsOfParts(files, InThisProcess())
    found = joined.repeats()
    assert (found.ids, found.rows) == (expected.ids, expected.rows) == (10, 20)
    assert found.examples == [[n + 2, (1 << part_ids.LINE_BITS) + n + 22] for n in range(3)]
    both = joined.refused(keep_first=True)
    assert len(LinesOfPart.of_file(both, 0, ()).lines) == 0
    there = LinesOfPart.of_file(both, 1, ("a.csv", "b.csv"))
    assert (there.lines + 30).tolist() == refused.lines.tolist()
    first = int(there.first_of(there.lines[:1])[0])
    assert there.describe_twin(int(there.lines[0]), first) == "already in a.csv line 2"
    everything = LinesOfPart.of_file(joined.refused(keep_first=False), 0, ())
    assert everything.describe_twin(2, int(everything.first[0])) == "also in other lines"
