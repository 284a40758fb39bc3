"""Two runs that differ in everything, and what became of each site, each row named after its trap.

The later run is a month later, under another policy (in France 40 miles instead of 50, fans are
excluded), with other products and other centers; and some sites were moved or corrected.
"""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from building import moved
from running import records

from coverage_analyzer import batch
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.policy import Policy

pytest.importorskip("duckdb", reason="the extra compare is not installed")

PLACES = {
    "PAR": (2.3522, 48.8566),
    "ORL": (1.9093, 47.9029),  # 69 miles from PAR
    "LYO": (4.8357, 45.7640),
    "BSL": (7.5886, 47.5596),
    "PHL": (-75.16, 39.95),
    "DAL": (-96.80, 32.78),
    "BOI": (-116.2023, 43.615),
    "SEA": (-122.33, 47.61),
    "WAW": (21.01, 52.23),
    "PRG": (14.42, 50.08),
    "BRN": (15.20, 50.03),  # 35 miles from PRG
    "OSL": (10.75, 59.91),
    "HEL": (24.94, 60.30),
    "LIS": (-8.60, 39.60),
    "MAD": (-3.70, 40.42),
}
DAL_EAST = moved(*PLACES["DAL"], 90, 30 * MILE_M)

COUNTRIES = {
    **dict.fromkeys(("PAR", "ORL", "LYO"), "FR"),
    **dict.fromkeys(("PHL", "DAL", "BOI", "SEA"), "US"),
    "BSL": "CH",
    "WAW": "PL",
    "PRG": "CZ",
    "BRN": "CZ",
    "OSL": "NO",
    "HEL": "FI",
    "LIS": "PT",
    "MAD": "ES",
}

BEFORE = {
    "BOI": ("2026-12-20", ""),
    "PRG": ("", "2027-01-05"),
    "OSL": ("2027-03-01", ""),
    "HEL": ("2027-06-01", ""),
    "LIS": ("2027-03-01", ""),
    **dict.fromkeys(("PAR", "ORL", "LYO", "BSL", "PHL", "DAL", "WAW", "BRN"), ("", "")),
}
AFTER = {
    "BOI": ("2026-12-20", ""),
    "PRG": ("", "2027-01-05"),
    "OSL": ("2027-06-01", ""),
    "HEL": ("2027-03-01", ""),
    "MAD": ("2027-04-01", ""),
    **dict.fromkeys(("PAR", "BSL", "PHL", "DAL", "WAW", "SEA"), ("", "")),
}
"""The centers of the two runs: opening and closing day of each."""

DAYS = ("2026-12-01", "2027-01-10")

PRODUCTS = (
    {"P0": "2030-01-01", "P1": "2030-01-01", "P2": "2026-12-31", "P3": "2026-11-01",
     "P4": "2026-11-01"},
    {"P0": "2030-01-01", "P1": "2026-11-30", "P2": "2026-12-31", "P3": "2030-01-01",
     "P4": "2026-11-01"},
)  # fmt: skip
"""The last day of extended maintenance of each product."""


class At(NamedTuple):
    """A site: so many miles from a place, in a direction, with what is said of it."""

    place: str
    miles: float
    azimuth: float = 0.0
    country: str | None = None
    accuracy_m: str = ""
    product: str = ""
    component: str = ""
    requested_level: str = ""


class Case(NamedTuple):
    """A site in both runs, and what is expected of it; an empty change: it is the same."""

    site_id: str
    before: At | None
    after: At | None
    change: str = ""
    because: str = ""
    because_set: str | None = None


# fmt: off
CASES = [
    Case("nothing changed", At("PHL", 30), At("PHL", 30)),
    Case("moved within the limit", At("PHL", 30), At("PHL", 40)),
    Case("within the smaller limit, too", At("PAR", 39), At("PAR", 39)),
    # centers
    Case("its center closed", At("LYO", 10), At("LYO", 10), "lost", "centers"),
    Case("its center moved away", At("DAL", 60, -90), At("DAL", 60, -90), "lost", "centers"),
    Case("its center moved near", At("DAL", 90, 90), At("DAL", 90, 90), "gained", "centers"),
    Case("a center opened in its city", At("SEA", 10), At("SEA", 10), "gained", "centers"),
    Case("the nearest center closed, beyond both", At("ORL", 60, 200), At("ORL", 60, 200),
         "center_only", "centers"),
    Case("its center opens later than was said", At("OSL", 10), At("OSL", 10), "delayed",
         "centers"),
    Case("its center opens sooner than was said", At("HEL", 10), At("HEL", 10), "sooner",
         "centers"),
    Case("its planned center was cancelled", At("LIS", 10), At("LIS", 10), "delayed", "centers"),
    Case("a center was planned", At("MAD", 10), At("MAD", 10), "sooner", "centers"),
    # policy
    Case("beyond the smaller limit", At("PAR", 45), At("PAR", 45), "lost", "policy"),
    Case("moved, but still between the limits", At("PAR", 48), At("PAR", 43), "lost", "policy"),
    Case("its component is excluded now", At("PHL", 20, component="fan"),
         At("PHL", 20, component="fan"), "lost", "policy"),
    # products
    Case("its product ended by a new date", At("PHL", 10, product="P1"),
         At("PHL", 10, product="P1"), "lost", "products"),
    Case("its product was prolonged", At("PHL", 10, product="P3"), At("PHL", 10, product="P3"),
         "gained", "products"),
    # the site moved
    Case("moved into the limit", At("PAR", 55), At("PAR", 35), "gained", "site_moved"),
    Case("moved to another center as its own closed", At("LYO", 12), At("PAR", 12),
         "center_only", "site_moved"),
    Case("moved out of the limit", At("PHL", 65), At("PHL", 75), "lost", "site_moved"),
    Case("moved across the border", At("BSL", 10, 180), At("BSL", 12, 0), "lost", "site_moved"),
    Case("moved to 0, 0", At("PHL", 15), At("ZERO", 0, country="US"), "lost", "site_moved"),
    Case("found again", At("ZERO", 0, country="US"), At("PHL", 15), "gained", "site_moved"),
    # its data
    Case("declared the wrong country", At("BSL", 10, 180), At("BSL", 10, 180, country="AT"),
         "lost", "site_data"),
    Case("declared the right country at last", At("BSL", 10, 180, country="AT"),
         At("BSL", 10, 180), "gained", "site_data"),
    Case("in conflict, and then only far", At("WAW", 150, 180, country="DE"),
         At("WAW", 150, 180), "status_only", "site_data"),
    Case("in conflict with a country whose center closed", At("BSL", 10, 180),
         At("BSL", 10, 180, country="FR"), "lost", "several", "centers+site_data"),
    Case("coordinates became rough", At("PHL", 69.9), At("PHL", 69.9, accuracy_m="1000"), "lost",
         "site_data"),
    Case("coordinates became exact", At("PHL", 69.9, accuracy_m="1000"), At("PHL", 69.9),
         "gained", "site_data"),
    Case("bought less", At("PHL", 25), At("PHL", 25, requested_level="Gold"), "lost",
         "site_data"),
    Case("got a product that had ended", At("PHL", 10, product="P0"), At("PHL", 10, product="P4"),
         "lost", "site_data"),
    Case("bought less, and then the component counts", At("PHL", 22, requested_level="Gold"),
         At("PHL", 22, component="fan"), "reason_only", "several", "policy+site_data"),
    # the day
    Case("its center has opened", At("BOI", 30), At("BOI", 30), "gained", "day"),
    Case("the centers of its country are gone", At("PRG", 20, 270), At("PRG", 20, 270), "lost",
         "several", "centers+day"),  # one closed, and another, too far, would be named
    Case("its product has ended", At("PHL", 10, product="P2"), At("PHL", 10, product="P2"),
         "lost", "day"),
    # several
    Case("two centers and a limit", At("ORL", 26, 25), At("ORL", 26, 25), "lost", "several",
         "centers+policy"),
    Case("one center vanished, the other closed", At("PRG", 15, 90), At("PRG", 15, 90), "lost",
         "several", "centers+day"),
    Case("moved away from a center that has opened", At("BOI", 30), At("BOI", 80), "delayed",
         "several", "site_moved+day"),
    # rows
    Case("entered", None, At("PHL", 20), "entered", "site_data"),
    Case("left", At("PHL", 20), None, "left", "site_data"),
    Case("edited", At("PHL", 21), At("PHL", 21), "gained", "borders_or_version", ""),
    Case("one of two products", At("PHL", 10, product="P0"), At("PHL", 10, product="P0")),
    Case("one of two products", At("PHL", 10, product="P1"), At("PHL", 10, product="P1"), "lost",
         "products"),
    Case("twice, and one of them moved", At("PHL", 31), At("PHL", 31)),
    Case("twice, and one of them moved", At("PHL", 31), At("PHL", 81), "lost", "site_moved"),
    Case("twice before, once after", At("PHL", 32), At("PHL", 32)),
    Case("twice before, once after", At("PHL", 32), None, "left", "site_data"),
]
# fmt: on


def place(site: At) -> tuple[float, float]:
    """Return where a site is."""
    if site.place == "ZERO":
        return 0.0, 0.0
    return moved(*PLACES[site.place], site.azimuth, site.miles * MILE_M)


def row(site_id: str, site: At) -> list[str]:
    """Return a row of a sites file."""
    lon, lat = place(site)
    country = COUNTRIES.get(site.place, "") if site.country is None else site.country
    return [site_id, f"{lat:.6f}", f"{lon:.6f}", country, *site[4:]]


def written(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    """Write a CSV file."""
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def policies() -> tuple[Policy, Policy]:
    """Return the policies of both runs."""
    before = Policy.load()
    data = before.to_dict()
    data["name"] = "later"
    band = dict(data["bands"][1]) | {"countries": ["FR"], "up_to_miles": 40.0}
    data["bands"] = [data["bands"][0], band, data["bands"][1]]
    data["gates"]["components"]["excluded"] = ["fan"]
    return before, Policy.from_mapping(data)


def assessed(folder: Path, which: int) -> Path:
    """Run one of the two, and return its folder."""
    folder.mkdir()
    sites = [(case.site_id, case.after if which else case.before) for case in CASES]
    header = ["site_id", "latitude", "longitude", "country", "accuracy_m", "product", "component"]
    rows = [row(site_id, site) for site_id, site in sites if site is not None]
    if which:
        rows.reverse()  # the order of rows does not matter
    centers = []
    for name, days in (AFTER if which else BEFORE).items():
        lon, lat = DAL_EAST if which and name == "DAL" else PLACES[name]
        centers.append([name, lat, lon, COUNTRIES[name], *days])
    products = [[name, "", end, ""] for name, end in PRODUCTS[which].items()]
    ends = ["mainstream_ends_on", "extended_ends_on", "life_ends_on"]
    batch.run(
        written(folder / "sites.csv", [*header, "requested_level"], rows),
        written(
            folder / "centers.csv",
            ["center_id", "latitude", "longitude", "country", "opens_on", "closes_on"],
            centers,
        ),
        folder / "run",
        policy=policies()[which],
        as_of=DAYS[which],
        options=batch.Options(
            products=written(folder / "products.csv", ["product", *ends], products),
            format="parquet" if which else "csv",
            map=False,
            areas=False,
        ),
    )
    return folder / "run"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the comparison."""
    base = tmp_path_factory.mktemp("changes")
    before, after = (assessed(base / name, n) for n, name in enumerate(("before", "after")))
    report = before / "report.csv"
    lines = report.read_text("utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith('"edited"'))
    lines[at] = lines[at].replace('"Gold Plus","qualified","within', '"Gold","review","within')
    report.write_text("\n".join([*lines, ""]), "utf-8")
    batch.compare(before, after, base / "out")
    return base / "out"


@pytest.fixture(scope="module")
def changed_rows(folder: Path) -> list[dict[str, str]]:
    """Return the rows of ``changes.csv``."""
    return records(folder / "changes.csv")


def expected(case: Case) -> tuple[str, str, str]:
    """Return the change, its cause and the smallest set of inputs."""
    only = case.because if case.because_set is None else case.because_set
    return case.change, case.because, only


def test_there_are_forty_changes_of_every_kind_and_cause() -> None:
    """But for levels that no policy ranks, roads, and causes that are not known."""
    changes = [case for case in CASES if case.change]
    assert len(changes) >= 40
    assert {case.because for case in changes} == {
        "centers", "policy", "products", "site_moved", "site_data", "day", "several",
        "borders_or_version",
    }  # fmt: skip


@pytest.mark.parametrize("site_id", dict.fromkeys(case.site_id for case in CASES))
def test_each_site_has_its_change_and_its_cause(
    changed_rows: list[dict[str, str]], site_id: str
) -> None:
    """All rows of a site."""
    rows = [row for row in changed_rows if row["site_id"] == site_id]
    got = [(row["change"], row["because"], row["because_set"]) for row in rows]
    assert got == [expected(c) for c in CASES if c.site_id == site_id and c.change]
