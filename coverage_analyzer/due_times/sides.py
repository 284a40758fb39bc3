"""Whose calendar and local time count for a clock: those of the site, the center or the vendor."""

import datetime
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from coverage_analyzer.countries.regions import region_code
from coverage_analyzer.due_times import calendars, clocks, time_zones
from coverage_analyzer.due_times.clocks import Due
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.due_times.levels import LevelOnDay
from coverage_analyzer.due_times.requests import MatchedRequest
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.clock_keys import Side, Weekday
from coverage_analyzer.policy.clocks import Replacement


@dataclass(frozen=True)
class Sides:
    """The sides of one request: its site, the center that ships to it, and the vendor."""

    case: MatchedRequest
    verdict: LevelOnDay
    centers: Centers
    policy: Policy

    def due(self, clock: Replacement, start: datetime.datetime) -> Due:
        """Return the due time of a clock that began at a given time.

        Parameters
        ----------
        clock
            A clock of the policy.
        start
            The event that starts it, with its UTC offset.

        Raises
        ------
        DoubtError
            If a side that counts is unknown, or its zone or calendar is uncertain.
        """
        side, day = self.policy.calendar_side(clock), start.date()
        if clock.hours_in:
            clock = clock.in_country(self.country(side))
        days = clock.hours.extra_days if clock.hours else ()
        calendar = self.calendar(side, days) if clock.counts_business_days else None
        shown = self.policy.zone_side(clock)
        zone = self.zone(shown, day)
        cut_off = self._cut_off_zone(clock, zone, day)
        try:
            due = clocks.due(clock, start, zone, calendar, cut_off_zone=cut_off, side=shown)
        except DoubtError as doubt:
            if doubt.code is not Doubt.regional_holiday:
                raise
            raise DoubtError(doubt.code, f"{self._name(side)}: {doubt}") from None
        receives = self.case.site.receives
        if clock.receiving_hours == "defer" and receives is not None:
            return clocks.deferred(due, receives, self.case.zone)
        return due

    def warnings(self, clock: Replacement, due: Due) -> list[str]:
        """Return what to check about a due time: receiving hours, and the region of the site."""
        messages = []
        receives = self.case.site.receives
        if receives is None:
            if clock.receiving_hours == "defer":
                messages.append("not deferred: the receiving hours of the site are unknown")
        elif clock.receiving_hours == "warn" and clock.end == "delivered":
            opens, closes = receives
            time = f"{due.at.astimezone(self.case.zone):%H:%M}"
            if not opens < ("24:00" if time == "00:00" else time) <= closes:
                messages.append(f"due outside the site's receiving hours, {opens} to {closes}")
        by_site = clock.counts_business_days and self.policy.calendar_side(clock) == "site"
        if by_site and self._site_region() is None:
            messages.append(
                f"the region {self.case.site.region[:40]!r} of the site is not an ISO 3166-2 code "
                f"of {self.verdict.country} and counts as empty"
            )
        return messages

    def country(self, side: Side) -> str:
        """Return the country of a side (alpha-2).

        Raises
        ------
        DoubtError
            If it is unknown.
        """
        if side == "vendor" and self.policy.vendor:
            return self.policy.vendor.country
        if side == "center":
            self._check_center()
            return self.verdict.center_country
        if not self.verdict.country:
            raise DoubtError(
                Doubt.calendar_unknown,
                "the country of the site is unknown, so its business days are unknown; enter it in "
                "the column country",
            )
        return self.verdict.country

    def calendar(self, side: Side, service_days: tuple[Weekday, ...] = ()) -> calendars.Calendar:
        """Return the calendar of a side.

        Parameters
        ----------
        side
            Whose business days count.
        service_days
            Days of the week that are not on the weekend.

        Raises
        ------
        DoubtError
            If the side, or the holidays of its country, are unknown.
        """
        country, rules = self.country(side), self.policy.commitments
        vendor = self.policy.vendor
        regions = {
            "site": self._site_region() or "",
            "center": self.verdict.center_region,
            "vendor": vendor.region if vendor else "",
        }
        return calendars.calendar(
            country,
            rules.calendar_of(country),
            region=regions[side],
            regional=rules.regional_calendars(country),
            side=side,
            service_days=service_days,
        )

    def zone(self, side: Side, day: datetime.date) -> ZoneInfo:
        """Return the time zone of a side on a day.

        Raises
        ------
        DoubtError
            If it is unknown.
        """
        if side == "site":
            return self.case.zone
        if side == "vendor" and self.policy.vendor:
            return time_zones.zone_named(self.policy.vendor.time_zone)
        self._check_center()
        center = self.verdict.center
        named = self.centers.time_zone[center] if self.centers.time_zone else ""
        place = float(self.centers.lon[center]), float(self.centers.lat[center])
        try:
            return time_zones.zone(*place, day, named=named)
        except DoubtError as doubt:
            raise DoubtError(doubt.code, f"{self._name('center')}: {doubt}") from None

    def _cut_off_zone(self, clock: Replacement, zone: ZoneInfo, day: datetime.date) -> ZoneInfo:
        """Return the zone in which the cut-off of a clock is local.

        Raises
        ------
        DoubtError
            If it is unknown.
        """
        match clock.cut_off_zone:
            case None:
                return zone
            case "site" | "center" | "vendor" as side:
                return self.zone(side, day)
            case name:
                return time_zones.zone_named(name)

    def _site_region(self) -> str | None:
        """Return the region of the site, empty if missing; None if it is not of its country."""
        return region_code(self.case.site.region, self.verdict.country)

    def _check_center(self) -> None:
        """Raise if no center ships to the site.

        Raises
        ------
        DoubtError
            If so.
        """
        if self.verdict.center == NO_CENTER:
            where = "open center"
            if self.policy.qualification.same_country:
                where = "open center in the site's country"
            raise DoubtError(Doubt.center_unknown, f"no {where}, so its business days are unknown")

    def _name(self, side: Side) -> str:
        """Return a side in messages."""
        if side == "center" and self.verdict.center != NO_CENTER:
            return f"center {self.centers.center_id[self.verdict.center]}"
        return "the vendor" if side == "vendor" else f"site {self.case.request.site_id}"
