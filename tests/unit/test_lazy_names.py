"""Packages whose public names are imported on first use."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module
from types import ModuleType

import pytest

import coverage_analyzer
from coverage_analyzer import batch, spark

PACKAGES = [coverage_analyzer, batch, spark]


def imports_for_checkers(package: ModuleType) -> dict[str, str]:
    """Return the names that a package imports under TYPE_CHECKING, and from where."""
    tree = ast.parse(inspect.getsource(package))
    branches = [n for n in tree.body if isinstance(n, ast.If)]
    imports = [n for branch in branches for n in branch.body if isinstance(n, ast.ImportFrom)]
    return {alias.name: str(node.module) for node in imports for alias in node.names}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_checkers_see_what_users_get(package: ModuleType) -> None:
    """Each name is written down twice: both lead to one object, and `dir` lists it."""
    imports = imports_for_checkers(package)
    for name, module in imports.items():
        assert getattr(package, name) is getattr(import_module(module), name)
    assert set(package.__all__) <= set(dir(package))
    assert set(dir(package)) == {*imports, *package.__all__}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_an_unknown_name_is_named(package: ModuleType) -> None:
    """As Python itself says it."""
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'runs'"):
        package.runs  # noqa: B018
    assert not hasattr(package, "lazy")


def test_what_dir_lists_can_be_had_at_once() -> None:
    """Modules too, though nobody has imported them yet."""
    code = "import coverage_analyzer as ca; print(ca.geodesy.__name__, ca.countries.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["coverage_analyzer.geodesy", "coverage_analyzer.countries"]
