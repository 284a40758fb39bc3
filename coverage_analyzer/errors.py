"""Exceptions of the package, as one hierarchy.

::

    CoverageError
    ├── InputError(ValueError)         a table, a row, a column or an argument cannot be used
    ├── InfeasibleError(ValueError)    no plan of new centers keeps all limits
    ├── PolicyError(ValueError)        a policy is invalid
    ├── ServiceError(OSError)          a network service did not answer
    ├── PublishError(OSError)          the report could not be written
    │   └── FolderBusyError            another run has locked the folder
    └── MissingExtraError(ImportError) a library of an extra is not installed

Every message says what is wrong, where (the first rows, and how many), and what to do.
"""

import importlib.util
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

Extra = Literal[
    "compare", "database", "excel", "geocode", "plot", "roads", "siting", "spark", "terms"
]

EXTRAS: Final[Mapping[Extra, str]] = {
    "compare": "comparing runs",
    "database": "databases",
    "excel": "Excel workbooks",
    "geocode": "geocoding",
    "plot": "plots",
    "roads": "drive times and service areas",
    "siting": "planning new centers",
    "spark": "Spark",
    "terms": "business days and time zones",
}
"""Purpose of each extra (a set of optional dependencies)."""

LISTED: Final = 20
"""Maximum number of problems listed in an error; the rest is counted."""


def quantity(number: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun, in the singular or plural.

    Parameters
    ----------
    number
        The number.
    noun
        The singular noun.
    plural
        The plural, if it is not the noun and an "s".

    Examples
    --------
    >>> quantity(1, "row"), quantity(2000, "row"), quantity(0, "address", "addresses")
    ('1 row', '2,000 rows', '0 addresses')
    """
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"


def visible(text: str) -> str:
    r"""Return a line of text with control characters of a terminal escaped.

    Examples
    --------
    >>> print(visible("Zürich\x1b[2J\r\n"))
    Zürich\x1b[2J\r\n
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class CoverageError(Exception):
    """Base class of all errors that this package raises on purpose.

    Examples
    --------
    >>> import coverage_analyzer as ca
    >>> try:
    ...     ca.Policy.load("gold-rush")
    ... except ca.CoverageError as error:
    ...     print(type(error).__name__, isinstance(error, ValueError))
    PolicyError True
    """


class InputError(CoverageError, ValueError):
    """A table, a row, a column or an argument cannot be used."""


class InfeasibleError(CoverageError, ValueError):
    """No plan of new centers keeps all limits; the message names who cannot be served, and why."""


class Problem(NamedTuple):
    """A problem in a document.

    Attributes
    ----------
    line
        Its line in the file, from 1; None if it is not known.
    key
        The path of the key, such as ``bands.0.level``; empty if it concerns no single key.
    text
        The problem, which begins with the key, and what to do.
    """

    line: int | None
    key: str
    text: str

    def __str__(self) -> str:
        """Return it with its line."""
        return self.text if self.line is None else f"line {self.line}: {self.text}"


class PolicyError(CoverageError, ValueError):
    """A policy is invalid; the message names each key.

    Attributes
    ----------
    problems
        The problems in the message; empty if the file cannot be read.
    is_complete
        Whether these are all, or others may appear when they are corrected.
    """

    def __init__(
        self, message: str = "", problems: Sequence[Problem] = (), *, is_complete: bool = True
    ) -> None:
        super().__init__(message)
        self.problems = tuple(problems)
        self.is_complete = is_complete


class PolicyWarning(UserWarning):
    """A policy is valid but suspicious: a reused name, a clause that states another figure."""


class ServiceError(CoverageError, OSError):
    """A network service did not answer; the message says how it was requested."""


class PublishError(CoverageError, OSError):
    """The report could not be written; the previous content of the folder is unchanged."""


class FolderBusyError(PublishError):
    """Another run has locked the folder."""


class MissingExtraError(CoverageError, ImportError):
    """A library of an extra is not installed; the message has the command to install it."""


def require(extra: Extra, *modules: str, otherwise: str = "") -> None:
    """Raise if a library of an extra is not installed, without importing it.

    Parameters
    ----------
    extra
        The extra of this package.
    modules
        Top-level modules that are required.
    otherwise
        What a user can do without the library, beginning with a verb.

    Raises
    ------
    MissingExtraError
        With the libraries, and the command that installs them.

    Examples
    --------
    >>> try:
    ...     require("plot", "a_library")
    ... except MissingExtraError as error:
    ...     print(error)
    a-library is not installed. For plots, run: ... install ...[plot]'.
    """
    missing = [module.replace("_", "-") for module in modules if not _is_installed(module)]
    if missing:
        are = "are" if len(missing) > 1 else "is"
        more = f", or {otherwise}" if otherwise else ""
        msg = (
            f"{' and '.join(missing)} {are} not installed. For {EXTRAS[extra]}, run: "
            f"{install_command(extra, Path(sys.prefix), _direct_url())}{more}."
        )
        raise MissingExtraError(msg)


def install_command(extra: str, prefix: Path, direct_url: Mapping[str, Any]) -> str:
    """Return the command that adds an extra to the package as it was installed.

    Parameters
    ----------
    extra
        The extra.
    prefix
        Folder of the environment: one of uv or pipx has a file of theirs.
    direct_url
        Where the package was installed from (PEP 610); empty if from an index.

    Examples
    --------
    >>> install_command("terms", Path(sys.prefix) / "none", {})
    "pip install 'coverage-analyzer[terms]'"
    >>> checkout = {"url": "file:///home/ann/checkout", "dir_info": {"editable": True}}
    >>> install_command("terms", Path(sys.prefix) / "none", checkout)
    "pip install -e '/home/ann/checkout[terms]'"
    """
    target = _target(extra, direct_url)
    if (prefix / "uv-receipt.toml").is_file():
        return f"uv tool install {target}"
    if (prefix / "pipx_metadata.json").is_file():
        return f"pipx install --force {target}"
    if any(part.startswith(("archive-v", "environments-v")) for part in prefix.parts):
        return f"uvx --from {target.removeprefix('-e ')} coverage-analyzer"
    return f"pip install {target}"


def _target(extra: str, direct_url: Mapping[str, Any]) -> str:
    """Return what to install, as an argument in quotes: a name, a folder or an address."""
    url = str(direct_url.get("url", ""))
    if not url:
        return f"'coverage-analyzer[{extra}]'"
    if "dir_info" not in direct_url:
        return f"'coverage-analyzer[{extra}] @ {url}'"
    editable = "-e " if direct_url["dir_info"].get("editable") else ""
    return f"{editable}'{_folder_of(url)}[{extra}]'"


def _folder_of(url: str) -> str:
    """Return the path of a folder from its address.

    Examples
    --------
    >>> _folder_of("file:///home/ann/my%20checkout"), _folder_of("file:///C:/checkout")
    ('/home/ann/my checkout', 'C:/checkout')
    """
    coded = url.removeprefix("file://").encode()
    path = re.sub(rb"%([0-9A-Fa-f]{2})", lambda code: bytes.fromhex(code[1].decode()), coded)
    return re.sub(r"^/(?=[A-Za-z]:)", "", path.decode(errors="surrogateescape"))


def _direct_url() -> dict[str, Any]:
    """Return where the package was installed from; nothing if from an index or not at all."""
    from importlib import metadata  # costs each start, and only this message needs it

    try:
        text = metadata.distribution("coverage-analyzer").read_text("direct_url.json")
    except metadata.PackageNotFoundError:
        return {}
    return dict(json.loads(text)) if text else {}


def _is_installed(module: str) -> bool:
    if module in sys.modules:
        return sys.modules[module] is not None
    return importlib.util.find_spec(module) is not None


def refuse(faults: Sequence[str], rows: int, what: str) -> None:
    """Raise one error that lists the problems of rows, if there are any.

    Raises
    ------
    InputError
        With the first problems and the number of all.
    """
    if faults:
        more = f"\n  and {len(faults) - LISTED} more" if len(faults) > LISTED else ""
        listed = "\n".join(f"  {fault}" for fault in faults[:LISTED])
        problems = quantity(len(faults), "problem")
        them = "it" if len(faults) == 1 else "them"
        msg = f"{problems} in {quantity(rows, what)}. Fix {them} and run again:\n{listed}{more}"
        raise InputError(msg)
