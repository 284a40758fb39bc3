"""What the guide to geocoding says holds."""

import re
from pathlib import Path
from typing import Any

import pytest

from coverage_analyzer.geocoding import ACCURACY_M, GeocodeOutcome, geocoder
from coverage_analyzer.schema import columns

GUIDE = Path(__file__).parents[2] / "docs" / "geocoding.md"

pytestmark = pytest.mark.skipif(not GUIDE.is_file(), reason="not in the repository")


def test_the_example_runs(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And prints what the guide shows."""
    monkeypatch.setattr(geocoder, "default_path", lambda: cache)
    blocks = dict(re.findall(r"```(python|text)\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL))
    code, shown = blocks["python"], blocks["text"]
    space: dict[str, Any] = {}
    exec(code, space)  # noqa: S102 - the guide is our own
    assert capsys.readouterr().out == shown


def test_columns_reasons_and_figures_are_told() -> None:
    """Each column, each reason, and how far off each grade may be."""
    text = GUIDE.read_text("utf-8")
    for name in (*columns.GEOCODED, *GeocodeOutcome):
        assert f"`{name}`" in text
    for grade, metres in ACCURACY_M.items():
        assert f"| `{grade.name}` | {metres:,.0f} |" in text
