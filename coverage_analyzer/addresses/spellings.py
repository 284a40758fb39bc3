"""Abbreviations in addresses, per country: no abbreviation is valid everywhere.

``St`` is a street in Chicago and a saint in Paris, ``E`` is east in Ohio and a letter elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final


@dataclass(frozen=True)
class Spelling:
    """Spelling variants in the addresses of a country.

    Attributes
    ----------
    words
        Meaning of each abbreviation, anywhere in an address.
    types
        Meaning of each abbreviation of a street type, if no further name follows.
    directions
        Meaning of each letter, if it is not the name of a street itself.
    endings
        The abbreviated end of a compound, and its meaning: ``str`` in *Kreuzstr.*.
    units
        Words before the number of a flat, floor or suite, and the canonical word of each kind.
    regions
        Code of each state or province, by its normalised name.
    postcode
        A pattern whose groups are read as one word.
    number_last
        Whether a house number follows its street, so that a letter after it belongs to it.
    """

    words: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    directions: Mapping[str, str] = field(default_factory=dict)
    endings: Mapping[str, str] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)
    postcode: str = ""
    number_last: bool = False


ENGLISH_TYPES: Final = {
    "aly": "alley",
    "av": "avenue",
    "ave": "avenue",
    "blvd": "boulevard",
    "cct": "circuit",
    "cir": "circle",
    "cl": "close",
    "cres": "crescent",
    "ct": "court",
    "dr": "drive",
    "expy": "expressway",
    "fwy": "freeway",
    "gdns": "gardens",
    "gr": "grove",
    "hwy": "highway",
    "ln": "lane",
    "pde": "parade",
    "pkwy": "parkway",
    "pl": "place",
    "plz": "plaza",
    "rd": "road",
    "sq": "square",
    "st": "street",
    "tce": "terrace",
    "ter": "terrace",
    "terr": "terrace",
    "trl": "trail",
}
ENGLISH_UNITS: Final = {
    "apartment": "apt",
    "apt": "apt",
    "bldg": "bldg",
    "building": "bldg",
    "fl": "floor",
    "flat": "flat",
    "floor": "floor",
    "level": "level",
    "lvl": "level",
    "rm": "room",
    "room": "room",
    "ste": "suite",
    "suite": "suite",
    "unit": "unit",
}
DIRECTIONS: Final = {
    "n": "north",
    "e": "east",
    "s": "south",
    "w": "west",
    "ne": "northeast",
    "nw": "northwest",
    "se": "southeast",
    "sw": "southwest",
}
ENGLISH_WORDS: Final = {"mt": "mount", "ft": "fort"}

_US_STATES: Final = (
    "alabama al|alaska ak|arizona az|arkansas ar|california ca|colorado co|connecticut ct|"
    "delaware de|district of columbia dc|florida fl|georgia ga|hawaii hi|idaho id|illinois il|"
    "indiana in|iowa ia|kansas ks|kentucky ky|louisiana la|maine me|maryland md|"
    "massachusetts ma|michigan mi|minnesota mn|mississippi ms|missouri mo|montana mt|"
    "nebraska ne|nevada nv|new hampshire nh|new jersey nj|new mexico nm|new york ny|"
    "north carolina nc|north dakota nd|ohio oh|oklahoma ok|oregon or|pennsylvania pa|"
    "rhode island ri|south carolina sc|south dakota sd|tennessee tn|texas tx|utah ut|"
    "vermont vt|virginia va|washington wa|west virginia wv|wisconsin wi|wyoming wy"
)
US_STATES: Final = dict(pair.rsplit(" ", 1) for pair in _US_STATES.split("|"))
CANADIAN_PROVINCES: Final = {
    "alberta": "ab",
    "british columbia": "bc",
    "manitoba": "mb",
    "new brunswick": "nb",
    "nova scotia": "ns",
    "ontario": "on",
    "prince edward island": "pe",
    "quebec": "qc",
    "saskatchewan": "sk",
}
AUSTRALIAN_STATES: Final = {
    "new south wales": "nsw",
    "queensland": "qld",
    "south australia": "sa",
    "tasmania": "tas",
    "victoria": "vic",
    "western australia": "wa",
}

GERMAN: Final = Spelling(
    words={"str": "strasse", "pl": "platz", "a d": "an der"},
    endings={"str": "strasse"},
    units={"top": "top", "whg": "wohnung", "wohnung": "wohnung", "tur": "tur", "stiege": "stiege"},
    number_last=True,
)
FRENCH_WORDS: Final = {
    "all": "allee",
    "av": "avenue",
    "ave": "avenue",
    "bd": "boulevard",
    "bld": "boulevard",
    "blvd": "boulevard",
    "boul": "boulevard",
    "chem": "chemin",
    "fbg": "faubourg",
    "imp": "impasse",
    "pl": "place",
    "rte": "route",
    "sq": "square",
    "st": "saint",
    "ste": "sainte",
}
FRENCH_UNITS: Final = {
    "apt": "apt",
    "appt": "apt",
    "appartement": "apt",
    "bat": "batiment",
    "batiment": "batiment",
    "etage": "etage",
    "esc": "escalier",
    "escalier": "escalier",
}
SPANISH: Final = Spelling(
    words={
        "av": "avenida",
        "avd": "avenida",
        "avda": "avenida",
        "c": "calle",
        "cl": "calle",
        "col": "colonia",
        "ctra": "carretera",
        "pl": "plaza",
        "pza": "plaza",
        "po": "paseo",
        "pso": "paseo",
        "sta": "santa",
        "sto": "santo",
    },
    units={
        "piso": "piso",
        "pta": "puerta",
        "puerta": "puerta",
        "depto": "depto",
        "esc": "esc",
        "int": "interior",
        "interior": "interior",
    },
    number_last=True,
)
PORTUGUESE: Final = {
    "al": "alameda",
    "av": "avenida",
    "pc": "praca",
    "pca": "praca",
    "r": "rua",
    "rod": "rodovia",
    "tv": "travessa",
}

BRITISH: Final = Spelling(
    words=ENGLISH_WORDS,
    types=ENGLISH_TYPES,
    units=ENGLISH_UNITS,
    postcode=r"\b([a-z]{1,2}[0-9][a-z0-9]?)\s*([0-9][a-z]{2})\b",
)
AUSTRALIAN: Final = Spelling(
    words=ENGLISH_WORDS,
    types=ENGLISH_TYPES,
    directions=DIRECTIONS,
    units=ENGLISH_UNITS,
    regions=AUSTRALIAN_STATES,
)

SPELLINGS: Final[Mapping[str, Spelling]] = {
    "US": Spelling(
        words=ENGLISH_WORDS,
        types=ENGLISH_TYPES,
        directions=DIRECTIONS,
        units=ENGLISH_UNITS,
        regions=US_STATES,
        postcode=r"\b([0-9]{5})(?:-([0-9]{4}))?\s*$",
    ),
    "CA": Spelling(
        words=ENGLISH_WORDS,
        types=ENGLISH_TYPES,
        directions=DIRECTIONS,
        units=ENGLISH_UNITS,
        regions=CANADIAN_PROVINCES,
        postcode=r"\b([a-z][0-9][a-z])[\s-]*([0-9][a-z][0-9])\b",
    ),
    "GB": BRITISH,
    "IE": Spelling(
        words=ENGLISH_WORDS,
        types=ENGLISH_TYPES,
        units=ENGLISH_UNITS,
        postcode=r"\b([a-z][0-9][0-9w])\s*([a-z0-9]{4})\s*$",
    ),
    "AU": AUSTRALIAN,
    "NZ": AUSTRALIAN,
    "ZA": AUSTRALIAN,
    "SG": Spelling(types=ENGLISH_TYPES, units=ENGLISH_UNITS),
    "HK": Spelling(types=ENGLISH_TYPES, units=ENGLISH_UNITS),
    "MY": Spelling(types=ENGLISH_TYPES, units=ENGLISH_UNITS),
    "IN": Spelling(
        words={"mg": "mg", "opp": "opposite"},
        types=ENGLISH_TYPES,
        units=ENGLISH_UNITS,
        postcode=r"\b([0-9]{3})\s*([0-9]{3})\s*$",
    ),
    "DE": GERMAN,
    "AT": GERMAN,
    "LI": GERMAN,
    "CH": Spelling(
        words={"str": "strasse", "av": "avenue", "ch": "chemin", "rte": "route", "pl": "platz"},
        endings={"str": "strasse"},
        number_last=True,
    ),
    "NL": Spelling(
        words={"str": "straat"},
        endings={"str": "straat", "ln": "laan"},
        postcode=r"\b([0-9]{4})\s*([a-z]{2})\b",
        number_last=True,
    ),
    "BE": Spelling(
        words={"str": "straat", "av": "avenue", "bd": "boulevard", "ch": "chaussee"},
        endings={"str": "straat", "ln": "laan"},
        units={"bus": "bus", "bte": "bus", "boite": "bus"},
        number_last=True,
    ),
    "FR": Spelling(words=FRENCH_WORDS, units=FRENCH_UNITS, postcode=r"\b([0-9]{5})\b"),
    "LU": Spelling(words=FRENCH_WORDS, units=FRENCH_UNITS),
    "IT": Spelling(
        words={"pza": "piazza", "cso": "corso", "vle": "viale", "lgo": "largo", "s": "san"},
        units={"int": "interno", "interno": "interno", "scala": "scala"},
        number_last=True,
    ),
    "ES": SPANISH,
    "MX": SPANISH,
    "AR": SPANISH,
    "CL": SPANISH,
    "CO": SPANISH,
    "BR": Spelling(
        words=PORTUGUESE,
        units={
            "ap": "apto",
            "apto": "apto",
            "apartamento": "apto",
            "sala": "sala",
            "cj": "cj",
            "conj": "cj",
            "conjunto": "cj",
        },
        postcode=r"\b([0-9]{5})-?([0-9]{3})\b",
        number_last=True,
    ),
    "PT": Spelling(words=PORTUGUESE, postcode=r"\b([0-9]{4})-([0-9]{3})\b", number_last=True),
    "PL": Spelling(
        words={"ul": "ulica", "al": "aleja", "pl": "plac", "os": "osiedle"},
        units={"m": "m", "lok": "m", "mieszkanie": "m"},
        postcode=r"\b([0-9]{2})-?([0-9]{3})\b",
        number_last=True,
    ),
    "SE": Spelling(
        units={"lgh": "lgh", "lagenhet": "lgh"},
        postcode=r"\b([0-9]{3})\s*([0-9]{2})\b",
        number_last=True,
    ),
    "CZ": Spelling(
        words={"ul": "ulice", "nam": "namesti", "tr": "trida"},
        postcode=r"\b([0-9]{3})\s*([0-9]{2})\b",
        number_last=True,
    ),
    "NO": Spelling(words={"gt": "gate", "v": "vei"}, endings={"gt": "gate"}, number_last=True),
    "DK": Spelling(units={"th": "th", "tv": "tv", "sal": "sal"}, number_last=True),
    "GR": Spelling(postcode=r"\b([0-9]{3})\s*([0-9]{2})\b", number_last=True),
    "JP": Spelling(postcode=r"\b([0-9]{3})-?([0-9]{4})\b"),
}
"""By alpha-2 country code."""

PLAIN: Final = Spelling()
"""Used if no abbreviations are known: only case, accents and punctuation may differ."""

_COUNTED: Final = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
ORDINALS: Final = {word: number for number, word in enumerate(_COUNTED.split(), start=1)} | {
    "thirtieth": 30,
    "fortieth": 40,
    "fiftieth": 50,
    "sixtieth": 60,
}
"""Streets named by ordinal words."""

TENS: Final = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60}
