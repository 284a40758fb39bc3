"""A table means the same in every dialect, encoding, language of its header and notation."""

import csv
import io
import tempfile
import warnings
from pathlib import Path
from typing import Final, NamedTuple

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

import coverage_analyzer as ca
from coverage_analyzer.files.readers.delimited import Dialect

CENTERS: Final = """center_id,country,latitude,longitude
US-1,US,40.0,-95.0
DE-1,DE,50.0,8.5
FJ-1,FJ,-17.8,178.0
JP-1,JP,35.68,139.7
"""
PLACE_OF: Final = {
    row["country"]: (float(row["latitude"]), float(row["longitude"]))
    for row in csv.DictReader(io.StringIO(CENTERS))
}
LIMITS: Final = {"US": 70 / 69, "DE": 50 / 69, "FJ": 50 / 69, "JP": 50 / 69}
"""The limit of each country in degrees of latitude, nearly: places are drawn about it."""

HEADERS: Final = {
    "English": ("Customer ID", "Country", "Latitude", "Longitude"),
    "system": ("account_id", "ShippingCountry", "ShippingLatitude", "ShippingLongitude"),
    "German": ("Kundennummer", "Land", "Breitengrad", "Längengrad"),
    "French": ("Code client", "Pays", "Latitude", "Longitude"),
    "Spanish": ("Código cliente", "País", "Latitud", "Longitud"),
    "Japanese": ("顧客番号", "国", "緯度", "経度"),
    "Russian": ("Номер клиента", "Страна", "Широта", "Долгота"),
}
ENCODINGS: Final = {
    "utf-8": HEADERS.keys(),
    "utf-8-sig": HEADERS.keys(),
    "utf-16": HEADERS.keys(),
    "cp1252": ("English", "system", "German", "French", "Spanish"),
    "cp932": ("English", "system", "Japanese"),
    "cp1251": ("English", "system", "Russian"),
}
COUNTRIES: Final = {"US": "United States", "DE": "Deutschland", "FJ": "Fiji", "JP": "JPN"}


class Way(NamedTuple):
    """How a table is exported."""

    language: str
    encoding: str
    delimiter: str
    notation: str
    titles: int
    names: bool


WAYS = st.sampled_from(sorted(ENCODINGS)).flatmap(
    lambda encoding: st.builds(
        Way,
        st.sampled_from(sorted(ENCODINGS[encoding])),
        st.just(encoding),
        st.sampled_from([",", ";", "\t", "|"]),
        st.sampled_from(["point", "comma", "letters", "minutes"]),
        st.sampled_from([0, 0, 1, 3]),
        st.booleans(),
    )
)
PLACES = st.lists(
    st.tuples(
        st.sampled_from(sorted(LIMITS)),
        st.floats(-1.5, 1.5).map(lambda share: round(share, 4)),
        st.floats(-1.5, 1.5).map(lambda share: round(share, 4)),
    ),
    min_size=1,
    max_size=12,
)


def degrees(value: float, axis: str, notation: str) -> str:
    """Return a coordinate of five decimals in a notation, which loses nothing."""
    if notation == "point":
        return f"{value:.5f}"
    if notation == "comma":
        return f"{value:.5f}".replace(".", ",").replace("-", "\N{MINUS SIGN}")
    letter = axis[value < 0]
    if notation == "letters":
        return f"{abs(value):.5f}° {letter}"
    hundredths = round(abs(value) * 360_000)  # of a second
    whole, rest = divmod(hundredths, 360_000)
    return f"{whole}°{rest // 6000}'{rest % 6000 / 100:05.2f}\"{letter}"


def sites(places: list[tuple[str, float, float]]) -> pd.DataFrame:
    """Return sites about the centers, by shares of the limit, to a hundredth of a second."""
    rows = []
    for number, (country, north, east) in enumerate(places):
        latitude, longitude = PLACE_OF[country]
        lat = latitude + north * LIMITS[country]
        lon = (longitude + east * LIMITS[country] + 180) % 360 - 180
        fine = [round(round(x * 360_000) / 360_000, 5) for x in (lat, lon)]
        rows.append((f"{number:04}", country, *fine))
    return pd.DataFrame(rows, columns=["site_id", "country", "latitude", "longitude"])


def exported(table: pd.DataFrame, way: Way) -> bytes:
    """Return the bytes of an export."""
    file = io.StringIO(newline="")
    file.write("Export\r\n" * way.titles)
    writer = csv.writer(file, delimiter=way.delimiter)
    writer.writerow(HEADERS[way.language])
    for site in table.itertuples():
        country = COUNTRIES[site.country] if way.names else site.country
        lat = degrees(site.latitude, "NS", way.notation)
        lon = degrees(site.longitude, "EW", way.notation)
        writer.writerow([site.site_id, country, lat, lon])
    return file.getvalue().encode(way.encoding)


VERDICT: Final = ["level", "status", "reason", "center_id", "site_country", "centers_in_reach"]


def verdicts(path: Path, data: bytes, encoding: str = "") -> pd.DataFrame:
    """Return the verdicts of a file with some bytes; its id is called ``site_id``."""
    path.write_bytes(data)
    centers = path.with_name("centers.csv")
    centers.write_text(CENTERS, encoding="utf-8")
    sites = ca.read_sites(path, dialect=Dialect(encoding=encoding))
    return ca.assess(sites, ca.read_centers(centers), as_of="2026-12-01")


@settings(max_examples=25, deadline=None)
@given(PLACES, WAYS)
def test_the_verdicts_of_an_export_are_those_of_its_table(
    places: list[tuple[str, float, float]], way: Way
) -> None:
    """Whatever the dialect, the encoding, the language of the header and the notation."""
    table = sites(places)
    if way.notation == "comma" and way.encoding.startswith("cp"):  # has no minus sign of its own
        way = way._replace(notation="point")
    # A header of a few words in a code page can be read in several ways, so that it is given.
    given = way.encoding if way.encoding.startswith("cp") else ""
    with tempfile.TemporaryDirectory() as folder:
        expected = verdicts(Path(folder) / "plain.csv", table.to_csv(index=False).encode())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            result = verdicts(Path(folder) / "export.csv", exported(table, way), given)
    assert any("above the header" in str(each.message) for each in caught) == bool(way.titles)
    assert result["site_id"].tolist() == expected["site_id"].tolist()
    for column in VERDICT:
        assert result[column].astype(str).tolist() == expected[column].astype(str).tolist()
    difference = (result["distance_miles"] - expected["distance_miles"]).abs()
    assert difference.fillna(0).max() <= 0.001
