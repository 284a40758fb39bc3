"""What the first cells of a column say about what it can hold."""

from collections.abc import Callable
from functools import cached_property
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools
from coverage_analyzer.schema import day_forms, days
from coverage_analyzer.schema.coordinates import DECIMAL_DEGREES, Notation, coordinates

MOST: Final = 0.5
"""At least such a share of the filled cells has to fit."""

DISTINCT: Final = 0.9
"""Such a share of ids is different, at least: a row may stand for one product of a site."""


_AMOUNT: Final = (
    r"^\s*[+-]?(\p{Sc}|[A-Z]{3}\s)?\s*[0-9]+([., '\x{a0}\x{202f}][0-9]{3})*[.,][0-9]{1,6}"
    r"\s*(\p{Sc}|%|[A-Z]{3})?\s*$"
    r"|^\s*[+-]?(\p{Sc}|[A-Z]{3}\s)\s*[0-9]+\s*$"
    r"|^\s*[+-]?[0-9]+\s*(\p{Sc}|%|\s[A-Z]{3})\s*$"
)
"""A number with decimals or groups of digits, or with a currency or a percent sign."""


def _no_rows() -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays([], names=[])


class Evidence:
    """The first cells of a table, which are read only if names leave a doubt.

    Parameters
    ----------
    preview
        Returns the first rows, with the columns in the order of the headers.
    notation
        How coordinates are written.
    are_countries
        Returns which texts name a country; without it, none is known to be no country.
    """

    def __init__(
        self,
        preview: Callable[[], pa.RecordBatch] = _no_rows,
        notation: Notation = DECIMAL_DEGREES,
        are_countries: Callable[[pa.Array], Bools] | None = None,
    ) -> None:
        self._preview, self._notation = preview, notation
        self._are_countries = are_countries

    @cached_property
    def rows(self) -> pa.RecordBatch:
        """The first rows."""
        return self._preview()

    def filled(self, at: int) -> pa.Array:
        """Return the cells of a column that are not empty; of typed ones, as they are."""
        if at >= self.rows.num_columns:
            return arrays.text_array([])
        cells = self.rows.column(at).drop_null()
        if not pa.types.is_string(cells.type):
            return cells
        return cells.filter(pc.not_equal(pc.utf8_trim_whitespace(cells), ""))

    def degrees(self, at: int, limit: float) -> tuple[float, float]:
        """Return which shares of the filled cells are degrees up to a limit, and are numbers.

        Both are NaN where no cell is filled.
        """
        cells = self.filled(at)
        if not len(cells):
            return float("nan"), float("nan")
        if not (_is_number(cells.type) or pa.types.is_string(cells.type)):
            return 0.0, 0.0
        values = self.values(cells)
        numbers = ~np.isnan(values)
        return float(np.mean(np.abs(values) <= limit)), float(np.mean(numbers))

    def values(self, cells: pa.Array) -> arrays.Floats:
        """Return the degrees in cells, also those out of range; NaN where there are none."""
        if _is_number(cells.type):
            return arrays.as_numpy(cells.cast(pa.float64(), safe=False))
        zeros = arrays.from_numpy(np.zeros(len(cells)))
        as_latitude = coordinates(cells, zeros, notation=self._notation)
        as_longitude = coordinates(zeros, cells, notation=self._notation)
        values = np.where(as_latitude.fault < 0, as_latitude.lat, as_longitude.lon)
        plain = pc.replace_substring(pc.utf8_trim_whitespace(cells), ",", ".")
        number = pc.match_substring_regex(plain, r"^[+-]?[0-9]{1,12}(\.[0-9]{0,12})?$")
        far = arrays.as_numpy(pc.if_else(number, plain, "nan").cast(pa.float64()))
        return np.where(np.isnan(values), far, values)

    def can_be_degrees(self, at: int, limit: float) -> bool:
        """Return whether most filled cells are degrees up to a limit, or none is filled."""
        share, _ = self.degrees(at, limit)
        return not share < MOST

    def is_out_of_range(self, at: int, limit: float) -> bool:
        """Return whether most filled cells are numbers beyond a limit, as metres are."""
        share, numbers = self.degrees(at, limit)
        return bool(numbers - share > MOST)

    def looks_like_degrees(self, at: int, limit: float) -> bool:
        """Return whether cells are degrees with decimals up to a limit, as ids are not."""
        share, _ = self.degrees(at, limit)
        if not share >= MOST:
            return False
        values = self.values(self.filled(at))
        return bool(np.mean(values % 1 != 0) >= MOST)

    def holds_later_days(self, at: int) -> bool:
        """Return whether most filled cells of a column are days, and one is after today."""
        cells = self.filled(at)
        is_text, is_day = pa.types.is_string(cells.type), pa.types.is_temporal(cells.type)
        if not len(cells) or not (is_text or is_day) or pa.types.is_time(cells.type):
            return False
        form = day_forms.found_form(cells).form if is_text else days.ISO
        read, _ = days.days(cells, form)
        later = np.any(read > np.datetime64(days.today(), "D"))
        return bool(np.mean(~np.isnat(read)) > MOST and later)

    def is_distinct(self, at: int) -> bool:
        """Return whether the filled cells of a column tell rows apart, and there are some."""
        cells, n_rows = self.filled(at), self.rows.num_rows
        if pa.types.is_nested(cells.type) or not len(cells):
            return False
        return bool(pc.count_distinct(cells).as_py() >= DISTINCT * n_rows)

    def looks_like_amounts(self, at: int) -> bool:
        """Return whether most cells are quantities: with decimals, groups of digits or a unit.

        Ids are whole numbers or texts.
        """
        cells = self.filled(at)
        if pa.types.is_floating(cells.type) or pa.types.is_decimal(cells.type):
            values = arrays.as_numpy(cells.cast(pa.float64(), safe=False))
            return bool(len(cells) and np.mean(values % 1 != 0) >= MOST)
        if not len(cells) or not pa.types.is_string(cells.type):
            return False
        return bool(np.mean(arrays.to_bools(pc.match_substring_regex(cells, _AMOUNT))) >= MOST)

    def holds_days(self, at: int) -> bool:
        """Return whether most filled cells of a column are days or moments."""
        cells = self.filled(at)
        if pa.types.is_temporal(cells.type):
            return True
        if not len(cells) or not pa.types.is_string(cells.type):
            return False
        read, _ = days.days(cells, day_forms.found_form(cells).form)
        return bool(np.mean(~np.isnat(read)) > MOST)

    def differs(self, at: int) -> bool:
        """Return whether the filled cells of a column are not all equal."""
        cells = self.filled(at)
        return len(cells) > 1 and pc.count_distinct(cells).as_py() > 1

    def is_prose(self, at: int) -> bool:
        """Return whether most cells are words with a space between, and most are different."""
        cells = self.filled(at)
        if not (pa.types.is_string(cells.type) and len(cells) > 1):
            return False
        spaced = pc.match_substring_regex(cells, r"\p{L}{2}.* .*\p{L}")
        several = pc.count_distinct(cells).as_py() > MOST * len(cells)
        return bool(several and np.mean(arrays.to_bools(spaced)) >= MOST)

    def can_be_countries(self, at: int) -> bool:
        """Return whether most different texts in a column name countries, or none is filled."""
        cells = self.filled(at)
        if not len(cells) or self._are_countries is None:
            return True
        if not pa.types.is_string(cells.type):
            return False
        return bool(np.mean(self._are_countries(cells.unique())) >= MOST)


def _is_number(kind: pa.DataType) -> bool:
    kinds = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal)
    return any(is_kind(kind) for is_kind in kinds)
