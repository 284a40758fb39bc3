"""Disks that fail: at any byte, at any operation, for good or once; the old report stands."""

import errno
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from failing import disturbed, fails, files_up_to
from running import AS_OF, SITES, THOROUGH, contents, judged, sites_file

from coverage_analyzer import batch
from coverage_analyzer.errors import PublishError
from coverage_analyzer.files.readers import delimited
from coverage_analyzer.files.run_folder.publishing import Publication

LEAN = batch.Options(areas=False, map=False)
BINARY = batch.Options(areas=False, map=False, format="parquet")
LATER = SITES.replace("Alpha", "Omega")
"""Sites of which the report is another one."""

Both = tuple[dict[str, bytes], dict[str, bytes]]


def limits(folder: Path) -> list[int]:
    """Return sizes at which a run's files break: at, before and behind each end, and within.

    The largest file is written in some 10 pieces, or in one: 12 places are enough every day.
    """
    sizes = [len(data) for data in contents(folder).values()]
    edges = {0, 1, *(size - 1 for size in sizes), *(size // 2 for size in sizes)}
    largest = max(sizes)
    steps = 40 if THOROUGH else 12
    return sorted(edges | {largest * k // steps for k in range(steps)})


@pytest.mark.parametrize(
    "options", [LEAN, BINARY, batch.Options()], ids=["csv", "parquet", "areas and map"]
)
def test_a_write_that_fails_at_any_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: batch.Options
) -> None:
    """Wherever a file breaks off, the old report stands byte for byte, and the next run works."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 200)  # so that a report is written in pieces
    judged(tmp_path, LATER, options=options)
    sizes = limits(tmp_path / "out")
    judged(tmp_path, options=options)
    first, sites = contents(tmp_path / "out"), sites_file(tmp_path, LATER)
    for size in sizes:
        with files_up_to(size), pytest.raises(PublishError):
            batch.run(sites, tmp_path / "network.csv", tmp_path / "out", options=options)
        assert contents(tmp_path / "out") == first, f"files of {size} bytes at most"
    judged(tmp_path, LATER, options=options)
    assert contents(tmp_path / "out") != first
    assert sorted(contents(tmp_path / "out")) == sorted(first)


class Ending(NamedTuple):
    """How a run over an old report ended of which one operation failed."""

    number: int
    published: bool


def endings(folder: Path, code: int, *, for_good: bool) -> Iterator[Ending]:
    """Run once for each operation that a run asks of a disk, which fails; ``for_good``, all behind.

    Before each the old report (of ``folder / "old"``) is put into ``folder / "out"``.
    """
    out, sites, number = folder / "out", sites_file(folder, LATER), 0
    while True:
        shutil.rmtree(out)
        shutil.copytree(folder / "old", out)
        numbers = range(number, sys.maxsize if for_good else number + 1)
        with disturbed(out, fails(code), numbers) as operations:
            try:
                batch.run(sites, folder / "network.csv", out, as_of=AS_OF, options=LEAN)
                published = True
            except PublishError:
                published = False
        if number >= len(operations):
            break
        yield Ending(number, published)
        number += 1
    assert number > 40, "the whole run was tried"


@pytest.fixture
def both(tmp_path: Path) -> Both:
    """Return what an old run leaves in ``out`` (and ``old``), and what a new one would."""
    judged(tmp_path, options=LEAN)
    first = contents(tmp_path / "out")
    shutil.copytree(tmp_path / "out", tmp_path / "old")
    judged(tmp_path, LATER, options=LEAN)
    later = contents(tmp_path / "out")
    assert all(first[name] != later[name] for name in ("report.csv", "run.json"))
    return first, later


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO], ids=errno.errorcode.get)
def test_an_operation_that_fails_once(tmp_path: Path, both: Both, code: int) -> None:
    """Whichever it is, a run that ends in an error leaves the old report and no litter for long.

    One that ends well has published the new report: it failed at tidying up.
    """
    first, later = both
    seen = set()
    for number, published in endings(tmp_path, code, for_good=False):
        seen.add(published)
        whole = later if published else first
        shown = {n: d for n, d in contents(tmp_path / "out").items() if n[0] != "."}
        assert shown == whole, f"operation {number}"
        with Publication(tmp_path / "out"):
            pass
        assert contents(tmp_path / "out") == whole, f"litter after operation {number}"
    assert seen == {True, False}


def test_a_disk_that_fails_for_good(tmp_path: Path, both: Both) -> None:
    """Once it works again, who opens the folder for writing finds the old report or the new one.

    And until then a manifest stands beside files of its own run only.
    """
    without = 0
    for number, published in endings(tmp_path, errno.EIO, for_good=True):
        shown = {n: d for n, d in contents(tmp_path / "out").items() if n[0] != "."}
        assert "run.json" not in shown or shown in both, f"operation {number}"
        without += "run.json" not in shown
        with Publication(tmp_path / "out"):
            pass
        assert contents(tmp_path / "out") in (both[1:] if published else both), number
    assert without, "the disk failed while files were being put in place"
