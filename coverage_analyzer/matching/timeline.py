"""The days on which the level of a site changes; only days with events are assessed.

Centers open and close on few days, and between two of them only the row itself can change the level
of a site: the phase of its product ends, its address is registered, or a level comes into force. So
all sites are assessed on the days of centers, and on each other day only the rows concerned.
"""

import dataclasses
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Ints
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.schema.columns import TIMELINE
from coverage_analyzer.schema.days import Days

ONE_DAY: Final = np.timedelta64(1, "D")

COMPARED: Final = ("level", "status", "reason", "center")
"""Verdict columns whose change counts as an event in the timeline."""


@dataclass(frozen=True)
class Changes:
    """Verdicts of sites from given days on, by site and then by day; each has shape (k,).

    Attributes
    ----------
    site
        Position of the site. Each has a row for the first day.
    from_day
        The day from which the other values apply.
    level, status, reason, center
        As in `Verdicts`.
    before
        Previous level of the site, -1 in its first row.
    """

    site: Ints
    from_day: Days
    level: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    center: npt.NDArray[np.int32]
    before: npt.NDArray[np.int8]

    def __len__(self) -> int:
        """Return the number of changes."""
        return len(self.site)

    def columns(self, matcher: Matcher) -> dict[str, pa.Array]:
        """Return the columns of `schema.columns.TIMELINE`, except the site's id."""
        texts = matcher.texts
        columns = {
            "from_day": arrays.from_numpy(self.from_day),
            "level": arrays.take_texts(self.level, texts["level"]),
            "status": arrays.take_texts(self.status, texts["status"]),
            "reason": arrays.take_texts(self.reason, texts["reason"]),
            "center_id": arrays.take_texts(self.center, texts["center_id"]),
        }
        return {name: columns[name] for name in TIMELINE[1:]}


class Timeline:
    """The rules of a matcher from its day up to another day.

    Parameters
    ----------
    matcher
        The matcher of the first day.
    end
        The last day.

    Attributes
    ----------
    matcher
        The verdicts of the first day.
    days
        The first day, and all others in the period on which a center opens or closes.

    Raises
    ------
    InputError
        If the last day is before the first.
    """

    def __init__(self, matcher: Matcher, end: datetime.date) -> None:
        self.start, self.end = (np.datetime64(d, "D") for d in (matcher.as_of, end))
        if self.end < self.start:
            msg = f"The timeline from {self.start} to {self.end} is empty. Choose a later end."
            raise InputError(msg)
        centers = matcher.centers
        events = np.concatenate([centers.opens_on, centers.closes_on])
        later = np.unique(events[(events > self.start) & (events <= self.end)])
        self.matcher = matcher
        self.days = np.array([self.start, *later], "datetime64[D]")
        self._matchers = [matcher, *(matcher.on(day) for day in later)]

    def changes(self, sites: Sites, facts: EligibilityInputs | None = None) -> Changes:
        """Return the verdict of each site on the first day, and each change up to the last one."""
        parts = list(self._changes(sites, facts))
        joined = Changes(
            **{
                f.name: np.concatenate([getattr(part, f.name) for part in parts])
                for f in dataclasses.fields(Changes)
            }
        )
        order = np.lexsort((joined.from_day, joined.site))
        return Changes(**{name: values[order] for name, values in vars(joined).items()})

    def _changes(self, sites: Sites, facts: EligibilityInputs | None) -> Iterator[Changes]:
        """Yield the changes day by day, with the current verdicts in a `_State`."""
        state = _State(len(sites))
        ends = [*(self.days[1:] - ONE_DAY), self.end]
        for matcher, first, last in zip(self._matchers, self.days, ends, strict=True):
            yield state.changed(np.arange(len(sites)), first, matcher.match(sites, facts))
            if facts is None:
                continue
            events = own_days(matcher, sites, facts)
            within = (events > first) & (events <= last)
            for day in np.unique(events[within]):
                rows = np.flatnonzero((events == day).any(axis=0))
                on_day = matcher.between(day)
                yield state.changed(rows, day, on_day.match(sites.take(rows), facts.take(rows)))


class _LastVerdicts(NamedTuple):
    """The latest verdict of each site."""

    level: npt.NDArray[np.int8]
    status: npt.NDArray[np.int8]
    reason: npt.NDArray[np.int8]
    center: npt.NDArray[np.int32]


class _State:
    """The verdicts of sites as the days advance."""

    def __init__(self, sites: int) -> None:
        level, status, reason = np.full((3, sites), -1, np.int8)
        self._last = _LastVerdicts(level, status, reason, np.full(sites, NO_CENTER, np.int32))

    def changed(self, rows: Ints, day: np.datetime64, verdicts: Verdicts) -> Changes:
        """Update with the verdicts on some sites on a day, and return those that changed."""
        new = np.zeros(len(rows), np.bool_)
        for name, previous in self._last._asdict().items():
            new |= previous[rows] != getattr(verdicts, name)
        at = rows[new]
        before = self._last.level[at]
        values = {name: getattr(verdicts, name)[new] for name in COMPARED}
        for name, previous in self._last._asdict().items():
            previous[at] = values[name]
        return Changes(site=at, from_day=np.full(len(at), day), before=before, **values)


def own_days(matcher: Matcher, sites: Sites, facts: EligibilityInputs) -> Days:
    """Return the days on which a row's own rules may change, shape (k, n), or ``NaT``."""
    days = [facts.registered_on]
    if matcher.gates.products is not None:
        ends = matcher.gates.products.ends + ONE_DAY
        rows = np.flatnonzero(facts.product >= 0)
        for column in ends.T:
            own = np.full(len(facts), np.datetime64("NaT", "D"))
            own[rows] = column[facts.product[rows]]
            days.append(own)
    starts = matcher.starts_at(sites, facts)
    return np.array(days if starts is None else [*days, *starts.days])


class Census:
    """Number of sites with each level from day to day, updated by changes."""

    def __init__(self, levels: int) -> None:
        self._levels = levels
        self._moves: dict[np.datetime64, Ints] = {}

    def add(self, changes: Changes) -> None:
        """Add changes."""
        for day in np.unique(changes.from_day):
            rows = changes.from_day == day
            moves = np.bincount(changes.level[rows], minlength=self._levels)
            left = changes.before[rows]
            moves -= np.bincount(left[left >= 0], minlength=self._levels)
            self._moves[day] = self._moves.get(day, 0) + moves

    def table(self) -> tuple[Days, Ints]:
        """Return the days of changes, and the number of sites by day and level from then on."""
        days = sorted(self._moves)
        counts = np.cumsum([self._moves[day] for day in days], axis=0, dtype=np.int64)
        return np.array(days, "datetime64[D]"), counts.reshape(len(days), self._levels)
