"""The page that compares `run` with programs by hand: its figures are those of the programs."""

import importlib.util
import re
from types import ModuleType

import pandas as pd
import pytest

from documentation.blocks import ROOT

SCRIPT = ROOT / "benchmarks" / "by_hand.py"

pytestmark = pytest.mark.skipif(not SCRIPT.is_file(), reason="no repository")


@pytest.fixture(scope="module")
def by_hand() -> ModuleType:
    """Return the script that measures."""
    spec = importlib.util.spec_from_file_location("by_hand", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_page_has_each_program_with_its_lines(by_hand: ModuleType) -> None:
    """A program that grows makes the comparison older than it looks."""
    text = by_hand.PAGE.read_text("utf-8")
    row = re.compile(r"^\| \[.*\]\(\.\./benchmarks/by_hand/(\S+)\) \| (\d+) \|", re.MULTILINE)
    listed = {name: int(count) for name, count in row.findall(text)}
    programs = {path.name: path for path in by_hand.PROGRAMS.iterdir() if path.is_file()}
    assert listed == {name: by_hand.lines(path) for name, path in programs.items()}


def test_differences_are_counted_by_kind(by_hand: ModuleType) -> None:
    """Of several rows of a site one yes is a yes; a row of neither kind is no difference."""
    status = {"A": "fallback", "B": "qualified", "C": "review", "D": "qualified", "E": "pending"}
    report = pd.DataFrame({"site_id": [*status, "F"], "status": [*status.values(), "qualified"]})
    answers = pd.DataFrame(
        {"site_id": ["A", "A", "B", "C", "E", "F"], "qualified": ["f", "t", "0", "True", "1", "t"]}
    )
    assert by_hand.differences(report, answers) == by_hand.Differences(
        too_much=2, too_little=1, doubtful=1, lost=1
    )
