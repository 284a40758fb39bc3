"""What changes if a center closes, opens or moves, or with another policy or day.

`Edit` makes the centers and the rule of the changed run from those of a run; each new center passes
the same checks as those of a file. `WhatIf` matches sites with both and counts the changes; as both
verdicts are made from the same rows, nothing has to be joined.
"""

import dataclasses
import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Floats
from coverage_analyzer.comparison.aligned import tally_of
from coverage_analyzer.comparison.causes import take_sites
from coverage_analyzer.comparison.changes import COMPARED
from coverage_analyzer.comparison.rows import SHOWN, Counts, Side, SideRows
from coverage_analyzer.comparison.tally import Changes, Pairs
from coverage_analyzer.errors import InputError
from coverage_analyzer.matching.centers import DAYS, TEXTS, Centers
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.suggestions import nearest
from coverage_analyzer.schema.coordinates import coordinates

NEW_ID: Final = "NEW-{}"
"""The id of a new center that is given none."""

PLACE: Final = "LATITUDE,LONGITUDE[,COUNTRY[,ID[,OPENS_ON]]]"


@dataclass(frozen=True)
class NewCenter:
    """A center to open, or the new place of one: texts as in a file of centers.

    Attributes
    ----------
    latitude, longitude
        Degrees on WGS 84.
    country
        Its country; by default the one it is located in.
    center_id
        By default ``NEW-1``, ``NEW-2`` ...
    opens_on
        The day it opens; by default it is open.
    name
        Its name.
    """

    latitude: str
    longitude: str
    country: str = ""
    center_id: str = ""
    opens_on: str = ""
    name: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a place as the command line has it (`PLACE`).

        Raises
        ------
        InputError
            If it is not one.

        Examples
        --------
        >>> NewCenter.parse("49.61, 6.13, LU").country
        'LU'
        """
        parts = [part.strip() for part in text.split(",")]
        if not 2 <= len(parts) <= 5:
            msg = f"{text!r} is not a center to open. Write {PLACE}, such as '49.61,6.13,LU'."
            raise InputError(msg)
        return cls(*parts)


def parse_move(text: str) -> tuple[str, NewCenter]:
    """Parse a center to be moved, as the command line has it: ``ID=LATITUDE,LONGITUDE``.

    Raises
    ------
    InputError
        If it is not one.

    Examples
    --------
    >>> parse_move("US-DAL-1=32.9,-97.0")[0]
    'US-DAL-1'
    """
    center_id, mark, place = text.rpartition("=")
    parts = [part.strip() for part in place.split(",")]
    if not mark or not center_id.strip() or len(parts) != 2:
        msg = f"{text!r} is not a center to move. Write ID=LATITUDE,LONGITUDE."
        raise InputError(msg)
    return center_id.strip(), NewCenter(*parts)


@dataclass(frozen=True, kw_only=True)
class Edit:
    """What is changed.

    Attributes
    ----------
    close
        Ids of centers that close, or are not opened.
    open
        Centers that open. The id of one that closes may be used again.
    move
        New places of centers, by id.
    centers
        All centers, instead of those of the run.
    policy
        Instead of that of the run.
    as_of
        Instead of the day of the run.
    """

    close: Sequence[str] = ()
    open: Sequence[NewCenter] = ()
    move: Mapping[str, NewCenter] = field(default_factory=dict)
    centers: Centers | None = None
    policy: Policy | None = None
    as_of: datetime.date | None = None

    def apply(self, spec: MatcherSpec) -> MatcherSpec:
        """Return what the verdicts of the changed run are made of.

        Parameters
        ----------
        spec
            Of the run.

        Raises
        ------
        InputError
            If nothing is changed, a center does not exist or cannot be used, or its country is not
            the one where it is.
        """
        edited = (self.close, self.open, self.move, self.centers, self.policy, self.as_of)
        if not any(each is not None and (isinstance(each, Policy) or each) for each in edited):
            msg = "Nothing is changed. Say what closes, opens or moves, or give a policy or a day."
            raise InputError(msg)
        centers = spec.centers if self.centers is None else self.centers
        changed = dataclasses.replace(
            spec,
            centers=self._centers(centers),
            policy=self.policy or spec.policy,
            as_of=self.as_of or spec.as_of,
        )
        changed.build()  # checks the country of each center
        return changed

    def _centers(self, centers: Centers) -> Centers:
        """Return the changed centers.

        Raises
        ------
        InputError
            If one does not exist, or cannot be used.
        """
        for center_id in (*self.close, *self.move):
            _check_id(center_id, centers.center_id)
        both = [center_id for center_id in self.move if center_id in self.close]
        if both:
            msg = f"The center {both[0]!r} cannot both close and move."
            raise InputError(msg)
        if not (self.close or self.move or self.open):
            return centers
        rows = [row for row in _rows(centers) if row["center_id"] not in self.close]
        for row in rows:
            place = self.move.get(row["center_id"])
            if place is not None:
                row |= {"latitude": place.latitude, "longitude": place.longitude}
                row["row"] = "the moved center"
        rows += self._opening_rows([row["center_id"] for row in rows])
        if not rows:
            msg = "No center is left. Keep at least one."
            raise InputError(msg)
        where = [
            arrays.text_array([row[name] for row in rows]) for name in ("latitude", "longitude")
        ]
        points = coordinates(*where)
        columns = {name: [row[name] for row in rows] for name in ("latitude", "longitude")}
        columns |= {name: [row[name] for row in rows] for name in (*TEXTS, *DAYS)}
        return Centers.from_texts(columns, points.lon, points.lat, [row["row"] for row in rows])

    def _opening_rows(self, taken: Sequence[str]) -> list[dict[str, str]]:
        """Return the centers that open as rows; one without an id is given a free one."""
        used = {*taken, *(each.center_id for each in self.open)}
        numbers = (NEW_ID.format(n) for n in range(1, len(used) + len(self.open) + 1))
        free = (name for name in numbers if name not in used)
        rows = []
        for number, each in enumerate(self.open, start=1):
            row = dict.fromkeys((*TEXTS, *DAYS), "") | dataclasses.asdict(each)
            row["center_id"] = each.center_id or next(free)
            row["row"] = "the new center" if len(self.open) == 1 else f"new center {number}"
            rows.append(row)
        return rows

    def texts(self, before: MatcherSpec, after: MatcherSpec) -> list[str]:
        """Return what is changed, as text.

        Parameters
        ----------
        before, after
            What the verdicts are made of.
        """
        old, new = (
            dict(zip(s.centers.center_id, _places(s.centers), strict=True)) for s in (before, after)
        )
        result = [f"{c} closes" for c in old if c not in new]
        result += [f"{c} opens at {new[c]}" for c in new if c not in old]
        result += [
            f"{c} moves from {old[c]} to {new[c]}" for c in old if new.get(c, old[c]) != old[c]
        ]
        if before.policy.sha256 != after.policy.sha256:
            result.append(f"policy {after.policy.title} ({after.policy.sha256[:8]})")
        if before.as_of != after.as_of:
            result.append(f"as of {after.as_of}")
        return result or ["the same centers, policy and day"]


def _check_id(center_id: str, center_ids: Sequence[str]) -> None:
    """Raise if the center is unknown.

    Raises
    ------
    InputError
        With the most similar one.
    """
    if center_id not in center_ids:
        alike = [name for name in center_ids if name.casefold() == center_id.casefold()]
        hint = nearest(center_id, alike or center_ids)
        msg = f"There is no center {center_id!r} in the run.{hint} Its centers: centers.csv."
        raise InputError(msg)


def _rows(centers: Centers) -> list[dict[str, str]]:
    """Return centers as rows of texts."""
    columns: dict[str, list[str]] = {}
    for name in TEXTS:
        columns[name] = list(getattr(centers, name)) or [""] * len(centers)
    for name in DAYS:
        days = getattr(centers, name)
        columns[name] = ["" if np.isnat(day) else str(day) for day in days]
    columns["latitude"] = list(map(repr, centers.lat.tolist()))
    columns["longitude"] = list(map(repr, centers.lon.tolist()))
    columns["row"] = list(centers.row)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _places(centers: Centers) -> list[str]:
    return [f"{y:g}, {x:g}" for y, x in zip(centers.lat, centers.lon, strict=True)]


class WhatIf:
    """Sites matched as in a run and as changed, block by block; only changes are kept.

    Parameters
    ----------
    before, after
        What the verdicts are made of.
    facts
        What a comparison says of either side (`rows.Side.facts`).

    Attributes
    ----------
    sides
        Both sides of the comparison.
    counts
        The counts of all rows of both sides.
    tally
        The counts of changes.
    """

    def __init__(
        self, before: MatcherSpec, after: MatcherSpec, facts: Sequence[Mapping[str, Any]]
    ) -> None:
        self._matchers = before.build(), after.build()
        self.sides = tuple(
            Side(each, spec.policy.titles, spec, site_rows=_not_read)
            for each, spec in zip(facts, (before, after), strict=True)
        )
        self.counts = Counts(), Counts()
        self.tally = tally_of(*self.sides)

    def add(
        self,
        sites: SiteRows,
        key: Mapping[str, pa.Array],
        name: pa.Array,
        weight: Floats | None = None,
        own: Mapping[str, pa.Array] | None = None,
    ) -> Changes:
        """Match sites, count them, and return those that change.

        Parameters
        ----------
        sites
            What their rows say.
        key, name
            Columns of the key, by header, and the name of each site, as text.
        weight
            What each site counts; 1 by default.
        own
            Own columns as text, by header, in which lost sites may have something in common.
        """
        verdicts = []
        for matcher, counts in zip(self._matchers, self.counts, strict=True):
            columns = matcher.columns(matcher.match(*matcher.inputs(sites)))
            verdict = {each: columns[each] for each in SHOWN}
            first = next(iter(key.values()))
            counts.add(SideRows(first, None, verdict, name, weight, own or {}))
            verdicts.append(verdict)
        rows = np.flatnonzero(_differ(*verdicts))
        at = arrays.from_numpy(rows)
        before, after = ({n: c.take(at) for n, c in side.items()} for side in verdicts)
        changed, every = take_sites(sites, rows), np.ones(len(rows), np.bool_)
        pairs = Pairs(
            key={header: cells.take(at) for header, cells in key.items()},
            name=name.take(at),
            country=before["site_country"],
            before=before,
            after=after,
            has_before=every,
            has_after=every,
            weight=every.astype(np.float64) if weight is None else weight[rows],
            own={header: cells.take(at) for header, cells in (own or {}).items()},
            sites_before=changed,
            sites_after=changed,
        )
        return self.tally.add(pairs)


def _differ(before: Mapping[str, pa.Array], after: Mapping[str, pa.Array]) -> Any:
    """Return which verdicts differ in a column that is compared, shape (n,)."""
    result = np.zeros(len(before["level"]), np.bool_)
    for name in COMPARED:
        old, new = before[name], after[name]
        if not old.equals(new):
            both = pa.concat_arrays([old, new]).dictionary_encode(null_encoding="encode")
            codes = arrays.as_numpy(both.indices)
            result |= codes[: len(old)] != codes[len(old) :]
    return result


def _not_read(_cells: pa.RecordBatch) -> SiteRows:
    """Replace the reader of a spool, which does not exist here.

    Raises
    ------
    NotImplementedError
        If it is called.
    """
    raise NotImplementedError


def edited_facts(facts: Mapping[str, Any], changed: MatcherSpec) -> dict[str, Any]:
    """Return what a comparison says of the changed side.

    Parameters
    ----------
    facts
        Those of the run.
    changed
        What the changed verdicts are made of.
    """
    policy, day = changed.policy, np.datetime64(changed.as_of or facts["as_of"], "D")
    return {
        **facts,
        "path": f"{facts.get('path', '')} (what if)".strip(),
        "as_of": str(day),
        "policy": {"name": policy.name, "title": policy.title, "sha256": policy.sha256},
        "centers": {
            "given": len(changed.centers),
            "open": int(changed.centers.is_open(day).sum()),
        },
    }
