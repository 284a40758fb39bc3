"""A real PostgreSQL as source and target: the same verdicts, nothing lost, nothing half done."""

import csv
import datetime
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from running import (
    AS_OF,
    CENTERS,
    SITES,
    centers_file,
    contents,
    judged,
    manifest,
    part_of,
    records,
)
from serving import ENCODED, WORD, PostgreSQL

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files.database import writer
from coverage_analyzer.files.database.address import address, quoted
from coverage_analyzer.files.database.connection import (
    execute,
    first_row,
    reading,
    translate_errors,
)
from coverage_analyzer.files.database.reader import DatabaseTable

WEIRD: Final = "we\"ird'; DROP TABLE sites; -- é %s {0}"
STRANGER: Final = "not written by this program"


@pytest.fixture(autouse=True)
def _empty(postgresql: PostgreSQL) -> Iterator[None]:
    """Clear the database after each test."""
    yield
    postgresql.sql("DROP SCHEMA public CASCADE", "CREATE SCHEMA public", "SELECT 1")


def sample(postgresql: PostgreSQL) -> None:
    """Make tables of the sites and centers of other tests, all as text."""
    for name, text in (("sites", SITES), ("centers", CENTERS)):
        header, *rows = [r for r in csv.reader(text.splitlines()) if r]
        columns = [pa.array(c, pa.string()) for c in zip(*rows, strict=True)]
        postgresql.ingest(name, pa.table(columns, names=header))


def run(sites: str, folder: Path, **arguments: Any) -> dict[str, Any]:
    """Run over an address."""
    options = batch.Options(areas=False, map=False, **arguments)
    return batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=options)


def read(text: str) -> list[dict[str, Any]]:
    """Return the rows that a source has."""
    return [r for b in DatabaseTable(address(text)).blocks() for r in b.columns.to_pylist()]


def program(*words: str, **options: Any) -> subprocess.Popen[str]:
    """Start the program."""
    command = [sys.executable, "-m", "coverage_analyzer", *words]
    return subprocess.Popen(command, text=True, stdout=-1, stderr=-1, **options)


class TestSource:
    """Rows that are read."""

    def test_verdicts_are_those_of_a_file(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """Sites and centers out of a database come to the report, the areas and the sum of CSV."""
        sample(postgresql)
        judged(tmp_path)
        arguments = [f"{postgresql.address}?query=SELECT * FROM {n}" for n in ("sites", "centers")]
        batch.run(*arguments, tmp_path / "from", as_of=AS_OF)
        for name in ("report.csv", "centers.csv", "summary.csv", "areas.geojson"):
            expected = (tmp_path / "out" / name).read_bytes()
            assert (tmp_path / "from" / name).read_bytes() == expected

    def test_types(self, postgresql: PostgreSQL) -> None:
        """What Arrow has keeps its type; all else is the text that PostgreSQL writes."""
        values = {
            "smallint '-1'": -1,
            "bigint '9007199254740993'": 9007199254740993,
            "4294967295::oid": "4294967295",
            "real '1.5'": 1.5,
            "double precision '0.1'": 0.1,
            "numeric '40.70'": "40.70",
            "numeric 'NaN'": "NaN",
            "numeric(30, 5) '12345678901234567890.12345'": "12345678901234567890.12345",
            "true": True,
            "'é'::varchar": "é",
            "'ab'::char(4)": "ab  ",
            "'\\xff'::bytea": b"\xff",
            "date '2026-12-01'": datetime.date(2026, 12, 1),
            "timestamp '2026-12-01 10:00'": datetime.datetime(2026, 12, 1, 10),  # noqa: DTZ001 - it has none
            "timestamptz '2026-12-01 10:00+02'": datetime.datetime(
                2026, 12, 1, 8, tzinfo=datetime.UTC
            ),
            "uuid '0e37df36-f698-11e6-8dd4-cb9ced3df976'": "0e37df36-f698-11e6-8dd4-cb9ced3df976",
            """'{"a": [1, null]}'::jsonb""": '{"a": [1, null]}',
            "array[[1, 2], [3, null]]": "{{1,2},{3,NULL}}",
            "array['a,b', null]": '{"a,b",NULL}',
            "interval '1 day'": "1 day",
            "money '1.50'": "$1.50",
            "inet '10.0.0.1'": "10.0.0.1/32",
            "int4range(1, 3)": "[1,3)",
            "row(1, 'a')": "(1,a)",
            "point(1, 2)": "(1,2)",
            "time '24:00'": "24:00:00",
            "null::numeric": None,
            "null": None,
        }
        query = ", ".join(f"{v} AS c{n}" for n, v in enumerate(values)).replace("%", "%25")
        (row,) = read(f"{postgresql.address}?query=SELECT {query}")
        assert list(row.values()) == list(values.values())

    def test_numbers_of_any_type_are_coordinates(
        self, postgresql: PostgreSQL, tmp_path: Path
    ) -> None:
        """Numeric, float and text are one place; what is no number is a reject with its row."""
        query = (
            "SELECT * FROM (VALUES (40.0::numeric, '-75'), ('NaN', '1'), (null, '1')) "
            "AS t(lat, lon)"
        )
        assert run(f"{postgresql.address}?query={query}", tmp_path)["ledger"]["decided"] == 1
        rejects = records(tmp_path / "out" / "rejects.csv")
        assert [(r["line"], r["reason"]) for r in rejects] == [
            ("2", "coordinate_not_a_number"),
            ("3", "coordinate_missing"),
        ]

    def test_a_geometry_is_no_coordinate(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """Where PostGIS keeps the places, the message says what to ask it for."""
        postgresql.sql(
            "CREATE TYPE geometry AS ENUM ('POINT')",  # a type of that name will do
            "CREATE TABLE t (id int, geom geometry)",
            "SELECT 1",
        )
        with pytest.raises(InputError, match=r"'latitude'.* ST_Y\(ST_Transform\(geom::geometry"):
            run(f"{postgresql.address}?table=t", tmp_path)

    def test_frames_read_it(self, postgresql: PostgreSQL) -> None:
        """Notebooks take the same addresses, and warn without the password."""
        sample(postgresql)
        with pytest.warns(UserWarning, match="2 row") as caught:
            sites = ca.read_sites(f"{postgresql.address}?table=sites")
        assert list(sites["site_id"])[:2] == ["0001", "0002"]
        assert str(caught[0].message).startswith("postgresql://planner:***@")
        assert len(ca.read_centers(f"{postgresql.address}?table=centers")) == 6

    def test_centers_have_days(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """A day of opening is a date or a time; an infinite one is told, and what to write."""
        centers = (
            f"{postgresql.address}?query=SELECT 'A' AS center_id, 40 AS lat, -75 AS lon, "
            "date '2026-12-15' AS opens_on, {} AS closes_on"
        )
        sites = tmp_path / "sites.csv"
        sites.write_text("id,lat,lon\n1,40,-75\n", encoding="utf-8")
        for closes in ("null::date", "timestamptz '2027-01-01 00:00+00'"):
            batch.run(sites, centers.format(closes), tmp_path / "out", as_of=AS_OF)
            assert records(tmp_path / "out" / "report.csv")[0]["status"] == "pending"
        for closes in ("date 'infinity'", "timestamp '-infinity'", "date '0044-03-15 BC'"):
            with pytest.raises(InputError, match=r"row 1: 'closes_on' is infinite .*NULLIF"):
                batch.run(sites, centers.format(closes), tmp_path / "out", as_of=AS_OF)

    @pytest.mark.parametrize(
        ("rest", "message"),
        [
            ("?table=nope", 'relation "nope" does not exist'),
            ("?query=SELEKT 1", "syntax error"),
            ("?query=SELECT nope", 'column "nope" does not exist'),
            ("?query=SELECT 1; SELECT 2", "multiple commands"),
            ("?query=SELECT 1 AS a, 2 AS a", "two columns have the name 'a'"),
            ("?query=SELECT", "returns no rows"),
            ("?query=DELETE FROM pg_class", "returns no rows"),
            ("?query=TABLE pg_class) TO STDOUT; DROP TABLE x; COPY (SELECT 1", "syntax error"),
            ("?query=SELECT 1 / (2 - g) AS a FROM generate_series(1, 9) AS g", "division by zero"),
            ("?query=SELECT 1&nonsense=1", "nonsense"),
            (f"?table={'x' * 64}", "longer than 63 bytes"),
            ("", "names no rows"),
        ],
    )
    def test_what_gives_no_rows_is_told(
        self, postgresql: PostgreSQL, rest: str, message: str
    ) -> None:
        """A slip is one line that names the address, and never the password."""
        with pytest.raises(InputError, match=message) as caught:
            read(postgresql.address + rest)
        text = str(caught.value)
        assert text.startswith("postgresql://planner:***@")
        assert "\n" not in text
        assert WORD not in text

    def test_a_server_that_lets_nobody_in(self, postgresql: PostgreSQL) -> None:
        """No server, no such database, a wrong password: each is told, without the password."""
        good = postgresql.address
        for bad, message in (
            (good.replace("@", "%21@"), "password authentication failed"),
            (good.replace("/postgres", "/nope"), 'database "nope" does not exist'),
            (good.replace("%2Fcoverage", "%2Fnope"), "No such file"),
            (f"postgresql://planner:{ENCODED}@127.0.0.1:1/postgres", "Connection refused"),
        ):
            with pytest.raises(InputError, match=message) as caught:
                read(f"{bad}?table=t")
            assert WORD not in str(caught.value)
            assert ENCODED not in str(caught.value)

    def test_a_source_is_only_read(self, postgresql: PostgreSQL) -> None:
        """Neither a statement nor a function that a query calls can change anything."""
        postgresql.sql(
            "CREATE TABLE t (a int)",
            "CREATE FUNCTION sly() RETURNS int LANGUAGE sql AS "
            "'INSERT INTO t VALUES (1) RETURNING a'",
            "SELECT 1",
        )
        for query in (
            "SELECT sly() AS a",
            "SELECT set_config('transaction_read_only', 'off', false) AS a, sly() AS b",
        ):
            with pytest.raises(InputError, match=r"read-only|read-write"):
                read(f"{postgresql.address}?query={query}")
        place = address(f"{postgresql.address}?table=t")
        for statement in ("INSERT INTO t VALUES (1)", "DROP TABLE t", "CREATE TABLE u (a int)"):
            with (
                pytest.raises(InputError, match="read-only"),
                translate_errors(place, InputError),
                reading(place) as connection,
            ):
                execute(connection, statement)
        assert postgresql.sql("SELECT count(*) FROM t") == [(0,)]

    def test_schemas_and_names_of_any_kind(self, postgresql: PostgreSQL) -> None:
        """A dot in a name is a dot; a schema is named by itself."""
        name = WEIRD.replace("%", "%25")
        postgresql.sql(
            f"CREATE SCHEMA {quoted(WEIRD)}",
            f"CREATE TABLE {quoted(WEIRD)}.{quoted(f'a.{WEIRD}')} ({quoted(WEIRD)} int)",
            f"INSERT INTO {quoted(WEIRD)}.{quoted(f'a.{WEIRD}')} VALUES (7)",
            "SELECT 1",
        )
        try:
            rows = read(f"{postgresql.address}?table=a.{name}&schema={name}")
            assert rows == [{WEIRD: 7}]
        finally:
            postgresql.sql(f"DROP SCHEMA {quoted(WEIRD)} CASCADE", "SELECT 1")

    def test_parameters_reach_the_server(self, postgresql: PostgreSQL) -> None:
        """What is not ours is the client's: here, the name under which it works."""
        query = "query=SELECT current_setting('application_name') AS a"
        rows = read(f"{postgresql.address}?application_name=planning&{query}")
        assert rows == [{"a": "planning"}]

    def test_a_server_that_goes_away(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """A run that loses its server says after which row, and leaves the old report."""
        judged(tmp_path)
        before = contents(tmp_path / "out")
        query = (
            "SELECT 40 AS lat, -75 AS lon, CASE WHEN g = 300000 THEN "
            "pg_terminate_backend(pg_backend_pid())::text ELSE repeat('x', 50) END AS a "
            "FROM generate_series(1, 400000) AS g"
        )
        with pytest.raises(InputError, match=r"terminating connection|closed the connection"):
            run(f"{postgresql.address}?query={query}", tmp_path)
        assert contents(tmp_path / "out") == before

    def test_an_interruption_ends_the_query(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """A query that has not yet given a row does not keep the program, nor go on without it."""
        query = "SELECT 40 AS lat, -75 AS lon, pg_sleep(60)::text AS mark"
        address = f"{postgresql.address}?query={query}"
        centers, out = str(centers_file(tmp_path)), str(tmp_path / "out")
        running = (
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' "
            "AND query LIKE 'COPY%pg_sleep(60)%' AND pid <> pg_backend_pid()"
        )
        with program("run", address, "--centers", centers, "-o", out) as job:
            while postgresql.sql(running) == [(0,)]:
                assert job.poll() is None
                time.sleep(0.02)
            start = time.monotonic()
            job.send_signal(signal.SIGTERM)
            _, output = job.communicate(timeout=30)
        assert job.returncode == 143
        assert "Terminated" in output
        assert time.monotonic() - start < 20
        assert postgresql.sql(running) == [(0,)]


class TestTarget:
    """The report as a table."""

    def test_rows_are_those_of_the_report(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """Text is verbatim, numbers and days are numbers and days."""
        place = f"{postgresql.address}?table=verdicts"
        text = SITES + '0012,"=1+1",US,40.0,-75.0,\n'
        manifest = judged(tmp_path, text, options=batch.Options(table=place))
        report = records(tmp_path / "out" / "report.csv")
        named = "site_id, level, status, reason, center_id"
        rows = postgresql.sql(f"SELECT {named} FROM verdicts")
        expected = [tuple(r[n] for n in named.split(", ")) for r in report]
        assert [tuple(v or "" for v in row) for row in rows] == expected
        assert postgresql.sql("SELECT name FROM verdicts WHERE site_id = '0012'") == [("=1+1",)]
        types = (
            "SELECT pg_typeof(distance_miles)::text, pg_typeof(available_on)::text FROM verdicts"
        )
        assert postgresql.sql(types)[0] == ("double precision", "date")
        assert manifest["table"].endswith("?table=verdicts")

    def test_an_old_report_is_replaced_whole(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """No row or column of the old one remains, and no other table."""
        options = batch.Options(table=f"{postgresql.address}?table={WEIRD.replace('%', '%25')}")
        judged(tmp_path, options=options)
        judged(tmp_path, "id,lat,lon,cc,extra\n9,40,-75,US,x\n", options=options)
        assert postgresql.sql(f"SELECT id, extra FROM {quoted(WEIRD)}") == [("9", "x")]
        tables = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'"
        assert postgresql.sql(tables) == [(WEIRD,)]

    @pytest.mark.parametrize(
        "statements",
        [
            "CREATE TABLE verdicts (a int)",
            "CREATE VIEW verdicts AS SELECT 1",
            "CREATE TABLE verdicts (a int); COMMENT ON TABLE verdicts IS 'mine'",
        ],
    )
    def test_what_is_not_ours_is_not_touched(
        self, postgresql: PostgreSQL, tmp_path: Path, statements: str
    ) -> None:
        """A table of somebody else's, or a view, stops the run before the work."""
        postgresql.sql(*statements.split("; "), "SELECT 1")
        with pytest.raises(PublishError, match=STRANGER):
            judged(tmp_path, options=batch.Options(table=f"{postgresql.address}?table=verdicts"))
        assert len(postgresql.sql("SELECT * FROM verdicts")) in {0, 1}
        assert contents(tmp_path / "out") == {}

    def test_what_depends_on_the_table_keeps_it(
        self, postgresql: PostgreSQL, tmp_path: Path
    ) -> None:
        """A view of somebody's on the old report is not torn down: the old report stays, both."""
        options = batch.Options(table=f"{postgresql.address}?table=verdicts")
        judged(tmp_path, options=options)
        postgresql.sql("CREATE VIEW mine AS SELECT * FROM verdicts", "SELECT 1")
        before = contents(tmp_path / "out")
        with pytest.raises(PublishError, match="other objects depend on it"):
            judged(tmp_path, "id,lat,lon\n1,40,-75\n", options=options)
        assert postgresql.sql("SELECT count(*) FROM mine") == [(9,)]
        assert contents(tmp_path / "out") == before

    def test_a_table_in_use_is_told(
        self, postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Whoever reads the old report for long keeps it, and the run does not wait for ever."""
        monkeypatch.setattr(writer, "WAIT_MS", 50)
        place = address(f"{postgresql.address}?table=verdicts")
        options = batch.Options(table=f"{postgresql.address}?table=verdicts")
        judged(tmp_path, options=options)
        before = contents(tmp_path / "out")
        with reading(place) as reader:
            first_row(reader, "SELECT count(*) FROM verdicts")
            with pytest.raises(PublishError, match="lock timeout"):
                judged(tmp_path, "id,lat,lon\n1,40,-75\n", options=options)
            assert first_row(reader, "SELECT count(*) FROM verdicts") == (9,)
        assert contents(tmp_path / "out") == before

    def test_what_a_table_cannot_hold(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """A NUL in a text, and a name that would be cut, fail in words."""
        options = batch.Options(table=f"{postgresql.address}?table=verdicts")
        for text, message in (
            ("id,name,lat,lon\n1,a\0b,40,-75\n", "invalid byte sequence"),
            (f"id,{'x' * 64},lat,lon\n1,a,40,-75\n", "longer than 63 bytes"),
            ("id,ctid,lat,lon\n1,a,40,-75\n", "system column"),
        ):
            with pytest.raises(PublishError, match=message):
                judged(tmp_path, text, options=options)
        assert postgresql.sql("SELECT to_regclass('verdicts')::text") == [(None,)]

    def test_a_database_that_is_lost_before_the_end(
        self, postgresql: PostgreSQL, tmp_path: Path
    ) -> None:
        """The commit comes before the folder: if it fails, both stay as they were."""
        options = batch.Options(table=f"{postgresql.address}?table=verdicts")
        judged(tmp_path, options=options)
        before = contents(tmp_path / "out")
        ends = (
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )

        def end(_rows: int, _share: float) -> None:
            postgresql.sql(f"{ends} AND state = 'idle in transaction'")

        lost = batch.Options(table=options.table, progress=end)
        with pytest.raises(PublishError, match=r"terminating connection|closed|no connection"):
            judged(tmp_path, "id,lat,lon\n1,40,-75\n", options=lost)
        assert contents(tmp_path / "out") == before
        assert postgresql.sql("SELECT count(*) FROM verdicts") == [(9,)]

    def test_a_kill_leaves_the_old_rows(self, postgresql: PostgreSQL, tmp_path: Path) -> None:
        """A run that is killed amid its rows has changed nothing that anybody sees."""
        place = f"{postgresql.address}?table=verdicts"
        judged(tmp_path, options=batch.Options(table=place))
        before = {n: b for n, b in contents(tmp_path / "out").items() if not n.startswith(".")}
        query = "SELECT 40 AS lat, -75 AS lon, generate_series(1, 50000000) AS id"
        address = f"{postgresql.address}?query={query}"
        centers, out = str(centers_file(tmp_path)), str(tmp_path / "out")
        with program("run", address, "--centers", centers, "-o", out, "--table", place) as job:
            while (part := part_of(tmp_path / "out", "report.csv")) is None:
                assert job.poll() is None
                time.sleep(0.02)
            while part.stat().st_size < 1 << 20:
                time.sleep(0.02)
            os.kill(job.pid, signal.SIGKILL)
        after = contents(tmp_path / "out")
        assert {n: b for n, b in after.items() if not n.startswith(".")} == before
        assert postgresql.sql("SELECT count(*) FROM verdicts") == [(9,)]
        judged(tmp_path, "id,lat,lon\n1,40,-75\n", options=batch.Options(table=place))
        assert postgresql.sql("SELECT count(*) FROM verdicts") == [(1,)]


def test_a_held_run_leaves_the_table(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """With too many rejects nothing is committed, and the next good run replaces the rows."""
    header = "site_id,country,latitude,longitude\n"
    one = "G,US,40.1,-75.1\n"
    bad = "".join(f"B{n},US,n/a,n/a\n" for n in range(30))
    path, count = tmp_path / "held.csv", "SELECT count(*) AS n FROM verdicts"
    options = batch.Options(areas=False, map=False, table=f"{postgresql.address}?table=verdicts")
    for text, rows, held in ((one * 30, 30, False), (one + bad, 30, True), (one, 1, False)):
        path.write_text(header + text, encoding="utf-8")
        manifest = batch.run(path, centers_file(tmp_path), tmp_path / "out", options=options)
        assert bool(manifest["held"]) is held
        assert (manifest["table"] is None) is held
        assert postgresql.sql(count) == [(rows,)]
        assert (tmp_path / "out.held").exists() is held


def test_no_password_is_in_any_output(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """Neither the folder nor what the program says has it, be it in either place of an address."""
    sample(postgresql)
    postgresql.ingest("foreign", pa.table({"a": [1]}))
    bare = postgresql.address.replace(f":{ENCODED}@", "@")
    out = tmp_path / "out"
    words = ("run", f"{postgresql.address}?table=sites", "-o", str(out), "--json", "--centers")
    words += (f"{bare}?password={ENCODED}&table=centers", "--table")
    with program(*words, f"{postgresql.address}?table=verdicts") as job:
        output = "".join(job.communicate(timeout=60))
    assert job.returncode == 0, output
    with program(*words, f"{postgresql.address}?table=foreign") as job:
        output += "".join(job.communicate(timeout=60))
    assert job.returncode == 74
    assert STRANGER in output
    assert "Traceback" not in output
    for text in (output, *(b.decode() for b in contents(out).values())):
        assert WORD not in text
        assert ENCODED not in text
    assert manifest(out)["inputs"]["centers"]["path"] == f"{bare}?password=***&table=centers"


def test_memory_does_not_grow_with_rows(postgresql: PostgreSQL, tmp_path: Path) -> None:
    """200,000 rows of 400 bytes go through, there and back, in the memory of 20,000."""
    count = 200_000
    random = np.random.default_rng(1)
    columns = {
        "lat": pa.array(random.uniform(-60, 60, count)),
        "lon": pa.array(random.uniform(-180, 180, count)),
        "note": pa.array(["x" * 400] * count),
    }
    postgresql.ingest("many", pa.table(columns))
    code = (
        "import resource, sys; from coverage_analyzer import batch; "
        "o = batch.Options(areas=False, map=False, table=sys.argv[4]); "
        "batch.run(*sys.argv[1:4], options=o); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    kilobytes = []
    for rows in (20_000, count):
        address = f"{postgresql.address}?query=SELECT * FROM many LIMIT {rows}"
        place = f"{postgresql.address}?table=verdicts"
        words = [address, str(centers_file(tmp_path)), str(tmp_path / "out"), place]
        done = subprocess.run(
            [sys.executable, "-c", code, *words], check=True, capture_output=True, text=True
        )
        kilobytes.append(int(done.stdout))
        assert postgresql.sql("SELECT count(*) FROM verdicts") == [(rows,)]
    assert kilobytes[1] - kilobytes[0] < 60_000  # the rows alone are 80,000
