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
    from coverage_analyzer.batch._run import run
    from coverage_analyzer.batch._timeline import timeline

__all__ = ["Ledger", "Options", "check", "compare", "run", "site_letter", "timeline"]

_HOMES = {
    "check": "_check",
    "compare": "_compare",
    "run": "_run",
    "site_letter": "_letter",
    "timeline": "_timeline",
}
"""The module of each command."""


def __getattr__(name: str) -> Any:
    """Import a command.

    Raises
    ------
    AttributeError
        If there is no such name.
    """
    if name not in _HOMES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
