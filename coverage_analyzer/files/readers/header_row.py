"""Which of the first rows of a table is its header; the rows before it are titles."""

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import column_matching

MAX_ROWS: Final = 30
"""The header is one of so many rows."""

MIN_KNOWN: Final = 2
"""A row that names so many known columns is a header."""

COMPLETE: Final = column_matching.COMPLETE
"""A row that names all required columns counts so much more."""

HeaderTest = Callable[[Sequence[str]], int]
"""Returns how many columns of the wanted table some fields name."""

_NUMBER = re.compile(r"[\d\s.,:;/+\-\u2212%°'\"\u2032\u2033]*[NSEWO]?", re.IGNORECASE)
"""A cell that is a number, a coordinate, a day or nothing: no name of a column."""


def anything(_fields: Sequence[str]) -> int:
    """Know no columns: the first row that is not empty is the header, whatever it holds."""
    return 0


def find(rows: Sequence[Sequence[str]], n_known: HeaderTest) -> int | None:
    """Return the position of the first row that names known columns; None if there is none.

    A row counts only if each row before it has fewer filled cells, as titles have: otherwise rows
    of data would be taken for titles, and lost.

    Examples
    --------
    >>> rows = [["Customers 2026", ""], ["", ""], ["site_id", "lat"], ["A", "39.1"]]
    >>> find(rows, lambda fields: len({"site_id", "lat"} & set(fields)))
    2
    """
    most, candidates = -1, []
    for at, row in enumerate(rows[:MAX_ROWS]):
        filled = n_filled(row)
        if filled and filled > most:
            candidates.append((at, n_known(row)))
        most = max(most, filled)
    # A row of filters names some columns, too: one that names all required ones comes first.
    for enough in (COMPLETE, MIN_KNOWN):
        if found := [at for at, known in candidates if known >= enough]:
            return found[0]
    return None


def n_filled(row: Sequence[str]) -> int:
    """Return how many cells of a row are not empty."""
    return sum(1 for cell in row if cell.strip())


def first_filled(rows: Sequence[Sequence[str]]) -> int | None:
    """Return the position of the first row that is not empty; None if all are."""
    return next((at for at, row in enumerate(rows) if n_filled(row)), None)


def check_words(row: Sequence[str], n_known: HeaderTest, where: str) -> None:
    """Raise if a row that names no known columns is not one of names at all.

    Raises
    ------
    InputError
        If a cell of it is a number, which means that the table has no header.
    """
    if n_known is anything:
        return
    numbers = [cell for cell in row if cell.strip() and _NUMBER.fullmatch(cell.strip())]
    if numbers:
        shown = ", ".join(repr(cell[:40]) for cell in row[:6])
        msg = (
            f"{where} has no header: its first row is {shown}, and none of its first {MAX_ROWS} "
            f"rows names columns. Write the names of the columns above the rows, such as "
            f"site_id,latitude,longitude,country."
        )
        raise InputError(msg)


def numbered(headers: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return headers of which no two are equal, and for each changed one what it was.

    Examples
    --------
    >>> numbered(["id", "phone", "phone", "", ""])
    (['id', 'phone', 'phone_2', '', ''], {'phone_2': 'phone'})
    """
    taken, names, repeated = set(headers), [], {}
    last: dict[str, int] = {}  # numbers below it are taken: 16,000 equal headers are no work
    for header in headers:
        name, n = header, last.get(header, 1)
        while header.strip() and header in last and name in taken:
            n += 1
            name = f"{header}_{n}"
        if name != header:
            repeated[name] = header
        taken.add(name)
        last[header] = n
        names.append(name)
    return names, repeated


def header_place(line: int, *, before: int) -> dict[str, Any]:
    """Return where the header is, as JSON values for ``detected``."""
    return {"header_line": line} | ({"lines_before_header": before} if before else {})
