"""Roads of a small box from an Overpass server, when asked: fetched once, then a file like others.

The box is named by the user, and kept small: a server that serves all will not give the roads of a
circle of 70 miles. osmnx could fetch, too, but by its own choice of ways; so the answer is kept as
a file, and goes the way of every extract.
"""

import contextlib
import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Final, NamedTuple

from coverage_analyzer.errors import InputError, MissingExtraError, ServiceError
from coverage_analyzer.online.roads.extract import MISSING
from coverage_analyzer.online.roads.network import cache_folder

PUBLIC: Final = "https://overpass-api.de/api/interpreter"
"""Run by volunteers: for a look now and then."""

WIDEST: Final = 1.0
"""Degrees that a box may be wide or high."""

TRIES: Final = 3
PATIENCE_S: Final = 180
LONGEST_WAIT_S: Final = 60.0


class Box(NamedTuple):
    """A part of the world in degrees on WGS 84."""

    west: float
    south: float
    east: float
    north: float


def box(text: str) -> Box:
    """Return a box written as ``WEST,SOUTH,EAST,NORTH``.

    Raises
    ------
    InputError
        If it is none, is too large, or lies across 180 degrees.

    Examples
    --------
    >>> box("9.4,47.0,9.7,47.3").north
    47.3
    """
    try:
        found = Box(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        found = Box(0, 0, 0, 0)
    ordered = -180 <= found.west < found.east <= 180 and -90 <= found.south < found.north <= 90
    if not ordered:
        msg = f"{text!r} is no box; write WEST,SOUTH,EAST,NORTH in degrees, like 9.4,47.0,9.7,47.3."
        raise InputError(msg)
    if max(found.east - found.west, found.north - found.south) > WIDEST:
        msg = (
            f"The box {text} is more than {WIDEST:g} degree wide or high; take an extract (--osm)."
        )
        raise InputError(msg)
    return found


def fetch_extract(
    where: Box,
    *,
    url: str = PUBLIC,
    cache: str | Path | None = None,
    pause: Callable[[float], None] = time.sleep,
) -> Path:
    """Return a file with the roads of a box, fetched if it is not in the cache.

    Parameters
    ----------
    where
        The box.
    url
        Of an Overpass server.
    cache
        The folder to keep it in; by default that of networks. Delete the file to fetch anew.
    pause
        Waits for some seconds between two tries.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    ServiceError
        If the server does not answer as it should, after three tries, or the cache cannot be
        written.
    """
    area = f"{where.south:.6f},{where.west:.6f},{where.north:.6f},{where.east:.6f}"
    query = (
        f"[out:xml][timeout:{PATIENCE_S}];"
        f'(way["highway"]({area});way["route"="ferry"]({area}););(._;>;);out;'
    )
    name = hashlib.sha256(f"{url}\n{query}".encode()).hexdigest()[:32]
    path = Path(cache or cache_folder()) / f"overpass-{name}.osm"
    if not path.is_file():
        _write(path, _answer(url, query, pause))
    return path


def _answer(url: str, query: str, pause: Callable[[float], None]) -> bytes:
    """Return what a server says to a query, asked again a few times.

    Raises
    ------
    MissingExtraError
        If the extra ``roads`` is not installed.
    ServiceError
        If it does not answer as it should.
    """
    try:
        import requests
    except ImportError as error:
        raise MissingExtraError(MISSING) from error
    version = metadata.version("coverage-analyzer")
    why = ""
    for attempt in range(TRIES):
        if attempt:
            pause(_wait(why, attempt))
        try:
            headers = {"User-Agent": f"coverage-analyzer/{version}"}
            got = requests.post(url, data={"data": query}, headers=headers, timeout=PATIENCE_S)
        except requests.RequestException as error:
            why = str(error)
            continue
        why = _fault(got)
        if not why:
            content: bytes = got.content
            return content
    msg = (
        f"The Overpass server {url} gave no roads after {TRIES} tries: {why}. Try later, or --osm."
    )
    raise ServiceError(msg)


def _fault(got: Any) -> str:
    """Return what is wrong with an answer; nothing if it is whole."""
    if got.status_code != 200:
        wait = got.headers.get("Retry-After", "")
        return f"status {got.status_code}" + (f", retry after {wait}" if wait.isdigit() else "")
    text = got.content
    if b"<osm" not in text[:1000] or not text.rstrip().endswith(b"</osm>"):
        return "the answer is no OpenStreetMap file"
    return "it ran out of time or memory" if b"<remark>" in text else ""


def _wait(why: str, attempt: int) -> float:
    """Return how many seconds to wait before another try: what was asked for, else ever longer."""
    _, asked, seconds = why.partition("retry after ")
    return min(float(seconds), LONGEST_WAIT_S) if asked else 2.0**attempt


def _write(path: Path, content: bytes) -> None:
    """Write a file whole, or not at all.

    Raises
    ------
    ServiceError
        If the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            Path(part).replace(path)
        finally:
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=True)
    except OSError as error:
        msg = f"The roads could not be kept in {path.parent}: {error.strerror}."
        raise ServiceError(msg) from error
