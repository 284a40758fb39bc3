"""How QGIS draws the layers of a report: colours and symbols of the map, as QML.

QML is the style language of QGIS; a GeoPackage has the styles of its layers in the table
``layer_styles``, from which QGIS takes the default style of a layer when it opens it.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree import ElementTree as ET

from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status

SHAPES: Final = {
    "circle": "circle",
    "diamond": "diamond",
    "square": "square",
    "triangle": "triangle",
    "cross": "cross_fill",
}
"""The names that QGIS gives to the shapes of `theme.Mark`."""

QGIS: Final = "3.22.0"
"""The version whose QML this is; later ones read it."""

DOCTYPE: Final = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"

Properties = Mapping[str, str]


def sites() -> str:
    """Return the style of sites: a colour and a shape for each status, the many below the few."""
    renderer, symbols = _renderer("categorizedSymbol", attr="status", symbollevels="1")
    categories = ET.SubElement(renderer, "categories")
    for status in Status:
        number, mark = str(int(status)), theme.MARKS[status]
        ET.SubElement(
            categories,
            "category",
            {"symbol": number, "value": status.name, "label": status.label, "render": "true"},
        )
        marker = _marker(SHAPES[mark.shape], mark.color, theme.SYMBOL_EDGE, size="2.4")
        level = theme.DRAWN_IN_ORDER.index(status)
        symbols.append(_symbol("marker", number, "SimpleMarker", marker, level))
    return _document(renderer, symbols)


def centers() -> str:
    """Return the style of centers: open, planned (dashed) and closed ones (grey)."""
    line, fill, closed = (theme.CENTER[n] for n in ("line", "fill", "closed"))
    looks = {
        "open": _marker("star", line, line, size="4"),
        "planned": _marker("star", fill, line, size="4", outline_style="dash"),
        "closed": _marker("star", closed, closed, size="3"),
    }
    rules = [(f"\"state\" = '{state}'", f"Center: {state}") for state in looks]
    symbols = [
        _symbol("marker", str(number), "SimpleMarker", marker)
        for number, marker in enumerate(looks.values())
    ]
    return _ruled(rules, symbols)


def areas() -> str:
    """Return the style of coverage areas: see-through, those of planned centers dashed."""
    open_, planned = theme.LIGHT["area"], theme.LIGHT["planned"]
    rules = [('NOT "planned"', "Coverage area"), ('"planned"', "Coverage area: center planned")]
    looks = [_area(open_, "solid"), _area(planned, "dash")]
    symbols = [_symbol("fill", str(n), "SimpleFill", look) for n, look in enumerate(looks)]
    return _ruled(rules, symbols)


def _marker(
    shape: str, color: str, edge: str, *, size: str, outline_style: str = "solid"
) -> Properties:
    return {
        "name": shape,
        "color": _rgba(color),
        "outline_color": _rgba(edge),
        "outline_style": outline_style,
        "outline_width": "0.2",
        "outline_width_unit": "MM",
        "size": size,
        "size_unit": "MM",
    }


def _area(color: str, outline_style: str) -> Properties:
    return {
        "color": _rgba(color, alpha=38),
        "style": "solid",
        "outline_color": _rgba(color),
        "outline_style": outline_style,
        "outline_width": "0.4",
        "outline_width_unit": "MM",
        "joinstyle": "round",
    }


def _rgba(color: str, alpha: int = 255) -> str:
    """Return a colour of CSS as QGIS writes it.

    Examples
    --------
    >>> _rgba(theme.WHITE)
    '255,255,255,255'
    """
    return ",".join(
        [*(str(int(part, 16)) for part in re.findall("[0-9a-fA-F]{2}", color)), str(alpha)]
    )


def _renderer(kind: str, **attributes: str) -> tuple[ET.Element, ET.Element]:
    plain = {"type": kind, "forceraster": "0", "enableorderby": "0", "symbollevels": "0"}
    return ET.Element("renderer-v2", plain | attributes), ET.Element("symbols")


def _symbol(kind: str, name: str, layer: str, look: Properties, level: int = 0) -> ET.Element:
    """Return a symbol of one layer; options are written as old and as new versions read them."""
    plain = {"type": kind, "name": name, "alpha": "1", "clip_to_extent": "1", "force_rhr": "0"}
    symbol = ET.Element("symbol", plain)
    drawn = {"class": layer, "enabled": "1", "locked": "0", "pass": str(level)}
    element = ET.SubElement(symbol, "layer", drawn)
    options = ET.SubElement(element, "Option", {"type": "Map"})
    for option, value in look.items():
        ET.SubElement(options, "Option", {"type": "QString", "name": option, "value": value})
    for option, value in look.items():
        ET.SubElement(element, "prop", {"k": option, "v": value})
    return symbol


def _ruled(rules: Sequence[tuple[str, str]], symbols: Sequence[ET.Element]) -> str:
    """Return a style whose rules each have a filter and a label."""
    renderer, drawn = _renderer("RuleRenderer")
    drawn.extend(symbols)
    tree = ET.SubElement(renderer, "rules", {"key": "root"})
    for number, (filter_, label) in enumerate(rules):
        rule = {"key": f"rule{number}", "symbol": str(number), "filter": filter_, "label": label}
        ET.SubElement(tree, "rule", rule)
    return _document(renderer, drawn)


def _document(renderer: ET.Element, symbols: ET.Element) -> str:
    root = ET.Element("qgis", {"version": QGIS, "styleCategories": "Symbology"})
    renderer.append(symbols)
    root.append(renderer)
    return DOCTYPE + ET.tostring(root, encoding="unicode")
