"""Assess sites on Apache Spark with the same code, on blocks that come from Spark.

Requires the extra ``[spark]`` and a Java runtime (17 or 21) on the driver and the executors.
"""

from typing import TYPE_CHECKING

from coverage_analyzer.lazy_names import lazy_names

if TYPE_CHECKING:
    from coverage_analyzer.spark._assess import assess
    from coverage_analyzer.spark._run import run
else:  # workers need one module, not those of the driver
    __getattr__, __dir__ = lazy_names(__name__, {"assess": "_assess", "run": "_run"})

__all__ = ["assess", "run"]
