"""x."""


def write() -> None:
    """X."""
