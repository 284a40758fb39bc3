"""The payload of the map's page: documented in one place, written and read as documented."""

import json
import re
import runpy
from pathlib import Path

import jsonschema
import pandas as pd

import coverage_analyzer as ca
from coverage_analyzer.maps import scripts

ROOT = Path(__file__).parents[2]
SCHEMA = json.loads(scripts.asset("payload.schema.json"))
CENTER = {"center_id": "SUV", "latitude": -18.1, "longitude": 178.4, "country": "FJ"}
SITE = {"site_id": "S", "name": "n", "latitude": -17.8, "longitude": 178.0, "country": "FJ"}


def test_the_types_of_the_scripts_are_those_of_the_schema() -> None:
    """``tools/payload_types.py`` renews them."""
    tool = runpy.run_path(str(ROOT / "tools/payload_types.py"))
    assert scripts.asset("payload.d.ts") == tool["declarations"]()


def metas() -> list[dict[str, object]]:
    """Return payloads that use every optional key."""
    centers = pd.DataFrame([CENTER, CENTER | {"center_id": "NEW", "opens_on": "2027-01-01"}])
    verdicts = ca.assess(pd.DataFrame([SITE]), centers, as_of="2026-12-01")
    areas = ca.coverage_areas(centers, as_of="2026-12-01")
    whole = ca.coverage_map(verdicts, centers, areas)._data
    return [whole.meta]


def test_the_writer_keeps_to_the_schema() -> None:
    """No key is missing, none is undocumented."""
    for meta in metas():
        jsonschema.validate(json.loads(json.dumps(meta)), SCHEMA)


def test_the_reader_reads_what_is_documented() -> None:
    """Each key is used by a script; tsc refuses those that the schema does not name."""
    folder = Path(scripts.__file__).parent / "assets"
    text = "\n".join(path.read_text("utf-8") for path in folder.glob("*.js"))
    parts = [SCHEMA, *(part for part in SCHEMA["$defs"].values() if "properties" in part)]
    keys = {key for part in parts for key in part["properties"]}
    unread = [key for key in sorted(keys) if not re.search(rf"(?:\.|[{{,]\s*){key}\b", text)]
    assert unread == []
