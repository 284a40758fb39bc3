"""Write the table of quantities in docs/nightly.md from `comparison.quantities`.

Run from the repository's root after a quantity has changed::

    python tools/build_rules_guide.py
"""

from pathlib import Path
from typing import Final

from coverage_analyzer.comparison.quantities import QUANTITIES, Needs

GUIDE: Final = Path("docs/nightly.md")
BEGIN: Final = "<!-- quantities -->"
END: Final = "<!-- end of quantities -->"
FROM: Final = {
    Needs.run: "one run; also `_rise`, `_fall`",
    Needs.previous: "two runs",
    Needs.rows: "the rows of two runs",
}
PARTS: Final = {
    "": "",
    "country": "`[US]`",
    "level": "`[Gold Plus]`, required",
    "reason": "`[borderline]`, required",
    "reject": "`[coordinate_missing]`",
}


def table() -> str:
    """Return the table as Markdown."""
    rows = [
        f"| `{q.name}` | {q.text} | {f'`{q.whole}`' if q.whole else ''} | {PARTS[q.part]} "
        f"| {FROM[q.needs]} |"
        for q in QUANTITIES
    ]
    head = "| name | number of | `_share` of | parts | known from |\n|---|---|---|---|---|"
    return "\n".join([head, *rows])


def guide(text: str) -> str:
    """Return the guide with the table in its place."""
    before, _, rest = text.partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


if __name__ == "__main__":
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{GUIDE}: {len(QUANTITIES)} quantities")
