"""The sheet *Summary* of ``report.xlsx``: what a run was made of, what came out, what to do."""

import datetime
import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from coverage_analyzer.countries import Names
from coverage_analyzer.files.run_folder.contents import Counts
from coverage_analyzer.files.run_folder.headline import headlines, qualified_sites
from coverage_analyzer.files.writers import excel
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.actions import REASON_ACTIONS, REJECT_ACTIONS, STATUS_ACTIONS
from coverage_analyzer.schema.rejects import Rejected
from coverage_analyzer.schema.verdict import Reason, Status

WIDTHS: Final = (30, 12, 12, *[13] * 8)
"""Of the columns, in characters."""

MEANING: Final = (3, 6)
ACTION: Final = (7, 10)
"""The first and last column of a text that takes several."""

LINE_POINTS: Final = 15
"""The height of a line of text."""

NO_COUNTRY: Final = "(no country)"


class SummarySheet:
    """The first sheet of a workbook, written from its top to its bottom.

    Parameters
    ----------
    book
        The workbook.
    sheet
        Its sheet.
    """

    def __init__(self, book: excel.Workbook, sheet: Any) -> None:
        self._book, self._sheet, self._row = book, sheet, 0
        for at, width in enumerate(WIDTHS):
            sheet.set_column(at, at, width)
        self._bold = book.look(bold=True, valign="top")
        self._plain = book.look(valign="top")
        self._wrapped = book.look(text_wrap=True, valign="top", indent=1)
        self._count = book.look(num_format="#,##0", valign="top")
        self._share = book.look(num_format="0.0%", valign="top")
        self._day = book.look(num_format=excel.DAY, align="left", valign="top")
        self._header = book.look(**excel.HEADER)

    def write(self, manifest: Mapping[str, Any], counts: Counts, names: Names) -> None:
        """Write all blocks.

        Parameters
        ----------
        manifest
            As ``run.json`` holds it.
        counts
            The number of sites by country, level and status.
        names
            Of countries.
        """
        self._put_title(manifest, counts)
        self._put_origin(manifest)
        total = sum(counts.values())
        self._put_header("Level", "Sites", "Share")
        best = qualified_sites(counts)
        levels = manifest["counts"]["level"].items()
        for level, n in sorted(levels, key=lambda item: item[0] not in best):
            self._put_count(level, n, total)
        self._row += 1
        self._put_statuses(manifest["counts"]["status"], total)
        self._put_reasons(manifest, total)
        self._put_rejects(manifest["counts"].get("rejects", {}))
        self._put_countries(counts, names)
        self._put_notes(manifest)

    def _put_title(self, manifest: Mapping[str, Any], counts: Counts) -> None:
        self._text(0, str(manifest["policy"]["title"]), self._book.look(bold=True, font_size=14))
        self._row += 1
        look = self._book.look(bold=True, font_size=12)
        for line in headlines(qualified_sites(counts), sum(counts.values())):
            self._text(0, line, look)
            self._row += 1
        self._row += 1

    def _put_origin(self, manifest: Mapping[str, Any]) -> None:
        policy, ledger, centers = (manifest[name] for name in ("policy", "ledger", "centers"))
        self._text(0, "As of", self._bold)
        self._sheet.write_datetime(
            self._row, 1, datetime.date.fromisoformat(manifest["as_of"]), self._day
        )
        self._row += 1
        facts = {"Policy": f"{policy['title']} ({policy['name']}, sha256 {policy['sha256']})"}
        for name, file in manifest.get("inputs", {}).items():
            facts[name.capitalize()] = str(file["path"])
        if centers:
            facts["Open centers"] = f"{centers['open']:,} of {centers['given']:,}"
        parts = " + ".join(f"{n} {ledger[n]:,}" for n in ("decided", "rejected", "blank"))
        facts["Rows"] = f"read {ledger['read']:,} = {parts}"
        if manifest.get("held"):
            facts["Held back"] = "; ".join(map(str, manifest["held"]))
        for label, value in facts.items():
            self._text(0, label, self._bold)
            self._text(1, value, self._plain)
            self._row += 1
        self._row += 1

    def _put_statuses(self, counts: Mapping[str, int], total: int) -> None:
        self._put_header("Status", "Sites", "Share", meaning=True)
        for status in Status:
            if n := counts.get(status.name, 0):
                color = theme.MARKS[status].color
                look = self._book.look(
                    bg_color=color, font_color=excel.font_color(color), valign="top"
                )
                self._put_texts(status.text, STATUS_ACTIONS[status])
                self._put_count(status.name, n, total, look)
        self._row += 1

    def _put_reasons(self, manifest: Mapping[str, Any], total: int) -> None:
        same_country = bool(manifest["policy"]["same_country"])
        self._put_header("Reason", "Sites", "Share", meaning=True)
        for reason in Reason:
            if n := manifest["counts"]["reason"].get(reason.name, 0):
                text = reason.text_for(same_country=same_country)
                self._put_texts(text, REASON_ACTIONS[reason])
                self._put_count(reason.name, n, total)
        self._row += 1

    def _put_rejects(self, counts: Mapping[str, int]) -> None:
        if not counts:
            return
        self._put_header("Rejected rows", "Rows", "Share", meaning=True)
        total = sum(counts.values())
        for reason in Rejected:
            if n := counts.get(reason.value, 0):
                self._put_texts("the row could not be decided", REJECT_ACTIONS[reason])
                self._put_count(reason.value, n, total)
        self._row += 1

    def _put_countries(self, counts: Counts, names: Names) -> None:
        statuses = [s.name for s in Status if any(key[2] == s.name for key in counts)]
        titles = dict(zip(names.codes, names.titles, strict=True))
        by_country: dict[str, Counter[str]] = {}
        for (code, _, status), n in counts.items():
            by_country.setdefault(code, Counter())[status] += n
        self._put_header("Country", "Code", "Sites", *statuses)
        for code in sorted(by_country, key=lambda c: (not c, titles.get(c, c))):
            cells = by_country[code]
            self._text(0, titles.get(code) or NO_COUNTRY, self._plain)
            self._text(1, code, self._plain)
            for at, n in enumerate([cells.total(), *(cells[s] for s in statuses)], 2):
                self._sheet.write_number(self._row, at, n, self._count)
            self._row += 1
        self._row += 1

    def _put_notes(self, manifest: Mapping[str, Any]) -> None:
        rejected, most = manifest["ledger"]["rejected"], excel.ROWS - 1
        if rejected > most:
            note = f"The sheet Rejects has the first {most:,} of {rejected:,} rows"
            self._text(0, f"{note}; all are in rejects.csv.", self._plain)
            self._row += 1
        for warning in manifest.get("warnings", []):
            self._text(0, f"Warning: {warning}", self._plain)
            self._row += 1
        for old, new in manifest.get("renamed_columns", {}).items():
            self._text(0, f"The input's column {old!r} is called {new!r} here.", self._plain)
            self._row += 1
        version = manifest["coverage_analyzer"]
        self._text(0, f"Made by coverage-analyzer {version}. {manifest['countries']}", self._plain)

    def _put_header(self, *texts: str, meaning: bool = False) -> None:
        right = self._book.look(**excel.HEADER, align="right")
        for at, text in enumerate(texts):
            self._text(at, text, self._header if not at or text == "Code" else right)
        if meaning:
            look = self._book.look(**excel.HEADER, indent=1)
            self._merge(MEANING, "Meaning", look)
            self._merge(ACTION, "What to do", look)
        self._row += 1

    def _put_count(self, label: str, n: int, total: int, look: Any = None) -> None:
        """Write a number of rows and its share, and go to the next row."""
        self._text(0, label, look or self._plain)
        self._sheet.write_number(self._row, 1, n, self._count)
        self._sheet.write_number(self._row, 2, n / total if total else 0, self._share)
        self._row += 1

    def _put_texts(self, meaning: str, action: str) -> None:
        """Write what a code means and what to do, in a row as high as the texts need."""
        lines = [
            math.ceil(len(text) / (sum(WIDTHS[first : last + 1]) * 0.9))
            for text, (first, last) in ((meaning, MEANING), (action, ACTION))
        ]
        self._sheet.set_row(self._row, LINE_POINTS * max(lines))
        self._merge(MEANING, f"{meaning[:1].upper()}{meaning[1:]}.", self._wrapped)
        self._merge(ACTION, action, self._wrapped)

    def _merge(self, columns: Sequence[int], text: str, look: Any) -> None:
        """Write a text over several columns; the cells are joined, and hold a string."""
        first, last = columns
        self._sheet.merge_range(self._row, first, self._row, last, "", look)
        self._sheet.write_string(self._row, first, text, look)

    def _text(self, at: int, text: str, look: Any) -> None:
        if text:
            self._sheet.write_string(self._row, at, excel.faithful(text), look)
