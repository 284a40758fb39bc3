"""The container and the workflow do what they say, as far as that shows without running them."""

import re
import tomllib
from fnmatch import fnmatch
from typing import Any

import pytest
import yaml

from documentation.blocks import ROOT

pytestmark = pytest.mark.skipif(not (ROOT / "Dockerfile").is_file(), reason="no repository")


def steps() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments."""
    lines = (ROOT / "Dockerfile").read_text("utf-8").splitlines()
    return [tuple(line.split(" ", 1)) for line in lines if line and line[0] != "#"]  # type: ignore[misc]


def project() -> dict[str, Any]:
    """Return the table ``project`` of ``pyproject.toml``."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        table: dict[str, Any] = tomllib.load(file)["project"]
    return table


def test_what_the_image_copies_is_there_and_not_ignored() -> None:
    """A file that the ignore list leaves out would end the build."""
    rules = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    sent = [rule[1:] for rule in rules if rule.startswith("!")]
    copied = [
        name
        for step, rest in steps()
        if step == "COPY" and "--from" not in rest
        for name in rest.split()[:-1]
    ]
    assert copied
    for name in copied:
        assert (ROOT / name).exists()
        assert any(fnmatch(name, rule) for rule in sent), name


def test_the_image_has_known_extras_and_runs_without_rights() -> None:
    """It starts the command that the package installs, as a user that is not root."""
    text = " ".join(rest for step, rest in steps() if step == "RUN")
    extras = set(re.findall(r'"\.\[([\w,]+)\]"', text)[0].split(","))
    assert extras <= set(project()["optional-dependencies"])
    final = steps()[max(n for n, (step, _) in enumerate(steps()) if step == "FROM") :]
    settings = dict(final)
    assert settings["ENTRYPOINT"] == f'["{next(iter(project()["scripts"]))}"]'
    assert int(settings["USER"]) > 0
    assert settings["WORKDIR"] == "/work"


def test_the_workflow_runs_the_two_commands_on_all_pythons() -> None:
    """On each system and version that the package names."""
    text = (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
    jobs = yaml.safe_load(text)["jobs"]
    matrix = [job["strategy"]["matrix"] for job in jobs.values() if "strategy" in job]
    systems = {system.partition("-")[0] for each in matrix for system in each["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    lowest = project()["requires-python"].removeprefix(">=")
    assert all(each["python"][0] == lowest for each in matrix)
    run = [step["run"] for job in jobs.values() for step in job["steps"] if "run" in step]
    assert {"make demo", "make docs"} <= set(run)
    assert any(".ci/run" in command for command in run)
    # Packages of Debian are installed by root, and Python is that of the image.
    assert jobs["checks"]["container"]["image"] == f"python:{lowest}-bookworm"
