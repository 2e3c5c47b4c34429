from kernelwright.remote import ledger
from tests.packager.remote.ships import recorded


def test_a_record_that_a_kill_cut_short_loses_nothing_else(tmp_path):
    ledger.add(tmp_path, "pushed", {"kernel": "a/b"})
    with (tmp_path / "pushes.jsonl").open("a") as file:
        file.write('{"event": "pus')
    ledger.add(tmp_path, "ran", {"kernel": "a/b"})
    assert recorded(tmp_path) == ["pushed", "ran"]


def test_a_line_that_is_no_push_of_ours_is_passed_over(tmp_path):
    ledger.add(tmp_path, "pushed", {"kernel": "a/b"})
    ledger.add(
        tmp_path, "pushed", {"kernel": "a/b", "version": "2", "request": 1, "notebook": 1, "commit": 1, "changed": 0}
    )
    assert ledger.pushes(tmp_path, "a/b") == []


def test_each_kernel_of_a_project_has_an_intention_of_its_own(tmp_path):
    ledger.intend(tmp_path, "a/one", "r1", 3)
    ledger.intend(tmp_path, "a/two", "r2", 0)
    ledger.settle(tmp_path, "a/two")
    assert ledger.intended(tmp_path, "a/one") == {"request": "r1", "after": 3}
    ledger.settle(tmp_path, "a/one")
    assert not (tmp_path / ".kernelwright/pushing.json").exists()
