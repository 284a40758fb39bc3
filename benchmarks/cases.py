"""What is measured: cases, each with its record in the cache, so that a sitting can be resumed."""

import datetime
import json
import statistics
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from contestants import CONTESTANTS, Contestant, Kind, Sitting

import data

RECORDS = data.CACHE / "records"
ROUNDS = 3
BAND = "band"
FEW = 10
CHECKED, MAIN, LARGE, HUGE = 100_000, 1_000_000, 10_000_000, 100_000_000
NETWORK = 1_000
NETWORKS = (100, NETWORK, 10_000)


@dataclass(frozen=True)
class Case:
    """A contestant with a workload.

    Attributes
    ----------
    contestant
        Who.
    format
        Of sites and report: ``csv`` or ``parquet``.
    sites
        How many, or `BAND`.
    centers
        How many.
    rounds
        How often; the median counts.
    checked
        Whether wrong decisions are counted.
    """

    contestant: Contestant
    format: str
    sites: int | str
    centers: int
    rounds: int = ROUNDS
    checked: bool = False

    @property
    def key(self) -> str:
        """What its record is called."""
        return f"{self.contestant.name}-{self.format}-{self.sites}x{self.centers}"

    def files(self) -> tuple[Path, Path]:
        """Return the files of sites and of centers; they are made if they are not there."""
        amount = self.sites
        sites = (
            data.sites(amount, self.format) if isinstance(amount, int) else data.band(self.format)
        )
        return sites, data.centers(self.centers)


@dataclass
class Record:
    """What was measured of a case.

    Attributes
    ----------
    fingerprint
        Of the code that was measured.
    runs
        One of `measuring.py` each: ``cpu_s``, ``wall_s``, ``peak_mb``, ``load``, and ``told``, what
        the contestant itself printed as JSON.
    failed
        Why there are no more runs.
    skipped
        Whether that is because something is not here.
    wrong
        The counts of `truth.Wrong`.
    day
        Of the last run.
    """

    fingerprint: str
    runs: list[dict[str, Any]] = field(default_factory=list)
    failed: str = ""
    skipped: bool = False
    wrong: dict[str, int] | None = None
    day: str = ""

    def median(self, what: str) -> float:
        """Return the median over the runs."""
        return statistics.median(run[what] for run in self.runs)

    def least(self, what: str) -> float:
        """Return the least over the runs: what other work on the machine added is left out."""
        return min(run[what] for run in self.runs)

    def told(self, what: str) -> float:
        """Return the median of a figure that the contestant told of itself."""
        return statistics.median(run["told"][what] for run in self.runs)


def path(case: Case) -> Path:
    """Return where the record of a case is kept."""
    return RECORDS / f"{case.key}.json"


def load(case: Case) -> Record:
    """Return the record of a case, an empty one if there is none of the code of today."""
    fingerprint = case.contestant.fingerprint()
    if path(case).exists():
        record = Record(**json.loads(path(case).read_text(encoding="utf-8")))
        if record.fingerprint == fingerprint:
            return record
    return Record(fingerprint)


def save(case: Case, record: Record) -> None:
    """Keep the record of a case."""
    RECORDS.mkdir(parents=True, exist_ok=True)
    record.day = datetime.datetime.now(datetime.UTC).date().isoformat()
    half = path(case).with_suffix(".half")
    half.write_text(json.dumps(asdict(record), indent=1), encoding="utf-8")
    half.replace(path(case))


def forget(cases: list[Case]) -> None:
    """Throw the records of some cases away."""
    for case in cases:
        path(case).unlink(missing_ok=True)


def _start(who: Contestant) -> Iterator[Case]:
    for kind in who.formats:
        yield Case(who, kind, FEW, FEW)


def _main(who: Contestant) -> Iterator[Case]:
    for kind in who.formats:
        yield Case(who, kind, MAIN, NETWORK)


def _checked(who: Contestant) -> Iterator[Case]:
    """Yield the cases with a known truth; our own in each format, as it has a reader for each."""
    for kind in who.formats if who.kind == Kind.OURS else who.formats[-1:]:
        yield Case(who, kind, CHECKED, NETWORK, rounds=1, checked=True)
        yield Case(who, kind, BAND, data.BAND_CENTERS, rounds=1, checked=True)


def _growth(who: Contestant) -> Iterator[Case]:
    floor = who.kind == Kind.FLOOR
    if floor:
        yield Case(who, who.formats[-1], CHECKED, NETWORK, rounds=1)
    for centers in NETWORKS:
        if centers != NETWORK and not floor:
            yield Case(who, who.formats[-1], MAIN, centers, rounds=1)


def _large(who: Contestant) -> Iterator[Case]:
    peer = who.kind == Kind.EXACT
    for kind in who.formats[-1:] if peer else who.formats:
        yield Case(who, kind, LARGE, NETWORK, rounds=1 if peer else ROUNDS)


def _huge(who: Contestant) -> Iterator[Case]:
    if who.name in {"run", "floor-polars"}:
        yield Case(who, "csv", HUGE, NETWORK, rounds=1)


PARTS: dict[Sitting, Callable[[Contestant], Iterator[Case]]] = {
    Sitting.START: _start,
    Sitting.MAIN: _main,
    Sitting.CHECKED: _checked,
    Sitting.GROWTH: _growth,
    Sitting.LARGE: _large,
    Sitting.HUGE: _huge,
}


def plan(*, large: bool, huge: bool = False, only: str = "") -> list[Case]:
    """Return the cases to measure.

    Parameters
    ----------
    large, huge
        Whether 10 million and 100 million sites are among them.
    only
        Part of the names of the contestants wanted.
    """
    left_out = {Sitting.LARGE: not large, Sitting.HUGE: not huge}
    return [
        case
        for sitting, part in PARTS.items()
        if not left_out.get(sitting)
        for who in CONTESTANTS
        if sitting in who.sittings and only in who.name
        for case in part(who)
    ]
