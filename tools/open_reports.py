"""Open reports in the programs that planners use, and compare what those read with the CSV.

LibreOffice (German and US locale), QGIS, DuckDB, sqlite and PostgreSQL read the reports of the
sample data: number of rows, points, sums of miles, days and types. A program that is not installed
is named and left out; a difference is an error. Pictures go into the folder that is named.

    python tools/open_reports.py [FOLDER]
"""

import csv
import importlib.util
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final, NamedTuple

from coverage_analyzer import batch
from coverage_analyzer.files.writers import formats

ROOT: Final = Path(__file__).resolve().parents[1]
DATA: Final = ROOT / "data"
AS_OF: Final = "2026-12-01"
QGIS_PYTHON: Final = "/usr/bin/python3"
"""The interpreter for which Debian installs QGIS."""

OTHERS: Final = {
    "de": "German",
    "en-US": "US",
}
"""Locales of LibreOffice."""

RENDER: Final = """
import os
import sys
from qgis.core import (QgsApplication, QgsMapRendererParallelJob, QgsMapSettings, QgsRectangle,
                       QgsVectorLayer)
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
app = QgsApplication([], False)
app.initQgis()
path, picture = sys.argv[1:]
layers = [QgsVectorLayer(f"{path}|layername={n}", n, "ogr") for n in ("centers", "sites", "areas")]
settings = QgsMapSettings()
settings.setLayers(layers)
settings.setBackgroundColor(QColor(255, 255, 255))
settings.setOutputSize(QSize(1400, 800))
settings.setExtent(QgsRectangle(-126, 24, -66, 50))
job = QgsMapRendererParallelJob(settings)
job.start()
job.waitForFinished()
job.renderedImage().save(picture)
sites = layers[1]
kinds = {field.name(): field.typeName() for field in sites.fields()}
miles = north = 0
for feature in sites.getFeatures():
    distance = feature["distance_miles"]
    miles += distance if isinstance(distance, float) else 0
    north += feature.geometry().asPoint().y() > 45
renderers = [layer.renderer().type() for layer in layers]
print(sites.featureCount(), f"{miles:.3f}", north, kinds["as_of"], kinds["latitude"], *renderers)
sys.stdout.flush()
os._exit(0)  # objects of Qt that Python frees in another order than Qt would crash it
"""


class Facts(NamedTuple):
    """What every program has to say of a report.

    Attributes
    ----------
    rows
        How many there are.
    miles
        The sum of the distances, with three decimals.
    north
        How many sites are north of 45 degrees.
    day
        The only day in ``as_of``.
    """

    rows: int
    miles: str
    north: int
    day: str


def expected(report: Path) -> Facts:
    """Return what the CSV says, by Python's own reader."""
    with report.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    miles = sum(float(row["distance_miles"] or 0) for row in rows)
    north = sum(latitude(row["latitude"]) > 45 for row in rows)
    (day,) = {row["as_of"] for row in rows}
    return Facts(len(rows), f"{miles:.3f}", north, day)


def latitude(cell: str) -> float:
    """Return the degrees of a cell as the sample data has them: 45.5, 45,5, 45°30'N."""
    degrees, *minutes = re.findall(r"[-.\d]+", cell.replace(",", "."))
    size = float(degrees) + (float(minutes[0]) / 60 if minutes else 0)
    return -size if cell.endswith("S") else size


QUERY: Final = """
SELECT count(*), sum(distance_miles), sum(CASE WHEN latitude > 45 THEN 1 ELSE 0 END), min(as_of),
    max(as_of)
FROM {table}
"""
"""Works only where coordinates, miles and days have types."""


def of_row(row: Iterable[Any]) -> Facts:
    """Return the facts of the one row of `QUERY`.

    Raises
    ------
    ValueError
        If the rows are not for one day.
    """
    rows, miles, north, first, last = row
    if str(first) != str(last):
        msg = f"there are several days: {first}, {last}"
        raise ValueError(msg)
    return Facts(int(rows), f"{miles:.3f}", int(north), str(first))


def in_duckdb(runs: dict[str, Path], _folder: Path) -> list[Facts]:
    """Return what DuckDB reads in Parquet and GeoParquet."""
    import duckdb

    paths = [runs["parquet"] / "report.parquet", runs["geoparquet"] / "report.geoparquet"]
    tables = [QUERY.format(table=f"read_parquet('{path}')") for path in paths]
    return [of_row(duckdb.sql(query).fetchall()[0]) for query in tables]


def in_sqlite(runs: dict[str, Path], _folder: Path) -> list[Facts]:
    """Return what sqlite reads in the table of a run, and in a GeoPackage."""
    facts = []
    for path, table in (
        (runs["csv"] / "../r.db", "verdicts"),
        (runs["gpkg"] / "report.gpkg", "sites"),
    ):
        with sqlite3.connect(path) as database:
            facts.append(of_row(database.execute(QUERY.format(table=table)).fetchall()[0]))
    return facts


def in_postgresql(_runs: dict[str, Path], folder: Path) -> list[Facts]:
    """Return what PostgreSQL says of the table of a run, and print its comment."""
    sys.path.insert(0, str(ROOT / "tests"))
    from serving import PostgreSQL

    programs = max(Path("/usr/lib/postgresql").glob("*/bin"))
    with PostgreSQL(programs) as server:
        table = f"{server.address}?table=verdicts"
        run("csv", folder / "postgresql", table)
        comment = server.sql("SELECT obj_description('verdicts'::regclass, 'pg_class')")
        print(f"  comment: {comment[0][0]}")
        return [of_row(*server.sql(QUERY.format(table="verdicts")))]


def in_libreoffice(runs: dict[str, Path], folder: Path) -> list[Facts]:
    """Return what LibreOffice reads in the workbook, by locale, and print it as PDF."""
    facts = []
    for locale, name in OTHERS.items():
        target = folder / f"libreoffice-{name}"
        filter_ = "csv:Text - txt - csv (StarCalc):59,34,76,1,,0,false,false,false,false,false,-1"
        convert(runs["xlsx"] / "report.xlsx", filter_, target, locale)
        (sheet,) = target.glob("*Report.csv")
        with sheet.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter=";"))
        days = {row["as_of"] for row in rows}
        miles = sum(float(row["distance_miles"].replace(",", ".") or 0) for row in rows)
        north = sum(latitude(row["latitude"]) > 45 for row in rows)
        facts.append(Facts(len(rows), f"{miles:.3f}", north, *days))
    convert(runs["xlsx"] / "report.xlsx", "pdf", folder, "en-US")
    return facts


def convert(path: Path, kind: str, folder: Path, locale: str) -> None:
    """Convert a file with LibreOffice under a locale, with a profile of its own."""
    profile = folder / "profile" / locale
    settings = profile / "user" / "registrymodifications.xcu"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(
        '<?xml version="1.0" encoding="UTF-8"?>\n<oor:items '
        'xmlns:oor="http://openoffice.org/2001/registry"><item oor:path='
        '"/org.openoffice.Setup/L10N"><prop oor:name="ooSetupSystemLocale" oor:op="fuse">'
        f"<value>{locale}</value></prop></item></oor:items>\n",
        encoding="utf-8",
    )
    command = ["soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    subprocess.run(
        [*command, "--convert-to", kind, "--outdir", str(folder), str(path)],
        check=True,
        capture_output=True,
        timeout=600,
    )


def in_qgis(runs: dict[str, Path], folder: Path) -> list[Facts]:
    """Return what QGIS reads in the GeoPackage, and draw it with the styles of its layers.

    Raises
    ------
    ValueError
        If QGIS has other types or styles than the file.
    """
    done = subprocess.run(
        [QGIS_PYTHON, "-c", RENDER, str(runs["gpkg"] / "report.gpkg"), str(folder / "qgis.png")],
        check=True,
        capture_output=True,
        text=True,
        env={"QT_QPA_PLATFORM": "offscreen", "PATH": os.environ["PATH"], "HOME": str(folder)},
        timeout=600,
    )
    rows, miles, north, day, latitude, *renderers = done.stdout.split()
    styled = ["RuleRenderer", "categorizedSymbol", "RuleRenderer"]
    if (day, latitude, renderers) != ("Date", "Real", styled):
        msg = f"QGIS has other types or styles: {done.stdout}"
        raise ValueError(msg)
    return [Facts(int(rows), miles, int(north), AS_OF)]


PROGRAMS: Final[dict[str, tuple[Callable[[], object], Callable[..., list[Facts]]]]] = {
    "sqlite": (lambda: True, in_sqlite),
    "DuckDB": (lambda: importlib.util.find_spec("duckdb"), in_duckdb),
    "PostgreSQL": (lambda: any(Path("/usr/lib/postgresql").glob("*/bin")), in_postgresql),
    "LibreOffice": (lambda: shutil.which("soffice"), in_libreoffice),
    "QGIS": (lambda: shutil.which("qgis_process"), in_qgis),
}
"""Each program: whether it is installed, and what it reads."""


def run(kind: formats.Format, output: Path, table: str = "") -> Path:
    """Run over the sample data."""
    options = batch.Options(format=kind, table=table)
    sites, centers = DATA / "customer_sites.csv", DATA / "service_centers.csv"
    batch.run(sites, centers, output, as_of=AS_OF, options=options)
    return output


def main(folder: Path) -> int:
    """Write the reports, open each, and return how many differences there are."""
    kinds: tuple[formats.Format, ...] = ("csv", "parquet", "geoparquet", "gpkg", "xlsx")
    tables = {"csv": f"sqlite:///{folder / 'r.db'}?table=verdicts"}
    runs = {kind: run(kind, folder / kind, tables.get(kind, "")) for kind in kinds}
    reference, wrong = expected(runs["csv"] / "report.csv"), 0
    print(f"expected: {reference}")
    for name, (installed, read) in PROGRAMS.items():
        if not installed():
            print(f"{name}: not installed, left out")
            continue
        for facts in read(runs, folder):
            wrong += facts != reference
            print(f"{name}: {'as expected' if facts == reference else f'DIFFERENT: {facts}'}")
    return wrong


if __name__ == "__main__":
    if len(sys.argv) > 1:
        chosen = Path(sys.argv[1]).resolve()
        chosen.mkdir(parents=True, exist_ok=True)
        sys.exit(min(main(chosen), 1))
    with tempfile.TemporaryDirectory() as temporary:
        sys.exit(min(main(Path(temporary)), 1))
