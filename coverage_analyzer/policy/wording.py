"""What is wrong with a policy in words: the key, the fault, the nearest right one."""

import difflib
from collections.abc import Iterable
from typing import Any

import pydantic

from coverage_analyzer.policy.document import Model
from coverage_analyzer.policy.rules import miles_of_km


def nearest(word: str, words: Iterable[str]) -> str:
    """Return a question after the most alike of some words, if one is alike at all."""
    close = difflib.get_close_matches(word, list(words), n=1, cutoff=0.5)
    return f" Did you mean {close[0]!r}?" if close else ""


def validation_faults(error: pydantic.ValidationError, model: type[Model]) -> list[str]:
    """Return the errors of validating a model in words, less those that follow from others."""
    errors = error.errors()
    return [_fault(e, model) for e in errors if not _follows(e, errors)]


def _follows(error: Any, errors: list[Any]) -> bool:
    """Return whether a list is only called too short since something in it is wrong."""
    depth = len(error["loc"])
    inner = [e for e in errors if len(e["loc"]) > depth and e["loc"][:depth] == error["loc"]]
    return error["type"] == "too_short" and bool(inner)


def _fault(error: Any, model: type[Model]) -> str:
    """Return a validation error in words: the key, what is wrong, the nearest right one."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        *parents, key = error["loc"]
        near = nearest(key, _keys_of(parents, model))
        if str(key).endswith("_km"):
            km = error["input"] if isinstance(error["input"], (int, float)) else 100
            near = f" Distances are in miles: {km:g} km are {miles_of_km(km)} miles."
        return f"{where}: unknown key.{near}"
    if error["type"] == "string_pattern_mismatch" and "[A-Z]{2}" in error["ctx"]["pattern"]:
        return f"{where}: {error['input']!r} is not a country code of two capital letters."
    if error["type"] == "literal_error":
        allowed = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
        return (
            f"{where}: {error['input']!r} is not one of {', '.join(allowed)}."
            f"{nearest(str(error['input']), allowed)}"
        )
    if error["type"] == "missing":
        return f"{where}: missing."
    if error["type"] == "value_error":
        return str(error["ctx"]["error"]).replace("\n", "\n  ")
    text = error["msg"].replace("Tuple", "List").replace("tuple", "list")
    return f"{where}: {text} (found {error['input']!r})."


def _keys_of(parents: list[str | int], root: type[Model]) -> list[str]:
    """Return the keys that the part of a model at a place may have."""
    model: Any = root
    for key in parents:
        if isinstance(key, str):
            kinds = [model.model_fields[key].annotation]
            while not (isinstance(kinds[0], type) and issubclass(kinds[0], Model)):
                kinds = [k for kind in kinds for k in getattr(kind, "__args__", ())]
                if not kinds:
                    return []
            model = kinds[0]
    return list(model.model_fields)
