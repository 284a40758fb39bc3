"""Spark's daemon, which starts Python workers, with Spark's modules from the installed package.

Spark puts archives of its Python modules first on the path of its workers. From an archive, each
process compiles them again, and lists the archive again before each task. Where Spark is itself an
installed package, as on one machine, the same modules are installed, compiled, next to it.

Nothing else is imported here: the workers are forked, and libraries may not have threads by then.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path


def without_archives(path: Sequence[str], home: str) -> list[str]:
    """Return a search path without Spark's archives, if their modules are installed.

    Parameters
    ----------
    path
        The search path.
    home
        The folder of Spark.

    Returns
    -------
    path
        The same path if Spark is not an installed package.
    """
    folder = Path(home)
    installed = folder / "__init__.py", folder.parent / "py4j" / "__init__.py"
    if str(folder.parent) not in path or not all(file.is_file() for file in installed):
        return [*path]
    return [name for name in path if Path(name).parent != folder / "python" / "lib"]


def main() -> None:
    """Start workers until Spark ends."""
    sys.path[:] = without_archives(sys.path, os.environ.get("SPARK_HOME", ""))
    from pyspark.daemon import manager

    manager()


if __name__ == "__main__":
    main()
