"""Write the tables of docs/reasons.md as data of the package, for ``explain --reason``.

Run from the repository's root after a change of the guide::

    python tools/build_reasons.py
"""

import json
import re
from pathlib import Path
from typing import Final

GUIDE: Final = Path("docs/reasons.md")
DATA: Final = Path("coverage_analyzer/resources/reasons/reasons.json")

TABLE: Final = re.compile(r"^(\|.*\|)\n\|[-|]+\|\n((?:\|.*\|\n)+)", re.MULTILINE)

HEADS: Final = {
    "status": "status",
    "reason": "status",
    "meaning": "meaning",
    "what to check": "check",
    "what to change": "change",
    "what to do": "change",
    "what to check or change": "change",
}
"""Key of each column but the first, whose codes the tables are of."""


def entries(text: str) -> list[dict[str, str]]:
    """Return each row of a table as a dictionary: section, kind, code and texts."""
    result = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.partition("\n")[0]
        for head, rows in TABLE.findall(section):
            kind, *columns = cells(head)
            for row in rows.splitlines():
                code, *texts = cells(row)
                values = dict(zip([HEADS[c] for c in columns], map(plain, texts), strict=True))
                name = re.findall(r"`([^`]+)`", code)[0]
                result.append({"section": title, "kind": kind, "code": name, **values})
    return result


def cells(row: str) -> list[str]:
    """Return the cells of a row of a table."""
    return [cell.strip() for cell in row.strip().strip("|").split(" | ")]


def plain(text: str) -> str:
    """Return a text without marks of links and code."""
    return re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text).replace("`", "")


if __name__ == "__main__":
    rows = entries(GUIDE.read_text(encoding="utf-8"))
    DATA.parent.mkdir(exist_ok=True)
    DATA.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{DATA}: {len(rows)} codes")
