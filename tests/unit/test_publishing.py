"""Publish or nothing: a folder holds a whole report, the old one or the new one."""

import errno
import os
from pathlib import Path
from typing import Never

import pytest
from running import contents

from coverage_analyzer.errors import FolderBusyError, PublishError
from coverage_analyzer.files.run_folder.contents import earlier_files
from coverage_analyzer.files.run_folder.publishing import Publication
from coverage_analyzer.files.work_folder import WorkFolder


def put(publication: Publication, **files: str) -> None:
    """Write files under their names, without publishing them; ``_`` stands for a dot."""
    for name, text in files.items():
        publication.path(name.replace("_", ".")).write_text(text, encoding="utf-8")


def left_by_a_killed_run(folder: Path) -> Path:
    """Return the work folder that a run has left which was killed."""
    work = WorkFolder.create(folder)
    (work.path / "report.csv").write_text("half", encoding="utf-8")
    if work.lock is not None:
        os.close(work.lock)
    return work.path


def unpublished(folder: Path, **files: str) -> None:
    """Begin to publish files into a folder, and fail.

    Raises
    ------
    RuntimeError
        Always.
    """
    with Publication(folder) as publication:
        put(publication, **files)
        raise RuntimeError("boom")


def published(folder: Path, **files: str) -> None:
    """Publish files into a folder, where all but notes are an earlier run's."""
    with Publication(folder) as publication:
        put(publication, **files)
        earlier = {path.name for path in folder.iterdir() if path.is_file()}
        publication.publish(earlier - {"notes.txt"})


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    """The user names where the report shall be; it need not be there."""
    published(tmp_path / "a" / "b", report_csv="1")
    assert contents(tmp_path / "a" / "b") == {"report.csv": b"1"}


def test_nothing_appears_before_publishing(tmp_path: Path) -> None:
    """While a run works, nobody can take half a report for a whole one."""
    with Publication(tmp_path) as publication:
        put(publication, report_csv="1", run_json="2")
        assert [n for n in contents(tmp_path) if not n.startswith(".")] == []
    assert contents(tmp_path) == {}


def test_nothing_appears_after_an_error_and_the_old_stays(tmp_path: Path) -> None:
    """An error before publishing leaves the old report byte for byte, and no litter."""
    published(tmp_path, report_csv="old", run_json="old")
    with pytest.raises(RuntimeError, match="boom"):
        unpublished(tmp_path, report_csv="new", run_json="new")
    assert contents(tmp_path) == {"report.csv": b"old", "run.json": b"old"}


def test_what_stands_elsewhere_is_committed_before_the_files(tmp_path: Path) -> None:
    """A commit finds all files written and none in place; if it fails, the old report stays."""
    published(tmp_path, report_csv="old", run_json="old")
    seen = []

    def commit() -> None:
        seen.append(contents(tmp_path))
        if len(seen) == 1:
            raise PublishError("boom")

    with Publication(tmp_path) as publication:
        put(publication, report_csv="new", run_json="new")
        with pytest.raises(PublishError, match="boom"):
            publication.publish(["report.csv", "run.json"], commit)
    assert contents(tmp_path) == {"report.csv": b"old", "run.json": b"old"}
    with Publication(tmp_path) as publication:
        put(publication, report_csv="new", run_json="new")
        publication.publish(["report.csv", "run.json"], commit)
    assert contents(tmp_path) == {"report.csv": b"new", "run.json": b"new"}
    for there in seen:
        assert there["report.csv"] == b"old"
        hidden = {Path(name).name: data for name, data in there.items() if name.startswith(".")}
        assert hidden["report.csv"] == hidden["run.json"] == b"new"


def test_a_new_report_replaces_the_old_one(tmp_path: Path) -> None:
    """Files of one name are replaced; files of the user's stay."""
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    published(tmp_path, report_csv="old")
    published(tmp_path, report_csv="new")
    assert contents(tmp_path) == {"notes.txt": b"mine", "report.csv": b"new"}


def test_what_a_dead_run_left_is_cleared(tmp_path: Path) -> None:
    """Parts of a run that was killed go when the next one begins; other hidden files stay."""
    left_by_a_killed_run(tmp_path)
    (tmp_path / ".hidden").write_text("mine", encoding="utf-8")
    with Publication(tmp_path):
        pass
    assert contents(tmp_path) == {".hidden": b"mine"}


def test_two_runs_cannot_hold_one_folder(tmp_path: Path) -> None:
    """The second one says so and does not touch what the first one writes."""
    with Publication(tmp_path) as first:
        put(first, report_csv="1")
        with pytest.raises(FolderBusyError, match="Another run"):
            Publication(tmp_path)
        first.publish()
    assert contents(tmp_path) == {"report.csv": b"1"}


def test_a_folder_is_free_after_a_run_however_it_ends(tmp_path: Path) -> None:
    """The lock goes with the run, be it well or not."""
    published(tmp_path, report_csv="1")
    with pytest.raises(RuntimeError, match="boom"):
        unpublished(tmp_path)
    published(tmp_path, report_csv="2")


def test_a_lock_file_is_not_left(tmp_path: Path) -> None:
    """The folder itself is locked: nothing remains that could be stale."""
    with Publication(tmp_path):
        pass
    assert contents(tmp_path) == {}


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """``-o report.csv`` is the commonest slip."""
    path = tmp_path / "report.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(PublishError, match="is a file"):
        Publication(path)
    with pytest.raises(PublishError, match="cannot be created"):
        Publication(path / "below")
    assert path.read_text(encoding="utf-8") == "mine"


def test_a_folder_that_cannot_be_written_is_told_before_the_work(tmp_path: Path) -> None:
    """Hours of work must not end at a folder that was read-only from the start."""
    if not hasattr(os, "geteuid") or os.geteuid() == 0:
        pytest.skip("root may write everywhere: permissions cannot be tested")
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(PublishError, match="cannot be written"):
            Publication(tmp_path)
    finally:
        tmp_path.chmod(0o755)


def full(*_: object, **__: object) -> Never:
    """Be a disk without room.

    Raises
    ------
    OSError
        Always.
    """
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_probe_that_fails_lets_the_folder_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After ``cannot be written to`` and mending it, the same program can try again."""
    with monkeypatch.context() as patch:
        patch.setattr(os, "mkdir", full)
        with pytest.raises(PublishError, match="cannot be written to"):
            Publication(tmp_path)
    published(tmp_path, report_csv="1")
    assert contents(tmp_path) == {"report.csv": b"1"}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_disk_that_refuses_leaves_the_old_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """No room when files are brought to the disk or put in place: the old report stands."""
    published(tmp_path, report_csv="old", run_json="old")
    with Publication(tmp_path) as new, monkeypatch.context() as patch:
        put(new, report_csv="new", run_json="new")
        patch.setattr(os, step, full)
        with pytest.raises(PublishError, match="could not be written"):
            new.publish(["report.csv", "run.json"])
    assert contents(tmp_path) == {"report.csv": b"old", "run.json": b"old"}


def test_all_files_are_on_the_disk_before_the_first_is_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a crash could leave a name that points to nothing; the manifest comes last."""
    steps: list[str] = []
    fsync, replace = os.fsync, os.replace

    def synced(descriptor: int) -> None:
        steps.append("fsync")
        fsync(descriptor)

    def replaced(source: Path, target: Path) -> None:
        steps.append(target.name)
        replace(source, target)

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(os, "replace", replaced)
    published(tmp_path, report_csv="1", rejects_csv="2", run_json="3")
    journal = [
        "fsync",
        "journal.json",
        "fsync",
        "fsync",
    ]  # says what is to come, should the run die now
    files = ["report.csv", "rejects.csv", "run.json"]
    assert steps == [*["fsync"] * 3, *journal, *files, *["fsync"] * 2]


def test_folders_that_a_run_has_left_behind_go(tmp_path: Path) -> None:
    """A workbook is made in one; whoever is killed leaves it."""
    left = left_by_a_killed_run(tmp_path)
    (left / ".workbook-1").mkdir()
    (left / ".workbook-1" / "rows").write_text("x")
    Publication(tmp_path).__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []


def test_superseded_files_go(tmp_path: Path) -> None:
    """A report in another format would stay behind and contradict the new one."""
    published(tmp_path, report_csv="old")
    with Publication(tmp_path) as publication:
        put(publication, report_parquet="new")
        publication.publish(["report.csv", "report.xlsx"])
    assert contents(tmp_path) == {"report.parquet": b"new"}


def test_superseded_files_stay_if_publishing_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only a whole new report supersedes."""
    published(tmp_path, report_csv="old")
    with Publication(tmp_path) as publication:
        put(publication, report_parquet="new")
        monkeypatch.setattr(os, "replace", full)
        with pytest.raises(PublishError, match="could not be written"):
            publication.publish(["report.csv"])
    assert contents(tmp_path) == {"report.csv": b"old"}


def test_a_file_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    """A planner's own centers.csv in the output folder is no old report."""
    (tmp_path / "centers.csv").write_text("mine", encoding="utf-8")
    with Publication(tmp_path) as publication:
        put(publication, centers_csv="theirs", run_json="{}")
        with pytest.raises(PublishError, match=r"centers\.csv exists"):
            publication.publish()
    assert contents(tmp_path) == {"centers.csv": b"mine"}


def test_a_first_run_that_was_killed_locks_nobody_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it had put in place is known as its own, so the next run may replace it."""
    with monkeypatch.context() as patch, Publication(tmp_path) as publication:
        put(publication, report_csv="1", rejects_csv="1", run_json="{}")
        replace = os.replace

        def killed(source: Path, target: Path) -> None:
            if target.name == "rejects.csv":
                raise KeyboardInterrupt
            replace(source, target)

        patch.setattr(os, "replace", killed)
        with pytest.raises(KeyboardInterrupt):
            publication.publish()
    with Publication(tmp_path) as publication:
        put(publication, report_csv="2", rejects_csv="2", run_json="{}")
        publication.publish(earlier_files(tmp_path))
    assert contents(tmp_path)["report.csv"] == b"2"


def test_a_folder_without_a_name_is_refused() -> None:
    """An unset variable in a nightly job must not publish into wherever it runs."""
    with pytest.raises(PublishError, match="no name"):
        Publication("")
