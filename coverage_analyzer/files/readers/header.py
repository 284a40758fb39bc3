"""The header of a delimited file: its line, its fields, and what parts them."""

import csv
import dataclasses
import itertools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple, NoReturn

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import records, streams
from coverage_analyzer.files.readers.header_row import (
    MAX_ROWS,
    HeaderTest,
    check_words,
    find,
    first_filled,
)

DELIMITERS: Final = (",", ";", "\t", "|")
"""Possible delimiters; the header decides."""

MAX_COLUMNS: Final = 16_384
"""Maximum number of columns, as many as a sheet of a workbook has."""

MARK_BYTES: Final = 1 << 20
"""Number of bytes of the first line in which delimiters are counted."""

_QUOTED: Final = re.compile(rb'"[^"]*+"?')


_SEP: Final = re.compile(rb'"?sep=([^"])"?', re.IGNORECASE)
"""The first line by which Excel is told the delimiter."""


@dataclass(frozen=True)
class Header:
    """The record that names the columns.

    Attributes
    ----------
    fields, delimiter
        What it holds, and what is between.
    size, lines
        How many bytes and lines it takes, with all before it.
    line
        On which line it begins.
    n_known
        How many known columns it names; 0 if it is only the first row that is not empty.
    n_rows
        Among how many rows it was looked for.
    """

    fields: list[str]
    delimiter: str
    size: int
    lines: int
    line: int = 1
    n_known: int = 0
    n_rows: int = 1


def read_header(
    text: streams.Text, path: Path, delimiter: str, n_known: HeaderTest, block_bytes: int
) -> tuple[Header, bytes]:
    """Return the header of a file, and all bytes read for it.

    Parameters
    ----------
    text
        The file from its beginning.
    path
        Its name in messages.
    delimiter
        What parts the fields; if empty, it is found: the one that a line ``sep=;`` declares, else
        the one by which the header names most known columns, and of several the one that parts it
        into most fields.
    n_known
        How many known columns some fields name.
    block_bytes
        Number of bytes per read.

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
        patient = bool(more) and len(data) < min(records.FIELD_BYTES, records.RECORD_BYTES)
        try:
            first = _best_header(lines, delimiter, n_known, patient=patient)
        except (csv.Error, UnicodeDecodeError) as error:
            if patient and records.UNFINISHED in str(error):
                continue
            msg = f"{path}, line 1: {_misread(data, text.encoding.name, error)}."
            raise InputError(msg) from error
        if first is None and more and len(data) < records.RECORD_BYTES:
            continue
        first = _checked(first, path, whole=not more)
        if not first.n_known:
            check_words(first.fields, n_known, str(path))
        size = len(data) - len(plain) + first.size
        return dataclasses.replace(first, size=size), data


def _check_marks(data: bytes, delimiter: str, path: Path) -> None:
    """Raise if a first line splits into far too many fields, which would take long to read.

    Text in quotes is ignored, and so is text after the first bytes: with names of usual length
    these already have as many.

    Raises
    ------
    InputError
        If so.
    """
    line = re.split(rb"[\r\n]", _QUOTED.sub(b"", data[:MARK_BYTES]), maxsplit=1)[0]
    marks = [line.count(mark.encode()) for mark in delimiter or DELIMITERS]
    if max(marks) >= MAX_COLUMNS:
        _refuse_columns(max(marks) + 1, path)


def _refuse_columns(count: int, path: Path) -> NoReturn:
    """Raise because of too many columns.

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
    """Return a header if it is valid; ``whole`` says that the file was read to its end.

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


def _best_header(
    lines: list[bytes], delimiter: str, n_known: HeaderTest, *, patient: bool
) -> Header | None:
    """Return the header among some lines, by the delimiter that serves it best.

    Raises
    ------
    csv.Error
        If the first row can be read by no delimiter; if more lines can be had (``patient``), also
        if it goes on behind these by any: which serves it best does not depend on how much is read
        at once.
    """
    headers, errors = [], []
    declared = _declared_delimiter(lines)
    for mark in delimiter or declared or DELIMITERS:
        try:
            rows = _first_rows(lines, mark, 1 if declared else 0, patient=patient)
            headers += _header(rows, mark, n_known)
        except csv.Error as error:
            if patient and records.UNFINISHED in str(error):
                raise
            errors.append(error)
    if errors and not headers:
        raise errors[0]
    best = max(headers, key=lambda header: (header.n_known, len(header.fields)), default=None)
    if best is None or (patient and not best.n_known and best.n_rows < MAX_ROWS):
        return None
    return dataclasses.replace(best, size=sum(map(len, lines[: best.lines])))


def _declared_delimiter(lines: list[bytes]) -> str:
    """Return the delimiter that a first line ``sep=;`` declares for Excel; nothing without one."""
    match = _SEP.fullmatch(lines[0].rstrip(b"\r\n")) if lines else None
    return match[1].decode() if match else ""


class _Row(NamedTuple):
    """A record: its fields, the line on which it begins and the last one, from 1."""

    fields: list[str]
    line: int
    stop: int
    error: csv.Error | None = None


def _first_rows(lines: list[bytes], mark: str, start: int, *, patient: bool) -> list[_Row]:
    """Return the first records, from a line on; a title with odd quotes is one of one field.

    Raises
    ------
    csv.Error
        If the first of them has quotes that do not end.
    UnicodeDecodeError
        If the first of them is not UTF-8.
    """
    rows: list[_Row] = []
    with records.long_fields():
        while start < len(lines) and len(rows) < MAX_ROWS:
            here = itertools.islice(lines, start, None)
            reader = csv.reader((line.decode() for line in here), delimiter=mark, strict=True)
            try:
                for fields in itertools.islice(reader, MAX_ROWS - len(rows)):
                    before = rows[-1].stop if rows else start
                    rows.append(_Row(fields, max(before, start) + 1, start + reader.line_num))
                break
            except csv.Error as error:
                unfinished = records.UNFINISHED in str(error)
                if unfinished and (patient or not rows):
                    if rows:
                        return rows
                    raise
                at = rows[-1].stop if rows and rows[-1].stop > start else start
                title = lines[at].decode(errors="replace")
                rows.append(_Row([title], at + 1, at + 1, error))
                start = at + 1
            except UnicodeDecodeError:
                if not rows:
                    raise
                return rows
    return rows


def _header(rows: list[_Row], mark: str, n_known: HeaderTest) -> list[Header]:
    """Return the header among rows, if there is one: that of known columns, else the first.

    Raises
    ------
    csv.Error
        If it would be a row with broken quotes.
    """
    fields = [[] if row.error else row.fields for row in rows]
    at = find(fields, n_known)
    known = 0 if at is None else n_known(fields[at])
    at = first_filled([row.fields for row in rows]) if at is None else at
    if at is None:
        return []
    row = rows[at]
    if row.error is not None:
        raise row.error
    return [Header(row.fields, mark, 0, row.stop, row.line, known, len(rows))]


def _misread(data: bytes, encoding: str, error: Exception) -> str:
    """Return the apparent type of a file that is not text."""
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
