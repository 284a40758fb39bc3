"""The offers of a policy as tables by country and product, for vectorised look-ups."""

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, Ints, distinct
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.matching.products import name_key
from coverage_analyzer.policy import Policy

Codes = npt.NDArray[np.int8]

NO_PRODUCT: Final = -1
"""Code of an empty cell or a missing column, as `eligibility.NOT_GIVEN`."""

OTHER_PRODUCT: Final = -2
"""Code of a product that no offer names."""


class Barred(NamedTuple):
    """Where a level is not offered: in the country, or for the product; shape (n,) each."""

    by_country: Bools
    by_product: Bools


class Offers:
    """The offers of all countries.

    Attributes
    ----------
    reads_product
        Whether any offer depends on the product.
    nothing
        Position of the level where nothing is offered: behind all levels of the policy.
    """

    def __init__(self, policy: Policy, world: Countries) -> None:
        self.nothing, self._codes = len(policy.levels), world.names.codes
        names = (name_key(n) for offer in policy.offers for n in offer.products or ())
        self._names = {name: number for number, name in enumerate(dict.fromkeys(names))}
        self.reads_product = bool(self._names)
        banded = {band.level for band in policy.bands}
        # Of an offer by country and product; last are the codes that count from the end.
        products = np.array([self._for_products(offer.products) for offer in policy.offers])
        there = [
            [offer.applies_in(code) and policy.offered(offer.level, code) for code in self._codes]
            for offer in policy.offers
        ]
        self._applies = np.array(there).T[:, :, None] & products
        self._level = np.array([policy.level_position(o.level) for o in policy.offers], np.int64)
        self._is_banded = np.array([offer.level in banded for offer in policy.offers], np.bool_)
        self._order = np.argsort(-self._level, kind="stable").tolist()
        self._closed = self._closed_levels(policy)

    def _for_products(self, products: tuple[str, ...] | None) -> Bools:
        """Return to which products an offer applies, by code."""
        if products is None:
            return np.ones(len(self._names) + 2, np.bool_)
        keys = {name_key(name) for name in products}
        return np.array([*(name in keys for name in self._names), False, False])

    def _closed_levels(self, policy: Policy) -> tuple[Bools, Bools]:
        """Return where a level with offers has none, and no band: for any product, and for each.

        Shapes (countries, levels) and (countries, products, levels).
        """
        codes, levels = self._codes, policy.levels
        offered = {offer.level for offer in policy.offers}
        banded = [{band.level for band in policy.bands_in(code)} for code in codes]
        # Not asked of levels that no offer names: other rules decide on them.
        is_decided_here = np.array(
            [
                [v.id in offered and v.id not in levels_of_bands for v in levels]
                for levels_of_bands in banded
            ]
        )
        is_offered = np.zeros((len(codes), len(self._names) + 2, len(levels)), np.bool_)
        for n, level in enumerate(self._level.tolist()):
            is_offered[:, :, level] |= self._applies[:, n]
        anywhere = is_offered.any(axis=1)
        is_offered[:, NO_PRODUCT] = anywhere  # without a product nothing can be refused
        return is_decided_here & ~anywhere, is_decided_here[:, None] & ~is_offered

    def codes(self, products: pa.Array) -> Codes:
        """Return the code of each product: its number, `NO_PRODUCT` or `OTHER_PRODUCT`."""
        coded = products.dictionary_encode()
        names = [name_key(text or "") for text in coded.dictionary.to_pylist()]
        numbers = [self._names.get(name, OTHER_PRODUCT) if name else NO_PRODUCT for name in names]
        at = np.nan_to_num(arrays.as_numpy(coded.indices), nan=len(numbers)).astype(np.int64)
        result: Codes = np.array([*numbers, NO_PRODUCT], np.int8)[at]
        return result

    def best(
        self, country: Numbers, product: Codes, usable: Bools, areas: Bools | None = None
    ) -> Codes:
        """Return the position of the best level offered to each row; `nothing` without one.

        Parameters
        ----------
        country
            Number of the country, shape (n,).
        product
            As returned by `codes`, shape (n,).
        usable
            Which levels each row may have, shape (n, levels).
        areas
            Which offers apply in the areas of each row, shape (n, offers); None for all.
        """
        result = np.full(len(country), self.nothing, np.int8)
        for n in self._order:  # the best last
            level = self._level[n]
            fits = self._applies[country, n, product] & usable[:, level]
            if areas is not None:
                fits &= areas[:, n]
            result[fits] = level
        return result

    def barred(self, country: Numbers, product: Codes, level: Ints) -> Barred:
        """Return where a purchased level has neither offer nor band."""
        by_country = self._closed[0][country, level]
        return Barred(by_country, self._closed[1][country, product, level] & ~by_country)

    @property
    def banded_levels(self) -> Ints:
        """Positions of the offered levels that bands give, too."""
        return distinct(self._level[self._is_banded])
