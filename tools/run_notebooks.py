"""Run the notebooks and keep what they put out, without maps and other large pages.

Run from the repository's root, after a change that shows in a notebook::

    python tools/run_notebooks.py [NAME ...]
"""

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Final

import nbformat
from nbclient import NotebookClient

NOTEBOOKS: Final = Path("notebooks")

LARGEST: Final = 200_000
"""Characters of an output that is kept; a map has more than a million."""


def main() -> None:
    """Run those that are named, or all."""
    names = sys.argv[1:]
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        if not names or path.stem in names:
            keep(path)


def keep(path: Path) -> None:
    """Run a notebook in a temporary folder beside the sample data, and keep its outputs."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "notebooks"
        place.mkdir()
        shutil.copytree("data", Path(folder) / "data")
        resources = {"metadata": {"path": str(place)}}
        NotebookClient(notebook, timeout=600, resources=resources).execute()
    for cell in notebook.cells:
        cell.get("metadata", {}).pop("execution", None)
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            for kind in [kind for kind, text in data.items() if len(text) > LARGEST]:
                del data[kind]
    nbformat.write(notebook, path)


if __name__ == "__main__":
    main()
