"""The batch job: files in, a run folder out, memory constant in the number of rows.

A command is imported when it is first asked for (PEP 562): a run needs neither letters nor
timelines, and start-up is part of speed.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options

if TYPE_CHECKING:
    from coverage_analyzer.batch._check import check
    from coverage_analyzer.batch._compare import compare
    from coverage_analyzer.batch._letter import site_letter
    from coverage_analyzer.batch._letters import SeriesOptions, site_letters
    from coverage_analyzer.batch._run import run
    from coverage_analyzer.batch._timeline import timeline
    from coverage_analyzer.batch.letter_job import LetterOptions

__all__ = [
    "Ledger",
    "LetterOptions",
    "Options",
    "SeriesOptions",
    "check",
    "compare",
    "run",
    "site_letter",
    "site_letters",
    "timeline",
]

_HOMES = {
    "LetterOptions": "letter_job",
    "SeriesOptions": "_letters",
    "check": "_check",
    "compare": "_compare",
    "run": "_run",
    "site_letter": "_letter",
    "site_letters": "_letters",
    "timeline": "_timeline",
}
"""The module of each command, and of options that only some have."""


def __getattr__(name: str) -> Any:
    """Import a command.

    Raises
    ------
    AttributeError
        If the name is unknown.
    """
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
