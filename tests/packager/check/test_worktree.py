import os
from pathlib import Path

from kernelwright.check.context import Files
from kernelwright.check.worktree import worktree
from kernelwright.errors import GitFailed
from kernelwright.support import git
from tests.packager import shipped


def problems(folder):
    return [(problem.code, problem.message) for problem in worktree(Files(root=folder, metadata=""))]


def test_uncommitted_changes_are_found_but_not_what_a_push_records(tmp_path):
    shipped.commit(tmp_path)
    (tmp_path / "pushes.jsonl").write_text("{}\n")
    (tmp_path / ".kernelwright").mkdir()
    (tmp_path / ".kernelwright/x").write_text("")
    assert problems(tmp_path) == []
    (tmp_path / "notes.txt").write_text("")
    assert problems(tmp_path) == [("KW921", "1 uncommitted: notes.txt")]
    Path(os.fsdecode(bytes(tmp_path) + b"/caf\xe9.txt")).write_text("")
    assert problems(tmp_path) == [("KW921", "2 uncommitted: caf\ufffd.txt, notes.txt")]


def test_without_a_repository_nothing_is_said_of_git(tmp_path):
    assert problems(tmp_path) == []


def test_a_repository_git_refuses_to_read_is_an_error(tmp_path, monkeypatch):
    def refuse(_):
        raise GitFailed("git status: dubious ownership")

    monkeypatch.setattr(git, "uncommitted", refuse)
    assert problems(tmp_path) == [("KW922", "git status: dubious ownership")]
