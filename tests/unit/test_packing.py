"""What the page unpacks is what was packed, for any numbers and texts."""

import base64
import gzip
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps.packing import (
    UNITS,
    Block,
    curve_order,
    morton,
    packed,
    packed_json,
)
from coverage_analyzer.maps.page_data import Tiles
from coverage_analyzer.maps.text_layout import EXACT, Texts, numbered, script_lengths

LON = st.integers(-180 * UNITS, 180 * UNITS)
LAT = st.integers(-90 * UNITS, 90 * UNITS)


def unpacked(block: Block) -> dict[str, list[Any]]:
    """Return the columns of a block, read as `data.js` reads them."""
    data = io.BytesIO(gzip.decompress(base64.b64decode(block.packed())))
    columns = {spec["name"]: column_of(data, spec) for spec in block.specs}
    assert not data.read()
    return columns


def column_of(data: io.BytesIO, spec: dict[str, Any]) -> list[Any]:
    """Return the next column."""
    values = numbers_of(data, spec)
    if "words" in spec:
        words = column_of(data, spec["words"])
        return [words[number] for number in values]
    if "radix" in spec:
        return [text_of(number, spec["least"], spec["radix"]) for number in values]
    if "text" not in spec:
        return values
    text = bytes_along(data.read(spec["text"]), values, spec)
    text = text.decode().encode("utf-16-le")
    ends = np.cumsum(values) * 2
    parts = [text[b - 2 * n : b] for n, b in zip(values, ends, strict=True)]
    return [part.decode("utf-16-le") for part in parts]


def numbers_of(data: io.BytesIO, spec: dict[str, Any]) -> list[int]:
    """Return the numbers of a column."""
    count, width = spec["count"], spec["width"]
    values = [spec.get("low", 0)] * count
    for plane in range(width):
        bits = spec.get("top", 8) if plane == width - 1 else 8
        whole = int.from_bytes(data.read(-(-count * bits // 8)), "little")
        values = [
            v + ((whole >> i * bits & (1 << bits) - 1) << 8 * plane) for i, v in enumerate(values)
        ]
    return np.cumsum(values).tolist() if spec.get("steps") else values


def text_of(number: int, least: list[int], radix: list[int]) -> str:
    """Return the text that a number is, whose digits are the characters of each position."""
    digits = []
    for n in reversed(radix):
        number, digit = divmod(number, n)
        digits.append(digit)
    assert number == 0
    return bytes(low + digit for low, digit in zip(least, digits[::-1], strict=True)).decode()


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


@pytest.mark.parametrize(("top", "most"), [(1, 1), (2, 2), (4, 9), (8, 16), (1, 300), (4, 4095)])
def test_highest_bytes_share_one(top: int, most: int) -> None:
    """Numbers of a few bits, and those whose highest byte has a few."""
    values = (np.arange(21) % (most + 1) - 1).astype(np.int32)
    values[3] = most - 1
    block = Block()
    block.numbers("n", values)
    assert block.specs[0].get("top", 8) == top
    assert unpacked(block)["n"] == values.tolist()


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


@pytest.mark.parametrize("digits", [6, 15])
def test_ids_of_one_length_are_numbers(digits: int) -> None:
    """Which is shorter than characters that each take a byte; up to what a script can count."""
    numbers = np.random.default_rng(1).integers(0, 10**digits, 20_000)
    values = [f"S{number:0{digits}}-A" for number in numbers.tolist()]
    block = Block()
    block.texts("id", pa.array(values, pa.large_string()))
    assert len(block.specs[0]["radix"]) == digits + 3
    assert unpacked(block)["id"] == values
    assert len(block.packed()) < 0.8 * len(packed(" ".join(values).encode()))


def test_numbers_that_a_script_cannot_hold_are_no_ids() -> None:
    """Such texts are laid out across; the largest number that is one is exact."""
    values = [f"{10**16 - 1 - n:016}" for n in np.random.default_rng(1).permutation(9000).tolist()]
    values[0] = "0" * 16
    block = Block()
    block.texts("id", pa.array(values, pa.large_string()))
    assert "across" in block.specs[0]
    assert unpacked(block)["id"] == values
    result = numbered(Texts.of(pa.array(["0" * 15, "9" * 15], pa.large_string())))
    assert result is not None
    assert result.numbers.tolist() == [0, 10**15 - 1]
    assert result.numbers.max() < EXACT


@pytest.mark.parametrize(
    "words", [["", "é\U0001f600"], ["A"], [f"Town {n % 700}" for n in range(900)]]
)
def test_a_word_that_recurs_is_stored_once(words: list[str]) -> None:
    """However long, also empty or with characters of four bytes; in the order of the texts."""
    values = [words[n] for n in np.random.default_rng(1).integers(0, len(words), 9000).tolist()]
    block = Block()
    block.texts("t", pa.array(values, pa.large_string()))
    assert block.specs[0]["words"]["count"] == len(set(words))
    assert unpacked(block)["t"] == values


@pytest.mark.parametrize(
    "kind",
    [lambda n: f"Town {n % 999}", lambda n: f"S{n:06}", lambda n: f"S{n}", lambda n: "é" * (n % 7)],
    ids=["words", "numbers", "across", "along"],
)
def test_columns_are_put_in_order(kind: Callable[[int], str]) -> None:
    """Numbers and texts in each layout, also beyond a chunk; as if they had come in that order."""
    count = arrays.CACHED + 100
    order = np.random.default_rng(1).permutation(count)
    values = [kind(n) for n in range(count)]
    numbers = np.arange(count) % 1000 - 7
    block, ordered = Block(), Block()
    block.texts("t", pa.array(values, pa.large_string()), order)
    block.numbers("n", numbers, order)
    ordered.texts("t", pa.array([values[i] for i in order.tolist()], pa.large_string()))
    ordered.numbers("n", numbers[order])
    assert (block.specs, block.packed()) == (ordered.specs, ordered.packed())


def test_texts_that_recur_in_the_sample_only_are_stored_as_they_are() -> None:
    """A dictionary of all would be larger than they are."""
    values = [str(n) for n in range(9000)]
    values[4000:5000] = ["x"] * 1000
    values = [*values[:4000], *["x"] * 4096, *values[4000:]]
    block = Block()
    block.texts("t", pa.array(values, pa.large_string()))
    assert "words" not in block.specs[0]
    assert unpacked(block)["t"] == values


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
    assert "radix" not in block.specs[0]
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
    assert curve_order(codes)[0].tolist() == np.argsort(codes, kind="stable").tolist()


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
