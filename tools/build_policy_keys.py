"""Write docs/policy-keys.md, the page of all keys of a policy, from the models.

Run from the repository's root after a key has changed::

    python tools/build_policy_keys.py
"""

import re
from pathlib import Path
from typing import Final

from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.keys import Key, Table, markdown, tables_of

GUIDE: Final = Path("docs/policy-keys.md")

HEAD: Final = """\
# All keys of a policy

Each table of a policy with its keys. A policy is a TOML file; [your vendor's contract as a
policy](policies.md) shows how to write one, `coverage-analyzer policies new NAME` writes one with
all these keys, and `coverage-analyzer policies check FILE` checks it. Tables in double brackets may
occur several times. A key with the mark ² needs `format = 2`.

This page is made from the program (`tools/build_policy_keys.py`).
"""

FIRST: Final = "The top of the file"
"""Title of the keys above the first table."""


def title_of(table: Table) -> str:
    """Return the heading of a table."""
    return f"`{table.header}`" if table.header else FIRST


def anchor_of(table: Table) -> str:
    """Return the anchor that GitHub gives the heading of a table."""
    text = (table.header or FIRST).lower().replace(" ", "-")
    return re.sub(r"[^\w-]", "", text)


def contents(tables: tuple[Table, ...]) -> list[str]:
    """Return the table of contents, inner tables indented."""
    lines = []
    for table in tables:
        indent = "  " * max(len(table.path) - 1, 0)
        lines.append(f"{indent}- [{title_of(table)}](#{anchor_of(table)}): {markdown(table.title)}")
    return lines


def row_of(key: Key, lowest: int) -> str:
    """Return the line of a key."""
    mark = "²" if max(key.lowest_format, lowest) > 1 else ""
    default = "required" if key.required else code(key.default) or "none"
    cells = (
        f"`{key.name}`{mark}",
        markdown(key.kind),
        f"{markdown(key.unit)}",
        default,
        code(key.example),
        markdown(key.text),
    )
    return f"| {' | '.join(cells)} |"


def code(text: str) -> str:
    """Return a value as code in a cell; empty if there is none."""
    return f"`{text.replace('|', chr(92) + '|')}`" if text else ""


def page() -> str:
    """Return the page as Markdown."""
    tables = tables_of(Policy)
    parts = [HEAD, *contents(tables)]
    for table in tables:
        parts += ["", f"## {title_of(table)}", "", markdown(table.title), ""]
        parts += [
            "| key | type | unit | default | example | meaning |",
            "|---|---|---|---|---|---|",
        ]
        parts += [row_of(key, table.lowest_format) for key in table.keys]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    GUIDE.write_text(page(), encoding="utf-8")
    print(f"{GUIDE}: {sum(len(table.keys) for table in tables_of(Policy))} keys")
