"""A real Nominatim, asked by our client: how many addresses of an extract it finds, by grade.

``python tools/nominatim.py EXTRACT.osm.pbf [ADDRESSES]``, by default 300 addresses. Needs root, and
of Debian ``postgresql``, ``postgresql-15-postgis-3`` and ``osm2pgsql``, and to build PyICU ``g++``,
``pkg-config`` and ``libicu-dev``. Nominatim itself comes from PyPI into ``build/nominatim``,
outside of the lock. A cluster of its own, on a socket in a temporary folder, and a server on a free
port of the loopback are started, and stopped again at the end.
"""

import csv
import os
import pwd
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
HOME: Final = ROOT / "build" / "nominatim"
PYTHON: Final = HOME / "env" / "bin" / "python"
PACKAGES: Final = (
    "nominatim-db==5.3.*",
    "nominatim-api==5.3.*",
    "falcon",
    "uvicorn",
    "psycopg[binary]",
    "osmium",
)
SEED: Final = 20261124
PARTS: Final = ("street", "house_number", "postcode", "city", "country")
TAGS: Final = ("street", "housenumber", "postcode", "city", "country")
PATIENCE_S: Final = 60


def main() -> None:
    """Import, serve, ask and tell."""
    if sys.argv[1] == "--sample":
        sample(Path(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
        return
    extract, n_rows = Path(sys.argv[1]).resolve(), int([*sys.argv, "300"][2])
    install()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="nominatim-")))
        folder.chmod(0o755)
        environment = stack.enter_context(cluster(folder))
        start = time.monotonic()
        imported(extract, folder / "project", environment)
        print(f"{extract.name} imported in {time.monotonic() - start:.0f} s")
        url = stack.enter_context(served(folder / "project", environment))
        addresses = folder / "addresses.csv"
        run(PYTHON, __file__, "--sample", extract, n_rows, addresses)
        tell(addresses, query_all(addresses, folder, url))


def install() -> None:
    """Make the environment of the server, if it is not there."""
    if not (HOME / "ready").exists():
        run(sys.executable, "-m", "venv", "--clear", HOME / "env")
        run(PYTHON, "-m", "pip", "install", "-qq", *PACKAGES)
        (HOME / "ready").touch()


def run(*command: Any, **options: Any) -> None:
    """Run a command to its end, which has to be a good one."""
    subprocess.run(list(map(str, command)), check=True, **options)


def programs() -> Path:
    """Return the folder of the newest server of PostgreSQL."""
    return max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name))


@contextmanager
def cluster(folder: Path) -> Iterator[dict[str, str]]:
    """Run a cluster of PostgreSQL; yield the environment in which Nominatim finds it."""
    owner = pwd.getpwnam("postgres")
    home = folder / "cluster"
    home.mkdir()
    shutil.chown(home, owner.pw_uid, owner.pw_gid)
    as_owner: dict[str, Any] = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data = home / "data"
    choices = ("-U", "nominatim", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
    quiet = {"stdout": subprocess.DEVNULL, "cwd": home}
    run(programs() / "initdb", "-D", data, *choices, **quiet, **as_owner)
    with (folder / "postgres.log").open("w") as log:
        server = subprocess.Popen(
            [programs() / "postgres", "-D", data, "-k", home, "-h", "", "-F"],
            stdout=log,
            stderr=log,
            cwd=home,
            **as_owner,
        )
        try:
            ask = [programs() / "psql", "-h", home, "-U", "nominatim", "-d", "postgres", "-c"]
            wait_for(
                lambda: (
                    subprocess.run([*ask, "SELECT 1"], check=False, capture_output=True).returncode
                    == 0
                )
            )
            run(*ask, 'CREATE ROLE "www-data" LOGIN', **quiet)
            dsn = f"pgsql:host={home};user=nominatim;dbname=nominatim"
            style = {"NOMINATIM_DATABASE_DSN": dsn, "NOMINATIM_IMPORT_STYLE": "address"}
            yield {**os.environ, **style, "PGHOST": str(home), "PGUSER": "nominatim"}
        finally:
            server.terminate()
            server.wait(PATIENCE_S)


def wait_for(ready: Callable[[], bool]) -> None:
    """Wait until something is ready.

    Raises
    ------
    TimeoutError
        If that takes too long.
    """
    end = time.monotonic() + PATIENCE_S
    while not ready():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.2)


def imported(extract: Path, project: Path, environment: dict[str, str]) -> None:
    """Import an extract; what Nominatim tells is in ``import.log``.

    Raises
    ------
    CalledProcessError
        If that fails; then its end is printed.
    """
    project.mkdir()
    options = ("--threads", 2, "--osm2pgsql-cache", 200, "--no-updates", "--project-dir", project)
    with (project / "import.log").open("w") as log:
        command = (PYTHON.with_name("nominatim"), "import", "--osm-file", extract, *options)
        try:
            run(*command, cwd=project, env=environment, stdout=log, stderr=log)
        except subprocess.CalledProcessError:
            print((project / "import.log").read_text()[-3000:])
            raise


@contextmanager
def served(project: Path, environment: dict[str, str]) -> Iterator[str]:
    """Run the server; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [PYTHON.with_name("nominatim"), "serve", "--server", place, "--project-dir", project]
    with (project / "serve.log").open("w") as log:
        server = subprocess.Popen(command, cwd=project, env=environment, stdout=log, stderr=log)
        try:
            wait_for(lambda: answers(f"http://{place}/status"))
            yield f"http://{place}"
        finally:
            server.terminate()
            with suppress(subprocess.TimeoutExpired):
                server.wait(PATIENCE_S)


def answers(url: str) -> bool:
    """Return whether something answers there."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:  # noqa: S310 - our own server
            return bool(page.read())
    except (urllib.error.URLError, OSError):
        return False


def sample(extract: Path, n_rows: int, path: Path) -> None:
    """Write addresses of an extract with the place where it has them; runs with `PYTHON`."""
    import osmium

    rows = []
    for thing in osmium.FileProcessor(extract).with_locations():
        if not (thing.is_node() or thing.is_way()) or "addr:housenumber" not in thing.tags:
            continue
        nodes = [thing] if thing.is_node() else list(thing.nodes)
        spots = [n.location for n in nodes if n.location.valid()]
        texts = [thing.tags.get(f"addr:{tag}", "") for tag in TAGS]
        if spots and texts[0]:
            lat, lon = (
                statistics.fmean(v) for v in zip(*((s.lat, s.lon) for s in spots), strict=True)
            )
            rows.append((*texts, f"{lat:.7f}", f"{lon:.7f}"))
    chosen = random.Random(SEED).sample(sorted(set(rows)), n_rows)  # noqa: S311 - no secret
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow((*PARTS, "mapped_latitude", "mapped_longitude"))
        writer.writerows(chosen)


def query_all(addresses: Path, folder: Path, url: str) -> list[dict[str, str]]:
    """Geocode by the verb, twice: the second time nothing may be asked."""
    program = Path(sys.executable).with_name("coverage-analyzer")
    rows = []
    for name in ("first.csv", "second.csv"):
        start = time.monotonic()
        options = ("-o", folder / name, "--server", url, "--cache", folder / "cache.sqlite")
        run(program, "geocode", addresses, *options)
        print(f"{name}: {time.monotonic() - start:.1f} s")
        with (folder / name).open(encoding="utf-8", newline="") as file:
            rows.append(list(csv.DictReader(file)))
    assert rows[0] == rows[1], "the second run says something else"
    return rows[0]


def tell(addresses: Path, rows: list[dict[str, str]]) -> None:
    """Print the share of each grade and how far answers lie from what is mapped."""
    from coverage_analyzer import geodesy

    grades = Counter(row["geocode_grade"] for row in rows)
    print(f"{len(rows)} addresses of {addresses.name}")
    for grade, n in grades.most_common():
        places = [
            [float(row[name]) for name in PLACES]
            for row in rows
            if row["geocode_grade"] == grade and row["latitude"]
        ]
        away = sorted(float(geodesy.distance_m(*place)) for place in places)
        far = f"off by {statistics.median(away):.1f} m (most {away[-1]:.0f} m)" if away else ""
        print(f"  {grade:<9}{n:>5}  {n / len(rows):7.1%}  {far}")
    for reason, n in Counter(row["geocode_reason"].split(":")[0] for row in rows).most_common():
        print(f"  {reason:<24}{n:>5}")


PLACES: Final = ("longitude", "latitude", "mapped_longitude", "mapped_latitude")

if __name__ == "__main__":
    main()
