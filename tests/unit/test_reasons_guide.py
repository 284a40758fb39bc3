"""The guide to reasons explains every status and every code that a user can meet."""

import enum
import importlib.util
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from click.testing import CliRunner

from coverage_analyzer.addresses.compare import AddressMatch
from coverage_analyzer.cli.main import program
from coverage_analyzer.due_times import calculator
from coverage_analyzer.due_times.issues import Doubt
from coverage_analyzer.errors import InputError
from coverage_analyzer.geocoding import GeocodeOutcome
from coverage_analyzer.programmes import entitlements
from coverage_analyzer.roads.engine import RoadStatus
from coverage_analyzer.schema import guide
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

GUIDE = Path(__file__).parents[2] / "docs" / "reasons.md"

pytestmark = pytest.mark.skipif(not GUIDE.is_file(), reason="not in the repository")

REJECTED = {doubt.value for doubt in calculator.REJECTED}
SECTIONS: dict[str, Iterable[str]] = {
    "Verdicts": [code.name for codes in (Status, Reason) for code in codes],
    "Rejected rows": [code.value for code in Rejected],
    "Commitments": [
        *calculator.CommitmentStatus,
        *({doubt.value for doubt in Doubt} - REJECTED),
        *(f"address_{match}" for match in AddressMatch if match is not AddressMatch.identical),
    ],
    "Geocoding": GeocodeOutcome,
    "Drive times": [status.name for status in RoadStatus],
    "Entitlements": entitlements.OfferStatus,
}


def test_explain_prints_what_the_guide_says() -> None:
    """The package has the guide as data; run tools/build_reasons.py after a change of it."""
    path = GUIDE.parents[1] / "tools" / "build_reasons.py"
    spec = importlib.util.spec_from_file_location("build_reasons", path)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    rows = [guide.Entry(**row) for row in tool.entries(GUIDE.read_text("utf-8"))]
    assert tuple(rows) == guide.entries()
    codes = {str(c.value if isinstance(c, enum.Enum) else c) for s in SECTIONS.values() for c in s}
    assert codes <= {row.code for row in rows} | {str(c.name) for c in (*Status, *Reason)}


def test_a_code_is_explained_everywhere_it_appears() -> None:
    """By the command; a typing error has the nearest code."""
    ended = CliRunner().invoke(program, ["explain", "--reason", "address_not_registered"])
    assert ended.exit_code == 0
    assert ended.output.count("address_not_registered (") == 3
    with pytest.raises(InputError, match="Did you mean 'borderline'"):
        guide.entries_of("bordeline")


@pytest.mark.parametrize("section", SECTIONS)
def test_every_code_has_a_row(section: str) -> None:
    """Each code begins a row in the tables of its section."""
    _, _, after = GUIDE.read_text("utf-8").partition(f"\n## {section}\n")
    rows = set(re.findall(r"^\| `([\w ]+)`", after.partition("\n## ")[0], re.MULTILINE))
    codes = {str(c.value if isinstance(c, enum.Enum) else c) for c in SECTIONS[section]}
    assert codes <= rows
    assert rows - codes <= {"rejected"}
