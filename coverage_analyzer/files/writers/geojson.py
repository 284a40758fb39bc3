"""Reports as GeoJSON (RFC 7946): a feature a line, its properties the columns of its row.

The text of all rows of a block is put together column by column; only cells that JSON escapes are
looked at one by one. Coordinates have all their digits.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays
from coverage_analyzer.files.writers.base import Writer
from coverage_analyzer.files.writers.cells import distinct_names, json_cells
from coverage_analyzer.files.writers.points import coordinates_of

ESCAPED: Final = r'["\\\x00-\x1f]'
"""Characters that JSON escapes in text."""

_NULL: Final = "null"


class GeoJsonWriter(Writer):
    """A feature for each row. Columns of bytes are left out.

    Parameters
    ----------
    path
        The file.
    schema
        Of the rows; the last column holds points as well-known binary.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        names = distinct_names(schema.names[:-1])
        self._columns = {
            at: json.dumps(name, ensure_ascii=False)
            for at, name in enumerate(names)
            if not arrays.is_bytes(schema.field(at).type)
        }
        self._metadata: dict[str, str] = {}
        self._begun = False
        self._file = path.open("w", encoding="utf-8", newline="")
        self._file.write('{"type":"FeatureCollection","features":[\n')

    def write(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        if not len(batch):
            return
        parts: list[pa.Array | str] = ['{"type":"Feature","properties":{']
        for number, (at, name) in enumerate(self._columns.items()):
            parts += [f"{', ' if number else ''}{name}: ", json_texts(batch.column(at))]
        parts += ['},"geometry":', _points(batch.column(batch.num_columns - 1)), "}"]
        lines = _joined(parts)
        if self._begun:
            self._file.write(",\n")
        self._begun = True
        self._file.write(",\n".join(lines.to_pylist()))

    def describe(self, metadata: Mapping[str, str]) -> None:
        """Note what the file is to say of itself, as members of the collection."""
        self._metadata |= metadata

    def close(self) -> None:
        """Finish the file."""
        members = "".join(
            f",{json.dumps(name)}:{json.dumps(text, ensure_ascii=False)}"
            for name, text in self._metadata.items()
        )
        with self._file:
            self._file.write(f"\n]{members}}}\n" if self._begun else f"]{members}}}\n")


def json_texts(cells: pa.Array) -> pa.Array:
    r"""Return each cell as JSON: numbers and truth values as such, days as text.

    Examples
    --------
    >>> json_texts(pa.array(['a "b"', None, "c"])).to_pylist()
    ['"a \\"b\\""', 'null', '"c"']
    >>> json_texts(pa.array([1.5, float("nan"), 1e-7])).to_pylist()
    ['1.5', 'null', '1e-7']
    """
    kind = cells.type
    if pa.types.is_dictionary(kind):
        return json_texts(cells.cast(kind.value_type))
    if pa.types.is_nested(kind):
        return pc.fill_null(json_cells(cells), _NULL)
    if pa.types.is_floating(kind):
        finite = pc.is_finite(cells)
        return pc.fill_null(pc.if_else(finite, cells, None).cast(pa.string()), _NULL)
    if pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal(kind):
        return pc.fill_null(cells.cast(pa.string()), _NULL)
    return _quoted(cells.cast(pa.string()))


def _quoted(texts: pa.Array) -> pa.Array:
    """Return texts as JSON."""
    result = _joined(['"', texts, '"'], nulls="skip")
    odd = pc.fill_null(pc.match_substring_regex(texts, pattern=ESCAPED), fill_value=False)
    if pc.any(odd).as_py():
        escaped = [json.dumps(t, ensure_ascii=False) for t in texts.filter(odd).to_pylist()]
        result = pc.replace_with_mask(result, odd, arrays.text_array(escaped))
    return pc.if_else(texts.is_valid(), result, _NULL)


def _points(points: pa.Array) -> pa.Array:
    lon, lat = coordinates_of(points)
    numbers = [json_texts(lon), json_texts(lat)]
    shown = _joined(['{"type":"Point","coordinates":[', numbers[0], ",", numbers[1], "]}"])
    return pc.if_else(points.is_valid(), shown, _NULL)


def _joined(parts: list[pa.Array | str], nulls: str = "emit_null") -> pa.Array:
    """Return texts put together row by row; a text of its own stands in each row."""
    return pc.binary_join_element_wise(*parts, "", null_handling=nulls)
