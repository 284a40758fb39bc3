"""The pages of the documentation: the site is built, and each page is found and not too long."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from documentation.blocks import ROOT, pages

pytestmark = pytest.mark.skipif(not (ROOT / "mkdocs.yml").is_file(), reason="no repository")

LONG = 1000
"""Words of a page beyond which it has a table of contents, which the site makes of its headings."""

README_LINES = 120


def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    """Each link leads somewhere, and each page is in the navigation."""
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    fetched = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="https?://')
    for page in tmp_path.rglob("*.html"):
        assert not fetched.search(page.read_text("utf-8")), page


@pytest.mark.parametrize("page", [page for page in pages() if page.startswith("docs/")])
def test_a_long_page_has_headings(page: str) -> None:
    """They are its table of contents."""
    text = (ROOT / page).read_text("utf-8")
    if len(text.split()) > LONG:
        assert len(re.findall(r"^## ", text, re.MULTILINE)) >= 2


def test_the_readme_is_short() -> None:
    """It says what it decides, and leads to the rest."""
    assert len((ROOT / "README.md").read_text("utf-8").splitlines()) <= README_LINES


def test_each_page_is_in_the_navigation() -> None:
    """A page that is in no menu is not found."""
    text = (ROOT / "mkdocs.yml").read_text("utf-8")
    listed = set(re.findall(r"([\w/-]+\.md)", yaml.safe_dump(yaml.safe_load(text)["nav"])))
    own = {page.removeprefix("docs/") for page in pages() if page.startswith("docs/")}
    assert own <= listed


@pytest.mark.parametrize("name", ["polygon-error.svg", "nearest-is-not-the-question.svg"])
def test_the_figures_are_those_of_the_script(name: str) -> None:
    """A figure that nobody draws any more would be of another program."""
    script = (ROOT / "tools" / "docs_figures.py").read_text("utf-8")
    assert name in script
    assert (ROOT / "docs" / "img" / name).is_file()
