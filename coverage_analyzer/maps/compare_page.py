"""The page of a comparison: totals, what was lost, flows, and a map with a slider between A and B.

The map is a picture of its own, without the parts of a run's map that show all sites: it draws the
sites that changed, with the status before on the left of a line and the status after on the right,
on the bundled base layer. All text of the user is in encoded blocks, as everywhere.
"""

import base64
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from coverage_analyzer import arrays
from coverage_analyzer.arrays import Bools, distinct
from coverage_analyzer.comparison.causes import Cause
from coverage_analyzer.comparison.changes import Change
from coverage_analyzer.comparison.tally import FLOWS, SEGMENTS, Changes, Pairs
from coverage_analyzer.errors import quantity
from coverage_analyzer.maps.packing import packed_json
from coverage_analyzer.maps.page import theme_script
from coverage_analyzer.maps.scripts import asset, bundled
from coverage_analyzer.matching.site_rows import SiteRows
from coverage_analyzer.schema import theme
from coverage_analyzer.schema.columns import as_text
from coverage_analyzer.schema.content_policy import content_policy, inline, with_policy

MAX_ROWS: Final = 500
"""Rows of each kind of change on the page at most; the files have all."""

MAX_DOTS: Final = 40_000
"""Sites of each kind of change on the map at most."""

UNITS: Final = 100_000
"""Units of a coordinate on the page per degree."""

STATUSES: Final = [status.name for status in theme.MARKS]

NONE: Final = -1
"""Instead of a status: the report does not have the site."""


@dataclass
class Shown:
    """What the page shows of the changes: the first rows of each kind, and the places of sites.

    Attributes
    ----------
    rows
        Rows of ``changes.csv`` by kind of change.
    dots
        Longitude and latitude in `UNITS`, status before and after, by kind of change.
    header
        The columns of the rows.
    """

    rows: dict[Change, list[list[Any]]] = field(default_factory=dict)
    dots: dict[Change, list[npt.NDArray[np.int32]]] = field(default_factory=dict)
    header: list[str] = field(default_factory=list)
    _n_dots: dict[Change, int] = field(default_factory=dict)

    def add(self, found: Changes, rows: pa.RecordBatch) -> None:
        """Add changes.

        Parameters
        ----------
        found
            The changes.
        rows
            The same as rows of ``changes.csv``.
        """
        self.header = rows.schema.names
        kinds = found.change[found.rows]
        places = _places(found.pairs)
        for kind in map(Change, distinct(kinds).tolist()):
            at = np.flatnonzero(kinds == kind)
            listed = self.rows.setdefault(kind, [])
            few = rows.take(arrays.from_numpy(at[: MAX_ROWS - len(listed)]))
            listed += [list(map(_cell, row.values())) for row in few.to_pylist()]
            if places is None:
                continue
            room = MAX_DOTS - self._n_dots.get(kind, 0)
            dots = places[found.rows[at[: max(room, 0)]]]
            self.dots.setdefault(kind, []).append(dots)
            self._n_dots[kind] = self._n_dots.get(kind, 0) + len(dots)


def _cell(value: Any) -> Any:
    """Return a cell as JSON has it."""
    if value is None:
        return ""
    return value if isinstance(value, (int, float, str)) else str(value)


def _places(pairs: Pairs) -> npt.NDArray[np.int32] | None:
    """Return place and statuses of each row; None if places are unknown. Shape (n, 4)."""
    sides = (pairs.sites_before, pairs.has_before), (pairs.sites_after, pairs.has_after)
    if sides[0][0] is None and sides[1][0] is None:
        return None
    result = np.full((len(pairs), 4), NONE, np.int32)
    for sites, has in sides:  # the later place, where there are two
        _put_places(result, sites, has)
    for column, verdict in ((2, pairs.before), (3, pairs.after)):
        names = as_text(verdict["status"]).to_pylist()
        result[:, column] = [STATUSES.index(n) if n in STATUSES else NONE for n in names]
    return result


def _put_places(result: npt.NDArray[np.int32], sites: SiteRows | None, has: Bools) -> None:
    if sites is not None:
        result[has, 0] = np.rint(sites.lon * UNITS)
        result[has, 1] = np.rint(sites.lat * UNITS)


def page(
    manifest: Mapping[str, Any],
    shown: Shown,
    flows: Sequence[Sequence[Any]],
    segments: Sequence[Sequence[Any]],
) -> str:
    """Return the page.

    Parameters
    ----------
    manifest
        What ``compare.json`` says.
    shown
        Rows and places.
    flows, segments
        The rows of ``flows.csv`` and ``segments.csv``.
    """
    blocks = {"compare-data": packed_json(_data(manifest, shown, flows, segments))}
    if shown.dots:
        blocks["compare-land"] = land()
    data = "\n".join(
        f'<script type="application/octet-stream" id="{name}">{text}</script>'
        for name, text in blocks.items()
    )
    script = bundled("compare.js", "showComparison", {"theme.js": theme_script()})
    style = "\n".join([theme.page_style(), asset("compare.css")])
    shell = asset("compare.html").replace("</head>", f"<style>\n{style}</style>\n</head>", 1)
    call = f"<script>\n{script}\nshowComparison();\n</script>\n</body>"
    shell = shell.replace("</body>", call, 1)
    scripts, styles = inline(shell)
    shell = with_policy(shell, content_policy(scripts=scripts, styles=styles))
    return shell.replace("<script>", f"{data}\n<script>", 1)


@functools.cache
def land() -> str:
    """Return the outline of land and borders as the page has it: base64 of gzipped TopoJSON."""
    folder = resources.files("coverage_analyzer") / "resources" / "countries"
    return base64.b64encode((folder / "land.topojson.gz").read_bytes()).decode()


def _data(
    manifest: Mapping[str, Any],
    shown: Shown,
    flows: Sequence[Sequence[Any]],
    segments: Sequence[Sequence[Any]],
) -> dict[str, Any]:
    """Return all that the page shows."""
    a, b, ledger = manifest["a"], manifest["b"], manifest["ledger"]
    facts = [(manifest["changes"]["lost"], "lost"), (manifest["changes"]["gained"], "gained")]
    facts += [(ledger[name], text) for name, text in (("changed", "changed"), ("same", "same"))]
    facts += [(ledger["left"], "left"), (ledger["entered"], "entered")]
    return {
        "title": f"What changed: {a.get('as_of', 'before')} to {b.get('as_of', 'after')}",
        "sides": [_side(a), _side(b)],
        "facts": facts,
        "differences": manifest["differences"],
        "notes": manifest["notes"],
        "tables": _tables(manifest, shown, flows, segments),
        "dots": _dots(shown),
        "statuses": [
            {
                "name": s.name,
                "label": s.label,
                "color": theme.MARKS[s].color,
                "shape": theme.MARKS[s].shape,
            }
            for s in theme.MARKS
        ],
        "attribution": manifest["attribution"],
    }


def _side(facts: Mapping[str, Any]) -> str:
    """Return what a side is, as text."""
    title = facts.get("policy", {}).get("title") or ""
    place = facts.get("path") or ""
    return ", ".join(filter(None, [str(place), str(title), quantity(facts["rows"], "site")]))


def _dots(shown: Shown) -> list[dict[str, Any]]:
    """Return the places of each kind of change, the most important last, so on top."""
    kinds = sorted(shown.dots, key=int, reverse=True)
    found = []
    for kind in kinds:
        places = np.concatenate(shown.dots[kind])
        lon, lat, before, after = places.T.tolist()
        found.append({"kind": kind.name, "lon": lon, "lat": lat, "before": before, "after": after})
    return found


def _tables(
    manifest: Mapping[str, Any],
    shown: Shown,
    flows: Sequence[Sequence[Any]],
    segments: Sequence[Sequence[Any]],
) -> list[dict[str, Any]]:
    """Return the tables, what was lost first."""
    kinds = [[n, name, Change[name].text] for name, n in manifest["changes"].items() if n]
    causes = [[n, name, Cause[name].text] for name, n in manifest["because"].items()]
    combined = [
        [n, name, "together"] for name, n in manifest["because_sets"].items() if "+" in name
    ]
    moved = sorted((f for f in flows if f[0] != f[1]), key=lambda f: (-f[3], f[:3]))
    tables = [
        _table("Changes by kind", ("sites", "change", "meaning"), kinds),
        _table("Causes", ("sites", "because", "meaning"), [*causes, *combined]),
    ]
    tables += [
        _table(
            f"Sites: {kind.name.replace('_', ' ')}",
            shown.header,
            shown.rows[kind],
            manifest["changes"][kind.name],
        )
        for kind in sorted(shown.rows)
    ]
    tables += [
        _table("Flows between levels", FLOWS, moved),
        _table("Groups that lost their level more often than others", SEGMENTS, segments),
    ]
    return [table for table in tables if table["rows"]]


def _table(
    title: str, header: Sequence[str], rows: Sequence[Sequence[Any]], total: int = 0
) -> dict[str, Any]:
    """Return the first rows of a table, without columns that are empty, in words."""
    shown = [list(row) for row in rows[:MAX_ROWS]]
    kept = [i for i in range(len(header)) if any(row[i] not in {"", None} for row in shown)]
    total = max(total, len(rows))
    return {
        "title": title,
        "columns": [header[i].replace("_", " ") for i in kept],
        "rows": [[row[i] for i in kept] for row in shown],
        "more": f"{total:,} rows in all, in the files." if total > len(shown) else "",
    }
