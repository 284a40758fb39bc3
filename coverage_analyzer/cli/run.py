"""``coverage-analyzer run``."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.talk import say


@click.command()
@click.argument("sites")
@click.option("--centers", required=True, metavar="FILE", help="The service centers.")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder to publish into.")
@options.policy
@options.as_of
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "parquet"]),
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
@options.trust_declared
@click.option("--areas/--no-areas", default=True, help="Write areas.geojson.  [areas]")
@click.option("--map/--no-map", "page", default=True, help="Write map.html.  [map]")
@click.option(
    "--delimiter",
    default="",
    metavar="CHAR",
    help="Between fields of the sites.  [, ; tab |: found]",
)
@click.option(
    "--decimal",
    type=click.Choice([".", ","]),
    default=".",
    show_default=True,
    help="In coordinates of the sites.",
)
@click.option(
    "--encoding", default="", metavar="NAME", help="Of the sites.  [UTF-8, UTF-16: found]"
)
@click.option(
    "--raw-text",
    is_flag=True,
    help="Leave text as it is even where a spreadsheet would run it as a formula.",
)
@click.option(
    "--max-rejects",
    type=click.IntRange(min=0),
    metavar="N",
    help="Leave with 1 if more rows are rejected.",
)
@click.option("--json", "as_json", is_flag=True, help="Print run.json on standard output.")
def run(
    sites: str,
    centers: str,
    output: str,
    policy: str,
    as_of: str | None,
    kind: Any,
    table: str,
    columns: dict[str, str],
    center_columns: dict[str, str],
    trust_declared: bool,
    areas: bool,
    page: bool,
    delimiter: str,
    decimal: str,
    encoding: str,
    raw_text: bool,
    max_rejects: int | None,
    as_json: bool,
) -> int:
    """Judge every site of a file (CSV, Parquet, GeoJSON, GeoPackage) and publish a report.

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
    from coverage_analyzer.files.delimited import Dialect

    # pyarrow catches signals while it reads, and loses one that comes when it is nearly done.
    pa.enable_signal_handlers(False)
    chosen = batch.Options(
        format=kind,
        columns=columns,
        center_columns=center_columns,
        trust_declared=trust_declared,
        areas=areas,
        map=page,
        raw_text=raw_text,
        table=table,
        dialect=Dialect(delimiter.replace("\\t", "\t"), decimal, encoding),
        progress=_progress(),
    )
    manifest = batch.run(sites, centers, output, policy=policy, as_of=as_of, options=chosen)
    if as_json:
        click.echo(json.dumps(manifest, indent=2, ensure_ascii=False))
    _tell(manifest, Path(output), max_rejects)
    return 1 if _too_many(manifest, max_rejects) else 0


def _too_many(manifest: dict[str, Any], max_rejects: int | None) -> bool:
    return max_rejects is not None and manifest["ledger"]["rejected"] > max_rejects


def _progress() -> Callable[[int], None] | None:
    """Return what shows progress: nothing, unless somebody watches."""
    if not sys.stderr.isatty():
        return None
    return lambda rows: say(f"\r{rows:,} rows", newline=False)


def _tell(manifest: dict[str, Any], folder: Path, max_rejects: int | None) -> None:
    """Say on standard error what came out and where to look; the ledger last."""
    ledger, counts = manifest["ledger"], manifest["counts"]
    open_, given = manifest["centers"]["open"], manifest["centers"]["given"]
    title = f"{manifest['policy']['title']}, as of {manifest['as_of']}"
    lines = [f"{title}: {open_} of {given} centers open"]
    for what in ("level", "status", "reason") if ledger["decided"] else ():
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
    lines += [f"Warning: {warning}" for warning in manifest["warnings"]]
    if ledger["rejected"]:
        rejects = folder / "rejects.csv"
        lines.append(f"{ledger['rejected']:,} row(s) could not be read, all in {rejects}:")
        lines += [f"  {reject}" for reject in manifest["first_rejects"]]
    if _too_many(manifest, max_rejects):
        lines.append(f"More than --max-rejects {max_rejects}: the exit code is 1.")
    for line in lines:
        say(line)
    parts = " + ".join(f"{n} {ledger[n]}" for n in ("decided", "rejected", "blank"))
    say(f"read {ledger['read']} = {parts}")
