"""The grammar of dates, for every format and table: ISO 8601, or one declared format.

A date may be followed by a time and a zone: the date as written is used, whatever the date
elsewhere at that moment. Anything else makes it invalid. Nothing is guessed.
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


_LETTER: Final = "[A-Za-z\u00c0-\u024f]"

MONTHS: Final = (
    "january jan januar jänner jän janvier janv enero ene gennaio gen janeiro januari",
    "february feb februar feber février févr fév febrero febbraio fevereiro fev februari",
    "march mar märz mär mrz mars marzo março maart mrt marts",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio mei maj",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug août agosto ago augustus augusti",
    "september sep sept septembre septiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez décembre déc diciembre dic dicembre dezembro",
)
"""Names of the months, in small letters, in English, German, French, Spanish, Italian, Portuguese,
Dutch and Scandinavian languages. No name is of two months."""


@functools.lru_cache(maxsize=64)
def pattern(form: str) -> re.Pattern[str]:
    r"""Return the pattern of a date format.

    Parameters
    ----------
    form
        ``%Y``, ``%m`` and ``%d``, each once, and whatever is between. A month or day may have
        one digit, unless nothing parts it from the next. Instead of ``%m``, ``%b`` is a month by
        its name in some language (`MONTHS`), in full or cut.

    Raises
    ------
    InputError
        If the format has another directive, or lacks one of the three.

    Examples
    --------
    >>> bool(pattern("%d.%m.%Y").fullmatch("1.12.2026"))
    True
    """
    directives = re.findall(r"%.?", form)
    if sorted(directives) not in (["%Y", "%d", "%m"], ["%Y", "%b", "%d"]):
        msg = (
            f"{form!r} is not a date format: use %Y, %m (or %b, a month's name) and %d once each, "
            f"such as %d.%m.%Y."
        )
        raise InputError(msg)
    tight = form == ISO or re.search(r"%[Ymd]%[Ymd]", form)
    two = "{2}" if tight else "{1,2}"
    parts = {"%Y": "(?P<year>[0-9]{4})", "%m": f"(?P<month>[0-9]{two})"}
    parts["%d"] = f"(?P<day>[0-9]{two})"
    parts["%b"] = rf"(?P<name>{_LETTER}{{3,}}\.?)"
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
    parts = match.groupdict()
    month = month_of(parts["name"]) if "name" in parts else int(parts["month"])
    try:
        return np.datetime64(datetime.date(int(parts["year"]), month, int(parts["day"])), "D")
    except ValueError:  # 2026-02-30
        return NO_DAY


def month_of(name: str) -> int:
    """Return the number of a month by its name; 0 if it is none.

    Examples
    --------
    >>> [month_of(name) for name in ("Dec", "Dezember", "déc.", "Foo")]
    [12, 12, 12, 0]
    """
    return _month_numbers().get(name.casefold().rstrip("."), 0)


@functools.cache
def _month_numbers() -> dict[str, int]:
    return {name: number for number, names in enumerate(MONTHS, 1) for name in names.split()}


def days(cells: pa.Array, form: str = ISO) -> tuple[Days, Bools]:
    """Parse the dates in cells; also return which are empty.

    Parameters
    ----------
    cells
        Text in a format, or Arrow dates or timestamps, whose local date is used.
    form
        See `pattern`.

    Returns
    -------
    values
        ``NaT`` where a cell has no date. Shape (n,).
    blank
        Where the cell is empty. Shape (n,).

    Raises
    ------
    InputError
        If timestamps have an unknown time zone.
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
        If the time zone is unknown.
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
        If it is invalid; a missing day (``NaT``) is also refused, so that it does not become today.
    """
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[D]")
    if isinstance(value, (np.datetime64, datetime.datetime)):  # pandas NaT is also a datetime
        value = str(value)[:10]
    if value is None or isinstance(value, datetime.date):
        return value
    parsed = day_of(value) if isinstance(value, str) else NO_DAY
    if np.isnat(parsed):
        msg = f"{value!r} is not a date. Write it like 2026-12-01."
        raise InputError(msg)
    return cast("datetime.date", parsed.item())
