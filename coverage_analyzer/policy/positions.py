"""Lines of the keys of a TOML text, which the parser of Python does not give.

The text is known to be valid TOML: `documents.load_toml` has parsed it, within limits on its size
and depth. What remains is to find where each key is. A library that keeps positions would add a
compiled parser to every installation, for one number in a message.
"""

import contextlib
import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

Path = tuple[str | int, ...]
"""Keys of tables and positions in lists, from the top of the document."""

_TOKEN: Final = re.compile(
    r'(?P<text>"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"{3,5}|\'\'\'(?:[^\']++|\'{1,2}(?!\'))*+\'{3,5}'
    r'|"(?:[^"\\\n]++|\\.)*+"|\'[^\'\n]*+\')'
    r"|(?P<end>\n)|(?P<comment>#[^\n]*+)|(?P<sign>[\[\]{}=,.])|(?P<word>[^\s\[\]{}=,.#\"']++)",
    re.DOTALL,
)
_ESCAPE: Final = re.compile(r'\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([btnfr"\\]))')
_ESCAPED: Final = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}


class _Token(NamedTuple):
    """A part of the text: its kind, its characters, and its line, from 1."""

    kind: str
    text: str
    line: int


def key_lines(text: str) -> dict[Path, int]:
    r"""Return the line of each key, table and item of a list in a valid TOML text, from 1.

    Examples
    --------
    >>> key_lines('a = 1\n[[b]]\nc = [\n  2]\n[b.d]\n')
    {('a',): 1, ('b',): 2, ('b', 0): 2, ('b', 0, 'c'): 3, ('b', 0, 'c', 0): 4, ('b', 0, 'd'): 5}
    """
    scanner = _Scanner(text)
    with contextlib.suppress(StopIteration):  # a text that is not TOML ends early
        scanner.scan()
    return scanner.lines


def line_of(path: Path, lines: Mapping[Path, int]) -> int | None:
    """Return the line of a key, or that of the table that should have it; None if unknown.

    Examples
    --------
    >>> line_of(("bands", 0, "level"), {("bands",): 3, ("bands", 0): 3})
    3
    """
    candidates = (lines.get(path[:depth]) for depth in range(len(path), 0, -1))
    return next((line for line in candidates if line is not None), None)


def path_of(message: str, lines: Mapping[Path, int]) -> Path:
    """Return the path of the key with which a message begins, as ``bands.0.level: missing.``.

    A part of it that is not in the text is left out, so that the table remains.

    Examples
    --------
    >>> path_of("bands.0.level: missing.", {("bands",): 3, ("bands", 0): 3})
    ('bands', 0)
    >>> path_of("It is not a table.", {("bands",): 3})
    ()
    """
    match = re.match(r"[\w*-]+(?:\.[\w*-]+)*(?=[:\s])", message)
    path: Path = ()
    for part in match[0].split(".") if match else ():
        steps = [step for step in ((*path, part), (*path, _number(part))) if step in lines]
        if not steps:
            break
        path = steps[0]
    return path


def _number(part: str) -> int:
    return int(part) if part.isdecimal() else -1


class _Scanner:
    """Reads the tokens of a valid TOML text, and notes the line of each key.

    Attributes
    ----------
    lines
        The first line of each path.
    """

    def __init__(self, text: str) -> None:
        self.lines: dict[Path, int] = {}
        self._tokens: Iterator[_Token] = itertools.chain(
            _tokens(text), itertools.repeat(_Token("end", "", 0), 2)
        )
        self._token = next(self._tokens)
        self._counts: dict[Path, int] = {}
        """The number of tables in each list of tables, by the path of the list."""

    def scan(self) -> None:
        """Read the whole text.

        Raises
        ------
        StopIteration
            At its end.
        """
        table: Path = ()
        while True:
            if self._token.kind == "end":
                self._step()
            elif self._token.text == "[" and self._token.kind == "sign":
                table = self._header()
            else:
                self._pair(table)

    def _step(self) -> _Token:
        """Return the current token, and go to the next one."""
        token, self._token = self._token, next(self._tokens)
        return token

    def _at(self, sign: str) -> bool:
        return self._token.kind == "sign" and self._token.text == sign

    def _note(self, path: Path, line: int) -> None:
        self.lines.setdefault(path, line)

    def _keys(self) -> tuple[list[str], int]:
        """Return the parts of a dotted key, and its line."""
        first = self._step()
        parts = [_bare(first)]
        while self._at("."):
            self._step()
            parts.append(_bare(self._step()))
        return parts, first.line

    def _header(self) -> Path:
        """Return the path of the table that a header begins."""
        self._step()
        is_list = self._at("[")
        if is_list:
            self._step()
        parts, line = self._keys()
        while self._at("]"):
            self._step()
        path = self._resolve(parts[:-1], line)
        path = (*path, parts[-1])
        self._note(path, line)
        if is_list:
            number = self._counts[path] = self._counts.get(path, -1) + 1
            path = (*path, number)
            self._note(path, line)
        elif path in self._counts:
            path = (*path, self._counts[path])
        return path

    def _resolve(self, parts: list[str], line: int) -> Path:
        """Return the path of keys of a header; a list of tables stands for its last table."""
        path: Path = ()
        for part in parts:
            path = (*path, part)
            self._note(path, line)
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _pair(self, table: Path) -> None:
        """Read a key and its value."""
        parts, line = self._keys()
        path = table
        for part in parts:
            path = (*path, part)
            self._note(path, line)
        self._step()
        self._value(path)

    def _value(self, path: Path) -> None:
        if self._at("["):
            self._list(path)
        elif self._at("{"):
            self._table(path)
        else:
            while self._token.kind != "end" and self._token.text not in {",", "]", "}"}:
                self._step()

    def _list(self, path: Path) -> None:
        self._step()
        number = 0
        while not self._at("]"):
            if self._token.kind == "end" or self._at(","):
                self._step()
                continue
            self._note((*path, number), self._token.line)
            self._value((*path, number))
            number += 1
        self._step()

    def _table(self, path: Path) -> None:
        self._step()
        while not self._at("}"):
            if self._token.kind == "end" or self._at(","):
                self._step()
                continue
            self._pair(path)
        self._step()


def _tokens(text: str) -> Iterator[_Token]:
    """Yield the parts of a text, without its comments."""
    line, position = 1, 0
    for match in _TOKEN.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        if match.lastgroup and match.lastgroup != "comment":
            yield _Token(match.lastgroup, match[0], line)


def _bare(token: _Token) -> str:
    """Return a part of a key without its quotes and escapes."""
    if token.kind != "text":
        return token.text
    text = token.text[1:-1]
    return text if token.text[0] == "'" else _ESCAPE.sub(_unescape, text)


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPED[match[3]] if match[3] else chr(int(match[1] or match[2], 16))
