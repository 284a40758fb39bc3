"""The sender of letters, their addressee, dates and logo: read from a TOML file.

All problems of a file are one error, each with its key and line. A logo is embedded, after its type
and size are checked; nothing is fetched.
"""

import base64
import datetime
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Self

import pydantic
from pydantic import BeforeValidator, Field

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError
from coverage_analyzer.schema.days import day
from coverage_analyzer.settings.reading import Lines, message, problem

MAX_LOGO_BYTES: Final = 512 << 10
"""Maximum size of a logo; each letter contains it."""

MAX_LOGO_PIXELS: Final = 4_000
"""Maximum width and height of a logo."""

MAX_LINES: Final = 6
"""Maximum number of lines of an address."""

MAX_VALID_DAYS: Final = 3_660

PLACEHOLDER: Final = "{site_id}"
"""Text of a reference that is replaced by the id of the site."""

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
_JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG segment that states width and height."""


def _date(value: object) -> object:
    """Return a date that is written as text, too.

    Raises
    ------
    ValueError
        If the text is not a date.
    """
    return day(value) if isinstance(value, str) else value


Line = Annotated[str, Field(min_length=1, max_length=80)]
Lines_ = Annotated[list[Line], Field(min_length=1, max_length=MAX_LINES)]
Paragraph = Annotated[str, Field(min_length=1, max_length=300)]
Date = Annotated[datetime.date, BeforeValidator(_date)]


class _Part(pydantic.BaseModel):
    """A table of a letterhead: frozen, closed, and strict about types."""

    model_config = pydantic.ConfigDict(frozen=True, extra="forbid", strict=True)


class Sender(_Part):
    """``[sender]``: who sends the letter.

    Attributes
    ----------
    name
        Name of the company.
    address
        Lines of its address.
    phone, email, website
        How to reach it.
    logo
        Path of a PNG or JPEG file, relative to the letterhead.
    """

    name: Line
    address: Lines_ = Field(default_factory=list)
    phone: Line | None = None
    email: Line | None = None
    website: Line | None = None
    logo: Annotated[str, Field(min_length=1)] | None = None


class Contact(_Part):
    """``[contact]``: the person to ask.

    Attributes
    ----------
    name, role, phone, email
        Of the person.
    """

    name: Line
    role: Line | None = None
    phone: Line | None = None
    email: Line | None = None


class Addressee(_Part):
    """``[addressee]``: who gets the letter; by default the site, by its name and address.

    Attributes
    ----------
    name, attention
        Of the company and of the person.
    address
        Lines of the address.
    """

    name: Line
    attention: Line | None = None
    address: Lines_ = Field(default_factory=list)


class Particulars(_Part):
    """``[letter]``: reference, dates and own words.

    Attributes
    ----------
    reference
        The sender's reference; ``{site_id}`` in it is replaced by the id of the site.
    issued_on
        Date of issue, by default the day of the assessment.
    valid_until, valid_days
        Last day on which the letter is valid, or its number of days from the date of issue. The
        letter prints an earlier day if the promise ends earlier.
    greeting, introduction
        Texts above the promise.
    note
        Text below the conditions, such as a disclaimer.
    closing, signatory
        Texts at the end.
    """

    reference: Line | None = None
    issued_on: Date | None = None
    valid_until: Date | None = None
    valid_days: Annotated[int, Field(ge=1, le=MAX_VALID_DAYS)] | None = None
    greeting: Line | None = None
    introduction: Paragraph | None = None
    note: Paragraph | None = None
    closing: Line | None = None
    signatory: Line | None = None


class Letterhead(_Part):
    """What a letter says of its sender, addressee and dates.

    Attributes
    ----------
    sender, contact, addressee
        The parties.
    letter
        Reference, dates, own words.
    """

    sender: Sender | None = None
    contact: Contact | None = None
    addressee: Addressee | None = None
    letter: Particulars = Particulars()
    _logo: str = pydantic.PrivateAttr(default="")

    @property
    def logo(self) -> str:
        """The logo as a data URI; empty if there is none."""
        return self._logo

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a letterhead from a TOML file, with its logo.

        Raises
        ------
        InputError
            One error that names every problem with its key and line; or the file cannot be read.
        """
        path = Path(path)
        try:
            text = _file(path, documents.MAX_TOML_BYTES).decode("utf-8-sig")
            data = documents.load_toml(text.encode())
        except UnicodeDecodeError:
            msg = f"The letterhead {path} is not UTF-8 text. Save it as UTF-8."
            raise InputError(msg) from None
        except InputError as error:
            msg = f"The letterhead {path} {error}."
            raise InputError(msg) from None
        return cls._checked(data, path, text)

    @classmethod
    def _checked(cls, data: Mapping[str, Any], path: Path, text: str) -> Self:
        """Return a letterhead that is valid, with its logo.

        Raises
        ------
        InputError
            One error that names every problem.
        """
        problems, made = [], None
        try:
            made = cls.model_validate(data)
        except pydantic.ValidationError as error:
            problems += [problem(each, cls) for each in error.errors(include_url=False)]
        logo = ""
        try:
            logo = _logo_of(data, path.parent)
        except InputError as error:
            said = str(error)
            problems.append(("sender.logo", lambda: said))
        for name, said in () if made is None else _contradictions(made.letter):
            problems.append((name, lambda said=said: said))  # type: ignore[misc]
        if problems or made is None:
            raise InputError(message(path, problems, Lines(text)))
        made._logo = logo  # noqa: SLF001 - its own
        return made


def _contradictions(letter: Particulars) -> Iterator[tuple[str, str]]:
    """Yield what is wrong between two keys."""
    if letter.valid_until and letter.valid_days:
        yield "letter.valid_days", "set either valid_until or valid_days, not both"
    first, last = letter.issued_on, letter.valid_until
    if first and last and last < first:
        yield "letter.valid_until", f"{last} is before the date of issue, {first}"


def _file(path: Path, max_bytes: int) -> bytes:
    """Return the bytes of a plain file of limited size.

    Raises
    ------
    InputError
        If it is missing, not a plain file, too large, or cannot be read. The text lacks the
        subject.
    """
    try:
        number = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        with open(number, "rb") as file:  # noqa: PTH123 - a descriptor
            is_plain = stat.S_ISREG(os.fstat(number).st_mode)
            data = file.read(max_bytes + 1) if is_plain else b""
    except (OSError, ValueError) as error:
        msg = f"cannot be read: {getattr(error, 'strerror', None) or error}"
        raise InputError(msg) from None
    if not is_plain:
        msg = "is not a plain file"
        raise InputError(msg)
    if len(data) > max_bytes:
        msg = f"is larger than {max_bytes:,} bytes"
        raise InputError(msg)
    return data


def _logo_of(data: Mapping[str, Any], folder: Path) -> str:
    """Return the logo that a letterhead names, as a data URI; empty if it names none.

    Raises
    ------
    InputError
        If it cannot be embedded.
    """
    sender = data.get("sender")
    name = sender.get("logo") if isinstance(sender, dict) else None
    if not isinstance(name, str) or not name:
        return ""
    if "://" in name or name.startswith(("data:", "//")):
        msg = f"{name!r} is an address. Logos are not fetched: save the file and give its path"
        raise InputError(msg)
    try:
        data_bytes = _file(folder / name, MAX_LOGO_BYTES)
    except InputError as error:
        msg = f"{name!r} {error}"
        raise InputError(msg) from None
    kind = _image_kind(data_bytes, name)
    return f"data:image/{kind};base64,{base64.b64encode(data_bytes).decode()}"


def _image_kind(data: bytes, name: str) -> str:
    """Return the kind of a logo, by its content.

    Raises
    ------
    InputError
        If it is neither PNG nor JPEG, or has too many pixels.
    """
    size: tuple[int, int] | None = None
    kind = ""
    if data.startswith(PNG) and data[12:16] == b"IHDR" and len(data) > 24:
        kind, size = "png", struct.unpack(">II", data[16:24])
    elif data.startswith(JPEG):
        kind, size = "jpeg", _jpeg_size(data)
    if not kind:
        what = "an SVG, which may contain scripts" if b"<svg" in data[:4096].lower() else "neither"
        saved = "Save it as PNG, about 600 pixels wide"
        msg = f"{name!r} is {what}; a logo is a PNG or JPEG file. {saved}"
        raise InputError(msg)
    if size is None or not all(0 < side <= MAX_LOGO_PIXELS for side in size):
        shown = "of unknown size" if size is None else f"{size[0]:,} x {size[1]:,} pixels"
        msg = f"{name!r} is {shown}; a logo has at most {MAX_LOGO_PIXELS:,} x {MAX_LOGO_PIXELS:,}"
        raise InputError(msg)
    return kind


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Return width and height of a JPEG file, from its first frame; None if it has none."""
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], int.from_bytes(data[at + 2 : at + 4], "big")
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        if length < 2:
            return None
        at += 2 + length
    return None
