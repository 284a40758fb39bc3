"""``coverage-analyzer areas``."""

import warnings
from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import inform, print_json, say


@click.command()
@click.argument("centers")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Output file: .geojson, .gpkg or .parquet.",
)
@options.rules
@click.option(
    "--merge",
    type=click.Choice(["union", "depth"]),
    help="Merge the areas of each country, or split them by the number of centers that overlap.",
)
@options.center_column
@options.center_dialect
@options.trust_declared
@options.as_json
@options.center_input
def areas(
    centers: options.Input,
    output: str,
    rules: options.Rules,
    merge: Any,
    trust_declared: bool,
    as_json: bool,
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
    from coverage_analyzer.files.writers.areas import check_kind, write_areas
    from coverage_analyzer.policy import Policy

    refuse_overwriting({"areas": output}, [centers.path, policy_file(rules.policy)])
    check_kind(output)
    policy = Policy.load(rules.policy)
    network = frames.read_centers(
        centers.path,
        columns=centers.columns,
        dialect=centers.dialect,
        policy=policy,
        trust_declared=trust_declared,
    )
    with warnings.catch_warnings():  # about the policy, which are printed below
        warnings.simplefilter("ignore", PolicyWarning)
        covered = frames.coverage_areas(
            network, policy, as_of=rules.as_of, merge=merge, trust_declared=trust_declared
        )
    write_areas(covered, output)
    for warning in policy.warnings:
        say(f"Warning: {warning}")
    if as_json:
        print_json({"areas": len(covered), "file": output, "warnings": list(policy.warnings)})
    options.name_policy()
    inform(f"Wrote {quantity(len(covered), 'area')} to {Path(output)}.")
