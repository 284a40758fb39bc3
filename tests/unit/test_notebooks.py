"""The notebooks run from the first cell to the last."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

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
    assert not [o for o in outputs if o.get("name") == "stderr"]
    html = [o["data"]["text/html"] for o in outputs if "text/html" in o.get("data", {})]
    kinds = {"02_siting": ("proved", "plan.html"), "04_what_changed": ("lost", "compare.html")}
    shown, page = kinds.get(path.stem, ("iframe", "map.html"))
    assert any(shown in text for text in html)
    assert (tmp_path / "reports" / "notebook" / page).is_file()
