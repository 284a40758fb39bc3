"""Where the CPU time of a run goes: shares of its parts, and a flame graph.

``python benchmarks/profiling.py [SITES] [FORMAT]``, by default 10 million sites, CSV to CSV. py-spy
looks at all Python threads 100 times a second, and at what the libraries do for them; moments in
which a thread waits for another are left out.
"""

import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

import contestants
import flame
import matplotlib as mpl

import data

mpl.use("svg")
mpl.rcParams["svg.hashsalt"] = "coverage_analyzer"

from matplotlib import pyplot as plt  # noqa: E402  # after its settings

PICTURES = Path(__file__).parents[1] / "docs" / "img"
RATE = 100
CENTERS = 1_000

WAITING = re.compile(r"(_worker|wait|result|acquire|get|put|join) \((threading|queue|concurrent)")
IMPORTS = "importlib"
PARTS = {
    "start": rf"{IMPORTS}|read_centers|Policy\.load|load \(",
    "text made safe for spreadsheets": r"files/formulas",
    "writing the report": r"files/writers|run_folder/publishing|files/work_folder",
    "ids seen twice": r"files/duplicates",
    "reading numbers": r"schema/coordinates",
    "reading the file": r"files/readers|fingerprint",
    "verdicts as columns": r"Matcher\.columns|_judged_block \(\S+\)$",
    "which country": r"countries/",
    "cells and their candidates": r"matching/(nearest|grid)",
    "chords, limits, distances": r"matching/|geodesy",
    "counting": r"batch/ledger|maps/",
}
"""The parts of a run, and what stands in a stack that belongs to each; the first one has it."""

REST = "the rest"
COLOURS = dict(zip((*PARTS, REST), mpl.colormaps["tab20"].colors, strict=False))

Stacks = Counter[tuple[str, ...]]


def part(stack: tuple[str, ...]) -> str:
    """Return the part that a stack belongs to."""
    text = ";".join(stack)
    return next((name for name, mark in PARTS.items() if re.search(mark, text)), REST)


def recorded(command: list[str]) -> Stacks:
    """Run a command under py-spy and return how often each stack was seen at work."""
    with tempfile.TemporaryDirectory() as name:
        raw = Path(name) / "raw.txt"
        spy = str(Path(sys.executable).with_name("py-spy"))
        options = ["--rate", str(RATE), "--format", "raw", "--function", "--output", str(raw)]
        watched = [sys.executable, *command]
        subprocess.run([spy, "record", *options, "--", *watched], check=True, capture_output=True)
        lines = raw.read_text(encoding="utf-8").splitlines()
    stacks: Stacks = Counter()
    for line in lines:
        text, _, count = line.rpartition(" ")
        frames = shortened(text.split(";"))
        if text and not WAITING.match(frames[-1]):
            stacks[frames] += int(count)
    return stacks


def shortened(frames: list[str]) -> tuple[str, ...]:
    """Return a stack with all that an import does as one frame."""
    for depth, frame in enumerate(frames):
        if IMPORTS in frame:
            return (*frames[:depth], f"imports ({IMPORTS})")
    return tuple(frames)


def draw_shares(shares: Counter[str], title: str) -> None:
    """Draw the share of each part as a bar."""
    names = [name for name, _ in shares.most_common()]
    percent = [100 * shares[name] / shares.total() for name in names]
    picture, axes = plt.subplots(figsize=(9, 0.36 * len(names) + 1.1), layout="constrained")
    bars = axes.barh(names, percent, color=[COLOURS[name] for name in names])
    axes.bar_label(bars, fmt="{:.0f} %", padding=3)
    axes.invert_yaxis()
    picture.suptitle(title, x=0.01, ha="left", fontsize=11)
    axes.xaxis.set_visible(False)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)
    picture.savefig(PICTURES / "shares.svg", metadata={"Date": None})
    plt.close(picture)


def main() -> None:
    """Record, print, draw."""
    count, kind = (*sys.argv[1:], *("10000000", "csv")[len(sys.argv) - 1 :])[:2]
    tool = next(who for who in contestants.CONTESTANTS if who.name == "run")
    with tempfile.TemporaryDirectory(dir=data.CACHE) as folder:
        out = Path(folder) / f"report.{kind}"
        command = tool.command(data.sites(int(count), kind), data.centers(CENTERS), out)
        stacks = recorded(command)
    shares: Counter[str] = Counter()
    for stack, seen in stacks.items():
        shares[part(stack)] += seen
    for name, seen in shares.most_common():
        print(f"{100 * seen / shares.total():5.1f} %  {name}")
    PICTURES.mkdir(parents=True, exist_ok=True)
    title = f"coverage-analyzer run, {int(count):,} sites x {CENTERS:,} centers, {kind}"
    draw_shares(shares, f"{title}: CPU time by part")
    colours = {name: mpl.colors.to_hex(colour) for name, colour in COLOURS.items()}
    flame.draw(PICTURES / "flame.svg", stacks, title, lambda stack: colours[part(stack)])


if __name__ == "__main__":
    main()
