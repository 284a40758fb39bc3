"""Assess sites on Apache Spark with the same code, on blocks that come from Spark.

Requires the extra ``[spark]`` and a Java runtime (17 or 21) on the driver and the executors.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coverage_analyzer.spark._assess import assess
    from coverage_analyzer.spark._run import run

__all__ = ["assess", "run"]


def __getattr__(name: str) -> Any:
    """Import a public name on first use: workers need one module, not those of the driver.

    Raises
    ------
    AttributeError
        If the name is unknown.
    """
    if name not in __all__:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"{__name__}._{name}"), name)
