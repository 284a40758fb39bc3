"""Cached results and rate limits: one SQLite file shared by all processes.

Each result is committed as it arrives, so a job that is killed continues where it stopped. A result
belongs to a query, a provider and the version of its data; missing results expire after some days.
"""

import contextlib
import dataclasses
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, Self

from coverage_analyzer import documents
from coverage_analyzer.errors import InputError
from coverage_analyzer.geocoding.grades import GeocodeOutcome, GeocodeResult, Grade

NOTHING_FOUND_S: Final = 30 * 86_400.0
"""Time before a query without a result is repeated."""

VERSION_S: Final = 86_400.0
"""Time before a provider is asked again for its data version."""

LONGEST_HOLD_S: Final = 3_600.0
"""A next request time further ahead than this comes from a wrong clock."""

PATIENCE_S: Final = 30.0
"""Timeout for a lock held by another process."""

AT_ONCE: Final = 500
"""Keys per statement, since SQLite has a limit."""

RULES: Final = 2
"""Changes with the grading rules: results graded by other rules are ignored."""

TABLES: Final = """
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, expires REAL, answer TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS providers (
    provider TEXT PRIMARY KEY, version TEXT NOT NULL, seen REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pace (
    provider TEXT PRIMARY KEY, free_at REAL NOT NULL
) WITHOUT ROWID;
"""


def default_path() -> Path:
    """Return the cache of the current user."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(home) / "coverage-analyzer" / "geocoding.sqlite"


class Cache:
    """An open cache; a context that closes it.

    Parameters
    ----------
    path
        Path of the file, created if missing, readable only by this user, since addresses are
        private.
    clock
        Returns the time in seconds since 1970.

    Raises
    ------
    InputError
        If it is not such a file, or cannot be opened.
    """

    def __init__(self, path: str | Path, clock: Callable[[], float] = time.time) -> None:
        self.path, self._clock = Path(path), clock
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.touch(mode=0o600)
            self._base = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
        except (OSError, sqlite3.Error) as error:
            msg = (
                f"The cache {self.path} cannot be opened: {error}. Choose a different one with "
                f"--cache."
            )
            raise InputError(msg) from error
        try:
            with self._talking():
                self._base.execute("PRAGMA journal_mode = WAL")
                self._base.execute("PRAGMA synchronous = NORMAL")
                self._base.executescript(TABLES)
        except BaseException:
            self._base.close()
            raise

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_error: object) -> None:
        """Close the file."""
        self._base.close()

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """Translate SQLite errors.

        Raises
        ------
        InputError
            If the file is not a cache, or the disk refuses.
        """
        try:
            yield
        except sqlite3.Error as error:
            msg = f"The cache {self.path} cannot be used ({error}). Choose a different --cache."
            raise InputError(msg) from error

    def get_many(self, keys: Sequence[str]) -> dict[str, GeocodeResult]:
        """Return the cached results of the given keys that are still valid."""
        result, now = {}, self._clock()
        distinct = list(dict.fromkeys(keys))
        with self._talking():
            for first in range(0, len(distinct), AT_ONCE):
                batch = distinct[first : first + AT_ONCE]
                marks = ",".join("?" * len(batch))
                rows = self._base.execute(
                    f"SELECT key, answer FROM answers WHERE key IN ({marks}) "  # noqa: S608 - marks
                    "AND (expires IS NULL OR expires > ?)",
                    [*batch, now],
                )
                for key, text in rows:
                    if (answer := _from_json(text)) is not None:
                        result[key] = answer
        return result

    def keep(self, key: str, answer: GeocodeResult) -> None:
        """Store a result immediately and permanently; a missing one for some days."""
        nothing = answer.grade == Grade.none
        expires = self._clock() + NOTHING_FOUND_S if nothing else None
        row = (key, expires, _to_json(answer))
        with self._talking():
            self._base.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?)", row)

    def version(self, provider: str, *, fresh: bool = True) -> str | None:
        """Return the data version of a provider, if it was requested (``fresh``: recently)."""
        since = self._clock() - VERSION_S if fresh else 0.0
        with self._talking():
            row = self._base.execute(
                "SELECT version FROM providers WHERE provider = ? AND seen > ?", (provider, since)
            ).fetchone()
        return None if row is None else str(row[0])

    def keep_version(self, provider: str, version: str) -> None:
        """Store the data version of a provider."""
        row = (provider, version, self._clock())
        with self._talking():
            self._base.execute("INSERT OR REPLACE INTO providers VALUES (?, ?, ?)", row)

    def providers(self) -> list[tuple[str, str]]:
        """Return all providers that have answered, with their data version, the latest first."""
        with self._talking():
            rows = self._base.execute("SELECT provider, version FROM providers ORDER BY seen DESC")
            return [(str(provider), str(version)) for provider, version in rows]

    def turn(self, provider: str, interval_s: float) -> float:
        """Reserve the next request to a provider; return the seconds until then.

        The limit applies to all processes that use this file.

        Parameters
        ----------
        provider
            The provider.
        interval_s
            Seconds between two requests.
        """
        with self._alone():
            now = self._clock()
            at = max(now, self._free_at(provider, now))
            self._set_free(provider, at + interval_s)
        return at - now

    def hold(self, provider: str, seconds: float) -> None:
        """Block requests to a provider for some seconds, as it demands."""
        with self._alone():
            now = self._clock()
            later = now + min(seconds, LONGEST_HOLD_S)
            self._set_free(provider, max(later, self._free_at(provider, now)))

    def _free_at(self, provider: str, now: float) -> float:
        row = self._base.execute(
            "SELECT free_at FROM pace WHERE provider = ?", (provider,)
        ).fetchone()
        return float(row[0]) if row and row[0] < now + LONGEST_HOLD_S else now

    def _set_free(self, provider: str, at: float) -> None:
        self._base.execute("INSERT OR REPLACE INTO pace VALUES (?, ?)", (provider, at))

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Lock the file against writes of other processes."""
        with self._talking():
            self._base.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._base.execute("ROLLBACK")
                raise
            self._base.execute("COMMIT")


def _to_json(answer: GeocodeResult) -> str:
    data: dict[str, Any] = dataclasses.asdict(answer)
    data["grade"], data["reason"] = answer.grade.name, answer.reason.value
    return json.dumps({"rules": RULES, **data}, ensure_ascii=False)


def _from_json(text: str) -> GeocodeResult | None:
    """Return a cached result; None if it was graded by other rules or is damaged."""
    try:
        data = documents.load_json(text.encode())
        if data.pop("rules") != RULES:
            return None
        data["grade"], data["reason"] = Grade[data["grade"]], GeocodeOutcome(data["reason"])
        return GeocodeResult(**data)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
