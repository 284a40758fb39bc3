"""Output names: the file kind that an extension implies, and free column names."""

from collections.abc import Callable, Container, Sequence
from pathlib import Path
from typing import Final, TypeVar

from coverage_analyzer.errors import InputError
from coverage_analyzer.schema.verdict import verdict_names

OTHER_KINDS: Final = frozenset(
    {
        *(".csv", ".tsv", ".gz", ".zst", ".zip", ".bz2", ".xz", ".7z", ".tar"),
        *(".xls", ".xlsx", ".xlsm", ".xlsb", ".ods", ".parquet", ".geoparquet", ".pq", ".feather"),
        *(".json", ".jsonl", ".ndjson", ".geojson", ".gpkg", ".shp", ".dbf", ".kml", ".kmz"),
        *(".gml", ".fgb", ".gpx", ".sqlite", ".sqlite3", ".db", ".duckdb"),
        *(".toml", ".yaml", ".yml", ".ini"),
        *(".html", ".htm", ".xhtml", ".xml", ".md", ".pdf", ".doc", ".docx", ".odt", ".rtf"),
        *(".ppt", ".pptx", ".eps", ".ps", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".tif", ".tiff"),
        *(".webp", ".bmp", ".pbf", ".osm", ".graphml", ".npz", ".py", ".sh", ".exe"),
    }
)
"""Extensions that imply a format."""

PAGE: Final = (".html", ".htm")
"""Extensions of an HTML page."""

PRINTABLE: Final = (".html", ".htm", ".pdf", ".png")
"""Extensions of a page, or of what a browser makes of it."""

Kind = TypeVar("Kind", bound=str)


def kind_of(
    path: str | Path, allowed: Sequence[Kind], *, what: str, default: Kind | None = None
) -> Kind:
    """Return the kind of an output file by its extension.

    Parameters
    ----------
    path
        Name of the output.
    allowed
        Extensions with their dot, such as ``.csv.gz``; the longest match applies.
    what
        Beginning of the sentence in the error: "The letter is".
    default
        The kind of a file whose extension is missing or unknown. If None, the extension must be one
        of ``allowed``.

    Raises
    ------
    InputError
        If the name has the extension of another kind of file.

    Examples
    --------
    >>> kind_of("a.CSV.gz", [".csv", ".csv.gz"], what="The sites are")
    '.csv.gz'
    >>> kind_of("letter.2026", [".html"], what="The letter is", default=".html")
    '.html'
    >>> kind_of("letter.pdf", [".html"], what="The letter is", default=".html")
    Traceback (most recent call last):
    ...
    coverage_analyzer.errors.InputError: 'letter.pdf' has an unsupported extension. The letter is \
written as .html: choose a name that ends with it.
    """
    path = Path(path)
    name = path.name.lower()
    for kind in sorted(allowed, key=len, reverse=True):
        if name.endswith(kind):
            return kind
    if default is not None and path.suffix.lower() not in OTHER_KINDS:
        return default
    *others, last = allowed
    endings = f"{', '.join(others)} or {last}" if others else last
    ending = "one of them" if others else "it"
    msg = (
        f"{path.name!r} has an unsupported extension. {what} written as {endings}: choose a name "
        f"that ends with {ending}."
    )
    raise InputError(msg)


def free_names(
    headers: Sequence[str], reserved: Container[str], key: Callable[[str], str] = str
) -> dict[str, str]:
    """Return new names for headers that collide with reserved columns.

    Parameters
    ----------
    headers
        Headers of all columns of an input.
    reserved
        Keys of reserved names.
    key
        Key under which names are equal, such as `str.lower` to ignore case.

    Returns
    -------
    names
        By header: ``input_`` and the header, repeated until the name is free.

    Examples
    --------
    >>> free_names(["id", "level", "input_level"], {"level"})
    {'level': 'input_input_level'}
    """
    used, names = {key(header) for header in headers}, {}
    for header in headers:
        if key(header) in reserved:
            name = f"input_{header}"
            while key(name) in used:  # a report of a report
                name = f"input_{name}"
            names[header] = name
    return names


def renamed(headers: Sequence[str], unit: str = "miles") -> dict[str, str]:
    """Return new names for input columns that collide with verdict columns.

    Parameters
    ----------
    headers
        Of the input.
    unit
        The unit of the policy's distances.
    """
    return free_names(headers, verdict_names(unit))
