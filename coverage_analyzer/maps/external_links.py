"""Find what a browser would load on opening a page, with an HTML parser.

The content security policy is the protection; this reports beforehand what it would block.

No library serves: sanitisers (nh3) rewrite markup and do not list what it refers to, and only a
browser would know all of it, which tests use and a notebook should not have to start. The parser
is the standard library's.
"""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Final

ADDRESSES: Final = {
    "action": {"form"},
    "archive": {"object", "applet"},
    "background": None,
    "classid": {"object"},
    "code": {"applet"},
    "codebase": {"object", "applet"},
    "data": {"object"},
    "formaction": {"button", "input"},
    "href": {"base", "feimage", "image", "link", "mpath", "script", "use"},
    "icon": {"menuitem"},
    "manifest": {"html"},
    "ping": {"a", "area"},
    "poster": {"video"},
    "src": None,
    "xlink:href": {"feimage", "image", "mpath", "script", "use"},
}
"""Attributes with a URL to load, and on which elements; None means any element."""

LISTS: Final = {"srcset", "imagesrcset"}
"""Attributes with several URLs, each with a size."""

ANIMATIONS: Final = {"animate", "set"}
"""SVG elements that can set the URL of another element."""

DOCUMENTS: Final = {"embed", "frame", "iframe", "object", "script"}
"""Elements in which even a data URL can cause network requests."""

INERT: Final = re.compile(r"data:|#|about:|$")

CSS_ESCAPE: Final = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|(.))")
CSS_URL: Final = re.compile(r"""\b(?:url|src)\(\s*(?:"([^"]*)"|'([^']*)'|([^)]*))""", re.IGNORECASE)
CSS_SET: Final = re.compile(r"image-set\(((?:[^()]|\([^()]*\))*)\)", re.IGNORECASE)
ELSEWHERE: Final = re.compile(r"\s*(?:[a-z]+:)?//", re.IGNORECASE)
QUOTED: Final = re.compile(r"""["']([^"']*)["']""")
CSS_IMPORT: Final = re.compile(r"@import\b[^;]*", re.IGNORECASE)

CALLS: Final = re.compile(
    r"\bimport\s*[('\"`]|\bimport\b[^;'\"`]*\bfrom\s*['\"`]|\bfetch\s*\(|\bXMLHttpRequest\b|"
    r"\bimportScripts\b|\bsendBeacon\b|\bnew\s+(?:Shared)?Worker\b|\bEventSource\b|\bWebSocket\b|"
    r"['\"`](?:(?:https?|wss?):)?//(?!www\.w3\.org/)[\w{-][^'\"`]*|=(?:https?|wss?)://[^\s'\"`>]*"
)
"""Patterns in scripts that would load something, or a URL that may be loaded."""

LITERAL: Final = re.compile(
    r"""`((?:[^`\\]|\\.)*)`|"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'""", re.DOTALL
)
"""Texts in scripts. Comments and patterns with a lone quote are not recognised."""

SCRIPT_ESCAPE: Final = re.compile(r"\\(?:u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|(.))", re.DOTALL)
MARKUP: Final = re.compile(r"<[a-z]", re.IGNORECASE)


def fetched(html: str, own: tuple[str, ...] = ()) -> list[str]:
    """Return what a browser would load on opening a page, or on submitting a form.

    Links for readers to follow (``<a href>``) do not count.

    Parameters
    ----------
    html
        A page.
    own
        Scripts and styles known to be clean, which are skipped.
    """
    finder = _Finder(own)
    finder.feed(html)
    finder.close()
    return finder.found


def in_style(css: str) -> Iterator[str]:
    """Yield what a style sheet would load."""
    plain = CSS_ESCAPE.sub(_unescaped, re.sub(r"/\*.*?\*/", " ", css, flags=re.DOTALL))
    yield from CSS_IMPORT.findall(plain)
    addresses = ["".join(groups) for groups in CSS_URL.findall(plain)]
    addresses += [a for inside in CSS_SET.findall(plain) for a in QUOTED.findall(inside)]
    yield from (f"url({address.strip()})" for address in addresses if is_fetched(address))


def in_script(code: str) -> Iterator[str]:
    """Yield what a script would load, and the URLs that it may load."""
    yield from CALLS.findall(without_markup(code))
    for markup in markup_in(code):
        yield from fetched(markup)


def markup_in(code: str) -> Iterator[str]:
    """Yield the texts of a script that are markup."""
    for groups in LITERAL.findall(code):
        text = SCRIPT_ESCAPE.sub(_script_unescaped, "".join(groups))
        if MARKUP.search(text):
            yield text


def without_markup(code: str) -> str:
    """Return a script with its texts that are markup empty."""
    return LITERAL.sub(lambda m: "``" if next(markup_in(m[0]), None) else m[0], code)


def _script_unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else {"n": "\n", "t": "\t"}.get(match[3], match[3])


def _unescaped(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else 0
    return chr(code) if 0 < code <= 0x10FFFF else match[2] or ""


def is_fetched(address: str) -> bool:
    """Return whether a browser makes a request for a URL; it ignores spaces in it."""
    bare = re.sub(r"[\x00-\x20]", "", address).lower()
    return not INERT.match(bare)


def listed(srcset: str) -> Iterator[str]:
    """Yield the URLs of a ``srcset``, which may contain commas (HTML, 4.8.4.2.1)."""
    rest = srcset
    while rest := rest.lstrip(" \t\n\f\r,"):
        address, *more = re.split(r"[ \t\n\f\r]", rest, maxsplit=1)
        rest = more[0] if more else ""
        if not address.endswith(","):
            rest = rest.partition(",")[2]
        yield address.rstrip(",")


class _Finder(HTMLParser):
    """Collects what a browser would load from a page."""

    def __init__(self, own: tuple[str, ...]) -> None:
        super().__init__()
        self.found: list[str] = []
        self._known = own
        self._inside = ""
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect the URLs in the attributes of an element."""
        self._look_inside()
        self._inside = tag if tag in {"script", "style"} else ""
        attributes = [(name, value or "") for name, value in attrs]
        for name, value in attributes:
            self.found += [f"<{tag} {name}> {what}" for what in self._in(tag, name, value)]
        if tag == "meta" and ("http-equiv", "refresh") in [(n, v.lower()) for n, v in attributes]:
            content = next((v for n, v in attributes if n == "content"), "")
            self.found += [f"<meta refresh> {content}"] if re.search(r"[;,]", content) else []

    def _in(self, tag: str, name: str, value: str) -> Iterator[str]:
        """Yield what a browser loads for an attribute."""
        if name == "srcdoc":
            yield from fetched(value, self._known)
        elif name in LISTS:
            yield from filter(is_fetched, listed(value))
        elif name.startswith("on"):
            yield from CALLS.findall(value)
        elif tag in ANIMATIONS and name in {"from", "to", "by", "values"}:
            yield from filter(ELSEWHERE.match, value.split(";"))
        elif name in ADDRESSES and tag in (ADDRESSES[name] or {tag}):
            hidden = tag in DOCUMENTS and value.strip().lower().startswith("data:")
            yield from [value] if hidden or is_fetched(value) else []
        else:
            yield from in_style(value)  # style, and its equivalents in SVG attributes

    def handle_data(self, data: str) -> None:
        """Keep the text of a script or style."""
        if self._inside:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Scan the content of a script or style."""
        if tag == self._inside:
            self._look_inside()

    def close(self) -> None:
        """End the page, even within a script or style, whose rest the parser withholds."""
        self.feed("</script></style>")
        super().close()

    def _look_inside(self) -> None:
        text = "".join(self._text)
        for own in self._known:
            text = text.replace(own, "")
        self.found += in_script(text) if self._inside == "script" else in_style(text)
        self._inside, self._text = "", []
