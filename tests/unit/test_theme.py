"""Colours and marks are in one place, and each status has its own."""

import json
import re
from pathlib import Path

import pytest

import coverage_analyzer
from coverage_analyzer.maps import page
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.verdict import Status

PACKAGE = Path(coverage_analyzer.__file__).parent
ASSETS = PACKAGE / "maps" / "assets"


def contrast(color: str, other: str) -> float:
    """Return the ratio of luminances by WCAG 2."""

    def luminance(text: str) -> float:
        parts = (int(text[i : i + 2], 16) / 255 for i in (1, 3, 5))
        linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
        return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    low, high = sorted((luminance(color), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_each_status_has_a_mark_of_its_own() -> None:
    """Colour, shape, marker and line tell every two statuses apart; all are drawn."""
    assert list(theme.MARKS) == list(Status)
    assert sorted(theme.DRAWN_IN_ORDER) == sorted(Status)
    for part in zip(*theme.MARKS.values(), strict=True):
        assert len({str(value).lower() for value in part}) == len(Status)


def test_the_script_draws_every_shape() -> None:
    """One shape is what is left; the others are named in the script that draws them."""
    named = set(re.findall(r'shape === "([\w-]+)"', (ASSETS / "marks.js").read_text("utf-8")))
    assert named == {mark.shape for mark in (*theme.MARKS.values(), theme.ROAD_MARK)} - {"diamond"}


def test_lines_and_texts_are_seen_on_paper() -> None:
    """Lines have 3:1 on white and texts 4.5:1 on their paper, as WCAG asks, light and dark."""
    assert all(contrast(mark.line, "#ffffff") >= 3 for mark in theme.MARKS.values())
    for colors in (theme.LIGHT, theme.DARK):
        assert all(contrast(colors[n], colors["paper"]) >= 4.5 for n in ("ink", "faint", "accent"))


def test_light_and_dark_have_the_same_names() -> None:
    """No colour of one is left standing in the other."""
    assert list(theme.LIGHT) == list(theme.DARK)


def test_every_variable_of_a_style_has_a_colour() -> None:
    """The page's are those of the theme; the letter has none left."""
    used = set(re.findall(r"var\(--([\w-]+)\)", page.style()))
    used |= set(re.findall(r'"--([\w-]+)"', page.script()))
    assert used
    assert used <= {*theme.LIGHT, *re.findall(r"--([\w-]+):", theme.status_style())}
    assert "var(" not in theme.resolve(page.asset("letter.css"), theme.LETTER)
    with pytest.raises(KeyError):
        theme.resolve("var(--none)", theme.LETTER)


def test_the_script_gets_its_theme_as_data() -> None:
    """What is put into the script is JSON, with the words of each status."""
    (text,) = re.findall(r"^const THEME = (.*);$", page.script(), re.MULTILINE)
    statuses = json.loads(text)["statuses"]
    words = {s.name: s.label for s in Status} | {theme.ROAD: theme.ROAD_LABEL}
    assert {n: s["words"] for n, s in statuses.items()} == words


def test_no_colour_is_written_elsewhere() -> None:
    """Six digits after a hash are in the theme alone."""
    result = [
        path.relative_to(PACKAGE).as_posix()
        for kind in ("*.py", "*.js", "*.css", "*.html")
        for path in PACKAGE.rglob(kind)
        if re.search(r"#[0-9a-fA-F]{6}\b", path.read_text("utf-8"))
    ]
    assert result == ["schema/theme.py"]
