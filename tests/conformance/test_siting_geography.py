"""Plans on the globe against pyproj and all plans: who is reached is decided here once more."""

import itertools
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from building import Center, centers_of
from pyproj import Geod

from coverage_analyzer import countries
from coverage_analyzer.arrays import Bools, Floats, Ints
from coverage_analyzer.errors import CoverageError
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import Policy
from coverage_analyzer.siting import report
from coverage_analyzer.siting.candidates import Candidates, Places, checked
from coverage_analyzer.siting.demand import Reach, SiteTable
from coverage_analyzer.siting.planner import Plan, plan
from coverage_analyzer.siting.question import Question

GEOD, MILE_M = Geod(ellps="WGS84"), 1609.344
REGIONS = {
    # Well inside of each country: west, south, width and height in degrees.
    "DE": (9.0, 49.0, 2.5, 2.5),
    "FR": (1.0, 45.5, 3.0, 2.5),
    "US": (-103.0, 40.0, 5.0, 3.0),
}


class Map:
    """Sites, centers and candidates in two regions, drawn by a seed."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        self.codes = list(self.random.choice(sorted(REGIONS), 2, replace=False))
        self.sites = self._points(int(self.random.integers(10, 40)))
        self.centers = self._points(int(self.random.integers(1, 4)))
        self.candidates = self._points(int(self.random.integers(3, 9)))
        self.weight = self.random.integers(0, 10, len(self.sites)).astype(np.float64)
        self.accuracy = np.where(self.random.random(len(self.sites)) < 0.2, 9_000.0, np.nan)

    def _points(self, count: int) -> list[tuple[float, float, str]]:
        result = []
        for _ in range(count):
            code = str(self.random.choice(self.codes))
            west, south, width, height = REGIONS[code]
            x, y = self.random.random(2)
            result.append((west + width * x, south + height * y, code))
        return result

    def reach(self, places: list[tuple[float, float, str]], *, certain: bool) -> Bools:
        """Return who reaches whom, rough coordinates taken at their worst if ``certain``."""
        result = np.zeros((len(self.sites), len(places)), np.bool_)
        for i, (x, y, code) in enumerate(self.sites):
            for j, (lon, lat, other) in enumerate(places):
                limit = (70 if code == "US" else 50) * MILE_M
                away = GEOD.inv(lon, lat, x, y)[2]
                rough = self.accuracy[i] if certain and not np.isnan(self.accuracy[i]) else 0.0
                result[i, j] = code == other and away <= limit - rough
        return result

    def table(self) -> SiteTable:
        """Return the sites."""
        names = countries.load().names
        lon, lat = (np.array([s[k] for s in self.sites]) for k in (0, 1))
        where = Sites(lon, lat, names.numbers([s[2] for s in self.sites]), self.accuracy)
        ids = pa.array([f"S{i}" for i in range(len(self.sites))], pa.string())
        return SiteTable(where, None, ids, self.weight)

    def matcher(self) -> Matcher:
        """Return the existing centers."""
        rows = [Center(f"C{i}", *place) for i, place in enumerate(self.centers)]
        return Matcher(centers_of(rows), Policy.load(), countries.load())

    def places(self, matcher: Matcher) -> Candidates:
        """Return the candidates."""
        n = len(self.candidates)
        rows = Places(
            [f"K{i}" for i in range(n)],
            [""] * n,
            [""] * n,
            np.array([c[0] for c in self.candidates]),
            np.array([c[1] for c in self.candidates]),
            matcher.world.names.numbers([c[2] for c in self.candidates]),
            np.ones(n),
        )
        return checked(rows, matcher.world, matcher.convention, matcher.centers.center_id)

    def plan(self, question: Question) -> Plan:
        """Return the answer."""
        matcher = self.matcher()
        return plan(self.table(), matcher, self.places(matcher), question)

    def best(self, new: int) -> float:
        """Return the most weight that so many centers gain, by trying all plans."""
        served = self.reach(self.centers, certain=False)
        # A site whose coordinates leave the side of the limit open is for review, not for a plan.
        nearest = self.distances(self.centers)
        rough = np.nan_to_num(self.accuracy)
        limit = np.array([(70 if s[2] == "US" else 50) * MILE_M for s in self.sites])
        wanting = ~served.any(axis=1) & ~(np.abs(limit - nearest) < rough)
        gains = self.reach(self.candidates, certain=True) & wanting[:, None]
        plans = itertools.combinations(range(len(self.candidates)), min(new, len(self.candidates)))
        return max(float(self.weight[gains[:, list(p)].any(axis=1)].sum()) for p in plans)

    def distances(self, places: list[tuple[float, float, str]]) -> Floats:
        """Return the distance of each site to the nearest place in its country, in metres."""
        return np.array(
            [
                min(
                    (GEOD.inv(lon, lat, x, y)[2] for lon, lat, other in places if other == code),
                    default=np.inf,
                )
                for x, y, code in self.sites
            ]
        )


@pytest.mark.parametrize("seed", range(25))
def test_plans_on_the_globe_are_optimal(seed: int) -> None:
    """With rough coordinates, two limits and a border between."""
    case = Map(seed)
    for new in (1, 2, 3):
        answer = case.plan(Question(new=new))
        assert answer.objective == case.best(new)
        assert answer.bound == answer.objective
        rows = report.plan_rows(answer)
        assert sum(row[6] for row in rows) == answer.objective


@pytest.mark.parametrize("seed", range(25, 35))
def test_backup_on_the_globe_is_optimal(seed: int) -> None:
    """Existing centers count as one of two."""
    case = Map(seed)
    case.accuracy[:] = np.nan
    have = case.reach(case.centers, certain=False).sum(axis=1)
    more = case.reach(case.candidates, certain=False)
    left = have < 2
    best = max(
        float(case.weight[left & (have + more[:, list(p)].sum(axis=1) >= 2)].sum())
        for n in range(min(3, more.shape[1]) + 1)
        for p in itertools.combinations(range(more.shape[1]), n)
    )
    answer = case.plan(Question(new=3, backup=True))
    assert (answer.objective, answer.bound) == (best, best)


@pytest.mark.parametrize("seed", range(35, 45))
def test_closing_on_the_globe_is_optimal(seed: int) -> None:
    """The weight that is left is the most that so few centers keep."""
    case = Map(seed)
    case.accuracy[:] = np.nan
    if len(case.centers) < 2:
        pytest.skip("one center, which would leave none")
    have = case.reach(case.centers, certain=False)
    keep = len(case.centers) - 1
    best = max(
        float(case.weight[have[:, list(p)].any(axis=1)].sum())
        for p in itertools.combinations(range(len(case.centers)), keep)
    )
    answer = case.plan(Question(close=1))
    assert (answer.objective, answer.bound) == (best, best)
    lost = float(case.weight[have.any(axis=1)].sum()) - best
    assert -sum(row[6] for row in report.plan_rows(answer)) == lost


def test_a_fault_of_the_program_is_found_by_the_deciding_function(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A plan that counts a site that does not get the level is never written."""
    honest = Reach.pairs

    def generous(reach: Reach, *where: Any) -> tuple[Ints, Ints]:
        site, place = honest(reach, *where)
        return np.append(site, 0), np.append(place, 0)

    def all_plans() -> None:
        for seed in range(3, 12):
            Map(seed).plan(Question(new=8))

    monkeypatch.setattr(Reach, "pairs", generous)
    with pytest.raises(CoverageError, match=r"deciding function|centers reach"):
        all_plans()
