"""The same input gives the same bytes, wherever and however the program runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from running import AS_OF, centers_file, contents, judged, sites_file

SURROUNDINGS: dict[str, dict[str, str]] = {
    "Samoa, in German": {
        "TZ": "Pacific/Apia",  # a day ahead of most others
        "LC_ALL": "de_DE.UTF-8",
        "PYTHONHASHSEED": "1",
        "PYTHONUTF8": "0",
    },
    "no locale": {"TZ": "", "LC_ALL": "C", "PYTHONHASHSEED": "2", "PYTHONCOERCECLOCALE": "0"},
    "Turkish, with all checks": {
        "TZ": "America/St_Johns",
        "LC_ALL": "tr_TR.UTF-8",  # whose small I is another one
        "PYTHONDEVMODE": "1",
        "PYTHONOPTIMIZE": "1",
    },
}


def run(folder: Path, *before: str, cwd: Path, **variables: str) -> dict[str, bytes]:
    """Return what the program publishes, with variables of its own and called from a folder."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    command = [*before, sys.executable, "-m", "coverage_analyzer", "run"]
    command += [str(sites_file(folder)), "--centers", str(centers_file(folder))]
    command += ["-o", str(folder / "out"), "--as-of", AS_OF]
    variables = os.environ | variables
    ended = subprocess.run(
        command, capture_output=True, check=False, cwd=cwd, env=variables, timeout=120
    )
    assert ended.returncode == 0, ended.stderr
    output = [line for line in ended.stderr.splitlines() if b"Warning" in line]
    assert [line for line in output if not line.startswith(b"Warning: Not checked")] == []
    return contents(folder / "out")


@pytest.mark.parametrize("variables", SURROUNDINGS.values(), ids=SURROUNDINGS)
def test_language_time_and_chance_do_not_show(tmp_path: Path, variables: dict[str, str]) -> None:
    """No separator, no local day, no order of a set, no folder and no encoding comes through."""
    judged(tmp_path)
    expected = contents(tmp_path / "out")
    away = tmp_path / "away"
    away.mkdir()
    assert run(tmp_path, cwd=away, **variables) == expected


def test_without_a_network(tmp_path: Path) -> None:
    """Nothing is fetched: in a name space without any interface a run gives the same."""
    alone = [shutil.which("unshare") or "unshare", "--net", "--map-root-user"]
    try:
        subprocess.run([*alone, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no right to take the network away")
    judged(tmp_path)
    expected = contents(tmp_path / "out")
    assert run(tmp_path, *alone, cwd=tmp_path) == expected
