"""The form in which a column writes its days, found in its first cells; nothing is guessed.

A form is taken if it is the only one that fits. ``01/02/2026`` fits two, with the day first and
with the month first: then a cell such as ``31/12/2026`` has to show which, or the user says it.
"""

import collections
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from coverage_analyzer.schema import days
from coverage_analyzer.schema.days import ISO

RIVALS: Final = {"%d/%m/%Y": "%m/%d/%Y", "%d-%m-%Y": "%m-%d-%Y", "%d %m %Y": "%m %d %Y"}
"""Forms with the day first, and those with the month first that the same texts may have."""

SEEN_FIRST: Final = {"%d.%m.%Y": "%m.%d.%Y"}
"""Forms that are taken before others, which are written nowhere unless the former does not fit."""

FORMS: Final = (
    ISO,
    *RIVALS,
    *RIVALS.values(),
    *SEEN_FIRST,
    *SEEN_FIRST.values(),
    *("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d. %m. %Y", "%Y. %m. %d", "%Y. %m. %d."),
    *("%Y年%m月%d日", "%Y년 %m월 %d일", "%Y년%m월%d일"),
    *("%d-%b-%Y", "%d %b %Y", "%d. %b %Y", "%d.%b.%Y", "%d/%b/%Y", "%d%b%Y"),
    *("%b %d, %Y", "%b %d %Y", "%Y-%b-%d", "%d de %b de %Y"),
)
"""The forms that are looked for. None has a year of two digits."""


class FoundForm(NamedTuple):
    """How a column writes its days.

    Attributes
    ----------
    form
        ISO 8601 if no text is a day in some form.
    rival
        Another form that the cells may be written in; empty if the form is certain.
    example
        A cell that both forms read, as different days, or that only the rival reads.
    """

    form: str
    rival: str = ""
    example: str = ""


def found_form(cells: pa.Array) -> FoundForm:
    """Return the form of days in which the cells of a column are written.

    Parameters
    ----------
    cells
        The first cells: text, or what Arrow has for days, which needs no form.

    Examples
    --------
    >>> from coverage_analyzer import arrays
    >>> found_form(arrays.text_array(["31.12.2026", "", "01.02.2026", "soon"])).form
    '%d.%m.%Y'
    >>> found_form(arrays.text_array(["01/02/2026", "03/04/2026"]))
    FoundForm(form='%d/%m/%Y', rival='%m/%d/%Y', example='01/02/2026')
    """
    if not (pa.types.is_string(cells.type) or pa.types.is_large_string(cells.type)):
        return FoundForm(ISO)
    texts = {t.strip() for t in pc.unique(cells).to_pylist() if t and t.strip()}
    read = {text: _forms(text) for text in sorted(texts)}
    dated = {text: forms for text, forms in read.items() if forms}
    counts = collections.Counter(form for forms in dated.values() for form in forms)
    form = max(FORMS, key=lambda form: counts[form], default=ISO) if counts else ISO
    return _compare_forms(form, dated)


def _compare_forms(form: str, dated: dict[str, list[str]]) -> FoundForm:
    """Return the form that fits most texts, unless they leave open whether its rival is meant."""
    pairs = RIVALS | {rival: form for form, rival in RIVALS.items()}
    rival = pairs.get(form, "")
    against = [text for text, forms in dated.items() if rival in forms and form not in forms]
    only = [text for text, forms in dated.items() if form in forms and rival not in forms]
    if not rival or (only and not against):
        return FoundForm(form)
    both = [text for text, forms in dated.items() if rival in forms and form in forms]
    return FoundForm(form, rival, (against or both)[0])


def _forms(text: str) -> list[str]:
    """Return the forms in which a text is a day."""
    if days.day_of(text) == days.day_of(text):
        return [ISO]  # which is written like no other form
    return [form for form in FORMS if days.day_of(text, form) == days.day_of(text, form)]


def example(form: str, *, day: int = 1) -> str:
    """Return how a day of December 2026, the first by default, is written in a form.

    Examples
    --------
    >>> [example(form) for form in (ISO, "%d.%m.%Y", "%d-%b-%Y")]
    ['2026-12-01', '01.12.2026', '01-Dec-2026']
    """
    parts = {"%Y": "2026", "%m": "12", "%d": f"{day:02}", "%b": "Dec"}
    for directive, text in parts.items():
        form = form.replace(directive, text)
    return form
