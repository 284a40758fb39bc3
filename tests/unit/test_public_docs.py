"""Every public name says what it takes, gives and raises, with an example that runs."""

import doctest
import inspect
import re

import pytest

import coverage_analyzer as ca
from coverage_analyzer import errors

FUNCTIONS = [name for name in ca.__all__ if inspect.isfunction(getattr(ca, name))]
KINDS = {name for name, value in vars(errors).items() if inspect.isclass(value)}


def sections(name: str) -> dict[str, str]:
    """Return the sections of the docstring of a public name, as numpydoc has them."""
    text = inspect.getdoc(getattr(ca, name)) or ""
    parts = re.split(r"^(\w[\w ]*)\n-{3,}$", text, flags=re.MULTILINE)
    return {"": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}


def entries(section: str) -> set[str]:
    """Return the names that stand at the margin of a section: ``lon, lat`` are two."""
    heads = re.findall(r"^(\**\w[\w, *]*)$", section, flags=re.MULTILINE)
    return {name.strip(" *") for head in heads for name in head.split(",")}


@pytest.mark.parametrize("name", ca.__all__)
def test_every_public_name_has_an_example(name: str) -> None:
    """The examples run as doctests (``--doctest-modules``); here is seen that there are some."""
    examples = doctest.DocTestParser().get_examples(sections(name).get("Examples", ""))
    assert any(example.want for example in examples)
    assert any(name in example.source for example in examples)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_all_sections(name: str) -> None:
    """Each parameter has an entry, what is returned and raised, too."""
    result = sections(name)
    assert entries(result["Parameters"]) == set(inspect.signature(getattr(ca, name)).parameters)
    assert result.get("Returns", "").strip()
    raised = entries(result["Raises"])
    assert raised
    assert raised <= KINDS
    assert "InputError" in raised


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_parameters_can_raise_is_documented(name: str) -> None:
    """A policy by name may not exist, and a file may not be writable."""
    parameters = inspect.signature(getattr(ca, name)).parameters
    raised = entries(sections(name)["Raises"])
    if "policy" in parameters and parameters["policy"].default is not None:
        assert "PolicyError" in raised
    if {"folder", "output", "rejects"} & set(parameters):
        assert "PublishError" in raised
