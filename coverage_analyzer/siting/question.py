"""What is asked of a plan, checked before any work begins."""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from coverage_analyzer.errors import InputError, refuse

SHARE: Final = re.compile(r"\s*(\d+(?:\.\d+)?|\.\d+)\s*%\s*")

MAX_ALTERNATIVES: Final = 50
"""More plans side by side help nobody."""


@dataclass(frozen=True)
class Question:
    """A question about new centers. Exactly one of the first five says what is wanted.

    Attributes
    ----------
    new
        Open at most so many centers so that they gain as much weight as possible.
    cover
        Open as few centers as possible that gain this share (0 to 1) of the coverable weight.
    budget
        Spend at most this sum of ``cost`` on centers that gain as much weight as possible; with
        ``new`` also at most so many.
    close
        Close so many of the open centers so that as little weight as possible is lost.
    swap
        Move at most so many of the open centers to candidates: one closes for each that opens.
    per_country
        With ``cover``: the share holds in each country, not only in all together.
    max_per_country
        Open at most so many centers in each country.
    min_per_country
        In each country where a candidate gains anything: open at least so many centers, or, below 1
        and ``min_is_share``, gain at least this share of the coverable weight.
    min_is_share
        See ``min_per_country``.
    force, forbid
        Ids of candidates that are opened in any case, or never.
    backup
        Gain is the weight of sites that get a second center within range.
    alternatives
        Return so many plans, the best first, that differ.
    differ
        Of an alternative: how many centers of each better plan it lacks at least.
    within
        Leave out alternatives that gain less than the best plan by more than this share.
    curve
        Solve for each number of centers from 1 to ``new``.
    nested
        Compare the opening order of the plan with the best plan of each size.
    time_limit_s
        Stop after so many seconds; without a limit the same question has the same answer anywhere.
    """

    new: int | None = None
    cover: float | None = None
    budget: float | None = None
    close: int | None = None
    swap: int | None = None
    per_country: bool = False
    max_per_country: int | None = None
    min_per_country: float | None = None
    min_is_share: bool = False
    force: tuple[str, ...] = ()
    forbid: tuple[str, ...] = ()
    backup: bool = False
    alternatives: int = 0
    differ: int = 1
    within: float | None = None
    curve: bool = False
    nested: bool = False
    time_limit_s: float | None = None

    def check(self) -> None:
        """Raise if the question contradicts itself.

        Raises
        ------
        InputError
            That names every contradiction, and what to change.
        """
        refuse_question([*self._numbers(), *self._kinds(), *self._combinations()])

    @property
    def kind(self) -> str:
        """What is wanted: ``new``, ``cover``, ``budget``, ``close`` or ``swap``."""
        for name in ("close", "swap", "cover", "budget"):
            if getattr(self, name) is not None:
                return name
        return "new"

    def _numbers(self) -> Iterator[str]:
        for name in ("new", "close", "swap", "max_per_country", "alternatives"):
            value = getattr(self, name)
            if value is not None and value < 0:
                yield f"--{name.replace('_', '-')} is {value}: give 0 or more"
        yield from self._ranges()

    def _ranges(self) -> Iterator[str]:
        if self.alternatives > MAX_ALTERNATIVES:
            yield f"--alternatives is {self.alternatives}: give at most {MAX_ALTERNATIVES}"
        if self.cover is not None and not 0 < self.cover <= 1:
            yield "--cover needs a share above 0% and up to 100%"
        if self.budget is not None and not (self.budget >= 0 and math.isfinite(self.budget)):
            yield f"--budget is {self.budget}: give 0 or more"
        if self.min_per_country is not None and not self._min_fits():
            yield "--min-per-country needs a number from 0, or a share up to 100%"
        if self.time_limit_s is not None and not self.time_limit_s > 0:
            yield f"--time-limit is {self.time_limit_s}: give more than 0 seconds"
        if self.differ < 1:
            yield f"--differ is {self.differ}: give 1 or more"

    def _min_fits(self) -> bool:
        value = self.min_per_country or 0.0
        return 0 <= value <= 1 if self.min_is_share else value >= 0 and value == int(value)

    def _kinds(self) -> Iterator[str]:
        kinds = [n for n in ("new", "cover", "close", "swap") if getattr(self, n) is not None]
        if len(kinds) > 1:
            yield f"{' and '.join(f'--{n}' for n in kinds)} are different questions: give one"
        if not kinds and self.budget is None:
            yield "say what is wanted: --new, --cover, --budget, --close or --swap"
        if self.budget is not None and self.kind in {"cover", "close", "swap"}:
            yield f"--budget does not go with --{self.kind}"

    def _combinations(self) -> Iterator[str]:
        """Yield which options do not go together."""
        rules = {
            "per-country": (self.per_country, {"cover"}),
            "max-per-country": (self.max_per_country is not None, {"new", "budget", "cover"}),
            "min-per-country": (self.min_per_country is not None, {"new", "budget"}),
            "backup": (self.backup, {"new"}),
            "alternatives": (self.alternatives > 0, {"new"}),
            "curve": (self.curve, {"new"}),
            "nested": (self.nested, {"new"}),
        }
        for name, (is_given, kinds) in rules.items():
            if is_given and self.kind not in kinds:
                allowed = " or ".join(f"--{kind}" for kind in sorted(kinds))
                yield f"--{name} needs {allowed}"
        if self.close is not None and (self.force or self.forbid):
            yield "--force and --forbid name candidates, and --close opens none"
        both = sorted(set(self.force) & set(self.forbid))
        if both:
            yield f"{both[0]!r} is both forced and forbidden"
        if (self.curve or self.nested) and (self.budget is not None or self.min_per_country):
            yield "--curve and --nested do not go with --budget or --min-per-country"


def refuse_question(problems: list[str]) -> None:
    """Raise if there are problems with a question.

    Raises
    ------
    InputError
        That names all of them.
    """
    if problems:
        msg = "; ".join(problems)
        raise InputError(f"{msg[0].upper() if msg[0] != '-' else '-'}{msg[1:]}.")


def share(text: str, option: str) -> float:
    """Return a share that is written in percent, as a number from 0 to 1.

    Raises
    ------
    InputError
        If it is not a share.

    Examples
    --------
    >>> share("95%", "--cover")
    0.95
    """
    match = SHARE.fullmatch(text)
    if match is None or not 0 <= float(match[1]) <= 100:
        msg = f"{option} is {text!r}: write a share such as 95%."
        raise InputError(msg)
    return float(match[1]) / 100


def known_ids(names: tuple[str, ...], ids: tuple[str, ...], option: str) -> list[int]:
    """Return the positions of candidates.

    Raises
    ------
    InputError
        That names every id that no candidate has.
    """
    position = {candidate_id: at for at, candidate_id in enumerate(ids)}
    unknown = [name for name in names if name not in position]
    refuse(
        [f"{option} {name!r}: no candidate has this id" for name in unknown], len(ids), "candidate"
    )
    return sorted({position[name] for name in names})
