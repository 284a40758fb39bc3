"""A Nominatim that gives recorded answers, and misbehaves when it is told to."""

import json
import threading
from collections.abc import Callable
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

RECORDED = Path(__file__).parent / "recorded" / "nominatim.json"
"""Questions and answers of a real server, over the extract of Liechtenstein of 2024-03-03."""

FORM = ("format", "limit", "addressdetails", "accept-language")


def hang(handler: "Handler") -> None:
    """Say nothing."""
    handler.stub.over.wait(30)


def drip(handler: "Handler") -> None:
    """Send a byte now and then, for ever."""
    handler.send_response(200)
    handler.send_header("Content-Length", "10000")
    handler.end_headers()
    while not handler.stub.over.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def drip_headers(handler: "Handler") -> None:
    """Never come to the end of a header."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
    while not handler.stub.over.wait(0.05):
        handler.wfile.write(b"x")
        handler.wfile.flush()


def html(handler: "Handler") -> None:
    """Send a page for people."""
    handler.give(200, "<html><body>Bandwidth limit exceeded</body></html>", "text/html")


def broken(handler: "Handler") -> None:
    """Fail."""
    handler.give(500, "{}")


def half_text(handler: "Handler") -> None:
    """Send half of the JSON."""
    handler.give(200, '[{"lat": "47.07", "lon"')


def half_body(handler: "Handler") -> None:
    """Send less than was announced, and hang up."""
    handler.send_response(200)
    handler.send_header("Content-Length", "500")
    handler.end_headers()
    handler.wfile.write(b'[{"lat": "47.07"')


def half_answer(handler: "Handler") -> None:
    """Send JSON in which half of the fields are missing."""
    handler.give(200, '[{"lat": "47.07", "display_name": "x"}]')


def hang_up(handler: "Handler") -> None:
    """Close without a word."""
    handler.close_connection = True


def too_many(handler: "Handler") -> None:
    """Ask to be left alone for a second."""
    handler.give(429, "", retry_after="1")


def overloaded(handler: "Handler") -> None:
    """Have no capacity for a second."""
    handler.give(503, "", retry_after="1")


def refuse(handler: "Handler") -> None:
    """Refuse this question."""
    handler.give(400, '{"error": {"code": 400, "message": "no"}}')


def deep(handler: "Handler") -> None:
    """Send lists in lists."""
    handler.give(200, "[" * 100_000)


def deep_objects(handler: "Handler") -> None:
    """Send objects in objects, closed."""
    handler.give(200, '{"a":' * 50_000 + "1" + "}" * 50_000)


def many_digits(handler: "Handler") -> None:
    """Send a number of 5,000 digits."""
    handler.give(200, '[{"lat": "1", "lon": "2", "place_rank": ' + "9" * 5_000 + "}]")


def infinite(handler: "Handler") -> None:
    """Send a rank that is no number."""
    handler.give(
        200, '[{"lat": "1", "lon": "2", "place_rank": 1e999, "display_name": "x", "address": {}}]'
    )


def endless_box(handler: "Handler") -> None:
    """Send an outline that is no number."""
    place = {"lat": "1", "lon": "2", "place_rank": 30, "display_name": "x"}
    handler.give(200, json.dumps([{**place, "boundingbox": ["nan", "inf", "1", "2"]}]))


def odd_error(handler: "Handler") -> None:
    """Refuse in letters that are none."""
    handler.give(200, '{"error": "\\ud800\\u0000\\u001b[2J"}')


Fault = Callable[["Handler"], None]
HOSTILE: tuple[Fault, ...] = (*(deep, deep_objects, many_digits, infinite, endless_box, odd_error),)
FAULTS: tuple[Fault, ...] = (
    *(hang, drip, drip_headers, html, broken),
    *(half_text, half_body, half_answer, hang_up, too_many, overloaded),
)


class Stub:
    """A server; a context in which it runs.

    Attributes
    ----------
    faults
        What to do with the next questions instead of answering them, one after the other.
    always
        What to do with all further ones.
    asked, agents
        The questions, and who asked, but for those about its state.
    state_asked
        How often it was asked about its state.
    """

    def __init__(self) -> None:
        recorded = json.loads(RECORDED.read_text("utf-8"))
        self.status, self.answers = recorded["status"], recorded["search"]
        self.faults: list[Fault] = []
        self.always: Fault | None = None
        self.asked: list[str] = []
        self.agents: list[str] = []
        self.state_asked = 0
        self.over = threading.Event()
        handler = type("Bound", (Handler,), {"stub": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        """Serve."""
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop."""
        self.over.set()
        self._server.shutdown()
        self._server.server_close()


class Handler(BaseHTTPRequestHandler):
    """Answers one question."""

    stub: Stub

    def do_GET(self) -> None:
        """Answer, or do what is to be done instead."""
        parts = urlsplit(self.path)
        with suppress(ConnectionError):
            if parts.path == "/status":
                self.stub.state_asked += 1
                fault = self.stub.always
                (fault or (lambda h: h.give(200, json.dumps(h.stub.status))))(self)
                return
            calls = sorted(pair for pair in parse_qsl(parts.query) if pair[0] not in FORM)
            self.stub.asked.append(urlencode(calls))
            self.stub.agents.append(self.headers["User-Agent"])
            fault = self.stub.faults.pop(0) if self.stub.faults else self.stub.always
            if fault is not None:
                fault(self)
            else:
                result = self.stub.answers.get(self.stub.asked[-1], [])
                self.give(200, json.dumps(result))

    def give(
        self, code: int, text: str, kind: str = "application/json", retry_after: str = ""
    ) -> None:
        """Send a whole answer."""
        self.send_response(code)
        self.send_header("Content-Type", kind)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def redirect(self, to: str) -> None:
        """Send whoever asks elsewhere."""
        self.send_response(302)
        self.send_header("Location", to + self.path)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""
