"""Figures of a run in the text format of Prometheus, for the textfile collector of node_exporter.

The file is replaced atomically when a run ends, also if it is held. A run that fails leaves it as
it is, so an alert on the age of ``last_success_timestamp_seconds`` notices both.
"""

import contextlib
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from coverage_analyzer.files import atomic
from coverage_analyzer.files.outputs import kind_of

KINDS: Final = (".prom",)
"""The extension that the collector reads."""

PREFIX: Final = "coverage_analyzer_"
SUCCESS: Final = "last_success_timestamp_seconds"

CHANGES: Final = ("gained", "lost", "delayed", "sooner", "entered", "left")
"""Counts of changes that are written if the rows of both reports were joined."""

TEXTS: Final = {
    "rows": "Rows of the sites file, by outcome.",
    "rejects": "Rejected rows, by reason.",
    "sites": "Sites with a verdict, by status.",
    "level_sites": "Sites with a verdict, by level.",
    "centers": "Centers, by state.",
    "changed_sites": "Sites that changed since the previous report, by change.",
    "held": "Whether the run was held and did not replace the report.",
    "run_seconds": "Duration of the run in seconds.",
    "last_run_timestamp_seconds": "End of the last run that finished, held or not.",
    SUCCESS: "End of the last run that replaced the report; 0 if none has.",
    "info": "Version, policy and day of the run.",
}
"""The metrics, without their prefix, in the order of the file."""


def check_metrics(path: str | Path) -> Path | None:
    """Return the path of the metrics, if any is given.

    Raises
    ------
    InputError
        If it does not end with ``.prom``.
    """
    if not path:
        return None
    kind_of(path, list(KINDS), what="Metrics are")
    return Path(path)


@dataclass
class Metrics:
    """The metrics of a run while it runs.

    Attributes
    ----------
    path
        The file; None if no metrics are written.
    report
        The run folder, which is the label ``report`` of each metric.
    """

    path: Path | None
    report: str
    _part: Path | None = None
    _start: float = field(default_factory=time.monotonic)

    @contextmanager
    def open(self) -> Iterator[None]:
        """Check that the file can be written; it is replaced when the context ends.

        Raises
        ------
        FolderBusyError
            If another process is writing the file.
        PublishError
            If it cannot be written.
        """
        if self.path is None:
            yield
            return
        with atomic.replacing(self.path) as self._part:
            yield

    def write(self, manifest: Mapping[str, Any], changes: Mapping[str, int]) -> None:
        """Write the metrics of a run that is published or held.

        Parameters
        ----------
        manifest
            As ``run.json`` holds it.
        changes
            Counts of changes since the previous report, as far as they are known.
        """
        if self.path is None or self._part is None:
            return
        now = time.time()
        success = self._last_success() if manifest["held"] else now
        times = {"last_run_timestamp_seconds": now, SUCCESS: success}
        times["run_seconds"] = time.monotonic() - self._start
        samples = list(_samples(manifest, changes, times))
        text = "".join(_lines(samples, self.report))
        self._part.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")

    def _last_success(self) -> float:
        """Return the time of the last success, as an earlier run wrote it; 0 if missing."""
        start = f'{PREFIX}{SUCCESS}{{report="{_escape(self.report)}"}} '
        with contextlib.suppress(OSError, ValueError):
            for line in Path(str(self.path)).read_text(encoding="utf-8").splitlines():
                if line.startswith(start):
                    return float(line.removeprefix(start))
        return 0.0


Sample = tuple[str, Mapping[str, str], float]
"""A metric without its prefix, its labels, its value."""


def _samples(
    manifest: Mapping[str, Any], changes: Mapping[str, int], times: Mapping[str, float]
) -> Iterator[Sample]:
    """Yield the samples of a run in the order of `TEXTS`."""
    counts = manifest["counts"]
    for name, label, values in (
        ("rows", "outcome", manifest["ledger"]),
        ("rejects", "reason", counts["rejects"]),
        ("sites", "status", counts["status"]),
        ("level_sites", "level", counts["level"]),
        ("centers", "state", manifest["centers"]),
        ("changed_sites", "change", {n: changes[n] for n in CHANGES if n in changes}),
    ):
        yield from ((name, {label: key}, value) for key, value in values.items())
    yield "held", {}, int(bool(manifest["held"]))
    for name in TEXTS:
        if name in times:
            yield name, {}, times[name]
    labels = {"version": manifest["coverage_analyzer"], "policy": manifest["policy"]["name"]}
    yield "info", labels | {"as_of": manifest["as_of"]}, 1


def _lines(samples: Iterable[Sample], report: str) -> Iterator[str]:
    """Yield the lines of the file: help and type before the first sample of each metric."""
    last = ""
    for name, labels, value in samples:
        if name != last:
            yield f"# HELP {PREFIX}{name} {TEXTS[name]}\n# TYPE {PREFIX}{name} gauge\n"
            last = name
        text = ",".join(f'{k}="{_escape(v)}"' for k, v in {"report": report, **labels}.items())
        number = f"{value:.3f}" if isinstance(value, float) else str(value)
        yield f"{PREFIX}{name}{{{text}}} {number}\n"


def _escape(text: str) -> str:
    """Return the value of a label as the format writes it."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
