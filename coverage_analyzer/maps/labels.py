"""Place labels on a picture so that none covers a mark, a line or another label."""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np

from coverage_analyzer.arrays import Floats

EM: Final = 0.58
"""Width of a common letter in parts of the size of its font."""

CAPITAL: Final = 0.72
"""The same for a capital."""

GAP: Final = 9.0
"""Space between a mark and its label, in units of the picture."""

WIDE: Final = frozenset("WF")


class Box(NamedTuple):
    """A rectangle: left, top, right, bottom; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float

    def overlap(self, other: "Box") -> float:
        """Return the area that two boxes share."""
        wide = min(self.right, other.right) - max(self.left, other.left)
        high = min(self.bottom, other.bottom) - max(self.top, other.top)
        return wide * high if wide > 0 and high > 0 else 0.0

    def contains(self, other: "Box") -> bool:
        """Return whether another box is inside this one."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


class Placed(NamedTuple):
    """Where a label is: its baseline, its anchor (``start``, ``middle``, ``end``), its box."""

    x: float
    y: float
    anchor: str
    box: Box


def text_width(text: str, size: float) -> float:
    """Return the width of a text, estimated by its letters."""
    return sum(map(_letter_width, text)) * size


def _letter_width(letter: str) -> float:
    """Return the width of a letter in parts of the size of its font."""
    if unicodedata.east_asian_width(letter) in WIDE or letter in "WMwm@%":
        return 1.0
    return CAPITAL if letter.isupper() else EM


@dataclass
class Labels:
    """The free space of a picture.

    Attributes
    ----------
    page
        The whole picture: labels stay inside.
    taken
        What labels must not cover: boxes, shape (n, 4).
    """

    page: Box
    taken: Floats = field(default_factory=lambda: np.zeros((0, 4)))

    def keep(self, *boxes: Box) -> None:
        """Keep labels off some boxes."""
        self.taken = np.concatenate([self.taken, np.array(boxes, float).reshape(-1, 4)])

    def cost(self, box: Box) -> float:
        """Return how much of a box is not free."""
        outside = 0.0 if self.page.contains(box) else 1e6
        left, top, right, bottom = self.taken.T
        wide = np.minimum(right, box.right) - np.maximum(left, box.left)
        high = np.minimum(bottom, box.bottom) - np.maximum(top, box.top)
        return outside + float((wide.clip(0) * high.clip(0)).sum())

    def beside(
        self, x: float, y: float, radius: float, text: str, size: float, *, always: bool = False
    ) -> Placed | None:
        """Place a label beside a mark; None if there is no space for it.

        Parameters
        ----------
        x, y, radius
            Center and half the width of the mark.
        text, size
            The label and the size of its font.
        always
            Whether to place it where it covers the least if there is no space.
        """
        choices = list(_around(x, y, radius + GAP, text_width(text, size), size))
        best = min(choices, key=lambda placed: self.cost(placed.box))
        if self.cost(best.box) > 0 and not always:
            return None
        self.keep(best.box)
        return best

    def at(self, points: Iterable[tuple[float, float]], text: str, size: float) -> Placed | None:
        """Place a label centered at the first of some points where it is free; None if nowhere."""
        half = text_width(text, size) / 2
        for x, y in points:
            box = Box(x - half, y - size * 0.8, x + half, y + size * 0.3)
            if not self.cost(box):
                self.keep(box)
                return Placed(x, y, "middle", box)
        return None

    def corner(self, width: float, height: float, margin: float) -> Box:
        """Return a box in the corner of the page where it covers the least, and keep it free."""
        left, top, right, bottom = self.page
        rows = (bottom - margin - height, top + margin)
        columns = (left + margin, right - margin - width)
        boxes = [Box(x, y, x + width, y + height) for y in rows for x in columns]
        best = min(boxes, key=self.cost)
        self.keep(best)
        return best


def _around(x: float, y: float, gap: float, width: float, size: float) -> Iterator[Placed]:
    """Yield the places of a label around a mark, the best first."""
    up, down = size * 0.8, size * 0.25
    near = gap * 0.75
    places: Sequence[tuple[float, float, str]] = (
        (x + gap, y + size * 0.3, "start"),
        (x - gap, y + size * 0.3, "end"),
        (x + near, y - near - down, "start"),
        (x + near, y + near + up, "start"),
        (x - near, y - near - down, "end"),
        (x - near, y + near + up, "end"),
        (x, y - gap - down, "middle"),
        (x, y + gap + up, "middle"),
    )
    for at, base, anchor in places:
        left = {"start": at, "end": at - width, "middle": at - width / 2}[anchor]
        yield Placed(at, base, anchor, Box(left, base - up, left + width, base + down))
