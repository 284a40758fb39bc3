"""Due moments by region, worked out by hand, each holiday with its source.

Weekdays to check by: 2026-01-01 is a Thursday, 2027-01-01 a Friday, 2028-01-01 a Saturday. Easter
Sunday is 2026-04-05, 2027-03-28, 2028-04-16; so in 2027 Good Friday is 26 March, Easter Monday 29
March, Ascension 6 May, Whit Monday 17 May, Corpus Christi 27 May. In a sum, ``>`` parts the day
that an event counts for from the business days after it, and days in brackets do not count. Due is
the end of the last one: 00:00 of the day after, at the center.
"""

import datetime
from zoneinfo import ZoneInfo

import pytest

from coverage_analyzer.due_times import clocks
from coverage_analyzer.due_times.calendars import calendar
from coverage_analyzer.due_times.issues import Doubt, DoubtError
from coverage_analyzer.policy.due_times import CalendarRule
from coverage_analyzer.policy.rules import Hours, Replacement


def days(amount: int, cut_off: str | None = None) -> Replacement:
    """Return a clock of business days."""
    return Replacement(
        start="rma_issued",
        end="shipped",
        amount=amount,
        unit="business_days",
        cut_off=cut_off,
        clause="c",
    )


def hours(amount: int) -> Replacement:
    """Return a clock of hours within 09:00 to 17:00 on business days."""
    return Replacement(
        start="authorised",
        end="delivered",
        amount=amount,
        unit="hours",
        hours=Hours(opens="09:00", closes="17:00"),
        clause="c",
    )


D1, D10, CUT, OFFICE = days(1), days(10), days(1, "15:00"), hours(4)

BERLIN, ZURICH, VIENNA, LONDON = "Europe/Berlin", "Europe/Zurich", "Europe/Vienna", "Europe/London"
TORONTO, SYDNEY, MADRID, PARIS = (
    *("America/Toronto", "Australia/Sydney", "Europe/Madrid", "Europe/Paris"),
)
PERTH, MELBOURNE, AUCKLAND, KUALA_LUMPUR = (
    *("Australia/Perth", "Australia/Melbourne", "Pacific/Auckland", "Asia/Kuala_Lumpur"),
)

# fmt: off
CASES = [
    # -------------------------------------------------------- Germany
    # Bavaria: Feiertagsgesetz (FTG) art. 1: Epiphany, Corpus Christi, All Saints
    # Tue 5 > [Wed 6: Epiphany] Thu 7
    ("bavaria-epiphany", D1, "2027-01-05T10:00", "DE-BY", BERLIN, "2027-01-08T00:00:00+01:00"),
    # on the holiday itself: [Wed 6] Thu 7 > Fri 8
    ("on-epiphany", D1, "2027-01-06T10:00", "DE-BY", BERLIN, "2027-01-09T00:00:00+01:00"),
    # Wed 26 > [Thu 27: Corpus Christi] Fri 28
    ("bavaria-corpus-christi", D1, "2027-05-26T10:00", "DE-BY", BERLIN,
     "2027-05-29T00:00:00+02:00"),
    # Fri 29 > [Sat, Sun, Mon 1: All Saints] Tue 2
    ("bavaria-all-saints", D1, "2027-10-29T10:00", "DE-BY", BERLIN, "2027-11-03T00:00:00+01:00"),
    # Mon 30 > Tue 31: Reformation Day is none in Bavaria; 31 October 2028 is a Tuesday
    ("bavaria-reformation", D1, "2028-10-30T10:00", "DE-BY", BERLIN, "2028-11-01T00:00:00+01:00"),
    # Tue 5 after 15:00: [Wed 6] Thu 7 > Fri 8
    ("bavaria-cut-off", CUT, "2027-01-05T15:01", "DE-BY", BERLIN, "2027-01-09T00:00:00+01:00"),
    # 2 h on Tue 5, none on Wed 6, 2 h on Thu 7
    ("bavaria-hours", OFFICE, "2027-01-05T15:00", "DE-BY", BERLIN, "2027-01-07T11:00:00+01:00"),
    # Mon 21 > 22 23 24 [Fri 25, Sat, Sun] 28 29 30 31 [Fri 1, Sat, Sun] 4 5 [Wed 6] Thu 7
    ("bavaria-ten-days", D10, "2026-12-21T10:00", "DE-BY", BERLIN, "2027-01-08T00:00:00+01:00"),
    # Berlin: Gesetz über die Sonn- und Feiertage § 1: International Women's Day since 2019
    # Tue 5 > Wed 6
    ("berlin-epiphany", D1, "2027-01-05T10:00", "DE-BE", BERLIN, "2027-01-07T00:00:00+01:00"),
    # Fri 5 > [Sat, Sun, Mon 8: Women's Day] Tue 9
    ("berlin-womens-day", D1, "2027-03-05T10:00", "DE-BE", BERLIN, "2027-03-10T00:00:00+01:00"),
    # Wed 26 > Thu 27: no Corpus Christi
    ("berlin-corpus-christi", D1, "2027-05-26T10:00", "DE-BE", BERLIN,
     "2027-05-28T00:00:00+02:00"),
    # North Rhine-Westphalia: Feiertagsgesetz NW § 2: Corpus Christi, All Saints; no Epiphany
    ("nrw-corpus-christi", D1, "2027-05-26T10:00", "DE-NW", BERLIN, "2027-05-29T00:00:00+02:00"),
    ("nrw-epiphany", D1, "2027-01-05T10:00", "DE-NW", BERLIN, "2027-01-07T00:00:00+01:00"),
    # Saxony: SächsSFG § 1: Repentance Day (the Wednesday before 23 November), Reformation Day
    # Tue 16 > [Wed 17] Thu 18
    ("saxony-repentance", D1, "2027-11-16T10:00", "DE-SN", BERLIN, "2027-11-19T00:00:00+01:00"),
    # Mon 30 > [Tue 31] Wed 1: no All Saints there
    ("saxony-reformation", D1, "2028-10-30T10:00", "DE-SN", BERLIN, "2028-11-02T00:00:00+01:00"),
    # Brandenburg has no Repentance Day (Feiertagsgesetz FTG § 2): Tue 16 > Wed 17
    ("brandenburg-repentance", D1, "2027-11-16T10:00", "DE-BB", BERLIN,
     "2027-11-18T00:00:00+01:00"),

    # -------------------------------------------------------- Switzerland
    # Zurich: Ruhetags- und Ladenöffnungsgesetz § 1: New Year, Good Friday, Easter Monday, 1 May,
    # Ascension, Whit Monday, 1 August, 25 and 26 December
    # Thu 25 > [Fri 26, Sat, Sun, Mon 29] Tue 30; clocks change on 28 March
    ("zurich-easter", D1, "2027-03-25T10:00", "CH-ZH", ZURICH, "2027-03-31T00:00:00+02:00"),
    # Fri 14 > [Sat, Sun, Mon 17: Whit Monday] Tue 18
    ("zurich-whit-monday", D1, "2027-05-14T10:00", "CH-ZH", ZURICH, "2027-05-19T00:00:00+02:00"),
    # Wed 26 > Thu 27: no Corpus Christi
    ("zurich-corpus-christi", D1, "2027-05-26T10:00", "CH-ZH", ZURICH,
     "2027-05-28T00:00:00+02:00"),
    # Geneva: Loi sur les jours fériés (J 1 45) art. 1: Jeûne genevois (the Thursday after the first
    # Sunday of September, which is the 5th), 31 December
    # Wed 8 > [Thu 9] Fri 10
    ("geneva-fast", D1, "2027-09-08T10:00", "CH-GE", ZURICH, "2027-09-11T00:00:00+02:00"),
    # Wed 30 > [Thu 31: Restoration, Fri 1, Sat, Sun] Mon 4
    ("geneva-restoration", D1, "2026-12-30T10:00", "CH-GE", ZURICH, "2027-01-05T00:00:00+01:00"),
    # Ticino: Legge sui giorni festivi ufficiali: Epiphany, Saint Joseph, Peter and Paul; no Good
    # Friday. Thu 25 > Fri 26
    ("ticino-good-friday", D1, "2027-03-25T10:00", "CH-TI", ZURICH, "2027-03-27T00:00:00+01:00"),
    # Thu 18 > [Fri 19: Saint Joseph, Sat, Sun] Mon 22
    ("ticino-saint-joseph", D1, "2027-03-18T10:00", "CH-TI", ZURICH, "2027-03-23T00:00:00+01:00"),
    # Mon 28 > [Tue 29: Peter and Paul] Wed 30
    ("ticino-peter-and-paul", D1, "2027-06-28T10:00", "CH-TI", ZURICH,
     "2027-07-01T00:00:00+02:00"),
    # Vaud: Loi sur l'emploi art. 47: Lundi du Jeûne, after the third Sunday of September, the 19th
    # Fri 17 > [Sat, Sun, Mon 20] Tue 21
    ("vaud-fast", D1, "2027-09-17T10:00", "CH-VD", ZURICH, "2027-09-22T00:00:00+02:00"),

    # -------------------------------------------------------- Austria: Arbeitsruhegesetz § 7 (2)
    # Tue 5 > [Wed 6: Epiphany] Thu 7
    ("salzburg-epiphany", D1, "2027-01-05T10:00", "AT-5", VIENNA, "2027-01-08T00:00:00+01:00"),
    # Thu 25 > Fri 26: Good Friday is no statutory holiday since 2019
    ("tyrol-good-friday", D1, "2027-03-25T10:00", "AT-7", VIENNA, "2027-03-27T00:00:00+01:00"),
    # Tue 7 > [Wed 8: Immaculate Conception] Thu 9
    ("vienna-december", D1, "2027-12-07T10:00", "AT-9", VIENNA, "2027-12-10T00:00:00+01:00"),

    # -------------------------------------------------------- Britain: gov.uk/bank-holidays
    # England: Thu 25 > [Fri 26, Sat, Sun, Mon 29: Easter Monday] Tue 30; clocks change on the 28th
    ("england-easter", D1, "2027-03-25T10:00", "GB-ENG", LONDON, "2027-03-31T00:00:00+01:00"),
    # Fri 27 > [Sat, Sun, Mon 30: the last Monday of August] Tue 31
    ("england-august", D1, "2027-08-27T10:00", "GB-ENG", LONDON, "2027-09-01T00:00:00+01:00"),
    # Fri 24 > [Sat 25, Sun 26, Mon 27 and Tue 28: substitute days] Wed 29
    ("england-substitutes", D1, "2027-12-24T10:00", "GB-ENG", LONDON, "2027-12-30T00:00:00+00:00"),
    # Wed 31 > [Thu 1] Fri 2
    ("england-second-january", D1, "2025-12-31T10:00", "GB-ENG", LONDON,
     "2026-01-03T00:00:00+00:00"),
    # Fri 9 > Mon 12
    ("england-july", D1, "2027-07-09T10:00", "GB-ENG", LONDON, "2027-07-13T00:00:00+01:00"),
    # Scotland: Thu 25 > [Fri 26, Sat, Sun] Mon 29
    ("scotland-easter", D1, "2027-03-25T10:00", "GB-SCT", LONDON, "2027-03-30T00:00:00+01:00"),
    # Wed 31 > [Thu 1, Fri 2: bank holiday there, Sat, Sun] Mon 5
    ("scotland-second-january", D1, "2025-12-31T10:00", "GB-SCT", LONDON,
     "2026-01-06T00:00:00+00:00"),
    # Fri 30 > [Sat, Sun, Mon 2: the first Monday of August] Tue 3
    ("scotland-august", D1, "2027-07-30T10:00", "GB-SCT", LONDON, "2027-08-04T00:00:00+01:00"),
    # Fri 27 > [Sat, Sun, Mon 30: Saint Andrew] Tue 1
    ("scotland-saint-andrew", D1, "2026-11-27T10:00", "GB-SCT", LONDON,
     "2026-12-02T00:00:00+00:00"),
    # Northern Ireland: Tue 16 > [Wed 17: Saint Patrick] Thu 18
    ("ulster-saint-patrick", D1, "2027-03-16T10:00", "GB-NIR", LONDON,
     "2027-03-19T00:00:00+00:00"),
    # Fri 9 > [Sat, Sun, Mon 12: Battle of the Boyne] Tue 13
    ("ulster-july", D1, "2027-07-09T10:00", "GB-NIR", LONDON, "2027-07-14T00:00:00+01:00"),
    # London is a part of England
    ("london-easter", D1, "2027-03-25T10:00", "GB-LND", LONDON, "2027-03-31T00:00:00+01:00"),

    # -------------------------------------------------------- Canada
    # Ontario: Employment Standards Act 2000 s. 1, O. Reg. 285/01: nine public holidays
    # Fri 12 > [Sat, Sun, Mon 15: Family Day, the third Monday of February] Tue 16
    ("ontario-family-day", D1, "2027-02-12T10:00", "CA-ON", TORONTO, "2027-02-17T00:00:00-05:00"),
    # Fri 21 > [Sat, Sun, Mon 24: Victoria Day, before 25 May] Tue 25
    ("ontario-victoria-day", D1, "2027-05-21T10:00", "CA-ON", TORONTO,
     "2027-05-26T00:00:00-04:00"),
    # Fri 30 > Mon 2: the Civic Holiday is no public holiday
    ("ontario-civic-holiday", D1, "2027-07-30T10:00", "CA-ON", TORONTO,
     "2027-08-03T00:00:00-04:00"),
    # Fri 8 > [Sat, Sun, Mon 11: Thanksgiving, the second Monday of October] Tue 12
    ("ontario-thanksgiving", D1, "2027-10-08T10:00", "CA-ON", TORONTO,
     "2027-10-13T00:00:00-04:00"),
    # Wed 10 > Thu 11: Remembrance Day is none in Ontario
    ("ontario-remembrance", D1, "2027-11-10T10:00", "CA-ON", TORONTO, "2027-11-12T00:00:00-05:00"),
    # Fri 22 > [Sat, Sun, Mon 25, Tue 26: Boxing Day] Wed 27
    ("ontario-boxing-day", D1, "2028-12-22T10:00", "CA-ON", TORONTO, "2028-12-28T00:00:00-05:00"),
    # Quebec: National Holiday Act; Act respecting labour standards s. 60: no Family Day
    # Wed 23 > [Thu 24: national holiday] Fri 25
    ("quebec-national", D1, "2027-06-23T10:00", "CA-QC", TORONTO, "2027-06-26T00:00:00-04:00"),
    # Fri 12 > Mon 15
    ("quebec-february", D1, "2027-02-12T10:00", "CA-QC", TORONTO, "2027-02-16T00:00:00-05:00"),
    # British Columbia: Employment Standards Act s. 1: B.C. Day, Truth and Reconciliation
    # Fri 30 > [Sat, Sun, Mon 2: the first Monday of August] Tue 3
    ("columbia-august", D1, "2027-07-30T10:00", "CA-BC", "America/Vancouver",
     "2027-08-04T00:00:00-07:00"),
    # Wed 29 > [Thu 30: Truth and Reconciliation] Fri 1
    ("columbia-september", D1, "2027-09-29T10:00", "CA-BC", "America/Vancouver",
     "2027-10-02T00:00:00-07:00"),
    # Alberta: Employment Standards Code s. 25: Remembrance Day. Wed 10 > [Thu 11] Fri 12
    ("alberta-remembrance", D1, "2027-11-10T10:00", "CA-AB", "America/Edmonton",
     "2027-11-13T00:00:00-07:00"),

    # -------------------------------------------------------- Australia
    # New South Wales: Public Holidays Act 2010: the second Monday of June, the first of October
    # Fri 11 > [Sat, Sun, Mon 14: King's Birthday] Tue 15
    ("sydney-june", D1, "2027-06-11T10:00", "AU-NSW", SYDNEY, "2027-06-16T00:00:00+10:00"),
    # Fri 1 > [Sat, Sun, Mon 4: Labour Day] Tue 5; clocks change on the 3rd
    ("sydney-october", D1, "2027-10-01T10:00", "AU-NSW", SYDNEY, "2027-10-06T00:00:00+11:00"),
    # Victoria: Public Holidays Act 1993 s. 6: Labour Day is the second Monday of March
    # Fri 5 > [Sat, Sun, Mon 8] Tue 9
    ("melbourne-march", D1, "2027-03-05T10:00", "AU-VIC", MELBOURNE, "2027-03-10T00:00:00+11:00"),
    # Western Australia: Public and Bank Holidays Act 1972: Western Australia Day is the first
    # Monday of June; the King's Birthday is in September
    # Fri 4 > [Sat, Sun, Mon 7] Tue 8
    ("perth-wa-day", D1, "2027-06-04T10:00", "AU-WA", PERTH, "2027-06-09T00:00:00+08:00"),
    # Fri 11 > Mon 14
    ("perth-june", D1, "2027-06-11T10:00", "AU-WA", PERTH, "2027-06-15T00:00:00+08:00"),
    # Queensland: Holidays Act 1983: Labour Day is the first Monday of May
    # Fri 30 > [Sat, Sun, Mon 3] Tue 4
    ("brisbane-may", D1, "2027-04-30T10:00", "AU-QLD", "Australia/Brisbane",
     "2027-05-05T00:00:00+10:00"),

    # -------------------------------------------------------- Spain, 2026: BOE-A-2025-21667
    # Madrid has Maundy Thursday, and not Easter Monday: Wed 1 > [Thu 2, Fri 3, Sat, Sun] Mon 6
    ("madrid-easter", D1, "2026-04-01T10:00", "ES-MD", MADRID, "2026-04-07T00:00:00+02:00"),
    # Catalonia has Easter Monday, and not Maundy Thursday: Wed 1 > Thu 2
    ("catalonia-maundy-thursday", D1, "2026-04-01T10:00", "ES-CT", MADRID,
     "2026-04-03T00:00:00+02:00"),
    # Thu 2 > [Fri 3, Sat, Sun, Mon 6] Tue 7
    ("catalonia-easter", D1, "2026-04-02T10:00", "ES-CT", MADRID, "2026-04-08T00:00:00+02:00"),
    # Thu 10 > [Fri 11: Diada, Sat, Sun] Mon 14; B is the province of Barcelona
    ("barcelona-diada", D1, "2026-09-10T10:00", "ES-B", MADRID, "2026-09-15T00:00:00+02:00"),
    # Andalusia moves All Saints to Monday: Fri 30 > [Sat, Sun, Mon 2] Tue 3
    ("andalusia-all-saints", D1, "2026-10-30T10:00", "ES-AN", MADRID,
     "2026-11-04T00:00:00+01:00"),
    # Galicia does not: Fri 30 > Mon 2
    ("galicia-all-saints", D1, "2026-10-30T10:00", "ES-GA", MADRID, "2026-11-03T00:00:00+01:00"),

    # -------------------------------------------------------- France: Code du travail L3133-1,
    # and L3134-13 for Bas-Rhin (67), Haut-Rhin (68), Moselle (57)
    # Fri 22 > [Sat, Sun, Mon 25, Tue 26: second day of Christmas] Wed 27
    ("alsace-christmas", D1, "2028-12-22T10:00", "FR-67", PARIS, "2028-12-28T00:00:00+01:00"),
    # Fri 22 > [Sat, Sun, Mon 25] Tue 26
    ("paris-christmas", D1, "2028-12-22T10:00", "FR-75", PARIS, "2028-12-27T00:00:00+01:00"),
    # Thu 25 > Fri 26: Good Friday is none
    ("paris-good-friday", D1, "2027-03-25T10:00", "FR-IDF", PARIS, "2027-03-27T00:00:00+01:00"),

    # -------------------------------------------------------- New Zealand: employment.govt.nz,
    # the Monday nearest to the day of the former province
    # Auckland (29 January, a Friday): Fri 29 > [Sat, Sun, Mon 1] Tue 2
    ("auckland-day", D1, "2027-01-29T10:00", "NZ-AUK", AUCKLAND, "2027-02-03T00:00:00+13:00"),
    # Waikato was a part of that province
    ("waikato-day", D1, "2027-01-29T10:00", "NZ-WKO", AUCKLAND, "2027-02-03T00:00:00+13:00"),
    # Wellington (22 January, a Friday): Fri 22 > [Sat, Sun, Mon 25] Tue 26
    ("wellington-day", D1, "2027-01-22T10:00", "NZ-WGN", AUCKLAND, "2027-01-27T00:00:00+13:00"),
    # Fri 22 > Mon 25
    ("auckland-in-january", D1, "2027-01-22T10:00", "NZ-AUK", AUCKLAND,
     "2027-01-26T00:00:00+13:00"),

    # -------------------------------------------------------- weekends differ: Malaysia
    # Selangor rests on Saturday and Sunday: Thu 3 > Fri 4
    ("selangor-friday", D1, "2026-12-03T10:00", "MY-10", KUALA_LUMPUR,
     "2026-12-05T00:00:00+08:00"),
    # Terengganu on Friday and Saturday: Thu 3 > [Fri 4, Sat 5] Sun 6
    ("terengganu-friday", D1, "2026-12-03T10:00", "MY-11", KUALA_LUMPUR,
     "2026-12-07T00:00:00+08:00"),

    # -------------------------------------------------------- one calendar for the whole country
    # US: 5 U.S.C. 6103. Wed 25 > [Thu 26] Fri 27, which is a day off for California's offices only
    ("california-thanksgiving", D1, "2026-11-25T10:00", "US-CA", "America/Los_Angeles",
     "2026-11-28T00:00:00-08:00"),
    # Brazil: São Paulo's Lei estadual 9.497/1997. Thu 8 > [Fri 9, Sat, Sun] Mon 12
    ("sao-paulo-july", D1, "2027-07-08T10:00", "BR-SP", "America/Sao_Paulo",
     "2027-07-13T00:00:00-03:00"),
    # Azores: Decreto Regional 13/80/A, Whit Monday. Fri 14 > [Sat, Sun, Mon 17] Tue 18
    ("azores-whit-monday", D1, "2027-05-14T10:00", "PT-20", "Atlantic/Azores",
     "2027-05-19T00:00:00+00:00"),
    # Hong Kong: Cap. 149, general holidays for 2026: Good Friday, the day after it, Ching Ming's
    # and Easter Monday's following days. Thu 2 > [Fri 3, Sat 4, Sun 5, Mon 6, Tue 7] Wed 8
    ("hong-kong-easter", D1, "2026-04-02T10:00", "HK", "Asia/Hong_Kong",
     "2026-04-09T00:00:00+08:00"),
    # a Saturday is no business day (Cap. 571 schedule 1): Fri 5 > [Sat 6, Sun 7] Mon 8
    ("hong-kong-saturday", D1, "2026-06-05T10:00", "HK", "Asia/Hong_Kong",
     "2026-06-09T00:00:00+08:00"),
    # Sweden: Lag (1930:173) § 2: Christmas Eve counts as a holiday. Wed 23 > [24, 25, Sat, Sun] 28
    ("sweden-christmas-eve", D1, "2026-12-23T10:00", "SE", "Europe/Stockholm",
     "2026-12-29T00:00:00+01:00"),
    # China, State Council on 2026: Sat 10 October is a working day; asked for first of all days
    # Sat 10 > [Sun 11] Mon 12
    ("china-begins-on-a-working-saturday", D1, "2026-10-10T10:00", "CN", "Asia/Shanghai",
     "2026-10-13T00:00:00+08:00"),

    # -------------------------------------------------------- more places, tried from outside
    # Canton of Bern, Kantonales Ruhetagsgesetz: 2 January, a Tuesday in 2029
    # Fri 29 > [Sat 30, Sun 31, Mon 1, Tue 2: Saint Berchtold] Wed 3
    ("bern-berchtold", D1, "2028-12-29T10:00", "CH-BE", ZURICH, "2029-01-04T00:00:00+01:00"),
    # Glarus: Näfelser Fahrt, the first Thursday of April, a week later in Holy Week (2026: the 9th)
    # Wed 8 > [Thu 9] Fri 10
    ("glarus-naefels", D1, "2026-04-08T10:00", "CH-GL", ZURICH, "2026-04-11T00:00:00+02:00"),
    # Jura: Fête de l'indépendance, 23 June: Tue 22 > [Wed 23] Thu 24
    ("jura-independence", D1, "2027-06-22T10:00", "CH-JU", ZURICH, "2027-06-25T00:00:00+02:00"),
    # Thuringia: Weltkindertag since 2019, ThürFtG § 2: Fri 17 > [Sat, Sun, Mon 20] Tue 21
    ("thuringia-children", D1, "2027-09-17T10:00", "DE-TH", BERLIN, "2027-09-22T00:00:00+02:00"),
    # Mecklenburg: Women's Day since 2023, FTG M-V § 2: Fri 5 > [Sat, Sun, Mon 8] Tue 9
    ("mecklenburg-women", D1, "2027-03-05T10:00", "DE-MV", BERLIN, "2027-03-10T00:00:00+01:00"),
    # Saarland: Assumption in the whole Land, SFG § 2: Mon 14 > [Tue 15] Wed 16
    ("saarland-assumption", D1, "2028-08-14T10:00", "DE-SL", BERLIN, "2028-08-17T00:00:00+02:00"),
    # 24 December is a business day: Wed 23 > Thu 24
    ("germany-eve", D1, "2026-12-23T10:00", "DE-NI", BERLIN, "2026-12-25T00:00:00+01:00"),
    # Scotland: 2 January 2027 is a Saturday, its substitute Mon 4
    # Thu 31 > [Fri 1, Sat, Sun, Mon 4] Tue 5
    ("scotland-substitute", D1, "2026-12-31T10:00", "GB-SCT", LONDON, "2027-01-06T00:00:00+00:00"),
    # Northern Ireland: Mon 12 July. Fri 9 > [Sat, Sun, Mon] Tue 13
    ("ulster-july-2026", D1, "2027-07-09T10:00", "GB-NIR", LONDON, "2027-07-14T00:00:00+01:00"),
    # Boxing Day 2026 is a Saturday, its substitute Mon 28 in all of Britain
    # Thu 24 > [Fri 25, Sat, Sun, Mon 28] Tue 29
    ("wales-boxing-day", D1, "2026-12-24T10:00", "GB-WLS", LONDON, "2026-12-30T00:00:00+00:00"),
    # British Columbia: Family Day, the third Monday of February. Fri 13 > [.., Mon 16] Tue 17
    ("columbia-family", D1, "2026-02-13T10:00", "CA-BC", "America/Vancouver",
     "2026-02-18T00:00:00-08:00"),
    # Québec: Fête nationale. Tue 23 > [Wed 24] Thu 25
    ("quebec-june", D1, "2026-06-23T10:00", "CA-QC", TORONTO, "2026-06-26T00:00:00-04:00"),
    # Alberta: Remembrance Day. Tue 10 > [Wed 11] Thu 12; Ontario: Tue 10 > Wed 11
    ("alberta-remembrance-2026", D1, "2026-11-10T10:00", "CA-AB", "America/Edmonton",
     "2026-11-13T00:00:00-07:00"),
    ("ontario-remembrance-2026", D1, "2026-11-10T10:00", "CA-ON", TORONTO,
     "2026-11-12T00:00:00-05:00"),
    # Western Australia: Western Australia Day, the first Monday of June. Fri 29 > [.., Mon 1] Tue 2
    ("perth-june-2026", D1, "2026-05-29T10:00", "AU-WA", PERTH, "2026-06-03T00:00:00+08:00"),
    # South Australia: Adelaide Cup, the second Monday of March. Fri 6 > [.., Mon 9] Tue 10
    ("adelaide-cup", D1, "2026-03-06T10:00", "AU-SA", "Australia/Adelaide",
     "2026-03-11T00:00:00+10:30"),
    # Japan, Golden Week 2026: Constitution Day (Sunday 3) on Wednesday 6, Act 178 of 1948 art. 3
    # Fri 1 > [Sat, Sun, Mon 4, Tue 5, Wed 6] Thu 7
    ("golden-week", D1, "2026-05-01T10:00", "JP", "Asia/Tokyo", "2026-05-08T00:00:00+09:00"),
    # Rio de Janeiro: Carnival Tuesday, Lei estadual 5.243/2008; the Monday is in doubt
    # Tue 17 itself > Wed 18 > Thu 19
    ("rio-carnival", D1, "2026-02-17T10:00", "BR-RJ", "America/Sao_Paulo",
     "2026-02-20T00:00:00-03:00"),
    # Maharashtra Day: Thu 30 > [Fri 1, Sat, Sun] Mon 4
    ("maharashtra-may", D1, "2026-04-30T10:00", "IN-MH", "Asia/Kolkata",
     "2026-05-05T00:00:00+05:30"),
    # Libya and Palestine rest on Friday and Saturday: Thu > [Fri, Sat] Sun
    ("tripoli-weekend", D1, "2026-11-12T10:00", "LY", "Africa/Tripoli",
     "2026-11-16T00:00:00+02:00"),
    ("ramallah-weekend", D1, "2026-11-19T10:00", "PS", "Asia/Hebron", "2026-11-23T00:00:00+02:00"),
    # Mauritania does on Saturday and Sunday since October 2014: Thu 12 > Fri 13
    ("nouakchott-weekend", D1, "2026-11-12T10:00", "MR", "Africa/Nouakchott",
     "2026-11-14T00:00:00+00:00"),
]
# fmt: on


def due(clock: Replacement, start: str, place: str, zone: str, **rules: object) -> str:
    """Return the due moment of a clock at a center in a region, or a country, as ISO 8601."""
    key = ZoneInfo(zone)
    calendar.cache_clear()
    region = place if len(place) > 2 else ""
    begins = clocks.moment(clocks.stamp(start), key)
    return clocks.due(
        clock,
        begins,
        key,
        calendar(place[:2], region=region, **rules),  # type: ignore[arg-type]
    ).at.isoformat()


@pytest.mark.parametrize(
    ("clock", "start", "place", "zone", "expected"),
    [c[1:] for c in CASES],
    ids=[c[0] for c in CASES],
)
def test_golden(clock: Replacement, start: str, place: str, zone: str, expected: str) -> None:
    """The moment by which a promise is due in a region is the one of the sum."""
    assert due(clock, start, place, zone) == expected


def test_the_table_is_as_long_as_it_should_be() -> None:
    """Sixty moments in fifteen regions of eight countries, each of its own name."""
    assert len({c[0] for c in CASES}) == len(CASES) >= 60
    places = {str(c[3]) for c in CASES if len(str(c[3])) > 2}
    assert len(places) >= 15
    assert len({place[:2] for place in places}) >= 8


# fmt: off
DOUBTS = [
    # the region is not known, and the window touches a day that is off in some regions
    # Munich or Berlin? Tue 5, Wed 6
    ("germany-epiphany", D1, "2027-01-05T10:00", "DE", BERLIN, "DE-BW, DE-BY, DE-ST"),
    # the event is on it
    ("germany-on-epiphany", D1, "2027-01-06T10:00", "DE", BERLIN, "Epiphany"),
    # London or Edinburgh? Thu 25, Fri 26, Mon 29
    ("britain-easter", D1, "2027-03-25T10:00", "GB", LONDON, "GB-ENG, GB-NIR, GB-WLS"),
    ("switzerland-good-friday", D1, "2027-03-25T10:00", "CH", ZURICH, "Good Friday"),
    ("canada-thanksgiving", D1, "2027-10-08T10:00", "CA", TORONTO, "Thanksgiving"),
    ("australia-june", D1, "2027-06-11T10:00", "AU", SYDNEY, "AU-NSW"),
    ("spain-maundy-thursday", D1, "2026-04-01T10:00", "ES", MADRID, "Maundy Thursday"),
    ("france-christmas", D1, "2028-12-22T10:00", "FR", PARIS, "FR-57, FR-6AE"),
    ("italy-milan", D1, "2026-12-05T10:00", "IT", "Europe/Rome", "IT-MI"),
    ("malaysia-friday", D1, "2026-12-03T10:00", "MY", KUALA_LUMPUR, "weekend"),
    # the tenth day is the one that differs: Mon 21 > ... Tue 5, Wed 6
    ("germany-ten-days", D10, "2026-12-21T10:00", "DE", BERLIN, "Epiphany"),
    # 2 h are left for a day that may be off
    ("germany-hours", OFFICE, "2027-01-05T15:00", "DE", BERLIN, "Epiphany"),
    # the region is known, and a part of it has the day off
    # FTG art. 1 (2): communes with more Catholics; 15 August 2028 is a Tuesday
    ("bavaria-assumption", D1, "2028-08-14T10:00", "DE-BY", BERLIN, "closures or workdays"),
    # Saxony's Corpus Christi Regulation: some communes of the district of Bautzen
    ("saxony-corpus-christi", D1, "2027-05-26T10:00", "DE-SN", BERLIN, "closures or workdays"),
    # Saint Leopold, 15 November 2027, a Monday: schools and offices
    ("vienna-saint-leopold", D1, "2027-11-12T10:00", "AT-9", VIENNA, "closures or workdays"),
    # Public Holidays Act 1993 (Vic) s. 8A: councils may choose another day; Tue 3 November 2026
    ("victoria-cup-day", D1, "2026-11-02T10:00", "AU-VIC", MELBOURNE, "Melbourne Cup"),
    # Brisbane's show day is Wed 12 August 2026
    ("queensland-show-day", D1, "2026-08-11T10:00", "AU-QLD", "Australia/Brisbane", "Show"),
    # the south's regatta: Mon 8 February 2027
    ("tasmania-regatta", D1, "2027-02-05T10:00", "AU-TAS", "Australia/Hobart", "Regatta"),
    # Good Friday or Easter Monday, as the employer chooses (s. 60)
    ("quebec-good-friday", D1, "2027-03-25T10:00", "CA-QC", TORONTO, "Good Friday"),
    # Aargau: Corpus Christi in some districts
    ("aargau-corpus-christi", D1, "2027-05-26T10:00", "CH-AG", ZURICH, "Corpus Christi"),
    # Alsace: Good Friday where there is a Protestant church
    ("alsace-good-friday", D1, "2027-03-25T10:00", "FR-68", PARIS, "Good Friday"),
    # Milan's patron, in the city only; Mon 7 December 2026
    ("milan-saint-ambrose", D1, "2026-12-04T10:00", "IT-MI", "Europe/Rome", "Ambrose"),
    # Madrid's San Isidro, in the city only; Fri 15 May 2026
    ("madrid-san-isidro", D1, "2026-05-14T10:00", "ES-MD", MADRID, "San Isidro"),
    # Barcelona's La Mercè; Thu 24 September 2026
    ("barcelona-merce", D1, "2026-09-23T10:00", "ES-CT", MADRID, "Mercy"),
    # the region contains departments that differ
    ("grand-est-christmas", D1, "2028-12-22T10:00", "FR-GES", PARIS, "smaller region"),
    # days on which offices, banks or shops are closed by law, and other employers are not bound
    ("dutch-good-friday", D1, "2026-04-02T10:00", "NL", "Europe/Amsterdam", "part of NL"),
    ("tokyo-new-year", D1, "2026-12-30T10:00", "JP", "Asia/Tokyo", "part of JP"),
    ("danish-christmas-eve", D1, "2026-12-23T10:00", "DK", "Europe/Copenhagen", "part of DK"),
    ("mexican-holy-week", D1, "2026-04-01T10:00", "MX", "America/Mexico_City", "part of MX"),
    ("uruguayan-carnival", D1, "2026-02-13T10:00", "UY", "America/Montevideo", "part of UY"),
    ("sao-paulo-carnival", D1, "2026-02-16T10:00", "BR-SP", "America/Sao_Paulo", "Carnival"),
]
# fmt: on


@pytest.mark.parametrize(
    ("clock", "start", "place", "zone", "words"),
    [c[1:] for c in DOUBTS],
    ids=[c[0] for c in DOUBTS],
)
def test_a_day_that_may_be_off_is_a_doubt(
    clock: Replacement, start: str, place: str, zone: str, words: str
) -> None:
    """No moment is certain, and the message names day, regions and what settles it."""
    with pytest.raises(DoubtError, match=words) as raised:
        due(clock, start, place, zone)
    assert raised.value.code is Doubt.regional_holiday


# fmt: off
UNTOUCHED = [
    # Wed 25 > Thu 26: a business day in all of Britain, Germany, Canada, Spain
    ("britain", D1, "2026-11-25T10:00", "GB", LONDON, "2026-11-27T00:00:00+00:00"),
    ("germany", D1, "2026-11-25T10:00", "DE", BERLIN, "2026-11-27T00:00:00+01:00"),
    ("canada", D1, "2026-11-25T10:00", "CA", TORONTO, "2026-11-27T00:00:00-05:00"),
    ("spain", D1, "2026-11-25T10:00", "ES", MADRID, "2026-11-27T00:00:00+01:00"),
    # a day that is off in all regions: Thu 24 > [Fri 25, Sat, Sun] Mon 28
    ("germany-christmas", D1, "2026-12-24T10:00", "DE", BERLIN, "2026-12-29T00:00:00+01:00"),
    # a day that differs, at a weekend: Fri 30 > [Sat 31: Reformation, Sun 1: All Saints] Mon 2
    ("germany-weekend", D1, "2026-10-30T10:00", "DE", BERLIN, "2026-11-03T00:00:00+01:00"),
    # after the cut-off of Wed 6 it does not matter what that day is: Thu 7 > Fri 8
    ("after-the-cut-off", CUT, "2027-01-06T15:01", "DE", BERLIN, "2027-01-09T00:00:00+01:00"),
    # nor after the hours of service: 4 h on Thu 7
    ("after-hours", OFFICE, "2027-01-06T17:00", "DE", BERLIN, "2027-01-07T13:00:00+01:00"),
    # the sum ends before: 4 h on Tue 5, to the last moment of service
    ("ends-before", OFFICE, "2027-01-05T13:00", "DE", BERLIN, "2027-01-05T17:00:00+01:00"),
]
# fmt: on


@pytest.mark.parametrize(
    ("clock", "start", "place", "zone", "expected"),
    [c[1:] for c in UNTOUCHED],
    ids=[c[0] for c in UNTOUCHED],
)
def test_a_window_that_touches_no_such_day_is_certain(
    clock: Replacement, start: str, place: str, zone: str, expected: str
) -> None:
    """Where the region does not matter, the promise stands without it."""
    assert due(clock, start, place, zone) == expected


def test_a_closure_settles_a_day_off_in_part_of_a_region() -> None:
    """Munich is closed on 15 August: Mon 14 > [Tue 15] Wed 16."""
    rule = CalendarRule(countries=("DE",), regions=("DE-BY",), closures=("2028-08-15",))
    moment = due(D1, "2028-08-14T10:00", "DE-BY", BERLIN, regional=(rule,))
    assert moment == "2028-08-17T00:00:00+02:00"


def test_a_workday_settles_it_the_other_way() -> None:
    """Nuremberg works on 15 August: Mon 14 > Tue 15."""
    rule = CalendarRule(countries=("DE",), regions=("DE-BY",), workdays=("2028-08-15",))
    moment = due(D1, "2028-08-14T10:00", "DE-BY", BERLIN, regional=(rule,))
    assert moment == "2028-08-16T00:00:00+02:00"


def test_a_closure_of_one_region_is_a_doubt_where_the_region_is_not_known() -> None:
    """A day that California's centers are closed, and a center somewhere in the US."""
    rule = CalendarRule(countries=("US",), regions=("US-CA",), closures=("2026-12-09",))
    with pytest.raises(DoubtError, match="US-CA"):
        due(D1, "2026-12-08T10:00", "US", "America/Denver", regional=(rule,))
    # Tue 8 > [Wed 9] Thu 10; in Colorado Tue 8 > Wed 9
    west = due(D1, "2026-12-08T10:00", "US-CA", "America/Los_Angeles", regional=(rule,))
    assert west == "2026-12-11T00:00:00-08:00"
    assert due(D1, "2026-12-08T10:00", "US-CO", "America/Denver", regional=(rule,)) == (
        "2026-12-10T00:00:00-07:00"
    )


def test_a_closure_of_a_part_of_a_region_is_a_doubt_in_the_whole_of_it() -> None:
    """London is closed, and a center is somewhere in England, in London, or in Scotland."""
    rule = CalendarRule(countries=("GB",), regions=("GB-LND",), closures=("2026-11-25",))
    with pytest.raises(DoubtError, match="GB-LND"):
        due(D1, "2026-11-24T10:00", "GB-ENG", LONDON, regional=(rule,))
    with pytest.raises(DoubtError, match="GB-LND"):
        due(D1, "2026-11-24T10:00", "GB", LONDON, regional=(rule,))
    # Tue 24 > [Wed 25] Thu 26; in Scotland Tue 24 > Wed 25
    assert due(D1, "2026-11-24T10:00", "GB-LND", LONDON, regional=(rule,))[:10] == "2026-11-27"
    assert due(D1, "2026-11-24T10:00", "GB-SCT", LONDON, regional=(rule,))[:10] == "2026-11-26"


def test_a_policy_may_count_national_holidays_only() -> None:
    """Then Epiphany is a business day in Munich, too: Tue 5 > Wed 6."""
    rule = CalendarRule(countries=("DE",), follows="country")
    moment = due(D1, "2027-01-05T10:00", "DE-BY", BERLIN, rule=rule)
    assert moment == "2027-01-07T00:00:00+01:00"


def test_a_policy_may_follow_the_days_of_states() -> None:
    """The day after Thanksgiving in California: Wed 25 > [Thu 26, Fri 27, Sat, Sun] Mon 30."""
    rule = CalendarRule(countries=("US",), follows="region")
    moment = due(D1, "2026-11-25T10:00", "US-CA", "America/Los_Angeles", rule=rule)
    assert moment == "2026-12-01T00:00:00-08:00"


def test_a_policy_may_name_the_categories_that_close_business() -> None:
    """Hong Kong by its statutory holidays: Thu 2 > Fri 3, as Good Friday was none of them."""
    rule = CalendarRule(countries=("HK",), categories=("public",))
    assert due(D1, "2026-04-02T10:00", "HK", "Asia/Hong_Kong", rule=rule) == (
        "2026-04-04T00:00:00+08:00"
    )


def test_the_rule_of_a_region_holds_over_that_of_its_country() -> None:
    """It replaces what it says, and adds its closures: Wed 9 and Thu 10 are closed in Bavaria."""
    country = CalendarRule(countries=("DE",), closures=("2026-12-09",))
    region = CalendarRule(countries=("DE",), regions=("DE-BY",), closures=("2026-12-10",))
    moment = due(D1, "2026-12-08T10:00", "DE-BY", BERLIN, rule=country, regional=(region,))
    assert moment == "2026-12-12T00:00:00+01:00"  # Tue 8 > [9, 10] Fri 11


def test_an_estimate_near_the_window_is_told() -> None:
    """Eid al-Fitr of 2027 is about 10 March: a sum that ends the day before may change."""
    zone = ZoneInfo("Africa/Cairo")
    start = clocks.moment(clocks.stamp("2027-03-07T10:00"), zone)
    result = calendar("EG")
    eid = next(
        d
        for n in range(20)
        if "estimated" in result.estimated(d := datetime.date(2027, 3, 1) + datetime.timedelta(n))
    )
    before = eid - datetime.timedelta(days=1)
    answer = clocks.due(days(max((before - start.date()).days, 1)), start, zone, result)
    assert any(str(eid) in text for text in answer.notes)
