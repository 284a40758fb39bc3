"""Write the tables of keys in docs/settings.md from the models of the settings.

Run from the repository's root after a key has changed::

    python tools/build_settings_guide.py
"""

import re
from pathlib import Path
from typing import Any, Final, get_args

from coverage_analyzer.settings.proposal import documented
from coverage_analyzer.settings.tables import KEYS, Key, Role

GUIDE: Final = Path("docs/settings.md")
BEGIN: Final = "<!-- keys -->"
END: Final = "<!-- end of keys -->"
KINDS: Final = {bool: "true or false", int: "number", float: "number", str: "text"}


def kind_of(annotation: Any) -> str:
    """Return what a value is, as a reader of the guide names it."""
    parts = [part for part in get_args(annotation) if part is not type(None)]
    if annotation in KINDS:
        return KINDS[annotation]
    if getattr(annotation, "__origin__", None) is dict:
        return "table"
    if parts and all(isinstance(part, str) for part in parts):
        return ", ".join(f"`{part}`" for part in parts)
    return kind_of(parts[0])


def rows_of(table: str) -> list[str]:
    """Return the lines of the guide on a table of the settings file."""
    keys: dict[str, Key] = {}
    for key in KEYS:
        if key.table == table:
            keys.setdefault(".".join(key.name.split(".")[:2]), key)
    lines = ["| key | value | meaning |", "|---|---|---|"]
    for name, key in keys.items():
        kind = kind_of(key.annotation)
        kind = "path" if Role.path in key.roles else kind
        mark = " *" if key.roles and Role.path not in key.roles else ""
        lines.append(f"| `{name.partition('.')[2]}`{mark} | {kind} | {key.description} |")
    return lines


def tables() -> str:
    """Return the part of the guide that lists all keys."""
    parts = []
    for table, model in documented().items():
        text = " ".join((model.__doc__ or "").split()).replace("``", "`")
        _, _, rest = text.partition(": ")
        parts += [f"### `[{table}]`", "", f"{rest[:1].upper()}{rest[1:]}", "", *rows_of(table), ""]
    return "\n".join(parts)


def guide(text: str) -> str:
    """Return the guide with its tables renewed."""
    pattern = f"(?<={re.escape(BEGIN)}\n\n).*(?={re.escape(END)})"
    return re.sub(pattern, lambda _: tables() + "\n", text, flags=re.DOTALL)


def main() -> None:
    """Write the guide."""
    GUIDE.write_text(guide(GUIDE.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"{GUIDE}: {len(KEYS)} keys")


if __name__ == "__main__":
    main()
