import os
from pathlib import Path

from tests.packager import shipped
from tests.packager.check.surveyed import found, told


def test_uncommitted_changes_are_a_warning_but_not_what_a_push_records(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "pushes.jsonl").write_text("{}\n")
    (project / ".kernelwright").mkdir()
    (project / ".kernelwright/x").write_text("")
    assert told(project) == []
    (project / "notes.txt").write_text("")
    assert told(project) == [("git", "warning", "git", "1 uncommitted: notes.txt")]


def test_a_name_that_is_no_text_is_named_as_well_as_can_be(tmp_path):
    project = shipped.ready(tmp_path)
    Path(os.fsdecode(bytes(project) + b"/caf\xe9.txt")).write_text("")
    assert told(project) == [("git", "warning", "git", "1 uncommitted: caf\ufffd.txt")]


def test_without_git_nothing_is_said_of_it(tmp_path):
    assert found(shipped.make(tmp_path), "git") == []
