"""What the guide to roads shows can be run as it stands."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def test_the_example_of_the_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the made-up town, which comes with the project."""
    text = (ROOT / "docs" / "roads.md").read_text(encoding="utf-8")
    (recipe,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COVERAGE_ANALYZER_CACHE", str(tmp_path / "cache"))
    exec(compile(recipe, "roads.md", "exec"), {})  # noqa: S102 - our own guide
    shown = capsys.readouterr().out
    assert "road_unreachable" in shown
    assert "TOWN" in shown
