"""Calculate commitments from requests, verdicts and a policy: level, promise and due time.

A request passes through these steps: the row of its site on the day (`requests`), the verdict on it
(`matching`), its address (`addresses`), the clock of its level (`clocks`). If any of these is
uncertain, there is no due time, and the reason says why.
"""

import dataclasses
import datetime
import enum
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from coverage_analyzer.addresses import compare
from coverage_analyzer.addresses.compare import Likeness
from coverage_analyzer.countries.regions import AssignedRegions
from coverage_analyzer.due_times import calendars, clocks, requests, time_zones
from coverage_analyzer.due_times.clocks import Due
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.due_times.levels import LevelLookup, LevelOnDay
from coverage_analyzer.due_times.requests import MatchedRequest, RegisteredSite, Request
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.policy.rules import Replacement
from coverage_analyzer.programmes.afterwards import route
from coverage_analyzer.schema.verdict import Reason, Status


class Answer(enum.StrEnum):
    """Outcome of a request."""

    promised = enum.auto()
    no_promise = enum.auto()
    refused = enum.auto()
    review = enum.auto()
    rejected = enum.auto()


REJECTED: Final = frozenset(
    {
        Doubt.request_without_id,
        Doubt.duplicate_request_id,
        Doubt.moment_not_readable,
        Doubt.site_unknown,
        Doubt.site_not_readable,
    }
)
"""Issues that are errors in the row itself, which has to be corrected."""


SAME_BUILDING: Final = frozenset({Likeness.identical, Likeness.equivalent, Likeness.unit_differs})
"""Address matches for which the distance of the registered address applies."""


@dataclass(frozen=True)
class Commitment:
    """The commitment for a request; its columns are in `schema.columns.COMMITMENT`.

    ``due_at`` is the first moment that is too late, in the zone of the clock: the site's for hours,
    the center's for business days. It is None unless `status` is ``promised``.
    """

    request_id: str
    site_id: str
    level: str
    status: Answer
    promise: str
    clock_start: datetime.datetime | None
    due_at: datetime.datetime | None
    center_id: str
    reason: str
    warnings: tuple[str, ...]
    steps: tuple[str, ...]

    def row(self) -> dict[str, str]:
        """Return it as text, one cell per column: timestamps as ISO 8601, empty if missing."""
        cells: dict[str, Any] = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for name in ("clock_start", "due_at"):
            cells[name] = cells[name].isoformat() if cells[name] else ""
        for name in ("warnings", "steps"):
            cells[name] = "; ".join(cells[name])
        return {name: str(cell) for name, cell in cells.items()}


class Committer:
    """Calculates commitments by a policy for the given centers.

    Parameters
    ----------
    levels
        The levels of the policy for the centers, on any day.
    as_of
        The day whose level applies; by default that of each request.
    form
        Format of timestamps, in the directives of `datetime.strptime`; by default ISO 8601.

    Raises
    ------
    InputError
        If the format is ambiguous.
    """

    def __init__(
        self, levels: LevelLookup, *, as_of: datetime.date | None = None, form: str = ""
    ) -> None:
        clocks.check_form(form)
        self.centers, self.policy, self._levels = levels.centers, levels.policy, levels
        self.as_of, self.form = as_of, form

    @property
    def regions(self) -> AssignedRegions:
        """Region of each center, and a warning about values that are not codes of its country.

        Raises
        ------
        InputError
            If the country of a center is uncertain.
        """
        return self._levels.regions

    def answers(
        self, requests_: Sequence[Request], sites: Mapping[str, Sequence[RegisteredSite]]
    ) -> list[Commitment]:
        """Return the commitment for each request, in order.

        Parameters
        ----------
        requests_
            The requests.
        sites
            All rows of each site in the requests.

        Raises
        ------
        InputError
            If the country of a center is uncertain.
        MissingExtraError
            If the extra ``terms`` is not installed and is needed.
        """
        answers: dict[int, Commitment] = {}
        cases: dict[int, MatchedRequest] = {}
        times = Counter(request.request_id for request in requests_)
        for number, request in enumerate(requests_):
            try:
                _check_id(request, times)
                cases[number] = requests.matched_request(
                    request, sites.get(request.site_id, ()), self.form
                )
            except DoubtError as doubt:
                answers[number] = _doubtful(request, doubt)
        for day in sorted({self.as_of or c.day for c in cases.values()}):
            due_then = {n: c for n, c in cases.items() if (self.as_of or c.day) == day}
            verdicts = self._levels.on_day(list(due_then.values()), day)
            for (number, case), verdict in zip(due_then.items(), verdicts, strict=True):
                answers[number] = self._answer(case, verdict)
        return [answers[number] for number in range(len(requests_))]

    def _answer(self, case: MatchedRequest, verdict: LevelOnDay) -> Commitment:
        """Return the commitment for a request whose site has a verdict."""
        clock = verdict.level.replacement
        base = Commitment(
            request_id=case.request.request_id,
            site_id=case.request.site_id,
            level=verdict.level.title,
            status=Answer.no_promise,
            promise=clock.end if clock else "",
            clock_start=None,
            due_at=None,
            center_id="" if verdict.center == NO_CENTER else self.centers.center_id[verdict.center],
            reason=verdict.reason,
            warnings=tuple(_warnings(case, verdict)),
            steps=(
                f"{verdict.level.title}: {clock or 'no replacement promise'} ({verdict.reason})",
            ),
        )
        if verdict.status == Status.not_covered:
            stated = case.stated
            words = route(self.policy, stated.get("product", ""), stated.get("version", ""))
            return _with(base, words) if words else base
        if clock is None and verdict.status != Status.review:
            return base
        try:
            _check_installed(case)
            if verdict.status == Status.review or clock is None:
                step = f"the level needs review: {verdict.reason}"
                return _with(base, step, status=Answer.review)
            base = self._addressed(base, case, verdict.country)
            if base.status is not Answer.no_promise:
                return base
            return self._promised(base, case, verdict, clock)
        except DoubtError as doubt:
            return _with(base, str(doubt), status=_status(doubt), reason=doubt.code.value)

    def _addressed(self, base: Commitment, case: MatchedRequest, country: str) -> Commitment:
        """Return a commitment that considers the address: refused or for review if it differs."""
        requested, registered = case.request.address.strip(), case.site.address.strip()
        if not requested or not registered:
            missing = "the request has no" if not requested else "the site has no registered"
            warning = f"address not compared: {missing} address"
            return dataclasses.replace(base, warnings=(*base.warnings, warning))
        likeness = compare.likeness(registered, requested, country)
        rules = self.policy.commitments
        clause = f" (clause {rules.address_clause})" if rules.address_clause else ""
        comparison = f"address: {likeness.value.replace('_', ' ')}"
        if rules.accepted is None:
            return _without_rule(base, likeness, comparison)
        if likeness in {Likeness.identical, Likeness(rules.accepted)}:
            return _with(base, comparison)
        status = Answer.review if likeness is Likeness.unclear else Answer.refused
        step = f"{comparison} to the registered one; the policy requires {rules.accepted}{clause}"
        return _with(base, step, status=status, reason=f"address_{likeness.value}")

    def _promised(
        self, base: Commitment, case: MatchedRequest, verdict: LevelOnDay, clock: Replacement
    ) -> Commitment:
        """Return a commitment with its due time.

        Raises
        ------
        DoubtError
            If the event, a zone or a calendar is uncertain.
        """
        if clock.start not in case.stamps:
            raise DoubtError(
                Doubt.moment_missing,
                f"the clock of {base.level} starts at {clock.start}_at, which is empty",
            )
        start = clocks.moment(case.stamps[clock.start], case.zone)
        due = self._due(case, verdict, clock, start)
        later = [f"the due time depends on an estimated holiday: {day}" for day in due.estimated]
        later += due.notes
        later += _outside(case, clock, due)
        return dataclasses.replace(
            base,
            status=Answer.promised,
            clock_start=start.astimezone(due.at.tzinfo),
            due_at=due.at,
            warnings=(*base.warnings, *later),
            steps=(*base.steps, *due.steps, f"clause {clock.clause}"),
        )

    def _due(
        self,
        case: MatchedRequest,
        verdict: LevelOnDay,
        clock: Replacement,
        start: datetime.datetime,
    ) -> Due:
        """Return the due time of a promise.

        Raises
        ------
        DoubtError
            If no center ships, or its zone or calendar is uncertain.
        """
        calendar, zone = None, case.zone
        if clock.counts_business_days:
            if verdict.center == NO_CENTER:
                raise DoubtError(
                    Doubt.center_unknown,
                    "no open center in the site's country, so its business days are unknown",
                )
            calendar = self._calendar(verdict)
        if clock.unit == "business_days":
            zone = self._center_zone(verdict.center, start)
        try:
            return clocks.due(clock, start, zone, calendar)
        except DoubtError as doubt:
            if doubt.code is not Doubt.regional_holiday:
                raise
            name = self.centers.center_id[verdict.center]
            raise DoubtError(doubt.code, f"center {name}: {doubt}") from None

    def _calendar(self, verdict: LevelOnDay) -> calendars.Calendar:
        """Return the calendar of the shipping center.

        Raises
        ------
        DoubtError
            If the holidays of its country are unknown.
        """
        country, rules = verdict.center_country, self.policy.commitments
        return calendars.calendar(
            country,
            rules.calendar_of(country),
            region=verdict.center_region,
            regional=rules.regional_calendars(country),
        )

    def _center_zone(self, center: int, start: datetime.datetime) -> Any:
        """Return the time zone of a center.

        Raises
        ------
        DoubtError
            If it is unknown.
        """
        named = self.centers.time_zone[center] if self.centers.time_zone else ""
        place = float(self.centers.lon[center]), float(self.centers.lat[center])
        try:
            return time_zones.zone(*place, start.date(), named=named)
        except DoubtError as doubt:
            name = self.centers.center_id[center]
            raise DoubtError(doubt.code, f"center {name}: {doubt}") from None


def _without_rule(base: Commitment, likeness: Likeness, comparison: str) -> Commitment:
    """Return the commitment under a policy without an address rule, which refuses none.

    The level was measured at the registered address, so nothing is certain for another one.
    """
    if likeness in SAME_BUILDING:
        return _with(base, comparison)
    step = f"{comparison} to the registered one, to which the level applies; the policy has no rule"
    return _with(base, step, status=Answer.review, reason=f"address_{likeness.value}")


def _check_id(request: Request, times: Mapping[str, int]) -> None:
    """Raise if a request has no usable id.

    Raises
    ------
    DoubtError
        If it has none, or shares it with another request.
    """
    if not request.request_id:
        raise DoubtError(Doubt.request_without_id, "request_id is empty")
    if times[request.request_id] > 1:
        raise DoubtError(
            Doubt.duplicate_request_id,
            f"request_id {request.request_id!r} appears {times[request.request_id]} times",
        )


def _with(base: Commitment, step: str, **changes: Any) -> Commitment:
    return dataclasses.replace(base, steps=(*base.steps, step), **changes)


def _status(doubt: DoubtError) -> Answer:
    return Answer.rejected if doubt.code in REJECTED else Answer.review


def _doubtful(request: Request, doubt: DoubtError) -> Commitment:
    """Return the commitment for a request whose level cannot be determined."""
    return Commitment(
        request_id=request.request_id,
        site_id=request.site_id,
        level="",
        status=_status(doubt),
        promise="",
        clock_start=None,
        due_at=None,
        center_id="",
        reason=doubt.code.value,
        warnings=(),
        steps=(str(doubt),),
    )


def _check_installed(case: MatchedRequest) -> None:
    """Raise if a request is dated before the installation at its site.

    Raises
    ------
    DoubtError
        With both dates.
    """
    installed = case.site.installed_on
    if installed is not None and case.day < installed:
        raise DoubtError(
            Doubt.request_before_installation,
            f"the request is dated {case.day}, before the installation on {installed}",
        )


def _outside(case: MatchedRequest, clock: Replacement, due: Due) -> list[str]:
    """Return a warning if the due time is outside the receiving hours of the site."""
    if case.site.receives is None or clock.end != "delivered":
        return []
    opens, closes = case.site.receives
    time = f"{due.at.astimezone(case.zone):%H:%M}"
    if opens < ("24:00" if time == "00:00" else time) <= closes:
        return []
    return [f"due outside the site's receiving hours, {opens} to {closes}"]


def _why(reason: str) -> str:
    """Return the text of a reason that waits for a day of the site's own."""
    return Reason[reason].text


def _warnings(case: MatchedRequest, verdict: LevelOnDay) -> list[str]:
    """Return the warnings of a commitment."""
    messages = []
    if verdict.opens is not None:
        unsure = ", if its road distance is within the limit" if verdict.by_road else ""
        messages.append(
            f"a higher level from {verdict.opens[1]}, when {verdict.opens[0]} opens{unsure}"
        )
    if verdict.starts is not None:
        unsure = ", if its road distance is within the limit" if verdict.by_road else ""
        messages.append(f"a higher level from {verdict.starts}{unsure}: {_why(verdict.reason)}")
    if verdict.papers:
        messages.append(
            f"{verdict.country} requires export approval before a part ships: delivery may be late"
        )
    authorised, issued = (case.stamps.get(e) for e in ("authorised", "rma_issued"))
    try:
        times = [clocks.moment(s, case.zone) for s in (authorised, issued) if s is not None]
    except DoubtError:
        return messages
    if len(times) == 2 and times[1].astimezone(datetime.UTC) < times[0].astimezone(datetime.UTC):
        messages.append("rma_issued_at is before authorised_at")
    return messages
