"""File names made of ids that anybody may have written: safe on every file system, and unique."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final

PREFIX: Final = "letter-"
"""Begins each name, so that none is reserved (``CON``), hidden, or an option of a command."""

MAX_SLUG: Final = 60
"""Maximum characters of an id in a name."""

HASH: Final = 10
"""Characters of the hash of an id that a name cannot contain as it is: 40 bits."""

_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_]+")

NAME: Final = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9_-]{1,120}\.(html|pdf)")
"""A name made here."""


@dataclass
class SafeNames:
    """Gives each id a file name of ASCII letters, digits, ``_`` and ``-``.

    An id that contains anything else, or is long, gets a part of its hash. Names that differ in
    case alone count as equal; a name that is taken gets a number.

    Attributes
    ----------
    extension
        With its dot.
    """

    extension: str
    _taken: set[str] = field(default_factory=set)
    _last: dict[str, int] = field(default_factory=dict)

    def name(self, text: str) -> str:
        """Return a new name for an id.

        Examples
        --------
        >>> names = SafeNames(".html")
        >>> [names.name(text) for text in ("K-1", "K-1", "../../etc", "k-1")]
        ['letter-K-1.html', 'letter-K-1-2.html', 'letter-etc-74ccf3c5b4.html', 'letter-k-1-3.html']
        """
        slug = _UNSAFE.sub("-", text).strip("-")[:MAX_SLUG].strip("-")
        if slug != text or not slug:
            digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:HASH]
            slug = f"{slug}-{digest}" if slug else digest
        key = slug.casefold()
        unique, number = slug, self._last.get(key, 1)
        while unique.casefold() in self._taken:
            number += 1
            unique = f"{slug}-{number}"
        self._last[key] = number
        self._taken.add(unique.casefold())
        return f"{PREFIX}{unique}{self.extension}"
