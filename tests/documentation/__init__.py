"""Whether the documentation is true: its examples run, and its site is whole."""
