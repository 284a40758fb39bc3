"""A disk that fails, or a process that dies, at the n-th thing that is asked of a folder."""

import io
import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

Act = Callable[[], None]

ASKED: Final = ("open", "fsync", "replace", "link", "unlink", "mkdir")
"""What Python asks of a disk, by the names that `os` has for it."""


def dies() -> None:
    """Be killed, as by ``kill -9``."""
    os.kill(os.getpid(), signal.SIGKILL)


def fails(code: int) -> Act:
    """Return a fault of the disk with an error number.

    Raises
    ------
    OSError
        Always, when it is called.
    """

    def act() -> None:
        raise OSError(code, os.strerror(code))

    return act


def interrupts() -> None:
    """Be interrupted by the user.

    Raises
    ------
    KeyboardInterrupt
        Always.
    """
    raise KeyboardInterrupt


@contextmanager
def disturbed(folder: Path, act: Act, numbers: range) -> Iterator[list[str]]:
    """Act before the operations of these numbers on a folder; yield what has been asked so far."""
    operations: list[str] = []

    def watched(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def operation(*arguments: Any, **named: Any) -> Any:
            places = [str(p) for p in arguments if isinstance(p, str | Path)]
            if name == "fsync" or any(p.startswith(str(folder)) for p in places):
                operations.append(name)
                if len(operations) - 1 in numbers:
                    act()
            return call(*arguments, **named)

        return operation

    with pytest.MonkeyPatch.context() as patch:
        for name in ASKED:
            patch.setattr(os, name, watched(name, getattr(os, name)))
        patch.setattr(io, "open", watched("open", io.open))
        yield operations


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """Let no file grow beyond so many bytes: the next write fails, whoever writes, in any language.

    The kernel's signal for it is ignored by Python, so that the write gives EFBIG.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
