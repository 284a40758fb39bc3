"""The code in the documentation: blocks of a page, and the commands in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]

BLOCK: Final = re.compile(
    r"^(?P<not_run>[ \t]*<!-- not run: (?P<why>[^\n]+?) -->\n\n?)?"
    r"^(?P<indent>[ \t]*)```(?P<language>\w*)(?P<rest>[^\n]*)\n(?P<text>.*?)^(?P=indent)```",
    re.MULTILINE | re.DOTALL,
)

TITLE: Final = re.compile(r'title="([^"]+)"')

PROGRAM: Final = "coverage-analyzer"


class Block(NamedTuple):
    """A block of code: its page and line, its language, its text, and why it is not run, if so.

    A title is the name of the file that the block shows.
    """

    page: str
    line: int
    language: str
    title: str
    text: str
    why: str

    def __str__(self) -> str:
        """Return where it is."""
        return f"{self.page}:{self.line}"


def pages() -> list[str]:
    """Return the pages with examples, as paths in the repository."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [path.relative_to(ROOT).as_posix() for path in found]


def blocks(page: str) -> list[Block]:
    """Return the blocks of code of a page, in order."""
    text = (ROOT / page).read_text("utf-8")
    return [
        Block(
            page,
            text.count("\n", 0, found.start("language")) + 1,
            found["language"],
            "".join(TITLE.findall(found["rest"])),
            re.sub(rf"^{found['indent']}", "", found["text"], flags=re.MULTILINE),
            found["why"] or "",
        )
        for found in BLOCK.finditer(text)
    ]


def commands(block: Block) -> Iterator[tuple[list[str], str | None]]:
    """Yield the commands of a block of a shell, and what each prints by the block, if it says so.

    Continued lines are joined; comments are left out.
    """
    text = re.sub(r"\\\n\s*", "", block.text)
    if block.language == "console":
        for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
            line, _, output = part.partition("\n")
            yield shlex.split(line, comments=True), output
        return
    for line in text.splitlines():
        if words := shlex.split(line, comments=True):
            yield words, None


def calls(text: str) -> Iterator[list[str]]:
    """Yield the calls of the program in a text that is not run, such as a line of crontab."""
    for line in re.sub(r"(\\|\^)\n\s*", "", text).splitlines():
        before, found, rest = line.partition(PROGRAM)
        if "install" in before:
            continue
        call = re.split(r"[>\"]|&&", rest.removeprefix(".exe"))[0]
        if found and (words := call.split()) and words[0][0].isalpha():
            yield words
