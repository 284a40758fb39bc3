"""Which value of a setting is used: that of an option, the environment, the file, or the default.

Settings about an input (its columns, its encoding ...) apply to that input only: if another file is
read, those of a layer that names a file are left out. Of options that exclude each other, only the
layer counts that gives one of them first.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from coverage_analyzer.settings.model import Settings
from coverage_analyzer.settings.tables import KEYS

Source = Literal["option", "environment", "file", "default"]

INPUTS: Final[Mapping[str, str]] = {
    "sites": "",
    "addresses": "",
    "centers": "center_",
    "products": "product_",
    "requests": "request_",
}
"""Tables about an input: the option for its file has the name of the table, and what the names of
its further options begin with."""

SHARED: Final[Mapping[str, tuple[str, ...]]] = {
    "policy": ("policy.file", "policy.name"),
    "trust_declared": ("policy.trust_declared",),
    "max_rejects": ("thresholds.max_rejects",),
    "hold_if": ("thresholds.hold_if",),
    "folder": ("output.folder",),
    **{
        name: (f"output.{name}",)
        for name in ("format", "table", "areas", "map", "map_columns", "metrics", "summary")
    },
    **{name: (f"output.{name}",) for name in ("raw_text", "excel", "excel_locale")},
}
"""Options of several commands, with their keys: the first one that is set counts."""

OF_COMMAND: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("run", "output"): ("output.folder",),
    ("commitments", "max_rejects"): ("commitments.max_rejects",),
    ("commitments", "moment_format"): ("requests.moment_format",),
}
"""Options that mean something else in one command."""

OF_RUN: Final[Mapping[tuple[str, str], str]] = {("drive_times", "policy"): "output.folder"}
"""Options that are about the run folder which a command reads, with its key."""

EXCLUSIVE: Final = (frozenset({"server", "public", "offline"}), frozenset({"osm", "overpass"}))
"""Options of which one is chosen."""


class Binding(NamedTuple):
    """An option of a command, the keys that set it, and the key of the file that it is about."""

    option: str
    keys: tuple[str, ...]
    about: str = ""


class Layer(NamedTuple):
    """Settings, and where they are from."""

    source: Source
    settings: Settings


@dataclass(frozen=True)
class Value:
    """A value that is used for an option.

    Attributes
    ----------
    key
        The key that sets it.
    value
        Text, a number, whether something holds, or values by name.
    source
        Where it is from.
    """

    key: str
    value: Any
    source: Source


def bindings(command: str, options: Iterable[str], flags: Mapping[str, str]) -> list[Binding]:
    """Return which options of a command can be set, and by which keys.

    Parameters
    ----------
    command
        Its name, with underscores.
    options
        The names of its parameters.
    flags
        The long flag of each option, with underscores and without the hyphens in front.
    """
    names = list(options)
    own = Settings.model_fields[command].annotation if command in Settings.model_fields else None
    own_keys = getattr(own, "model_fields", {})
    unprefixed = "addresses" if "addresses" in names else "sites"
    bound = []
    for name in names:
        flag = flags.get(name, name)
        input_key = _input_key(name, unprefixed)
        if (command, name) in OF_COMMAND:
            keys = OF_COMMAND[command, name]
        elif flag in own_keys:
            keys = (f"{command}.{flag}",)
        else:
            keys = SHARED.get(name) or ((input_key,) if input_key else ())
        if keys:
            table = keys[0].partition(".")[0]
            about = f"{table}.file" if table in INPUTS else ""
            bound.append(Binding(name, keys, OF_RUN.get((command, name), about)))
    return bound


_NAMES: Final = {
    name
    for each in KEYS
    for name in (each.name, each.name.rpartition(".")[0])  # and that of a table of values
}


def _input_key(option: str, unprefixed: str) -> str:
    """Return the key of an option that names an input or is about one; empty if it is neither."""
    if option in INPUTS:
        return f"{option}.file"
    for table, prefix in INPUTS.items():
        if option.startswith(prefix) if prefix else table == unprefixed:
            key = f"{table}.{option.removeprefix(prefix)}"
            if key in _NAMES:
                return key
    return ""


def resolve(
    bound: Sequence[Binding], layers: Sequence[Layer], option_values: Mapping[str, str]
) -> dict[str, Value]:
    """Return the value that settings have for each option, whether or not the option is given.

    Parameters
    ----------
    bound
        The options of a command.
    layers
        The one that counts first in front.
    option_values
        The values of the options that are given.
    """
    option_of = {key: each.option for each in bound for key in each.keys}
    result = {}
    for each in bound:
        subject = option_values.get(option_of.get(each.about, ""), "")
        values = [
            Value(key, value, layer.source)
            for layer in _open(each.option, layers, option_values, bound)
            if applies(layer, each.about, subject, layers)
            for key in each.keys
            if (value := layer.settings.value(key)) is not None
        ]
        if values and isinstance(values[0].value, dict):
            merged = {k: v for value in reversed(values) for k, v in value.value.items()}
            values[0] = Value(values[0].key, merged, values[0].source)
        if values:
            result[each.option] = values[0]
    return result


def applies(layer: Layer, about: str, subject: str, layers: Sequence[Layer]) -> bool:
    """Return whether the settings of a layer about an input apply to the input that is read.

    Parameters
    ----------
    layer
        If it does not name a file, its settings apply to any.
    about
        The key of the input's file; if empty, the settings are about no input.
    subject
        The input that is given as an option; if empty, the first layer that names one counts.
    layers
        All of them.
    """
    own = layer.settings.value(about) if about else None
    if own is None:
        return True
    named = (each.settings.value(about) for each in layers)
    return _is_same(own, subject or next(name for name in named if name is not None))


def types_of(layers: Sequence[Layer], sites: str) -> dict[str, str]:
    """Return what own columns of a sites file hold, by header, as far as settings say it."""
    return {
        header: kind
        for layer in reversed(layers)
        if applies(layer, "sites.file", sites, layers)
        for header, kind in layer.settings.types.items()
    }


def _is_same(one: str, other: str) -> bool:
    """Return whether two names are of one file, which need not be there."""
    try:
        if Path(one).resolve() == Path(other).resolve():
            return True
        return Path(one).samefile(other)
    except (OSError, RuntimeError, ValueError):
        return one == other


def _open(
    option: str, layers: Sequence[Layer], option_values: Mapping[str, str], bound: Sequence[Binding]
) -> Sequence[Layer]:
    """Return the layers that may set an option: of options that exclude each other only one."""
    group = next((group for group in EXCLUSIVE if option in group), frozenset())
    keys = [key for each in bound if each.option in group for key in each.keys]
    if not keys:
        return layers
    if any(option_values.get(name) for name in group):
        return ()
    first = (x for x in layers if any(x.settings.value(key) for key in keys))
    return list(first)[:1]


def sources(layers: Sequence[Layer]) -> dict[str, Value]:
    """Return the value of each key that is set and applies, by its name."""
    result: dict[str, Value] = {}
    for key in KEYS:
        about = f"{key.table}.file" if key.table in INPUTS else ""
        for layer in layers:
            value = layer.settings.value(key.name)
            if value is not None and applies(layer, about, "", layers):
                result.setdefault(key.name, Value(key.name, value, layer.source))
    for layer in layers:
        for header, kind in layer.settings.types.items():
            result[f"types.{header}"] = Value(f"types.{header}", kind, layer.source)
    return result
