"""Options that several verbs have."""

from typing import Any, Final

import click

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
trust_declared = click.option(
    "--trust-declared", is_flag=True, help="Let declared countries stand."
)
