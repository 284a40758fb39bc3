"""Policies and programmes under one roof: listed, found by name or file, as their TOML text."""

from pathlib import Path

from coverage_analyzer import documents, policy
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.wording import nearest
from coverage_analyzer.programmes import model as programmes
from coverage_analyzer.programmes.model import Programme

Entry = Policy | Programme


def entries() -> dict[str, Entry]:
    """Return all that ship with the package, by name: policies first."""
    return {**policy.builtin(), **programmes.builtin()}


def text(name: str | Path) -> str:
    """Return the TOML text of a built-in policy or programme, or of a file.

    Raises
    ------
    PolicyError
        If there is none; the message names what there is.
    """
    if name in programmes.known():
        return programmes.text(name)
    try:
        return policy.text(name)
    except PolicyError as error:
        near = nearest(str(name), programmes.known())
        listed = ", ".join(programmes.known())
        msg = f"{error} Not a built-in programme either ({listed}).{near}"
        raise PolicyError(msg) from error


def entry(name: str | Path) -> Entry:
    """Return a built-in policy or programme by its name, or one from a file by its path.

    Raises
    ------
    PolicyError
        If there is none, or it breaks a rule; the message names the key.
    """
    if name in programmes.known():
        return Programme.load(name)
    try:
        told = documents.load_toml(text(name).encode())
    except InputError:  # about which a policy has the words
        told = {}
    return Programme.load(name) if "offers" in told else Policy.load(name)
