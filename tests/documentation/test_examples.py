"""Every command and every Python block in README and docs runs, and prints what is shown.

A page is a session in one folder, which has the sample data and the files that the pages speak of.
A block that cannot run here says why in a comment before it, ``<!-- not run: REASON -->``; the
options of its commands are checked.
"""

import contextlib
import doctest
import io
import re
import shutil
import sys
import tomllib
import warnings
from pathlib import Path
from typing import Any

import click
import pytest

from coverage_analyzer.cli import main
from documentation.blocks import PROGRAM, ROOT, Block, blocks, calls, commands, pages
from documentation.workspace import fill

pytestmark = pytest.mark.skipif(not (ROOT / "docs").is_dir(), reason="not in the repository")

RUN = ("console", "sh", "python", "toml")
"""Languages whose blocks are run, or read."""

OTHER = (
    "bat",
    "cron",
    "csv",
    "ini",
    "json",
    "powershell",
    "prometheus",
    "r",
    "sql",
    "text",
    "yaml",
)
"""Languages of blocks that only show something."""


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with all that the pages speak of."""
    folder = tmp_path_factory.mktemp("examples") / "work"
    fill(folder)
    return folder


@pytest.mark.parametrize("page", pages())
def test_each_block_names_its_language(page: str) -> None:
    """Without one, nobody knows whether it should run."""
    for block in blocks(page):
        assert block.language in (*RUN, *OTHER), f"{block}: language {block.language!r}"


@pytest.mark.parametrize("page", [page for page in pages() if blocks(page)])
def test_the_examples_of_a_page_run(
    page: str, filled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They run in order, in one folder and with one set of Python names."""
    folder = tmp_path / "work"
    shutil.copytree(filled, folder)
    monkeypatch.chdir(folder)
    names: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(page):
        if block.title and block.language != "toml":
            Path(block.title).write_text(block.text, encoding="utf-8")
        if block.why or block.language in OTHER:
            for words in calls(block.text):
                check_options(words, block)
        elif block.language == "python":
            run_python(block, names)
        elif block.language == "toml":
            read_toml(block)
        else:
            for words, output in commands(block):
                run_command(words, output, block, monkeypatch)


def run_python(block: Block, names: dict[str, Any]) -> None:
    """Run a block of Python, and compare what it prints where it has prompts."""
    if not block.text.startswith(">>>"):
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # what the sample data are warned of
            exec(compile(block.text, str(block), "exec"), names)  # noqa: S102 - our own text
        return
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    session = doctest.DocTestParser().get_doctest(block.text, names, str(block), block.page, 0)
    said = io.StringIO()
    doctest.DocTestRunner(optionflags=flags).run(session, out=said.write, clear_globs=False)
    names |= session.globs
    assert not said.getvalue(), said.getvalue()


def read_toml(block: Block) -> None:
    """Read a block of TOML; one with a title is the file of that name from here on."""
    tomllib.loads(block.text)
    if block.title:
        Path(block.title).write_text(block.text, encoding="utf-8")


def run_command(
    words: list[str], output: str | None, block: Block, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Run a command of ours and compare its output; of others only ``cat`` is known."""
    if words[0] == "cat":
        Path(words[1]).write_text(output or "", encoding="utf-8")
        return
    if words[0] != PROGRAM:
        assert words[0] in {"make", "pip", "uv", "uvx", "pipx"}, f"{block}: {words[0]}"
        return
    monkeypatch.setattr(sys, "argv", words)
    shown, messages = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(shown), contextlib.redirect_stderr(messages):
        code = main._run()
    printed = shown.getvalue() + messages.getvalue()
    assert code == 0, f"{block}: {' '.join(words)}\n{printed}"
    if output and output.strip():
        assert resembles(printed, output), f"{block}: prints\n{printed}"


def resembles(printed: str, shown: str) -> bool:
    """Return whether an output holds the lines shown, where ``...`` stands for any text."""
    lines = [re.escape(line.strip()) for line in shown.strip().splitlines()]
    pattern = r"\s*\n\s*".join(lines).replace(r"\.\.\.", ".*?").replace(r"\ ", r"\s+")
    return re.search(pattern, printed, re.DOTALL) is not None


def check_options(words: list[str], block: Block) -> None:
    """Check that a command exists and has the options that a call gives it."""
    command = main.program.commands.get(words[0])
    assert command is not None, f"{block}: no command {words[0]!r}"
    known = {
        name
        for parameter in command.params
        if isinstance(parameter, click.Option)
        for name in (*parameter.opts, *parameter.secondary_opts)
    }
    known |= {"-h", "--help"}
    given = [word.partition("=")[0] for word in words[1:] if re.match(r"--?[a-z]", word)]
    assert set(given) <= known, f"{block}: {set(given) - known}"
