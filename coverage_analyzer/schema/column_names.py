# ruff: noqa: RUF001 - names are written in the letters of their languages
"""What columns are called in exports of the languages and systems that we know.

The only place with such names. They are compared by `name_key`: case, accents, spaces and
punctuation do not count. Names come from ERP, CRM and GIS exports and open data (SAP, Salesforce,
Dynamics, GTFS, OurAirports, US Census, IPEDS, HIFLD, Natural Earth, OpenStreetMap) and from what
spreadsheets of each language call such columns.
"""

import functools
import itertools
import re
import unicodedata
from collections.abc import Iterable
from typing import Final, NamedTuple

_MARKS = re.compile("[\u0300-\u036f]")
_EDGE = re.compile(r"(?<=[a-z\u00df-\u00f6\u00f8-\u00ff])(?=[A-Z\u00c0-\u00d6\u00d8-\u00de])")
_NO_WORD = re.compile(r"[\W_]+")
_NUMBER_SIGN = re.compile(r"(?<=\w)[.\s]*#(?=\s*$)")


@functools.cache
def name_key(header: str) -> str:
    """Return a header without case, accents, spaces and punctuation: what is compared.

    Examples
    --------
    >>> [name_key(header) for header in ("Längengrad", "N° agence", "GPS_Lat", "緯度")]
    ['langengrad', 'nagence', 'gpslat', '緯度']
    """
    return "".join(words(header))


def words(header: str) -> list[str]:
    """Return the words of a header, each without case and accents.

    Examples
    --------
    >>> words("BillingLatitude"), words("Lat. (WGS84)")
    (['billing', 'latitude'], ['lat', 'wgs84'])
    """
    plain = _MARKS.sub("", unicodedata.normalize("NFD", spaced(header).casefold()))
    return [word for word in _NO_WORD.split(unicodedata.normalize("NFC", plain)) if word]


def spaced(header: str) -> str:
    """Return a header with spaces between its words; ``#`` after a word is ``no``, for number.

    In front of a word it may be a count, as in ``# of employees``, and is left out.

    Examples
    --------
    >>> spaced("site_id"), spaced("ServiceLevel"), spaced("Account #")
    ('site id', 'Service Level', 'Account no')
    """
    text = _NUMBER_SIGN.sub(" no", unicodedata.normalize("NFKC", header))
    return _NO_WORD.sub(" ", _EDGE.sub(" ", text))


def _keys(text: str) -> tuple[str, ...]:
    """Return the keys of names that are separated by commas."""
    keys = (name_key(name) for name in text.split(","))
    return tuple(dict.fromkeys(key for key in keys if key))


LATITUDES: Final = frozenset(
    _keys(
        "lat, latitude, latitude83, latitude84, φ, latitud, latitudine, latitudinea, latitute, "
        "Breitengrad, geogr. Breite, "
        "geographische Breite, geografische Breite, breedtegraad, breddegrad, breddgrad, "
        "leveysaste, leveyspiiri, szerokość geograficzna, szer. geogr., szerokosc geogr, "
        "zeměpisná šířka, zemepisná šírka, szélességi fok, földrajzi szélesség, enlem, "
        "γεωγραφικό πλάτος, широта, географическая широта, географска ширина, "
        "geografska širina, zemljepisna širina, platuma grads, platuma, laiuskraad, 緯度, 纬度, "
        "위도, خط العرض, دائرة العرض, ละติจูด, vĩ độ, lintang, garis lintang, קו רוחב"
    )
)
LONGITUDES: Final = frozenset(
    _keys(
        "lon, lng, long, longitude, longitude83, longitude84, λ, longitud, longitudine, "
        "longitudinea, longtitude, longi, "
        "Längengrad, Laengengrad, geogr. Länge, geographische Länge, geografische Länge, "
        "lengtegraad, lengdegrad, længdegrad, laengdegrad, längdgrad, pituusaste, pituuspiiri, "
        "długość geograficzna, dlugosc geograficzna, dł. geogr., dlugosc geogr, zeměpisná délka, "
        "zemepisná dĺžka, hosszúsági fok, földrajzi hosszúság, boylam, γεωγραφικό μήκος, долгота, "
        "географическая долгота, довгота, географска дължина, географска дужина, "
        "geografska dužina, zemljepisna dolžina, garums, pikkuskraad, 経度, 经度, 經度, 경도, "
        "خط الطول, ลองจิจูด, kinh độ, bujur, garis bujur, קו אורך"
    )
)
WEAK_LATITUDES: Final = frozenset(
    _keys(
        "y, ycoord, ycoordinate, yco, Breite, breedte, szerokość, szerokosc, šířka, szélesség, "
        "leveys, πλάτος, bredde"
    )
)
WEAK_LONGITUDES: Final = frozenset(
    _keys(
        "x, xcoord, xcoordinate, xco, Länge, Laenge, lengte, długość, dlugosc, délka, hosszúság, "
        "pituus, μήκος, lengde"
    )
)
"""Names that may mean the size of a thing, or metres of a projection, too: the cells decide."""

_MAYBE_SIZES: Final = frozenset(
    _keys(
        "Breite, Länge, Laenge, breedte, lengte, bredde, lengde, längd, bredd, szerokość, długość, "
        "szerokosc, dlugosc, šířka, délka, szélesség, hosszúság, leveys, pituus, πλάτος, μήκος"
    )
)
_SIZES: Final = _keys(
    "Höhe, Hoehe, Gewicht, Tiefe, height, weight, depth, hoogte, gewicht, diepte, høyde, højde, "
    "vekt, vægt, dybde, dybde, höjd, vikt, djup, wysokość, waga, głębokość, výška, hmotnost, "
    "hloubka, magasság, súly, mélység, korkeus, paino, syvyys, ύψος, βάρος, βάθος"
)
_STATUSES: Final = _keys(
    "status, Zustand, statut, stav, állapot, durum, tila, κατάσταση, статус, 状態, 状态, 상태, "
    "active, aktiv, actif, activo, attivo"
)

GEOMETRIES: Final = frozenset(
    _keys(
        "wkt, wkb, ewkt, ewkb, geom, geometry, the_geom, the_geom_point, shape, geometrie, "
        "geometria, geo_point, geo_point_2d, geo_shape, geojson, coordinates, koordinaten, "
        "coordonnees, coordenadas, coordinate, lat_lon, latlng, lat_long, lonlat, lng_lat, "
        "georeference, geolocation, gps, 座標, 坐标, 좌표, 緯度経度"
    )
)
"""What a column of points is called; its cells decide."""

UNITS: Final = frozenset(
    _keys(
        "deg, degs, degree, degrees, dd, dec, decimal, decimals, dez, dezimal, grad, wgs, wgs84, "
        "wgs1984, 84, epsg, epsg4326, 4326, gps, geo, geog, geographic, geographical, coord, "
        "coords, coordinate, coordinates, Koordinate, Koordinaten, coordenada, coordenadas, "
        "coordinata, coordonnee, coordonnees, value, val, in, of, der, de, du, la, le, c, s, r, u, "
        "hs, @, fld, va, nu, n, e, north, east, nord, ost, est, point, pt, pos, position, map, "
        "世界測地系, 十進, 座標, 坐标"
    )
)
"""Words next to the name of a coordinate that do not say whose it is."""

OWNERS: Final = frozenset(
    _keys(
        "site, store, shop, center, centre, service, servicecenter, location, loc, geolocation, "
        "address, addr, address1, address2, address3, billing, shipping, mailing, ship, bill, to, "
        "other, account, acct, customer, cust, client, company, branch, office, facility, fac, "
        "hospital, clinic, airport, aerodrome, station, stop, depot, warehouse, wh, plant, school, "
        "sch, hotel, restaurant, building, bldg, property, venue, place, poi, physical, primary, "
        "main, home, work, business, delivery, provider, practice, organization, organisation, "
        "org, partner, display, routable, lead, contact, merchant, outlet, atm, bank, dealer, "
        "asset, device, machine, "
        "equipment, install, installation, unit, 1, intpt, centroid, port, hub, Kunde, Kunden, "
        "Firma, Standort, Filiale, Adresse, Lager, Werk, Lieferadresse, sede, tienda, sucursal, "
        "negozio, magasin, agence, etablissement, adresse, direccion, cliente, loja, filial, "
        "parent, postal"
    )
)
"""Words next to the name of a coordinate or country that say whose it is."""

COUNTRIES: Final = frozenset(
    _keys(
        "country, ctry, cntry, land1, landx, pays, país, paese, nazione, nation, Staat, Länder, "
        "Laender, riigi, valsts, šalis, zemlja, država, drzava, țară, tara, panstwo, państwo, "
        "krajina, ország, orszag, ülke, ulke, ülke adı, χώρα, страна, країна, държава, 国, 国名, "
        "国家, 國家, 國別, 国・地域, 국가, 국가명, 나라, ประเทศ, quốc gia, negara, الدولة, البلد"
    )
)
WEAK_COUNTRIES: Final = frozenset(_keys("Land, kraj, stato, stát, štát, země, maa"))
"""Names that mean something else, too, such as a region: the cells decide."""

CODES: Final = frozenset(
    _keys(
        "code, codes, cd, iso, iso2, iso3, isocode, iso3166, alpha2, alpha3, a2, a3, key, "
        "Kennzeichen, Kürzel, Kuerzel, Schlüssel, Schluessel, kod, kód, codice, código, codigo, "
        "コード, 代码, 代碼, 코드, код, κωδικός, 2, 3, abbr, abbreviation"
    )
)
"""Words next to the name of a country that say that it is a code."""

_NAMED: Final = _keys("name, Name, nom, nombre, nome, naam, namn, navn, nazwa, název, 名, text")

COUNTRY_WHOLE: Final = {
    **dict.fromkeys(
        _keys(
            "Ländercode, Laendercode, Länderkürzel, Laenderkuerzel, Länderschlüssel, "
            "Laenderschluessel, Länderkennzeichen, Laenderkennzeichen, Landeskennzeichen, "
            "Landcode, Landkod, Landekode, Landskod, landnr, landkz, lkz, maakoodi, maatunnus, "
            "iso country, iso pays, code pays, 国コード, 国番号, 国家代码, 國家代碼, 국가코드, "
            "országkód, ülke kodu, iso land"
        ),
        True,
    ),
    **dict.fromkeys(_keys("Ländername, Laendername, Landname, Landnaam, land name, maan nimi")),
}
"""Whole names of a column of countries, and whether they are codes."""

_IDS: Final = _keys(
    "id, no, nr, num, number, nummer, nro, code, key, ref, reference, numéro, numero, número, n, "
    "codice, código, číslo, cislo, kod, kód, numer, szám, numara, numarası, kodu, номер, код, "
    "κωδικός, αριθμός, tunnus, 番号, コード, 编号, 編號, 代码, 코드, 번호, identifier, ident, "
    "Kennung, Schlüssel, uuid, guid, nbr"
)
_NAMES: Final = _keys(
    "name, names, Bezeichnung, nom, nombre, nome, naam, namn, navn, nimi, nazwa, název, nev, név, "
    "adı, ad, όνομα, название, наименование, имя, 名, 名称, 名稱, 이름, 명, description, label"
)
_SITES: Final = _keys(
    "site, store, location, loc, customer, cust, account, acct, client, branch, facility, shop, "
    "outlet, Kunde, Kunden, Kund, Debitor, Debitoren, Standort, Filial, Filiale, Partner, "
    "Geschäftspartner, Markt, klant, klanten, asiakas, klient, klienta, zákazník, zákazníka, vevő, "
    "ügyfél, müşteri, πελάτη, πελάτης, клиент, клиента, заказчика, cliente, cuenta, cta, compte, "
    "sitio, sucursal, tienda, sede, negozio, magasin, etablissement, 顧客, 得意先, 取引先, 客户, "
    "客戶, 고객, 店舗, 拠点, 门店, 점포, station, stop, hospital, provider, school, airport, "
    "device, asset, machine, installation, equipment, property, building, unit, loja, ponto, "
    "record, entity, organisation, organization, impianto, internal, external, end customer, "
    "ship to, sold to, service location, account site, install site, customer site, "
    "clientele, organisme, kundensitz"
)
_CENTERS: Final = _keys(
    "center, centre, service center, service centre, servicecenter, depot, warehouse, wh, hub, "
    "branch, agence, agency, Lager, Filiale, Niederlassung, Werk, plant, Standort, location, loc, "
    "facility, office, store, shop, dépôt, entrepôt, centre de service, centro, centro de "
    "servicio, centro assistenza, almacén, sucursal, sede, filial, magazzino, deposito, depósito, "
    "magazijn, vestiging, lagret, kontor, toimipiste, varasto, magazyn, oddział, sklad, pobočka, "
    "raktár, depo, şube, αποθήκη, склад, филиал, 拠点, 倉庫, 支店, 店舗, 仓库, 网点, 지점, 창고, "
    "station, Servicezentrum, Stützpunkt, Servicestützpunkt, stocking location, fsl, part center"
)

SITE_WORDS: Final = frozenset(_SITES)
CENTER_WORDS: Final = frozenset(_CENTERS)
"""What sites and centers are called; some words are used for both."""

MAX_WORDS: Final = 12
"""A header of more words names nothing: it is a sentence, or a line read by a wrong delimiter."""

_JOINTS: Final = ("", "de", "du", "del", "della", "dela", "di", "do", "da", "of")
"""What is between ``code`` and ``client`` in some languages."""


def _rank_of_pair(header: str, things: tuple[str, ...], kinds: tuple[str, ...]) -> int | None:
    """Return the position of the thing of which a header is the id or the name; None if of none."""
    key, parts = name_key(header), words(header)
    if len(parts) > MAX_WORDS:
        return None
    before, several = _befores(kinds), len(parts) > 1
    for rank, thing in enumerate(things):
        if key.startswith(thing) and key[len(thing) :] in kinds:
            return rank
        if several and key.endswith(thing) and key[: len(key) - len(thing)] in before:
            return rank
    return None


@functools.cache
def _befores(kinds: tuple[str, ...]) -> frozenset[str]:
    """Return what may be in front of a thing: a kind, as it is or with what joins the two."""
    return frozenset(f"{kind}{joint}" for kind, joint in itertools.product(kinds, _JOINTS))


def rank(header: str, column: str, *, centers: bool = False) -> int | None:
    """Return how well a header names a column; the lower one counts first; None if it does not.

    Parameters
    ----------
    header
        As the file has it.
    column
        Its name in `schema.columns`, not of a coordinate or a country.
    centers
        Whether it is a column of centers.

    Examples
    --------
    >>> rank("Customer No.", "site_id"), rank("N° agence", "center_id", centers=True)
    (4, 9)
    >>> rank("destination", "site_id") is None
    True
    """
    key, things = name_key(header), _CENTERS if centers else _SITES
    paired = {"site_id": _IDS, "center_id": _IDS, "name": _NAMES}.get(column)
    if paired and (result := _rank_of_pair(header, things, paired)) is not None:
        return result
    further = _listed("state" if column == "region" and not centers else column)
    further += _TOWNS if centers and column == "name" else ()
    return len(things) + further.index(key) if key in further else None


@functools.cache
def _listed(column: str) -> tuple[str, ...]:
    return _keys(_LISTED.get(column, ""))


_TOWNS: Final = _keys("city, Ort, Stadt, ville, ciudad, città, cidade, plaats, stad, 都市, 城市")

_LISTED: Final = {
    "site_id": (
        "id, Debitor, Debitorennummer, KUNNR, Kdnr, Kd-Nr., KNr, Kunden-Nr., external id, uid, "
        "uuid, guid, ident, identifier, geonameid, unitid, atcocode, placekey, 编号, 編號, 番号, "
        "ncessch, facid, ccn, npi, geoid, globalid, objectid, osm_id, wdid, "
        "icao, iata, number, nummer, Nr., No., #, code, key, ID-Nr."
    ),
    "center_id": (
        "WERKS, code, ident, identifier, key, kod, codice, código, number, nummer, Nr., No., #, "
        "N°, numéro, Kürzel, objectid, fid, uuid, 番号, コード, 编号, center, centre, depot, "
        "warehouse, hub, branch, plant, Lager, Niederlassung, Filiale, Werk, Standort, agence, "
        "agency, sede, sucursal, 拠点, 倉庫, 支店"
    ),
    "name": (
        "name 1, name1, company, company name, Firma, Firmenname, organization, organisation, "
        "organization name, organisation name, business name, legal name, instnm, Kunde, "
        "Debitor name, Bezeichnung, raison sociale, société, entreprise, nom, denomination, "
        "dénomination, razón social, empresa, nombre, nombre comercial, razão social, nome, "
        "nome fantasia, ragione sociale, azienda, denominazione, naam, bedrijfsnaam, bedrijf, "
        "namn, företag, företagsnamn, navn, firmanavn, nimi, yritys, nazwa, nazwa firmy, název, "
        "název firmy, jméno, név, cégnév, unvan, firma adı, isim, επωνυμία, όνομα, название, "
        "наименование, компания, организация, 名称, 名前, 会社名, 企業名, 公司名称, 公司, 이름, "
        "회사명, 업체명, 상호, title, label, display name, full name, station, official name, "
        "main port name, port name, asciiname, primary name, names primary, site, store, shop, "
        "facility, location, Standort, Filiale, tienda, negozio, magasin, 店舗"
    ),
    "accuracy_m": ("accuracy m, accuracy (m), accuracy meters, accuracy metres"),
    "address": (
        "Adresse, Anschrift, dirección, indirizzo, endereço, morada, adres, adress, osoite, "
        "adresa, cím, διεύθυνση, адрес, 住所, 所在地, 地址, 주소, full address, "
        "formatted address, adresse complète"
    ),
    "street": (
        "street, street name, Straße, Str., Straßenname, rue, voie, calle, via, rua, straat, "
        "gata, gade, gate, katu, ulica, ulice, utca, sokak, cadde, οδός, улица, 番地, 街道, "
        "도로명, "
        "STRAS, addr street, shipping street, billing street, mailing street, address line1, "
        "address1 line1, adresse ligne 1, street 1, addr1, indirizzo 1, Straße und Hausnummer, "
        "Straße Hausnummer, Straße Nr, Str. Nr, street and number, street address 1, "
        "rue et numéro, numéro et rue, numéro et voie, adresse 1, calle y número, domicilio, "
        "dirección 1, "
        "via e numero, via e numero civico, strada, logradouro, endereço 1, straat en huisnummer, "
        "straatnaam, gatuadress, vej, vejnavn, veinavn, gateadresse, katuosoite, "
        "ulica i numer, ulica a číslo, улица и дом, улица дом, 住所1, 町名番地, 丁目番地, 街路"
    ),
    "house_number": (
        "Hausnr, Hausnr., Haus-Nr., house no., huisnummer, husnummer, numero civico, civico, "
        "numéro de rue, número, číslo domu, numer domu, házszám, addr housenumber, talonumero, "
        "numéro de voie, número exterior, nº, číslo popisné, nr domu, kućni broj, bina no, "
        "αριθμός, дом, номер дома, 番地号"
    ),
    "postcode": (
        "Postleitzahl, PSTLZ, code postal, cp, código postal, codigo postal, cap, cep, "
        "postnummer, postnr, postinumero, kod pocztowy, PSČ, psc, irányítószám, irsz, posta kodu, "
        "ταχυδρομικός κώδικας, τκ, индекс, почтовый индекс, 郵便番号, 邮编, 邮政编码, 우편번호, "
        "zip postal code, shipping zip, billing zip, shipping postal code, billing postal code, "
        "addr postcode, postal"
    ),
    "city": (
        "ORT01, Wohnort, Ortschaft, commune, localité, ciudad, localidad, municipio, comune, "
        "città, cidade, município, plaats, woonplaats, stad, postort, by, poststed, kaupunki, "
        "postitoimipaikka, miasto, miejscowość, město, obec, város, település, şehir, il, ilçe, "
        "πόλη, город, 市区町村, 城市, 도시, shipping city, billing city, mailing city, addr city, "
        "address1 city, locality, PLZ Ort, PLZ und Ort, PLZ Stadt, code postal ville, cp ville, "
        "cp y ciudad, código postal y ciudad, cap città, cap e città, postcode plaats, "
        "postcode en plaats, postnr ort, postnr by, zip city, postal code city, kod i miasto, "
        "psč město, oraș, oras, localitate, grad, hrad, linn, pilsēta, miestas, mesto, місто"
    ),
    "state": (
        "Bundesland, REGIO, state province, state/province, provincia, département, estado, "
        "uf, regione, provincie, län, fylke, maakunta, województwo, kraj, okres, megye, регион, "
        "область, 都道府県, 省, 시도, shipping state, billing state, addr state"
    ),
    "product": (
        "Produkt, Produktname, Artikel, produit, producto, prodotto, produto, tuote, termék, "
        "ürün, продукт, изделие, 製品, 製品名, 产品, 產品, 제품"
    ),
    "requested_level": ("requested service level, gewünschtes Level, niveau demandé"),
    "registered_on": ("registration date, registriert am, Adresse registriert am"),
    "installed_on": (
        "install date, installed, installation date, installiert am, Installationsdatum, "
        "date d'installation, fecha de instalación, data installazione, data di installazione, "
        "data de instalação, installatiedatum, 設置日, 安装日期, 설치일"
    ),
    "purchased_on": (
        "purchased, bought on, purchase date, date of purchase, gekauft am, Kaufdatum, "
        "date d'achat, acheté le, fecha de compra, comprado el, data di acquisto, data acquisto, "
        "data de compra, data da compra, aankoopdatum, gekocht op, inköpsdatum, købsdato, "
        "kjøpsdato, ostopäivä, data zakupu, datum nákupu, vásárlás dátuma, satın alma tarihi, "
        "ημερομηνία αγοράς, дата покупки, 購入日, 购买日期, 구매일"
    ),
    "audited_on": (
        "audit date, audited, date of audit, auditiert am, Auditdatum, geprüft am, "
        "date d'audit, date de l'audit, audité le, fecha de auditoría, data di audit, "
        "data audit, data da auditoria, auditdatum, revisionsdato, data audytu, дата аудита, "
        "監査日, 审核日期, 감사일"
    ),
    "moved_on": (
        "moved, relocated on, relocation date, date of move, umgezogen am, Umzugsdatum, "
        "verlegt am, date de déménagement, déplacé le, fecha de traslado, trasladado el, "
        "data di trasferimento, data trasferimento, data da mudança, verhuisdatum, verhuisd op, "
        "verplaatst op, flyttdatum, flyttedato, muuttopäivä, data przeniesienia, "
        "datum přemístění, taşınma tarihi, дата переезда, 移設日, 迁移日期, 이전일"
    ),
    "former_latitude": (
        "previous latitude, old latitude, former lat, latitude before, latitude of origin, "
        "frühere Breite, früherer Breitengrad, alter Breitengrad, bisheriger Breitengrad, "
        "ancienne latitude, latitude précédente, latitud anterior, latitudine precedente, "
        "latitude anterior, vorige breedtegraad"
    ),
    "former_longitude": (
        "previous longitude, old longitude, former lon, former lng, longitude before, "
        "longitude of origin, frühere Länge, früherer Längengrad, alter Längengrad, "
        "bisheriger Längengrad, ancienne longitude, longitude précédente, longitud anterior, "
        "longitudine precedente, longitude anterior, vorige lengtegraad"
    ),
    "former_country": (
        "previous country, old country, country before, country of origin, früheres Land, "
        "altes Land, bisheriges Land, ancien pays, pays précédent, país anterior, "
        "paese precedente, vorig land"
    ),
    "opens_on": (
        "opens, opening day, open date, opened on, Eröffnung, Eröffnung am, Eröffnungsdatum, "
        "eröffnet am, geöffnet ab, offen ab, date d'ouverture, ouverture, ouvre le, "
        "fecha de apertura, apertura, data di apertura, data apertura, data de abertura, "
        "openingsdatum, opent op, öppnar, öppningsdatum, åbningsdato, åpningsdato, avauspäivä, "
        "data otwarcia, datum otevření, nyitás dátuma, açılış tarihi, ημερομηνία έναρξης, "
        "дата открытия, 開設日, 開業日, 开业日期, 개점일, go live, go-live date, "
        "valid from, gültig ab, gültig von, date ouverture, abertura, data abertura, open since, "
        "active from, in service from, in Betrieb ab, Inbetriebnahme, en service le"
    ),
    "closes_on": (
        "close date, closed on, closing day, Schließung, Schließung am, Schließungsdatum, "
        "geschlossen ab, schließt am, date de fermeture, fermeture, fecha de cierre, cierre, "
        "data di chiusura, data chiusura, data de encerramento, sluitingsdatum, stänger, "
        "lukkedato, sulkemispäivä, data zamknięcia, datum uzavření, zárás dátuma, "
        "kapanış tarihi, дата закрытия, 閉鎖日, 关闭日期, 폐점일, valid to, valid until, "
        "gültig bis, geschlossen am, geschlossen seit, closed since, active until, "
        "date fermeture, data encerramento, in Betrieb bis"
    ),
    "ordered_on": ("bestellt am, Bestelldatum, date de commande, fecha de pedido, 発注日"),
    "time_zone": (
        "time zone id, Zeitzone, fuseau horaire, zona horaria, fuso orario, fuso horário, "
        "tijdzone, tidszon, tidssone, aikavyöhyke, strefa czasowa, časové pásmo, időzóna, "
        "saat dilimi, часовой пояс, タイムゾーン, 时区, 시간대"
    ),
    "request_id": (
        "ticket id, ticket number, ticket no, Ticketnummer, Ticket-Nr., case number, case no, "
        "incident, incident number, request number, request no, rma id, Vorgang, Vorgangsnummer, "
        "Anfrage-Nr., Fallnummer, numéro de ticket, número de caso, 問合せ番号, 工单号"
    ),
}


class Owned(NamedTuple):
    """What a header names: whose it is ("" if it does not say), and whether for certain."""

    owner: str
    certain: bool
    code: bool = False


_ADDRESS_LINES: Final = frozenset(
    _keys(
        "address line 2, address line 3, addressline2, addressline3, address 2, address 3, addr2, "
        "addr3, street 2, street 3, street address 2, address2 line2, address1 line2, building, "
        "building name, bldg, suite, floor, unit no, apartment, suburb, district, Adresszusatz, "
        "Adreßzusatz, Zusatz, Adresse 2, Straße 2, STR_SUPPL1, STR_SUPPL2, Gebäude, Stockwerk, "
        "Etage, Ortsteil, complément, complément d'adresse, adresse ligne 2, bâtiment, étage, "
        "lieu-dit, complemento, dirección 2, edificio, piso, planta, colonia, barrio, indirizzo 2, "
        "piano, frazione, bairro, endereço 2, adres 2, gebouw, verdieping, adress 2, c/o, "
        "bygning, etasje, våning, rakennus, kerros, budynek, piętro, budova, patro, épület, "
        "emelet, mahalle, здание, корпус, этаж, 建物名, ビル名, 階, 住所2, 楼, 楼层, "
        "건물명, 층, 상세주소"
    )
)


def is_address_line(header: str) -> bool:
    """Return whether a header names a further line of an address, such as a building.

    Examples
    --------
    >>> is_address_line("Address Line 2"), is_address_line("Shipping Building")
    (True, True)
    """
    key = name_key(header)
    owned = (key.removeprefix(word) for word in OWNERS if key.startswith(word))
    return key in _ADDRESS_LINES or any(rest in _ADDRESS_LINES for rest in owned)


def says_name(header: str) -> bool:
    """Return whether a word of a header means name, as in ``Contact name``."""
    return any(word in _NAMES for word in words(header))


def may_be_size(header: str) -> bool:
    """Return whether the name of a coordinate may as well mean the size of a thing."""
    return name_key(header) in _MAYBE_SIZES


def is_size(header: str) -> bool:
    """Return whether a header names the height, weight or depth of a thing."""
    return any(word in _SIZES for word in words(header))


def is_status(header: str) -> bool:
    """Return whether a header names the status of a center, as in ``Center status``."""
    return any(word in _STATUSES for word in words(header))


def latitude(header: str) -> Owned | None:
    """Return whose latitude a header names; None if it names none.

    Examples
    --------
    >>> latitude("BillingLatitude")
    Owned(owner='billing', certain=True, code=False)
    >>> latitude("Breite").certain, latitude("relation")
    (False, None)
    """
    return _owner(header, LATITUDES, WEAK_LATITUDES, UNITS)


def longitude(header: str) -> Owned | None:
    """Return whose longitude a header names; None if it names none."""
    return _owner(header, LONGITUDES, WEAK_LONGITUDES, UNITS)


def country(header: str) -> Owned | None:
    """Return whose country a header names; None if it names none.

    Examples
    --------
    >>> country("Shipping Country")
    Owned(owner='shipping', certain=True, code=False)
    >>> country("Ländercode").code, country("destination_city")
    (True, None)
    """
    key = name_key(header)
    if key in COUNTRY_WHOLE:
        return Owned("", certain=True, code=bool(COUNTRY_WHOLE[key]))
    rest = [word for word in words(header) if word not in CODES]
    owned = _owner(" ".join(rest), COUNTRIES, WEAK_COUNTRIES, {*UNITS, *_NAMED, "region"})
    return owned and owned._replace(code=len(rest) < len(words(header)))


def _owner(
    header: str, certain: frozenset[str], weak: frozenset[str], ignored: Iterable[str]
) -> Owned | None:
    """Return whose thing a header names, of which names are certain or weak."""
    key = name_key(header)
    if key in certain or key in weak:
        return Owned("", certain=key in certain)
    if len(parts := words(header)) > MAX_WORDS:
        return None
    for start, stop in itertools.combinations(range(len(parts) + 1), 2):
        core = "".join(parts[start:stop])
        if core in certain or core in weak:
            others = [word for word in (*parts[:start], *parts[stop:]) if word not in ignored]
            if all(word in OWNERS for word in others):
                return Owned("".join(others), certain=core in certain)
    for core in certain:
        if (
            len(core) >= SHORTEST
            and key.endswith(core)
            and key[: -len(core)] in {*OWNERS, *ignored}
        ):
            owner = key[: -len(core)]
            return Owned("" if owner in ignored else owner, certain=True)
    return None


SHORTEST: Final = 3
"""A name of fewer letters is not looked for at the end of a word, as in ``INTPTLAT``."""
