"""Figures of matplotlib that a notebook shows, whatever its settings."""

import functools
import io
from typing import TYPE_CHECKING, Any, Final

from coverage_analyzer.errors import require

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOTS_PER_INCH: Final = 110
"""Of a figure in a notebook."""


def new_figure(width: float, height: float) -> "Figure":
    """Return an empty figure that a notebook shows as a picture.

    A plain figure is shown only where ``%matplotlib inline`` is on or pyplot was imported.

    Parameters
    ----------
    width, height
        In inches.

    Raises
    ------
    MissingExtraError
        If matplotlib is not installed.
    """
    require("plot", "matplotlib")
    figure: Figure = _shown_figure()(figsize=(width, height), layout="constrained")
    return figure


@functools.cache
def _shown_figure() -> Any:
    """Return the class, which exists only once matplotlib is imported."""
    from matplotlib.figure import Figure

    class ShownFigure(Figure):
        """A figure that draws itself in a notebook."""

        def _repr_png_(self) -> bytes:
            """Return the figure as a PNG file."""
            file = io.BytesIO()
            self.savefig(file, format="png", dpi=DOTS_PER_INCH)
            return file.getvalue()

    return ShownFigure
