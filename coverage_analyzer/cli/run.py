"""``coverage-analyzer run``."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options, settings, summary
from coverage_analyzer.cli.messages import Messages
from coverage_analyzer.files.writers.formats import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable


@click.command()
@click.argument("sites")
@click.option("--centers", required=True, metavar="FILE", help="File of service centers.")
@click.option("-o", "--output", required=True, metavar="DIR", help="Run folder to write.")
@click.option(
    "--engine",
    type=click.Choice(["local", "spark"]),
    default="local",
    show_default=True,
    help="Run locally or on Apache Spark.",
)
@options.rules
@click.option(
    "--format",
    type=click.Choice(FORMATS),
    default="csv",
    show_default=True,
    help="Report format.",
)
@click.option(
    "--table",
    default="",
    metavar="ADDRESS",
    help="Also write the report to this database table: "
    "postgresql://... or sqlite:///...?table=NAME.",
)
@options.column
@options.center_column
@options.center_dialect
@options.products
@options.trust_declared
@click.option("--areas/--no-areas", default=True, help="Write areas.geojson.  [default: areas]")
@click.option("--map/--no-map", default=True, help="Write map.html.  [default: map]")
@click.option(
    "--summary/--no-summary",
    default=True,
    help="Write summary.html, a page to print.  [default: summary]",
)
@options.map_columns
@options.dialect
@click.option(
    "--on-duplicate",
    type=click.Choice(["keep", "first", "reject"]),
    default="keep",
    show_default=True,
    help="Of rows with the same site_id: keep all, keep the first, or reject all.",
)
@options.raw_text
@options.excel
@options.max_rejects(
    "50%",
    "Exit with code 1 if more than N rows are rejected. The previous report is kept, and the new "
    "files are written to DIR.held. A percentage applies from 20 rows on.",
)
@options.hold_if
@options.metrics
@click.option(
    "--threads",
    type=click.IntRange(min=1),
    metavar="N",
    help="Divide the work among N threads, of which up to 4 are used. The files are the same for "
    "any N.  [default: 3; on one core 1]",
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
    """Assess every site in a file and write a run folder: report, summary, map, manifest.

    SITES is a CSV, Excel, Parquet, GeoJSON, GeoPackage or Shapefile file. Sites and centers can
    also be read from a database: postgresql://USER@HOST/DATABASE?query=SELECT ..., or ?table=NAME;
    likewise sqlite:///FILE. Quote such an address for the shell.

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
        **choices, progress=messages.progress, warn=notices.append, **settings.of_run(sites)
    )
    manifest = job(sites, centers, output, policy=rules.policy, as_of=rules.as_of, options=chosen)
    folder = held_path(output) if manifest["held"] else Path(output)
    messages.print_findings(
        manifest,
        [*summary.run_result(manifest), *summary.run_notes(manifest)],
        [*summary.run_checks(manifest, folder), *notices],
        summary.run_files(manifest, folder),
    )
    return 1 if manifest["held"] else 0
