"""What ``init`` finds out about two files: how they are written, and what they hold."""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import countries
from coverage_analyzer.batch.country_findings import CountryFindings
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.countries import Countries, Numbers
from coverage_analyzer.countries.assignment import Convention, CountryBasis, assign_country
from coverage_analyzer.errors import InputError, quantity
from coverage_analyzer.files.duplicates import DuplicateFinder
from coverage_analyzer.files.mistakes import open_sites, read_network
from coverage_analyzer.files.table import ParsedRows, Table, open_table
from coverage_analyzer.matching.centers import Centers
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema import columns
from coverage_analyzer.schema.cell_types import ColumnTypes, Kind
from coverage_analyzer.schema.columns import as_text

MAX_ROWS: Final = 200_000
"""Rows of sites that are inspected; of a larger file these are the first."""

PREVIEW_ROWS: Final = 5
DECIMALS: Final = 5

DOUBTFUL: Final[Mapping[CountryBasis, str]] = {
    CountryBasis.OFFSHORE: "At sea, far from the country that they declare",
    CountryBasis.NULL_ISLAND: "At latitude 0, longitude 0",
    CountryBasis.UNKNOWN: "Country not known, or not to be determined",
    CountryBasis.CONFLICT: "Country declared and location in different countries",
}
"""What is doubtful about a site by the basis of its country."""

MAX_LISTED: Final = 5
"""Pairs of countries and unknown names that are listed."""


@dataclass(frozen=True)
class TableInspection:
    """What was found out about a file.

    Attributes
    ----------
    path
        The file, without passwords.
    columns
        The header that was taken for each known column.
    types
        Each other column, with what all its cells that were read hold.
    detected
        How the file is written, as in ``run.json``.
    preview
        The first usable rows as they were understood, by column.
    ledger
        How many rows were ``read``, ``decided`` (usable), ``rejected`` and ``blank``.
    is_complete
        Whether these are all rows of the file.
    rejects
        How many rows would be rejected, by reason.
    first_rejects
        As text.
    countries
        How many rows count as in each country, by code; those without one under an empty code.
    problems
        Why a run would fail.
    doubts
        What should be looked into.
    """

    path: str
    columns: Mapping[str, str]
    types: Mapping[str, Kind]
    detected: Mapping[str, Any]
    preview: Sequence[Mapping[str, str]]
    ledger: Mapping[str, int]
    is_complete: bool = True
    rejects: Mapping[str, int] = field(default_factory=dict)
    first_rejects: Sequence[str] = ()
    countries: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[str] = ()
    doubts: Sequence[str] = ()


@dataclass(frozen=True)
class Inspection:
    """What was found out about the files of a project, and the names of the countries in them."""

    sites: TableInspection
    centers: TableInspection
    country_names: Mapping[str, str]

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return dataclasses.asdict(self)


def inspect(
    sites: str | Path,
    centers: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    options: Options | None = None,
) -> Inspection:
    """Return what can be found out about a file of sites and one of centers.

    Parameters
    ----------
    sites, centers
        As for `run`.
    policy
        Its reading of countries counts.
    options
        ``columns``, ``dialect``, ``center_columns``, ``center_dialect``, ``trust_declared`` and
        ``progress`` count.

    Raises
    ------
    InputError
        If a file cannot be read, or lacks a required column.
    MissingExtraError
        If one is a workbook or a database, and the extra for it is not installed.
    PolicyError
        If the policy breaks a rule.
    """
    options = options or Options()
    world, rules = countries.load(), Policy.load(policy)
    convention = rules.convention(world.names, trust_declared=options.trust_declared)
    network = open_table(centers, columns.CENTERS, options.center_columns, options.center_dialect)
    read = rules.start_columns
    table = open_sites(sites, options.columns, options.dialect, centers=network, read=read)
    inspected = _Sites(table, world, convention).inspected(options)
    about_centers = _inspected_centers(network, world, convention)
    codes = {*inspected.countries, *about_centers.countries}
    names = dict(zip(world.names.codes, world.names.titles, strict=True))
    country_names = {code: names[code] for code in sorted(codes) if code}
    return Inspection(inspected, about_centers, country_names)


@dataclass
class _Sites:
    """A table of sites that is read up to `MAX_ROWS`, and what comes of it."""

    table: Table
    world: Countries
    convention: Convention
    ledger: Ledger = field(default_factory=Ledger)
    assigned: Counter[str] = field(default_factory=Counter)
    preview: list[dict[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin with no findings."""
        self.found = CountryFindings(self.world)

    def inspected(self, options: Options) -> TableInspection:
        """Return what was found out."""
        table = self.table
        own = [at for at in range(len(table.headers)) if at not in table.columns.values()]
        text = [at for at in own if pa.types.is_string(table.source.types[at])]
        notation = table.notation
        types = ColumnTypes(map(str, text), date_format=notation.date_format)
        is_complete = True
        with DuplicateFinder() as ids, closing(table.rows()) as blocks:
            for rows in blocks:
                self._add(rows)
                ids.add(table.keys(rows.block), rows.block.lines)
                cells = [rows.block.columns.column(at) for at in text]
                types.add(pa.RecordBatch.from_arrays(cells, names=list(map(str, text))))
                if options.progress:
                    options.progress(self.ledger.read, table.source.share())
                if self.ledger.read >= MAX_ROWS:
                    is_complete = next(blocks, None) is None
                    break
            repeats = ids.repeats()
        kind_of = {int(at): kind.kind for at, kind in types.result().items()}
        return TableInspection(
            path=str(table.path),
            columns=table.matched_columns,
            types={table.headers[at]: kind_of.get(at, "text") for at in own},
            detected=table.detected,
            preview=self.preview,
            ledger=self.ledger.figures(),
            is_complete=is_complete,
            rejects=dict(self.ledger.reasons),
            first_rejects=self.ledger.first,
            countries=dict(self.assigned.most_common()),
            doubts=[
                *table.notices,
                *table.guesses,
                *_doubts(self.found),
                *([f"{repeats}."] if repeats.ids else []),
            ],
        )

    def _add(self, rows: ParsedRows) -> None:
        """Count the rows of a block, and keep the first ones."""
        places, names = self.table.site_rows(rows), self.world.names
        declared = places.declared(names)
        number, basis = assign_country(
            places.lon, places.lat, declared, self.world, self.convention
        )
        self.ledger.add(rows)
        self.assigned.update(_count_by_country(number, names.codes))
        self.found.add(self.table, rows, declared, basis)
        for row in range(min(PREVIEW_ROWS - len(self.preview), len(number))):
            self.preview.append(self._preview_row(rows, row, names.codes[number[row]]))

    def _preview_row(self, rows: ParsedRows, row: int, country: str) -> dict[str, str]:
        """Return a row as it was understood."""
        table, block = self.table, rows.block
        texts = {name: as_text(table.column(block, name))[row].as_py() for name in table.columns}
        texts |= {name: _day(values[row]) for name, values in rows.days.items()}
        texts["latitude"] = f"{rows.coordinates.lat[row]:.{DECIMALS}f}"
        texts["longitude"] = f"{rows.coordinates.lon[row]:.{DECIMALS}f}"
        texts["country"] = _country(texts.get("country") or "", country)
        used = set(table.columns.values())
        own = {
            (f"input_{header}" if header in texts else header): as_text(block.columns.column(at))[
                row
            ].as_py()
            for at, header in enumerate(table.headers)
            if at not in used
        }
        return {name: text or "" for name, text in {**texts, **own}.items()}


def _doubts(countries: CountryFindings) -> list[str]:
    """Return what is doubtful about countries, the most frequent first."""
    lines = [
        f"{what}: {quantity(n, 'site')}."
        for basis, what in DOUBTFUL.items()
        if (n := countries.basis[basis.name.lower()])
    ]
    lists = countries.to_dict()
    lines += [
        f"{quantity(pair['sites'], 'site')}: {pair['text']}."
        for pair in lists["country_conflicts"][:MAX_LISTED]
    ]
    for name in lists["unknown_countries"][:MAX_LISTED]:
        near = f" Did you mean {name['nearest']!r}?" if name["nearest"] else ""
        lines.append(f"Unknown country {name['text']!r}: {quantity(name['sites'], 'site')}.{near}")
    return lines


def _inspected_centers(table: Table, world: Countries, convention: Convention) -> TableInspection:
    """Return what was found out about the centers, or why a run would fail."""
    headers = table.headers
    own = {h: "text" for at, h in enumerate(headers) if at not in table.columns.values()}
    raw = table.source.preview(PREVIEW_ROWS)
    common: dict[str, Any] = {
        "path": str(table.path),
        "columns": table.matched_columns,
        "types": own,
    }
    try:
        centers = read_network(table, world, convention)
        number = centers.assigned_countries(world, convention)
    except InputError as error:
        return TableInspection(
            **common,
            detected=table.detected,
            preview=_raw(raw, table),
            ledger={},
            problems=[str(error)],
        )
    codes = world.names.codes
    return TableInspection(
        **common,
        detected=table.detected,
        preview=_shown_centers(centers, number, codes, table),
        ledger={"read": len(centers), "decided": len(centers), "rejected": 0, "blank": 0},
        countries=dict(_count_by_country(number, codes).most_common()),
        doubts=[
            *table.notices,
            *table.guesses,
            *centers.assigned_regions(number, world.names).warnings,
        ],
    )


def _raw(rows: pa.RecordBatch, table: Table) -> list[dict[str, str]]:
    """Return rows as they are in the file, of the known columns."""
    texts = {name: as_text(rows.column(at)).to_pylist() for name, at in table.columns.items()}
    return [
        {name: cells[row] or "" for name, cells in texts.items()} for row in range(rows.num_rows)
    ]


def _shown_centers(
    centers: Centers, number: Numbers, codes: Sequence[str], table: Table
) -> list[dict[str, str]]:
    """Return the first centers as they were understood."""
    texts: dict[str, Sequence[str]] = {
        "center_id": centers.center_id,
        "name": centers.name,
        "latitude": [f"{each:.{DECIMALS}f}" for each in centers.lat[:PREVIEW_ROWS]],
        "longitude": [f"{each:.{DECIMALS}f}" for each in centers.lon[:PREVIEW_ROWS]],
        "country": [
            _country(text, codes[at])
            for text, at in zip(centers.country[:PREVIEW_ROWS], number, strict=False)
        ],
        "opens_on": [_day(day) for day in centers.opens_on[:PREVIEW_ROWS]],
        "closes_on": [_day(day) for day in centers.closes_on[:PREVIEW_ROWS]],
    }
    names = [name for name in texts if name in table.columns or name == "country"]
    rows = range(min(PREVIEW_ROWS, len(centers)))
    return [{name: str(texts[name][row]) for name in names} for row in rows]


def _count_by_country(number: Numbers, codes: Sequence[str]) -> Counter[str]:
    """Return how many rows count as in each country."""
    counts = np.bincount(np.maximum(number, 0), minlength=len(codes))
    return Counter({codes[at]: int(counts[at]) for at in np.flatnonzero(counts).tolist()})


def _country(text: str, code: str) -> str:
    """Return a declared country with the one that it counts as, if that does not show."""
    if not text:
        return f"({code or '?'})"
    return text if text.strip().upper() == code else f"{text} ({code or '?'})"


def _day(day: np.datetime64) -> str:
    return "" if np.isnat(day) else str(day.astype("datetime64[D]"))
