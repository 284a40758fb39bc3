"""Check whether a result is in the requested place: by postcode, town and state.

A server drops what it does not understand, and returns a house of the right street and number in
another town. The postcode or town of the result must therefore occur in the query. Where states are
part of an address (United States, Canada, Australia), the town counts only in the requested state:
there are many Springfields.
"""

import functools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from coverage_analyzer.addresses.postcodes import FORMATS, SHORT, code_of, codes_in, without_phones
from coverage_analyzer.addresses.spellings import (
    AUSTRALIAN_STATES,
    CANADIAN_PROVINCES,
    ENGLISH_TYPES,
    US_STATES,
)
from coverage_analyzer.addresses.transliteration import readings
from coverage_analyzer.countries import names
from coverage_analyzer.geocoding.queries import NUMBER_FIRST, Query, house_number

Word = frozenset[str]
Words = tuple[Word, ...]
IsNear = Callable[[str], bool | None]
"""Whether a name is that of a town at the result; None if no town has the name."""


def _listed(text: str) -> list[str]:
    return text.split()


STATES: Final = {
    "US": US_STATES,
    "CA": {**CANADIAN_PROVINCES, "newfoundland and labrador": "nl", "yukon": "yt", "nunavut": "nu"}
    | {"northwest territories": "nt"},
    "AU": {
        **AUSTRALIAN_STATES,
        "australian capital territory": "act",
        "northern territory": "nt",
    },
}
"""Codes of states by name, for countries whose addresses include the state."""

STATES_BY_CODE: Final = {
    country: {code: code for code in _listed(codes)}
    for country, codes in {
        "CH": "ag ai ar be bl bs fr ge gl gr ju lu ne nw ow sg sh so sz tg ti ur vd vs zg zh",
        "BR": "ac al am ap ba ce df es go ma mg ms mt pa pb pe pi pr rj rn ro rr rs sc se sp to",
    }.items()
}
"""Codes of states that follow the town in an address: *Wil SG*, *Bom Jesus - RS*."""

ZIP_STATES: Final = _listed(
    "005ny 006pr 008vi 009pr 010ma 028ri 030nh 039me 050vt 055ma 056vt 060ct 070nj 090ae 100ny "
    "150pa 197de 200dc 201va 202dc 206md 220va 247wv 270nc 290sc 300ga 320fl 340aa 341fl 350al "
    "370tn 386ms 398ga 400ky 430oh 460in 480mi 500ia 530wi 550mn 569dc 570sd 580nd 590mt 600il "
    "630mo 660ks 680ne 700la 716ar 730ok 733tx 734ok 750tx 800co 820wy 832id 840ut 850az 870nm "
    "885tx 889nv 900ca 962ap 967hi 969gu 970or 980wa 995ak"
)
"""First three digits of the ZIP code ranges of each state (Publication 65, USPS)."""

ZIP_COUNTRIES: Final = frozenset({"US", "PR", "VI", "GU", "AS", "MP"})
"""Countries where the four digits after the first five may be omitted."""

CANADIAN_CODES: Final = {
    "a": "nl",
    "b": "ns",
    "c": "pe",
    "e": "nb",
    "r": "mb",
    "s": "sk",
    "t": "ab",
    "v": "bc",
    **dict.fromkeys("ghj", "qc"),
    **dict.fromkeys("klmnp", "on"),
    "y": "yt",
}
"""Province of a Canadian postcode by its first letter; X has two."""

CITY_STATES: Final = frozenset({"GI", "HK", "MC", "MO", "SG", "VA"})
"""City states, including those that the provider treats as a region of another country."""

SAME: Final = {
    **dict.fromkeys(("st", "sankt", "sanct", "sint", "san"), "saint"),
    "ste": "sainte",
    "mt": "mount",
    "ft": "fort",
    "gt": "great",
    "kgs": "kings",
}
"""Words in town names with several spellings."""

QUALIFIERS: Final = frozenset(
    _listed(
        "a aan ad am an auf bei by d da de del della der den des di do en i im in la le les lez "
        "near na nad ob on op oder pod s sous sub sur u uber under unter upon vor v w zu"
    )
)
"""Words between the name of a town and what distinguishes it from others of that name."""

OTHER_TOWN_BEFORE: Final = frozenset(
    _listed(
        "north south east west northern southern eastern western new old upper lower great little "
        "nord sud ost neu neuen alt alten ober unter nieder gross klein bad hohen nieuw oud noord "
        "zuid oost nouveau nouvelle vieux haut haute bas basse grand grande petit petite nuevo "
        "nueva nova novo nuovo vecchio nowy nowa nowe stary stara stare novy nove norra sodra "
        "vastra ostra port fort mount lake saint sainte santa santo sao"
    )
)
OTHER_TOWN_BEHIND: Final = frozenset(_listed("north south east west beach springs falls heights"))
"""Words that make a name that of a different town: *West Springfield*, *Neu-Ulm*."""

STREET_WORDS: Final = frozenset({*ENGLISH_TYPES, *ENGLISH_TYPES.values()} - {"st"}) | frozenset(
    _listed(
        "str strasse platz weg allee gasse ring damm ufer straat laan plein gatan gata vej gade "
        "way wharf row mews road"
    )
)
STREETS_BEFORE: Final = frozenset(
    _listed(
        "rue avenue av ave boulevard bd chemin route quai place via viale corso piazza calle "
        "avenida paseo plaza carrer rua praca travessa ulica ul ulitsa aleja strada bulevardul "
        "rruga jalan jl cadde"
    )
)
OF: Final = frozenset(_listed("de du des la le les da do di del della d of"))
LEADING: Final = re.compile(
    r"^(?:greater )?(?:the )?(?:(?:royal )?(?:city|town|township|village|municipality|borough|"
    r"commune|london borough) (?:and county )?of|(?:landeshaupt|hanse|kreis)?stadt|gemeinde|"
    r"comune di|commune de|municipio de|gmina)\s+(?=\S)",
    re.IGNORECASE,
)
APOSTROPHES: Final = str.maketrans("", "", "'\N{RIGHT SINGLE QUOTATION MARK}`")
IDEOGRAPHS: Final = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")


@dataclass(frozen=True)
class Place:
    """The place of a result.

    Attributes
    ----------
    country
        Alpha-2.
    postcode, road, house_number
        Empty if unknown.
    towns
        Names of its town and its associated places.
    districts
        Names of its districts, which many towns share.
    state
        Name or ISO 3166-2 code of its state.
    regions
        Names of larger areas, without the country.
    others
        All other words in the provider's description.
    """

    country: str = ""
    postcode: str = ""
    road: str = ""
    house_number: str = ""
    towns: tuple[str, ...] = ()
    districts: tuple[str, ...] = ()
    state: str = ""
    regions: tuple[str, ...] = ()
    others: str = ""


def is_there(place: Place, query: Query, is_near: IsNear) -> bool:
    """Return whether a result is in the requested place."""
    if has_postcode(place, query):
        return True
    segments, query_state = _split_state(_segments(query, place), place, query)
    place_state = _state_of(place) if query_state else ""
    if query_state != place_state and (place_state or place.country in STATES):
        return False
    if any(_names_town(segments, town, place, is_near) for town in place.towns):
        return True
    return _is_left_out(segments, place, query_state, query.country) or _is_known(
        segments, place, is_near
    )


def has_postcode(place: Place, query: Query) -> bool:
    """Return whether a result has the requested postcode, or its short form."""
    place_code = code_of(place.postcode, place.country)
    if not place_code:
        return False
    if query.postcode:
        query_code = code_of(query.postcode, place.country)
        short = min(len(query_code), len(place_code))
        # ZIP+4 and outward codes: the shorter one is less specific, not different.
        return query_code[:short] == place_code[:short] and short >= 3
    short = SHORT.get(place.country, 0)
    codes = asked_codes(place, query)
    if place.country in ZIP_COUNTRIES:
        return place_code[:short] in {code[:short] for code in codes}
    return place_code in codes or (bool(short) and place_code[:short] in codes)


def asked_codes(place: Place, query: Query) -> list[str]:
    """Return possible postcodes in a free-form address, except its house number."""
    country = place.country if place.country in FORMATS else query.country
    codes = codes_in(query.text, country)
    if not codes and country in SHORT:
        digits = re.findall(rf"(?<!\w)[0-9]{{{SHORT[country]}}}(?!\w|-[0-9])", query.text)
        codes += digits
    number = _own_number(place, query)
    for code in (number, number):
        if code in codes:
            codes.remove(code)
    return codes


def _own_number(place: Place, query: Query) -> str:
    """Return the house number of a free-form address, if it looks like a postcode."""
    lines = [part.strip() for part in query.text.split(",") if part.strip()]
    road = _words(place.road)
    with_road = [line for line in lines if road and _count(_words(line), road)]
    line = (with_road or lines or [""])[0]
    number = house_number(line)
    is_first = bool(number) and line.startswith(number)
    if is_first and query.country and query.country not in NUMBER_FIRST:
        return ""  # "9400 Wolfsberg": the code comes first
    return "".join(c for c in number if c.isalnum()).casefold()


def _words(text: str) -> Words:
    """Return the readings of each word of a text."""
    plain = unicodedata.normalize("NFKC", text).casefold().translate(APOSTROPHES)
    return tuple(_word(token) for token in re.findall(r"[^\W_]+", plain))


@functools.lru_cache(maxsize=65_536)
def _word(token: str) -> Word:
    return frozenset(SAME.get(reading, reading) for reading in readings(token))


def _segments(query: Query, place: Place) -> list[Words]:
    """Return the words of each comma-separated part of a query, without telephone numbers."""
    text = without_phones(query.text.casefold(), place.country)
    if not query.is_free:
        extra = [query.city] if query.city and query.city.casefold() not in text else []
        text = ",".join([text, *extra])
    segments = [_words(part) for part in re.split(r"[,;\n]", text)]
    return [segment for segment in segments if segment]


def _split_state(segments: list[Words], place: Place, query: Query) -> tuple[list[Words], str]:
    """Return the parts of a query without country and state, and the state's code."""
    country, declared, declared_country = place.country, query.state, query.country
    states = STATES.get(country) or STATES_BY_CODE.get(country)
    while len(segments) > 1 and _is_country(segments[-1], country, declared_country):
        segments = segments[:-1]
    if states is None:
        return segments, ""
    code_of_name = {**{code: code for code in states.values()}, **states}
    segments = [tuple(w for w in s if not _is_code(w, country)) for s in segments]
    segments = [s for s in segments if s]
    state = code_of_name.get(names.country_key(declared), "") if declared else ""
    if not segments:
        return segments, state
    last = segments[-1]
    for length in (3, 2, 1):
        name = " ".join(min(w) for w in last[-length:])
        if (
            len(last) >= length
            and name in code_of_name
            and (length < len(last) or len(segments) > 1)
        ):
            rest = last[:-length] if country in STATES else last
            return [*segments[:-1], *([rest] if rest else [])], state or code_of_name[name]
    return segments, state


def _is_country(words: Words, *codes: str) -> bool:
    """Return whether words are the name of one of the given countries, not its code."""
    country_names = names.load()
    number = country_names.number(" ".join(min(w) for w in words)) if words else 0
    return number > 0 and country_names.codes[number] in codes and len(min(words[0])) > 2


def _is_code(word: Word, country: str) -> bool:
    text = min(word)
    return bool(re.fullmatch(FORMATS[country], text)) or (country == "US" and text == "usa")


def _state_of(place: Place) -> str:
    """Return the code of the state of a result; empty if unknown."""
    states = STATES.get(place.country) or STATES_BY_CODE[place.country]
    text = place.state.rpartition("-")[2] if re.match(r"[A-Z]{2}-", place.state) else place.state
    name = names.country_key(text)
    if name in states or name in states.values():
        return states.get(name, name)
    code = code_of(place.postcode, place.country)
    if place.country == "US" and len(code) >= 5:
        return max((s for s in ZIP_STATES if s[:3] <= code[:3]), default="   ")[3:]
    return CANADIAN_CODES.get(code[:1], "") if place.country == "CA" else ""


def _count(words: Words, part: Words) -> int:
    return sum(1 for _ in _places(words, part))


def _places(words: Words, part: Words) -> Iterator[int]:
    """Yield the positions of one sequence of words within another."""
    size = len(part)
    for at in range(len(words) - size + 1 if size else 0):
        if all(one & other for one, other in zip(words[at : at + size], part, strict=True)):
            yield at


def _names_town(segments: Sequence[Words], town: str, place: Place, is_near: IsNear) -> bool:
    """Return whether a query names a town, besides a street of the same name."""
    if IDEOGRAPHS.search(town):
        return any(town in "".join(min(w) for w in segment) for segment in segments)
    full = _words(LEADING.sub("", town))
    road = _words(place.road)
    for part in _forms(full):
        there = [(segment, at) for segment in segments for at in _places(segment, part)]
        if len(there) <= _count(road, part):  # all of them may be the street
            continue
        free = [(segment, at) for segment, at in there if not _is_street(segment, at, len(part))]
        if any(
            _is_town(segment, at, part, full, place, is_near)
            and not _is_longer(segment, at, len(part), place, is_near)
            for segment, at in free
        ):
            return True
    return False


def _forms(full: Words) -> Iterator[Words]:
    """Yield a name, and the name without the part that distinguishes it from others."""
    yield full
    for at in range(1, len(full)):
        if full[at] & QUALIFIERS:
            head = full[:at]
            if len(min(head[0])) >= 4:
                yield head
            return


def _is_street(words: Words, at: int, size: int) -> bool:
    """Return whether words are the name of a street: *Paris Street*, *rue de Paris*."""
    if at + size < len(words) and words[at + size] & STREET_WORDS:
        return True
    before = at - 1
    while before >= 0 and words[before] & OF:
        before -= 1
    return before >= 0 and bool(words[before] & STREETS_BEFORE)


def _is_town(
    words: Words, at: int, part: Words, full: Words, place: Place, is_near: IsNear
) -> bool:
    """Return whether a name in a query may be a town's, judging by what follows it."""
    end = at + len(part)
    if end >= len(words) or not words[end] & QUALIFIERS:
        return True
    if part != full:  # found "Weil am Rhein" for "Weil der Stadt"
        return False
    for last in range(min(len(words), end + 3), end, -1):
        near = is_near(" ".join(min(w) for w in words[at:last]))
        if near is not None:
            return near
    # Found "Stratford" for "Stratford-upon-Avon", without any Avon.
    readings = {reading for w in _words(place.others) for reading in w}
    rest = [w for w in words[end:] if not w & QUALIFIERS]
    return not rest or bool(rest[0] & readings) or min(rest[0])[:1].isdigit()


def _is_longer(words: Words, at: int, size: int, place: Place, is_near: IsNear) -> bool:
    """Return whether a name in a query is part of the name of a different town.

    *Springfield* is in *West Springfield*, *Newport* in *Newport Pagnell*. A longer name known as a
    town elsewhere decides, otherwise the words that make a name that of a different town.
    """
    end = at + size
    spans = [(a, e) for a in range(max(at - 2, 0), at + 1) for e in range(end, end + 3)]
    for first, last in spans:
        if last <= len(words) and (first, last) != (at, end):
            near = is_near(" ".join(min(w) for w in words[first:last]))
            if near is not None:
                return not near
    road = {reading for w in _words(place.road) for reading in w}
    readings = {reading for w in _words(place.others) for reading in w} - road
    before = words[at - 1] if at else frozenset()
    behind_street = at > 1 and bool(words[at - 2] & (STREET_WORDS | {"saint"}))
    behind = words[end] if end < len(words) else frozenset()
    makes_other = before & OTHER_TOWN_BEFORE and not before & readings and not behind_street
    return bool(makes_other or (behind & OTHER_TOWN_BEHIND and not behind & readings))


def _unmatched_words(segments: Sequence[Words], place: Place) -> list[Word]:
    """Return the words of a query found in neither the result nor its street."""
    readings = {reading for w in _words(f"{place.others} {place.road}") for reading in w}
    rest = [w for segment in segments for w in segment]
    return [
        w
        for w in rest
        if not w & readings
        and not any(r[:1].isdigit() for r in w)
        and not w & (STREET_WORDS | STREETS_BEFORE | OF | {"saint", "n", "e", "s", "w"})
        and not any(t.startswith(r) or r.startswith(t) for r in w if len(r) >= 4 for t in readings
                    if len(t) >= 4)
    ]  # fmt: skip


def _is_left_out(segments: Sequence[Words], place: Place, state: str, declared: str) -> bool:
    """Return whether a query needs no town, because of its state, country or a district.

    *350 5th Ave, New York* has no town but the state, *1 Raffles Place, Singapore* none but the
    country, *1 Bedford Ave, Brooklyn, NY* none but a district. These count only if nothing else in
    the query could be a town.
    """
    states = STATES.get(place.country, {})
    titles = {name for name, code in states.items() if code == state}
    named = any(names.country_key(town) in titles for town in place.towns)
    codes = (place.country, declared)
    named = named or any(_is_country(_words(town), *codes) for town in place.towns)
    if declared in CITY_STATES:
        named = named or any(_is_country(_words(name), declared) for name in place.regions)
    road = _words(place.road)
    for district in place.districts:
        part = _words(district)
        there = sum(
            1 for s in segments for at in _places(s, part) if not _is_street(s, at, len(part))
        )
        named = named or there > _count(road, part)
    return named and not _unmatched_words(segments, place)


def _goes_on(words: Words, end: int) -> bool:
    """Return whether a name continues at a position: *Frankfurt* in *Frankfurt an der Oder*."""
    return end < len(words) and bool(words[end] & QUALIFIERS)


def _is_known(segments: Sequence[Words], place: Place, is_near: IsNear) -> bool:
    """Return whether a name in a query is a town's at the result: *Köln* of Cologne."""
    road = {reading for w in _words(place.road) for reading in w}
    for words in segments:
        for size in (4, 3, 2, 1):
            for at in range(len(words) - size + 1):
                part = words[at : at + size]
                if any(w & road or min(w)[:1].isdigit() for w in part):
                    continue
                if (
                    _is_street(words, at, size)
                    or _goes_on(words, at + size)
                    or (size == 1 and len(min(part[0])) < 3)
                ):
                    continue
                spelt = {" ".join(min(w) for w in part), " ".join(max(w) for w in part)}
                if any(is_near(name) for name in spelt):
                    return True
    return False


def nowhere(_name: str) -> bool | None:
    """Return None: without a list of towns, no name is known."""
    return None


def place_of(place: Place, matched: str, regions: Sequence[str] = ()) -> Place:
    """Return a place with the towns named in the full address of a result.

    Servers omit names from the parts of an address, such as a municipality besides its village.

    Parameters
    ----------
    place
        As far as the parts of the address are known.
    matched
        The whole address, separated by commas.
    regions
        Names of areas larger than a town.
    """
    used = {place.house_number, place.road, place.postcode, *place.districts, *regions}
    parts = [part.strip() for part in matched.split(",")]
    more = [p for p in parts if p and p not in used]
    towns = tuple(dict.fromkeys((*place.towns, *more)))
    return replace(place, towns=towns, others=f"{matched} {' '.join(towns)}")
