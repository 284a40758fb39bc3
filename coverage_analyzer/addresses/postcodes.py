"""Find postcodes in addresses by the format of each country."""

import re
import unicodedata
from typing import Final

from coverage_analyzer.countries.postal_codes import FORMATS, SHORT, UNKNOWN, code_of, compact

__all__ = ["FORMATS", "SHORT", "UNKNOWN", "code_of", "codes_in", "compact", "without_phones"]

_PREFIX: Final = r"(?:(?:[a-z]{1,3}[- ]?)?(?=[0-9])|)"
_PHONE: Final = re.compile(
    r"(?:\b(?:tel|telefon|telephone|phone|ph|fon|fax|mobile?|mob|handy|whatsapp|cell)\b[.:]*\s*"
    r"|\+)[+(]*[0-9](?:[\s()/.-]*[0-9]){5,}"
)
_LONG_RUN: Final = re.compile(r"(?<![0-9])[0-9]+(?:[ /.-][0-9]+){2,}(?![0-9])")
PHONE_DIGITS: Final = 9


def without_phones(text: str, country: str) -> str:
    """Return normalised text without telephone numbers, which look like postcodes.

    Examples
    --------
    >>> without_phones("hauptstr. 15, berlin, tel. 030 10827 22", "DE")
    'hauptstr. 15, berlin,  '
    """
    text = _PHONE.sub(" ", text)
    if country in {"JP", "KR", "TW"}:  # there blocks and houses are sequences of numbers
        return text
    return _LONG_RUN.sub(
        lambda run: " " if sum(c.isdigit() for c in run[0]) >= PHONE_DIGITS else run[0], text
    )


def codes_in(text: str, country: str) -> list[str]:
    """Return possible postcodes in an address, in compact form and in order.

    Telephone numbers are excluded. A house number of the same length is included.

    Examples
    --------
    >>> codes_in("Dam 1, 1011AB Amsterdam", "NL"), codes_in("Storg. 1, SE-111 22 Umeå", "SE")
    (['1011ab'], ['11122'])
    >>> codes_in("10 Downing St, London SW1A 2AA", "GB"), codes_in("ul. X 1, PL-00-001", "PL")
    (['sw1a2aa'], ['00001'])
    """
    folded = unicodedata.normalize("NFKC", text).casefold().replace("〒", " ")
    folded = without_phones(folded, country)
    form = FORMATS.get(country, UNKNOWN)
    pattern = rf"(?<![\w]){_PREFIX}(?P<code>{form})(?!\w|-[0-9])"
    if country not in {"JP", "PL", "PT", "BR", "CA"}:
        pattern = rf"(?<![\w])(?<![0-9][-/]){_PREFIX}(?P<code>{form})(?!\w)"
    return [compact(match["code"]) for match in re.finditer(pattern, folded)]
