"""The parts of an address are found in the languages of the readers, by every command alike."""

from pathlib import Path

import pandas as pd
import pytest
from running import centers_file

import coverage_analyzer as ca
from coverage_analyzer.addresses.lines import address_lines
from coverage_analyzer.batch._commitments import answer_requests
from coverage_analyzer.schema.address_columns import address_columns

HEADERS = {
    "German": "Straße, Hausnummer, PLZ, Ort",
    "German, SAP": "STRAS, PSTLZ, ORT01",
    "German, joined": "Straße und Hausnummer, PLZ Ort",
    "French": "Rue, Code postal, Ville",
    "Italian": "Via, Numero civico, CAP, Città",
    "Spanish": "Calle, Código postal, Ciudad, Provincia",
    "Portuguese": "Logradouro, Número, CEP, Cidade, UF",
    "Dutch": "Straat, Huisnummer, Postcode, Plaats",
    "Swedish": "Gatuadress, Postnummer, Postort",
    "Danish": "Vejnavn, Postnr, By",
    "Finnish": "Katuosoite, Postinumero, Kaupunki",
    "Polish": "Ulica, Numer domu, Kod pocztowy, Miasto",
    "Czech": "Ulice, Číslo popisné, PSČ, Město",
    "Hungarian": "Utca, Házszám, Irányítószám, Város",
    "Greek": "Οδός, ταχυδρομικός κώδικας, Πόλη",
    "Russian": "Улица, Почтовый индекс, Город",
    "Japanese": "郵便番号, 都道府県, 市区町村, 番地",
    "Chinese": "街道, 邮政编码, 城市",
    "Korean": "도로명, 우편번호, 도시",
    "Salesforce": "BillingStreet, BillingPostalCode, BillingCity, BillingState",
}


@pytest.mark.parametrize("headers", HEADERS.values(), ids=HEADERS)
def test_all_parts_are_found(headers: str) -> None:
    """Each header is a part, whatever the language."""
    names = headers.split(", ")
    result = address_columns([*names, "lat", "lon"], {"latitude": len(names)})
    assert sorted(result.parts.values()) == list(range(len(names)))
    assert {"street", "city"} <= set(result.parts)


def test_the_address_is_the_one_whose_coordinates_are_read() -> None:
    """Of billing and shipping, that of the latitude; without an owner, one of them, not a mix."""
    names = ["BillingStreet", "BillingCity", "ShippingStreet", "ShippingCity"]
    billed = address_columns([*names, "BillingLatitude"], {"latitude": 4})
    shipped = address_columns([*names, "ShippingLatitude"], {"latitude": 4})
    assert (billed.parts, shipped.parts) == (
        {"street": 0, "city": 1},
        {"street": 2, "city": 3},
    )
    neither = address_columns(names, {}).parts
    assert {names[i][:4] for i in neither.values()} == {"Ship"}


def test_several_names_of_a_part_and_further_lines() -> None:
    """The first name counts; a building and a floor follow the street."""
    result = address_columns(["town", "Building", "street", "road", "city", "Floor"], {})
    assert (result.parts, result.extra) == ({"street": 2, "city": 4}, (1, 5))
    assert not address_columns(["Country", "State", "lat"], {"country": 0})


def test_lines_follow_the_country() -> None:
    """Number and postcode stand where the country has them; nothing is said twice."""
    cells = {"street": "High St", "house_number": "5", "postcode": "X1", "city": "Town"}
    assert address_lines(cells, country="GB") == ("5 High St", "Town X1")
    assert address_lines(cells, country="DE") == ("High St 5", "X1 Town")
    assert address_lines({**cells, "state": "ST"}, country="US") == ("5 High St", "Town, ST X1")
    assert address_lines({**cells, "city": "Town", "state": "town"}, country="DE")[-1] == "X1 Town"
    whole = {"address": "5 High St\nTown", "city": "Town", "postcode": "X1"}
    assert address_lines(whole, country="GB") == ("5 High St", "Town", "Town X1")


CENTERS = "center_id,lat,lon,country\nMUC,48.14,11.58,DE\n"
SITES = """\
Kundennummer;Straße;Hausnr.;PLZ;Ort;Land;Breitengrad;Längengrad
K1;Marienplatz;1;80331;München;DE;48.137;11.575
"""
ASKED = """\
request_id,site_id,authorised_at,Straße,PLZ,Ort
R1,K1,2026-12-01T10:00:00+01:00,Marienplatz 1,80331,München
R2,K1,2026-12-01T10:00:00+01:00,Domplatz 9,50667,Köln
"""


def test_commitments_compare_addresses_in_parts(tmp_path: Path) -> None:
    """A registered address in parts is compared with a requested one in parts: same, different."""
    sites, requests = tmp_path / "s.csv", tmp_path / "r.csv"
    sites.write_text(SITES, encoding="utf-8")
    requests.write_text(ASKED, encoding="utf-8")
    output = tmp_path / "out.csv"
    manifest = answer_requests(requests, sites, centers_file(tmp_path, CENTERS), output)
    answers = pd.read_csv(output)
    assert answers["status"].tolist() == ["promised", "refused"]
    assert answers["reason"].tolist()[1] == "address_different"
    assert not [text for text in manifest["warnings"] if "not compared" in text]
    network = ca.read_centers(tmp_path / "network.csv")
    frame = pd.read_csv(sites, sep=";", dtype={"PLZ": str}).rename(
        columns={"Kundennummer": "site_id", "Breitengrad": "latitude", "Längengrad": "longitude"}
    )
    framed = ca.commitments(pd.read_csv(requests, dtype={"PLZ": str}), frame, network)
    assert framed["reason"].tolist() == answers["reason"].fillna("").tolist()
