"""The keys of a TOML document, from its models and their documentation.

The page of all keys, the skeleton of a new policy, the JSON Schema and the messages about wrong
values are made from this list: a key that a model gets is in all of them.

A model documents its keys in the section "Attributes" of its docstring (numpydoc). The first
sentence of a key has its kind of value and, after a semicolon, its default; the last one may be
an example. The first line of the docstring names the table, after a colon.
"""

import functools
import inspect
import json
import math
import re
import tomllib
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

KINDS: Final = {bool: "true or false", int: "whole number", float: "number", str: "text"}
"""Kinds of values, as a reader names them."""

OTHER: Final = "value"
"""Kind of a value of any other type."""

_UNIT: Final = re.compile(
    r"\bin (miles|kilometres|degrees|metres|minutes|hours|days|``unit``)(?!\w)"
)
_SENTENCE: Final = re.compile(r"(?:``.*?``|[^`.]|`[^`]*`|\.(?!\s|$))+(?:\.|$)\s*")
_DEFAULT_WORDS: Final = re.compile(
    r"; (?:required|(?:empty|none) by default|by default ``[^`]*``)\.?$"
)
_REFERENCE: Final = re.compile(r"(?<!`)`(\w+)`(?!`)")
_TABLE_NAME: Final = re.compile(r":\s*(?:the TOML table )?``(\[[^`]*\])``\.?$")


@dataclass(frozen=True)
class Key:
    """A key of a table.

    Attributes
    ----------
    name
        The key.
    kind
        The kind of its value, in words.
    unit
        The unit of its value; empty if it has none.
    required
        Whether the table needs it.
    default
        The default as TOML; empty if missing.
    example
        An example as TOML; empty if the documentation has none.
    text
        What it means: the documentation without default and example, with literals in double
        backticks.
    lowest_format
        The lowest format of a document that may have it.
    model
        The model of its tables, if its value is a table or a list of tables.
    listed
        Whether its value is a list.
    """

    name: str
    kind: str
    unit: str
    required: bool
    default: str
    example: str
    text: str
    lowest_format: int
    model: type[BaseModel] | None
    listed: bool


@dataclass(frozen=True)
class Table:
    """A table of a document with its keys.

    Attributes
    ----------
    path
        The keys that lead to it; empty for the top of the document.
    header
        Its header in TOML, such as ``[[levels]]``; empty for the top of the document.
    title
        What it is, in one sentence.
    keys
        Its keys, in the order of the model.
    lowest_format
        The lowest format of a document that may have it.
    """

    path: tuple[str, ...]
    header: str
    title: str
    keys: tuple[Key, ...]
    lowest_format: int = 1

    def key(self, name: str) -> Key:
        """Return a key by its name."""
        return next(key for key in self.keys if key.name == name)


def format_of(info: FieldInfo) -> int:
    """Return the lowest format of a document that may have a key."""
    extra = info.json_schema_extra
    return typing.cast("int", extra.get("format", 1)) if isinstance(extra, dict) else 1


@functools.cache
def tables_of(model: type[BaseModel]) -> tuple[Table, ...]:
    """Return the tables of a document, the outer ones first.

    Examples
    --------
    >>> from coverage_analyzer.policy import Policy
    >>> [table.header for table in tables_of(Policy)][:3]
    ['', '[source]', '[[levels]]']
    """
    return tuple(_tables(model, (), "", 1))


def _tables(
    model: type[BaseModel], path: tuple[str, ...], header: str, lowest: int
) -> Iterator[Table]:
    keys = keys_of(model)
    yield Table(path, header, title_of(model), keys, lowest)
    for key in keys:
        if key.model:
            below = (*path, key.name)
            own = f"[[{'.'.join(below)}]]" if key.listed else f"[{'.'.join(below)}]"
            yield from _tables(key.model, below, own, max(lowest, key.lowest_format))


def title_of(model: type[BaseModel]) -> str:
    """Return what a table is, in one sentence, without its header.

    Examples
    --------
    >>> from coverage_analyzer.policy.rules import Warranty
    >>> title_of(Warranty)
    "The manufacturer's warranty, which applies to all levels."
    """
    first = inspect.cleandoc(model.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
    return f"{_TABLE_NAME.sub('', first).rstrip('.')}."


@functools.cache
def keys_of(model: type[BaseModel]) -> tuple[Key, ...]:
    """Return the keys of a table, in the order of its model."""
    texts = _key_docs(model)
    return tuple(_key(name, f, texts.get(name, "")) for name, f in model.model_fields.items())


def key_at(root: type[BaseModel], path: tuple[str | int, ...]) -> Key | None:
    """Return the key to which a path leads, or that has the list or table in it; else None.

    Examples
    --------
    >>> from coverage_analyzer.policy import Policy
    >>> key_at(Policy, ("bands", 0, "countries", 0)).name
    'countries'
    """
    model: type[BaseModel] | None = root
    result = None
    for part in path:
        if isinstance(part, str) and model is not None:
            result = next((key for key in keys_of(model) if key.name == part), None)
            model = result.model if result else None
    return result


def toml_value(value: Any) -> str:
    """Return a value as TOML on one line; empty for None.

    Examples
    --------
    >>> toml_value(["US", 4, 0.5, True]), toml_value({"PR": "US"})
    ('["US", 4, 0.5, true]', '{ PR = "US" }')
    """
    if value is None:
        return ""
    if isinstance(value, Mapping):
        pairs = ", ".join(f"{toml_key(k)} = {toml_value(v)}" for k, v in value.items())
        return f"{{ {pairs} }}" if pairs else "{}"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml_value, value))}]"
    if isinstance(value, float) and math.isfinite(value):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, (bool, int, str)):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def toml_key(name: Any) -> str:
    """Return a key as TOML, in quotes where it needs them."""
    text = str(name)
    return text if re.fullmatch(r"[A-Za-z0-9_-]+", text) else json.dumps(text, ensure_ascii=False)


def example_value(key: Key) -> Any:
    """Return the example of a key as data; None if it has none, or it is not TOML."""
    try:
        return tomllib.loads(f"x = {key.example}")["x"] if key.example else None
    except tomllib.TOMLDecodeError:
        return None


def plain(text: str) -> str:
    """Return documentation as plain text, without markup.

    Examples
    --------
    >>> plain("``id`` of a level, in the table `Level`.")
    'id of a level, in the table Level.'
    """
    return _REFERENCE.sub(r"\1", text).replace("``", "")


def markdown(text: str) -> str:
    """Return documentation as Markdown for a cell of a table."""
    return _REFERENCE.sub(r"\1", text).replace("``", "`").replace("|", "\\|")


def _key_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the documentation of each key of a model, that of its bases included."""
    texts: dict[str, str] = {}
    for base in reversed(model.__mro__):
        if issubclass(base, BaseModel):
            texts |= _attributes(inspect.cleandoc(base.__doc__ or ""))
    return texts


def _attributes(doc: str) -> dict[str, str]:
    """Return the section "Attributes" of a docstring as texts by name."""
    section = re.search(r"(?ms)^Attributes\n-+\n(.*?)(?=^\S[^\n]*\n-{3,}\n|\Z)", doc)
    texts: dict[str, str] = {}
    names: list[str] = []
    for line in section[1].splitlines() if section else ():
        if line and not line[0].isspace():
            names = [name.strip() for name in line.split(",")]
            texts |= dict.fromkeys(names, "")
        else:
            texts |= {name: f"{texts[name]} {line.strip()}".strip() for name in names}
    return texts


def _key(name: str, info: FieldInfo, text: str) -> Key:
    model, listed = _model_of(info.annotation)
    sentences = [match[0].strip() for match in _SENTENCE.finditer(text)]
    texts = [s for s in sentences if not s.startswith(("Example: ", "Examples: "))]
    examples = [s for s in sentences if s not in texts]
    example = re.search(r"``(.+?)``", examples[0]) if examples else None
    unit = _UNIT.search(texts[0]) if texts else None
    return Key(
        name=name,
        kind=_table_kind(model, listed=listed) or _kind(info.annotation),
        unit=unit[1].replace("``", "") if unit else "",
        required=info.is_required(),
        default="" if info.is_required() or model else toml_value(default_of(info)),
        example=example[1] if example else "",
        text=_meaning(texts, model),
        lowest_format=format_of(info),
        model=model,
        listed=listed,
    )


def _meaning(sentences: list[str], model: type[BaseModel] | None) -> str:
    """Return documentation without what the kind and the default of a key say."""
    first, *more = sentences or [""]
    first = f"{_DEFAULT_WORDS.sub('', first).rstrip('.')}."
    if model:
        first = title_of(model)
    elif first in {"Text.", "Boolean.", "."}:
        first = ""
    return " ".join(filter(None, [first, *more]))


def default_of(info: FieldInfo) -> Any:
    """Return the default of a key."""
    return info.get_default(call_default_factory=True, validated_data={})


def _model_of(annotation: Any) -> tuple[type[BaseModel] | None, bool]:
    """Return the model in a type, if any, and whether the type is a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation, False
    listed = typing.get_origin(annotation) is tuple
    if typing.get_origin(annotation) in {dict, typing.Literal}:
        return None, False
    for part in typing.get_args(annotation):
        model, inner = _model_of(part)
        if model:
            return model, listed or inner
        listed = listed or inner
    return None, listed


def _table_kind(model: type[BaseModel] | None, *, listed: bool) -> str:
    return "" if model is None else "list of tables" if listed else "table"


def _kind(annotation: Any) -> str:
    """Return the kind of a value from its type."""
    if annotation in KINDS:
        return KINDS[annotation]
    origin, args = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Literal:
        return ", ".join(f"``{toml_value(value)}``" for value in args)
    if origin is dict:
        return f"table of {_many(_kind(args[1]))}"
    if origin is tuple:
        return f"list of {_many(_kind(args[0]))}"
    kinds = [_kind(part) for part in args if part is not type(None)]
    return next((kind for kind in kinds if kind != OTHER), OTHER)


def _many(kind: str) -> str:
    """Return the plural of a kind of values."""
    return kind if kind.startswith(("``", "true")) else f"{kind}s"
