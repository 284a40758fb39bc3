"""Policies and programmes together: list them, find them by name or file, get their TOML."""

from pathlib import Path

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.document import kind_of
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.programmes.model import Programme

Entry = Policy | Programme


def entries() -> dict[str, Entry]:
    """Return all built-in and registered documents, by name, policies first."""
    return {**Policy.by_name(), **Programme.by_name()}


def text(name: str | Path) -> str:
    """Return the TOML text of a built-in policy or programme, or of a file.

    Raises
    ------
    PolicyError
        If it is missing; the message lists those available.
    """
    if name in Programme.names():
        return Programme.text(name)
    try:
        return Policy.text(name)
    except PolicyError as error:
        near = nearest(str(name), Programme.names())
        listed = ", ".join(Programme.names())
        msg = f"{error} Not a built-in or registered programme either ({listed}).{near}"
        raise PolicyError(msg) from error


def entry(name: str | Path) -> Entry:
    """Return a built-in policy or programme by name, or one from the path of a file.

    Raises
    ------
    PolicyError
        If it does not exist or is invalid; the message names the key.
    """
    if name in Programme.names():
        return Programme.load(name)
    try:
        data = documents.load_toml(text(name).encode())
    except InputError:  # as described by a policy
        data = {}
    return Programme.load(name) if kind_of(data) == Programme.kind else Policy.load(name)
