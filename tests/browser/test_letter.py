"""The letter in a browser: one sheet of paper, and whatever stands in a text is shown as text."""

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

import coverage_analyzer as ca
from browser.test_texts import PAYLOADS
from coverage_analyzer import batch
from coverage_analyzer.errors import visible
from coverage_analyzer.maps.letterhead import Letterhead

pytestmark = pytest.mark.xdist_group("browser")

SITES = Path(__file__).parents[2] / "data" / "customer_sites.csv"
CENTERS = Path(__file__).parents[2] / "data" / "service_centers.csv"
FORMATS = ("A4", "Letter")
SHEETS = {"A4": (703, 1032), "Letter": (725, 965)}
"""Width and height within the margins of 12 mm, in CSS pixels."""
PHONE = 360


class Letter:
    """A letter that is open, with all that it asked for and complained of."""

    def __init__(self, browser: Browser, path: Path) -> None:
        self.page: Page = browser.new_context(offline=True).new_page()
        self.heard: list[str] = []
        self.page.on("request", lambda r: self.heard.append(f"request: {r.url}"))
        self.page.on("console", lambda m: self.heard.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda e: self.heard.append(f"error: {e}"))
        self.page.on("dialog", lambda d: self.heard.append(f"dialog: {d.message}"))
        self.page.goto(path.as_uri())

    def height_of(self, selector: str, form: str) -> float:
        """Return the height of an element on a printed sheet, in CSS pixels."""
        self.page.emulate_media(media="print")
        width, height = SHEETS[form]
        self.page.set_viewport_size({"width": width, "height": height})
        box = self.page.locator(selector).bounding_box()
        self.page.emulate_media(media="screen")
        assert box is not None
        return box["height"]

    def width_on(self, width: int) -> int:
        """Return how wide the page is on a phone: more than its screen scrolls sideways."""
        self.page.set_viewport_size({"width": width, "height": 740})
        wide: int = self.page.evaluate("document.documentElement.scrollWidth")
        return wide

    def sheets(self, form: str) -> int:
        """Return how many pages it prints on."""
        printed = self.page.pdf(format=form, print_background=True)
        return len(re.findall(rb"/Type\s*/Page\b(?!s)", printed))


def written(folder: Path, text: str) -> Path:
    """Write a letter to a folder."""
    path = folder / "letter.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("site_id", ["LSZH", "00IS", "NFFN"])
def test_it_is_one_sheet_of_paper(browser: Browser, tmp_path: Path, site_id: str) -> None:
    """Of A4 and of US Letter, with the whole text and a map that is seen."""
    text = batch.site_letter(SITES, site_id, CENTERS, as_of="2026-12-01")
    opened = Letter(browser, written(tmp_path, text))
    assert [opened.sheets(form) for form in FORMATS] == [1, 1]
    assert opened.height_of(".map", "A4") > 250
    for form in FORMATS:  # the whole sheet is used, whichever it is
        assert opened.height_of(".sheet", form) == pytest.approx(SHEETS[form][1], abs=8)
    assert opened.width_on(PHONE) <= PHONE
    assert opened.heard == [f"request: {(tmp_path / 'letter.html').as_uri()}"]


def test_it_can_be_read_by_everybody(browser: Browser, tmp_path: Path) -> None:
    """No finding of axe: names, contrast, landmarks, the picture's description."""
    text = batch.site_letter(SITES, "LSZH", CENTERS, as_of="2026-12-01")
    page = browser.new_context(bypass_csp=True).new_page()
    page.goto(written(tmp_path, text).as_uri())
    found = Axe().run(page)
    assert found.violations_count == 0, found.generate_report()


@pytest.fixture(scope="module", params=PAYLOADS.values(), ids=list(PAYLOADS))
def hostile(
    request: pytest.FixtureRequest, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Letter, str, Path]:
    """Give a letter that has a payload in every text that can reach it, and its file."""
    folder, text = tmp_path_factory.mktemp("letter"), request.param
    site = {"site_id": text, "name": text, "address": text, "country": "FJ"}
    pd.DataFrame([site | {"latitude": -17.8, "longitude": 178}]).to_csv(
        folder / "s.csv", index=False
    )
    centers: list[dict[str, Any]] = [
        {"center_id": text, "name": text, "latitude": -18.1, "longitude": 178.4},
        {"center_id": f"{text} 2", "name": text, "latitude": -17.5, "longitude": 178.6},
    ]
    pd.DataFrame(centers).to_csv(folder / "c.csv", index=False)
    rules = ca.Policy.load()
    levels = tuple(
        level.model_copy(update={"title": f"{level.id} {text}", "coverage_hours": text})
        for level in rules.levels
    )
    clauses = {name: f"{name} {text}" for name in rules.clauses}
    source = rules.source.model_copy(update={"title": text, "address": text})
    rules = rules.model_copy(
        update={"title": f"Policy {text}", "levels": levels, "clauses": clauses, "source": source}
    )
    page = batch.site_letter(
        folder / "s.csv",
        text,
        folder / "c.csv",
        policy=rules,
        as_of="2026-12-01",
        options=batch.LetterOptions(letterhead=letterhead(text[:80])),
    )
    path = written(folder, page)
    return Letter(browser, path), text, path


def letterhead(text: str) -> Letterhead:
    """Return a letterhead that has a text wherever it can have one."""
    reach = {"name": text, "phone": text, "email": text}
    return Letterhead.model_validate(
        {
            "sender": {**reach, "website": text, "address": [text] * 6},
            "contact": {**reach, "role": text},
            "addressee": {"name": text, "attention": text, "address": [text] * 6},
            "letter": {
                **dict.fromkeys(("reference", "greeting", "closing", "signatory"), text),
                "introduction": (text * 300)[:300],
                "note": (text * 300)[:300],
                "valid_days": 30,
            },
        }
    )


def told(text: str) -> str:
    """Return a text with blanks as a reader sees them, and what steers as escapes."""
    return visible(" ".join(text.split()))


def cut(text: str, most: int = 80) -> str:
    """Return a text as a letter cuts it."""
    more = len(text) - most
    return text if more <= 0 else f"{text[:most]}\N{HORIZONTAL ELLIPSIS} ({more} more characters)"


def test_it_is_shown_literally_everywhere(hostile: tuple[Letter, str, Path]) -> None:
    """Title, heading, letterhead, site, address, hours, center, clauses, source, labels."""
    opened, text, _ = hostile
    literal = told(text)
    name = cut(literal)
    page = opened.page
    assert told(page.title()) == f"gold-plus {literal}: {name}"
    assert told(page.locator("h1").inner_text()) == f"gold-plus {literal}"
    assert told(page.locator(".for").inner_text()) == f"for {name} ({name})"
    rows = dict(
        zip(
            page.locator("dt").all_inner_texts(),
            map(told, page.locator("dd").all_inner_texts()),
            strict=True,
        )
    )
    assert rows["Site"] == f"{name} ({name})"
    assert rows["Address"].replace(",", "").startswith(name.replace(",", "")[:60])
    assert rows["Service hours"] == literal
    assert rows["Service center"].startswith(f"{name}, ")
    short = told(text[:80])
    assert rows["Reference"] == short
    assert rows["Contact"] == told(f"{text[:80]}, {text[:80]} {text[:80]} {text[:80]}")
    assert told(page.locator("address").inner_text()).count(short) >= 8
    assert told(page.locator(".sender").inner_text()).count(short) >= 10
    clauses = page.locator("li").all_inner_texts()
    assert clauses
    assert all(told(clause).endswith(f" {literal}") for clause in clauses)
    assert told(page.locator(".source").inner_text()) == f"Source: {literal}, {literal}"
    label = literal if len(literal) <= 26 else f"{literal[:25]}\N{HORIZONTAL ELLIPSIS}"
    for kind in ("site-name", "center-name"):
        assert told(page.locator(f".{kind}").text_content() or "") == label


def test_it_does_nothing(hostile: tuple[Letter, str, Path]) -> None:
    """No script ran, no dialog opened, nothing was asked for, no element came of it."""
    opened, _, path = hostile
    assert opened.page.evaluate("() => window.RUN ?? null") is None
    assert opened.heard == [f"request: {path.as_uri()}"]
    odd = "script, img, a, [onload], [onerror], style ~ style, foreignObject, iframe"
    assert opened.page.locator(odd).count() == 0


def test_it_is_one_sheet_still(hostile: tuple[Letter, str, Path]) -> None:
    """However long its texts."""
    opened, _, _ = hostile
    assert [opened.sheets(form) for form in FORMATS] == [1, 1]


@pytest.mark.parametrize(("letter", "headed"), [("W", False), ("i W", True)])
def test_texts_as_long_as_can_be_leave_it_one_sheet(
    browser: Browser, tmp_path: Path, letter: str, *, headed: bool
) -> None:
    """Where each text is cut, and that is said, nothing is lost below the edge."""
    long = (letter * 5000)[:5000]
    row = {"site_id": "X", "name": long, "address": long, "product": long, "version": long}
    place = {"latitude": 43.6, "longitude": -116.2, "country": "US", "component": long}
    pd.DataFrame([row | place]).to_csv(tmp_path / "s.csv", index=False)
    center = {"center_id": long, "name": long, "latitude": 43.615, "longitude": -116.2023}
    pd.DataFrame([center | {"opens_on": "2026-12-15"}]).to_csv(tmp_path / "c.csv", index=False)
    given = tmp_path / "s.csv", "X", tmp_path / "c.csv"
    options = batch.LetterOptions(letterhead=letterhead(long[:80]) if headed else "")
    text = batch.site_letter(*given, as_of="2026-12-01", options=options)
    opened = Letter(browser, written(tmp_path, text))
    assert [opened.sheets(form) for form in FORMATS] == [1, 1]
    overflow = "document.querySelector('.sheet').scrollHeight"
    opened.page.emulate_media(media="print")
    for form in FORMATS:
        width, height = SHEETS[form]
        opened.page.set_viewport_size({"width": width, "height": height})
        assert opened.page.evaluate(overflow) <= height
    assert opened.width_on(PHONE) <= PHONE
