"""HTTP with an end: deadlines, sizes, redirects, headers and JSON that a server would abuse."""

import contextlib
import datetime
import gzip
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer import http_client
from coverage_analyzer.errors import InputError, ServiceError
from coverage_analyzer.http_client import (
    MAX_DEPTH,
    MAX_RETRY_AFTER_S,
    HttpError,
    OwnPace,
    Request,
    Retries,
    check_url,
    fetch,
    fetch_json,
    parse_json,
    retry_after_s,
    shown_url,
    with_retries,
)

Act = Callable[["Handler"], None]


class Server(ThreadingHTTPServer):
    """Does to each request what it is told to."""

    daemon_threads = True

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.act: Act = lambda handler: handler.give(b"ok")
        self.asked: list[tuple[str, str, bytes]] = []
        self.over = threading.Event()
        self.scheme = "http" if context is None else "https"
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self.scheme}://127.0.0.1:{self.server_port}"

    def handle_error(self, *_: Any) -> None:
        """Say nothing: clients hang up here."""


class Handler(BaseHTTPRequestHandler):
    """Notes what is asked, and does as told."""

    def do_GET(self) -> None:
        """Do as told."""
        server = self.server
        assert isinstance(server, Server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.asked.append((self.command, self.path, body))
        with contextlib.suppress(OSError):
            server.act(self)

    def do_POST(self) -> None:
        """Do as told."""
        self.do_GET()

    def give(self, body: bytes, status: int = 200, **headers: str) -> None:
        """Send a whole answer."""
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def drip(self, text: bytes = b"x") -> None:
        """Send a little now and then."""
        server = self.server
        assert isinstance(server, Server)
        while not server.over.wait(0.05):
            self.wfile.write(text)
            self.wfile.flush()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextlib.contextmanager
def running(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run a server on the loopback."""
    with Server(context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server
        finally:
            server.over.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def web() -> Iterator[Server]:
    """Return a server."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a certificate for 127.0.0.1, with its key."""
    path = tmp_path_factory.mktemp("tls") / "pair.pem"
    command = (
        "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 "
        f"-addext subjectAltName=IP:127.0.0.1 -keyout {path} -out {path}.crt"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    path.write_text(path.read_text("utf-8") + Path(f"{path}.crt").read_text("utf-8"), "utf-8")
    return path


@pytest.fixture
def safe_web(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """Return a server with TLS, that is trusted."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    monkeypatch.setattr(
        http_client, "_tls_context", lambda: ssl.create_default_context(cafile=str(certificate))
    )
    with running(context) as server:
        yield server


def quick(url: str, **more: Any) -> Request:
    """Return a request that may take 0.6 seconds."""
    return Request(**{"url": url, "deadline_s": 0.6, "idle_s": 0.4, **more})


def drip_headers(handler: Handler) -> None:
    """Never come to the end of a header."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    handler.drip()


def drip_header_lines(handler: Handler) -> None:
    """Never come to the end of the headers."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    handler.drip(b"X: y\r\n")


def drip_interim(handler: Handler) -> None:
    """Answer that it will answer, for ever."""
    handler.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def drip_body(handler: Handler) -> None:
    """Never come to the end of a body without a length."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    handler.drip()


def drip_chunks(handler: Handler) -> None:
    """Never come to the last chunk."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    handler.drip(b"1\r\nx\r\n")


def drip_redirects(handler: Handler) -> None:
    """Redirect, each time after a while."""
    time.sleep(0.3)
    handler.give(b"", 302, Location=handler.path + "x")


def say_nothing(handler: Handler) -> None:
    """Keep the connection and be silent."""
    server = handler.server
    assert isinstance(server, Server)
    server.over.wait(20)


DRIPS = (drip_headers, drip_header_lines, drip_interim, drip_body, drip_chunks, say_nothing)


@pytest.mark.parametrize("act", [*DRIPS, drip_redirects], ids=lambda act: act.__name__)
def test_the_deadline_is_of_the_whole_exchange(web: Server, act: Act) -> None:
    """However a server drips, and across redirects."""
    web.act = act
    start = time.monotonic()
    with pytest.raises(HttpError, match="no answer in time") as caught:
        fetch(quick(web.url + "/"))
    assert time.monotonic() - start < 2
    assert caught.value.is_temporary


def test_a_handshake_that_drips_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """TLS is within the deadline."""
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            client, _ = listening.accept()
            with client, contextlib.suppress(OSError):
                client.sendall(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc")
                while not over.wait(0.05):
                    client.sendall(b"\x00")

        thread = threading.Thread(target=serve)
        thread.start()
        start = time.monotonic()
        with pytest.raises(HttpError, match="no answer in time"):
            fetch(quick(f"https://127.0.0.1:{listening.getsockname()[1]}/"))
        assert time.monotonic() - start < 2
        over.set()
        thread.join()


def test_a_look_up_that_hangs_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing interrupts the resolver of the system, so nobody waits for it."""
    over = threading.Event()
    monkeypatch.setattr(http_client.socket, "getaddrinfo", lambda *_, **__: over.wait(5))
    start = time.monotonic()
    with pytest.raises(HttpError, match="no answer in time"):
        fetch(quick("http://slow.example/"))
    assert time.monotonic() - start < 2
    over.set()


def test_without_a_thread_names_are_looked_up_all_the_same(
    web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A machine may have no thread left."""
    start = threading.Thread.start

    def refused(thread: threading.Thread) -> None:
        if thread.name == "look-up":
            raise RuntimeError
        start(thread)

    monkeypatch.setattr(http_client.threading.Thread, "start", refused)
    assert fetch(quick(web.url)) == b"ok"


@pytest.mark.parametrize("name", ["a..b", "x" * 70 + ".example"])
def test_a_name_that_cannot_be_is_an_error_in_words(name: str) -> None:
    """The codec of names refuses it."""
    with pytest.raises(HttpError):
        fetch(quick(f"http://{name}/"))


def bomb(handler: Handler) -> None:
    """Send little that becomes much."""
    handler.give(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip")


def flood(handler: Handler) -> None:
    """Send without end."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b" " * 100_000)


def announce(handler: Handler) -> None:
    """Announce much."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n")


@pytest.mark.parametrize("act", [bomb, flood, announce], ids=lambda act: act.__name__)
def test_a_body_has_a_largest_size(web: Server, act: Act) -> None:
    """As it is sent and as it is decompressed; asking again is of no use."""
    web.act = act
    with pytest.raises(HttpError, match="larger than 1 MiB") as caught:
        fetch(Request(url=web.url, max_bytes=1 << 20))
    assert not caught.value.is_temporary


def test_compressed_answers_are_read(web: Server) -> None:
    """Of several members, too."""
    body = b"abc" * 100_000
    web.act = lambda handler: handler.give(
        gzip.compress(body) + gzip.compress(b"end"), Content_Encoding="gzip"
    )
    assert fetch(Request(url=web.url)) == body + b"end"


@pytest.mark.parametrize(
    ("body", "encoding", "words"),
    [
        (gzip.compress(b"abc" * 1000, mtime=0)[:-9], "gzip", "cut short"),
        (b"no gzip", "gzip", "damaged"),
        (b"", "gzip", "cut short"),
        (b"abc", "br", "encoded as 'br'"),
        (b"abc", "gzip, gzip", "encoded as"),
    ],
    ids=["short", "not-gzip", "empty", "brotli", "twice"],
)
def test_damaged_compression_is_told(web: Server, body: bytes, encoding: str, words: str) -> None:
    """And what was not asked for is refused."""
    web.act = lambda handler: handler.give(body, Content_Encoding=encoding)
    with pytest.raises(HttpError, match=words):
        fetch(quick(web.url))


def test_half_a_body_is_none(web: Server) -> None:
    """Less than was announced, or chunks without an end."""
    for head in (b"Content-Length: 500", b"Transfer-Encoding: chunked"):
        web.act = lambda handler, head=head: handler.wfile.write(  # type: ignore[misc]
            b"HTTP/1.1 200 OK\r\n" + head + b"\r\n\r\n5\r\nabcde\r\n"
        )
        with pytest.raises(HttpError, match="no complete answer"):
            fetch(quick(web.url))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_on_the_same_server_is_followed(web: Server, status: int) -> None:
    """With method and body; as a path or as a whole address."""
    for target in ("/new", web.url + "/new", web.url.replace("http:", "")):

        def act(handler: Handler, target: str = target) -> None:
            if handler.path == "/old":
                handler.give(b"", status, Location=target)
            else:
                handler.give(b"here")

        web.act, web.asked = act, []
        assert fetch(quick(web.url + "/old", form={"data": "x y"})) == b"here"
        assert [(m, b) for m, _, b in web.asked] == [("POST", b"data=x+y")] * 2


def test_a_loop_of_redirects_ends(web: Server) -> None:
    """After a few."""
    web.act = lambda handler: handler.give(b"", 302, Location=handler.path)
    with pytest.raises(HttpError, match="redirects"):
        fetch(quick(web.url))
    assert len(web.asked) == http_client.MAX_REDIRECTS + 1


def test_redirects_elsewhere_are_never_followed(web: Server) -> None:
    """Neither to another host or port, nor to another scheme; and what was asked is not told."""
    with running() as other:
        port = other.server_port
        for target in (
            f"http://localhost:{port}/q",
            f"http://127.0.0.1:{port}/q",
            f"//127.0.0.1:{port}/q",
            f"http://ann:pw@127.0.0.1:{web.server_port}/",
            f"http://127.0.0.1:{web.server_port}@localhost:{port}/",
            f"http:\\\\localhost:{port}/",
            f"https://127.0.0.1:{web.server_port}/",
            f"ftp://127.0.0.1:{port}/",
            "file:///etc/passwd",
            "http://[",
            "http://127.0.0.1:x/",
            "",
        ):
            web.act = lambda handler, to=target: handler.give(b"", 302, Location=to)  # type: ignore[misc]
            with pytest.raises(HttpError, match="not followed") as caught:
                fetch(quick(web.url + "/?q=Musterweg+1"))
            assert "Musterweg" not in str(caught.value)
            assert "pw" not in str(caught.value)
            assert not caught.value.is_temporary
        assert other.asked == []


def test_https_never_becomes_http(safe_web: Server, web: Server) -> None:
    """Not even on the same host; and a certificate that is trusted is accepted."""
    assert fetch(quick(safe_web.url, deadline_s=5, idle_s=5)) == b"ok"
    for target in (web.url, safe_web.url.replace("https", "http")):
        safe_web.act = lambda handler, to=target: handler.give(b"", 302, Location=to)  # type: ignore[misc]
        with pytest.raises(HttpError, match="not followed"):
            fetch(quick(safe_web.url, deadline_s=5, idle_s=5))
    assert web.asked == []


@pytest.mark.parametrize(
    ("here", "there", "same"),
    [
        ("http://h/a", "http://H:80/b", True),
        ("http://h/a", "https://h/a", True),
        ("http://h/a", "https://h:8443/a", False),
        ("http://h:8080/a", "https://h/a", False),
        ("https://h/a", "https://h.:443/b", True),
        ("https://h/a", "http://h/a", False),
        ("http://h/a", "http://h:81/a", False),
        ("http://h/a", "http://h.example/a", False),
        ("http://[::1]/a", "http://[::1]:80/a", True),
    ],
)
def test_what_the_same_server_is(here: str, there: str, same: bool) -> None:
    """The same host and port, or the safe port of the same host."""
    parts = http_client.urlsplit
    assert http_client._same_server(parts(here), parts(there)) is same


def test_a_certificate_that_is_not_trusted_is_told(certificate: Path) -> None:
    """And the request is not repeated."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with running(context) as server:
        with pytest.raises(HttpError, match="certificate is not trusted") as caught:
            fetch(quick(server.url, deadline_s=5, idle_s=5))
        assert not caught.value.is_temporary
        assert server.asked == []


NOW = datetime.datetime(2026, 12, 1, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        (" 7 ", 7.0),
        ("999999999", MAX_RETRY_AFTER_S),
        ("9" * 5000, None),
        ("\u00b2", None),
        ("\u0663", None),
        ("\uff17", None),
        ("-5", None),
        ("+5", None),
        ("1.5", None),
        ("1e9", None),
        ("0x10", None),
        ("1_0", None),
        ("inf", None),
        ("nan", None),
        ("", None),
        ("7, 8", None),
        ("Tue, 01 Dec 2026 12:01:30 GMT", 90.0),
        ("Tue, 01 Dec 2026 11:00:00 GMT", 0.0),
        ("Tue, 01 Dec 9999 12:00:00 GMT", MAX_RETRY_AFTER_S),
        ("Tue, 99 Dec 2026 12:00:00 GMT", None),
        ("Tue, 01 Foo 2026 12:00:00 GMT", None),
        ("2026-12-01T12:00:00Z", None),
        ("tomorrow", None),
    ],
)
def test_retry_after_is_read_strictly(value: str, seconds: float | None) -> None:
    """ASCII digits or a date of HTTP, and never for more than a day."""
    assert retry_after_s(value, NOW) == seconds


@given(st.text(max_size=40))
def test_retry_after_never_fails(value: str) -> None:
    """Whatever stands there."""
    seconds = retry_after_s(value)
    assert seconds is None or 0 <= seconds <= MAX_RETRY_AFTER_S


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"a":' * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '[{"a":' * 50_000,
        '[{"x": "]]]]", "a": ' * 200,
        "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1),
    ],
)
def test_deep_json_is_refused_in_words(text: str) -> None:
    """Never by a recursion that is too deep."""
    with pytest.raises(HttpError, match="levels deep"):
        parse_json(text.encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"[1,", b"\xff", b"1" * 5000, b"NaN", b"-Infinity", b'"' * 4_000_001,
     b'"\\"' + b'\\"' * 2_000_000, b'"' + b"\\" * 3_999_999],
    ids=range(10),
)  # fmt: skip
def test_what_is_no_json_is_told_at_once(data: bytes) -> None:
    """Numbers of thousands of digits and strings without an end, too."""
    start = time.monotonic()
    with pytest.raises(HttpError, match="not JSON"):
        parse_json(data)
    assert time.monotonic() - start < 5


def test_json_is_read() -> None:
    """As deep as is allowed, brackets in strings and quotes in strings."""
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH) is not None
    text = b'\xef\xbb\xbf{"a": "' + b"[" * 1000 + b'\\"' + b"[" * 1000 + b'"}'
    assert parse_json(text)["a"] == "[" * 1000 + '"' + "[" * 1000


def test_a_server_that_nests_is_an_error_of_the_service(web: Server) -> None:
    """Which is what callers expect."""
    web.act = lambda handler: handler.give(b"[" * 100_000)
    with pytest.raises(ServiceError, match="levels deep"):
        fetch_json(quick(web.url))


@pytest.mark.parametrize(
    ("status", "temporary", "about"),
    [(400, False, True), (401, False, False), (403, False, False), (404, False, True),
     (408, True, False), (429, True, False), (500, True, False), (503, True, False),
     (599, True, False), (303, False, False), (204, False, False)],
)  # fmt: skip
def test_what_a_status_means(web: Server, status: int, temporary: bool, about: bool) -> None:
    """Whether to ask again, and whether other questions may be answered."""
    web.act = lambda handler: handler.give(b"", status, Retry_After="3")
    with pytest.raises(HttpError, match=f"status {status}") as caught:
        fetch(quick(web.url))
    error = caught.value
    assert (error.is_temporary, error.is_about_request) == (temporary, about)
    assert error.retry_after_s == 3


def waits(*failures: HttpError, attempts: int = 4) -> tuple[list[float], str]:
    """Return for how long is waited between attempts that fail so, and the last message."""
    slept: list[float] = []
    left = list(failures)

    def attempt() -> str:
        if left:
            raise left.pop(0)
        return "answer"

    retries = Retries(attempts=attempts, max_wait_s=100, sleep=slept.append)
    try:
        return slept, with_retries(attempt, retries, OwnPace())
    except HttpError as error:
        return slept, str(error)


def test_pauses_double_and_wishes_are_obeyed() -> None:
    """But a wish for no pause at all is not taken, and one for hours is not waited for."""
    busy = HttpError("busy")
    assert waits(busy, busy, busy) == ([1, 2, 4], "answer")
    assert waits(busy, busy, attempts=2) == ([1], "busy (2 attempts)")
    assert waits(busy, attempts=1) == ([], "busy (1 attempt)")
    assert waits(HttpError("429", retry_after_s=7), busy) == ([7, 2], "answer")
    assert waits(HttpError("429", retry_after_s=0)) == ([1], "answer")
    slept, text = waits(HttpError("429", retry_after_s=5000))
    assert (slept, "asks to wait 5000 s" in text) == ([], True)
    assert waits(HttpError("no", is_temporary=False)) == ([], "no")


def test_proxies_of_the_environment_are_used_but_not_for_this_machine(
    web: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its password, which no message shows; ``no_proxy`` counts, other kinds are refused."""
    place = f"ann:s3cret@127.0.0.1:{web.server_port}"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, f"http://{place}")
    seen: list[str] = []

    def act(handler: Handler) -> None:
        seen.append(handler.headers["Proxy-Authorization"])
        handler.give(b"by proxy")

    web.act = act
    assert fetch(quick("http://maps.example/search?q=1")) == b"by proxy"
    assert web.asked[0][1] == "http://maps.example/search?q=1"
    assert seen == ["Basic YW5uOnMzY3JldA=="]
    with running() as direct:
        assert fetch(quick(direct.url)) == b"ok"
    with pytest.raises(HttpError) as caught:  # CONNECT is not known to this proxy
        fetch(quick("https://maps.example/search?q=1"))
    assert "s3cret" not in str(caught.value)
    assert len(web.asked) == 1
    monkeypatch.setenv("http_proxy", "socks5://ann:s3cret@127.0.0.1:9")
    with pytest.raises(HttpError, match="'socks5'") as caught:
        fetch(quick("http://maps.example/"))
    assert "s3cret" not in str(caught.value)
    monkeypatch.setenv("no_proxy", "maps.example")
    monkeypatch.setattr(http_client, "_addresses", lambda *_: [])
    with pytest.raises(HttpError, match="no address"):
        fetch(quick("http://maps.example/"))


@pytest.mark.parametrize(
    "url",
    ["", "maps", "localhost:80", "ftp://h/", "file:///etc/passwd", "http://", "http://[",
     "http://h:x", "http://h:0", "http://ann:s3cret@h", "http://:s3cret@h", "http://s3cret@h",
     "http://h#f", "http://h/ a", "http://h/\n", "http://h\\s3cret", "http://h?key=s3cret",
     "javascript://h", "http://\u202eh", "http://" + "x" * 70 + ".y"],
)  # fmt: skip
def test_an_address_that_cannot_be_used_is_refused(url: str) -> None:
    """Before anything is asked, and without its secrets."""
    with pytest.raises(InputError, match="is not a server address") as caught:
        check_url(url)
    assert "s3cret@" not in str(caught.value)
    assert "key=" not in str(caught.value)


def test_addresses_of_servers() -> None:
    """Without a slash at the end; a query only where it may be, and no message shows it."""
    assert check_url("http://h:8088/osm/") == "http://h:8088/osm"
    assert check_url("https://h/api?key=1", allow_query=True) == "https://h/api?key=1"
    assert shown_url("https://ann:pw@h:1/api?key=1") == "https://h:1/api"


def test_headers_and_paths_are_made_safe(web: Server) -> None:
    """A path may have letters of any script, and a contact cannot break a header."""
    assert fetch(quick(web.url + "/k\u00f6ln", agent=http_client.user_agent("a\r\nX: y\u00e4")))
    assert web.asked[0][1] == "/k%C3%B6ln"
    assert http_client.user_agent("a\r\nX: y\u00e4").endswith(" (aX: y)")
