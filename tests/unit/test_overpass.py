"""Roads from an Overpass server, when asked: faults of the server, and the second time."""

import contextlib
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from roads import TOWN

from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, ServiceError
from coverage_analyzer.roads.network import load_network
from coverage_analyzer.roads.overpass import Box, box, fetch_extract

WHERE = Box(9.4, 47.0, 9.7, 47.3)
GOOD = (200, TOWN.read_bytes(), "")


class Server(HTTPServer):
    """Gives prepared answers, the last one for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers = [GOOD]
        self.asked: list[bytes] = []
        self.drip_s = 0.0

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/api"


class Handler(BaseHTTPRequestHandler):
    """Answers a query."""

    def do_POST(self) -> None:
        """Give the next answer."""
        server = self.server
        assert isinstance(server, Server)
        server.asked.append(self.rfile.read(int(self.headers["Content-Length"])))
        assert "coverage-analyzer" in self.headers["User-Agent"]
        code, content, wait = server.answers[0]
        if len(server.answers) > 1:
            server.answers.pop(0)
        self.send_response(code)
        if wait:
            self.send_header("Retry-After", wait)
        self.end_headers()
        end = time.monotonic() + server.drip_s
        with contextlib.suppress(OSError):
            while time.monotonic() < end:
                self.wfile.write(b" ")
                time.sleep(0.1)
            self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    """Give a server on the loopback."""
    with Server() as result:
        thread = threading.Thread(target=result.serve_forever, args=(0.01,))
        thread.start()
        yield result
        result.shutdown()
        thread.join()


def test_roads_are_fetched_once(server: Server, tmp_path: Path) -> None:
    """The file is that of the server, and the second time nothing is asked."""
    first = fetch_extract(WHERE, url=server.url, cache=tmp_path)
    assert first == fetch_extract(WHERE, url=server.url, cache=tmp_path)
    assert len(server.asked) == 1
    assert b"47.000000%2C9.400000%2C47.300000%2C9.700000" in server.asked[0]
    assert len(load_network(first, cache=tmp_path)) == len(load_network(TOWN, cache=tmp_path))


def test_a_busy_server_is_asked_again_when_it_says(server: Server, tmp_path: Path) -> None:
    """After 429 as long as it asks for, after others a little longer each time."""
    server.answers = [(429, b"", "7"), (504, b"", ""), GOOD]
    waits: list[float] = []
    assert fetch_extract(WHERE, url=server.url, cache=tmp_path, pause=waits.append).is_file()
    assert waits == [7.0, 4.0]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, b"", ""), "status 500"),
        ((200, b"<html>too many</html>", ""), "not an OpenStreetMap file"),
        ((200, TOWN.read_bytes()[:500], ""), "not an OpenStreetMap file"),
        ((200, b"<osm><remark>timed out</remark></osm>", ""), "out of time"),
    ],
)
def test_a_server_that_fails_is_a_service_error(
    server: Server, tmp_path: Path, answer: tuple[int, bytes, str], words: str
) -> None:
    """After three tries, and nothing is kept of it."""
    server.answers = [answer]
    with pytest.raises(ServiceError, match=words):
        fetch_extract(WHERE, url=server.url, cache=tmp_path, pause=lambda _: None)
    assert len(server.asked) == 3
    assert not list(tmp_path.iterdir())


def test_no_server_is_a_service_error(tmp_path: Path) -> None:
    """Nobody listens there."""
    with pytest.raises(ServiceError, match="3 attempts"):
        fetch_extract(WHERE, url="http://127.0.0.1:9/", cache=tmp_path, pause=lambda _: None)


def test_a_server_that_drips_ends_in_time(server: Server, tmp_path: Path) -> None:
    """The time-out is of the whole answer, and of each try."""
    server.drip_s = 5.0
    start = time.monotonic()
    with pytest.raises(ServiceError, match=r"no answer in time \(1 attempt\)"):
        fetch_extract(WHERE, url=server.url, cache=tmp_path, timeout_s=0.5, tries=1)
    assert time.monotonic() - start < 3
    assert len(server.asked) == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("wait", ["\u00b2", "-1", "soon", "1e3"])
def test_a_wait_that_is_none_is_not_obeyed(server: Server, tmp_path: Path, wait: str) -> None:
    """The pauses are then ours."""
    server.answers = [(429, b"", wait)]
    waits: list[float] = []
    with pytest.raises(ServiceError, match="status 429"):
        fetch_extract(WHERE, url=server.url, cache=tmp_path, pause=waits.append)
    assert waits == [2.0, 4.0]


def test_a_server_that_wants_long_rest_is_asked_no_more(server: Server, tmp_path: Path) -> None:
    """An hour is more than a job waits."""
    server.answers = [(429, b"", "3600")]
    with pytest.raises(ServiceError, match="asks to wait 3600 s"):
        fetch_extract(WHERE, url=server.url, cache=tmp_path, pause=lambda _: None)
    assert len(server.asked) == 1


@pytest.mark.parametrize(
    "url", ["ftp://h/api", "overpass", "https://ann:s3cret@h/api", "file:///x"]
)
def test_an_address_that_cannot_be_asked_is_refused(url: str, tmp_path: Path) -> None:
    """Without a word of its password."""
    with pytest.raises(InputError, match="is not a server address") as caught:
        fetch_extract(WHERE, url=url, cache=tmp_path)
    assert "s3cret" not in str(caught.value)


def test_a_key_in_the_address_is_in_no_message(server: Server, tmp_path: Path) -> None:
    """Some servers want one."""
    server.answers = [(403, b"", "")]
    with pytest.raises(ServiceError, match="status 403") as caught:
        fetch_extract(WHERE, url=f"{server.url}?key=s3cret", cache=tmp_path)
    assert "s3cret" not in str(caught.value)
    assert len(server.asked) == 1


@pytest.mark.parametrize("more", [{"timeout_s": 0}, {"timeout_s": float("nan")}, {"tries": 0}])
def test_limits_are_checked(tmp_path: Path, more: dict[str, Any]) -> None:
    """A deadline that is none, or no try at all."""
    with pytest.raises(InputError, match="timeout_s"):
        fetch_extract(WHERE, cache=tmp_path, **more)


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "9,47,8,48", "9,47,10,nan", "0,0,1,91"])
def test_what_is_no_box_is_refused(text: str) -> None:
    """With how to write one."""
    with pytest.raises(InputError, match="is not a box"):
        box(text)


def test_a_large_box_is_refused() -> None:
    """A server that serves all will not give it."""
    with pytest.raises(InputError, match="Use an extract"):
        box("9,47,11,48")


def test_the_verb_wants_one_source_of_roads(tmp_path: Path) -> None:
    """Neither none nor two."""
    for arguments in ([], ["--osm", "x.osm", "--overpass", "9,47,9.5,47.5"]):
        done = CliRunner().invoke(program, ["drive-times", str(tmp_path), *arguments])
        assert done.exit_code == 2
        assert "Give one source of roads" in done.output
