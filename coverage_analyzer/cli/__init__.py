"""The command line: a verb a file, each a thin face of one or two public functions."""
