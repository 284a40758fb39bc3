"""The skeleton of a new policy: a valid file with every table and key, and what each means.

The keys, their meaning and their examples come from the models (`keys`): a new key of a model is
in the skeleton without a change here. Only what a policy cannot do without has values of its own.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from coverage_analyzer.errors import PolicyError
from coverage_analyzer.policy.document import known_names
from coverage_analyzer.policy.keys import Key, keys_of, plain, title_of, toml_key, toml_value
from coverage_analyzer.policy.model import Policy
from coverage_analyzer.policy.wording import IDENTIFIER

WIDTH: Final = 96
"""Maximum number of characters of a line of comment."""

START: Final[Mapping[str, Any]] = {
    "format": 2,
    "title": "Name of the support programme",
    "source": {"title": "Name of the vendor, title and date of the contract"},
    "levels": [
        {
            "id": "four-hours",
            "title": "Four hours",
            "replacement": {
                "start": "call_acknowledged",
                "end": "delivered",
                "amount": 4,
                "unit": "hours",
                "clause": "four-hours",
            },
        },
        {"id": "basic", "title": "Basic"},
    ],
    "qualification": {
        "same_country": True,
        "fallback": "basic",
        "interim": "basic",
        "fallback_clause": "outside",
    },
    "bands": [{"level": "four-hours", "countries": ["*"], "up_to_miles": 50, "clause": "radius"}],
    "clauses": {
        "four-hours": "A part is delivered within 4 hours after the call is acknowledged.",
        "radius": "A site qualifies within 50 miles of a service center in the same country.",
        "outside": "Elsewhere the vendor offers the basic level.",
    },
}
"""The smallest policy: what the contract says replaces it."""

HEAD: Final = """\
#:schema ./policy.schema.json
# A policy: what each level of support promises, and which sites get it.
#
# Replace the values by those of the contract. A line that begins with "#" and no space after it is
# an example of a key or table that may be left out: to use it, remove the "#" and set its value.
# Where a table in double brackets occurs several times in the contract, repeat it.
#
#   check this file:      coverage-analyzer policies check {name}.toml
#   use it:               coverage-analyzer run SITES --centers CENTERS --policy {name}.toml
#   help in your editor:  coverage-analyzer policies schema > policy.schema.json
"""


def skeleton(name: str) -> str:
    """Return the TOML text of a new policy, which is valid as it is.

    Parameters
    ----------
    name
        Its name.

    Raises
    ------
    PolicyError
        If the name is not allowed, or is that of a built-in or registered document.

    Examples
    --------
    >>> text = skeleton("our-terms")
    >>> text.splitlines()[-1]
    'outside = "Elsewhere the vendor offers the basic level."'
    """
    _check_name(name)
    start = {**START, "name": name}
    lines = [*HEAD.format(name=name).splitlines(), *_keys(Policy, start, active=True)]
    for key in keys_of(Policy):
        if key.model:
            lines += _tables(key, (key.name,), start.get(key.name), active=True)
    lines += ["", *_comment(f"{plain(_key('clauses').text)} {_state(_key('clauses'))}")]
    lines.append("[clauses]")
    lines += [f"{toml_key(name)} = {toml_value(text)}" for name, text in start["clauses"].items()]
    return "\n".join(lines) + "\n"


def _check_name(name: str) -> None:
    """Raise if a policy may not have a name.

    Raises
    ------
    PolicyError
        With a name that it may have.
    """
    if not re.fullmatch(IDENTIFIER, name):
        slug = re.sub(r"[^a-z0-9]+", "-", name.casefold()).strip("-")
        hint = f" Use {slug!r}." if slug else ""
        msg = f"{name!r} is not a name of lower-case letters, digits and single hyphens.{hint}"
        raise PolicyError(msg)
    if name in {*known_names("policy"), *known_names("programme")}:
        msg = f"{name!r} is the name of a built-in policy or programme. Choose a different name."
        raise PolicyError(msg)


def _key(name: str) -> Key:
    return next(key for key in keys_of(Policy) if key.name == name)


def _keys(model: type[BaseModel], start: Mapping[str, Any], *, active: bool) -> Iterator[str]:
    """Yield the keys of a table that are not tables, each below its meaning."""
    for key in keys_of(model):
        if key.model is None and not (model is Policy and key.name == "clauses"):
            yield ""
            yield from _comment(f"{plain(key.text)} {_state(key)}")
            used = active and key.name in start
            value = toml_value(start[key.name]) if used else _example(key)
            yield f"{'' if used else '#'}{key.name} = {value}"


def _tables(key: Key, path: tuple[str, ...], start: Any, *, active: bool) -> Iterator[str]:
    """Yield a table with its keys and tables: as an example, or each one that the start has."""
    if key.model is None:
        return
    name = ".".join(path)
    header = f"[[{name}]]" if key.listed else f"[{name}]"
    starts = start if isinstance(start, Sequence) else [start] if start else []
    active = active and bool(starts)
    yield from ("", "", f"# {'-' * (WIDTH - 2)}")
    yield from _comment(plain(key.text) or title_of(key.model))
    yield f"{'' if active else '#'}{header}"
    yield from _keys(key.model, starts[0] if active else {}, active=active)
    for inner in keys_of(key.model):
        below = starts[0].get(inner.name) if active else None
        yield from _tables(inner, (*path, inner.name), below, active=active)
    for more in starts[1:]:
        yield from ("", header, *(f"{toml_key(k)} = {toml_value(v)}" for k, v in more.items()))


def _comment(text: str) -> list[str]:
    return [f"# {line}" for line in textwrap.wrap(text, WIDTH - 2, break_on_hyphens=False)]


def _state(key: Key) -> str:
    """Return whether a key is required, else its default."""
    if key.required:
        return "Required."
    if re.search(r"\bby default|\(default", key.text, re.IGNORECASE):
        return ""
    return f"By default {key.default}." if key.default else "Optional."


def _example(key: Key) -> str:
    """Return the example of a key, else its default, else its first allowed value."""
    allowed = re.match(r"(list of )?``(.+?)``", key.kind)
    first = (f"[{allowed[2]}]" if allowed[1] else allowed[2]) if allowed else ""
    kinds = {"true or false": "true", "whole number": "1", "number": "1"}
    return key.example or key.default or first or kinds.get(key.kind, '"..."')
