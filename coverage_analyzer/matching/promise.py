"""How long a promise to one site lasts: until a center closes, or a support phase ends.

Only days on which something near the site changes are assessed, each with the matcher of its day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer import geodesy
from coverage_analyzer.matching.explanation import Explanation, site_row
from coverage_analyzer.matching.matcher import Matcher, MatcherInputs
from coverage_analyzer.matching.timeline import own_days
from coverage_analyzer.schema.verdict import Reason, Status

ONE_DAY: Final = np.timedelta64(1, "D")

KEPT: Final = 400
"""Maximum number of matchers kept, each of one day."""


class End(NamedTuple):
    """The last day of a promise, and the reason of the verdict that follows it."""

    last_day: np.datetime64
    reason: Reason


@dataclass
class Promises:
    """Finds the ends of promises, and keeps the matchers of other days for further sites."""

    matcher: Matcher
    _on: dict[np.datetime64, Matcher] = field(default_factory=dict)

    def end(self, story: Explanation, country: str) -> End | None:
        """Return when the promise to a site ends; None if no known day ends it.

        A promise is the level of the day of the matcher and, from the day on which the site's
        center opens, the level named for then. It ends on the day before a lower level, a review
        or no level.

        Parameters
        ----------
        story
            The site, explained by the matcher.
        country
            Country declared by the site, if any.
        """
        accuracy = np.nan if story.accuracy_m is None else story.accuracy_m
        row = site_row(story.longitude, story.latitude, accuracy, country, story.stated)
        inputs = self.matcher.inputs(row)
        promised = int(self.matcher.match(*inputs).level[0])
        later = np.datetime64(story.available_on, "D") if story.available_on else None
        for day in self._days(story, inputs):
            verdicts = self._matcher(day).match(*inputs)
            level, status = int(verdicts.level[0]), Status(int(verdicts.status[0]))
            if later is not None and day >= later:
                later, promised = None, min(promised, level)
            if level > promised or status in {Status.review, Status.not_covered}:
                return End(day - ONE_DAY, Reason(int(verdicts.reason[0])))
        return None

    def _days(self, story: Explanation, inputs: MatcherInputs) -> Iterator[np.datetime64]:
        """Yield the later days on which the site's verdict may change, in order."""
        centers, policy = self.matcher.centers, self.matcher.policy
        away = geodesy.distance_m(story.longitude, story.latitude, centers.lon, centers.lat)
        reach = max((band.up_to_m for band in policy.bands), default=0.0)
        near = np.flatnonzero(away <= reach + 1)
        days = [centers.opens_on[near], centers.closes_on[near]]
        if inputs.facts is not None:
            days.append(own_days(self.matcher, inputs.sites, inputs.facts).ravel())
        events = np.unique(np.concatenate(days))
        yield from events[events > np.datetime64(self.matcher.as_of, "D")]

    def _matcher(self, day: np.datetime64) -> Matcher:
        """Return the matcher of a day."""
        if day not in self._on:
            if len(self._on) >= KEPT:
                self._on.clear()
            self._on[day] = self.matcher.on(day)
        return self._on[day]
