"""What each status and reason means, what to check and what to change.

The texts are those of ``docs/reasons.md``; ``tools/build_reasons.py`` writes them as data of the
package. `actions` has the shorter sentences for tables.
"""

import difflib
import functools
import json
from importlib import resources
from typing import Final, NamedTuple

from coverage_analyzer.errors import InputError

WIDTH: Final = 10
"""Characters of a label, with the space behind it."""


class Entry(NamedTuple):
    """What one code means in one place.

    Attributes
    ----------
    section
        Where the code appears, such as ``Verdicts``.
    kind
        What it is there: ``status``, ``reason`` or ``answer``.
    code
        As in columns.
    status
        The statuses that a reason appears with, if it has any.
    meaning, check, change
        Texts; empty if the guide has none.
    """

    section: str
    kind: str
    code: str
    status: str = ""
    meaning: str = ""
    check: str = ""
    change: str = ""

    def __str__(self) -> str:
        """Return it as lines of text."""
        status = f", {self.status}" if self.status else ""
        texts = {"meaning": self.meaning, "check": self.check, "change": self.change}
        lines = [f"  {label:{WIDTH}}{text}" for label, text in texts.items() if text]
        return "\n".join([f"{self.code} ({self.section.lower()}, {self.kind}{status})", *lines])


@functools.cache
def entries() -> tuple[Entry, ...]:
    """Return all entries, in the order of the guide."""
    file = resources.files("coverage_analyzer") / "resources" / "reasons" / "reasons.json"
    return tuple(Entry(**entry) for entry in json.loads(file.read_text("utf-8")))


def entries_of(code: str) -> tuple[Entry, ...]:
    """Return what a code means, wherever it appears.

    Raises
    ------
    InputError
        If the code is unknown.

    Examples
    --------
    >>> print(entries_of("null_island")[0])
    null_island (verdicts, reason, review)
      meaning   its coordinates are 0, 0, where geocoders put what they did not find
      check     the source of the coordinates
      change    geocode the address again
    """
    result = tuple(entry for entry in entries() if entry.code == code.strip().lower())
    if not result:
        close = difflib.get_close_matches(code, [entry.code for entry in entries()], n=1)
        near = f" Did you mean {close[0]!r}?" if close else ""
        msg = f"There is no status or reason {code!r}.{near} docs/reasons.md lists them all."
        raise InputError(msg)
    return result
