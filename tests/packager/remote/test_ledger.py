from kernelwright.remote import ledger
from tests.packager.remote.ships import recorded


def test_a_record_that_a_kill_cut_short_loses_nothing_else(tmp_path):
    ledger.add(tmp_path, "pushed", {"kernel": "a/b"})
    with (tmp_path / "pushes.jsonl").open("a") as file:
        file.write('{"event": "pus')
    ledger.add(tmp_path, "ran", {"kernel": "a/b"})
    assert recorded(tmp_path) == ["pushed", "ran"]
