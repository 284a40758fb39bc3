"""The page itself: one HTML file that needs nothing else, and fetches nothing.

No text of the user enters the markup. It comes as a block of base64 that the page's own script
unpacks and shows through ``textContent``; a content security policy shuts everything else off.
"""

import base64
import functools
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import payload

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'"
)

FETCHED_BY: Final = {
    "audio": "src",
    "embed": "src",
    "iframe": "src",
    "img": "src",
    "input": "src",
    "link": "href",
    "object": "data",
    "script": "src",
    "source": "src",
    "video": "src",
}
"""The attribute through which a browser fetches something, by element."""

CALLS: Final = re.compile(
    r"url\(\s*['\"]?(?!data:|#)[^)'\"]+|@import\b|\bimport\s*\(|\bfetch\s*\(|XMLHttpRequest|"
    r"importScripts|['\"]https?://(?!www\.w3\.org/)[^'\"]*"
)
"""In a script or style: what would fetch, or an address that something may fetch from."""


def page(data: dict[str, Any]) -> str:
    """Return a whole page that shows the data of `payload.payload`."""
    shell = _own("page.html").replace("<script>", f"<script>\n{leaflet()}\n</script>\n<script>", 1)
    return filled(shell, "map", data)


def filled(shell: str, name: str, data: dict[str, Any], *, shut: bool = True) -> str:
    """Return a page with everything that makes a coverage map of it.

    Parameters
    ----------
    shell
        HTML with Leaflet in it and a Leaflet map in a global variable.
    name
        Of that variable.
    data
        Of `payload.payload`.
    shut
        Whether the content security policy goes in.
    """
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n' if shut else ""
    head = f"{policy}<style>\n{leaflet_style()}\n{_own('page.css')}</style>\n</head>"
    blocks = (("coverage-data", payload.block(data)), ("coverage-land", land()))
    body = "\n".join(
        [
            *(f'<script type="text/plain" id="{i}">{text}</script>' for i, text in blocks),
            f"<script>\n{_own('page.js')}\nshowCoverage({name});\n</script>\n</html>",
        ]
    )
    before, end, _ = shell.rpartition("</html>")
    return (before if end else shell).replace("</head>", head, 1) + body


def refuse_fetching(html: str) -> None:
    """Raise if opening a page would fetch anything.

    Parameters
    ----------
    html
        A page; what `page` itself puts in is known to be clean.

    Raises
    ------
    InputError
        With the first things that would be fetched, and the way out.
    """
    finder = _Finder()
    finder.feed(html)
    if finder.found:
        shown = "; ".join(f[:80] for f in finder.found[:3])
        msg = (
            f"The map has {len(finder.found)} part(s) that a browser would fetch ({shown}). "
            f"Take those layers away, or save with online=True."
        )
        raise InputError(msg)


class _Finder(HTMLParser):
    """Gathers what a browser would fetch from a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._inside = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at an element's attributes."""
        self._inside = tag if tag in {"script", "style"} else ""
        values = {name: value or "" for name, value in attrs}
        address = values.get(FETCHED_BY.get(tag, ""), "")
        if address and not address.startswith(("data:", "#")):
            self.found.append(f"<{tag}> {address}")
        self.found += CALLS.findall(values.get("style", ""))

    def handle_data(self, data: str) -> None:
        """Look at a script or style that is not one of ours."""
        if self._inside and not any(own in data for own in (leaflet(), _own("page.js"))):
            self.found += CALLS.findall(
                data.replace(leaflet_style(), "").replace(_own("page.css"), "")
            )


@functools.cache
def leaflet() -> str:
    """Return Leaflet's script, from the wheel that carries it."""
    return (_leaflet_folder() / "leaflet.js").read_text(encoding="utf-8")


@functools.cache
def leaflet_style() -> str:
    """Return Leaflet's style with its images in it."""
    folder = _leaflet_folder()
    style = (folder / "leaflet.css").read_text(encoding="utf-8")
    style = re.sub(r"\s*behavior:[^;]*;", "", style)  # a relic of VML

    def inlined(match: re.Match[str]) -> str:
        image = (folder / match[1]).read_bytes()
        return f"url(data:image/png;base64,{base64.b64encode(image).decode()})"

    return re.sub(r"url\(['\"]?([^)'\"]+\.png)['\"]?\)", inlined, style)


def _leaflet_folder() -> Path:
    from xstatic.pkg import leaflet as wheel

    return Path(wheel.BASE_DIR)


@functools.cache
def land() -> str:
    """Return the drawing layer as the page holds it: base64 of gzipped TopoJSON."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    return base64.b64encode((folder / "land.topojson.gz").read_bytes()).decode()


@functools.cache
def _own(name: str) -> str:
    return (resources.files("coverage_analyzer") / "maps" / name).read_text(encoding="utf-8")
