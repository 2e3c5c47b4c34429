import os
import subprocess

import pytest

from kernelwright.errors import UnwritableOutput
from kernelwright.support import atomic_files


def test_a_file_is_written_with_the_folders_above_it(tmp_path):
    atomic_files.replace(tmp_path / "a/b/c.txt", b"one")
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"one"
    assert (tmp_path / "a/b/c.txt").stat().st_mode & 0o777 == 0o644


def test_an_identical_file_is_left_untouched(tmp_path):
    file = tmp_path / "c.txt"
    file.write_bytes(b"one")
    os.utime(file, (1, 1))
    atomic_files.replace(file, b"one")
    assert file.stat().st_mtime == 1
    atomic_files.replace(file, b"two")
    assert file.read_bytes() == b"two"


@pytest.mark.parametrize("step", ["fdopen", "replace"])
def test_what_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch, step):
    file = tmp_path / "c.txt"
    file.write_bytes(b"old")
    monkeypatch.setattr(os, step, lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(UnwritableOutput) as caught:
        atomic_files.replace(file, b"new")
    assert str(caught.value) == f"{file}: cannot be written: No space left on device"
    assert [path.name for path in tmp_path.iterdir()] == ["c.txt"]
    assert file.read_bytes() == b"old"


def test_a_folder_in_the_way_is_named(tmp_path):
    (tmp_path / "c.txt").write_bytes(b"")
    with pytest.raises(UnwritableOutput) as caught:
        atomic_files.replace(tmp_path / "c.txt/d.txt", b"new")
    assert str(caught.value) == f"{tmp_path}/c.txt/d.txt: cannot be written: File exists"


def test_of_several_files_none_is_written_before_all_can_be(tmp_path):
    (tmp_path / "b").mkdir()
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(UnwritableOutput) as caught:
        atomic_files.replace_all({tmp_path / "a": b"new", tmp_path / "b": b"new"})
    assert str(caught.value) == f"{tmp_path}/b: cannot be written: a folder is in its place"
    assert (tmp_path / "a").read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_a_file_that_cannot_be_deleted_is_named(tmp_path):
    with pytest.raises(UnwritableOutput) as caught:
        atomic_files.remove(tmp_path / "gone.txt")
    assert str(caught.value) == f"{tmp_path}/gone.txt: cannot be deleted: No such file or directory"


def test_a_file_keeps_its_mode(tmp_path):
    file = tmp_path / "run.sh"
    file.write_bytes(b"one")
    file.chmod(0o755)
    atomic_files.replace(file, b"two")
    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"two", 0o755)


def test_what_a_killed_process_left_is_swept_and_what_a_running_one_writes_is_not(tmp_path):
    ended = subprocess.Popen(["true"])
    ended.wait()
    for pid in (ended.pid, os.getpid()):
        (tmp_path / f".{pid}.abc{atomic_files.PARTIAL}").write_bytes(b"half")
    (tmp_path / f".mine{atomic_files.PARTIAL}").write_bytes(b"not ours")
    atomic_files.replace(tmp_path / "c.txt", b"one")
    kept = [f".{os.getpid()}.abc{atomic_files.PARTIAL}", f".mine{atomic_files.PARTIAL}", "c.txt"]
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(kept)
