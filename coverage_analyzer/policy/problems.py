"""Problems of a document, all of them at once, each with its key and its line."""

import copy
import functools
import operator
import pathlib
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

import pydantic
from pydantic import BaseModel

from coverage_analyzer.errors import Problem, quantity
from coverage_analyzer.policy.keys import key_at
from coverage_analyzer.policy.positions import Path, key_lines, line_of, path_of
from coverage_analyzer.policy.wording import meant_key, sentence

UNKNOWN: Final = "extra_forbidden"
"""Kind of the error of an unknown key."""

MORE: Final = "Other checks follow when these are corrected."
"""End of a message on a document whose parts could not be compared."""


class Validated(Protocol):
    """A model that validates nested data."""

    @classmethod
    def _validated(cls, data: Mapping[str, Any], folder: pathlib.Path | None) -> Any: ...


def every_problem(
    error: pydantic.ValidationError,
    data: Any,
    model: Any,
    text: str = "",
    folder: pathlib.Path | None = None,
) -> tuple[list[Problem], bool]:
    """Return all problems of a document, and whether its parts could be compared.

    The validation stops before it compares the parts if one of them is wrong. The parts are
    therefore compared without what is wrong, as far as that leaves a document.

    Parameters
    ----------
    error
        The error of the validation.
    data
        The document as nested data.
    model
        Its model, a `policy.document.Document`.
    text
        Its TOML text, if known.
    folder
        Folder of the files that it names, if known.
    """
    lines = key_lines(text) if text else {}
    errors = _independent(error, model)
    result = _problems(errors, model, lines, data)
    is_complete = True
    if not any(e["type"] == "value_error" and not e["loc"] for e in errors):
        remaining = _without(data, errors, model)
        between = _between_parts(*remaining, model, lines, folder) if remaining else None
        is_complete = between is not None
        result += between or []
    result.sort(key=lambda problem: (problem.line is None, problem.line or 0))
    return result, is_complete


def listed(problems: Sequence[Problem], *, is_complete: bool) -> str:
    """Return problems as the end of a message that begins with the name of the document."""
    lines = [*map(str, problems), *([] if is_complete else [MORE])]
    return "\n  ".join([f"has {quantity(len(problems), 'problem')}:", *lines])


def validation_faults(error: pydantic.ValidationError, model: type[BaseModel]) -> list[str]:
    """Return validation errors as text, except those that follow from others."""
    return [each.text for each in _problems(_independent(error, model), model, {}, {})]


def _problems(
    errors: list[Any], model: type[BaseModel], lines: Mapping[Path, int], data: Any
) -> list[Problem]:
    """Return the problems of validation errors; the keys of a table are listed once."""
    result: list[Problem] = []
    tables = set()
    for error in errors:
        path = _path(error)
        where = ".".join(map(str, path))
        if error["type"] == "value_error":
            texts = str(error["ctx"]["error"]).splitlines()
        else:
            texts = [sentence(error, path, model, keys=path[:-1] not in tables)]
        if not path:
            result += [_between(text, lines, data) for text in texts]
        else:
            result += [Problem(line_of(path, lines), where, f"{where}: {text}") for text in texts]
        if error["type"] == UNKNOWN:
            tables.add(path[:-1])
    return result


def _path(error: Any) -> Path:
    """Return the path of the key of a validation error."""
    return tuple(part for part in error["loc"] if part != "[key]")


def _between(text: str, lines: Mapping[Path, int], data: Any) -> Problem:
    """Return a problem that begins with its key, or with a list and a place: ``bands (US): ...``.

    The latter has the line of the table of that place, with the limit that the text names.
    """
    path = path_of(text, lines)
    key = re.match(r"[\w*-]+(?:\.[\w*-]+)*(?=[:\s])", text)
    name = key[0] if key else ""
    if place := re.match(r"\w+ \(([^)]+)\): (?:\S+ to ([\d.]+))?", text):
        number = _table_of(data.get(name) if isinstance(data, Mapping) else None, *place.groups())
        if number is not None:
            path, name = (name, number), f"{name}.{number}"
    return Problem(line_of(path, lines), name, text)


def _table_of(tables: Any, country: str, limit: str | None) -> int | None:
    """Return the number of the table of a country, that with an upper limit if there is one."""
    if not isinstance(tables, list):
        return None
    here = [n for n, t in enumerate(tables) if country in t.get("countries", ())]
    limits = [n for n in here if limit and float(limit.rstrip(".")) in _limits(tables[n])]
    return next(iter([*limits, *here]), None)


def _limits(table: Mapping[str, Any]) -> set[float]:
    """Return the upper limits in a table."""
    return {float(value) for key, value in table.items() if key.startswith("up_to_")}


def _between_parts(
    data: Any,
    hidden: set[Any],
    model: type[Validated],
    lines: Mapping[Path, int],
    folder: pathlib.Path | None,
) -> list[Problem] | None:
    """Return the problems between the parts of a document, without those of hidden tables.

    None if the parts could not be compared.
    """
    try:
        model._validated(data, folder)  # noqa: SLF001 - the document's own validation
    except pydantic.ValidationError as error:
        whole = [e for e in error.errors() if e["type"] == "value_error" and not e["loc"]]
        if not whole:
            return None
        texts = [text for e in whole for text in str(e["ctx"]["error"]).splitlines()]
        return [_between(t, lines, data) for t in texts if re.split(r"[.:\s]", t)[0] not in hidden]
    return []


def _without(data: Any, errors: list[Any], model: Any) -> tuple[Any, set[Any]] | None:
    """Return a document without what is wrong, and the tables that thereby lost something.

    None if what is wrong cannot be left out.
    """
    remaining, hidden = copy.deepcopy(data), set()
    drops: dict[Path, str | None] = {}
    for error in errors:
        path = _path(error)
        drop = path if error["type"] == UNKNOWN else _droppable(path, model)
        if not drop:
            return None
        drops[drop] = meant_key(path, model) if error["type"] == UNKNOWN else None
        if error["type"] != UNKNOWN:
            hidden |= {path[0], "levels"}
    try:
        for drop in sorted(drops, key=_order, reverse=True):
            parent = functools.reduce(operator.getitem, drop[:-1], remaining)
            value = parent.pop(drop[-1])
            if key := drops[drop]:
                parent.setdefault(key, value)
    except (LookupError, TypeError, AttributeError):  # the path has the name of an alternative
        return None
    return remaining, hidden


def _order(path: Path) -> tuple[tuple[int, str], ...]:
    """Return a key that sorts items of a list by their numbers."""
    return tuple((part, "") if isinstance(part, int) else (-1, part) for part in path)


def _droppable(path: Path, model: type[BaseModel]) -> Path:
    """Return the optional key, or else the table of a list, that has a wrong value.

    Empty if missing; levels are never left out, as others refer to them.
    """
    for depth in range(len(path), 0, -1):
        if isinstance(path[depth - 1], str):
            key = key_at(model, path[:depth])
            if key is not None and not key.required:
                return path[:depth]
        elif path[0] != "levels":
            return path[:depth]
    return ()


def _independent(error: pydantic.ValidationError, model: type[BaseModel]) -> list[Any]:
    """Return the errors of a validation that do not follow from others."""
    errors = error.errors()
    unknown = [_path(each) for each in errors if each["type"] == UNKNOWN]
    targets = {(*path[:-1], meant_key(path, model)) for path in unknown}
    return [
        each
        for each in errors
        if not _follows(each, errors) and not (each["type"] == "missing" and _path(each) in targets)
    ]


def _follows(error: Any, errors: list[Any]) -> bool:
    """Return whether a list is reported as too short only because of an error inside it."""
    depth = len(error["loc"])
    inner = [e for e in errors if len(e["loc"]) > depth and e["loc"][:depth] == error["loc"]]
    return error["type"] == "too_short" and bool(inner)
