"""A concept is in few places: whoever adds one of a kind finds all of them here."""

from pathlib import Path
from typing import Final

import pytest
from structure import ROOT, SPECIMENS, Structure

from coverage_analyzer.cli.main import program
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason

PLACES: Final = {
    "report column": {
        "batch/_drive_times.py",
        "comparison/criticality.py",  # which sites a single center reaches
        "frames/_drive_times.py",
        "maps/assets/table.js",
        "maps/sites.py",
        "matching/matcher.py",
        "siting/planner.py",  # a backup is a second center in reach
        "schema/verdict.py",
    },
    "reason": {
        "matching/eligibility.py",
        "schema/actions.py",  # what a user does about it
        "schema/verdict.py",
    },
    "command": {
        "__init__.py",
        "batch/__init__.py",
        "batch/_timeline.py",
        "cli/main.py",
        "cli/timeline.py",
        "frames/__init__.py",
        "frames/_timeline.py",
        "matching/timeline.py",
        "settings/tables.py",
    },
    "input format": {
        "files/opening.py",
        "files/outputs.py",  # an output never replaces a table
        "files/overwriting.py",  # a shapefile is several files
        "files/readers/shapefile.py",
        "files/readers/zipped.py",
    },
    "output format": {
        "batch/_commitments.py",
        "batch/_timeline.py",
        "files/run_folder/workbook.py",
        "files/writers/formats.py",
    },
    "reject reason": {
        "files/table.py",
        "schema/actions.py",  # what a user does about it
        "schema/rejects.py",
    },
    "vendor": {
        "resources/policies/hp-call-to-repair.toml",
    },
}
"""Below the package. README, docs and tests are beside them."""


@pytest.fixture(scope="module")
def package() -> Structure:
    """Return the modules of the package."""
    return Structure(ROOT / "coverage_analyzer")


@pytest.mark.parametrize("concept", SPECIMENS)
def test_the_places_of_a_concept_are_these(package: Structure, concept: str) -> None:
    """One more place is one more file that the next person forgets; add it here if it must be."""
    assert package.places(SPECIMENS[concept]) == PLACES[concept]


def test_the_specimens_are_of_their_kinds() -> None:
    """A specimen that is renamed would be in no place, and the test would see nothing."""
    assert Reason[SPECIMENS["reason"]].text
    assert Rejected[SPECIMENS["reject reason"]].value == SPECIMENS["reject reason"]
    assert SPECIMENS["command"] in program.commands
    assert SPECIMENS["vendor"] in Policy.builtin()


def test_a_vendor_is_one_file(tmp_path: Path) -> None:
    """A file in a folder that is registered is a policy like those that ship, without any code."""
    own = (ROOT / "coverage_analyzer/resources/policies/hp-call-to-repair.toml").read_text("utf-8")
    named = own.replace('name = "hp-call-to-repair"', 'name = "new-vendor"')
    (tmp_path / "new-vendor.toml").write_text(named, encoding="utf-8")
    Policy.register(tmp_path)
    try:
        assert Policy.load("new-vendor").bands == Policy.load("hp-call-to-repair").bands
    finally:
        Policy.unregister("new-vendor")


def test_no_modules_import_each_other_but_for_types(package: Structure) -> None:
    """The one cycle is of annotations: the checks of a policy take a `Policy`."""
    assert package.cycles == [{"policy/consistency.py", "policy/model.py", "policy/validation.py"}]
