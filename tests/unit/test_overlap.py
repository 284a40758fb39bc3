"""One stage runs ahead of the other: the same items, the same errors, and an end."""

import subprocess
import sys
import threading
import time
from collections.abc import Generator
from typing import Final

import pytest

from coverage_analyzer.batch import overlap
from coverage_analyzer.batch.overlap import DEPTH, ahead


def numbers(stop: int, result: list[int], closed: list[bool]) -> Generator[int, None, None]:
    """Yield numbers, and note what was made and that it was closed."""
    try:
        for number in range(stop):
            result.append(number)
            yield number
    finally:
        closed.append(True)


def test_items_come_in_order() -> None:
    """All of them, also through two threads."""
    assert list(ahead(ahead(numbers(1000, [], [])))) == list(range(1000))


def test_nothing_runs_far_ahead() -> None:
    """Memory holds some items, however slow the second stage is."""
    result: list[int] = []
    items = ahead(numbers(100, result, []))
    assert next(items) == 0
    time.sleep(0.1)
    assert len(result) <= DEPTH + 3
    items.close()


def test_an_error_comes_where_its_item_would_have() -> None:
    """What was made before it is not lost."""

    def failing() -> Generator[int, None, None]:
        yield 1
        yield 2
        msg = "boom"
        raise ValueError(msg)

    got: list[int] = []
    with pytest.raises(ValueError, match="boom"):
        got.extend(ahead(ahead(failing())))
    assert got == [1, 2]
    items = ahead(failing())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="boom"):
        next(items)


def test_closing_closes_the_items() -> None:
    """Who stops in the middle leaves nothing open behind."""
    closed: list[bool] = []
    items = ahead(ahead(numbers(1000, [], closed)))
    next(items)
    items.close()
    assert closed == [True]
    assert not overlap.is_working()


def test_a_stage_that_hangs_does_not_hold_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupted program ends, though a query does not."""
    monkeypatch.setattr(overlap, "PATIENCE_S", 0.05)
    release = threading.Event()

    def hanging() -> Generator[int, None, None]:
        yield 1
        release.wait(20)
        yield 2

    items = ahead(hanging())
    next(items)
    start = time.monotonic()
    items.close()
    assert time.monotonic() - start < 5
    assert overlap.is_working()
    release.set()


BUSY: Final = """
import threading
from coverage_analyzer.batch import overlap
from coverage_analyzer.cli import main

def busy():
    yield 1
    threading.Event().wait()

def interrupted():
    items = overlap.ahead(busy())
    next(items)
    items.close()
    return 130

overlap.PATIENCE_S = 0.01
main._run = interrupted
main.sys.exit = lambda code: print("aborts in native code")
main.main()
"""


def test_a_stage_that_still_works_does_not_abort_the_process() -> None:
    """The interpreter's own end would, were the thread in native code: the exit code was lost."""
    done = subprocess.run(
        [sys.executable, "-c", BUSY], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (130, "")
