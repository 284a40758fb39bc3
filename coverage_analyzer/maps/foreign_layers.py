"""Layers that users add to the map with folium: what they need, and what the page cannot show.

A folium map links to jQuery, Bootstrap, Font Awesome and more, which the page does not contain. Its
popups need one function of jQuery, and its markers two pictures of Leaflet: the page brings these.
Whatever needs more is refused with a reason, since a browser would show a broken layer without a
word.
"""

import base64
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.maps import external_links

PICTURES: Final = {
    "iconUrl": "marker-icon.png",
    "iconRetinaUrl": "marker-icon-2x.png",
    "shadowUrl": "marker-shadow.png",
}
"""Options of Leaflet's default marker, and their files in its package."""

SUPPORT: Final = """\
L.Icon.Default.imagePath = "";
L.Icon.Default.mergeOptions(PICTURES);
window.$ ??= (markup) => new DOMParser().parseFromString(markup, "text/html").body.children;
"""
"""The pictures of markers, and the function of jQuery that folium calls: markup to elements."""

SCRIPT: Final = re.compile(r"<script>(.*?)</script>", re.DOTALL)
ICON_FONT: Final = re.compile(
    r"""\bclass\s*=\s*["']?[^"'>]*\b(?:fa[srlbd]?\s+fa-|fa-(?:solid|regular|brands)\b|glyphicon\b)""",
    re.IGNORECASE,
)
HANDLER: Final = re.compile(r"<[a-z][^<>]*\son[a-z]+\s*=", re.IGNORECASE)
FRAME: Final = re.compile(r"<\s*(iframe|object|embed|script)\b", re.IGNORECASE)
JQUERY: Final = re.compile(r"\bjQuery\b|(?<![\w$.])\$\s*\.|(?<![\w$.])\$\((?!``)")

ADVICE: Final = {
    "icon": (
        "folium.Icon needs icon fonts from the network. Use folium.Marker without an icon, "
        "folium.DivIcon with text, or folium.CustomIcon with a local picture"
    ),
    "font": "markup with icons of Font Awesome or Bootstrap needs fonts from the network. Use text",
    "frame": "<{tag}> in the text of a popup is not shown by the page. Use plain markup",
    "handler": "an event handler in markup (onclick ...) does not run in the page. Use a link",
    "jquery": "a layer uses jQuery, which the page does not include. Use functions of Leaflet",
}
"""What is missing, and what to use instead."""


@functools.cache
def support(folder: Path) -> str:
    """Return the script that folium's popups and markers need beside Leaflet.

    Parameters
    ----------
    folder
        Folder of Leaflet's files.
    """
    pictures = {option: _picture(folder / "images" / name) for option, name in PICTURES.items()}
    return SUPPORT.replace("PICTURES", json.dumps(pictures), 1)


def _picture(path: Path) -> str:
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def refuse_broken(shell: str) -> None:
    """Raise if layers would be shown broken by a page that makes no network requests.

    Parameters
    ----------
    shell
        The page as folium writes it, with the map and its layers.

    Raises
    ------
    InputError
        With the first reason, and what to use instead.
    """
    scripts = "\n".join(SCRIPT.findall(shell))
    problem = next(_problems(scripts), None)
    if problem:
        msg = f"The map cannot show a layer that was added: {problem}, or save with online=True."
        raise InputError(msg)


def _problems(scripts: str) -> Iterator[str]:
    """Yield what a page would show broken, as text."""
    if "L.AwesomeMarkers" in scripts:
        yield ADVICE["icon"]
    for markup in external_links.markup_in(scripts):
        yield from _markup_problems(markup)
    if JQUERY.search(external_links.without_markup(scripts)):
        yield ADVICE["jquery"]


def _markup_problems(markup: str) -> Iterator[str]:
    if ICON_FONT.search(markup):
        yield ADVICE["font"]
    if tag := FRAME.search(markup):
        yield ADVICE["frame"].format(tag=tag[1].lower())
    if HANDLER.search(markup):
        yield ADVICE["handler"]
