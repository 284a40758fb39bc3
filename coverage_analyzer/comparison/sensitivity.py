"""Who flips if the rule were a little different: other radii, countries, accuracies. In one pass.

Each question is a `Scenario`: a matcher of its own, made by the same constructor as that of a run,
and perhaps another accuracy of the coordinates. Each block of sites is matched once as the run did,
and once for each scenario; only counts are kept.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pydantic

from coverage_analyzer import arrays, countries
from coverage_analyzer.arrays import Ints, distinct
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, Sites, Verdicts
from coverage_analyzer.matching.spec import MatcherSpec
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.distances import METRES, MILE_KM
from coverage_analyzer.policy.rules import ALL_OTHERS, BAND_UNITS
from coverage_analyzer.schema.verdict import Status

TABLE: Final = pa.schema(
    [
        ("scenario", pa.string()),
        ("kind", pa.string()),
        ("value", pa.float64()),
        ("country", pa.string()),
        ("sites", pa.int64()),
        ("qualified", pa.int64()),
        ("gained", pa.int64()),
        ("lost", pa.int64()),
        ("review", pa.int64()),
        ("weight", pa.float64()),
        ("gained_weight", pa.float64()),
        ("lost_weight", pa.float64()),
    ]
)
"""Columns of the table: a row for each scenario and country, and one for all, without a country.

``qualified`` and ``review``: sites with that status in the scenario; ``gained``, ``lost``: sites
whose level ranks higher or lower than in the run. The first scenario is the run itself.
"""

KINDS: Final = ("run", "change_miles", "miles", "territories", "any_country", "accuracy_m")
"""Kinds of scenarios."""

DEFAULT_CHANGES: Final = (-10.0, -5.0, 5.0, 10.0)
DEFAULT_ACCURACIES: Final = (0.0, 100.0, 1000.0)
NEAR_MILES: Final = 1.0
"""Sites within this distance of the limit are listed by default."""

MAX_SCENARIOS: Final = 50


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is varied.

    Attributes
    ----------
    change_miles
        Miles by which the limits of all countries are changed.
    miles
        Limits that apply in each country instead of its own widest one.
    accuracy_m
        Accuracies in metres that all coordinates have instead of those in the data.
    territories
        Whether territories are folded into their sovereign if the policy does not, or not if it
        does.
    any_country
        Whether a center may serve sites in other countries, too.
    """

    change_miles: Sequence[float] = DEFAULT_CHANGES
    miles: Sequence[float] = ()
    accuracy_m: Sequence[float] = DEFAULT_ACCURACIES
    territories: bool = True
    any_country: bool = True

    def check(self) -> None:
        """Raise if a number cannot be used.

        Raises
        ------
        InputError
            With the number.
        """
        every = [*self.change_miles, *self.miles, *self.accuracy_m]
        if not all(np.isfinite(number) for number in every):
            msg = "Miles and accuracies must be finite numbers."
            raise InputError(msg)
        for number in (n for n in self.miles if n <= 0):
            msg = f"A limit of {number:g} miles is not greater than 0."
            raise InputError(msg)
        for number in (n for n in self.accuracy_m if n < 0):
            msg = f"An accuracy of {number:g} metres is less than 0."
            raise InputError(msg)
        if len(every) > MAX_SCENARIOS:
            msg = f"{len(every)} scenarios are more than {MAX_SCENARIOS}. Ask for fewer."
            raise InputError(msg)


@dataclass(frozen=True)
class Scenario:
    """One variation.

    Attributes
    ----------
    label
        What it is called, such as ``limits +5 miles``.
    kind
        One of `KINDS`.
    value
        Its number; NaN if it has none.
    matcher
        Gives the verdicts.
    accuracy_m
        Instead of the accuracy of the coordinates; NaN for that in the data.
    """

    label: str
    kind: str
    value: float
    matcher: Matcher
    accuracy_m: float = float("nan")

    def match(self, sites: Sites, facts: EligibilityInputs | None) -> Verdicts:
        """Return the verdict on each site."""
        if not np.isnan(self.accuracy_m):
            accuracy = np.full(len(sites), self.accuracy_m)
            sites = dataclasses.replace(sites, accuracy_m=accuracy)
        return self.matcher.match(sites, facts)


def scenarios(spec: MatcherSpec, question: Question) -> tuple[list[Scenario], list[str]]:
    """Return the scenarios of a question, that of the run first, and notes on what is left out.

    Parameters
    ----------
    spec
        What the verdicts of the run were made of.
    question
        What is varied.

    Raises
    ------
    InputError
        If a limit would not be positive in some country, or a center cannot be used.
    """
    question.check()
    base = spec.build()
    result, notes = [Scenario("as in the run", "run", float("nan"), base)], []
    for miles in question.change_miles:
        policy = _with_bands(spec.policy, lambda bands, d=miles: _shift_limits(bands, d))
        result.append(
            _scenario(spec, policy, f"limits {_words(spec, miles, '+g')}", "change_miles", miles)
        )
    for miles in question.miles:
        policy = _with_bands(spec.policy, lambda bands, m=miles: _limit_bands(bands, m))
        result.append(
            _scenario(spec, policy, f"limits of {_words(spec, miles, 'g')}", "miles", miles)
        )
    for kind, is_asked, vary in (
        ("territories", question.territories, _territories),
        ("any_country", question.any_country, _any_country),
    ):
        if is_asked:
            try:
                label, policy = vary(spec.policy)
                result.append(_scenario(spec, policy, label, kind, float("nan")))
            except (InputError, PolicyError) as error:
                notes.append(f"Left out ({kind}): {error}")
    for metres in question.accuracy_m:
        label = f"coordinates within {metres:g} m"
        result.append(Scenario(label, "accuracy_m", metres, base, metres))
    return result, notes


def _scenario(spec: MatcherSpec, policy: Policy, label: str, kind: str, value: float) -> Scenario:
    return Scenario(label, kind, value, dataclasses.replace(spec, policy=policy).build())


Bands = list[dict[str, Any]]


def _with_bands(policy: Policy, vary: Any) -> Policy:
    """Return a policy with other bands, varied for each group of countries, areas and centers.

    Raises
    ------
    InputError
        If no band is left in a group.
    """
    data = _data(policy)
    groups: dict[tuple[tuple[str, ...], ...], Bands] = {}
    for band in data["bands"]:
        where = tuple(tuple(band.get(key, ())) for key in ("countries", "areas", "centers"))
        groups.setdefault(where, []).append(dict(band))
    data["bands"] = [band for bands in groups.values() for band in vary(bands)]
    try:
        varied = tuple(Band.model_validate_json(json.dumps(band)) for band in data["bands"])
    except pydantic.ValidationError:
        return Policy.from_mapping(data)  # which says what is wrong
    # Other limits may leave a level that no site has: no mistake, unlike in a policy of its own.
    return policy.model_copy(update={"bands": varied})


def _shift_limits(bands: Bands, miles: float) -> Bands:
    """Return bands with limits changed by some miles.

    Raises
    ------
    InputError
        If no limit is left above 0.
    """
    up_to, above, in_miles = _limit_keys(bands)
    step = miles / in_miles
    for band in bands:
        band[up_to] += step
        band[above] = max(band[above] + step, 0) if band.get(above) else 0
    remaining = [band for band in bands if band[up_to] > 0]
    if not remaining:
        where = _places(bands)
        msg = f"Limits {miles:+g} miles: no limit is left above 0 in {where}. Ask for less."
        raise InputError(msg)
    return remaining


def _limit_bands(bands: Bands, miles: float) -> Bands:
    """Return bands of which the widest ends at some miles; those beyond are left out."""
    up_to, above, in_miles = _limit_keys(bands)
    bands = sorted(bands, key=lambda band: float(band[up_to]))
    remaining = [band for band in bands if band.get(above, 0) < miles / in_miles]
    remaining[-1][up_to] = miles / in_miles
    return remaining


def _words(spec: MatcherSpec, miles: float, form: str) -> str:
    """Return a distance in miles, behind kilometres if the policy states its limits in them."""
    if spec.policy.unit != "km":
        return f"{miles:{form}} miles"
    return f"{round(miles * MILE_KM, 3):{form}} km ({miles:{form}} miles)"


def _limit_keys(bands: Bands) -> tuple[str, str, float]:
    """Return the keys of the limits of some bands, and the miles in their unit.

    Raises
    ------
    InputError
        If they are drive times.
    """
    unit = next(u for u in BAND_UNITS if bands[0].get(f"up_to_{u}") is not None)
    if unit == "minutes":
        msg = (
            f"The limits in {_places(bands)} are drive times: no distance can be added to them. "
            f"Leave out the changes of limits."
        )
        raise InputError(msg)
    return f"up_to_{unit}", f"above_{unit}", METRES[unit] / METRES["miles"]


def _places(bands: Bands) -> str:
    """Return the countries of some bands as text."""
    return ", ".join(bands[0]["countries"]).replace(ALL_OTHERS, "all other countries")


def _territories(policy: Policy) -> tuple[str, Policy]:
    """Return the policy with territories folded, or not if they are."""
    data = _data(policy)
    rules = data.setdefault("countries", {})
    if rules.get("fold_territories"):
        rules["fold_territories"] = []
        return "territories count as countries", Policy.from_mapping(data)
    names = countries.load().names
    sovereigns = distinct(names.sovereign[names.sovereign > 0]).tolist()
    rules["fold_territories"] = [names.codes[number] for number in sovereigns]
    return "territories count as their sovereign", Policy.from_mapping(data)


def _any_country(policy: Policy) -> tuple[str, Policy]:
    """Return the policy without the rule that site and center are in the same country.

    Raises
    ------
    InputError
        If it has no such rule.
    """
    if not policy.qualification.same_country:
        msg = "the policy has no same-country rule"
        raise InputError(msg)
    data = _data(policy)
    data["qualification"]["same_country"] = False
    return "centers serve any country", Policy.from_mapping(data)


def _data(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", by_alias=True, exclude_none=True)


class Flips(NamedTuple):
    """Sites of a batch whose level differs in a scenario: their rows and both levels."""

    scenario: Scenario
    rows: Ints
    before: Ints
    after: Ints


@dataclass
class Sensitivity:
    """Counts what each scenario changes, batch by batch.

    Attributes
    ----------
    scenarios
        As `scenarios` returned them.
    """

    scenarios: Sequence[Scenario]
    _sums: dict[tuple[int, int], Any] = field(default_factory=dict)
    n_sites: int = 0

    @property
    def matcher(self) -> Matcher:
        """That of the run."""
        return self.scenarios[0].matcher

    def add(
        self, sites: Sites, facts: EligibilityInputs | None, weight: Any = None
    ) -> tuple[Verdicts, list[Flips]]:
        """Count sites; return their verdicts as in the run, and who flips in each scenario.

        Parameters
        ----------
        sites, facts
            As for `Matcher.match`.
        weight
            What each site counts, shape (n,); 1 by default.
        """
        weight = np.ones(len(sites)) if weight is None else weight
        base, flips = self.matcher.match(sites, facts), []
        self.n_sites += len(sites)
        for number, scenario in enumerate(self.scenarios):
            verdicts = base if number == 0 else scenario.match(sites, facts)
            self._count(number, base, verdicts, weight)
            rows = np.flatnonzero(verdicts.level != base.level)
            levels = base.level[rows].astype(np.int64), verdicts.level[rows].astype(np.int64)
            flips.append(Flips(scenario, rows, *levels))
        return base, flips[1:]

    def _count(self, number: int, base: Verdicts, verdicts: Verdicts, weight: Any) -> None:
        """Add a scenario's counts by the country of the run's verdicts."""
        gained, lost = verdicts.level < base.level, verdicts.level > base.level
        columns = [
            np.ones(len(weight)),
            verdicts.status == Status.qualified,
            gained,
            lost,
            verdicts.status == Status.review,
            weight,
            weight * gained,
            weight * lost,
        ]
        numbers, place = np.unique(base.country, return_inverse=True)
        sums = np.stack(
            [np.bincount(place, column, minlength=len(numbers)) for column in columns], axis=1
        )
        for country, row in zip(numbers.tolist(), sums, strict=True):
            key = (number, country)
            self._sums[key] = self._sums.get(key, 0) + row

    def table(self) -> pa.Table:
        """Return the table (`TABLE`): for each scenario all sites, then those of each country."""
        codes = self.matcher.world.names.codes
        rows: list[tuple[Any, ...]] = []
        for number, scenario in enumerate(self.scenarios):
            own = {c: row for (n, c), row in self._sums.items() if n == number}
            total = sum(own.values(), np.zeros(len(TABLE) - 4))
            named = sorted((codes[country], row) for country, row in own.items() if country > 0)
            for country, row in [("", total), *named]:
                value = None if np.isnan(scenario.value) else scenario.value
                counts = [int(n) for n in row[:5]]
                rows.append((scenario.label, scenario.kind, value, country, *counts, *row[5:]))
        columns = zip(*rows, strict=True)
        cells = [pa.array(list(c), f.type) for c, f in zip(columns, TABLE, strict=True)]
        return pa.table(cells, TABLE)


FLIPS: Final = pa.schema(
    [
        (name, pa.string())
        for name in ("site_id", "name", "country", "scenario", "level_from", "level_to")
    ]
)
"""Columns of the list of sites whose level differs in a scenario."""

NEAR: Final = pa.schema(
    [
        *((name, pa.string()) for name in ("site_id", "name", "country", "center_id")),
        *((name, pa.float64()) for name in ("distance_miles", "limit_miles", "margin_miles")),
        ("status", pa.string()),
    ]
)
"""Columns of the list of sites near the limit."""


def flip_rows(
    flips: Sequence[Flips], labels: tuple[pa.Array, pa.Array], base: Verdicts, matcher: Matcher
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of `FLIPS` of a batch.

    Parameters
    ----------
    flips
        As `Sensitivity.add` returned them.
    labels
        Id and name of each site.
    base
        The verdicts as in the run.
    matcher
        Of the run.
    """
    for each in flips:
        at = arrays.from_numpy(each.rows)
        level = matcher.texts["level"]
        columns = [
            *(cells.take(at) for cells in labels),
            matcher.texts["country"].take(arrays.from_numpy(base.country[each.rows])),
            arrays.text_array([each.scenario.label] * len(each.rows)),
            *(level.take(arrays.from_numpy(levels)) for levels in (each.before, each.after)),
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=FLIPS)


def near_rows(
    labels: tuple[pa.Array, pa.Array], base: Verdicts, matcher: Matcher, miles: float
) -> pa.RecordBatch:
    """Return the rows of `NEAR` of a batch: sites whose distance is within some miles of the limit.

    Parameters
    ----------
    labels, base, matcher
        As for `flip_rows`.
    miles
        The distance from the limit, on either side.
    """
    rows = np.flatnonzero(np.abs(base.margin_miles) <= miles)  # NaN is not
    cells: Mapping[str, pa.Array] = matcher.columns(base.take(rows))
    at = arrays.from_numpy(rows)
    columns = [label.take(at) for label in labels]
    columns += [cells[n] for n in ("site_country", "center_id")]
    columns += [cells[n] for n in ("distance_miles", "limit_miles", "margin_miles", "status")]
    return pa.RecordBatch.from_arrays(columns, schema=NEAR)
