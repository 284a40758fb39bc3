"""Policies: levels, and the rules that decide which sites get them, as data from TOML.

A policy is a closed model: unknown keys, wrong units and overlapping bands are errors that name the
key. It is frozen, and its hash is part of every report.
"""

from coverage_analyzer.policy.model import DEFAULT, Policy, builtin, register, text
from coverage_analyzer.policy.rules import ALL_OTHERS, Band

__all__ = ["ALL_OTHERS", "DEFAULT", "Band", "Policy", "builtin", "register", "text"]
