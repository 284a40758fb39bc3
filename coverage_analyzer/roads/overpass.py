"""Roads of a small box from an Overpass server, downloaded once on request and cached.

The box is given by the user, and limited in size: a public server does not serve the roads of a
circle of 70 miles. osmnx can also download roads, but selects the ways itself; therefore the answer
is saved as a file and treated like any extract.
"""

import contextlib
import hashlib
import mmap
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from coverage_analyzer import http_client
from coverage_analyzer.errors import InputError, ServiceError, require
from coverage_analyzer.http_client import HttpError, OwnPace, Request, Retries
from coverage_analyzer.roads.network import cache_folder

PUBLIC: Final = "https://overpass-api.de/api/interpreter"
"""A server run by volunteers, for occasional use."""

WIDEST: Final = 1.0
"""Maximum width and height of a box in degrees."""

TRIES: Final = 3
TIMEOUT_S: Final = 600.0
SERVER_TIMEOUT_S: Final = 180
"""Time limit of the query on the server, which sends nothing meanwhile."""

PAUSE_S: Final = 2.0
MAX_WAIT_S: Final = 60.0
MAX_BYTES: Final = 2 << 30
"""Maximum size of an answer; a degree full of towns is about 0.3 GiB."""


class Box(NamedTuple):
    """A rectangle of longitude and latitude, in degrees on WGS 84."""

    west: float
    south: float
    east: float
    north: float


def box(text: str) -> Box:
    """Parse a box written as ``WEST,SOUTH,EAST,NORTH``.

    Raises
    ------
    InputError
        If it is invalid, too large, or crosses 180 degrees.

    Examples
    --------
    >>> box("9.4,47.0,9.7,47.3").north
    47.3
    """
    try:
        result = Box(*(float(part) for part in text.split(",")))
    except (TypeError, ValueError):
        result = Box(0, 0, 0, 0)
    ordered = -180 <= result.west < result.east <= 180 and -90 <= result.south < result.north <= 90
    if not ordered:
        msg = (
            f"{text!r} is not a box. Write WEST,SOUTH,EAST,NORTH in degrees, like "
            f"9.4,47.0,9.7,47.3."
        )
        raise InputError(msg)
    if max(result.east - result.west, result.north - result.south) > WIDEST:
        msg = f"The box {text} is more than {WIDEST:g} degree wide or high. Use an extract (--osm)."
        raise InputError(msg)
    return result


def fetch_extract(
    where: Box,
    *,
    url: str = PUBLIC,
    cache: str | Path | None = None,
    timeout_s: float = TIMEOUT_S,
    tries: int = TRIES,
    pause: Callable[[float], object] = time.sleep,
) -> Path:
    """Return a file with the roads of a box, downloaded if not in the cache.

    Parameters
    ----------
    where
        The box.
    url
        URL of an Overpass server.
    cache
        Cache folder; by default that of networks. Delete the file to download it again.
    timeout_s
        Total timeout of one attempt in seconds: name look-up, connection and all bytes of the
        answer.
    tries
        Maximum number of attempts while failures are temporary.
    pause
        Waits for some seconds between two attempts.

    Raises
    ------
    InputError
        If the URL of the server, ``timeout_s`` or ``tries`` cannot be used.
    MissingExtraError
        If the extra ``roads`` is not installed.
    ServiceError
        If all attempts fail, or the cache cannot be written.
    """
    http_client.check_url(url, allow_query=True)
    if not 0 < timeout_s < float("inf") or tries < 1:
        msg = f"timeout_s={timeout_s} and tries={tries} must be a positive number and at least 1."
        raise InputError(msg)
    area = f"{where.south:.6f},{where.west:.6f},{where.north:.6f},{where.east:.6f}"
    query = (
        f"[out:xml][timeout:{SERVER_TIMEOUT_S}];"
        f'(way["highway"]({area});way["route"="ferry"]({area}););(._;>;);out;'
    )
    name = hashlib.sha256(f"{url}\n{query}".encode()).hexdigest()[:32]
    path = Path(cache or cache_folder()) / f"overpass-{name}.osm"
    if path.is_file():
        return path
    require("roads", "osmium")
    request = Request(
        url=url,
        form={"data": query},
        agent=http_client.user_agent(),
        deadline_s=timeout_s,
        idle_s=SERVER_TIMEOUT_S + 10.0,
        max_bytes=MAX_BYTES,
    )
    retries = Retries(attempts=tries, pause_s=PAUSE_S, max_wait_s=MAX_WAIT_S, sleep=pause)
    try:
        http_client.with_retries(lambda: _fetch(request, path), retries, OwnPace())
    except HttpError as error:
        msg = (
            f"The Overpass server {http_client.shown_url(url)} returned no roads: {error}. "
            "Try again later, or use --osm."
        )
        raise ServiceError(msg) from error
    return path


def _fetch(request: Request, path: Path) -> None:
    """Write the answer of a server to a file atomically.

    Raises
    ------
    HttpError
        If the server's answer is not as expected.
    ServiceError
        If the cache cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, part = tempfile.mkstemp(suffix=".part", dir=path.parent)
        try:
            with (
                os.fdopen(handle, "w+b") as file,
                contextlib.closing(http_client.stream(request)) as chunks,
            ):
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                _check_extract(file.fileno())
            Path(part).replace(path)
        finally:
            with contextlib.suppress(OSError):
                Path(part).unlink(missing_ok=True)
    except ServiceError:  # also an OSError
        raise
    except OSError as error:
        msg = f"The roads could not be saved in {path.parent}: {error.strerror}."
        raise ServiceError(msg) from error


def _check_extract(handle: int) -> None:
    """Raise if a file is not a complete OpenStreetMap file.

    Raises
    ------
    HttpError
        With the problem.
    """
    if not os.fstat(handle).st_size:
        raise HttpError("the answer is not an OpenStreetMap file")
    with mmap.mmap(handle, 0, access=mmap.ACCESS_READ) as text:
        if b"<osm" not in text[:1000] or not text[-1000:].rstrip().endswith(b"</osm>"):
            raise HttpError("the answer is not an OpenStreetMap file")
        if text.find(b"<remark>") >= 0:
            raise HttpError("it ran out of time or memory")
