"""How the text files of a job are written for Excel: by its locale, or as the input was written.

Excel reads a CSV file by the settings of its country: where numbers have a decimal comma, fields
are separated by semicolons. A file written otherwise is read wrong, without a word.
"""

import dataclasses
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.writers.delimited import Style

COMMA: Final = (";", ",")
POINT: Final = (",", ".")

LOCALES: Final = {
    **dict.fromkeys(("de", "at", "fr", "es", "it", "nl", "pl", "pt", "br", "se", "dk"), COMMA),
    **dict.fromkeys(("us", "gb", "ie", "au", "jp", "cn", "in"), POINT),
    "ch": (";", "."),
}
"""The delimiter and the decimal mark of CSV files, by the country of Excel's settings."""


def text_style(
    style: Style, locale: str, table: Table | None = None, rows: ParsedRows | None = None
) -> Style:
    """Return how text files are written.

    Parameters
    ----------
    style
        As chosen. Without ``excel`` and a locale it stays as it is.
    locale
        One of `LOCALES`, or empty: then delimiter and decimal mark are those of the input, as far
        as Excel reads them: semicolon and comma, or comma and point.
    table, rows
        The input and its first rows.

    Raises
    ------
    InputError
        If the locale is unknown.

    Examples
    --------
    >>> chosen = text_style(Style(), "de")
    >>> chosen.excel, chosen.delimiter, chosen.output_decimal
    (True, ';', ',')
    """
    if locale:
        delimiter, mark = _by_locale(locale)
    elif style.excel:
        mark = "," if _has_decimal_commas(style, table, rows) else "."
        delimiter_read = None if table is None else table.detected.get("delimiter")
        delimiter = ";" if mark == "," or delimiter_read == ";" else ","
    else:
        return style
    decimal = "," if mark == "," else style.decimal
    return dataclasses.replace(
        style, excel=True, delimiter=delimiter, output_decimal=mark, decimal=decimal
    )


def _by_locale(locale: str) -> tuple[str, str]:
    """Return the delimiter and the decimal mark of a locale.

    Raises
    ------
    InputError
        If the locale is unknown.
    """
    try:
        return LOCALES[locale.lower()]
    except KeyError:
        msg = f"There is no Excel locale {locale!r}; there are {', '.join(sorted(LOCALES))}."
        raise InputError(msg) from None


def _has_decimal_commas(style: Style, table: Table | None, rows: ParsedRows | None) -> bool:
    """Return whether numbers of the input have a decimal comma, by the first coordinates."""
    if style.decimal == ",":
        return True
    if table is None or rows is None:
        return False
    cells = [table.column(rows.block, name) for name in ("latitude", "longitude")]
    return any(c is not None and _shows_comma(c) for c in cells)


def _shows_comma(cells: pa.Array) -> bool:
    if not pa.types.is_string(cells.type):
        return False
    pattern = r"^\D*[0-9]+,[0-9]+\D*$"
    return bool(arrays.to_bools(pc.match_substring_regex(cells, pattern=pattern)).any())
