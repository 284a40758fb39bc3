"""``init``: inspect two files, and write the settings file that says how they are understood."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.batch._inspect import Inspection, TableInspection, inspect
from coverage_analyzer.batch.options import Options
from coverage_analyzer.errors import InputError
from coverage_analyzer.files import atomic
from coverage_analyzer.files.database.address import address, is_address
from coverage_analyzer.files.outputs import kind_of
from coverage_analyzer.files.overwriting import policy_file, refuse_overwriting
from coverage_analyzer.files.readers.delimited import PLAIN, Dialect
from coverage_analyzer.files.readers.streams import GUESSED
from coverage_analyzer.files.run_folder.hold import DEFAULT_LIMIT
from coverage_analyzer.policy import DEFAULT
from coverage_analyzer.settings.proposal import Entry, Section, relative, text_of
from coverage_analyzer.settings.tables import KEYS

FOLDER: Final = "report"
"""The run folder that is proposed."""

UTF_8: Final = "utf-8"
"""The encoding that need not be written down."""


def init(
    sites: str,
    centers: str,
    output: str | Path,
    *,
    policy: str = DEFAULT,
    force: bool = False,
    options: Options | None = None,
) -> Inspection:
    """Inspect two files and write a settings file for them.

    Parameters
    ----------
    sites, centers
        As for `run`, but not standard input.
    output
        The settings file.
    policy
        The name of a built-in policy, or the path of a TOML file.
    force
        Whether a file that exists is replaced.
    options
        As for `inspect`; what is given there is written, too.

    Returns
    -------
    inspection
        What was found out. The file is written even if the centers cannot be used yet.

    Raises
    ------
    InputError
        If the output exists, or an input cannot be used or cannot be named in a settings file.
    MissingExtraError
        If an input is a workbook or a database, and the extra for it is not installed.
    PolicyError
        If the policy breaks a rule.
    PublishError
        If the file cannot be written.
    """
    options, output = options or Options(), Path(output)
    refuse_overwriting({"settings": output}, [sites, centers, policy_file(policy)])
    kind_of(output, [".toml"], what="The settings are")
    _refuse_existing(output, force=force)
    names = [_name_from(path, output.parent) for path in (sites, centers)]
    file = policy_file(policy)
    rules = (
        Entry("name", policy)
        if file is None
        else Entry("file", _name_from(str(file), output.parent))
    )
    inspection = inspect(sites, centers, policy=policy, options=options)
    text = text_of(
        [
            *_input("sites", names[0], inspection.sites, options.dialect),
            *_input("centers", names[1], inspection.centers, options.center_dialect),
            Section("policy", [rules, Entry("trust_declared", options.trust_declared)]),
            *_further(inspection.sites),
        ]
    )
    _refuse_existing(output, force=force)
    atomic.publish(output, text)
    return inspection


HOLD_IF: Final = (
    "rows_fall > 10%",
    "centers_vanished > 0",
    "columns_vanished > 0",
    "rejects_share_rise > 5%",
    "review_share_rise > 5%",
    "qualified_share_fall > 10%",
)
"""The rules that ``init`` proposes: what a truncated or damaged input does to a nightly run."""

HOLD_NOTE: Final = (
    "To let one run pass: --hold-if none. All quantities: docs/nightly.md. Compares rows, too, "
    "with: lost > 0"
)


def _refuse_existing(output: Path, *, force: bool) -> None:
    """Raise if a file would be replaced that is not to be replaced.

    Raises
    ------
    InputError
        If so.
    """
    if not force and (output.exists() or output.is_symlink()):
        msg = f"{output} exists. Pass --force to replace it, or choose a different file with -o."
        raise InputError(msg)


def _name_from(path: str, folder: Path) -> str:
    """Return how the settings file in a folder names an input.

    Raises
    ------
    InputError
        If it cannot.
    """
    if not is_address(path):
        return relative(path, folder)
    if address(path).shown != path:
        msg = (
            "A settings file does not keep passwords. Leave the password out of the address, and "
            "set it in ~/.pgpass or in the environment variable PGPASSWORD."
        )
        raise InputError(msg)
    return path


def _input(
    table: str,
    name: str,
    inspected: TableInspection,
    dialect: Dialect,
) -> list[Section]:
    """Return the sections on an input: the file, how it is written, its columns."""
    setting_names = {key.name for key in KEYS}
    entries = [Entry("file", name)]
    written = _dialect_keys(inspected.detected, dialect)
    for key, (value, note) in written.items():
        if f"{table}.{key}" in setting_names:
            entries.append(Entry(key, value, note))
    own = [h if kind == "text" else f"{h} ({kind})" for h, kind in inspected.types.items()]
    notes = [f"Other columns are copied unchanged: {', '.join(own)}."] if own else []
    headers = {
        n: h for n, h in inspected.columns.items() if f"{table}.columns.{n}" in setting_names
    }
    return [Section(table, entries), Section(f"{table}.columns", [Entry("", headers)], notes)]


def _dialect_keys(detected: Mapping[str, Any], dialect: Dialect) -> dict[str, tuple[Any, str]]:
    """Return how a file is written, by key: what was given, else what was detected."""
    result: dict[str, tuple[Any, str]] = {}
    for key, value in detected.items():
        plain, note = value, "Detected."
        if isinstance(value, str) and value.endswith(GUESSED):
            plain, note = value.removesuffix(GUESSED), "A guess from the characters: check it."
        if isinstance(plain, (str, bool)) and plain not in {"", UTF_8}:
            result[key] = (plain, note)
    for key, usual in vars(PLAIN).items():
        if (value := getattr(dialect, key)) != usual:
            result[key] = (value, "")
    return result


def _further(sites: TableInspection) -> Sequence[Section]:
    """Return the sections on outputs, thresholds and types."""
    rejected, read = sites.ledger["rejected"], sites.ledger["read"]
    which = "" if sites.is_complete else "the first "
    now = f"Now {rejected:,} of {which}{read:,} rows are rejected."
    types = {header: kind for header, kind in sites.types.items() if kind != "text"}
    note = "What own columns hold, for Parquet, databases and GIS files. Others stay text."
    return [
        Section(
            "output",
            [
                Entry("folder", FOLDER),
                Entry("format", "csv"),
                Entry("excel", value=True, is_active=False),
            ],
        ),
        Section(
            "thresholds",
            [
                Entry("max_rejects", DEFAULT_LIMIT, now),
                Entry("hold_if", list(HOLD_IF), HOLD_NOTE),
            ],
        ),
        *([Section("types", [Entry("", types)], [note])] if types else []),
    ]
