"""A text file as UTF-8 bytes: decompressed, and decoded from other encodings.

An undecodable byte remains recognisable: it becomes a sequence that is not UTF-8 either (an encoded
surrogate that contains the byte), so that only its row is rejected.
"""

import codecs
import gzip
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple, Protocol, cast

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers import guessing
from coverage_analyzer.files.readers.zipped import ZipMember
from coverage_analyzer.fingerprint import HashedFile

STANDARD_INPUT: Final = "-"

GZIP: Final = b"\x1f\x8b"
ZSTD: Final = b"\x28\xb5\x2f\xfd"
BOM: Final = codecs.BOM_UTF8
"""The byte order mark that some programs put before UTF-8."""

UTF16: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

GUESSED: Final = ", guessed"
"""Follows the name of an encoding that was guessed."""

FIRST_BYTES: Final = 1 << 10
"""So many bytes tell whether a file is text of one byte a character, or of two, or none at all."""

AHEAD_BYTES: Final = 1 << 20
"""So far from its first character that is not ASCII a text is read before its encoding is found."""

LINE_BYTES: Final = 4 << 10
"""So much of a line is kept that stands before its first character that is not ASCII."""

_ASCII: Final = bytes(range(0x80))


class Stream(Protocol):
    """A readable, closable stream."""

    def read(self, size: int = -1, /) -> bytes:
        """Return at most the given number of bytes; none at the end."""

    def close(self) -> None:
        """Close the stream."""


@dataclass
class Encoding:
    """The encoding of a text, which may be found only as it is read.

    Attributes
    ----------
    name
        Python's codec; empty for UTF-8, also as long as only ASCII has been read.
    guessed
        Whether it was guessed.
    """

    name: str = ""
    guessed: bool = False

    def __str__(self) -> str:
        """Return what is told about it, such as ``cp1252, guessed``."""
        return f"{self.name or 'utf-8'}{GUESSED if self.guessed else ''}"


class Text(NamedTuple):
    """A text file.

    Its bytes as UTF-8; the file, whose bytes are hashed as they are read, packed as they are; and
    the encoding that it has, as far as is known.
    """

    stream: Stream
    file: HashedFile
    encoding: Encoding


def utf8_text(path: Path, encoding: str = "", member: str = "") -> Text:
    """Open a text file, or standard input for ``-``.

    Parameters
    ----------
    path
        Plain, or compressed with gzip or zstd (standard input: gzip), whatever its name.
    encoding
        Of the text; by default the one whose mark it begins with, else UTF-8 or a guess
        (`guessing`).
    member
        Of a zip archive, which of its files.

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
    stream, file = _member(path, member) if member else _unpacked(path)
    try:
        first = _at_least(stream, FIRST_BYTES)
    except BaseException:
        stream.close()
        raise
    whole = PushbackReader(first, stream)
    known = Encoding(encoding or _by_mark(first))
    if not known.name and (found_name := guessing.utf16_without_mark(first)):
        known = Encoding(found_name, guessed=True)
    if not known.name and not guessing.is_binary(first):
        return Text(GuessedText(whole, known), file, known)
    if not known.name or codecs.lookup(known.name).name == "utf-8":
        known.name = ""
        return Text(whole, file, known)
    return Text(Transcoded(whole, known.name), file, known)


def _by_mark(first: bytes) -> str:
    """Return the encoding whose mark a text begins with; empty if it is UTF-8, or there is none."""
    marks = {codecs.BOM_UTF32_LE: "utf-32", codecs.BOM_UTF32_BE: "utf-32"}
    marks |= dict.fromkeys(UTF16, "utf-16") | {BOM: "utf-8"}
    return next((codec for mark, codec in marks.items() if first.startswith(mark)), "")


def _at_least(stream: Stream, size: int) -> bytes:
    """Return at least so many bytes of a stream, less only at its end."""
    data = b""
    while len(data) < size and (more := stream.read(size - len(data))):
        data += more
    return data


class GuessedText:
    """A stream of text as UTF-8 whose encoding is found at the first bytes that are not ASCII.

    Parameters
    ----------
    stream
        Its bytes.
    encoding
        Becomes the one that is found.
    """

    def __init__(self, stream: Stream, encoding: Encoding) -> None:
        self._stream: Stream = stream
        self._encoding, self._line, self._found = encoding, b"", False

    def read(self, size: int = -1, /) -> bytes:
        """Return about the given number of bytes; none at the end."""
        data = self._stream.read(size)
        if self._found or data.isascii():
            self._line = b"" if self._found else data[data.rfind(b"\n") + 1 :][-LINE_BYTES:]
            return data
        start = len(data) - len(data.lstrip(_ASCII))
        ahead, at_end = data[start:], False
        while len(ahead) < AHEAD_BYTES and guessing.n_sequences(ahead) < guessing.SEQUENCES:
            if not (more := self._stream.read(AHEAD_BYTES - len(ahead))):
                at_end = True
                break
            ahead += more
        line = (self._line + data[:start])[-LINE_BYTES:]
        self._decide(line[line.rfind(b"\n") + 1 :] + ahead, at_end=at_end)
        self._stream = PushbackReader(ahead, self._stream)
        if self._encoding.name:
            self._stream = Transcoded(self._stream, self._encoding.name)
        return data[:start] or self._stream.read(size)

    def _decide(self, sample: bytes, *, at_end: bool) -> None:
        """Find the encoding by a line that is not ASCII and those behind it."""
        guess = guessing.guess(sample, at_end=at_end)
        self._found, self._encoding.guessed = True, guess.guessed
        self._encoding.name = guess.encoding if guess.guessed else ""

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()


def is_standard_input(path: Path) -> bool:
    """Return whether a path stands for standard input."""
    return str(path) == STANDARD_INPUT


def _member(path: Path, member: str) -> tuple[Stream, HashedFile]:
    """Open a file of a zip archive, and return what it holds, and the archive itself.

    Raises
    ------
    InputError
        If it cannot be read, or changes meanwhile.
    """
    file = HashedFile(path)
    try:
        return Unpacked(ZipMember(path, member, file.states), file), file
    except BaseException:
        file.close()
        raise


def _unpacked(path: Path) -> tuple[Stream, HashedFile]:
    """Open a file; return its decompressed content, and the file itself."""
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
    """Decompressed content of a file; both are closed together."""

    def __init__(self, stream: Stream, file: Stream) -> None:
        self._stream, self._file = stream, file

    def read(self, size: int = -1, /) -> bytes:
        """Return at most the given number of bytes; none at the end."""
        return self._stream.read(size)

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
        self._file.close()


class PushbackReader:
    """A stream to which bytes already read are pushed back.

    Parameters
    ----------
    first
        Those bytes.
    stream
        What follows them.
    """

    closed = False
    """Whether `close` was called, as required by pyarrow."""

    def __init__(self, first: bytes, stream: Stream) -> None:
        self._first, self._stream = first, stream

    def read(self, size: int = -1, /) -> bytes:
        """Return at most the given number of bytes; none at the end."""
        first, self._first = self._first, b""
        if 0 <= size <= len(first):
            self._first = first[size:]
            return first[:size]  # to read nothing more would look like the end
        return first + self._stream.read(size - len(first) if size >= 0 else -1)

    def close(self) -> None:
        """Close the stream."""
        self.closed = True
        self._stream.close()


STATEFUL: Final = ("utf-7", "iso2022", "hz")
"""Prefixes of encodings in which one invalid byte changes the meaning of the following ones.

A file in one of them is refused if it has such a byte, since later rows might be misread.
"""

HALF: Final = 0xDC00
"""First of the surrogates that represent undecodable bytes."""


def _halves(error: UnicodeError) -> tuple[str, int]:
    """Return undecodable bytes as surrogates, and the position to continue.

    Raises
    ------
    UnicodeError
        If the error is not about bytes.
    """
    if not isinstance(error, UnicodeDecodeError):
        raise error
    odd = error.object[error.start : error.end]
    return "".join(chr(HALF + byte) for byte in odd), error.end


codecs.register_error("coverage_analyzer.halves", _halves)


def undecoded(data: bytes) -> str:
    r"""Return text of a `Transcoded` stream, with undecodable bytes escaped as ``\xfc``."""
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
        A name of a Python codec.
    """

    def __init__(self, stream: Stream, encoding: str) -> None:
        self._stream = stream
        stateful = codecs.lookup(encoding).name.startswith(STATEFUL)
        errors = "strict" if stateful else "coverage_analyzer.halves"
        self._decoder = codecs.getincrementaldecoder(encoding)(errors)

    def read(self, size: int = -1, /) -> bytes:
        """Return about the given number of bytes; none at the end."""
        if not size:
            return b""
        while True:
            data = self._stream.read(size)
            text = self._decoder.decode(data, final=not data)
            if text or not data:
                return text.encode(errors="surrogatepass")

    def close(self) -> None:
        """Close the stream."""
        self._stream.close()
