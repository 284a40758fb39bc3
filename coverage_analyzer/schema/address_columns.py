"""Which headers of a table are the parts of an address.

The only place that decides it for tables whose rows are not addresses themselves: sites in a
letter, the registered and the requested address of a replacement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema import column_names
from coverage_analyzer.schema.column_matching import Headers, find_columns
from coverage_analyzer.schema.columns import ADDRESSES, FOR_AREAS, header_key

PLACED: Final = ("address", "street", "postcode", "city")
"""A table has addresses if it has one of these columns."""

NOT_PARTS: Final = frozenset({"address", "country", *FOR_AREAS})
"""Columns of addresses that a table of sites or requests has by itself."""

PURPOSES: Final = frozenset(
    ("billing", "bill", "mailing", "shipping", "ship", "other", "invoice", "delivery", "postal")
)
"""Words in the header of a part of an address that say which of several addresses it is of."""


@dataclass(frozen=True)
class AddressColumns:
    """The positions of the parts of an address among headers.

    Attributes
    ----------
    parts
        By the names of `schema.columns.ADDRESSES`; without ``country``.
    extra
        Further lines: a building, a second line of the street. In the order of the headers.
    """

    parts: Mapping[str, int]
    extra: tuple[int, ...] = ()

    def __bool__(self) -> bool:
        """Return whether the table has addresses."""
        return any(name in self.parts for name in PLACED)


def address_columns(headers: Sequence[str], matched: Mapping[str, int]) -> AddressColumns:
    """Return which headers are parts of an address.

    Of several addresses it is the one whose coordinates are read: of ``BillingLatitude`` it is
    ``BillingStreet``.

    Parameters
    ----------
    headers
        As in the file.
    matched
        Positions of the columns that are known already, which are not parts.

    Examples
    --------
    >>> columns = address_columns(["Kunde", "Straße", "PLZ", "Ort", "lat"], {"latitude": 4})
    >>> columns.parts
    {'street': 1, 'postcode': 2, 'city': 3}
    """
    used = {at for name, at in matched.items() if name not in NOT_PARTS}
    free = [i for i, header in enumerate(headers) if i not in used and header.strip()]
    own = _purposes(headers[matched["latitude"]]) if "latitude" in matched else frozenset()
    same = [i for i in free if own and own & _purposes(headers[i])]
    neutral = [i for i in free if not _purposes(headers[i])]
    parts: dict[str, int] = {}
    for group in (same, neutral, free) if not own else (same, neutral):
        columns_found = _by_evidence(headers, [i for i in group if i not in parts.values()])
        parts = {**columns_found, **parts}
    if "address" in matched:
        parts["address"] = matched["address"]
    order = [column.name for column in ADDRESSES if column.name != "country"]
    extra = [
        i for i in free if i not in parts.values() and column_names.is_address_line(headers[i])
    ]
    chosen = [i for i in extra if not _purposes(headers[i]) or own & _purposes(headers[i])]
    return AddressColumns({name: parts[name] for name in order if name in parts}, tuple(chosen))


def _purposes(header: str) -> frozenset[str]:
    return PURPOSES & set(column_names.words(header))


def _by_evidence(headers: Sequence[str], at: Sequence[int]) -> dict[str, int]:
    """Return the parts among some headers; of several for a part the first of its names."""
    unread = frozenset(column.name for column in ADDRESSES)
    names = [headers[i] for i in at]
    own = {header_key(name): name for name in reversed(names)}
    exact: dict[str, str] = {}
    for column in ADDRESSES:
        keys = [key for key in map(header_key, column.spellings) if key in own]
        exact |= {column.name: own[keys[0]]} if keys else {}
    try:
        columns = find_columns(Headers(names, ADDRESSES, exact, unread=unread))
    except InputError:  # two headers of the same name: nothing is read of such a table
        return {}
    return {name: at[i] for name, i in columns.items() if name in unread - {"country"}}
