"""The bytes of a text file as UTF-8: unpacked if packed, decoded if in another encoding.

A byte that is none in that encoding stays visible: it comes out as a sequence that is no UTF-8
either (an encoded half of a character, which holds the byte), so that it costs its row alone.
"""

import codecs
import gzip
import sys
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol, cast

from coverage_analyzer.errors import InputError
from coverage_analyzer.fingerprint import HashedFile

STANDARD_INPUT: Final = "-"

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
BOM: Final = codecs.BOM_UTF8
"""The byte order mark that some programs put before UTF-8."""

UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


class Stream(Protocol):
    """What can be read from, and closed."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, none at the end."""

    def close(self) -> None:
        """Let the file go."""


class Text(NamedTuple):
    """A text file.

    Its bytes as UTF-8; the file, whose bytes are hashed as they are read, packed as they are; and
    the encoding that it has, empty if that is UTF-8.
    """

    stream: Stream
    file: HashedFile
    encoding: str = ""


def utf8_text(path: Path, encoding: str = "") -> Text:
    """Open a text file, or standard input for ``-``.

    Parameters
    ----------
    path
        Plain, or packed with gzip or zstd (standard input: gzip), whatever its name says.
    encoding
        Of the text; by default UTF-8, or UTF-16 if it begins with the mark of that.

    Raises
    ------
    InputError
        If there is no such encoding.
    """
    try:
        "a".encode(encoding or "utf-8")  # refuses codecs that are of no text, such as base64
    except LookupError:
        msg = f"Unknown encoding {encoding!r}; choose from utf-8, utf-16, cp1252, latin-1 ..."
        raise InputError(msg) from None
    stream, file = _unpacked(path)
    try:
        first = stream.read(2)
    except BaseException:
        stream.close()
        raise
    whole = PushbackReader(first, stream)
    codec = encoding or ("utf-16" if first.startswith(UTF16) else "utf-8")
    if codecs.lookup(codec).name == "utf-8":
        return Text(whole, file)
    return Text(Transcoded(whole, codec), file, codec)


def is_standard_input(path: Path) -> bool:
    """Return whether a path stands for standard input."""
    return str(path) == STANDARD_INPUT


def _unpacked(path: Path) -> tuple[Stream, HashedFile]:
    """Open a file, and return what it holds, unpacked, and the file itself."""
    file = HashedFile(path, sys.stdin.buffer if is_standard_input(path) else None)
    magic = file.read(4)
    whole = PushbackReader(magic, file)
    if magic.startswith(GZIP):
        return Unpacked(gzip.GzipFile(fileobj=cast("BinaryIO", whole), mode="rb"), file), file
    if magic == ZSTD:
        import pyarrow as pa

        packed = pa.PythonFile(whole, mode="r")
        return Unpacked(pa.CompressedInputStream(packed, "zstd"), file), file
    return whole, file


class Unpacked:
    """What a packed file holds; both are closed together."""

    def __init__(self, stream: Stream, file: Stream) -> None:
        self._stream, self._file = stream, file

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        return self._stream.read(size)

    def close(self) -> None:
        """Let the file go."""
        self._stream.close()
        self._file.close()


class PushbackReader:
    """A stream with the bytes that have been read of it put back.

    Parameters
    ----------
    first
        Those bytes.
    stream
        What follows them.
    """

    closed = False
    """Whether `close` was called, which pyarrow asks."""

    def __init__(self, first: bytes, stream: Stream) -> None:
        self._first, self._stream = first, stream

    def read(self, size: int = -1, /) -> bytes:
        """Return at most so many bytes, none at the end."""
        first, self._first = self._first, b""
        if 0 <= size <= len(first):
            self._first = first[size:]
            return first[:size]  # to read nothing more would look like the end
        return first + self._stream.read(size - len(first) if size >= 0 else -1)

    def close(self) -> None:
        """Let the file go."""
        self.closed = True
        self._stream.close()


STATEFUL: Final = ("utf-7", "iso2022", "hz")
"""Beginnings of names of encodings in which one wrong byte changes what others behind it mean.

A file in one of them is refused if it has such a byte: rows behind it might read as other text.
"""

HALF: Final = 0xDC00
"""The first of the halves of characters that stand for bytes which could not be decoded."""


def _halves(error: UnicodeError) -> tuple[str, int]:
    """Return bytes that cannot be decoded as halves of characters, and where to go on.

    Raises
    ------
    UnicodeError
        If the fault is none of bytes.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    odd = error.object[error.start : error.end]
    return "".join(chr(HALF + byte) for byte in odd), error.end


codecs.register_error("coverage_analyzer.halves", _halves)


def undecoded(data: bytes) -> str:
    r"""Return text of a `Transcoded` stream, with the bytes that were none shown as ``\xfc``."""
    text = data.decode(errors="surrogatepass")
    odd = {HALF + byte: f"\\x{byte:02x}" for byte in range(256)}
    return text.translate(odd)


class Transcoded:
    """A stream of text in some encoding as UTF-8.

    Parameters
    ----------
    stream
        Its bytes.
    encoding
        A name that Python knows.
    """

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream = stream
        stateful = codecs.lookup(encoding).name.startswith(STATEFUL)
        errors = "strict" if stateful else "coverage_analyzer.halves"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)

    def read(self, size: int = -1, /) -> bytes:
        """Return about so many bytes, none at the end."""
        if not size:
            return b""
        while True:
            data = self._stream.read(size)
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text.encode(errors="surrogatepass")

    def close(self) -> None:
        """Let the file go."""
        self._stream.close()
