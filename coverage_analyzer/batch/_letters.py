"""Letters about all sites of a file, or about those of a list: one file each, in a folder.

The sites are streamed. All letters and their index are published together or not at all; letters
of an earlier call in the same folder are replaced, and nothing else is touched.
"""

import datetime
import json
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer import arrays, documents
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.letter_job import LetterJob, LetterOptions, open_letter_job
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.errors import InputError, PublishError, quantity, visible
from coverage_analyzer.files.find_site import found_sites
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.safe_names import NAME, SafeNames
from coverage_analyzer.files.table import ParsedRows, Table
from coverage_analyzer.files.writers.delimited import CsvWriter, RejectsWriter
from coverage_analyzer.files.writers.rejects import CSV
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import header_key

INDEX, REJECTS, MANIFEST = f"index{CSV}", f"rejects{CSV}", "letters.json"
"""The other files in a folder of letters; the manifest is written last."""

COLUMNS: Final = (
    "site_id",
    "name",
    "product",
    "line",
    "file",
    "level",
    "status",
    "reason",
    "center_id",
    "available_on",
    "valid_until",
)
"""Columns of the index, all text."""

MAX_LIST_BYTES: Final = 64 << 20
"""Maximum size of a list of sites."""

SHOWN: Final = 5

Printer = Callable[[str], bytes]
"""Makes the file of a letter from its page, such as a PDF."""


@dataclass(frozen=True, kw_only=True)
class SeriesOptions(LetterOptions):
    """Options of letters about several sites.

    Attributes
    ----------
    only
        Ids of the sites that get letters, all of which must be in the file; by default all sites.
        A site with several rows, such as one for each product, gets a letter for each.
    printer
        Returns the PDF of a page; by default letters are HTML.
    """

    only: Iterable[str] | None = None
    printer: Printer | None = None


def site_letters(
    sites: str | Path,
    centers: str | Path,
    folder: str | Path,
    *,
    policy: Policy | str | Path = DEFAULT,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Write a letter about each site of a file into a folder, with an index.

    Parameters
    ----------
    sites, centers, policy, as_of
        As for `site_letter`.
    folder
        Created if missing. Letters of an earlier call are replaced.
    options
        As for `site_letter`, and ``progress`` and ``raw_text``; ``product`` selects rows. A
        `SeriesOptions` also says which sites get letters, and whether they are PDFs.

    Returns
    -------
    findings
        ``folder``, ``letters`` (their number), ``ledger`` (of the sites with letters, if only some
        get one), ``status`` with the number of letters by status, ``rejects`` by reason,
        ``first_rejects``, ``warnings``.

    Raises
    ------
    CoverageError
        If rows do not add up, which would be a bug in this program.
    InputError
        If a file, the letterhead or the day cannot be used, or a site is not in the file.
    MissingExtraError
        If a file is a workbook or a database, and its extra is not installed.
    PolicyError
        If the policy is invalid.
    PublishError
        If the folder cannot be written; it is unchanged then.
    """
    options, place = SeriesOptions.of(options), Path(folder)
    refuse_overwriting(
        {name: place / name for name in (INDEX, REJECTS, MANIFEST)},
        [sites, centers, options.products, policy_file(policy), _head_file(options)],
    )
    earlier = _earlier_files(place)
    job = open_letter_job(sites, centers, policy=policy, as_of=as_of, options=options)
    only = options.only
    site_ids = None if only is None else dict.fromkeys(site_id.strip() for site_id in only)
    with Publication(place) as publication:
        series = _Series(job, options, publication, site_ids)
        series.write()
        series.ledger.check()
        publication.path(MANIFEST).write_text(series.manifest(), encoding="utf-8")
        publication.publish(earlier)
    return {
        "folder": str(place),
        "letters": sum(series.statuses.values()),
        "ledger": series.ledger.figures(),
        "status": dict(series.statuses),
        "rejects": dict(series.ledger.reasons),
        "first_rejects": series.ledger.first,
        "warnings": [*job.table.guesses, *job.warnings, *series.unseen],
    }


def _head_file(options: LetterOptions) -> str | Path:
    head = options.letterhead
    return head if isinstance(head, (str, Path)) else ""


def read_site_list(path: str | Path) -> list[str]:
    """Return the ids in a list: a text file with an id on each line; a header may precede them.

    Raises
    ------
    InputError
        If it cannot be read, is not UTF-8, or has no id.
    """
    if str(path) == streams.STANDARD_INPUT:
        msg = "A list of sites cannot be read from standard input. Give a file."
        raise InputError(msg)
    try:
        text = documents.read_bytes(Path(path), MAX_LIST_BYTES).decode("utf-8-sig")
    except UnicodeDecodeError:
        msg = f"The list of sites {path} is not UTF-8 text. Save it as UTF-8, with an id per line."
        raise InputError(msg) from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        msg = f"The list of sites {path} cannot be read: {why}."
        raise InputError(msg) from None
    ids = [line.strip().strip('"') for line in text.splitlines() if line.strip()]
    ids = ids[1:] if ids and header_key(ids[0]) == "siteid" else ids
    if not ids:
        msg = f"The list of sites {path} is empty. Write the id of a site on each line."
        raise InputError(msg)
    return ids


def _earlier_files(folder: Path) -> list[str]:
    """Return the files in a folder that an earlier call lists as its own.

    Raises
    ------
    InputError
        If the folder contains a run, or other files of these names.
    """
    if (folder / "run.json").exists():
        msg = f"{folder} is a run folder. Choose a different folder for letters."
        raise InputError(msg)
    try:
        names = documents.read_json(folder / MANIFEST)["files"]
        fixed = {INDEX, REJECTS, MANIFEST}
        return [n for n in names if isinstance(n, str) and (n in fixed or NAME.fullmatch(n))]
    except (OSError, ValueError, KeyError, TypeError):
        for name in (INDEX, REJECTS, MANIFEST):
            if (folder / name).exists():
                msg = (
                    f"{folder / name} exists and was not written by this command. Choose a "
                    f"different folder for letters."
                )
                raise InputError(msg) from None
        return []


@dataclass
class _Series:
    """The letters of one call, as they are written."""

    job: LetterJob
    options: SeriesOptions
    publication: Publication
    site_ids: dict[str, None] | None
    ledger: Ledger = field(default_factory=Ledger)
    statuses: Counter[str] = field(default_factory=Counter)
    found_ids: set[str] = field(default_factory=set)
    unseen: dict[str, None] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def write(self) -> None:
        """Write all letters, the index, and the rejected rows.

        Raises
        ------
        InputError
            If a wanted site is missing.
        """
        table, style = self.job.table, self.options.style
        names = SafeNames(".pdf" if self.options.printer else ".html")
        schema = pa.schema([(name, pa.string()) for name in COLUMNS])
        index, rejects = (self.publication.path(name) for name in (INDEX, REJECTS))
        self.files += [INDEX, REJECTS]
        with (
            closing(CsvWriter(index, schema, style)) as writer,
            closing(RejectsWriter(rejects, style)) as refused,
            closing(ahead(table.rows(), table.source.cancel)) as blocks,
        ):
            for rows in blocks:
                subset = self._select(rows)
                cells = [self._write_letter(site, names) for site in found_sites(table, subset)]
                columns = list(zip(*cells, strict=True)) or [()] * len(COLUMNS)
                arrays_ = [arrays.text_array(column) for column in columns]
                writer.write(pa.RecordBatch.from_arrays(arrays_, schema=schema))
                refused.write(subset.rejects)
                self.ledger.add(subset)
                if self.options.progress:
                    self.options.progress(self.ledger.read, table.source.share())
        self._check_missing()

    def _select(self, rows: ParsedRows) -> ParsedRows:
        """Return the rows that get letters; if only some do, without what is counted of others."""
        table, product = self.job.table, self.options.product
        keep = np.ones(len(rows.block.lines), np.bool_)
        if self.site_ids is not None:
            ids = pc.utf8_trim_whitespace(table.row_ids(rows.block))
            is_selected = pc.is_in(ids, value_set=arrays.text_array(list(self.site_ids)))
            keep &= arrays.to_bools(is_selected)
        if product:
            keep &= _has_product(table, rows, product)
        if self.site_ids is not None:
            self.found_ids.update(ids.take(arrays.from_numpy(np.flatnonzero(keep))).to_pylist())
        if self.site_ids is None and not product:
            return rows
        return rows.take(np.flatnonzero(keep))

    def _write_letter(self, site: Any, names: SafeNames) -> tuple[str, ...]:
        """Write the letter about a site, and return its row of the index.

        Raises
        ------
        PublishError
            If the disk refuses.
        """
        letter = self.job.letter(site)
        explained, file = letter.story, names.name(site.site_id)
        path = self.publication.path(file)
        try:
            data = (
                self.options.printer(letter.page) if self.options.printer else letter.page.encode()
            )
            path.write_bytes(data)
        except PublishError:
            raise
        except OSError as error:
            msg = f"{path.name} could not be written to {self.publication.folder}: {error}."
            raise PublishError(msg) from error
        self.files.append(file)
        self.statuses[explained.status] += 1
        self.unseen |= dict.fromkeys(explained.unseen)
        return (
            site.site_id,
            site.cell("name"),
            site.cell("product"),
            str(site.line),
            file,
            explained.level,
            explained.status,
            explained.reason,
            explained.center.center_id if explained.center else "",
            explained.available_on,
            str(letter.valid_until or ""),
        )

    def _check_missing(self) -> None:
        """Raise if a wanted site has no row that can be read.

        Raises
        ------
        InputError
            With the first ones.
        """
        missing = [site_id for site_id in self.site_ids or () if site_id not in self.found_ids]
        if not missing:
            return
        names = ", ".join(visible(repr(site_id)) for site_id in missing[:SHOWN])
        more = f" and {len(missing) - SHOWN} more" if len(missing) > SHOWN else ""
        msg = (
            f"{self.job.table.path}: no readable row for {quantity(len(missing), 'site')} of the "
            f"list: {names}{more}. No letters were written. Correct the list or the sites."
        )
        if "site_id" not in self.job.table.columns:
            msg = f"{msg} No column was understood as the id of the sites: --column site_id=HEADER."
        raise InputError(msg)

    def manifest(self) -> str:
        """Return what the folder contains, as JSON."""
        matcher = self.job.letters.matcher
        content = {
            "format": 1,
            "sites": str(self.job.table.path),
            "policy": matcher.policy.name,
            "policy_sha256": matcher.policy.sha256,
            "as_of": matcher.as_of.isoformat(),
            "ledger": self.ledger.figures(),
            "status": dict(self.statuses),
            "files": [*self.files, MANIFEST],
        }
        return json.dumps(content, indent=2).encode("utf-8", "backslashreplace").decode() + "\n"


def _has_product(table: Table, rows: ParsedRows, product: str) -> Any:
    """Return which rows have a product.

    Raises
    ------
    InputError
        If the table has no products.
    """
    cells = table.column(rows.block, "product")
    if cells is None:
        msg = f"{table.path} has no column 'product'. Omit --product."
        raise InputError(msg)
    key = header_key(product)
    names = cells.cast(pa.string()).to_pylist()
    return np.array([header_key(name or "") == key for name in names], np.bool_)
