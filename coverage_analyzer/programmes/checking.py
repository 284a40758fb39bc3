"""Check the file of a policy or programme: all problems and warnings, with their lines."""

import re
from pathlib import Path
from typing import Any, NamedTuple

from coverage_analyzer.errors import PolicyError, Problem, quantity, visible
from coverage_analyzer.policy import Policy
from coverage_analyzer.policy.advice import advice
from coverage_analyzer.policy.positions import key_lines, line_of, path_of
from coverage_analyzer.policy.problems import MORE
from coverage_analyzer.programmes import catalogue


class Checked(NamedTuple):
    """The result of a check.

    Attributes
    ----------
    file
        The file, or the name of a built-in document.
    problems
        What makes it invalid; empty if it is valid.
    warnings
        What is suspicious in a valid document.
    is_complete
        Whether these are all problems, or others may appear when they are corrected.
    """

    file: str
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]
    is_complete: bool = True

    @property
    def is_valid(self) -> bool:
        """Whether it can be used."""
        return not self.problems

    def text(self) -> str:
        """Return the result, a line for each problem and warning."""
        if self.problems:
            head = f"{self.file} is not valid: {quantity(len(self.problems), 'problem')}."
        else:
            warnings = quantity(len(self.warnings), "warning") if self.warnings else "no warnings"
            head = f"{self.file} is valid: {warnings}."
        more = () if self.is_complete else (MORE,)
        lines = [head, *(f"  {each}" for each in (*self.problems, *self.warnings, *more))]
        return "\n".join(map(visible, lines))

    def to_dict(self) -> dict[str, Any]:
        """Return the result as plain data."""
        return {
            "file": self.file,
            "valid": self.is_valid,
            "problems": [each._asdict() for each in self.problems],
            "complete": self.is_complete,
            "warnings": [each._asdict() for each in self.warnings],
        }


def check(source: str | Path) -> Checked:
    """Check a policy or programme, by the path of its file or by its name.

    Raises
    ------
    PolicyError
        If the document is unknown.

    Examples
    --------
    >>> check("appliance-maintenance").text()
    'appliance-maintenance is valid: no warnings.'
    """
    text = catalogue.text(source)
    try:
        document = catalogue.entry(source)
    except PolicyError as error:
        problems = error.problems or (_file_problem(str(error), str(source)),)
        return Checked(str(source), problems, (), is_complete=error.is_complete)
    lines = key_lines(text)
    texts = [*document.warnings, *advice(document)] if isinstance(document, Policy) else []
    return Checked(str(source), (), tuple(_with_line(each, lines) for each in texts))


def _file_problem(message: str, source: str) -> Problem:
    """Return a problem of the whole file, such as an error of TOML, with the line that it names."""
    line = re.search(r"\(at line (\d+), column \d+\)", message)
    text = message.removeprefix(f"{source} ")
    return Problem(int(line[1]) if line else None, "", text)


def _with_line(text: str, lines: dict[Any, int]) -> Problem:
    """Return a warning with the line of its key."""
    path = path_of(text, lines)
    return Problem(line_of(path, lines), ".".join(map(str, path)), text)
