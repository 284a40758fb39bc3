"""Files made to fill the memory, to take for ever or to be no file at all, under a limit of 1 GB.

Each is refused in words, or read with rejects; never a traceback, and never more than some seconds.
"""

import gzip
import os
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pytest
from running import THOROUGH, centers_file, manifest

MEBIBYTE: Final = 1 << 20
SECONDS: Final = 30
"""Maximum CPU time of a file."""

# Each thread reserves address space that it does not use, which the limit counts: few threads, and
# one heap of the C library for all.
EACH: Final = f"""
import os, resource, sys
from pathlib import Path
from coverage_analyzer import batch
from coverage_analyzer.cli import run
from coverage_analyzer.cli.main import main

centers, *paths = sys.argv[1:]
for path in paths:
    child = os.fork()
    if not child:
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, ({SECONDS}, {SECONDS}))
        os.dup2(os.open(path + ".told", os.O_WRONLY | os.O_CREAT), 2)
        given = ["run", path, "--centers", centers, "--no-map", "--no-areas", "--threads", "2"]
        sys.argv = ["coverage-analyzer", *given, "-o", path + ".out"]
        main()
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""The program over each file in a process of its own, which need not load everything again."""

LINES: Final = 1 if THOROUGH else 4
"""What is read line by line is a fourth as long every day: time and memory grow with each line."""

HEADER: Final = b"id,lat,lon\n"
ROW: Final = b"1,40,-75\n"


def packed(
    unit: bytes, first: bytes = HEADER + ROW, last: bytes = b"", mebibytes: int = 512
) -> bytes:
    """Return some bytes, 512 MiB (or less) of one byte and some more, as gzip in a few MB."""
    subset = gzip.compress(unit * 16 * MEBIBYTE, 6, mtime=0)
    return gzip.compress(first, mtime=0) + subset * (mebibytes // 16) + gzip.compress(last, mtime=0)


def zstd_window() -> bytes:
    """Return a frame of zstd of one byte that asks for a window of 2 GiB."""
    return b"\x28\xb5\x2f\xfd\x00" + bytes([(31 - 10) << 3]) + b"\x03\x00\x00a"


def zstd_bomb() -> bytes:
    """Return a header, a row and 1 GiB of nothing as zstd in less than 1 MB."""
    sink = pa.BufferOutputStream()
    with pa.CompressedOutputStream(sink, "zstd") as out:
        out.write(HEADER + ROW)
        nothing = bytes(16 * MEBIBYTE)
        for _ in range(64):
            out.write(nothing)
    data: bytes = sink.getvalue().to_pybytes()
    return data


def nested() -> bytes:
    """Return GeoJSON of which the coordinates are nested a million deep."""
    deep = b"[" * 1_000_000 + b"]" * 1_000_000
    return collection(b'{"type":"Point","coordinates":' + deep + b"}", b"{}")


def collection(geometry: bytes, properties: bytes) -> bytes:
    """Return GeoJSON of one feature."""
    feature = b'{"type":"Feature","geometry":' + geometry + b',"properties":' + properties + b"}"
    return b'{"type":"FeatureCollection","features":[' + feature + b"]}"


POINT: Final = b'{"type":"Point","coordinates":[-75,40]}'

BOMBS: dict[str, tuple[Callable[[], bytes], int]] = {
    "zeros.csv.gz": (lambda: packed(b"\0"), 2),
    "zeros-from-the-start.csv.gz": (lambda: packed(b"\0", b""), 2),
    "commas.csv.gz": (lambda: packed(b","), 2),
    "newlines.csv.gz": (lambda: packed(b"\n", last=ROW, mebibytes=192 // LINES), 0),
    "newlines-from-the-start.csv.gz": (lambda: packed(b"\n", b""), 2),
    "one-quoted-field.csv.gz": (lambda: packed(b"a", HEADER + ROW + b'1,"', b'"\n'), 2),
    "one-quoted-field-of-lines.csv.gz": (
        lambda: packed(b"\n", HEADER + ROW + b'1,"', mebibytes=64 // LINES),
        0,
    ),
    "zeros.csv.zst": (zstd_bomb, 2),
    "window.csv.zst": (zstd_window, 2),
    "quotes.csv": (lambda: b'"' * 10_000_000, 2),
    "quotes-below-a-header.csv": (lambda: HEADER + ROW + b'"' * 10_000_000, 0),
    "lines-of-quotes.csv": (lambda: HEADER + ROW + b'"\n' * (500_000 // LINES), 1),  # held back
    "fields-that-never-end.csv": (lambda: HEADER + ROW + b'a","""\n' * (1_000_000 // LINES), 2),
    "newlines.csv": (lambda: b"\n" * 10_000_000, 2),
    "returns.csv": (lambda: HEADER + ROW + b"\r" * (5_000_000 // LINES), 0),
    "one-line.csv": (lambda: HEADER + ROW + b"a" * 10_000_000, 0),
    "columns.csv": (lambda: b"lat,lon" + b",c" * 1_000_000 + b"\n", 2),
    "columns-of-a-row.csv": (lambda: HEADER + ROW + b"," * 10_000_000 + b"a", 0),
    "nested.geojson": (nested, 2),
    "string.geojson": (
        lambda: collection(POINT, b'{"name":"' + b"a" * 10_000_000 + b'"}'),
        0,
    ),
}


@pytest.mark.skipif(sys.platform != "linux", reason="limits as Linux has them")
def test_bombs(tmp_path: Path) -> None:
    """Each ends with its code, in words; where rows can be read, they are."""
    paths = [tmp_path / name for name in BOMBS]
    for path, (make, _) in zip(paths, BOMBS.values(), strict=True):
        path.write_bytes(make())
        assert path.stat().st_size <= 11_000_000
    command = [sys.executable, "-c", EACH, str(centers_file(tmp_path)), *map(str, paths)]
    environment = os.environ | {"MALLOC_ARENA_MAX": "1"}
    ended = subprocess.run(
        command, check=True, capture_output=True, encoding="utf-8", env=environment
    )
    codes = {p.name: int(code) for p, code in zip(paths, ended.stdout.split(), strict=True)}
    assert codes == {name: code for name, (_, code) in BOMBS.items()}
    for path in paths:
        text = path.with_name(path.name + ".told").read_text(encoding="utf-8")
        assert "Traceback" not in text
        assert len(text) < 5000, path.name
        out = path.with_name(path.name + ".out")
        if codes[path.name]:
            assert path.name in text
            assert not (out / "report.csv").exists()
        else:
            ledger = manifest(out)["ledger"]
            assert ledger["decided"] >= 1
            assert ledger["read"] == sum(ledger[n] for n in ("decided", "rejected", "blank"))


SUFFIXES: Final = (".csv", ".parquet", ".pq", ".geojson", ".json", ".gpkg", ".gz", ".zst")
MAGIC: Final = (b"", b"PAR1", b"SQLite format 3\0", b"\x1f\x8b\x08", b"\x28\xb5\x2f\xfd", b"PK\3\4")

RANDOM: Final = """
import sys
from pathlib import Path
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
out, centers, *paths = map(Path, sys.argv[1:])
for path in paths:
    try:
        batch.run(path, centers, out, options=batch.Options(areas=False, map=False))
        print("read", path.name)
    except InputError as error:
        assert path.name in str(error), error
        print("refused", path.name)
"""


def test_random_bytes_under_every_suffix(tmp_path: Path) -> None:
    """Whatever a file begins with and is called, chance in it is refused in words."""
    chance = random.Random(8)  # noqa: S311 - no secret
    paths = []
    for suffix in SUFFIXES:
        for number, magic in enumerate(MAGIC):
            path = tmp_path / f"{number}{suffix}"
            path.write_bytes(magic + chance.randbytes(20_000))
            paths.append(str(path))
    arguments = [sys.executable, "-c", RANDOM, str(tmp_path / "out"), str(centers_file(tmp_path))]
    ended = subprocess.run(
        [*arguments, *paths],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env=os.environ,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert sorted(ended.stdout.splitlines()) == sorted(f"refused {Path(p).name}" for p in paths)
