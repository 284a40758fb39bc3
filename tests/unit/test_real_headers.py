"""Headers of real exports are understood without an option."""

import csv
import io
from pathlib import Path
from typing import Final

import pytest

from coverage_analyzer.errors import InputError
from coverage_analyzer.files.table import Table, open_table
from coverage_analyzer.schema.columns import SITES

EXPORTS: Final = list(
    csv.DictReader(
        (Path(__file__).parents[1] / "data" / "real_headers.csv").read_text("utf-8").splitlines()
    )
)
"""Each with its source, its header, and the headers that are right; ``ask`` where nobody can
tell, and ``points:HEADER`` where points are in one column, with one of its cells."""

METRES: Final = {"X", "Y", "COORDENADA-X", "COORDENADA-Y", "Easting", "Northing"}
"""Columns of projected coordinates, if no coordinates are expected in them."""


def cells_of(export: dict[str, str], header: str, row: int) -> str:
    """Return a cell of a column as such an export would have it."""
    if header == export["latitude"]:
        return f"{48.1 + row / 10:.5f}"
    if header == export["longitude"]:
        return f"{11.5 + row / 10:.5f}"
    if header == export["latitude"].removeprefix("points:"):
        return export["points"]
    if header == export["country"]:
        return "DE"
    return f"{690000 + row}.5" if header in METRES else f"{header[:3]}{row}"


def opened(export: dict[str, str], folder: Path) -> Table:
    """Return the table of an export with three rows."""
    text = io.StringIO()
    headers = export["header"].split(export["delimiter"])
    writer = csv.writer(text, delimiter=export["delimiter"])
    if export["title"]:
        text.write(export["title"] + "\n")
    writer.writerow(headers)
    writer.writerows([[cells_of(export, h, row) for h in headers] for row in range(3)])
    path = folder / "export.csv"
    path.write_text(text.getvalue(), encoding="utf-8", newline="")
    return open_table(path, SITES)


def understood(export: dict[str, str], folder: Path) -> str:
    """Return what is wrong with how an export is understood; nothing if it is right."""
    try:
        table = opened(export, folder)
    except InputError as error:
        return "" if export["latitude"] == "ask" else f"refused: {error}"
    if export["latitude"] == "ask":
        return "guessed"
    columns = table.matched_columns
    points = table.detected.get("points", {}).get("column")
    if export["latitude"].startswith("points:"):
        result = {"latitude": f"points:{points}"}
        expected = {"latitude": export["latitude"]}
    else:
        result = {name: columns.get(name, "") for name in ("latitude", "longitude")}
        expected = {name: export[name] for name in ("latitude", "longitude")}
    for name in ("site_id", "country"):
        if export[name]:
            expected[name], result[name] = export[name], columns.get(name, "")
    rows = [row for block in table.rows() for row in block.block.lines.tolist()]
    wrong = [
        f"{n}: {result[n]!r}, not {expected[n]!r}" for n in expected if result[n] != expected[n]
    ]
    return "; ".join(wrong) or ("" if len(rows) == 3 else f"{3 - len(rows)} rows lost")


def test_there_are_enough_real_exports() -> None:
    """Stores, airports, hospitals, ERP and CRM, census, transport, in many languages."""
    assert len(EXPORTS) >= 60
    assert len({export["source"] for export in EXPORTS}) == len(EXPORTS)


def test_the_share_that_is_understood(tmp_path: Path) -> None:
    """97 % at least without an option; where nobody can tell, the planner is asked."""
    wrong = {e["source"]: what for e in EXPORTS if (what := understood(e, tmp_path))}
    share = 1 - len(wrong) / len(EXPORTS)
    assert share >= 0.97, wrong


@pytest.mark.parametrize("export", [e for e in EXPORTS if e["latitude"] == "ask"])
def test_a_planner_is_asked_in_one_message(export: dict[str, str], tmp_path: Path) -> None:
    """The message has one line to paste, with both coordinates."""
    with pytest.raises(InputError) as caught:
        opened(export, tmp_path)
    assert "--column latitude=" in str(caught.value)
    assert "--column longitude=" in str(caught.value)
