"""Optional dependencies: one function says which library is missing, and how to install it."""

import ast
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import coverage_analyzer
from coverage_analyzer.errors import EXTRAS, MissingExtraError, install_command, require

PACKAGE = Path(coverage_analyzer.__file__).parent
PROJECT = PACKAGE.parent / "pyproject.toml"

OWN = {
    ("errors.py", "raise"),  # `require` itself
    ("spark/session.py", "raise"),  # Java, which no extra has
    ("files/work_folder.py", "except"),  # the lock of Unix, in the standard library
}


def handled(tree: ast.AST) -> Iterator[str]:
    """Yield each handler of a failed import, and each error about an extra that is raised."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and "ImportError" in ast.unparse(node.type or node):
            yield "except"
        if isinstance(node, ast.Raise) and "MissingExtraError" in ast.unparse(node):
            yield "raise"


def required() -> Iterator[tuple[str, list[str]]]:
    """Yield the extra and the modules of each call of `require` in the package."""
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "require":
                extra, *modules = node.args
                yield ast.literal_eval(extra), [ast.unparse(module) for module in modules]


def test_one_function_decides() -> None:
    """No module words its own advice, or takes another way to find that a library is missing."""
    result = {
        (str(path.relative_to(PACKAGE).as_posix()), kind)
        for path in PACKAGE.rglob("*.py")
        for kind in handled(ast.parse(path.read_text("utf-8")))
    }
    assert result == OWN
    advised = [p.name for p in PACKAGE.rglob("*.py") if "pip install" in p.read_text("utf-8")]
    assert advised == ["errors.py"]


@pytest.mark.skipif(not PROJECT.is_file(), reason="not in the repository")
def test_each_extra_is_one_of_the_project_and_has_what_is_required() -> None:
    """An advice that names no extra, or one without the library, would install nothing."""
    extras: dict[str, Any] = tomllib.loads(PROJECT.read_text("utf-8"))["project"][
        "optional-dependencies"
    ]
    assert EXTRAS.keys() == extras.keys()
    calls = list(required())
    assert {extra for extra, _ in calls} == EXTRAS.keys()
    for extra, modules in calls:
        names = {re.split(r"[<>=]", d)[0].replace("-", "_") for d in extras[extra]}
        named = {m.strip("'") for m in modules if m.startswith("'")} - {"networkx"}  # of osmnx
        assert named <= names


def test_the_message_names_all_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As packages are called, with the command, and another way where there is one."""
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    monkeypatch.setattr("coverage_analyzer.errors._direct_url", dict)
    monkeypatch.setattr(sys, "prefix", "/usr")
    with pytest.raises(MissingExtraError) as caught:
        require("excel", "numpy", "python_calamine", "xlsxwriter_x", otherwise="write CSV")
    assert str(caught.value) == (
        "python-calamine and xlsxwriter-x are not installed. For Excel workbooks, run: "
        "pip install 'coverage-analyzer[excel]', or write CSV."
    )


CHECKOUT = {"url": "file:///home/ann/a%20b", "dir_info": {"editable": True}}
FOLDER = {"url": "file:///srv/product", "dir_info": {}}
WHEEL = {"url": "file:///srv/product-1-py3-none-any.whl", "archive_info": {}}


@pytest.mark.skipif(sys.platform == "win32", reason="paths of Unix")
@pytest.mark.parametrize(
    ("file", "origin", "command"),
    [
        ("", {}, "pip install 'coverage-analyzer[excel]'"),
        ("", CHECKOUT, "pip install -e '/home/ann/a b[excel]'"),
        ("", FOLDER, "pip install '/srv/product[excel]'"),
        ("", WHEEL, f"pip install 'coverage-analyzer[excel] @ {WHEEL['url']}'"),
        ("uv-receipt.toml", FOLDER, "uv tool install '/srv/product[excel]'"),
        ("pipx_metadata.json", {}, "pipx install --force 'coverage-analyzer[excel]'"),
        ("archive-v0/", CHECKOUT, "uvx --from '/home/ann/a b[excel]' coverage-analyzer"),
    ],
)
def test_the_command_fits_how_the_package_was_installed(
    tmp_path: Path, file: str, origin: dict[str, Any], command: str
) -> None:
    """The package of a checkout is on no index: its name alone would install nothing."""
    prefix = tmp_path / file if file.endswith("/") else tmp_path
    prefix.mkdir(exist_ok=True)
    if prefix == tmp_path and file:
        (tmp_path / file).touch()
    assert install_command("excel", prefix, origin) == command


def test_nothing_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is there is not loaded before it is needed; what is loaded counts as there."""
    monkeypatch.delitem(sys.modules, "this", raising=False)
    require("spark", "this", "numpy")
    assert "this" not in sys.modules
    monkeypatch.setitem(sys.modules, "pyspark", object())
    require("spark", "pyspark")
