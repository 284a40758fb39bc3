"""How two reports were made differently: their policy, day, centers, products and columns, as text.

Centers and products are compared by their content, if both runs keep it; two files with the same
number of centers may have nothing in common.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np

from coverage_analyzer.comparison.rows import Side
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.products import ENDS, Products

MAX_LISTED: Final = 20
"""Names in a line at most."""

COMPARED: Final = {
    "country": ("country",),
    "coordinates": ("lon", "lat"),
    "opens_on": ("opens_on",),
    "closes_on": ("closes_on",),
    "ordered_on": ("ordered_on",),
}
"""What a verdict depends on of a center: attributes of `Centers`, by their name in a text."""

FACTS: Final = {
    "as_of": "day",
    "coverage_analyzer": "version of the program",
    "trust_declared": "declared countries are trusted",
    "roads": "rechecked by road",
}

Content = Mapping[str, Mapping[str, Any]]
"""The values of each center or product by their names, by what it is called."""


def differences(before: Side, after: Side) -> list[str]:
    """Return how two reports were made differently, as text."""
    old, new = before.facts, after.facts
    return [
        *_policies(old.get("policy", {}), new.get("policy", {})),
        *_facts(old, new),
        *_numbers(old.get("centers") or {}, new.get("centers") or {}),
        *_contents(before, after),
        *_columns(old.get("columns", []), new.get("columns", [])),
    ]


def _policies(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before.get("sha256") != after.get("sha256"):
        texts = [f"{p.get('title')} ({str(p.get('sha256'))[:8]})" for p in (before, after)]
        yield f"policy: {texts[0]} -> {texts[1]}"


def _facts(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    for name, text in FACTS.items():
        old, new = before.get(name, ""), after.get(name, "")
        if old != new:
            yield f"{text}: {_as_text(old)} -> {_as_text(new)}"


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "unknown"


def _numbers(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[str]:
    if before != after:
        texts = [f"{c.get('given', '?')} ({c.get('open', '?')} open)" for c in (before, after)]
        yield f"centers: {texts[0]} -> {texts[1]}"


def _contents(before: Side, after: Side) -> Iterator[str]:
    """Yield which centers and products differ."""
    old, new = before.spec, after.spec
    if old is None or new is None:
        return
    yield from changed_content("centers", _centers(old.centers), _centers(new.centers))
    products = [{} if p is None else _products(p) for p in (old.products, new.products)]
    if bool(products[0]) != bool(products[1]):
        texts = [f"{len(each):,}" if each else "none" for each in products]
        yield f"products: {texts[0]} -> {texts[1]}"
    else:
        yield from changed_content("products", *products)


def _centers(centers: Centers) -> dict[str, dict[str, Any]]:
    values = {
        name: list(zip(*(_texts(getattr(centers, a)) for a in attributes), strict=True))
        for name, attributes in COMPARED.items()
    }
    return {
        center_id: {name: cells[i] for name, cells in values.items()}
        for i, center_id in enumerate(centers.center_id)
    }


def _texts(cells: Any) -> list[str]:
    texts: list[str] = np.asarray(cells).astype(str).tolist()
    return texts


def _products(products: Products) -> dict[str, dict[str, Any]]:
    ends = products.ends.astype(str).tolist()
    names = zip(products.name, products.version, ends, strict=True)
    return {" ".join(filter(None, row[:2])): dict(zip(ENDS, row[2], strict=True)) for row in names}


def changed_content(what: str, before: Content, after: Content) -> Iterator[str]:
    """Yield what is in one content only, and what has other values, as text.

    Examples
    --------
    >>> before, after = {"A": {"country": "DE"}, "B": {}}, {"A": {"country": "FR"}}
    >>> list(changed_content("centers", before, after))
    ['centers only before: B', 'centers changed: A (country)']
    """
    yield from _only(what, list(before), list(after))
    changed = []
    for name, values in before.items():
        others = after.get(name, values)
        if names := [n for n, value in values.items() if value != others[n]]:
            changed.append(f"{name} ({', '.join(names)})")
    if changed:
        yield f"{what} changed: {_list_text(changed)}"


def _columns(before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    yield from _only("columns", before, after)


def _only(what: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    """Yield which names are on one side only."""
    sides = set(before), set(after)
    if only := [name for name in before if name not in sides[1]]:
        yield f"{what} only before: {_list_text(only)}"
    if only := [name for name in after if name not in sides[0]]:
        yield f"{what} only after: {_list_text(only)}"


def _list_text(texts: Sequence[str]) -> str:
    """Return the first texts, and how many more there are."""
    more = len(texts) - MAX_LISTED
    return ", ".join(texts[:MAX_LISTED]) + (f" and {more:,} more" if more > 0 else "")
