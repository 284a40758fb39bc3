"""HTTP with a total deadline and a size limit, for servers named by the user.

The timeout of a socket restarts with each byte, so a server that sends a byte now and then would
block a job for ever. Here one deadline covers the whole request: name look-up, connection, TLS,
headers, body and redirects. Common libraries have no such deadline, so this module uses the
standard library.

- Only ``http`` and ``https``. A redirect is followed on the same server alone (same host and port,
  or from ``http`` on port 80 to ``https`` on port 443), and never from ``https`` to ``http``, since
  requests contain addresses of customers.
- The size of a body is limited before and after decompression.
- The proxies of the environment (``http_proxy``, ``https_proxy``, ``all_proxy``, ``no_proxy``) are
  used, but not for this machine's own addresses.
- Messages never show the query of a URL, what was sent, or a password.
"""

import contextlib
import datetime
import email.utils
import functools
import http.client
import io
import ipaddress
import logging
import queue
import re
import socket
import ssl
import threading
import time
import urllib.request
import zlib
from base64 import b64encode
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit

from coverage_analyzer.documents import load_json
from coverage_analyzer.errors import InputError, ServiceError, visible

log = logging.getLogger(__name__)

T = TypeVar("T")

CHUNK_BYTES: Final = 1 << 16
MAX_REDIRECTS: Final = 5
MAX_DEPTH: Final = 64
"""Maximum nesting of JSON; Nominatim's answers have four levels."""

MAX_RETRY_AFTER_S: Final = 86_400.0
MAX_WORDS: Final = 100
"""Maximum characters repeated in a message from a server or the system."""

DEFAULT_PORTS: Final = {"http": 80, "https": 443}
REDIRECTS: Final = frozenset({301, 302, 307, 308})
TEMPORARY: Final = frozenset({408, 425, 429})
"""Statuses below 500 after which the same request may succeed later."""

ABOUT_REQUEST: Final = frozenset({400, 404, 412, 413, 414, 422})
"""Statuses that reject this request, while others may succeed."""

_DIGITS: Final = re.compile(r"[0-9]{1,9}")
_HTTP_DATE: Final = re.compile(
    r"[A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT"
)
_UNSAFE: Final = re.compile(r"[\s\x00-\x20\x7f\\]")


class HttpError(ServiceError):
    """A request failed or was not answered as expected.

    Attributes
    ----------
    is_temporary
        Whether the same request may succeed later.
    is_about_request
        Whether the server rejected this request, while others may succeed.
    retry_after_s
        Seconds to wait demanded by the server; None if not given.
    """

    def __init__(
        self,
        message: str,
        *,
        is_temporary: bool = True,
        is_about_request: bool = False,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message)
        self.is_temporary = is_temporary
        self.is_about_request = is_about_request
        self.retry_after_s = retry_after_s


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request and its limits.

    Attributes
    ----------
    url
        With its query.
    form
        Sent as the body of a POST; None for a GET.
    agent
        The User-Agent header, see `user_agent`.
    deadline_s
        Total timeout in seconds.
    idle_s
        Timeout without data in seconds.
    max_bytes
        Maximum size of the body, as sent and decompressed.
    """

    url: str
    form: Mapping[str, str] | None = None
    agent: str = ""
    deadline_s: float = 30.0
    idle_s: float = 10.0
    max_bytes: int = 4 << 20


@dataclass(frozen=True, kw_only=True)
class Retries:
    """Number and timing of repeated requests.

    Attributes
    ----------
    attempts
        Total number of attempts.
    pause_s
        Seconds before the second attempt; doubled for each further one.
    max_wait_s
        Maximum pause demanded by a server that is waited for.
    sleep
        Waits for some seconds.
    """

    attempts: int = 4
    pause_s: float = 1.0
    max_wait_s: float = 120.0
    sleep: Callable[[float], object] = field(default=time.sleep, compare=False)


class Pace(Protocol):
    """Rate limit of requests to a server."""

    def turn(self) -> float:
        """Reserve the next request; return the seconds until then."""

    def hold(self, seconds: float) -> None:
        """Block requests for some seconds."""


class OwnPace:
    """Rate limit of a single process for a single server."""

    def __init__(self) -> None:
        self._wait_s = 0.0

    def turn(self) -> float:
        """Reserve the next request; return the seconds until then."""
        wait, self._wait_s = self._wait_s, 0.0
        return wait

    def hold(self, seconds: float) -> None:
        """Block requests for some seconds."""
        self._wait_s = max(self._wait_s, seconds)


def with_retries(attempt: Callable[[], T], retries: Retries, pace: Pace) -> T:
    """Return the result of an attempt, repeated while its failure is temporary.

    Raises
    ------
    HttpError
        If no attempt succeeds, or the server demands a longer pause.
    """
    for number in range(1, retries.attempts + 1):
        if wait := pace.turn():
            if wait > retries.max_wait_s:
                raise HttpError(f"the server asks to wait {wait:.0f} s before the next request")
            retries.sleep(wait)
        try:
            return attempt()
        except HttpError as error:
            if not error.is_temporary:
                raise
            log.info("attempt %d: %s", number, error)
            pause = retries.pause_s * 2 ** (number - 1)
            if error.retry_after_s is not None:  # shared, so that other processes wait, too
                pace.hold(max(error.retry_after_s, pause))
            elif number < retries.attempts:
                retries.sleep(pause)
            last = error
    raise HttpError(f"{last} ({_count(retries.attempts)})") from last


def _count(attempts: int) -> str:
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def fetch(request: Request) -> bytes:
    """Return the body of an answer, decompressed.

    Raises
    ------
    HttpError
        If the server does not answer with status 200 within the limits.
    """
    with contextlib.closing(stream(request)) as chunks:
        return b"".join(chunks)


def fetch_json(request: Request) -> Any:
    """Return the JSON of an answer.

    Raises
    ------
    HttpError
        If the server does not answer within the limits, or not with JSON.
    """
    return parse_json(fetch(request))


def parse_json(data: bytes) -> Any:
    """Return the value of a JSON text, at most `MAX_DEPTH` levels deep.

    Raises
    ------
    HttpError
        If it is not JSON, or is nested deeper.
    """
    try:
        return load_json(data, max_depth=MAX_DEPTH, max_bytes=len(data), half_pairs=True)
    except InputError as error:
        begin = _brief(data[:60].decode("utf-8", "replace"))
        why = str(error) if "nested" in str(error) else f"is not JSON but {begin!r}"
        raise HttpError(f"the answer {why}") from error


def stream(request: Request) -> Generator[bytes, None, None]:
    """Yield the body of an answer in chunks, decompressed.

    Raises
    ------
    HttpError
        If the server does not answer with status 200 within the limits.
    """
    deadline = _Deadline(request.deadline_s, request.idle_s)
    try:
        for _ in range(MAX_REDIRECTS + 1):
            with (
                contextlib.closing(_connection(request.url, deadline)) as connection,
                contextlib.closing(_answer(connection, request)) as answer,
            ):
                if answer.status not in REDIRECTS:
                    _check_status(answer)
                    yield from _body(answer, request.max_bytes)
                    return
                request = replace(request, url=_redirect_target(request.url, answer))
    except HttpError:
        raise
    except (OSError, http.client.HTTPException, UnicodeError) as error:
        problem = _translate(error, deadline)
        raise problem from error
    raise HttpError(f"more than {MAX_REDIRECTS} redirects", is_temporary=False)


def _translate(error: Exception, deadline: "_Deadline") -> HttpError:
    """Translate an error of the system or of HTTP."""
    if isinstance(error, TimeoutError) or deadline.is_over:
        return HttpError("no answer in time")
    if isinstance(error, ssl.SSLCertVerificationError):
        why = f"its certificate is not trusted: {_brief(error.verify_message)}"
        return HttpError(why, is_temporary=False)
    if isinstance(error, http.client.InvalidURL | UnicodeError):
        return HttpError("its address is not valid", is_temporary=False)
    text = (error.strerror if isinstance(error, OSError) else None) or str(error)
    name = "" if isinstance(error, OSError) else f"{type(error).__name__} "
    return HttpError(f"no complete answer: {_brief(name + text)}")


def _brief(text: str) -> str:
    """Return the beginning of a text, on one line and without control characters."""
    return visible(" ".join(text.split())[:MAX_WORDS])


class _Deadline:
    """The deadline of a request."""

    def __init__(self, total_s: float, idle_s: float) -> None:
        self._end, self._idle_s = time.monotonic() + total_s, idle_s

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self._end

    def left_s(self) -> float:
        """Return the maximum wait of the next step in seconds.

        Raises
        ------
        TimeoutError
            If the deadline has passed.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(left, self._idle_s)


class _TimedReader(io.RawIOBase):
    """Reads from a socket, each read limited by the deadline."""

    def __init__(self, raw: socket.socket, deadline: _Deadline) -> None:
        self._socket, self._deadline = raw, deadline
        self._stream = raw.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._socket.settimeout(self._deadline.left_s())
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _TimedSocket:
    """The part of the socket interface that `http.client` uses."""

    def __init__(self, raw: socket.socket, deadline: _Deadline) -> None:
        self.raw, self._deadline = raw, deadline

    def sendall(self, data: bytes) -> None:
        self.raw.settimeout(self._deadline.left_s())
        self.raw.sendall(data)

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(_TimedReader(self.raw, self._deadline))

    def close(self) -> None:
        self.raw.close()


class _Connection(http.client.HTTPConnection):
    """A connection with a deadline, and TLS if a host name is given for verification."""

    def __init__(self, host: str, port: int, deadline: _Deadline, tls_name: str) -> None:
        super().__init__(host, port)
        self._deadline, self._tls_name = deadline, tls_name

    def connect(self) -> None:
        raw = _connect(self.host, self.port, self._deadline)
        try:
            self.sock: Any = _TimedSocket(raw, self._deadline)
            if getattr(self, "_tunnel_host", None):
                self._tunnel()  # type: ignore[attr-defined]  # as HTTPSConnection does it
            if self._tls_name:
                raw.settimeout(self._deadline.left_s())
                raw = _tls_context().wrap_socket(raw, server_hostname=self._tls_name)
                self.sock = _TimedSocket(raw, self._deadline)
        except BaseException:
            raw.close()
            raise


def _connect(host: str, port: int, deadline: _Deadline) -> socket.socket:
    """Return a socket connected to the first address that answers.

    Raises
    ------
    OSError
        If none answers.
    """
    last: OSError = ConnectionError("the host name has no address")
    for family, kind, protocol, _, address in _addresses(host, port, deadline):
        result = socket.socket(family, kind, protocol)
        try:
            result.settimeout(deadline.left_s())
            result.connect(address)
            result.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError as error:
            result.close()
            last = error
        except BaseException:
            result.close()
            raise
        else:
            return result
    raise last


def _addresses(host: str, port: int, deadline: _Deadline) -> list[Any]:
    """Resolve a host in a separate thread, since a look-up cannot be interrupted.

    Raises
    ------
    OSError
        If the name is unknown.
    TimeoutError
        If the look-up takes too long.
    """
    answers: queue.SimpleQueue[list[Any] | OSError | UnicodeError] = queue.SimpleQueue()

    def look_up() -> None:
        try:
            answers.put(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answers.put(error)

    try:
        threading.Thread(target=look_up, name="look-up", daemon=True).start()
    except RuntimeError:  # no thread available
        look_up()
    try:
        answer = answers.get(timeout=deadline.left_s())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


@functools.cache
def _tls_context() -> ssl.SSLContext:
    """Return a context with the system's trusted certificates, or certifi's if there are none."""
    context = ssl.create_default_context()
    paths = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not paths.cafile and not paths.capath:
        with contextlib.suppress(ImportError):
            import certifi

            context.load_verify_locations(certifi.where())
    return context


def _connection(url: str, deadline: _Deadline) -> _Connection:
    """Return a connection to a server, or to its proxy."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", _port(parts)
    tls_name = host if parts.scheme == "https" else ""
    proxy = _proxy(parts)
    if proxy is None:
        return _Connection(host, port, deadline, tls_name)
    log.info("asked through the proxy %s", proxy.hostname)
    connection = _Connection(proxy.hostname or "", _port(proxy), deadline, tls_name)
    if tls_name:
        connection.set_tunnel(host, port, _proxy_headers(proxy))
    return connection


def _proxy(parts: SplitResult) -> SplitResult | None:
    """Return the proxy of a server set in the environment; None if missing.

    Raises
    ------
    HttpError
        If it is not an HTTP proxy.
    """
    host, proxies = parts.hostname or "", urllib.request.getproxies()
    named = proxies.get(parts.scheme) or proxies.get("all")
    if not named or is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxy = urlsplit(named if "://" in named else f"http://{named}")
    if proxy.scheme != "http" or not proxy.hostname:
        msg = (
            f"the environment sets a proxy of type {_brief(proxy.scheme)!r}; "
            "only http:// proxies are supported"
        )
        raise HttpError(msg, is_temporary=False)
    return proxy


def _proxy_headers(proxy: SplitResult) -> dict[str, str]:
    if proxy.username is None:
        return {}
    pair = f"{unquote(proxy.username)}:{unquote(proxy.password or '')}"
    return {"Proxy-Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def is_loopback(host: str) -> bool:
    """Return whether a host is this machine.

    Examples
    --------
    >>> [is_loopback(host) for host in ("localhost", "127.0.0.2", "::1", "example.com")]
    [True, True, True, False]
    """
    name = host.rstrip(".").lower()
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _answer(connection: _Connection, request: Request) -> http.client.HTTPResponse:
    """Send a request and return the answer with its headers read."""
    parts = urlsplit(request.url)
    path = quote(parts.path or "/", safe="/%:@!$&'()*+,;=~") + (parts.query and f"?{parts.query}")
    headers = {"Accept-Encoding": "gzip", "Connection": "close"}
    if request.agent:
        headers["User-Agent"] = request.agent
    proxy = None if parts.scheme == "https" else _proxy(parts)
    if proxy is not None:
        path, headers = f"http://{parts.netloc}{path}", {**headers, **_proxy_headers(proxy)}
    if request.form is None:
        connection.request("GET", path, headers=headers)
    else:
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection.request("POST", path, urlencode(request.form).encode("ascii"), headers)
    return connection.getresponse()


def _redirect_target(url: str, answer: http.client.HTTPResponse) -> str:
    """Return the target of a redirect.

    Raises
    ------
    HttpError
        If it leads to another server, or is less safe.
    """
    location = answer.headers.get("Location") or ""
    try:
        target = urljoin(url, location)
        there, here = urlsplit(target), urlsplit(url)
        same = not _UNSAFE.search(target) and bool(location) and _same_server(here, there)
    except ValueError:
        same = False
    if same:
        return target
    msg = (
        f"status {answer.status}: it redirects to another server, or from https to http, which is "
        "not followed; give the right server"
    )
    raise HttpError(msg, is_temporary=False)


def _same_server(here: SplitResult, there: SplitResult) -> bool:
    """Return whether a redirect stays on the same server, with the same scheme or a safer one."""
    if there.username is not None or there.scheme not in DEFAULT_PORTS:
        return False
    if _host(here) != _host(there):
        return False
    if here.scheme == there.scheme:
        return _port(here) == _port(there)
    return here.scheme == "http" and (_port(here), _port(there)) == (80, 443)


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").rstrip(".").lower()


def _port(parts: SplitResult) -> int:
    return parts.port or DEFAULT_PORTS.get(parts.scheme, 80)


def _check_status(answer: http.client.HTTPResponse) -> None:
    """Raise if the status of an answer is not 200.

    Raises
    ------
    HttpError
        If it does not.
    """
    status = answer.status
    if status == 200:
        return
    name = http.client.responses.get(status, "")
    raise HttpError(
        f"status {status} ({name})" if name else f"status {status}",
        is_temporary=status >= 500 or status in TEMPORARY,
        is_about_request=status in ABOUT_REQUEST,
        retry_after_s=retry_after_s(answer.headers.get("Retry-After", "")),
    )


def retry_after_s(value: str, now: datetime.datetime | None = None) -> float | None:
    """Return the seconds of a ``Retry-After`` header; None if it is invalid.

    Parameters
    ----------
    value
        ASCII digits, or a date as in RFC 9110, section 5.6.7 (IMF-fixdate).
    now
        Current time; by default the clock.

    Returns
    -------
    seconds
        From 0 to `MAX_RETRY_AFTER_S`.

    Examples
    --------
    >>> retry_after_s("120"), retry_after_s("-1"), retry_after_s("1e3"), retry_after_s("soon")
    (120.0, None, None, None)
    """
    text = value.strip(" \t")
    if _DIGITS.fullmatch(text):
        seconds = float(text)
    elif _HTTP_DATE.fullmatch(text):
        try:
            then = email.utils.parsedate_to_datetime(text)
        except (ValueError, OverflowError):
            return None
        seconds = (then - (now or datetime.datetime.now(datetime.UTC))).total_seconds()
    else:
        return None
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)


def _body(answer: http.client.HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    """Yield the body of an answer, decompressed.

    Raises
    ------
    HttpError
        If it is too large, ends early, or has an unrequested encoding.
    """
    encoding = (answer.headers.get("Content-Encoding") or "identity").strip().lower()
    if encoding not in {"identity", "gzip", "x-gzip"}:
        raise HttpError(f"the answer is encoded as {_brief(encoding)!r}", is_temporary=False)
    if answer.length is not None and answer.length > max_bytes:
        raise HttpError(_too_large(max_bytes), is_temporary=False)
    chunks = _limit_size(_chunks(answer), max_bytes)
    yield from chunks if encoding == "identity" else _limit_size(_decompress(chunks), max_bytes)


def _chunks(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    """Yield a body in chunks as received.

    Raises
    ------
    HttpError
        If it ends early.
    """
    while chunk := answer.read1(CHUNK_BYTES):
        yield chunk
    if answer.length:
        raise HttpError(f"no complete answer: {answer.length:,} bytes are missing")


def _limit_size(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """Yield chunks up to a total size.

    Raises
    ------
    HttpError
        If they are larger.
    """
    n_bytes = 0
    for chunk in chunks:
        n_bytes += len(chunk)
        if n_bytes > max_bytes:
            raise HttpError(_too_large(max_bytes), is_temporary=False)
        yield chunk


def _too_large(max_bytes: int) -> str:
    return f"the answer is larger than {max_bytes / 2**20:,.3g} MiB"


def _decompress(chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Yield decompressed gzip data, in chunks of limited size.

    Raises
    ------
    HttpError
        If it is damaged or ends early.
    """
    inflater = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            data = chunk
            while data:
                if inflater.eof:  # a gzip file with several members
                    inflater = zlib.decompressobj(wbits=31)
                yield inflater.decompress(data, CHUNK_BYTES)
                data = inflater.unconsumed_tail or inflater.unused_data
    except zlib.error as error:
        raise HttpError("no complete answer: its gzip is damaged") from error
    if not inflater.eof:
        raise HttpError("no complete answer: its gzip is cut short")


def check_url(url: str, *, allow_query: bool = False) -> str:
    """Return the URL of a server without trailing slashes.

    Parameters
    ----------
    url
        As written by the user.
    allow_query
        Whether it may have a query, such as an API key.

    Raises
    ------
    InputError
        If it is not an HTTP URL, or contains a password. The message then does not repeat it.
    """
    if _is_url(url, allow_query=allow_query):
        return url if allow_query else url.rstrip("/")
    written = "The address" if set(url) & set("@?#") else repr(visible(url[:MAX_WORDS]))
    what = "" if allow_query else ", a query"
    msg = (
        f"{written} is not a server address. Write it like http://127.0.0.1:8088, without "
        f"a user name, a password{what} or spaces."
    )
    raise InputError(msg)


def _is_url(url: str, *, allow_query: bool) -> bool:
    if _UNSAFE.search(url) or not url.isprintable():
        return False
    try:
        parts = urlsplit(url)
        is_odd = "@" in parts.netloc or parts.port == 0 or "#" in url
        (parts.hostname or "").encode("idna")
    except ValueError:
        return False
    has_query = "?" in url and not allow_query
    return parts.scheme in DEFAULT_PORTS and bool(parts.hostname) and not is_odd and not has_query


def shown_url(url: str) -> str:
    """Return a URL as shown in messages: without query, user name and password.

    Examples
    --------
    >>> shown_url("https://ann:pw@example.com:8443/api?key=secret")
    'https://example.com:8443/api'
    """
    parts = urlsplit(url)
    return visible(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def user_agent(contact: str = "") -> str:
    """Return the User-Agent header: program, version, contact (ASCII only)."""
    program = f"coverage-analyzer/{metadata.version('coverage-analyzer')}"
    safe = "".join(c for c in contact if c.isprintable() and c.isascii())
    return f"{program} ({safe})" if safe else program
