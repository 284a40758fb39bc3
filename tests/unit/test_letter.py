"""The letter: it says what the story says, in the words of the right clock, and draws it right."""

import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from building import karney_m, moved
from running import AS_OF, centers_file, sites_file

from coverage_analyzer import batch, countries
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import atomic
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.maps import external_links
from coverage_analyzer.maps.base_layer import Plane, outlines
from coverage_analyzer.maps.letter_map import HEIGHT, WIDTH, Scene, Spot, detail
from coverage_analyzer.policy import Policy, builtin

CENTERS = """\
center_id,name,lat,lon,country,opens_on,closes_on
PHL,Philadelphia,39.95,-75.16,US,,
BOI,Boise,43.615,-116.2023,US,2026-12-15,
BGO,Bergen,60.39,5.32,NO,,2027-06-30
WDH,Windhoek,-22.56,17.08,NA,,
"""

SITES = """\
site_id,name,street,postcode,city,country,lat,lon
Q,Alpha & Sons,Market St 1,19106,Philadelphia,US,40.0,-75.0
P,Boise,,,,US,43.60,-116.20
F,Far,,,Omaha,US,41.26,-95.93
R,Lost,,,,Atlantis,40.0,-75.0
B,Bergen,,,Bergen,NO,60.39,5.33
D,Berlin,,,Berlin,DE,52.52,13.40
"""


def page(folder: Path, site_id: str, **given: Any) -> str:
    """Return the letter on one of the sites."""
    sites, centers = sites_file(folder, SITES), centers_file(folder, CENTERS)
    return batch.site_letter(sites, site_id, centers, **({"as_of": AS_OF} | given))


def facts(text: str) -> dict[str, str]:
    """Return the rows of a letter as text."""
    rows = re.findall(r"<dt>(.*?)</dt><dd.*?>(.*?)</dd>", text)
    return {name: re.sub(r"<.*?>", "", told) for name, told in rows}


def test_a_site_that_qualifies(tmp_path: Path) -> None:
    """Address, level, a delivery clock, the day, center and distance, clauses, source, credit."""
    text = page(tmp_path, "Q")
    told = facts(text)
    assert "<h1>Gold Plus</h1>" in text
    assert told["Site"] == "Alpha &amp; Sons (Q)"
    assert told["Address"] == "Market St 1, 19106, Philadelphia, US"
    assert told["Promise"] == "Replacement delivered within 4 hours of authorisation."
    assert told["Clock"] == "A delivery clock: it stops when the replacement is delivered."
    assert told["From"] == "In force on 2026-12-01."
    miles = karney_m(-75.0, 40.0, -75.16, 39.95) / MILE_M
    assert told["Center"].startswith(f"PHL (Philadelphia) in US, {miles:.3f} miles away")
    assert "within the limit of 70" in told["Center"]
    assert "<li>In the United States a site qualifies within 70 miles" in text
    assert "https://www.citrix.co.kr" in text
    assert "Borders © OpenStreetMap contributors (ODbL)" in text


def test_a_center_that_may_be_too_far_by_road_is_no_promise(tmp_path: Path) -> None:
    """Where miles count by road, and nobody has measured them, the level to come is a maybe."""
    text = page(tmp_path, "P", policy="watchguard-premium-rma")
    told = facts(text)["From"]
    assert told.startswith("Standard on 2026-12-01. From 2026-12-15, when BOI opens, possibly ")
    assert told.endswith("it is not promised yet.")
    assert "within 4 hours" not in told


def test_the_level_to_come_is_the_one_that_was_bought(tmp_path: Path) -> None:
    """Of the band whose limit applied, however near the center will be."""
    hp = builtin()["hp-call-to-repair"].model_dump(mode="json")
    rules = Policy.from_mapping(hp | {"gates": {"request": {"clause": "zone-50"}}})
    sites = SITES.replace("lat,lon\n", "lat,lon,requested_level\n").replace(
        "US,43.60,-116.20", "US,43.60,-116.20,eight-hours"
    )
    given = sites_file(tmp_path, sites), "P", centers_file(tmp_path, CENTERS)
    told = facts(batch.site_letter(*given, as_of=AS_OF, policy=rules))["From"]
    assert "when BOI opens, 8-hour call-to-repair: " in told


def test_a_site_whose_center_is_to_open(tmp_path: Path) -> None:
    """Gold ships now; Gold Plus delivers from the day on, and not before."""
    text = page(tmp_path, "P")
    told = facts(text)
    assert "<h1>Gold</h1>" in text
    assert told["Promise"] == "Replacement shipped within 1 business day of the RMA number."
    assert told["Clock"].startswith("A shipping clock: it stops when the replacement ships, not")
    assert told["From"] == (
        "Gold on 2026-12-01. From 2026-12-15, when BOI opens, Gold Plus: "
        "Replacement delivered within 4 hours of authorisation."
    )
    assert "6 weeks" in text
    assert "<li>Gold Plus: the replacement is delivered within 4 hours after it is" in text


def test_a_shipping_clock_is_never_printed_as_a_delivery_clock(tmp_path: Path) -> None:
    """Whoever has Gold reads nothing of delivery, but in the clause that says who has not."""
    for site_id in ("F", "D", "R"):
        text = page(tmp_path, site_id)
        assert "shipped within 1 business day" in text
        assert "delivered" not in text.replace("when the replacement is delivered", "x")
    assert "delivery clock" not in text


def test_a_site_that_needs_review(tmp_path: Path) -> None:
    """No promise beyond the fallback; no limit is drawn, and none is told."""
    text = page(tmp_path, "R")
    told = facts(text)
    assert told["From"] == "Gold on 2026-12-01; a higher level only after the review."
    assert told["Country"].startswith("none: the declared country is not a known country")
    assert 'class="limit"' not in text
    assert "Center" not in told


def test_a_center_that_closes_is_told(tmp_path: Path) -> None:
    """The promise has an end, which stands beside its beginning; both where both are known."""
    opened = CENTERS.replace("60.39,5.32,NO,,", "60.39,5.32,NO,2020-05-01,")
    sites, centers = sites_file(tmp_path, SITES), centers_file(tmp_path, opened)
    told = facts(batch.site_letter(sites, "B", centers, as_of=AS_OF))
    assert told["From"] == (
        "In force on 2026-12-01. The center has been open since 2020-05-01. "
        "The center closes on 2027-06-30."
    )
    assert facts(page(tmp_path, "B"))["From"].endswith("The center closes on 2027-06-30.")


def test_a_gate_that_closes_is_heeded(tmp_path: Path) -> None:
    """A site in reach whose row asks for less is promised no more than that, and told why."""
    text = SITES.replace("lat,lon", "lat,lon,requested_level")
    text = text.replace("40.0,-75.0\nP", "40.0,-75.0,Silver\nP")
    sites, centers = sites_file(tmp_path, text), centers_file(tmp_path, CENTERS)
    made = batch.site_letter(sites, "Q", centers, as_of=AS_OF)
    told = facts(made)
    assert "<h1>Silver</h1>" in made
    assert told["Promise"].startswith("Replacement shipped within 1 business day")
    assert told["Requested level"] == "Silver"
    assert "The site does not qualify for a higher level" in made


def test_a_level_without_promise_says_so(tmp_path: Path) -> None:
    """Nothing is promised, and no clock runs; another vendor's clock is its own."""
    told = facts(page(tmp_path, "D", policy="hp-call-to-repair"))
    assert (told["Promise"], told["Clock"]) == ("This level promises no replacement.", "None.")
    told = facts(page(tmp_path, "Q", policy="hp-call-to-repair"))
    assert told["Clock"] == "A repair clock: it stops when the product works again."


def test_a_center_far_away_is_beyond_the_map(tmp_path: Path) -> None:
    """Then the circle stands round the site."""
    near, far = page(tmp_path, "Q"), page(tmp_path, "F")
    assert "70 miles around the center" in near
    assert "70 miles around the site" in far
    assert "The center is outside the map" in far
    assert 'class="center"' not in far
    assert "blue: the center named above" in near
    assert "the center named above" not in far


def test_a_long_text_is_cut_and_that_is_said(tmp_path: Path) -> None:
    """The page is one; what is left out is counted."""
    rows = f"site_id,name,lat,lon,country\nX,{'n' * 5000},40,-75,US\n"
    sites = sites_file(tmp_path, rows)
    text = batch.site_letter(sites, "X", centers_file(tmp_path, CENTERS), as_of=AS_OF)
    assert "n" * 81 not in text
    assert "(4,920 more characters)" in text


def test_the_letter_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    """No script, no reference; a policy that would not let one work."""
    text = page(tmp_path, "Q")
    assert external_links.fetched(text) == []
    assert "<script" not in text
    assert "default-src 'none'; style-src 'sha256-" in text
    assert "unsafe-inline" not in text


def called(*arguments: str | Path) -> None:
    """Call the program with arguments as typed."""
    program.main([str(a) for a in arguments], standalone_mode=False)


def test_the_verb_writes_what_the_library_gives(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One file, and nothing beside it; what is read is never replaced."""
    expected = page(tmp_path, "Q")
    sites, centers = tmp_path / "sites.csv", tmp_path / "network.csv"
    given = ("letter", sites, "--site", "Q", "--centers", centers, "--as-of", AS_OF)
    called(*given, "-o", tmp_path / "q.html")
    assert (tmp_path / "q.html").read_text("utf-8") == expected
    assert capsys.readouterr().out == ""
    assert {p.name for p in tmp_path.iterdir()} == {"sites.csv", "network.csv", "q.html"}
    with pytest.raises(Exception, match="is an input file"):
        called(*given, "-o", sites)
    with pytest.raises(InputError, match="no site has the site_id 'QQ'"):
        called(*given[:3], "QQ", *given[4:], "-o", tmp_path / "q.html")
    assert (tmp_path / "q.html").read_text("utf-8") == expected


def test_a_file_is_published_whole_or_not_at_all(tmp_path: Path) -> None:
    """What stands there stays if the new one cannot be written, and no part is left."""
    path = tmp_path / "a.html"
    atomic.publish(path, "é\n")
    assert path.read_bytes() == "é\n".encode()
    with pytest.raises(PublishError, match=r"nowhere.* cannot be written"):
        atomic.publish(tmp_path / "nowhere" / "a.html", "x")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(PublishError, match=r"folder\.html"):
        atomic.publish(tmp_path / "folder.html", "x")
    assert {p.name for p in tmp_path.iterdir()} == {"a.html", "folder.html"}


PLACES = {
    "basel": (7.5886, 47.5596),
    "fiji-west": (179.9, -16.8),
    "fiji-east": (-179.9, -16.8),
    "south-pole": (0.0, -90.0),
    "north-pole": (12.0, 90.0),
    "alert": (-62.3, 82.5),
}


def corners(svg: str, kind: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Return the corners of a path of the picture."""
    (path,) = re.findall(rf'<path class="{kind}" d="M([^"]*)Z?"', svg)
    pairs = path.rstrip("Z").split()
    return np.array([[float(v) for v in pair.split(",")] for pair in pairs])


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_circle_is_the_geodesic_one(place: tuple[float, float]) -> None:
    """Round a site, all of its rim is as far away as the limit, to the width of the line."""
    site = Spot(*place, "S")
    svg = detail(Scene(site, None, (), 70.0), countries.load())
    (x, y) = (float(v) for v in re.findall(r'<circle class="site" cx="(.*?)" cy="(.*?)"', svg)[0])
    rim = corners(svg, "limit")
    away = np.hypot(*(rim - (x, y)).T)
    assert away.max() - away.min() < 0.4
    assert (x, y) == pytest.approx((WIDTH / 2, HEIGHT / 2), abs=0.2)
    assert rim.min() > 0
    assert (rim < (WIDTH, HEIGHT)).all()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_center_stands_where_it_is_from_the_site(place: tuple[float, float]) -> None:
    """Distance to scale and direction on the page, also across 180 degrees and at the poles."""
    east, north = moved(*place, 60.0, 40 * MILE_M)
    scene = Scene(Spot(*place, "S"), Spot(east, north, "C"), (), 50.0)
    svg = detail(scene, countries.load())
    way = corners(svg, "way")
    (right, down) = way[1] - way[0]
    assert math.degrees(math.atan2(right, -down)) == pytest.approx(60, abs=0.2)
    told = re.findall(r'H(\d+\.\d)V\d+"/><text[^>]*>(\d+) (mi|km)', svg.replace("\n", ""))
    assert [unit for *_, unit in told] == ["mi", "km"]
    metres = math.hypot(right, down) / (40 * MILE_M)
    for end, length, unit in told:
        wide = float(length) * (MILE_M if unit == "mi" else 1000)
        assert float(end) - 40 == pytest.approx(wide * metres, rel=0.01)


def test_land_is_whole_across_the_seam_and_at_the_pole() -> None:
    """Taveuni has land on both sides of 180; the pole stands in the middle of Antarctica."""
    box = (-100_000.0, -60_000.0, 100_000.0, 60_000.0)
    sides = [
        sum(p.area for p in outlines(Plane(lon, -16.8), box).land) for lon in (179.999, -179.999)
    ]
    assert sides[0] == pytest.approx(sides[1], rel=0.01)
    assert sides[0] > 0.05 * 24e9
    pole = outlines(Plane(0.0, -90.0), box)
    assert sum(p.area for p in pole.land) == pytest.approx(24e9, rel=1e-6)
    assert pole.coasts == pole.borders == []


def test_a_border_is_no_coast() -> None:
    """Basel is far from the sea and near three borders; Suva the other way round."""
    box = (-60_000.0, -40_000.0, 60_000.0, 40_000.0)
    basel, suva = (outlines(Plane(*p), box) for p in ((7.5886, 47.5596), (178.4, -18.1)))
    assert (len(basel.coasts), len(suva.borders)) == (0, 0)
    assert basel.borders
    assert suva.coasts


def test_a_plane_goes_both_ways() -> None:
    """Metres to degrees and back, to a millimetre."""
    plane = Plane(179.5, -16.0)
    lon, lat = plane.degrees(90_000.0, -40_000.0)
    assert lon < 0
    assert np.column_stack(plane.metres([lon], [lat]))[0] == pytest.approx(
        [90_000.0, -40_000.0], abs=1e-3
    )


def test_countries_are_named_where_they_have_room() -> None:
    """Near Basel all three; a label of the user is text."""
    svg = detail(Scene(Spot(7.5886, 47.5596, "<b>&"), None, (), 50.0), countries.load())
    named = re.findall(r'class="country"[^>]*>(.*?)<', svg)
    assert sorted(named) == ["France", "Germany", "Switzerland"]
    assert ">&lt;b&gt;&amp;</text>" in svg


def test_a_country_can_fill_the_whole_map() -> None:
    """In the middle of Siberia no border and no coast is near, and all is land."""
    shown = outlines(Plane(100.0, 60.0), (-100_000.0, -60_000.0, 100_000.0, 60_000.0))
    assert sum(p.area for p in shown.land) == pytest.approx(24e9, rel=1e-6)
    assert shown.coasts == shown.borders == []


def test_the_circle_stands_round_the_center() -> None:
    """Its middle is the center's mark, which lies on its own side of the site."""
    scene = Scene(Spot(8.5, 47.4, "S"), Spot(9.0, 47.4, "C"), (), 50.0)
    svg = detail(scene, countries.load())
    rim, (site, center) = corners(svg, "limit"), corners(svg, "way")
    assert (rim.min(axis=0) + rim.max(axis=0)) / 2 == pytest.approx(center, abs=0.5)
    assert center[0] > site[0] + 50
