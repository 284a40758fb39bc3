"""The batch job: read files, write a run folder; memory does not grow with the number of rows."""

from coverage_analyzer.batch._check import check
from coverage_analyzer.batch._letter import site_letter
from coverage_analyzer.batch._run import run
from coverage_analyzer.batch._timeline import timeline
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options

__all__ = ["Ledger", "Options", "check", "run", "site_letter", "timeline"]
