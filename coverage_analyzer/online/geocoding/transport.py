"""HTTP with an end: no request takes longer than its deadline, or more than some bytes.

A time-out of a socket begins anew with each byte, so a server that drips would keep a job for ever;
here the whole exchange has a deadline, at which its socket is shut.
"""

import functools
import http.client
import json
import socket
import ssl
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from geopy import adapters, exc

MOST_BYTES: Final = 4 << 20
"""An answer is a thousandth of that."""


class Watch:
    """A deadline for one exchange: when it comes, the sockets that are watched are shut."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds
        self._sockets: list[socket.socket] = []
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True

    @property
    def is_over(self) -> bool:
        """Whether it has come."""
        return time.monotonic() >= self._end

    def start(self) -> None:
        """Begin to wait for it."""
        self._timer.start()

    def stop(self) -> None:
        """Wait no longer."""
        self._timer.cancel()

    def add(self, connection: socket.socket) -> None:
        """Watch a socket."""
        self._sockets.append(connection)

    def _shut(self) -> None:
        for connection in self._sockets:
            with suppress(OSError, ValueError):
                connection.shutdown(socket.SHUT_RDWR)


class _Connection(http.client.HTTPConnection):
    """A connection that is watched."""

    def __init__(self, *given: Any, watch: Watch, **more: Any) -> None:
        super().__init__(*given, **more)
        self._watch = watch

    def connect(self) -> None:
        """Connect, and be watched from then on."""
        super().connect()
        self._watch.add(self.sock)


class _SafeConnection(_Connection, http.client.HTTPSConnection):
    """The same with TLS."""


class _Handler(urllib.request.HTTPSHandler, urllib.request.HTTPHandler):
    """Opens watched connections."""

    def __init__(self, watch: Watch, context: ssl.SSLContext | None) -> None:
        super().__init__(context=context)
        self._watch, self._tls = watch, context

    def http_open(self, req: urllib.request.Request) -> Any:
        """Open one without TLS."""
        return self.do_open(functools.partial(_Connection, watch=self._watch), req)

    def https_open(self, req: urllib.request.Request) -> Any:
        """Open one with TLS."""
        made = functools.partial(_SafeConnection, watch=self._watch, context=self._tls)
        return self.do_open(made, req)


class Adapter(adapters.BaseSyncAdapter):  # type: ignore[misc]  # geopy has no types
    """What geopy sends its requests through."""

    deadline_s = 30.0

    def __init__(self, *, proxies: Any, ssl_context: ssl.SSLContext | None) -> None:
        super().__init__(proxies=proxies, ssl_context=ssl_context)
        self._proxies, self._context = proxies, ssl_context

    def get_json(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> Any:
        """Return the tree of JSON that is there.

        Raises
        ------
        GeocoderParseError
            If it is no JSON.
        """
        text = self.get_text(url, timeout=timeout, headers=headers)
        try:
            return json.loads(text)
        except ValueError as error:
            begin = " ".join(text[:60].split())
            raise exc.GeocoderParseError(f"no JSON but {begin!r}") from error

    def get_text(self, url: str, *, timeout: float, headers: Mapping[str, str]) -> str:
        """Return the text that is there.

        Raises
        ------
        AdapterHTTPError
            If the server answers with a code of an error.
        GeocoderTimedOut
            If it does not answer in time.
        GeocoderUnavailable
            If nobody answers, or not to the end.
        """
        watch = Watch(self.deadline_s)
        proxied = urllib.request.ProxyHandler(self._proxies)
        opener = urllib.request.build_opener(proxied, _Handler(watch, self._context))
        request = urllib.request.Request(url, headers=dict(headers))  # noqa: S310 - checked before
        watch.start()
        try:
            with opener.open(request, timeout=timeout) as page:
                return _text(page)
        except urllib.error.HTTPError as error:
            with error:
                lower = {name.lower(): value for name, value in error.headers.items()}
                raise adapters.AdapterHTTPError(
                    f"HTTP {error.code}", status_code=error.code, headers=lower, text=None
                ) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            cause = error.reason if isinstance(error, urllib.error.URLError) else error
            if watch.is_over or isinstance(cause, TimeoutError):
                raise exc.GeocoderTimedOut("no answer in time") from error
            raise exc.GeocoderUnavailable(f"no whole answer: {cause!s:.80}") from error
        finally:
            watch.stop()


def _text(page: http.client.HTTPResponse) -> str:
    """Return the text of a page.

    Raises
    ------
    ValueError
        If there is no end of it, or it is no UTF-8.
    IncompleteRead
        If it ends too early.
    """
    data = page.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        msg = f"more than {MOST_BYTES >> 20} MiB"
        raise ValueError(msg)
    if page.length:
        raise http.client.IncompleteRead(data, page.length)
    return data.decode()
