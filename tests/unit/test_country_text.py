"""What texts of countries mean: numbers as libraries mangle them, codes beside names, regions."""

import csv
import sqlite3
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import coverage_analyzer as ca
from coverage_analyzer import batch
from coverage_analyzer.batch._letter import site_letter
from coverage_analyzer.countries import NONE, UNKNOWN, names
from coverage_analyzer.errors import InputError
from coverage_analyzer.geocoding import query
from coverage_analyzer.schema import columns as tables
from coverage_analyzer.schema.column_matching import Headers, match_columns

AS_OF = "2026-12-01"
CENTERS = "center_id,latitude,longitude,country\nPHL,39.95,-75.16,US\nBER,52.52,13.40,DE\n"
BERLIN = (52.5, 13.4)
SYDNEY = (-33.87, 151.2)


def code(text: str) -> str:
    """Return the alpha-2 code that a text means, ``?`` if it is unknown."""
    table = names.load()
    number = table.number(text)
    return "?" if number == UNKNOWN else table.codes[number]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("36", "AU"), ("36.0", "AU"), ("036", "AU"), ("36.00", "AU"), ("36,0", "AU")),
        *(("4", "AF"), ("4.0", "AF"), ("40.0", "AT"), ("840.0", "US"), (" 840 ", "US")),
        *(("8.40", "?"), ("84.0.", "?"), ("36.5", "?"), ("0.36", "?"), ("3.6.0", "?")),
        *(("360.0", "ID"), ("-840", "?"), ("8400", "?"), ("999", "?"), ("999.0", "?")),
        *(
            ("8.40E+02", "?"),
            ("1,000", "?"),
            ("\uff18\uff14\uff10", "US"),
            ("0", "?"),
            ("0.0", "?"),
        ),
    ],
)
def test_a_number_is_read_as_it_was_meant(text: str, meant: str) -> None:
    """Pandas writes 36 beside an empty cell as 36.0, which is Australia and not Indonesia."""
    assert code(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("Germany (DE)", "DE"), ("United States (US)", "US"), ("Germany [DEU]", "DE")),
        *(("DE - Germany", "DE"), ("USA - United States", "US"), ("DE \u2013 Deutschland", "DE")),
        *(
            ("Germany, DE", "DE"),
            ("DE/Germany", "DE"),
            ("Germany | DE", "DE"),
            ("DE:Germany", "DE"),
        ),
        *(("AE-Utd.Arab Emir.", "AE"), ("DE-Germany", "DE"), ("276 - Germany", "DE")),
        *(("Germany (276.0)", "DE"), ("DE - DEU - Germany", "DE"), ("Deutschland / Germany", "DE")),
        *(("Korea, Republic of (KR)", "KR"), ("Guinea-Bissau (GW)", "GW"), ("(DE)", "DE")),
        *(("GW - Guinea-Bissau", "GW"), ("Bosnia-Herz. (BA)", "BA"), ("CI - Cote d'Ivoire", "CI")),
        *(("Puerto Rico, US", "PR"), ("US/PR", "PR"), ("Jersey, GB", "JE"), ("Aruba (NL)", "AW")),
        *(("DE - France", "?"), ("France (DE)", "?"), ("Georgia (US)", "?"), ("Jersey, US", "?")),
        *(("Serbia/Montenegro", "?"), ("Congo (CD)", "?"), ("IN - CO", "?"), ("Paris, FR", "?")),
        *(("CO - Colorado", "?"), ("CA - California", "?"), ("Germany - Bavaria", "?")),
        *(("Korea (KR)", "?"), ("DE, FR", "?"), ("DE; DE", "DE"), ("AU 36", "?"), ("-", "?")),
        ("Guam / Puerto Rico", "?"),
    ],
)
def test_a_name_and_a_code_in_one_cell_must_agree(text: str, meant: str) -> None:
    """Two countries in a cell are unknown; a territory beside its sovereign is the territory."""
    assert code(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("DE-BY", "DE"), ("US-CA", "US"), ("US-DE", "US"), ("US-GA", "US"), ("gb-eng", "GB")),
        *(("CA-ON", "CA"), ("IN-GA", "IN"), ("CO-DC", "CO"), ("JP-13", "JP"), ("PT-20", "PT")),
        *(("US-PR", "PR"), ("FR-RE", "RE"), ("FR-974", "RE"), ("CN-HK", "HK"), ("NL-AW", "AW")),
        *(("NL-BQ1", "BQ"), ("FI-01", "AX"), ("NO-21", "SJ"), ("CN-TW", "TW"), ("DK-GL", "GL")),
        *(("DE-FR", "?"), ("DE-DE", "DE"), ("DE-XX", "?"), ("XX-BY", "?"), ("US-999", "?")),
        *(("DE-BY (Germany)", "DE"), ("DE - DE-BY", "DE"), ("FR - DE-BY", "?"), ("IN-CO", "?")),
    ],
)
def test_a_code_of_iso_3166_2_names_its_country_or_territory(text: str, meant: str) -> None:
    """Only codes that are in the standard; anything else with a hyphen is two names."""
    assert code(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("Schweizerische Eidgenossenschaft", "CH"), ("Confédération suisse", "CH")),
        *(
            ("Confederazione Svizzera", "CH"),
            ("República del Perú", "PE"),
            ("Ελληνική Δημοκρατία", "GR"),
        ),
        *(
            ("Republik Österreich", "AT"),
            ("Česká republika", "CZ"),
            ("日本国", "JP"),
            ("ประเทศไทย", "TH"),
        ),
        *(("Reino de España", "ES"), ("Magyarország", "HU"), ("Suomen tasavalta", "FI")),
        *(("Republik Indonesia", "ID"), ("المملكة العربية السعودية", "SA"), ("Éire", "IE")),
        *(("Utd.Arab Emir.", "AE"), ("Utd. Arab Emir.", "AE"), ("UTD.ARAB EMIR.", "AE")),
        *(
            ("Bosnia-Herz.", "BA"),
            ("Dominican Rep.", "DO"),
            ("Dom.Rep.", "DO"),
            ("Rep.of Congo", "CG"),
        ),
        *(
            ("Centr.Afr.Rep.", "CF"),
            ("CAR", "CF"),
            ("Dem. Rep. Congo", "CD"),
            ("Russian Fed.", "RU"),
        ),
        *(("N.Mariana Islnd", "MP"), ("St.Pier,Miquel.", "PM"), ("S.Tome,Principe", "ST")),
        *(("Brit.Virgin Is.", "VG"), ("Amer.Virgin Is.", "VI"), ("Trinidad,Tobago", "TT")),
        *(("St Kitts&Nevis", "KN"), ("Heard/McDon.Isl", "HM"), ("Wallis,Futuna", "WF")),
        *(("Elfenbeinküste", "CI"), ("Moldawien", "MD"), ("BRD", "DE"), ("Weißrussland", "BY")),
        *(("Holland", "NL"), ("Tschechei", "CZ"), ("VR China", "CN"), ("P.R.China", "CN")),
        *(("England", "GB"), ("Scotland", "GB"), ("Wales", "GB"), ("Northern Ireland", "GB")),
        *(("EE.UU.", "US"), ("U.S.A.", "US"), ("Etats-Unis", "US"), ("Swasiland", "SZ")),
    ],
)
def test_official_names_and_abbreviations_are_known(text: str, meant: str) -> None:
    """In the languages of the country, as ERP systems cut them, and as people say them."""
    assert code(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("Georgia", "GE"), ("Jersey", "JE"), ("Guinea", "GN"), ("Congo", "CG"), ("Niger", "NE")),
        *(("Nigeria", "NG"), ("IN", "IN"), ("CO", "CO"), ("CA", "CA"), ("Dominica", "DM")),
        *(("Mali", "ML"), ("Austria", "AT"), ("Australia", "AU"), ("Korea", "?"), ("Kongo", "?")),
        *(("New Mexico", "?"), ("New Jersey", "?"), ("Virgin Islands", "?"), ("Guyana", "GY")),
        *(("Republic of China", "TW"), ("China", "CN"), ("Samoa", "WS"), ("Sudan", "SD")),
        *(("Dutch Antilles", "?"), ("Serbia and Montenegro", "?"), ("N/A", "?"), ("8 40", "?")),
    ],
)
def test_false_friends_stay_what_they_are(text: str, meant: str) -> None:
    """More names must not take any away, and what is ambiguous stays for review."""
    assert code(text) == meant


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *(("Áo", "AO"), ("Bỉ", "BI"), ("Çı", "CI"), ("Dé", "DE"), ("DÉU", "DE"), ("Üs", "US")),
        *(("Saint", "ST"), ("saint", "ST"), ("Áo - X", "AO"), ("Bỉ (Europe)", "BI")),
    ],
)
def test_a_short_name_with_accents_is_not_a_code(text: str, meant: str) -> None:
    """Áo is Vietnamese for Austria and Bỉ for Belgium, not the codes of Angola and Burundi."""
    assert code(text) != meant
    assert [code(plain) for plain in ("ao", "(B.I.)", "ST", "\uff24\uff25")] == [
        "AO",
        "BI",
        "ST",
        "DE",
    ]


def test_no_added_name_belongs_to_another_country() -> None:
    """Keys are folded, and each is the country's that the table says."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    table, seen = names.load(), set()
    for row in csv.DictReader((folder / "official_names.csv").read_text("utf-8").splitlines()):
        keys = row["keys"].split("|")
        assert [names.country_key(key) for key in keys] == keys
        assert {table.codes[table.number(key)] for key in keys} == {row["alpha2"]}
        assert not seen & set(keys)
        seen |= set(keys)
    assert len(seen) > 2_000


def test_a_long_hostile_cell_costs_nothing() -> None:
    """Separators by the thousand are not tried in all combinations."""
    assert code("-".join(["DE"] * 5_000) + "-x") == "?"
    assert code("a/b,c - d " * 2_000) == "?"


PAIRS = [
    *(("US", "United States", "US"), ("US", "", "US"), ("", "United States", "US"), ("", "", "")),
    *(
        ("US", "Canada", "?"),
        ("CA", "United States", "?"),
        ("KR", "Korea", "KR"),
        ("US", "x", "US"),
    ),
    *(("XX", "United States", "?"), ("PR", "United States", "PR"), ("US", "Puerto Rico", "US")),
    *(("840.0", "United States", "US"), ("36.0", "Indonesia", "?"), ("NA", "Germany", "?")),
]


@pytest.mark.parametrize(("alpha", "name", "meant"), PAIRS)
def test_of_a_code_and_a_name_in_two_columns_the_code_counts(
    alpha: str, name: str, meant: str
) -> None:
    """A known name of another country makes the row unknown; both faces of the rule agree."""
    table = names.load()
    number = table.agreed([table.numbers([alpha]), table.numbers([name])])[0]
    expected = {"?": UNKNOWN, "": NONE}.get(meant)
    assert number == (table.codes.index(meant) if expected is None else expected)
    assert table.number(table.stated([alpha, name])) == number


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (["Country", "Country Code"], {"country": 1, "country_name": 0}),
        (["country_code", "country"], {"country": 0, "country_name": 1}),
        (["country_name", "iso3"], {"country": 1, "country_name": 0}),
        (["iso3", "country", "iso2"], {"country": 2, "country_name": 0, "country_name_2": 1}),
        (["country", "country_name"], {"country": 0, "country_name": 1}),
    ],
)
def test_two_columns_of_countries_are_read_together(
    headers: list[str], expected: dict[str, int]
) -> None:
    """In sites, centers and addresses; a column of codes counts first."""
    places = {"latitude": len(headers), "longitude": len(headers) + 1}
    all_headers = [*headers, "lat", "lon"]
    assert match_columns(Headers(all_headers, tables.SITES)) == expected | places
    subset = match_columns(Headers(["id", *all_headers], tables.CENTERS))
    assert {n: at - 1 for n, at in subset.items() if n.startswith("country")} == expected
    added = match_columns(Headers(["address", *headers], tables.ADDRESSES))
    assert {n: at - 1 for n, at in added.items() if n.startswith("country")} == expected


@pytest.mark.parametrize("headers", [["country", "cc"], ["Country", "country"], ["iso2", "ISO 2"]])
def test_columns_that_may_be_something_else_are_asked_about(headers: list[str]) -> None:
    """A column ``cc`` may be anything, and two of one name tell nothing."""
    with pytest.raises(InputError, match="could be the column"):
        match_columns(Headers([*headers, "lat", "lon"], tables.SITES))


def sites_file(folder: Path, kind: str) -> Path:
    """Write sites of which the second contradicts itself, as some kind of file."""
    columns = {"site_id": ["a", "b", "c"], "latitude": [39.9, 39.9, 52.5]}
    columns |= {"longitude": [-75.1, -75.1, 13.4], "country": ["USA", "Canada", "Germany"]}
    columns |= {"country_code": ["US", "US", "DE"]}
    frame = pd.DataFrame(columns)
    path = folder / f"s.{kind}"
    match kind:
        case "csv":
            frame.to_csv(path, index=False)
        case "parquet":
            frame.to_parquet(path)
        case "xlsx":
            frame.to_excel(path, index=False, engine="xlsxwriter")
        case _:
            with sqlite3.connect(path) as database:
                frame.to_sql("sites", database, index=False)
    return path


@pytest.mark.parametrize("kind", ["csv", "parquet", "xlsx", "sqlite"])
def test_a_row_whose_columns_contradict_is_for_review_in_every_format(
    tmp_path: Path, kind: str
) -> None:
    """And the others are judged by their code; the columns stay in the report."""
    path = sites_file(tmp_path, kind)
    sites = f"sqlite:///{path}?table=sites" if kind == "sqlite" else path
    (tmp_path / "c.csv").write_text(CENTERS, encoding="utf-8")
    options = batch.Options(map=False, areas=False)
    manifest = batch.run(sites, tmp_path / "c.csv", tmp_path / "r", as_of=AS_OF, options=options)
    with (tmp_path / "r" / "report.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["reason"] for row in rows] == ["within_radius", "country_unknown", "within_radius"]
    assert [row["site_country"] for row in rows] == ["US", "", "DE"]
    assert [row["country"] for row in rows] == ["USA", "Canada", "Germany"]
    columns = manifest["columns"]
    assert (columns["country"], columns["country_name"]) == ("country_code", "country")


def test_frames_timelines_and_letters_read_both_columns_too(tmp_path: Path) -> None:
    """One rule for every way in; what read_sites gives is read as the file was."""
    path = sites_file(tmp_path, "csv")
    (tmp_path / "c.csv").write_text(CENTERS, encoding="utf-8")
    centers = ca.read_centers(tmp_path / "c.csv")
    read = ca.read_sites(path)
    assert {"country", "country_name"} <= set(read.columns)
    for sites in (pd.read_csv(path), read):
        verdicts = ca.assess(sites, centers, as_of=AS_OF)
        assert verdicts["reason"].tolist() == ["within_radius", "country_unknown", "within_radius"]
        changes = ca.timeline(sites, centers, start=AS_OF)
        assert changes["reason"].tolist() == verdicts["reason"].tolist()
    pages = {s: site_letter(path, s, tmp_path / "c.csv", as_of=AS_OF) for s in "abc"}
    assert "Gold Plus" in pages["a"]
    assert "the country of the site is not certain" in pages["b"]


def test_centers_whose_columns_contradict_are_an_error(tmp_path: Path) -> None:
    """In a file and in a frame, with both texts."""
    frame = pd.DataFrame(
        {"center_id": ["A"], "latitude": [39.95], "longitude": [-75.16], "country": ["Canada"]}
    )
    frame["country_code"] = "US"
    frame.to_csv(tmp_path / "c.csv", index=False)
    with pytest.raises(InputError, match=r"line 2 \('A'\).*'US / Canada'"):
        ca.read_centers(tmp_path / "c.csv")
    sites = pd.DataFrame({"latitude": [39.95], "longitude": [-75.16]})
    with pytest.raises(InputError, match="US / Canada"):
        ca.assess(sites, frame, as_of=AS_OF)
    frame["country"] = "United States"
    assert ca.assess(sites, frame, as_of=AS_OF)["status"].tolist() == ["qualified"]


def test_an_address_is_asked_for_in_the_country_of_its_code() -> None:
    """Geocoding reads both columns; two countries are none."""
    cells = {"city": "Vaduz", "country": "LI", "country_name": "Liechtenstein"}
    assert (question := query(cells)) is not None
    assert question.country == "LI"
    assert (question := query({**cells, "country_name": "Austria"})) is not None
    assert question.country == ""


@pytest.mark.parametrize(
    "kind", [pa.float64(), pa.float32(), pa.int16(), pa.decimal128(7, 2), pa.string()]
)
def test_numeric_columns_of_any_type_are_iso_numbers(tmp_path: Path, kind: pa.DataType) -> None:
    """A column of codes with a gap is a column of floats, in Parquet as in pandas."""
    texts = pa.array(["36", None, "276"])
    codes = (
        texts.cast(pa.int16()).cast(kind)
        if kind != pa.string()
        else pa.array(["36.0", "", "276.0"])
    )
    lat, lon = ([place[i] for place in (SYDNEY, SYDNEY, BERLIN)] for i in (0, 1))
    pq.write_table(
        pa.table({"latitude": lat, "longitude": lon, "country": codes}), tmp_path / "s.parquet"
    )
    (tmp_path / "c.csv").write_text(CENTERS, encoding="utf-8")
    options = batch.Options(map=False, areas=False)
    batch.run(
        tmp_path / "s.parquet", tmp_path / "c.csv", tmp_path / "r", as_of=AS_OF, options=options
    )
    with (tmp_path / "r" / "report.csv").open(encoding="utf-8", newline="") as file:
        assert [row["site_country"] for row in csv.DictReader(file)] == ["AU", "AU", "DE"]
    frame = pd.DataFrame({"latitude": lat, "longitude": lon, "country": [36.0, np.nan, 276.0]})
    centers = ca.read_centers(tmp_path / "c.csv")
    assert ca.assess(frame, centers, as_of=AS_OF)["site_country"].tolist() == ["AU", "AU", "DE"]
