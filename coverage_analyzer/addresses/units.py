"""Extract floors and doors from an address before its numbers are compared.

A floor is written as a number, like a house number: *3. OG*, *2/F*, *3e étage*, *3º B*. Left in
place, another floor would look like another house. The number before a slash or hyphen is a unit in
some countries (*5/100 George St*), the number after it in others (*Hauptstraße 1/3*).
"""

import functools
import re
import unicodedata
from typing import Final

_WIDE_DIGITS: Final = {0xFF10 + n: str(n) for n in range(10)}

Units = list[tuple[str, str]]

_ORDINAL: Final = r"(?:\.|st|nd|rd|th|er|re|e|eme|ème|º|ª|°|o|a)?"
_END: Final = (
    r"(?=\.?\s*(?:$|[,;\n/]|\d|(?:links|rechts|mitte|li|re|gauche|droite|izq|der|esq|dir)\b))"
)
"""Text that must follow the word for a floor; otherwise it may be a street: *5 Stock Road*."""

_KINDS: Final = {
    "og": r"o\.?g|obergescho(?:ss|ß)",
    "ug": r"u\.?g|untergescho(?:ss|ß)",
    "etage": rf"(?:etage|étage|stock|stockwerk){_END}",
    "floor": r"floor|flr",
    "piso": rf"(?:piso|planta|andar|piano|pav(?:imento)?){_END}",
    "verdieping": r"verdieping|etaj|emelet|kerros|korrus|patro|poschodie|этаж|поверх|όροφος",
}
_NUMBERED: Final = re.compile(
    rf"(?<![\w/-])(?P<value>[0-9]{{1,3}})\s*{_ORDINAL}\s*(?:"
    + "|".join(f"(?P<{kind}>{words})" for kind, words in _KINDS.items())
    + r")(?!\w)\.?"
)
_NAMED: Final = re.compile(
    r"(?:^|(?<=[,;\n/]))\s*(?:(?P<etage>etage|étage|stock|verdieping)|(?P<piso>piso|planta|andar|"
    r"piano)|(?P<level>level|lvl)|(?P<floor>floor|flr?))\.?\s*(?P<value>[0-9]{1,3})\s*(?=$|[,;\n])"
)
_GROUND: Final = re.compile(
    r"(?:^|(?<=[,;\n/\s]))(?:e\.?g\.?|erdgescho(?:ss|ß)|parterre|ground floor|g/f|rdc|"
    r"rez[- ]de[- ]chauss[ée]e|planta baja|t[ée]rreo|piano terra|begane grond)\s*(?=$|[,;\n])"
)
_SLASH_FLOOR: Final = re.compile(r"(?<![\w/])(?P<value>[0-9]{1,3}[a-z]?|ug|lg|m)/f(?!\w)")
_UNIT_SLASH: Final = r"(?:^|(?<=[,;\n]))\s*(?P<unit>\d+[a-z]?)\s*/\s*(?=\d)"
_UNIT_HYPHEN: Final = r"(?:^|(?<=[,;\n]))\s*(?P<unit>\d+[a-z]?)-(?=\d+[a-z]?\s)"
_HOUSE_SLASH: Final = (
    r"(?<=[^\W\d_][ .])\s*(?P<house>\d+\s?[a-z]?)(?P<unit>(?:\s?/\s?\d+[a-z]?){1,3})(?![\w/])"
)
_LEVEL: Final = r"(?<![\w/-])l\.?\s?(?P<value>\d{1,3})(?=\s*(?:[,;\n]|$|\d))"
_SPANISH: Final = (
    r"(?<![\w/-])(?P<value>\d{1,2}\s*[ºª°](?:\s*(?:[a-z]|izq\w*|dcha|der\w*|ctro|esq\w*|dto|dir\w*"
    r"|frente))?)(?=\s*(?:$|[,;\n.]))\.?"
)
_SWEDISH: Final = r"(?<![\w/-])(?P<value>\d{1,2})\s*(?:tr|trappor|trappa|v[åa]n)(?!\w)\.?"
_DANISH: Final = (
    r"(?<![\w/-])(?P<value>\d{1,2}\s*\.?\s*(?:sal\.?)?\s*(?:tv|th|mf)|\d{1,2}\s*\.?\s*sal)(?!\w)\.?"
)
_NORWEGIAN: Final = r"(?<![\w/-])(?P<value>\d{1,2})\s*\.?\s*etg?(?:asje)?(?!\w)\.?"

_EAST_ASIAN: Final = r"(?<![0-9-])(?P<value>[0-9]{1,3})\s*(?:f(?!\w)|階|层|層|樓|楼|층)"
_TURKISH: Final = (
    r"(?<!\w)(?:(?P<kat>kat)|(?P<daire>daire|da?(?=:)))\s*[:.]?\s*(?P<value>[0-9]{1,3})"
)
_RUSSIAN: Final = (
    r"(?<!\w)(?:(?P<flat>кв|квартира)|(?P<office>офис|оф)|(?P<floor>этаж|эт|поверх|етаж)"
    r"|(?P<entrance>подъезд|под|вх|вход))\.?\s*№?\s*(?P<value>[0-9]{1,4}[\u0430-\u044f]?)(?!\w)"
)
_RUSSIAN_FLOOR: Final = r"(?<![\w-])(?P<value>[0-9]{1,3})(?:-?й)?\s*(?:этаж|поверх|етаж)(?!\w)"
_FRENCH_BOX: Final = (
    r"(?<!\w)(?:bp|b\.p\.|cs|tsa)\s*(?P<value>[0-9][0-9 ]{0,6})(?=\s*(?:[,;\n]|$|[^\W\d]))"
)

_EVERYWHERE: Final = (
    ("floor", _SLASH_FLOOR),
    ("floor", _GROUND),
    ("", _NUMBERED),
    ("", _NAMED),
)
_OWN: Final = (
    ("piso", _SPANISH, "ES PT AR MX CL CO"),
    ("level", _LEVEL, "AU NZ HK SG MY"),
    ("trappa", _SWEDISH, "SE"),
    ("sal", _DANISH, "DK"),
    ("etasje", _NORWEGIAN, "NO"),
    ("floor", _EAST_ASIAN, "JP CN TW HK KR MO"),
    ("", _TURKISH, "TR"),
    ("floor", _RUSSIAN_FLOOR, "RU UA BY KZ KG BG"),
    ("", _RUSSIAN, "RU UA BY KZ KG BG"),
    ("box", _FRENCH_BOX, "FR MC RE GP MQ GF"),
    ("", _UNIT_SLASH, "AU NZ"),
    ("", _UNIT_HYPHEN, "CA"),
    ("", _HOUSE_SLASH, "AT PL BG HU"),
)
"""Kind (empty: given by the group, or unknown), pattern, and the countries in which it is used."""


@functools.cache
def _rules(country: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    own = tuple((kind, re.compile(form)) for kind, form, used in _OWN if country in used.split())
    return (*_EVERYWHERE, *own)


def lifted(text: str, country: str) -> tuple[str, Units]:
    """Split an address into text without numbered floors and doors, and those as kind and value.

    Parameters
    ----------
    text
        The address, on one line or several.
    country
        Alpha-2.

    Examples
    --------
    >>> lifted("Hauptstr. 12, 3. OG, 10827 Berlin", "DE")
    ('hauptstr. 12,  , 10827 berlin', [('og', '3')])
    >>> lifted("5/100 George St", "AU"), lifted("Hauptstraße 1/3", "AT")
    (('100 george st', [('', '5')]), ('hauptstrasse 1', [('', '3')]))
    """
    units: Units = []
    rest = unicodedata.normalize("NFC", text).casefold().translate(_WIDE_DIGITS)
    for kind, pattern in _rules(country):
        rest = pattern.sub(functools.partial(_take, units, kind), rest)
    return rest.strip(), units


def _take(units: Units, kind: str, match: re.Match[str]) -> str:
    """Record the units of a match and return its remaining text."""
    groups = {name: value for name, value in match.groupdict().items() if value}
    house, value, several = (groups.pop(name, "") for name in ("house", "value", "unit"))
    kind = kind or next(iter(groups), "")
    for one in re.findall(r"\w+", several) if several else [value or "0"]:
        units.append((kind, re.sub(r"[\s.ºª°]", "", one).lstrip("0") or "0"))
    return house or " "
