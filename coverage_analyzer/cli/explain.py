"""``coverage-analyzer explain``."""

import math
import re
from dataclasses import dataclass
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import print_json, say
from coverage_analyzer.cli.streams import put


class NumbersCommand(click.Command):
    """A command whose arguments may be negative numbers, which otherwise look like options."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse with a space before each negative number, which the type strips again."""
        return super().parse_args(ctx, [f" {a}" if re.match(r"-[\d.,]", a) else a for a in args])


class Degrees(click.FloatRange):
    """A latitude or longitude, in any notation that tables may have."""

    name = "degrees"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the number, or fail with a hint."""
        from coverage_analyzer import arrays
        from coverage_analyzer.schema.angles import LATITUDE, LONGITUDE, hint
        from coverage_analyzer.schema.coordinates import degrees

        if isinstance(value, str):
            axis = LATITUDE if self.max == LATITUDE.limit else LONGITUDE
            (number,), (blank,) = degrees(arrays.text_array([value]), axis)
            if blank or math.isnan(number):
                self.fail(f"{value!r} is not a number in degrees{hint(value, axis)}", param, ctx)
            value = float(number)
        return super().convert(value, param, ctx)


@dataclass(frozen=True)
class Site:
    """A point, and the country that it declares."""

    latitude: float
    longitude: float
    country: str
    accuracy_m: float | None


def _explain_code(context: click.Context, _option: click.Parameter, code: str | None) -> None:
    """Print what a status or reason means, and exit."""
    if code is None:
        return
    from coverage_analyzer.schema.guide import entries_of

    put("\n\n".join(str(entry) for entry in entries_of(code)))
    context.exit()


@click.command(cls=NumbersCommand)
@click.argument("latitude", type=Degrees(-90, 90))
@click.argument("longitude", type=Degrees(-180, 180))
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option("--country", default="", metavar="NAME", help="Country that the site declares.")
@click.option(
    "--accuracy-m", type=click.FloatRange(min=0), metavar="METRES", help="Accuracy of the point."
)
@click.option("--region", default="", metavar="CODE", help="State or province of the site.")
@click.option("--postcode", default="", metavar="CODE", help="Postcode of the site.")
@click.option("--product", default="", metavar="NAME", help="Product at the site.")
@click.option("--version", default="", metavar="TEXT", help="Version of the product.")
@click.option("--component", default="", metavar="NAME", help="Component to be replaced.")
@click.option("--requested-level", default="", metavar="LEVEL", help="Level that was purchased.")
@click.option(
    "--registered-on", default="", metavar="DATE", help="Date on which the address was registered."
)
@click.option("--installed-on", default="", metavar="DATE", help="Date of the installation.")
@click.option("--purchased-on", default="", metavar="DATE", help="Date of the purchase.")
@click.option("--audited-on", default="", metavar="DATE", help="Date of an audit of the site.")
@click.option("--moved-on", default="", metavar="DATE", help="Date of a move of the product.")
@click.option("--former-latitude", default="", metavar="DEGREES", help="Latitude before the move.")
@click.option(
    "--former-longitude", default="", metavar="DEGREES", help="Longitude before the move."
)
@click.option("--former-country", default="", metavar="COUNTRY", help="Country before the move.")
@click.option(
    "--ordered-on", metavar="DATE", help="Also print when a center ordered on this date would open."
)
@click.option(
    "--reason",
    metavar="CODE",
    is_eager=True,
    expose_value=False,
    callback=_explain_code,
    help="Only print what a status or reason means, what to check and what to change.",
)
@options.products
@options.products_input
@options.rules
@options.center_column
@options.center_dialect
@options.trust_declared
@click.option("--json", "as_json", is_flag=True, help="Print the explanation as JSON.")
@options.collected("site", Site)
@options.center_input
def explain(
    site: Site,
    centers: options.Input,
    ordered_on: str | None,
    products: options.File,
    rules: options.Rules,
    trust_declared: bool,
    as_json: bool,
    **stated: str,
) -> None:
    """Explain why a site at a point gets its level.

    \b
    Examples:
      coverage-analyzer explain 47.6145 7.6645 --country DE --centers data/service_centers.csv
      coverage-analyzer explain -33.8688 151.2093 --centers data/service_centers.csv --json
      coverage-analyzer explain --reason country_conflict
      coverage-analyzer explain 39.0997 -94.5786 --country US --requested-level basic \\
        --centers data/service_centers.csv
    """
    from coverage_analyzer.batch.stream import build_matcher, products_of
    from coverage_analyzer.files.table import open_table
    from coverage_analyzer.matching.explanation import explanation
    from coverage_analyzer.policy import Policy
    from coverage_analyzer.programmes.afterwards import with_route
    from coverage_analyzer.schema.columns import CENTERS
    from coverage_analyzer.schema.days import day

    policy = Policy.load(rules.policy)
    table = open_table(centers.path, CENTERS, centers.columns, centers.dialect)
    matcher = build_matcher(
        table,
        policy,
        as_of=day(rules.as_of),
        trust_declared=trust_declared,
        products=products_of(products.path, products.dialect),
    )
    point = explanation(
        matcher,
        site.longitude,
        site.latitude,
        country=site.country,
        accuracy_m=float("nan") if site.accuracy_m is None else site.accuracy_m,
        stated=stated,
        ordered_on=day(ordered_on),
    )
    for warning in matcher.region_warnings:
        say(f"Warning: {warning}")
    explained = with_route(point, policy)
    if as_json:
        print_json(explained.to_dict())
    else:
        put(str(explained))
    options.name_policy()
    for warning in policy.warnings:
        say(f"Warning: {warning}")
