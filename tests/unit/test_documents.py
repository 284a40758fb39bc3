"""JSON and TOML of others: every limit, and nothing but an `InputError` beyond it."""

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable

DEEP = 100_000
LONG_S = 5.0
"""Far above what a document within the limits takes, far below what the bare parsers take."""


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"[" * DEEP, "levels deep"),
        (b'{"a":' * DEEP, "levels deep"),
        (b"[" * DEEP + b"]" * DEEP, "levels deep"),
        (b'["' + b"[" * DEEP + b'", ' + b"[" * DEEP, "levels deep"),
        (b'["\\\\", ' + b"[" * DEEP, "levels deep"),
        (b"1" * 5000, "number of more than"),
        (b'{"a": -' + b"1" * 5000 + b"}", "number of more than"),
        (b"[0." + b"1" * 5000 + b"]", "number of more than"),
        (b'"' + b'\\"' * DEEP, "not valid JSON"),
        (b'"\\', "not valid JSON"),
        (b'{"a": "\\ud800"}', "surrogate"),
        (b'{"\\uDFff": 1}', "surrogate"),
        (b'{"a": "\xe9"}', "not UTF-8"),
        ("{}".encode("utf-16"), "not UTF-8"),
        (b"", "not valid JSON"),
        (b'{"\x1b[2J": }', "not valid JSON"),
    ],
)
def test_json_beyond_a_limit(data: bytes, what: str) -> None:
    """What exceeds a limit or is no JSON is one error, which cannot steer a terminal."""
    with pytest.raises(InputError, match=what) as caught:
        documents.load_json(data)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"x = " + b"1" * 5000, "number of more than"),
        (b"x = 0x" + b"f" * 5000, "number of more than"),
        (b"x = 1" + b"_1" * 5000, "number of more than"),
        (b"a = " + b"[" * DEEP, "levels deep"),
        (b"a = " + b"{b=" * DEEP, "levels deep"),
        (b"# [\na = '''[''' # \"\nb = " + b"[" * DEEP, "levels deep"),
        (b'a = """x\\"""""" \nb = ' + b"[" * DEEP, "levels deep"),
        (b".".join([b"a"] * 50_000) + b" = 1", "parts"),
        (b". ".join([b"'a'"] * 50_000) + b" = 1", "parts"),
        (b".".join([b'"a.b"'] * 17) + b" = 1", "parts"),
        (b"[" + b".".join([b"a"] * 50_000) + b"]", "parts"),
        (b"a = {" + b".".join([b"a"] * 50_000) + b" = 1}", "parts"),
        (b'a = "' + b'\\"' * DEEP, "not valid TOML"),
        (b'a = """' + b'\\"""' * DEEP, "not valid TOML"),
        (b"a = \xe9", "not UTF-8"),
        (b"a = 2026-02-30", "not valid TOML"),
        (b"#" * (documents.MAX_TOML_BYTES + 1), "larger than"),
    ],
)
def test_toml_beyond_a_limit(data: bytes, what: str) -> None:
    """What exceeds a limit or is no TOML is one error, found in linear time."""
    begin = time.process_time()
    with pytest.raises(InputError, match=what):
        documents.load_toml(data)
    assert time.process_time() - begin < LONG_S


def test_what_only_looks_deep_or_long() -> None:
    r"""Brackets, digits and dots in texts, keys and comments are text."""
    deep = "[" * DEEP + "1" * 5000 + "." * 99 + '\\"'
    assert documents.load_json(json.dumps({deep: [deep]}).encode()) == {deep: [deep]}
    quoted = deep.replace("\\", "\\\\").replace('"', '\\"')
    text = f"# {deep}\na = \"{quoted}\"\nb = '''{deep}'''\nc = \"\"\"{quoted}\n''\"\"\"\n'....' = 1"
    loaded = documents.load_toml(text.encode())
    assert loaded == {"a": deep, "b": deep, "c": f"{deep}\n''", "....": 1}
    assert documents.load_toml(b"a = [" + b"1.5, " * 99 + b"]")["a"] == [1.5] * 99


def test_limits_themselves_are_within() -> None:
    """A document that just reaches a limit is read; callers may set lower ones."""
    n = documents.MAX_DEPTH
    assert documents.load_json(b"[" * n + b"]" * n)
    assert documents.load_json(b"1" * documents.MAX_DIGITS)
    assert documents.load_toml(b".".join([b"a"] * documents.MAX_KEY_PARTS) + b" = 1")
    with pytest.raises(InputError, match="more than 2 levels"):
        documents.load_json(b"[[[]]]", max_depth=2)
    with pytest.raises(InputError, match="larger than 3 bytes"):
        documents.load_json(b"[  ]", max_bytes=3)


def test_a_pair_of_surrogates_is_a_character() -> None:
    """Only a half is refused."""
    assert documents.load_json(b'"\\ud83d\\ude00"') == "\N{GRINNING FACE}"


def test_a_byte_order_mark_is_no_text() -> None:
    """Editors on Windows put one in front."""
    assert documents.load_json(b"\xef\xbb\xbf[1]") == [1]
    assert documents.load_toml(b"\xef\xbb\xbfa = 1") == {"a": 1}


def test_no_more_is_read_than_the_limit() -> None:
    """A device never ends."""
    with pytest.raises(InputError, match="larger"):
        documents.read_json(Path("/dev/zero"), max_bytes=1000)
    with pytest.raises(InputError, match="larger"):
        documents.read_toml(Path("/dev/zero"))


@pytest.mark.parametrize(
    "crowded",
    [
        b"[a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a]\n"
        + b"".join(b"a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.x%x=1\n" % i for i in range(24_000)),
        b"[[a]]\n" * 150_000,
        b"a=" + b"[" * 99 + b"]" * 99,
        b"".join(b"%x=1\n" % i for i in range(90_000)),
    ],
)
def test_the_slowest_toml_within_the_limits(crowded: bytes) -> None:
    """What the limits let through takes seconds at most."""
    begin = time.process_time()
    documents.load_toml(crowded[: documents.MAX_TOML_BYTES])
    assert time.process_time() - begin < LONG_S


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner),
)


@given(JSON)
def test_json_within_the_limits_is_what_the_parser_makes_of_it(value: Any) -> None:
    """The limits change no value."""
    for ascii_only in (True, False):
        assert documents.load_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.binary() | st.text("[]{}\"\\a.=#\n'1").map(str.encode))
def test_nothing_else_is_raised(data: bytes) -> None:
    """Whatever the bytes."""
    loads: list[Callable[[bytes], Any]] = [documents.load_json, documents.load_toml]
    for load in loads:
        try:
            load(data)
        except InputError:
            continue
