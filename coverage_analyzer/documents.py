"""Load JSON and TOML documents written by others, within limits on size, depth and digits.

The standard parsers recurse once per level, take time quadratic in the number of parts of a dotted
TOML key, and raise errors of five kinds. A document is therefore measured first, in time linear in
its size; any problem is one `InputError`, whose text lacks the subject ("is not valid JSON: ..."),
since the caller knows the name of the document and prepends it.
"""

import contextlib
import json
import re
import tomllib
from pathlib import Path
from typing import Any, Final

import numpy as np

from coverage_analyzer.errors import InputError, visible

MAX_BYTES: Final = 16 << 20
"""Maximum size of a JSON document; a manifest is far smaller."""

MAX_AREA_BYTES: Final = 512 << 20
"""Maximum size of a GeoJSON file of areas; thousands of centers need a fifth of it."""

MAX_TOML_BYTES: Final = 1 << 20
"""Maximum size of a TOML document; policies and programmes are written by hand."""

MAX_DEPTH: Final = 100
"""Maximum nesting depth of arrays and objects."""

MAX_DIGITS: Final = 1000
"""Maximum digits of a number; floats need at most 770, and Python converts at most 4,300."""

MAX_KEY_PARTS: Final = 16
"""Maximum number of parts of a dotted TOML key; policies use two."""

_JSON_STRING: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_TOML_TEXT: Final = re.compile(
    rb'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{0,5}'
    rb"|'''(?:[^']++|'{1,2}(?!'))*+'{0,5}"
    rb'|"(?:[^"\\\n]++|\\.)*+"?'
    rb"|'[^'\n]*+'?"
    rb"|#[^\n]*+",
    re.DOTALL,
)
_DIGITS: Final = re.compile(rb"(?<![0-9A-Fa-f_])[0-9A-Fa-f_]{%d}" % (MAX_DIGITS + 1))
_KEY_PARTS: Final = re.compile(rb"(?:\.[^.\n=,\[\]{}]*+){%d}" % MAX_KEY_PARTS)
_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")

_STEPS: Final = np.zeros(256, np.int32)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1
_SCANNED_BYTES: Final = 1 << 20


def load_json(
    data: bytes,
    *,
    max_depth: int = MAX_DEPTH,
    max_bytes: int = MAX_BYTES,
    half_pairs: bool = False,
) -> Any:
    r"""Parse a JSON document.

    Parameters
    ----------
    data
        UTF-8, with or without a byte order mark.
    max_depth
        Maximum nesting depth of arrays and objects.
    max_bytes
        Maximum size of the document.
    half_pairs
        Whether to allow lone surrogates, which cannot be written; only for callers that replace
        them.

    Raises
    ------
    InputError
        If it is not JSON in UTF-8, or exceeds a limit. The text lacks the subject, which the caller
        knows: "is larger than 16,777,216 bytes".

    Examples
    --------
    >>> load_json(b'{"a": [1, 2]}')
    {'a': [1, 2]}
    >>> load_json(b"[" * 200)
    Traceback (most recent call last):
    coverage_analyzer.errors.InputError: is nested more than 100 levels deep
    """
    text = _text(data, max_bytes)
    _measure(_JSON_STRING.sub(b"", data), max_depth)
    try:
        loaded = json.loads(text, parse_constant=_refuse_constant)
        if not half_pairs and _SURROGATE.search(data):
            json.dumps(loaded, ensure_ascii=False).encode()
    except (UnicodeEncodeError, RecursionError) as error:
        half = isinstance(error, UnicodeEncodeError)
        msg = "contains half of a surrogate pair" if half else "is nested too deeply"
        raise InputError(msg) from None
    except ValueError as error:
        msg = f"is not valid JSON: {visible(str(error))}"
        raise InputError(msg) from None
    return loaded


def load_toml(data: bytes, *, max_bytes: int = MAX_TOML_BYTES) -> dict[str, Any]:
    r"""Parse a TOML document.

    Parameters
    ----------
    data
        UTF-8, with or without a byte order mark.
    max_bytes
        Maximum size of the document.

    Raises
    ------
    InputError
        If it is not TOML in UTF-8, or exceeds a limit. The text lacks the subject, which the caller
        knows: "is larger than 16,777,216 bytes".

    Examples
    --------
    >>> load_toml(b'[a]\nb = "c"')
    {'a': {'b': 'c'}}
    """
    text = _text(data, max_bytes)
    bare = _TOML_TEXT.sub(b"s", data)
    _measure(bare, MAX_DEPTH)
    if _KEY_PARTS.search(bare):
        msg = f"has a key of more than {MAX_KEY_PARTS} parts"
        raise InputError(msg)
    try:
        return tomllib.loads(text)
    except RecursionError:
        msg = "is nested too deeply"
        raise InputError(msg) from None
    except ValueError as error:
        msg = f"is not valid TOML: {visible(str(error))}"
        raise InputError(msg) from None


def read_json(path: Path, *, max_bytes: int = MAX_BYTES) -> Any:
    """Parse a JSON file.

    Raises
    ------
    InputError
        If it is not JSON in UTF-8, or exceeds a limit. The text lacks the subject, which the caller
        knows: "is larger than 16,777,216 bytes".
    OSError
        If it cannot be read.
    """
    return load_json(read_bytes(path, max_bytes), max_bytes=max_bytes)


def read_toml(path: Path) -> dict[str, Any]:
    """Parse a TOML file.

    Raises
    ------
    InputError
        If it is not TOML in UTF-8, or exceeds a limit. The text lacks the subject, which the caller
        knows: "is larger than 16,777,216 bytes".
    OSError
        If it cannot be read.
    """
    return load_toml(read_bytes(path, MAX_TOML_BYTES))


def read_text(path: Path) -> str:
    """Return the text of a TOML file.

    Raises
    ------
    InputError
        If it is too large, or not UTF-8. The text lacks the subject.
    OSError
        If it cannot be read.
    """
    return _text(read_bytes(path, MAX_TOML_BYTES), MAX_TOML_BYTES)


def read_bytes(path: Path, max_bytes: int) -> bytes:
    """Read a file of limited size; stop reading at the limit.

    Raises
    ------
    InputError
        If it is larger.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        data = file.read(max_bytes + 1)
    _refuse_larger(data, max_bytes)
    return data


def check_nesting(text: str, max_depth: int = MAX_DEPTH) -> None:
    """Raise if a parsed part of a JSON document exceeds a limit.

    Raises
    ------
    InputError
        If it is nested too deeply, or contains a number with too many digits. The text lacks the
        subject.
    """
    if text.count("[") + text.count("{") > max_depth:
        data = text.encode("utf-8", "surrogatepass")
        _measure(_JSON_STRING.sub(b"", data), max_depth)


def _refuse_constant(name: str) -> Any:
    """Raise, because JSON has neither NaN nor Infinity (RFC 8259, section 6).

    Raises
    ------
    ValueError
        Always.
    """
    raise ValueError(name)


def _text(data: bytes, max_bytes: int) -> str:
    """Decode the text of a document.

    Raises
    ------
    InputError
        If it is too large, or not UTF-8.
    """
    _refuse_larger(data, max_bytes)
    with contextlib.suppress(UnicodeDecodeError):
        return data.decode("utf-8-sig")
    msg = "is not UTF-8 text"
    raise InputError(msg)


def _refuse_larger(data: bytes, max_bytes: int) -> None:
    """Raise if a document exceeds a size.

    Raises
    ------
    InputError
        If so.
    """
    if len(data) > max_bytes:
        msg = f"is larger than {max_bytes:,} bytes"
        raise InputError(msg)


def _measure(bare: bytes, max_depth: int) -> None:
    """Raise if a document, texts excluded, is nested too deeply or has too long a number.

    Raises
    ------
    InputError
        If so.
    """
    if _DIGITS.search(bare):
        msg = f"contains a number of more than {MAX_DIGITS:,} digits"
        raise InputError(msg)
    depth = 0
    for begin in range(0, len(bare), _SCANNED_BYTES):
        chunk = np.frombuffer(bare, np.uint8, min(_SCANNED_BYTES, len(bare) - begin), begin)
        depths = depth + np.cumsum(_STEPS[chunk])
        if depths.max() > max_depth:
            msg = f"is nested more than {max_depth} levels deep"
            raise InputError(msg)
        depth = int(depths[-1])
