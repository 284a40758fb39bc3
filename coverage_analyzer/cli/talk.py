"""What the program says on standard error."""

import click


def say(text: str, *, newline: bool = True) -> None:
    """Say something, with the control characters of the input made visible."""
    shown = "".join(c if c.isprintable() or c in "\n\r" else repr(c)[1:-1] for c in text)
    click.echo(shown, err=True, nl=newline)
