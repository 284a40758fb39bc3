"""Read a letterhead from a TOML file, with its logo.

All problems of a file are one error, each with its key and line. The logo is embedded, after its
type and size are checked; nothing is fetched.
"""

import base64
import functools
import os
import stat
import struct
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import pydantic

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError
from coverage_analyzer.maps.letterhead import Letterhead, Particulars
from coverage_analyzer.settings.reading import Lines, What, message, problem

MAX_LOGO_BYTES: Final = 512 << 10
"""Maximum size of a logo; each letter contains it."""

MAX_LOGO_PIXELS: Final = 4_000
"""Maximum width and height of a logo."""

PNG: Final = b"\x89PNG\r\n\x1a\n"
JPEG: Final = b"\xff\xd8\xff"
PNG_HEADER: Final = 24
"""Bytes of a PNG file up to its width and height."""

_JPEG_SIZES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""Markers of a JPEG segment that states width and height."""


def read_letterhead(path: str | Path) -> Letterhead:
    """Read a letterhead from a TOML file, with its logo.

    Raises
    ------
    InputError
        One error that names every problem with its key and line; or the file cannot be read.
    """
    path = Path(path)
    try:
        data_bytes = _file(path, documents.MAX_TOML_BYTES)
        data = documents.load_toml(data_bytes)
    except InputError as error:
        msg = f"The letterhead {path} {error}."
        raise InputError(msg) from None
    return _validate(data, path, data_bytes.decode("utf-8-sig"))


def _validate(data: Mapping[str, Any], path: Path, text: str) -> Letterhead:
    """Return a letterhead that is valid, with its logo.

    Raises
    ------
    InputError
        One error that names every problem.
    """
    problems: list[tuple[str, What]] = []
    logo, letterhead = "", None
    try:
        letterhead = Letterhead.model_validate(data)
        problems += [
            (name, functools.partial(str, word)) for name, word in _dates(letterhead.letter)
        ]
    except pydantic.ValidationError as error:
        problems += [problem(each, Letterhead) for each in error.errors(include_url=False)]
    try:
        logo = _logo_of(data, path.parent)
    except InputError as error:
        problems.append(("sender.logo", functools.partial(str, error)))
    if problems or letterhead is None:
        raise InputError(message(path, problems, Lines(text)))
    return letterhead.with_logo(logo)


def _dates(letter: Particulars) -> Iterator[tuple[str, str]]:
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
    if data.startswith(PNG) and data[12:16] == b"IHDR" and len(data) > PNG_HEADER:
        kind, size = "png", struct.unpack(">II", data[16:PNG_HEADER])
    elif data.startswith(JPEG):
        kind, size = "jpeg", _jpeg_size(data)
    if not kind:
        what = "an SVG, which may contain scripts" if b"<svg" in data[:4096].lower() else "neither"
        saved = "Save it as PNG, about 600 pixels wide"
        msg = f"{name!r} is {what}; a logo is a PNG or JPEG file. {saved}"
        raise InputError(msg)
    if size is None or not all(0 < side <= MAX_LOGO_PIXELS for side in size):
        size_text = "of unknown size" if size is None else f"{size[0]:,} x {size[1]:,} pixels"
        msg = (
            f"{name!r} is {size_text}; a logo has at most {MAX_LOGO_PIXELS:,} x {MAX_LOGO_PIXELS:,}"
        )
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
