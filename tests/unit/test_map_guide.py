"""What the guide to the map shows can be run as it stands."""

import ast
import re
from pathlib import Path

import pytest

from coverage_analyzer.schema.theme import LIGHT, MARKS

ROOT = Path(__file__).parents[2]


def test_the_still_picture_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The recipe for slides, over the sample data."""
    monkeypatch.setenv("MPLBACKEND", "Agg")
    pyplot = pytest.importorskip("matplotlib.pyplot")
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    with pytest.warns(UserWarning, match="rejected"):
        exec(compile(recipe, "map.md", "exec"), {})  # noqa: S102 - our own guide
    pyplot.close("all")
    assert (tmp_path / "coverage.png").read_bytes().startswith(b"\x89PNG")


def test_its_colours_and_markers_are_the_themes() -> None:
    """The picture for slides looks like the map."""
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    shown = {
        name: ast.literal_eval(re.findall(rf"{name} = (\{{.*?\}})", text, re.DOTALL)[0])
        for name in ("COLORS", "MARKERS")
    }
    assert shown["COLORS"] == {status.name: mark.color for status, mark in MARKS.items()}
    assert shown["MARKERS"] == {status.name: mark.marker for status, mark in MARKS.items()}
    assert LIGHT["area"].upper() in text


def test_its_pictures_are_there() -> None:
    """None is missing, none is left over."""
    text = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"\]\(img/(map-[\w-]+\.png)\)", text))
    assert shown == {path.name for path in (ROOT / "docs" / "img").glob("map-*.png")}


def test_no_picture_is_large_or_unused() -> None:
    """A clone of the repository stays small; each picture of the guides is shown in one."""
    guides = [ROOT / "README.md", *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/*.md")]
    text = "".join(guide.read_text(encoding="utf-8") for guide in guides)
    for picture in (ROOT / "docs" / "img").iterdir():
        assert f"img/{picture.name})" in text, picture.name
        assert picture.stat().st_size <= 250_000, picture.name
