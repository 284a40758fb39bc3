"""Options shared by several commands, and the values that they pass on.

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
"""`policy.DEFAULT`, without importing the models behind it; a test keeps the two equal."""


@dataclass(frozen=True)
class Rules:
    """The policy, and the day of the assessment."""

    policy: str
    as_of: str | None


@dataclass(frozen=True)
class Input:
    """A table to be read: its path, the headers to use, and its dialect."""

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
    """Return a decorator that passes the values of several options as one parameter.

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


def overrides(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:
    """Return ``NAME=HEADER`` options as a dictionary.

    Raises
    ------
    click.BadParameter
        If one has another form, or a name is given twice.
    """
    pairs = [value.partition("=") for value in values]
    for name, sign, header in pairs:
        if not (name and sign and header):
            msg = "Write NAME=HEADER, such as latitude=Breite"
            raise click.BadParameter(msg)
    names = [name for name, _, _ in pairs]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        msg = f"Column names given twice: {', '.join(sorted(twice))}. Give each once"
        raise click.BadParameter(msg)
    return {name: header for name, _, header in pairs}


policy = click.option(
    "--policy",
    default=DEFAULT_POLICY,
    metavar="NAME|FILE",
    help="Built-in policy, or a TOML file.",
    show_default=True,
)
as_of = click.option(
    "--as-of",
    metavar="DATE",
    help="Date of the assessment, like 2026-12-01.  [default: today, UTC]",
)
rules = collected("rules", Rules, policy, as_of)


def headers_of(table: str, flag: str, name: str) -> Callable[[Verb], Verb]:
    """Return an option that chooses the headers of a table."""
    return click.option(
        flag,
        name,
        multiple=True,
        callback=overrides,
        metavar="NAME=HEADER",
        help=f"Use this header of the {table} file for column NAME; may be repeated.",
    )


column = headers_of("sites", "--column", "columns")
center_column = headers_of("centers", "--center-column", "center_columns")
trust_declared = click.option(
    "--trust-declared",
    is_flag=True,
    help="Use the declared country even where it disagrees with the coordinates.",
)
quiet = click.option("--quiet", is_flag=True, help="Print only warnings and the summary line.")
verbose = click.option(
    "--verbose", is_flag=True, help="Print log messages, and the traceback of a bug."
)
quiet = click.option("--quiet", is_flag=True, help="Print only warnings and the summary line.")


def with_verbose(command: click.Command) -> None:
    """Add the option ``--verbose`` to a command, as its last one."""
    option = click.Option(
        ["--verbose"],
        is_flag=True,
        expose_value=False,
        callback=_log_if_verbose,
        help="Print log messages, and the traceback of a bug.",
    )
    command.params.append(option)


def _log_if_verbose(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        log_to_stderr()


raw_text = click.option(
    "--raw-text",
    is_flag=True,
    help="Do not escape text that a spreadsheet would treat as a formula.",
)
excel = click.option(
    "--excel",
    is_flag=True,
    help="Write a UTF-8 byte order mark so that Excel opens CSV files correctly.",
)
products = click.option(
    "--products",
    default="",
    metavar="FILE",
    help="File of products, with the end dates of their support phases.",
)


class Limit(ParamType):
    """A limit of rejected rows, as a number or a percentage (`RejectLimit`)."""

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
    """Return the option ``--max-rejects`` with a default; None means no limit."""
    return click.option(
        "--max-rejects",
        type=Limit(),
        default=default,
        show_default=default is not None,
        metavar="N|P%",
        help=text,
    )


as_json = click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
messages = collected("messages", Messages, as_json, quiet)

DIALECT: Final = (
    click.option(
        "--delimiter",
        default="",
        metavar="CHAR",
        help="Field separator of the sites file.  [default: detected: , ; tab or |]",
    ),
    click.option(
        "--decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        help="Decimal separator of coordinates in the sites file.",
    ),
    click.option(
        "--encoding",
        default="",
        metavar="NAME",
        help="Encoding of the sites file.  [default: detected: UTF-8 or UTF-16]",
    ),
    click.option(
        "--dms", is_flag=True, help="Also read degrees, minutes and seconds: 47\u00b036'52\"N."
    ),
    click.option(
        "--sheet",
        default="",
        metavar="NAME",
        help="Sheet of a workbook of sites.  [default: the first visible one]",
    ),
    click.option(
        "--wrap-longitude", is_flag=True, help="Read longitudes from 180 to 360 as western ones."
    ),
    click.option(
        "--date-format",
        default="",
        metavar="FORM",
        help="Format of dates in the sites file, like %d.%m.%Y.  [default: ISO 8601]",
    ),
)


CENTER_DIALECT: Final = (
    click.option(
        "--center-delimiter",
        default="",
        metavar="CHAR",
        help="Field separator of the centers file.  [default: detected]",
    ),
    click.option(
        "--center-decimal",
        type=click.Choice([".", ","]),
        default=".",
        show_default=True,
        help="Decimal separator of coordinates in the centers file.",
    ),
    click.option(
        "--center-encoding",
        default="",
        metavar="NAME",
        help="Encoding of the centers file.  [default: detected]",
    ),
    click.option(
        "--center-sheet",
        default="",
        metavar="NAME",
        help="Sheet of a workbook of centers.  [default: the first visible one]",
    ),
)


def collected_dialect(prefix: str) -> Callable[[dict[str, Any]], None]:
    """Return a decorator that collects options with a name prefix as one `Dialect`."""

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
"""Value of ``--centers``, ``--center-column`` and the dialect of the centers, declared above."""
