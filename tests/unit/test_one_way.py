"""One way to the kernel: a matcher is built, and sites are made of rows, in one place each."""

import ast
from pathlib import Path

import pytest

import coverage_analyzer

PACKAGE = Path(coverage_analyzer.__file__).parent


def callers(name: str) -> set[str]:
    """Return the modules of the package that call a function or class by its plain name."""
    return {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
    }


@pytest.mark.parametrize(
    ("name", "homes"),
    [
        ("Matcher", {"matching/matcher.py", "matching/spec.py"}),
        ("Sites", {"matching/matcher.py"}),
        ("EligibilityInputs", {"matching/eligibility.py"}),
    ],
)
def test_the_kernel_is_entered_in_one_place(name: str, homes: set[str]) -> None:
    """Files, frames, requests, points and Spark go through `MatcherSpec` and `Matcher.inputs`."""
    assert callers(name) == homes
