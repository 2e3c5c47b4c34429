import subprocess

import pytest

from kernelwright.errors import GitFailed
from kernelwright.support import git


@pytest.fixture
def repository(tmp_path):
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


def commit(folder, message="one"):
    who = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "-qm", message], cwd=folder, check=True)


def test_a_folder_in_no_repository_has_no_commit_and_no_changes(tmp_path):
    assert (git.commit(tmp_path), git.uncommitted(tmp_path), git.history(tmp_path, "a", most=3)) == ("", [], [])


def test_without_git_there_is_no_commit(repository, monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert (git.commit(repository), git.uncommitted(repository)) == ("", [])


def test_a_repository_without_a_commit_has_changes_only(repository):
    (repository / "a").write_text("1")
    assert (git.commit(repository), git.uncommitted(repository), git.history(repository, "a", most=3)) == (
        "",
        ["a"],
        [],
    )


def test_paths_are_relative_to_the_folder_asked_about(repository):
    (repository / "sub").mkdir()
    (repository / "sub/a b").write_text("1")
    (repository / "other").write_text("1")
    assert git.uncommitted(repository / "sub") == ["."]
    commit(repository)
    (repository / "sub/a b").write_text("2")
    assert git.uncommitted(repository / "sub") == ["a b"]


def test_a_file_that_was_moved_goes_by_its_new_path(repository):
    (repository / "ab c.txt").write_text("the same text")
    commit(repository)
    subprocess.run(["git", "mv", "ab c.txt", "new.txt"], cwd=repository, check=True)
    (repository / "other").touch()
    assert git.uncommitted(repository) == ["new.txt", "other"]


def test_the_history_of_a_file_is_the_latest_commit_first(repository):
    for text in ("1", "2", "3"):
        (repository / "a").write_text(text)
        commit(repository, text)
    revisions = git.history(repository, "a", most=2)
    assert [git.run(repository, "show", f"{revision}:./a") for revision in revisions] == [b"3", b"2"]
    assert git.commit(repository) == revisions[0]


def test_a_repository_that_git_refuses_to_read_is_an_error_and_not_a_clean_one(repository, monkeypatch):
    (repository / "a").write_text("1")
    commit(repository)
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for ask in (git.commit, git.uncommitted):
        with pytest.raises(GitFailed, match=r"^git rev-parse: fatal: detected dubious ownership in repository"):
            ask(repository)


LABELS = ("here", "as built", "the notebook")


def test_three_versions_of_a_file_are_merged(tmp_path):
    assert git.merge_file(b"1\n2\n3\n", b"a\n2\n3\n", b"a\n2\nc\n", labels=LABELS) == (b"1\n2\nc\n", True)
    merged = b"<<<<<<< here\n1\n=======\n2\n>>>>>>> the notebook\n"
    assert git.merge_file(b"1\n", b"a\n", b"2\n", labels=LABELS) == (merged, False)


def test_a_merge_without_git_or_that_git_refuses_is_an_error(monkeypatch):
    with pytest.raises(GitFailed, match=r"^git merge-file: error: Cannot merge binary files"):
        git.merge_file(b"\0", b"", b"\0\0", labels=LABELS)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(GitFailed, match=r"^git merge-file: No such file or directory; install git"):
        git.merge_file(b"", b"", b"", labels=LABELS)
