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
from coverage_analyzer.addresses.compare import AddressMatch
from coverage_analyzer.countries.regions import AssignedRegions
from coverage_analyzer.due_times import clocks, requests
from coverage_analyzer.due_times.clocks import Due
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.due_times.levels import LevelLookup, LevelOnDay
from coverage_analyzer.due_times.requests import MatchedRequest, RegisteredSite, Request
from coverage_analyzer.due_times.sides import Sides
from coverage_analyzer.matching.nearest import NO_CENTER
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.clocks import Clock, Replacement
from coverage_analyzer.programmes.afterwards import route
from coverage_analyzer.schema.columns import COMMITMENT
from coverage_analyzer.schema.verdict import Reason, Status


class CommitmentStatus(enum.StrEnum):
    """Outcome of a request."""

    promised = enum.auto()
    target = enum.auto()
    no_promise = enum.auto()
    refused = enum.auto()
    review = enum.auto()
    rejected = enum.auto()


TARGET: Final = "target_at"
"""Column of the time of a clock that is not a promise."""

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


SAME_BUILDING: Final = frozenset(
    {AddressMatch.identical, AddressMatch.equivalent, AddressMatch.unit_differs}
)
"""Address matches for which the distance of the registered address applies."""


@dataclass(frozen=True)
class FurtherClock:
    """The result of a further clock of a level: its start and its time, None if uncertain."""

    clock: Clock
    start: datetime.datetime | None
    at: datetime.datetime | None

    def moments(self) -> dict[str, datetime.datetime | None]:
        """Return its dates and times, by column."""
        start, at = clock_columns(self.clock)
        return {start: self.start, at: self.at}


@dataclass(frozen=True)
class Commitment:
    """The commitment for a request; its columns are those of `commitment_columns`.

    ``due_at`` is the first moment that is too late, in the zone of the clock. It is None unless
    `status` is ``promised``; ``target_at`` is the same of a clock that is not a promise, where
    `status` is ``target``.
    """

    request_id: str
    site_id: str
    level: str
    status: CommitmentStatus
    promise: str
    clock_start: datetime.datetime | None
    due_at: datetime.datetime | None
    center_id: str
    reason: str
    warnings: tuple[str, ...]
    steps: tuple[str, ...]
    target_at: datetime.datetime | None = None
    further: tuple[FurtherClock, ...] = ()

    def moments(self) -> dict[str, datetime.datetime | None]:
        """Return all dates and times, by column."""
        further = {name: at for clock in self.further for name, at in clock.moments().items()}
        main = {"clock_start": self.clock_start, "due_at": self.due_at}
        return {**main, TARGET: self.target_at, **further}

    def row(self, columns: Sequence[str] = COMMITMENT) -> dict[str, str]:
        """Return it as text, one cell per column: timestamps as ISO 8601, empty if missing."""
        moments = self.moments()
        cells: dict[str, str] = {}
        for name in columns:
            cell: Any = moments.get(name) if name in moments else getattr(self, name, None)
            match cell:
                case None:
                    cells[name] = ""
                case datetime.datetime():
                    cells[name] = cell.isoformat()
                case tuple():
                    cells[name] = "; ".join(cell)
                case _:
                    cells[name] = str(cell)
        return cells


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
        starts = {clock.start for level in self.policy.levels for clock in level.all_clocks}
        self._events = [e for e in requests.EVENTS if e in starts or not starts]

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
                    request, sites.get(request.site_id, ()), self.form, self._events
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
        promise = self.policy.clock_text(clock) if clock else "no replacement promise"
        base = Commitment(
            request_id=case.request.request_id,
            site_id=case.request.site_id,
            level=verdict.level.title,
            status=CommitmentStatus.no_promise,
            promise=_what(clock),
            clock_start=None,
            due_at=None,
            center_id="" if verdict.center == NO_CENTER else self.centers.center_id[verdict.center],
            reason=verdict.reason,
            warnings=tuple(_warnings(case, verdict, self.policy)),
            steps=(f"{verdict.level.title}: {promise} ({verdict.reason})",),
        )
        if verdict.status == Status.not_covered:
            inputs = case.stated
            words = route(self.policy, inputs.get("product", ""), inputs.get("version", ""))
            return _with(base, words) if words else base
        if clock is None and verdict.status != Status.review:
            return base
        try:
            _check_installed(case)
            if verdict.status == Status.review or clock is None:
                step = f"the level needs review: {verdict.reason}"
                return _with(base, step, status=CommitmentStatus.review)
            base = self._check_address(base, case, verdict.country)
            if base.status is not CommitmentStatus.no_promise:
                return base
            return self._promise(base, case, verdict, clock)
        except DoubtError as doubt:
            return _with(base, str(doubt), status=_status(doubt), reason=doubt.code.value)

    def _check_address(self, base: Commitment, case: MatchedRequest, country: str) -> Commitment:
        """Return a commitment that considers the address: refused or for review if it differs.

        A policy of format 2 without a rule on addresses compares none.
        """
        rules = self.policy.commitments
        if rules.accepted is None and self.policy.format > 1:
            return base
        requested, registered = case.request.address.strip(), case.site.address.strip()
        if not requested or not registered:
            missing = "the request has no" if not requested else "the site has no registered"
            warning = f"address not compared: {missing} address"
            return dataclasses.replace(base, warnings=(*base.warnings, warning))
        match = compare.address_match(registered, requested, country)
        clause = f" (clause {rules.address_clause})" if rules.address_clause else ""
        comparison = f"address: {match.value.replace('_', ' ')}"
        if rules.accepted is None:
            return _without_rule(base, match, comparison)
        if match in {AddressMatch.identical, AddressMatch(rules.accepted)}:
            return _with(base, comparison)
        status = (
            CommitmentStatus.review if match is AddressMatch.unclear else CommitmentStatus.refused
        )
        step = f"{comparison} to the registered one; the policy requires {rules.accepted}{clause}"
        return _with(base, step, status=status, reason=f"address_{match.value}")

    def _promise(
        self, base: Commitment, case: MatchedRequest, verdict: LevelOnDay, clock: Replacement
    ) -> Commitment:
        """Return a commitment with its due time, or the time of its target.

        Raises
        ------
        DoubtError
            If the event, a zone or a calendar is uncertain.
        """
        sides = Sides(case, verdict, self.centers, self.policy)
        start, due = _start_and_due(base.level, clock, sides)
        commitment = dataclasses.replace(
            base,
            status=CommitmentStatus.promised if clock.is_promise else CommitmentStatus.target,
            clock_start=start,
            due_at=due.at if clock.is_promise else None,
            target_at=None if clock.is_promise else due.at,
            warnings=(*base.warnings, *_to_check(clock, due, sides)),
            steps=(*base.steps, *_steps(clock, due)),
        )
        for further in verdict.level.clocks:
            commitment = _with_clock(commitment, further, sides)
        return commitment


def _start_and_due(level: str, clock: Replacement, sides: Sides) -> tuple[datetime.datetime, Due]:
    """Return when a clock started, in its zone, and its due time.

    Raises
    ------
    DoubtError
        If the event, a zone or a calendar is uncertain.
    """
    case = sides.case
    if clock.start not in case.stamps:
        raise DoubtError(
            Doubt.moment_missing,
            f"the clock of {level} starts at {clock.start}_at, which is empty",
        )
    start = clocks.moment(case.stamps[clock.start], case.zone)
    due = sides.due(clock, start)
    return start.astimezone(due.at.tzinfo), due


def _to_check(clock: Replacement, due: Due, sides: Sides) -> list[str]:
    """Return the warnings about a due time."""
    estimated = [f"the due time depends on an estimated holiday: {day}" for day in due.estimated]
    return [*estimated, *due.notes, *sides.warnings(clock, due)]


def _steps(clock: Replacement, due: Due) -> list[str]:
    """Return the steps to a due time; those of a target say that nothing is promised."""
    clause = f"clause {clock.clause}"
    if clock.is_promise:
        return [*due.steps, clause]
    steps = [step.replace("due ", f"{clock.kind} ") for step in due.steps]
    return [*steps, f"{clock.kind}, not a promise", clause]


def _with_clock(base: Commitment, clock: Clock, sides: Sides) -> Commitment:
    """Return a commitment with a further clock; an uncertain one stays empty, with a warning."""
    try:
        start, due = _start_and_due(f"{base.level}, {clock.name}", clock, sides)
    except DoubtError as doubt:
        warning = f"{clock.name}: no due time ({doubt.code.value}): {doubt}"
        return dataclasses.replace(
            base,
            further=(*base.further, FurtherClock(clock, None, None)),
            warnings=(*base.warnings, warning),
        )
    warnings = [f"{clock.name}: {text}" for text in _to_check(clock, due, sides)]
    steps = [f"{clock.name}: {text}" for text in _steps(clock, due)]
    return dataclasses.replace(
        base,
        further=(*base.further, FurtherClock(clock, start, due.at)),
        warnings=(*base.warnings, *(w for w in warnings if w not in base.warnings)),
        steps=(*base.steps, *steps),
    )


def clock_columns(clock: Clock) -> tuple[str, str]:
    """Return the columns of a further clock: of its start, and of its due time or target."""
    return f"{clock.column}_start", f"{clock.column}_{'due_at' if clock.is_promise else TARGET}"


def commitment_columns(policy: Policy) -> tuple[str, ...]:
    """Return the columns of commitments by a policy, in order.

    These are those of `COMMITMENT`; after ``due_at`` those of targets, if a main clock is one, and
    of further clocks.

    Examples
    --------
    >>> commitment_columns(Policy.load()) == COMMITMENT
    True
    """
    mains = [level.replacement for level in policy.levels if level.replacement]
    more = [] if all(clock.is_promise for clock in mains) else [TARGET]
    for level in policy.levels:
        for clock in level.clocks:
            more += clock_columns(clock)
    at = COMMITMENT.index("due_at") + 1
    return (*COMMITMENT[:at], *dict.fromkeys(more), *COMMITMENT[at:])


def _what(clock: Replacement | None) -> str:
    """Return the cell ``promise``: the event that stops a clock, with its kind if not a promise."""
    if clock is None:
        return ""
    return clock.end if clock.is_promise else f"{clock.kind}: {clock.end}"


def _without_rule(base: Commitment, match: AddressMatch, comparison: str) -> Commitment:
    """Return the commitment under a policy without an address rule, which refuses none.

    The level was measured at the registered address, so nothing is certain for another one.
    """
    if match in SAME_BUILDING:
        return _with(base, comparison)
    step = f"{comparison} to the registered one, to which the level applies; the policy has no rule"
    return _with(base, step, status=CommitmentStatus.review, reason=f"address_{match.value}")


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


def _status(doubt: DoubtError) -> CommitmentStatus:
    return CommitmentStatus.rejected if doubt.code in REJECTED else CommitmentStatus.review


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


def _why(reason: str) -> str:
    """Return the text of a reason that waits for a day of the site's own."""
    return Reason[reason].text


def _warnings(case: MatchedRequest, verdict: LevelOnDay, policy: Policy) -> list[str]:
    """Return the warnings of a commitment; none on events with which no clock starts."""
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
    read = {clock.start for level in policy.levels for clock in level.all_clocks}
    if not read.issuperset(("authorised", "rma_issued")):
        return messages
    authorised, issued = (case.stamps.get(e) for e in ("authorised", "rma_issued"))
    try:
        times = [clocks.moment(s, case.zone) for s in (authorised, issued) if s is not None]
    except DoubtError:
        return messages
    if len(times) == 2 and times[1].astimezone(datetime.UTC) < times[0].astimezone(datetime.UTC):
        messages.append("rma_issued_at is before authorised_at")
    return messages
