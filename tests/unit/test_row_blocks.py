"""Keeping some rows of a block: lines, cells and raw texts stay together."""

from pathlib import Path

import numpy as np

from coverage_analyzer.files.readers.base import RowBlock, without
from coverage_analyzer.files.table import open_table, usable
from coverage_analyzer.schema.columns import SITES
from coverage_analyzer.schema.rejects import Rejected

TEXT = "site_id,latitude,longitude\nA,1,1\nB,north,1\nC,2,2\nD,,\nE,3,3\n"
LINES = dict(enumerate(TEXT.splitlines(), start=1))


def block_of(path: Path, text: str = TEXT) -> RowBlock:
    """Return the block of a file that has rows."""
    path.write_text(text, encoding="utf-8")
    (block,) = (b for b in open_table(path, SITES).source.blocks() if len(b.lines))
    return block


def is_consistent(block: RowBlock) -> bool:
    """Return whether each row has the cells and the raw text of its line."""
    cells = zip(*(column.to_pylist() for column in block.columns.columns), strict=True)
    rows = list(zip(block.lines.tolist(), cells, strict=True))
    return bool(rows) and all(
        block.raw(at) == LINES[line] == ",".join(texts) for at, (line, texts) in enumerate(rows)
    )


def test_the_raw_text_follows_a_row_that_is_taken(tmp_path: Path) -> None:
    """Take rows of rows: each raw text is that of its line, what is counted stays."""
    block = block_of(tmp_path / "sites.csv")
    taken = block.take(np.array([1, 2, 4])).take(np.array([2, 1]))
    assert taken.lines.tolist() == [6, 4]
    assert [taken.raw(0), taken.raw(1)] == ["E,3,3", "C,2,2"]
    assert is_consistent(taken)
    assert (taken.records, taken.blank, taken.rejects) == (5, 0, [])


def test_usable_rows_keep_the_raw_text_of_their_own_line(tmp_path: Path) -> None:
    """The second usable row stands behind a reject: its raw text is not that of the reject."""
    path = tmp_path / "sites.csv"
    rows = usable(block_of(path), open_table(path, SITES))
    assert rows.block.lines.tolist() == [2, 4, 6]
    assert is_consistent(rows.block)
    assert [reject.raw for reject in rows.rejects] == ["B,north,1", "D,,"]
    assert rows.block.rejects == rows.rejects


def test_rows_that_become_rejects_leave_the_others_whole(tmp_path: Path) -> None:
    """A reader rejects a row of a block; the rows behind it keep their raw texts."""
    left = without(block_of(tmp_path / "sites.csv"), {3: (Rejected.not_utf8, "byte 0xff")})
    assert left.lines.tolist() == [2, 4, 5, 6]
    assert is_consistent(left)
    assert [(reject.line, reject.raw) for reject in left.rejects] == [(3, "B,north,1")]


def test_rows_behind_an_empty_one_keep_their_raw_text(tmp_path: Path) -> None:
    """Rows of empty cells only are counted and left out."""
    block = block_of(tmp_path / "sites.csv", TEXT.replace("B,north,1", '"",,'))
    assert block.blank == 1
    assert block.lines.tolist() == [2, 4, 5, 6]
    assert is_consistent(block)
