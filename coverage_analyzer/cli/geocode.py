"""``coverage-analyzer geocode``."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from coverage_analyzer.cli import options
from coverage_analyzer.cli.messages import Messages

if TYPE_CHECKING:
    from coverage_analyzer.geocoding import Service

ATTRIBUTION = "Answers of Nominatim: \u00a9 OpenStreetMap contributors (ODbL)."


@dataclass(frozen=True)
class ServiceOptions:
    """The options that say which server is asked, if any, and where its answers are kept."""

    server: str
    public: bool
    offline: bool
    contact: str
    cache: str | None

    def service(self) -> "Service":
        """Return the service that is asked."""
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
        If one is written otherwise.
    """
    pairs = [value.partition("=") for value in values]
    try:
        return {grade: float(number) for grade, _, number in pairs}
    except ValueError:
        msg = "write it as GRADE=METRES, such as city=15000"
        raise click.BadParameter(msg) from None


@click.command()
@click.argument("addresses")
@click.option(
    "-o", "--output", required=True, metavar="FILE", help="The sites: .csv, .parquet or .xlsx."
)
@click.option("--server", default="", metavar="URL", help="A Nominatim server, such as your own.")
@click.option("--public", is_flag=True, help="Ask the public server, one address a second.")
@click.option("--offline", is_flag=True, help="Ask nobody: the cache and built-in data alone.")
@click.option("--contact", default="", metavar="EMAIL|URL", help="Who asks, told to the server.")
@click.option("--cache", metavar="FILE", help="Of answers.  [one for each user]")
@click.option(
    "--accuracy",
    "accuracy_m",
    multiple=True,
    callback=metres,
    metavar="GRADE=METRES",
    help="How far off a grade may be: rooftop, street, postcode, city, region; may be repeated.",
)
@click.option(
    "--column",
    "columns",
    multiple=True,
    callback=options.overrides,
    metavar="NAME=HEADER",
    help="Take this header of the addresses for a column; may be repeated.",
)
@options.dialect
@click.option("--rejects", metavar="FILE", help="Write the rows that cannot be read here, as CSV.")
@options.raw_text
@click.option(
    "--max-unfound",
    type=click.IntRange(min=0),
    metavar="N",
    help="Leave with 1 if more addresses have no place.",
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
    """Find the place of each address of a file, and how precise it is.

    Say who is to be asked: --server, --public (for a few addresses) or --offline. What was
    answered is kept, and not asked again.

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
    """Raise if it is not clear who is to be asked: nothing is fetched that nobody asked for.

    Raises
    ------
    UsageError
        If nobody is named, or two are.
    """
    if (server and public) or (public and offline) or not (server or public or offline):
        msg = (
            "Say who is to be asked: --server URL (a Nominatim server, best your own), --public, "
            "or nobody: --offline. --offline --server URL takes what the cache has of that server."
        )
        raise click.UsageError(msg)


def _lines(findings: dict[str, Any]) -> list[str]:
    """Return what was found, and where to look."""
    lines = [
        f"{what}\n" + "\n".join(f"  {n:>10,}  {name}" for name, n in findings[key].items())
        for what, key in (("grade", "grades"), ("reason", "reasons"))
        if findings[key]
    ]
    asked = findings["questions"]
    if any(asked.values()):
        lines.append(
            f"Asked the server {asked['asked']:,} time(s); {asked['cached']:,} were known."
        )
    for old, new in findings["renamed_columns"].items():
        lines.append(f"The input's column {old!r} is there as {new!r}.")
    lines.append(f"Look at {findings['output']}. {ATTRIBUTION}")
    return lines


def _warnings(
    findings: dict[str, Any], rejects: str | None, unfound: int, max_unfound: int | None
) -> list[str]:
    """Return what should be looked into."""
    lines = [f"Warning: {warning}" for warning in findings["warnings"]]
    if unfound:
        lines.append(f"{unfound:,} address(es) have no place; geocode_reason says why.")
    if rejected := findings["ledger"]["rejected"]:
        where = f"all in {rejects}" if rejects else "see --rejects"
        lines.append(f"{rejected:,} row(s) could not be read, {where}:")
        lines += [f"  {reject}" for reject in findings["first_rejects"]]
    if max_unfound is not None and unfound > max_unfound:
        lines.append(f"More than --max-unfound {max_unfound}: the exit code is 1.")
    return lines
