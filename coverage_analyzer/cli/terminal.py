"""Tables for a terminal: columns that fit its width, whatever script the cells are in."""

import os
import re
import sys
import unicodedata
from collections.abc import Sequence
from typing import Final

import click

from coverage_analyzer.errors import visible

MIN_WIDTH: Final = 14
"""Columns of a terminal that are left to text that is shortened; numbers never are."""

NARROWEST: Final = 40
"""As narrow a terminal is still written for; in a narrower one lines wrap."""

GAP: Final = "  "
CUT: Final = "..."


class Title(str):
    """A line that is printed in bold."""

    __slots__ = ()


def width() -> int:
    """Return the number of columns of the terminal; 80 without one."""
    import shutil

    return max(shutil.get_terminal_size((80, 24)).columns, NARROWEST)


def bold(text: str) -> str:
    """Return text in bold, unless standard output is no terminal, or NO_COLOR is set."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return text if plain or not sys.stdout.isatty() else click.style(text, bold=True)


def text_width(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Examples
    --------
    >>> text_width("Zürich"), text_width("東京"), text_width("e\u0301")
    (6, 4, 1)
    """
    return sum(map(_char_width, text))


def _char_width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def fitted(text: str, columns: int, *, right: bool = False) -> str:
    """Return text of exactly `columns` columns: filled with spaces, or shortened.

    Examples
    --------
    >>> fitted("東京都庁舎", 8), fitted("ab", 4, right=True)
    ('東京... ', '  ab')
    """
    if text_width(text) > columns:
        room, kept = columns - len(CUT), ""
        for char in text:
            room -= _char_width(char)
            if room < 0:
                break
            kept += char
        text = kept + CUT
    fill = " " * (columns - text_width(text))
    return fill + text if right else text + fill


def table(
    headers: Sequence[str], rows: Sequence[Sequence[str]], *, indent: str = "  "
) -> tuple[list[str], int]:
    """Return the lines of a table that fits the terminal, and how many columns it has no room for.

    Parameters
    ----------
    headers
        Of the columns, the most important one first. Without any, no line of headers is written.
    rows
        Cells; numbers are aligned to the right. Characters that steer a terminal are escaped.
    indent
        What each line begins with.
    """
    cells = [[visible(cell) for cell in row] for row in ([headers] if headers else []) + [*rows]]
    if not cells:
        return [], 0
    widths = [max(map(text_width, column)) for column in zip(*cells, strict=True)]
    body = cells[bool(headers) :]
    right = [
        any(row[at] for row in body) and all(_is_number(row[at]) for row in body if row[at])
        for at in range(len(widths))
    ]
    least = [w if number else min(w, MIN_WIDTH) for w, number in zip(widths, right, strict=True)]
    widths = _narrow(widths, least, width() - len(indent))
    lines = [
        indent
        + GAP.join(
            fitted(cell, columns, right=aligned)
            for cell, columns, aligned in zip(row, widths, right, strict=False)
        ).rstrip()
        for row in cells
    ]
    if headers:
        lines[0] = Title(lines[0])
    return lines, len(cells[0]) - len(widths)


def wrapped(text: str, indent: str) -> list[str]:
    """Return the lines of a text that fit the terminal, broken between words.

    Lines after the first are indented further. Characters that steer a terminal are escaped; a
    line feed begins a new line.
    """
    lines = []
    for each in text.split("\n"):
        line = indent
        for word in visible(each.strip()).split(" "):
            if line.strip() and text_width(line) + 1 + text_width(word) > width():
                lines.append(line)
                line = f"{indent}  "
            line += word if not line.strip() else f" {word}"
        lines.append(line)
        indent = f"{indent}  " if not lines[1:] else indent
    return lines


_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9,]*)(?:[.,][0-9]+)?%?")
"""A number as a table shows it; what has leading zeros is an id."""


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text) is not None


def _narrow(widths: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Return the widths of as many columns as fit, the widest ones narrowed, but to the least."""
    count = len(widths)
    while count > 1 and sum(least[:count]) + len(GAP) * (count - 1) > room:
        count -= 1
    kept = [max(each, 1) for each in widths[:count]]
    over = sum(kept) + len(GAP) * (count - 1) - room
    while over > 0:
        spare = [each - lowest for each, lowest in zip(kept, least, strict=False)]
        widest = max(range(count), key=lambda at: (spare[at] > 0, kept[at]))
        if spare[widest] <= 0:
            break
        kept[widest] -= 1
        over -= 1
    return kept
