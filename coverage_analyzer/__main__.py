"""``python -m coverage_analyzer``, and the command: a process of its own that runs the program."""

import gc
from collections.abc import Mapping
from typing import Final, NoReturn

OBJECTS_AT_START: Final = 150_000
OBJECTS_BETWEEN_COLLECTIONS: Final = 20_000
"""Imports make many objects and no garbage: looking for it after every 700 of them, and once more
at the exit, takes a tenth of the start. Later it is looked for among what is new."""


def start() -> NoReturn:
    """Run the program in a process of its own, whose garbage is collected seldom."""
    gc.set_threshold(OBJECTS_AT_START, *gc.get_threshold()[1:])
    gc.callbacks.append(_started)
    from coverage_analyzer.cli.main import main

    try:
        main()
    finally:
        gc.freeze()


def _started(phase: str, _info: Mapping[str, int]) -> None:
    """Collect more often from now on, once the objects of the start have been looked at."""
    if phase == "stop":
        gc.callbacks.remove(_started)
        gc.freeze()
        gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS, *gc.get_threshold()[1:])


if __name__ == "__main__":
    start()
