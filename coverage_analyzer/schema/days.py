"""The grammar of dates, for every format and table: ISO 8601, or one declared format.

A day may be followed by a time and a zone: then it is the local day that is stated, whatever day it
is elsewhere at that moment. What is not a time or a zone makes it invalid. Nothing is guessed.
"""

import datetime
import functools
import re
from typing import Any, Final, TypeAlias, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools
from coverage_analyzer.errors import InputError

Days: TypeAlias = npt.NDArray[np.datetime64]

ISO: Final = "%Y-%m-%d"
"""Default date format."""

LONGEST_DAY: Final = 10
"""Number of characters of ``2026-12-01``."""

NO_DAY: Final = np.datetime64("NaT", "D")

TIME: Final = re.compile(
    r"(?:[Tt]|\s+)"
    r"(?:(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d{1,9})?)?"
    r"|(?:0?[1-9]|1[0-2])(?::[0-5]\d){1,2}\s?[AaPp][Mm])"
    r"(?:\s?(?:[Zz]|UTC|GMT|\+(?:0\d|1[0-3])(?::?[0-5]\d)?|\+14(?::?00)?"
    r"|-(?:0\d|1[01])(?::?[0-5]\d)?|-12(?::?00)?))?",
    re.ASCII,
)
"""What may follow a date: a 24- or 12-hour time, and a UTC offset from -12 to +14."""


@functools.lru_cache(maxsize=16)
def pattern(form: str) -> re.Pattern[str]:
    r"""Return the pattern of a date format.

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
        msg = f"{form!r} is not a date format: use %Y, %m and %d once each, such as %d.%m.%Y."
        raise InputError(msg)
    tight = form == ISO or re.search(r"%.%", form)
    two = "{2}" if tight else "{1,2}"
    parts = {"%Y": "(?P<year>[0-9]{4})", "%m": f"(?P<month>[0-9]{two})"}
    parts["%d"] = f"(?P<day>[0-9]{two})"
    text = "".join(parts.get(part) or re.escape(part) for part in re.split(r"(%.)", form))
    return re.compile(text)


def day_of(text: str, form: str = ISO) -> np.datetime64:
    """Parse a date, alone or with a time, by a format; ``NaT`` if invalid.

    Examples
    --------
    >>> [str(day_of(t)) for t in ("2026-12-01", "2026-12-01T00:00+01:00", "2026-12-01T25:61")]
    ['2026-12-01', '2026-12-01', 'NaT']
    """
    bare = text.strip()
    match = pattern(form).match(bare)
    if match is None or (match.end() < len(bare) and not TIME.fullmatch(bare, match.end())):
        return NO_DAY
    year, month, day = (int(match[part]) for part in ("year", "month", "day"))
    try:
        return np.datetime64(datetime.date(year, month, day), "D")
    except ValueError:  # 2026-02-30
        return NO_DAY


def days(cells: pa.Array, form: str = ISO) -> tuple[Days, Bools]:
    """Parse the dates in cells; also return which are empty.

    Parameters
    ----------
    cells
        Text by a form, or days or timestamps of Arrow, of which the local day counts.
    form
        See `pattern`.

    Returns
    -------
    values
        ``NaT`` where a cell holds no day. Shape (n,).
    blank
        Where there is nothing in the cell. Shape (n,).

    Raises
    ------
    InputError
        If timestamps have a time zone that is not known.
    """
    if pa.types.is_temporal(cells.type) and not pa.types.is_time(cells.type):
        blank = ~arrays.is_valid(cells)
        whole = local_days(cells).cast(pa.int32())
        numbers = np.nan_to_num(arrays.as_numpy(whole)).astype(np.int64)
        return np.where(blank, NO_DAY, numbers.astype("datetime64[D]")), blank
    coded = _without_times(cells.cast(pa.string()), form).dictionary_encode()
    texts = [text or "" for text in coded.dictionary.to_pylist()]
    values = np.array([*(day_of(text, form) for text in texts), NO_DAY], "datetime64[D]")
    empty = np.array([*(not text.strip() for text in texts), True], np.bool_)
    at = np.nan_to_num(arrays.as_numpy(coded.indices), nan=len(texts)).astype(np.int64)
    return values.take(at), empty.take(at)


def _without_times(texts: pa.Array, form: str) -> pa.Array:
    """Return texts without the time after the date: a million times have few distinct dates."""
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest <= LONGEST_DAY:
        return texts
    timed = f"^\\s*({pattern(form).pattern}){TIME.pattern}\\s*$"
    return pc.replace_substring_regex(texts, timed, r"\1")


def local_days(cells: pa.Array) -> pa.Array:
    """Return dates or timestamps as ``date32``: the local day in the time zone of the column.

    Raises
    ------
    InputError
        If the time zone is not known.
    """
    if pa.types.is_timestamp(cells.type) and cells.type.tz:
        try:
            cells = pc.local_timestamp(cells)
        except pa.ArrowException as error:
            msg = f"A date column has the unknown time zone {cells.type.tz!r}."
            raise InputError(msg) from error
    return cells.cast(pa.date32(), safe=False)


def today() -> datetime.date:
    """Return today in UTC, the default day of an assessment."""
    return datetime.datetime.now(datetime.UTC).date()


def day(value: Any) -> datetime.date | None:
    """Convert ISO 8601 text, date, datetime, timestamp or ``datetime64`` to a day.

    Raises
    ------
    InputError
        If it is none; a missing day (``NaT``) is refused, too: it must not become today.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]")
    if isinstance(value, (np.datetime64, datetime.datetime)):  # NaT of pandas is a datetime, too
        value = str(value)[:10]
    if value is None or isinstance(value, datetime.date):
        return value
    parsed = day_of(value) if isinstance(value, str) else NO_DAY
    if np.isnat(parsed):
        msg = f"{value!r} is not a date. Write it like 2026-12-01."
        raise InputError(msg)
    return cast("datetime.date", parsed.item())
