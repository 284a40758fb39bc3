"""The column for ids of features: the ``id`` of GeoJSON, the ``fid`` of GeoPackage."""

from collections.abc import Sequence
from typing import Final

from coverage_analyzer.schema import columns

_IDS: Final = frozenset(
    columns.header_key(name)
    for table in (columns.SITES, columns.CENTERS, columns.REQUESTS)
    for column in table
    if column.name in {"site_id", "center_id", "request_id"}
    for name in (column.name, *column.synonyms)
)


def header(preferred: str, attributes: Sequence[str]) -> str:
    """Return a name for the ids of features that no attribute has.

    If an attribute is already an id, it takes precedence, and the other gets a different name.

    Examples
    --------
    >>> header("id", ["name"]), header("id", ["name", "Site-ID"]), header("fid", ["FID"])
    ('id', 'feature_id', 'feature_id')
    """
    taken = {name.casefold() for name in attributes}
    name = preferred
    if columns.header_key(name) in _IDS and any(columns.header_key(a) in _IDS for a in attributes):
        name = "feature_id"
    if name.casefold() in taken:
        name = "feature_id"
    while name.casefold() in taken:
        name = f"feature_{name}"
    return name
