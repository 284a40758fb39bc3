"""The guide to reasons explains every status and every code that a user can meet."""

import enum
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from coverage_analyzer.addresses.compare import Likeness
from coverage_analyzer.due_times import calculator
from coverage_analyzer.due_times.issues import Doubt
from coverage_analyzer.geocoding import Found
from coverage_analyzer.programmes import entitlements
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

GUIDE = Path(__file__).parents[2] / "docs" / "reasons.md"

pytestmark = pytest.mark.skipif(not GUIDE.is_file(), reason="not in the repository")

REJECTED = {doubt.value for doubt in calculator.REJECTED}
SECTIONS: dict[str, Iterable[str]] = {
    "Verdicts": [code.name for codes in (Status, Reason) for code in codes],
    "Rejected rows": [code.value for code in Rejected],
    "Commitments": [
        *calculator.Answer,
        *({doubt.value for doubt in Doubt} - REJECTED),
        *(f"address_{match}" for match in Likeness if match is not Likeness.identical),
    ],
    "Geocoding": Found,
    "Drive times": [status.name for status in RoadStatus],
    "Entitlements": entitlements.Answer,
}


@pytest.mark.parametrize("section", SECTIONS)
def test_every_code_has_a_row(section: str) -> None:
    """Each code begins a row in the tables of its section."""
    _, _, after = GUIDE.read_text("utf-8").partition(f"\n## {section}\n")
    rows = set(re.findall(r"^\| `([\w ]+)`", after.partition("\n## ")[0], re.MULTILINE))
    codes = {str(c.value if isinstance(c, enum.Enum) else c) for c in SECTIONS[section]}
    assert codes <= rows
    assert rows - codes <= {"rejected"}
