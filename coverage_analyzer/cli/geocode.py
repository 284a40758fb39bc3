"""``coverage-analyzer geocode``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages
from coverage_analyzer.errors import quantity

if TYPE_CHECKING:
    from coverage_analyzer.geocoding import Service

ATTRIBUTION = "Nominatim results: \u00a9 OpenStreetMap contributors (ODbL)."


@dataclass(frozen=True)
class ServiceOptions:
    """Options for the server to use, if any, and the cache of its answers."""

    server: str
    public: bool
    offline: bool
    contact: str
    cache: str | None

    def service(self) -> "Service":
        """Return the geocoding service to use."""
        from coverage_analyzer.geocoding import PUBLIC, Service

        return Service(
            server=PUBLIC if self.public else self.server,
            online=not self.offline,
            contact=self.contact,
            cache=self.cache,
        )


def metres(_context: click.Context, _option: click.Parameter, values: tuple[str, ...]) -> Any:
    """Return ``GRADE=METRES`` options as a dictionary.

    Raises
    ------
    click.BadParameter
        If one has another format.
    """
    pairs = [value.partition("=") for value in values]
    try:
        return {grade: float(number) for grade, _, number in pairs}
    except ValueError:
        msg = "Write GRADE=METRES, such as city=15000"
        raise click.BadParameter(msg) from None


@click.command()
@click.argument("addresses")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    help="Output file of sites: .csv, .parquet or .xlsx.",
)
@click.option("--server", default="", metavar="URL", help="Nominatim server, such as your own.")
@click.option("--public", is_flag=True, help="Use the public server: one address per second.")
@click.option("--offline", is_flag=True, help="Use no server: only the cache and bundled data.")
@click.option(
    "--contact", default="", metavar="EMAIL|URL", help="Your contact, sent to the server."
)
@click.option("--cache", metavar="FILE", help="Cache of results.  [default: one per user]")
@click.option(
    "--accuracy",
    "accuracy_m",
    multiple=True,
    callback=metres,
    metavar="GRADE=METRES",
    help="Accuracy of a grade (rooftop, street, postcode, city, region); may be repeated.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=options.overrides,
    metavar="NAME=HEADER",
    help="Use this header of the addresses file for column NAME; may be repeated.",
)
@options.dialect
@click.option("--rejects", metavar="FILE", help="Write the unreadable rows to this CSV file.")
@options.raw_text
@click.option(
    "--max-unfound",
    type=click.IntRange(min=0),
    metavar="N",
    help="Exit with code 1 if more than N addresses are not found.",
)
@options.messages
@options.collected("service", ServiceOptions)
def geocode(
    addresses: str,
    output: str,
    service: ServiceOptions,
    max_unfound: int | None,
    messages: Messages,
    **choices: Any,
) -> int:
    """Find the coordinates of each address in a file.

    Each result has a grade and an accuracy. Choose a source: --server, --public (for a few
    addresses) or --offline. Results are cached and not requested again.

    \b
    Examples:
      coverage-analyzer geocode addresses.csv -o sites.csv --server http://127.0.0.1:8088
      coverage-analyzer geocode addresses.csv -o sites.csv --offline
    """
    from coverage_analyzer.batch._geocode import Options
    from coverage_analyzer.batch._geocode import geocode as job

    _check_asked(service.server, public=service.public, offline=service.offline)
    chosen = Options(**choices, progress=messages.progress)
    findings = job(addresses, output, service.service(), options=chosen)
    unfound = findings["grades"].get("none", 0)
    warnings = _warnings(findings, choices["rejects"], unfound, max_unfound)
    messages.print_findings(findings, _lines(findings), warnings)
    return 1 if max_unfound is not None and unfound > max_unfound else 0


def _check_asked(server: str, *, public: bool, offline: bool) -> None:
    """Raise if the source is ambiguous; no unrequested connections are made.

    Raises
    ------
    UsageError
        If not exactly one source is given.
    """
    if (server and public) or (public and offline) or not (server or public or offline):
        msg = (
            "Choose one source: --server URL (a Nominatim server, preferably your own), --public "
            "or --offline. To use only the cached results of a server: --offline --server URL."
        )
        raise click.UsageError(msg)


def _lines(findings: dict[str, Any]) -> list[str]:
    """Return the result and the output file, as lines of text."""
    lines = [
        f"{what}\n" + "\n".join(f"  {n:>10,}  {name}" for name, n in findings[key].items())
        for what, key in (("grade", "grades"), ("reason", "reasons"))
        if findings[key]
    ]
    counts = findings["questions"]
    if any(counts.values()):
        lines.append(
            f"Sent {quantity(counts['asked'], 'request')} to the server; "
            f"{quantity(counts['cached'], 'result')} from the cache."
        )
    for old, new in findings["renamed_columns"].items():
        lines.append(f"Input column {old!r} is named {new!r} in the output.")
    lines.append(f"Sites: {findings['output']}. {ATTRIBUTION}")
    return lines


def _warnings(
    findings: dict[str, Any], rejects: str | None, unfound: int, max_unfound: int | None
) -> list[str]:
    """Return the warnings as lines of text."""
    lines = [f"Warning: {warning}" for warning in findings["warnings"]]
    if unfound:
        lost = quantity(unfound, "address", "addresses")
        lines.append(f"Not found: {lost}. See the column geocode_reason.")
    if rejected := findings["ledger"]["rejected"]:
        where = f"all are in {rejects}" if rejects else "list all with --rejects FILE"
        lines.append(f"Could not read {quantity(rejected, 'row')}; {where}:")
        lines += [f"  {reject}" for reject in findings["first_rejects"]]
    if max_unfound is not None and unfound > max_unfound:
        lines.append(
            f"More addresses than --max-unfound {max_unfound} were not found: the exit code is 1."
        )
    return lines
