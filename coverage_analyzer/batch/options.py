"""Options of a run."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from coverage_analyzer.files.duplicates import OnDuplicate
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.run_folder.hold import DEFAULT_LIMIT, RejectLimit
from coverage_analyzer.files.writers import formats
from coverage_analyzer.files.writers.delimited import Style

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Options:
    """Options of a run.

    Attributes
    ----------
    format
        Of the report: ``csv`` (also packed: ``csv.gz``, ``csv.zst``), ``parquet`` or ``xlsx``.
    columns, center_columns
        The header to take for a column of the sites or centers where names do not tell.
    trust_declared
        Whether the declared country stands wherever a point lies.
    areas, map
        Whether to write ``areas.geojson`` and ``map.html``.
    raw_text
        Whether text in CSV and Excel files stays as it is even where a spreadsheet would run it.
    excel
        Whether CSV files begin with the mark by which Excel knows UTF-8.
    dialect, center_dialect
        How the sites or centers are written, where that cannot be found.
    table
        The address of a table of a database that is to hold the report, too.
    products
        A file of products with the days on which the phases of their life end
        (`schema.columns.PRODUCTS`).
    product
        Which row a letter is on, where a site stands in one for each of its products.
    on_duplicate
        What becomes of rows that share their ``site_id``: all ``keep`` (and are counted), only
        the ``first`` usable one stays, or all are a ``reject``. For the latter two the sites are
        read twice.
    max_rejects
        How many rows may be rejected: a number, or a share of the rows that are not blank, such as
        ``"2.5%"``, which counts from 20 rows read. A run with more does not replace the report: its
        files go to ``DIR.held``.
    progress
        Called with the number of rows read so far, and the share of the input that they are (NaN
        where that cannot be told).
    warn
        Called with what should be looked into, by jobs that return no findings, and by runs that
        are held back; by default it is logged, which Python shows on standard error.
    """

    format: formats.Format = "csv"
    columns: Mapping[str, str] = field(default_factory=dict)
    center_columns: Mapping[str, str] = field(default_factory=dict)
    trust_declared: bool = False
    areas: bool = True
    map: bool = True
    raw_text: bool = False
    excel: bool = False
    dialect: Dialect = PLAIN
    center_dialect: Dialect = PLAIN
    table: str = ""
    products: str | Path = ""
    product: str = ""
    on_duplicate: OnDuplicate = "keep"
    max_rejects: RejectLimit | int | str = DEFAULT_LIMIT
    progress: Callable[[int, float], None] | None = None
    warn: Callable[[str], object] = log.warning

    @property
    def style(self) -> Style:
        """Text style of the output files."""
        return Style(raw_text=self.raw_text, excel=self.excel, decimal=self.dialect.decimal)
