"""Where which bands apply, and to which centers: the zones of sites.

A zone has the bands of `bands.Bands`. Without areas and without centers that have bands of their
own, the zone of a site is the number of its country. Otherwise centers of equal bands are a
*class*, and a site has a zone for each class: the bands that such a center has where the site is.
A site whose areas are not certain has several *outcomes*; the matcher asks whether they differ.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import Convention
from coverage_analyzer.matching.bands import Bands, country_rows
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.nearest import Groups
from coverage_analyzer.matching.site_areas import Located, Membership, SiteAreas
from coverage_analyzer.policy import Band, Policy
from coverage_analyzer.policy.areas import of_country

MAX_COMBINED: Final = 6
"""Of so many uncertain areas of a site every combination is looked at; of more, every pair."""


class Zoned(NamedTuple):
    """Sites with their zones.

    Attributes
    ----------
    zones
        For each class of centers the zone of each site, shape (n,).
    closed
        Which levels are not offered in the areas of each site, shape (n, levels); None if no rule
        excludes areas.
    offers
        Which offers apply in the areas of each site, shape (n, offers); None if none names areas.
    """

    zones: tuple[Ints, ...]
    closed: Bools | None
    offers: Bools | None

    def take(self, which: Ints) -> "Zoned":
        """Return a subset of the sites."""
        closed, offers = (v if v is None else v[which] for v in self[1:])
        return Zoned(tuple(zone[which] for zone in self.zones), closed, offers)


class Option(NamedTuple):
    """One outcome for some sites: their positions, shape (k,), and their zones."""

    site: Ints
    zoned: Zoned


class SitePlace(NamedTuple):
    """Where one site is: the ids of its areas, certain and uncertain; bands by class of centers."""

    areas: tuple[str, ...]
    uncertain: tuple[str, ...]
    bands: dict[int, tuple[Band, ...]]


Outcome = tuple[tuple[int, ...], frozenset[str], frozenset[int]]
"""The zone of each class of centers, excluded levels, and positions of the offers that apply."""


class Zones:
    """The zones of a policy for some centers.

    Parameters
    ----------
    policy, world, convention
        The rules, the table of countries, and how the policy interprets them.
    centers, country
        The centers, and the number of the country of each.

    Attributes
    ----------
    areas
        The areas of the policy.
    by_country
        Whether the zone of each site is its country, and all centers are of one class.
    rows, bands
        The bands of each zone, and the same as tables.
    reach_m
        The widest limit in each country, in any zone of it, by its number.
    kinds
        Class and reach in metres of the groups of centers in which a site looks for one.
    """

    def __init__(
        self,
        policy: Policy,
        world: Countries,
        convention: Convention,
        centers: Centers,
        country: Numbers,
    ) -> None:
        self._policy, self._codes = policy, world.names.codes
        self._centers, self._country = centers, country
        self.areas = SiteAreas(policy, world, convention)
        self._used = np.array([name in _used(policy) for name in self.areas.ids], np.bool_)
        self.by_country = not (policy.by_area or policy.by_center)
        self._class_of, self._example = _classes(policy, centers)
        self.rows = country_rows(policy, world) if self.by_country else list(self._all_rows())
        self._number = {} if self.by_country else {row: n for n, row in enumerate(self.rows)}
        self.bands = Bands(policy, self.rows)
        possible = [policy.possible_bands(code) for code in self._codes]
        self.reach_m: Floats = np.array(
            [max((b.up_to_m for b in bands), default=0.0) for bands in possible]
        )
        reaches, reach_of = np.unique(self.bands.widest, return_inverse=True)
        self.kinds = [(k, reach) for k in range(self.classes) for reach in reaches.tolist()]
        self._kind_of = [k * len(reaches) + reach_of.astype(np.int64) for k in range(self.classes)]
        self._known: dict[tuple[int, bytes, bytes], list[Outcome]] = {}

    @property
    def classes(self) -> int:
        """Number of classes of centers; the first has the bands that name no centers."""
        return len(self._example)

    def members(self, kind: int, centers: Ints) -> Ints:
        """Return those of some centers that are in the class of a kind."""
        own: Ints = centers[self._class_of[centers] == self.kinds[kind][0]]
        return own

    def groups(self, serving: Bools) -> Groups:
        """Return the groups of the given centers; each country uses its own ones, or all."""
        own = self._policy.qualification.same_country
        every, n_countries = np.flatnonzero(serving), len(self._codes)
        lon, lat = self._centers.lon, self._centers.lat
        if own:
            near = [every[self._country[every] == number] for number in range(n_countries)]
        else:
            near = [every] * n_countries if self.by_country else [every]
        if self.by_country:
            return Groups(lon, lat, near, self.bands.widest)
        kinds = range(len(self.kinds))
        listed = [self.members(kind, group) for kind in kinds for group in near]
        reach_m = np.repeat([reach for _, reach in self.kinds], len(near))
        return Groups(lon, lat, listed, reach_m)

    def group(self, number: int, zone: Ints, country: Numbers, base: Ints | None) -> Ints:
        """Return the group of centers in which each site looks for one of a class.

        Parameters
        ----------
        number
            Of the class.
        zone, country
            Of each site, shape (n,).
        base
            Other groups of centers, each by `kinds`; by default those of `groups`.
        """
        if base is not None:
            return base * len(self.kinds) + self._kind_of[number].take(zone)
        if self.by_country:
            return country.astype(np.int64, copy=False)
        kind = self._kind_of[number].take(zone)
        own = self._policy.qualification.same_country
        return kind * len(self._codes) + country if own else kind

    def options(self, sites: Located, members: Membership | None) -> list[Option]:
        """Return the outcomes of sites; the first is for all of them, as if in no uncertain area.

        Parameters
        ----------
        sites
            Where they are.
        members
            Their areas; None if the policy has none.
        """
        every = np.arange(len(sites.lon))
        if self.by_country:
            return [Option(every, Zoned((sites.country.astype(np.int64, copy=False),), None, None))]
        if members is None:
            none = np.zeros((len(every), len(self.areas)), np.bool_)
            members = Membership(none, none, none)
        certain, possible = (values[:, self._used] for values in members[:2])
        keys = np.column_stack(
            [
                sites.country.astype(np.int16).view(np.uint8).reshape(-1, 2),
                np.packbits(certain, axis=1),
                np.packbits(possible, axis=1),
            ]
        )
        whole = np.ascontiguousarray(keys).view(f"V{keys.shape[1]}").ravel()
        _, first, place = np.unique(whole, return_index=True, return_inverse=True)
        outcomes_of = [
            self._outcomes(int(sites.country[i]), certain[i], possible[i]) for i in first.tolist()
        ]
        count = np.array([len(outcomes) for outcomes in outcomes_of])
        options = []
        for nth in range(int(count.max(initial=1))):
            site = np.flatnonzero(count.take(place) > nth) if len(every) else every
            rows = [outcomes[min(nth, len(outcomes) - 1)] for outcomes in outcomes_of]
            options.append(Option(site, self._zoned(rows, place[site])))
        return options

    def doubtful_cells(self, members: Membership) -> Bools:
        """Return the sites of which a cell leaves an area uncertain that a rule names."""
        return np.asarray(members.by_cell[:, self._used].any(axis=1))

    def of_site(self, country: int, inside: frozenset[str]) -> dict[int, tuple[Band, ...]]:
        """Return the bands of each class of centers in a place, by the number of the class."""
        code = self._codes[country]
        return {
            number: self._policy.bands_at(code, inside, example)
            for number, example in enumerate(self._example)
        }

    def place(self, sites: Located, members: Membership | None) -> "SitePlace":
        """Return in which areas one site is, and the bands there, as if in no uncertain area."""
        certain: tuple[str, ...] = ()
        uncertain: tuple[str, ...] = ()
        if members is not None:
            certain, uncertain = (self.areas.named(m[0] & self._used) for m in members[:2])
        bands = self.of_site(int(sites.country[0]), frozenset(certain))
        return SitePlace(certain, uncertain, bands)

    def class_of(self, center: int) -> int:
        """Return the class of a center, by its position."""
        return int(self._class_of[center])

    @property
    def warnings(self) -> tuple[str, ...]:
        """A warning about centers that bands name but the table of centers does not have."""
        named = dict.fromkeys(name for band in self._policy.bands for name in band.centers)
        missing = [name for name in named if name not in self._centers.center_id]
        if not missing:
            return ()
        listed = ", ".join(missing[:5]) + (f" and {len(missing) - 5} more" if missing[5:] else "")
        return (f"The bands of the policy name centers that are not in the table: {listed}.",)

    def _zoned(self, rows: Sequence[Outcome], place: Ints) -> Zoned:
        policy = self._policy
        zones = np.array([row for row, _, _ in rows], np.int64).reshape(-1, self.classes)
        closed = offers = None
        if policy.gates.excluded_areas:
            table = [[level.id in names for level in policy.levels] for _, names, _ in rows]
            closed = np.array(table, np.bool_).reshape(-1, len(policy.levels))[place]
        if any(offer.areas or offer.except_areas for offer in policy.offers):
            table = [[n in at for n in range(len(policy.offers))] for _, _, at in rows]
            offers = np.array(table, np.bool_).reshape(-1, len(policy.offers))[place]
        return Zoned(tuple(zones[place, number] for number in range(self.classes)), closed, offers)

    def _outcomes(self, country: int, certain: Bools, possible: Bools) -> list[Outcome]:
        """Return the different outcomes of a site, the first as if in no uncertain area."""
        key = country, certain.tobytes(), possible.tobytes()
        if key not in self._known:
            ids = np.array(self.areas.ids, object)[self._used]
            inside = frozenset(ids[certain].tolist())
            outcomes = (
                self._outcome(country, inside | more) for more in _combined(ids[possible].tolist())
            )
            self._known[key] = list(dict.fromkeys(outcomes))
        return self._known[key]

    def _outcome(self, country: int, inside: frozenset[str]) -> Outcome:
        rows = self.of_site(country, inside).values()
        policy = self._policy
        offers = frozenset(n for n, o in enumerate(policy.offers) if o.applies_at(inside))
        return tuple(self._number[row] for row in rows), policy.excluded_levels(inside), offers

    def _all_rows(self) -> Iterator[tuple[Band, ...]]:
        """Yield the bands of each zone that there can be, none first; each once.

        Of the bands of an area, those nearest remain where others do not apply.
        """
        policy, rows = self._policy, dict.fromkeys([()])
        groups: dict[tuple[frozenset[str], bool, str], list[Band]] = {}
        for example in self._example:
            own = [band for band in policy.bands if example in band.centers]
            for band in own or policy.general_bands:
                groups.setdefault((frozenset(band.areas), bool(own), example), []).append(band)
        for bands in groups.values():
            for code in self._codes:
                row = of_country(bands, code)
                rows |= dict.fromkeys(row[:n] for n in range(1, len(row) + 1))
        yield from rows


def _used(policy: Policy) -> frozenset[str]:
    """Return each ``id`` of an area that a rule names."""
    return frozenset(name for _, names in policy.area_rules for name in names)


def _classes(policy: Policy, centers: Centers) -> tuple[Ints, list[str]]:
    """Return the class of each center, and the id of one center of each class; first of none."""
    number: dict[tuple[int, ...], int] = {(): 0}
    example, result = [""], np.zeros(len(centers), np.int64)
    if policy.by_center:
        for at, name in enumerate(centers.center_id):
            own = tuple(n for n, band in enumerate(policy.bands) if name in band.centers)
            if own not in number:
                number[own] = len(example)
                example.append(name)
            result[at] = number[own]
    return result, example


def _combined(names: Sequence[str]) -> Iterator[frozenset[str]]:
    """Yield combinations of uncertain areas: none first, then one, two ..., and all."""
    most = len(names) if len(names) <= MAX_COMBINED else 2
    for size in range(most + 1):
        yield from map(frozenset, itertools.combinations(names, size))
    yield frozenset(names)
