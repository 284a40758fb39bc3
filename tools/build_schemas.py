"""Write the JSON schemas of what commands print with ``--json``: ``python tools/build_schemas.py``.

Each schema is closed: it has every key that this version prints. The four of files that a run, a
plan or a comparison leave, and of report rows, are written by hand.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.policy.json_schema import DRAFT, json_schema
from coverage_analyzer.programmes.model import Programme

FOLDER: Final = Path(__file__).parents[1] / "coverage_analyzer" / "resources" / "schemas"

Schema = dict[str, Any]


def value(kind: str | list[str], text: str, **more: Any) -> Schema:
    """Return the schema of a value."""
    return {"type": kind, "description": text, **more}


def words(text: str, **more: Any) -> Schema:
    """Return the schema of a text."""
    return value("string", text, **more)


def count(text: str) -> Schema:
    """Return the schema of a number of things."""
    return value("integer", text, minimum=0)


def number(text: str) -> Schema:
    """Return the schema of a number."""
    return value("number", text)


def flag(text: str) -> Schema:
    """Return the schema of a truth value."""
    return value("boolean", text)


def many(text: str, items: Schema) -> Schema:
    """Return the schema of an array."""
    return value("array", text, items=items)


def texts(text: str) -> Schema:
    """Return the schema of an array of texts."""
    return many(text, {"type": "string"})


def by_name(text: str, each: Schema) -> Schema:
    """Return the schema of an object whose keys are data."""
    return value("object", text, additionalProperties=each)


def counts(text: str) -> Schema:
    """Return the schema of counts by name."""
    return by_name(text, {"type": "integer", "minimum": 0})


def whole(
    text: str, keys: Mapping[str, Schema], optional: Mapping[str, Schema] | None = None
) -> Schema:
    """Return the schema of an object with all of its keys."""
    properties = {**keys, **(optional or {})}
    return value(
        "object", text, properties=properties, required=[*keys], additionalProperties=False
    )


def or_null(schema: Schema, when: str) -> Schema:
    """Return the schema of a value that may be null."""
    return schema | {
        "type": [schema["type"], "null"],
        "description": f"{schema['description']} Null {when}.",
    }


DAY: Final = {"format": "date"}
HASH: Final = {"pattern": "^[0-9a-f]{64}$"}
LEDGER: Final = whole(
    "read = decided + rejected + blank.",
    {
        "read": count("Records read."),
        "decided": count("Rows that were decided."),
        "rejected": count("Rows that could not be used."),
        "blank": count("Empty rows."),
    },
)
MATCHED: Final = by_name("Columns that are used: the header by the name.", {"type": "string"})
REJECTS: Final = counts("Rejected rows by reason.")
FIRST: Final = texts("The first rejected rows, in words.")
WARNINGS: Final = texts("What a reader of the results should know, in words.")
NOT_CHECKED: Final = texts("Columns that the policy has rules for and the file lacks.")
DETECTED: Final = value("object", "What was found out about the file, such as its encoding.")
POLICY: Final = whole(
    "The policy.",
    {
        "name": words("Its name."),
        "title": words("Its title."),
        "sha256": words("Hash of its content.", **HASH),
    },
)
VERSION: Final = words("Version of the program.")
CREDIT: Final = words("Credit of the country data.")
FILES: Final = texts("Files that were written.")
FOUND_ROWS: Final = {"ledger": LEDGER, "rejects": REJECTS, "first_rejects": FIRST}

KM: Final = {
    "distance_km": number("Distance in kilometres, where the policy states kilometres."),
    "margin_km": number("Distance to the limit in kilometres, likewise."),
}
CENTER: Final = whole(
    "A center.",
    {
        "center_id": words("Its id."),
        "name": words("Its name."),
        "country": words("Its country, ISO 3166-1 alpha-2."),
        "distance_miles": number("Geodesic distance to the site, in miles."),
        "margin_miles": value(["number", "null"], "Miles within the limit; negative beyond it."),
        "refused": words("Why it may not serve the site; empty if it may."),
        "closes": words("When it closes, in words; empty if it stays."),
        "region": words("Its region, ISO 3166-2; empty if unknown."),
    },
    KM,
)


def table(text: str) -> Schema:
    """Return the schema of a file as `init` understood it."""
    return whole(
        text,
        {
            "path": words("The file."),
            "columns": MATCHED,
            "types": by_name("Types of the other columns.", {"type": "string"}),
            "detected": DETECTED,
            "preview": many("First rows.", by_name("Cells by header.", {"type": "string"})),
            "ledger": LEDGER,
            "is_complete": flag("Whether the whole file was read."),
            "rejects": REJECTS,
            "first_rejects": FIRST,
            "countries": counts("Rows by country; the empty name is an unknown one."),
            "problems": texts("What must be mended, in words."),
            "doubts": texts("What should be looked at, in words."),
        },
    )


def init() -> Schema:
    """Return the schema of `init`."""
    return whole(
        "What `init` found out about two files.",
        {
            "sites": table("The file of sites."),
            "centers": table("The file of centers."),
            "country_names": by_name("Names of the countries by code.", {"type": "string"}),
            "settings": words("The settings file that was written."),
        },
    )


def config() -> Schema:
    """Return the schema of `config`."""
    setting = whole(
        "A setting in use.",
        {
            "value": {"description": "Its value."},
            "source": words("Where it is from: option, environment, file or default."),
        },
    )
    origin = whole(
        "The settings file in use.",
        {"path": words("Its path."), "sha256": words("Hash of its bytes.", **HASH)},
    )
    return whole(
        "The settings in use.",
        {
            "settings": or_null(origin, "without a file"),
            "values": by_name("Settings by their keys.", setting),
        },
    )


def check() -> Schema:
    """Return the schema of `check`."""
    other = texts("Headers that are used for no column.")
    centers = whole(
        "The file of centers.",
        {
            "path": words("The file."),
            "columns": MATCHED,
            "other_columns": other,
            "given": count("Centers in it."),
            "warnings": WARNINGS,
            "detected": DETECTED,
        },
    )
    pair = whole(
        "Sites declared in one country and located in another.",
        {
            "declared": words("Declared country, ISO 3166-1 alpha-2."),
            "located": words("Country of the coordinates."),
            "text": words("Both in words."),
            "sites": count("Sites."),
        },
    )
    unknown = whole(
        "A name that is no known country.",
        {
            "text": words("As written."),
            "sites": count("Sites."),
            "nearest": words("A known country with a similar name; empty if there is none."),
        },
    )
    lines = many("Lines.", {"type": "integer", "minimum": 1})
    duplicates = whole(
        "Sites that appear more than once.",
        {
            "site_ids": count("Ids that repeat."),
            "rows": count("Their rows."),
            "first_lines": many("Lines of the first of them.", lines),
        },
    )
    return whole(
        "What `check` found in a file of sites.",
        {
            "sites": words("The file."),
            "columns": MATCHED,
            "other_columns": other,
            "warnings": WARNINGS,
            "not_checked": NOT_CHECKED,
            "detected": DETECTED,
            **FOUND_ROWS,
            "duplicates": duplicates,
            "countries": counts("Rows by how their country was decided."),
            "usable_country": value(
                ["number", "null"], "Share of rows with a usable country, from 0 to 1."
            ),
            "country_conflicts": many("Pairs of countries.", pair),
            "unknown_countries": many("Names.", unknown),
            "centers": or_null(centers, "without --centers"),
        },
    )


def explain() -> Schema:
    """Return the schema of `explain`."""
    window = value("array", "First and last opening day of a center ordered on --ordered-on.")
    window |= {"items": {"type": "string", **DAY}, "minItems": 2, "maxItems": 2}
    miles = or_null(number("The limit that applied, in miles."), "if none did")
    return whole(
        "Why a site at a point gets its level.",
        {
            "latitude": number("Latitude, degrees."),
            "longitude": number("Longitude, degrees."),
            "as_of": words("Day of the assessment.", **DAY),
            "policy": words("Title of the policy."),
            "same_country": flag("Whether site and center must be in one country."),
            "declared": words("Declared country; empty if none."),
            "located": words("Country of the coordinates; empty if unknown."),
            "country": words("Country that the site counts as; empty if undecided."),
            "ground": words("Why, in words."),
            "level": words("Title of the level."),
            "promise": words("What it promises, in words."),
            "status": words("Code of the status."),
            "reason": words("Code of the reason."),
            "accuracy_m": or_null(number("Accuracy of the point, in metres."), "if not given"),
            "limit_miles": miles,
            "center": or_null(CENTER, "if no center decided"),
            "in_reach": many("Centers within the limit.", CENTER),
            "refused": or_null(CENTER, "if no nearer center may not serve"),
            "available_on": words("Day from which the level is available; empty if none."),
            "available_from": words("Earliest such day, if uncertain; else empty."),
            "window": or_null(window, "without --ordered-on"),
            "stated": by_name("Values that were given.", {"type": "string"}),
            "warnings": WARNINGS,
            "unseen": texts("Given values that no rule could check."),
            "clauses": texts("Clauses that decided."),
            "notes": texts("Clauses that apply besides."),
            "source": words("Source of the policy."),
            "afterwards": words("What may apply where no level is available; else empty."),
        },
        {
            "limit_km": number("The limit in kilometres, where the policy states kilometres."),
            "limit_minutes": number("The limit of the drive, where the band has one."),
            "further_clocks": texts("What the level says besides its main clock."),
            "coming": words("Level from `available_on` on, where the site waits for a day."),
            "areas": texts("Areas of the policy in which the site is."),
            "areas_unknown": texts("Areas of which the data leave it open."),
        },
    )


def map_() -> Schema:
    """Return the schema of `map`."""
    return whole(
        "The map that was made.",
        {
            "sites": count("Sites on it."),
            "file": words("The file."),
            "note": words("What the map leaves out, in words; empty if nothing."),
        },
    )


def areas() -> Schema:
    """Return the schema of `areas`."""
    return whole(
        "The layer of coverage areas.",
        {"areas": count("Areas in it."), "file": words("The file."), "warnings": WARNINGS},
    )


def timeline() -> Schema:
    """Return the schema of `timeline`."""
    return whole(
        "Levels over a period.",
        {
            "start": words("First day.", **DAY),
            "end": words("Last day.", **DAY),
            "policy": words("Title of the policy."),
            "rows": count("Rows of the output."),
            "levels": by_name("Sites by level, by the day from which on.", counts("By level.")),
            "warnings": WARNINGS,
            "not_checked": NOT_CHECKED,
            **FOUND_ROWS,
        },
    )


def letter() -> Schema:
    """Return the schema of `letter`: about one site, or about many."""
    one = whole(
        "About one site.",
        {
            "site_id": words("Id of the site."),
            "letter": words("The file."),
            "format": words("Its format.", enum=["html", "pdf"]),
        },
    )
    several = whole(
        "About several sites.",
        {
            "folder": words("The folder."),
            "letters": count("Letters in it."),
            "ledger": LEDGER,
            "status": counts("Letters by status."),
            "rejects": REJECTS,
            "first_rejects": FIRST,
            "warnings": WARNINGS,
        },
    )
    return {"description": "The letters that were written.", "oneOf": [one, several]}


def commitments() -> Schema:
    """Return the schema of `commitments`."""
    return whole(
        "Due times of requests.",
        {
            "ledger": LEDGER,
            "status": counts("Requests by status."),
            "rejects": REJECTS,
            "first_rejects": FIRST,
            "warnings": WARNINGS,
        },
    )


def entitlements() -> Schema:
    """Return the schema of `entitlements`."""
    finding = whole(
        "A prerequisite.",
        {
            "state": words("Whether it is met."),
            "words": words("What is required, in words."),
            "clause": words("Key of the clause."),
            "refusal": words("Why it is not met; empty if it is or may be."),
        },
    )
    findings = many("Prerequisites.", finding)
    other = whole(
        "Another route to the offer.",
        {
            "way": words("The route, in words."),
            "answer": words("Whether it applies."),
            "findings": findings,
        },
    )
    offer = whole(
        "A support programme that is offered.",
        {
            "programme": words("Name of the programme."),
            "offer": words("Name of the offer."),
            "title": words("Its title."),
            "answer": words("Whether it applies."),
            "way": words("The best route to it, in words."),
            "findings": findings,
            "clauses": texts("Clauses."),
            "source": words("Source of the programme."),
            "others": many("Other routes.", other),
            "summary": words("All of it in words."),
        },
    )
    return whole(
        "Support programmes of a customer.",
        {
            "product": words("Product; empty if not given."),
            "version": words("Version; empty if not given."),
            "country": words("Country; empty if not given."),
            "date": words("Day of the answer.", **DAY),
            "offers": many("Offers.", offer),
        },
    )


def policies_check() -> Schema:
    """Return the schema of `policies check`."""
    problem = whole(
        "A problem or warning.",
        {
            "line": or_null(count("Its line."), "if it is of the whole file"),
            "key": words("Its key; empty if it is of the whole file."),
            "text": words("What is wrong, and what to do."),
        },
    )
    checked = whole(
        "A file.",
        {
            "file": words("The file."),
            "valid": flag("Whether it has no problems."),
            "problems": many("Problems.", problem),
            "complete": flag("Whether all was checked; not if problems stand in the way."),
            "warnings": many("Warnings.", problem),
        },
    )
    return many("Files of policies and programmes.", checked)


def policies() -> Schema:
    """Return the schema of `policies`: policies and programmes by name, in full."""
    schema: Schema = {"description": "Policies and programmes by name, in full.", "$defs": {}}
    kinds = []
    programme = Programme.model_json_schema(ref_template="#/$defs/Programme{model}")
    programme["$defs"] = {f"Programme{name}": part for name, part in programme["$defs"].items()}
    for own in (json_schema(), programme):
        schema["$defs"] |= own.pop("$defs")
        own.pop("$schema", None)
        own["properties"] = {"sha256": words("Hash of its content.", **HASH), **own["properties"]}
        own["required"] = ["sha256", *own.get("required", ())]
        kinds.append(own)
    return schema | by_name(str(schema["description"]), {"anyOf": kinds})


def geocode() -> Schema:
    """Return the schema of `geocode`."""
    return whole(
        "Points of addresses.",
        {
            "addresses": words("The file of addresses."),
            "output": words("The file with points."),
            "columns": MATCHED,
            "renamed_columns": by_name("New headers by their old ones.", {"type": "string"}),
            "ledger": LEDGER,
            "first_rejects": FIRST,
            "grades": counts("Rows by the grade of their point."),
            "reasons": counts("Rows by reason."),
            "questions": whole(
                "Addresses asked for.",
                {
                    "asked": count("Asked of a server."),
                    "answered": count("Answered by it."),
                    "cached": count("Found in the cache."),
                },
            ),
            "warnings": WARNINGS,
        },
        {"rejects": REJECTS},
    )


OF_A_RUN: Final = {
    "coverage_analyzer": VERSION,
    "run": words("The run folder."),
    "policy": POLICY,
    "as_of": words("Day of the run.", **DAY),
    "weight": words("Column of weights; empty if each site counts 1."),
    "sites": count("Sites."),
}
AT_THE_END: Final = {
    "notes": texts("In words."),
    "files": FILES,
    "attribution": CREDIT,
}


def criticality() -> Schema:
    """Return the schema of `criticality`."""
    sums = {
        "sites": count("Sites that it serves."),
        "lost": count("Of them, sites that would lose their level."),
        "waiting": count("Of them, sites that would wait for another center to open."),
        "delayed": count("Planned sites that would come later or not at all."),
        "kept": count("Sites that another center would serve."),
        "alone": count("Sites that no other center reaches."),
        "weight": number("Weight of its sites."),
        "lost_weight": number("Weight of the sites that would lose their level."),
        "takes_over": words("Center that takes over the most sites; empty if none does."),
        "takes_over_sites": count("How many."),
    }
    center = whole(
        "A center, and what its closing would cost.",
        {
            "center_id": words("Its id."),
            "name": words("Its name."),
            "country": words("Its country, ISO 3166-1 alpha-2."),
            "state": words("open or planned."),
            "latitude": number("Latitude, degrees."),
            "longitude": number("Longitude, degrees."),
            **sums,
        },
    )
    pair = by_name(
        "Two centers, and what closing both would cost.", {"type": ["string", "number", "null"]}
    )
    return whole(
        "What each center is needed for.",
        {
            **OF_A_RUN,
            "served": count("Sites that a center serves."),
            "alone": count("Sites that one center alone reaches."),
            "centers": many("Centers.", center),
            "pairs": or_null(many("Pairs of centers.", pair), "without --pairs"),
            **AT_THE_END,
        },
    )


def sensitivity() -> Schema:
    """Return the schema of `sensitivity`."""
    scenario = whole(
        "Other terms, and what they change.",
        {
            "scenario": words("What is different, in words."),
            "kind": words("Kind of the scenario."),
            "value": or_null(number("Its number."), "without one"),
            "country": words("The only country in it; empty if all."),
            "sites": count("Sites in it."),
            "qualified": count("Qualified sites."),
            "gained": count("Sites that qualify besides."),
            "lost": count("Sites that no longer qualify."),
            "review": count("Sites for review."),
            "weight": number("Weight of the sites."),
            "gained_weight": number("Weight of the gained sites."),
            "lost_weight": number("Weight of the lost sites."),
        },
    )
    return whole(
        "How verdicts depend on limits and accuracy.",
        {
            **OF_A_RUN,
            "table": many("Scenarios.", scenario),
            "near_miles": number("So near the limit, in miles, is near."),
            "near": count("Sites so near the limit."),
            **AT_THE_END,
        },
    )


SCHEMAS: Final = {
    "areas": (areas, ["areas"]),
    "check": (check, ["check"]),
    "commitments": (commitments, ["commitments"]),
    "config": (config, ["config"]),
    "criticality": (criticality, ["criticality"]),
    "entitlements": (entitlements, ["entitlements"]),
    "explain": (explain, ["explain"]),
    "geocode": (geocode, ["geocode"]),
    "init": (init, ["init"]),
    "letter": (letter, ["letter"]),
    "map": (map_, ["map"]),
    "policies": (policies, ["policies list", "policies show", "policies compare"]),
    "policies-check": (policies_check, ["policies check"]),
    "sensitivity": (sensitivity, ["sensitivity"]),
    "timeline": (timeline, ["timeline"]),
}
"""What makes each schema, and the commands that print what it describes."""


def written() -> dict[str, str]:
    """Return the text of each schema by the name of its file."""
    return {
        f"{name}.schema.json": json.dumps(
            {"$schema": DRAFT, "title": name, "x-commands": commands, **make()}, indent=2
        )
        + "\n"
        for name, (make, commands) in SCHEMAS.items()
    }


if __name__ == "__main__":
    for file, text in written().items():
        (FOLDER / file).write_text(text, encoding="utf-8")
    print(f"{len(SCHEMAS)} schemas in {FOLDER}.")
