"""A separate program that reads one sheet of a workbook, within a memory limit.

It gives lines of JSON on standard output: first an object with the names of the sheets and the
``kinds`` of cells in each column, or with an ``error``; then a list of texts for each row, from row
1 on. `excel` starts it. It imports no
part of this package, so that it starts at once.

A file of two kilobytes can make a library that unpacks a workbook request any amount of memory, and
end its process if that is refused. Therefore a separate process is used.
"""

import contextlib
import datetime
import itertools
import json
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, TextIO

EXACT: Final = 10**15
"""From this value on a workbook does not store all digits of an integer."""

REPORT_SHEETS: Final = ["Summary", "Report"]
CENTERS_SHEET: Final = "Centers"
"""The first sheets of our own reports, whose sites are in the second one; and that of centers."""


def text_of(value: Any, decimal: str = ".") -> str:
    """Return the text of a cell.

    Examples
    --------
    >>> [text_of(v) for v in ("007", 12.0, 47.5, True, datetime.date(2026, 12, 1))]
    ['007', '12', '47.5', 'TRUE', '2026-12-01']
    >>> text_of(1234567890123456.0)  # damaged when it was stored: not to be taken for an id
    '1.23456789012346e+15'
    >>> text_of(47.5, decimal=",")
    '47,5'
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, (int, float)):
        return _number(value, decimal)
    if isinstance(value, datetime.timedelta):
        minutes, seconds = divmod(round(value.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(value.isoformat())


def _number(value: float, decimal: str) -> str:
    if abs(value) >= EXACT:
        return f"{value:.15g}"
    return str(int(value)) if value == int(value) else repr(value).replace(".", decimal)


def kind_of(value: Any) -> str:
    """Return what kind of value a cell holds.

    Examples
    --------
    >>> [kind_of(v) for v in ("007", 12.0, True, datetime.date(2026, 12, 1), datetime.time(9))]
    ['text', 'number', 'boolean', 'day', 'text']
    """
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, datetime.datetime):
        return "moment"
    return "day" if isinstance(value, datetime.date) else "text"


def last_rows(rows: Iterable[list[Any]]) -> list[dict[str, int]]:
    """Return for each column the last row, from 1, that has a cell of each kind.

    So whoever knows which row is the header knows the kinds below it.

    Examples
    --------
    >>> last_rows([["id", "n"], ["a", 1.0], ["", 2.0]])
    [{'text': 2}, {'text': 1, 'number': 3}]
    """
    columns: list[dict[str, int]] = []
    for number, row in enumerate(rows, 1):
        while len(columns) < len(row):
            columns.append({})
        for column, value in zip(columns, row, strict=False):
            if value != "":
                column[kind_of(value)] = number
    return columns


MAX_TOPS: Final = 50
"""Of so many sheets the first rows are shown."""

TOP_ROWS: Final = 30
"""So many rows are shown of each."""


def lines(path: str, sheet: str, decimal: str, choose: Callable[[], str] = str) -> Iterator[Any]:
    """Yield the sheets, then the rows of one of them.

    If none is named and several are shown, the first rows of these come before, as ``tops``, and
    ``choose`` returns which one is read; by default the first.
    """
    import python_calamine as calamine

    try:
        with calamine.load_workbook(path) as book:
            of_cells = calamine.SheetTypeEnum.WorkSheet
            sheets = [s for s in book.sheets_metadata if s.typ == of_cells]
            shown = [s.name for s in sheets if s.visible == calamine.SheetVisibleEnum.Visible]
            names = [s.name for s in sheets]
            if not sheet and names[:2] == REPORT_SHEETS:
                shown = [names[1], *(name for name in names if name == CENTERS_SHEET)]
            chosen = _named(names, sheet) if sheet else "".join((shown or names)[:1])
            if not sheet and len(shown) > 1:
                tops = {}
                for name in shown[:MAX_TOPS]:
                    rows = itertools.islice(book.get_sheet_by_name(name).iter_rows(), TOP_ROWS)
                    tops[name] = [[text_of(value, decimal) for value in row] for row in rows]
                yield {"tops": tops}
                chosen = choose() or chosen
            if not chosen:
                yield {"sheets": names, "sheet": ""}
                return
            cells = book.get_sheet_by_name(chosen)
            yield {"sheets": names, "sheet": chosen, "kinds": last_rows(cells.iter_rows())}
            for row in cells.iter_rows():
                yield [text_of(value, decimal) for value in row]
    except calamine.PasswordError:
        yield {"error": "it is password-protected; save it without a password"}
    except (calamine.CalamineError, OSError) as error:
        yield {"error": str(error)}


def _named(names: list[str], sheet: str) -> str:
    """Return the sheet with a name, in any case, as Excel has it; empty if there is no such one."""
    alike = [name for name in names if name.casefold() == sheet.casefold()]
    return "".join(([sheet] if sheet in names else alike)[:1])


def limit_memory(size: int) -> None:
    """Limit the memory of this process, where the system supports limits."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        for kind, most in ((resource.RLIMIT_AS, size), (resource.RLIMIT_CORE, 0)):
            hard = resource.getrlimit(kind)[1]
            allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
            resource.setrlimit(kind, (allowed, hard))


def write(out: TextIO, path: str, sheet: str, decimal: str) -> None:
    """Write the lines; stop when the reader closes the pipe."""
    with contextlib.suppress(BrokenPipeError):
        for line in lines(path, sheet, decimal, lambda: json.loads(sys.stdin.readline())):
            out.write(json.dumps(line))
            out.write("\n")
            if "tops" in line:
                out.flush()
        out.flush()


if __name__ == "__main__":
    limit_memory(int(sys.argv[1]))
    write(sys.stdout, *sys.argv[2:])
