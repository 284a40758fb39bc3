"""What a browser would fetch is found however it is written, and nothing else is taken for it."""

import pytest

from coverage_analyzer.maps import page
from coverage_analyzer.maps.external_links import fetched, listed

FETCHING = {
    "image": "<img src=https://e.example/x>",
    "relative": "<img src='x.png'>",
    "protocol-relative": "<img src='//e.example/x'>",
    "upper case": "<IMG SRC='HTTPS://e.example/x'>",
    "the first of two": "<img src='https://e.example/x' src='data:,'>",
    "blanks in the address": "<img src=' ht\ntps://e.example/x'>",
    "srcset": "<img srcset='data:image/png;base64,AA 1x, https://e.example/x 2x'>",
    "srcset of a source": "<picture><source srcset='x.png'></picture>",
    "imagesrcset": "<link rel=preload imagesrcset='x.png 1x'>",
    "poster": "<video poster='x.png'></video>",
    "track": "<video><track src='x.vtt'></video>",
    "object": "<object data='x.swf'></object>",
    "embed": "<embed src='x'>",
    "embedded data": "<embed src='data:text/html,x'>",
    "frame": "<iframe src='x.html'></iframe>",
    "frame of data": "<iframe src='data:text/html,x'></iframe>",
    "frame's own page": '<iframe srcdoc="&lt;img src=x.png&gt;"></iframe>',
    "form": "<form action='//e.example/'></form>",
    "button": "<button formaction='/x'>b</button>",
    "background": "<body background='x.png'>",
    "ping": "<a href='#x' ping='https://e.example/'>a</a>",
    "base": "<base href='https://e.example/'>",
    "link": "<link rel='icon' href='x.ico'>",
    "refresh": "<meta http-equiv='Refresh' content='0; url=https://e.example/'>",
    "SVG image": "<svg><image href='x.png'/></svg>",
    "SVG image of old": "<svg><image xlink:href='//e.example/x'/></svg>",
    "SVG use": "<svg><use href='x.svg#a'/></svg>",
    "SVG filter": "<svg><filter><feImage href='x.png'/></filter></svg>",
    "SVG attribute": "<svg><rect fill='url(https://e.example/x#a)'/></svg>",
    "SVG animation": "<svg><image><set attributeName='href' to='https://e.example/x'/></image></svg>",
    "style attribute": "<p style='background:url(x.png)'>",
    "style": "<style>p { background: url( 'x.png' ) }</style>",
    "style import": "<style>@import 'x.css';</style>",
    "style import with a comment": "<style>@import/**/url(data:,)</style>",
    "style with escapes": r"<style>p { background: u\72l(x.png) }</style>",
    "style with a set": "<style>p { background: image-set('x.png' 1x) }</style>",
    "style left open": "<style>p { background: url(x.png) }",
    "script": "<script src='x.js'></script>",
    "script of data": "<script src='data:text/javascript,x'></script>",
    "script with an address": "<script>f('https://e.example/x')</script>",
    "script with a bare host": "<script>f(`//e.example/x`)</script>",
    "script with markup": "<script>f(`<img src=https://e.example/x>`)</script>",
    "script with markup in escapes": r"<script>f('\u003cimg src=\x22x.png\x22\u003e')</script>",
    "script with a frame": "<script>f(`<iframe src='data:text/html,x'></iframe>`)</script>",
    "script with an import": "<script type=module>import { a } from './a.js'</script>",
    "script with a late import": "<script>import('./a.js')</script>",
    "script with fetch": "<script>fetch(x)</script>",
    "script with a socket": "<script>new WebSocket(x)</script>",
    "script left open": "<script>fetch(x)",
    "handler": "<p onclick='fetch(x)'>",
}

QUIET = {
    "link to follow": "<a href='https://e.example/'>a</a>",
    "anchor": "<svg><use href='#a'/><rect fill='url(#a)'/></svg>",
    "data": "<img src='data:image/png;base64,AA' srcset='data:image/png;base64,AA 2x'>",
    "style of data": '<style>p { background: url("data:image/png;base64,AA") }</style>',
    "names": "<svg xmlns='http://www.w3.org/2000/svg'></svg>",
    "a name in a script": "<script>f('http://www.w3.org/2000/svg')</script>",
    "a link in a script": "<script>f(`<a href='https://e.example/'>it's</a>`, \"x\")</script>",
    "a comment": "<!-- <img src='https://e.example/x'> -->",
    "text": "<p>url(x.png) @import 'x' fetch(x) https://e.example/</p>",
    "text after a script": "<script>1</script>fetch(x)<style>p {}</style>url(x.png)",
    "empty": "<img src=''><form action=''></form>",
    "policy": "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; x\">",
    "a word": "<script>const important = 'imported from'; a // b</script>",
}


@pytest.mark.parametrize("html", FETCHING.values(), ids=FETCHING)
def test_what_fetches_is_found(html: str) -> None:
    """Every way that HTML, SVG, CSS and a script have of asking for more."""
    assert fetched(f"<!DOCTYPE html><html><body>{html}")


@pytest.mark.parametrize("html", QUIET.values(), ids=QUIET)
def test_what_does_not_fetch_is_left_alone(html: str) -> None:
    """Names, data, anchors, links that a reader may follow, and plain text."""
    assert fetched(f"<!DOCTYPE html><html><body>{html}</body></html>") == []


def test_our_own_parts_are_known_but_not_what_stands_beside_them() -> None:
    """Leaflet asks for tiles if it is told to; what stands after it in one script is looked at."""
    page.refuse_fetching(f"<script>{page.leaflet()}</script>")
    trusted_texts = (page.leaflet(),)
    assert fetched(f"<script>{page.leaflet()}; fetch(x)</script>", trusted_texts) == ["fetch("]


@pytest.mark.parametrize(
    ("srcset", "expected"),
    [
        ("a.png", ["a.png"]),
        ("a.png 1x, b.png 2x", ["a.png", "b.png"]),
        ("a.png,b.png", ["a.png,b.png"]),
        ("a.png, b.png", ["a.png", "b.png"]),
        (" , data:image/png;base64,AA 1x ,b.png", ["data:image/png;base64,AA", "b.png"]),
        ("", []),
    ],
)
def test_addresses_of_a_srcset(srcset: str, expected: list[str]) -> None:
    """As the standard reads them: a comma within an address belongs to it."""
    assert list(listed(srcset)) == expected
