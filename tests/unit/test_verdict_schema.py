"""The table of a verdict's columns, statuses and reasons, and what must agree with it."""

import datetime
import enum
import pickle
import re
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from coverage_analyzer.batch._drive_times import _typed
from coverage_analyzer.errors import InputError
from coverage_analyzer.files.writers import formats
from coverage_analyzer.frames._report import _table
from coverage_analyzer.maps.sites import CODED
from coverage_analyzer.schema.verdict import COLUMNS, DECIMALS, SCHEMA, VERDICT, Reason, Status

ROOT = Path(__file__).parents[2]
in_repository = pytest.mark.skipif(not (ROOT / "README.md").is_file(), reason="no repository")

ROW = {
    "level": "Gold",
    "status": "qualified",
    "reason": "within_radius",
    "center_id": "C",
    "distance_miles": 1.5,
    "limit_miles": 62.13712,
    "margin_miles": 60.638,
    "site_country": "DE",
    "available_on": None,
    "centers_in_reach": 2,
    "as_of": datetime.date(2026, 12, 1),
}


def rows_below(text: str, header: str) -> list[list[str]]:
    """Return the cells of the table that begins with a header."""
    _, _, rest = text.partition(f"\n{header}\n")
    table = re.match(r"(\|.*\n)+", rest)
    assert table, header
    return [line.strip("| ").split(" | ") for line in table[0].splitlines()[1:]]


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        *((Reason, words) for words in [(), ("",), (" ",), ("it is within", " ")]),
        *((Status, words) for words in [(), ("Label",), ("", "text")]),
    ],
)
def test_no_code_without_words(kind: Any, words: tuple[str, ...]) -> None:
    """A class in which a code stands alone, or beside an empty text, does not load."""
    with pytest.raises(ValueError, match="needs a text"):

        class _Wordless(enum.IntEnum):
            __new__ = kind._new_member_
            code = (99, *words)


@pytest.mark.parametrize("same_country", [True, False])
def test_each_reason_reads_differently(same_country: bool) -> None:
    """No two reasons have the same text."""
    texts = Counter(reason.text_for(same_country=same_country) for reason in Reason)
    assert set(texts.values()) == {1}


def test_across_borders_a_distance_is_not_about_a_country() -> None:
    """Where any center may serve, reasons of distance do not speak of the site's country."""
    for reason in list(Reason)[: Reason.country_conflict]:
        assert "its country" in reason.text
        assert "country" not in reason.text_for(same_country=False)


def test_members_survive_a_worker() -> None:
    """A process that gets a code, pickled or as a number, has the same member."""
    for member in (*Status, *Reason):
        assert pickle.loads(pickle.dumps(member)) is member  # noqa: S301 - our own
        assert type(member)(int(member)) is member


def test_read_back_as_written(tmp_path: Path) -> None:
    """A report as text gets the types of the table again; blank cells are null."""
    cells = {n: pa.array(["" if v is None else str(v)]) for n, v in ROW.items()}
    typed = _typed(cells)
    assert pa.schema([(n, c.type) for n, c in typed.items()]) == SCHEMA
    assert {n: c[0].as_py() for n, c in typed.items()} == ROW
    with formats.report_writer(tmp_path / "r.csv", "csv", SCHEMA) as writer:
        writer.write(pa.RecordBatch.from_arrays(list(typed.values()), schema=SCHEMA))
    line = (tmp_path / "r.csv").read_text("utf-8").splitlines()[1]
    assert line == '"Gold","qualified","within_radius","C",1.500,62.13712,60.638,"DE",,2,2026-12-01'


def test_a_workbook_shows_the_decimals_of_the_table(tmp_path: Path) -> None:
    """Formats of numbers are those of `DECIMALS`, and no other column has one."""
    pytest.importorskip("xlsxwriter")
    batch = pa.RecordBatch.from_pylist([ROW], schema=SCHEMA)
    with formats.report_writer(tmp_path / "r.xlsx", "xlsx", SCHEMA) as writer:
        writer.write(batch)
    with zipfile.ZipFile(tmp_path / "r.xlsx") as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    codes = dict(re.findall(r'<numFmt numFmtId="(\d+)" formatCode="([^"]+)"', styles))
    cells = re.findall(r'<xf numFmtId="(\d+)"', styles.partition("<cellXfs")[2])
    style = dict(re.findall(r'<c r="([A-K])2" s="(\d+)"', sheet))
    shown = {
        name: codes[cells[int(style[letter])]]
        for letter, name in zip("ABCDEFGHIJK", VERDICT, strict=True)
        if letter in style and SCHEMA.field(name).type != pa.string()
    }
    decimals = {n: f"{0:.{places}f}" for n, places in DECIMALS.items()}
    assert shown == decimals | {"as_of": "yyyy-mm-dd"}


def test_a_frame_gets_the_types_of_the_table() -> None:
    """Whole numbers that a merge made floats are whole again; limits are floats."""
    frame = pd.DataFrame([ROW]).assign(limit_miles=62, centers_in_reach=np.float64(2))
    table = _table(frame)
    numbers = [f for f in SCHEMA if f.type != pa.string()]
    assert [table.schema.field(f.name).type for f in numbers] == [f.type for f in numbers]


@pytest.mark.parametrize(
    ("name", "cell"),
    [("distance_miles", "far"), ("centers_in_reach", 1.5), ("available_on", "soon")],
)
def test_a_frame_with_other_cells_is_refused(name: str, cell: object) -> None:
    """The error names the column and the type that it needs."""
    with pytest.raises(InputError, match=f"{name}.*{SCHEMA.field(name).type}".replace("[", r"\[")):
        _table(pd.DataFrame([ROW | {name: cell}]))


def test_the_map_holds_every_column() -> None:
    """Those held by code, and those that `sites.Columns` holds otherwise, are all of the table."""
    numbers = {"distance_miles", "limit_miles", "margin_miles", "centers_in_reach"}
    assert {*CODED, "status", "as_of"} | numbers == set(VERDICT)  # the day is one for all
    assert DECIMALS == {"distance_miles": 3, "margin_miles": 3}  # as the map's thousandths


@in_repository
def test_the_readme_lists_the_columns() -> None:
    """In the order of the report, each with the text of the table."""
    text = (ROOT / "docs" / "reference" / "columns.md").read_text("utf-8")
    rows = rows_below(text.partition("## The verdict")[2], "| column | content |")
    assert [name.strip("`") for name, _ in rows if name != "---"] == list(VERDICT)
    for (_, text), column in zip(rows, COLUMNS, strict=True):
        assert re.split(r": (?=`|\[)", text)[0] == column.text


@in_repository
def test_the_guide_to_reasons_says_the_same() -> None:
    """A status or reason with one row in the guide means there what it says everywhere else."""
    guide = (ROOT / "docs" / "reasons.md").read_text("utf-8")
    statuses = rows_below(guide, "| status | meaning | what to check | what to change |")
    meanings = {row[0].strip("`"): row[1] for row in statuses}
    assert {s.name: meanings[s.name] for s in Status} == {s.name: s.text for s in Status}
    header = "| reason | status | meaning | what to check | what to change |"
    reasons = [row for row in rows_below(guide, header) if row[0] != "---"]
    often = Counter(row[0] for row in reasons)
    for code, _, meaning, *_ in reasons:
        reason = Reason[code.strip("`")]
        if often[code] == 1 and reason.text == reason.text_across_borders:
            assert meaning.startswith(reason.text), code
