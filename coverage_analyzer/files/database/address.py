"""Database addresses: their grammar, and their display without passwords.

::

    postgresql://USER:PASSWORD@HOST:PORT/DATABASE?table=NAME[&schema=NAME][&sslmode=...]
    postgresql://USER:PASSWORD@HOST:PORT/DATABASE?query=SELECT ...
    sqlite:///relative/file.db?table=NAME         sqlite:////absolute/file.db?query=SELECT ...

Everything after ``?`` is ``NAME=VALUE``, separated by ``&``. Of these, ``query``, ``table`` and
``schema`` are our own, and percent-encoded: ``%`` is written ``%25``, ``&`` is written ``%26``;
spaces and all other characters may be written unchanged. Other parameters go to PostgreSQL's
client, which requires spaces and ``=`` in a value to be percent-encoded: they are encoded here, and
may be written either way.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, unquote

from coverage_analyzer.errors import InputError

OURS: Final = ("query", "table", "schema")
HIDDEN: Final = "***"
MAX_NAME_BYTES: Final = 63
"""Maximum length of a name in bytes; PostgreSQL silently truncates longer ones."""

_SCHEME = re.compile(
    r"(?:postgres(?:ql)?|sqlite|mysql|mariadb|mssql|oracle|duckdb|jdbc:\w+)(?:\+\w+)?:/",
    re.IGNORECASE,
)
"""Includes unsupported schemes, so that their errors do not repeat a password as a file name."""
_HOST = r"(?:\[[^\[\]@/]*\]|[^:@/\[\],]*)(?::\d*)?"
_POSTGRESQL = re.compile(
    r"(?P<scheme>postgres(?:ql)?://)(?:(?P<user>[^:@/]*)(?P<colon>:(?P<password>[^@/]*))?@)?"
    rf"(?P<place>{_HOST}(?:,{_HOST})*(?:/[^/@]*)?)",
    re.IGNORECASE,
)
_SQLITE = re.compile(r"sqlite:///(?P<path>.+)", re.IGNORECASE)
_SECRET = re.compile("password|secret", re.IGNORECASE)


@dataclass(frozen=True)
class Address:
    """The location of rows in a database. Its text form has no password.

    Attributes
    ----------
    kind
        Kind of the database.
    shown
        The address with its passwords hidden.
    connection
        Given to the driver: an address without our own parameters, or the path of a file.
    secrets
        Secrets that must not appear in messages.
    query, table, schema
        The query, or the table.
    """

    kind: Literal["postgresql", "sqlite"]
    shown: str
    connection: str = field(repr=False)
    secrets: tuple[str, ...] = field(repr=False, default=())
    query: str = ""
    table: str = ""
    schema: str = ""

    def __str__(self) -> str:
        """Return the address without passwords."""
        return self.shown


def is_address(text: object) -> bool:
    """Return whether a text is a database address and not a path.

    Examples
    --------
    >>> [is_address(t) for t in ("postgresql://h/d?table=t", "sqlite:///f.db", "sites.csv")]
    [True, True, False]
    """
    return _SCHEME.match(str(text)) is not None


def address(text: str) -> Address:
    """Parse a database address.

    Raises
    ------
    InputError
        If its grammar is invalid. The message does not repeat it, since it may contain a password.

    Examples
    --------
    >>> found = address("postgresql://ann:secret@db/sales?sslmode=require&query=SELECT 1")
    >>> found.query, found.connection
    ('SELECT 1', 'postgresql://ann:secret@db/sales?sslmode=require')
    >>> print(found)
    postgresql://ann:***@db/sales?sslmode=require&query=SELECT 1
    """
    head, _, tail = text.partition("?")
    ours, others, secrets = _parameters(tail)
    shown_tail = "&".join(_shown_parameter(p) for p in tail.split("&"))
    if head.lower().startswith("sqlite"):
        if others:
            msg = "An SQLite address has only table=NAME or query=SELECT ... after ?."
            raise InputError(msg)
        return Address("sqlite", _join(head, shown_tail), _sqlite_path(head), (), **ours)
    match = _POSTGRESQL.fullmatch(head)
    if match is None:
        msg = (
            "Cannot read the database address. Write "
            "postgresql://USER:PASSWORD@HOST:PORT/DATABASE?table=NAME or sqlite:///FILE?table=NAME;"
            " in a password, write % as %25, @ as %40, / as %2F, : as %3A and ? as %3F."
        )
        raise InputError(msg)
    for part in match.groupdict().values():
        _decode(part or "", "the part before ?")
    if match["colon"]:
        secrets = [*secrets, match["password"]]
        head = f"{match['scheme']}{match['user']}:{HIDDEN}@{match['place']}"
    hidden = {s for raw in secrets for s in (raw, unquote(raw)) if s}
    connection = _join(text.partition("?")[0], "&".join(others))
    label = _join(head, shown_tail)
    return Address("postgresql", label, connection, tuple(sorted(hidden)), **ours)


def check_name(name: str, what: str, kind: str) -> None:
    """Raise if a name is not allowed for a table or column.

    Raises
    ------
    InputError
        If PostgreSQL would truncate the name.
    """
    if kind == "postgresql" and len(name.encode()) > MAX_NAME_BYTES:
        msg = f"{what} {name!r} is longer than {MAX_NAME_BYTES} bytes, the maximum of PostgreSQL"
        raise InputError(f"{msg}; give it a shorter name.")


def quoted(name: str) -> str:
    """Return a name quoted for SQL.

    Examples
    --------
    >>> quoted('a "b"; c')
    '"a ""b""; c"'
    """
    return '"' + name.replace('"', '""') + '"'


def _join(head: str, tail: str) -> str:
    return f"{head}?{tail}" if tail else head


def _parameters(tail: str) -> tuple[dict[str, str], list[str], list[str]]:
    """Split parameters into our own, those of the driver, and the secrets among them.

    Raises
    ------
    InputError
        If one is not ``NAME=VALUE``, or one of our own is given twice, empty or wrongly encoded.
    """
    ours: dict[str, str] = {}
    others, secrets = [], []
    for part in tail.split("&") if tail else ():
        name, sign, value = part.partition("=")
        if not (sign and re.fullmatch(r"[A-Za-z_]+", name)):
            msg = (
                "After ?, a database address has NAME=VALUE, separated by &; "
                "write & in a query as %26, and ? in a password as %3F."
            )
            raise InputError(msg)
        if name not in OURS:
            others.append(f"{name}={_encode(value)}")
            secrets += [value, _encode(value)] if _SECRET.search(name) else []
            continue
        if name in ours:
            msg = f"The database address has {name}= twice. Write & in a query as %26."
            raise InputError(msg)
        ours[name] = _decode(value, f"{name}=")
        if not ours[name].strip():
            msg = f"The database address has no value after {name}=."
            raise InputError(msg)
    return ours, others, secrets


def _encode(value: str) -> str:
    """Return a value encoded for PostgreSQL's client; existing escapes are kept.

    Examples
    --------
    >>> _encode("-csearch_path=sales"), _encode("-c%20a%3Db"), _encode("100% of us")
    ('-csearch_path%3Dsales', '-c%20a%3Db', '100%25%20of%20us')
    """
    return quote(re.sub("%(?![0-9A-Fa-f]{2})", "%25", value), safe="%:/?@!$'()*+,;~[]")


def _shown_parameter(part: str) -> str:
    name, sign, value = part.partition("=")
    return f"{name}{sign}{HIDDEN if value and _SECRET.search(name) else value}"


def _sqlite_path(head: str) -> str:
    """Return the path of a SQLite file.

    Raises
    ------
    InputError
        If it is missing.
    """
    match = _SQLITE.fullmatch(head)
    if match is None:
        msg = (
            "Write an SQLite address as sqlite:///relative/file.db?table=NAME, or with "
            "four slashes, sqlite:////absolute/file.db?table=NAME."
        )
        raise InputError(msg)
    return str(Path(_decode(match["path"], "the path")))


def _decode(text: str, where: str) -> str:
    """Return percent-decoded text.

    Raises
    ------
    InputError
        If a ``%`` is not an escape, or the bytes are not text.
    """
    try:
        plain = unquote(text, errors="strict")
    except UnicodeDecodeError:
        plain = "\0"
    if "\0" in plain or re.search("%(?![0-9A-Fa-f]{2})", text):
        msg = f"In the database address, {where} has a % that is not an escape. Write %25."
        raise InputError(msg)
    return plain
