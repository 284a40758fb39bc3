"""The machine and the versions that figures come from, in words."""

import os
import platform
from importlib import metadata
from pathlib import Path

LIBRARIES = (
    "numpy",
    "pyarrow",
    "pyproj",
    "polars",
    "duckdb",
    "scipy",
    "scikit-learn",
    "geopandas",
    "shapely",
    "pandas",
    "sedonadb",
)


def described() -> str:
    """Return processor, cores, memory, system and Python in a sentence."""
    bytes_ = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    release = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    return (
        f"{_processor()}, {os.cpu_count()} cores, {bytes_ / 2**30:.0f} GB of memory, "
        f"{release}, Python {platform.python_version()}"
    )


def versions() -> str:
    """Return the versions of the libraries measured."""
    return ", ".join(f"{name} {metadata.version(name)}" for name in LIBRARIES)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
