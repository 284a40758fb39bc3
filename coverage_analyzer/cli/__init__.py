"""The command line: one module per command, each calling one or two public functions."""
