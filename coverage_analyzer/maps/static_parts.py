"""Parts of pages without scripts: escaped text, tables, bars, statuses, the static map.

All text of the user is escaped here, in `escaped`.
"""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from coverage_analyzer.errors import visible
from coverage_analyzer.maps.scripts import asset
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.actions import STATUS_ACTIONS
from coverage_analyzer.schema.verdict import Status

MOST_TEXT: Final = 240
"""Maximum characters of a text of the user."""

ORDER: Final = (
    Status.qualified,
    Status.pending,
    Status.fallback,
    Status.review,
    Status.not_covered,
)
"""Statuses in bars, from the left."""


def escaped(words: str) -> str:
    """Return a text on one line, escaped for HTML, and cut if it is very long."""
    line = visible(" ".join(words.split()))
    if len(line) > MOST_TEXT:
        line = f"{line[:MOST_TEXT]}\N{HORIZONTAL ELLIPSIS}"
    return html.escape(line)


def share(part: int, whole: int) -> str:
    """Return a share in percent."""
    return f"{100 * part / whole:.1f} %" if whole else "\N{EN DASH}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]], kind: str) -> str:
    """Return a table of cells that are HTML; columns whose title ends with # hold numbers."""
    classes = [' class="number"' if title.endswith("#") else "" for title in head]
    titles = "".join(
        f'<th scope="col"{c}>{t.rstrip("#")}</th>' for t, c in zip(head, classes, strict=True)
    )
    body = "\n".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td{c}>{cell}</td>" for cell, c in zip(row[1:], classes[1:], strict=True))
        + "</tr>"
        for row in rows
    )
    return (
        f'<table class="{kind}">\n<thead><tr>{titles}</tr></thead>\n<tbody>\n{body}\n'
        f"</tbody>\n</table>"
    )


def share_bar(counts: Mapping[str, int], whole: int = 0) -> str:
    """Return the shares of statuses as a bar, which the numbers beside it tell as text."""
    whole = whole or sum(counts.values())
    left, parts = 0.0, []
    for status in ORDER:
        if n := counts.get(status.name, 0):
            width = 100 * n / whole
            parts.append(
                f'<rect class="{status.name}" x="{left:.2f}" width="{width:.2f}" height="10"/>'
            )
            left += width
    return (
        f'<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        f"{''.join(parts)}</svg>"
    )


def _mark(status: Status) -> str:
    return (
        f'<svg class="key" viewBox="0 0 10 10" aria-hidden="true">'
        f'<circle class="{status.name}" cx="5" cy="5" r="4.5"/></svg>'
    )


def statuses(counts: Mapping[str, int]) -> str:
    """Return the number of sites by status, with what each means; nothing without sites."""
    total = sum(counts.values())
    if not total:
        return ""
    rows = [
        (
            f"{_mark(status)}{escaped(status.label)}",
            f"{n:,}",
            share(n, total),
            escaped(f"{sentence(status.text)} {STATUS_ACTIONS[status]}"),
        )
        for status in ORDER
        if (n := counts.get(status.name, 0))
    ]
    return table(("Status", "Sites#", "Share#", "Meaning, and what to do"), rows, "statuses")


def sentence(words: str) -> str:
    """Return the end of a sentence as one."""
    return f"{words[:1].upper()}{words[1:]}."


def figure(picture: str) -> str:
    """Return a static map with its legend; nothing if there is no map."""
    if not picture:
        return ""
    return (
        f"<figure>\n{picture}\n<figcaption>Discs: sites; a larger disc is more sites, and "
        f"its rings are the shares of their statuses. Small rings: centers. Shaded: coverage "
        f"areas; dashed: planned.</figcaption>\n</figure>"
    )


def static_style() -> str:
    """Return the style of these parts, but for the colours of light and dark pages."""
    return f"{theme.status_style()}{asset('picture.css')}"
