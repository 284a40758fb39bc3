"""The settings of a project: loaded from a file or from the environment, and checked.

A file that was merely found can cause no connection: whatever names a server or a database is
refused there (`connections`).
"""

import hashlib
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, Self, get_args

import pydantic

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.database.address import is_address
from coverage_analyzer.settings import discovery, reading
from coverage_analyzer.settings.tables import KEYS, STREAM, Role, Tables


class Settings(Tables):
    """The settings of a project, as ``coverage-analyzer.toml`` has them.

    Functions that take ``settings`` use a value from here where an argument is left out. Settings
    about an input apply to that input only.

    Examples
    --------
    >>> settings = Settings.load("data/settings.toml")
    >>> settings.output.format, settings.thresholds.max_rejects
    ('csv', '5%')
    """

    _path: str = pydantic.PrivateAttr(default="")
    _sha256: str = pydantic.PrivateAttr(default="")

    @classmethod
    def load(cls, path: str | Path | None = None, *, trusted: bool = True) -> Self:
        """Return the settings of a file.

        Parameters
        ----------
        path
            The file. By default ``coverage-analyzer.toml`` of the working folder, or of the nearest
            folder above it (`discovery.find`); such a file may name no server and no database.
        trusted
            Whether the file of a path may name servers and databases.

        Raises
        ------
        InputError
            If the file is missing, cannot be read, or has an unknown key or a wrong value; the
            message names each key with its line.
        """
        if path is not None:
            return cls._of_file(Path(path), trusted=trusted)
        discovered = discovery.find()
        if discovered.path is None:
            reason = discovered.notice or (
                f"No {discovery.NAME} in {Path.cwd()} or a folder above it. Write one with: "
                f"coverage-analyzer init SITES --centers CENTERS"
            )
            raise InputError(reason)
        return cls._of_file(discovered.path, trusted=False)

    @classmethod
    def _of_file(cls, path: Path, *, trusted: bool) -> Self:
        """Return the settings of a file that the user has named, or that was merely found.

        Raises
        ------
        InputError
            If it cannot be used.
        """
        data = reading.read_file(path)
        try:
            tables = documents.load_toml(data)
        except InputError as error:
            msg = f"{path} {error}."
            raise InputError(msg) from error
        lines = reading.Lines(data.decode("utf-8-sig"))
        if not trusted and (refused := _connections(tables)):
            raise InputError(reading.message(path, refused, lines))
        try:
            settings = cls.model_validate(_with_paths(tables, _folder(path)))
        except pydantic.ValidationError as error:
            faults = problems(error)
        else:
            return settings.loaded_from(path, data)
        raise InputError(reading.message(path, faults, lines))

    def loaded_from(self, path: Path, data: bytes) -> Self:
        """Note the file that the settings are from, which is the last change to them."""
        self._path, self._sha256 = str(path), hashlib.sha256(data).hexdigest()
        return self

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """Return the settings that environment variables give; an empty one gives nothing.

        Raises
        ------
        InputError
            If a value is wrong; the message names the variable.
        """
        tables: dict[str, Any] = {}
        for each in KEYS:
            text = environ.get(each.variable, "")
            if text:
                *parents, last = each.name.split(".")
                table = tables
                for name in parents:
                    table = table.setdefault(name, {})
                table[last] = _to_type(text, each.annotation)
        try:
            return cls.model_validate(tables)
        except pydantic.ValidationError as error:
            variables = {each.name: each.variable for each in KEYS}
            text = "\n".join(
                f"  {variables.get(where, where)}: {reading.sentence(what())}"
                for where, what in problems(error)
            )
            msg = f"Environment variables with a wrong value:\n{text}"
            raise InputError(msg) from None

    @property
    def trusts_declared(self) -> bool:
        """Whether the declared country is used wherever a site or center is."""
        return bool(self.policy.trust_declared)

    @property
    def origin(self) -> dict[str, str] | None:
        """The ``path`` of the file and its ``sha256``, as ``run.json`` has them; None if none."""
        return {"path": self._path, "sha256": self._sha256} if self._path else None


def _to_type(text: str, annotation: Any) -> Any:
    """Return the text of an environment variable as the type that a key wants, if it is one."""
    kinds = {part for part in _leaves(annotation) if isinstance(part, type)}
    if bool in kinds:
        return {"true": True, "1": True, "false": False, "0": False}.get(text.lower(), text)
    for kind in (int, float):
        if kind in kinds and re.fullmatch(r"-?\d{1,18}(\.\d{1,18})?", text, re.ASCII):
            return kind(text) if kind is float or "." not in text else text
    return text


def _leaves(annotation: Any) -> Iterator[Any]:
    """Yield the types that a type is made of; of a dictionary, those of its values."""
    parts = get_args(annotation)
    if not parts:
        yield annotation
    for part in parts[1:] if _is_dict(annotation) else parts:
        yield from _leaves(part)


def _is_dict(annotation: Any) -> bool:
    """Return whether a type is that of a dictionary."""
    return getattr(annotation, "__origin__", None) is dict


HARMLESS: Final = (None, False, "", "local")
"""Values of keys with a role that cause no connection."""

_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/|[\\/]{2}|/vsi")
"""Beginnings of names that a library or a system may look up on a network."""


def _connections(tables: Mapping[str, Any]) -> list[tuple[str, reading.What]]:
    """Return the keys whose value may cause a connection, with why that is refused."""
    reason = (
        "is taken only from a file that is named with --settings (in Python: Settings.load(PATH)), "
        "because this file was found and not named"
    )
    refused: list[tuple[str, reading.What]] = []
    for each in KEYS:
        value: Any = tables
        for part in each.name.split("."):
            value = value.get(part) if isinstance(value, Mapping) else None
        remote = isinstance(value, str) and (is_address(value) or _URI.match(value))
        if each.roles and value not in HARMLESS and (remote or Role.path not in each.roles):
            what = "a database" if Role.address in each.roles else "a server"
            refused.append((each.name, f"{what} {reason}".format))
    return refused


def _folder(path: Path) -> Path:
    """Return what relative paths in a file begin with: nothing in the working folder."""
    folder = path.parent
    try:
        return Path() if folder.resolve() == Path.cwd() else folder
    except (OSError, RuntimeError):
        return folder


def _with_paths(tables: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Return the tables of a file with paths relative to the working folder."""
    resolved = {name: dict(t) if isinstance(t, Mapping) else t for name, t in tables.items()}
    for each in KEYS:
        if Role.path not in each.roles:
            continue
        table, name = resolved.get(each.table), each.name.partition(".")[2]
        value = table.get(name) if isinstance(table, dict) else None
        if isinstance(value, str) and value not in {"", STREAM} and not _is_absolute(value):
            place = str(folder)
            resolved[each.table][name] = value if place == "." else os.path.join(place, value)  # noqa: PTH118 - a pattern stays one
    return resolved


def _is_absolute(value: str) -> bool:
    return Path(value).is_absolute() or is_address(value) or bool(_URI.match(value))


def problems(error: pydantic.ValidationError) -> list[tuple[str, reading.What]]:
    """Return what is wrong with settings: the name of each key, and what tells what is wrong."""
    return [reading.problem(each, Settings) for each in error.errors()]
