"""Make the table of country names, ``coverage_analyzer/resources/countries/names.csv``.

Names come from CLDR as packed in Babel (data: Unicode-3.0, code: BSD-3-Clause); the everyday and
official English spellings that CLDR does not give are written by hand below. Run from the
repository's root: ``python tools/build_names.py``.
"""

from __future__ import annotations

import csv
import importlib
import importlib.util
import io
import sys
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import babel
from babel import Locale, localedata
from babel.core import get_global

from coverage_analyzer.countries.names import country_key

TABLE = Path("coverage_analyzer/resources/countries/names.csv")
COUNTRIES = 250
"""The 249 entries of ISO 3166-1 and the user-assigned ``XK``."""

LANGUAGES = (
    *("en", "de", "fr", "es", "it", "pt", "pt_PT", "nl", "pl", "sv", "da", "fi", "cs", "tr"),
    *("ru", "ja", "ko", "zh", "zh_Hant", "zh_Hant_HK"),
)
"""Languages in which every country's name is accepted, whatever is spoken there."""

NOT_COUNTRIES = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"}
)
"""Two-letter regions that CLDR names beside the countries: reserved, grouped or made up."""

WITHDRAWN = frozenset(
    {"BUR", "DDR", "FXX", "TMP", "YMD", "ZAR", "230", "249", "278", "280", "720", "736", "886"}
)
"""Codes that CLDR still maps to one country, but ISO has taken back (Burma, East Germany ...)."""

AMBIGUOUS = (
    *("America", "CAD", "Channel Islands", "Kongo", "Korea", "Netherlands Antilles"),
    "Virgin Islands",
)
"""Words that people use for more than one entry. ``Kongo`` is the Republic in Polish, but either
one in German or Swedish; ``Congo`` stays, because ISO gives that very name to ``CG``. ``CAD`` is
the Canadian dollar before it is Chad in Czech."""

NAMES = {
    "CD": "DR Congo",
    "CG": "Congo",
    "GS": "South Georgia and the South Sandwich Islands",
    "HK": "Hong Kong",
    "HM": "Heard Island and McDonald Islands",
    "MM": "Myanmar",
    "MO": "Macao",
    "PS": "Palestine",
    "UM": "U.S. Minor Outlying Islands",
    "VC": "Saint Vincent and the Grenadines",
}
"""Where CLDR's English name is odd or drops an article that belongs to it."""

BY_HAND = """
AD: Principality of Andorra
AE: UAE | Emirates | Arab Emirates | VAE
AF: Islamic Republic of Afghanistan | Afghanistan, Islamic Republic of
AG: Antigua | Barbuda
AL: Republic of Albania
AM: Republic of Armenia
AO: Republic of Angola
AR: Argentine Republic | Argentine | República Argentina
AS: Samoa, American | Territory of American Samoa
AT: Republic of Austria | Republik Österreich | Oesterreich | Republik Oesterreich
AU: Commonwealth of Australia
AX: Aland | Ahvenanmaa
AZ: Republic of Azerbaijan
BA: Republic of Bosnia and Herzegovina | Bosnia | Herzegovina | BiH | Bosnia-Hercegovina | Bosnien
BD: People's Republic of Bangladesh
BE: Kingdom of Belgium | Royaume de Belgique | Koninkrijk België
BG: Republic of Bulgaria
BH: Kingdom of Bahrain
BI: Republic of Burundi
BJ: Republic of Benin
BL: Saint Barts | Saint Barth | Collectivity of Saint Barthélemy
BN: Brunei Darussalam | Negara Brunei Darussalam
BO: Bolivia (Plurinational State of) | Plurinational State of Bolivia
BQ: Bonaire, Sint Eustatius and Saba | BES Islands | Bonaire | Sint Eustatius | St. Eustatius
BQ: Statia | Saba
BR: Federative Republic of Brazil | República Federativa do Brasil
BS: Commonwealth of the Bahamas
BT: Kingdom of Bhutan
BW: Republic of Botswana
BY: Republic of Belarus | Belorussia | Byelorussia | White Russia | Weißrussland | Белоруссия
CC: Cocos Islands | Keeling Islands | Cocos Keeling | Territory of Cocos (Keeling) Islands
CD: Congo, Democratic Republic of the | Democratic Republic of the Congo | DRC | RDC | DROC
CD: Congo, DR | Congo DRC | Congo, Dem. Rep. | Dem. Rep. Congo | Dem. Rep. of the Congo | Zaire
CD: République démocratique du Congo | RD Congo | Demokratische Republik Kongo
CD: República Democrática del Congo | コンゴ民主共和国 | 刚果民主共和国
CF: Central African Rep.
CG: Republic of the Congo | Congo, Republic of the | Congo, Rep. | Rep. Congo | Rep. of the Congo
CG: Congo Republic | République du Congo | Republik Kongo | República del Congo | コンゴ共和国
CH: Swiss Confederation | Swiss | Helvetia | Confoederatio Helvetica
CI: Ivory Coast | Cote d Ivoire | Republic of Côte d'Ivoire | Costa de Marfil | Costa do Marfim
CL: Republic of Chile
CM: Republic of Cameroon
CN: PRC | P.R. China | People's Republic of China | China, People's Republic of | Mainland China
CN: China Mainland | China, PR | 中华人民共和国 | 中國大陸
CO: Republic of Colombia | República de Colombia
CR: Republic of Costa Rica
CU: Republic of Cuba
CV: Cabo Verde | Republic of Cabo Verde | Cape Verde Islands
CW: Country of Curaçao
CY: Republic of Cyprus
CZ: Czech Republic | Czechia (Czech Republic) | Czech Rep. | Czech | Česká republika
CZ: Tschechische Republik | Ceska | République tchèque | República Checa | Repubblica Ceca
CZ: Tchéquie
DE: Federal Republic of Germany | Germany, Federal Republic of | Bundesrepublik Deutschland
DJ: Republic of Djibouti
DK: Kingdom of Denmark
DM: Commonwealth of Dominica
DO: Dominican Rep. | Rep. Dominicana
DZ: People's Democratic Republic of Algeria
EC: Republic of Ecuador
EE: Republic of Estonia
EG: Arab Republic of Egypt | Egypt, Arab Rep.
ER: State of Eritrea
ES: EA | IC | Kingdom of Spain | Reino de España | Canary Islands | Islas Canarias | Ceuta
ES: Melilla | Ceuta and Melilla | Ceuta y Melilla | Balearic Islands
ET: Federal Democratic Republic of Ethiopia
FI: Republic of Finland
FJ: Republic of Fiji | Fiji Islands
FK: Falkland Islands (Malvinas) | Falklands | Falkland Is. | Malvinas
FM: Micronesia, Federated States of | Federated States of Micronesia | Micronesia, Fed. Sts.
FM: Fed. States of Micronesia
FO: Faeroe Islands | Faroes | Faroe Is. | Faeroes
FR: FX | CP | French Republic | République française | Metropolitan France | France, Metropolitan
FR: France métropolitaine | Clipperton | Clipperton Island
GA: Gabonese Republic
GB: UK | G.B. | Great Britain | Britain | England | Scotland | Wales | Northern Ireland | XI
GB: United Kingdom of Great Britain and Northern Ireland | Großbritannien | Grande-Bretagne
GB: Gran Bretaña | Gran Bretagna | Grã-Bretanha | Groot-Brittannië | Angleterre | Inghilterra
GB: Inglaterra | Schottland | Cymru | Iso-Britannia | 영국 | Англия
GE: Republic of Georgia
GF: Guiana, French | French Guyana | Guyane
GG: CQ | Alderney | Sark | Bailiwick of Guernsey
GH: Republic of Ghana
GL: Kalaallit Nunaat
GM: Republic of the Gambia
GN: Republic of Guinea | Guinea-Conakry | Guinée-Conakry
GQ: Republic of Equatorial Guinea
GR: EL | Hellenic Republic | Hellas | Ellada | Ellas | Ελλάς
GS: South Georgia | South Sandwich Islands
GT: Republic of Guatemala
GW: Republic of Guinea-Bissau
GY: Republic of Guyana | Co-operative Republic of Guyana | Cooperative Republic of Guyana
HK: Hongkong | Hong Kong SAR | Hong Kong, China | China, Hong Kong
HK: Hong Kong Special Administrative Region of China | Hong Kong, SAR of China
HK: China, Hong Kong Special Administrative Region | China, Hong Kong SAR
HK: Hong Kong Special Administrative Region | 香港 | 中國香港 | 홍콩 | Гонконг
HM: Heard Island
HN: Republic of Honduras
HR: Republic of Croatia | Hrvatska
HT: Republic of Haiti
ID: Republic of Indonesia
IE: Ireland (Republic) | Republic of Ireland | Ireland, Republic of | Eire | Irish Republic | ROI
IL: State of Israel
IM: Mann
IN: Republic of India | Bharat | Hindustan
IO: DG | Chagos Archipelago | Chagos Islands | Diego Garcia | BIOT
IQ: Republic of Iraq
IR: Iran, Islamic Republic of | Islamic Republic of Iran | Iran, Islamic Rep.
IS: Republic of Iceland
IT: Italian Republic | Repubblica Italiana
JE: Bailiwick of Jersey
JO: Hashemite Kingdom of Jordan
JP: Nippon | Nihon | 日本国
KE: Republic of Kenya
KG: Kyrgyz Republic | Kirghizia | Kirgizia | Kyrgyz Rep. | Киргизия
KH: Kingdom of Cambodia | Kampuchea
KI: Republic of Kiribati
KM: Union of the Comoros
KN: Federation of Saint Kitts and Nevis | Saint Christopher and Nevis | St. Kitts | Nevis
KN: St. Kitts-Nevis
KP: Korea, Democratic People's Republic of | Democratic People's Republic of Korea | DPRK
KP: Korea, North | N. Korea | DPR Korea | Korea DPR | Korea, Dem. People's Rep. | 북한
KP: Dem. People's Rep. of Korea | Korea, Dem. Rep. | 조선민주주의인민공화국 | Северная Корея
KR: Korea, Republic of | Republic of Korea | Korea, South | S. Korea | ROK | Korea, Rep.
KR: Rep. of Korea | Rep. Korea | 한국 | 남한 | 大韩民国 | 大韓民國 | 大韓民国 | Южная Корея
KR: Daehan Minguk | Hanguk
KW: State of Kuwait
KY: Каймановы острова | Caymans | Grand Cayman | Cayman Is.
KZ: Republic of Kazakhstan | Kazakstan
LA: Lao People's Democratic Republic | Lao PDR | Lao
LB: Lebanese Republic
LI: Principality of Liechtenstein
LK: Democratic Socialist Republic of Sri Lanka | Ceylon
LR: Republic of Liberia
LS: Kingdom of Lesotho
LT: Republic of Lithuania
LU: Grand Duchy of Luxembourg | Luxemburg
LV: Republic of Latvia
LY: State of Libya | Libyan Arab Jamahiriya
MA: Kingdom of Morocco | Royaume du Maroc
MC: Principality of Monaco
MD: Moldova, Republic of | Republic of Moldova | Moldavia | Republica Moldova | Молдавия
MF: Saint Martin (French part) | Saint-Martin (partie française) | Collectivity of Saint Martin
MG: Republic of Madagascar
MH: Republic of the Marshall Islands | Marshalls | Marshall Is.
MK: Macedonia | Republic of North Macedonia | Republic of Macedonia | FYROM
MK: Macedonia, the former Yugoslav Republic of | Former Yugoslav Republic of Macedonia
MK: FYR Macedonia | Macedonia, FYR | North Macedonia, Republic of | Mazedonien
ML: Republic of Mali
MM: Burma | Burma (Myanmar) | Republic of Myanmar | Republic of the Union of Myanmar
MM: Union of Myanmar | Birmanie | Birma | Birmania | Мьянма | Бирма | ミャンマー | ビルマ | 미얀마
MM: 緬甸 | 缅甸
MN: Outer Mongolia
MO: Macau | Macao SAR | Macau SAR | Macao, China | Macau, China | China, Macao | China, Macau
MO: Macao Special Administrative Region of China | Macao, SAR of China
MO: China, Macao Special Administrative Region | China, Macao SAR
MO: Macao Special Administrative Region | 澳门 | 澳門 | 中國澳門 | 마카오 | マカオ | Макао
MP: Commonwealth of the Northern Mariana Islands | CNMI | Northern Marianas | Saipan
MP: N. Mariana Is.
MR: Islamic Republic of Mauritania
MT: Republic of Malta
MU: Republic of Mauritius
MV: Republic of Maldives | Maldive Islands
MW: Republic of Malawi
MX: United Mexican States | Estados Unidos Mexicanos | Mejico
MZ: Republic of Mozambique
NA: Republic of Namibia
NE: Republic of the Niger
NG: Federal Republic of Nigeria
NI: Republic of Nicaragua
NL: Netherlands (Kingdom of the) | Holland | Kingdom of the Netherlands | Netherland | Hollande
NL: Holanda | Olanda | Koninkrijk der Nederlanden
NO: Kingdom of Norway
NP: Federal Democratic Republic of Nepal
NR: Republic of Nauru
NZ: Aotearoa | Aotearoa New Zealand | N.Z.
OM: Sultanate of Oman
PA: Republic of Panama
PE: Republic of Peru
PF: Tahiti
PG: Independent State of Papua New Guinea | P.N.G.
PH: Republic of the Philippines | Philippine Islands | Pilipinas
PK: Islamic Republic of Pakistan
PL: Republic of Poland | Rzeczpospolita Polska
PN: Pitcairn
PR: Commonwealth of Puerto Rico | Porto Rico | P.R.
PS: Palestine, State of | State of Palestine | Occupied Palestinian Territory | West Bank
PS: Palestinian Territory, Occupied | Palestinian Territory | Palestinian Territories | Gaza
PS: West Bank and Gaza | Gaza Strip
PT: Portuguese Republic | República Portuguesa
PW: Republic of Palau
PY: Republic of Paraguay
QA: State of Qatar
RE: La Réunion | Reunion Island | Île de la Réunion
RO: Rumania | Roumania
RS: Republic of Serbia | Republika Srbija
RU: Russian Federation | Российская Федерация | РФ | Russische Föderation | Fédération de Russie
RU: Federación Rusa | Federación de Rusia | Federazione Russa | Federação Russa
RW: Republic of Rwanda | Rwandese Republic
SA: KSA | Kingdom of Saudi Arabia | Saudi
SB: Solomons | Solomon Is.
SC: Republic of Seychelles
SD: Republic of the Sudan | North Sudan
SE: Kingdom of Sweden | Konungariket Sverige
SG: Republic of Singapore
SH: AC | TA | Saint Helena, Ascension and Tristan da Cunha | Ascension | Ascension Island
SH: Tristan da Cunha
SI: Republic of Slovenia
SJ: Svalbard and Jan Mayen Islands | Svalbard | Spitsbergen | Jan Mayen | Spitzbergen
SK: Slovak Republic | Slovak Rep. | Slovenská republika | Slovakian Republic
SL: Republic of Sierra Leone
SM: Republic of San Marino
SN: Republic of Senegal
SO: Federal Republic of Somalia
SR: Republic of Suriname | Surinam
SS: Republic of South Sudan | S. Sudan
ST: Sao Tome | Democratic Republic of São Tomé and Príncipe
SV: Republic of El Salvador | Salvador
SX: Sint Maarten (Dutch part) | Saint Martin (Dutch part) | St. Maarten
SY: Syrian Arab Republic | Syrian Arab Rep.
SZ: Swaziland | Eswatini (Swaziland) | Kingdom of Eswatini | Kingdom of Swaziland
TC: Turks and Caicos | Turks & Caicos Is.
TD: Republic of Chad | Tchad
TF: French Southern and Antarctic Lands | TAAF
TG: Togolese Republic
TH: Kingdom of Thailand
TJ: Republic of Tajikistan | Tadjikistan | Tadzhikistan
TL: East Timor | Timor-Leste, Democratic Republic of | Democratic Republic of Timor-Leste
TM: Turkmenia
TN: Republic of Tunisia | Tunisian Republic
TO: Kingdom of Tonga
TR: Turkey | Republic of Türkiye | Republic of Turkey | Türkiye Cumhuriyeti
TT: Republic of Trinidad and Tobago | Trinidad | Tobago | Trinidad-Tobago
TW: Taiwan, Province of China | Taiwan, China | Chinese Taipei | Republic of China | Taiwan (ROC)
TW: Taiwan, Republic of China | 臺灣 | 台湾 | China, Taiwan Province of | 中華民國 | 中华民国
TW: 台灣
TZ: Tanzania, United Republic of | United Republic of Tanzania | Zanzibar
UG: Republic of Uganda
UM: United States Minor Outlying Islands | U.S. Outlying Islands | Wake Island | Midway Islands
UM: Johnston Atoll | Palmyra Atoll
US: United States of America | U.S. | U.S.A. | The States | US of A
US: Vereinigte Staaten von Amerika | États-Unis d'Amérique | Estados Unidos de América | E.E.U.U.
US: EE. UU. | EUA | Stati Uniti d'America | Estados Unidos da América | ABD | США | アメリカ
US: Соединенные Штаты Америки | 미합중국 | Verenigde Staten van Amerika | 米国 | 美利坚合众国
UY: Eastern Republic of Uruguay | Oriental Republic of Uruguay
UZ: Republic of Uzbekistan
VA: Holy See | Holy See (Vatican City State) | Vatican | Vatican City State | Vaticano
VA: State of the Vatican City | Città del Vaticano | Vatikan
VC: St. Vincent
VE: Venezuela, Bolivarian Republic of | Bolivarian Republic of Venezuela | Venezuela, RB
VG: Virgin Islands, British | British Virgin Is. | BVI | Tortola | Virgin Islands (UK)
VI: Virgin Islands, U.S. | Virgin Islands of the United States | USVI | US Virgin Is.
VI: Virgin Islands, United States | United States Virgin Islands | American Virgin Islands
VI: Virgin Islands USA | Virgin Islands, American
VN: Viet Nam | Socialist Republic of Viet Nam | Socialist Republic of Vietnam
VU: Republic of Vanuatu
WF: Wallis and Futuna Islands
WS: Western Samoa | Independent State of Samoa | Samoa, Independent State of
XK: Republic of Kosovo | Kosova | Kosovo (UNSCR 1244)
YE: Republic of Yemen | Yemen, Rep.
ZA: Republic of South Africa | RSA | S. Africa
ZM: Republic of Zambia
ZW: Republic of Zimbabwe
AE: Utd.Arab Emir. | Unit.Arab Emir. | Utd. Arab Emirates | Untd Arab Emirates | United Arab Emir.
AE: U. Arab Emirates | Ver.Arab.Emir. | Verein.Arab.Emirate | Ver. Arab. Emirate | EAU
AG: Antigua & Barb. | Antigua/Barbuda
AS: Amer. Samoa | Samoa, America
AT: Austria Republic
BA: Bosnia-Herz. | Bosnia & Herz. | Bosnia-Herzegovina | Bosnien-Herz. | Bosnien-Herzegowina
BA: Bosnien & Herzegowina | Bosnia-Herzeg. | Bosnia/Herzeg.
BN: Brunei Daruss. | Brunei Darus.
BV: Bouvet Islands
CC: Coconut Islands
CD: Dem.Rep.Congo | Congo (Dem. Rep.) | Congo (DRC) | Congo (Kinshasa) | D.R. Congo
CF: CAR | Centr.Afr.Rep. | Central Afr.Rep. | Cent. Afr. Rep. | Central African Republ.
CF: Zentralafr.Rep. | Zentralaf. Rep. | Zentralafr. Republik
CG: Congo (Brazzaville) | Congo (Rep.)
CI: Elfenbeinküste | Elfenbeinkueste
CN: VR China | Volksrepublik China | China, VR
CV: Kap Verde | Kapverden | Kapverdische Inseln
CX: Christmas Islnd
CZ: Tschechei | Tschech.Republik | Tschech. Rep. | Tschechische Rep. | Tschechische Re | Rep. Checa
DE: BRD | FRG | BR Deutschland | BR Dtl. | Fed.Rep.of Germany | Fed. Rep. Germany
DE: West Germany
DE: Germany, Fed. Rep. | Bundesrep. Deutschland
DO: Dom. Rep. | Dominikan.Republik | Dominikan. Rep.
DO: Dominikan.Rep. | Dominican Repub. | Dom. Republik
FK: Falkland Islnds
FO: Faröer | Färöer-Inseln
FR: France Métropole
GB: Utd. Kingdom | Untd Kingdom | United Kingd.
GB: U. Kingdom | N. Ireland | Nordirland | Northern Irel.
GB: Ver. Königreich | Vereinigt.Königr. | Irlande du Nord
GB: Escocia | Écosse | Pays de Galles | Gales
GF: French Guayana | Frenc.Guayana
GQ: Equatorial Guin | Equatorial Gui. | Eq. Guinea | Equat. Guinea
GS: S. Sandwich Ins
HM: Heard/McDon.Isl | Heard/McDon.Isl.
IE: Rep. of Ireland | Rep. Ireland | Rep. Irland | Republik Irland
IO: Brit.Ind.Oc.Ter | Brit.Ind.Oc.Ter.
KG: Kirgisien | Kirgistan | Kirgisische Rep.
KN: St.Kitts/Nevis
KP: Volksrep. Korea | DVR Korea | Demokratische Volksrepublik Korea
KR: Republik Korea | Rep.of Korea
MD: Moldawien | Moldau | Rep. Moldau | Rep. of Moldova | Rep. Moldova
MH: Marshall Islnds
MK: Nordmazedonien | North Maced. | N. Macedonia
MM: Burma/Myanmar | Myanmar/Burma
MP: N.Mariana Islnd | N.Mariana Is. | Northern Mariana
MR: Mauretania
NF: Norfolk Islands
NL: Niederlande (Holland)
NZ: N. Zealand | New Zeal.
PF: Frenc.Polynesia | Fr. Polynesia
PG: Pap. New Guinea | Papua Nw Guinea | Papua N. Guinea
PM: St.Pier,Miquel. | St. Pierre & Miq. | St.Pierre/Miquel.
PN: Pitcairn Islnds
RU: Russian Fed. | Russian Feder. | Russ. Föderation | Russische Föd.
ST: S.Tome,Principe | Sao Tome & Prin. | Sao Tome/Princip
SZ: Swasiland
TC: Turksh Caicosin | Turks/Caicos
TF: French S.Territ | French S.Territ.
TJ: Tadschikien
TM: Turkmenien
TT: Trinidad & Tob. | Trinidad,Tobago | Trinidad/Tobago | Trinidad und Tobago
UM: Minor Outl.Isl. | US Minor Outl.Isl.
US: Utd. States | Untd States | United Stat. | Ver. Staaten | Verein. Staaten | U.S. America
US: Vereinigte Staaten (USA) | Etats Unis
VC: St.Vincent/Gren. | St. Vincent & Gren.
VG: Brit.Virgin Is. | Brit. Jungferninseln | Brit. Virgin Isl.
VI: Amer.Virgin Is. | Amer. Jungferninseln | Amer. Virgin Isl.
WF: Wallis,Futuna | Wallis & Fut.
EH: West Sahara | W. Sahara
ZA: Südafrika Republik | Rep. of South Africa | Rep. Südafrika
"""
"""Official short names in either order, formal names, initials, everyday words, and from the second
``AE`` on what ERP and CRM systems write: the texts of 15 letters of SAP (table T005T), and usual
German names and abbreviations. A code may stand on several lines. Only the codes that ISO reserves
(``UK``, ``EL``, ``IC`` ...) and the VAT prefix ``XI`` are here: a withdrawn one such as ``CS`` may
stand for two countries."""

PLAIN_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D"}
    | {"\N{LATIN SMALL LETTER DOTLESS I}": "i"}
    | {"æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th"}
)
"""Letters that Unicode does not decompose, hence folding keeps, but plain keyboards lack."""

TWO_LETTERS = {
    "de": str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue"}),
    "da": str.maketrans({"å": "aa", "ø": "oe", "æ": "ae", "Å": "Aa", "Ø": "Oe", "Æ": "Ae"}),
}
"""How German and Danish are written where the keyboard has no such letters."""


class Country(NamedTuple):
    """One entry of the table, without its aliases."""

    alpha2: str
    alpha3: str
    numeric: str
    name: str


class Dropped(NamedTuple):
    """An alias that is not stored, since it could stand for more than one country."""

    alias: str
    wanted_by: tuple[str, ...]
    why: str


def hand_aliases() -> dict[str, list[str]]:
    """Aliases written by hand, by alpha-2 code, in their order."""
    aliases: dict[str, list[str]] = defaultdict(list)
    for line in BY_HAND.strip().splitlines():
        code, _, words = line.partition(": ")
        aliases[code] += [word.strip() for word in words.split("|")]
    return dict(aliases)


def territories(language: str) -> dict[str, str]:
    """CLDR's names in one language, by territory code."""
    names = Locale.parse(language).territories
    return {str(code): str(names[code]) for code in names}


def countries() -> dict[str, Country]:
    """ISO 3166-1 and Kosovo, by alpha-2 code, sorted.

    Raises
    ------
    SystemExit
        If CLDR does not give each of them one alpha-3 and one numeric code.

    """
    codes: dict[str, list[str]] = defaultdict(list)
    for code, targets in get_global("territory_aliases").items():
        if len(code) == len("XKX") and len(targets) == 1 and code not in WITHDRAWN:
            codes[targets[0]].append(code)
    english = territories("en")
    result: dict[str, Country] = {}
    for alpha2 in sorted(c for c in english if c.isalpha() and len(c) == len("XK")):
        if alpha2 in NOT_COUNTRIES:
            continue
        alpha3 = [code for code in codes[alpha2] if code.isalpha()]
        numeric = [code for code in codes[alpha2] if code.isdigit()]
        if alpha2 == "XK":  # user-assigned: CLDR's 983 is of its own making
            alpha3, numeric = ["XKX"], [""]
        if len(alpha3) != 1 or len(numeric) != 1:
            sys.exit(f"{alpha2}: one alpha-3 and one numeric code wanted, not {alpha3}, {numeric}")
        name = NAMES.get(alpha2, readable(english[alpha2]))
        result[alpha2] = Country(alpha2, alpha3[0], numeric[0], name)
    if len(result) != COUNTRIES:
        sys.exit(f"{COUNTRIES} countries wanted, not {len(result)}: see NOT_COUNTRIES")
    return result


def readable(name: str) -> str:
    """CLDR's name, which is made for narrow lists, as one would write it in a sentence."""
    name = name.replace(" & ", " and ").replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    return f"Saint {name.removeprefix('St. ')}" if name.startswith("St. ") else name


def spellings(name: str, language: str) -> list[str]:
    """Names in one language as people may key them, CLDR's own first."""
    result = [name]
    if language == "ru":  # CLDR abbreviates "island" and "islands"
        result.append(name.replace("о-ва", "острова").replace("о-в", "остров"))  # noqa: RUF001
    if language in TWO_LETTERS:
        result.append(name.translate(TWO_LETTERS[language]))
    result.append(name.translate(PLAIN_LETTERS))
    return result


def languages_of(alpha2: str) -> list[str]:
    """Languages to take a country's name from: the common ones, then its official ones."""
    spoken = get_global("territory_languages").get(alpha2, {})
    own = [language for language, about in spoken.items() if about["official_status"]]
    return list(dict.fromkeys([*LANGUAGES, *filter(localedata.exists, own)]))


def cldr_aliases(alpha2: str) -> list[str]:
    """Names of a country in all its languages, in their order, repeats included."""
    result: list[str] = []
    for language in languages_of(alpha2):
        name = territories(language).get(alpha2, alpha2)
        if name != alpha2:  # the root locale, which others inherit, gives codes
            result += spellings(name, language)
    return result


def owned_words(table: dict[str, Country], hand: dict[str, list[str]]) -> dict[str, str]:
    """Folded words that belong to one country beyond doubt: codes, names, hand-written aliases.

    Raises
    ------
    SystemExit
        If two countries claim a word, or a hand-written one is known to be ambiguous.

    """
    owners: dict[str, str] = {}
    refused = {country_key(word) for word in AMBIGUOUS}
    claims = [(word, c.alpha2) for c in table.values() for word in c[:3] if word]
    claims += [(country.name, country.alpha2) for country in table.values()]
    claims += [(word, alpha2) for alpha2, words in hand.items() for word in words]
    for word, alpha2 in claims:
        key = country_key(word)
        if not key or key in refused or owners.setdefault(key, alpha2) != alpha2:
            sys.exit(f"{word!r} for {alpha2}: empty, ambiguous or of {owners.get(key)}")
    return owners


def collisions(cldr: dict[str, list[str]], owners: dict[str, str]) -> dict[str, Dropped]:
    """CLDR's names that must not be stored, by their folded form."""
    by_key: dict[str, dict[str, str]] = defaultdict(dict)
    for alpha2, words in cldr.items():
        for word in words:
            by_key[country_key(word)].setdefault(alpha2, word)
    refused = {country_key(word) for word in AMBIGUOUS}
    dropped: dict[str, Dropped] = {}
    for key, by_country in by_key.items():
        word, codes = next(iter(by_country.values())), tuple(by_country)
        owner = owners.get(key)
        if not key or key in refused:
            dropped[key] = Dropped(
                word, codes, "ambiguous" if key else "nothing left after folding"
            )
        elif owner is None and len(codes) > 1:
            dropped[key] = Dropped(word, codes, "several countries")
        elif owner is not None and codes != (owner,):
            others = tuple(code for code in codes if code != owner)
            dropped[key] = Dropped(by_country[others[0]], others, f"belongs to {owner}")
    return dropped


def stored_aliases(
    country: Country, hand: list[str], cldr: list[str], dropped: dict[str, Dropped]
) -> list[str]:
    """Aliases of one country, hand-written ones first, each folded form once."""
    codes = set(country[:3])
    seen = {country_key(country.name)}
    result: list[str] = []
    for word in [*hand, *(word for word in cldr if country_key(word) not in dropped)]:
        # "U.S." is stored, though it folds to a code: whoever looks codes up as written misses it.
        if country_key(word) not in seen and word not in codes:
            seen.add(country_key(word))
            result.append(word)
    return result


def as_csv(rows: list[tuple[Country, list[str]]]) -> str:
    """Write the table as CSV into a string."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([*Country._fields, "aliases"])
    for country, aliases in rows:
        if any("|" in alias for alias in aliases):
            sys.exit(f"{country.alpha2}: an alias holds the separator: {aliases}")
        writer.writerow([*country, "|".join(aliases)])
    return out.getvalue()


def differences(table: dict[str, Country]) -> list[str]:
    """Codes that pycountry, if it is installed, has otherwise: a second pair of eyes only."""
    if importlib.util.find_spec("pycountry") is None:
        return ["pycountry is not installed, codes not cross-checked"]
    theirs = {
        (entry.alpha_2, entry.alpha_3, entry.numeric)
        for entry in importlib.import_module("pycountry").countries
    }
    ours = {country[:3] for country in table.values() if country.alpha2 != "XK"}
    return [f"codes differ from pycountry: {codes}" for codes in sorted(ours ^ theirs)]


def main() -> None:
    """Write the table and say on stderr what is in it and what was left out."""
    table = countries()
    hand = hand_aliases()
    if unknown := sorted(set(hand) - set(table)):
        sys.exit(f"BY_HAND: no such country: {unknown}")
    cldr = {alpha2: cldr_aliases(alpha2) for alpha2 in table}
    dropped = collisions(cldr, owned_words(table, hand))
    rows = [
        (country, stored_aliases(country, hand.get(alpha2, []), cldr[alpha2], dropped))
        for alpha2, country in table.items()
    ]
    text = as_csv(rows)
    TABLE.write_text(text, encoding="utf-8", newline="\n")
    for key, (alias, codes, why) in sorted(dropped.items()):
        print(f"dropped {alias!r} ({key}) for {' '.join(codes)}: {why}", file=sys.stderr)
    for line in differences(table):
        print(line, file=sys.stderr)
    print(
        f"{TABLE}: {len(rows)} countries, {sum(len(aliases) for _, aliases in rows)} aliases, "
        f"{len(dropped)} dropped, {len(text.encode()):,} bytes, Babel {babel.__version__}",
        file=sys.stderr,
    )


if __name__ == "__main__":
    main()
