"""What the page unpacks is what was packed, for any numbers and texts."""

import base64
import gzip
import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps.packing import (
    UNITS,
    Block,
    curve_order,
    morton,
    packed,
    packed_json,
    script_lengths,
)
from coverage_analyzer.maps.page_data import Tiles

LON = st.integers(-180 * UNITS, 180 * UNITS)
LAT = st.integers(-90 * UNITS, 90 * UNITS)


def unpacked(block: Block) -> dict[str, list[Any]]:
    """Return the columns of a block, read as `data.js` reads them."""
    data = gzip.decompress(base64.b64decode(block.packed()))
    columns: dict[str, list[Any]] = {}
    at = 0
    for spec in block.specs:
        count, width = spec["count"], spec["width"]
        planes = np.frombuffer(data, np.uint8, count * width, at).reshape(width, count)
        values = [sum(int(p) << 8 * i for i, p in enumerate(row)) for row in planes.T.tolist()]
        values = values if width else [0] * count
        at += count * width
        values = [v + spec.get("low", 0) for v in values]
        columns[spec["name"]] = np.cumsum(values).tolist() if spec.get("steps") else values
        if "text" in spec:
            text = bytes_along(data[at : at + spec["text"]], values, spec)
            text = text.decode().encode("utf-16-le")
            ends = np.cumsum(values) * 2
            parts = [text[b - 2 * n : b] for n, b in zip(values, ends, strict=True)]
            parts = [part.decode("utf-16-le") for part in parts]
            columns[spec["name"]] = parts
            at += spec["text"]
    assert at == len(data)
    return columns


def bytes_along(data: bytes, lengths: list[int], spec: dict[str, Any]) -> bytes:
    """Return the bytes of texts one text after the other, if they are laid out across."""
    if "across" not in spec:
        return data
    count = spec["count"]
    assert len(data) == count * spec["across"]
    return b"".join(data[i::count][:length] for i, length in enumerate(lengths))


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_numbers_come_back(values: list[int]) -> None:
    """Negative ones, one value throughout, none at all."""
    block = Block()
    block.numbers("n", np.array(values, np.int64))
    assert unpacked(block)["n"] == values


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]))), st.integers(0, 3))
def test_texts_come_back(values: list[str], skipped: int) -> None:
    """Line ends, NUL and characters of four bytes; also of a slice of an array."""
    block = Block()
    block.texts("t", pa.array(["x"] * skipped + values, pa.large_string())[skipped:])
    assert unpacked(block)["t"] == values


@given(st.lists(st.integers(-(2**31), 2**31 - 1)))
def test_a_walk_comes_back(values: list[int]) -> None:
    """Steps in both directions."""
    block = Block()
    block.walk("n", np.array(values, np.int64))
    assert unpacked(block)["n"] == values


@pytest.mark.parametrize("shortest", [1000, 999_990])
def test_ids_are_laid_out_across(shortest: int) -> None:
    """Which is shorter than any repetition of them; also where some are longer than others."""
    numbers = np.random.default_rng(1).permutation(20_000) + shortest
    values = [f"SITE-{number}" for number in numbers.tolist()]
    block = Block()
    block.texts("id", pa.array(values, pa.large_string()))
    assert "across" in block.specs[0]
    assert unpacked(block)["id"] == values
    assert len(block.packed()) < 0.9 * len(packed(" ".join(values).encode()))


@pytest.mark.parametrize(
    "values",
    [
        [f"{pow(3, n * n % 97, 10**9 + 7):020}" for n in range(3000)],
        ["a" * 60, *["b"] * 60],
        [f"é{number}" for number in range(1000, 3000)],
    ],
    ids=["repeated", "of all lengths", "not in ASCII"],
)
def test_other_texts_are_laid_out_along(values: list[str]) -> None:
    """One after the other."""
    block = Block()
    block.texts("name", pa.array(values, pa.large_string()))
    assert "across" not in block.specs[0]
    assert unpacked(block)["name"] == values


@given(st.lists(st.tuples(LON, LAT), min_size=1))
def test_the_curve_holds_the_place(places: list[tuple[int, int]]) -> None:
    """Both coordinates come out of the code, and its order comes back from its steps."""
    lon, lat = (np.array(v, np.int32) for v in zip(*places, strict=True))
    codes: npt.NDArray[np.uint64] = morton(lon, lat)
    for code, place in zip(codes.tolist(), places, strict=True):
        bits = f"{code:052b}"
        assert code < 2**53  # a script's numbers are exact up to there
        assert int(bits[1::2], 2) - 180 * UNITS == place[0]
        assert int(bits[0::2], 2) - 90 * UNITS == place[1]
    block = Block()
    block.ascending("code", np.sort(codes))
    assert unpacked(block)["code"] == sorted(codes.tolist())


def test_lengths_are_a_scripts() -> None:
    """A character beyond the first 65,536 counts as two."""
    texts = ["", "a", "é", "\U0001f600", "x\U0001f600y"]
    expected = [len(t.encode("utf-16-le")) // 2 for t in texts]
    assert script_lengths(pa.array(texts, pa.large_string())).tolist() == expected


def test_the_same_data_is_the_same_text() -> None:
    """Packed text has no clock time in it, and only characters that mean nothing in HTML."""
    text = packed_json({"a": "</script>"})
    assert text == packed_json({"a": "</script>"})
    assert set(text) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=")
    assert json.loads(gzip.decompress(base64.b64decode(text))) == {"a": "</script>"}


@pytest.mark.parametrize(
    "url",
    [
        "tiles.example/{z}/{x}/{y}.png",
        "https://tiles.example/{z}/{x}.png",
        "javascript://tiles.example/{z}/{x}/{y}",
        "https:///{z}/{x}/{y}",
        "https://tiles.example; script-src */{z}/{x}/{y}",
        "https://a'b\"/{z}/{x}/{y}",
        "",
    ],
)
def test_an_address_that_is_none_of_tiles_is_refused(url: str) -> None:
    """Also one that would open the page's policy for more than pictures of that host."""
    with pytest.raises(InputError, match="is not a tile URL"):
        Tiles(url, "")


def test_a_host_of_tiles_may_have_many_names() -> None:
    """Letters that stand for servers become any name in the policy."""
    assert Tiles("https://{s}.tiles.example:8443/{z}/{x}/{y}.png", "").host == (
        "https://*.tiles.example:8443"
    )


@given(st.lists(st.integers(0, 2**40), max_size=40), st.integers(1, 40))
def test_equal_positions_on_the_curve_keep_their_order(values: list[int], repeats: int) -> None:
    """As a stable sort has them."""
    codes = np.array((values * repeats)[:200], np.uint64)
    assert curve_order(codes).tolist() == np.argsort(codes, kind="stable").tolist()


@pytest.mark.parametrize("bits", [8, 40])
def test_bytes_that_do_not_compress_are_stored(bits: int) -> None:
    """Random planes beside zeros: they are read back, and take hardly more than their size."""
    values = np.random.default_rng(1).integers(0, 1 << bits, 70_000, dtype=np.int64)
    values[0] = (1 << bits) - 1
    block = Block()
    block.numbers("random", values)
    block.numbers("zeros", np.zeros(70_000, np.int64))
    assert unpacked(block) == {"random": values.tolist(), "zeros": [0] * 70_000}
    assert len(block.packed()) * 3 / 4 < 70_000 * bits / 8 * 1.001
