"""JSON Schema of a policy, for editors that complete and check TOML."""

from typing import Any, Final

from pydantic import BaseModel

from coverage_analyzer.policy.keys import example_value, keys_of, plain, tables_of, title_of
from coverage_analyzer.policy.model import Policy

DRAFT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a policy, closed and with descriptions.

    It checks names, types and ranges of keys; what the parts of a policy have to do with each
    other, such as bands without gaps, only ``policies check`` compares.

    Examples
    --------
    >>> schema = json_schema()
    >>> schema["$defs"]["Band"]["properties"]["above_miles"]["maximum"]
    12000
    """
    schema = Policy.model_json_schema()
    models = {
        key.model.__name__: key.model for t in tables_of(Policy) for key in t.keys if key.model
    }
    for name, model in models.items():
        _document(schema["$defs"][name], model)
    _document(schema, Policy)
    return {"$schema": DRAFT, "title": "Policy of coverage-analyzer", **_without_titles(schema)}


def _document(part: dict[str, Any], model: type[BaseModel]) -> None:
    """Add what a table and its keys mean to their part of a schema."""
    part["description"] = plain(title_of(model))
    for key in keys_of(model):
        own = part["properties"][key.name]
        if isinstance(own.get("format"), int):  # not the keyword of JSON Schema
            del own["format"]
        if "patternProperties" in own:
            own["additionalProperties"] = False
        newer = f" Needs format = {key.lowest_format}." if key.lowest_format > 1 else ""
        own["description"] = f"{plain(key.text)}{newer}".strip() or f"A {key.kind}."
        example = example_value(key)
        if example is not None:
            own["examples"] = [example]


def _without_titles(part: Any) -> Any:
    """Return a schema without the titles that repeat the names of keys and models."""
    if isinstance(part, dict):
        return {
            name: {key: _without_titles(v) for key, v in value.items()}
            if name in {"properties", "$defs"}
            else _without_titles(value)
            for name, value in part.items()
            if name != "title" or not isinstance(value, str)
        }
    return [_without_titles(each) for each in part] if isinstance(part, list) else part
