"""Write the parts of an address as lines, in the order that its country uses."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Final

NUMBER_FIRST: Final = frozenset(("US", "CA", "GB", "IE", "AU", "NZ", "FR", "ZA", "IN", "PR"))
"""Countries in which the house number precedes the street."""

STATE_BEFORE_CODE: Final = frozenset(
    ("US", "CA", "AU", "PR", "GU", "VI", "AS", "MP", "IN", "MX", "PH")
)
"""Countries in which the postcode follows the town and the state, on one line."""

CODE_LAST: Final = frozenset(("GB", "IE", "NZ", "ZA", "SG", "JP", "CN", "KR", "TW", "HK", "BR"))
"""Countries in which the postcode follows the town."""


def address_lines(
    cells: Mapping[str, str], extra: Sequence[str] = (), country: str = ""
) -> tuple[str, ...]:
    """Return an address as lines, without its country.

    Parameters
    ----------
    cells
        Parts by the names of `schema.columns.ADDRESSES`; missing and empty ones are left out. What
        ``address`` already contains is not repeated.
    extra
        Further lines, such as a building, which follow the street.
    country
        Alpha-2 code, which decides about the order; empty if unknown.

    Examples
    --------
    >>> cells = {"street": "Main St", "house_number": "5", "postcode": "19106", "city": "Camden"}
    >>> address_lines(cells | {"state": "NJ"}, country="US")
    ('5 Main St', 'Camden, NJ 19106')
    >>> address_lines(cells, ["Bldg 2"], country="DE")
    ('Main St 5', 'Bldg 2', '19106 Camden')
    >>> address_lines({"address": "Main St 5, 19106 Camden", "city": "Camden"})
    ('Main St 5, 19106 Camden',)
    """
    texts = {name: _tidy(text) for name, text in cells.items()}
    whole = [line for text in (cells.get("address") or "").splitlines() if (line := _tidy(text))]
    lines = [*whole, _street(texts, country), *map(_tidy, extra), _town(texts, country)]
    kept: list[str] = []
    for line in lines:
        if not set(_words(line)) <= set(_words(" ".join(kept))):
            kept.append(line)
    return tuple(kept)


def _street(texts: Mapping[str, str], country: str) -> str:
    street, number = texts.get("street", ""), texts.get("house_number", "")
    if number in street.split():
        return street
    parts = (number, street) if country in NUMBER_FIRST else (street, number)
    return " ".join(filter(None, parts))


def _town(texts: Mapping[str, str], country: str) -> str:
    code, city, state = (texts.get(name, "") for name in ("postcode", "city", "state"))
    if _words(state) == _words(city):
        state = ""
    if country in STATE_BEFORE_CODE:
        between = ", " if state else " "
        return between.join(filter(None, (city, " ".join(filter(None, (state, code))))))
    if country in CODE_LAST:
        return " ".join(filter(None, (", ".join(filter(None, (city, state))), code)))
    return ", ".join(filter(None, (" ".join(filter(None, (code, city))), state)))


def _tidy(text: str) -> str:
    """Return a text on one line, without spaces and commas at its ends."""
    return " ".join((text or "").split()).strip(" ,;")


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold())
