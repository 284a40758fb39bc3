"""The inputs of a matcher: the only way to build one, for files, frames, requests and Spark."""

import datetime
import functools
import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from coverage_analyzer import countries
from coverage_analyzer.countries import Countries
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.products import Products
from coverage_analyzer.policy import Policy


@dataclass(frozen=True, eq=False)
class MatcherSpec:
    """Centers, policy and day of a `Matcher`; small enough to be sent to workers.

    Attributes
    ----------
    centers, policy, as_of, trust_declared, products
        As for `Matcher`.
    """

    centers: Centers
    policy: Policy
    as_of: datetime.date | None = None
    trust_declared: bool = False
    products: Products | None = None

    @classmethod
    def of(cls, matcher: Matcher) -> "MatcherSpec":
        """Return the spec of a matcher, to build the same one elsewhere."""
        trust = matcher.convention.trust_declared
        return cls(matcher.centers, matcher.policy, matcher.as_of, trust, matcher.gates.products)

    def build(self, world: Countries | None = None) -> Matcher:
        """Return the matcher.

        Parameters
        ----------
        world
            The country layer; by default the bundled one.

        Raises
        ------
        InputError
            If there is no center, the country of one is unknown, or one is ordered where the policy
            has no lead time.
        """
        return Matcher(
            self.centers,
            self.policy,
            countries.load() if world is None else world,
            as_of=self.as_of,
            trust_declared=self.trust_declared,
            products=self.products,
        )

    @functools.cached_property
    def key(self) -> str:
        """The hash of everything: two of the same key build the same matcher."""
        centers = {k: np.asarray(v).astype(str).tolist() for k, v in vars(self.centers).items()}
        products = self.products.to_dict() if self.products else None
        day = self.as_of.isoformat() if self.as_of else ""
        parts = [centers, self.policy.sha256, day, self.trust_declared, products]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def __getstate__(self) -> dict[str, Any]:
        """Return what is shipped: with the key, so that no worker makes it again."""
        return vars(self) | {"key": self.key}

    def __eq__(self, other: object) -> bool:
        """Return whether another one builds the same matcher."""
        return isinstance(other, MatcherSpec) and self.key == other.key

    def __hash__(self) -> int:
        """Return the hash of the key."""
        return hash(self.key)
