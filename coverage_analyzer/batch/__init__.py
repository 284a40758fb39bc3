"""The batch job: files in, a run folder out, memory constant in the number of rows.

A command is imported when it is first asked for (PEP 562): a run needs neither letters nor
timelines, and start-up is part of speed.
"""

from typing import TYPE_CHECKING

from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.lazy_names import lazy_names

if TYPE_CHECKING:
    from coverage_analyzer.batch._check import check
    from coverage_analyzer.batch._compare import compare
    from coverage_analyzer.batch._letter import site_letter
    from coverage_analyzer.batch._letters import SeriesOptions, site_letters
    from coverage_analyzer.batch._run import run
    from coverage_analyzer.batch._timeline import timeline
    from coverage_analyzer.batch.letter_job import LetterOptions
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            "LetterOptions": "letter_job",
            "SeriesOptions": "_letters",
            "check": "_check",
            "compare": "_compare",
            "run": "_run",
            "site_letter": "_letter",
            "site_letters": "_letters",
            "timeline": "_timeline",
        },
    )

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
