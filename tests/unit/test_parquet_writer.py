"""Parquet reports: types as readers see them, groups of rows, and codes for text that recurs."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coverage_analyzer.files.writers import parquet
from coverage_analyzer.files.writers.parquet import ParquetWriter

TYPES: dict[str, pa.Array] = {
    "large text": pa.array(["x"] * 8, pa.large_string()),
    "text view": pa.array(["x"] * 8, pa.string_view()),
    "bytes view": pa.array([b"x"] * 8, pa.binary_view()),
    "seconds": pa.array([3] * 8, pa.duration("s")),
    "own codes": pa.array(["q"] * 8).dictionary_encode(),
    "nested": pa.array([["1"]] * 8, pa.list_(pa.field("element", pa.large_string()))),
    "cents": pa.array([100] * 8, pa.int64()).cast(pa.decimal128(21, 2)).cast(pa.decimal64(9, 2)),
    "bytes": pa.array([b"ab"] * 8, pa.binary(2)),
    "half": pa.array([1.5] * 8, pa.float16()),
    "none": pa.nulls(8),
}
VERDICTS = pa.array(["Gold", "Gold Plus", None, "Gold"] * 2)


def written(path: Path, schema: pa.Schema, *batches: pa.RecordBatch) -> pq.ParquetFile:
    """Return a file with some rows."""
    with ParquetWriter(path, schema) as writer:
        for batch in batches:
            writer.write(batch)
    return pq.ParquetFile(path)


@pytest.mark.parametrize("name", TYPES)
def test_a_column_keeps_its_type_beside_coded_text(tmp_path: Path, name: str) -> None:
    """Arrow notes the types that readers are to see, not those in which rows came."""
    cells = TYPES[name]
    schema = pa.schema([(name, cells.type), ("level", pa.string())], metadata={"geo": "{}"})
    columns = [cells, VERDICTS.dictionary_encode()]
    batch = pa.RecordBatch.from_arrays(columns, names=schema.names)
    rows = written(tmp_path / "report.parquet", schema, batch, batch).read()
    expected = pa.Table.from_arrays([cells, VERDICTS], schema=schema)
    assert rows.schema.equals(schema, check_metadata=True)
    assert rows.slice(8).equals(expected)


def test_codes_of_text_are_written_as_they_are(tmp_path: Path) -> None:
    """Whatever the codes are, a reader sees the same text as if each row had brought it."""
    schema = pa.schema([("level", pa.string())])
    texts = pa.array(["Silver", "Gold Plus", "Gold"])
    codes = pa.array([2, 1, None, 2] * 2, pa.int32())
    coded = pa.RecordBatch.from_arrays(
        [pa.DictionaryArray.from_arrays(codes, texts)], names=["level"]
    )
    plain = pa.RecordBatch.from_arrays([VERDICTS], names=["level"])
    # Three texts are more than a quarter of eight rows: text is written.
    few = written(tmp_path / "few.parquet", schema, coded)
    many = pa.RecordBatch.from_arrays(
        [pa.DictionaryArray.from_arrays(pa.concat_arrays([codes] * 2), texts)], names=["level"]
    )
    file = written(tmp_path / "many.parquet", schema, many, many)
    assert few.read().to_batches() == [plain]
    assert file.read().column(0).combine_chunks() == pa.concat_arrays([VERDICTS] * 4)
    assert file.metadata.row_group(0).column(0).statistics is None  # which would cover "Silver"
    assert "RLE_DICTIONARY" in file.metadata.row_group(0).column(0).encodings


def test_blocks_with_other_dictionaries_make_one_group(tmp_path: Path) -> None:
    """Codes of a block may stand for other texts than those of the last one."""
    schema = pa.schema([("level", pa.string())])
    texts = [pa.array(["Gold", "Silver"]), pa.array(["Silver", "Bronze", "Gold"])]
    codes = pa.array([0, 1] * 4, pa.int32())
    blocks = [
        pa.RecordBatch.from_arrays([pa.DictionaryArray.from_arrays(codes, t)], names=["level"])
        for t in texts
    ]
    file = written(tmp_path / "report.parquet", schema, *blocks)
    expected = ["Gold", "Silver"] * 4 + ["Silver", "Bronze"] * 4
    assert file.read().column("level").to_pylist() == expected
    assert "RLE_DICTIONARY" in file.metadata.row_group(0).column(0).encodings


@pytest.mark.parametrize("limit", ["GROUP_ROWS", "GROUP_BYTES"])
def test_blocks_are_joined_to_groups(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    """A group has as many blocks as fill it, by rows or by bytes."""
    numbers = pa.RecordBatch.from_arrays([pa.array(range(10))], names=["n"])
    monkeypatch.setattr(parquet, limit, {"GROUP_ROWS": 25, "GROUP_BYTES": 200}[limit])
    file = written(tmp_path / "report.parquet", numbers.schema, *[numbers] * 7)
    groups = range(file.metadata.num_row_groups)
    assert [file.metadata.row_group(i).num_rows for i in groups] == [30, 30, 10]
    assert file.read().column("n").to_pylist() == list(range(10)) * 7


def test_no_rows_are_a_file_with_its_columns(tmp_path: Path) -> None:
    """A report without rows has its types."""
    schema = pa.schema([("a", pa.string()), ("b", pa.dictionary(pa.int8(), pa.string()))])
    assert written(tmp_path / "report.parquet", schema).read().schema == schema


@pytest.mark.parametrize(
    ("cells", "recur"),
    [
        (pa.array(["a", "b", "c", "d"]), False),
        (pa.array(["a"] * 4), True),
        (pa.array([1.5] * 4), True),
        (pa.array(["a"] * 4, pa.string_view()), False),
    ],
)
def test_only_values_that_recur_get_a_dictionary(
    tmp_path: Path, cells: pa.Array, recur: bool
) -> None:
    """Other columns, and those that Arrow cannot count, are written plainly."""
    batch = pa.RecordBatch.from_arrays([cells], names=["a"])
    file = written(tmp_path / "report.parquet", batch.schema, batch)
    assert ("RLE_DICTIONARY" in file.metadata.row_group(0).column(0).encodings) is recur
