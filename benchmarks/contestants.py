"""Who is measured: each a program with the same three arguments, and what it is asked to do."""

import hashlib
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PACKAGE = HERE.parent / "coverage_analyzer"
AS_OF = "2026-12-01"


class Kind(StrEnum):
    """What a contestant stands for."""

    FLOOR = "floor"
    OURS = "ours"
    EXACT = "exact peer"
    WRONG = "popular and wrong"


class Sitting(StrEnum):
    """What is measured in one go."""

    START = "start"
    """Ten sites and ten centers: what is taken off as the start of the program."""
    MAIN = "main"
    CHECKED = "checked"
    """Workloads with a known truth."""
    GROWTH = "growth"
    """Other numbers of sites and centers."""
    LARGE = "large"
    HUGE = "huge"
    """A hundred million sites, CSV to CSV."""


@dataclass(frozen=True)
class Contestant:
    """A program to measure.

    Attributes
    ----------
    name
        Of its results, and for ``--only``.
    kind
        What it stands for.
    title
        What tables and pictures call it.
    script
        Its file in ``peers``; without one it is the command line tool itself.
    extra
        What its command has behind the three files.
    formats
        Of sites and report.
    sittings
        Which of the sittings it takes part in.
    """

    name: str
    kind: Kind
    title: str
    script: str | None
    extra: tuple[str, ...] = ()
    formats: tuple[str, ...] = ("csv", "parquet")
    sittings: frozenset[Sitting] = frozenset(Sitting)

    def command(self, sites: Path, centers: Path, out: Path) -> list[str]:
        """Return the command to run."""
        files = [str(sites), str(centers), str(out)]
        if self.script:
            return [sys.executable, str(PEERS / self.script), *files, *self.extra]
        tool = Path(sys.executable).with_name("coverage-analyzer")
        kind = out.suffix.removeprefix(".")
        paths = [files[0], "--centers", files[1], "--output", str(out.with_suffix(""))]
        return [str(tool), "run", *paths, "--format", kind, "--as-of", AS_OF, *self.extra]

    def report(self, out: Path) -> Path:
        """Return where the report is after the command."""
        return out if self.script else out.with_suffix("") / f"report{out.suffix}"

    def fingerprint(self) -> str:
        """Return a hash of the code that is measured; another code is measured anew."""
        files = [PEERS / self.script] if self.script else []
        if self.kind == Kind.OURS:
            files += sorted(PACKAGE.rglob("*.py"))
        else:
            files += [PEERS / "common.py", PEERS / "places.py", HERE / "requirements.lock"]
        text = b"".join(file.read_bytes() for file in [HERE / "workload.py", *files])
        return hashlib.sha256(text + repr(self.extra).encode()).hexdigest()[:16]


PARQUET = ("parquet",)
ONCE = frozenset((Sitting.START, Sitting.MAIN, Sitting.CHECKED))
KERNEL = frozenset(Sitting) - {Sitting.LARGE, Sitting.HUGE}
UNCHECKED = frozenset(Sitting) - {Sitting.CHECKED}
PLAIN = ("--no-map", "--no-areas", "--quiet")
TRUST = "--trust-declared"

CONTESTANTS = (
    Contestant(
        "floor-polars",
        Kind.FLOOR,
        "polars, read and write only",
        "floor_polars.py",
        sittings=UNCHECKED,
    ),
    Contestant(
        "floor-pyarrow",
        Kind.FLOOR,
        "pyarrow, read and write only",
        "floor_pyarrow.py",
        sittings=UNCHECKED,
    ),
    Contestant(
        "floor-duckdb",
        Kind.FLOOR,
        "DuckDB, read and write only",
        "floor_duckdb.py",
        sittings=UNCHECKED,
    ),
    Contestant("run", Kind.OURS, "`coverage-analyzer run`", None, PLAIN),
    Contestant(
        "run-whole",
        Kind.OURS,
        "`coverage-analyzer run`, areas and map with it",
        None,
        ("--quiet",),
        sittings=frozenset({Sitting.START, Sitting.MAIN}),
    ),
    Contestant(
        "run-trusted",
        Kind.OURS,
        "`coverage-analyzer run --trust-declared`",
        None,
        (*PLAIN, TRUST),
        sittings=ONCE,
    ),
    Contestant(
        "kernel-trusted",
        Kind.OURS,
        "`Matcher`, trusted",
        "ours_kernel.py",
        ("trusted",),
        PARQUET,
        KERNEL,
    ),
    Contestant(
        "kernel-located",
        Kind.OURS,
        "`Matcher`, located",
        "ours_kernel.py",
        ("located",),
        PARQUET,
        KERNEL,
    ),
    Contestant("assess", Kind.OURS, "`assess`, in a notebook", "ours_assess.py", (), PARQUET, ONCE),
    Contestant("scipy", Kind.EXACT, "SciPy, k-d tree in space", "scipy_tree.py"),
    Contestant("polars", Kind.EXACT, "polars, cells and Geod.inv", "polars_cells.py"),
    Contestant("duckdb", Kind.EXACT, "DuckDB, cells and spheroid", "duckdb_cells.py"),
    Contestant("geopandas", Kind.EXACT, "GeoPandas, wide areas and Geod.inv", "geopandas_areas.py"),
    Contestant("sedona", Kind.EXACT, "SedonaDB, wide join and Geod.inv", "sedona_join.py"),
    Contestant("postgis", Kind.EXACT, "PostGIS, geography join", "postgis_join.py"),
    Contestant(
        "mercator",
        Kind.WRONG,
        "buffers in EPSG:3857",
        "wrong_buffers.py",
        ("mercator",),
        PARQUET,
        ONCE,
    ),
    Contestant(
        "degrees",
        Kind.WRONG,
        "buffers of miles / 69 degrees",
        "wrong_buffers.py",
        ("degrees",),
        PARQUET,
        ONCE,
    ),
    Contestant("haversine", Kind.WRONG, "BallTree haversine", "wrong_sphere.py", (), PARQUET, ONCE),
    Contestant(
        "any-country",
        Kind.WRONG,
        "nearest of the world, then its country",
        "wrong_country.py",
        (),
        PARQUET,
        ONCE,
    ),
)
