"""Arguments of Python functions that take ``settings``: what is left out is taken from there.

An argument that has its default counts as left out. Without settings nothing is imported for them:
their models take time to build.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.policy import DEFAULT, Policy

if TYPE_CHECKING:
    from coverage_analyzer.settings.model import Settings

WRITTEN: Final = tuple(each.name for each in dataclasses.fields(Dialect))


class InputArguments(NamedTuple):
    """A table to be read: where it is, which headers to take, and how it is written."""

    path: str | Path
    columns: Mapping[str, str]
    dialect: Dialect


def values_of(
    settings: "Settings | None", options: Sequence[str], inputs: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the values that settings have for options of ``run``, by name.

    Parameters
    ----------
    settings
        If None, there are none.
    options
        Names of options.
    inputs
        The inputs that are given: settings about another input are left out.
    """
    if settings is None:
        return {}
    from coverage_analyzer.settings.values import Layer, bindings, resolve, types_of

    layers = [Layer("file", settings)]
    texts = {name: str(value) for name, value in inputs.items() if value is not None}
    names = ["sites", "centers", "products", *options]
    resolved = resolve(bindings("run", names, {}), layers, texts)
    types = {"types": types_of(layers, texts.get("sites", ""))} if "types" in options else {}
    return {name: resolved[name].value for name in options if name in resolved} | types


def input_arguments(
    settings: "Settings | None",
    table: Literal["sites", "centers"],
    path: str | Path | None,
    columns: Mapping[str, str] | None = None,
    dialect: Dialect = PLAIN,
) -> InputArguments:
    """Return an input with what settings say about it.

    Raises
    ------
    InputError
        If it is neither given nor set.
    """
    prefix = "center_" if table == "centers" else ""
    names = [table, f"{prefix}columns", *(f"{prefix}{name}" for name in WRITTEN)]
    values = values_of(settings, names, {table: path})
    place = path if path is not None else values.get(table)
    if place is None:
        msg = f"The {table} are missing. Pass their path, or settings with a file in [{table}]."
        raise InputError(msg)
    headers = {**values.get(f"{prefix}columns", {}), **(columns or {})}
    return InputArguments(place, headers, _complete(dialect, values, prefix))


def product_dialect(settings: "Settings | None", path: str | Path, dialect: Dialect) -> Dialect:
    """Return how a file of products is written, with what settings say about it."""
    names = [f"product_{name}" for name in WRITTEN]
    values = values_of(settings, names, {"products": path or None})
    return _complete(dialect, values, "product_")


def _complete(dialect: Dialect, values: Mapping[str, Any], prefix: str) -> Dialect:
    """Return a dialect with values in place of the defaults in it."""
    changes = {
        name: values[f"{prefix}{name}"]
        for name in WRITTEN
        if f"{prefix}{name}" in values and getattr(dialect, name) == getattr(PLAIN, name)
    }
    return dataclasses.replace(dialect, **changes)


def output_argument(settings: "Settings | None", output: str | Path | None) -> str | Path:
    """Return a run folder, or that of the settings if none is given.

    Raises
    ------
    InputError
        If it is neither given nor set.
    """
    place: str | Path | None = values_of(settings, ["output"], {}).get("output")
    place = output if output is not None else place
    if place is None:
        msg = "The run folder is missing. Pass output, or settings with a folder in [output]."
        raise InputError(msg)
    return place


def policy_argument(
    settings: "Settings | None", policy: Policy | str | Path
) -> Policy | str | Path:
    """Return a policy, or that of the settings if it is the default."""
    default_policy: Policy | str | Path = values_of(settings, ["policy"], {}).get("policy", policy)
    return default_policy if policy == DEFAULT else policy
