"""The page for readers of the code names functions and classes that are there."""

import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = "docs/development.md"


def test_each_definition_that_the_page_names_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """The script would refuse to write the page; a line may be off until it runs again."""
    monkeypatch.chdir(ROOT)
    script = runpy.run_path("tools/code_figures.py")
    text = Path(GUIDE).read_text(encoding="utf-8")
    assert script["REFERENCE"].findall(text)
    assert script["with_lines"](text)
    broken = text + "\n`tools/code_figures.py:1 no_such_function`"
    with pytest.raises(LookupError, match="no_such_function"):
        script["with_lines"](broken)
