"""``coverage-analyzer areas``."""

import warnings
from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import say


@click.command()
@click.argument("centers")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Output file: .geojson, .gpkg or .parquet.",
)
@options.policy
@options.as_of
@click.option(
    "--merge",
    type=click.Choice(["union", "depth"]),
    help="Merge the areas of each country, or split them by the number of centers that overlap.",
)
@options.center_column
@options.center_dialect
@options.trust_declared
def areas(
    centers: str,
    output: str,
    policy: str,
    as_of: str | None,
    merge: Any,
    center_columns: dict[str, str],
    center_dialect: Any,
    trust_declared: bool,
) -> None:
    """Write the coverage area of each center as a layer for a GIS.

    Each area is clipped to the country of its center. With --trust-declared it is not, because a
    site may declare that country wherever it is located.

    \b
    Example:
      coverage-analyzer areas data/service_centers.csv -o areas.gpkg
    """
    from coverage_analyzer import frames
    from coverage_analyzer.errors import PolicyWarning, quantity
    from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
    from coverage_analyzer.files.writers import areas as area_writer
    from coverage_analyzer.policy import Policy

    refuse_overwriting({"areas": output}, [centers, policy_file(policy)])
    area_writer.check_kind(output)
    rules = Policy.load(policy)
    network = frames.read_centers(
        centers,
        columns=center_columns,
        dialect=center_dialect,
        policy=rules,
        trust_declared=trust_declared,
    )
    with warnings.catch_warnings():  # about the policy, which are printed below
        warnings.simplefilter("ignore", PolicyWarning)
        covered = frames.coverage_areas(
            network, rules, as_of=as_of, merge=merge, trust_declared=trust_declared
        )
    area_writer.write_areas(covered, output)
    for warning in rules.warnings:
        say(f"Warning: {warning}")
    say(f"Wrote {quantity(len(covered), 'area')} to {Path(output)}.")
