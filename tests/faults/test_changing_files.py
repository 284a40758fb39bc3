"""Files that change while they are read: the hash is that of the bytes read, or nothing is said."""

import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import geopandas as gpd
import pandas as pd
import pyarrow as pa
import pytest
import shapely
from click.testing import CliRunner
from roads import TOWN
from running import AS_OF, centers_file, contents, sites_file

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch import _map
from coverage_analyzer.batch._drive_times import drive
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table as reading
from coverage_analyzer.files.readers import delimited, geojson
from coverage_analyzer.maps.page_data import Network
from coverage_analyzer.roads import network as network_module
from coverage_analyzer.roads.drive_times import open_engine

LEAN: Final = batch.Options(areas=False, map=False)
HEADER: Final = "site_id,country,latitude,longitude,remark\n"
CHANGED: Final = "changed while it was being read. Run again when it is complete"
ROWS: Final = 4_000


def row(number: int) -> str:
    """Return a site as a line."""
    return f"S{number},US,{39 + number % 1000 / 1000:.3f},-94.5,nothing to say\n"


def text(rows: int = ROWS) -> bytes:
    """Return sites as CSV."""
    return (HEADER + "".join(map(row, range(rows)))).encode()


def frame(rows: int = 50) -> gpd.GeoDataFrame:
    """Return sites as points."""
    points = [shapely.Point(-94.5, 39 + n / 1000) for n in range(rows)]
    data = {"site_id": [f"S{n}" for n in range(rows)], "country": ["US"] * rows}
    return gpd.GeoDataFrame(data, geometry=points, crs="EPSG:4326")


def saved(folder: Path, name: str) -> Path:
    """Write sites as the kind of file that a name asks for."""
    path, sites = folder / name, frame()
    if name.endswith((".csv", ".gz")):
        path.write_bytes(gzip.compress(text(), mtime=0) if name.endswith(".gz") else text())
    elif name.endswith(".zst"):
        path.write_bytes(pa.compress(text(), "zstd", asbytes=True))
    elif name.endswith((".parquet", ".xlsx")):
        plain = pd.DataFrame(sites.drop(columns="geometry"))
        plain["latitude"], plain["longitude"] = sites.geometry.y, sites.geometry.x
        plain.to_parquet(path) if name.endswith(".parquet") else plain.to_excel(path, index=False)
    elif name.endswith(".geoparquet"):
        sites.to_parquet(path)
    elif name.endswith(".zip"):
        (folder / "parts").mkdir()
        sites.to_file(folder / "parts" / "sites.shp")
        shutil.make_archive(str(path.with_suffix("")), "zip", folder / "parts")
    else:
        sites.to_file(path)
    return path


def replaced(path: Path) -> None:
    """Put another file of the same bytes in the place of one, as a careful export does."""
    new = path.with_name(f"{path.name}.new")
    new.write_bytes(path.read_bytes())
    stamp = path.stat()
    os.utime(new, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
    new.replace(path)


def truncated(path: Path) -> None:
    """Cut a file off in its middle."""
    os.truncate(path, path.stat().st_size // 2)


def appended(path: Path) -> None:
    """Add bytes at the end of a file."""
    with path.open("ab") as file:
        file.write(row(ROWS).encode())


def overwritten(path: Path) -> None:
    """Write other bytes over the last ones of a file, which keeps its size."""
    with path.open("r+b") as file:
        file.seek(-10, os.SEEK_END)
        file.write(b"0123456789")


Change = Callable[[Path], None]
CHANGES: Final = (truncated, appended, overwritten)
BY_HANDLE: Final = ("sites.csv", "sites.csv.gz", "sites.csv.zst")
BY_PATH: Final = (
    *("sites.parquet", "sites.geoparquet", "sites.geojson", "sites.gpkg", "sites.shp"),
    *("sites.zip", "sites.xlsx"),
)


def once(change: Change, path: Path) -> Callable[[int, float], None]:
    """Return what changes a file when the first rows of it have been read, as a progress."""
    left = [path]

    def progress(_rows: int, _share: float) -> None:
        while left:
            change(left.pop())

    return progress


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 4096)


def options(**arguments: Any) -> batch.Options:
    """Return options of a run without pictures."""
    return batch.Options(**({"areas": False, "map": False} | arguments))


def run(path: Path, folder: Path, **arguments: Any) -> dict[str, Any]:
    """Judge sites."""
    return batch.run(
        path, centers_file(folder), folder / "out", as_of=AS_OF, options=options(**arguments)
    )


def digest(path: Path) -> str:
    """Return the hash of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", [*BY_HANDLE, *BY_PATH])
def test_hash_file_changed(tmp_path: Path, name: str, change: Change) -> None:
    """Whatever the kind of file and of change, the run is refused and the old report stays."""
    path = saved(tmp_path, name)
    run(path, tmp_path)
    old = contents(tmp_path / "out")
    with pytest.raises(InputError, match=f"{name} {CHANGED}"):
        run(path, tmp_path, progress=once(change, path))
    assert contents(tmp_path / "out") == old


@pytest.mark.parametrize("name", BY_HANDLE)
def test_hash_file_replaced(tmp_path: Path, name: str) -> None:
    """The rows and the hash are those of the file that was opened, which is whole."""
    path = saved(tmp_path, name)
    before = digest(path)

    def other(path: Path) -> None:
        new = tmp_path / "new"
        new.write_text(HEADER + row(1), encoding="utf-8")
        new.replace(path)

    manifest = run(path, tmp_path, progress=once(other, path))
    assert manifest["inputs"]["sites"]["sha256"] == before != digest(path)
    assert manifest["ledger"]["read"] == ROWS


@pytest.mark.parametrize("name", BY_PATH)
def test_hash_file_replaced_that_is_opened_by_its_path(tmp_path: Path, name: str) -> None:
    """A file of the same size and time is another one all the same."""
    path = saved(tmp_path, name)
    with pytest.raises(InputError, match=f"{name} {CHANGED}"):
        run(path, tmp_path, progress=once(replaced, path))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("suffix", [".dbf", ".shx", ".prj", ".cpg"])
def test_hash_sidecar_replaced(tmp_path: Path, suffix: str) -> None:
    """All files of a Shapefile count, also the one that says how its text is encoded."""
    path = saved(tmp_path, "sites.shp")
    with pytest.raises(InputError, match=rf"sites\{suffix} {CHANGED}"):
        run(path, tmp_path, progress=once(replaced, path.with_suffix(suffix)))


def test_hash_sidecar_missing(tmp_path: Path) -> None:
    """One that vanishes is a change, too."""
    path = saved(tmp_path, "sites.shp")
    with pytest.raises(InputError, match=rf"sites\.cpg {CHANGED}"):
        run(path, tmp_path, progress=once(Path.unlink, path.with_suffix(".cpg")))


@pytest.mark.parametrize("change", [truncated, replaced])
def test_geojson_that_changes_while_its_columns_are_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change
) -> None:
    """The first of two readings counts, too, and a change explains what cannot be read in it."""
    path, add = saved(tmp_path, "sites.geojson"), geojson._Scan.add

    def changing(result: Any, features: Any) -> None:
        add(result, features)
        if result.rows == 20:
            change(path)

    monkeypatch.setattr(geojson, "CHUNK", 1_000)
    monkeypatch.setattr(geojson, "FEATURES_AT_ONCE", 10)
    monkeypatch.setattr(geojson._Scan, "add", changing)
    with pytest.raises(InputError, match=f"^{path} {CHANGED}"):
        geojson.geojson(path)


def test_the_program_ends_with_2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one line that names the file."""
    path, ask = saved(tmp_path, "sites.csv"), reading.open_table
    shown = once(appended, path)

    def opened(*arguments: Any, **further: Any) -> Any:
        table = ask(*arguments, **further)
        if table.path == path:
            shown(0, 0)
        return table

    monkeypatch.setattr("coverage_analyzer.files.mistakes.open_table", opened)
    arguments = ["run", str(path), "--centers", str(centers_file(tmp_path)), "-o"]
    ended = CliRunner().invoke(program, [*arguments, str(tmp_path / "out"), "--as-of", AS_OF])
    assert isinstance(ended.exception, InputError)
    assert str(ended.exception) == f"{path} {CHANGED}."


@pytest.mark.parametrize("rule", ["first", "reject"])
@pytest.mark.parametrize("change", [*CHANGES, replaced])
def test_hash_between_two_readings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: Change, rule: Any
) -> None:
    """Sites that are read twice are the same file the second time, or the run is refused."""
    path, ask = saved(tmp_path, "sites.csv"), reading.duplicates

    def duplicates(*arguments: Any, **named: Any) -> Any:
        result = ask(*arguments, **named)
        change(path)
        return result

    assert run(path, tmp_path, on_duplicate=rule)["inputs"]["sites"]["sha256"] == digest(path)
    old = contents(tmp_path / "out")
    monkeypatch.setattr("coverage_analyzer.batch._run.duplicates", duplicates)
    with pytest.raises(InputError, match=CHANGED):
        run(path, tmp_path, on_duplicate=rule)
    assert contents(tmp_path / "out") == old


@pytest.mark.parametrize("change", [*CHANGES, replaced])
def test_hash_of_many_files(tmp_path: Path, change: Change) -> None:
    """Each is the file whose header was read when the run began, until its rows are read."""
    folder = tmp_path / "sites"
    folder.mkdir()
    for name in ("a.csv", "b.csv"):
        saved(folder, name)
    manifest = run(folder, tmp_path)
    lines = "".join(f"{digest(folder / name)}  {name}\n" for name in ("a.csv", "b.csv"))
    assert manifest["inputs"]["sites"]["sha256"] == hashlib.sha256(lines.encode()).hexdigest()
    old = contents(tmp_path / "out")
    with pytest.raises(InputError, match=f"b.csv {CHANGED}"):
        run(folder, tmp_path, progress=once(change, folder / "b.csv"))
    assert contents(tmp_path / "out") == old


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_centers_may_change_once_they_are_read(tmp_path: Path, kind: str) -> None:
    """Their hash is taken at once, so a later change does not stop the run."""
    path = saved(tmp_path, f"sites.{kind}")
    centers = tmp_path / f"network.{kind}"
    frame = pd.DataFrame({"center_id": ["K"], "latitude": [39.1], "longitude": [-94.6]})
    frame["country"] = "US"
    frame.to_csv(centers, index=False) if kind == "csv" else frame.to_parquet(centers)
    before = digest(centers)
    chosen = options(progress=once(truncated, centers))
    manifest = batch.run(path, centers, tmp_path / "out", as_of=AS_OF, options=chosen)
    assert manifest["inputs"]["centers"]["sha256"] == before != digest(centers)


@pytest.mark.parametrize("command", ["check", "timeline", "read_sites"])
def test_other_commands_refuse_it_too(tmp_path: Path, command: str) -> None:
    """What reads a file reads one file, whether it says its hash or not."""
    path = saved(tmp_path, "sites.csv")
    centers, chosen = centers_file(tmp_path), options(progress=once(appended, path))
    jobs: dict[str, Callable[[], Any]] = {
        "check": lambda: batch.check(path, options=chosen),
        "timeline": lambda: batch.timeline(
            path, centers, tmp_path / "t.csv", days=(AS_OF, "2027-06-01"), options=chosen
        ),
        "read_sites": lambda: ca.read_sites(path),
    }
    if command == "read_sites":
        appended_later(path)
    with pytest.raises(InputError, match=CHANGED):
        jobs[command]()
    assert not (tmp_path / "t.csv").exists()


def appended_later(path: Path) -> None:
    """Append to a file as soon as somebody has it open."""

    def wait() -> None:
        while not any(file.resolve() == path for file in Path("/proc/self/fd").iterdir()):
            pass
        appended(path)

    threading.Thread(target=wait, daemon=True).start()


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    """Give bytes on standard input."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


@pytest.mark.parametrize(
    "data", [text(30), gzip.compress(text(30)), text(30).decode().encode("utf-16")]
)
def test_hash_of_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    """Of the bytes that came, packed or encoded as they are."""
    piped(monkeypatch, data)
    manifest = run(Path("-"), tmp_path)
    assert manifest["ledger"]["decided"] == 30
    assert manifest["inputs"]["sites"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_hash_covers_what_follows_the_last_record(tmp_path: Path) -> None:
    """Such as the zeros with which tapes fill a gzip file up."""
    path = tmp_path / "sites.csv.gz"
    path.write_bytes(gzip.compress(text(30)) + bytes(10_000))
    assert run(path, tmp_path)["inputs"]["sites"]["sha256"] == digest(path)


@pytest.mark.parametrize("packed", [False, True])
def test_a_named_pipe_is_read_once(tmp_path: Path, packed: bool) -> None:
    """No row of it is lost between the header and the rows."""
    path = tmp_path / "sites.csv"
    os.mkfifo(path)
    data = gzip.compress(text()) if packed else text()
    threading.Thread(target=path.write_bytes, args=(data,), daemon=True).start()
    manifest = run(path, tmp_path)
    assert manifest["ledger"]["decided"] == ROWS
    assert manifest["inputs"]["sites"]["sha256"] == hashlib.sha256(data).hexdigest()


def test_the_path_of_products_in_a_database_shows_no_password(tmp_path: Path) -> None:
    """The manifest names each input in the same way; a file of products has its hash."""
    products = tmp_path / "products.csv"
    products.write_text("product,version,mainstream_ends\nX,1,2030-01-01\n", encoding="utf-8")
    manifest = run(saved(tmp_path, "sites.csv"), tmp_path, products=products)
    result = {"encoding": "utf-8", "delimiter": ",", "header_line": 1}
    shown = {"path": str(products), "sha256": digest(products), "detected": result}
    assert manifest["inputs"]["products"] == shown


def town(folder: Path) -> Path:
    """Return the folder of a run in the town of the sample roads."""
    sites = "site_id,country,latitude,longitude\n" + "".join(
        f"S{n},LI,47.12,{9.51 + n / 1000}\n" for n in range(5)
    )
    centers = "center_id,country,latitude,longitude\nC,LI,47.12,9.52\n"
    out = folder / "out"
    batch.run(
        sites_file(folder, sites), centers_file(folder, centers), out, as_of=AS_OF, options=LEAN
    )
    return out


class Meddling:
    """An engine of roads that changes a file when it is first asked."""

    def __init__(self, engine: Any, change: Change, path: Path) -> None:
        self._engine = engine
        self._change = once(change, path)

    def __getattr__(self, name: str) -> Any:
        """Return what the engine has of this name."""
        if name == "matrix":
            self._change(0, 0)
        return getattr(self._engine, name)


@pytest.mark.parametrize("name", ["report.csv", "centers.csv", "run.json"])
@pytest.mark.parametrize("change", [appended, replaced])
def test_drive_times_of_a_run_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, change: Change
) -> None:
    """Its files are read several times, and must be those of one run."""
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path / "cache"))
    out = town(tmp_path)
    engine = open_engine(TOWN)
    with pytest.raises(InputError, match=CHANGED):
        drive(out, Meddling(engine, change, out / name))
    assert '"roads"' not in (out / "run.json").read_text(encoding="utf-8")
    assert not (out / "drive_times.csv").exists()


def test_an_extract_that_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No network is kept under the hash of a file that it was not made of."""
    path = tmp_path / "town.osm"
    shutil.copyfile(TOWN, path)
    build = network_module.build_network

    def built(*arguments: Any, **options: Any) -> Any:
        result = build(*arguments, **options)
        appended(path)
        return result

    monkeypatch.setattr(network_module, "build_network", built)
    with pytest.raises(InputError, match=f"town.osm {CHANGED}"):
        network_module.load_network(path, cache=tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


@pytest.mark.parametrize("name", ["report.csv", "centers.csv", "run.json"])
def test_a_map_of_a_run_that_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """No map mixes the files of two runs."""
    path = saved(tmp_path, "sites.csv")
    run(path, tmp_path)
    out = tmp_path / "out"
    assert redrawn(out)

    def network(*_given: Any) -> Network:
        replaced(out / name)
        return ask(*_given)

    ask = _map.network_of
    monkeypatch.setattr(_map, "network_of", network)
    with pytest.raises(InputError, match=f"{name} {CHANGED}"):
        redrawn(out)


WRITER: Final = """
import os, sqlite3, sys
writer = sqlite3.connect(sys.argv[1], isolation_level=None)
writer.execute("PRAGMA journal_mode=WAL")
writer.execute("PRAGMA wal_autocheckpoint=0")
for (name,) in writer.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
    writer.execute(f'DROP TRIGGER "{name}"')
columns = "(site_id, country, geom) SELECT 'new', country, geom"
writer.execute(f"INSERT INTO sites {columns} FROM sites LIMIT 1")
print("ready", flush=True)
if sys.argv[2] == "crashes":
    os._exit(0)
sys.stdin.read()
"""


@pytest.mark.parametrize("how", ["crashes", "stays"])
def test_a_geopackage_with_rows_in_its_log(tmp_path: Path, how: str) -> None:
    """Rows that another program has just written count, and do not stop the run."""
    path = saved(tmp_path, "sites.gpkg")
    before = run(path, tmp_path)["ledger"]["decided"]
    command = [sys.executable, "-c", WRITER, str(path), how]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, encoding="utf-8") as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        if how == "crashes":
            writer.wait()
        assert path.with_name("sites.gpkg-wal").stat().st_size
        manifest = run(path, tmp_path)
    assert manifest["ledger"]["decided"] == before + 1
