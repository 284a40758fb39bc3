"""Write the types of the map's payload for the type checker, from the schema that documents it.

``coverage_analyzer/maps/assets/payload.schema.json`` is the one place that says what the payload
holds. Run this after a change of it; a test compares the result.
"""

import json
from pathlib import Path
from typing import Any, Final

ASSETS: Final = Path(__file__).parents[1] / "coverage_analyzer" / "maps" / "assets"
SCHEMA: Final = ASSETS / "payload.schema.json"
TYPES: Final = ASSETS / "payload.d.ts"
SCALARS: Final = {
    "string": "string",
    "number": "number",
    "integer": "number",
    "boolean": "boolean",
    "null": "null",
}


def declarations() -> str:
    """Return the text of ``payload.d.ts``."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    origin = "made from payload.schema.json by tools/payload_types.py"
    parts = [f"/** Types of the payload: {origin}. */"]
    named = {**schema["$defs"], schema["title"]: schema}
    parts += [_declaration(name, part) for name, part in named.items()]
    return "\n\n".join(parts) + "\n"


def _declaration(name: str, part: dict[str, Any]) -> str:
    comment = f"/** {part['description']} */"
    if "properties" not in part:
        return f"{comment}\ntype {name} = {_type(part)};"
    lines = [comment, f"interface {name} {{"]
    for key, value in part["properties"].items():
        mark = "" if key in part["required"] else "?"
        lines += [f"  /** {value['description']} */", f"  {key}{mark}: {_type(value)};"]
    return "\n".join([*lines, "}"])


def _type(part: dict[str, Any]) -> str:
    """Return the type of a part, for the few keywords that the schema uses."""
    if "$ref" in part:
        return str(part["$ref"].rsplit("/", 1)[1])
    if "enum" in part:
        return " | ".join(json.dumps(value) for value in part["enum"])
    if "anyOf" in part:
        return " | ".join(map(_type, part["anyOf"]))
    if part["type"] == "array":
        inner = _type(part["items"])
        return f"({inner})[]" if " " in inner else f"{inner}[]"
    kinds = part["type"] if isinstance(part["type"], list) else [part["type"]]
    return " | ".join(SCALARS[kind] for kind in kinds)


if __name__ == "__main__":
    TYPES.write_text(declarations(), encoding="utf-8")
    print(f"Wrote {TYPES}")
