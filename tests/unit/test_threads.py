"""However many threads a run is divided among, its files are the same."""

from pathlib import Path

import pytest

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import delimited, parquet

ROWS = 60
CENTERS = "center_id,latitude,longitude,country\nC1,40.0,-75.0,US\nC2,48.1,11.6,DE\n"


def site(number: int) -> str:
    """Return a row; some are rejected, blank, quoted over two lines or share an id."""
    if number % 11 == 0:
        return f"S{number},no number,-75.0,US,bad"
    if number % 13 == 0:
        return ""
    name = '"two\nlines"' if number % 17 == 0 else f"=name {number}"
    return f"S{number - number % 2},{40 + number / 40},-75.{number:03},US,{name}"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with sites, as CSV and as Parquet, and centers."""
    path = tmp_path_factory.mktemp("threads")
    rows = "\n".join(map(site, range(ROWS)))
    (path / "sites.csv").write_text(f"site_id,latitude,longitude,country,name\n{rows}\n", "utf-8")
    (path / "centers.csv").write_text(CENTERS, "utf-8")
    options = batch.Options(format="parquet", areas=False, map=False, summary=False)
    batch.run(path / "sites.csv", path / "centers.csv", path / "typed", options=options)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_are_the_same_for_any_number_of_threads(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """Of many blocks, with rejects, blank rows, quoted line ends and ids that repeat."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    monkeypatch.setattr(parquet, "ROWS_AT_ONCE", 7)
    sites = folder / "sites.csv" if kind == "csv" else folder / "typed" / "report.parquet"
    files: list[dict[str, bytes]] = []
    for threads in (1, 2, 3, 4):
        options = batch.Options(format=kind, threads=threads, areas=False)
        batch.run(
            sites, folder / "centers.csv", tmp_path / "run", as_of="2026-12-01", options=options
        )
        files.append({p.name: p.read_bytes() for p in (tmp_path / "run").iterdir()})
    assert all(other == files[0] for other in files[1:])
    assert {f"report.{kind}", "rejects.csv", "run.json", "map.html"} <= set(files[0])


@pytest.mark.parametrize("threads", [1, 4])
def test_an_error_of_any_stage_ends_the_run(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, threads: int
) -> None:
    """A type that does not fit is found while rows are written; nothing is published."""
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 256)
    options = batch.Options(format="parquet", types={"name": "integer"}, threads=threads)
    with pytest.raises(InputError, match="name"):
        batch.run(folder / "sites.csv", folder / "centers.csv", tmp_path / "run", options=options)
    assert not (tmp_path / "run").exists()


def test_a_number_of_threads_below_one_is_refused(folder: Path, tmp_path: Path) -> None:
    """From Python, too."""
    options = batch.Options(threads=0)
    with pytest.raises(InputError, match="at least 1"):
        batch.run(folder / "sites.csv", folder / "centers.csv", tmp_path / "run", options=options)
