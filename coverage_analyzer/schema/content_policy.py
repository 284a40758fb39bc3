"""The content security policy of every page: only its own scripts and styles, by their hashes.

A browser runs and applies nothing else, so that markup which reached a page by a fault would do
nothing. No page may connect to anything; a map may load the images of a tile server.
"""

import base64
import hashlib
import re
from collections.abc import Sequence
from typing import Final

INLINE: Final = re.compile(r"<(script|style)\b([^>]*)>(.*?)</\1\s*>", re.IGNORECASE | re.DOTALL)
DATA_BLOCK: Final = re.compile(r"\btype\s*=\s*[\"']?application/(?!javascript)", re.IGNORECASE)
CHARSET: Final = re.compile(r"<meta\b[^>]*\bcharset\b[^>]*>", re.IGNORECASE)


def content_policy(
    *,
    scripts: Sequence[str] = (),
    styles: Sequence[str] = (),
    images: str = "",
    style_attributes: bool = False,
) -> str:
    """Return the content security policy of a page.

    Parameters
    ----------
    scripts, styles
        The texts between ``<script>`` or ``<style>`` and their ends, character by character.
    images
        Host from which images may be loaded, in addition to those within the page.
    style_attributes
        Whether ``style`` attributes in the markup apply; what scripts set always does.

    Examples
    --------
    >>> content_policy(styles=["p { margin: 0; }"]).split("; ")[:2]
    ["default-src 'none'", "style-src 'sha256-ZMIWxFqsI8wXm9tNjoL6Cyi5nRfO7zhfynHh3P3TR9s='"]
    """
    rules = ["default-src 'none'"]
    rules += [f"script-src {_hashes(scripts)}"] if scripts else []
    rules += [f"style-src {_hashes(styles)}"] if styles else []
    rules += ["style-src-attr 'unsafe-inline'"] if style_attributes else []
    rules += [f"img-src data: {images}".rstrip()]
    return "; ".join([*rules, "connect-src 'none'", "form-action 'none'", "base-uri 'none'"])


def inline(html: str) -> tuple[list[str], list[str]]:
    """Return the texts of the inline scripts and styles of a page; blocks of data do not run.

    Examples
    --------
    >>> inline('<style>p {}</style><script>f()</script><script type="application/json">1</script>')
    (['f()'], ['p {}'])
    """
    scripts, styles = [], []
    for tag, attributes, text in INLINE.findall(html):
        if tag.lower() == "style":
            styles.append(text)
        elif text and not DATA_BLOCK.search(attributes):
            scripts.append(text)
    return scripts, styles


def with_policy(html: str, policy: str) -> str:
    """Return a page with a policy in front of all its scripts and styles.

    Raises
    ------
    ValueError
        If the page does not declare its encoding.
    """
    return after_charset(html, f'<meta http-equiv="Content-Security-Policy" content="{policy}">')


def after_charset(html: str, markup: str) -> str:
    """Return a page with markup behind its encoding, which browsers seek in the first 1,024 bytes.

    Raises
    ------
    ValueError
        If the page does not declare its encoding.
    """
    charset = CHARSET.search(html)
    if charset is None:
        msg = "a page declares its encoding"
        raise ValueError(msg)
    return f"{html[: charset.end()]}\n{markup}{html[charset.end() :]}"


def _hashes(texts: Sequence[str]) -> str:
    """Return the hashes of texts as a browser computes them: of UTF-8, lines ended by a newline."""
    return " ".join(dict.fromkeys(f"'sha256-{_sha256(text)}'" for text in texts))


def _sha256(text: str) -> str:
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    return base64.b64encode(hashlib.sha256(normal.encode()).digest()).decode()
