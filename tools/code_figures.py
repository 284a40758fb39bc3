"""Count what can be counted about the code: the table and the line numbers of docs/development.md.

Run from the repository's root::

    python tools/code_figures.py
"""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Final

PACKAGE: Final = Path("coverage_analyzer")
TESTS: Final = Path("tests")
GUIDE: Final = Path("docs/development.md")
BEGIN: Final = "<!-- figures -->"
END: Final = "<!-- end of figures -->"

BRANCHES: Final = (
    ast.If,
    ast.For,
    ast.While,
    ast.ExceptHandler,
    ast.IfExp,
    ast.comprehension,
    ast.Assert,
    ast.match_case,
)
REFERENCE: Final = re.compile(r"`([\w/]+\.py):\d+ (\w+)`")
SUPPRESSION: Final = re.compile(r"#\s*(noqa|type:\s*ignore|pragma)")

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass
class Module:
    """One file of Python: its path, text and syntax tree."""

    path: Path
    text: str = field(init=False, repr=False)
    tree: ast.Module = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Read and parse the file."""
        self.text = self.path.read_text(encoding="utf-8")
        self.tree = ast.parse(self.text)

    @cached_property
    def functions(self) -> list[Function]:
        """All functions and methods."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def code_lines(self) -> set[int]:
        """Lines on which a statement or an expression starts or ends; docstrings are left out."""
        return code_lines(self.tree)


def code_lines(root: ast.AST) -> set[int]:
    """Return the lines of code below a node."""
    lines: set[int] = set()
    for node in ast.walk(root):
        docstring = first_docstring(node)
        for child in ast.iter_child_nodes(node):
            if child is not docstring:
                lines |= ends(child)
    doc_lines = {
        number
        for node in ast.walk(root)
        if (docstring := first_docstring(node))
        for number in range(docstring.lineno, (docstring.end_lineno or 0) + 1)
    }
    return lines - doc_lines


def ends(node: ast.AST) -> set[int]:
    """Return the first and the last line of a node, if it has any."""
    first = getattr(node, "lineno", None)
    return {first, node.end_lineno} if first else set()  # type: ignore[attr-defined]


def first_docstring(node: ast.AST) -> ast.Expr | None:
    """Return the statement that is the docstring of a module, class or function."""
    if not isinstance(node, ast.Module | ast.ClassDef | Function) or not node.body:
        return None
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        return first if isinstance(first.value.value, str) else None
    return None


def modules(folder: Path) -> list[Module]:
    """Return the Python files below a folder."""
    return [Module(path) for path in sorted(folder.rglob("*.py"))]


def branches(function: Function) -> int:
    """Return the branches of a function, plus one."""
    inner = [node for node in ast.walk(function) if isinstance(node, BRANCHES)]
    return 1 + len(inner)


def arguments(function: Function) -> int:
    """Return how many arguments a function has, without `self` and `cls`."""
    args = function.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return sum(arg.arg not in {"self", "cls"} for arg in named)


def spread(values: list[int]) -> str:
    """Return the median, the 90th percentile and the maximum."""
    tenths = statistics.quantiles(values, n=10)
    return f"{statistics.median(values):g} / {tenths[8]:.0f} / {max(values)}"


def is_public(function: Function) -> bool:
    """Whether the name of a function is public."""
    return not function.name.startswith("_")


def is_annotated(function: Function) -> bool:
    """Whether a function has all its types."""
    args = function.args
    named = [*args.posonlyargs, *args.args, *args.kwonlyargs]
    return function.returns is not None and all(
        arg.annotation or arg.arg in {"self", "cls"} for arg in named
    )


def share(part: int, whole: int) -> str:
    """Return a share in percent."""
    return f"{100 * part / whole:.0f} %"


def local_imports(module: Module) -> int:
    """Return how many imports of own modules are inside functions."""
    return sum(
        isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGE.name)
        for function in module.functions
        for node in ast.walk(function)
    )


def package_rows(files: list[Module]) -> Iterator[tuple[str, str]]:
    """Yield what is counted in the package."""
    functions = [function for module in files for function in module.functions]
    lines = [len(module.code_lines) for module in files]
    yield "modules", f"{len(files)}"
    yield "code lines", f"{sum(lines):,}"
    yield "code lines of a module: median / p90 / max", spread(lines)
    yield "functions", f"{len(functions):,}"
    sizes = [len(code_lines(function)) for function in functions]
    yield "code lines of a function: median / p90 / max", spread(sizes)
    yield "branches + 1: median / p90 / max", spread([branches(f) for f in functions])
    core = [f for m in files if "cli" not in m.path.parts for f in m.functions]
    yield "arguments outside `cli`: median / p90 / max", spread([arguments(f) for f in core])
    public = [function for function in functions if is_public(function)]
    annotated = sum(is_annotated(function) for function in public)
    yield "public functions with all types", share(annotated, len(public))
    documented = sum(ast.get_docstring(function) is not None for function in public)
    yield "public functions with a docstring", share(documented, len(public))
    inner = sum(local_imports(module) for module in files)
    yield "imports of own modules inside functions", f"{inner}"
    broad = sum(is_broad(node) for module in files for node in ast.walk(module.tree))
    yield "`except Exception`, bare `except`", f"{broad}"
    marks = sum(len(SUPPRESSION.findall(module.text)) for module in files)
    yield "suppressions in 1,000 code lines", f"{1000 * marks / sum(lines):.1f}"


def is_broad(node: ast.AST) -> bool:
    """Whether a node is an `except` that catches everything."""
    if not isinstance(node, ast.ExceptHandler):
        return False
    names = {child.id for child in ast.walk(node.type or node) if isinstance(child, ast.Name)}
    return node.type is None or bool(names & {"Exception", "BaseException"})


def test_rows(files: list[Module], code: int) -> Iterator[tuple[str, str]]:
    """Yield what is counted in the tests."""
    tests = [f for module in files for f in module.functions if f.name.startswith("test")]
    marks = [" ".join(ast.unparse(mark) for mark in test.decorator_list) for test in tests]
    kinds = [
        len(tests),
        sum("parametrize" in mark for mark in marks),
        sum("given(" in mark for mark in marks),
    ]
    yield "test functions / parametrised / property", " / ".join(f"{kind:,}" for kind in kinds)
    lines = sum(len(module.code_lines) for module in files)
    yield "test lines per code line", f"{lines / code:.1f}"


def table() -> str:
    """Return the table as Markdown."""
    package = modules(PACKAGE)
    code = sum(len(module.code_lines) for module in package)
    rows = [*package_rows(package), *test_rows(modules(TESTS), code)]
    return "\n".join(["| counted | here |", "|---|--:|", *(f"| {a} | {b} |" for a, b in rows)])


def with_lines(text: str) -> str:
    """Return a text with the line of each definition that it names as `FILE:LINE NAME`.

    Raises
    ------
    LookupError
        If a file does not define what is named.
    """
    return REFERENCE.sub(
        lambda match: f"`{match[1]}:{line_of(match[1], match[2])} {match[2]}`", text
    )


def line_of(path: str, name: str) -> int:
    """Return the line of a function or class of a file.

    Raises
    ------
    LookupError
        If the file does not define it.
    """
    for node in ast.walk(Module(Path(path)).tree):
        if isinstance(node, ast.ClassDef | Function) and node.name == name:
            return node.lineno
    message = f"{GUIDE}: {path} does not define {name}."
    raise LookupError(message)


def main() -> None:
    """Write the table between its marks."""
    text = with_lines(GUIDE.read_text(encoding="utf-8"))
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    GUIDE.write_text(f"{before}{BEGIN}\n{table()}\n{END}{after}", encoding="utf-8")
    print(table())


if __name__ == "__main__":
    main()
