"""File names for libraries that accept only UTF-8, such as GDAL, Arrow and osmium.

On many systems a name is any byte sequence: Python represents bytes that are not UTF-8 as lone
surrogates. Messages show them as escapes (`errors.visible`), and JSON has escapes of its own.
"""

import functools
import itertools
import tempfile
from pathlib import Path

_numbers = itertools.count()


def is_utf8(text: str) -> bool:
    r"""Return whether a name is UTF-8.

    Examples
    --------
    >>> is_utf8("café.csv"), is_utf8("caf\udce9.csv")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def utf8_name(path: Path) -> str:
    """Return a UTF-8 name of an existing or new file: its own, or that of a link.

    Links are created in a private folder that is removed with the process. Files with the same
    stem, such as the parts of a shapefile, are linked next to it.

    Raises
    ------
    OSError
        If a link cannot be created.
    """
    name = str(path)
    if is_utf8(name):
        return name
    folder = Path(_links().name) / str(next(_numbers))
    folder.mkdir()
    path = path.absolute()
    if is_utf8(path.name):
        (folder / "folder").symlink_to(path.parent, target_is_directory=True)
        return str(folder / "folder" / path.name)
    for other in path.parent.iterdir():
        if other.stem == path.stem and is_utf8(other.suffix):
            (folder / f"file{other.suffix}").symlink_to(other)
    return str(folder / f"file{path.suffix}")


@functools.cache
def _links() -> "tempfile.TemporaryDirectory[str]":
    return tempfile.TemporaryDirectory(prefix="coverage-analyzer-")
