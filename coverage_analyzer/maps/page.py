"""The page: a self-contained HTML file that makes no network requests.

No user text enters the markup. It is stored as a base64 block that the page's own script unpacks
and shows through ``textContent``; a content security policy blocks everything else.
"""

import base64
import functools
import json
import re
from importlib import resources
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.maps import external_links
from coverage_analyzer.maps.packing import packed_json
from coverage_analyzer.maps.page_data import Payload, Tiles
from coverage_analyzer.schema import theme

STYLES: Final = ("map.css", "panel.css", "print.css")

SCRIPTS: Final = (
    "data.js",
    "words.js",
    "sites.js",
    "tiles.js",
    "land.js",
    "points.js",
    "density.js",
    "areas.js",
    "centers.js",
    "filters.js",
    "popup.js",
    "panel.js",
    "search.js",
    "table.js",
    "main.js",
)
"""The page's own files in `assets`, in order of dependency."""


def policy(tiles_host: str = "") -> str:
    """Return the content security policy: only the page itself, and a tile host."""
    return (
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
        f"img-src data: {tiles_host}".rstrip()
        + "; connect-src 'none'; form-action 'none'; base-uri 'none'"
    )


def page(data: Payload) -> str:
    """Return a complete page."""
    shell = asset("page.html").replace("<script>", f"<script>\n{leaflet()}\n</script>\n<script>", 1)
    tiles = data.told["tiles"]
    return filled(shell, "map", data, allowed=policy(Tiles(**tiles).host if tiles else ""))


def filled(shell: str, name: str, data: Payload, *, allowed: str | None) -> str:
    """Return a page with all scripts, styles and data of a coverage map.

    Parameters
    ----------
    shell
        HTML that includes Leaflet and a Leaflet map in a global variable.
    name
        Name of that variable.
    data
        The data of the map.
    allowed
        The content security policy, if any.
    """
    meta = f'<meta http-equiv="Content-Security-Policy" content="{allowed}">\n' if allowed else ""
    head = f"{meta}<style>\n{leaflet_style()}\n{style()}</style>\n</head>"
    blocks = {
        "coverage-told": packed_json(data.told),
        "coverage-places": data.places.packed(),
        "coverage-texts": data.texts.packed(),
        "coverage-land": land(),
    }
    body = "\n".join(
        [
            *(
                f'<script type="application/octet-stream" id="{i}">{text}</script>'
                for i, text in blocks.items()
            ),
            f"<script>\n{script()}\nshowCoverage({name});\n</script>\n</html>",
        ]
    )
    before, end, _ = shell.rpartition("</html>")
    return (before if end else shell).replace("</head>", head, 1) + body


@functools.cache
def script() -> str:
    """Return the page's own script as one function, whose scope is private."""
    parts = "\n".join(asset(name) for name in SCRIPTS)
    drawn = f"const THEME = {json.dumps(theme.page_data())};"
    body = f'"use strict";\n{drawn}\n{parts}\nreturn showCoverage;'
    return f"const showCoverage = (() => {{\n{body}\n}})();"


@functools.cache
def style() -> str:
    """Return the page's own style."""
    return "\n".join([theme.page_style(), *(asset(name) for name in STYLES)])


def refuse_fetching(html: str) -> None:
    """Raise if opening a page would make network requests.

    Parameters
    ----------
    html
        A page; what `page` itself inserts is known to be clean.

    Raises
    ------
    InputError
        With the first items that would be loaded, and advice.
    """
    own = (leaflet(), leaflet_style(), script(), style())
    links = external_links.fetched(html, own)
    if links:
        shown = "; ".join(f[:80] for f in links[:3])
        msg = (
            f"The map would load {quantity(len(links), 'item')} from the network ({shown}). "
            f"Remove those layers, or save with online=True."
        )
        raise InputError(msg)


@functools.cache
def leaflet() -> str:
    """Return Leaflet's script from the installed package that bundles it."""
    return (leaflet_folder() / "leaflet.js").read_text(encoding="utf-8")


@functools.cache
def leaflet_style() -> str:
    """Return Leaflet's style with its images embedded."""
    folder = leaflet_folder()
    style = (folder / "leaflet.css").read_text(encoding="utf-8")
    style = re.sub(r"\s*behavior:[^;]*;", "", style)  # a relic of VML

    def inlined(match: re.Match[str]) -> str:
        image = (folder / match[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    return re.sub(r"url\(['\"]?([^)'\"]+\.png)['\"]?\)", inlined, style)


def leaflet_folder() -> Path:
    """Return the folder of Leaflet's files in the installed package that bundles it."""
    from xstatic.pkg import leaflet as wheel

    return Path(wheel.BASE_DIR)


@functools.cache
def land() -> str:
    """Return the base layer as stored in the page: base64 of gzipped TopoJSON."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    return base64.b64encode((folder / "land.topojson.gz").read_bytes()).decode()


@functools.cache
def asset(name: str) -> str:
    """Return the text of one of the page's own files."""
    return (resources.files("coverage_analyzer") / "maps" / "assets" / name).read_text(
        encoding="utf-8"
    )
