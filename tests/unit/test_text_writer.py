"""CSV files packed and marked: the same text, whatever is round it."""

import gzip
import io
from hashlib import sha256
from pathlib import Path

import pyarrow as pa
import pytest

from coverage_analyzer import batch
from coverage_analyzer.batch._map import redrawn
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import CsvWriter
from tests.unit.test_batch import judged
from tests.unit.test_guard import FORMULAS, cells, run

MARK = b"\xef\xbb\xbf"
TABLES = ("report.csv", "rejects.csv", "summary.csv", "centers.csv")


def unpacked(path: Path) -> bytes:
    """Return what a packed file holds, by a program that is not ours where there is one."""
    if path.suffix == ".gz":
        return gzip.decompress(path.read_bytes())
    with pa.input_stream(str(path), compression="zstd") as stream:
        return stream.read()


@pytest.mark.parametrize("kind", ["csv.gz", "csv.zst"])
def test_a_packed_report_holds_the_plain_one(tmp_path: Path, kind: formats.Format) -> None:
    """Byte for byte, and twice the same: neither its name nor the time is in it."""
    for name in ("plain", "a", "b"):
        (tmp_path / name).mkdir()
    plain = judged(tmp_path / "plain")
    packed = [judged(tmp_path / n, options=batch.Options(format=kind)) for n in "ab"]
    names = [words["files"][0] for words in packed]
    assert (plain["files"][0], names) == ("report.csv", [f"report.{kind}"] * 2)
    result = [tmp_path / n / "out" / f"report.{kind}" for n in "ab"]
    assert unpacked(result[0]) == (tmp_path / "plain" / "out" / "report.csv").read_bytes()
    assert result[0].read_bytes() == result[1].read_bytes()


@pytest.mark.parametrize("kind", ["csv.gz", "csv.zst"])
def test_a_packed_report_is_read_again(tmp_path: Path, kind: formats.Format) -> None:
    """The guard comes off as from a plain one, and its map is made again."""
    out = run(tmp_path, format=kind)
    options = batch.Options(raw_text=True)
    batch.run(out / f"report.{kind}", tmp_path / "c.csv", tmp_path / "again", options=options)
    assert set(FORMULAS) | {"=header"} <= set(cells(tmp_path / "again" / "report.csv"))
    assert redrawn(out).meta["total"] == len(FORMULAS)


def test_a_later_run_takes_a_packed_report_away(tmp_path: Path) -> None:
    """No folder holds two reports."""
    judged(tmp_path, options=batch.Options(format="csv.gz"))
    judged(tmp_path)
    assert sorted(p.name for p in (tmp_path / "out").glob("report*")) == ["report.csv"]


def test_excel_is_told_of_utf8(tmp_path: Path) -> None:
    """Each CSV file begins with the mark, and holds the same behind it; we read it as before."""
    plain, marked = run(tmp_path), tmp_path / "marked"
    before = {name: (plain / name).read_bytes() for name in TABLES}
    marked = run(tmp_path, excel=True)
    assert {name: (marked / name).read_bytes() for name in TABLES} == {
        name: MARK + data for name, data in before.items()
    }
    assert redrawn(marked).meta["total"] == len(FORMULAS)


@pytest.mark.parametrize("pack", ["", "gzip", "zstd"])
def test_text_files_tell_how_much_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pack: str
) -> None:
    """The share grows from block to block, and is neither 0 nor 1 on the way."""
    from coverage_analyzer.files.readers import delimited

    rows = "".join(f"{i},40,-75,{sha256(b'%d' % i).hexdigest()}\n" for i in range(20_000))
    path = tmp_path / "s.csv"
    path.write_text(f"site_id,latitude,longitude,x\n{rows}", encoding="utf-8")
    if pack == "gzip":
        path.write_bytes(gzip.compress(path.read_bytes()))
    elif pack:
        text = path.read_bytes()
        with pa.CompressedOutputStream(str(path), "zstd") as file:
            file.write(text)
    monkeypatch.setattr(delimited, "BLOCK_BYTES", 50_000)
    source = delimited.DelimitedFile(path)
    shares = [source.share() for _ in source.blocks()]
    assert shares == sorted(shares)
    assert 0 < shares[0] < 0.6 < shares[-1] == 1
    assert len(set(shares)) > 2


def test_limits_look_alike_in_all_blocks() -> None:
    """A block whose limits are all whole is written as integers, which no reader can tell."""
    schema = pa.schema([("site_id", pa.string()), ("limit_miles", pa.float64())])
    sink = io.BytesIO()
    with CsvWriter(sink, schema) as writer:
        for limits in ([70.0, None], [43.5, 50.0], [], [50.0]):
            cells = [pa.array(["A"] * len(limits), pa.string()), pa.array(limits, pa.float64())]
            writer.write(pa.RecordBatch.from_arrays(cells, schema=schema))
    lines = ['"site_id","limit_miles"', '"A",70', '"A",', '"A",43.5', '"A",50', '"A",50', ""]
    assert sink.getvalue().decode() == "\n".join(lines)


def test_coded_text_is_escaped_once() -> None:
    """Text in dictionary arrays is written as text is; null is an empty cell without quotes."""
    texts = pa.array(["=1+1", "'=x", "plain", None, "=1+1"])
    schema = pa.schema([("level", pa.string())])
    sinks = io.BytesIO(), io.BytesIO()
    for sink, column in zip(sinks, (texts, texts.dictionary_encode()), strict=True):
        with CsvWriter(sink, schema) as writer:
            writer.write(pa.RecordBatch.from_arrays([column], names=["level"]))
    plain, coded = (sink.getvalue().decode() for sink in sinks)
    assert plain == coded == '"level"\n"\'=1+1"\n"\'\'=x"\n"plain"\n\n"\'=1+1"\n'
