"""GeoJSON: points and their properties, read by Python's JSON parser in constant memory.

GDAL is not used: it opens a network connection if a file asks for it (a ``crs`` of type ``link``),
drops the ids of features that are numbers, and rounds large integers. The file is read twice: first
for its columns, their types and its CRS, then for its rows.
"""

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn, TextIO

import numpy as np
import pyarrow as pa

from coverage_analyzer import arrays, documents
from coverage_analyzer.errors import InputError, visible
from coverage_analyzer.files.readers import feature_ids, wkb
from coverage_analyzer.files.readers.spatial import UNREADABLE, Layer, SpatialFile
from coverage_analyzer.fingerprint import WatchedFiles, unchanged_during

CHUNK: Final = 1 << 20
FEATURE_CHARACTERS: Final = 32 << 20
"""Maximum characters of a feature, or of another member of the file."""

FEATURES_AT_ONCE: Final = 8_192
GEOMETRY: Final = "geometry"
GEOMETRIES: Final = frozenset(wkb.KINDS.values())
ONCE: Final = frozenset({"features", "crs", "type"})
"""Members that must not appear twice, since parsers differ on which one counts."""

EXACT: Final = 2**53
"""Up to this value all integers are also floats."""

INT64: Final = 2**63
CRS84: Final = "OGC:CRS84"
_SPACE: Final = re.compile(r"[ \t\r\n\x1e]*")  # with the record separator of RFC 8142
_DECODER: Final = json.JSONDecoder()
_UTF16: Final = (b"\xff\xfe", b"\xfe\xff")
_PLACE: Final = re.compile(r"https?://(www\.)?opengis\.net/def/crs/[\w./-]+", re.IGNORECASE)


def geojson(path: Path) -> SpatialFile:
    """Open a GeoJSON file: a collection, a feature, a geometry, or one feature per line.

    Raises
    ------
    InputError
        If it cannot be read, its CRS would have to be downloaded, or it changes meanwhile.
    """
    fingerprint = WatchedFiles(path)
    with unchanged_during(fingerprint):
        return _open_layer(path, fingerprint)


def _open_layer(path: Path, fingerprint: WatchedFiles) -> SpatialFile:
    """Open a file for the second pass, after the first.

    Raises
    ------
    InputError
        If it cannot be read, or its CRS would have to be downloaded.
    """
    scan = _Scan()
    try:
        for features in _batches(path, scan, FEATURES_AT_ONCE):
            scan.add(features)
        _check_names(scan.kinds)
        crs = _crs(scan)
    except InputError as error:
        msg = f"Cannot read {path} as GeoJSON: it {error}."
        raise InputError(msg) from None
    except UNREADABLE as error:
        msg = f"{path} cannot be read as GeoJSON: {error}."
        raise InputError(msg) from error
    attributes = [pa.field(name, _kind(kinds)) for name, kinds in scan.kinds.items()]
    if scan.id_kinds:
        name = feature_ids.header("id", list(scan.kinds))
        attributes.insert(0, pa.field(name, _kind(scan.id_kinds)))
    schema = pa.schema([*attributes, pa.field(GEOMETRY, pa.binary())])
    has_id = bool(scan.id_kinds)

    def batches(n_rows: int) -> Iterator[pa.RecordBatch]:
        for features in _batches(path, _Scan(), min(n_rows, FEATURES_AT_ONCE)):
            yield _batch(features, schema, has_id=has_id)

    layer = Layer(schema, len(attributes), crs, batches, fingerprint, scan.rows)
    return SpatialFile(path, layer)


@dataclass
class _Scan:
    """Results of the first pass.

    Attributes
    ----------
    kinds
        Kinds of the values of each property, in order of appearance.
    id_kinds
        Kinds of the feature ids.
    crs, own_crs
        CRS of the file, and of its features or their geometries, as JSON.
    rows
        Number of features.
    """

    kinds: dict[str, set[str]] = field(default_factory=dict)
    id_kinds: set[str] = field(default_factory=set)
    crs: set[str] = field(default_factory=set)
    own_crs: set[str] = field(default_factory=set)
    rows: int = 0

    def add(self, features: Sequence[Mapping[str, Any]]) -> None:
        """Add some features."""
        self.rows += len(features)
        properties = [_properties(feature) for feature in features]
        for name in dict.fromkeys(name for each in properties for name in each):
            kinds = self.kinds.setdefault(name, set())
            kinds |= {_kind_of(each[name]) for each in properties if name in each}
        self.id_kinds |= {_kind_of(feature.get("id")) for feature in features} - {""}
        holders = [each for f in features for each in (f, f.get("geometry"))]
        self.own_crs |= {
            json.dumps(holder["crs"], sort_keys=True)
            for holder in holders
            if isinstance(holder, dict) and holder.get("crs") is not None
        }


def _properties(feature: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = feature.get("properties")
    return properties if isinstance(properties, dict) else {}


def _kind_of(value: Any) -> str:
    """Return the kind of a value, as far as the type of its column depends on it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "bool"
    if isinstance(value, int):
        size = abs(value)
        return "int" if size <= EXACT else "int64" if size < INT64 else "text"
    return "float" if isinstance(value, float) else "text"


def _kind(kinds: set[str]) -> pa.DataType:
    """Return a type that loses nothing of the values of a column; text if there is no other.

    Examples
    --------
    >>> [str(_kind(k)) for k in ({"int", ""}, {"int", "float"}, {"int64", "float"})]
    ['int64', 'double', 'string']
    """
    filled = kinds - {""}
    if not filled:
        return pa.string()
    if filled == {"bool"}:
        return pa.bool_()
    if filled <= {"int", "int64"}:
        return pa.int64()
    return pa.float64() if filled <= {"int", "float"} else pa.string()


def _check_names(names: Mapping[str, Any]) -> None:
    """Raise if the name of a property is not text.

    Raises
    ------
    InputError
        With its text.
    """
    for name in names:
        try:
            name.encode()
        except UnicodeEncodeError:
            shown = name.encode("utf-8", "backslashreplace").decode()
            msg = f"has a property whose name is not UTF-8 text: {shown}"
            raise InputError(msg) from None


def _batch(
    features: Sequence[Mapping[str, Any]], schema: pa.Schema, *, has_id: bool
) -> pa.RecordBatch:
    """Return features as rows."""
    properties = [_properties(feature) for feature in features]
    ids = [[feature.get("id") for feature in features]] if has_id else []
    names = schema.names[len(ids) : -1]
    values = [*ids, *([each.get(name) for each in properties] for name in names)]
    kinds = schema.types[:-1]
    columns = [_column(cells, kind) for cells, kind in zip(values, kinds, strict=True)]
    geometry = arrays.from_bytes([_geometry(f.get("geometry")) for f in features], pa.binary())
    return pa.RecordBatch.from_arrays([*columns, geometry], schema=schema)


def _column(values: Sequence[Any], kind: pa.DataType) -> pa.Array:
    """Return the values of a property as a column of its type."""
    if kind == pa.string():
        return arrays.from_bytes([None if v is None else _bytes(v) for v in values], kind)
    missing = np.array([value is None for value in values], np.bool_)
    filled = [value or 0 for value in values]
    whole = np.array(filled, np.dtype(kind.to_pandas_dtype()))
    return arrays.from_numpy(whole, missing if missing.any() else None)


def _bytes(value: Any) -> bytes:
    """Return a value as UTF-8 text; bytes of the file that are not text are kept."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half of a pair, written as an escape: no text, either
        return text.encode("utf-8", "surrogatepass")


def _geometry(geometry: Any) -> bytes | None:
    """Return a geometry as well-known binary; None if it has no location."""
    if not isinstance(geometry, dict) or geometry.get("type") not in GEOMETRIES:
        return None
    kind: str = geometry["type"]
    if kind != "Point":
        return wkb.encoded(kind)
    place = geometry.get("coordinates")
    pair = place[:2] if isinstance(place, list) else []
    if len(pair) < 2 or not all(isinstance(v, (int, float)) and v is not True for v in pair):
        return None
    return wkb.encoded(kind, [_float(value) for value in pair])


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _crs(scan: _Scan) -> str | None:
    """Return the CRS of the file; None if it declares none.

    Raises
    ------
    InputError
        If it would have to be downloaded, or is not the same everywhere. The text lacks the
        subject.
    """
    file = {_named(json.loads(text)) for text in scan.crs}
    own = {_named(json.loads(text)) for text in scan.own_crs}
    if len(file | own) > 1 or (own and own != file | own & {CRS84}):
        msg = "names several CRS; convert it with: ogr2ogr -t_srs EPSG:4326 new.geojson"
        raise InputError(msg)
    return next(iter(file), CRS84)


def _named(crs: Any) -> str | None:
    """Return the name of a CRS in the notation of GeoJSON 2008.

    Raises
    ------
    InputError
        If it would have to be downloaded, or is invalid. The text lacks the subject.
    """
    if crs is None:
        return None
    about = crs.get("properties") if isinstance(crs, dict) else None
    kind = str(crs.get("type")).casefold() if isinstance(crs, dict) else ""
    name = about.get("name") if isinstance(about, dict) else None
    code = about.get("code") if isinstance(about, dict) else None
    if kind == "epsg" and isinstance(code, int):
        return f"EPSG:{code}"
    if kind == "name" and isinstance(name, str):
        if "://" not in name or _PLACE.fullmatch(name):
            return name
        kind = "link"
    what = visible(json.dumps(crs)[:200])
    if kind in {"link", "url"}:
        msg = (
            f"names its CRS by a link, and links are not followed: {what}. Save it in WGS 84, with "
            f"ogr2ogr -t_srs EPSG:4326 new.geojson, or omit 'crs' if it is WGS 84 already"
        )
        raise InputError(msg)
    msg = f"has a member 'crs' that does not name a CRS: {what}"
    raise InputError(msg)


def _batches(path: Path, scan: _Scan, n_features: int) -> Iterator[list[Any]]:
    """Yield the features of a file in batches; its other members are added to ``scan``.

    Raises
    ------
    InputError
        If it is not GeoJSON. The text lacks the subject.
    OSError
        If it cannot be read.
    """
    with path.open("rb") as file:
        if file.read(2) in _UTF16:
            msg = "is UTF-16; GeoJSON must be UTF-8, so save it as UTF-8"
            raise InputError(msg)
    with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        stream, waiting = _Stream(file), []
        for feature in _features(stream, scan):
            waiting.append(feature if isinstance(feature, dict) else {})
            if len(waiting) == n_features or stream.taken > FEATURE_CHARACTERS:
                yield waiting
                waiting, stream.taken = [], 0
        yield waiting


def _features(stream: "_Stream", scan: _Scan) -> Iterator[Any]:
    """Yield the features of all objects in a file.

    Raises
    ------
    InputError
        If one is not GeoJSON.
    """
    if not stream.next_character():
        msg = "is empty"
        raise InputError(msg)
    while stream.next_character():
        members: dict[str, Any] = {}
        for key in stream.members():
            if key in members and key in ONCE:
                msg = f"has two members {key!r}"
                raise InputError(msg)
            if key == "features" and stream.next_character() == "[":
                members[key] = []
                yield from stream.elements()
            else:
                members[key] = stream.value()
        if "crs" in members:
            scan.crs.add(json.dumps(members.pop("crs"), sort_keys=True))
        yield from _single(members)


def _single(members: dict[str, Any]) -> list[Any]:
    """Return the single feature of an object; None if it is a collection.

    Raises
    ------
    InputError
        If it is neither.
    """
    kind = members.get("type")
    if kind == "FeatureCollection" and members.get("features") == []:
        return []
    if kind == "Feature":
        return [members]
    if isinstance(kind, str) and kind in GEOMETRIES:
        return [{"geometry": members}]
    if kind == "Topology":
        msg = "is TopoJSON; convert it with: ogr2ogr new.geojson"
    elif {"spatialReference", "geometryType", "fieldAliases"} & set(members):
        msg = "is Esri JSON; convert it with: ogr2ogr new.geojson"
    else:
        msg = "is neither a FeatureCollection nor a Feature"
    raise InputError(msg)


class _Stream:
    """JSON parsed incrementally: long arrays and objects one element at a time.

    Attributes
    ----------
    taken
        Number of characters of values returned since it was set to 0.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = file.read(CHUNK).removeprefix("\ufeff")
        self._at = self._count = self.taken = 0

    def members(self) -> Iterator[str]:
        """Yield the keys of the next object; the caller must read the value of each.

        Raises
        ------
        InputError
            If the next value is not an object.
        """
        for _ in self._items("{", "}"):
            key = self.value()
            if not isinstance(key, str):
                self._refuse("a key is not text")
            self._take(":")
            yield key

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the next array.

        Raises
        ------
        InputError
            If the next value is not an array.
        """
        for _ in self._items("[", "]"):
            self._count += 1
            yield self.value()

    def _items(self, begin: str, end: str) -> Iterator[None]:
        """Yield once before each item of an array or object."""
        self._take(begin)
        if self.next_character() != end:
            yield
            while self.next_character() == ",":
                self._take(",")
                yield
        self._take(end)

    def value(self) -> Any:
        """Return the next value.

        Raises
        ------
        InputError
            If it is not JSON, or exceeds a limit.
        """
        self.next_character()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text, self._at)
            except RecursionError:
                self._refuse("it is nested too deeply")
            except json.JSONDecodeError as error:
                if not self._more():
                    self._refuse(error.msg)
                continue
            except ValueError:
                self._refuse("a number has thousands of digits")
            # A number at the end of what has been read may go on.
            if end < len(self._text) or self._text[end - 1] in '"]}' or not self._more():
                break
        documents.check_nesting(self._text[self._at : end])
        self.taken += end - self._at
        self._at = end
        return value

    def next_character(self) -> str:
        """Return the next character other than a space without consuming it; empty at the end."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def _take(self, character: str) -> None:
        """Consume a character.

        Raises
        ------
        InputError
            If it is a different one.
        """
        if self.next_character() != character:
            self._refuse(f"{character!r} is missing")
        self._at += 1

    def _more(self) -> bool:
        """Read more, doubling the buffer; return whether there was more.

        Raises
        ------
        InputError
            If a value does not end.
        """
        left = self._text[self._at :]
        if len(left) > FEATURE_CHARACTERS:
            self._refuse(f"a value is longer than {FEATURE_CHARACTERS:,} characters")
        more = self._file.read(max(CHUNK, len(left)))
        self._text, self._at = left + more, 0
        return bool(more)

    def _refuse(self, what: str) -> NoReturn:
        """Raise an error with its location.

        Raises
        ------
        InputError
            Always.
        """
        where = f" (feature {self._count})" if self._count else ""
        msg = f"is not valid JSON: {what}{where}"
        raise InputError(msg)
