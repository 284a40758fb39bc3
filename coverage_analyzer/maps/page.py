"""The page itself: one HTML file that needs nothing else, and fetches nothing.

No text of the user enters the markup. It comes as a block of base64 that the page's own script
unpacks and shows through ``textContent``; a content security policy shuts everything else off.
"""

import base64
import functools
import re
from importlib import resources
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import fetching, payload

POLICY: Final = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src 'none'; form-action 'none'; base-uri 'none'"
)


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
    known = (leaflet(), leaflet_style(), _own("page.js"), _own("page.css"))
    found = fetching.fetched(html, known)
    if found:
        shown = "; ".join(f[:80] for f in found[:3])
        msg = (
            f"The map has {len(found)} part(s) that a browser would fetch ({shown}). "
            f"Take those layers away, or save with online=True."
        )
        raise InputError(msg)


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
