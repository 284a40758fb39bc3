"""The program ``coverage-analyzer``: its commands and how it exits."""

import errno
import importlib
import io
import os
import signal
import sys
import traceback
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from types import FrameType
from typing import Any, Final, NoReturn

import click

from coverage_analyzer.cli import options, settings, streams
from coverage_analyzer.cli.messages import redacted, say
from coverage_analyzer.errors import (
    FolderBusyError,
    InfeasibleError,
    InputError,
    MissingExtraError,
    PolicyError,
    PublishError,
    ServiceError,
    visible,
)

USAGE: Final = 2
SERVICE: Final = 3
FAULT: Final = 70
CANNOT_WRITE: Final = 74
BUSY: Final = 75
INTERRUPTED: Final = 130
TERMINATED: Final = 143
CODES: Final = (
    (FolderBusyError, BUSY),
    (PublishError, CANNOT_WRITE),
    (ServiceError, SERVICE),
    (InputError, USAGE),
    (InfeasibleError, USAGE),
    (PolicyError, USAGE),
    (MissingExtraError, USAGE),
)
"""Exit code by kind of error; the first match applies."""

MODULES: Final = {
    "areas": "areas",
    "check": "check",
    "commitments": "commitments",
    "compare": "compare",
    "config": "config",
    "criticality": "criticality",
    "drive-times": "drive_times",
    "entitlements": "entitlements",
    "explain": "explain",
    "geocode": "geocode",
    "init": "init",
    "letter": "letter",
    "map": "map_",
    "place": "place",
    "policies": "policies",
    "run": "run",
    "sensitivity": "sensitivity",
    "timeline": "timeline",
    "what-if": "what_if",
}
"""The function of each command; its module in this package has the same name, without a final
``_``. A module is imported when its command is used, as each costs time at every start."""

VERBOSE: Final = "--verbose"

LONGEST: Final = 500
"""Number of characters shown of an unexpected error."""


class Commands(MutableMapping[str, click.Command]):
    """The commands by name, each imported when it is asked for."""

    def __init__(self) -> None:
        self._loaded: dict[str, click.Command] = {}

    def __getitem__(self, name: str) -> click.Command:
        """Return a command with the options that every command has."""
        if name not in self._loaded:
            function = MODULES[name]
            module = importlib.import_module(f"{__package__}.{function.rstrip('_')}")
            command: click.Command = getattr(module, function)
            settings.add_options(command)
            options.with_common_options(command)
            self._loaded[name] = command
        return self._loaded[name]

    def __setitem__(self, name: str, command: click.Command) -> None:
        """Replace a command."""
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        """Forget a command as it was loaded."""
        del self._loaded[name]

    def __iter__(self) -> Iterator[str]:
        """Return the names."""
        return iter(MODULES)

    def __len__(self) -> int:
        """Return the number of commands."""
        return len(MODULES)


class Program(click.Group):
    """A command group that passes a broken pipe to `main`; click would exit with code 1."""

    def make_context(self, *args: Any, **kwargs: Any) -> click.Context:
        """Parse the arguments."""
        with streams.watched():
            return super().make_context(*args, **kwargs)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that is named, with the settings as its defaults."""
        name, command, rest = super().resolve_command(ctx, args)
        if command is not None:
            settings.use(ctx, command, rest)
        return name, command, rest

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command."""
        with streams.watched():
            return super().invoke(ctx)


@click.group(
    cls=Program, commands=Commands(), context_settings={"help_option_names": ["-h", "--help"]}
)
@click.version_option(package_name="coverage-analyzer", prog_name="coverage-analyzer")
def program() -> None:
    """Decide which customer sites qualify for a hardware-support level, and explain why.

    \b
    Examples:
      coverage-analyzer init sites.csv --centers centers.csv
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
      coverage-analyzer place sites.csv --centers centers.csv --new 10 -o plan
      coverage-analyzer compare reports/2026-11 reports/2026-12 -o reports/changes
      coverage-analyzer what-if reports/2026-12 --close US-DAL-1 -o reports/without-dallas
      coverage-analyzer criticality reports/2026-12
      coverage-analyzer sensitivity reports/2026-12

    \b
    Exit codes: 0 success, 1 a limit or rule was exceeded, 2 input or usage,
    3 a service failed, 70 a bug in the program, 74 could not write,
    75 the output is in use by another run, 130 and 143 interrupted.
    Shell completion: eval "$(_COVERAGE_ANALYZER_COMPLETE=bash_source coverage-analyzer)"
    (zsh_source and fish_source likewise).
    """


class _TerminatedError(SystemExit):
    """The process was asked to end."""


class _Interruption:
    """The signal that asked this process to end; None as long as none did.

    What a handler raises may reach `_run` as another exception: a library that calls back into
    Python wraps it (pydantic does so, without a cause), so the signal itself is recorded, too.
    """

    caught: int | None = None


def main() -> NoReturn:
    """Run the program and exit with its code; tracebacks are shown only on request."""
    # No other package's plugin takes part in the models of policies; finding none takes time, too.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # No product of matrices here gains by threads, which spin for a while when there is nothing.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    if sys.platform == "linux":
        # Arrow's own allocator takes memory in huge pages, which cost more to clear than they gain.
        os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    streams.secure()
    _Interruption.caught = None
    signal.signal(signal.SIGTERM, _stop)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # not ignored, as with nohup
        signal.signal(signal.SIGINT, _stop)
    code = _run()
    error = streams.flushed()
    if error is not None and code != CANNOT_WRITE:
        _say_unwritten(error)
        code = CANNOT_WRITE
    _end(code)


def _end(code: int) -> NoReturn:
    """Exit with a code, also while a thread of an interrupted command is in native code."""
    overlap = sys.modules.get("coverage_analyzer.batch.overlap")  # imported by what has threads
    if overlap is not None and overlap.is_working():
        streams.flushed()
        os._exit(code)
    sys.exit(code)


def _run() -> int:
    """Run the program and return its exit code."""
    streams.STYLE.as_json = streams.STYLE.quiet = False
    try:
        return int(program.main(standalone_mode=False) or 0)
    except (click.Abort, KeyboardInterrupt, _TerminatedError):
        return _interrupted()
    except Exception as error:  # noqa: BLE001 - the last place: whatever it is gets words and a code
        return _failed(error)


def _interrupted() -> int:
    """Report that the process was asked to end, and return the exit code."""
    if _Interruption.caught == signal.SIGTERM:
        say("Terminated. No partial report was written.")
        return TERMINATED
    say("Error: Interrupted. No partial report was written.")
    return INTERRUPTED


def _failed(error: Exception) -> int:
    """Print what went wrong, and return the exit code."""
    match error:
        case click.ClickException():
            message = io.StringIO()
            error.show(message)
            streams.put_message(message.getvalue(), end="")
            return error.exit_code
        case streams.ReaderGoneError():
            return CANNOT_WRITE
        case _ if _lacks_memory(error):
            say("Error: Not enough memory. Free memory, or raise the limit of the process.")
            return USAGE
    for kind, code in CODES:
        if isinstance(error, kind):
            say(f"Error: {error}")
            return code
    if isinstance(error, OSError) and error.errno in streams.UNWRITABLE:
        _say_unwritten(error)
        return CANNOT_WRITE
    return _unexpected(error)


def _lacks_memory(error: Exception) -> bool:
    """Return whether memory is short: for data, or for a library that is loaded on first use."""
    unloaded = isinstance(error, ImportError) and "failed to map segment" in str(error)
    return unloaded or isinstance(error, MemoryError)


def _unexpected(error: Exception) -> int:
    """Report an error without words of its own: an interrupt that a library wrapped, or a fault."""
    if _Interruption.caught is not None:
        return _interrupted()
    _say_fault(error)
    return FAULT


def _say_unwritten(error: OSError) -> None:
    """Report a failure of standard output, unless its reader has gone, as with ``head``."""
    if error.errno != errno.EPIPE:
        place = f"{error.filename}" if error.filename else "standard output"
        say(f"Error: Cannot write {place}: {error.strerror or error}.")


def _say_fault(error: Exception) -> None:
    """Report an internal error in one line: where it is, and where to report it."""
    if VERBOSE in sys.argv:
        for line in traceback.format_exception(error):
            for each in line.rstrip("\n").split("\n"):
                streams.put_message(visible(redacted(each)))
    frames = traceback.extract_tb(error.__traceback__)
    where = f" ({Path(frames[-1].filename).name}, line {frames[-1].lineno})" if frames else ""
    text = " ".join(f"{type(error).__name__}: {error}".split())[:LONGEST]
    more = "" if VERBOSE in sys.argv else f"; {VERBOSE} prints the traceback"
    say(
        f"Error: This is a bug in the program: {redacted(text)}{where}. "
        f"Report it to the project's maintainers, with the command{more}."
    )


def _stop(number: int, _frame: FrameType | None) -> NoReturn:
    """Handle a signal that asks the process to end: by an exception, so that work is undone.

    Raises
    ------
    _TerminatedError
        If the signal is SIGTERM.
    KeyboardInterrupt
        If it is SIGINT.
    """
    _Interruption.caught = number
    if number == signal.SIGTERM:
        raise _TerminatedError(TERMINATED)
    raise KeyboardInterrupt
