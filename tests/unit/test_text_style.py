"""CSV for Excel: what its country's settings read, from the report to the timeline, and again."""

import csv
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from running import AS_OF, centers_file, judged, manifest

from coverage_analyzer import batch
from coverage_analyzer.batch import text_style
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.cli import options
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import Dialect
from coverage_analyzer.files.table import open_table
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.schema.columns import SITES

BOM = b"\xef\xbb\xbf"

GERMAN = (
    "site_id;country;latitude;longitude;Umsatz;PLZ\n"
    "0001;US;40,0;-75,0;1.234,50;01067\n"
    "0002;FR;48,85;2,35;7,25;80331\n"
    "0003;US;x;2,35;7,25;80331\n"
)

AMERICAN = (
    "site_id,country,latitude,longitude,revenue,version\n"
    "0001,US,40.0,-75.0,1234.5,6.10\n"
    "0002,FR,48.85,2.35,-7.25,n/a\n"
)

TABLES = ("report.csv", "rejects.csv", "summary.csv", "centers.csv")


def rows(path: Path, delimiter: str) -> list[dict[str, str]]:
    """Return the rows of a CSV file by Python's own reader."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter, strict=True))


def run(folder: Path, text: str, **chosen: Any) -> Path:
    """Run over small files, and return the folder of the run."""
    judged(folder, text, options=batch.Options(areas=False, **chosen))
    return folder / "out"


def test_german_input_gives_files_that_german_excel_reads(tmp_path: Path) -> None:
    """Semicolons and decimal commas everywhere; own cells stay as they were."""
    out = run(tmp_path, GERMAN, excel=True, dialect=Dialect(decimal=","))
    for name in TABLES:
        data = (out / name).read_bytes()
        assert data.startswith(BOM)
        assert b";" in data.split(b"\n")[0]
    first, second = rows(out / "report.csv", ";")
    assert (first["Umsatz"], first["PLZ"], first["latitude"]) == ("1.234,50", "01067", "40,0")
    assert first["distance_miles"].count(",") == 1
    assert second["limit_miles"] == "50"
    assert rows(out / "centers.csv", ";")[0]["latitude"] == "60,39"
    assert manifest(out)["csv_delimiter"] == ";"
    assert manifest(out)["csv_decimal_mark"] == ","


def test_a_number_with_thousands_is_no_formula(tmp_path: Path) -> None:
    """A loss stays a number in German Excel; what calculates does not."""
    out = run(tmp_path, GERMAN.replace("1.234,50", "-1.234,50").replace("01067", "-1.2,5-3"))
    first = rows(out / "report.csv", ",")[0]
    assert (first["Umsatz"], first["PLZ"]) == ("-1.234,50", "'-1.2,5-3")


def test_commas_are_seen_without_being_told(tmp_path: Path) -> None:
    """The first coordinates show how numbers are written."""
    (tmp_path / "s.csv").write_text(GERMAN, "utf-8")
    table = open_table(tmp_path / "s.csv", SITES, dialect=Dialect(decimal=","))
    chosen = text_style.text_style(Style(excel=True), "", table, next(iter(table.rows())))
    assert (chosen.delimiter, chosen.output_decimal) == (";", ",")
    assert text_style.text_style(Style(excel=True), "", table).output_decimal == "."


def test_other_input_stays_as_it_is(tmp_path: Path) -> None:
    """Commas and points; without --excel whatever the input has."""
    out = run(tmp_path, AMERICAN, excel=True)
    assert rows(out / "report.csv", ",")[0]["revenue"] == "1234.5"
    out = run(tmp_path, GERMAN, dialect=Dialect(decimal=","))
    data = (out / "report.csv").read_bytes()
    assert not data.startswith(BOM)
    assert b'"site_id","country"' in data


def test_a_locale_overrides_the_input(tmp_path: Path) -> None:
    """Own numbers are converted where a column plainly holds them; versions and codes stay."""
    out = run(tmp_path, AMERICAN, excel_locale="de")
    first, second = rows(out / "report.csv", ";")
    assert (first["latitude"], first["revenue"], second["revenue"]) == ("40", "1234,5", "-7,25")
    assert (first["version"], second["version"]) == ("6.10", "n/a")
    out = run(tmp_path, GERMAN, excel_locale="us", dialect=Dialect(decimal=","))
    first, second = rows(out / "report.csv", ",")
    assert (first["latitude"], first["Umsatz"], second["Umsatz"]) == ("40", "1234.50", "7.25")
    assert first["PLZ"] == "01067"


@pytest.mark.parametrize(
    ("text", "locale", "decimal"), [(GERMAN, "", ","), (AMERICAN, "de", "."), (GERMAN, "us", ",")]
)
def test_our_own_commands_read_it_again(
    tmp_path: Path, text: str, locale: str, decimal: str
) -> None:
    """The map is the same, whatever the marks."""
    chosen = {"excel": True, "excel_locale": locale, "dialect": Dialect(decimal=decimal)}
    out = run(tmp_path, text, **chosen)
    drawn = redrawn(out)
    (tmp_path / "plain").mkdir()
    plain = run(tmp_path / "plain", text, dialect=Dialect(decimal=decimal))
    assert drawn.places.packed() == redrawn(plain).places.packed()
    assert drawn.meta["centers"] == redrawn(plain).meta["centers"]


def test_packed_files_are_converted_too(tmp_path: Path) -> None:
    """As the plain one."""
    out = run(tmp_path, AMERICAN, excel_locale="de", format="csv.gz")
    unpacked = subprocess.run(
        ["gzip", "-dc", out / "report.csv.gz"], capture_output=True, check=True
    ).stdout
    assert b'"1234,5"' in unpacked
    assert not list(out.glob("*.arrow"))


def test_every_command_that_writes_csv_takes_it(tmp_path: Path) -> None:
    """Rejects of a check, timeline and commitments."""
    (tmp_path / "s.csv").write_text(GERMAN, "utf-8")
    (tmp_path / "r.csv").write_text(
        "request_id;site_id;authorised_at\nR1;0001;2026-12-01T10:00\n", "utf-8"
    )
    sites, centers = str(tmp_path / "s.csv"), str(centers_file(tmp_path))
    network = ["--centers", centers, "--excel-locale", "de", "--decimal", ","]
    calls = {
        "x.csv": ["check", sites, "--decimal", ",", "--excel-locale", "de", "--rejects"],
        "t.csv": ["timeline", sites, *network, "--from", AS_OF, "--to", "2027-01-31", "-o"],
        "k.csv": ["commitments", str(tmp_path / "r.csv"), "--sites", sites, *network, "-o"],
    }
    for name, arguments in calls.items():
        result = CliRunner().invoke(program, [*arguments, str(tmp_path / name)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        data = (tmp_path / name).read_bytes()
        assert data.startswith(BOM)
        assert b";" in data.split(b"\n")[0]


def test_a_locale_that_is_none_is_an_error() -> None:
    """With those that there are."""
    with pytest.raises(InputError, match="'xx'; there are at, au, br"):
        text_style.text_style(batch.Options().style, "xx")


def test_the_choices_are_those_of_the_job() -> None:
    """The command line knows them without importing the job."""
    assert set(options.EXCEL_LOCALES) == set(text_style.LOCALES)
