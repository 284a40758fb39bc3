"""Make ``official_names.csv`` and ``subdivisions.csv`` of the country resources.

Official and common names in the languages of each country, and in 23 others, come from the npm
package ``world-countries`` (ODbL-1.0); the codes of ISO 3166-2 from ``iso-3166`` (MIT). Fetch both
with ``npm pack world-countries@5.1.0 iso-3166@4.4.0``, unpack them, and run from the repository's
root::

    python tools/build_official_names.py WORLD_COUNTRIES/countries.json ISO_3166/2.js

Run it after ``tools/build_names.py``: a name that ``names.csv`` gives to another country is not
stored, nor one that two countries share.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from build_names import AMBIGUOUS

from coverage_analyzer.countries.names import country_key, load

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path("coverage_analyzer/resources/countries")
SHORTEST = 3
"""A shorter key looks like a code."""

SEVERAL = ("Moldavia", "Samoa Islands")
"""Names that also mean a region of another country."""

OWN_ENTRIES = {
    "CN-TW": "TW",
    "FI-01": "AX",
    "NO-21": "SJ",
    "NO-22": "SJ",
    "FR-971": "GP",
    "FR-972": "MQ",
    "FR-973": "GF",
    "FR-974": "RE",
    "FR-976": "YT",
    **dict.fromkeys(("NL-BQ1", "NL-BQ2", "NL-BQ3"), "BQ"),
}
"""Subdivisions that ISO 3166-1 lists as countries under another code than the suffix."""


def names_of(entry: dict[str, Any]) -> Iterator[str]:
    """Yield all names of a country, its own languages first."""
    own = entry["name"]
    for names in (own, *own.get("native", {}).values(), *entry["translations"].values()):
        yield from (names["official"], names["common"])


def official_names(entries: list[dict[str, Any]]) -> dict[str, dict[str, str]]:
    """Return for each country its names by their folded form, without those known or shared."""
    own_names, refused = load(), {country_key(word) for word in (*AMBIGUOUS, *SEVERAL)}
    claims: dict[str, dict[str, str]] = defaultdict(dict)
    for entry in entries:
        code = "XK" if entry["cca3"] == "UNK" else entry["cca2"]
        for name in names_of(entry):
            claims[country_key(name)].setdefault(code, name)
    result: dict[str, dict[str, str]] = defaultdict(dict)
    for key, by_country in claims.items():
        code, name = next(iter(by_country.items()))
        taken = own_names.number(key) > 0
        if len(by_country) > 1 or taken or key in refused or len(key) < SHORTEST:
            if not taken or own_names.codes[own_names.number(key)] != code:
                print(f"not stored: {name!r} of {' '.join(by_country)}", file=sys.stderr)
            continue
        result[code][key] = name
    return result


def subdivisions(text: str) -> dict[tuple[str, str], list[str]]:
    """Return the suffixes of ISO 3166-2 by the country that each is, and the prefix."""
    own_names = load()
    codes = [*re.findall(r"code: '([A-Z]{2}-[A-Z0-9]{1,3})'", text)]
    owner = {code: OWN_ENTRIES.get(code, code[:2]) for code in codes}
    for number, sovereign in enumerate(own_names.sovereign.tolist()):
        if sovereign:  # "FR-RE": an entry of ISO 3166-1, written as a part of its sovereign
            owner[f"{own_names.codes[sovereign]}-{own_names.codes[number]}"] = own_names.codes[
                number
            ]
    if unknown := {code for code in owner.values() if code not in own_names.codes}:
        sys.exit(f"no such countries: {unknown}")
    result: dict[tuple[str, str], list[str]] = defaultdict(list)
    for code, country in sorted(owner.items()):
        result[country, code[:2]].append(code[3:])
    return result


def written(path: Path, rows: list[tuple[str, ...]]) -> None:
    """Write a table as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    path.write_text(out.getvalue(), encoding="utf-8", newline="\n")
    print(f"{path}: {len(rows) - 1} rows, {len(out.getvalue().encode()):,} bytes", file=sys.stderr)


def main() -> None:
    """Write both tables."""
    target = FOLDER / "official_names.csv"
    target.write_text("alpha2,keys\n", encoding="utf-8")  # what is known is what names.csv has
    load.cache_clear()
    entries = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    names = official_names(entries)
    written(target, [("alpha2", "keys"), *((c, "|".join(names[c])) for c in sorted(names))])
    codes = subdivisions(Path(sys.argv[2]).read_text(encoding="utf-8"))
    rows = [(*pair, " ".join(suffixes)) for pair, suffixes in sorted(codes.items())]
    written(FOLDER / "subdivisions.csv", [("alpha2", "prefix", "suffixes"), *rows])


if __name__ == "__main__":
    main()
