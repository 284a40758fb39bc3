"""The letter: it says what the story says, in the words of the right clock, and draws it right."""

import datetime
import html
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from building import karney_m, moved
from running import AS_OF, centers_file, sites_file

from coverage_analyzer import batch, countries
from coverage_analyzer.cli.main import program
from coverage_analyzer.errors import InputError, PublishError
from coverage_analyzer.files import atomic
from coverage_analyzer.geodesy import MILE_M
from coverage_analyzer.maps import external_links
from coverage_analyzer.maps.base_layer import Plane, outlines
from coverage_analyzer.maps.labels import Box, text_width
from coverage_analyzer.maps.letter_map import HEIGHT, WIDTH, Drawing, Scene, Spot
from coverage_analyzer.maps.letterhead import Letterhead, Particulars
from coverage_analyzer.matching.areas import areas
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.matching.matcher import Matcher
from coverage_analyzer.policy import Policy, builtin
from coverage_analyzer.schema import actions
from coverage_analyzer.schema.verdict import Reason

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


def page(folder: Path, site_id: str, **options: Any) -> str:
    """Return the letter on one of the sites."""
    sites, centers = sites_file(folder, SITES), centers_file(folder, CENTERS)
    return batch.site_letter(sites, site_id, centers, **({"as_of": AS_OF} | options))


def facts(text: str) -> dict[str, str]:
    """Return the rows of a letter as text."""
    rows = re.findall(r"<dt>(.*?)</dt><dd.*?>(.*?)</dd>", text)
    return {name: re.sub(r"<.*?>", "", words) for name, words in rows}


def answer(text: str) -> list[str]:
    """Return what a letter says above its facts, as text."""
    block = re.search(r'<header class="answer.*?</header>', text, re.DOTALL)
    assert block is not None
    return [
        html.unescape(re.sub(r"<.*?>", "", part))
        for part in re.findall(r"<(?:p|h1)\b.*?>(.*?)</(?:p|h1)>", block[0])
    ]


DELIVERED = (
    "A replacement is delivered to this site within 4 hours after the replacement is authorised."
)
SHIPPED = "A replacement is shipped within 1 business day after the RMA (return) number is issued."
NEAR_PHILADELPHIA = (
    "The site is {:.1f} miles from service center Philadelphia (PHL). Gold Plus requires a service "
    "center within 70 miles in the same country (United States)."
)
NOT_ARRIVED = "This is the time until the replacement is shipped, not until it arrives."


def test_a_site_that_qualifies(tmp_path: Path) -> None:
    """The promise first, in a customer's words; then address, hours, center, clauses, source."""
    text = page(tmp_path, "Q")
    messages = facts(text)
    miles = karney_m(-75.0, 40.0, -75.16, 39.95) / MILE_M
    assert answer(text) == [
        "Gold Plus",
        "for Alpha & Sons (Q)",
        DELIVERED,
        NEAR_PHILADELPHIA.format(miles),
    ]
    assert messages["Site"] == "Alpha &amp; Sons (Q)"
    assert messages["Address"] == "Market St 1, Philadelphia 19106, United States"
    assert messages["Service hours"] == "24 hours a day, 7 days a week, all year round"
    assert messages["Service center"] == f"Philadelphia, {miles:.1f} miles from the site"
    assert messages["Date"] == "1 December 2026"
    assert "Valid until" not in messages
    assert "<li>In the United States a site qualifies within 70 miles" in text
    assert "Source: Citrix, Appliance Maintenance, http://www.citrix.com/support" in text
    assert f"{miles:.3f} miles of 70" in text.partition("For audit:")[2]
    assert "Borders © OpenStreetMap contributors (ODbL)" in text


def test_inside_words_stay_inside(tmp_path: Path) -> None:
    """No hash, code or datum but in the line for audit, and nothing on how terms were read."""
    for site_id in "QPFRBD":
        text = page(tmp_path, site_id).partition("<main")[2]
        body, _, audit = text.partition("<footer>For audit")
        words = re.sub(r"<(style|svg)\b.*?</\1>", "", body, flags=re.DOTALL)
        assert "sha256" in audit
        for inside in ("sha256", "WGS 84", "24x7", "declared", "within_radius", " in US", "co.kr"):
            assert inside not in words, (site_id, inside)
        assert "check marks" not in body + audit


def test_kilometres_where_roads_have_them(tmp_path: Path) -> None:
    """Beside the miles of the policy; in the United States and in Britain miles alone."""
    norwegian, american = page(tmp_path, "B"), page(tmp_path, "Q")
    assert "within 50 miles (80.5 km) in the same country (Norway)" in norwegian
    assert " km" not in re.sub(r"<svg.*?</svg>", "", american, flags=re.DOTALL)


def test_near_the_limit_the_distance_is_not_rounded_onto_it(tmp_path: Path) -> None:
    """49.95 of 50 miles has three decimals, and so has 50.04: neither reads 50."""
    for metres, level in ((49.95 * MILE_M, "Gold Plus"), (50.04 * MILE_M, "Gold")):
        lon, lat = moved(5.32, 60.39, 0.0, metres)
        rows = f"site_id,lat,lon,country\nX,{lat},{lon},NO\n"
        sites, centers = sites_file(tmp_path, rows), centers_file(tmp_path, CENTERS)
        text = batch.site_letter(sites, "X", centers, as_of=AS_OF)
        assert f"<h1>{level}</h1>" in text
        assert f"{metres / MILE_M:.3f} miles" in text


def test_a_center_that_may_be_too_far_by_road_is_no_promise(tmp_path: Path) -> None:
    """Where miles count by road, and nobody has measured them, the level to come is a maybe."""
    text = page(tmp_path, "P", policy="watchguard-premium-rma")
    assert answer(text)[-1] == (
        "From 15 December 2026, when service center Boise (BOI) opens, possibly Premium 4-Hour "
        "RMA: the distance by road has not been checked, so this is not promised yet."
    )
    assert "within 4 hours" not in "".join(answer(text))
    assert facts(text)["In force"].startswith("Standard as of 1 December 2026.")


def test_the_level_to_come_is_the_one_that_was_bought(tmp_path: Path) -> None:
    """Of the band whose limit applied, however near the center will be."""
    hp = builtin()["hp-call-to-repair"].model_dump(mode="json")
    rules = Policy.from_mapping(hp | {"gates": {"request": {"clause": "zone-50"}}})
    sites = SITES.replace("lat,lon\n", "lat,lon,requested_level\n").replace(
        "US,43.60,-116.20", "US,43.60,-116.20,eight-hours"
    )
    arguments = sites_file(tmp_path, sites), "P", centers_file(tmp_path, CENTERS)
    text = batch.site_letter(*arguments, as_of=AS_OF, policy=rules)
    assert "From 15 December 2026: 8-hour call-to-repair. The product works again" in text


def test_a_site_whose_center_is_to_open(tmp_path: Path) -> None:
    """Gold ships now; Gold Plus delivers from the day on, and not before."""
    text = page(tmp_path, "P")
    assert answer(text)[:5] == [
        "Gold",
        "for Boise (P)",
        SHIPPED,
        NOT_ARRIVED,
        f"From 15 December 2026: Gold Plus. {DELIVERED}",
    ]
    assert "On that day service center Boise (BOI) is to open, if all goes as planned." in text
    assert facts(text)["In force"] == (
        "Gold as of 1 December 2026; Gold Plus from 15 December 2026 on."
    )
    assert "6 weeks" in text
    assert "<li>Gold Plus: the replacement is delivered within 4 hours after it is" in text
    assert 'class="planned"' in text


def test_a_shipping_clock_is_never_printed_as_a_delivery_clock(tmp_path: Path) -> None:
    """Whoever has Gold reads nothing of delivery, and that shipped is not arrived."""
    for site_id in ("F", "D"):
        text = page(tmp_path, site_id)
        assert answer(text)[2:4] == [SHIPPED, NOT_ARRIVED]
        assert "delivered" not in text


def test_a_site_that_needs_review(tmp_path: Path) -> None:
    """Nothing is promised, not even the fallback; what is to be cleared is said."""
    text = page(tmp_path, "R")
    assert answer(text) == [
        "To be confirmed",
        "for Lost (R)",
        "The service level of this site cannot be confirmed yet.",
        "To be cleared: the country of the site is not certain. Please confirm it.",
    ]
    result = facts(text)
    assert not {"Service hours", "In force", "Service center", "Valid until"} & set(result)
    assert "within 1 business day" not in text
    assert 'class="limit"' not in text


@pytest.mark.parametrize("country", ["US", "DE", ""])
def test_without_a_place_there_is_no_limit_among_the_conditions(
    tmp_path: Path, country: str
) -> None:
    """At 0, 0 no country is known, so that neither 70 nor 50 miles can be told to a customer."""
    sites = sites_file(tmp_path, f"site_id,country,lat,lon\nN,{country},0,0\n")
    text = batch.site_letter(sites, "N", centers_file(tmp_path, CENTERS), as_of=AS_OF)
    assert "the position of the site is missing" in text
    assert "miles of a service center" not in text


def test_a_review_names_no_center_that_its_caption_could_mean(tmp_path: Path) -> None:
    """The body of such a letter has no center: the map's is the nearest one."""
    sites = sites_file(tmp_path, "site_id,country,lat,lon,accuracy_m\nB,US,40.96,-75.16,9000\n")
    text = batch.site_letter(sites, "B", centers_file(tmp_path, CENTERS), as_of=AS_OF)
    assert "cannot be confirmed yet" in text
    assert ("filled: the nearest one" in text, "named above" in text) == (True, False)
    assert "filled: the one named above" in page(tmp_path, "Q")


def test_each_reason_of_a_review_has_its_words() -> None:
    """A customer reads what to clear, whatever the reason."""
    never = {"within_radius", "center_opens_later", "beyond_radius", "no_center_in_country"}
    never |= {"level_not_requested", "component_excluded", "lifecycle_phase"}
    never |= {"no_distance_limit"}
    assert {reason.name for reason in Reason} - never == {r.name for r in actions.TO_CLEAR}


def test_a_center_that_closes_ends_the_promise(tmp_path: Path) -> None:
    """The letter is valid up to the last day of the promise, whatever the letterhead says."""
    result = facts(page(tmp_path, "B"))
    assert result["Valid until"] == "29 June 2027"
    assert result["In force"] == (
        "As of 1 December 2026. Until 29 June 2027, because a service center closes."
    )
    head = Letterhead(letter=Particulars(valid_until=datetime.date(2027, 12, 31)))
    longer = page(tmp_path, "B", options=batch.LetterOptions(letterhead=head))
    assert facts(longer)["Valid until"] == "29 June 2027"
    shorter = Letterhead(letter=Particulars(valid_days=30))
    result = facts(page(tmp_path, "B", options=batch.LetterOptions(letterhead=shorter)))
    assert result["Valid until"] == "31 December 2026"


def test_another_center_in_reach_keeps_the_promise(tmp_path: Path) -> None:
    """It ends when the last one closes, and not at all if one stays; a later one may save it."""
    for rows, until in (
        ("B2,Bergen 2,60.4,5.3,NO,,\n", None),
        ("B2,Bergen 2,60.4,5.3,NO,,2027-09-01\n", "31 August 2027"),
        ("B2,Bergen 2,60.4,5.3,NO,2027-06-30,\n", None),
        ("B2,Bergen 2,60.4,5.3,NO,2027-07-01,\n", "29 June 2027"),
        ("S1,Malmo,55.6,13.0,SE,,\n", "29 June 2027"),
    ):
        centers = centers_file(tmp_path, CENTERS + rows)
        text = batch.site_letter(sites_file(tmp_path, SITES), "B", centers, as_of=AS_OF)
        assert facts(text).get("Valid until") == until, rows


def test_a_support_phase_ends_the_promise(tmp_path: Path) -> None:
    """The last day of the last phase is the last day of the letter, of Gold as of Gold Plus."""
    products = tmp_path / "p.csv"
    products.write_text(
        "product,mainstream_ends_on,extended_ends_on\nMPX,2026-12-31,2027-05-31\n", encoding="utf-8"
    )
    rows = SITES.replace("lat,lon\n", "lat,lon,product\n").replace("\nQ,", "\nQ,", 1)
    rows = rows.replace("40.0,-75.0\nP", "40.0,-75.0,MPX\nP").replace("-95.93\n", "-95.93,MPX\n")
    source = sites_file(tmp_path, rows), centers_file(tmp_path, CENTERS)
    options = batch.Options(products=products)
    for site_id in "QF":
        text = batch.site_letter(source[0], site_id, source[1], as_of=AS_OF, options=options)
        messages = facts(text)
        assert messages["Valid until"] == "31 May 2027"
        assert "because a support phase of the product ends" in messages["In force"]
        assert messages["Product"] == "MPX"


def test_a_gate_that_closes_is_heeded(tmp_path: Path) -> None:
    """A site in reach whose row asks for less is promised no more than that, and told why."""
    text = SITES.replace("lat,lon", "lat,lon,requested_level")
    text = text.replace("40.0,-75.0\nP", "40.0,-75.0,Silver\nP")
    sites, centers = sites_file(tmp_path, text), centers_file(tmp_path, CENTERS)
    result = batch.site_letter(sites, "Q", centers, as_of=AS_OF)
    assert answer(result)[0] == "Silver"
    assert answer(result)[2] == SHIPPED
    assert answer(result)[-1] == "Silver is the level purchased for this site."
    assert facts(result)["Level purchased"] == "Silver"


def test_a_level_without_promise_says_so(tmp_path: Path) -> None:
    """Nothing is promised; another vendor's clock is its own."""
    result = page(tmp_path, "D", policy="hp-call-to-repair")
    assert answer(result)[2] == "This level includes no replacement."
    result = page(tmp_path, "Q", policy="hp-call-to-repair")
    assert answer(result)[2].startswith("The product works again within 6 hours after")


def test_a_center_far_away_is_beyond_the_map(tmp_path: Path) -> None:
    """Then the limit stands round the site, as a line: it is no coverage area."""
    near, far = page(tmp_path, "Q"), page(tmp_path, "F")
    assert "Shaded: within 70 miles of it, in the same country" in near
    assert "Dashed: 70 miles around the site" in far
    assert "The nearest service center is outside the map" in far
    assert 'class="center"' not in far
    assert ('class="limit"' in near, 'class="reach"' in far) == (True, True)


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
    arguments = ("letter", sites, "--site", "Q", "--centers", centers, "--as-of", AS_OF)
    called(*arguments, "-o", tmp_path / "q.html")
    assert (tmp_path / "q.html").read_text("utf-8") == expected
    assert capsys.readouterr().out == ""
    assert {p.name for p in tmp_path.iterdir()} == {"sites.csv", "network.csv", "q.html"}
    with pytest.raises(Exception, match="is an input file"):
        called(*arguments, "-o", sites)
    with pytest.raises(InputError, match="no site has the site_id 'QQ'"):
        called(*arguments[:3], "QQ", *arguments[4:], "-o", tmp_path / "q.html")
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


def drawing(
    *centers: tuple[str, float, float], country: str = "US", trusted: bool = False
) -> Drawing:
    """Return what draws the maps of a network of the given centers."""
    ids, lon, lat = zip(*(centers or [("FAR", -98.0, 39.0)]), strict=True)
    texts = {"center_id": list(ids), "country": [country] * len(ids)}
    network = Centers.from_texts(texts, np.array(lon), np.array(lat), list(map(str, ids)))
    day = datetime.date.fromisoformat(AS_OF)
    world = countries.load()
    return Drawing(Matcher(network, Policy.load(), world, as_of=day, trust_declared=trusted))


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_the_circle_is_the_geodesic_one(place: tuple[float, float]) -> None:
    """Round a site, all of its rim is as far away as the limit, to the width of the line."""
    svg = drawing().picture(Scene(Spot(*place, "S"), None, 70.0))
    (x, y) = (float(v) for v in re.findall(r'<circle class="site" cx="(.*?)" cy="(.*?)"', svg)[0])
    rim = corners(svg, "reach")
    away = np.hypot(*(rim - (x, y)).T)
    assert away.max() - away.min() < 0.7
    assert (x, y) == pytest.approx((WIDTH / 2, HEIGHT / 2), abs=1)
    assert rim.min() > 0
    assert (rim < (WIDTH, HEIGHT)).all()


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_a_center_stands_where_it_is_from_the_site(place: tuple[float, float]) -> None:
    """Distance to scale and direction on the page, also across 180 degrees and at the poles."""
    east, north = moved(*place, 60.0, 40 * MILE_M)
    result = drawing(("C", east, north), trusted=True)
    svg = result.picture(Scene(Spot(*place, "S"), 0, 50.0))
    way = corners(svg, "way")
    (right, down) = way[1] - way[0]
    assert math.degrees(math.atan2(right, -down)) == pytest.approx(60, abs=0.2)
    matches = re.findall(r'h(\d+\.\d)v-12"/>\s*<text[^>]*>(\d+) (mi|km)', svg)
    assert [unit for *_, unit in matches] == ["mi", "km"]
    metres = math.hypot(right, down) / (40 * MILE_M)
    for end, length, unit in matches:
        wide = float(length) * (MILE_M if unit == "mi" else 1000)
        assert float(end) == pytest.approx(wide * metres, rel=0.01)


def test_the_area_is_that_of_a_run_cut_at_borders() -> None:
    """At Basel it ends at the border; the picture has the outline of ``areas.geojson``."""
    center = ("BSL", 7.6, 47.55)
    result = drawing(center, country="CH")
    site = Spot(7.592, 47.556, "S")
    svg = result.picture(Scene(site, 0, 50.0, country="CH"))
    matcher = result.matcher
    outcome = areas(
        matcher.centers, matcher.center_country, matcher.policy, matcher.world, np.datetime64(AS_OF)
    )
    plane = Plane(site.lon, site.lat)
    at = shapely.get_coordinates(outcome.geometry[0])
    there = shapely.Polygon(np.column_stack(plane.metres(at[:, 0], at[:, 1])))
    drawn = shapely.Polygon(corners(svg, "limit"))
    (end, length), *_ = re.findall(r'h(\d+\.\d)v-12"/>\s*<text[^>]*>(\d+) km', svg)
    metres = int(length) * 1000 / float(end)
    assert drawn.area * metres**2 == pytest.approx(there.area, rel=0.01)
    assert there.area < 0.6 * math.pi * (50 * MILE_M) ** 2


def boxes(svg: str) -> list[tuple[str, Box]]:
    """Return the kind of each label of a picture, with the box that its text takes on paper."""
    sizes = {"site-name": 34, "center-name": 34, "other-name": 26, "scale-name": 28, "country": 36}
    sizes["town-name"] = 26
    result = []
    for kind, x, y, anchor, text in re.findall(
        r'<text class="([\w-]+)" x="(-?\d+)" y="(-?\d+)"(?: text-anchor="(\w+)")?>(.*?)</text>', svg
    ):
        wide, size = text_width(html.unescape(text), sizes[kind]), sizes[kind]
        left = float(x) - wide * {"": 0, "end": 1, "middle": 0.5}[anchor]
        result.append((kind, Box(left, float(y) - size * 0.8, left + wide, float(y) + size * 0.25)))
    return result


CROWDS = {
    "a ring of centers": [
        (f"C-{n}", 8.5 + 0.2 * math.cos(n), 47.4 + 0.15 * math.sin(n)) for n in range(24)
    ],
    "one above the other": [("A-VERY-LONG-CENTER-ID", 8.5, 47.401), ("B", 8.5, 47.399)],
    "in each corner": [("NW", 7.6, 48.0), ("NE", 9.4, 48.0), ("SW", 7.6, 46.8), ("SE", 9.4, 46.8)],
}


@pytest.mark.parametrize("centers", CROWDS.values(), ids=CROWDS)
def test_labels_and_scale_cover_nothing(centers: list[tuple[str, float, float]]) -> None:
    """No label touches another or a mark; the scale box is off site and center."""
    result = drawing(*centers, country="CH", trusted=True)
    svg = result.picture(
        Scene(Spot(8.5, 47.4, "The name of the site is long"), 0, 50.0, country="CH")
    )
    outcome = boxes(svg)
    assert {"site-name", "center-name", "country"} <= {kind for kind, _ in outcome}
    for n, (kind, box) in enumerate(outcome):
        for other, another in outcome[n + 1 :]:
            assert box.overlap(another) == 0, (kind, other)
    (back,) = re.findall(r'"scale-back" x="(\d+)" y="(\d+)" width="(\d+)" height="(\d+)"', svg)
    x, y, wide, high = map(float, back)
    scale = Box(x, y, x + wide, y + high)
    for mark_x, mark_y in re.findall(r'class="site" cx="(.*?)" cy="(.*?)"', svg):
        assert (
            scale.overlap(
                Box(
                    *(float(v) - 13 for v in (mark_x, mark_y)),
                    *(float(v) + 13 for v in (mark_x, mark_y)),
                )
            )
            == 0
        )
    assert all(box.overlap(scale) == 0 for kind, box in outcome if kind != "scale-name")


def test_the_name_of_a_country_is_off_the_boundary() -> None:
    """In the middle of a large country, where the circle takes most of the picture."""
    result = drawing(("MCI", -98.0, 39.0), country="US")
    svg = result.picture(Scene(Spot(-98.3, 39.2, "S"), 0, 70.0, country="US"))
    rim = shapely.LineString(corners(svg, "limit"))
    (box,) = (box for kind, box in boxes(svg) if kind == "country")
    assert not shapely.box(box.left, box.top, box.right, box.bottom).intersects(rim)


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
    svg = drawing().picture(Scene(Spot(7.5886, 47.5596, "<b>&"), None, 50.0))
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
    result = drawing(("C", 24.0, 60.9), country="FI")
    svg = result.picture(Scene(Spot(23.5, 60.9, "S"), 0, 30.0, country="FI"))
    rim, (site, center) = corners(svg, "limit"), corners(svg, "way")
    assert (rim.min(axis=0) + rim.max(axis=0)) / 2 == pytest.approx(center, abs=1)
    assert center[0] > site[0] + 50
