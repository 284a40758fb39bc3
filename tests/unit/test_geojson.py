"""GeoJSON as people write it: ids, large integers, one feature per line, and what is none."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from running import AS_OF, centers_file, records, sites_file

from coverage_analyzer import batch
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import table
from coverage_analyzer.files.readers import geojson
from coverage_analyzer.schema import columns

LINK = {"type": "link", "properties": {"href": "http://127.0.0.1:9/crs", "type": "ogcwkt"}}


def feature(lon: Any = -75, lat: Any = 40, **members: Any) -> dict[str, Any]:
    """Return a point near Philadelphia."""
    point = {"type": "Point", "coordinates": [lon, lat]}
    return {"type": "Feature", "properties": {}, "geometry": point} | members


def collection(*features: Any, **members: Any) -> str:
    """Return a file of features."""
    return json.dumps({"type": "FeatureCollection", **members, "features": features})


def run(folder: Path, text: str | bytes, **options: Any) -> list[dict[str, str]]:
    """Return the report on a file, after a run without map and areas."""
    sites = sites_file(folder, text, "sites.geojson")
    chosen = batch.Options(map=False, areas=False, **options)
    manifest = batch.run(sites, centers_file(folder), folder / "out", as_of=AS_OF, options=chosen)
    assert (
        sum(manifest["ledger"][k] for k in ("decided", "rejected", "blank"))
        == manifest["ledger"]["read"]
    )
    return records(folder / "out" / "report.csv") if options.get("format") != "parquet" else []


def rejects(folder: Path) -> list[tuple[str, str]]:
    """Return the lines and reasons of all rejects."""
    return [(r["line"], r["reason"]) for r in records(folder / "out" / "rejects.csv")]


def refusal(folder: Path, text: str | bytes) -> str:
    """Return how a file is refused, which names it."""
    path = sites_file(folder, text, "sites.geojson")
    with pytest.raises(InputError, match=r"sites\.geojson") as raised:
        table.open_table(path, columns.SITES)
    assert str(raised.value).isprintable()
    return str(raised.value)


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ([4711, 4712], ["4711", "4712"]),
        (["node/1", "node/2"], ["node/1", "node/2"]),
        (["a", 7], ["a", "7"]),
        ([2**53 + 1, -(2**62) - 1], [str(2**53 + 1), str(-(2**62) - 1)]),
        ([2**70 + 1, 1], [str(2**70 + 1), "1"]),
        ([5, None], ["5", ""]),
    ],
)
def test_ids_of_features_are_kept(tmp_path: Path, ids: list[Any], expected: list[str]) -> None:
    """RFC 7946: text or a number, or none; they are the ids of sites."""
    rows = run(tmp_path, collection(*(feature(id=i) for i in ids)))
    assert [row["id"] for row in rows] == expected
    assert json.loads((tmp_path / "out/run.json").read_text())["columns"]["site_id"] == "id"


@pytest.mark.parametrize("name", ["id", "site_id", "ref", "Customer ID"])
def test_an_attribute_that_is_an_id_counts(tmp_path: Path, name: str) -> None:
    """The feature's own id is kept beside it, and makes nothing ambiguous."""
    rows = run(tmp_path, collection(feature(id=1, properties={name: "S-1"})))
    assert (rows[0][name], rows[0]["feature_id"]) == ("S-1", "1")
    assert json.loads((tmp_path / "out/run.json").read_text())["columns"]["site_id"] == name
    rows = run(tmp_path, collection(feature(id=1, properties={name: "x", "feature_id": "y"})))
    assert rows[0]["feature_feature_id"] == "1"


def test_large_integers_stay_exact(tmp_path: Path) -> None:
    """Beyond 2^53, beside fractions and beyond 64 bits, too."""
    values = {
        "whole": [2**53 + 1, 2**63 - 1],
        "mixed": [2**53 + 1, 0.5],
        "huge": [10**30 + 1, None],
        "small": [1, 0.5],
        "text": [2**60 + 1, "x"],
    }
    rows = [{name: both[i] for name, both in values.items()} for i in (0, 1)]
    result = run(tmp_path, collection(*(feature(properties=row) for row in rows)))
    assert [[row[name] for row in result] for name in values] == [
        ["9007199254740993", "9223372036854775807"],
        ["9007199254740993", "0.5"],
        ["1000000000000000000000000000001", ""],
        ["1", "0.5"],
        ["1152921504606846977", "x"],
    ]
    run(tmp_path, collection(*(feature(properties=row) for row in rows)), format="parquet")
    schema = pq.ParquetFile(tmp_path / "out/report.parquet").schema_arrow
    kinds = [pa.int64(), pa.string(), pa.string(), pa.float64(), pa.string()]
    assert [schema.field(name).type for name in values] == kinds


@pytest.mark.parametrize("between", ["\n", "\r\n", "\n\x1e", "\n\n", " "])
def test_a_feature_per_line(tmp_path: Path, between: str) -> None:
    """RFC 8142, and the form without its separator."""
    lines = between.join(json.dumps(feature(id=n)) for n in range(3))
    assert [row["id"] for row in run(tmp_path, f"\x1e{lines}\n")] == ["0", "1", "2"]


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        (feature(), 1),
        (feature()["geometry"], 1),
        ({"features": [feature()], "name": "x", "type": "FeatureCollection"}, 1),
        ({"type": "FeatureCollection", "features": []}, 0),
    ],
)
def test_other_forms(tmp_path: Path, value: Any, rows: int) -> None:
    """One feature, one geometry, members in any order, nothing at all; with a mark in front."""
    assert len(run(tmp_path, "\ufeff" + json.dumps(value))) == rows


@pytest.mark.parametrize(
    ("value", "what"),
    [
        ({"type": "Topology", "objects": {}, "arcs": []}, "TopoJSON"),
        (
            {"geometryType": "esriGeometryPoint", "features": [{"geometry": {"x": 1, "y": 2}}]},
            "Esri JSON",
        ),
        ({"features": [feature()]}, "neither"),
        ([feature()], "missing"),
        ({"type": "Sketch"}, "neither"),
    ],
)
def test_what_is_called_so_but_is_none(tmp_path: Path, value: Any, what: str) -> None:
    """The message says what it is."""
    assert what in refusal(tmp_path, json.dumps(value))


@pytest.mark.parametrize(
    "text",
    [
        collection(feature(), crs=LINK),
        collection(feature(), crs=LINK | {"type": "URL"}),
        collection(feature(), crs=LINK | {"type": "LinK"}),
        collection(feature()).replace(
            '"features"', '"\\u0063rs": ' + json.dumps(LINK) + ', "features"'
        ),
        collection(feature())[:-1] + ', "crs": ' + json.dumps(LINK) + "}",
        collection(feature(), feature(crs=LINK)),
        collection(feature(geometry=feature()["geometry"] | {"crs": LINK})),
        json.dumps(feature(crs=LINK)),
        json.dumps(feature()) + "\n" + json.dumps(feature(crs=LINK)),
        json.dumps(feature()["geometry"] | {"crs": LINK}),
        collection(feature(), crs={"type": "name", "properties": {"name": "http://[::1]/crs"}}),
    ],
)
def test_a_crs_that_is_a_link_is_refused(tmp_path: Path, text: str) -> None:
    """Wherever it is in the file and however it is spelled."""
    assert "link" in refusal(tmp_path, text)


@pytest.mark.parametrize("twice", ["crs", "features", "type"])
def test_a_member_that_appears_twice(tmp_path: Path, twice: str) -> None:
    """Parsers differ on which one counts."""
    text = collection(feature(), crs=None)
    member = {
        "crs": f'"crs": {json.dumps(LINK)}',
        "features": '"features": []',
        "type": '"type": 1',
    }
    assert f"two members '{twice}'" in refusal(tmp_path, f"{text[:-1]}, {member[twice]}}}")


@pytest.mark.parametrize(
    ("crs", "place"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, (-75.0, 40.0)),
        ({"type": "name", "properties": {"name": "EPSG:4326"}}, (-75.0, 40.0)),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}, (0.0, 0.0)),
        ({"type": "EPSG", "properties": {"code": 3857}}, (0.0, 0.0)),
        (
            {"type": "name", "properties": {"name": "http://www.opengis.net/def/crs/EPSG/0/4326"}},
            (-75.0, 40.0),
        ),
    ],
)
def test_a_crs_by_name(tmp_path: Path, crs: Any, place: tuple[float, float]) -> None:
    """GeoJSON of 2008: longitude and latitude in that order, whatever the axes of the name."""
    lon, lat = place
    path = sites_file(tmp_path, collection(feature(lon, lat), crs=crs), "sites.geojson")
    (rows,) = list(table.open_table(path, columns.SITES).rows())
    assert (rows.coordinates.lon[0], rows.coordinates.lat[0]) == pytest.approx(place)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (collection(feature(), crs=None), "no CRS"),
        (collection(feature(), crs="EPSG:4326"), "does not name a CRS"),
        (collection(feature(), crs={"type": "name"}), "does not name a CRS"),
        (collection(feature(crs={"type": "EPSG", "properties": {"code": 3857}})), "several CRS"),
    ],
)
def test_a_crs_that_is_unknown(tmp_path: Path, text: str, what: str) -> None:
    """Nothing is guessed."""
    assert what in refusal(tmp_path, text)


@pytest.mark.parametrize(
    "place",
    [[], [1], "x", None, ["-75", "40"], [True, False], [None, 1], {}, [[-75, 40]]],
)
def test_a_place_that_is_none_costs_its_row(tmp_path: Path, place: Any) -> None:
    """The rows around it are judged."""
    odd = feature(geometry={"type": "Point", "coordinates": place})
    assert len(run(tmp_path, collection(feature(), odd, feature()))) == 2
    assert rejects(tmp_path) == [("2", "coordinate_missing")]


@pytest.mark.parametrize("number", ["1e999", "NaN", "-Infinity", "9" * 400])
def test_a_number_without_end(tmp_path: Path, number: str) -> None:
    """What is on no globe is a reject."""
    text = collection(feature(), feature("HERE")).replace('"HERE"', number)
    assert len(run(tmp_path, text)) == 1
    assert [line for line, _ in rejects(tmp_path)] == ["2"]


@pytest.mark.parametrize("odd", [None, 1, [], {}, "x", {"type": "Feature", "geometry": 7}])
def test_what_is_no_feature_costs_a_row(tmp_path: Path, odd: Any) -> None:
    """An element of the collection is a row, whatever it is."""
    assert len(run(tmp_path, collection(feature(), odd))) == 1
    assert rejects(tmp_path) == [("2", "coordinate_missing")]


@pytest.mark.parametrize("bad", [b"B\xeata", b"\\ud800", b"\\udce9"])
def test_text_that_is_not_utf8_costs_its_row(tmp_path: Path, bad: bytes) -> None:
    """In the value of a property, deep in one, or in an id; as bytes or as half of a pair."""
    for properties in ({"name": "BAD"}, {"more": {"deep": ["BAD"]}}):
        text = collection(feature(properties=properties), feature()).encode()
        assert len(run(tmp_path, text.replace(b"BAD", bad))) == 1
        assert rejects(tmp_path) == [("1", "not_utf8")]
    text = collection(feature(properties={"BAD": 1})).encode()
    assert "not UTF-8" in refusal(tmp_path, text.replace(b"BAD", bad))


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (collection(feature()).encode("utf-16"), "UTF-16"),
        ("[" * 100_000, "missing"),
        ('{"type":' + "[" * 100_000, "nested"),
        ('{"features":' + "[" * 100_000, "nested"),
        (
            collection(feature(properties={"a": "HERE"})).replace('"HERE"', "[" * 200 + "]" * 200),
            "nested",
        ),
        (collection(feature(properties={"a": "HERE"})).replace('"HERE"', "9" * 5000), "digits"),
        (collection(feature()) + "x", "missing"),
        (collection(feature())[:-1], "missing"),
        (collection(feature())[:-2], "missing"),
        (collection(feature()).replace("Point", "Poi\nnt"), "feature 1"),
        ("{'type': 'Feature'}", "not valid JSON"),
        (" \n ", "empty"),
        ('{"type": "Feature" "x": 1}', "missing"),
    ],
)
def test_what_cannot_be_read_is_refused(tmp_path: Path, text: str | bytes, what: str) -> None:
    """In words, with the file and, where there is one, the feature."""
    assert what in refusal(tmp_path, text)


@pytest.mark.parametrize("size", [1, 7, 64, 1000])
def test_it_does_not_matter_where_a_chunk_ends(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, size: int
) -> None:
    """Numbers, escapes and names that are cut are read on."""
    features = [feature(id=n, properties={"n": n, "t": '\u00e9"\\' * n}) for n in range(30)]
    text = collection(*features, bbox=[-1.5e3, 20, 300, 4], name="x").replace("}, {", "} ,\n{")
    expected = run(tmp_path, text)
    monkeypatch.setattr(geojson, "CHUNK", size)
    assert run(tmp_path, text) == expected


def test_a_value_without_end_does_not_fill_the_memory(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A limit in characters."""
    monkeypatch.setattr(geojson, "CHUNK", 100)
    monkeypatch.setattr(geojson, "FEATURE_CHARACTERS", 1000)
    assert "is longer than" in refusal(tmp_path, '{"name": "' + "x" * 5000)
    many = collection(*(feature(properties={"t": "x" * 400}) for _ in range(20)))
    assert len(run(tmp_path, many)) == 20
