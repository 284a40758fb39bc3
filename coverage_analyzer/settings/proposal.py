"""The text of a settings file that ``init`` proposes: each entry with a comment above it."""

import json
import os
import re
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.paths import is_utf8
from coverage_analyzer.settings.tables import KEYS, STREAM, SettingsTable, Tables

LINE: Final = 96
"""Characters of a comment."""

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_DESCRIPTIONS: Final = {key.name: key.description for key in KEYS}


@dataclass(frozen=True)
class Entry:
    """A key with its value, and what a reader should know in addition to its description.

    Attributes
    ----------
    is_active
        Whether the entry applies; others are written as comments, to be switched on.
    """

    key: str
    value: Any
    note: str = ""
    is_active: bool = True


@dataclass(frozen=True)
class Section:
    """A table of the file."""

    table: str
    entries: Sequence[Entry]
    notes: Sequence[str] = field(default_factory=tuple)


def text_of(sections: Sequence[Section]) -> str:
    """Return the text of a settings file, which loads as it is.

    Raises
    ------
    InputError
        If a value cannot be set in such a file.
    """
    lines = [
        *_comment(
            "Settings for coverage-analyzer, which every command uses when it is started in this "
            "folder or in a folder below it. Paths are relative to this file. A command-line "
            "option overrides a value from here."
        ),
        *_comment("Show the values in use: coverage-analyzer config"),
        *_comment("All keys: docs/settings.md"),
    ]
    for section in sections:
        lines += ["", f"[{section.table}]"]
        for note in section.notes:
            lines += _comment(note)
        for entry in section.entries:
            lines += _entry(section.table, entry)
    text = "\n".join(lines) + "\n"
    Tables.model_validate(documents.load_toml(text.encode()))
    return text


def relative(path: str, folder: Path) -> str:
    """Return how a settings file in a folder names another file.

    Raises
    ------
    InputError
        If it is standard input, or its name is not UTF-8.
    """
    if path == STREAM:
        msg = "A settings file cannot name standard input. Save the input as a file."
        raise InputError(msg)
    if not is_utf8(path):
        msg = f"{path} is not UTF-8 and cannot be written to a settings file. Rename it."
        raise InputError(msg)
    if Path(path).is_absolute():
        return path
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:  # on another drive
        return str(Path(path).absolute())


def toml_value(value: Any) -> str:
    r"""Return a text, number, truth value or list as TOML writes it.

    Examples
    --------
    >>> print(toml_value('a "b" \x7f\n'), toml_value(True), toml_value(2.5))
    "a \"b\" \u007F\n" true 2.5
    """
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007F")


def toml_key(name: str) -> str:
    """Return a key as TOML writes it.

    Examples
    --------
    >>> print(toml_key("opens_on"), toml_key("Angelegt am"))
    opens_on "Angelegt am"
    """
    return name if _BARE.fullmatch(name) else toml_value(name)


def _entry(table: str, entry: Entry) -> list[str]:
    """Return an entry below its comment: a value, or a table of values."""
    name = f"{table}.{entry.key}" if entry.key else table
    text = " ".join(filter(None, (_DESCRIPTIONS.get(name, ""), entry.note)))
    lines = ["", *_comment(text)] if text else []
    if isinstance(entry.value, Mapping):
        lines += [f"[{name}]"] if entry.key else []
        return lines + [f"{toml_key(k)} = {toml_value(v)}" for k, v in entry.value.items()]
    off = "" if entry.is_active else "# "
    return [*lines, f"{off}{toml_key(entry.key)} = {toml_value(entry.value)}"]


def _comment(text: str) -> list[str]:
    """Return text as lines of a comment."""
    return textwrap.wrap(
        visible(text),
        LINE,
        initial_indent="# ",
        subsequent_indent="# ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def documented() -> dict[str, type[SettingsTable]]:
    """Return the tables of a settings file with their models, by name."""
    return {
        name: kind
        for name, each in Tables.model_fields.items()
        if isinstance(kind := each.annotation, type) and issubclass(kind, SettingsTable)
    }
