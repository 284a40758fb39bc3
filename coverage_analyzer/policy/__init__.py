"""Policies: levels, and the rules that decide which sites get them, as data from TOML.

A policy is a closed model: an unknown key, a wrong unit or bands that overlap are errors that name
the key. It is frozen, and its hash goes into every report.
"""

from coverage_analyzer.policy.model import DEFAULT, Policy, builtin, register, text
from coverage_analyzer.policy.rules import ALL_OTHERS, Band

__all__ = ["ALL_OTHERS", "DEFAULT", "Band", "Policy", "builtin", "register", "text"]
