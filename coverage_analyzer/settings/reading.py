"""Read a settings file that anybody may have written; say what is wrong with it, and where."""

import functools
import os
import stat
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn, get_args

import pydantic

from coverage_analyzer.documents import MAX_TOML_BYTES
from coverage_analyzer.errors import LISTED, InputError, quantity, visible
from coverage_analyzer.policy.positions import key_lines
from coverage_analyzer.policy.suggestions import nearest

EXPECTED: Final = {
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "float_type": "a number",
    "dict_type": "a table",
    "model_type": "a table",
    "string_pattern_mismatch": "lower-case letters, digits and hyphens",
}
"""What a key wants, by the kind of error."""

What = Callable[[], str]
"""Returns what is wrong with a value, without a full stop."""

MAX_SHOWN: Final = 60
"""Characters of a wrong value that a message shows."""


def read_file(path: Path) -> bytes:
    """Return the bytes of a settings file.

    Raises
    ------
    InputError
        If it is missing, not a plain file, too large, or cannot be read.
    """
    try:
        # Without O_NONBLOCK a pipe of that name would be waited for.
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(number, "rb") as file:  # noqa: PTH123 - a descriptor
            if not stat.S_ISREG(os.fstat(number).st_mode):
                _refuse_kind(path)
            data = file.read(MAX_TOML_BYTES + 1)
    except (OSError, ValueError) as error:
        if isinstance(error, IsADirectoryError) or os.path.isdir(path):  # noqa: PTH112 - never raises
            _refuse_kind(path)
        why = getattr(error, "strerror", None) or error
        msg = f"The settings file {path} cannot be read: {why}. {OTHERWISE}"
        raise InputError(msg) from error
    if len(data) > MAX_TOML_BYTES:
        msg = f"The settings file {path} is larger than {MAX_TOML_BYTES:,} bytes. {OTHERWISE}"
        raise InputError(msg)
    return data


OTHERWISE: Final = "Choose a different one with --settings, or use none: --no-settings."


def _refuse_kind(path: Path) -> NoReturn:
    """Raise because something is not a plain file.

    Raises
    ------
    InputError
        Always.
    """
    kind = "a folder" if os.path.isdir(path) else "a device or pipe"  # noqa: PTH112 - never raises
    msg = f"{path} is {kind}, not a settings file. {OTHERWISE}"
    raise InputError(msg)


def message(path: Path, problems: Sequence[tuple[str, What]], lines: "Lines") -> str:
    """Return the message on problems with keys of a file, each with its line.

    Parameters
    ----------
    path
        The file.
    problems
        The name of each key, and what returns what is wrong with it, which may take time.
    lines
        Of the file.
    """
    placed = sorted(
        ((lines.of(where), where, what) for where, what in problems), key=lambda each: each[:2]
    )
    listed = "\n".join(
        f"  line {n}, {where}: {sentence(what())}" for n, where, what in placed[:LISTED]
    )
    more = f"\n  and {len(placed) - LISTED} more" if len(placed) > LISTED else ""
    them = "it" if len(placed) == 1 else "them"
    return (
        f"{path} has {quantity(len(placed), 'problem')}. Fix {them} and run again:\n{listed}{more}"
    )


def sentence(text: str) -> str:
    """Return a text with a full stop, unless it ends with a mark of its own."""
    return text if text.endswith((".", "?")) else f"{text}."


def problem(error: Any, model: type[pydantic.BaseModel]) -> tuple[str, What]:
    """Return the name of a key, and what returns what is wrong with its value.

    Parameters
    ----------
    error
        One of those that pydantic lists.
    model
        What was validated.
    """
    parts = [str(part) for part in error["loc"] if part != "[key]"]
    if error["type"] == "unknown":
        parts.append(error["ctx"]["key"])
    return ".".join(parts), functools.partial(_describe, error, parts, model)


def _describe(error: Any, parts: Sequence[str], model: type[pydantic.BaseModel]) -> str:
    """Return what is wrong with the value of a key, by its parts."""
    kind, context = error["type"], error.get("ctx", {})
    if kind == "extra_forbidden":
        near = nearest(parts[-1].replace("-", "_"), _keys_of(parts[:-1], model))
        return f"unknown key.{near}"
    if kind == "value_error":
        return str(context["error"])
    if kind == "unknown":
        return str(error["msg"])
    if kind == "string_too_short":
        return "the text is empty"
    expected = EXPECTED.get(kind) or context.get("expected")
    text = f"expected {expected}" if expected else error["msg"][:1].lower() + error["msg"][1:]
    return f"{text}, found {_value_text(error['input'])}"


def _value_text(value: Any) -> str:
    """Return a wrong value as TOML writes it, shortened."""
    text = str(value).lower() if isinstance(value, bool) else visible(repr(value))
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."


def _keys_of(parents: Sequence[str], model: type[pydantic.BaseModel]) -> list[str]:
    """Return the keys that a table of a model may have."""
    for parent in parents:
        kind = model.model_fields[parent].annotation
        kind = next((each for each in get_args(kind) if each is not type(None)), kind)  # optional
        if not (isinstance(kind, type) and issubclass(kind, pydantic.BaseModel)):
            return []
        model = kind
    return list(model.model_fields)


class Lines:
    r"""The lines in which the keys of a TOML document are, which is known to be valid.

    Examples
    --------
    >>> lines = Lines('[sites]\nfile = "a.csv"\n\n[sites.columns]\n"name" = "Kunde"')
    >>> [lines.of(name) for name in ("sites.file", "sites.columns.name", "sites.fil", "x")]
    [2, 5, 1, 1]
    """

    def __init__(self, text: str) -> None:
        self._lines = {".".join(map(str, path)): n for path, n in key_lines(text).items()}

    def of(self, name: str) -> int:
        """Return the line of a key by its name, else that of the table that it is in, else 1."""
        parts = name.split(".")
        names = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
        return next((self._lines[each] for each in names if each in self._lines), 1)
