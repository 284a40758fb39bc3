"""The scripts of a page: ES modules in ``assets``, joined into one inline script.

The modules use a strict subset of the language's module syntax, which this bundler reads, editors
and type checkers understand, and tests import one by one:

- ``import { name, other } from "./module.js";``, and nothing renamed;
- ``export`` before a function, an asynchronous function, a class or a constant, at the start of a
  line.

Each module becomes a function with a scope of its own, which gets the names that it imports, in an
order in which each module follows those that it imports. No user text goes through this module.
"""

import functools
import re
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from importlib import resources
from typing import Final

IMPORT: Final = re.compile(r'\nimport \{\s*(\w+(?:,\s*\w+)*),?\s*\} from "\./([\w-]+\.js)";(?=\n)')
EXPORT: Final = re.compile(r"\nexport (?=(?:async function|function|class|const) (\w+))")
OTHER_SYNTAX: Final = (
    re.compile(r"\n(?:import|export)\b.*"),
    re.compile(r"import(?<!\wimport)\s*\("),
)
"""Module syntax that the bundler does not read, once `IMPORT` and `EXPORT` are removed."""

COMMENTS: Final = re.compile(r"\n[ \t]*(?:/\*\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/|//[^\n]*)(?=\n)")
"""Comments on lines of their own, which a page does without.

All of these begin with the end of the line before, which is found several times as fast as the
start of a line: a module gets an empty line before its first.
"""


@functools.cache
def asset(name: str) -> str:
    """Return the text of one of the page's own files."""
    folder = resources.files("coverage_analyzer") / "maps" / "assets"
    return (folder / name).read_text(encoding="utf-8")


def bundled(entry: str, name: str, generated: Mapping[str, str]) -> str:
    """Return a module and all that it imports as a script that defines one constant.

    Parameters
    ----------
    entry
        File name of the module.
    name
        One of its exported names; the script's only global one.
    generated
        Text of modules that are not files, by name.

    Raises
    ------
    ValueError
        If modules import each other in a circle, a name that is not exported, or use syntax that
        is not understood.
    """
    modules: dict[str, str] = {}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    waiting = [entry]
    while waiting:
        module = waiting.pop()
        if module in modules:
            continue
        text = generated[module] if module in generated else asset(module)
        modules[module] = f"\n{text}"
        imported = [other for _, other in IMPORT.findall(modules[module])]
        sorter.add(module, *imported)
        waiting += imported
    try:
        order = list(sorter.static_order())
    except CycleError as error:
        msg = f"Modules import each other in a circle: {' -> '.join(error.args[1])}."
        raise ValueError(msg) from error
    exported = {module: EXPORT.findall(text) for module, text in modules.items()}
    parts = [part for module in order for part in _scope(module, modules[module], exported)]
    body = "\n".join(['"use strict";', *parts, f"return {_variable(entry)}.{name};"])
    return f"const {name} = (() => {{\n{body}\n}})();"


def _scope(module: str, text: str, exported: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield a module as a function that returns what it exports.

    Raises
    ------
    ValueError
        If it imports a name that is not exported, or uses syntax that is not understood.
    """
    for names, other in IMPORT.findall(text):
        missing = set(re.findall(r"\w+", names)) - set(exported[other])
        if missing:
            msg = f"{module} imports {', '.join(sorted(missing))}, which {other} does not export."
            raise ValueError(msg)
    code = EXPORT.sub("\n", IMPORT.sub(_import, COMMENTS.sub("", text)))
    odd = next(filter(None, (syntax.search(code) for syntax in OTHER_SYNTAX)), None)
    if odd:
        msg = f"{module} has an import or export that is not understood: {odd[0].strip()}"
        raise ValueError(msg)
    yield f"const {_variable(module)} = (() => {{"
    yield code.strip()
    yield f"return {{ {', '.join(exported[module])} }};\n}})();"


def _import(match: re.Match[str]) -> str:
    names = ", ".join(re.findall(r"\w+", match[1]))
    return f"\nconst {{ {names} }} = {_variable(match[2])};"


def _variable(module: str) -> str:
    return f"${module.removesuffix('.js').replace('-', '_')}"
