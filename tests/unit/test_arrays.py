"""Arrow arrays from numpy's and back: offsets, nulls, empty ones; pyarrow's own are the measure."""

import datetime
import runpy
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from coverage_analyzer import arrays


@pytest.mark.parametrize("kind", [np.int8, np.int16, np.int32, np.int64, np.float64, np.bool_])
def test_arrow_and_back(kind: type[Any]) -> None:
    """Keep values and type, over a byte's worth of them."""
    values = np.arange(11).astype(kind)
    result = arrays.from_numpy(values)
    result.validate(full=True)
    assert result.equals(pa.array(values))
    if kind is not np.bool_:
        np.testing.assert_array_equal(arrays.as_numpy(result), values)


def test_arrow_with_gaps() -> None:
    """Mark what is missing as null, also beyond the first eight."""
    missing = np.arange(11) % 3 == 1
    result = arrays.from_numpy(np.arange(11), missing)
    result.validate(full=True)
    assert result.to_pylist() == [None if m else i for i, m in enumerate(missing)]


def test_arrow_of_days() -> None:
    """Turn days into ``date32``, before 1970 too, and NaT into null."""
    days = np.array(["2026-12-01", "NaT", "1969-12-31"], "datetime64[D]")
    result = arrays.from_numpy(days, np.isnat(days))
    assert result.type == pa.date32()
    assert result.to_pylist() == [datetime.date(2026, 12, 1), None, datetime.date(1969, 12, 31)]


def test_arrow_takes_strided_views() -> None:
    """Copy a view that skips: its buffer holds what the view does not."""
    assert arrays.from_numpy(np.arange(10)[::3]).to_pylist() == [0, 3, 6, 9]


@pytest.mark.parametrize("values", [[], [""], ["a", "", "Zürich", "\N{GRINNING FACE}", "a\nb"]])
def test_text(values: list[str]) -> None:
    """Keep text of any script."""
    result = arrays.text_array(values)
    result.validate(full=True)
    assert result.type == pa.string()
    assert result.to_pylist() == values


def test_chosen_is_null_for_nobody() -> None:
    """Look texts up by number; negative is nobody, not the last one."""
    texts = arrays.text_array(["a", "b"])
    assert arrays.take_texts(np.array([1, -1, 0]), texts).to_pylist() == ["b", None, "a"]
    assert arrays.take_texts(np.array([1, 0]), texts).null_count == 0
    assert arrays.take_texts(np.array([], np.int64), arrays.text_array([])).to_pylist() == []


def test_decimals_keep_their_places() -> None:
    """Write ``1.500``, negative numbers and gaps; what a float cannot say is rounded."""
    result = arrays.decimals(np.array([1.5, -0.001, np.nan, 12450.1236, -7015.5825]), 3)
    result.validate(full=True)
    texts = ["1.500", "-0.001", None, "12450.124", "-7015.582"]
    assert result.to_pylist() == [None if t is None else Decimal(t) for t in texts]
    assert [None if v is None else str(v) for v in result.to_pylist()] == texts


def test_numpy_of_a_slice() -> None:
    """Heed the offset of a slice, in values and in nulls."""
    whole = pa.array([1.0, None, 3.0, None, 5.0, 6.0, 7.0, 8.0, 9.0, None, 11.0])
    np.testing.assert_array_equal(arrays.as_numpy(whole[3:10]), [np.nan, 5, 6, 7, 8, 9, np.nan])
    assert arrays.is_valid(whole[3:10]).tolist() == [False, True, True, True, True, True, False]
    assert arrays.is_valid(whole[4:9]).all()


def test_numpy_of_integers_with_gaps() -> None:
    """Make floats of integers where some are missing, and only there."""
    assert arrays.as_numpy(pa.array([1, 2], pa.int32())).dtype == np.int32
    np.testing.assert_array_equal(arrays.as_numpy(pa.array([1, None], pa.int32())), [1, np.nan])


def test_numpy_of_nothing() -> None:
    """Bear an array without rows, and one without anything but nulls."""
    assert arrays.as_numpy(pa.array([], pa.float64())).tolist() == []
    assert np.isnan(arrays.as_numpy(pa.array([None, None], pa.float64()))).all()


def test_truth_takes_null_for_false() -> None:
    """Read booleans out of bits, slices too; null is false."""
    bits = pa.array([True, False, None] * 5)
    assert arrays.to_bools(bits).tolist() == [True, False, False] * 5
    assert arrays.to_bools(bits[3:]).tolist() == [True, False, False] * 4
    assert arrays.to_bools(bits[9:9]).tolist() == []


def test_flags_without_a_buffer_are_false() -> None:
    """Take no buffer for no flag."""
    assert arrays.unpack_bits(None, 0, 3).tolist() == [False] * 3


def test_pandas_stays_out() -> None:
    """Convert both ways without importing pandas, which costs half a second."""
    code = (
        "import sys, numpy as np; from coverage_analyzer import arrays as a;"
        "a.as_numpy(a.from_numpy(np.arange(3), np.array([True, False, False])));"
        "a.take_texts(np.array([0, -1]), a.text_array(['x'])); a.decimals(np.array([1.5]), 3);"
        "sys.exit('pandas' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_spread_counts_within_ranges() -> None:
    """Number the ranges and the values in them; an empty range leaves no trace."""
    pick, value = arrays.expand_ranges(np.array([10, 7, 0]), np.array([2, 0, 3]))
    assert pick.tolist() == [0, 0, 2, 2, 2]
    assert value.tolist() == [10, 11, 0, 1, 2]


def test_stored_integers_and_bytes_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the tool stores in halves and in sizes: steps of either sign, of more than 16 bits."""
    root = Path(__file__).parents[2]
    tool = runpy.run_path(str(root / "tools" / "stored_arrays.py"))
    values = np.array([0, -1, 70_000, 360_000_000, -360_000_000, 5, 5])
    cells = [b"abc", b"", b"\xff" * 300]
    (tmp_path / "resources").mkdir()
    columns = {**tool["steps"]("x", values), **tool["cells"]("name", cells)}
    tool["write"](tmp_path / "resources" / "stored.arrow", columns | {"text": pa.array(["a", "b"])})
    monkeypatch.setattr(arrays.resources, "files", lambda _: tmp_path)
    column = arrays.stored("stored.arrow")
    assert arrays.from_steps(column["x_low"], column["x_high"]).tolist() == values.tolist()
    assert column["name_sizes"].to_pylist() == [3, 0, 300]
    assert column["name_bytes"].to_pylist() == [*b"".join(cells)]
    assert column["text"].to_pylist() == ["a", "b"]
