"""The batch job: files in, a run's folder out, memory constant in the number of rows."""

from coverage_analyzer.batch.checking import check
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.lettering import site_letter
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.running import run
from coverage_analyzer.batch.timing import timeline

__all__ = ["Ledger", "Options", "check", "run", "site_letter", "timeline"]
