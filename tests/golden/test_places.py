"""Free addresses beside what a server found: kept where postcode or town was asked, else not.

Each group is named after its trap. An answer is ``number|road|district|town|state|postcode``.
"""

import pytest

from coverage_analyzer.geocoding import GeocodeOutcome, GeocodeResult, Grade, query
from coverage_analyzer.geocoding.grades import checked
from coverage_analyzer.geocoding.places import Place, place_of

KEPT, CITY, LOST = "kept", "city", "lost"
"""A house; no better than the town, which is the right one; another place, so nothing."""

# fmt: off
CASES = [
    # ------------------------------------------------------------ another town
    ("DE", LOST, "Hauptstraße 15, Berlin", "15|Hauptstraße||Frankfurt||60313"),
    ("DE", LOST, "Hauptstraße 15 Berlin", "15|Hauptstraße||Frankfurt||60313"),
    ("GB", LOST, "10 High Street, Maidstone ME14 1HT", "10|High Street||Bromley||BR1 1EX"),
    ("AT", LOST, "9400 Wolfsberg", "|Wolfsberg||Reutte||6600"),
    ("NL", LOST, "Hoofdstraat 15, 2202ET Noordwijk", "15|Hoofdstraat||Katwijk||2235CA"),
    ("FR", LOST, "12 rue Victor Hugo, 69002 Lyon", "12|Rue Victor Hugo||Lille||59000"),
    ("IT", LOST, "Via Roma 1, 20121 Milano", "1|Via Roma||Torino||10121"),
    ("JP", LOST, "東京都千代田区丸の内1-9-1", "1-9-1|||Osaka||530-0001"),
    ("IE", LOST, "5 Main Street, Cork T12 X70A", "5|Main Street||Galway||H91 E2K3"),
    ("DE", LOST, "Dorfstraße 5", "5|Dorfstraße||Neudorf||01234"),  # no town was asked at all
    # ------------------------------------------------------------ the right town
    ("DE", KEPT, "Hauptstraße 15, Berlin", "15|Hauptstraße||Berlin||10827"),
    ("DE", KEPT, "Hauptstraße 15 10827 Berlin", "15|Hauptstraße||Berlin||10827"),
    ("GB", KEPT, "10 High Street, Maidstone", "10|High Street||Maidstone||ME14 1HT"),
    ("DE", KEPT, "Firma Meier, Hauptstr. 15, Berlin", "15|Hauptstraße||Berlin||10827"),
    # ------------------------------------------------------------ spellings of a town
    ("DE", KEPT, "Marienplatz 1, MUENCHEN", "1|Marienplatz||München||80331"),
    ("DE", KEPT, "Marienplatz 1, Munchen", "1|Marienplatz||München||80331"),
    ("CH", KEPT, "Bahnhofstrasse 1, Zuerich", "1|Bahnhofstrasse||Zürich||8001"),
    ("PL", KEPT, "ul. Piotrkowska 5, Lodz", "5|Piotrkowska||Łódź||90-001"),
    ("DK", KEPT, "Algade 5, Koege", "5|Algade||Køge||4600"),
    ("RU", KEPT, "Tverskaya 1, Moskva", "1|Тверская улица||Москва||125009"),
    ("GR", KEPT, "Ermou 5, Athina", "5|Ερμού||Αθήνα||105 63"),
    ("JP", KEPT, "千代田区丸の内 1-9-1", "1-9-1|||千代田区||100-0005"),
    ("US", KEPT, "5 Main St, St. Paul, MN", "5|Main Street||Saint Paul|US-MN|55101"),
    ("CH", KEPT, "Marktgasse 5, Sankt Gallen", "5|Marktgasse||St. Gallen||9000"),
    ("FR", KEPT, "5 rue Cler, Saint Etienne", "5|Rue Cler||Saint-Étienne||42000"),
    ("GB", KEPT, "5 High St, Kings Lynn", "5|High Street||King's Lynn||PE30 1AA"),
    ("GB", KEPT, "5 High St, London", "5|High Street|Bromley|City of London||EC1A 1BB"),
    # ------------------------------------------------------------ what tells towns of one name
    ("DE", KEPT, "Zeil 1, Frankfurt", "1|Zeil||Frankfurt am Main||60313"),
    ("DE", LOST, "Zeil 1, Frankfurt (Oder)", "1|Zeil||Frankfurt am Main||60313"),
    ("DE", LOST, "Zeil 1, Frankfurt an der Oder", "1|Zeil||Frankfurt am Main||60313"),
    ("DE", LOST, "Bahnhofstr. 1, Weil der Stadt", "1|Bahnhofstraße||Weil am Rhein||79576"),
    ("FR", LOST, "1 rue de Paris, Neuilly-sur-Marne",
     "1|Rue de Paris||Neuilly-sur-Seine||92200"),
    ("FR", KEPT, "1 rue de Paris, Neuilly-sur-Seine", "1|Rue de Paris||Neuilly-sur-Seine||92200"),
    # ------------------------------------------------------------ a town in the name of another
    ("DE", LOST, "Hauptstr. 4, Bad Homburg", "4|Hauptstraße||Homburg||66424"),
    ("DE", LOST, "Hauptstr. 4, Neu-Ulm", "4|Hauptstraße||Ulm||89073"),
    ("DE", KEPT, "Hauptstr. 4, Neu-Ulm", "4|Hauptstraße||Neu-Ulm||89231"),
    ("US", LOST, "12 Main St, West Springfield, MA", "12|Main Street||Springfield|US-MA|01103"),
    ("US", KEPT, "12 Main St West Springfield, MA", "12|Main Street||Springfield|US-MA|01103"),
    ("US", LOST, "12 Main St, North Las Vegas, NV", "12|Main Street||Las Vegas|US-NV|89101"),
    ("US", KEPT, "12 Main St, North Las Vegas, NV",
     "12|Main Street||North Las Vegas|US-NV|89030"),
    ("US", LOST, "12 West St, East Orange, NJ", "12|West Street||Orange|US-NJ|07050"),
    ("CA", LOST, "1 Rue Principale, Saint-Jean-sur-Richelieu, QC",
     "1|Rue Principale||Saint-Jean|CA-QC|G0X 1A0"),
    ("GB", LOST, "1 Church Lane, Stratford-upon-Avon", "1|Church Lane||Stratford||E15 1AA"),
    ("NL", LOST, "Dorpsstraat 5, Bergen op Zoom", "5|Dorpsstraat||Bergen||1861KA"),
    ("ES", LOST, "Calle Mayor 5, San Sebastián de los Reyes",
     "5|Calle Mayor||San Sebastián||20001"),
    ("CZ", LOST, "Nádražní 5, Žďár nad Sázavou", "5|Nádražní||Žďár||262 61"),
    ("NZ", LOST, "5 Queen St, Palmerston North", "5|Queen Street||Palmerston||9430"),
    ("NZ", KEPT, "5 Queen St, Palmerston North", "5|Queen Street||Palmerston North||4410"),
    # ------------------------------------------------------------ a canton or state by its code
    ("CH", LOST, "Bahnhofstrasse 1, Wil SG", "1|Bahnhofstrasse||Wil|CH-AG|5276"),
    ("CH", KEPT, "Bahnhofstrasse 1, Wil SG", "1|Bahnhofstrasse||Wil (SG)|CH-SG|9500"),
    ("CH", KEPT, "Bahnhofstrasse 1, Wil SG", "1|Bahnhofstrasse||Wil (SG)||9500"),
    ("CH", LOST, "Dorfstrasse 5, Buchs AG", "5|Dorfstrasse||Buchs|CH-SG|9470"),
    ("BR", LOST, "Rua 7 10, Bom Jesus - RS", "10|Rua 7||Bom Jesus|BR-PI|64900-000"),
    ("BR", KEPT, "Av. Paulista 1578, São Paulo - SP",
     "1578|Avenida Paulista||São Paulo|BR-SP|01310-200"),
    # ------------------------------------------------------------ a town that is a street, too
    ("DE", LOST, "Berliner Straße 5, Hamburg", "5|Berliner Straße||Berlin||10715"),
    ("AT", LOST, "Wolfsberg 5, Graz", "5|Wolfsberg||Wolfsberg||9400"),  # a street without a type
    ("US", LOST, "12 Washington Ave, Albany", "12|Washington Avenue||Washington|US-PA|15301"),
    ("GB", LOST, "5 Paris Street, Leeds", "5|High Street||Paris||75001"),
    ("FR", LOST, "5 rue de Lyon, Paris", "5|Rue de Lyon||Lyon||69001"),
    ("FR", KEPT, "5 rue de Lyon, Lyon", "5|Rue de Lyon||Lyon||69001"),
    ("IT", LOST, "Via Milano 5, Brescia", "5|Via Milano||Milano||20121"),
    ("ES", LOST, "Calle de Madrid 5, Getafe", "5|Calle de Madrid||Madrid||28001"),
    ("US", KEPT, "12 Washington Ave, Washington, PA",
     "12|Washington Avenue||Washington|US-PA|15301"),
    # ------------------------------------------------------------ the state decides
    ("US", LOST, "15 Main Street, Springfield, MA", "15|Main Street||Springfield||62701"),
    ("US", LOST, "15 Main Street, Springfield, MA", "15|Main Street||Springfield|Illinois|"),
    ("US", LOST, "15 Main Street, Springfield MA", "15|Main Street||Springfield|US-IL|"),
    ("US", LOST, "15 Main Street, Springfield, Massachusetts, USA",
     "15|Main Street||Springfield||62701"),
    ("US", KEPT, "15 Main Street, Springfield, MA", "15|Main Street||Springfield||01103"),
    ("US", KEPT, "15 Main Street, Springfield, Illinois",
     "15|Main Street||Springfield|US-IL|62701"),
    ("US", LOST, "15 Main Street, Springfield, MA 01103",
     "15|Main Street||Springfield|US-IL|62701"),
    ("US", LOST, "5 Pine St, Seattle, Washington", "5|Pine Street||Washington|US-DC|20001"),
    ("US", LOST, "15 Main St, Buffalo, New York", "15|Main Street||New York|US-NY|10044"),
    ("US", LOST, "15 Main St Buffalo New York", "15|Main Street||New York|US-NY|10044"),
    ("US", KEPT, "350 5th Ave, New York", "350|5th Avenue|Manhattan|New York|US-NY|10118"),
    ("US", KEPT, "350 5th Ave, New York, NY", "350|5th Avenue|Manhattan|New York|US-NY|10118"),
    ("US", KEPT, "350 Fifth Ave, New York, NY 10118-0110",
     "350|5th Avenue|Manhattan|New York|US-NY|10118"),
    ("CA", LOST, "5 King St, London, ON", "5|King Street||London|CA-NB|E2L 1G1"),
    ("CA", KEPT, "5 King St, London, ON N6A 1A1", "5|King Street||London|Ontario|N6A 1A1"),
    ("CA", KEPT, "5 King St, London, Ontario", "5|King Street||London||N6A 1A1"),
    ("AU", LOST, "5 George St, Perth, WA", "5|George Street||Perth|AU-TAS|7300"),
    ("AU", KEPT, "5 George St, Perth WA 6000", "5|George Street||Perth|AU-WA|6000"),
    # ------------------------------------------------------------ a country that is called so, too
    ("US", LOST, "15 Main St, Macon, Georgia", "15|Main Street||Macon|US-MO|63552"),
    ("US", KEPT, "15 Main St, Macon, Georgia", "15|Main Street||Macon|US-GA|31201"),
    ("US", KEPT, "15 Main St, Lebanon, PA, USA", "15|Main Street||Lebanon|US-PA|17042"),
    ("US", KEPT, "15 Main St, Lebanon", "15|Main Street||Lebanon|US-PA|17042"),
    ("SG", KEPT, "1 Raffles Place, Singapore", "1|Raffles Place|Downtown Core|Singapore||048616"),
    ("HK", KEPT, "8 Queen's Road Central, Hong Kong", "8|Queen's Road Central|Central|Hong Kong||"),
    ("LU", KEPT, "5 rue de la Gare, Luxembourg", "5|Rue de la Gare||Luxembourg||1611"),
    ("LU", LOST, "5 rue de la Gare, Esch-sur-Alzette, Luxembourg",
     "5|Rue de la Gare||Luxembourg||1611"),
    # ------------------------------------------------------------ districts: many towns have them
    ("US", KEPT, "1 Bedford Ave, Brooklyn, NY", "1|Bedford Avenue|Brooklyn|New York|US-NY|11211"),
    ("DE", LOST, "Hauptstr. 15, Altstadt, Düsseldorf", "15|Hauptstraße|Altstadt|Heidelberg||69117"),
    # ------------------------------------------------------------ postcodes
    ("NL", KEPT, "Dam 1, 1011AB", "1|Dam||Amsterdam||1011 AB"),
    ("NL", KEPT, "Dam 1, NL-1011 ab", "1|Dam||Amsterdam||1011AB"),
    ("NL", KEPT, "Dam 1, 1011", "1|Dam||Amsterdam||1011AB"),
    ("NL", CITY, "Dam 1, 1011AB Amsterdam", "1|Dam||Amsterdam||1012CD"),
    ("GB", KEPT, "10 Downing St SW1A2AA", "10|Downing Street||London||SW1A 2AA"),
    ("GB", CITY, "10 Downing St, London SW1A 2AA", "10|Downing Street||London||N1 5AA"),
    ("DE", KEPT, "Rosenstr. 1, D-80331 Mchn.", "1|Rosenstraße||München||80331"),
    ("DE", KEPT, "Rosenstr. 1, D80331", "1|Rosenstraße||München||80331"),
    ("AT", KEPT, "Graben 1, A-1010", "1|Graben||Vienna||1010"),
    ("AT", KEPT, "Graben 1, AT-1010", "1|Graben||Vienna||1010"),
    ("CH", KEPT, "Seegasse 1, CH-8000", "1|Seegasse||Zurich||8000"),
    ("US", KEPT, "350 5th Ave 10118-0110", "350|5th Avenue||New York|US-NY|10118"),
    ("US", KEPT, "350 5th Ave 10118", "350|5th Avenue||New York|US-NY|10118-0110"),
    ("CA", KEPT, "1 Main St, k1a0b1", "1|Main Street||Ottawa|CA-ON|K1A 0B1"),
    ("IE", KEPT, "1 Main St, D02X285", "1|Main Street||Dublin||D02 X285"),
    ("JP", KEPT, "〒150-0001 1-2-3", "1-2-3|||Shibuya||150-0001"),
    ("JP", LOST, "神宮前150-1-2", "1-2|||Shibuya||150-0001"),  # half of the code is a house
    ("BR", KEPT, "Av. Paulista 1578, 01310-100", "1578|Avenida Paulista||São Paulo||01310-100"),
    ("BR", KEPT, "Av. Paulista 1578, 01310100", "1578|Avenida Paulista||São Paulo||01310-100"),
    ("PL", KEPT, "Prosta 1, PL-00-001", "1|Prosta||Warsaw||00-001"),
    ("PL", LOST, "Prosta 00, Gdansk", "00|Prosta||Warsaw||00-001"),
    ("SE", KEPT, "Storgatan 1, SE-111 22", "1|Storgatan||Stockholm||11122"),
    ("LV", KEPT, "Brivibas iela 1, 1010", "1|Brīvības iela||Riga||LV-1010"),
    ("PT", KEPT, "Rua Augusta 1, 1100-048", "1|Rua Augusta||Lisbon||1100-048"),
    ("CZ", KEPT, "Dlouhá 1, 11000", "1|Dlouhá||Prague||110 00"),
    ("DE", CITY, "Hauptstraße 15, 10827 Berlin", "15|Hauptstraße||Berlin||12159"),
    # ------------------------------------------------------------ numbers that are no postcodes
    ("US", LOST, "10118 Main St, Troy", "10118|Main Street||New York|US-NY|10118"),
    ("AT", LOST, "Hauptstraße 1010, Graz", "1010|Hauptstraße||Wien||1010"),
    ("DE", LOST, "Hauptstr. 15, Bonn, Tel. 030 10827 22", "15|Hauptstraße||Berlin||10827"),
    ("DE", LOST, "Hauptstr. 15, Bonn, 030 10827 22", "15|Hauptstraße||Berlin||10827"),
    ("DE", LOST, "Hauptstr. 15, Bonn, +49 30 10827 22", "15|Hauptstraße||Berlin||10827"),
    ("NL", LOST, "Dam 1011, Utrecht", "1011|Dam||Amsterdam||1011AB"),
    ("US", KEPT, "62701 Main St, Troy, NY", "62701|Main Street||Troy|US-NY|12180"),
]
# fmt: on


def found(text: str, country: str) -> tuple[GeocodeResult, Place]:
    """Return an answer of a server, and where it lies."""
    number, road, district, town, state, postcode = text.split("|")
    matched = ", ".join(p for p in (number, road, district, town, postcode, "Country") if p)
    answer = GeocodeResult(
        GeocodeOutcome.found,
        grade=Grade.rooftop if number else Grade.street,
        lat=1.0,
        lon=2.0,
        matched=matched,
        house_number=number,
        postcode=postcode,
        country=country,
    )
    districts = (district,) if district else ()
    place = Place(country, postcode, road, number, (town,), districts, state)
    return answer, place_of(place, matched, ("Country", state))


@pytest.mark.parametrize(("country", "expected", "text", "answer"), CASES)
def test_golden(country: str, expected: str, text: str, answer: str) -> None:
    """An answer elsewhere is none; one with another postcode is no better than its town."""
    question = query({"address": text, "country": country})
    assert question is not None
    result = checked(*found(answer, country)[:1], question, found(answer, country)[1])
    if expected == LOST:
        assert (result.grade, result.reason) == (Grade.none, GeocodeOutcome.place_differs)
    elif expected == CITY:
        assert (result.grade, result.reason) == (Grade.city, GeocodeOutcome.postcode_differs)
    else:
        assert result.grade >= Grade.street
        assert result.reason in {GeocodeOutcome.found, GeocodeOutcome.house_number_missing}


@pytest.mark.parametrize(
    ("cells", "answer", "grade"),
    [
        (
            {"street": "Hauptstraße 15", "city": "Berlin"},
            "15|Hauptstraße||Frankfurt||60313",
            "none",
        ),
        (
            {"street": "Hauptstraße 15", "city": "Berlin"},
            "15|Hauptstraße||Berlin||10827",
            "rooftop",
        ),
        (
            {"street": "Hauptstraße 15", "city": "Berlin", "postcode": "D-10827"},
            "15|Hauptstraße||Berlin||10827",
            "rooftop",
        ),
        (
            {"street": "Hauptstraße 15", "city": "Berlin", "postcode": "12159"},
            "15|Hauptstraße||Berlin||10827",
            "city",
        ),
        ({"street": "Berliner Str. 5", "city": "Hamburg"}, "5|Berliner Straße||Berlin||1", "none"),
        ({"street": "Hauptstraße 15", "postcode": "10827"}, "15|Hauptstraße||Bonn||53111", "none"),
    ],
)
def test_parts_are_compared_like_lines(cells: dict[str, str], answer: str, grade: str) -> None:
    """Columns of their own make no other rule."""
    question = query({**cells, "country": "DE"})
    assert question is not None
    assert checked(*found(answer, "DE")[:1], question, found(answer, "DE")[1]).grade.name == grade


@pytest.mark.parametrize(
    ("text", "town", "near", "kept"),
    [
        ("Marienplatz 1, Munique", "Munich", {"munique": True}, True),
        ("Marienplatz 1, Munique", "Munich", {"munique": False}, False),
        (
            "Zeil 1, Frankfurt an der Oder",
            "Frankfurt",
            {"frankfurt an der oder": False, "frankfurt": True},
            False,
        ),
        ("Munique Street 1, Bonn", "Munich", {"munique": True}, False),
    ],
)
def test_a_list_of_towns_knows_other_names(
    text: str, town: str, near: dict[str, bool], kept: bool
) -> None:
    """By where they lie: a name elsewhere is no name of the town that was found."""
    question = query({"address": text, "country": "DE"})
    assert question is not None
    answer, place = found(f"1|Platz||{town}||80331", "DE")
    assert (checked(answer, question, place, near.get).grade == Grade.rooftop) is kept


def test_hong_kong_is_a_region_to_a_server() -> None:
    """It says that the country is China; the question needs no town."""
    question = query({"address": "8 Queen's Road Central, Hong Kong", "country": "HK"})
    assert question is not None
    matched = "8, Queen's Road Central, Central, Hong Kong, China"
    place = Place("CN", "", "Queen's Road Central", "8", (), ("Central",), "", ("Hong Kong",))
    whole = place_of(place, matched, ("Hong Kong", "China"))
    answer = GeocodeResult(
        GeocodeOutcome.found, grade=Grade.rooftop, matched=matched, house_number="8", country="CN"
    )
    assert checked(answer, question, whole).grade == Grade.rooftop
    question = query({"address": "8 Queen's Road, Kowloon, Hong Kong", "country": "HK"})
    assert question is not None
    assert checked(answer, question, whole).reason == GeocodeOutcome.place_differs


def test_the_table_is_wide_enough() -> None:
    """No case stands twice; every verdict and many countries are there."""
    assert len(set(CASES)) == len(CASES) >= 80
    assert len({country for country, *_ in CASES}) >= 18


@pytest.mark.parametrize(
    ("town", "longer", "is_there", "reason"),
    [
        ("Newport", "newport pagnell", False, GeocodeOutcome.place_differs),
        ("Sutton", "sutton coldfield", False, GeocodeOutcome.place_differs),
        ("Gladbach", "bergisch gladbach", False, GeocodeOutcome.place_differs),
        ("Gladbach", "bergisch gladbach", True, GeocodeOutcome.found),
        ("Frankfurt", "frankfurt am main", True, GeocodeOutcome.found),
        ("Stratford", "stratford upon avon", True, GeocodeOutcome.found),
    ],
)
def test_a_longer_name_of_a_town_decides(
    town: str, longer: str, is_there: bool, reason: GeocodeOutcome
) -> None:
    """A list of towns knows what no word tells: that Newport Pagnell is not Newport."""
    question = query({"address": f"1 Station Rd, {longer.title()}", "country": "GB"})
    assert question is not None
    answer, place = found(f"1|Station Road||{town}||AB1 2CD", "GB")
    near = {longer: is_there}.get
    assert checked(answer, question, place, near).reason == reason
