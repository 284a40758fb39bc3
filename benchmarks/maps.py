"""The map beside other makers of maps: bytes, and the CPU seconds until it is drawn and at rest.

``python benchmarks/maps.py --peers PYTHON [SITES ...]``, by default 10,000 and 50,000 sites, and a
million for ours alone; needs Debian's chromium. ``PYTHON`` is an environment's with ``folium``,
``folium-offline`` and ``keplergl`` (``uv pip install folium-offline==0.20.0.2 keplergl==0.4.0``).

All pages have the same sites, with id, name and status, and open without a network. The time is
the CPU time of the page's main thread, until it used less than a tenth of a second in six seconds;
the GPU is emulated in another process, whose time is not in it. Rounds alternate; medians are
printed.
"""

import argparse
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import map as ours
import numpy as np
import workload
from playwright.sync_api import Browser, sync_playwright

import data

PEERS: Final = Path(__file__).parent / "peers"
FLAGS: Final = (
    *(flag for flag in ours.FLAGS if flag != "--disable-gpu"),
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)
"""A software renderer, without which nothing that needs WebGL is drawn."""

REST_S: Final = 2.0
REST_TIMES: Final = 3
REST_CPU_S: Final = 0.1
LIMIT_S: Final = 180.0
MOST_PEERS: Final = 50_000
OURS: Final = "coverage-analyzer"


def sites_file(count: int, path: Path) -> None:
    """Write sites with a status for the peers."""
    statuses = np.array(["qualified", "fallback", "review"])
    table = data.table(workload.sites(count)).to_pandas()
    table["status"] = statuses[np.random.default_rng(1).choice(3, count, p=[0.15, 0.83, 0.02])]
    table.to_csv(path, index=False)


def write_page(name: str, count: int, folder: Path, python: str) -> tuple[Path, float]:
    """Write a page, and return the CPU seconds that takes."""
    page = folder / f"{name.replace(' ', '-')}-{count}.html"
    if name == OURS:
        return page, ours.write_page(count, page)
    program, *more = name.split()
    source = folder / f"sites-{count}.csv"
    if not source.exists():
        sites_file(count, source)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [python, str(PEERS / f"map_{program}.py"), str(source), str(page), *more]
    subprocess.run(command, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return page, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def at_rest(browser: Browser, path: Path, picture: Path) -> tuple[float, float]:
    """Return the CPU seconds and seconds on the clock until a page is at rest; keep a picture.

    Raises
    ------
    TimeoutError
        If the page does not come to rest.
    """
    page = browser.new_context(viewport={"width": 1200, "height": 800}, offline=True).new_page()
    client = page.context.new_cdp_session(page)
    client.send("Performance.enable", {"timeDomain": "threadTicks"})
    start = time.perf_counter()
    page.goto(path.as_uri(), timeout=LIMIT_S * 1000, wait_until="commit")
    used = [0.0]
    while time.perf_counter() - start < LIMIT_S:
        page.wait_for_timeout(REST_S * 1000)
        used.append(ours.cpu(client))
        if len(used) > REST_TIMES and used[-1] - used[-1 - REST_TIMES] < REST_CPU_S:
            took = time.perf_counter() - start - REST_TIMES * REST_S
            page.screenshot(path=picture)
            page.context.close()
            return used[-1 - REST_TIMES], took
    page.context.close()
    msg = f"{path.name} is not at rest after {LIMIT_S:.0f} s"
    raise TimeoutError(msg)


def contestants(count: int, python: str | None) -> list[str]:
    """Return who makes a map of so many sites."""
    peers = ["folium", "folium circles", "kepler"] if python and count <= MOST_PEERS else []
    return [OURS, *peers]


def measure(
    count: int, names: list[str], rounds: int, make: Callable[[str, int], tuple[Path, float]]
) -> None:
    """Measure some pages in turn, and print a row of each."""
    pages = {}
    for name in names:
        pages[name], seconds = make(name, count)
        size = pages[name].stat().st_size / 1e6
        print(f"{count:>9,} {name:<18} {size:6.1f} MB, made in {seconds:.1f} CPU s", flush=True)
    result: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
    with sync_playwright() as playwright:
        for _ in range(rounds):
            for name, path in pages.items():
                browser = playwright.chromium.launch(
                    executable_path=shutil.which("chromium"), args=list(FLAGS)
                )
                try:
                    result[name].append(at_rest(browser, path, path.with_suffix(".png")))
                except TimeoutError as error:
                    print(f"{count:>9,} {error}", flush=True)
                browser.close()
    for name, times in result.items():
        if times:
            cpu, clock = (statistics.median(column) for column in zip(*times, strict=True))
            print(
                f"{count:>9,} {name:<18} {cpu:6.2f} CPU s, {clock:.0f} s on the clock", flush=True
            )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sites", nargs="*", type=int, default=[10_000, 50_000, 1_000_000])
    parser.add_argument("--peers", help="the Python that has the peers")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--keep", type=Path, help="a folder for the pages and their pictures")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        for count in args.sites:
            names = contestants(count, args.peers)
            measure(
                count, names, args.rounds, lambda name, n: write_page(name, n, folder, args.peers)
            )


if __name__ == "__main__":
    main()
