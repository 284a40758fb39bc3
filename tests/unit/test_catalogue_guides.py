"""What the guides to programmes and letters show can be run as it stands."""

import doctest
import re
import shlex
from pathlib import Path

import pytest

from coverage_analyzer.cli.main import program

ROOT = Path(__file__).parents[2]
GUIDES = ("programmes.md", "letter.md")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stand in a folder of its own, with the sample data in it."""
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("name", GUIDES)
def test_its_python_gives_what_it_shows(name: str) -> None:
    """Each example in Python."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    test = doctest.DocTestParser().get_doctest(text, {}, name, name, 0)
    assert test.examples
    result = doctest.DocTestRunner(verbose=False).run(test)
    assert result.failed == 0


@pytest.mark.parametrize("name", GUIDES)
def test_its_commands_give_what_it_shows(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Each command line and what it prints, up to where it is cut with three dots."""
    text = (ROOT / "docs" / name).read_text("utf-8")
    commands = 0
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        for session in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, _, shown = session.partition("\n")
            verb, *arguments = shlex.split(line)
            if verb == "cat":
                Path(arguments[0]).write_text(shown, "utf-8")
                continue
            program.main(arguments, standalone_mode=False)
            printed = capsys.readouterr().out
            whole, dots, _ = shown.partition("...\n")
            assert printed.startswith(whole) if dots else printed == shown
            commands += 1
    assert commands


def test_its_pictures_are_there() -> None:
    """The guide to the letter shows all there are."""
    text = (ROOT / "docs" / "letter.md").read_text("utf-8")
    shown = set(re.findall(r"\]\(img/(letter[\w.-]*)\)", text))
    assert shown == {path.name for path in (ROOT / "docs" / "img").glob("letter*")}
