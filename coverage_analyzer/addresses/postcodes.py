"""Find postcodes in addresses by the format of each country."""

import re
import unicodedata
from typing import Final

_FORMATS: Final = {
    r"[0-9]{4}": "AT AU BE BG CH CY DK GE HU LI LU LV MD MK NO NZ PH SI TN ZA",
    r"[0-9]{5}": (
        "BA CR DE DZ EE EG ES FI FR GF GP GT HR ID IT JO KE KR KW LK LT MA MC ME MM MN MQ MX MY "
        "NP PE PK PM RE RS SA SM SN TH TR UA UY VA XK YT ZM"
    ),
    r"[0-9]{5}(?:[- ][0-9]{4})?": "US PR VI GU AS MP",
    r"[0-9]{3} ?[0-9]{2}": "SE CZ SK GR",
    r"[0-9]{6}": "BY CN CO EC KG KZ RO RU SG TJ TM UZ VN",
    r"[0-9]{3} ?[0-9]{3}": "IN",
    r"[0-9]{4} ?[a-z]{2}": "NL",
    r"[a-z]{1,2}[0-9][a-z0-9]? ?[0-9][a-z]{2}": "GB GG JE IM GI FK",
    r"[a-z][0-9][0-9w] ?[a-z0-9]{4}": "IE",
    r"[a-z][0-9][a-z][ -]?[0-9][a-z][0-9]": "CA",
    r"[0-9]{3}-?[0-9]{4}": "JP",
    r"[0-9]{5}-?[0-9]{3}": "BR",
    r"[0-9]{2}-?[0-9]{3}": "PL",
    r"[0-9]{4}-[0-9]{3}": "PT",
    r"[a-z]{3} ?[0-9]{4}": "MT",
    r"[a-z]?[0-9]{4}(?:[a-z]{3})?": "AR",
    r"[0-9]{7}|[0-9]{5}": "IL CL",
    r"[0-9]{3}(?:[0-9]{2,3})?": "TW",
    r"ad ?[0-9]{3}": "AD",
    r"[a-z]{2} ?[0-9]{2}": "BM",
}
FORMATS: Final = {code: form for form, codes in _FORMATS.items() for code in codes.split()}
"""By alpha-2 country code, for normalised text."""

UNKNOWN: Final = r"[0-9]{4,6}"
"""Used if the country is unknown or has no format here."""

SHORT: Final = {"US": 5, "PR": 5, "BR": 5, "NL": 4, "PT": 4}
"""Number of leading characters of a postcode that are often written alone and identify the town."""

_PREFIX: Final = r"(?:(?:[a-z]{1,3}[- ]?)?(?=[0-9])|)"
_PHONE: Final = re.compile(
    r"(?:\b(?:tel|telefon|telephone|phone|ph|fon|fax|mobile?|mob|handy|whatsapp|cell)\b[.:]*\s*"
    r"|\+)[+(]*[0-9](?:[\s()/.-]*[0-9]){5,}"
)
_LONG_RUN: Final = re.compile(r"(?<![0-9])[0-9]+(?:[ /.-][0-9]+){2,}(?![0-9])")
PHONE_DIGITS: Final = 9


def compact(text: str) -> str:
    """Return only letters and digits, in one case, for comparing numbers and postcodes.

    Examples
    --------
    >>> compact("SW1A 1AA") == compact("sw1a1aa"), compact("31 B")
    (True, '31b')
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def code_of(postcode: str, country: str) -> str:
    """Return a postcode without spaces, hyphens and country prefix.

    Examples
    --------
    >>> code_of("D-80331", "DE"), code_of("AT-1010", "AT"), code_of("1011 ab", "NL")
    ('80331', '1010', '1011ab')
    >>> code_of("LV-1010", "LV"), code_of("SW1A 1AA", "GB"), code_of("〒150-0001", "JP")
    ('1010', 'sw1a1aa', '1500001')
    """
    text = compact(postcode.replace("〒", ""))
    form = FORMATS.get(country, UNKNOWN)
    if re.fullmatch(form.replace(" ", "").replace("-?", ""), text) or not form.startswith("[0-9]"):
        return text
    return re.sub(r"^[a-z]{1,3}(?=[0-9])", "", text)


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
    return [compact(found["code"]) for found in re.finditer(pattern, folded)]
