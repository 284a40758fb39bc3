"""Make a PDF or a picture of a page with the Chromium, Chrome or Edge that is installed.

The browser is started for one page, with a new profile in a temporary folder. It resolves no host
and uses no proxy, so that a page cannot load anything. Its sandbox stays on unless the user says
otherwise. It is driven through a pipe, not a port, and is ended with all its processes, also after
a time limit.
"""

import base64
import contextlib
import json
import os
import re
import select
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.errors import InputError, PublishError, visible

NAMES: Final = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "microsoft-edge-stable",
)
"""Programs that are searched for in PATH, in this order."""

MAC_PLACES: Final = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
)

FLAGS: Final = (
    "--headless",
    "--remote-debugging-pipe",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--no-proxy-server",
    "--no-first-run",
    "--no-default-browser-check",
    "--no-service-autorun",
    "--disable-background-networking",
    "--disable-breakpad",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--hide-scrollbars",
    "--metrics-recording-only",
    "--mute-audio",
    "--password-store=basic",
    "--use-mock-keychain",
)

PAPERS: Final = {"A4": (210 / 25.4, 297 / 25.4), "Letter": (8.5, 11.0)}
"""Width and height of an upright sheet, in inches."""

LIGHT: Final = {"name": "prefers-color-scheme", "value": "light"}
PADDING: Final = "16px"
"""Round what a picture shows, in place of the margins of a sheet."""

EXTENT: Final = """(() => {
  const boxes = [...document.querySelectorAll(%s)].map((e) => e.getBoundingClientRect());
  return {
    width: Math.ceil(Math.max(...boxes.map((b) => b.right))) + 16,
    height: Math.ceil(Math.max(...boxes.map((b) => b.bottom))) + 16,
  };
})()"""
"""The size of what a picture shows, with the padding."""

TIMEOUT_S: Final = 120.0
"""Time limit for one page, from the start of the browser."""

POLL_S: Final = 0.05
END_S: Final = 3.0
"""How long a browser may take to end by itself."""

CHUNK: Final = 1 << 16
STDERR: Final = "stderr.txt"
FIRST_FREE: Final = 10
"""The pipe's ends are numbered from here, so that none is 3 or 4, which the browser expects."""

NO_SANDBOX: Final = re.compile(
    r"No usable sandbox|without --no-sandbox|setuid sandbox", re.IGNORECASE
)
"""What a browser says that cannot start its sandbox."""

SANDBOX_OPTION: Final = "--browser-no-sandbox"


@dataclass(frozen=True)
class Browser:
    """Which browser makes the picture, and how.

    Attributes
    ----------
    program
        Path or name of the program; by default the first of `NAMES` that is installed.
    no_sandbox
        Whether it runs without its sandbox, as it must as root and in some containers.
    timeout_s
        Time limit in seconds.
    """

    program: str = ""
    no_sandbox: bool = False
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True)
class Paper:
    """A PDF: the sheet, ``A4`` or ``Letter``, and the size of the window that the page has before.

    A map shows on paper what it shows in the window, which is measured in CSS pixels.
    """

    size: str = "A4"
    landscape: bool = False
    width: int = 1420
    height: int = 860

    def settings(self) -> dict[str, Any]:
        """Return how a browser prints it."""
        width, height = PAPERS[self.size]
        return {
            "paperWidth": width,
            "paperHeight": height,
            "landscape": self.landscape,
            "printBackground": True,
            "preferCSSPageSize": False,
            **dict.fromkeys(("marginTop", "marginBottom", "marginLeft", "marginRight"), 0.4),
        }


@dataclass(frozen=True)
class Picture:
    """A PNG of what the page prints: width and height in CSS pixels, and the pixels to each.

    If ``shown`` is a CSS selector, the picture ends right of and below the elements that it finds.
    """

    width: int = 1600
    height: int = 1000
    scale: float = 2.0
    shown: str = ""


def find_browser(browser: Browser) -> Path:
    """Return the path of the browser's program.

    Raises
    ------
    InputError
        If none is installed, the named one is missing, or its sandbox cannot start for root.
    """
    if sys.platform == "win32":
        msg = (
            "PDF and PNG files cannot be made on Windows yet. Write an HTML file, open it in a "
            "browser and print it."
        )
        raise InputError(msg)
    programs = [browser.program] if browser.program else [*NAMES, *MAC_PLACES]
    path = next(filter(None, map(shutil.which, programs)), None)
    if path is None:
        named = f"The browser {browser.program!r} was not found"
        missing = named if browser.program else "No Chromium, Chrome or Edge was found"
        msg = (
            f"{missing}. PDF and PNG files are made with it: install one, name its program "
            f"(--browser FILE), or write an HTML file."
        )
        raise InputError(msg)
    get_user = getattr(os, "geteuid", None)  # Windows has none
    if not browser.no_sandbox and get_user is not None and get_user() == 0:
        msg = (
            f"{path} does not start its sandbox for the user root. Run this as another user, "
            f"without the sandbox ({SANDBOX_OPTION}), or write an HTML file."
        )
        raise InputError(msg)
    return Path(path)


def render(page: str, output: Paper | Picture, browser: Browser, *, ready: str = "true") -> bytes:
    """Return a PDF or a PNG of a page.

    Parameters
    ----------
    page
        A complete HTML page. Whatever it would load from elsewhere is missing.
    output
        What is made.
    browser
        What makes it.
    ready
        A JavaScript expression that is true once the page is complete.

    Raises
    ------
    InputError
        If there is no browser that can start.
    PublishError
        If it failed, or did not finish in time.
    """
    program = find_browser(browser)
    try:
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            source = Path(folder) / "page.html"
            source.write_text(page, encoding="utf-8")
            with _started(program, Path(folder), browser) as session:
                session.open(source.as_uri(), output, ready)
                return (
                    session.printed(output) if isinstance(output, Paper) else _shot(session, output)
                )
    except (OSError, _FailedError) as error:
        msg = f"{program} could not make the file: {error}"
        raise PublishError(f"{msg.rstrip('.')}.") from error


class _FailedError(Exception):
    """The browser ended, refused a command or took too long."""


@dataclass
class _Session:
    """A running browser with one page, driven by messages in both directions.

    Attributes
    ----------
    to_browser, from_browser
        Ends of the two pipes.
    end
        Point of `time.monotonic` at which the time limit is over.
    """

    to_browser: int
    from_browser: int
    end: float
    session: str = ""
    _number: int = 0
    _pending: bytearray = field(default_factory=bytearray)

    def open(self, address: str, output: Paper | Picture, ready: str) -> None:
        """Open a page, in light colours and the window of an output; wait until it is complete.

        Raises
        ------
        _FailedError
            If it cannot be opened, or a script in `ready` fails.
        """
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        attached = self.ask("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=output.width,
            height=output.height,
            deviceScaleFactor=output.scale if isinstance(output, Picture) else 1,
            mobile=False,
        )
        self.ask("Emulation.setEmulatedMedia", features=[LIGHT])
        if error := self.ask("Page.navigate", url=address).get("errorText"):
            msg = f"the page could not be opened ({error})"
            raise _FailedError(msg)
        # The first document of a tab is complete, too: the address tells which one answers.
        expression = (
            f"location.protocol === 'file:' && document.readyState === 'complete' && ({ready})"
        )
        while not self.value(expression):
            time.sleep(POLL_S)

    def value(self, expression: str) -> Any:
        """Return the value of a JavaScript expression in the page.

        Raises
        ------
        _FailedError
            If it throws an exception.
        """
        result = self.ask(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if "exceptionDetails" in result:
            msg = f"a script of the page failed ({result['exceptionDetails'].get('text', '')})"
            raise _FailedError(msg)
        return result["result"].get("value")

    def printed(self, paper: Paper) -> bytes:
        """Return the page as a PDF."""
        return base64.b64decode(self.ask("Page.printToPDF", **paper.settings())["data"])

    def close(self) -> None:
        """Ask the browser to end."""
        self.session = ""
        with contextlib.suppress(_FailedError):
            self.ask("Browser.close")

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its result.

        Raises
        ------
        _FailedError
            If the browser refuses it, has ended or takes too long.
        """
        self._number += 1
        message: dict[str, Any] = {"id": self._number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self._write(json.dumps(message).encode() + b"\0")
        while True:
            answer = json.loads(self._next())
            if answer.get("id") != self._number:
                continue
            if "error" in answer:
                msg = f"{method}: {visible(str(answer['error'].get('message', '')))}"
                raise _FailedError(msg)
            result: dict[str, Any] = answer["result"]
            return result

    def _write(self, data: bytes) -> None:
        """Send bytes.

        Raises
        ------
        _FailedError
            If the browser has ended.
        """
        left = memoryview(data)
        try:
            while left:
                left = left[os.write(self.to_browser, left) :]
        except BrokenPipeError:
            msg = "it ended early"
            raise _FailedError(msg) from None

    def _next(self) -> bytes:
        """Return the next message, without its final zero byte.

        Raises
        ------
        _FailedError
            If the browser has ended, or the time limit is over.
        """
        searched = 0
        while (at := self._pending.find(b"\0", searched)) < 0:
            searched = len(self._pending)
            left = max(self.end - time.monotonic(), 0)
            if not select.select([self.from_browser], [], [], left)[0]:
                msg = "it took too long, and was ended"
                raise _FailedError(msg)
            data = os.read(self.from_browser, CHUNK)
            if not data:
                msg = "it ended early"
                raise _FailedError(msg)
            self._pending += data
        message = bytes(self._pending[:at])
        del self._pending[: at + 1]
        return message


def _shot(session: _Session, picture: Picture) -> bytes:
    """Return what the page prints as a PNG."""
    session.ask("Emulation.setEmulatedMedia", media="print", features=[LIGHT])
    session.value(f"document.body.style.padding = '{PADDING}'")
    two_frames = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
    session.value(two_frames)
    session.value("window.dispatchEvent(new Event('beforeprint'))")
    session.value(two_frames)
    clip = session.value(EXTENT % json.dumps(picture.shown)) if picture.shown else None
    area = {"clip": {"x": 0, "y": 0, "scale": 1, **clip}} if clip else {}
    return base64.b64decode(session.ask("Page.captureScreenshot", format="png", **area)["data"])


@contextlib.contextmanager
def _started(program: Path, folder: Path, browser: Browser) -> Iterator[_Session]:
    """Start a browser, yield a session and end the browser with all its processes.

    Raises
    ------
    _FailedError
        If it fails, with what it said about its sandbox.
    """
    arguments = [
        str(program),
        *FLAGS,
        *(["--no-sandbox"] if browser.no_sandbox else []),
        f"--user-data-dir={folder / 'profile'}",
        "about:blank",
    ]
    with contextlib.ExitStack() as stack:
        to_browser, from_browser, pid = _spawn(program, arguments, folder, stack)
        session = _Session(to_browser, from_browser, time.monotonic() + browser.timeout_s)
        stack.callback(_kill, pid)
        try:
            yield session
        except _FailedError as error:
            if NO_SANDBOX.search((folder / STDERR).read_text("utf-8", errors="replace")):
                msg = (
                    f"its sandbox does not start here. Allow user namespaces, or run it without "
                    f"the sandbox: {SANDBOX_OPTION}"
                )
                raise _FailedError(msg) from error
            raise
        session.close()
        _wait(pid)


def _spawn(
    program: Path, arguments: list[str], folder: Path, stack: contextlib.ExitStack
) -> tuple[int, int, int]:
    """Start a browser; return our ends of the pipes, closed at the end, and its process id."""
    commands, to_browser = _pipe()
    from_browser, answers = _pipe()
    stack.callback(os.close, to_browser)
    stack.callback(os.close, from_browser)
    try:
        # It reads commands from 3 and writes answers to 4.
        pid = os.posix_spawn(
            program,
            arguments,
            _environment(folder),
            file_actions=[
                (os.POSIX_SPAWN_DUP2, commands, 3),
                (os.POSIX_SPAWN_DUP2, answers, 4),
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
                (os.POSIX_SPAWN_OPEN, 2, folder / STDERR, os.O_WRONLY | os.O_CREAT, 0o600),
            ],
            setpgroup=0,
        )
    finally:
        os.close(commands)
        os.close(answers)
    return to_browser, from_browser, pid


def _pipe() -> tuple[int, int]:
    """Return the ends of a pipe for reading and writing, numbered from `FIRST_FREE`."""
    import fcntl

    ends = []
    for end in os.pipe():
        ends.append(fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, FIRST_FREE))
        os.close(end)
    return ends[0], ends[1]


def _environment(folder: Path) -> dict[str, str]:
    """Return the environment of the browser: no proxy, and a home of its own."""
    kept = {n: v for n, v in os.environ.items() if not n.lower().endswith("_proxy")}
    return kept | {"XDG_CONFIG_HOME": str(folder), "XDG_CACHE_HOME": str(folder)}


def _wait(pid: int) -> None:
    """Give a browser that was asked to end some time for it."""
    until = time.monotonic() + END_S
    with contextlib.suppress(ChildProcessError):
        while time.monotonic() < until and os.waitpid(pid, os.WNOHANG) == (0, 0):
            time.sleep(POLL_S)


def _kill(pid: int) -> None:
    """Kill whatever is left of the processes of a browser."""
    kill_group = getattr(os, "killpg", None)  # Windows has none
    with contextlib.suppress(ProcessLookupError, PermissionError):
        if kill_group is not None:
            kill_group(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)
