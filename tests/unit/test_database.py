"""Rows from a database and the report into one: addresses, and what needs no server (SQLite)."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pytest
from running import AS_OF, CENTERS, SITES, cells, centers_file, contents, judged, manifest, records

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError, MissingExtraError, PublishError
from coverage_analyzer.files.database import reader, writer
from coverage_analyzer.files.database.address import Address, address, is_address, quoted
from coverage_analyzer.files.database.connection import execute, reading, redact, translate_errors
from coverage_analyzer.files.run_folder.publishing import Publication

WEIRD: Final = "we\"ird'; DROP TABLE sites; -- é %s {0}"


def database(folder: Path, *statements: str, rows: Any = ()) -> Path:
    """Make a file of SQLite; the last statement is run for each of some rows."""
    path = folder / "data.db"
    with closing(sqlite3.connect(path)) as result:
        for statement in statements[: len(statements) - bool(rows)]:
            result.execute(statement)
        if rows:
            result.executemany(statements[-1], rows)
        result.commit()
    return path


def sample(folder: Path) -> Path:
    """Make a file of SQLite with the sites and centers of other tests, all as text."""
    path = folder / "data.db"
    with closing(sqlite3.connect(path)) as result:
        for name, text in (("sites", SITES), ("centers", CENTERS)):
            (folder / name).write_text(text, encoding="utf-8")
            header, *rows = [r for r in cells(folder / name) if r]
            result.execute(f"CREATE TABLE {name} ({', '.join(header)})")
            result.executemany(f"INSERT INTO {name} VALUES ({', '.join('?' * len(header))})", rows)
        result.commit()
    return path


def rows(path: Path, sql: str) -> list[tuple[Any, ...]]:
    """Return the rows of a query, by Python's own module."""
    with closing(sqlite3.connect(path)) as opened:
        return opened.execute(sql).fetchall()


def read(text: str) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the headers and the rows that a source has."""
    result = reader.DatabaseTable(address(text))
    return result.headers, [r for b in result.blocks() for r in b.columns.to_pylist()]


def run(sites: str, folder: Path, **arguments: Any) -> dict[str, Any]:
    """Run over an address."""
    options = batch.Options(areas=False, map=False, **arguments)
    return batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=options)


class TestAddress:
    """What stands on the command line."""

    def test_ours_are_taken_out_and_the_drivers_pass(self) -> None:
        """The client of PostgreSQL knows no query=, and all else is its own business."""
        result = address("postgres://ann@[::1]:5433,b/sales?sslmode=require&table=a.b&schema=S%25")
        assert (result.table, result.schema, result.query) == ("a.b", "S%", "")
        assert result.connection == "postgres://ann@[::1]:5433,b/sales?sslmode=require"

    @pytest.mark.parametrize(
        ("written", "driven"),
        [
            ("-csearch_path=sales", "-csearch_path%3Dsales"),
            ("-csearch_path%3Dsales", "-csearch_path%3Dsales"),
            ("-c search_path=a,b -c role=r", "-c%20search_path%3Da,b%20-c%20role%3Dr"),
            ("a%b", "a%25b"),
            ("Gr\u00f6\u00dfe", "Gr%C3%B6%C3%9Fe"),
            ("a+b#c", "a+b%23c"),
        ],
    )
    def test_the_drivers_parameters_may_be_written_either_way(
        self, written: str, driven: str
    ) -> None:
        """The client wants a second = encoded; our guide writes it as it is."""
        result = address(f"postgresql://h/d?options={written}&table=t")
        assert result.connection == f"postgresql://h/d?options={driven}"
        assert f"options={written}" in result.shown

    def test_a_secret_is_known_however_it_is_encoded(self) -> None:
        """The client may repeat what it was given."""
        result = address("postgresql://h/d?password=a=b c&table=t")
        assert {"a=b c", "a%3Db%20c"} <= set(result.secrets)
        assert "a=b" not in str(result)

    def test_the_example_of_the_guide_is_tried(self) -> None:
        """Nobody listens there; the client gets as far as that."""
        with pytest.raises(InputError, match=r"(?i)refused|connect"):
            read("postgresql://ann@127.0.0.1:9/sales?options=-csearch_path=sales&table=sites")

    def test_a_query_is_text(self) -> None:
        """All of SQL's own signs may stand in it; & and % are encoded, + and # are themselves."""
        text = "SELECT a #>> '{x}', b+1 FROM t WHERE c = 1 AND d LIKE '%25z' AND e %26 1 = 1 -- ?"
        result = address(f"postgresql:///db?query={text}")
        assert result.query == text.replace("%25", "%").replace("%26", "&")

    @pytest.mark.parametrize(
        ("text", "shown"),
        [
            ("postgresql://ann:pw@h/d?table=t", "postgresql://ann:***@h/d?table=t"),
            ("postgresql://ann:@h/d", "postgresql://ann:***@h/d"),
            (
                "postgresql://ann@h/d?password=pw&table=t",
                "postgresql://ann@h/d?password=***&table=t",
            ),
            ("postgresql://h?sslpassword=pw", "postgresql://h?sslpassword=***"),
            ("POSTGRESQL://ann:p%40w@h", "POSTGRESQL://ann:***@h"),
            ("sqlite:///f.db?table=t", "sqlite:///f.db?table=t"),
        ],
    )
    def test_passwords_are_hidden(self, text: str, shown: str) -> None:
        """An address is shown as it was written, but for its passwords; also in debuggers."""
        assert str(address(text)) == shown
        assert "pw" not in repr(address(text))
        assert "p%40w" not in repr(address(text))

    @pytest.mark.parametrize(
        "text",
        [
            "postgresql://ann:hunter2/x@h/d?table=t",
            "postgresql://ann:hunter2@x@h/d?table=t",
            "postgresql://ann:hunter2?x@h/d?table=t",
            "postgresql://ann:12?hunter2@h/d?table=t",
            "postgresql://ann:12/hunter2@h?table=t",
            "postgresql://ann:hunter2%zz@h/d?table=t",
            "postgresql:/ann:hunter2@h/d?table=t",
            "postgresql+psycopg2://ann:hunter2@h/d?table=t",
            "mysql://ann:hunter2@h/d?table=t",
            "postgresql://ann:hunter2@h/d?table=t&table=u",
            "postgresql://ann:hunter2@h/d?query=SELECT 1 & 2",
            "postgresql://ann:hunter2@h/d?table=",
            "postgresql://ann:hunter2@h/d?query=LIKE '%zz'",
            "postgresql://ann:hunter2@h/d?query=LIKE '%be'",
            "postgresql://ann:hunter2@h/d?table=a%00b",
        ],
    )
    def test_what_cannot_be_read_is_not_repeated(self, text: str) -> None:
        """A password with a sign that means something else must not end in a log."""
        assert is_address(text)
        with pytest.raises(InputError) as caught:
            address(text)
        assert "hunter2" not in str(caught.value)
        assert "%2" in str(caught.value) or "no value after" in str(caught.value)

    @pytest.mark.parametrize("text", ["sqlite://f.db", "sqlite:f.db", "sqlite:///f.db?mode=rw"])
    def test_sqlite_takes_a_path_and_rows(self, text: str) -> None:
        """Slashes are easily miscounted; and a mode would undo that sources are only read."""
        if is_address(text):
            with pytest.raises(InputError, match="SQLite"):
                address(text)
        else:
            assert text == "sqlite:f.db"

    def test_a_path_of_sqlite_is_decoded(self) -> None:
        """A file may have any name."""
        assert address("sqlite:////a/b%3F%23 c.db?table=t").connection == "/a/b?# c.db"

    def test_files_are_files(self) -> None:
        """No name of a file is taken for an address."""
        assert not any(map(is_address, ("sites.csv", "-", Path("a:b.csv"), "postgresql.csv")))

    def test_names_are_quoted(self) -> None:
        """A quote within a name ends nothing."""
        assert quoted('a"; DROP TABLE x; --') == '"a""; DROP TABLE x; --"'


class TestSource:
    """Rows that are read."""

    def test_verdicts_are_those_of_a_file(self, tmp_path: Path) -> None:
        """Sites and centers of a database come to the report, the rejects and the sum of CSV."""
        judged(tmp_path)
        place = f"sqlite:///{sample(tmp_path)}"
        folder = tmp_path / "from"
        result = batch.run(f"{place}?table=sites", f"{place}?table=centers", folder, as_of=AS_OF)
        names = ("report.csv", "centers.csv", "summary.csv", "areas.geojson")
        assert all((folder / n).read_bytes() == (tmp_path / "out" / n).read_bytes() for n in names)
        assert result["ledger"] == {"read": 11, "decided": 9, "rejected": 2, "blank": 0}
        assert [r["line"] for r in records(folder / "rejects.csv")] == ["7", "11"]
        shown = {
            "path": f"{place}?table=sites",
            "sha256": None,
            "detected": {"coordinates": "point"},
        }
        assert manifest(folder)["inputs"]["sites"] == shown

    def test_a_query_keeps_its_order_and_its_end(self, tmp_path: Path) -> None:
        """ORDER BY holds though the query is wrapped; a comment or semicolon may end it."""
        many = [(n * 7919 % 10_007,) for n in range(10_007)]
        path = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (?)", rows=many)
        for end in ("", ";", " ; ", " -- so"):
            query = f"WITH x AS (SELECT a FROM t) SELECT a AS b FROM x ORDER BY a DESC{end}"
            headers, result = read(f"sqlite:///{path}?query={query}")
            assert headers == ["b"]
            assert [r["b"] for r in result] == sorted((a for (a,) in many), reverse=True)

    def test_each_column_has_the_widest_type_of_its_values(self, tmp_path: Path) -> None:
        """A text behind 100,000 nulls or numbers is no error, and no digit is lost beside it."""
        values = [(1, 1, None, 1, 0.1 + 0.2, None)] * 100_000 + [
            (2, 2.5, "x", b"\xff", "n/a", None)
        ]
        sql = "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?)"
        path = database(tmp_path, "CREATE TABLE t (a, b, c, d, e, f)", sql, rows=values)
        table = reader.DatabaseTable(address(f"sqlite:///{path}?table=t"))
        text = pa.string()
        assert table.types == [pa.int64(), pa.float64(), text, pa.binary(), text, text]
        blocks = list(table.blocks())
        assert sum(b.records for b in blocks) == len(values)
        assert np.array_equal(np.concatenate([b.lines for b in blocks]), np.arange(1, 100_002))
        first, last = blocks[1].columns.to_pylist()[0], blocks[-1].columns.to_pylist()[-1]
        assert float(first["e"]) == 0.1 + 0.2
        assert (first["c"], first["d"]) == (None, b"1")
        assert tuple(last.values()) == values[-1]

    def test_names_of_any_kind(self, tmp_path: Path) -> None:
        """Tables and columns may be called as nobody should call them."""
        path = database(
            tmp_path,
            f'CREATE TABLE {quoted(WEIRD)} ({quoted(WEIRD)}, "count(*)", lat)',
            f"INSERT INTO {quoted(WEIRD)} VALUES (1, 2, 3)",
        )
        encoded = WEIRD.replace("%", "%25")
        assert read(f"sqlite:///{path}?table={encoded}")[1] == [{WEIRD: 1, "count(*)": 2, "lat": 3}]

    @pytest.mark.parametrize(
        ("rest", "message"),
        [
            ("?table=nope", "no such table: nope"),
            ("?query=SELEKT 1", "syntax error"),
            ("?query=SELECT 1; SELECT 2", "syntax error"),
            ("?query=SELECT id, id FROM sites", "two columns have the name 'id'"),
            ("?query=DELETE FROM sites", "syntax error"),
            ("?query=VACUUM INTO 'copy.db'", "syntax error"),
            ("", "names no rows"),
            ("?table=sites&query=SELECT 1", "names no rows"),
            ("?query=SELECT 1&schema=main", "names no rows"),
            ("?query=SELECT load_extension('x') AS a", "load_extension|not authorized"),
        ],
    )
    def test_what_gives_no_rows_is_told(self, tmp_path: Path, rest: str, message: str) -> None:
        """A slip in an address or a query is one line that names the address."""
        path = database(tmp_path, "CREATE TABLE sites (id, lat, lon)")
        place = f"sqlite:///{path}{rest}"
        with pytest.raises(InputError, match=message) as caught:
            read(place)
        assert str(caught.value).startswith(f"{place}: ")
        assert "\n" not in str(caught.value)
        assert not Path("copy.db").exists()

    def test_a_file_that_is_not_there_is_not_made(self, tmp_path: Path) -> None:
        """Nor is a file that is no database taken for one."""
        with pytest.raises(InputError, match="does not exist"):
            read(f"sqlite:///{tmp_path / 'none.db'}?table=t")
        assert contents(tmp_path) == {}
        (tmp_path / "text.db").write_text("id,lat,lon\n" * 1000, encoding="utf-8")
        with pytest.raises(InputError, match="not a database"):
            read(f"sqlite:///{tmp_path / 'text.db'}?table=t")

    def test_a_source_is_only_read(self, tmp_path: Path) -> None:
        """The connection of a source writes nothing, even where a statement would."""
        path = database(tmp_path, "CREATE TABLE t (a)", "INSERT INTO t VALUES (?)", rows=[(1,)])
        before = path.read_bytes()
        place = address(f"sqlite:///{path}?table=t")
        with (
            pytest.raises(InputError, match="readonly"),
            translate_errors(place, InputError),
            reading(place) as connection,
        ):
            execute(connection, "DELETE FROM t")
        assert path.read_bytes() == before

    def test_text_that_is_not_utf8_is_a_reject(self, tmp_path: Path) -> None:
        """SQLite keeps any bytes as text: they cost the row that holds them."""
        path = database(
            tmp_path,
            "CREATE TABLE t (a, lat, lon)",
            "INSERT INTO t VALUES (CAST(x'ff' AS TEXT), 40, -75), ('b', 40, -75)",
        )
        result = run(f"sqlite:///{path}?table=t", tmp_path)
        assert result["ledger"] == {"read": 2, "decided": 1, "rejected": 1, "blank": 0}
        (_, row) = cells(tmp_path / "out" / "rejects.csv")
        assert row[:2] == ["1", "not_utf8"]
        assert "'a'" in row[2]
        assert r"\\xff" in row[3]

    def test_a_column_name_that_is_not_utf8(self, tmp_path: Path) -> None:
        """No row can be told without it, so the table is refused, in words."""
        path = database(tmp_path, "CREATE TABLE t (abcdef, lat, lon)")
        path.write_bytes(path.read_bytes().replace(b"abcdef", b"abc\xe9ef"))
        with pytest.raises(InputError, match=r"name is not UTF-8 text: abc.xe9ef"):
            read(f"sqlite:///{path}?table=t")

    def test_a_table_without_rows(self, tmp_path: Path) -> None:
        """It comes to a report without rows."""
        path = database(tmp_path, "CREATE TABLE t (id, lat, lon)")
        assert run(f"sqlite:///{path}?table=t", tmp_path)["ledger"]["read"] == 0
        assert len(cells(tmp_path / "out" / "report.csv")) == 1

    def test_columns_are_named_as_for_files(self, tmp_path: Path) -> None:
        """--column works; a missing column is told with the address."""
        path = database(
            tmp_path, "CREATE TABLE t (nr, hoch, lon)", "INSERT INTO t VALUES (1, 40, -75)"
        )
        place = f"sqlite:///{path}?table=t"
        with pytest.raises(InputError, match="latitude") as caught:
            run(place, tmp_path)
        assert str(caught.value).startswith(place)
        assert run(place, tmp_path, columns={"latitude": "hoch"})["ledger"]["decided"] == 1

    def test_a_path_object_cannot_hold_an_address(self) -> None:
        """A path drops a slash; the message says to write text."""
        with pytest.raises(InputError, match="Write an SQLite address"):
            address(str(Path("sqlite:///f.db?table=t")))

    def test_without_the_extra(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """What is to be installed is told, and nothing else happens."""
        monkeypatch.setitem(sys.modules, "adbc_driver_sqlite", None)
        with pytest.raises(MissingExtraError, match=r"\[database\]"):
            read("sqlite:///f.db?table=t")


def verdicts(path: Path, columns: str = "*") -> list[tuple[Any, ...]]:
    """Return the rows of the table ``verdicts``."""
    return rows(path, f"SELECT {columns} FROM verdicts")


class TestTarget:
    """The report as a table."""

    def test_rows_are_those_of_the_report(self, tmp_path: Path) -> None:
        """Values are verbatim, without the guard of spreadsheets, and with their types."""
        db = tmp_path / "new.db"
        text = SITES + '0012,"=1+1",US,40.0,-75.0,\n'
        result = judged(
            tmp_path, text, options=batch.Options(table=f"sqlite:///{db}?table=verdicts")
        )
        report = records(tmp_path / "out" / "report.csv")
        named = "site_id, name, level, status, reason, center_id"
        expected = [tuple(r[n] for n in named.split(", ")) for r in report]
        assert [tuple(v or "" for v in row) for row in verdicts(db, named)][:-1] == expected[:-1]
        assert verdicts(db, named)[-1][1] == "=1+1"
        miles = [r["distance_miles"] for r in report]
        assert [f"{m:.3f}" if m else "" for (m,) in verdicts(db, "distance_miles")] == miles
        assert verdicts(db, "typeof(centers_in_reach)")[0] == ("integer",)
        assert (
            result["table"]
            == manifest(tmp_path / "out")["table"]
            == f"sqlite:///{db}?table=verdicts"
        )

    def test_an_old_report_is_replaced_whole(self, tmp_path: Path) -> None:
        """No row of the old one remains, and its columns may have been others."""
        options = batch.Options(table=f"sqlite:///{tmp_path / 'new.db'}?table=verdicts")
        judged(tmp_path, options=options)
        judged(tmp_path, "id,lat,lon,cc,extra\n9,40,-75,US,x\n", options=options)
        assert verdicts(tmp_path / "new.db", "id, extra") == [("9", "x")]
        assert rows(tmp_path / "new.db", "SELECT name FROM sqlite_master") == [("verdicts",)]

    @pytest.mark.parametrize(
        "result", ["CREATE TABLE Verdicts (a)", "CREATE VIEW verdicts AS SELECT 1"]
    )
    def test_what_is_not_ours_is_not_touched(self, tmp_path: Path, result: str) -> None:
        """A table of somebody else's, or a view, stops the run before the work."""
        path = database(tmp_path, result)
        before = path.read_bytes()
        with pytest.raises(PublishError, match="not written by this program"):
            judged(tmp_path, options=batch.Options(table=f"sqlite:///{path}?table=verdicts"))
        assert path.read_bytes() == before
        assert not (tmp_path / "out").exists()

    def test_a_table_may_stand_beside_the_sites(self, tmp_path: Path) -> None:
        """The file that is read is the file that is written, under a name that needs its quotes."""
        path = sample(tmp_path)
        encoded = WEIRD.replace("%", "%25")
        for _ in range(2):
            run(
                f"sqlite:///{path}?table=sites", tmp_path, table=f"sqlite:///{path}?table={encoded}"
            )
        assert rows(path, f"SELECT count(*) FROM {quoted(WEIRD)}") == [(9,)]
        assert rows(path, "SELECT count(*) FROM sites") == [(11,)]

    def test_columns_of_any_name(self, tmp_path: Path) -> None:
        """Quotes, no name at all, and names that differ by case alone, unseen by SQLite."""
        db = tmp_path / "new.db"
        header = f'id,lat,lon,"{WEIRD.replace(chr(34), chr(34) * 2)}",,Note,note\n'
        text = f"{header}1,40,-75,a,b,c,d\n"
        judged(tmp_path, text, options=batch.Options(table=f"sqlite:///{db}?table=verdicts"))
        result = verdicts(db, f"{quoted(WEIRD)}, column_5, Note, note_2")
        assert result == [("a", "b", "c", "d")]

    def test_a_failing_run_leaves_the_old_rows(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Neither folder nor table changes if the folder cannot be published, or the table."""
        options = batch.Options(table=f"sqlite:///{tmp_path / 'new.db'}?table=verdicts")
        judged(tmp_path, options=options)
        before, folder = (tmp_path / "new.db").read_bytes(), contents(tmp_path / "out")

        def fail(*_: object, **_options: object) -> None:
            raise PublishError("boom")

        for place, name in ((Publication, "publish"), (writer.TableWriter, "commit")):
            with monkeypatch.context() as patched:
                patched.setattr(place, name, fail)
                with pytest.raises(PublishError, match="boom"):
                    judged(tmp_path, "id,lat,lon\n1,40,-75\n", options=options)
            assert (tmp_path / "new.db").read_bytes() == before
            assert contents(tmp_path / "out") == folder

    def test_a_failing_run_leaves_no_empty_file(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """SQLite makes its file when it is opened; a run that fails takes it away."""
        db, there = tmp_path / "new.db", []

        def fail(*_: object, **_options: object) -> None:
            there.append(db.exists())
            raise PublishError("boom")

        monkeypatch.setattr(Publication, "publish", fail)
        with pytest.raises(PublishError, match="boom"):
            judged(tmp_path, options=batch.Options(table=f"sqlite:///{db}?table=v"))
        assert there == [True]
        assert not db.exists()

    @pytest.mark.parametrize(
        ("rest", "kind", "message"),
        [
            ("", InputError, "name the table"),
            ("?query=SELECT 1", InputError, "name the table"),
            ("?table=v&schema=s", InputError, "no schemas"),
            ("/no/file.db?table=v", PublishError, "does not exist"),
        ],
    )
    def test_a_target_is_a_table(
        self, tmp_path: Path, rest: str, kind: type[Exception], message: str
    ) -> None:
        """What cannot hold the report is told before the work."""
        with pytest.raises(kind, match=message):
            judged(tmp_path, options=batch.Options(table=f"sqlite:///{tmp_path / 'new.db'}{rest}"))
        assert not (tmp_path / "new.db").exists()
        assert not (tmp_path / "out" / "report.csv").exists()

    def test_a_locked_file_is_told(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another program that writes keeps us out, in words."""
        monkeypatch.setattr(writer, "WAIT_MS", 1)
        path = database(tmp_path, "CREATE TABLE t (a)")
        code = (
            f"import sqlite3; c = sqlite3.connect({str(path)!r}); c.execute('BEGIN IMMEDIATE'); "
            "print(flush=True); input()"
        )
        with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1) as other:
            assert other.stdout is not None
            other.stdout.readline()
            with pytest.raises(PublishError, match="locked"):
                judged(tmp_path, options=batch.Options(table=f"sqlite:///{path}?table=v"))
            other.communicate(b"\n")

    def test_types_that_a_database_has_not(self) -> None:
        """Each becomes a type that holds it; nothing is cut, and null stays null."""
        big = 2**64 - 1
        rows_ = pa.RecordBatch.from_pydict(
            {
                "u": pa.array([big, None], pa.uint64()),
                "l": pa.array([[1, None], None], pa.list_(pa.int64())),
                "s": pa.array([{"a": "é"}, None]),
                "d": pa.array([86_400_000, None], pa.date64()),
                "n": pa.nulls(2),
                "e": pa.array(["a", None]).dictionary_encode(),
                "t": pa.array([0, None], pa.timestamp("us", "UTC")),
            }
        )
        texts = {"l": "[1, null]", "s": '{"a": "é"}', "n": None, "e": "a"}
        lite, post = (writer.storable(rows_, k) for k in ("sqlite", "postgresql"))
        for stored in (lite, post):
            first, second = stored.to_pylist()
            assert {k: first[k] for k in texts} == texts
            assert set(second.values()) == {None}
        assert lite.to_pylist()[0]["u"] == str(big)
        assert int(post.to_pylist()[0]["u"]) == big
        assert lite.to_pylist()[0]["t"] == "1970-01-01 00:00:00.000000Z"
        assert str(post.schema.field("d").type) == "date32[day]"


def test_a_run_needs_no_pandas(tmp_path: Path) -> None:
    """Half a second for nothing: neither source nor target loads it."""
    path = sample(tmp_path)
    code = (
        "import sys, json; from coverage_analyzer import batch; "
        f"batch.run('sqlite:///{path}?table=sites', 'sqlite:///{path}?table=centers', "
        f"{str(tmp_path / 'out')!r}, options=batch.Options(table='sqlite:///{path}?table=v'));"
        "print(json.dumps([m for m in ('pandas', 'geopandas') if m in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert json.loads(done.stdout) == []


def test_an_address_of_no_password_is_whole() -> None:
    """Hiding touches nothing else in what a driver says."""
    place = Address("postgresql", "x", "x", secrets=("a b", "a"))
    assert redact('FATAL:  no "a b" here\nmore', place) == 'no "***" here.'
    assert redact("IO: [SQLite] failed: HINT:  x", address("sqlite:///f")) == "failed: HINT:  x. x"
