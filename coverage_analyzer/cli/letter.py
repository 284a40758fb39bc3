"""``coverage-analyzer letter``."""

from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import say


@click.command()
@click.argument("sites")
@click.option("--site", "site_id", required=True, metavar="ID", help="ID of the site.")
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option("-o", "--output", required=True, metavar="FILE", help="Output HTML file.")
@options.rules
@options.column
@options.center_column
@options.dialect
@options.center_dialect
@options.trust_declared
@options.products
@click.option("--product", default="", metavar="NAME", help="Product, if the site has several.")
def letter(
    sites: str,
    site_id: str,
    centers: str,
    output: str,
    rules: options.Rules,
    **choices: Any,
) -> None:
    """Write a one-page letter about a site: level, promise, start date, reason, map.

    The page prints on one sheet of A4 or US Letter. It makes no network requests.

    \b
    Example:
      coverage-analyzer letter sites.csv --site LSZH --centers centers.csv -o letter.html
    """
    from coverage_analyzer import batch
    from coverage_analyzer.files import atomic
    from coverage_analyzer.files.outputs import PAGE, kind_of
    from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting

    chosen = batch.Options(**choices, warn=lambda told: say(f"Warning: {told}"))
    refuse_overwriting(
        {"letter": output}, [sites, centers, chosen.products, policy_file(rules.policy)]
    )
    kind_of(output, PAGE, what="The letter is", default=PAGE[0])
    place = Path(output)
    page = batch.site_letter(
        sites,
        site_id,
        centers,
        policy=rules.policy,
        as_of=rules.as_of,
        options=chosen,
    )
    atomic.publish(place, page)
    say(f"Wrote the letter about {site_id} to {place}. Open or print it in a browser.")
