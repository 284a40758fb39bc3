"""Settings files that are hostile, broken, or in places where they must not be used."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from running import centers_file, sites_file

from coverage_analyzer.cli.main import program
from coverage_analyzer.documents import MAX_TOML_BYTES
from coverage_analyzer.errors import InputError
from coverage_analyzer.settings import discovery, reading
from coverage_analyzer.settings.discovery import NAME, find
from coverage_analyzer.settings.model import Settings

LONG_S = 5.0
"""Far above what a file within the limits takes."""

BROKEN = {
    "not UTF-8": (b"[sites]\nfile = '\xff'", "is not UTF-8 text"),
    "UTF-16": ("[sites]".encode("utf-16"), "is not UTF-8 text"),
    "NUL": (b"a = '\0'", "is not valid TOML"),
    "not TOML": (b"[sites]\nfile: x", "is not valid TOML"),
    "JSON": (b'{"sites": {}}', "is not valid TOML"),
    "twice": (b"[sites]\nfile='a'\nfile='b'", "is not valid TOML"),
    "deep lists": (b"x = " + b"[" * 100_000, "levels deep"),
    "deep tables": (b"x = " + b"{a=" * 100_000, "levels deep"),
    "long key": (b".".join([b"a"] * 100_000) + b" = 1", "a key of more than"),
    "long number": (b"x = " + b"1" * 5000, "digits"),
    "huge": (b"#" * (MAX_TOML_BYTES + 1), "is larger than 1,048,576 bytes"),
    "many unknown keys": (b"".join(b"k%d = 1\n" % n for n in range(30_000)), "30,000 problems"),
    "many lists": (b"k = [\n" + b"'a',\n" * 100_000 + b"]", "has 1 problem"),
    "many quotes": (b"k = [\n" + b"'''a\n''',\n" * 50_000 + b"]", "has 1 problem"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_file_is_one_error_in_little_time(case: str, tmp_path: Path) -> None:
    """Whatever is in it, the message names the file, and what is wrong."""
    data, message = BROKEN[case]
    path = tmp_path / NAME
    path.write_bytes(data)
    start = time.process_time()
    with pytest.raises(InputError) as error:
        Settings.load(path)
    assert time.process_time() - start < LONG_S
    assert str(path) in str(error.value)
    assert message in str(error.value)
    assert len(str(error.value)) < 5_000


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a working folder with a file of sites and one of centers."""
    sites_file(tmp_path)
    centers_file(tmp_path)
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.startswith(discovery.PREFIX):
            monkeypatch.delenv(name)
    return tmp_path


def called(*arguments: str) -> Result:
    """Call the program."""
    return CliRunner().invoke(program, arguments)


def check() -> Result:
    """Call a command that needs no settings."""
    return called("check", "sites.csv", "--max-rejects", "100%")


def test_a_folder_of_that_name_is_refused(project: Path) -> None:
    """It is not skipped: nobody should wonder why settings do not apply."""
    (project / NAME).mkdir()
    ended = check()
    assert isinstance(ended.exception, InputError)
    assert "is a folder, not a settings file" in str(ended.exception)
    assert "--no-settings" in str(ended.exception)
    assert called("check", "sites.csv", "--no-settings", "--max-rejects", "100%").exit_code == 0


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no such pipes")
def test_a_pipe_of_that_name_is_refused_and_not_waited_for(project: Path) -> None:
    """Nobody writes into it."""
    os.mkfifo(project / NAME)
    assert "is a device or pipe" in str(check().exception)


def test_an_endless_device_is_refused(project: Path) -> None:
    """Through a link, which belongs to the user while the device does not."""
    (project / NAME).symlink_to("/dev/zero")
    start = time.process_time()
    ended = check()
    assert time.process_time() - start < LONG_S
    if ended.exception:
        assert "is a device or pipe" in str(ended.exception)
    else:
        assert "belongs to another user" in ended.stderr


def test_a_link_to_a_plain_file_of_ones_own_is_followed(project: Path) -> None:
    """Paths are relative to the folder of the link."""
    (project / "deep").mkdir()
    (project / "deep" / "real.toml").write_text("[sites]\nfile = 'sites.csv'\n")
    (project / NAME).symlink_to(project / "deep" / "real.toml")
    assert called("check", "--max-rejects", "100%").exit_code == 0


def test_a_broken_link_is_named(project: Path) -> None:
    """Someone wanted settings there."""
    (project / NAME).symlink_to("nowhere")
    assert "cannot be read" in str(check().exception)


def test_a_loop_of_links_is_named(project: Path) -> None:
    """It is no crash."""
    (project / NAME).symlink_to(NAME)
    ended = check()
    assert isinstance(ended.exception, InputError) or "not used" in ended.stderr


def test_an_unreadable_file_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be read are not left out."""
    (project / NAME).write_text("")

    def refusing(*_arguments: object, **_options: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(reading.os, "open", refusing)
    with pytest.raises(InputError, match="cannot be read: Permission denied"):
        Settings.load(project / NAME)


@pytest.mark.parametrize("name", ["nowhere.toml", "a\0b.toml", "x" * 5000])
def test_a_named_file_that_is_missing_is_named(name: str, project: Path) -> None:
    """Exit code 2 and no traceback."""
    ended = called("check", "sites.csv", "--settings", name)
    assert isinstance(ended.exception, (InputError, SystemExit))
    assert "Traceback" not in ended.stderr


def test_named_and_refused_at_once_is_a_mistake(project: Path) -> None:
    """Which of the two counts is not guessed."""
    ended = called("check", "sites.csv", "--settings", "x.toml", "--no-settings")
    assert ended.exit_code == 2
    assert "exclude each other" in ended.stderr


@pytest.fixture
def below(tmp_path: Path) -> Iterator[Path]:
    """Return a folder three levels below one with a settings file."""
    folder = tmp_path / "a" / "b" / "c"
    folder.mkdir(parents=True)
    (tmp_path / NAME).write_text("")
    return folder


def test_the_nearest_file_above_counts(below: Path, tmp_path: Path) -> None:
    """Not the ones further up."""
    assert find(below).path == tmp_path / NAME
    (below.parent / NAME).write_text("")
    assert find(below).path == below.parent / NAME


def test_the_home_folder_is_the_last_one(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its own file counts, one above does not."""
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "a")
    assert find(below) == discovery.Discovery()
    (tmp_path / "a" / NAME).write_text("")
    assert find(below).path == tmp_path / "a" / NAME


def test_the_search_ends_at_a_file_system(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is mounted elsewhere is another machine's, or a stick's."""
    real = discovery._device
    monkeypatch.setattr(discovery, "_device", lambda p: 1 if p == tmp_path / "a" else real(p))
    assert find(below) == discovery.Discovery()


def test_the_search_ends_at_the_folder_of_another_owner(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file there is not used, and a warning says so; further up nothing is searched."""
    real = discovery._is_own
    monkeypatch.setattr(discovery, "_is_own", lambda p: p != tmp_path / "a" and real(p))
    assert find(below) == discovery.Discovery()
    (tmp_path / "a" / NAME).write_text("")
    result = find(below)
    assert result.path is None
    assert "belongs to another user" in result.notice
    assert f"--settings {tmp_path / 'a' / NAME}" in result.notice


def test_a_file_of_another_owner_is_not_used(
    below: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the folder is one's own."""
    real = discovery._is_own
    monkeypatch.setattr(discovery, "_is_own", lambda p: p.name != NAME and real(p))
    assert find(below).path is None
    assert find(below).notice


def test_owners_are_compared(below: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the number of the user; a link counts as its own and as what it leads to."""
    assert discovery._is_own(below)
    monkeypatch.setattr(os, "getuid", lambda: 12345)
    assert not discovery._is_own(below)
    monkeypatch.delattr(os, "getuid")
    assert discovery._is_own(below)


def test_a_folder_that_is_gone_has_no_settings(tmp_path: Path) -> None:
    """The command itself then says what is wrong."""
    assert find(tmp_path / "gone") == discovery.Discovery()


def test_a_file_that_was_found_connects_to_nothing(project: Path) -> None:
    """The server of a found file is refused before anything is asked; a named one is asked."""
    path = project / NAME
    path.write_text("[geocode]\nserver = 'http://127.0.0.1:9'\n[addresses]\nfile = 'sites.csv'\n")
    ended = called("geocode", "-o", "x.csv")
    assert "line 2, geocode.server: a server is taken only" in str(ended.exception)
    for command in (["run"], ["check"], ["config"], ["letter", "--site", "1"]):
        assert isinstance(called(*command).exception, InputError)
    assert called("check", "sites.csv", "--settings", NAME, "--max-rejects", "100%").exit_code == 0


def test_help_and_completion_read_no_settings(project: Path) -> None:
    """A broken file stands in nobody's way who asks for help."""
    (project / NAME).write_text("[")
    assert called("run", "--help").exit_code == 0
    assert called("run", "sites.csv", "-h").exit_code == 0
    assert called("--help").exit_code == 0
    assert called("policies").exit_code == 0
    assert isinstance(called("config").exception, InputError)
