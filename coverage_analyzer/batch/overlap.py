"""Run stages of work concurrently, each slightly ahead of the one that takes its items."""

import os
import queue
import threading
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from typing import Any, Final, NamedTuple, TypeVar

from coverage_analyzer.errors import InputError

T = TypeVar("T")

DEPTH: Final = 1
"""Maximum number of queued items, which bounds memory without stalling either stage."""

PATIENCE_S: Final = 1.0
"""How long to wait for an item that is no longer needed. One that hangs, such as a query, must not
keep an interrupted program from ending.
"""

NAME: Final = "stage"
"""Name of the threads."""

USUAL_THREADS: Final = 3
"""Threads of a run that keep two cores busy; more hold more blocks in memory."""


def n_threads(asked: int | None = None) -> int:
    """Return the number of threads of a run: as asked, else `USUAL_THREADS`, on one core one.

    More threads than cores are useful, because stages wait for each other.

    Raises
    ------
    InputError
        If fewer than one are asked for.

    Examples
    --------
    >>> n_threads(2)
    2
    """
    if asked is not None and asked < 1:
        msg = f"threads is {asked}; give at least 1."
        raise InputError(msg)
    if asked is not None:
        return asked
    return USUAL_THREADS if (os.cpu_count() or 1) > 1 else 1


def is_working() -> bool:
    """Return whether a thread still works though nobody waits for its items any more.

    If Python then ended as usual, a thread in the middle of native code would abort the process.
    """
    return any(thread.name == NAME for thread in threading.enumerate())


class End(NamedTuple):
    """Marker after the last item, with the error that ended the iteration, if any."""

    error: BaseException | None


def ahead(
    items: Generator[T, None, None], cancel: Callable[[], object] = lambda: None
) -> Generator[T, None, None]:
    """Yield items in order, produced in another thread while earlier ones are used.

    An error in producing an item is raised in its place. Closing this closes the items; an item in
    production is first cancelled by `cancel`. If the system provides no further thread, items are
    produced on request.
    """
    results: queue.Queue[T | End] = queue.Queue(DEPTH)
    unwanted = threading.Event()

    arguments = (items, results, unwanted)
    thread = threading.Thread(target=_make, args=arguments, name=NAME, daemon=True)
    try:
        thread.start()
    except RuntimeError:  # "can't start new thread"
        with closing(items):
            yield from items
        return
    try:
        while not isinstance(item := results.get(), End):
            yield item
        if item.error is not None:
            raise item.error
    finally:
        unwanted.set()
        _empty(results)  # so that the thread finds it if it waits for space
        if thread.is_alive():
            cancel()
        thread.join(PATIENCE_S)


def _make(
    items: Generator[T, None, None], results: "queue.Queue[T | End]", unwanted: threading.Event
) -> None:
    """Put all items into a queue, followed by the end marker."""
    error: BaseException | None = None
    try:
        with closing(items):
            for item in items:
                results.put(item)
                if unwanted.is_set():
                    return
    except BaseException as raised:  # noqa: BLE001 (raised again, in the thread that waits)
        error = raised
    results.put(End(error))


def _empty(items: "queue.Queue[Any]") -> None:
    with suppress(queue.Empty):
        while True:
            items.get_nowait()
