"""The folder in which the examples of the documentation run: sample data under their names."""

import csv
import shutil
import struct
import zlib
from pathlib import Path
from typing import Final

from coverage_analyzer import batch
from coverage_analyzer.policy import Policy

DATA: Final = Path(__file__).parents[2] / "data"

EVERY: Final = 25
"""Of the sample sites, each row of this number is in the examples' file."""

CUSTOMERS: Final = """\
Kundennr;Name;Land;Breite;Länge
K-1007;Werk Lörrach;DE;47,6145;7,6645
K-1008;Büro Basel;CH;47,5596;7,5886
K-1009;Lager Kehl;DE;48,5714;7,8153
"""

DEPOTS: Final = """\
Depotnr;Ort;Land;Breite;Länge
D-1;Freiburg;DE;47,9990;7,8421
D-2;Basel;CH;47,5476;7,5897
"""

LETTERHEAD: Final = """\
[sender]
name = "Alpine Networks AG"
logo = "logo.png"
"""


def fill(folder: Path) -> None:
    """Write the files that pages of the documentation name."""
    folder.mkdir()
    shutil.copytree(DATA, folder / "data")
    centers = folder / "centers.csv"
    shutil.copy(DATA / "service_centers.csv", centers)
    (folder / "depots.csv").write_text(DEPOTS, encoding="utf-8")
    (folder / "customers.csv").write_text(CUSTOMERS, encoding="utf-8")
    shutil.copy(centers, folder / "centers-tried.csv")  # as the map saves it
    planned = centers.read_text("utf-8") + "LU-LUX-2,Luxembourg,LU,49.61,6.13,2027-01-01,\n"
    (folder / "centers_planned.csv").write_text(planned, encoding="utf-8")
    sites = _some_sites(folder / "sites.csv")
    text = Policy.text("appliance-maintenance")
    own = text.replace('name = "appliance-maintenance"', 'name = "mine"', 1)
    (folder / "mine.toml").write_text(own, encoding="utf-8")
    (folder / "logo.png").write_bytes(_logo(120, 40))
    (folder / "head.toml").write_text(LETTERHEAD, encoding="utf-8")
    for name, day in (("2026-11", "2026-11-01"), ("2026-12", "2026-12-01")):
        batch.run(sites, centers, folder / "reports" / name, as_of=day)
    shutil.copytree(folder / "reports" / "2026-12", folder / "reports" / "demo")


def _some_sites(path: Path) -> Path:
    """Write some of the sample sites, the airport of Zurich among them."""
    with (DATA / "customer_sites.csv").open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file)
    kept = [row for number, row in enumerate(rows) if number % EVERY == 0 or row[0] == "LSZH"]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *kept])
    return path


def _logo(width: int, height: int) -> bytes:
    """Return a PNG file of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    pixels = zlib.compress(bytes(width + 1) * height)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", pixels), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)
