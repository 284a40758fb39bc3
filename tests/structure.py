"""What the package is built of, counted: ``python tests/structure.py [FOLDER OF A PACKAGE]``.

`test_structure` asks it in how many files a concept is; by hand it compares two states of the code.
"""

import ast
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

IRREGULAR: Final = frozenset(
    (
        *(
            "asked",
            "bought",
            "built",
            "chosen",
            "done",
            "drawn",
            "driven",
            "found",
            "given",
            "gone",
        ),
        *("held", "hidden", "kept", "known", "left", "lost", "made", "meant", "said", "seen"),
        *("sent", "shown", "told", "taken", "thought", "written"),
    )
)
"""Participles that do not end in -ed."""

WORDS: Final = ("told", "some", "found", "given", "stands", "lies", "is none")

SPECIMENS: Final = {
    "report column": "centers_in_reach",
    "reason": "component_unknown",
    "command": "timeline",
    "input format": ".shp",
    "output format": "xlsx",
    "reject reason": "date_not_a_day",
    "vendor": "hp-call-to-repair",
}
"""One of each kind whose name means nothing else in the code."""


def docstrings(tree: ast.AST) -> set[int]:
    """Return the identities of constants that are docstrings, or text without effect."""
    return {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }


def names_in(tree: ast.AST) -> Iterator[str]:
    """Yield all names and words of short texts in code; docstrings and comments are no code."""
    prose = docstrings(tree)
    for node in ast.walk(tree):
        match node:
            case ast.Constant(value=str(text)) if id(node) not in prose and len(text) < 60:
                yield from re.findall(r"[\w.-]+", text)
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.keyword(arg=str(name)) | ast.FunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.alias(name=name):
                yield from name.split(".")


def is_participle(name: str) -> bool:
    """Return whether a function is called by a bare participle: `told`, `_judged`, not `is_open`.

    Examples
    --------
    >>> [name for name in ("_told", "judged", "need", "read_sites", "seed") if is_participle(name)]
    ['_told', 'judged']
    """
    word = name.strip("_")
    regular = word.endswith("ed") and word not in {"need", "seed", "speed", "feed", "embed", "bed"}
    return "_" not in word and (regular or word in IRREGULAR)


class Structure:
    """The modules of a package and what is in them.

    Parameters
    ----------
    folder
        Of the package.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.trees = {
            path.relative_to(folder).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
            for path in sorted(folder.rglob("*.py"))
        }

    @property
    def top_level(self) -> list[str]:
        """The modules and packages directly below the package."""
        names = {Path(name).parts[0].removesuffix(".py") for name in self.trees}
        return sorted(names - {"__init__", "__main__"})

    @property
    def fullest(self) -> tuple[int, str]:
        """The greatest number of modules directly in one folder, and that folder."""
        folders = Counter(Path(n).parent.as_posix() for n in self.trees if "__init__" not in n)
        folder, count = folders.most_common(1)[0]
        return count, folder

    def _module(self, dotted: str) -> str | None:
        """Return the file of a module of the package, if it is one."""
        parts = dotted.split(".")
        if parts[0] != self.folder.name:
            return None
        path = "/".join(parts[1:])
        files = (f"{path}.py", f"{path}/__init__.py".lstrip("/"))
        return next((file for file in files if file in self.trees), None)

    @cached_property
    def imports(self) -> dict[str, set[str]]:
        """The modules of the package that each module imports, wherever it does so."""
        result: dict[str, set[str]] = defaultdict(set)
        for name, tree in self.trees.items():
            for node in ast.walk(tree):
                dotted: Iterable[str] = ()
                if isinstance(node, ast.Import):
                    dotted = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                    subs = [f"{node.module}.{alias.name}" for alias in node.names]
                    dotted = [sub if self._module(sub) else node.module for sub in subs]
                files = (self._module(each) for each in dotted)
                result[name] |= {file for file in files if file and file != name}
        return result

    @property
    def with_one_importer(self) -> list[str]:
        """The modules that one other module imports."""
        count = Counter(file for files in self.imports.values() for file in files)
        return sorted(file for file, times in count.items() if times == 1)

    @property
    def cycles(self) -> list[set[str]]:
        """The sets of modules that import each other, also for types or late."""
        reach = {name: set(files) for name, files in self.imports.items()}
        for _ in range(len(reach).bit_length()):
            for near in reach.values():
                near |= {far for name in near for far in reach.get(name, ())}
        on_one = {n: frozenset(m for m in reach[n] if n in reach.get(m, ())) for n in reach}
        return [set(each) for each in {modules for modules in on_one.values() if modules}]

    @property
    def functions(self) -> list[tuple[str, ast.FunctionDef]]:
        """All functions and methods, with their module."""
        return [
            (name, node)
            for name, tree in self.trees.items()
            for node in ast.walk(tree)
            if isinstance(node, ast.FunctionDef)
        ]

    @property
    def participles(self) -> list[str]:
        """The functions whose name is a bare participle."""
        return [f"{name}:{node.name}" for name, node in self.functions if is_participle(node.name)]

    @property
    def longest_arguments(self) -> tuple[int, str]:
        """The greatest number of arguments of a function, and that function."""
        return max(
            (len([*f.args.posonlyargs, *f.args.args, *f.args.kwonlyargs]), f"{name}:{f.name}")
            for name, f in self.functions
        )

    def occurrences(self, words: str) -> int:
        """Return how often words occur in code and docs: whole words, one of them in any case."""
        docs = (self.folder.parent / "docs").glob("*.md")
        scripts = self.folder.rglob("*.js")
        names = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md")
        above = [self.folder.parent / name for name in names]
        files = [*self.folder.rglob("*.py"), *scripts, *docs, *filter(Path.exists, above)]
        pattern = re.compile(rf"\b{words}\b", 0 if " " in words else re.IGNORECASE)  # "is None"
        return sum(len(pattern.findall(file.read_text(encoding="utf-8"))) for file in files)

    def places(self, specimen: str) -> set[str]:
        """Return the files of the package that know a name: code by its names, data by a file's."""
        code = {name for name, tree in self.trees.items() if specimen in names_in(tree)}
        scripts = {
            path.relative_to(self.folder).as_posix()
            for path in self.folder.rglob("*.js")
            if re.search(rf"\b{re.escape(specimen)}\b", path.read_text(encoding="utf-8"))
        }
        data = {
            path.relative_to(self.folder).as_posix()
            for path in (self.folder / "resources").rglob("*.toml")
            if path.stem == specimen
        }
        return code | scripts | data


def counts(it: Structure) -> dict[str, object]:
    """Return all counts by what they count."""
    places = {concept: sorted(it.places(specimen)) for concept, specimen in SPECIMENS.items()}
    return {
        "top-level entries": len(it.top_level),
        "modules": len(it.trees),
        "modules in the fullest folder": it.fullest,
        "modules with one importer": len(it.with_one_importer),
        "import cycles, for types too": [sorted(cycle) for cycle in it.cycles],
        "functions": len(it.functions),
        "functions named by a participle": len(it.participles),
        "longest list of arguments": it.longest_arguments,
        **{f"'{words}'": it.occurrences(words) for words in WORDS},
        **{f"places of: {concept}": (len(files), *files) for concept, files in places.items()},
    }


def main(folder: Path) -> None:
    """Print the counts, a line each."""
    for name, count in counts(Structure(folder)).items():
        sys.stdout.write(f"{name}: {count}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "coverage_analyzer")
