"""How ``init`` shows what it understood of two files, before anybody trusts it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from coverage_analyzer.cli import terminal
from coverage_analyzer.errors import quantity

if TYPE_CHECKING:
    from coverage_analyzer.batch._inspect import Inspection, TableInspection

FIRST: Final = ("site_id", "center_id", "name", "country", "latitude", "longitude")
"""The columns of a preview that come first."""

NAMES: Final = {"\t": "tab", ",": "comma", ";": "semicolon", "|": "bar", ".": "point"}
"""What characters are called that are hard to see in a sentence."""

MAX_COUNTRIES: Final = 8
"""Countries that are listed; the rest is counted."""

MAX_REJECTS: Final = 5


def lines(inspection: "Inspection") -> Iterator[str]:
    """Yield the preview of both files, line by line."""
    for what, table in (("Sites", inspection.sites), ("Centers", inspection.centers)):
        yield terminal.Title(f"{what}: {table.path}")
        yield from terminal.wrapped(extent(table), "  ")
        yield ""
        yield from _detected_lines(table.detected)
        yield from _rows(table)
        yield from _columns(table)
        yield from _by_country(what.lower(), table, inspection.country_names)
        yield from _rejects(table)
        yield from _list("A run would fail", table.problems)
        yield from _list("To be checked", table.doubts)
        yield ""


def extent(table: "TableInspection") -> str:
    """Return how many rows were read."""
    if not table.ledger:
        return "Not usable yet; the first rows are shown as they are in the file."
    read, blank = table.ledger["read"], table.ledger["blank"]
    rows = quantity(read, "row")
    empty = f", {blank:,} of them empty" if blank else ""
    if table.is_complete:
        return f"All {rows} of the file were inspected{empty}."
    return f"The first {rows} of the file were inspected{empty}, not the rest."


def _detected_lines(detected: Mapping[str, Any]) -> Iterator[str]:
    """Yield how a file is written, a line for each thing that was detected."""
    if detected:
        yield terminal.Title("  Detected")
        rows = [(_label(key), _as_text(value)) for key, value in detected.items()]
        yield from terminal.table([], rows, indent="    ")[0]
        yield ""


def _label(key: str) -> str:
    return key.replace("_", " ")


def _as_text(value: Any) -> str:
    if isinstance(value, Mapping):
        return "(" + ", ".join(f"{_label(str(k))} {_as_text(v)}" for k, v in value.items()) + ")"
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_as_text, value))
    return NAMES.get(str(value), str(value))


def _rows(table: "TableInspection") -> Iterator[str]:
    """Yield the first rows as a table, known columns in front."""
    if not table.preview:
        yield "  No row is usable."
        yield ""
        return
    names = list(table.preview[0])
    leading = [*(n for n in FIRST if n in names), *(n for n in names if n in table.columns)]
    headers = list(dict.fromkeys([*leading, *names]))
    lines, missing = terminal.table(headers, [[row[h] for h in headers] for row in table.preview])
    yield from lines
    if missing:
        rest = ", ".join(headers[len(headers) - missing :])
        yield from terminal.wrapped(f"and {quantity(missing, 'more column')}: {rest}", "  ")
    yield ""


def _columns(table: "TableInspection") -> Iterator[str]:
    """Yield which header was taken for which column, and what is copied unchanged."""
    yield terminal.Title("  Columns used")
    yield from terminal.table([], [*table.columns.items()], indent="    ")[0]
    if table.types:
        own = [h if kind == "text" else f"{h} ({kind})" for h, kind in table.types.items()]
        yield from terminal.wrapped(f"Other columns: {', '.join(own)}", "  ")


def _by_country(what: str, table: "TableInspection", names: Mapping[str, str]) -> Iterator[str]:
    """Yield how many rows there are in each country."""
    if not table.countries:
        return
    yield terminal.Title(f"  {what.capitalize()} by country")
    counts = sorted(table.countries.items(), key=lambda item: (-item[1], item[0]))
    rows = [(f"{n:,}", names.get(code, "not determined")) for code, n in counts[:MAX_COUNTRIES]]
    yield from terminal.table([], rows, indent="    ")[0]
    if rest := counts[MAX_COUNTRIES:]:
        more = quantity(len(rest), "more country", "more countries")
        yield f"    {sum(n for _, n in rest):,} in {more}"


def _rejects(table: "TableInspection") -> Iterator[str]:
    """Yield which rows would be rejected, by reason, and the first of them."""
    rejected = table.ledger.get("rejected", 0)
    if not rejected:
        return
    rows = quantity(rejected, "row")
    yield terminal.Title(f"  {rows} would be rejected ({rejected / table.ledger['read']:.1%})")
    counts = sorted(table.rejects.items(), key=lambda item: (-item[1], item[0]))
    yield from terminal.table([], [(f"{n:,}", reason) for reason, n in counts], indent="    ")[0]
    for reject in table.first_rejects[:MAX_REJECTS]:
        yield from terminal.wrapped(reject, "      ")


def _list(title: str, items: Sequence[str]) -> Iterator[str]:
    if items:
        yield terminal.Title(f"  {title}")
        for item in items:
            yield from terminal.wrapped(item, "    ")
