"""Options shared by several commands, and the values that they pass on.

An option is defined once, and used where a command declares it. The function of the command has few
parameters: options that belong together are collected into one value (`collected`), such as
`Rules`, and options that are only passed on to the job are taken as ``**choices``, since each has
the name of the field that it sets in the job's options (usually `batch.Options`).
"""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import click
from click.core import ParameterSource

from coverage_analyzer.cli.messages import Messages, inform, log_to_stderr
from coverage_analyzer.cli.streams import STYLE

Verb = Callable[..., Any]

if TYPE_CHECKING:
    from coverage_analyzer.files.readers.delimited import Dialect

    ParamType = click.ParamType[Any]
else:
    ParamType = click.ParamType  # not generic at run time before click 8.2

EXCEL_LOCALES: Final = (
    *("de", "at", "fr", "es", "it", "nl", "pl", "pt", "br", "se", "dk"),
    *("us", "gb", "ie", "au", "jp", "cn", "in", "ch"),
)
"""The keys of `batch.text_style.LOCALES`, without the import behind it; a test compares them."""

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


@dataclass(frozen=True)
class File:
    """Path of a table and its notation."""

    path: str
    dialect: "Dialect"


def bundle(
    *options: Callable[[Verb], Verb], collect: Callable[[dict[str, Any]], None]
) -> Callable[[Verb], Verb]:
    """Return a decorator that declares options in this order and collects their values.

    Parameters
    ----------
    *options
        Decorators that declare the options; None if they are declared individually above.
    collect
        Changes the values of all options of a command, by name, before its function is called with
        them. The topmost bundle above a function collects first.
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
        Name of the parameter.
    kind
        Dataclass of the parameter.
    *options
        Decorators that declare the options, as for `bundle`.
    **sources
        Name of the option for each field of `kind`, where it differs from that of the field.
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
        If one has another format, or a name is given twice.
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
    from_settings = (each.partition("=") for each in _default_map(context, option))
    return {name: header for name, _, header in (*from_settings, *pairs)}


def _default_map(context: click.Context, option: click.Parameter) -> list[str]:
    """Return what the settings have for an option that may be repeated."""
    return list((context.default_map or {}).get(option.name, ()))


def name_policy() -> None:
    """Print which policy the running command took, if nobody chose one.

    Commands call it once they have a result, unless their messages name the policy anyway.
    """
    context = click.get_current_context()
    if context.get_parameter_source("policy") is ParameterSource.DEFAULT:
        inform(f"Policy: {context.params['policy']}, the default.")


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


def with_common_options(command: click.Command) -> None:
    """Add the options that every command has, the last of which is ``--verbose``."""
    if not any(parameter.name == "quiet" for parameter in command.params):
        command.params.append(
            click.Option(
                ["--quiet"],
                is_flag=True,
                expose_value=False,
                callback=_set_quiet,
                help="Print only the result, warnings and errors.",
            )
        )
    command.params += [
        click.Option(
            ["--log-format"],
            type=click.Choice(["text", "json"]),
            default="text",
            expose_value=False,
            is_eager=True,
            callback=_set_log_format,
            help="Format of messages on standard error; json is one object a message.  "
            "[default: text]",
        ),
        click.Option(
            ["--verbose"],
            is_flag=True,
            expose_value=False,
            callback=_log_if_verbose,
            help="Print log messages, and the traceback of a bug.",
        ),
    ]


def _set_quiet(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    STYLE.quiet = value


def _set_log_format(_context: click.Context, _option: click.Parameter, value: str) -> None:
    STYLE.as_json = value == "json"


def _log_if_verbose(_context: click.Context, _option: click.Parameter, value: bool) -> None:
    if value:
        log_to_stderr()


map_columns = click.option(
    "--map-columns",
    default="",
    metavar="NAMES",
    help="Columns of the sites that the map shows of a site, separated by commas. A map may be "
    "sent on.  [default: none]",
)
raw_text = click.option(
    "--raw-text",
    is_flag=True,
    help="Do not escape text that a spreadsheet would treat as a formula.",
)
_excel = click.option(
    "--excel",
    is_flag=True,
    help="Write CSV files that Excel opens correctly: with a UTF-8 byte order mark, and with "
    "semicolons and decimal commas if the input has them.",
)
_excel_locale = click.option(
    "--excel-locale",
    type=click.Choice(EXCEL_LOCALES, case_sensitive=False),
    callback=lambda _context, _option, value: value or "",
    metavar="COUNTRY",
    help="Write CSV files for Excel with the settings of a country, such as de or us.",
)


def excel(command: Verb) -> Verb:
    """Declare how CSV is written for Excel."""
    return _excel(_excel_locale(command))


class Limit(ParamType):
    """A limit of rejected rows, as a number or a percentage (`RejectLimit`)."""

    name = "limit"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the limit.

        Raises
        ------
        click.BadParameter
            If it is neither a number nor a percentage.
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


paper = click.option(
    "--paper",
    type=click.Choice(["A4", "Letter"], case_sensitive=False),
    default="A4",
    show_default=True,
    metavar="A4|Letter",
    help="Paper size of a PDF.",
)


class RuleText(ParamType):
    """Rules on the figures of runs (`comparison.rules`), several separated by ``;``."""

    name = "rule"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the text of valid rules.

        Raises
        ------
        click.BadParameter
            If it is not a rule.
        """
        from coverage_analyzer.comparison.rules import parse_rules
        from coverage_analyzer.errors import InputError

        try:
            parse_rules(value)
        except InputError as error:
            self.fail(str(error), param, ctx)
        return value


hold_if = click.option(
    "--hold-if",
    type=RuleText(),
    multiple=True,
    metavar="RULE",
    help="Exit with code 1 and keep the previous report if a rule fires, such as 'rows_fall > 10%' "
    "or 'lost > 0'; the new files are written to DIR.held. 'none' for no rule. Repeatable.",
)
metrics = click.option(
    "--metrics",
    default="",
    metavar="FILE",
    help="Also write the figures of the run for Prometheus: a .prom file.",
)


def _collect_browser(values: dict[str, Any]) -> None:
    from coverage_analyzer.browser import Browser

    program, no_sandbox = values.pop("browser_program"), values.pop("browser_no_sandbox")
    values["browser"] = Browser(program, no_sandbox=no_sandbox)


browser = bundle(
    click.option(
        "--browser",
        "browser_program",
        default="",
        metavar="FILE",
        help="Chromium, Chrome or Edge that makes a PDF or PNG.  [default: the one installed]",
    ),
    click.option(
        "--browser-no-sandbox",
        is_flag=True,
        help="Run that browser without its sandbox, as root must.",
    ),
    collect=_collect_browser,
)
"""The browser that makes a PDF or a picture, as a `Browser`."""
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
        help="Decimal mark of numbers in the sites file, other than coordinates.  "
        "[default: detected]",
    ),
    click.option(
        "--encoding",
        default="",
        metavar="NAME",
        help="Encoding of the sites file.  [default: detected]",
    ),
    click.option(
        "--dms", is_flag=True, help="No effect: degrees, minutes and seconds are always read."
    ),
    click.option(
        "--sheet",
        default="",
        metavar="NAME",
        help="Sheet of a workbook of sites.  [default: the one whose columns and name fit]",
    ),
    click.option(
        "--wrap-longitude", is_flag=True, help="Read longitudes from 180 to 360 as degrees west."
    ),
    click.option(
        "--layer",
        default="",
        metavar="NAME",
        help="Layer of a GeoPackage of sites.  [default: the one with points whose name fits]",
    ),
    click.option(
        "--date-format",
        default="",
        metavar="FORM",
        help="Format of dates in the sites file, like %d.%m.%Y.  [default: detected]",
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
        help="Decimal mark of numbers in the centers file, other than coordinates.  "
        "[default: detected]",
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
        help="Sheet of a workbook of centers.  [default: the one whose columns and name fit]",
    ),
    click.option(
        "--center-layer",
        default="",
        metavar="NAME",
        help="Layer of a GeoPackage of centers.  [default: the one with points whose name fits]",
    ),
    click.option(
        "--center-date-format",
        default="",
        metavar="FORM",
        help="Format of dates in the centers file, like %d.%m.%Y.  [default: detected]",
    ),
)


def collected_dialect(prefix: str) -> Callable[[dict[str, Any]], None]:
    """Return a decorator that collects options with a name prefix as one `Dialect`."""

    def collect(values: dict[str, Any]) -> None:
        from coverage_analyzer.files.readers.delimited import Dialect

        names = [f.name for f in dataclasses.fields(Dialect) if f"{prefix}{f.name}" in values]
        chosen = {name: values.pop(f"{prefix}{name}") for name in names}
        if "delimiter" in chosen:
            chosen["delimiter"] = chosen["delimiter"].replace("\\t", "\t")
        settings = {name: value for name, value in chosen.items() if value is not None}
        values[f"{prefix}dialect"] = Dialect(**settings)

    return collect


products = bundle(
    click.option(
        "--products",
        default="",
        metavar="FILE",
        help="File of products, with the end dates of their support phases.",
    ),
    click.option(
        "--product-encoding",
        default="",
        metavar="NAME",
        help="Encoding of the products file.  [default: detected]",
    ),
    click.option(
        "--product-date-format",
        default="",
        metavar="FORM",
        help="Format of dates in the products file, like %d.%m.%Y.  [default: detected]",
    ),
    collect=collected_dialect("product_"),
)
"""Value of ``--products``, and the dialect of that file."""
dialect = bundle(*DIALECT, collect=collected_dialect(""))
center_dialect = bundle(*CENTER_DIALECT, collect=collected_dialect("center_"))
center_input = collected(
    "centers", Input, path="centers", columns="center_columns", dialect="center_dialect"
)
"""Value of ``--centers``, ``--center-column`` and the dialect of the centers, declared above."""
products_input = collected("products", File, path="products", dialect="product_dialect")
"""Value of ``--products`` and its dialect, declared above."""
