"""What is wrong with a key of a document, in plain words.

The library that validates the models describes errors for programmers. Here each kind of error has
words for the writer of a policy, and says what the key may hold in the words of its documentation.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from coverage_analyzer.countries import names
from coverage_analyzer.policy.keys import Key, key_at, keys_of, plain, tables_of, toml_value
from coverage_analyzer.policy.positions import Path
from coverage_analyzer.policy.suggestions import nearest, suggestion

IDENTIFIER: Final = r"^[a-z0-9]+(-[a-z0-9]+)*$"
"""Pattern of a name: lower-case letters, digits and single hyphens."""

COUNTRY: Final = re.compile(r"\^\(?\[A-Z\]\{2\}(?:\|\\\*\))?\$")
"""The patterns of country codes, as patterns."""

EXPECTED: Final = {
    "string_type": "text in quotes",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "finite_number": "a number",
    "bool_type": "true or false",
    "tuple_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "mapping_type": "a table",
}
"""What is expected, by the kind of an error."""

BOUNDS: Final = {
    "greater_than_equal": ("ge", "at least"),
    "less_than_equal": ("le", "at most"),
    "greater_than": ("gt", "greater than"),
    "less_than": ("lt", "less than"),
}
"""Key of the bound, and its words, by the kind of an error."""

MISSING: Final = {
    "missing": "missing",
    "too_short": "must not be empty",
    "string_too_short": "must not be empty",
}
"""What is wrong where something is missing, by the kind of an error."""

MAX_SHOWN: Final = 60
"""Characters of a wrong value that a message shows."""

MAX_KEYS: Final = 12
"""Maximum number of keys that a message lists."""

MAX_HOMES: Final = 3
"""Maximum number of tables that a message names."""


def sentence(error: Any, path: Path, model: type[BaseModel], *, keys: bool) -> str:
    """Return what is wrong with a key, and what to do.

    Parameters
    ----------
    error
        One of the errors of a validation.
    path
        The path of the key.
    model
        The model of the document.
    keys
        Whether to list the keys of the table, if the key is not known.
    """
    kind, value, context = error["type"], error["input"], error.get("ctx", {})
    key = key_at(model, path)
    if kind == "extra_forbidden":
        hint = _key_hint(path, model)
        return f"unknown key.{hint or _keys_of(path, model) * keys}"
    if kind in MISSING:
        return f"{MISSING[kind]}.{_example(key, model, path)}"
    if kind == "string_pattern_mismatch":
        return _pattern(error, key)
    return _wrong_value(kind, value, context, key)


def _wrong_value(kind: str, value: Any, context: Mapping[str, Any], key: Key | None) -> str:
    """Return what is wrong with the type or the size of a value."""
    if kind == "literal_error":
        words = [quoted or number for quoted, number in _pairs(context["expected"])]
        return f"{_value_text(value)} is not one of {', '.join(words)}.{nearest(str(value), words)}"
    if kind in EXPECTED:
        return f"{_value_text(value)} is not {EXPECTED[kind]}.{_type_hint(kind, value)}"
    if kind in BOUNDS:
        bound, than = BOUNDS[kind]
        return f"must be {than} {context[bound]:,g} (found {_value_text(value)})."
    return f"{_value_text(value)} is not valid.{_meaning(key)}"


def _meaning(key: Key | None) -> str:
    """Return what a key means, after a space."""
    return f" {plain(key.text)}" if key and key.text else ""


def _pairs(expected: str) -> list[tuple[str, str]]:
    """Return the allowed values in a text such as ``'a', 'b' or 1``: quoted, or a number."""
    return re.findall(r"'([^']*)'|(\d+)", expected)


def _value_text(value: Any) -> str:
    """Return a value as the writer of the file knows it, shortened."""
    text = repr(value) if isinstance(value, str) else _toml(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "a table"
    return "nothing" if value is None else toml_value(value)


def _type_hint(kind: str, value: Any) -> str:
    """Return how to write a value of another type."""
    if kind == "tuple_type" and isinstance(value, str):
        return f" Write it in brackets: [{toml_value(value)}]."
    if kind == "string_type" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return f" Write {toml_value(str(value))}."
    number = isinstance(value, str) and re.fullmatch(r"[0-9]+(\.[0-9]+)?", value)
    if kind in {"int_type", "float_type"} and number:
        return f" Remove the quotes: {value}."
    if kind == "bool_type" and str(value).lower() in {"true", "false", "yes", "no"}:
        return f" Write {'true' if str(value).lower() in {'true', 'yes'} else 'false'}."
    return ""


def _example(key: Key | None, model: type[BaseModel], path: Path) -> str:
    """Return what a missing or empty key holds, with an example."""
    if key is None:
        return ""
    if key.model is not None:
        table = next(t for t in tables_of(model) if t.path == _names(path))
        return f" Add the table {table.header}: {plain(table.title)}"
    return _meaning(key) + (f" Example: {key.name} = {key.example}" if key.example else "")


def _names(path: Path) -> tuple[str, ...]:
    return tuple(part for part in path if isinstance(part, str))


def meant_key(path: Path, model: type[BaseModel]) -> str | None:
    """Return the key of the same table that an unknown key was probably meant to be."""
    return suggestion(str(path[-1]), _keys_at(path, model))


def _keys_at(path: Path, model: type[BaseModel]) -> list[str]:
    """Return the keys of the table of an unknown key."""
    owner = key_at(model, path[:-1]) if path[:-1] else None
    table = (owner.model if owner else None) if path[:-1] else model
    return [key.name for key in keys_of(table)] if table else []


def _key_hint(path: Path, model: type[BaseModel]) -> str:
    """Return what an unknown key was probably meant to be."""
    name, keys = str(path[-1]), _keys_at(path, model)
    if hint := nearest(name, keys):
        return hint
    homes = [t.header or "the top of the file" for t in tables_of(model) if _has(t.keys, name)]
    return f" It is a key of {' and '.join(homes[:MAX_HOMES])}." if homes else ""


def _keys_of(path: Path, model: type[BaseModel]) -> str:
    """Return which keys the table of an unknown key has."""
    keys = _keys_at(path, model)
    return f" The keys here are {', '.join(keys)}." if 0 < len(keys) <= MAX_KEYS else ""


def _has(keys: Sequence[Key], name: str) -> bool:
    return any(key.name == name for key in keys)


def _pattern(error: Any, key: Key | None) -> str:
    """Return that a text has not the form that its key needs, and how to write it."""
    value, pattern = error["input"], error["ctx"]["pattern"]
    if COUNTRY.fullmatch(pattern):
        number = names.load().number(value)
        meant = f" Did you mean {names.load().codes[number]!r}?" if number > 0 else ""
        return f"{value!r} is not a country code of two capital letters.{meant}"
    if pattern == IDENTIFIER:
        slug = re.sub(r"[^a-z0-9]+", "-", value.casefold()).strip("-")
        hint = f" Write {slug!r}." if slug else ""
        return f"{value!r} is not a name of lower-case letters, digits and single hyphens.{hint}"
    if not value.strip():
        return "must not be empty."
    example = f" Example: {key.example}" if key and key.example else ""
    return f"{value!r} is not written as it should be.{_meaning(key)}{example}"
