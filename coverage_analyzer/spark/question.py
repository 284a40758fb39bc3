"""What is asked of a run on Spark."""

from dataclasses import dataclass

from coverage_analyzer.batch.options import Options
from coverage_analyzer.files.run_folder.gate import Gate
from coverage_analyzer.files.table import Table
from coverage_analyzer.matching.matcher import Matcher


@dataclass(frozen=True)
class Question:
    """What is asked of a run on files.

    Attributes
    ----------
    centers, products
        Open tables.
    matcher
        Of the run.
    options
        Of the run.
    gate
        Before the report in the folder.
    centers_path
        The file of the centers as it was given; it may be a URI.
    """

    centers: Table
    products: Table | None
    matcher: Matcher
    options: Options
    gate: Gate
    centers_path: str
