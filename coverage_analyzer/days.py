"""The one grammar of days: ISO 8601, or one form that is said. Nothing is guessed."""

import datetime
import functools
import re
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools
from coverage_analyzer.errors import InputError

Days: TypeAlias = npt.NDArray[np.datetime64]

ISO: Final = "%Y-%m-%d"
"""How a day is written, unless another form is said."""

NO_DAY: Final = np.datetime64("NaT", "D")

MIDNIGHT: Final = r"^\s*([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]00:00(?::00(?:\.0+)?)?(?:Z|\+00:00)?\s*$"
"""A day of ISO 8601 written as the time when it begins."""


@functools.lru_cache(maxsize=16)
def pattern(form: str) -> re.Pattern[str]:
    r"""Return what a day of some form looks like.

    Parameters
    ----------
    form
        ``%Y``, ``%m`` and ``%d``, each once, and whatever stands between. A month or day may have
        one digit, unless nothing parts it from the next.

    Raises
    ------
    InputError
        If the form has another directive, or not all three.

    Examples
    --------
    >>> bool(pattern("%d.%m.%Y").fullmatch("1.12.2026"))
    True
    """
    directives = re.findall(r"%.?", form)
    if sorted(directives) != ["%Y", "%d", "%m"]:
        msg = (
            f"{form!r} does not say how a day is written: give %Y, %m and %d, each once, such as "
            f"%d.%m.%Y."
        )
        raise InputError(msg)
    tight = form == ISO or re.search(r"%.%", form)
    two = "{2}" if tight else "{1,2}"
    parts = {"%Y": "(?P<year>[0-9]{4})", "%m": f"(?P<month>[0-9]{two})"}
    parts["%d"] = f"(?P<day>[0-9]{two})"
    text = "".join(parts.get(part) or re.escape(part) for part in re.split(r"(%.)", form))
    return re.compile(text)


def day_of(text: str, form: str = ISO) -> np.datetime64:
    """Return the day that a text is by a form; ``NaT`` if it is none."""
    found = pattern(form).fullmatch(text.strip())
    if found is None:
        return NO_DAY
    year, month, day = (int(found[part]) for part in ("year", "month", "day"))
    try:
        return np.datetime64(datetime.date(year, month, day), "D")
    except ValueError:  # 2026-02-30
        return NO_DAY


def days(cells: pa.Array, form: str = ISO) -> tuple[Days, Bools]:
    """Return the days that cells hold, and which are blank.

    Parameters
    ----------
    cells
        Text by a form, or days or times of Arrow, of which the day counts.
    form
        See `pattern`.

    Returns
    -------
    values
        ``NaT`` where a cell holds no day. Shape (n,).
    blank
        Where there is nothing in the cell. Shape (n,).
    """
    if pa.types.is_temporal(cells.type) and not pa.types.is_time(cells.type):
        blank = ~arrays.valid(cells)
        whole = cells.cast(pa.date32(), safe=False).cast(pa.int32())
        numbers = np.nan_to_num(arrays.numpy(whole)).astype(np.int64)
        return np.where(blank, NO_DAY, numbers.astype("datetime64[D]")), blank
    coded = cells.cast(pa.string()).dictionary_encode()
    texts = [re.sub(MIDNIGHT, r"\1", text or "") for text in coded.dictionary.to_pylist()]
    known = np.array([*(day_of(text, form) for text in texts), NO_DAY], "datetime64[D]")
    empty = np.array([*(not text.strip() for text in texts), True], np.bool_)
    at = np.nan_to_num(arrays.numpy(coded.indices), nan=len(texts)).astype(np.int64)
    return known.take(at), empty.take(at)
