"""``coverage-analyzer run``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options, settings
from coverage_analyzer.cli.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command()
@click.argument("sites")
@click.option("--centers", required=True, metavar="FILE", help="The service centers.")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder to publish into.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="What carries the sites: this process, or Apache Spark.",
)
@options.rules
@click.option(
    "--format",
    type=click.Choice(["csv", "csv.gz", "csv.zst", "parquet", "xlsx"]),
    default="csv",
    show_default=True,
    help="Of the report.",
)
@click.option(
    "--table",
    default="",
    metavar="ADDRESS",
    help="Put the report into a database, too: postgresql://... or sqlite:///...?table=NAME.",
)
@options.column
@options.center_column
@options.center_dialect
@options.products
@options.trust_declared
@click.option("--areas/--no-areas", default=True, help="Write areas.geojson.  [areas]")
@click.option("--map/--no-map", default=True, help="Write map.html.  [map]")
@options.dialect
@click.option(
    "--on-duplicate",
    type=click.Choice(["keep", "first", "reject"]),
    default="keep",
    show_default=True,
    help="Of rows with the same site_id, keep all, the first, or none.",
)
@options.raw_text
@options.excel
@options.max_rejects(
    "50%",
    "Keep the old report and exit with code 1 if more rows are rejected; the new files go to "
    "DIR.held. A share counts from 20 rows.",
)
@options.messages
def run(
    sites: str,
    centers: str,
    output: str,
    engine: str,
    rules: options.Rules,
    messages: Messages,
    **choices: Any,
) -> int:
    """Judge every site of a file (CSV, Excel, Parquet, GeoJSON, GeoPackage) and publish a report.

    Sites and centers may stand in a database: postgresql://USER@HOST/DATABASE?query=SELECT ...,
    or ?table=NAME; likewise sqlite:///FILE. Quote such an address for the shell.

    \b
    Examples:
      coverage-analyzer run data/customer_sites.csv --centers data/service_centers.csv \\
        -o reports/2026-12 --as-of 2026-12-01
      coverage-analyzer run 'postgresql://ann@db/sales?table=sites' --centers centers.csv \\
        -o reports/2026-12 --table 'postgresql://ann@db/sales?table=verdicts'
    """
    import pyarrow as pa

    from coverage_analyzer import batch
    from coverage_analyzer.files.run_folder.hold import held_path

    job: Callable[..., dict[str, Any]] = batch.run
    if engine == "spark":
        from coverage_analyzer import spark

        job = spark.run
    # pyarrow catches signals while it reads, and loses one that comes when it is nearly done.
    pa.enable_signal_handlers(False)
    notices: list[str] = []
    chosen = batch.Options(
        **choices, progress=messages.progress, warn=notices.append, settings=settings.origin()
    )
    manifest = job(sites, centers, output, policy=rules.policy, as_of=rules.as_of, options=chosen)
    folder = held_path(output) if manifest["held"] else Path(output)
    warnings = [*_warnings(manifest, folder), *notices]
    messages.print_findings(manifest, _findings(manifest, folder), warnings)
    return 1 if manifest["held"] else 0


def _findings(manifest: dict[str, Any], folder: Path) -> list[str]:
    """Return what came out, and where to look."""
    counts, centers = manifest["counts"], manifest["centers"]
    title = f"{manifest['policy']['title']}, as of {manifest['as_of']}"
    lines = [f"{title}: {centers['open']} of {centers['given']} centers open"]
    for what in ("level", "status", "reason") if manifest["ledger"]["decided"] else ():
        lines.append(what)
        lines += [f"  {n:>10,}  {name}" for name, n in counts[what].items()]
    for old, new in manifest["renamed_columns"].items():
        lines.append(f"The input's column {old!r} is in the report as {new!r}.")
    lines.append(
        f"Look at {folder / manifest['files'][0]}, and {folder / 'summary.csv'} by country."
    )
    if manifest["table"]:
        lines.append(f"The rows of the report are in {manifest['table']}, too.")
    if "map.html" in manifest["files"]:
        lines.append(f"Open {folder / 'map.html'} in a browser.")
    return lines


def _warnings(manifest: dict[str, Any], folder: Path) -> list[str]:
    """Return what should be looked into."""
    lines = [f"Warning: {warning}" for warning in manifest["warnings"]]
    if rejected := manifest["ledger"]["rejected"]:
        lines.append(f"{rejected:,} row(s) could not be used, all in {folder / 'rejects.csv'}:")
        lines += [f"  {reject}" for reject in manifest["first_rejects"]]
    return lines
