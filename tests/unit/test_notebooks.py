"""The notebooks run from the first cell to the last."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

PASSING = re.compile(r"0x[0-9a-f]+|\d+\.\d+ s\b|\b\d+\.\d+\.\d+\b|/[\w/.-]*/")
"""What differs from run to run."""

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.mark.filterwarnings("default")  # the kernel's own libraries may warn
@pytest.mark.parametrize("path", sorted(NOTEBOOKS.glob("*.ipynb")), ids=lambda p: p.stem)
def test_a_notebook_runs(path: Path, tmp_path: Path) -> None:
    """A planner starts from a notebook: each of its cells must work on the sample data."""
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "data").symlink_to(NOTEBOOKS.parent / "data")
    notebook = nbformat.read(path, as_version=4)
    resources = {"metadata": {"path": str(tmp_path / "notebooks")}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    outputs = [o for cell in notebook.cells for o in cell.get("outputs", ())]
    held = path.stem == "05_terms_and_nights"  # which says why a report is not replaced
    assert [o.get("name") for o in outputs].count("stderr") == held
    html = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    kinds = {
        "02_siting": ("proved", "plan.html"),
        "04_what_changed": ("lost", "compare.html"),
        "05_terms_and_nights": ('role="img"', "map.html"),
    }
    shown, page = kinds.get(path.stem, ("iframe", "map.html"))
    assert any(shown in text for text in html)
    assert (tmp_path / "reports" / "notebook" / page).is_file()
    kept = [text for cell in nbformat.read(path, as_version=4).cells for text in substance(cell)]
    assert kept, "the notebook was kept without its outputs"
    assert [text for cell in notebook.cells for text in substance(cell)] == kept


def substance(cell: Any) -> Iterator[str]:
    """Yield what a cell puts out as text: not addresses in memory, versions and seconds."""
    for output in cell.get("outputs", ()):
        text = output.get("text") or output.get("data", {}).get("text/plain", "")
        yield PASSING.sub("*", "".join(text))
