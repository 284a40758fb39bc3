"""What `make mutants` changes is in the code, changes it, and has tests."""

import ast
import functools
from collections import Counter
from pathlib import Path

import pytest
from mutants import MODULES, MUTANTS, TESTS, Mutant
from mutation import local_names, named, written_names

ROOT = Path(__file__).parents[2]


@functools.cache
def tree_of(module: str) -> ast.Module:
    """Return the syntax tree of a module as it is."""
    path = next(m.path(ROOT) for m in MUTANTS if m.module == module)
    return ast.parse(path.read_text(encoding="utf-8"))


@functools.cache
def unchanged(module: str) -> str:
    """Return the source of a module without its layout and comments."""
    return ast.unparse(tree_of(module))


@functools.cache
def changed(mutant: Mutant) -> str:
    """Return the source of its module with a mutant."""
    return mutant.source(ROOT)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.target}: {m.meaning}")
def test_a_mutant_changes_its_module_and_has_tests(mutant: Mutant) -> None:
    """A place that no longer exists would be reported as broken, in a table few people read."""
    compile(changed(mutant), str(mutant.path(ROOT)), "exec")
    assert changed(mutant) != unchanged(mutant.module)
    assert all((ROOT / "tests" / test).is_file() for test in TESTS[mutant.module])


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.target}: {m.meaning}")
def test_a_mutant_names_no_local_variable(mutant: Mutant) -> None:
    """Whoever renames one would have to search for it here."""
    scope = named(tree_of(mutant.module), mutant.name)
    assert not written_names(mutant.place, mutant.change) & local_names(scope)


def test_no_two_mutants_are_the_same() -> None:
    """Neither in what they change nor in what they stand for."""
    sources = Counter((mutant.module, changed(mutant)) for mutant in MUTANTS)
    assert max(sources.values()) == 1
    assert max(Counter(mutant.meaning for mutant in MUTANTS).values()) == 1


def test_each_module_has_mutants_and_tests() -> None:
    """A key that nothing uses is one that somebody forgot to delete."""
    assert MODULES.keys() == TESTS.keys() == {mutant.module for mutant in MUTANTS}
