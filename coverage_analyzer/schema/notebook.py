"""HTML of results in a notebook: escaped tables and bars, without scripts."""

import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

CELL: Final = "text-align:left;vertical-align:top;padding:2px 10px 2px 0"

NARROWEST: Final = 0.004
"""Share of a bar below which a part would not be visible, and is drawn this wide."""


def labelled_lines(text: str) -> str:
    r"""Return a text of a headline and labelled lines as HTML: a bold line and a table.

    Parameters
    ----------
    text
        Its first line is the headline; each further one is indented by two spaces and has a label
        of ten characters, or blanks, before its text.

    Examples
    --------
    >>> page = labelled_lines("Gold: near\n  limit     50 miles")
    >>> "<strong>Gold: near</strong>" in page, page.count("<tr>")
    (True, 1)
    """
    first, *lines = text.split("\n")
    rows = [(line[2:12].strip(), line[12:]) for line in lines]
    return f"<p><strong>{html.escape(first)}</strong></p>\n{table(rows)}"


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """Return a table in HTML, every cell escaped; the first cell of a row is its header."""
    top = "".join(f'<th style="{CELL}">{html.escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th style="{CELL}">{html.escape(str(first))}</th>'
        + "".join(f'<td style="{CELL}">{html.escape(str(cell))}</td>' for cell in rest)
        + "</tr>"
        for first, *rest in rows
    )
    return f"<table>{f'<thead><tr>{top}</tr></thead>' if top else ''}<tbody>{body}</tbody></table>"


def bar(shares: Mapping[str, float], colors: Mapping[str, str]) -> str:
    """Return shares of a whole as a bar of coloured parts, each with its name and share as title.

    Parameters
    ----------
    shares
        Between 0 and 1, by name.
    colors
        In the notation of CSS, by name.
    """
    parts = "".join(
        f'<span title="{html.escape(f"{name}: {share:.1%}")}" style="display:inline-block;'
        f"height:0.8em;width:{max(share, NARROWEST):.1%};background:{colors[name]}"
        '"></span>'
        for name, share in shares.items()
        if share > 0
    )
    label = html.escape(", ".join(f"{name} {share:.1%}" for name, share in shares.items() if share))
    return (
        f'<span role="img" aria-label="{label}" style="display:inline-block;width:12em;'
        f'white-space:nowrap;overflow:hidden">{parts}</span>'
    )
