"""Rows of a comparison for the keys of policies that no row in words covers.

They are made from the models: a key that a model gets has a row without a change here, until a row
in words (`policy_table`) says the same and names the key in `IN_WORDS`.
"""

import fnmatch
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel

from coverage_analyzer.policy import ALL_OTHERS, Policy
from coverage_analyzer.policy.keys import Key, keys_of, toml_value

NO_RULE: Final = "none"
"""Cell of a policy without the key."""

IN_WORDS: Final = (
    *("format", "name", "title", "source", "clauses", "*clause", "*footnotes"),
    *("levels.id", "levels.title", "levels.coverage_hours", "levels.software_updates"),
    *("levels.technical_support", "warranty.*", "qualification.*", "lead_times.*"),
    *("bands.level", "bands.countries", "bands.metric", "bands.above_*", "bands.up_to_*"),
    "countries.*",
    *("gates.components.excluded", "gates.lifecycle.phases", "gates.lifecycle.levels"),
    *("gates.not_offered.*", "gates.export_approval.*"),
    *("commitments.accept", "commitments.calendars.*"),
    *(
        f"levels.{clock}.{key}"
        for clock in ("replacement", "clocks")
        for key in (
            *("id", "title", "start", "label", "end", "kind", "amount", "unit", "by", "cut_off"),
            *("cut_off_zone", "cut_off_counts", "late_start", "receiving_hours", "calendar"),
            *("hours.opens", "hours.closes", "hours.weekdays", "hours_in.*"),
        )
    ),
)
"""Paths of the keys that `policy_table` has in words, without the numbers of lists."""


LEVELS: Final = frozenset({"interim", "level", "levels"})
"""Keys that name levels by their ``id``, of which a row has the titles."""

PRESENT_IN_WORDS: Final = frozenset(
    {
        *("levels.replacement", "levels.clocks.hours", "levels.replacement.hours", "warranty"),
        *(f"gates.{name}" for name in ("components", "lifecycle", "registration", "request")),
        "gates.export_approval",
    }
)
"""Paths of the tables whose presence `policy_table` has in words."""


def rule_rows(policies: Sequence[Policy]) -> dict[str, list[str]]:
    """Return the keys that have no row in words, a cell per policy, by what they are about.

    A key that has its default in each policy has no row.
    """
    cells_of = [dict(_cells(policy)) for policy in policies]
    features = dict.fromkeys(feature for cells in cells_of for feature in cells)
    rows = {feature: [c.get(feature, (NO_RULE, True)) for c in cells_of] for feature in features}
    return {
        feature: [text for text, _ in cells]
        for feature, cells in rows.items()
        if not all(is_default for _, is_default in cells)
    }


def _cells(policy: Policy) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the feature of each key of a policy with its value, and whether that is its default."""
    titles = {level.id: level.title for level in policy.levels}
    yield from _of_table(policy, (), (), titles)


def _of_table(
    table: BaseModel, path: tuple[str, ...], names: tuple[str, ...], titles: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, bool]]]:
    for key in keys_of(type(table)):
        here = (*path, key.name)
        value = getattr(table, key.name)
        if _is_in_words(here):
            continue
        if key.model is None:
            shown = _level_titles(value, titles) if key.name in LEVELS else value
            yield _feature(names, key.name), (_text(shown), toml_value(value) == key.default)
        elif key.listed:
            yield from _of_list(value, key, here, names, titles)
        elif value is not None:
            rows = list(_of_table(value, here, (*names, key.name), titles))
            is_plain = all(is_default for _, (_, is_default) in rows)
            if is_plain and ".".join(here) not in PRESENT_IN_WORDS and _is_optional(table, key):
                yield _feature(names, key.name), ("yes", False)
            yield from rows


def _of_list(
    tables: Sequence[BaseModel],
    key: Key,
    path: tuple[str, ...],
    names: tuple[str, ...],
    titles: Mapping[str, str],
) -> Iterator[tuple[str, tuple[str, bool]]]:
    """Yield the keys of each table of a list, named by what distinguishes it from the others."""
    taken: dict[str, int] = {}
    for table in tables:
        name = _name_of(table)
        taken[name] = taken.get(name, 0) + 1
        number = f" ({taken[name]})" if taken[name] > 1 else ""
        yield from _of_table(table, path, (*names, f"{key.name} {name}{number}".strip()), titles)


def _level_titles(value: Any, titles: Mapping[str, str]) -> Any:
    """Return the title of a level instead of its ``id``, or those of several."""
    if isinstance(value, tuple):
        return tuple(titles.get(each, each) for each in value)
    return titles.get(value, value)


def _name_of(table: BaseModel) -> str:
    """Return what distinguishes a table of a list: its title or name, else level and countries."""
    for name in ("title", "id", "name"):
        if value := getattr(table, name, ""):
            return str(value)
    parts = [getattr(table, "level", ""), *getattr(table, "countries", ())]
    return ", ".join(part for part in parts if part and part != ALL_OTHERS)


def _feature(names: Sequence[str], key: str) -> str:
    """Return the title of a row, such as ``Gates registration: grace days``."""
    own = key.replace("_", " ")
    table = ", ".join(names).replace("_", " ")
    text = f"{table}: {own}" if table else own
    return text[:1].upper() + text[1:]


def _is_optional(table: BaseModel, key: Key) -> bool:
    """Return whether a table may be missing, so that its presence is a rule."""
    return type(table).model_fields[key.name].default is None


def _is_in_words(path: tuple[str, ...]) -> bool:
    name = ".".join(path)
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in IN_WORDS)


def _text(value: Any) -> str:
    """Return the value of a key for a cell."""
    if value is None or value in ("", (), {}):
        return NO_RULE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if isinstance(value, tuple) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return toml_value(value)
