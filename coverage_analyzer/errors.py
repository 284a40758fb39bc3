"""What can go wrong, as one tree.

::

    CoverageError
    ├── InputError(ValueError)         a table, a row, a column or an argument cannot be used
    ├── PolicyError(ValueError)        the policy's text breaks a rule of policies
    ├── PublishError(OSError)          the report could not be written
    │   └── FolderBusyError            another run holds the folder
    ├── ServiceError(OSError)          a service did not answer, or not as it should
    └── MissingExtraError(ImportError) a library of an extra is not installed

Every message says what is wrong, where (the first rows, and how many), and what to do.
"""


def visible(text: str) -> str:
    r"""Return a line of text with all characters that would steer a terminal as escapes.

    Examples
    --------
    >>> print(visible("Zürich\x1b[2J\r\n"))
    Zürich\x1b[2J\r\n
    """
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class CoverageError(Exception):
    """Root of all errors that this package raises on purpose."""


class InputError(CoverageError, ValueError):
    """A table, a row, a column or an argument cannot be used."""


class PolicyError(CoverageError, ValueError):
    """A policy breaks a rule of policies; the message names the key."""


class PublishError(CoverageError, OSError):
    """The report could not be written; what stood in the folder before still stands."""


class FolderBusyError(PublishError):
    """Another run holds the folder."""


class ServiceError(CoverageError, OSError):
    """A service did not answer, or not as it should; the message says what to try."""


class MissingExtraError(CoverageError, ImportError):
    """A library of an extra is not installed; the message gives the command that does it."""
