import threading

import pytest

from kernelwright.runtime import record


def test_nothing_is_recorded_without_a_folder():
    assert record.folder() is None


def test_the_folder_is_made(monkeypatch, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(tmp_path / "deep/record"))
    assert record.folder() == tmp_path / "deep/record"
    assert (tmp_path / "deep/record").is_dir()


def test_a_file_is_replaced_and_nothing_left_beside_it(tmp_path):
    record.replace(tmp_path / "a.txt", b"old")
    record.replace(tmp_path / "a.txt", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"new"}


def test_a_failure_leaves_the_old_file_and_nothing_beside_it(tmp_path, monkeypatch):
    def fail(self, target):
        assert self.read_bytes() == b"new"
        raise OSError

    record.replace(tmp_path / "a.txt", b"old")
    monkeypatch.setattr(record.Path, "replace", fail)
    with pytest.raises(OSError):  # noqa: PT011 - bare, as raised above
        record.replace(tmp_path / "a.txt", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a.txt": b"old"}


def test_two_writers_at_once_leave_no_half_or_mixed_file_for_a_reader(tmp_path):
    file, whole = tmp_path / "a.txt", [sign * 200_000 for sign in (b"a", b"b")]
    record.replace(file, whole[0])

    def write(content):
        for _ in range(100):
            record.replace(file, content)

    writers = [threading.Thread(target=write, args=(content,)) for content in whole]
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        assert file.read_bytes() in whole
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
