"""What the guide to terms shows can be run as it stands."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from coverage_analyzer.matching.eligibility import FailedRule
from coverage_analyzer.policy import Policy

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs" / "terms.md").read_text(encoding="utf-8")


def test_its_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, over the sample data."""
    pytest.importorskip("matplotlib")
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    for number, example in enumerate(re.findall(r"```python\n(.*?)```", GUIDE, re.DOTALL)):
        exec(compile(example, f"terms.md {number}", "exec"), names)  # noqa: S102 - our own guide
    assert (tmp_path / "timeline.png").read_bytes().startswith(b"\x89PNG")


def test_its_policy_is_one() -> None:
    """The gates that it shows fit into the policy that it tells to start from."""
    shown, starts = re.findall(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    data = Policy.load().model_dump(mode="json")
    gates = data["gates"] | tomllib.loads(shown)["gates"]
    policy = Policy.from_mapping(data | {"gates": gates})
    assert policy.gates.registration is not None
    assert policy.gates.registration.grace_days == 30
    clauses = data["clauses"] | {"set-up": "30 days.", "relocation": "25 miles, 30 days."}
    later = data | tomllib.loads(starts) | {"format": 2, "name": "own", "clauses": clauses}
    assert Policy.from_mapping(later).start_columns[:2] == ("purchased_on", "moved_on")


def test_it_names_every_gate() -> None:
    """No reason of a gate is left out of the table."""
    codes = [gate.name for gate in FailedRule if gate]
    assert all(f"`{code}`" in GUIDE for code in codes)
