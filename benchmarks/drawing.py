"""x."""


def draw() -> None:
    """X."""
