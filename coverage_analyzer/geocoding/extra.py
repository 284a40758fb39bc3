"""What an installation needs to geocode."""

import importlib.util

from coverage_analyzer.errors import MissingExtraError


def check_extra(*libraries: str) -> None:
    """Raise if a library of the extra is not installed.

    Raises
    ------
    MissingExtraError
        With the command that installs it.
    """
    for library in libraries:
        if importlib.util.find_spec(library) is None:
            msg = (
                f"Geocoding requires: pip install 'coverage-analyzer[geocode]' ({library} is "
                f"missing)."
            )
            raise MissingExtraError(msg)
