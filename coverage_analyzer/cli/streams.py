"""The standard streams: a closed, full or broken stream never changes a result silently.

If results cannot be written to standard output, the program exits with the code for that. Messages
that cannot be written to standard error are dropped without stopping the run.
"""

import datetime
import errno
import io
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final, TextIO, cast

import click

OUTPUT: Final = 1
ERRORS: Final = 2

UNWRITABLE: Final = frozenset(
    {
        *(errno.ENOSPC, errno.EPIPE, errno.EIO, errno.EBADF, errno.EFBIG, errno.EROFS),
        *(getattr(errno, name) for name in ("EDQUOT", "ECONNRESET") if hasattr(errno, name)),
    }
)
"""Errors of a full or broken stream or disk, which are not bugs of the program."""


class ReaderGoneError(Exception):
    """The reader of the results has exited, as ``head`` does."""


@contextmanager
def watched() -> Iterator[None]:
    """Turn a broken pipe into an error that cannot be mistaken for another.

    Raises
    ------
    ReaderGoneError
        If a pipe is broken.
    """
    try:
        yield
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def secure() -> None:
    """Give each closed standard stream a descriptor, and make unencodable characters harmless.

    Otherwise the next file opened would get the number of the stream, and anything that a library
    writes to that stream would end up in the file. A closed standard input is empty; writing to a
    closed standard output fails; messages to a closed standard error are dropped.
    """
    for number, flags in ((0, os.O_RDONLY), (OUTPUT, os.O_RDONLY), (ERRORS, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            _redirect(number, flags)
    sys.stdin = cast("TextIO", sys.stdin or _stream(0, "r"))
    sys.stdout = cast("TextIO", sys.stdout or _stream(OUTPUT, "w"))
    sys.stderr = cast("TextIO", sys.stderr or _stream(ERRORS, "w"))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _stream(number: int, mode: str) -> io.TextIOWrapper:
    binary = open(number, f"{mode}b", closefd=False)  # noqa: SIM115 - a descriptor, which stays
    return io.TextIOWrapper(cast("io.BytesIO", binary), encoding="utf-8", line_buffering=True)


def _redirect(number: int, flags: int) -> None:
    """Redirect a descriptor to an empty file."""
    null = os.open(os.devnull, flags)
    if null == number:
        os.set_inheritable(number, True)
    else:
        os.dup2(null, number)
        os.close(null)


def put(text: str, *, end: str = "\n") -> None:
    """Print a result.

    Raises
    ------
    OSError
        If standard output fails.
    """
    click.echo(text + end, nl=False)


@dataclass
class MessageStyle:
    """How messages are printed on standard error, by options that every command has.

    Attributes
    ----------
    as_json
        As one JSON object for each message, instead of text.
    quiet
        Only warnings, errors and the ledger.
    """

    as_json: bool = False
    quiet: bool = False


STYLE: Final = MessageStyle()
"""The style of this process, which a command sets before its work."""

LEVELS: Final = {
    "error": "error",
    "failed": "error",  # a rule of --fail-if
    "report not replaced": "error",  # held back, or too many rejects
    "warning": "warning",
}
"""Level of a message by the words before its first colon; all others are information."""


def level_of(text: str) -> str:
    """Return the level of a message: ``error``, ``warning`` or ``info``.

    Examples
    --------
    >>> level_of("Warning: 2 rows are empty."), level_of("read 3 = decided 3 + ...")
    ('warning', 'info')
    >>> level_of("Report not replaced: sites that lost a promise: 129; rule: lost > 0.")
    'error'
    """
    words = {line.partition(":")[0].lower() for line in text.split("\n")}
    return next((level for begin, level in LEVELS.items() if begin in words), "info")


def put_message(text: str, *, end: str = "\n") -> None:
    """Print a message, if possible: as text, or as a line of JSON."""
    if STYLE.as_json:
        if not text.strip():
            return
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        record = {"time": now, "level": level_of(text), "message": text.strip()}
        text, end = json.dumps(record, ensure_ascii=False), "\n"
    try:
        click.echo(text + end, nl=False, err=True)
    except (OSError, ValueError):
        _redirect(ERRORS, os.O_WRONLY)


def flushed() -> OSError | None:
    """Flush the streams; return the error if standard output fails.

    Otherwise the interpreter would fail at exit, with a code of its own.
    """
    failed = None
    try:
        sys.stdout.flush()
    except OSError as error:
        failed = error
        _redirect(OUTPUT, os.O_WRONLY)
    except ValueError:  # closed
        pass
    try:
        sys.stderr.flush()
    except (OSError, ValueError):
        _redirect(ERRORS, os.O_WRONLY)
    return failed
