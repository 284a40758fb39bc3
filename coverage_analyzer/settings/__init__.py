"""The settings file ``coverage-analyzer.toml``: where it is, what it may contain, what is used.

A value is taken from an option, else from the environment, else from the file, else the default
applies (`values`). Only the standard library is imported until a file or a variable is found.
"""
