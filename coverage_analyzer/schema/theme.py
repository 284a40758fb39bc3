"""Colours and marks, shared by map, letter, tables and plots.

Statuses have the colours of Okabe and Ito, which colour-blind readers can distinguish, and each has
its own shape, so that nothing depends on colour alone. All colours are in a notation common to CSS
and matplotlib.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from coverage_analyzer.schema.verdict import Status


class Mark(NamedTuple):
    """How a status is drawn.

    Attributes
    ----------
    color
        Fill of the symbol.
    shape
        Shape of the symbol, by the names in the map's script.
    marker
        The same shape for matplotlib.
    line
        Colour of a line on white paper, dark enough next to text.
    """

    color: str
    shape: str
    marker: str
    line: str


MARKS: Final = {
    Status.qualified: Mark("#0072B2", "circle", "o", "#0072b2"),
    Status.pending: Mark("#009E73", "diamond", "D", "#00805c"),
    Status.fallback: Mark("#E69F00", "square", "s", "#b35900"),
    Status.review: Mark("#CC3399", "triangle", "^", "#b5179e"),
    Status.not_covered: Mark("#767676", "cross", "P", "#333333"),
}

ROAD: Final = "road"
"""Name of the mark of sites that need a look at their road, which is not a status of its own."""

ROAD_MARK: Final = Mark("#882255", "triangle-down", "v", "#882255")
"""The mark of sites in review only because of the road: their data are clear."""

ROAD_LABEL: Final = "Review by road: drive too long, missing or unchecked"

FILLS: Final = {status.name: mark.color for status, mark in MARKS.items()}
"""The colour behind each status in a workbook, as on the map."""

DRAWN_IN_ORDER: Final = (
    Status.fallback,
    Status.qualified,
    Status.pending,
    Status.not_covered,
    Status.review,
)
"""Drawing order, the last on top, so that the many do not hide the few."""

LIGHT: Final = {
    "sea": "#dfe9f0",
    "land": "#fbfaf7",
    "coast": "#a9b6bf",
    "border": "#7d868d",
    "region": "#b9bcbb",
    "label": "#4a545c",
    "country": "#6b757c",
    "ink": "#1d2429",
    "paper": "#ffffff",
    "faint": "#52606a",
    "line": "#c9d1d6",
    "accent": "#005a8d",
    "area": "#0072b2",
    "planned": "#00805c",
    "unserved": "#9c2d6b",
    "no-road-data": "#5b6670",
    "gained": "#00714f",
    "lost": "#b3261e",
    "doubt": "#52606a",
}
"""Colours of the map by use, on a light screen and on paper."""

DARK: Final = {
    "sea": "#1c2630",
    "land": "#36424c",
    "coast": "#586773",
    "border": "#8d9ba6",
    "region": "#596671",
    "label": "#c3ccd3",
    "country": "#a3afb8",
    "ink": "#eef2f5",
    "paper": "#26313a",
    "faint": "#b4c0c9",
    "line": "#46535e",
    "accent": "#7cc4f0",
    "area": "#56b4e9",
    "planned": "#3ad1a4",
    "unserved": "#f08cc0",
    "no-road-data": "#aab6bf",
    "gained": "#3ad1a4",
    "lost": "#ff9a8f",
    "doubt": "#b4c0c9",
}
"""Colours of the map by use, on a dark screen."""

LETTER: Final = {
    **LIGHT,
    **{status.name: mark.line for status, mark in MARKS.items()},
    "desk": "#e6e9ec",
    "coast": "#8d989f",
    "border": "#6d7880",
    "site": "#b5179e",
}
"""Colours of the letter; some lines are darker than the map's, for print."""

BLACK: Final = "#000000"
WHITE: Final = "#FFFFFF"
"""Text on a filled cell, whichever is easier to read."""

SHEET_HEADER: Final = "#E8ECEF"
"""Fill of the header row of a sheet."""

SYMBOL_EDGE: Final = "#ffffff"
"""Outline of a site's symbol on the map."""

CENTER: Final = {"line": "#222222", "fill": "#ffffff", "closed": "#bbbbbb", "new": "#ffd23f"}
"""Symbol of a center on the map: its lines and fill, also if it is closed or new in a plan."""

LEVELS: Final = ("#1b7a4b", "#d9a441", "#8c99a6", "#9a6b4f", "#b5524a")
"""Colours of levels in a plot, from the best to the lowest."""

TABLE_LINE: Final = "#8886"
"""Lines of an HTML table, for light and dark backgrounds."""


def page_style() -> str:
    """Return the map's colours as CSS variables: light, dark, and light again on paper."""
    light, dark = (_variables(colors) for colors in (LIGHT, DARK))
    return (
        f":root {{ {light} }}\n"
        f"@media (prefers-color-scheme: dark) {{ :root {{ {dark} }} }}\n"
        f"@media print {{ :root {{ {light} }} }}\n"
        f":root.printing {{ {light} }}\n"
    )


def status_style() -> str:
    """Return the colours of statuses and centers as CSS variables, the same light and dark."""
    centers = {f"center-{name}": color for name, color in CENTER.items()}
    return f":root {{ {_variables({**FILLS, **centers})} }}\n"


def page_data() -> dict[str, object]:
    """Return the drawing parameters of the map's script, as plain data for JSON."""
    statuses = {
        status.name: {"color": mark.color, "shape": mark.shape, "words": status.label}
        for status, mark in MARKS.items()
    }
    statuses[ROAD] = {
        "color": ROAD_MARK.color,
        "shape": ROAD_MARK.shape,
        "words": ROAD_LABEL,
    }
    return {
        "statuses": statuses,
        "drawnInOrder": [*(status.name for status in DRAWN_IN_ORDER), ROAD],
        "symbolEdge": SYMBOL_EDGE,
        "center": CENTER,
    }


def resolve(css: str, colors: Mapping[str, str]) -> str:
    """Return a style with each ``var(--name)`` replaced by its colour.

    The style then needs no CSS variables, which some programs that print HTML do not support.

    Raises
    ------
    KeyError
        If the colour is unknown.

    Examples
    --------
    >>> resolve("p { color: var(--ink); }", {"ink": "#1d2429"})
    'p { color: #1d2429; }'
    """
    return re.sub(r"var\(--([\w-]+)\)", lambda match: colors[match[1]], css)


def _variables(colors: Mapping[str, str]) -> str:
    return " ".join(f"--{name}: {color};" for name, color in colors.items())
