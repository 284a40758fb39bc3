"""Plans of new centers from files: sites are read block by block, and a folder is published."""

import datetime
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa

from coverage_analyzer import documents
from coverage_analyzer.arrays import Floats
from coverage_analyzer.batch.ledger import Ledger
from coverage_analyzer.batch.options import Options
from coverage_analyzer.batch.overlap import ahead
from coverage_analyzer.batch.stream import build_matcher, products_of
from coverage_analyzer.batch.text_style import text_style
from coverage_analyzer.errors import CoverageError, InputError, PublishError, refuse
from coverage_analyzer.files.mistakes import open_sites
from coverage_analyzer.files.overwriting import RunFolder, policy_file, refuse_overwriting
from coverage_analyzer.files.readers import streams
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.run_folder import contents
from coverage_analyzer.files.run_folder.publishing import MANIFEST, Publication
from coverage_analyzer.files.run_folder.read_back import report_table, run_manifest
from coverage_analyzer.files.table import ParsedRows, Table, open_table
from coverage_analyzer.files.writers.delimited import Style, write_rows
from coverage_analyzer.maps import plan_page
from coverage_analyzer.matching.eligibility import EligibilityInputs
from coverage_analyzer.matching.matcher import Matcher, Sites
from coverage_analyzer.policy import DEFAULT, Policy
from coverage_analyzer.schema.columns import CANDIDATES, CENTERS, as_text
from coverage_analyzer.schema.coordinates import numbers
from coverage_analyzer.schema.days import day
from coverage_analyzer.siting import report
from coverage_analyzer.siting.candidates import Candidates, Places, checked
from coverage_analyzer.siting.demand import SiteTable, check_weights, with_centers
from coverage_analyzer.siting.planner import Plan, plan
from coverage_analyzer.siting.question import Question

PLAN: Final = "plan.json"
"""The manifest of a plan, which is put in place last."""

FILES: Final = (
    "plan.csv",
    "gains.csv",
    "curve.csv",
    "why_not.csv",
    "centers_planned.csv",
    "plan.html",
    PLAN,
)
"""What a plan writes."""

ALTERNATIVES: Final = "alternatives.csv"
"""What it writes, too, if alternatives are asked for."""


@dataclass(frozen=True, kw_only=True)
class PlaceInputs:
    """What a plan is made of.

    Attributes
    ----------
    sites
        A file of sites, or a run folder, whose report, centers, policy and day are used.
    centers
        A file of existing and planned centers; empty for a run folder.
    candidates
        A file of candidates; empty to generate them.
    weight
        Header of the column of weights of the sites; empty if each site counts 1.
    cost
        Header of the column of costs of the candidates; empty if each costs 1.
    candidate_columns, candidate_dialect
        As for sites, of the candidates.
    """

    sites: str | Path
    centers: str | Path = ""
    candidates: str | Path = ""
    weight: str = ""
    cost: str = ""
    candidate_columns: Mapping[str, str] = field(default_factory=dict)
    candidate_dialect: Dialect = PLAIN

    @property
    def is_run(self) -> bool:
        """Whether the sites are a run folder."""
        return (Path(self.sites) / MANIFEST).is_file()


def place(
    inputs: PlaceInputs,
    output: str | Path,
    question: Question,
    *,
    policy: Policy | str | Path | None = None,
    as_of: datetime.date | str | None = None,
    options: Options | None = None,
) -> dict[str, Any]:
    """Write where new centers should be, with a proved bound.

    Parameters
    ----------
    inputs
        Sites, centers and candidates.
    output
        The folder; its files (`FILES`) are replaced atomically.
    question
        What is wanted.
    policy
        As for `run`; by default that of the run folder, or the default policy.
    as_of
        The day of the plan; by default that of the run folder, or today in UTC.
    options
        ``columns``, ``center_columns``, ``dialect``, ``center_dialect``, ``trust_declared``,
        ``products``, ``raw_text``, ``excel``, ``excel_locale`` and ``progress``
        count.

    Returns
    -------
    manifest
        What ``plan.json`` holds.

    Raises
    ------
    CoverageError
        If rows do not add up, or the deciding function contradicts the plan, which would be a fault
        of this program.
    InfeasibleError
        If no plan keeps all limits.
    InputError
        If a file, the day, a weight, a cost or the question cannot be used.
    MissingExtraError
        If the extra ``siting`` is not installed.
    PolicyError
        If the policy breaks a rule, or is not that of the run.
    PublishError
        If the folder cannot be written.
    """
    options = options or Options()
    question.check()
    folder = Path(output)
    _check_folder(inputs, folder, policy, options)
    opened = _open_inputs(inputs, policy, as_of, options)
    with Publication(folder, _new_names(folder, question)) as publication:
        try:
            return _write_all(opened, inputs, question, publication, options)
        except CoverageError:
            raise
        except OSError as error:
            msg = f"The plan could not be written to {folder}: {error}."
            raise PublishError(msg) from error


def _check_folder(
    inputs: PlaceInputs, folder: Path, policy: Policy | str | Path | None, options: Options
) -> None:
    """Raise if the output would replace an input, or what is not a plan.

    Raises
    ------
    InputError
        With what to choose instead.
    """
    read = [inputs.sites, inputs.centers, inputs.candidates, options.products, policy_file(policy)]
    if (folder / MANIFEST).exists():
        msg = f"{folder} is a run folder. Choose a different folder for the plan."
        raise InputError(msg)
    refuse_overwriting({"plan": RunFolder(folder, (*FILES, ALTERNATIVES))}, read)
    streams = [p for p in (inputs.sites, inputs.centers, inputs.candidates) if str(p) == "-"]
    if len(streams) > 1:
        msg = "Only one of sites, centers and candidates can come from standard input."
        raise InputError(msg)
    if not inputs.is_run and not str(inputs.centers):
        msg = f"{inputs.sites} is not a run folder: give the existing centers with --centers FILE."
        raise InputError(msg)
    if inputs.is_run and str(inputs.centers):
        msg = f"{inputs.sites} is a run folder, which has its centers: leave out --centers."
        raise InputError(msg)


def _earlier(folder: Path) -> list[str]:
    """Return the files that an earlier plan put into a folder."""
    try:
        names = documents.read_json(folder / PLAN)["files"]
        return [name for name in names if name in {*FILES, ALTERNATIVES}]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _names(question: Question) -> list[str]:
    """Return the files of a plan, the manifest last."""
    extra = [ALTERNATIVES] if question.alternatives else []
    return [*FILES[:-1], *extra, PLAN]


def _new_names(folder: Path, question: Question) -> list[str]:
    earlier = _earlier(folder)
    return [name for name in _names(question) if name not in earlier]


@dataclass(frozen=True)
class Opened:
    """The tables and rules of a plan."""

    sites: Table
    centers: Table
    matcher: Matcher


def _open_inputs(
    inputs: PlaceInputs,
    policy: Policy | str | Path | None,
    as_of: datetime.date | str | None,
    options: Options,
) -> Opened:
    """Return the sites and the matcher of a plan.

    Raises
    ------
    InputError
        If a file cannot be used.
    PolicyError
        If the policy is not that of the run.
    """
    if inputs.is_run:
        return _opened_run(Path(inputs.sites), policy, as_of, options)
    centers = open_table(inputs.centers, CENTERS, options.center_columns, options.center_dialect)
    matcher = build_matcher(
        centers,
        Policy.load(policy or DEFAULT),
        as_of=day(as_of),
        trust_declared=options.trust_declared,
        products=products_of(options.products, options.product_dialect),
    )
    read = matcher.policy.start_columns
    sites = open_sites(inputs.sites, options.columns, options.dialect, centers=centers, read=read)
    return Opened(sites, centers, matcher)


def _opened_run(
    folder: Path,
    policy: Policy | str | Path | None,
    as_of: datetime.date | str | None,
    options: Options,
) -> Opened:
    from coverage_analyzer.batch._drive_times import run_policy

    manifest = run_manifest(folder)
    products = options.products or (folder / "products.csv" if _kept_products(folder) else "")
    if "products" in manifest.get("inputs", {}) and not products:
        msg = f"The run in {folder} was made with products: give them with --products FILE."
        raise InputError(msg)
    centers = open_table(folder / "centers.csv", CENTERS)
    matcher = build_matcher(
        centers,
        run_policy(manifest, policy),
        as_of=day(as_of or manifest["as_of"]),
        trust_declared=bool(manifest.get("trust_declared")),
        products=products_of(products),
    )
    return Opened(report_table(folder, manifest), centers, matcher)


def _kept_products(folder: Path) -> bool:
    return (folder / "products.csv").is_file()


@dataclass
class _Gathered:
    """The sites of a table, gathered block by block."""

    sites: list[Sites] = field(default_factory=list)
    facts: list[EligibilityInputs | None] = field(default_factory=list)
    ids: list[pa.Array] = field(default_factory=list)
    weight: list[Floats] = field(default_factory=list)
    lines: list[Any] = field(default_factory=list)
    ledger: Ledger = field(default_factory=Ledger)

    def add(self, rows: ParsedRows, table: Table, matcher: Matcher, weight: str) -> None:
        """Add the rows of a block."""
        sites, facts = matcher.inputs(table.site_rows(rows))
        self.sites.append(sites)
        self.facts.append(facts)
        self.ids.append(as_text(table.row_ids(rows.block)))
        self.weight.append(_weights(rows, table, weight))
        self.lines.append(np.asarray(rows.block.lines))
        self.ledger.add(rows)

    def table(self, weight: str) -> SiteTable:
        """Return all sites.

        Raises
        ------
        InputError
            If it is missing, or weights cannot be used.
        """
        if not sum(map(len, self.sites)):
            msg = "There are no usable sites."
            raise InputError(msg)
        sites, facts = Sites.joined(self.sites), [f for f in self.facts if f is not None]
        joined = EligibilityInputs.joined(facts) if facts else None
        lines, weights = np.concatenate(self.lines), np.concatenate(self.weight)
        check_weights(weights, lambda i: f"line {lines[i]}", weight)
        ids = pa.concat_arrays([cells.cast(pa.string()) for cells in self.ids])
        return SiteTable(sites, joined, ids, weights, weight)


def _weights(rows: ParsedRows, table: Table, weight: str) -> Floats:
    if not weight:
        return np.ones(len(rows.block.lines))
    cells = rows.block.columns.column(table.headers.index(weight))
    return numbers(_numeric(cells), decimal=table.decimal_mark)[0]


def _numeric(cells: pa.Array) -> pa.Array:
    """Return cells as numbers or text."""
    kind = cells.type
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return cells if is_number else as_text(cells)


def check_header(headers: list[str], header: str, option: str, what: str) -> None:
    """Raise if a table has no such column.

    Raises
    ------
    InputError
        With the columns that there are.
    """
    if header and header not in headers:
        names = ", ".join(repr(h) for h in headers[:20])
        msg = f"{option} {header!r}: the {what} have no such column. Columns: {names}."
        raise InputError(msg)


def _read_sites(opened: Opened, weight: str, options: Options) -> tuple[SiteTable, Ledger]:
    """Return the sites of a table, and where each row went."""
    table, gathered = opened.sites, _Gathered()
    check_header(table.headers, weight, "--weight", "sites")
    with closing(ahead(table.rows(), table.source.cancel)) as blocks:
        for rows in blocks:
            gathered.add(rows, table, opened.matcher, weight)
            if options.progress:
                options.progress(gathered.ledger.read, table.source.share())
    gathered.ledger.check()
    return gathered.table(weight), gathered.ledger


def read_candidates(inputs: PlaceInputs, matcher: Matcher) -> Candidates | None:
    """Return the candidates of a file; None if they are to be generated.

    Raises
    ------
    InputError
        That names every row that cannot be used.
    """
    if not str(inputs.candidates):
        check_header([], inputs.cost, "--cost", "generated candidates")
        return None
    table = open_table(
        inputs.candidates, CANDIDATES, inputs.candidate_columns, inputs.candidate_dialect
    )
    check_header(table.headers, inputs.cost, "--cost", "candidates")
    parts, problems, read = [], [], 0
    for rows in table.rows():
        problems += [f"line {r.line}: {r.detail}" for r in rows.rejects]
        read += len(rows.rejects) + len(rows.block.lines)
        parts.append(_places(rows, table, inputs.cost, matcher))
    try:
        refuse(problems, read, "candidate")
        return checked(_join(parts), matcher.world, matcher.convention, matcher.centers.center_id)
    except InputError as error:
        msg = f"{table.path}: {error}"
        raise InputError(msg) from None


def _places(rows: ParsedRows, table: Table, cost: str, matcher: Matcher) -> Places:
    """Return the rows of a block of candidates."""
    block, where = rows.block, rows.coordinates
    lines = [f"line {n}" for n in block.lines]
    ids, names = table.column(block, "candidate_id"), table.column(block, "name")
    costs = np.ones(len(lines))
    if cost:
        cells = _numeric(block.columns.column(table.headers.index(cost)))
        costs = numbers(cells, decimal=table.decimal_mark)[0]
    return Places(
        [f"candidate-{n}" for n in block.lines] if ids is None else as_text(ids).to_pylist(),
        [""] * len(lines) if names is None else as_text(names).to_pylist(),
        lines,
        where.lon,
        where.lat,
        matcher.inputs(table.site_rows(rows)).sites.declared,
        costs,
    )


def _join(parts: list[Places]) -> Places:
    none = np.zeros(0)
    return Places(
        [text or "" for part in parts for text in part.candidate_id],
        [text or "" for part in parts for text in part.name],
        [text for part in parts for text in part.row],
        np.concatenate([none, *(part.lon for part in parts)]),
        np.concatenate([none, *(part.lat for part in parts)]),
        np.concatenate([np.zeros(0, np.int16), *(part.declared for part in parts)]),
        np.concatenate([none, *(part.cost for part in parts)]),
    )


def _write_all(
    opened: Opened,
    inputs: PlaceInputs,
    question: Question,
    publication: Publication,
    options: Options,
) -> dict[str, Any]:
    """Read, plan, write all files, and return the manifest."""
    table, ledger = _read_sites(opened, inputs.weight, options)
    candidates = read_candidates(inputs, opened.matcher)
    answer = plan(table, opened.matcher, candidates, question)
    manifest = _manifest(opened, inputs, answer, ledger)
    manifest["files"] = _names(question)
    style = text_style(options.style, options.excel_locale, opened.sites)
    _write(answer, opened.matcher, manifest, publication, style)
    publication.publish(_earlier(publication.folder))
    return manifest


def _manifest(opened: Opened, inputs: PlaceInputs, answer: Plan, ledger: Ledger) -> dict[str, Any]:
    """Return what ``plan.json`` holds, without its files."""
    matcher = opened.matcher
    read: dict[str, Any] = {
        name: {
            "path": str(table.path),
            "sha256": table.source.sha256(),
            "detected": table.detected,
        }
        for name, table in (("sites", opened.sites), ("centers", opened.centers))
    }
    if str(inputs.candidates) and str(inputs.candidates) != streams.STANDARD_INPUT:
        source = open_table(
            inputs.candidates, CANDIDATES, inputs.candidate_columns, inputs.candidate_dialect
        ).source
        read["candidates"] = {"path": str(inputs.candidates), "sha256": source.sha256()}
    return {
        **report.summary(answer),
        "coverage_analyzer": metadata.version("coverage-analyzer"),
        "policy": {
            "name": matcher.policy.name,
            "title": matcher.policy.title,
            "sha256": matcher.policy.sha256,
        },
        "as_of": matcher.as_of.isoformat(),
        "trust_declared": matcher.convention.trust_declared,
        "weight": inputs.weight,
        "cost": inputs.cost,
        "inputs": read,
        "ledger": ledger.figures(),
        "first_rejects": ledger.first,
    }


def _write(
    answer: Plan,
    matcher: Matcher,
    manifest: Mapping[str, Any],
    publication: Publication,
    style: Style,
) -> None:
    """Write all files of a plan, the manifest last."""
    tables = report.tables(answer)
    for name, header, rows in (
        ("plan.csv", report.PLAN, tables.plan),
        ("gains.csv", report.GAINS, tables.gains),
        ("curve.csv", report.CURVE, tables.curve),
        ("why_not.csv", report.WHY_NOT, tables.why_not),
    ):
        write_rows(publication.path(name), header, rows, style)
    centers = report.with_plan(answer, matcher)
    after = with_centers(matcher, centers) if len(centers) else matcher
    rows = contents.center_rows(after.centers, after.center_country, after.world.names)
    contents.write_centers(publication.path("centers_planned.csv"), rows, style)
    html = plan_page.page(answer, matcher, manifest)
    publication.path("plan.html").write_text(html, encoding="utf-8")
    if answer.setting.question.alternatives:
        path = publication.path(ALTERNATIVES)
        write_rows(path, report.ALTERNATIVES, tables.alternatives, style)
    contents.write_manifest(publication.path(PLAN), manifest)
