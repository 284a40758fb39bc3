"""The line of each key of a TOML text, whatever the way it is written."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from coverage_analyzer.policy.positions import key_lines, line_of, path_of

RESOURCES = Path(__file__).parents[2] / "coverage_analyzer" / "resources"


def paths(part: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of each key, table and item of a parsed document."""
    if path:
        yield path
    items = part.items() if isinstance(part, dict) else enumerate(part) if _listed(part) else ()
    for key, value in items:
        yield from paths(value, (*path, key))


def _listed(part: Any) -> bool:
    return isinstance(part, list)


@pytest.mark.parametrize("file", sorted(RESOURCES.glob("*/*.toml")), ids=lambda path: path.stem)
def test_every_key_of_a_document_that_ships_has_its_line(file: Path) -> None:
    """The line names the key, unless it is an item of a list."""
    text = file.read_text(encoding="utf-8")
    result = key_lines(text)
    assert set(result) == set(paths(tomllib.loads(text)))
    written = text.splitlines()
    for path, line in result.items():
        if isinstance(path[-1], str):
            assert path[-1] in written[line - 1]


HARD = '''\
a."b.c".'d\\e' = """
[not.a.table] = 1 # no comment
"""  # a = 2
"\\u0061b" = [ [1, 2], # [x]
  { k = ']', "l" = { m = [
    3 ] } }, \'\'\'
z = 1\'\'\' ]
[x . "y"]
1.2 = 2026-01-01 07:00:00
[[list]]
[[list.inner]]
v = "\\""
[[list.inner]]
[list.own]
w = [
]
[[list]]
inner = []
'''


def test_hard_ways_to_write_keys() -> None:
    """Quoted and dotted keys, texts of several lines, lists in lists, tables of lists."""
    result = key_lines(HARD)
    assert set(result) == set(paths(tomllib.loads(HARD)))
    lines = {".".join(map(str, path)): line for path, line in result.items()}
    assert lines["a.b.c.d\\e"] == 1
    assert lines["ab.0.1"] == 4
    assert lines["ab.1.l.m.0"] == 6
    assert lines["ab.2"] == 6
    assert lines["x.y.1.2"] == 9
    assert lines["list.0.inner.1"] == 13
    assert lines["list.0.own.w"] == 15
    assert lines["list.1.inner"] == 18


KEYS = st.sampled_from(["a", "b-1", '"q.r"', "'s t'", '"\\u00e9"', '"#"', '"]"'])
VALUES = st.recursive(
    st.sampled_from(['"x"', "'''\n[y]\n= 1'''", '"""\\"""" # ]"""', "1.5", "true", '"\\\\"', "[]"]),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda v: "[\n " + ", # ]\n ".join(v) + "\n]")
        | st.dictionaries(KEYS, inner, max_size=2).map(
            lambda v: f"{{ {', '.join(f'{k} = {w}' for k, w in v.items())} }}"
        )
    ),
    max_leaves=4,
)
TABLES = st.lists(
    st.tuples(
        st.sampled_from(["[{}]", "[[{}]]"]),
        st.lists(KEYS, min_size=1, max_size=2).map(".".join),
        st.dictionaries(KEYS, VALUES, max_size=2),
    ),
    max_size=4,
)


@settings(max_examples=40)
@example([("[[{}]]", "a", {"a": "[\n 1]"}), ("[[{}]]", "a", {}), ("[{}]", "a.b-1", {})])
@given(TABLES)
def test_every_key_that_the_parser_finds_has_a_line(tables: Any) -> None:
    """No more, no fewer, and lines grow along the statements."""
    parts = []
    for form, name, pairs in tables:
        parts += [form.format(name), *(f"{key} = {value}" for key, value in pairs.items())]
    text = "\n".join(parts)
    try:
        parsed = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        key_lines(text)  # ends
        return
    result = key_lines(text)
    assert set(result) == set(paths(parsed))
    assert all(1 <= line <= text.count("\n") + 1 for line in result.values())


@pytest.mark.parametrize("text", ["[", "a", "a = [", '"', "=", "]]", "a = {", "\x00", "[[a", "a.="])
def test_a_text_that_is_not_toml_ends(text: str) -> None:
    """Nothing is promised but an end."""
    assert len(key_lines(text)) <= len(text)


def test_a_key_that_is_missing_has_the_line_of_its_table() -> None:
    """The nearest that there is."""
    lines = key_lines("a = 1\n[[b]]\nc = 2\n")
    assert line_of(("b", 0, "d"), lines) == 2
    assert line_of(("z",), lines) is None
    assert path_of("b.0.c: wrong.", lines) == ("b", 0, "c")
    assert path_of("b (US): overlaps.", lines) == ("b",)
    assert path_of("Text without a key.", lines) == ()
