"""The first record of a delimited file: its fields, and what parts them."""

import csv
import dataclasses
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import records, streams

DELIMITERS: Final = (",", ";", "\t", "|")
"""What may stand between fields; the header tells which one does."""

MAX_COLUMNS: Final = 16_384
"""As many as a sheet of a workbook has; a header of more is no header."""

MARK_BYTES: Final = 1 << 20
"""In so many bytes of a first line its marks are counted."""

_QUOTED: Final = re.compile(rb'"[^"]*+"?')

HeaderTest = Callable[[Sequence[str]], bool]
"""Says whether fields are the headers that are looked for."""


@dataclass(frozen=True)
class Header:
    """The first record: its fields, what parts them, and how many bytes and lines it takes."""

    fields: list[str]
    delimiter: str
    size: int
    lines: int


def anything(_fields: Sequence[str]) -> bool:
    """Want any headers."""
    return True


def read_header(
    text: streams.Text, path: Path, delimiter: str, is_header: HeaderTest, block_bytes: int
) -> tuple[Header, bytes]:
    """Return the header of a file, and all that has been read for it.

    Parameters
    ----------
    text
        The file from its beginning.
    path
        How it is called.
    delimiter
        What parts the fields; if empty, it is found: the one by which the header is wanted, and
        of several (or none) the one that parts it into most.
    is_header
        Whether fields are the headers that are looked for.
    block_bytes
        How much is read at once.

    Raises
    ------
    InputError
        If there is none.
    """
    data = b""
    while True:
        more = text.stream.read(block_bytes)
        data += more
        plain = data.removeprefix(streams.BOM)
        _check_marks(plain, delimiter, path)
        lines = plain[: records.last_line_end(plain) if more else None].splitlines(keepends=True)
        patient = bool(more) and len(data) < records.FIELD_BYTES
        try:
            first = _first_record(lines, delimiter, is_header, patient=patient)
        except (csv.Error, UnicodeDecodeError) as error:
            if patient and records.UNFINISHED in str(error):
                continue
            msg = f"{path}, line 1: {_misread(data, text.encoding, error)}."
            raise InputError(msg) from error
        if first is None and more and len(data) < records.RECORD_BYTES:
            continue
        first = _checked(first, path, whole=not more)
        size = len(data) - len(plain) + first.size
        return dataclasses.replace(first, size=size), data


def _check_marks(data: bytes, delimiter: str, path: Path) -> None:
    """Raise if a first line parts into far too many fields: reading them would take long.

    What is in quotes does not count, nor what is behind the first bytes: names of ordinary length
    are so many in these already.

    Raises
    ------
    InputError
        If it does.
    """
    line = re.split(rb"[\r\n]", _QUOTED.sub(b"", data[:MARK_BYTES]), maxsplit=1)[0]
    marks = [line.count(mark.encode()) for mark in delimiter or DELIMITERS]
    if max(marks) >= MAX_COLUMNS:
        _refuse_columns(max(marks) + 1, path)


def _refuse_columns(count: int, path: Path) -> NoReturn:
    """Raise because of so many columns.

    Raises
    ------
    InputError
        Always.
    """
    msg = (
        f"{path}, line 1 has {count:,} columns; at most {MAX_COLUMNS:,} are allowed. Remove those "
        f"not needed."
    )
    raise InputError(msg)


def _checked(header: Header | None, path: Path, *, whole: bool) -> Header:
    """Return a header that can be one; ``whole`` says that the file has been read to its end.

    Raises
    ------
    InputError
        If it cannot.
    """
    if header is None and not whole:
        msg = f"{path}, line 1 is longer than {records.RECORD_BYTES >> 20} MiB: not a header."
        raise InputError(msg)
    if header is None or not any(h.strip() for h in header.fields):
        msg = f"{path} is empty in line 1: a header line and rows are required."
        raise InputError(msg)
    if len(header.fields) > MAX_COLUMNS:
        _refuse_columns(len(header.fields), path)
    return header


def _first_record(
    lines: list[bytes], delimiter: str, is_header: HeaderTest, *, patient: bool
) -> Header | None:
    """Return the first record of some lines, by the delimiter that serves it best.

    Raises
    ------
    csv.Error
        If it is one by no delimiter; if more lines can be had (``patient``), also if it goes on
        behind these by any: which serves it best does not depend on how much is read at once.
    """
    headers, errors = [], []
    with records.long_fields():
        for mark in delimiter or DELIMITERS:
            reader = csv.reader((line.decode() for line in lines), delimiter=mark, strict=True)
            try:
                fields = next(reader, None)
            except csv.Error as error:
                if patient and records.UNFINISHED in str(error):
                    raise
                errors.append(error)
                continue
            size = sum(map(len, lines[: reader.line_num]))
            headers += [Header(fields, mark, size, reader.line_num)] if fields is not None else []
    if errors and not headers:
        raise errors[0]
    several = len(headers) > 1
    return max(
        headers,
        key=lambda header: (several and is_header(header.fields), len(header.fields)),
        default=None,
    )


def _misread(data: bytes, encoding: str, error: Exception) -> str:
    """Return what a file seems to be that is no text, as far as it shows."""
    formats = {
        b"PK\x03\x04": "this is a workbook or a zip archive; rename it to .xlsx, or save it as CSV",
        b"\xd0\xcf\x11\xe0": "this is an old Excel workbook; save it as CSV",
        b"PAR1": "this is Parquet; rename it to .parquet",
    }
    for magic, what in formats.items():
        if data.startswith(magic):
            return what
    if isinstance(error, UnicodeDecodeError):
        name = encoding or "UTF-8"
        return f"this is not {name} text; give its encoding with --encoding, such as cp1252"
    return f"the header cannot be read: {error}"
