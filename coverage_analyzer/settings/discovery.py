"""Find the settings file that applies to a working folder.

Whoever can write a file above the working folder must not decide what a run reads and writes. The
search therefore ends at the home folder, at the boundary of the file system, and at the first
folder of another owner; a file of another owner is not used either.
"""

import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

NAME: Final = "coverage-analyzer.toml"
"""What the file is called."""

PREFIX: Final = "COVERAGE_ANALYZER_"
"""What the names of environment variables begin with that are settings."""

MAX_FOLDERS: Final = 256
"""Folders that are searched, upwards."""


@dataclass(frozen=True)
class Discovery:
    """Where a settings file was found.

    Attributes
    ----------
    path
        The file; None if missing.
    notice
        What the user should know if a file is there and is not used; empty otherwise.
    """

    path: Path | None = None
    notice: str = ""


def find(start: Path | None = None) -> Discovery:
    """Return the settings file of a folder: its own, or that of the nearest folder above it.

    Parameters
    ----------
    start
        The folder; by default the working folder.

    Returns
    -------
    discovery
        Where the working folder is gone or cannot be read, nothing is found.
    """
    try:
        folder = (start or Path.cwd()).resolve()
        device = folder.stat().st_dev
    except (OSError, RuntimeError):
        return Discovery()
    home = _home()
    for above in (folder, *folder.parents)[:MAX_FOLDERS]:
        owned, same_device = _is_own(above), _device(above) == device
        path = above / NAME
        if not same_device:
            break
        if os.path.lexists(path):
            if owned and _is_own(path):
                return Discovery(path)
            return Discovery(notice=_unused(path))
        if not owned or above == home:
            break
    return Discovery()


def _home() -> Path | None:
    try:
        return Path.home().resolve()
    except (OSError, RuntimeError):
        return None


def _device(path: Path) -> int:
    try:
        return path.stat().st_dev
    except OSError:
        return -1


def _is_own(path: Path) -> bool:
    """Return whether a file or folder, and what a link leads to, belong to this user.

    Windows has no such owner: there it is always true. A broken link is its own.
    """
    get_user = getattr(os, "getuid", None)
    if get_user is None:
        return True
    user = get_user()
    try:
        link = path.lstat()
        return link.st_uid == user and (
            not stat.S_ISLNK(link.st_mode) or not path.exists() or path.stat().st_uid == user
        )
    except OSError:
        return False


def _unused(path: Path) -> str:
    return (
        f"{path} is not used, because it or its folder belongs to another user. "
        f"To use it: --settings {path}"
    )
