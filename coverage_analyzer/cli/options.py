"""Options that several verbs have, and the values that a command gets of them.

An option is written once, where a command declares it. The function of the command has few
parameters: options that belong together are collected into one value (`collected`), such as
`Rules`, and what is only passed on to the job is taken as ``**choices``, since such an option is
called like the field of the job's options that it sets (`batch.Options`, for most).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from coverage_analyzer.cli.messages import Messages, log_to_stderr

Verb = Callable[..., Any]

if TYPE_CHECKING:
    from coverage_analyzer.files.readers.delimited import Dialect

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # not generic at run time before click 8.2

DEFAULT_POLICY: Final = "appliance-maintenance"
"""`policy.DEFAULT`, without the import of the models behind it; a test holds the two together."""


@dataclass(frozen=True)
class Rules:
    """The policy to judge by, and the day to judge."""

    policy: str
    as_of: str | None


@dataclass(frozen=True)
class Input:
    """A table to be read: where it is, which headers to take, and how it is written."""

    path: str
    columns: Mapping[str, str]
    dialect: "Dialect"


def bundle(
    *options: Callable[[Verb], Verb], collect: Callable[[dict[str, Any]], None]
) -> Callable[[Verb], Verb]:
    """Return a decorator that declares options in this order and collects their values.

    Parameters
    ----------
    *options
        What declares the options. None, if they are declared above, each in its place.
    collect
        Changes the values of all options of a command, by their names, before its function is
        called with them. The bundle that is highest above a function collects first.
    """

    def decorator(verb: Verb) -> Verb:
        @functools.wraps(verb)
        def collecting(**values: Any) -> Any:
            collect(values)
            return verb(**values)

        command: Verb = collecting
        for option in reversed(options):
            command = option(command)
        return command

    return decorator


def collected(
    name: str, kind: type, *options: Callable[[Verb], Verb], **sources: str
) -> Callable[[Verb], Verb]:
    """Return a decorator by which a function gets the values of several options as one parameter.

    Parameters
    ----------
    name
        The parameter.
    kind
        Its dataclass.
    *options
        What declares the options, as for `bundle`.
    **sources
        For each field of `kind` the name of its option, where that is not the field's own.
    """
    names = {field.name: sources.get(field.name, field.name) for field in dataclasses.fields(kind)}

    def collect(values: dict[str, Any]) -> None:
        values[name] = kind(**{field: values.pop(source) for field, source in names.items()})

    return bundle(*options, collect=collect)


def overrides(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> Any:
    """Return ``NAME=HEADER`` options as a dictionary, over those of the settings.

    Raises
    ------
    click.BadParameter
        If one is written otherwise, or a name is given twice.
    """
    pairs = [value.partition("=") for value in values]
    for name, sign, header in pairs:
        if not (name and sign and header):
            msg = "write it as NAME=HEADER, such as latitude=Breite"
            raise click.BadParameter(msg)
    names = [name for name, _, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        msg = f"{', '.join(sorted(twice))} is given twice"
        raise click.BadParameter(msg)
    from_settings = (each.partition("=") for each in _default_map(context, option))
    return {name: header for name, _, header in (*from_settings, *pairs)}


def _default_map(context: click.Context, option: click.Parameter) -> list[str]:
    """Return what the settings have for an option that may be repeated."""
    return list((context.default_map or {}).get(option.name, ()))


policy = click.option(
    "--policy",
    default=DEFAULT_POLICY,
    metavar="NAME|FILE",
    help="Built in, or a TOML file.",
    show_default=True,
)
as_of = click.option(
    "--as-of", metavar="DATE", help="The day to judge, like 2026-12-01.  [today, UTC]"
)
rules = collected("rules", Rules, policy, as_of)


def headers_of(table: str, flag: str, name: str) -> Callable[[Verb], Verb]:
    """Return an option that says which headers of a table to take."""
    return click.option(
        flag,
        name,
        multiple=True,
        callback=overrides,
        metavar="NAME=HEADER",
        help=f"Take this header of the {table} for a column; may be repeated.",
    )


column = headers_of("sites", "--column", "columns")
center_column = headers_of("centers", "--center-column", "center_columns")
trust_declared = click.option(
    "--trust-declared", is_flag=True, help="Let declared countries stand."
)
quiet = click.option("--quiet", is_flag=True, help="Say nothing but warnings and the last line.")


def with_verbose(command: click.Command) -> None:
    """Give a command the option ``--verbose``, its last one."""
    option = click.Option(
        ["--verbose"],
        is_flag=True,
        expose_value=False,
        callback=_log_if_verbose,
        help="Tell what each part is doing.",
    )
    command.params.append(option)


def _log_if_verbose(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        log_to_stderr()


raw_text = click.option(
    "--raw-text",
    is_flag=True,
    help="Leave text as it is even where a spreadsheet would run it as a formula.",
)
excel = click.option(
    "--excel", is_flag=True, help="Begin CSV files with the mark by which Excel knows UTF-8."
)
products = click.option(
    "--products",
    default="",
    metavar="FILE",
    help="Products, with the days on which the phases of their life end.",
)


class Limit(ParamType):
    """A limit of rejected rows, as a number or a share, as a `files.hold.RejectLimit`."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the limit.

        Raises
        ------
        click.BadParameter
            If it is neither a number nor a share.
        """
        from coverage_analyzer.errors import InputError
        from coverage_analyzer.files.run_folder.hold import RejectLimit

        try:
            return RejectLimit.parse(value)
        except InputError as error:
            self.fail(str(error), param, ctx)


def max_rejects(default: str | None, text: str) -> Callable[[Verb], Verb]:
    """Return the option ``--max-rejects`` with a default, which None leaves without a limit."""
    return click.option(
        "--max-rejects",
        type=Limit(),
        default=default,
        show_default=default is not None,
        metavar="N|P%",
        help=text,
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print all on standard output.")
messages = collected("messages", Messages, as_json, quiet)

DIALECT: Final = (
    click.option(
        "--delimiter",
        default="",
        metavar="CHAR",
        help="Between fields of the sites.  [, ; tab |: found]",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        help="In coordinates of the sites.",
    ),
    click.option(
        "--encoding", default="", metavar="NAME", help="Of the sites.  [UTF-8, UTF-16: found]"
    ),
    click.option(
        "--dms", is_flag=True, help="Read degrees, minutes, seconds, too: 47\u00b036'52\"N"
    ),
    click.option(
        "--sheet", default="", metavar="NAME", help="Of a workbook of sites.  [the first shown]"
    ),
    click.option("--wrap-longitude", is_flag=True, help="Take longitudes of 180 to 360 as west."),
    click.option(
        "--date-format",
        default="",
        metavar="FORM",
        help="Of days in the sites, such as %d.%m.%Y.  [ISO 8601: 2026-12-01]",
    ),
)


CENTER_DIALECT: Final = (
    click.option("--center-delimiter", default="", metavar="CHAR", help="Of the centers.  [found]"),
    click.option(
        "--center-decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        help="In coordinates of the centers.",
    ),
    click.option("--center-encoding", default="", metavar="NAME", help="Of the centers.  [found]"),
    click.option("--center-sheet", default="", metavar="NAME", help="Of a workbook of centers."),
)


def collected_dialect(prefix: str) -> Callable[[dict[str, Any]], None]:
    """Return what collects options whose names begin with a prefix as one `Dialect`."""

    def collect(values: dict[str, Any]) -> None:
        from coverage_analyzer.files.readers.delimited import Dialect

        names = [f.name for f in dataclasses.fields(Dialect) if f"{prefix}{f.name}" in values]
        chosen = {name: values.pop(f"{prefix}{name}") for name in names}
        chosen["delimiter"] = chosen["delimiter"].replace("\\t", "\t")
        values[f"{prefix}dialect"] = Dialect(**chosen)

    return collect


dialect = bundle(*DIALECT, collect=collected_dialect(""))
center_dialect = bundle(*CENTER_DIALECT, collect=collected_dialect("center_"))
center_input = collected(
    "centers", Input, path="centers", columns="center_columns", dialect="center_dialect"
)
"""Of ``--centers``, ``--center-column`` and the center's dialect, declared above it."""
