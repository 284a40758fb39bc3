"""Which header of a table is which column: by names, and by cells where names leave a doubt."""

import difflib
import re
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import column_names, coordinate_parts
from coverage_analyzer.schema.column_evidence import Evidence
from coverage_analyzer.schema.column_names import Owned, name_key
from coverage_analyzer.schema.columns import (
    ADDRESSES,
    CENTERS,
    COUNTRY,
    COUNTRY_BESIDE,
    COUNTRY_STATED,
    PRODUCTS,
    REQUESTS,
    Column,
    country_columns,
    cut_columns,
    header_key,
    is_of_sites,
    option,
)
from coverage_analyzer.schema.verdict import TEXT_BESIDE, TYPES

OURS: Final = frozenset({*TYPES, *TEXT_BESIDE.values()})
"""Columns of a report, which are no input."""

LIMITS: Final = {"latitude": 90.0, "longitude": 180.0}
"""How many degrees a coordinate has at most."""

_OWNED: Final[Mapping[str, Callable[[str], Owned | None]]] = {
    "latitude": column_names.latitude,
    "longitude": column_names.longitude,
    "country": column_names.country,
}

COMPLETE: Final = 1_000
"""What a header counts more that names all required columns (`n_known_columns`)."""

NO_EVIDENCE: Final = Evidence()

NEAR: Final = 0.8
"""How alike a header and a name have to be to ask whether one is a typing error of the other."""


@dataclass(frozen=True)
class Headers:
    """The headers of a table that are to be matched, and all that is known about them.

    Attributes
    ----------
    names
        As the file has them.
    table
        The columns that are looked for, such as `schema.columns.SITES`.
    overrides
        The header to take for a column, which ends all doubt about that column.
    cut_at
        How many bytes of a header the format keeps; 0 if it keeps all.
    evidence
        The first cells.
    unread
        Optional columns that the caller does not read: that several headers fit is no error.
    """

    names: Sequence[str]
    table: Sequence[Column]
    overrides: Mapping[str, str] = field(default_factory=dict)
    cut_at: int = 0
    evidence: Evidence = NO_EVIDENCE
    unread: frozenset[str] = frozenset()

    @property
    def of_centers(self) -> bool:
        """Whether the table is one of centers."""
        return self.table is CENTERS

    def option(self, pairs: Mapping[str, str]) -> str:
        """Return what to type to take headers for columns."""
        if self.table is PRODUCTS:  # for which there are no options
            return " and ".join(f"rename {h!r} to {n!r}" for n, h in pairs.items())
        flag = _FLAGS.get(id(self.table), "--column")
        return " ".join(f"{flag} {shlex.quote(f'{n}={h}')}" for n, h in pairs.items())


_FLAGS: Final = {
    id(CENTERS): "--center-column",
    id(REQUESTS): "--request-column",
}
"""The option that names the headers of a table, where it is not ``--column``."""


def match_columns(query: Headers) -> dict[str, int]:
    """Return where the columns of a table are among headers.

    Raises
    ------
    InputError
        If two headers could be meant for a column that is read, or required columns are missing.

    Examples
    --------
    >>> from coverage_analyzer.schema.columns import SITES
    >>> match_columns(Headers(["ID", "Lat", "lng", "Country Code"], SITES))
    {'site_id': 0, 'latitude': 1, 'longitude': 2, 'country': 3}
    >>> match_columns(Headers(["Kundennummer", "Breitengrad", "Längengrad"], SITES))
    {'site_id': 0, 'latitude': 1, 'longitude': 2}
    """
    matched = find_columns(query)
    _check_parts(query, matched)
    missing = [c.name for c in query.table if c.required and c.name not in matched]
    if missing:
        raise InputError(missing_columns(query, matched, missing))
    return matched


def _check_parts(query: Headers, matched: Mapping[str, int]) -> None:
    """Raise if minutes, seconds or hemispheres of the coordinates are in columns of their own.

    Raises
    ------
    InputError
        If so, unless the caller says which columns hold the coordinates.
    """
    if not set(LIMITS) <= set(matched) or set(LIMITS) <= set(query.overrides):
        return
    names = list(query.names)
    free = [i for i in range(len(names)) if i not in matched.values()]
    parts = coordinate_parts.minutes_columns(names, free, query.evidence)
    what, how = "minutes or seconds", "52\N{DEGREE SIGN}58'30\"N"
    if not parts:
        parts = coordinate_parts.hemisphere_columns(names, free, query.evidence)
        parts = [] if parts and _has_negative(query, matched) else parts
        what, how = "hemispheres", "0.9 W or -0.9"
    if parts:
        chosen = {name: names[matched[name]] for name in LIMITS}
        msg = (
            f"The columns {listed([names[i] for i in parts])} seem to hold the {what} of the "
            f"coordinates. Write each coordinate into one column, such as {how}. If they mean "
            f"something else: {query.option(chosen)}{IN_PYTHON}."
        )
        raise InputError(msg)


def _has_negative(query: Headers, matched: Mapping[str, int]) -> bool:
    """Return whether a coordinate has a sign, so that letters in another column add nothing."""
    cells = [query.evidence.filled(matched[name]) for name in LIMITS]
    return any(len(each) and bool((query.evidence.values(each) < 0).any()) for each in cells)


def find_columns(query: Headers) -> dict[str, int]:
    """Return where those columns are that the headers name; required ones may be missing.

    Raises
    ------
    InputError
        If an override cannot be followed, or two headers could be meant.
    """
    _check_overrides(query)
    matched = _exact(query)
    if query.cut_at:
        matched |= cut_columns(query.names, query.table, matched, query.cut_at)
    matched |= _coordinates(query, matched)
    matched |= _country(query, matched)
    for column in query.table:
        if column.name not in matched and column.name not in _OWNED:
            matched |= _further_name(query, column, matched)
    order = {
        name: rank for rank, name in enumerate([*(c.name for c in query.table), *COUNTRY_BESIDE])
    }
    return dict(sorted(matched.items(), key=lambda item: _order(item[0], order)))


def _order(name: str, order: Mapping[str, int]) -> float:
    return order["country"] + 0.5 if name in COUNTRY_BESIDE and "country" in order else order[name]


def n_known_columns(
    headers: Sequence[str], table: Sequence[Column], overrides: Mapping[str, str] | None = None
) -> int:
    """Return how many columns of a table some cells name, if they were its headers.

    A row that names all required columns counts `COMPLETE` more.
    """
    result = set()
    for column in table:
        if overrides and overrides.get(column.name) in headers:
            result.add(column.name)
            continue
        keys = {header_key(n) for n in column.spellings}
        if any(header_key(h) in keys or _names(h, column, table) for h in headers if h.strip()):
            result.add(column.name)
    if any(name_key(header) in column_names.GEOMETRIES for header in headers):
        result |= {column.name for column in table if column.name in LIMITS}
    required = [column.name for column in table if column.required]
    whole = bool(result) and result >= set(required)
    return len(result) + COMPLETE if whole else len(result)


def _names(header: str, column: Column, table: Sequence[Column]) -> bool:
    """Return whether a header is one of the further names of a column."""
    if column.name in _OWNED:
        return _OWNED[column.name](header) is not None
    return column_names.rank(header, column.name, centers=table is CENTERS) is not None


def _check_overrides(query: Headers) -> None:
    """Raise if an override names no column or no header, or one header is both coordinates.

    Raises
    ------
    InputError
        If so.
    """
    columns, overrides = [column.name for column in query.table], query.overrides
    for name, header in overrides.items():
        if name not in columns:
            near = difflib.get_close_matches(name, columns, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"Unknown column name {name!r}; choose from {', '.join(columns)}.{hint}"
            raise InputError(msg)
        if header not in query.names:
            near = difflib.get_close_matches(header, query.names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            msg = f"Column {header!r} not found. Columns in the file: {listed(query.names)}.{hint}"
            raise InputError(msg)
    both = overrides.get("latitude"), overrides.get("longitude")
    if both[0] is not None and both[0] == both[1]:
        msg = f"Latitude and longitude are both taken from {both[0]!r}; name a column for each."
        raise InputError(msg)


def _exact(query: Headers) -> dict[str, int]:
    """Return where columns are under their own names.

    Raises
    ------
    InputError
        If two headers could be meant.
    """
    matched: dict[str, int] = {}
    for column in query.table:
        if column.name in query.overrides:
            matched[column.name] = query.names.index(query.overrides[column.name])
            continue
        more_spellings = COUNTRY_BESIDE if column is COUNTRY else ()
        keys = [header_key(name) for name in (*column.spellings, *more_spellings)]
        at = [
            i
            for i, h in enumerate(query.names)
            if header_key(h) in keys and not _is_weak(h, column)
        ]
        if column.ranked:
            at = sorted(at, key=lambda i: keys.index(header_key(query.names[i])))[:1]
        if column is COUNTRY and (several := country_columns(query.names, at)):
            matched |= several
            continue
        if len(at) > 1:
            at = _decide(query, column, at)
        if at:
            matched[column.name] = at[0]
    return matched


def _is_weak(header: str, column: Column) -> bool:
    """Return whether a header may mean something else than a coordinate, as ``x`` and ``y`` do."""
    owned = _OWNED[column.name](header) if column.name in LIMITS else None
    return owned is not None and not owned.certain


def _decide(query: Headers, column: Column, at: Sequence[int]) -> list[int]:
    """Return the one of several headers that the cells allow; none if the column is not read.

    Raises
    ------
    InputError
        If they allow several.
    """
    if column.name in query.unread:
        return []
    fitting = [i for i in at if _fits(query, column, i)]
    fitting = [i for i in fitting if len(query.evidence.filled(i))] or fitting
    if len(fitting) == 1:
        return fitting
    names = " and ".join(dict.fromkeys(repr(query.names[i]) for i in at))
    same = len({query.names[i] for i in at}) < len(at)
    what = f"{names} appears {len(at)} times in the header, and" if same else f"Each of {names}"
    choice = "rename one of them" if same else query.option(_with_partner(query, column, at[0]))
    msg = f"{what} could be the column {column.name!r}. Choose one: {choice}{IN_PYTHON}."
    raise InputError(msg)


_OPTIONS: Final = re.compile(
    r"(?<![\w-])--(column|delimiter|decimal|encoding|sheet|layer|date-format)\b"
)
"""Options of the sites file that other files have under a name of their own."""


def options_of(table: Sequence[Column], text: str) -> str:
    """Return a text in which options of the sites file are those of another table.

    Examples
    --------
    >>> options_of(CENTERS, "this is not UTF-8 text; give its encoding with --encoding")
    'this is not UTF-8 text; give its encoding with --center-encoding'
    """
    return _OPTIONS.sub(lambda match: option(table, match[1]), text)


IN_PYTHON: Final = " (in Python: columns={...})"


def _with_partner(query: Headers, column: Column, at: int) -> dict[str, str]:
    """Return a header to take, with that of the other coordinate of the same owner."""
    chosen = {column.name: query.names[at]}
    owned = _OWNED[column.name](query.names[at]) if column.name in LIMITS else None
    for other in LIMITS if owned else ():
        partners = [
            h for h in query.names if (other_owned := _OWNED[other](h)) and other_owned == owned
        ]
        chosen |= {other: partners[0]} if partners and other != column.name else {}
    return chosen


def _fits(query: Headers, column: Column, at: int) -> bool:
    """Return whether cells can be those of a column; if nothing is known about them, they can."""
    if column.name in LIMITS:
        return query.evidence.can_be_degrees(at, LIMITS[column.name])
    if column.name == "country":
        return query.evidence.can_be_countries(at)
    if column.name in {"site_id", "center_id"} and query.evidence.rows.num_rows:
        return query.evidence.is_distinct(at)
    return True


def _coordinates(query: Headers, matched: Mapping[str, int]) -> dict[str, int]:
    """Return where the coordinates are that have not been found under their own names.

    Raises
    ------
    InputError
        If several headers could be meant.
    """
    columns = [c for c in query.table if c.name in LIMITS and c.name not in matched]
    result: dict[str, int] = {}
    for certain in (True, False):
        candidates = {c.name: _candidates(query, c, matched, certain=certain) for c in columns}
        for column in columns:
            if column.name in result:
                continue
            at = list(candidates[column.name])
            if len(at) > 1:
                at = _of_one_owner(candidates, column.name) or at
            if len(at) > 1:
                at = _decide(query, column, at)
            if at:
                result[column.name] = at[0]
    return result


def _candidates(
    query: Headers, column: Column, matched: Mapping[str, int], *, certain: bool
) -> dict[int, str]:
    """Return the headers that name a coordinate, with whose it is; weak ones by their cells."""
    owned_by = {
        i: _OWNED[column.name](h) for i, h in enumerate(query.names) if i not in matched.values()
    }
    fitting = {i: owned for i, owned in owned_by.items() if owned and owned.certain == certain}
    if certain:
        return {i: owned.owner for i, owned in fitting.items()}
    limit = LIMITS[column.name]
    if any(column_names.is_size(header) for header in query.names):
        fitting = {i: o for i, o in fitting.items() if not column_names.may_be_size(query.names[i])}
    return {
        i: owned.owner for i, owned in fitting.items() if query.evidence.can_be_degrees(i, limit)
    }


def _of_one_owner(candidates: Mapping[str, Mapping[int, str]], name: str) -> list[int]:
    """Return those candidates for a coordinate whose owner has both coordinates."""
    owners = [set(each.values()) for each in candidates.values()]
    both = set.intersection(*owners) if len(owners) > 1 else set()
    return [i for i, owner in candidates[name].items() if owner in both]


def _country(query: Headers, matched: Mapping[str, int]) -> dict[str, int]:
    """Return where the country is, and its name if there is a code, under one of their names.

    Raises
    ------
    InputError
        If several headers could be meant.
    """
    if COUNTRY not in query.table or "country" in matched:
        return {}
    owners = {
        i: owned
        for i, header in enumerate(query.names)
        if i not in matched.values() and header not in OURS
        for owned in [column_names.country(header)]
        if owned and (owned.certain or query.evidence.can_be_countries(i))
    }
    owner = _owner_of_coordinates(query, matched)
    owners = {i: o for i, o in owners.items() if o.owner == owner} or owners
    owners = {i: o for i, o in owners.items() if o.certain} or owners
    codes = [i for i, owned in owners.items() if owned.code]
    names = [i for i, owned in owners.items() if not owned.code]
    if len(codes) == len(names) == 1 and owners[codes[0]].owner == owners[names[0]].owner:
        return dict(zip(COUNTRY_STATED, [*codes, *names], strict=False))
    at = _decide(query, COUNTRY, list(owners)) if len(owners) > 1 else list(owners)
    return {"country": at[0]} if at else {}


def _owner_of_coordinates(query: Headers, matched: Mapping[str, int]) -> str:
    """Return whose coordinates are read; "" if the header does not say."""
    at = matched.get("latitude")
    owned = None if at is None else column_names.latitude(query.names[at])
    return owned.owner if owned else ""


def _further_name(query: Headers, column: Column, matched: Mapping[str, int]) -> dict[str, int]:
    """Return where a column is under one of its further names, the one that counts first."""
    ranks = {
        i: rank
        for i, header in enumerate(query.names)
        if i not in matched.values() and header not in OURS
        for rank in [column_names.rank(header, column.name, centers=query.of_centers)]
        if rank is not None
    }
    ordered = sorted(ranks, key=lambda i: ranks[i])
    if column.name in {"site_id", "center_id"} and len(ordered) > 1:
        ordered = [i for i in ordered if query.evidence.is_distinct(i)] or ordered
    return {column.name: ordered[0]} if ordered else {}


def missing_columns(query: Headers, matched: Mapping[str, int], missing: Sequence[str]) -> str:
    """Return the message that required columns are missing: all of them, and what to type."""
    free = [i for i in range(len(query.names)) if i not in matched.values()]
    if len(query.names) == 1 and (marks := [m for m in ",;\t|" if m in query.names[0]]):
        separated = f" The file looks separated by {marks[0]!r}. Use --delimiter {marks[0]!r}."
    else:
        separated = ""
    columns = {column.name: column for column in query.table}
    texts = [f"{n!r} (also accepted: {', '.join(columns[n].synonyms)} ...)" for n in missing]
    what = "Required column" if len(missing) == 1 else "Required columns"
    chosen = suggestions(query, missing, free)
    line = query.option({name: chosen.get(name, "HEADER") for name in missing})
    headers = " and ".join(repr(header) for header in chosen.values())
    line = line if query.table is PRODUCTS else f"{line}{IN_PYTHON}"
    use = f"To use {headers}: {line}" if len(chosen) == len(missing) else f"Use: {line}"
    return (
        f"{what} {' and '.join(texts)} not found. Columns in the file: {listed(query.names)}."
        f"{separated}{_reasons(query, missing, free)} {use}."
    )


def _reasons(query: Headers, missing: Sequence[str], free: Sequence[int]) -> str:
    """Return why columns that come to mind were not taken, and what else the file may be."""
    texts = []
    lost = [name for name in missing if name in LIMITS]
    metres = [
        query.names[i]
        for name in lost
        for i in free
        if _OWNED[name](query.names[i]) and query.evidence.is_out_of_range(i, LIMITS[name])
    ]
    if metres:
        texts.append(
            f"{' and '.join(map(repr, metres))} hold numbers out of the range of degrees, such as "
            f"metres of a projection; convert them to longitude and latitude."
        )
    numbers = [query.names[i] for i in free if lost and query.evidence.looks_like_degrees(i, 180)]
    if numbers and len(suggestions(query, lost, free)) < len(lost):
        texts.append(f"Cells that could be degrees are in {listed(numbers)}.")
    if len(lost) == len(LIMITS) and not numbers and has_addresses(query.names):
        texts.append(
            "The file has addresses without coordinates: get them with "
            "'coverage-analyzer geocode FILE -o OUTPUT' first."
        )
    shapes = [query.names[i] for i in free if name_key(query.names[i]) in column_names.GEOMETRIES]
    if shapes and len(lost) == len(LIMITS):
        texts.append(f"The cells of {listed(shapes)} are no points that can be read.")
    if "center_id" in missing and _has_site_id(query.names):
        texts.append("This looks like a file of sites: were sites and centers swapped?")
    return "".join(f" {text}" for text in texts)


def suggestions(query: Headers, missing: Sequence[str], free: Sequence[int]) -> dict[str, str]:
    """Return the header that may be meant for each missing column, if one stands out.

    Of coordinates only such whose cells are degrees; of ids only such whose cells tell rows apart.
    """
    chosen: dict[str, str] = {}
    columns = {column.name: column for column in query.table}
    for name in missing:
        fitting = [i for i in free if query.names[i].strip() and _may_be(query, name, i)]
        spellings = [name_key(n) for n in columns[name].spellings]
        if name == "center_id" and _has_site_id(query.names):
            continue  # the wrong file
        near = [i for i in fitting if _is_near(name_key(query.names[i]), spellings)]
        if len(near) == 1:
            chosen[name] = query.names[near[0]]
        elif name == "center_id" and len(fitting) == 1 and _stands_out(query):
            chosen[name] = query.names[fitting[0]]
    degrees = [i for i in free if query.evidence.looks_like_degrees(i, 180)]
    if {"latitude", "longitude"} <= set(missing) and len(degrees) == len(LIMITS):
        beyond = [i for i in degrees if not query.evidence.can_be_degrees(i, 90)]
        if len(beyond) == 1:
            (other,) = set(degrees) - set(beyond)
            chosen = {**chosen, "latitude": query.names[other], "longitude": query.names[beyond[0]]}
    return chosen


def _stands_out(query: Headers) -> bool:
    """Return whether cells are known, so that a column stands out by them."""
    return bool(query.evidence.rows.num_rows)


def _may_be(query: Headers, name: str, at: int) -> bool:
    """Return whether the cells of a column that nobody took can be those of a missing column."""
    evidence = query.evidence
    if not len(evidence.filled(at)):
        return True
    if name in LIMITS:
        return evidence.looks_like_degrees(at, LIMITS[name])
    if name in {"center_id", "site_id"}:
        return _may_be_id(query, at)
    return True


def _is_near(key: str, spellings: Sequence[str]) -> bool:
    return bool(difflib.get_close_matches(key, spellings, n=1, cutoff=NEAR))


def has_addresses(headers: Sequence[str]) -> bool:
    """Return whether headers name an address, whole or in two parts at least."""
    columns = find_columns(Headers(headers, ADDRESSES, unread=frozenset(c.name for c in ADDRESSES)))
    parts = {"street", "postcode", "city"} & set(columns)
    return "address" in columns or len(parts) > 1


def _has_site_id(headers: Sequence[str]) -> bool:
    own = {"siteid", "customerid", "accountid"}
    return any(name_key(h) in own or column_names.rank(h, "site_id") is not None for h in headers)


def notices(query: Headers, matched: Mapping[str, int]) -> list[str]:
    """Return a warning for each column that was not found though a header may be meant.

    Of an id and a name that nobody took, the columns that could be one are named.
    """
    free = [
        i
        for i, header in enumerate(query.names)
        if i not in matched.values() and header.strip() and header not in OURS
    ]
    texts = []
    for column in query.table:
        if column.name in matched or not (column.hint or column.name in {"site_id", "name"}):
            continue
        candidates = [query.names[i] for i in free if _is_hinted(query, column, i)]
        if not candidates:
            continue
        texts.append(
            f"No column used for {column.name!r}. To use {_alternatives(candidates)}: "
            f"{query.option({column.name: candidates[0]})}{IN_PYTHON}."
        )
    if query.of_centers:
        texts += _unused_of_centers(query, free)
    if is_of_sites(query.table) and _is_of_centers(query.names, matched):
        texts.append("The sites look like a file of centers: were sites and centers swapped?")
    return texts


def _unused_of_centers(query: Headers, free: Sequence[int]) -> list[str]:
    """Return a warning for columns of centers that may say when a center is open."""
    texts = []
    dated = [query.names[i] for i in free if query.evidence.holds_later_days(i)]
    hinted = [c for c in query.table if c.name in {"opens_on", "closes_on", "ordered_on"}]
    dated = [header for header in dated if not any(c.is_hinted(header) for c in hinted)]
    if dated:
        texts.append(
            f"{_alternatives(dated)} of the centers is not used, though it holds dates to come. If "
            f"centers open or close on them: {query.option({'opens_on': dated[0]})}{IN_PYTHON}."
        )
    states = [
        query.names[i]
        for i in free
        if column_names.is_status(query.names[i]) and query.evidence.differs(i)
    ]
    if states:
        texts.append(
            f"{_alternatives(states)} of the centers is not used: all centers count as open. "
            f"Remove the others from the file, or give dates (opens_on, closes_on)."
        )
    return texts


def _alternatives(headers: Sequence[str]) -> str:
    texts = [repr(header[:60]) for header in headers[:MAX_SHOWN]]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} or {texts[-1]}"


MAX_SHOWN: Final = 4


def _is_hinted(query: Headers, column: Column, at: int) -> bool:
    """Return whether a header that nobody took may be a column."""
    header = query.names[at]
    if column.name == "site_id":
        return query.evidence.rows.num_rows > 1 and _may_be_id(query, at)
    if column.name == "name":
        return column_names.says_name(header) and query.evidence.is_prose(at)
    if not column.is_hinted(header):
        return False
    return column.name != "country" or query.evidence.can_be_countries(at)


def _may_be_id(query: Headers, at: int) -> bool:
    """Return whether cells tell rows apart, and are no coordinates, amounts, days or prose."""
    evidence = query.evidence
    return evidence.is_distinct(at) and not (
        evidence.looks_like_degrees(at, 180)
        or evidence.looks_like_amounts(at)
        or evidence.holds_days(at)
        or evidence.is_prose(at)
    )


def _is_of_centers(headers: Sequence[str], matched: Mapping[str, int]) -> bool:
    """Return whether a table that was given as sites has the columns of centers alone."""
    keys = {header_key(header) for header in headers}
    is_report = {"level", "status"} <= keys
    return (
        not is_report and "site_id" not in matched and bool(keys & {"centerid", "servicecenterid"})
    )


def listed(headers: Sequence[str], most: int = 20) -> str:
    """Return headers as text, at most some of them."""
    names = ", ".join(repr(h[:60]) for h in headers[:most])
    return f"{names} and {len(headers) - most} more" if len(headers) > most else names


def check_repeated(headers: Sequence[str]) -> None:
    """Raise if two headers of a typed table are equal: it can only be read by names.

    Raises
    ------
    InputError
        Which names the first.
    """
    twice = [header for header, n in Counter(headers).items() if n > 1 and header.strip()]
    if twice:
        msg = f"The column {twice[0]!r} appears twice in the header; rename one of the two."
        raise InputError(msg)
