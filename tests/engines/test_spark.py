"""Spark: what it carries, what it refuses, and a folder that is whole or not there."""

import datetime
import os
import shutil
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from running import AS_OF, cells, centers_file, contents, manifest, records, sites_file

from coverage_analyzer import batch, countries, spark
from coverage_analyzer.batch import Ledger
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import (
    CoverageError,
    FolderBusyError,
    InputError,
    MissingExtraError,
    PublishError,
)
from coverage_analyzer.files.table import open_table, read_centers
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import CENTERS
from coverage_analyzer.spark import _assess, part_run, session, through_java
from coverage_analyzer.spark import parts as spark_parts
from coverage_analyzer.spark.storage import Folder

pytestmark = [pytest.mark.xdist_group("spark"), pytest.mark.usefixtures("spark")]

QUICK = batch.Options(areas=False, map=False)

NASTY = (
    "site_id,name,country,latitude,longitude\n"
    '1,"two\nlines",US,40.0,-75.0\n'
    "2,short,US,40.0\n"
    "3,long,US,40.0,-75.0,more\n"
    "\n"
    '4,open " quote,US,40.0,-75.0\n'
    '5,"open,US,40.0,-75.0\n'
    "6,=1+1,FR,48.85,2.35\n"
    "7,lost,US,,\n"
)
"""What Spark's own reader would change or lose in silence."""


def sites_folder(folder: Path, *texts: str | bytes) -> Path:
    """Write files of sites into a folder of their own, whose name has a blank and a percent."""
    inner = folder / "in 100%"
    inner.mkdir()
    for number, text in enumerate(texts):
        whole = text.encode() if isinstance(text, str) else text
        (inner / f"{number}.csv").write_bytes(whole)
    return inner


def on_spark(sites: Path, folder: Path, **options: Any) -> dict[str, Any]:
    """Run on Spark over the small network; the report is in ``out``."""
    chosen = batch.Options(areas=False, map=False, **options)
    return spark.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=chosen)


def network(world: countries.Countries, folder: Path) -> Centers:
    """Return the small network."""
    table = open_table(centers_file(folder), CENTERS)
    convention = Policy.load().convention(world.names)
    return read_centers(table, world, convention)


def parts(folder: Path) -> list[list[str]]:
    """Return the rows of a folder of CSV, without the header of each part."""
    files = sorted(folder.glob("part-*.csv"))
    assert files
    headers = {tuple(cells(file)[0]) for file in files}
    assert len(headers) == 1
    return [row for file in files for row in cells(file)[1:]]


def test_input_columns_pass_unchanged(spark: Any, tmp_path: Path) -> None:
    """Carry types, values and order of any column; say the verdict's types and nullability."""
    df = spark.sql("""
        select 40.0D as latitude, cast(-75 as decimal(9, 6)) as longitude, 'US' as country,
            cast('123456789012345678.90' as decimal(20, 2)) as amount,
            timestamp '2026-01-02 03:04:05.678901' as zoned,
            timestamp_ntz '2026-01-02 03:04:05' as plain,
            named_struct('a', array(1, null), 'b', map('k', 1.5D)) as nested,
            cast('x' as binary) as bytes, repeat('long', 20000) as long_text,
            cast(null as boolean) as flag, 7 as `dotted.name`
    """)
    verdicts = spark_assess(df, tmp_path)
    assert verdicts.schema.fields[: len(df.columns)] == df.schema.fields
    added = {f.name: (f.dataType.simpleString(), f.nullable) for f in verdicts.schema.fields[11:]}
    assert added == {
        "level": ("string", True),
        "status": ("string", False),
        "reason": ("string", False),
        "center_id": ("string", True),
        "distance_miles": ("double", True),
        "limit_miles": ("double", True),
        "margin_miles": ("double", True),
        "site_country": ("string", True),
        "available_on": ("date", True),
        "centers_in_reach": ("int", True),
        "as_of": ("date", True),
    }
    (before,), (after,) = df.collect(), verdicts.collect()
    assert tuple(after)[: len(before)] == tuple(before)
    assert after["amount"] == Decimal("123456789012345678.90")
    assert (after["status"], after["center_id"]) == ("qualified", "PHL")


def spark_assess(df: Any, folder: Path, **options: Any) -> Any:
    """Judge a DataFrame by the small network."""
    return spark.assess(df, centers_file(folder), as_of=AS_OF, **options)


def test_large_types_of_arrow_pass(spark: Any, tmp_path: Path) -> None:
    """Judge text that Spark hands over as large strings."""
    mine = spark.newSession()
    mine.conf.set("spark.sql.execution.arrow.useLargeVarTypes", "true")
    df = mine.sql("select '40.0' as lat, '-75.0' as lon, 'usa' as country")
    (row,) = spark_assess(df, tmp_path).collect()
    assert (row["lat"], row["status"], row["site_country"]) == ("40.0", "qualified", "US")


def test_no_row_is_lost(spark: Any, tmp_path: Path) -> None:
    """Give a row without anything in it, and one that is no place, as rejects in their places."""
    df = spark.createDataFrame(
        [("a", 40.0, -75.0), (None, None, None), ("c", 95.0, 0.0), ("d", 40.0, -75.0)],
        "site_id string, latitude double, longitude double",
    ).coalesce(1)
    rows = [tuple(r)[:6] for r in spark_assess(df, tmp_path).collect()]
    assert rows == [
        ("a", 40.0, -75.0, "Gold Plus", "qualified", "within_radius"),
        (None, None, None, None, "rejected", "coordinate_missing"),
        ("c", 95.0, 0.0, None, "rejected", "coordinate_out_of_range"),
        ("d", 40.0, -75.0, "Gold Plus", "qualified", "within_radius"),
    ]


def test_a_frame_of_rejects_alone(spark: Any, tmp_path: Path) -> None:
    """Give rows also where none of a batch can be decided."""
    df = spark.sql("select 'x' as latitude, cast(null as string) as longitude")
    (row,) = spark_assess(df, tmp_path).collect()
    assert (row["status"], row["centers_in_reach"]) == ("rejected", None)


def test_columns_called_like_the_verdicts_are_renamed(spark: Any, tmp_path: Path) -> None:
    """Keep input columns apart from the verdict's, whatever their case, for Spark sees none."""
    df = spark.sql("select 40.0 as lat, -75.0 as lon, 'mine' as Level, 1 as input_level")
    verdicts = spark_assess(df, tmp_path)
    assert verdicts.columns[:5] == ["lat", "lon", "input_input_Level", "input_level", "level"]
    assert verdicts.select("level").first()[0] == "Gold Plus"


def test_centers_of_all_kinds(spark: Any, tmp_path: Path, world: countries.Countries) -> None:
    """Take centers as a frame of pandas, as `Centers` and as a path alike."""
    import coverage_analyzer as ca

    df = spark.sql("select 40.0 as lat, -75.0 as lon")
    path = centers_file(tmp_path)
    for centers in (ca.read_centers(path), network(world, tmp_path), str(path)):
        assert spark_assess_by(df, centers) == "PHL"


def spark_assess_by(df: Any, centers: Any) -> str:
    """Return the center of the first row."""
    return str(spark.assess(df, centers, as_of=AS_OF).first()["center_id"])


@pytest.mark.parametrize(
    ("query", "columns", "told"),
    [
        ("select 1 as a", None, "columns 'latitude' .* not found"),
        ("select 1 as lat, 2 as latitude, 3 as lon", None, "'lat' and 'latitude'"),
        ("select true as lat, 3 as lon", None, "has the type bool"),
        ("select 1 as lat, 3 as lon", {"latitude": "b"}, "Column 'b' not found"),
    ],
)
def test_columns_that_cannot_be_meant(
    spark: Any, tmp_path: Path, query: str, columns: dict[str, str] | None, told: str
) -> None:
    """Say on the driver, before Spark runs, what is wrong with the columns."""
    with pytest.raises(InputError, match=told):
        spark_assess(spark.sql(query), tmp_path, columns=columns)


def test_specs_are_shipped_and_built_once(
    tmp_path: Path, world: countries.Countries, policy: Policy
) -> None:
    """Build one matcher in a process for equal specs, and another for another day."""
    from pyspark.serializers import CloudPickleSerializer

    centers = network(world, tmp_path)
    matcher = Matcher(centers, policy, world, as_of=datetime.date(2026, 12, 1))
    spec = MatcherSpec.of(matcher)
    shipped = CloudPickleSerializer().loads(CloudPickleSerializer().dumps(spec))
    assert _assess.built_once(shipped) is _assess.built_once(spec)
    later = Matcher(centers, policy, world, as_of=datetime.date(2026, 12, 31))
    assert MatcherSpec.of(later) != spec


@pytest.mark.parametrize("raw_text", [False, True])
def test_text_is_read_as_without_spark(tmp_path: Path, raw_text: bool) -> None:
    """Give the rows, rejects and ledger of the local engine, file by file, to the byte."""
    texts = (NASTY, NASTY.replace("40.0", "41.0"), NASTY.partition("\n")[0] + "\n")
    folder = sites_folder(tmp_path, *texts)
    told = on_spark(folder, tmp_path, raw_text=raw_text)
    report, rejects, sums = [], [], Counter[str]()
    options = batch.Options(areas=False, map=False, raw_text=raw_text)
    for file in sorted(folder.iterdir()):
        alone = tmp_path / file.stem
        some = batch.run(file, centers_file(tmp_path), alone, as_of=AS_OF, options=options)
        sums.update(some["ledger"])
        report += (alone / "report.csv").read_bytes().splitlines(keepends=True)[1:]
        rejects += [[*row, f"file:{file}"] for row in cells(alone / "rejects.csv")[1:]]
    out = tmp_path / "out"
    files = sorted((out / "report.csv").glob("part-*.csv"))
    lines = [file.read_bytes().splitlines(keepends=True) for file in files]
    assert sorted(line for some in lines for line in some[1:]) == sorted(report)
    assert sorted(parts(out / "rejects.csv")) == sorted(rejects)
    assert told["ledger"] == dict(sums) == manifest(out)["ledger"]
    assert len(rejects) == 8


def test_parquet_comes_out_with_its_types_and_lines(spark: Any, tmp_path: Path) -> None:
    """Write what a local run writes, and the row of each reject in its file."""
    spark.sql("""
        select cast(id as string) as site_id, if(id % 50 = 7, 95.0D, 40.0D) as latitude,
            -75.0D as longitude, timestamp '2026-01-02 03:04:05' as seen, 'x' as `Site_Country`,
            'y' as `SITE_ID.old`
        from range(0, 200, 1, 1)
    """).write.parquet(str(tmp_path / "sites.parquet"))
    told = on_spark(tmp_path / "sites.parquet", tmp_path, format="parquet")
    assert told["ledger"] == {"read": 200, "decided": 196, "rejected": 4, "blank": 0}
    table = pq.read_table(tmp_path / "out" / "report.parquet")
    options = batch.Options(areas=False, map=False, format="parquet")
    arguments = (tmp_path / "sites.parquet", tmp_path / "network.csv", tmp_path / "local")
    batch.run(*arguments, as_of=AS_OF, options=options)
    assert table.equals(pq.read_table(tmp_path / "local" / "report.parquet"))
    assert table.column_names[:6] == [
        "site_id",
        "latitude",
        "longitude",
        "seen",
        "Site_Country",
        "SITE_ID.old",
    ]
    assert told["renamed_columns"] == {}
    rejects = parts(tmp_path / "out" / "rejects.csv")
    assert [row[0] for row in rejects] == ["8", "58", "108", "158"]
    assert '"site_id": "7"' in rejects[0][3]


def test_summary_and_counts_are_those_of_the_local_engine(
    sites: Path, network: Path, tmp_path: Path
) -> None:
    """Write the same files, map and summary among them, and say the same in the manifest."""
    one = batch.run(sites, network, tmp_path / "a", as_of=AS_OF)
    two = spark.run(sites, network, tmp_path / "b", as_of=AS_OF)
    for name in ("summary.csv", "summary.html", "centers.csv", "areas.geojson", "map.html"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert two.pop("engine") == "spark"
    assert two.pop("spark") == {"files": 1, "bytes": sites.stat().st_size, "parts": 1}
    assert two == one


def test_areas_warnings_and_products_are_those_of_the_local_engine(tmp_path: Path) -> None:
    """Where declared countries are trusted, discs stay whole; the products have their hash."""
    products = tmp_path / "products.csv"
    products.write_text("product,life_ends_on\nA,2030-01-01\n", encoding="utf-8")
    text = "site_id,latitude,longitude,country,product\n1,40.0,-75.0,US,A\n"
    sites, network = sites_file(tmp_path, text), centers_file(tmp_path)
    options = batch.Options(map=False, trust_declared=True, products=products)
    told = {}
    for name, engine in (("here", batch.run), ("there", spark.run)):
        told[name] = engine(sites, network, tmp_path / name, as_of=AS_OF, options=options)
    for what in ("products", "centers"):
        assert told["there"]["inputs"][what] == told["here"]["inputs"][what]
    assert told["there"]["warnings"] == told["here"]["warnings"]
    here, there = (tmp_path / name / "areas.geojson" for name in told)
    assert there.read_bytes() == here.read_bytes()


def test_files_that_only_spark_sees(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read text through Spark as it is read in place: the same rows, rejects and ledger."""
    folder = sites_folder(tmp_path, NASTY, NASTY)
    on_spark(folder, tmp_path)
    there = parts(tmp_path / "out" / "report.csv"), parts(tmp_path / "out" / "rejects.csv")
    monkeypatch.setattr("coverage_analyzer.spark._run.is_on_disk", lambda *_: False)
    on_spark(folder, tmp_path)
    streamed = parts(tmp_path / "out" / "report.csv"), parts(tmp_path / "out" / "rejects.csv")
    assert tuple(map(sorted, streamed)) == tuple(map(sorted, there))
    monkeypatch.setattr("coverage_analyzer.spark.readers.LOCAL", "nowhere:")
    told = on_spark(folder, tmp_path)
    through = parts(tmp_path / "out" / "report.csv"), parts(tmp_path / "out" / "rejects.csv")
    assert tuple(map(sorted, through)) == tuple(map(sorted, there))
    assert told["spark"]["files"] == 2
    for option in ({"on_duplicate": "first"}, {"hold_if": "lost > 0"}):
        with pytest.raises(InputError, match="on a file system that only Spark sees"):
            on_spark(folder, tmp_path, **option)


def test_files_with_other_columns_are_refused(tmp_path: Path) -> None:
    """Name the file whose columns differ, in words, and publish nothing."""
    folder = sites_folder(tmp_path, NASTY, "latitude,longitude\n40,-75\n")
    with pytest.raises(InputError, match=r"1\.csv and .* have different columns") as raised:
        on_spark(folder, tmp_path)
    assert "Traceback" not in str(raised.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in 100%", "network.csv"]


@pytest.mark.parametrize("name", ["nothing.csv", "nothing/*.parquet"])
def test_no_file_is_an_error_in_words(tmp_path: Path, name: str) -> None:
    """Say that there is no such file, without a trace."""
    with pytest.raises(InputError, match=r"(?i)no (such )?file") as raised:
        on_spark(tmp_path / name, tmp_path)
    assert "\n" not in str(raised.value)


def test_an_old_report_is_replaced_whole_or_stays(tmp_path: Path) -> None:
    """Replace a run's folder by the next run; leave it as it is where that one fails."""
    folder = sites_folder(tmp_path, NASTY)
    on_spark(folder, tmp_path, format="parquet")
    on_spark(folder, tmp_path)
    names = {p.name for p in (tmp_path / "out").iterdir()}
    network = {"centers.csv", "policy.toml"}
    assert (
        names == {"report.csv", "rejects.csv", "summary.csv", "summary.html", "run.json"} | network
    )
    before = contents(tmp_path / "out" / "report.csv")
    (folder / "1.csv").write_text("latitude,longitude\n40,-75\n", encoding="utf-8")
    with pytest.raises(InputError):
        on_spark(folder, tmp_path)
    assert contents(tmp_path / "out" / "report.csv") == before
    assert not list(tmp_path.glob(".out.*"))


def test_folders_of_others_and_busy_ones_are_refused(tmp_path: Path) -> None:
    """Touch no file that no run has written, nor a folder that another run writes."""
    folder, out = sites_folder(tmp_path, NASTY), tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("keep", encoding="utf-8")
    with pytest.raises(PublishError, match=r"contains 'mine\.txt'"):
        on_spark(folder, tmp_path)
    assert (out / "mine.txt").read_text(encoding="utf-8") == "keep"
    (out / "mine.txt").unlink()
    (tmp_path / ".out.lock").touch()
    with pytest.raises(FolderBusyError, match=r"delete .*\.out\.lock"):
        on_spark(folder, tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(PublishError, match="cannot be written"):
        spark.run(folder, tmp_path / "network.csv", tmp_path / "file" / "out", as_of=AS_OF)


def test_what_killed_runs_left_and_what_others_have_prepared(tmp_path: Path) -> None:
    """Our own work folders go, and the report in one comes back; links and others' folders stay."""
    folder, out = sites_folder(tmp_path, NASTY), tmp_path / "out"
    on_spark(folder, tmp_path)
    whole = sorted(p.name for p in out.iterdir())
    victim = tmp_path / "victim"
    victim.mkdir()
    (victim / "thesis.txt").write_text("precious", encoding="utf-8")
    for name in (".out.part", ".out.old", ".out.stage", ".out.0123456789abcdef.work"):
        (tmp_path / name).symlink_to(victim)
    (tmp_path / ".out.fedcba9876543210.work").mkdir()
    left = tmp_path / ".out.00000000deadbeef.work"
    (left / "part").mkdir(parents=True)
    (left / "coverage-analyzer-out.00000000deadbeef.work").touch()
    out.rename(left / "old")
    (left / "held").mkdir()
    other = tmp_path / ".out.held.00000000deadbeef.work"  # of a folder that is called out.held
    (other / "old").mkdir(parents=True)
    (other / "coverage-analyzer-out.held.00000000deadbeef.work").touch()
    with session.opened() as shared, Folder(shared, str(out)):
        assert sorted(p.name for p in out.iterdir()) == whole, "it came back"
        assert (tmp_path / "out.held").is_dir(), "so did a run that was held back"
    assert not left.exists()
    assert (other / "old").is_dir(), "another run may be at work there"
    shutil.rmtree(other)
    on_spark(folder, tmp_path)
    assert (victim / "thesis.txt").read_text("utf-8") == "precious"
    assert len(list(tmp_path.glob(".out.*"))) == 5
    with pytest.raises(InputError, match="is an input file"):
        spark.run(folder, out / "centers.csv", out, as_of=AS_OF)


def test_a_run_that_is_interrupted_leaves_nothing(
    spark: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Clear the work folder and the lock, although an answer of Java was never read."""
    context = spark.sparkContext

    def interrupted() -> bytes:
        raise KeyboardInterrupt

    def run() -> None:
        with Folder(context, str(tmp_path / "out")) as folder:
            assert Path(folder.path.removeprefix("file:")).parent == tmp_path
            connection = context._gateway._gateway_client.get_thread_connection()
            stream = connection.stream
            monkeypatch.setattr(connection, "stream", SimpleNamespace(readline=interrupted))
            try:
                context._jvm.java.lang.Thread.sleep(1)
            finally:
                monkeypatch.setattr(connection, "stream", stream)

    with pytest.raises(KeyboardInterrupt):
        session.in_a_thread(run)  # the connection of this thread is needed
    assert not list(tmp_path.iterdir())


def test_what_spark_cannot_read_or_write_is_refused(tmp_path: Path) -> None:
    """Say what Spark is not asked to do, before it works."""
    folder = sites_folder(tmp_path, NASTY)
    with pytest.raises(InputError, match="standard input"):
        on_spark(Path("-"), tmp_path)
    with pytest.raises(InputError, match="--table is not supported with Spark"):
        on_spark(folder, tmp_path, table="sqlite:///x.db#y")
    with pytest.raises(InputError, match="is not on a file system that Spark supports"):
        spark.run(folder, centers_file(tmp_path), "nowhere://a/b", as_of=AS_OF)


def test_one_file_is_not_both_on_spark(tmp_path: Path) -> None:
    """Nor a folder with the file of the centers, nor Parquet."""
    centers = centers_file(tmp_path)
    folder = sites_folder(tmp_path, centers.read_text(encoding="utf-8"))
    (folder / "link.csv").symlink_to(centers)
    parquet = tmp_path / "both.parquet"
    pq.write_table(pa_csv.read_csv(centers), parquet)
    for sites, given in ((centers, centers), (folder, centers), (parquet, parquet)):
        with pytest.raises(InputError, match="the same table"):
            spark.run(sites, given, tmp_path / "out", as_of=AS_OF)


def test_rows_that_do_not_add_up_stop_a_run() -> None:
    """Refuse a report that has fewer rows than were judged, or more."""
    counts = through_java.Counts()
    counts.read = 3
    counts.places["US", "Gold", "fallback"] = 3
    through_java._check(Ledger(read=3, decided=3), counts)
    with pytest.raises(CoverageError, match="do not add up"):
        through_java._check(Ledger(read=3, decided=2), counts)
    with pytest.raises(CoverageError, match="the summary has"):
        through_java._check(Ledger(read=3, decided=2, rejected=1), counts)


def test_command_line(sites: Path, network: Path, tmp_path: Path) -> None:
    """Run by ``--engine spark``; say the ledger last; leave with 1 for too many rejects."""
    arguments = [str(sites), "--centers", str(network), "-o", str(tmp_path / "out")]
    more = ["--engine", "spark", "--as-of", AS_OF, "--no-areas", "--max-rejects", "3"]
    ended = CliRunner().invoke(program, ["run", *arguments, *more], standalone_mode=False)
    assert ended.return_value == 1
    assert ended.stderr.endswith("read 191 = decided 185 + rejected 6 + blank 0\n")


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_parquet_has_the_types_of_a_local_report(tmp_path: Path, ending: str) -> None:
    """Coordinates that are text in the input are numbers, known days are days, empty is null."""
    header = "site_id,country,latitude,longitude,accuracy_m,installed_on,note\n"
    text = f"{header}007,US,40.5,-75.1,,2026-01-02,\n8,US,41.5,-75.2,5,,x\n"
    path = sites_file(tmp_path, text)
    if ending == "parquet":
        rows = [dict(zip(header.strip().split(","), r, strict=True)) for r in cells(path)[1:]]
        pq.write_table(pa.Table.from_pylist(rows), tmp_path / "sites.parquet")
        path = tmp_path / "sites.parquet"
    options = batch.Options(format="parquet", areas=False, map=False)
    arguments = (path, centers_file(tmp_path))
    found = []
    for engine, output in ((spark.run, tmp_path / "spark"), (batch.run, tmp_path / "local")):
        engine(*arguments, output, as_of=AS_OF, options=options)
        table = pq.read_table(output / "report.parquet")
        found.append((dict(zip(table.column_names, table.schema.types, strict=True)), table))
    assert found[0][0] == found[1][0]
    assert found[0][1].to_pylist() == found[1][1].to_pylist()
    assert found[0][0]["latitude"] == pa.float64()
    assert found[0][0]["installed_on"] == pa.date32()


def tree(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_rejects_nearly_all(tmp_path: Path) -> None:
    """A run with too many rejects goes beside the folder, and is gone after the next good one."""
    header = "site_id,country,latitude,longitude\n"
    good = header + "".join(f"G{n},US,40.{n},-75.1\n" for n in range(60))
    bad = header + "G,US,40.1,-75.1\n" + "".join(f"B{n},US,n/a,n/a\n" for n in range(59))
    notices: list[str] = []
    folder = sites_folder(tmp_path, good)
    assert on_spark(folder, tmp_path, warn=notices.append)["held"] == []
    whole = tree(tmp_path / "out")
    (folder / "0.csv").write_text(bad, encoding="utf-8")
    for _ in range(2):
        told = on_spark(folder, tmp_path, warn=notices.append)
        assert told["held"] == ["59 of 60 rows rejected (--max-rejects 50%)"]
        assert tree(tmp_path / "out") == whole
        held = tmp_path / "out.held"
        assert manifest(held) == told
        assert len(parts(held / "rejects.csv")) == 59
    assert [f"files of this run are in file:{held}" in notice for notice in notices] == [True] * 2
    (held / "notes.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match=r"notes\.txt"):
        on_spark(folder, tmp_path)
    assert tree(tmp_path / "out") == whole
    (folder / "0.csv").write_text(good, encoding="utf-8")
    assert on_spark(folder, tmp_path)["held"] == []
    assert (held / "report.csv").exists(), "other files are there"
    (held / "notes.txt").unlink()
    held.rename(tmp_path / "kept")
    held.symlink_to(tmp_path / "kept")
    kept = tree(tmp_path / "kept")
    on_spark(folder, tmp_path)
    (folder / "0.csv").write_text(bad, encoding="utf-8")
    with pytest.raises(PublishError, match=r"out\.held is a link"):
        on_spark(folder, tmp_path)
    assert tree(tmp_path / "kept") == kept
    held.unlink()
    (tmp_path / "kept").rename(held)
    (folder / "0.csv").write_text(good, encoding="utf-8")
    on_spark(folder, tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in 100%", "network.csv", "out"]


def test_a_rule_holds_a_run(tmp_path: Path) -> None:
    """The run is compared with the report in its place, row by row if a rule asks for it."""
    header = "site_id,country,latitude,longitude\n"
    good = header + "".join(f"G{n},US,40.{n},-75.1\n" for n in range(60))
    folder, metrics = sites_folder(tmp_path, good), tmp_path / "m.prom"
    rules = ["rows_fall > 10%", "centers_vanished > 0"]
    first = on_spark(folder, tmp_path, hold_if=rules, metrics=metrics)
    assert (first["held"], len(first["hold_if"]["skipped"])) == ([], 1)
    whole = tree(tmp_path / "out")
    (folder / "0.csv").write_text(good[: len(good) // 2], encoding="utf-8")
    told = on_spark(folder, tmp_path, hold_if=rules, metrics=metrics, warn=lambda _: None)
    assert [reason.rpartition("rule: ")[2] for reason in told["held"]] == rules[:1]
    assert told["hold_if"] == {"rules": rules, "skipped": []}
    assert tree(tmp_path / "out") == whole
    assert manifest(tmp_path / "out.held") == told
    assert 'held{report="' in metrics.read_text("utf-8")
    options = batch.Options(areas=False, map=False, hold_if="lost > 0", warn=lambda _: None)
    arguments = (folder, tmp_path / "network.csv", tmp_path / "here")
    good = good.replace("G8,", "=G8,")  # which is escaped in reports
    for text in (good, good.replace("G7,US,40.7", "G7,US,10.7")):
        (folder / "0.csv").write_text(text, encoding="utf-8")
        here = batch.run(*arguments, as_of=AS_OF, options=options)
        told = on_spark(folder, tmp_path, hold_if="lost > 0", warn=lambda _: None)
        assert told["held"] == here["held"]
    assert [reason.rpartition("rule: ")[2] for reason in told["held"]] == ["lost > 0"]
    assert manifest(tmp_path / "out")["held"] == []
    assert batch.compare(tmp_path / "out", tmp_path / "here")["ledger"]["same"] == 60


@pytest.mark.parametrize("on_duplicate", ["keep", "first", "reject"])
def test_duplicates_are_those_of_the_local_engine(tmp_path: Path, on_duplicate: str) -> None:
    """Count, keep or reject rows that share an id, also across files, which rejects name."""
    header = "site_id,country,latitude,longitude\n"
    rows = [f"S{n % 7},US,40.{n},-75.1\n" for n in range(9)]
    folder = sites_folder(tmp_path, header + "".join(rows[:5]), header + "".join(rows[5:]))
    options = batch.Options(areas=False, map=False, on_duplicate=on_duplicate)
    here = batch.run(
        folder, centers_file(tmp_path), tmp_path / "here", as_of=AS_OF, options=options
    )
    told = on_spark(folder, tmp_path, on_duplicate=on_duplicate)
    for key in ("ledger", "counts", "duplicates", "warnings", "inputs"):
        assert told[key] == here[key], key
    found = records(tmp_path / "here" / "report.csv")
    assert parts(tmp_path / "out" / "report.csv") == [list(row.values()) for row in found]
    details = [row[2] for row in parts(tmp_path / "out" / "rejects.csv")]
    if on_duplicate == "first":
        assert details == [f"site_id 'S{n}' appears already in 0.csv line {n + 2}" for n in (0, 1)]
    assert len(details) == {"keep": 0, "first": 2, "reject": 4}[on_duplicate]


def test_row_groups_are_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read one Parquet file by several tasks: the same rows, map, duplicates and comparison."""
    monkeypatch.setattr(spark_parts, "PART_ROWS", 40)
    n = 200
    ids = [f"S{i % 190}" for i in range(n)]
    places = {"latitude": [30 + i / 20 for i in range(n)], "longitude": [-75.0] * n}
    table = pa.table({"site_id": ids, "country": ["US"] * n, **places})
    path = tmp_path / "sites.parquet"
    pq.write_table(table, path, row_group_size=15)
    options, network = batch.Options(format="parquet"), centers_file(tmp_path)
    here = batch.run(path, network, tmp_path / "here", as_of=AS_OF, options=options)
    told = spark.run(path, network, tmp_path / "out", as_of=AS_OF, options=options)
    assert told["spark"]["parts"] == 4
    assert told["duplicates"] == here["duplicates"]
    assert told["inputs"] == here["inputs"]
    report = tmp_path / "out" / "report.parquet"
    assert pq.read_table(report).equals(pq.read_table(tmp_path / "here" / "report.parquet"))
    for name in ("map.html", "summary.html"):
        assert (tmp_path / "out" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    assert batch.compare(tmp_path / "here", tmp_path / "out")["ledger"]["same"] == n


def test_hash_file_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that change, come or go while Spark reads them stop the run; the old report stays."""
    folder = sites_folder(tmp_path, NASTY)
    on_spark(folder, tmp_path)
    whole, check = tree(tmp_path / "out"), part_run.check_parts

    def replaced() -> None:
        (tmp_path / "new").write_text(NASTY, encoding="utf-8")
        (tmp_path / "new").replace(folder / "0.csv")

    def added() -> None:
        (folder / "1.csv").write_text(NASTY, encoding="utf-8")

    for change in (replaced, added):

        def checked(*arguments: Any, change: Any = change) -> None:
            change()
            check(*arguments)

        monkeypatch.setattr(part_run, "check_parts", checked)
        with pytest.raises(InputError, match="changed while it was being read"):
            on_spark(folder, tmp_path)
        assert tree(tmp_path / "out") == whole


def test_a_session_of_its_own_ends_with_the_run(tmp_path: Path) -> None:
    """Start Spark where none is running, heard on loopback only, and leave nothing but a report."""
    command = "import sys; sys.argv[0] = 'x'; from coverage_analyzer.cli.main import main; main()"
    folder = sites_folder(tmp_path, NASTY)
    arguments = [str(folder), "--centers", str(centers_file(tmp_path)), "-o", "out"]
    ended = subprocess.run(
        [sys.executable, "-c", command, "run", *arguments, "--engine", "spark", "--no-areas"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONWARNINGS": "error"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stderr.splitlines()[-1] == "read 8 = decided 3 + rejected 4 + blank 1"
    assert records(tmp_path / "out" / "summary.csv")


def test_without_java_or_pyspark(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Name the command that installs what is missing."""
    code = "from coverage_analyzer.spark.session import opened\nwith opened(): pass"
    ended = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"JAVA_HOME": str(tmp_path)},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert "MissingExtraError: Spark does not start: it requires a Java" in ended.stderr
    monkeypatch.setitem(sys.modules, "pyspark", None)
    with pytest.raises(MissingExtraError, match=r"\[spark\]"), session.opened():
        pass


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize("pattern", ["", "*/*.{}"])
def test_hive_folders_are_columns(tmp_path: Path, suffix: str, pattern: str) -> None:
    """As without Spark: text, none of it typed by a guess, and one that stands for nothing."""
    for number, value in enumerate(("CA", "C%C3%B4te d'Ivoire", "__HIVE_DEFAULT_PARTITION__")):
        path = tmp_path / "x" / f"country={value}" / "nr=007" / f"p.{suffix}"
        path.parent.mkdir(parents=True)
        columns = {"site_id": [f"{number}"], "latitude": [40.0], "longitude": [-75.0]}
        if suffix == "parquet":
            pq.write_table(pa.table(columns), path)
        else:
            path.write_text(f"site_id,latitude,longitude\n{number},40.0,-75.0\n")
    named = pattern.format(suffix).replace("*/", "*/*/")
    made = on_spark(tmp_path / "x" / named, tmp_path, format="csv")
    assert made["ledger"] == {"read": 3, "decided": 3, "rejected": 0, "blank": 0}
    report = tmp_path / "out" / "report.csv"
    header, rows = cells(min(report.glob("part-*.csv")))[0], parts(report)
    found = {row[0]: dict(zip(header, row, strict=True)) for row in rows}
    assert [found[n]["country"] for n in "012"] == ["CA", "Côte d'Ivoire", ""]
    assert [found[n]["reason"] for n in "01"] == ["country_conflict"] * 2
    assert {row["nr"] for row in found.values()} == {"007"}
