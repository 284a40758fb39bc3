"""What `make mutants` changes is there to be changed, and is near a test."""

from pathlib import Path

import pytest
from mutants import MUTANTS, TESTS, Mutant

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.module}: {m.meaning}")
def test_a_mutant_has_its_line_and_its_tests(mutant: Mutant) -> None:
    """A line that was moved or reworded would be reported as broken, which nobody reads daily."""
    path = ROOT / "coverage_analyzer" / f"{mutant.module}.py"
    lines = [line.strip() for line in path.read_text(encoding="utf-8").split("\n")]
    assert lines.count(mutant.line.strip()) == 1
    assert all((ROOT / "tests" / test).is_file() for test in TESTS[mutant.module])
