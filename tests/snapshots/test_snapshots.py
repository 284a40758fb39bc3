"""What users see stays as it is: commands, files, messages and public names beside kept texts.

A change that is meant is made by ``make snapshots``, and looked through as a diff of git.
"""

import difflib
from pathlib import Path
from typing import Final

import areal
import pytest
from recording import HERE, Workspace
from snapshot_list import SNAPSHOTS

from coverage_analyzer.schema.verdict import Reason

EXPECTED: Final = HERE / "expected"

SHOWN: Final = 60
"""Lines of a difference that are shown."""


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory, caches: Path) -> Workspace:
    """Return a folder with copies of the data; what one snapshot makes there others may read."""
    return Workspace(tmp_path_factory.mktemp("snapshots"), caches)


def difference(name: str, before: str, now: str) -> str:
    """Return in which lines two texts differ, the first of them shown."""
    old, new = (text.splitlines() for text in (before, now))
    lines = list(difflib.unified_diff(old, new, f"expected/{name}.txt", "now", n=1, lineterm=""))
    changed = sum(line[0] in "+-" for line in lines[2:])
    more = f"\n... {len(lines) - SHOWN} more lines" if len(lines) > SHOWN else ""
    return (
        f"expected/{name}.txt: {changed} changed lines\n"
        + "\n".join(lines[:SHOWN])
        + more
        + "\nIf this is meant: make snapshots, and look through git diff tests/snapshots."
    )


@pytest.mark.filterwarnings("ignore:Conversion of an array:DeprecationWarning")  # of pyproj 3.7.0
@pytest.mark.parametrize("name", SNAPSHOTS)
def test_what_users_see_is_as_before(
    name: str, work: Workspace, request: pytest.FixtureRequest
) -> None:
    """Each text is as it is kept; with ``--renew-snapshots`` it is kept as it is."""
    now = SNAPSHOTS[name](work)
    path = EXPECTED / f"{name}.txt"
    if request.config.getoption("--renew-snapshots"):
        path.write_text(now, encoding="utf-8", newline="\n")
    before = path.read_text("utf-8") if path.is_file() else ""
    if now != before:
        pytest.fail(difference(name, before, now), pytrace=False)


def test_each_kept_text_has_a_snapshot() -> None:
    """No text is left over from a snapshot that is gone; together they stay small."""
    kept = {path.stem: path.stat().st_size for path in EXPECTED.iterdir()}
    assert set(kept) == set(SNAPSHOTS)
    assert sum(kept.values()) < 600_000


def test_each_reason_occurs() -> None:
    """The data bring about every reason, so that none can change its words unseen."""
    names = ("explain-json", "run-csv", "run-road", "run-starts", "run-no-bands", "drive-times")
    text = "".join((EXPECTED / f"{name}.txt").read_text("utf-8") for name in names)
    text += areal.CASES  # whose words the guide and the golden cases hold
    assert {reason for reason in Reason if reason.name not in text} == set()


def test_nothing_of_this_machine_is_kept() -> None:
    """No path, no name of a temporary folder."""
    for path in sorted(EXPECTED.iterdir()):
        text = path.read_text("utf-8")
        for word in (str(Path.home()), str(HERE.parents[1]), "/tmp", "pytest-of"):  # noqa: S108
            assert word not in text, f"{path.name} holds {word}"


def test_a_difference_is_readable() -> None:
    """It names the file and shows the lines that changed, with what to do if that is meant."""
    text = difference("run", "a\nb\nc\n", "a\nx\nc\n")
    assert text.splitlines()[0] == "expected/run.txt: 2 changed lines"
    assert "-b" in text
    assert "+x" in text
    assert text.endswith("make snapshots, and look through git diff tests/snapshots.")
