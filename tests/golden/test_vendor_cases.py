"""Ten cases for each vendor, worked out by hand from its source: level, reason and due time.

``vendors.csv`` holds them with the reasoning. Times without an offset are local to the site; each
center is in another zone, country or calendar than some of its sites.
"""

import csv
import dataclasses
import datetime
import html
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
from running import records

from coverage_analyzer import batch, countries
from coverage_analyzer.batch._commitments import answer_requests
from coverage_analyzer.batch.requests import read_requests, registered_rows
from coverage_analyzer.due_times.calculator import Committer
from coverage_analyzer.due_times.levels import LevelLookup
from coverage_analyzer.files.table import open_table
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import REQUESTS, site_columns

for library in ("holidays", "tzfpy"):
    pytest.importorskip(library, reason="the extra terms is not installed")

HERE: Final = Path(__file__).parent
CASES: Final = records(HERE / "vendors.csv")
VENDORS: Final = sorted({case["policy"] for case in CASES})

CENTERS: Final = """\
center_id,country,region,latitude,longitude,time_zone
DET,US,US-MI,42.3314,-83.0458,America/Detroit
BSL,CH,CH-BS,47.5596,7.5886,Europe/Zurich
DEN,US,US-CO,39.7392,-104.9903,America/Denver
LAX,US,US-CA,34.0500,-118.2400,America/Los_Angeles
"""

PLACES: Final = {
    "windsor": ("CA", "CA-ON", 42.3149, -83.0364, "America/Toronto"),
    "loerrach": ("DE", "DE-BW", 47.6145, 7.6645, "Europe/Berlin"),
    "basel": ("CH", "CH-BS", 47.5650, 7.5950, "Europe/Zurich"),
    "boulder": ("US", "US-CO", 40.0150, -105.2705, "America/Denver"),
    "losangeles": ("US", "US-CA", 34.0000, -118.2000, "America/Los_Angeles"),
    "chicago": ("US", "US-IL", 41.8781, -87.6298, "America/Chicago"),
    "cleveland": ("US", "US-OH", 41.4993, -81.6944, "America/New_York"),
    "columbus": ("US", "US-OH", 39.9612, -82.9988, "America/New_York"),
    "newyork": ("US", "US-NY", 40.7128, -74.0060, "America/New_York"),
    "dubai": ("AE", "AE-DU", 25.2048, 55.2708, "Asia/Dubai"),
    "telaviv": ("IL", "", 32.0853, 34.7818, "Asia/Jerusalem"),
}


def site(case: dict[str, str]) -> dict[str, Any]:
    """Return the row of a case's site."""
    country, region, lat, lon, zone = PLACES[case["site"]]
    row = {
        "site_id": case["case"],
        "country": country,
        "region": region,
        "latitude": lat,
        "longitude": lon,
        "time_zone": zone,
        "requested_level": case["bought"],
        "purchased_on": case["purchased_on"],
        "receiving_hours": case["receiving"],
        "moved_on": case["moved_on"],
    }
    if case["former"]:
        former = PLACES[case["former"]]
        row |= {"former_country": former[0]}
        row |= {"former_latitude": former[2], "former_longitude": former[3]}
    return row


def written(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as CSV."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names)
        writer.writeheader()
        writer.writerows(rows)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the sites, requests and centers of each vendor."""
    folder = tmp_path_factory.mktemp("vendors")
    (folder / "centers.csv").write_text(CENTERS, encoding="utf-8")
    for vendor in VENDORS:
        cases = [case for case in CASES if case["policy"] == vendor]
        written(folder / f"{vendor}-sites.csv", [site(case) for case in cases])
        requests = [
            {
                "request_id": case["case"],
                "site_id": case["case"],
                f"{case['event']}_at": f"{case['at']}:00",
            }
            for case in cases
        ]
        written(folder / f"{vendor}-requests.csv", requests)
    return folder


def test_each_vendor_has_ten_cases() -> None:
    """At least, and none is there twice."""
    for vendor in VENDORS:
        names = [case["case"] for case in CASES if case["policy"] == vendor]
        assert len(set(names)) == len(names) >= 10, vendor


@pytest.mark.parametrize("vendor", VENDORS)
def test_requests_have_the_due_times_by_hand(folder: Path, vendor: str) -> None:
    """Level, reason, status, due time of the main clock and of a further one."""
    answer_requests(
        folder / f"{vendor}-requests.csv",
        folder / f"{vendor}-sites.csv",
        folder / "centers.csv",
        folder / f"{vendor}.csv",
        policy=vendor,
    )
    outcome = {row["request_id"]: row for row in records(folder / f"{vendor}.csv")}
    wrong = []
    for case in (case for case in CASES if case["policy"] == vendor):
        row = outcome[case["case"]]
        due = row.get("target_at", "") or row["due_at"]
        result = (row["level"], row["reason"], row["status"], short(due))
        result = (*result, short(row.get("parts_due_at", "")))
        want = tuple(case[name] for name in ("level", "reason", "status", "due", "further"))
        if result != want:
            wrong.append((case["case"], result, want))
    assert wrong == []


def short(moment: str) -> str:
    """Return a timestamp without seconds."""
    return re.sub(r"(T\d\d:\d\d):00", r"\1", moment)


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_run_gives_each_site_its_level(folder: Path, vendor: str) -> None:
    """On the day of its request, for the requests of one day."""
    cases = [case for case in CASES if case["policy"] == vendor and case["at"][:10] == DAY]
    manifest = batch.run(
        folder / f"{vendor}-sites.csv",
        folder / "centers.csv",
        folder / f"{vendor}-run",
        policy=vendor,
        as_of=DAY,
        options=batch.Options(map=False, areas=False),
    )
    rows = {row["site_id"]: row for row in records(folder / f"{vendor}-run" / "report.csv")}
    for case in cases:
        assert rows[case["case"]]["level"] == case["level"], case["case"]
        assert rows[case["case"]]["reason"] == case["reason"], case["case"]
    assert cases
    assert not [w for w in manifest["warnings"] if "clause" in w]


DAY: Final = "2026-12-03"


@pytest.mark.parametrize("vendor", VENDORS)
def test_a_letter_speaks_in_the_words_of_the_vendor(folder: Path, vendor: str) -> None:
    """The level, its clause and the source; a target is not called a promise."""
    policy = Policy.load(vendor)
    case = next(
        c
        for c in CASES
        if (c["policy"] == vendor and c["at"][:10] == DAY and c["due"])
        or (c["policy"] == vendor == "check-point-on-site" and c["case"] == "a month ago")
    )
    page = batch.site_letter(
        folder / f"{vendor}-sites.csv",
        case["case"],
        folder / "centers.csv",
        policy=vendor,
        as_of=datetime.date.fromisoformat(DAY),
    )
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    level = policy.titled(case["level"])
    assert level.title in text
    assert policy.source.title in text
    for clock in level.all_clocks:
        assert policy.clauses[clock.clause] in text
        assert clock.label in text
    assert ("Target, not a promise" in text) == (case["status"] == "target")


@pytest.mark.parametrize(
    ("vendor", "case", "sentence"),
    [
        ("check-point-on-site", "a month less a day", "From 4 December 2026: On-site hardware"),
        ("spectra-logic", "moved far", "From 20 December 2026: Four Hour On-Site."),
        ("hp-travel-zones", "beyond", "No time is promised with this level."),
        ("hp-travel-zones", "zone 5", "Some travel areas are excluded."),
        ("cisco-smart-net", "8x5 at the cut-off", "8x5x4 is the level purchased for this site."),
        ("cisco-smart-net", "8x5 at the cut-off", "events after 13:00 (time of the center)"),
        ("cisco-smart-net", "8x5 at the cut-off", "on business days (time of the center);"),
        ("spectra-logic", "parts at the cut-off", "events after 14:30 (time of the vendor)"),
        ("spectra-logic", "parts at the cut-off", "after dispatch; events after 17:00 count"),
        ("fortinet-premium-rma", "four hours", "Availability must be checked"),
        ("lenovo-thinkserver", "nothing bought", "No purchased level is known for this site."),
    ],
)
def test_a_letter_says_what_the_source_says(
    folder: Path, vendor: str, case: str, sentence: str
) -> None:
    """Days, times of which place, conditions; no level is missing because of a distance."""
    page = batch.site_letter(
        folder / f"{vendor}-sites.csv", case, folder / "centers.csv", policy=vendor, as_of=DAY
    )
    text = html.unescape(re.sub(r"<[^>]+>", " ", page))
    assert sentence in text
    assert "not available for this site: the levels" not in text


def test_a_purchased_level_of_unknown_name_is_for_review(folder: Path, tmp_path: Path) -> None:
    """A level that no distance limits would be taken away for a typing error."""
    row = records(folder / "lenovo-thinkserver-sites.csv")[0]
    names = ("", "9x5x4", "9x5x5", "Gold")
    rows = [row | {"site_id": name or "none", "requested_level": name} for name in names]
    sites, target = written(tmp_path / "sites.csv", rows), tmp_path / "run"
    options = batch.Options(map=False, areas=False)
    batch.run(sites, folder / "centers.csv", target, policy="lenovo-thinkserver", options=options)
    cells = {r["site_id"]: (r["status"], r["reason"]) for r in records(target / "report.csv")}
    unknown = ("review", "level_not_requested")
    free = ("fallback", "no_distance_limit")
    assert cells == {"none": free, "9x5x4": free, "9x5x5": unknown, "Gold": unknown}
    page = (target / "summary.html").read_text(encoding="utf-8")
    assert "<li>Center in any country</li>" in page


def test_commitments_do_not_speak_of_addresses_without_such_a_rule(
    folder: Path, tmp_path: Path
) -> None:
    """No policy of these compares them."""
    manifest = answer_requests(
        folder / "cisco-smart-net-requests.csv",
        folder / "cisco-smart-net-sites.csv",
        folder / "centers.csv",
        tmp_path / "out.csv",
        policy="cisco-smart-net",
    )
    assert not [text for text in manifest["warnings"] if "address" in text]


def changed_clocks(level: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a level with another figure in each key of its clocks."""
    clocks = [("replacement", level["replacement"])] if level["replacement"] else []
    clocks += [("clocks", clock) for clock in level.get("clocks", ())]
    for key, clock in clocks:
        changes = {"amount": clock["amount"] + 1}
        if clock.get("cut_off"):
            changes["cut_off"] = "11:11"
        if clock.get("hours"):
            changes["hours"] = clock["hours"] | {"opens": "09:30", "closes": "18:00"}
        for name, value in changes.items():
            new = clock | {name: value}
            yield f"{key}.{name}", level | {key: [new] if key == "clocks" else new}


def changed_tables(data: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield a policy with another content in each table that decides on a case."""
    for n, level in enumerate(data["levels"]):
        for where, other in changed_clocks(level):
            levels = [*data["levels"][:n], other, *data["levels"][n + 1 :]]
            yield f"levels.{n}.{where}", data | {"levels": levels}
    for key in {"in_force_after", "relocation"} & data.keys():
        yield key, {name: table for name, table in data.items() if name != key}
    if "vendor" in data:
        yield "vendor", data | {"vendor": data["vendor"] | {"time_zone": "Asia/Tokyo"}}
    if data["commitments"]["calendars"]:
        yield "commitments", data | {"commitments": {}}
    offers = [{"level": level["id"], "clause": "any"} for level in data["levels"]]
    yield "gates", data | {"gates": {}, "offers": offers}
    for n, band in enumerate(data["bands"]):
        bands = [dict(each) for each in data["bands"]]
        bands[n]["up_to_miles"] = band["up_to_miles"] - 80
        if n + 1 < len(bands):
            bands[n + 1]["above_miles"] = bands[n]["up_to_miles"]
        yield f"bands.{n}", data | {"bands": bands}


@pytest.mark.parametrize("vendor", VENDORS)
def test_each_table_of_a_policy_matters(folder: Path, vendor: str) -> None:
    """With another figure in it, some case has another answer."""
    policy = Policy.load(vendor)
    centers = Centers.from_texts(
        {name: [c[name] for c in NETWORK] for name in NETWORK[0] if "itude" not in name},
        np.array([float(c["longitude"]) for c in NETWORK]),
        np.array([float(c["latitude"]) for c in NETWORK]),
        [c["center_id"] for c in NETWORK],
    )
    requests = read_requests(open_table(folder / f"{vendor}-requests.csv", REQUESTS)).requests
    table = open_table(folder / f"{vendor}-sites.csv", site_columns(policy.start_columns))
    rows = registered_rows(table, [request.site_id for request in requests])

    def answers(rules: Policy) -> list[Any]:
        lookup = LevelLookup(centers, rules, countries.load())
        result = Committer(lookup).answers(requests, rows)
        texts = {"steps": (), "promise": "", "warnings": ()}
        return [dataclasses.replace(each, **texts) for each in result]

    before = answers(policy)
    same = []
    for where, data in changed_tables(policy.model_dump(mode="json")):
        clauses = data["clauses"] | {"any": "A clause."}
        text = answers(Policy.from_mapping(data | {"name": "changed", "clauses": clauses}))
        if text == before:
            same.append(where)
    assert same == []


NETWORK: Final = list(csv.DictReader(CENTERS.splitlines()))
