"""The schema of what each command prints with ``--json``; every such output of a test is valid."""

import functools
import json
from collections.abc import Iterator
from importlib import resources
from typing import Any, Final

import click

from coverage_analyzer.cli import main

FOLDER: Final = resources.files("coverage_analyzer") / "resources" / "schemas"


def schemas() -> dict[str, dict[str, Any]]:
    """Return the schemas that ship, by name."""
    return {
        path.name.removesuffix(".schema.json"): json.loads(path.read_text("utf-8"))
        for path in FOLDER.iterdir()
    }


def commands() -> Iterator[str]:
    """Yield the commands that have ``--json``; a group's option is one of its commands."""
    for name, command in main.program.commands.items():
        if not any(option.name == "as_json" for option in command.params):
            continue
        if isinstance(command, click.Group):
            yield from (f"{name} {each}" for each in command.commands)
        else:
            yield name


@functools.cache
def validator(command: str) -> Any:
    """Return what validates the output of a command; None if no schema names it."""
    import jsonschema

    for schema in schemas().values():
        if command in schema.get("x-commands", ()):
            return jsonschema.Draft202012Validator(schema)
    return None


def check(command: str, output: Any) -> None:
    """Check that an output is as its schema says, with no other key.

    Raises
    ------
    AssertionError
        If not, or if there is no schema.
    """
    rules = validator(command)
    assert rules is not None, f"no schema in {FOLDER} has {command!r} in x-commands"
    wrong = [f"{error.json_path}: {error.message[-300:]}" for error in rules.iter_errors(output)]
    assert wrong == [], f"{command} --json is not as its schema says (tools/build_schemas.py)"


def name_of(context: click.Context | None) -> str:
    """Return the name of the command that is running, without that of the program."""
    names: list[str] = []
    while context is not None and context.command is not main.program:
        names.append(context.command.name or "")
        context = context.parent
    return " ".join(reversed(names))
