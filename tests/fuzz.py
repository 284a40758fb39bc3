"""Fuzz the reader: mutate files that are broken already, and hold what it makes of them to laws.

``make fuzz MINUTES=10`` (or ``python tests/fuzz.py [MINUTES] [SEED]``) takes the fault files of the
sample cases, if they are there, and some of its own, and changes bytes, pieces and lines of them at
random. Each file must

- give rows, rejects and blank ones that add up, or one InputError that names it, nothing else;
- give the same whatever the size of blocks;
- give what Python's `csv` gives in its strict mode, where that reads the whole file;
- take less than some seconds and some memory.

One of five is an export as people make them, in many languages, encodings and delimiters, of which
nothing is stated. What is guessed of it is said, so that stating it gives the same rows; and a row
that can be read without a guess keeps its coordinates.

Two of five are files of other kinds (TOML, JSON, GeoJSON, GeoPackage, Parquet, zipped Shapefiles),
of which the first law holds, and that none opens a connection.

A file that breaks a law is kept in ``build/fuzz``, and the exit code is 1.
"""

import csv
import hashlib
import io
import os
import random
import resource
import sys
import tempfile
import time
import traceback
import zipfile
from pathlib import Path
from typing import Final, NamedTuple

import geopandas as gpd
import pyarrow as pa
import shapely

from coverage_analyzer import documents, policy
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files.readers import delimited, records, streams
from coverage_analyzer.files.readers.delimited import DelimitedFile, Dialect
from coverage_analyzer.files.table import open_table
from coverage_analyzer.schema import columns

ROOT: Final = Path(__file__).resolve().parents[1]
CASES: Final = Path(os.environ.get("COVERAGE_CASES", ROOT.parent / "shared" / "cases")) / "faults"
KEPT: Final = ROOT / "build" / "fuzz"
SECONDS: Final = 5.0
MEGABYTES: Final = 600
LONGEST: Final = 20_000
HEADER_WITHIN: Final = 30
"""The header is one of so many rows at the top."""

LONGEST_OTHER: Final = 200_000
OTHERS: Final = 0.4
"""The share of files that are no text with fields."""

EXPORTS: Final = 0.2
"""The share of files that are exports, of which nothing is stated."""

LANGUAGES: Final = {
    "Customer ID,Company,Country,Latitude,Longitude": ("utf-8", "utf-16", "cp1252", "cp932"),
    "Kundennummer,Firma,Land,Breitengrad,Längengrad": ("utf-8", "utf-16", "cp1252"),
    "Código cliente,Razón social,País,Latitud,Longitud": ("utf-8", "utf-8-sig", "cp1252"),
    "顧客番号,会社名,国,緯度,経度": ("utf-8", "utf-16", "cp932"),
    "Номер клиента,Название,Страна,Широта,Долгота": ("utf-8", "cp1251"),
}
"""Headers, each with the encodings that such exports have."""

CELLS: Final = (
    "52.5",
    "52,5",
    "13.40000",
    "1.500",
    "1,500",
    "-75",
    "52\N{DEGREE SIGN}30'N",
    "190",
    "",
)
"""How coordinates are written, some of them in two ways to be read, or out of range."""

OWN: Final = (
    b"id,lat,lon\n1,40,-75\n2,41,-75\n",
    b'id,name,lat,lon\r\n1,"a, ""b""",40,-75\r\n2,"x\r\ny",41,-75\r\n',
    b"id;lat;lon\r1;40;-75\r\r2;41;-75",
    b"\xef\xbb\xbfa\tb\n\xef\xbb\xbf1\t2\n\n\n",
    "a|b\nMüller|東\n".encode(),
    "a,b\n1,2\n".encode("utf-16"),
    b'a,b\n"1,2\n"3",4\na","""\na","""\n',
)
PIECES: Final = (
    *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\r", b"\r\n", b"\n\n", b"\0", b"\xff", b"\\"),
    *(b"\xef\xbb\xbf", b"\xed\xb2\x81", b"\xff\xfe", b"\x1f\x8b", b"\xe2\x80\xa8", b"\xc2\x85"),
    *(b'"\n"', b',"', b'",', b'a","""\n', b"40.5", b"-75", b"'", b"=1+1"),
    *(
        b"[" * 3000,
        b"{" * 3000,
        b'{"a":' * 500,
        b".a" * 200,
        b"9" * 5000,
        b"\\ud800",
        b"=[",
        b"NaN",
    ),
)
ENCODINGS: Final = ("",) * 6 + ("cp1252", "latin-1", "ascii", "utf-16-le", "shift_jis", "gb18030")


class Read(NamedTuple):
    """What the reader makes of a file: the header, all rows and rejects with their lines."""

    headers: list[str]
    delimiter: str
    rows: list[tuple[int, list[str], str]]
    rejects: list[tuple[int, str, str, str]]
    blank: int


def seeds() -> list[bytes]:
    """Return the files to begin with."""
    files = sorted(CASES.glob("*.csv")) if CASES.is_dir() else []
    shared = [file.read_bytes() for file in files]
    return [*OWN, *(data for data in shared if len(data) <= LONGEST)]


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Return a file with one thing changed."""
    at, end = sorted(chance.choices(range(len(data) + 1), k=2))
    end = min(end, at + chance.choice((1, 4, 40, 400)))
    piece = chance.choice(PIECES) * chance.choice((1, 1, 1, 2, 30))
    lines = data.splitlines(keepends=True)
    chance.shuffle(lines)
    ways = (
        data[:at] + piece + data[at:],
        data[:at] + piece + data[end:],
        data[:at] + data[end:],
        data[:at] + data[at:end] * chance.choice((2, 3, 20)) + data[end:],
        data[:at] + chance.randbytes(chance.choice((1, 1, 3))) + data[end:],
        b"".join(lines),
        data[at:end] + data,
    )
    return chance.choice(ways)


def read(path: Path, dialect: Dialect, size: int, lines: int) -> Read | None:
    """Return what the reader makes of a file; nothing if it refuses it.

    Raises
    ------
    AssertionError
        If a law is broken.
    """
    delimited.BLOCK_BYTES, records.MAX_LINES = size, lines
    rows: list[tuple[int, list[str], str]] = []
    rejects: list[tuple[int, str, str, str]] = []
    blank = seen = 0
    try:
        file = DelimitedFile(path, dialect)
        for block in file.blocks():
            cells = zip(*(c.to_pylist() for c in block.columns.columns), strict=True)
            for number, (line, row) in enumerate(zip(block.lines.tolist(), cells, strict=True)):
                rows.append((line, list(row), block.raw(number)))
            rejects += [(r.line, r.reason.value, r.detail, r.raw) for r in block.rejects]
            blank += block.blank
            seen += block.records
    except InputError as error:
        if path.name not in str(error):
            raise AssertionError("the refusal names no file") from error
        return None
    assert seen == len(rows) + len(rejects) + blank, "the rows do not add up"
    lines_ = [line for line, *_ in rows + rejects]
    assert len(set(lines_)) == len(lines_), "two rows on one line"
    return Read(file.headers, file._header.delimiter, rows, rejects, blank)


def strict(data: bytes, delimiter: str, encoding: str) -> list[list[str]] | None:
    """Return what Python's `csv` reads; nothing if it reads not all of it."""
    if data.startswith((streams.GZIP, streams.ZSTD)):
        return None
    try:
        text = data.decode(encoding or "utf-8").removeprefix("\ufeff")
        return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except (csv.Error, UnicodeError):
        return None


def check(data: bytes, path: Path, chance: random.Random) -> bool:
    """Hold one file to all laws; return whether it was read."""
    path.write_bytes(data)
    dialect = Dialect(delimiter=chance.choice(("", ",", ";")), encoding=chance.choice(ENCODINGS))
    start = time.process_time()
    whole = read(path, dialect, 4 << 20, 1 << 17)
    took = time.process_time() - start
    assert took < SECONDS, f"{took:.1f} CPU seconds for {len(data):,} bytes"
    if whole is None:
        return False
    # No header may be longer than a block here: that is another law, with tests of its own.
    size, lines = chance.choice((16, 33, 100, 1000)), chance.choice((1, 2, 1 << 17))
    assert read(path, dialect, size, lines) == whole, f"blocks of {size} bytes, {lines} lines"
    peer = strict(data, whole.delimiter, dialect.encoding)
    width = len(whole.headers)
    filled = [row for row in peer or [] if any(row)]
    if filled and all(len(row) == width for row in filled):
        before = len(filled) - 1 - len(whole.rows)  # rows before the header
        assert 0 <= before < HEADER_WITHIN, "csv reads more rows, or fewer"
        header, *rows = filled[before:]
        assert [row for _, row, _ in whole.rows] == rows, "csv reads otherwise"
        several = len(set(header)) < width  # equal headers are numbered
        assert several or whole.headers == header, "csv reads another header"
        assert not whole.rejects, "csv reads what is rejected"
    return True


def other_seeds(folder: Path) -> list[tuple[str, bytes]]:
    """Return files of other kinds to begin with: documents, spatial files, archives, Parquet."""
    points = shapely.points([-75, -75.1, 2.35], [40, 40.1, 48.85])
    frame = gpd.GeoDataFrame(
        {"id": ["a", "b", "c"], "n": [1, 2**53 + 1, 3]}, geometry=points, crs=4326
    )
    frame.to_file(folder / "s.shp", encoding="cp1252")
    frame.to_file(folder / "s.gpkg")
    frame.to_parquet(folder / "s.parquet")
    frame.to_file(folder / "s.geojson")
    with zipfile.ZipFile(folder / "s.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for suffix in ("shp", "shx", "dbf", "prj", "cpg"):
            archive.write(folder / f"s.{suffix}", f"s.{suffix}")
    crs = b'{"type": "link", "properties": {"href": "http://127.0.0.1:9/"}}'
    plain = (folder / "s.geojson").read_bytes()
    names = ("s.zip", "s.gpkg", "s.parquet", "s.geojson")
    return [
        *((name[1:], (folder / name).read_bytes()) for name in names),
        (".geojson", plain.replace(b'"features"', b'"crs": ' + crs + b', "features"')),
        (".toml", policy.text(policy.DEFAULT).encode()),
        (".run.json", b'{"files": ["report.csv"], "spreadsheet_guard": true, "counts": {}}'),
    ]


def read_other(path: Path, suffix: str) -> bool:
    """Hold a file of another kind to the laws; return whether it was read.

    Raises
    ------
    AssertionError
        If a law is broken.
    """
    try:
        if suffix == ".toml":
            policy.Policy.load(path)
        elif suffix == ".run.json":
            documents.read_json(path)
        else:
            table = open_table(path, columns.SITES)
            for block in table.blocks():
                seen = len(block.lines) + len(block.rejects) + block.blank
                assert seen == block.records, "the rows do not add up"
                for cells in block.columns.columns:
                    cells.validate(full=True)
                for row in range(len(block.lines)):
                    block.raw(row).encode()
    except (InputError, PolicyError) as error:
        if path.name not in str(error) and suffix != ".run.json":
            raise AssertionError("the refusal names no file") from error
        return False
    return True


def check_other(suffix: str, data: bytes, folder: Path) -> bool:
    """Hold a file to all laws: in words or read, soon, and without a connection."""
    path = folder / f"fuzzed{suffix}"
    path.write_bytes(data)
    start = time.process_time()
    was_read = read_other(path, suffix)
    took = time.process_time() - start
    assert took < SECONDS, f"{took:.1f} CPU seconds for {len(data):,} bytes"
    assert not CONNECTIONS, f"a connection: {CONNECTIONS}"
    return was_read


def exported(chance: random.Random) -> bytes:
    """Return a table as some program exports it: language, encoding, delimiter, title, numbers."""
    header, encodings = chance.choice(list(LANGUAGES.items()))
    encoding, delimiter = chance.choice(encodings), chance.choice(",;\t|")
    rows = [header.split(",")] + [
        [f"{n:05}", f"Firma {n}", chance.choice(("DE", "US", "JPN")), *chance.choices(CELLS, k=2)]
        for n in range(chance.choice((1, 3, 12)))
    ]
    text = io.StringIO()
    text.write(chance.choice(("", "", "Export 2026\n", "sep=;\n")))
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode(encoding, "replace")


class Coordinates(NamedTuple):
    """What is read of an export: the places by line, the rejects, and what was detected."""

    places: dict[int, tuple[float, float]]
    rejects: list[tuple[int, str]]
    detected: dict[str, object]


def coordinates_of(path: Path, dialect: Dialect) -> Coordinates | None:
    """Return the coordinates of an export; nothing if it is refused.

    Raises
    ------
    AssertionError
        If a refusal does not name the file.
    """
    places: dict[int, tuple[float, float]] = {}
    rejects: list[tuple[int, str]] = []
    try:
        table = open_table(path, columns.SITES, dialect=dialect)
        for rows in table.rows():
            where = rows.coordinates
            pairs = zip(where.lat.tolist(), where.lon.tolist(), strict=True)
            places |= dict(zip(rows.block.lines.tolist(), pairs, strict=True))
            rejects += [(reject.line, reject.reason.value) for reject in rows.block.rejects]
    except InputError as error:
        if path.name not in str(error):
            raise AssertionError("the refusal names no file") from error
        return None
    return Coordinates(places, rejects, table.detected)


def check_export(data: bytes, path: Path) -> bool:
    """Hold an export of which nothing is stated to the laws; return whether it was read."""
    path.write_bytes(data)
    guessed = coordinates_of(path, Dialect())
    if guessed is None:
        return False
    delimiter, encoding = (
        str(guessed.detected.get(name, "")).removesuffix(", guessed")
        for name in ("delimiter", "encoding")
    )
    dialect = Dialect(delimiter=delimiter, encoding=encoding)
    stated = coordinates_of(path, dialect)
    assert stated is not None, f"what was said is refused: {dialect}"
    assert stated[:2] == guessed[:2], f"what was said gives other rows: {dialect}"
    plain = coordinates_of(path, Dialect(delimiter=delimiter, encoding="utf-8", decimal="."))
    for line, place in plain.places.items() if plain else ():
        assert guessed.places.get(line, place) == place, f"a guess moves line {line}"
    return True


CONNECTIONS: Final[list[str]] = []


def watch(event: str, _arguments: object) -> None:
    """Note what Python opens on the network."""
    if event in {"socket.connect", "socket.getaddrinfo"}:
        CONNECTIONS.append(event)


def drawn(
    chance: random.Random, pool: list[bytes], others: list[tuple[str, bytes]]
) -> tuple[str, str, bytes]:
    """Return a file to try: its kind, its suffix and its bytes, changed at random."""
    share = chance.random()
    kind, suffix, data = "text", ".csv", chance.choice(pool)
    if share < OTHERS:
        kind, (suffix, data) = "other", chance.choice(others)
    elif share >= 1 - EXPORTS:
        kind, data = "export", exported(chance)
    for _ in range(chance.choice((1, 1, 2, 5))):
        data = mutated(data, chance)[: LONGEST_OTHER if kind == "other" else LONGEST]
    return kind, suffix, data


def main() -> None:
    """Fuzz for some minutes, tell how much was tried, and keep what broke a law."""
    minutes, seed = (*sys.argv[1:], *("1", "20261124")[len(sys.argv) - 1 :])
    chance, until = random.Random(int(seed)), time.monotonic() + 60 * float(minutes)  # noqa: S311
    pool, tried, were_read, broken = seeds(), 0, 0, 0
    own = len(pool)
    print(f"{own} files to begin with, seed {seed}, {minutes} minute(s)", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "fuzzed.csv"
        sys.addaudithook(watch)
        others = other_seeds(Path(folder))
        while time.monotonic() < until:
            kind, suffix, data = drawn(chance, pool, others)
            tried += 1
            try:
                match kind:
                    case "export":
                        were_read += check_export(data, path)
                    case "text":
                        were_read += check(data, path, chance)
                    case _:
                        were_read += check_other(suffix, data, Path(folder))
            except Exception:  # noqa: BLE001 - whatever it is, it is a finding
                broken += 1
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{hashlib.sha256(data).hexdigest()[:12]}{suffix}"
                kept.write_bytes(data)
                print(f"{kept}:\n{traceback.format_exc(limit=-2)}", flush=True)
            if kind == "text" and len(pool) < own + 500 and chance.random() < 0.05:
                pool.append(data)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{tried:,} files tried, {were_read:,} read, {tried - were_read - broken:,} refused")
    print(f"{broken} broke a law; peak memory {peak:.0f} MB, pyarrow {pa.__version__}")
    sys.exit(1 if broken or peak > MEGABYTES else 0)


if __name__ == "__main__":
    main()
