"""Options that several verbs have."""

import functools
from collections.abc import Callable
from typing import Any, Final

import click

Verb = Callable[..., Any]

DEFAULT_POLICY: Final = "appliance-maintenance"


def overrides(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:
    """Return ``NAME=HEADER`` options as a dictionary.

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
    return {name: header for name, _, header in pairs}


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
column = click.option(
    "--column",
    "columns",
    multiple=True,
    callback=overrides,
    metavar="NAME=HEADER",
    help="Take this header of the sites for a column; may be repeated.",
)
center_column = click.option(
    "--center-column",
    "center_columns",
    multiple=True,
    callback=overrides,
    metavar="NAME=HEADER",
    help="Take this header of the centers for a column; may be repeated.",
)
sheet = click.option(
    "--sheet", default="", metavar="NAME", help="Of a workbook of sites.  [the first shown]"
)
center_sheet = click.option(
    "--center-sheet", default="", metavar="NAME", help="Of a workbook of centers."
)
trust_declared = click.option(
    "--trust-declared", is_flag=True, help="Let declared countries stand."
)
quiet = click.option("--quiet", is_flag=True, help="Say nothing but warnings and the last line.")
verbose = click.option("--verbose", is_flag=True, help="Tell what each part is doing.")
raw_text = click.option(
    "--raw-text",
    is_flag=True,
    help="Leave text as it is even where a spreadsheet would run it as a formula.",
)
as_json = click.option("--json", "as_json", is_flag=True, help="Print all on standard output.")

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
    click.option("--wrap-longitude", is_flag=True, help="Take longitudes of 180 to 360 as west."),
)


def dialect(verb: Verb) -> Verb:
    """Give a verb the options that say how a file of sites is written, as one `Dialect`."""

    @functools.wraps(verb)
    def told(
        *, delimiter: str, decimal: str, encoding: str, dms: bool, wrap_longitude: bool, **rest: Any
    ) -> Any:
        from coverage_analyzer.files.delimited import Dialect

        chosen = Dialect(
            delimiter=delimiter.replace("\\t", "\t"),
            decimal=decimal,
            encoding=encoding,
            dms=dms,
            wrap_longitude=wrap_longitude,
        )
        return verb(dialect=chosen, **rest)

    for option in reversed(DIALECT):
        told = option(told)
    return told
