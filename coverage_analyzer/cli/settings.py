"""Give every command the settings file and the environment, before its options are parsed.

`Program` calls `use` once for each command that is started: whatever an option is not given for
comes from the environment, else from the file, as click's default map. A command needs no code of
its own; `settings.values.bindings` says which option is set by which key.
"""

import difflib
import os
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from coverage_analyzer.cli.messages import say
from coverage_analyzer.settings import discovery

if TYPE_CHECKING:
    from coverage_analyzer.settings.values import Binding, Layer, Value

FILE_VARIABLE: Final = f"{discovery.PREFIX}SETTINGS"
OTHER_VARIABLES: Final = (FILE_VARIABLE, f"{discovery.PREFIX}CACHE")
"""Environment variables of the program that no key of a file is about."""

SETTABLE: Final = (
    *("sites", "centers", "products", "addresses", "requests", "output", "folder", "end", "policy"),
    "settings",
)
"""Options by which a command is known to use settings (without the import of their models)."""

ALWAYS: Final = ("config",)
NEVER: Final = ("init",)
"""Commands that use settings although no option tells, and one that does not, but writes them."""

PROPOSED: Final = ("sites", "centers", "output")
"""Tables that ``init`` writes."""

REPEATED: Final = ("thresholds.hold_if", "compare.fail_if", "compare.warn_if", "compare.key")
"""Keys of options that may be given several times."""

_META: Final = "coverage_analyzer.settings"
_ALIKE: Final = 0.85
"""How alike a variable and the name of a setting are if a mistake is supposed."""


@dataclass(frozen=True)
class Used:
    """The settings that a command uses.

    Attributes
    ----------
    layers
        The environment and the file, as far as they set anything; the first one counts first.
    path
        The file; None if none is used.
    """

    layers: Sequence["Layer"] = ()
    path: Path | None = None


def add_options(command: click.Command) -> None:
    """Give a command that uses settings its options for them, and let these replace arguments."""
    if command.name not in ALWAYS and (
        command.name in NEVER or not any(each.name in SETTABLE for each in command.params)
    ):
        return
    for parameter in command.params:
        if parameter.required and parameter.name in SETTABLE:
            parameter.required, parameter.callback = False, _require
            if isinstance(parameter, click.Option):
                parameter.help = f"{parameter.help}  [required here or in the settings]"
            elif parameter.metavar:
                parameter.metavar = f"[{parameter.metavar}]"
    command.params += [
        click.Option(
            ["--settings", "settings_file"],
            metavar="FILE",
            expose_value=False,
            help=f"Settings file.  [default: the nearest {discovery.NAME}]",
        ),
        click.Option(
            ["--no-settings"], is_flag=True, expose_value=False, help="Use no settings file."
        ),
    ]


def _require(context: click.Context, parameter: click.Parameter, value: Any) -> Any:
    """Return the value of a parameter that neither the command line nor settings may leave out.

    Raises
    ------
    click.MissingParameter
        If both do; the message names both ways.
    """
    if value is not None:
        return value
    (key,) = {b.keys[0] for b in _bindings(context.command) if b.option == parameter.name}
    table, _, name = key.rpartition(".")
    variable = f"{discovery.PREFIX}{key.replace('.', '_').upper()}"
    hint = (parameter.name or "").upper()
    if isinstance(parameter, click.Option):
        hint = " / ".join(parameter.opts)
    msg = f"Give it here, or set '{name}' in [{table}] of {discovery.NAME}, or set {variable}."
    if table in PROPOSED:
        msg += " To write that file: coverage-analyzer init SITES --centers CENTERS"
    raise click.MissingParameter(msg, ctx=context, param=parameter, param_hint=f"'{hint}'")


def use(context: click.Context, command: click.Command, args: Sequence[str]) -> None:
    """Make settings the defaults of a command.

    Parameters
    ----------
    context
        Of the program.
    command
        The one that is about to be parsed.
    args
        What it is given.

    Raises
    ------
    InputError
        If the settings file cannot be used, or a variable has a wrong value.
    click.UsageError
        If a file is named and refused at once.
    """
    names = {parameter.name for parameter in command.params}
    arguments = None if context.resilient_parsing else _arguments_of(context, command, args)
    if "settings_file" not in names or arguments is None:
        return
    used = _load(arguments)
    context.meta[_META] = used
    if used.path is not None and not arguments.get("quiet"):
        say(f"Settings: {used.path}")
    if not used.layers:
        return
    from coverage_analyzer.settings import values

    bound = _bindings(command)
    resolved = values.resolve(bound, used.layers, arguments)
    if not arguments.get("quiet"):
        _report_unused(bound, used.layers, arguments)
    name = command.name or ""
    context.default_map = {name: {option: _as_given(v) for option, v in resolved.items()}}


def current() -> Used:
    """Return the settings of the command that is running."""
    context = click.get_current_context(silent=True)
    used = context.meta.get(_META) if context else None
    return used or Used()


def origin() -> dict[str, str] | None:
    """Return the path and the hash of the settings file in use, as ``run.json`` has them."""
    return next((o for layer in current().layers if (o := layer.settings.origin)), None)


def of_run(sites: str) -> dict[str, Any]:
    """Return the options of a run that no option of the command line sets."""
    layers = current().layers
    if not layers:
        return {}
    from coverage_analyzer.settings import values

    return {"settings": origin(), "types": values.types_of(layers, sites)}


def defaults(commands: Sequence[click.Command], found: Container[str]) -> dict[str, Any]:
    """Return the default of each key that has one and is in use, by the options of commands.

    Parameters
    ----------
    commands
        All of them.
    found
        The keys that are set: where one of them sets an option, its default is not in use.
    """
    result: dict[str, Any] = {}
    for command in commands:
        if command.name in NEVER:
            continue
        context = click.Context(command, info_name=command.name, resilient_parsing=True)
        by_name = {parameter.name: parameter for parameter in command.params}
        for each in _bindings(command):
            value = by_name[each.option].get_default(context)
            is_set = any(key in found for key in each.keys)
            if isinstance(value, (str, int, float)) and value != "" and not is_set:
                result.setdefault(each.keys[-1], value)
    return result


def _arguments_of(
    context: click.Context, command: click.Command, args: Sequence[str]
) -> dict[str, Any] | None:
    """Return the values that arguments give to the parameters of a command, by their names.

    None if they cannot be parsed, which click then says, or ask for help.
    """
    peek = click.Context(
        command, parent=context, resilient_parsing=True, ignore_unknown_options=True
    )
    try:
        parsed, _, _ = command.make_parser(peek).parse_args(list(args))
    except click.UsageError:
        return None
    if any(each.is_eager and parsed.get(each.name) for each in command.get_params(peek)):
        return None
    return {name: value for name, value in parsed.items() if isinstance(value, (str, bool, list))}


def _load(arguments: Mapping[str, Any]) -> Used:
    """Return the environment and the settings file as layers.

    Raises
    ------
    InputError
        If one cannot be used.
    click.UsageError
        If a file is named and refused at once.
    """
    environment = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(discovery.PREFIX) and name not in OTHER_VARIABLES and value
    }
    path, named = _file(arguments)
    if path is None and not environment:
        return Used()
    from coverage_analyzer.settings.model import Settings
    from coverage_analyzer.settings.tables import KEYS
    from coverage_analyzer.settings.values import Layer

    layers = []
    if environment:
        _warn_of_typos(environment, [key.variable for key in KEYS])
        layers.append(Layer("environment", Settings.from_environment(environment)))
    if path is not None:
        layers.append(Layer("file", Settings.load(path, trusted=named)))
    return Used(layers, path)


def _file(arguments: Mapping[str, Any]) -> tuple[Path | None, bool]:
    """Return the settings file, if any, and whether the user has named it.

    Raises
    ------
    click.UsageError
        If a file is named and refused at once.
    """
    name = arguments.get("settings_file")
    if arguments.get("no_settings"):
        if name:
            msg = "--settings and --no-settings exclude each other. Give one of them."
            raise click.UsageError(msg)
        return None, False
    if name := name or os.environ.get(FILE_VARIABLE):
        return Path(name), True
    file = discovery.find()
    if file.notice:
        say(f"Warning: {file.notice}")
    return file.path, False


def _warn_of_typos(environment: Mapping[str, str], names: Sequence[str]) -> None:
    """Warn of variables that are nearly called like a setting.

    Others may be anybody's: a cluster sets ``COVERAGE_ANALYZER_PORT`` for a service of that name.
    """
    for name in environment.keys() - set(names):
        near = difflib.get_close_matches(name, names, n=1, cutoff=_ALIKE)
        if near:
            say(f"Warning: {name} is not a setting. Did you mean {near[0]}?")


def _bindings(command: click.Command) -> list["Binding"]:
    from coverage_analyzer.settings import values

    flags = {
        parameter.name or "": parameter.opts[0].lstrip("-").replace("-", "_")
        for parameter in command.params
        if isinstance(parameter, click.Option) and parameter.opts[0].startswith("--")
    }
    options = [parameter.name or "" for parameter in command.params]
    return values.bindings((command.name or "").replace("-", "_"), options, flags)


def _report_unused(
    bound: Sequence["Binding"], layers: Sequence["Layer"], arguments: Mapping[str, Any]
) -> None:
    """Say which tables are left out because another input is read."""
    from coverage_analyzer.settings import values

    option_of = {key: each.option for each in bound for key in each.keys}
    for about in dict.fromkeys(each.about for each in bound):
        subject = arguments.get(option_of.get(about, ""), "")
        for layer in layers:
            if not values.applies(layer, about, subject, layers):
                table, file = about.partition(".")[0], layer.settings.value(about)
                say(f"Settings in [{table}] are not used: they are about {file}.")


def _as_given(value: "Value") -> Any:
    """Return a value as click takes it from the command line."""
    if isinstance(value.value, dict):
        return [f"{name}={each}" for name, each in value.value.items()]
    return [value.value] if value.key in REPEATED else value.value
