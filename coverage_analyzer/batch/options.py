"""Options of a run."""

import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from coverage_analyzer.files.duplicates import OnDuplicate
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.run_folder.hold import DEFAULT_LIMIT, RejectLimit
from coverage_analyzer.files.table import Table
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import Style
from coverage_analyzer.settings.arguments import InputArguments, product_dialect, values_of

if TYPE_CHECKING:
    from coverage_analyzer.settings.model import Settings

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a run.

    Attributes
    ----------
    format
        Report format: ``csv`` (also compressed: ``csv.gz``, ``csv.zst``), ``parquet``, ``xlsx``, or
        with the points of the sites ``gpkg``, ``geojson``, ``geoparquet``.
    types
        What own columns of text hold in formats with types and in databases, by header: ``text``,
        ``integer``, ``number`` or ``day``. A cell that does not fit ends the run before anything is
        published. Columns that are not named stay as the input has them.
    columns, center_columns
        The header to use for a column of the sites or centers, where names are ambiguous.
    trust_declared
        Whether to use the declared country even where it disagrees with the coordinates.
    areas, map, summary
        Whether to write ``areas.geojson``, ``map.html`` and ``summary.html``.
    map_columns
        Own columns of the sites that the map shows of a site: a list of headers, or a text with
        commas. A map is mailed on, so that by default it shows none.
    raw_text
        Whether to leave text in CSV and Excel files unescaped even where a spreadsheet would run
        it.
    excel
        Whether CSV files begin with a UTF-8 byte order mark, for Excel, and have semicolons and
        decimal commas if the input has them.
    excel_locale
        The country for whose Excel CSV files are written (`text_style.LOCALES`); implies ``excel``.
    dialect, center_dialect, product_dialect
        The dialect of the sites, centers or products, where it cannot be detected.
    table
        Address of a database table to which the report is also written.
    products
        A file of products with the end dates of their support phases (`schema.columns.PRODUCTS`).
    product
        The product of the row for a letter, if a site has several.
    on_duplicate
        Treatment of rows that share a ``site_id``: ``keep`` all (and count them), keep only the
        ``first`` usable one, or ``reject`` all. The latter two read the sites twice.
    max_rejects
        Limit of rejected rows: a number, or a share of the rows that are not empty, such as
        ``"2.5%"``, which applies from 20 rows read. A run that exceeds it does not replace the
        report: its files are written to ``DIR.held``.
    hold_if
        Rules (`comparison.rules`), such as ``"rows_fall > 10%"``, that compare the run with the
        report in its place. If one fires, the report is not replaced either.
    metrics
        A ``.prom`` file for the figures of the run, in the text format of Prometheus.
    threads
        Among how many threads a run is divided: 1 to 4 (more have nothing to do); by default 3, on
        one core 1. No file depends on it.
    settings
        The ``path`` of the settings file that values are from, and its ``sha256``; None if none.
    progress
        Called with the number of rows read so far, and their share of the input (NaN if unknown).
    warn
        Called with warnings by jobs that return no findings, and by held runs; by default they are
        logged, which Python prints on standard error.
    """

    format: formats.Format = "csv"
    types: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    trust_declared: bool = False
    areas: bool = True
    map: bool = True
    summary: bool = True
    map_columns: Sequence[str] | str = ""
    raw_text: bool = False
    excel: bool = False
    excel_locale: str = ""
    dialect: Dialect = PLAIN
    center_dialect: Dialect = PLAIN
    product_dialect: Dialect = PLAIN
    table: str = ""
    products: str | Path = ""
    product: str = ""
    on_duplicate: OnDuplicate = "keep"
    max_rejects: RejectLimit | int | str = DEFAULT_LIMIT
    hold_if: str | Sequence[str] = ()
    metrics: str | Path = ""
    threads: int | None = None
    settings: Mapping[str, str] | None = None
    progress: Callable[[int, float], None] | None = None
    warn: Callable[[str], object] = log.warning

    @property
    def style(self) -> Style:
        """Text style of the output files."""
        return Style(raw_text=self.raw_text, excel=self.excel, decimal=self.dialect.decimal or ".")

    def to_dict(self) -> dict[str, Any]:
        """Return the options as plain data, ready for JSON.

        Without those that only this process can use, that change no file, or that ``run.json`` has
        under its own key.
        """
        left = {"progress", "warn", "threads", "settings", "table", "products", "max_rejects"}
        left |= {"hold_if", "metrics"}
        names = [each.name for each in dataclasses.fields(self) if each.name not in left]
        return {name: _plain(getattr(self, name)) for name in names}

    def written_like(self, sites: Table) -> Self:
        """Return the options for output about some sites: with their decimal mark."""
        dialect = dataclasses.replace(self.dialect, decimal=sites.decimal_mark)
        return dataclasses.replace(self, dialect=dialect)

    def with_settings(
        self, settings: "Settings | None", sites: InputArguments, centers: InputArguments
    ) -> "Options":
        """Return the options with the settings in place of those that have their default.

        Parameters
        ----------
        settings
            Those of a project; None changes nothing.
        sites, centers
            The inputs, with what the settings say about them.
        """
        if settings is None:
            return self
        usual = Options()
        names = [each.name for each in dataclasses.fields(self)]
        values = values_of(settings, names, {"sites": sites.path, "centers": centers.path})
        values |= {"columns": sites.columns, "dialect": sites.dialect}
        values |= {"center_columns": centers.columns, "center_dialect": centers.dialect}
        of_products = product_dialect(settings, self.products, self.product_dialect)
        values |= {"product_dialect": of_products, "settings": settings.origin}
        of_inputs = ("columns", "dialect", "center_columns", "center_dialect", "product_dialect")
        changes = {
            name: value
            for name, value in values.items()
            if name in of_inputs or getattr(self, name) == getattr(usual, name)
        }
        return dataclasses.replace(self, **changes)


def _plain(value: Any) -> Any:
    """Return the value of an option as plain data; of a dialect what was given."""
    if isinstance(value, Dialect):
        return {name: setting for name, setting in dataclasses.asdict(value).items() if setting}
    return dict(value) if isinstance(value, Mapping) else value
