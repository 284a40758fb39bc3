"""Types in outputs that have types: what was parsed, what is stated, and nothing by a guess."""

import datetime
import json
import sqlite3
from pathlib import Path
from typing import Any

import folium
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import AS_OF, CENTERS, centers_file, judged, manifest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files.database import writer

OWN = """\
site_id;lat;lon;country;accuracy_m;installed_on;plz;umsatz;seit;leer
007;40.0;-75.0;US;50;2026-01-15;07102;1.234,50;31.12.2025;
8;40.1;-75.1;US;;;10001;7;01.02.2026;
9;40.2;-75.2;US;1.5;2026-02-01;;;;
"""


def report(folder: Path, text: str = OWN, **options: Any) -> pa.Table:
    """Run over small files and return the report as Parquet."""
    judged(folder, text, options=batch.Options(format="parquet", **options))
    return pq.ParquetFile(folder / "out" / "report.parquet").read()


def types(table: pa.Table) -> dict[str, str]:
    """Return the types of the columns."""
    return {field.name: str(field.type) for field in table.schema}


def test_known_columns_have_types_and_own_text_stays(tmp_path: Path) -> None:
    """Coordinates, accuracy and known days were parsed; nothing else is typed by a guess."""
    table = report(tmp_path)
    assert types(table) == types(table) | {
        **dict.fromkeys(("lat", "lon", "accuracy_m"), "double"),
        **dict.fromkeys(("site_id", "country", "plz", "umsatz", "seit", "leer"), "string"),
        "installed_on": "date32[day]",
    }
    rows = table.to_pylist()
    assert rows[0]["site_id"] == "007"
    assert rows[0]["umsatz"] == "1.234,50"
    assert [row["leer"] for row in rows] == [None] * 3
    assert [row["plz"] for row in rows] == ["07102", "10001", None]


def test_stated_types_are_given(tmp_path: Path) -> None:
    """Numbers with a decimal comma and thousands, days of the one form that fits, whole numbers."""
    stated = {"umsatz": "number", "seit": "day", "site_id": "integer", "leer": "number"}
    with pytest.raises(InputError, match=r"'site_id' is to hold whole numbers .*line 2 .*'007'"):
        report(tmp_path, types=stated)
    del stated["site_id"]
    table = report(tmp_path, types=stated)
    assert table["umsatz"].to_pylist() == [1234.5, 7.0, None]
    assert table["seit"].to_pylist() == [
        datetime.date(2025, 12, 31),
        datetime.date(2026, 2, 1),
        None,
    ]
    assert str(table["leer"].type) == "double"


@pytest.mark.parametrize(
    ("cells", "kind", "message"),
    [
        (["1.5", "n/a", "x"], "number", r"line 3 holds 'n/a', line 4 holds 'x'\. Fix the cells"),
        (["1.500"], "number", "two ways.*--decimal"),
        (["1.5", "1,5"], "number", "two ways.*--decimal"),
        (["01/02/2026"], "day", "two ways.*--date-format"),
        (["31.12.2026", "never"], "day", "line 3 holds 'never'"),
        (["7", "7.5"], "integer", "line 3 holds '7.5'"),
    ],
)
def test_cells_that_do_not_fit_end_the_run(
    tmp_path: Path, cells: list[str], kind: str, message: str
) -> None:
    """Nothing is published, and an old report stays."""
    judged(tmp_path)
    before = manifest(tmp_path / "out")
    text = "site_id;lat;lon;own\n" + "".join(f"{n};40.0;-75.0;{c}\n" for n, c in enumerate(cells))
    with pytest.raises(InputError, match=message):
        report(tmp_path, text, types={"own": kind})
    assert manifest(tmp_path / "out") == before


def test_a_stated_notation_decides(tmp_path: Path) -> None:
    """What could be read in two ways is read in the one that is named."""
    text = "site_id;lat;lon;own\na;40,0;-75,0;1.500,25\n"
    dialect = ca.Dialect(decimal=",")
    table = report(tmp_path, text, types={"own": "number"}, dialect=dialect)
    assert table["own"].to_pylist() == [1500.25]


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        ({"Umsaz": "number"}, "no column 'Umsaz'.*is 'umsatz' meant"),
        ({"umsatz": "float"}, "'float'; choose from text, integer, number, day"),
    ],
)
def test_what_cannot_be_stated(tmp_path: Path, stated: dict[str, str], message: str) -> None:
    """A column that is not there, and a type that there is not, are named before the work."""
    with pytest.raises(InputError, match=message):
        report(tmp_path, types=stated)


def test_types_of_parquet_pass_and_text_can_be_stated(tmp_path: Path) -> None:
    """Empty text of a typed file is text; a number is text if that is stated, and no day."""
    table = pa.table({"site_id": ["a"], "n": [7], "t": [""], "latitude": [1.0], "longitude": [2.0]})
    pq.write_table(table, tmp_path / "s.parquet")

    def run(**stated: str) -> pa.Table:
        out, options = tmp_path / "out", batch.Options(format="parquet", types=stated)
        batch.run(tmp_path / "s.parquet", centers_file(tmp_path), out, options=options)
        return pq.ParquetFile(out / "report.parquet").read()

    assert run()["n"].to_pylist() == [7]
    assert run()["t"].to_pylist() == [""]
    assert run(n="text")["n"].to_pylist() == ["7"]
    assert run(n="number")["n"].to_pylist() == [7.0]
    with pytest.raises(InputError, match=r"'n' is to hold days .*it holds int64"):
        run(n="day")


def test_a_database_has_the_same_types(tmp_path: Path) -> None:
    """`where latitude > 70` works; empty cells are null; the day is in the table's comment."""
    pytest.importorskip("adbc_driver_sqlite")
    address = f"sqlite:///{tmp_path / 'r.db'}?table=verdicts"
    options = batch.Options(table=address, types={"umsatz": "number"})
    judged(tmp_path, OWN.replace("40.1", "78.2"), options=options)
    with sqlite3.connect(tmp_path / "r.db") as database:
        query = "SELECT site_id, umsatz, plz FROM verdicts WHERE lat > 70"
        assert database.execute(query).fetchall() == [("8", 7.0, "10001")]
        assert database.execute("SELECT count(*) FROM verdicts WHERE leer IS NULL").fetchone() == (
            3,
        )
        (result,) = database.execute("SELECT sql FROM sqlite_master").fetchone()
    told = manifest(tmp_path / "out")
    for text in (f"as_of: {AS_OF}", told["policy"]["sha256"], "source: sites.csv"):
        assert text in result


def test_a_table_of_other_types_is_one_error(tmp_path: Path) -> None:
    """A schema does not flip from night to night: the columns and the ways out are named."""
    pytest.importorskip("adbc_driver_sqlite")
    address = f"sqlite:///{tmp_path / 'r.db'}?table=verdicts"
    judged(tmp_path, OWN, options=batch.Options(table=address))
    judged(tmp_path, OWN, options=batch.Options(table=address))
    before = (tmp_path / "r.db").read_bytes()
    options = batch.Options(table=address, types={"umsatz": "number", "seit": "day"})
    with pytest.raises(PublishError, match=r"'umsatz' is TEXT, now REAL\. Drop the table"):
        judged(tmp_path, OWN, options=options)
    assert (tmp_path / "r.db").read_bytes() == before


def test_a_source_name_cannot_end_the_comment(tmp_path: Path) -> None:
    """The comment is a part of a statement of SQL."""
    assert writer.about({"source": "a*/b"}) == "source: a*/b"
    pytest.importorskip("adbc_driver_sqlite")
    folder = tmp_path / "x"
    folder.mkdir()
    path = folder / "a'* \n--.csv"
    path.write_text("site_id,lat,lon\n1,2,3\n", encoding="utf-8")
    address = f"sqlite:///{tmp_path / 'r.db'}?table=verdicts"
    for _ in range(2):
        options = batch.Options(table=address)
        batch.run(path, centers_file(tmp_path), tmp_path / "out", as_of=AS_OF, options=options)
    with sqlite3.connect(tmp_path / "r.db") as database:
        assert database.execute("SELECT site_id FROM verdicts").fetchall() == [("1",)]


def test_frames_go_into_geojson_as_they_are(tmp_path: Path) -> None:
    """Days are days, date-times have a zone, missing ones are null; columns keep their types."""
    text = "site_id,latitude,longitude,installed_on\na,40,-75,2026-01-02\nb,41,-75,\n"
    (tmp_path / "s.csv").write_text(text, encoding="utf-8")
    sites = ca.read_sites(tmp_path / "s.csv")
    sites["seen"] = pd.Series([pd.Timestamp("2026-03-01T10:30", tz="Europe/Berlin"), pd.NaT])
    centers = ca.read_centers(centers_file(tmp_path, CENTERS))
    verdicts = ca.assess(sites, centers, as_of=AS_OF)
    areas = ca.coverage_areas(centers, as_of=AS_OF)
    first, second = (f["properties"] for f in json.loads(verdicts.to_json())["features"])
    assert (first["installed_on"], second["installed_on"]) == ("2026-01-02", None)
    assert (first["seen"], second["seen"]) == ("2026-03-01T10:30:00+01:00", None)
    assert first["as_of"] == AS_OF
    for frame in (sites, centers, verdicts, areas, verdicts[:1], pd.concat([verdicts, verdicts])):
        assert json.dumps(frame.__geo_interface__)
        folium.GeoJson(frame).add_to(folium.Map())
    assert verdicts["as_of"].dtype.kind == "M"
    assert json.loads(areas.to_json())["features"][0]["properties"]["opens_on"] == "2026-12-15"
