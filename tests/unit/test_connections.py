"""No connection that nobody asked for: each command on the sample data, and who may open one."""

import ast
import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import coverage_analyzer
from coverage_analyzer.cli.main import program

DATA = Path(__file__).parents[2] / "data"
PACKAGE = Path(coverage_analyzer.__file__).parent
SECURITY = PACKAGE.parent / "SECURITY.md"

CENTERS = f"{DATA}/service_centers.csv"
TOWN = (f"{DATA}/town_sites.csv", "--centers", f"{DATA}/town_centers.csv")
RUN = ("run", *TOWN, "-o", "town", "--as-of", "2026-12-01")
COMMANDS: dict[str, tuple[str, ...]] = {
    "init": ("init", *TOWN),
    "config": ("config", "--settings", f"{DATA}/settings.toml"),
    "run": (*RUN[:-3], "new", *RUN[-2:]),
    "check": ("check", f"{DATA}/customer_sites.csv"),
    "explain": ("explain", "47.1", "9.5", "--country", "LI", "--centers", CENTERS),
    "map": ("map", "town", "-o", "m.html", "--tiles",
            "https://tiles.example.com/{z}/{x}/{y}.png", "--tiles-credit", "X"),
    "areas": ("areas", CENTERS, "-o", "a.geojson"),
    "timeline": ("timeline", *TOWN, "-o", "t.csv", "--from", "2026-12-01", "--to", "2027-01-01"),
    "letter": ("letter", TOWN[0], "--site", "near", "--centers", TOWN[2], "-o", "letter.html"),
    "commitments": ("commitments", f"{DATA}/requests.csv", "--sites", f"{DATA}/request_sites.csv",
                    "--centers", CENTERS, "-o", "c.csv"),
    "entitlements": ("entitlements", "--country", "US"),
    "policies": ("policies",),
    "geocode": ("geocode", "addresses.csv", "-o", "g.csv", "--offline", "--cache", "c.sqlite"),
    "place": ("place", f"{DATA}/town_sites.csv", "--centers", CENTERS, "--new", "1", "-o", "plan"),
    "compare": ("compare", "town", "town", "-o", "compared"),
    "what-if": ("what-if", "town", "--open", "47.14,9.52,LI", "-o", "changed"),
    "criticality": ("criticality", "town", "--pairs", "-o", "critical"),
    "sensitivity": ("sensitivity", "town", "-o", "sensitive"),
    "drive-times": ("drive-times", "town", "--osm", f"{DATA}/town.osm"),
}  # fmt: skip
"""What is run for each command: on files, all of it without a server."""

WATCHED = """
import os, sys

def hook(event, args):
    if event in {"socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.gethostbyname"}:
        with open(os.environ["SEEN"], "a") as file:
            file.write(f"{event} {args!r}\\n")

sys.addaudithook(hook)
from coverage_analyzer.cli.main import main
sys.argv[0] = "coverage-analyzer"
sys.exit(main())
"""

ADDRESSES = (
    'id,address,country\n1,"Städtle 6, 9490 Vaduz",LI\n2,"350 5th Ave, New York, NY 10118",US\n'
)


@pytest.fixture
def listener() -> Iterator[tuple[str, list[bytes]]]:
    """Return a proxy that nobody should ask, and what it was told: libraries of C ask it, too."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listening.accept()
                    with client:
                        client.settimeout(1)
                        seen.append(client.recv(1000))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", seen
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(2)


def watched(folder: Path, proxy: str, *arguments: str) -> tuple[int, str, str]:
    """Run a command; return its exit code, what it said, and the connections that it opened."""
    seen = folder / "seen.txt"
    names = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    ended = subprocess.run(
        [sys.executable, "-c", WATCHED, *arguments],
        cwd=folder,
        env={**os.environ, **dict.fromkeys(names, proxy), "SEEN": str(seen), "no_proxy": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    opened = seen.read_text("utf-8") if seen.exists() else ""
    return ended.returncode, ended.stderr + ended.stdout, opened


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run."""
    folder = tmp_path_factory.mktemp("town")
    program.main([*RUN[:-3], str(folder / "town"), *RUN[-2:]], standalone_mode=False)
    return folder / "town"


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_on_files_opens_no_connection(
    command: str, tmp_path: Path, town: Path, listener: tuple[str, list[bytes]], cache: Path
) -> None:
    """Neither by Python's sockets nor, through the proxy of the environment, by a library of C."""
    (tmp_path / "addresses.csv").write_text(ADDRESSES, "utf-8")
    proxy, requests = listener
    shutil.copytree(town, tmp_path / "town")
    words = (str(cache) if word == "c.sqlite" else word for word in COMMANDS[command])
    code, output, opened = watched(tmp_path, proxy, *words)
    assert code in {0, 1}, output  # `check` finds rows that would be rejected
    assert "Traceback" not in output
    assert opened == ""
    assert requests == []


def test_the_watch_would_notice(tmp_path: Path, listener: tuple[str, list[bytes]]) -> None:
    """A command that is asked to connect is seen to."""
    (tmp_path / "addresses.csv").write_text(ADDRESSES, "utf-8")
    proxy, requests = listener
    arguments = ("geocode", "addresses.csv", "-o", "g.csv", "--cache", "c.sqlite")
    code, output, opened = watched(tmp_path, proxy, *arguments, "--server", "http://maps.example")
    assert code == 3, output
    assert "socket.connect" in opened
    assert b"maps.example" in requests[0]


def test_every_command_is_watched_or_listed() -> None:
    """A new command is tried here, and stands in SECURITY.md."""
    assert isinstance(program, click.Group)
    names = set(program.list_commands(click.Context(program)))
    assert names == set(COMMANDS)
    text = SECURITY.read_text("utf-8")
    assert all(f"`{name}" in text for name in names)


NETWORK = {"socket", "ssl", "http.client", "urllib.request", "ftplib", "smtplib", "asyncio",
           "requests", "urllib3", "httpx", "aiohttp", "geopy", "fsspec"}  # fmt: skip


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports, anywhere in it."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_one_module_speaks_http() -> None:
    """And only geocoding and roads use it."""
    speaking = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if NETWORK & set(imports(path))
    }
    assert speaking == {"http_client.py"}
    using = {
        path.relative_to(PACKAGE).parts[0]
        for path in PACKAGE.rglob("*.py")
        if "coverage_analyzer.http_client" in set(imports(path))
    }
    assert using <= {"online", "geocoding", "roads"}
