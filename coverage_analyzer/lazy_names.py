"""Public names that a package imports on first use (PEP 562): start-up is part of speed.

A package writes them down twice: as imports under ``TYPE_CHECKING``, for static checkers, and in
the table of `lazy_names`.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any


def lazy_names(
    package: str, modules: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return the functions ``__getattr__`` and ``__dir__`` of a package.

    Parameters
    ----------
    package
        Its name.
    modules
        The module of each name, relative to the package; empty if the name is a module itself.

    Examples
    --------
    >>> get, names = lazy_names("coverage_analyzer.spark", {"assess": "_assess", "question": ""})
    >>> get("assess").__module__, get("question").__name__
    ('coverage_analyzer.spark._assess', 'coverage_analyzer.spark.question')
    >>> names()
    ['assess', 'question', 'run']
    """

    def get(name: str) -> Any:
        if name not in modules:
            msg = f"module {package!r} has no attribute {name!r}"
            raise AttributeError(msg)
        if not modules[name]:
            return import_module(f"{package}.{name}")
        return getattr(import_module(f"{package}.{modules[name]}"), name)

    def names() -> list[str]:
        return sorted({*modules, *import_module(package).__all__})

    return get, names
