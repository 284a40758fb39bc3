"""Two stages of work at the same time: one runs ahead of the other, by a little."""

from collections import deque
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Final, TypeVar

T = TypeVar("T")

DEPTH: Final = 2
"""So many items are made ahead at most: memory stays bounded, and neither stage waits for long."""


def ahead(items: Generator[T, None, None]) -> Generator[T, None, None]:
    """Yield items in their order, made in another thread while earlier ones are used.

    An error in making one is raised where it would have come. Closing this closes the items.
    """
    end = object()
    with closing(items), ThreadPoolExecutor(1) as pool:
        try:
            waiting = deque(pool.submit(next, items, end) for _ in range(DEPTH))
            while (item := waiting.popleft().result()) is not end:
                waiting.append(pool.submit(next, items, end))
                yield item  # type: ignore[misc]  # the end is no T, and it is not yielded
        finally:
            pool.shutdown(cancel_futures=True)
