"""Assess sites on Apache Spark with the same code, on blocks that come from Spark.

Requires the extra ``[spark]`` and a Java runtime (17 or 21) on the driver and the executors.
"""

from coverage_analyzer.spark._assess import assess
from coverage_analyzer.spark._run import run

__all__ = ["assess", "run"]
