# ruff: noqa: RUF001 - letters of other scripts are traps
"""Pairs of addresses with the class that a person would give them, each group named after its trap.

``=`` identical, ``~`` equivalent, ``u`` the unit differs, ``?`` unclear, ``!`` different, ``c``
another country. The registered address stands first.
"""

import pytest

from coverage_analyzer.addresses.compare import AddressMatch, address_match

CLASSES = {
    "=": AddressMatch.identical,
    "~": AddressMatch.equivalent,
    "u": AddressMatch.unit_differs,
    "?": AddressMatch.unclear,
    "!": AddressMatch.different,
    "c": AddressMatch.different_country,
}

EMPIRE = "350 Fifth Avenue, New York, NY 10118"
MAIN = "100 Main St Apt 3, Springfield, IL 62701"

# fmt: off
PAIRS = [
    # ---------------------------------------------------------------- United States
    ("US", "=", EMPIRE, EMPIRE),
    ("US", "=", EMPIRE, "  350  Fifth Avenue,\nNew York, NY 10118 "),  # only blanks differ
    ("US", "~", EMPIRE, "350 FIFTH AVENUE, NEW YORK, NY 10118"),
    ("US", "~", EMPIRE, "350 5th Ave., New York, NY 10118"),  # an ordinal in digits
    ("US", "~", EMPIRE, "350 5th Ave, New York, New York 10118"),  # the state in full
    ("US", "~", EMPIRE, "350 Fifth Avenue, New York, NY 10118-0110"),  # ZIP+4
    ("US", "~", EMPIRE, "350 Fifth Avenue, New York, NY 10118, USA"),  # the country is its own
    ("US", "!", "350 Fifth Avenue, New York, NY 10118-0110",
     "350 Fifth Avenue, New York, NY 10118-0111"),
    ("US", "!", EMPIRE, "350 Sixth Avenue, New York, NY 10118"),  # alike to 88 %, another street
    ("US", "!", EMPIRE, "530 Fifth Avenue, New York, NY 10118"),  # digits swapped
    ("US", "!", EMPIRE, "350 Fifth Avenue, New York, NY 10119"),
    ("US", "!", EMPIRE, "350A Fifth Avenue, New York, NY 10118"),
    ("US", "!", EMPIRE, "Fifth Avenue, New York, NY 10118"),  # no number
    ("US", "?", EMPIRE, "350 Fifth Avenue, New York, NY"),  # no ZIP
    ("US", "!", EMPIRE, "350 Fith Avenue, New York, NY 10118"),  # no number at all
    ("US", "?", EMPIRE, "350 Fifth Avenue, New Yrok, NY 10118"),  # a typo, or another place
    ("US", "?", EMPIRE, "New York, 350 Fifth Avenue, NY 10118"),  # moved about
    ("US", "~", "221 Twenty-First Street, Ames, IA", "221 21st St, Ames, IA"),
    ("US", "!", "221 21st Street, Ames, IA", "221 22nd Street, Ames, IA"),
    ("US", "~", "1600 Pennsylvania Ave NW, Washington, DC 20500",
     "1600 Pennsylvania Avenue N.W., Washington, DC 20500"),
    ("US", "~", "1600 Pennsylvania Ave NW, Washington, DC 20500",
     "1600 Pennsylvania Avenue Northwest, Washington, District of Columbia 20500"),
    ("US", "!", "100 12th St NW, Washington, DC", "100 12th St SE, Washington, DC, 20003, 7"),
    ("US", "~", MAIN, "100 Main Street, Apartment 3, Springfield, IL 62701"),
    ("US", "u", MAIN, "100 Main St Apt 4, Springfield, IL 62701"),
    ("US", "u", MAIN, "100 Main St, Springfield, IL 62701"),  # the unit left out
    ("US", "?", MAIN, "100 Main St #3, Springfield, IL 62701"),  # any kind of unit
    ("US", "?", MAIN, "100 Main St Suite 3, Springfield, IL 62701"),
    ("US", "u", "1 Park Plaza, Suite 500, Irvine, CA 92614",
     "1 Park Plz Ste 510, Irvine, CA 92614"),
    ("US", "~", "1 Park Plaza, 12th Floor, Irvine, CA", "1 Park Plaza Floor 12, Irvine, CA"),
    ("US", "~", "12 St. Paul St, Boston, MA", "12 Saint Paul Street, Boston, MA"),  # both St
    ("US", "?", "12 St. Paul St, Boston, MA", "12 Street Paul Street, Boston, MA"),
    ("US", "?", "100 E St, Washington, DC", "100 East St, Washington, DC"),  # a street called E
    ("US", "~", "100 E Main St, Mesa, AZ", "100 East Main Street, Mesa, Arizona"),
    ("US", "c", EMPIRE, "350 Fifth Avenue, New York, NY 10118, Canada"),
    ("US", "~", "1 Peachtree St, Atlanta, GA", "1 Peachtree Street, Atlanta, Georgia"),  # a state
    ("US", "!", "10 Main St, Springfield, IL", "10 Ocean Drive, Miami Beach, FL"),
    # ---------------------------------------------------------------- Canada
    ("CA", "~", "111 Wellington St, Ottawa, ON K1A 0A9",
     "111 Wellington Street, Ottawa, ON k1a0a9"),
    ("CA", "~", "111 Wellington St, Ottawa, ON", "111 Wellington Street, Ottawa, Ontario"),
    ("CA", "!", "111 Wellington St, Ottawa, ON K1A 0A9", "111 Wellington St, Ottawa, ON K1A 0A6"),
    ("CA", "~", "10 Rue Saint-Paul, Québec, QC", "10 rue Saint Paul, Quebec, QC"),
    # ---------------------------------------------------------------- United Kingdom
    ("GB", "~", "10 Downing Street, London SW1A 2AA", "10 downing st, london, sw1a2aa"),
    ("GB", "!", "10 Downing Street, London SW1A 2AA", "10 Downing Street, London SW1A 2AB"),
    ("GB", "~", "12 St Mary's Rd, Oxford", "12 Saint Marys Road, Oxford"),
    ("GB", "u", "Flat 2, 12 High Street, Oxford", "Flat 3, 12 High Street, Oxford"),
    ("GB", "!", "12a High Street, Oxford", "12b High Street, Oxford"),
    ("GB", "c", "1 Queen Street, Cardiff", "1 Queen Street, Cardiff, Ireland"),
    ("GB", "~", "1 Queen Street, Cardiff", "1 Queen Street, Cardiff, UK"),
    # ------------------------------------------------------------ Germany, Austria, Liechtenstein
    ("LI", "~", "Kreuzstraße 15, 9490 Vaduz", "Kreuzstr. 15, 9490 Vaduz"),  # the ending -str.
    ("LI", "~", "Kreuzstraße 15, 9490 Vaduz", "KREUZSTRASSE 15, 9490 VADUZ"),
    ("LI", "!", "Kreuzstraße 31B, 9490 Vaduz", "Kreuzstraße 31, 9490 Vaduz"),
    ("LI", "~", "Kreuzstraße 31B, 9490 Vaduz", "Kreuzstr. 31 b, FL-9490 Vaduz"),
    ("LI", "?", "Kreuzstraße 15, 9490 Vaduz", "Krezstraße 15, 9490 Vaduz"),  # a typo
    ("LI", "!", "Kreuzstraße 15, 9490 Vaduz", "Kreuzstraße 15, 9495 Vaduz"),  # another postcode
    ("LI", "?", "Kreuzstraße 15, 9490 Vaduz", "15 Kreuzstraße, 9490 Vaduz"),  # number first
    ("DE", "~", "Müllerstraße 3, 80331 München", "Muellerstr. 3, D-80331 Muenchen"),  # u, ue
    ("DE", "~", "Müllerstraße 3, 80331 München", "Mullerstr. 3, 80331 Munchen"),
    ("DE", "?", "Bauerstraße 3, 80796 München", "Baurstraße 3, 80796 München"),  # no umlaut
    ("DE", "~", "Otto-Braun-Straße 5, 10178 Berlin", "Otto Braun Str 5, 10178 Berlin"),
    ("DE", "!", "Hauptstraße 12, 10827 Berlin", "Hauptstraße 21, 10827 Berlin"),
    ("DE", "!", "Hauptstraße 12-14, 10827 Berlin", "Hauptstraße 12, 10827 Berlin"),
    ("DE", "!", "Hauptstraße 12, 10827 Berlin", "Gartenweg 12, 10827 Berlin"),
    ("DE", "c", "Hauptstraße 12, 79576 Weil", "Hauptstraße 12, 79576 Weil, Schweiz"),
    ("AT", "u", "Mariahilfer Straße 1, Top 3, 1060 Wien", "Mariahilfer Str. 1, 1060 Wien"),
    # ---------------------------------------------------------------- Netherlands, Sweden, Poland
    ("NL", "~", "Kerkstraat 5, 1017 GA Amsterdam", "Kerkstr. 5, 1017ga Amsterdam"),
    ("NL", "!", "Kerkstraat 5, 1017 GA Amsterdam", "Kerkstraat 5, 1017 GB Amsterdam"),
    ("NL", "!", "Kerkstraat 5-2, 1017 GA Amsterdam", "Kerkstraat 5-3, 1017 GA Amsterdam"),
    ("SE", "~", "Storgatan 1, 111 22 Stockholm", "STORGATAN 1, SE-11122 Stockholm"),
    ("PL", "~", "ul. Długa 5, 00-238 Warszawa", "ulica Dluga 5, 00238 Warszawa"),
    ("PL", "?", "ul. Długa 5, 00-238 Warszawa", "Długa 5, 00-238 Warszawa"),  # a word is missing
    # ---------------------------------------------------------------- France, Italy, Spain, Brazil
    ("FR", "~", "12 bis avenue de l'Opéra, 75001 Paris", "12bis Av. de l'Opera, 75001 Paris"),
    ("FR", "!", "12 bis avenue de l'Opéra, 75001 Paris", "12 avenue de l'Opéra, 75001 Paris"),
    ("FR", "~", "5 bd Saint-Michel, 75005 Paris", "5 Boulevard St Michel, 75005 Paris"),  # a saint
    ("FR", "u", "5 rue Cler, bât. B, 75007 Paris", "5 rue Cler, bâtiment C, 75007 Paris"),
    ("IT", "~", "Piazza Duomo 1, 20121 Milano", "P.za Duomo, 1, 20121 Milano"),
    ("IT", "!", "Via Roma 1, 20121 Milano", "Via Roma 11, 20121 Milano"),
    ("ES", "~", "Calle Mayor 5, 28013 Madrid", "C/ Mayor, nº 5, 28013 Madrid"),
    ("ES", "!", "Calle Mayor 5, 28013 Madrid", "Calle Menor 5, 28014 Madrid"),
    ("MX", "~", "Avenida Juárez 10, Ciudad de México", "Av. Juarez 10, Ciudad de Mexico"),
    ("BR", "~", "Avenida Paulista 1578, São Paulo, 01310-200",
     "Av. Paulista, 1578, Sao Paulo, 01310200"),
    # ---------------------------------------------------------------- Japan
    ("JP", "~", "東京都千代田区丸の内1丁目9番1号", "東京都千代田区丸の内1-9-1"),
    ("JP", "~", "〒100-0005 東京都千代田区丸の内1-9-1",
     "100-0005 東京都 千代田区 丸の内１－９－１"),  # wide digits
    ("JP", "!", "東京都千代田区丸の内1-9-1", "東京都千代田区丸の内1-9-2"),
    # ---------------------------------------------------------------- Australia, India, Singapore
    ("AU", "~", "5 George St, Sydney NSW 2000", "5 George Street, Sydney NSW 2000"),
    ("AU", "~", "5 George St, Perth, Western Australia", "5 George Street, Perth, WA"),
    ("AU", "u", "Unit 3, 5 George St, Sydney", "Unit 4, 5 George St, Sydney"),
    ("IN", "~", "5 M.G. Road, Bengaluru 560 001", "5 MG Rd, Bengaluru 560001"),
    ("SG", "~", "1 Raffles Pl, Singapore 048616", "1 Raffles Place, Singapore 048616"),
    ("SG", "!", "1 Raffles Place, Singapore 048616", "1 Raffles Place, Singapore 048617"),
    # ------------------------------------- transliteration, CEDEX, floors and doors as numbers
    ("DE", "~", "Schloßstraße 5, 12163 Berlin",
     "Schlossstr. 5, 12163 Berlin"),
    ("DE", "~", "Bäckerstraße 3, 80331 München",
     "Baeckerstrasse 3, 80331 Muenchen"),
    ("DK", "~", "Østergade 5, 1100 København K",
     "Oestergade 5, 1100 Koebenhavn K"),
    ("PL", "~", "ul. Łąkowa 5, 90-001 Łódź",
     "ul. Lakowa 5, 90-001 Lodz"),
    ("RU", "?", "ул. Тверская 1, Москва 125009",
     "ul. Tverskaya 1, Moskva 125009"),
    ("RU", "?", "ул. Тверская, д. 1, Москва 125009",
     "Tverskaya ulitsa 1, Moscow 125009"),
    ("RU", "?", "улица Ленина 5, Казань",
     "ulitsa Lenina 5, Kazan"),
    ("BG", "?", "бул. Витоша 5, София 1000",
     "bul. Vitosha 5, Sofia 1000"),
    ("UA", "?", "вул. Хрещатик 22, Київ 01001",
     "vul. Khreshchatyk 22, Kyiv 01001"),
    ("GR", "?", "Ερμού 5, Αθήνα 105 63",
     "Ermou 5, Athina 10563"),
    ("RS", "?", "Кнез Михаилова 5, Београд",
     "Knez Mihailova 5, Beograd"),
    ("IS", "~", "Þórsgata 5, Reykjavík",
     "Thorsgata 5, Reykjavik"),
    ("TR", "~", "İstiklal Caddesi 5, İstanbul",
     "Istiklal Caddesi 5, Istanbul"),
    ("FR", "?", "5 rue Cler, 75007 Paris",
     "5 rue Cler, 75007 Paris CEDEX 07"),
    ("FR", "?", "5 rue Cler, 75007 Paris",
     "5 rue Cler, 75007 PARIS CEDEX"),
    ("FR", "?", "5 rue Cler, 69002 Lyon",
     "5 rue Cler, 69285 Lyon Cedex 02"),
    ("FR", "!", "5 rue Cler, 75007 Paris Cedex 07",
     "5 rue Cler, 75008 Paris Cedex 08"),
    ("FR", "!", "12 bis rue Cler, 75007 Paris",
     "12 ter rue Cler, 75007 Paris"),
    ("FR", "?", "12 bis rue Cler, 75007 Paris",
     "12B rue Cler, 75007 Paris"),
    ("FR", "!", "12 rue Cler, 75007 Paris",
     "12 bis rue Cler, 75007 Paris"),
    ("AU", "?", "5/100 George St, Sydney NSW 2000",
     "Unit 5, 100 George St, Sydney NSW 2000"),
    ("AU", "u", "5/100 George St, Sydney NSW 2000",
     "100 George St, Sydney NSW 2000"),
    ("AU", "u", "5/100 George St, Sydney NSW 2000",
     "6/100 George St, Sydney NSW 2000"),
    ("AU", "!", "5/100 George St, Sydney NSW 2000",
     "5/102 George St, Sydney NSW 2000"),
    ("AU", "~", "Level 3, 100 George St, Sydney NSW 2000",
     "Lvl 3 100 George St, Sydney NSW 2000"),
    ("AU", "~", "Level 3, 100 George St, Sydney NSW 2000",
     "L3, 100 George St, Sydney NSW 2000"),
    ("NZ", "?", "5/100 Queen St, Auckland 1010",
     "Flat 5, 100 Queen St, Auckland 1010"),
    ("DE", "u", "Hauptstraße 12, 3. OG, 10827 Berlin",
     "Hauptstraße 12, 2. OG, 10827 Berlin"),
    ("DE", "u", "Hauptstraße 12, 3. OG, 10827 Berlin",
     "Hauptstraße 12, 10827 Berlin"),
    ("DE", "?", "Hauptstraße 12, 3. OG links, 10827 Berlin",
     "Hauptstraße 12, 3. OG rechts, 10827 Berlin"),
    ("DE", "?", "Hauptstraße 12, 3. Etage, 10827 Berlin",
     "Hauptstraße 12, 3. OG, 10827 Berlin"),
    ("DE", "u", "Hauptstraße 12, EG, 10827 Berlin",
     "Hauptstraße 12, 1. OG, 10827 Berlin"),
    ("DE", "?", "Hauptstraße 12, DG, 10827 Berlin",
     "Hauptstraße 12, 10827 Berlin"),
    ("DE", "u", "Hauptstraße 12 3.OG, 10827 Berlin",
     "Hauptstraße 12, 2.OG, 10827 Berlin"),
    ("DE", "u", "Hauptstraße 12, 3. Stock, 10827 Berlin",
     "Hauptstraße 12, 4. Stock, 10827 Berlin"),
    ("AT", "?", "Mariahilfer Straße 1/2/3, 1060 Wien",
     "Mariahilfer Straße 1, Stiege 2, Top 3, 1060 Wien"),
    ("AT", "?", "Mariahilfer Straße 1/3, 1060 Wien",
     "Mariahilfer Straße 1/Top 3, 1060 Wien"),
    ("AT", "u", "Mariahilfer Straße 1/3, 1060 Wien",
     "Mariahilfer Straße 1/4, 1060 Wien"),
    ("AT", "u", "Mariahilfer Straße 1, Stiege 2, Top 3, 1060 Wien",
     "Mariahilfer Straße 1, Stiege 2, Top 4, 1060 Wien"),
    ("AT", "u", "Mariahilfer Straße 1, 2. Stock, 1060 Wien",
     "Mariahilfer Straße 1, 3. Stock, 1060 Wien"),
    ("HK", "u", "2/F, 8 Queen's Road Central, Hong Kong",
     "3/F, 8 Queen's Road Central, Hong Kong"),
    ("HK", "~", "2/F, 8 Queen's Road Central, Hong Kong",
     "2nd Floor, 8 Queens Rd Central, Hong Kong"),
    ("HK", "u", "2/F, 8 Queen's Road Central, Hong Kong",
     "8 Queen's Road Central, Hong Kong"),
    ("HK", "u", "Flat A, 2/F, 8 Queen's Road Central",
     "Flat B, 2/F, 8 Queen's Road Central"),
    ("CH", "u", "Bahnhofstrasse 5, 3. Etage, 8001 Zürich",
     "Bahnhofstrasse 5, 2. Etage, 8001 Zuerich"),
    ("FR", "u", "5 rue Cler, 3e étage, 75007 Paris",
     "5 rue Cler, 2ème étage, 75007 Paris"),
    ("FR", "u", "5 rue Cler, 3e étage, 75007 Paris",
     "5 rue Cler, 75007 Paris"),
    ("FR", "~", "5 rue Cler, Apt 3, 75007 Paris",
     "5 rue Cler, appartement 3, 75007 Paris"),
    ("ES", "u", "Calle Mayor 5, 3º B, 28013 Madrid",
     "Calle Mayor 5, 2º B, 28013 Madrid"),
    ("ES", "u", "Calle Mayor 5, 3º B, 28013 Madrid",
     "Calle Mayor 5, 28013 Madrid"),
    ("ES", "u", "Calle Mayor 5, piso 3, 28013 Madrid",
     "Calle Mayor 5, 28013 Madrid"),
    ("IT", "u", "Via Roma 1, int. 5, 20121 Milano",
     "Via Roma 1, int. 6, 20121 Milano"),
    ("IT", "u", "Via Roma 1, piano 2, 20121 Milano",
     "Via Roma 1, 20121 Milano"),
    ("IT", "~", "Via Roma 1/A, 20121 Milano",
     "Via Roma 1A, 20121 Milano"),
    ("PL", "?", "ul. Prosta 5/3, 00-001 Warszawa",
     "ul. Prosta 5 m. 3, 00-001 Warszawa"),
    ("PL", "u", "ul. Prosta 5/3, 00-001 Warszawa",
     "ul. Prosta 5, 00-001 Warszawa"),
    ("PL", "u", "ul. Prosta 5/3, 00-001 Warszawa",
     "ul. Prosta 5/4, 00-001 Warszawa"),
    ("DE", "!", "Hauptstraße 12/14, 10827 Berlin",
     "Hauptstraße 12, 10827 Berlin"),
    ("CZ", "!", "Dlouhá 123/5, 110 00 Praha",
     "Dlouhá 5, 110 00 Praha"),
    ("SE", "u", "Storgatan 1, 3 tr, 111 22 Stockholm",
     "Storgatan 1, 4 tr, 111 22 Stockholm"),
    ("DK", "u", "Algade 5, 2. tv., 4000 Roskilde",
     "Algade 5, 3. th., 4000 Roskilde"),
    ("US", "?", "350 5th Ave, Suite 3301, New York, NY 10118",
     "350 5th Ave # 3301, New York, NY 10118"),
    ("US", "u", "350 5th Ave, Suite 3301, New York, NY 10118",
     "350 5th Ave, 33rd Floor, New York, NY 10118"),
    ("US", "u", "350 5th Ave, Suite 3301, New York, NY 10118",
     "350 5th Ave Ste 3302, New York, NY 10118"),
    ("US", "?", "350 5th Ave, Apt 4B, New York, NY 10118",
     "350 5th Ave, Apt 4-B, New York, NY 10118"),
    ("US", "u", "350 5th Ave, Apt 4B, New York, NY 10118",
     "350 5th Ave, Apt 4C, New York, NY 10118"),
    ("CA", "?", "5-100 King St, Toronto, ON M5H 1A1",
     "Unit 5, 100 King St, Toronto, ON M5H 1A1"),
    ("CA", "u", "5-100 King St, Toronto, ON M5H 1A1",
     "100 King St, Toronto, ON M5H 1A1"),
    ("SG", "u", "1 Raffles Place #05-01, Singapore 048616",
     "1 Raffles Place #05-02, Singapore 048616"),
    ("SG", "u", "1 Raffles Place #05-01, Singapore 048616",
     "1 Raffles Place, Singapore 048616"),
    ("GB", "u", "Flat 2/1, 12 High Street, Glasgow",
     "Flat 2/2, 12 High Street, Glasgow"),
    ("GB", "u", "First Floor, 12 High Street, Oxford",
     "2nd Floor, 12 High Street, Oxford"),
    ("GB", "u", "Ground Floor, 12 High Street, Oxford",
     "12 High Street, Oxford"),
    ("IN", "u", "3rd Floor, 5 MG Road, Bengaluru 560001",
     "2nd Floor, 5 MG Road, Bengaluru 560001"),
    ("AU", "!", "5/100 George St, Sydney NSW 2000", "100/5 George St, Sydney NSW 2000"),
    ("US", "!", "12 Main St Apt 21, Ames, IA", "21 Main St Apt 12, Ames, IA"),  # swapped
    ("RU", "!", "ул. Тверская 1, Москва 125009", "ul. Tverskaya 2, Moskva 125009"),
    ("FR", "!", "5 rue Cler, 75007 Paris", "5 rue Cler, 69007 Lyon Cedex 07"),  # a department
    ("FR", "~", "5 rue Cler, 75007 Paris Cedex 07", "5 Rue Cler, 75007 PARIS CEDEX 07"),
    ("DE", "!", "Hauptstraße 12, 3. OG, 10827 Berlin", "Hauptstraße 13, 3. OG, 10827 Berlin"),
    ("DE", "~", "Hauptstraße 12, 3. OG, 10827 Berlin", "Hauptstr. 12 3.OG, 10827 Berlin"),
    ("GB", "!", "5 Stock Road, Billericay", "6 Stock Road, Billericay"),  # not a floor
    ("JP", "u", "東京都千代田区丸の内1-9-1 3F", "東京都千代田区丸の内1-9-1 4F"),
    ("JP", "u", "東京都千代田区丸の内１－９－１ ３階", "東京都千代田区丸の内1-9-1 4階"),
    ("CN", "u", "北京市朝阳区建国路1号3层", "北京市朝阳区建国路1号4层"),
    ("CN", "?", "北京市朝阳区建国路1号3层", "北京市朝阳区建国路2号3层"),
    ("KR", "u", "서울 강남구 테헤란로 5 3층", "서울 강남구 테헤란로 5 4층"),
    ("TR", "u", "Atatürk Cad. No: 5 Kat: 3, İstanbul", "Ataturk Cad. No 5 Kat 4, Istanbul"),
    ("RU", "u", "ул. Тверская 1, кв. 5, Москва", "ул. Тверская 1, кв. 6, Москва"),
    ("RU", "u", "ул. Тверская 1, этаж 3, Москва", "ул. Тверская 1, 2 этаж, Москва"),
    ("RU", "!", "ул. Тверская 1, кв. 5, Москва", "ул. Тверская 5, кв. 1, Москва"),
    ("FR", "?", "5 rue Cler, BP 12, 75007 Paris Cedex 07", "5 rue Cler, 75007 Paris"),
    ("IT", "~", "Via Roma 1, Piano 2, 20121 Milano", "Via Roma 1, 2° piano, 20121 Milano"),
    ("DE", "!", "Straße des 17. Juni 135, Berlin", "Straße des 18. Juni 135, Berlin"),
    ("NO", "~", "Kirkegård 5, Ålesund", "Kirkegaard 5, Aalesund"),
    ("HK", "!", "2/F, 8 Queen's Road, Hong Kong", "2/F, 9 Queen's Road, Hong Kong"),
    # ---------------------------------------------------------------- a country without spellings
    ("KE", "~", "Moi Avenue 5, Nairobi", "MOI AVENUE 5, Nairobi."),
    ("KE", "?", "Moi Avenue 5, Nairobi", "Moi Ave 5, Nairobi"),  # no abbreviation is known there
    ("KE", "!", "Moi Avenue 5, Nairobi", "Moi Avenue 6, Nairobi"),
    # ---------------------------------------------------------------- units in Latin America
    ("MX", "u", "Av. Reforma 5, Int. 3, CDMX", "Av. Reforma 5, Int. 4, CDMX"),
    ("MX", "~", "Av. Reforma 5, Int. 3, CDMX", "Av. Reforma 5, Interior 3, CDMX"),
    ("MX", "!", "Av. Reforma 5, Int. 3, CDMX", "Av. Reforma 7, Int. 3, CDMX"),
    ("BR", "u", "Av. Paulista 1578, conj. 12, São Paulo",
     "Avenida Paulista, 1578, conjunto 13, São Paulo"),
]
# fmt: on


@pytest.mark.parametrize(("country", "sign", "registered", "requested"), PAIRS)
def test_golden(country: str, sign: str, registered: str, requested: str) -> None:
    """The class of a pair is the one in the table."""
    assert address_match(registered, requested, country) is CLASSES[sign]


@pytest.mark.parametrize(("country", "sign", "registered", "requested"), PAIRS)
def test_likeness_goes_both_ways(country: str, sign: str, registered: str, requested: str) -> None:
    """Which of the two is the registered one does not count."""
    assert address_match(requested, registered, country) is CLASSES[sign]


def test_what_is_no_address_is_not_compared() -> None:
    """A text of a hundred thousand letters is answered at once."""
    long, other = "ab c" * 25_000, "ba d" * 25_000
    assert address_match(long, other, "US") is AddressMatch.unclear
    assert address_match(long, long, "US") is AddressMatch.identical


def test_the_table_is_wide_enough() -> None:
    """No pair stands twice; every class and ten countries and more are there."""
    assert len(set(PAIRS)) == len(PAIRS) >= 80
    assert len({country for country, *_ in PAIRS}) >= 10
    assert {sign for _, sign, *_ in PAIRS} == set(CLASSES)
