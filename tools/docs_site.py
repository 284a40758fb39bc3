"""What the site of the documentation has beside the pages of docs: hooks of MkDocs.

Files of the repository that a page links to, such as a notebook or a table of measurements, become
part of the site, below ``repository/``; so do those that they link to. The page of commands is made
from the program.
"""

import posixpath
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, Final

import click
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from coverage_analyzer.cli.main import program

ROOT: Final = Path(__file__).parents[1]

OUTSIDE: Final = "repository"
"""Folder of the site with files that are not in docs."""

PAGES: Final = {
    "SECURITY.md": "security.md",
    "CHANGELOG.md": "changes.md",
    "README.md": "repository/README.md",
}
"""Files of the repository that have a place of their own in the site."""

COMMANDS: Final = "<!-- commands -->"
"""Where a page has the help of all commands."""

LINK: Final = re.compile(
    r"(?<=\]\()(?!https?:|mailto:|#)(?P<path>[^)\s#]+)(?P<anchor>#[^)\s]*)?(?=\))"
)

CODE: Final = re.compile(r"^(```.*?^```)|(`[^`\n]+`)", re.MULTILINE | re.DOTALL)
"""Blocks and spans of code, in which nothing is a link."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files of the repository that pages link to."""
    waiting = [*PAGES]
    for file in files.documentation_pages():
        waiting += _outside(f"docs/{file.src_uri}", file.content_string)
    done: set[str] = set()
    while waiting:
        path = waiting.pop()
        if path in done:
            continue
        done.add(path)
        files.append(File.generated(config, _uri(path), abs_src_path=str(ROOT / path)))
        if path.endswith(".md"):
            waiting += _outside(path, (ROOT / path).read_text("utf-8"))
    return files


def on_page_markdown(markdown: str, *, page: Page, **_options: Any) -> str:
    """Let links between docs and the rest of the repository lead to the site's copies."""
    if COMMANDS in markdown:
        markdown = markdown.replace(COMMANDS, commands())
    source = _source(page.file.src_uri)
    here = PurePosixPath(page.file.src_uri).parent

    def moved(link: re.Match[str]) -> str:
        target = _target(source, link["path"])
        if target is None:
            return link[0]
        return posixpath.relpath(_uri(target), here) + (link["anchor"] or "")

    return "".join(part if code else LINK.sub(moved, part) for part, code in _parts(markdown))


def commands() -> str:
    """Return the help of the program and of each command, as Markdown."""
    parts = []
    for name, command in _all_commands("", program):
        context = click.Context(command, info_name=f"coverage-analyzer {name}".strip())
        text = textwrap.dedent(command.get_help(context))
        parts.append(f"## {name or 'coverage-analyzer'}\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def _all_commands(name: str, command: click.Command) -> Iterator[tuple[str, click.Command]]:
    """Yield a command and those below it, with their names."""
    yield name, command
    if isinstance(command, click.Group):
        for below in sorted(command.commands):
            yield from _all_commands(f"{name} {below}".strip(), command.commands[below])


def _parts(markdown: str) -> Iterator[tuple[str, bool]]:
    """Yield the parts of a page, and whether each is code."""
    end = 0
    for code in CODE.finditer(markdown):
        yield markdown[end : code.start()], False
        yield code[0], True
        end = code.end()
    yield markdown[end:], False


def _outside(source: str, markdown: str) -> list[str]:
    """Return the files of the repository, outside docs, that a page links to."""
    text = "".join(part for part, code in _parts(markdown) if not code)
    targets = [_target(source, link["path"]) for link in LINK.finditer(text)]
    return [t for t in targets if t and not t.startswith("docs/") and (ROOT / t).is_file()]


def _target(source: str, link: str) -> str | None:
    """Return the file of the repository that a link in another one means, if there is one."""
    path = posixpath.normpath(posixpath.join(posixpath.dirname(source), link))
    return path if (ROOT / path).is_file() else None


def _uri(path: str) -> str:
    """Return where the site has a file of the repository."""
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"{OUTSIDE}/{path}"


def _source(uri: str) -> str:
    """Return the file of the repository behind a page of the site."""
    for path, own in PAGES.items():
        if uri == own:
            return path
    outside = f"{OUTSIDE}/"
    return uri.removeprefix(outside) if uri.startswith(outside) else f"docs/{uri}"
