"""The program ``coverage-analyzer``: its verbs, and what every end of it looks like."""

import signal
import sys
from types import FrameType
from typing import Final, NoReturn

import click

from coverage_analyzer.cli.areas import areas
from coverage_analyzer.cli.check import check
from coverage_analyzer.cli.commitments import commitments
from coverage_analyzer.cli.drive_times import drive_times
from coverage_analyzer.cli.entitlements import entitlements
from coverage_analyzer.cli.explain import explain
from coverage_analyzer.cli.geocode import geocode
from coverage_analyzer.cli.letter import letter
from coverage_analyzer.cli.map import map_
from coverage_analyzer.cli.policies import policies
from coverage_analyzer.cli.run import run
from coverage_analyzer.cli.talk import say
from coverage_analyzer.cli.timeline import timeline
from coverage_analyzer.errors import CoverageError, FolderBusyError, PublishError, ServiceError

USAGE: Final = 2
SERVICE: Final = 3
CANNOT_WRITE: Final = 74
BUSY: Final = 75
INTERRUPTED: Final = 130
TERMINATED: Final = 143
CODES: Final = (
    (FolderBusyError, BUSY),
    (PublishError, CANNOT_WRITE),
    (ServiceError, SERVICE),
    (CoverageError, USAGE),
)
"""How the program ends by the kind of error; the first that fits counts."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="coverage-analyzer", prog_name="coverage-analyzer")
def program() -> None:
    """Decide which customer sites qualify for a hardware-support level, and say why.

    \b
    Examples:
      coverage-analyzer run sites.csv --centers centers.csv -o reports/today
      coverage-analyzer check sites.csv
      coverage-analyzer map reports/today -o today.html
      coverage-analyzer drive-times reports/today --osm country.osm.pbf
      coverage-analyzer explain 47.6145 7.6645 --country DE --centers centers.csv
      coverage-analyzer letter sites.csv --site LSZH --centers centers.csv -o letter.html
      coverage-analyzer commitments requests.csv --sites sites.csv --centers centers.csv
      coverage-analyzer geocode addresses.csv -o sites.csv --offline
      coverage-analyzer policies
      coverage-analyzer entitlements --product XenApp --version 6.5
      coverage-analyzer timeline sites.csv --centers centers.csv --to 2027-12-31 -o changes.csv

    \b
    Exit codes: 0 success, 1 more rejects than --max-rejects, 2 input or usage,
    3 a service failed, 74 could not write, 75 another run holds the folder,
    130 and 143 interrupted.
    Shell completion: eval "$(_COVERAGE_ANALYZER_COMPLETE=bash_source coverage-analyzer)"
    (zsh_source and fish_source likewise).
    """


program.add_command(run)
program.add_command(check)
program.add_command(areas)
program.add_command(map_)
program.add_command(drive_times)
program.add_command(explain)
program.add_command(letter)
program.add_command(commitments)
program.add_command(policies)
program.add_command(entitlements)
program.add_command(timeline)
program.add_command(geocode)


def main() -> NoReturn:
    """Run the program and leave with its exit code; a user's mistake shows no traceback."""
    signal.signal(signal.SIGTERM, _terminated)
    try:
        sys.exit(program.main(standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        _leave("Interrupted; nothing is half-published.", INTERRUPTED)
    except CoverageError as error:
        _leave(str(error), next(code for kind, code in CODES if isinstance(error, kind)))
    except MemoryError:
        _leave("There is too little memory for this; free some, or allow more of it.", USAGE)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(CANNOT_WRITE)


def _terminated(_signal: int, _frame: FrameType | None) -> NoReturn:
    say("Terminated; nothing is half-published.")
    sys.exit(TERMINATED)


def _leave(message: str, code: int) -> NoReturn:
    """Say why, and leave."""
    say(f"Error: {message}")
    sys.exit(code)
