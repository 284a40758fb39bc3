"""The page: a self-contained HTML file that makes no network requests.

No user text enters the markup but the title where scripts do not run (`static_view`), escaped. All
other text is stored as a base64 block that the page's own script unpacks and shows through
``textContent``; a content security policy blocks everything else.
"""

import base64
import functools
import json
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.maps.packing import packed_json
from coverage_analyzer.maps.page_data import Payload, Tiles
from coverage_analyzer.maps.scripts import asset, bundled
from coverage_analyzer.maps.static_parts import static_style
from coverage_analyzer.maps.static_view import static_view
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.content_policy import content_policy, inline, with_policy

STYLES: Final = ("map.css", "panel.css", "static.css", "print.css")


@dataclass(frozen=True)
class Page:
    """A complete page: of a million sites it has 18 million characters.

    Attributes
    ----------
    pieces
        Its text in pieces, which only ``str`` joins.
    """

    pieces: tuple[str, ...]

    def __str__(self) -> str:
        """Return the text of the page."""
        return "".join(self.pieces)

    def write(self, path: Path) -> None:
        """Write the page, piece by piece.

        Raises
        ------
        OSError
            If the disk refuses.
        """
        with path.open("w", encoding="utf-8") as file:
            file.writelines(self.pieces)


def page(data: Payload) -> Page:
    """Return the page of a coverage map."""
    tiles = data.meta["tiles"]
    shell = with_leaflet(asset("page.html")).replace("<body>", f"<body>\n{static_view(data)}", 1)
    return sealed(shell, "map", data, Tiles(**tiles).host if tiles else "")


DRAWN: Final = """(() => {
  const failed = document.querySelector(".failed");
  if (failed) throw new Error(failed.textContent);
  return document.documentElement.dataset.drawn === "yes";
})()"""
"""A JavaScript expression that is true once the map of a page is drawn."""


SHEET: Final = ".panel > *, .printed > *"
"""What a page prints, as a CSS selector."""


def with_leaflet(shell: str) -> str:
    """Return a page of ours with Leaflet before its first script."""
    return shell.replace("<script>", f"<script>\n{leaflet()}\n</script>\n<script>", 1)


def sealed(
    shell: str, name: str, data: Payload, images: str = "", *, style_attributes: bool = False
) -> Page:
    """Return a page of `with_map` in which only its own scripts and styles have an effect.

    Parameters
    ----------
    shell, name, data
        As in `with_map`.
    images
        Host of the tiles, if any.
    style_attributes
        Whether ``style`` attributes of the shell apply.
    """
    head, body = _head(), f"{_algorithms(data)}{_call(name)}"
    scripts, styles = inline(shell + head + body)
    policy = content_policy(
        scripts=scripts, styles=styles, images=images, style_attributes=style_attributes
    )
    return with_map(with_policy(shell, policy), name, data)


def with_map(shell: str, name: str, data: Payload) -> Page:
    """Return a page with all scripts, styles and data of a coverage map.

    Parameters
    ----------
    shell
        HTML that includes Leaflet and a Leaflet map in a global variable.
    name
        Name of that variable.
    data
        The data of the map.
    """
    blocks = {
        "coverage-meta": packed_json(data.meta),
        "coverage-places": data.places.packed(),
        "coverage-texts": data.texts.packed(),
        "coverage-outlines": data.outlines.packed(),
    }
    if data.base is not None:
        blocks["coverage-base"] = data.base.block.packed()
    before, end, _ = shell.rpartition("</html>")
    pieces = [(before if end else shell).replace("</head>", f"{_head()}</head>", 1)]
    for i, text in blocks.items():
        pieces += [f'<script type="application/octet-stream" id="{i}">', text, "</script>\n"]
    return Page((*pieces, f"{_algorithms(data)}{_call(name)}\n</html>"))


def _head() -> str:
    """Return what goes to the end of the head."""
    return f"<style>\n{leaflet_style()}\n{style()}</style>\n"


def _call(name: str) -> str:
    """Return the script that shows the map in a variable."""
    return f"<script>\n{script()}\nshowCoverage({name});\n</script>"


def _algorithms(data: Payload) -> str:
    """Return the script of geodesics, if changes of centers can be tried in the page."""
    trial = data.meta["what_if"]
    return f"<script>\n{geodesic()}\n</script>\n" if trial and not trial["refused"] else ""


@functools.cache
def geodesic() -> str:
    """Return Karney's algorithms for geodesics as a script, below their licence.

    They are the global variable ``geodesic``; ``SOURCE.md`` beside the script has its origin.
    """
    folder = resources.files("coverage_analyzer") / "resources" / "geodesic"
    licence, text = (
        (folder / name).read_text(encoding="utf-8").strip()
        for name in ("MIT.txt", "geographiclib-geodesic.min.js")
    )
    return f"/* geographiclib-geodesic. {licence} */\n{text}"


@functools.cache
def script() -> str:
    """Return the page's own script as one function, whose scope is private."""
    return bundled("main.js", "showCoverage", {"theme.js": theme_script()})


@functools.cache
def theme_script() -> str:
    """Return the module of colours and marks; ``theme.d.ts`` describes it."""
    return f"export const THEME = {json.dumps(theme.page_data())};\n"


@functools.cache
def style() -> str:
    """Return the page's own style."""
    return "\n".join([theme.page_style(), static_style(), *(asset(name) for name in STYLES)])


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
    from coverage_analyzer.maps import external_links

    own = (leaflet(), leaflet_style(), geodesic(), script(), style())
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
