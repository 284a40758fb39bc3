"""What roads cost, in CPU seconds and memory: a city built and from the cache, a large graph.

``python benchmarks/roads.py country NODES CENTERS SITES`` measures `drive-times` of a made-up
country instead (`country`): the first time, and with its tiles cached.

The city is ``porto.osm.pbf`` in the folder ``COVERAGE_OSM`` (by default ``../shared/osm``). The
large graph is made up: a grid of 1.5 million nodes with roads at random speeds.
"""

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from coverage_analyzer.roads.engine import Places, RoadEngine
from coverage_analyzer.roads.network import Network, compressed, load_network

CITY = Path(os.environ.get("COVERAGE_OSM", Path(__file__).parents[2] / "shared" / "osm"))
CENTERS, SITES, SIDE = 20, 10_000, 1_225
HOURS = 4 * 3600.0


def places(network: Network, count: int, seed: int) -> Places:
    """Return places beside nodes of the largest part."""
    random = np.random.default_rng(seed)
    nodes = random.choice(np.flatnonzero(network.part == 0), count)
    jitter = random.uniform(-0.001, 0.001, (2, count))
    return Places(network.lon[nodes] + jitter[0], network.lat[nodes] + jitter[1])


def city(cache: str) -> None:
    """Measure a matrix of the city, its network from the cache if it is there."""
    network = load_network(CITY / "porto.osm.pbf", cache=cache)
    engine = RoadEngine(network)
    drives = engine.matrix(places(network, CENTERS, 1), places(network, SITES, 2), HOURS)
    shape = engine.isochrone(float(network.lon[0]), float(network.lat[0]), 15)
    counts = np.bincount(drives.status.ravel(), minlength=5).tolist()
    text = (
        f"{len(network):,} nodes, {len(network.end):,} edges, statuses {counts}, {shape.geom_type}"
    )
    report("20 x 10,000 drives and an isochrone", text)


def grid() -> Network:
    """Return a made-up network of 1.5 million nodes and 6 million edges."""
    random = np.random.default_rng(0)
    at = np.arange(SIDE * SIDE, dtype=np.int32).reshape(SIDE, SIDE)
    spots = np.stack(np.divmod(at.ravel(), SIDE)[::-1], axis=1) * 0.001 + [-100.0, 40.0]
    one = np.concatenate([at[:, :-1].ravel(), at[:-1].ravel()])
    other = np.concatenate([at[:, 1:].ravel(), at[1:].ravel()])
    links = np.concatenate([one, other]), np.concatenate([other, one])
    metres = random.uniform(80, 120, len(links[0]))
    seconds = metres / random.uniform(4, 25, len(metres))
    return compressed(spots, links, (seconds, metres, np.zeros(len(metres), np.bool_)), "grid")


def large(cache: str) -> None:
    """Measure drives over the large grid, its network from a file as from the cache."""
    path = Path(cache) / "grid.npz"
    if not path.exists():
        np.savez(path, **vars(grid()))
        return
    with np.load(path) as held:
        network = Network(**{n: held[n] for n in held.files if n != "fingerprint"}, fingerprint="")
    start = time.process_time()
    engine = RoadEngine(network)
    ready = time.process_time() - start
    centers, sites = places(network, 5, 1), places(network, SITES // CENTERS, 2)
    start = time.process_time()
    drives = engine.matrix(centers, sites, 100 * HOURS)
    each = (time.process_time() - start) / 5
    text = (
        f"index {ready:.2f} s, {each:.2f} s a center, farthest {drives.seconds.max() / 3600:.1f} h"
    )
    report(f"{len(network):,} nodes, {len(network.end):,} edges", text)


def country(sizes: list[str]) -> None:
    """Measure the recheck of a run over a made-up country, twice."""
    here = Path(__file__).parent
    command = [sys.executable, "-m", "coverage_analyzer"]
    with tempfile.TemporaryDirectory() as work:
        folder = Path(work)
        subprocess.run([sys.executable, here / "country.py", folder, *sizes], check=True)
        files = [folder / "sites.csv", "--centers", folder / "centers.csv"]
        options = ["--trust-declared", "--no-areas", "--as-of", "2026-12-01"]
        subprocess.run([*command, "run", *files, "-o", folder / "run", *options], check=True)
        command += ["drive-times", folder / "run", "--osm", folder / "roads.osm.pbf"]
        os.environ["COVERAGE_ANALYZER_CACHE"] = str(folder / "cache")
        for name in ("first", "cached"):
            taken = measured(list(map(str, command)), folder / "messages.txt")
            print(f"{name}: {taken['cpu_s']:.0f} CPU s, {taken['peak_mb']:,.0f} MB", flush=True)


def measured(command: list[str], log: Path) -> dict[str, Any]:
    """Return what a command takes, started by a small process (`measuring`)."""
    measuring = [sys.executable, "-I", "-S", str(Path(__file__).with_name("measuring.py"))]
    done = subprocess.run(
        [*measuring, str(24 * 3600), str(log), *command], check=True, stdout=subprocess.PIPE
    )
    taken: dict[str, Any] = json.loads(done.stdout)
    if taken["code"]:
        sys.exit(log.read_text(encoding="utf-8"))
    return taken


def report(what: str, text: str) -> None:
    """Print what a process has cost so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{what}: {time.process_time():.1f} CPU s, {peak:,.0f} MB; {text}", flush=True)


def main() -> None:
    """Measure each in a process of its own: first built, then from the cache."""
    if sys.argv[1:2] == ["country"]:
        country(sys.argv[2:])
        return
    if len(sys.argv) > 2:
        {"city": city, "large": large}[sys.argv[1]](sys.argv[2])
        return
    with tempfile.TemporaryDirectory() as cache:
        for name in ("city", "city", "large", "large"):
            if name == "city" and not (CITY / "porto.osm.pbf").is_file():
                print("no porto.osm.pbf: left out")
                continue
            subprocess.run([sys.executable, __file__, name, cache], check=True)


if __name__ == "__main__":
    main()
