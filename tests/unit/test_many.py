"""A folder or pattern of files is one table, and every row tells which file it came from."""

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import AS_OF, SITES, centers_file, manifest, records

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError

HEADER, *ROWS = SITES.splitlines()
PLAIN = batch.Options(map=False, areas=False)


def parts(folder: Path, *, packed: bool = False) -> Path:
    """Write the sites as three files in a folder, with some that are none of them."""
    inbox = folder / "inbox"
    inbox.mkdir()
    for name, rows in (("c", ROWS[8:]), ("a", ROWS[:3]), ("b", ROWS[3:8])):
        data = "\n".join([HEADER, *rows, ""]).encode()
        path = inbox / (f"{name}.csv.gz" if packed else f"{name}.csv")
        path.write_bytes(gzip.compress(data) if packed else data)
    (inbox / ".hidden").write_text("no table", encoding="utf-8")
    (inbox / "_SUCCESS").write_text("", encoding="utf-8")
    (inbox / "older").mkdir()
    return inbox


def judged(folder: Path, sites: Path, options: batch.Options = PLAIN) -> Path:
    """Run over sites and return the folder of the report."""
    batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=options)
    return folder / "out"


@pytest.mark.parametrize("packed", [False, True])
def test_a_folder_is_judged_as_its_files_in_a_row(tmp_path: Path, packed: bool) -> None:
    """The report is that of one file that holds them all, in the order of their names."""
    inbox = parts(tmp_path, packed=packed)
    whole = tmp_path / "whole.csv"
    whole.write_text(SITES, encoding="utf-8")
    one = records(judged(tmp_path, whole) / "report.csv")
    assert records(judged(tmp_path, inbox) / "report.csv") == one


def test_a_pattern_names_its_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pattern may be absolute or not, and fits as a shell would have it."""
    inbox = parts(tmp_path)
    every = records(judged(tmp_path, inbox / "*.csv") / "report.csv")
    assert len(every) == 9
    monkeypatch.chdir(tmp_path)
    assert len(records(judged(tmp_path, Path("inbox/[ab].csv")) / "report.csv")) == 7


def test_a_reject_names_its_file_and_the_line_in_it(tmp_path: Path) -> None:
    """Lines are counted on, and the detail says where that is."""
    out = judged(tmp_path, parts(tmp_path))
    rejects = records(out / "rejects.csv")
    assert [(r["line"], r["detail"].split(": ")[0]) for r in rejects] == [
        ("9", "b.csv line 5"),
        ("15", "c.csv line 5"),
    ]
    assert manifest(out)["first_rejects"][0].startswith("line 9: b.csv line 5: latitude is")


def test_duplicates_are_found_across_files(tmp_path: Path) -> None:
    """An id that two files have appears twice."""
    inbox = parts(tmp_path)
    (inbox / "d.csv").write_text(f"{HEADER}\n{ROWS[0]}\n", encoding="utf-8")
    out = judged(tmp_path, inbox, batch.Options(map=False, areas=False, on_duplicate="first"))
    twins = [r for r in records(out / "rejects.csv") if r["reason"] == "duplicate_site_id"]
    assert [t["detail"].split(":")[0] for t in twins] == ["d.csv line 2"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("site_id,latitude,longitude\n", "different columns: .*accuracy_m"),
        ("name,site_id,country,latitude,longitude,accuracy_m\n", "order differs"),
        ("", r"d\.csv"),
    ],
)
def test_a_file_of_another_form_is_named(tmp_path: Path, text: str, message: str) -> None:
    """Before any row is judged."""
    inbox = parts(tmp_path)
    (inbox / "d.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=message):
        judged(tmp_path, inbox)
    assert not (tmp_path / "out").exists()


def test_columns_of_other_types_are_refused(tmp_path: Path) -> None:
    """Parquet files have to agree on what a column holds."""
    for name, kind in (("a", pa.string()), ("b", pa.int64())):
        table = pa.table({"latitude": [40.0], "longitude": [-75.0], "site_id": pa.nulls(1, kind)})
        pq.write_table(table, tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match=r"'site_id' is int64, but string in .*a\.parquet"):
        judged(tmp_path, tmp_path / "*.parquet")


def test_a_folder_of_several_kinds_is_refused(tmp_path: Path) -> None:
    """Nobody can tell which are meant."""
    inbox = parts(tmp_path)
    (inbox / "notes.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match=r"\.csv and \.txt"):
        judged(tmp_path, inbox)


def test_nothing_is_no_table(tmp_path: Path) -> None:
    """An empty folder and a pattern that fits nothing are errors."""
    (tmp_path / "empty").mkdir()
    for path in (tmp_path / "empty", tmp_path / "*.nothing"):
        with pytest.raises(InputError, match="file"):
            judged(tmp_path, path)


def test_a_file_with_the_name_of_a_pattern_is_that_file(tmp_path: Path) -> None:
    """Brackets may stand in a name."""
    path = tmp_path / "sites[1].csv"
    path.write_text(SITES, encoding="utf-8")
    assert len(records(judged(tmp_path, path) / "report.csv")) == 9


def test_a_folder_is_not_written_over(tmp_path: Path) -> None:
    """A report may not replace one of the files that it is made of."""
    inbox = tmp_path / "out"
    inbox.mkdir()
    (inbox / "report.csv").write_text(SITES, encoding="utf-8")
    with pytest.raises(InputError, match="is an input file"):
        judged(tmp_path, inbox)


def test_progress_tells_the_share_of_all_files(tmp_path: Path) -> None:
    """The share grows to 1 over Parquet files, too."""
    table = pa.table({"latitude": [40.0] * 10, "longitude": [-75.0] * 10})
    for name in "ab":
        pq.write_table(table, tmp_path / f"{name}.parquet")
    shares: list[float] = []
    options = batch.Options(map=False, areas=False, progress=lambda _, share: shares.append(share))
    judged(tmp_path, tmp_path / "*.parquet", options)
    assert shares == sorted(shares)
    assert shares[-1] == 1
