import subprocess
import sys

import pytest

from kernelwright.errors import UnwritableOutput
from kernelwright.ship import push_log
from kernelwright.ship.push_log import Push
from tests.packager.ship.ships import recorded


def test_a_record_that_a_kill_cut_short_loses_nothing_else(tmp_path):
    push_log.append(tmp_path, "pushed", {"kernel": "a/b"})
    with (tmp_path / "pushes.jsonl").open("a") as file:
        file.write('{"event": "pus')
    push_log.append(tmp_path, "ran", {"kernel": "a/b"})
    assert recorded(tmp_path) == ["pushed", "ran"]


WRITER = """
import sys
from pathlib import Path
from kernelwright.ship import push_log

for number in range(100):
    push_log.append(Path(sys.argv[1]), sys.argv[2], {"number": number, "filling": "x" * 9000})
"""


def test_lines_that_two_commands_write_at_once_are_all_there_and_whole(tmp_path):
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, tmp_path, name]) for name in ("one", "two")]
    assert [writer.wait() for writer in writers] == [0, 0]
    told = list(push_log.events(tmp_path))
    assert [[one["number"] for one in told if one["event"] == name] for name in ("one", "two")] == [[*range(100)]] * 2


def test_a_record_that_a_full_disk_keeps_from_being_written_is_told(tmp_path):
    (tmp_path / "pushes.jsonl").symlink_to("/dev/full")
    with pytest.raises(UnwritableOutput) as caught:
        push_log.append(tmp_path, "ran", {"version": 1})
    message = "pushes.jsonl: cannot be written: No space left on device; fix that, and run again"
    assert str(caught.value) == message


def test_the_end_of_a_run_is_recorded_once_however_often_it_is_followed(tmp_path):
    push = Push(kernel="a/b", version=1, request="r", notebook="n", commit="", changed=False)
    for status in ("ERROR", "ERROR", "COMPLETE"):
        push_log.record_run(tmp_path, push, status)
    assert [one["status"] for one in push_log.events(tmp_path)] == ["ERROR", "COMPLETE"]


def test_a_line_that_is_no_push_of_ours_is_passed_over(tmp_path):
    push_log.append(tmp_path, "pushed", {"kernel": "a/b"})
    push_log.append(
        tmp_path, "pushed", {"kernel": "a/b", "version": "2", "request": 1, "notebook": 1, "commit": 1, "changed": 0}
    )
    assert push_log.pushes(tmp_path, "a/b") == []


def test_each_kernel_of_a_project_has_an_intention_of_its_own(tmp_path):
    with push_log.step(tmp_path, "a/one", {"after": 3}), push_log.step(tmp_path, "a/two", {"after": 0}):
        pass  # and here the process was killed
    push_log.finish_step(tmp_path, "a/two")
    assert push_log.pending_step(tmp_path, "a/one") == {"after": 3}
    push_log.finish_step(tmp_path, "a/one")
    assert not (tmp_path / ".kernelwright/pushing.json").exists()
