"""A PDF or a picture made by the installed browser: it loads nothing, ends, and says why not."""

import os
import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from browser.pages import CHROMIUM
from coverage_analyzer import browser as browsers
from coverage_analyzer.browser import Browser, Paper, Picture, find_browser, render
from coverage_analyzer.errors import InputError, PublishError

pytestmark = pytest.mark.xdist_group("browser")

SCRIPT = """#!{python}
import os, sys, time
open({seen!r}, "w").write(repr(sys.argv[1:]) + "\\n" + repr(dict(os.environ)))
{body}
"""


def program(folder: Path, body: str) -> Browser:
    """Return a program in place of a browser, which notes how it was started."""
    path = folder / "browser"
    path.write_text(SCRIPT.format(python=sys.executable, seen=str(folder / "seen"), body=body))
    path.chmod(0o700)
    return Browser(str(path), no_sandbox=True, timeout_s=5)


@pytest.mark.skipif(CHROMIUM is None, reason="Debian's package chromium is not installed")
def test_a_page_becomes_a_pdf_and_loads_nothing() -> None:
    """Not even from this machine, by address or by name."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        port = server.getsockname()[1]
        places = (f"http://{host}:{port}/a.png" for host in ("127.0.0.1", "localhost"))
        page = "<p>text" + "".join(f"<img src={place}>" for place in places)
        ready = "[...document.images].every((image) => image.complete)"
        made = render(page, Paper("Letter"), Browser(no_sandbox=True), ready=ready)
        with pytest.raises(TimeoutError):
            server.accept()
    assert made.startswith(b"%PDF-")
    assert b"/MediaBox [0 0 612 792]" in made


def test_a_browser_that_hangs_is_killed_with_its_children(tmp_path: Path) -> None:
    """After the time limit, and the error says so."""
    child = "import subprocess; child = subprocess.Popen(['sleep', '60'])"
    note = f"open({str(tmp_path / 'child')!r}, 'w').write(str(child.pid))"
    hung = program(tmp_path, f"{child}; {note}; time.sleep(60)")
    start = time.monotonic()
    with pytest.raises(PublishError, match="it took too long, and was ended"):
        render("<p>", Paper(), Browser(hung.program, no_sandbox=True, timeout_s=1))
    assert time.monotonic() - start < 10
    number = int((tmp_path / "child").read_text())
    for _ in range(50):  # whoever adopts it has to notice that it ended
        state = Path(f"/proc/{number}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        os.kill(number, signal.SIGKILL)
        pytest.fail("the child is still running")


def test_how_a_browser_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A profile of its own, no proxy of the environment, no host; with its sandbox by default."""
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    started = Browser(program(tmp_path, "").program, timeout_s=5)
    with pytest.raises(PublishError, match="it ended early"):
        render("<p>", Picture(), started)
    arguments, environment = (tmp_path / "seen").read_text().splitlines()
    assert "'--host-resolver-rules=MAP * ~NOTFOUND'" in arguments
    assert "--no-sandbox" not in arguments
    assert "proxy.example" not in environment
    profile = arguments.partition("--user-data-dir=")[2].partition("'")[0]
    assert not Path(profile).parent.exists()


def test_a_sandbox_that_cannot_start_names_the_option(tmp_path: Path) -> None:
    """As in a container without user namespaces."""
    started = program(tmp_path, "sys.exit('FATAL: No usable sandbox! ...')")
    with pytest.raises(PublishError, match="--browser-no-sandbox"):
        render("<p>", Paper(), started)


def test_without_a_browser_the_error_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """None installed, a wrong name, and one that root must not start."""
    with pytest.raises(InputError, match=r"'/no/such' was not found.*--browser FILE"):
        find_browser(Browser("/no/such", no_sandbox=True))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(InputError, match=r"user root.*--browser-no-sandbox"):
        find_browser(Browser(sys.executable))
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(browsers, "MAC_PLACES", ())
    with pytest.raises(InputError, match="No Chromium, Chrome or Edge was found"):
        find_browser(Browser())
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(InputError, match="Write an HTML file"):
        find_browser(Browser())
