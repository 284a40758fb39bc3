"""Areas of a policy: what a file of areas may be, and every mistake in one message."""

import json
import pickle
from pathlib import Path
from typing import Any

import areal
import numpy as np
import pytest
from building import Center, centers_of

from coverage_analyzer import geodesy
from coverage_analyzer.countries import Countries
from coverage_analyzer.countries.postal_codes import Member, PostcodeList, postcode_entry
from coverage_analyzer.errors import InputError, PolicyError
from coverage_analyzer.files.table import open_table
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.matching.site_areas import Located, SiteAreas
from coverage_analyzer.policy import Policy
from coverage_analyzer.schema.columns import SITES

BOX = areal.box(0, 0, 10, 10)


def polygon(*rings: Any) -> dict[str, Any]:
    """Return a polygon."""
    return {"type": "Polygon", "coordinates": list(rings)}


def refusal(folder: Path, content: Any, name: str = "islands.geojson") -> str:
    """Return the message about a file of areas that cannot be used."""
    path = areal.write_policy(folder, areal.POLICY.replace("islands.geojson", name))
    if content is not None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        (folder / "islands.geojson").write_bytes(data)
    with pytest.raises(PolicyError) as caught:
        Policy.load(path)
    assert "areas.4.file: " in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"id,latitude\n1,2\n", "is not GeoJSON: it is not valid JSON"),
        (b"PK\x03\x04\xff", "is not GeoJSON: it is not UTF-8 text"),
        ({"features": []}, "has no type such as FeatureCollection"),
        ({"type": "Topology", "objects": {}}, "is TopoJSON"),
        ({"type": "FeatureCollection", "features": []}, "has no polygon"),
        ({"type": "FeatureCollection", "features": 3}, "has no list of features"),
        ({"type": "Feature", "geometry": None}, "has no polygon"),
        (
            {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}},
            "the geometry is not a polygon but 'Point'",
        ),
        (polygon(BOX[:-1]), "a ring that is not closed"),
        (polygon([[0, 0], [1, 1], [0, 0]]), "a ring that is not closed"),
        (polygon([[0, 0], [10, 10], [10, 0], [0, 10], [0, 0]]), "is invalid: Self-intersection"),
        (polygon(BOX, areal.box(20, 20, 21, 21)), "is invalid: Hole lies outside shell"),
        (polygon([["0", 0], [1, 0], [1, 1], ["0", 0]]), "not pairs of numbers"),
        (polygon([[0, 0], [1], [1, 1], [0, 0]]), "not pairs of numbers"),
        (polygon(), "has no ring"),
        (polygon(areal.box(170, -10, 190, 10)), "crosses 180 degrees: 190, -10. Split it there"),
        (polygon(areal.box(-170, -10, 170, 10)), "crosses 180 degrees at -170, -10"),
        (polygon(areal.box(50, 100, 60, 110)), "not longitude and latitude in degrees"),
        (polygon(areal.box(400000, 5e6, 500000, 6e6)), "not longitude and latitude in degrees"),
        (
            polygon(BOX) | {"crs": {"type": "name", "properties": {"name": "EPSG:3857"}}},
            "the coordinate reference system 'EPSG:3857'",
        ),
        (b"[" * 200, "is nested more than"),
        (b" " * ((16 << 20) + 1), "is larger than 16,777,216 bytes"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_of_areas_that_cannot_be_used(tmp_path: Path, content: Any, words: str) -> None:
    """Name the file, the feature and what to do."""
    assert words in refusal(tmp_path, content)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("missing.geojson", "does not exist in"),
        ("folder", "is not a regular file"),
        ("/etc/hostname", "is an absolute path"),
        ("C:/areas.geojson", "is an absolute path"),
        ("~/areas.geojson", "is an absolute path"),
        ("../islands.geojson", "is outside the folder of the policy"),
        ("https://example.com/areas.geojson", "is a web address, and nothing is fetched"),
        ("link.geojson", "is a symbolic link"),
        ("linked/islands.geojson", "is a symbolic link"),
    ],
)
def test_a_path_that_is_not_read(tmp_path: Path, name: str, words: str) -> None:
    """Only regular files below the folder of the policy are read."""
    (tmp_path / "folder").mkdir()
    for link, target in (("link.geojson", "islands.geojson"), ("linked", "folder")):
        Path(tmp_path / link).symlink_to(tmp_path / target)
    assert words in refusal(tmp_path, None, name)


@pytest.mark.parametrize(
    "content",
    [
        polygon(areal.box(-180, -90, 180, -60)),  # a cap over the pole, in the plane
        polygon([[*p, 5.0] for p in BOX]),
        polygon(BOX) | {"crs": {"properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}},
        {"type": "GeometryCollection", "geometries": [polygon(BOX)]},
    ],
    ids=["pole", "heights", "crs84", "collection"],
)
def test_a_file_of_areas_that_is_fine(tmp_path: Path, content: dict[str, Any]) -> None:
    """Heights are left out; an older file may say WGS 84."""
    path = areal.write_policy(tmp_path)
    (tmp_path / "islands.geojson").write_text("\ufeff" + json.dumps(content), encoding="utf-8")
    assert len(Policy.load(path).areas[4].polygons) == 1


def test_all_mistakes_in_one_message(tmp_path: Path) -> None:
    """Of areas, of what names them, and of the bands."""
    text = areal.POLICY
    for old, new in (
        ('"US-TX"', '"US-TXX"'),
        ('"DE:79"', '"DE79"'),
        ('"GB:EC"', '"ZZ:1"'),
        ("up_to_miles = 20 }", "up_to_miles = 20, up_to_km = 3 }"),
        ('file = "islands.geojson"', 'file = "none.geojson"'),
        ('areas = ["texas"]', 'areas = ["texsa"]'),
        ('except_areas = ["ring"]', 'except_areas = ["rings"]'),
        ('level = "gold-plus"\nclause = "excluded"', 'levels = ["gold"]\nclause = "excluded"'),
        ("above_miles = 10\n", "above_miles = 12\n"),
        ('id = "london"', 'id = "freiburg"'),
    ):
        assert old in text
        text = text.replace(old, new, 1)
    with pytest.raises(PolicyError) as caught:
        Policy.load(areal.write_policy(tmp_path, text))
    message = str(caught.value)
    for words in (
        "areas.0.regions.0: 'US-TXX' is not an ISO 3166-2 code. Did you mean 'US-TX'?",
        "areas.1.postcodes.0: 'DE79' is not a country, a colon and postcodes",
        "areas.2.postcodes.0: 'ZZ' is not an ISO 3166-1 alpha-2 code",
        "areas.3.places.0: give either up_to_miles or up_to_km",
        "areas.4.file: 'none.geojson' does not exist",
        "bands.3.areas: unknown area 'texsa'. Did you mean 'texas'?",
        "bands.2.except_areas: unknown area 'rings'. Did you mean 'ring'?",
        "gates.excluded_areas.0.levels: sites there get qualification.fallback, 'gold'",
        "bands (*, center CH-A): 12 to 40 miles leaves a gap",
        "areas: two areas have the id 'freiburg'",
    ):
        assert words in message, message


def test_an_area_needs_format_2(tmp_path: Path) -> None:
    """Each key by its path, all at once."""
    text = areal.POLICY.replace("format = 2", "format = 1")
    with pytest.raises(PolicyError) as caught:
        Policy.load(areal.write_policy(tmp_path, text))
    for key in ("areas", "bands.3.areas", "bands.4.centers", "gates.excluded_areas"):
        assert f"{key}: needs format = 2." in str(caught.value)


def test_a_gap_where_a_band_does_not_apply(tmp_path: Path) -> None:
    """The farther band cannot remain alone."""
    text = areal.POLICY.replace(
        'countries = ["US"]\nup_to_miles = 70',
        'countries = ["US"]\nexcept_areas = ["ring"]\nup_to_miles = 70',
    )
    with pytest.raises(PolicyError, match="in the area 'ring' a band does not apply, but one"):
        Policy.load(areal.write_policy(tmp_path, text))


def test_the_hash_is_of_the_content(tmp_path: Path) -> None:
    """Not of the name of the file; a stated hash has to agree."""
    rules = areal.policy(tmp_path)
    moved = tmp_path / "moved"
    (moved / "areas").mkdir(parents=True)
    text = areal.POLICY.replace("islands.geojson", "areas/of the sea.json")
    (moved / "areas" / "of the sea.json").write_bytes((tmp_path / "islands.geojson").read_bytes())
    same = Policy.load(areal.write_policy(moved, text))
    assert same.sha256 == rules.sha256
    (tmp_path / "islands.geojson").write_text(json.dumps(polygon(BOX)), encoding="utf-8")
    assert Policy.load(tmp_path / "zoned.toml").sha256 != rules.sha256
    pinned = areal.POLICY.replace('islands.geojson"', f'islands.geojson"\nsha256 = "{"0" * 64}"')
    with pytest.raises(PolicyError, match="has the sha256"):
        Policy.load(areal.write_policy(tmp_path, pinned))


def test_a_policy_carries_its_polygons(tmp_path: Path) -> None:
    """Through a pickle, and through plain data in the same process."""
    rules = areal.policy(tmp_path)
    (tmp_path / "islands.geojson").unlink()
    again = pickle.loads(pickle.dumps(rules))  # noqa: S301 - our own
    assert again == rules
    assert again.areas[4].polygons == rules.areas[4].polygons
    plain = Policy.from_mapping(rules.to_dict())
    assert plain.areas[4].polygons == rules.areas[4].polygons


def inside(world: Countries, folder: Path, lon: float, lat: float, shape: Any) -> bool:
    """Return whether a point is in a polygon."""
    path = areal.write_policy(folder)
    (folder / "islands.geojson").write_text(json.dumps(shape), encoding="utf-8")
    rules = Policy.load(path)
    areas = SiteAreas(rules, world, rules.convention(world.names))
    at = np.array([lon]), np.array([lat])
    where = Located(*at, np.array([np.nan]), geodesy.ecef(*at), np.zeros(1, np.int16))
    return bool(areas.membership(where, None).certain[0, 4])


@pytest.mark.parametrize(
    ("lon", "lat", "shape", "expected"),
    [
        (0, -90, polygon(areal.box(-180, -90, 180, -60)), True),
        (77, -90, polygon(areal.box(10, -90, 20, -60)), True),
        (77, 90, polygon(areal.box(10, 60, 20, 89.9)), False),
        (180, 0, polygon(areal.box(-180, -1, -179, 1)), True),
        (-180, 0, polygon(areal.box(179, -1, 180, 1)), True),
        (180, 2, polygon(areal.box(-180, -1, -179, 1)), False),
        (10, 10, polygon(BOX), True),
        (10 + 1e-9, 10, polygon(BOX), False),
        (5, 5, polygon(BOX, areal.box(4, 4, 6, 6)), False),
        (4, 5, polygon(BOX, areal.box(4, 4, 6, 6)), True),
    ],
)
def test_points_at_seams_poles_and_edges(
    world: Countries, tmp_path: Path, lon: float, lat: float, shape: Any, expected: bool
) -> None:
    """A pole is at all longitudes, 180 degrees at both ends; edges belong, those of holes too."""
    assert inside(world, tmp_path, lon, lat, shape) is expected


@pytest.mark.parametrize(
    ("entry", "cell", "member"),
    [
        ("JP:150", "〒150-0001", Member.yes),
        ("JP:1500001-1500009", "\uff11\uff15\uff10\uff0d\uff10\uff10\uff10\uff15", Member.yes),
        ("JP:060", "600001", Member.yes),
        ("JP:001", "10001", Member.unknown),
        ("US:021", "02139-4307", Member.yes),
        ("US:021", "2139", Member.yes),
        ("US:02139-02141", "021400001", Member.yes),
        ("US:005", "501", Member.unknown),
        ("CA:K1A", "k1a0b1", Member.yes),
        ("NL:1011", "1011 ab", Member.yes),
        ("NL:1011 AB", "1011", Member.unknown),
        ("CH:80", "CH-8001", Member.yes),
        ("SE:111", "SE-111 22", Member.yes),
        ("PL:00-9", "00-950", Member.yes),
        ("PL:00-9", "950", Member.unknown),
        ("IE:D02", "D02 X285", Member.yes),
        ("BR:01310-100", "01310", Member.unknown),
        ("DE:79", "n/a", Member.unknown),
        ("DE:79", "79098.0", Member.yes),
        ("GB:SW1A 1", "SW1A 1AA", Member.yes),
        ("GB:SW1A 1", "SW1A", Member.unknown),
        ("GB:M1", "M11 2AA", Member.no),
        ("HK:9", "90210", Member.yes),
    ],
)
def test_postcodes_as_cells_have_them(entry: str, cell: str, member: Member) -> None:
    """With signs, spaces and lost zeros; what may be both is unknown."""
    assert PostcodeList([postcode_entry(entry)]).member(cell) is member


def test_two_headers_for_a_column_that_is_needed(tmp_path: Path) -> None:
    """An error for a policy that reads postcodes, none for others."""
    from coverage_analyzer.batch.stream import with_area_columns
    from coverage_analyzer.countries import load

    sites = tmp_path / "sites.csv"
    sites.write_text("latitude,longitude,zip,plz\n1,2,3,4\n", encoding="utf-8")
    table = open_table(sites, SITES)
    assert "postcode" not in table.columns
    centers = centers_of([Center("A", 7.8, 48, "DE")])
    needing = Matcher(centers, areal.policy(tmp_path), load()).gates
    with pytest.raises(InputError, match="Each of 'zip' and 'plz' could be the column 'postcode'"):
        with_area_columns(needing, table)
    assert with_area_columns(Matcher(centers, Policy.load(), load()).gates, table) is table


def test_a_center_that_no_table_has(tmp_path: Path, world: Countries) -> None:
    """Is told, as it may be misspelled."""
    centers = Matcher(centers_of([Center("CH-a", 8, 47, "CH")]), areal.policy(tmp_path), world)
    assert "centers that are not in the table: CH-A." in centers.region_warnings[-1]
