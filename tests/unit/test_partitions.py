"""Folders ``key=value`` are columns: of Parquet, of CSV, of whatever lies below them."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import AS_OF, centers_file, records

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table
from coverage_analyzer.files.readers import many, partitions
from coverage_analyzer.schema.columns import CENTERS, SITES


def put(root: Path, place: str, ids: str = "H", **columns: list[Any]) -> Path:
    """Write sites near Philadelphia into a file of a folder."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    result = {"site_id": list(ids), "lat": [40.0] * len(ids), "lon": [-75.0] * len(ids)} | columns
    if path.suffix == ".parquet":
        pq.write_table(pa.table(result), path)
        return path
    rows = [",".join(map(str, row)) for row in zip(*result.values(), strict=True)]
    path.write_text("\n".join([",".join(result), *rows]) + "\n", encoding="utf-8")
    return path


def run(folder: Path, sites: Path | str, **options: Any) -> list[dict[str, str]]:
    """Return the report, after a run without map and areas."""
    chosen = batch.Options(map=False, areas=False, **options)
    manifest = batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=chosen)
    assert (
        sum(manifest["ledger"][k] for k in ("decided", "rejected", "blank"))
        == manifest["ledger"]["read"]
    )
    return records(folder / "out" / "report.csv")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
@pytest.mark.parametrize(
    "named",
    ["x", "x/*/*.{}", "x/*", "x/country=CA", "x/country=CA/*.{}", "x/country=CA/p.{}", "x/**/*.{}"],
)
def test_hive_a_folder_says_the_country(tmp_path: Path, suffix: str, named: str) -> None:
    """However it is named: Canada is declared for a site in the United States."""
    put(tmp_path, f"x/country=CA/p.{suffix}")
    (row,) = run(tmp_path, tmp_path / named.format(suffix))
    assert (row["country"], row["status"], row["reason"]) == ("CA", "review", "country_conflict")
    kind = table.open_table(tmp_path / named.format(suffix), SITES)
    assert kind.matched_columns["country"] == "country"


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_hive_several_levels_escapes_and_nothing(tmp_path: Path, suffix: str) -> None:
    """Values are text, escaped as in addresses; one stands for no value."""
    put(tmp_path, f"x/country=C%C3%B4te d'Ivoire/nr=007/sub/p.{suffix}", "A")
    put(tmp_path, f"x/country=U%2FS/nr=a%3Db=c/p.{suffix}", "B")
    put(tmp_path, f"x/country=__HIVE_DEFAULT_PARTITION__/nr=/p.{suffix}", "C")
    rows = {row["site_id"]: row for row in run(tmp_path, tmp_path / "x")}
    assert {i: (r["country"], r["nr"]) for i, r in rows.items()} == {
        "A": ("Côte d'Ivoire", "007"),
        "B": ("U/S", "a=b=c"),
        "C": ("", ""),
    }
    assert rows["A"]["reason"] == "country_conflict"
    assert rows["C"]["site_country"] == "US"
    rejects = put(tmp_path, f"x/country=US/nr=1/p.{suffix}", "D", lat=["bad"])
    if suffix == "csv":
        run(tmp_path, tmp_path / "x")
        (reject,) = records(tmp_path / "out" / "rejects.csv")
        assert reject["detail"].startswith("country=US/nr=1/p.csv line 2:")
    assert rejects.exists()


def test_hive_types_are_text_in_a_typed_report(tmp_path: Path) -> None:
    """Nothing is typed by a guess: 007 stays 007."""
    put(tmp_path, "x/nr=007/p.parquet")
    chosen = batch.Options(map=False, areas=False, format="parquet")
    batch.run(tmp_path / "x", centers_file(tmp_path), tmp_path / "o", as_of=AS_OF, options=chosen)
    report = pq.ParquetFile(tmp_path / "o" / "report.parquet").read()
    assert report.column("nr").to_pylist() == ["007"]


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_hive_a_key_that_is_a_column_too(tmp_path: Path, suffix: str) -> None:
    """They agree in each row, or the first that does not is named."""
    put(tmp_path, f"x/year=2026/p.{suffix}", "AB", year=[2026, 2026])
    rows = run(tmp_path, tmp_path / "x")
    assert [row["year"] for row in rows] == ["2026", "2026"]
    put(tmp_path, f"x/year=2027/p.{suffix}", "AB", year=[2027, 2026])
    with pytest.raises(
        InputError, match=r"year=2027.*: 'year' is '2026', but the folder says '2027'"
    ):
        run(tmp_path, tmp_path / "x")


def test_hive_folders_that_contradict_each_other(tmp_path: Path) -> None:
    """One column has one value; the same one twice is no contradiction."""
    put(tmp_path, "x/a=1/a=2/p.csv")
    with pytest.raises(InputError, match="two folders have different values of 'a'"):
        table.open_table(tmp_path / "x", SITES)
    put(tmp_path, "y/a=1/b=2/a=1/p.csv")
    assert run(tmp_path, tmp_path / "y")[0]["a"] == "1"
    put(tmp_path, "z/a=%FF/p.csv")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        table.open_table(tmp_path / "z", SITES)


def test_hive_files_with_other_keys_are_refused(tmp_path: Path) -> None:
    """A file outside of the partitions lacks the column of the others."""
    put(tmp_path, "x/country=CA/p.csv")
    put(tmp_path, "x/p.csv")
    with pytest.raises(InputError, match="different columns"):
        table.open_table(tmp_path / "x", SITES)


def test_hive_entries_that_are_no_data(tmp_path: Path) -> None:
    """Marks of a job that ended, checksums and statistics are left out, at any depth."""
    put(tmp_path, "x/country=CA/p.parquet")
    for name in ("_SUCCESS", "country=CA/.p.parquet.crc", "_metadata", "country=CA/_committed_1"):
        (tmp_path / "x" / name).write_text("x")
    put(tmp_path, "x/.hidden/country=US/p.parquet")
    put(tmp_path, "x/_old/country=US/p.parquet")
    put(tmp_path, "x/_old/p.parquet")
    for named in ("x", "x/*/*.parquet", "x/**/*.parquet"):
        assert len(many.files(tmp_path / named)) == 1
    put(tmp_path, "y/_nr=1/p.csv")
    assert run(tmp_path, tmp_path / "y")[0]["_nr"] == "1"


@pytest.mark.parametrize("log", ["_delta_log", ".hoodie", "_temporary", "_spark_metadata"])
@pytest.mark.parametrize("named", ["x", "x/*/*.parquet", "x/country=CA", "x/country=CA/*.parquet"])
def test_hive_a_table_that_is_more_than_its_files(tmp_path: Path, log: str, named: str) -> None:
    """Its files also hold what was deleted, or not all: refused, with what to do."""
    put(tmp_path, "x/country=CA/p.parquet")
    (tmp_path / "x" / log).mkdir()
    with pytest.raises(InputError, match=f"{log}.*Export"):
        table.open_table(tmp_path / named, SITES)


def test_an_iceberg_table_is_refused(tmp_path: Path) -> None:
    """Its data lies beside its metadata."""
    put(tmp_path, "x/data.parquet")
    (tmp_path / "x" / "metadata").mkdir()
    (tmp_path / "x" / "metadata" / "v1.metadata.json").write_text("{}")
    with pytest.raises(InputError, match="Iceberg"):
        table.open_table(tmp_path / "x", SITES)


def test_plain_folders_are_not_looked_into(tmp_path: Path) -> None:
    """Only what is a partition; the message says how to name the others."""
    put(tmp_path, "x/2026/p.csv")
    with pytest.raises(InputError, match=r"contains only folders\. Name files, like .*/\*/\*\.csv"):
        table.open_table(tmp_path / "x", SITES)
    put(tmp_path, "x/p.csv")
    assert len(many.files(tmp_path / "x")) == 1


def test_hive_links(tmp_path: Path) -> None:
    """A partition may lie elsewhere; a circle has no end."""
    put(tmp_path, "elsewhere/p.csv")
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "country=CA").symlink_to(tmp_path / "elsewhere")
    assert run(tmp_path, tmp_path / "x")[0]["country"] == "CA"
    (tmp_path / "x" / "country=US").symlink_to(tmp_path / "x")
    with pytest.raises(InputError, match="link to a folder above"):
        table.open_table(tmp_path / "x", SITES)


def test_hive_a_run_in_such_a_folder_is_as_it_was_written(tmp_path: Path) -> None:
    """What a run put there has its own columns, whatever the folder is called."""
    sites = put(tmp_path, "s.csv")
    out = tmp_path / "level=x"
    batch.run(sites, centers_file(tmp_path), out, as_of=AS_OF)
    assert "level" in json.loads((out / "run.json").read_text())["counts"]
    assert not isinstance(
        table.open_table(out / "centers.csv", CENTERS).source, partitions.Partitioned
    )
    assert table.open_table(out / "report.csv", SITES).headers[-1] != "x"


def test_hive_centers(tmp_path: Path) -> None:
    """Centers come from such folders, too."""
    path = tmp_path / "c" / "country=FR" / "c.csv"
    path.parent.mkdir(parents=True)
    path.write_text("center_id,lat,lon\nPAR,48.85,2.35\n")
    assert table.open_table(tmp_path / "c", CENTERS).matched_columns["country"] == "country"


def test_hive_keys_and_rejects_of_parquet(tmp_path: Path) -> None:
    """Blocks of which rows are rejects get the columns, too; so do empty files."""
    bad = pa.array([b"x", b"\xff"]).cast(pa.binary())
    columns = {"site_id": ["a", "b"], "lat": [40.0, 40.0], "lon": [-75.0, -75.0]}
    path = tmp_path / "x" / "country=US" / "p.parquet"
    path.parent.mkdir(parents=True)
    text = pa.Array.from_buffers(pa.string(), 2, bad.buffers())
    pq.write_table(pa.table(columns | {"name": text}), path)
    pq.write_table(
        pa.table(columns | {"name": ["x", "y"]}).slice(0, 0), path.with_name("q.parquet")
    )
    assert [row["country"] for row in run(tmp_path, tmp_path / "x")] == ["US"]
