"""What the program says on standard error, while it works and when it is done."""

import json
import logging
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coverage_analyzer.cli.streams import put, put_message
from coverage_analyzer.errors import visible

PAUSE: Final = 0.2
"""Seconds between two looks at the progress."""

LOG_LINE: Final = "%(relativeCreated)8d ms  %(name)s: %(message)s"


def say(text: str, *, stdout: bool = False) -> None:
    """Say something, with the control characters of the input made visible.

    Lines after the first are indented: no line feed in the input can begin a line that looks like
    one of the program's own, such as the ledger.
    """
    first, *more = text.split("\n")
    for line in (first, *(line if line.startswith("  ") else f"  {line}" for line in more)):
        (put if stdout else put_message)(visible(line))


def print_json(data: object) -> None:
    """Print data as JSON; halves of characters, as names of files may hold, as escapes."""
    put(json.dumps(data, indent=2, ensure_ascii=False).encode(errors="backslashreplace").decode())


def say_ledger(ledger: Mapping[str, int]) -> None:
    """Say where every row went: the last line of a job."""
    from coverage_analyzer.batch.ledger import line

    say(line(ledger))


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
    """What a job prints beside its result, by ``--json`` and ``--quiet``."""

    as_json: bool
    quiet: bool

    @property
    def progress(self) -> Callable[[int, float], None] | None:
        """What shows progress, as `progress` returns it."""
        return progress(quiet=self.quiet)

    def print_findings(
        self, findings: Mapping[str, Any], lines: Sequence[str], warnings: Sequence[str]
    ) -> None:
        """Print what a job found.

        Parameters
        ----------
        findings
            Of which the ledger is printed last, and all is printed with ``--json``.
        lines
            What came out, in words; not printed with ``--quiet``.
        warnings
            What should be looked into.
        """
        if self.as_json:
            print_json(findings)
        for line in [*([] if self.quiet else lines), *warnings]:
            say(line)
        say_ledger(findings["ledger"])


class VisibleFormatter(logging.Formatter):
    """Lines of the log with control characters of the input as escapes."""

    def format(self, record: logging.LogRecord) -> str:
        """Return a record as one line."""
        return visible(super().format(record))


def log_to_stderr() -> None:
    """Show what each module tells of its work."""
    handler = logging.StreamHandler()
    handler.setFormatter(VisibleFormatter(LOG_LINE))
    logging.basicConfig(handlers=[handler], level=logging.INFO)


def progress(*, quiet: bool) -> Callable[[int, float], None] | None:
    """Return what shows progress: nothing, unless somebody watches."""
    return None if quiet or not sys.stderr.isatty() else Progress()


class Progress:
    """Rows, rows a second and time left, on one line that is written anew."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._begun = self._shown = clock()

    def __call__(self, rows: int, share: float) -> None:
        """Show how far a job is.

        Parameters
        ----------
        rows
            So many are read.
        share
            That is so much of the input, from 0 to 1; NaN where that cannot be told.
        """
        now = self._clock()
        done = share >= 1
        if now - self._shown < PAUSE and not done:
            return
        self._shown = now
        line = f"{rows:,} rows, {rows / max(now - self._begun, 1e-9):,.0f} rows/s"
        if 0 < share < 1:
            left = (now - self._begun) * (1 - share) / share
            line += f", {share:.0%} read, {_duration(left)} left"
        put_message(f"\r{line:<72}", end="\n" if done else "")


def _duration(seconds: float) -> str:
    """Return a time as people say it.

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
