"""A flame graph as SVG, without script: a box a function, as wide as its share, over its caller."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

WIDTH, ROW, TOP = 1200, 17, 30
LETTER = 6.4
"""Pixels of a letter, about."""

LEAST = 0.002
"""Boxes of a smaller share are left out."""

SKIPPED = ("coverage-analyzer", "click/", "threading.py", "concurrent/", "cli/", "overlap.py")
"""Frames of the way to the work, the same in each stack."""

Colour = Callable[[tuple[str, ...]], str]


@dataclass
class Box:
    """A function called from others: how often seen, its own callees, a stack that ends in it."""

    stack: tuple[str, ...] = ()
    seen: int = 0
    inner: dict[str, "Box"] = field(default_factory=dict)


def draw(path: Path, stacks: Mapping[tuple[str, ...], int], title: str, colour: Colour) -> None:
    """Write a flame graph.

    Parameters
    ----------
    path
        Of the file.
    stacks
        How often each stack was seen, its outermost function first.
    title
        Stands above.
    colour
        Of a stack.
    """
    root = grown(stacks)
    boxes = list(_laid(root, 0.0, WIDTH / max(root.seen, 1), 0, colour))
    height = TOP + ROW * (1 + max((depth for depth, _ in boxes), default=0)) + 6
    shapes = "\n".join(shape for _, shape in boxes)
    path.write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        f'width="{WIDTH}" height="{height}" font-family="monospace" font-size="11">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n'
        f'<text x="6" y="19" font-size="14" font-family="sans-serif">{escape(title)}</text>\n'
        f"{shapes}\n</svg>\n",
        encoding="utf-8",
    )


def grown(stacks: Mapping[tuple[str, ...], int]) -> Box:
    """Return stacks as a tree."""
    root = Box()
    for stack, seen in stacks.items():
        root.seen += seen
        box = root
        for depth, frame in enumerate(stack):
            if not any(word in frame for word in SKIPPED):
                box = box.inner.setdefault(frame, Box(stack[: depth + 1]))
                box.seen += seen
    return root


def _laid(
    box: Box, left: float, scale: float, depth: int, colour: Colour
) -> Iterator[tuple[int, str]]:
    """Yield the boxes within one, from left to right by name, each with its depth."""
    for frame, inner in sorted(box.inner.items()):
        width = inner.seen * scale
        if width >= LEAST * WIDTH:
            share = f"{frame}: {100 * width / WIDTH:.1f} %"
            yield depth, _shape(frame, share, (left, width), depth, colour(inner.stack))
            yield from _laid(inner, left, scale, depth + 1, colour)
        left += width


def _shape(frame: str, tip: str, span: tuple[float, float], depth: int, colour: str) -> str:
    left, width = span
    name = frame.partition(" (")[0]
    fits = int((width - 6) / LETTER)
    label = name if len(name) <= fits else name[: max(fits - 1, 0)]
    y = TOP + ROW * depth
    return (
        f'<g><title>{escape(tip)}</title><rect x="{left:.1f}" y="{y}" '
        f'width="{max(width - 0.6, 0.4):.1f}" height="{ROW - 1}" rx="1.5" fill="{colour}"/>'
        f'<text x="{left + 3:.1f}" y="{y + 12}">{escape(label)}</text></g>'
    )
