"""Messages on standard error, during the work and at its end."""

import json
import logging
import re
import shutil
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coverage_analyzer.cli.streams import STYLE, put, put_message
from coverage_analyzer.errors import quantity, visible

PAUSE: Final = 0.2
"""Seconds between two updates of the progress line."""

MIN_TEXT_WIDTH: Final = 20
"""Minimum width of text after an indent; on a narrower terminal lines are not broken."""

LOG_LINE: Final = "%(relativeCreated)8d ms  %(name)s: %(message)s"


def say(text: str, *, stdout: bool = False) -> None:
    """Print a message, with control characters of the input escaped.

    Lines after the first are indented: no line feed in the input can begin a line that looks like
    one of the program's own, such as the ledger.
    """
    if not stdout and STYLE.as_json:
        put_message(visible(text))
        return
    first, *more = text.split("\n")
    for line in (first, *(line if line.startswith("  ") else f"  {line}" for line in more)):
        (put if stdout else put_message)(visible(line))


def inform(text: str) -> None:
    """Print a message that is no warning; not with ``--quiet``."""
    if not STYLE.quiet:
        say(text)


def print_json(data: object) -> None:
    """Print the result of a command as JSON; the one place that does.

    The schema of each command's result is in ``resources/schemas``.
    """
    put(json_text(data))


def json_text(data: object) -> str:
    r"""Return data as JSON; lone surrogates, which file names may contain, are escaped.

    Examples
    --------
    >>> print(json_text(["Z\xfcrich", "\udcff"]))
    [
      "Zürich",
      "\udcff"
    ]
    """
    text = json.dumps(data, indent=2, ensure_ascii=False)
    return text.encode(errors="backslashreplace").decode()


def say_ledger(ledger: Mapping[str, int]) -> None:
    """Print the ledger, the last line of a job."""
    from coverage_analyzer.batch.ledger import line

    say(line(ledger))


def fitted(line: str, width: int | None = None) -> str:
    """Return a line broken between words so that it fits a terminal; unchanged if there is none.

    Parameters
    ----------
    line
        The line. What follows a number in it is indented below its text.
    width
        Characters of the terminal; by default that of standard error.

    Examples
    --------
    >>> print(fitted("         943  there is no open center in its country", 40))
             943  there is no open center in
                  its country
    """
    if width is None:
        if not sys.stderr.isatty():
            return line
        width = shutil.get_terminal_size().columns
    first, *more = line.split("\n")
    text = re.match(r" *[0-9,]+ {2}|", first)
    indent = " " * max(text.end() if text else 0, 2)
    if width < len(indent) + MIN_TEXT_WIDTH:
        return line
    parts = textwrap.wrap(
        first,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        replace_whitespace=False,
        expand_tabs=False,
    )
    return "\n".join([*(parts or [""]), *more])


def redacted(text: str) -> str:
    """Return a text without the passwords of addresses in it.

    Examples
    --------
    >>> redacted("cannot open postgresql://ann:secret@db/sales?password=x&table=t")
    'cannot open postgresql://ann:***@db/sales?password=***&table=t'
    """
    text = re.sub(r"(://[^:/@\s]*:)[^@\s]*@", r"\1***@", text)
    return re.sub(r"((?:password|secret)\w*=)[^&\s]*", r"\1***", text, flags=re.IGNORECASE)


@dataclass(frozen=True)
class Messages:
    """Messages that a job prints besides its result, depending on ``--json`` and ``--quiet``."""

    as_json: bool
    quiet: bool

    @property
    def progress(self) -> Callable[[int, float], None] | None:
        """The progress display, as returned by `progress`."""
        return progress(quiet=self.quiet)

    def print_findings(
        self,
        findings: Mapping[str, Any],
        lines: Sequence[str],
        warnings: Sequence[str],
        files: Sequence[str] = (),
        ledger: str = "",
    ) -> None:
        """Print the findings of a job.

        Parameters
        ----------
        findings
            Findings, of which the ledger is printed last; all of them are printed with ``--json``.
        lines
            Results as text; not printed with ``--quiet``.
        warnings
            Warnings.
        files
            Paths of the results, printed after the warnings; not with ``--quiet``.
        ledger
            The last line, if it is not that of rows read.
        """
        if self.as_json:
            print_json(findings)
        for line in warnings if self.quiet else [*lines, *warnings, *files]:
            say(fitted(line))
        if ledger:
            say(ledger)
        else:
            say_ledger(findings["ledger"])


class VisibleFormatter(logging.Formatter):
    """Log formatter that escapes control characters of the input."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        return visible(super().format(record))


def log_to_stderr() -> None:
    """Print the log messages of all modules."""
    handler = MessageHandler()
    handler.setFormatter(VisibleFormatter(LOG_LINE))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


class MessageHandler(logging.Handler):
    """Log handler that prints records as messages."""

    def emit(self, record: logging.LogRecord) -> None:
        """Print a record."""
        put_message(self.format(record))


def progress(*, quiet: bool) -> Callable[[int, float], None] | None:
    """Return the progress display: none, unless standard error is a terminal."""
    return None if quiet or STYLE.as_json or not sys.stderr.isatty() else Progress()


class Progress:
    """Rows, rows per second and time left, on one line that is updated in place."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._started = self._last_shown = clock()

    def __call__(self, rows: int, share: float) -> None:
        """Display the progress of a job.

        Parameters
        ----------
        rows
            Number of rows read.
        share
            Share of the input, from 0 to 1; NaN if unknown.
        """
        now = self._clock()
        done = share >= 1
        if now - self._last_shown < PAUSE and not done:
            return
        self._last_shown = now
        line = f"{quantity(rows, 'row')}, {rows / max(now - self._started, 1e-9):,.0f} rows/s"
        if 0 < share < 1:
            left = (now - self._started) * (1 - share) / share
            line += f", {share:.0%} read, {_duration(left)} left"
        put_message(f"\r{line:<72}", end="\n" if done else "")


def _duration(seconds: float) -> str:
    """Return a duration as readable text.

    Examples
    --------
    >>> _duration(59.4), _duration(61), _duration(3725)
    ('59 s', '1:01 min', '1:02 h')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60}:{whole % 60:02} min"
    return f"{whole // 3600}:{whole % 3600 // 60:02} h"
