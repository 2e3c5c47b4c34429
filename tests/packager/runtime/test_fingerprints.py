import csv
import hashlib
import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernelwright.runtime import fingerprints

CELL = st.text(alphabet="ab 1;é", min_size=1).filter(str.strip)


@settings(deadline=None)
@given(
    rows=st.lists(st.tuples(CELL, CELL), min_size=1),
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    final=st.integers(min_value=0, max_value=3),
)
def test_rows_are_what_csv_reads_less_the_header_whatever_the_line_ends(tmp_path_factory, rows, ending, final):
    file = tmp_path_factory.mktemp("rows") / "train.csv"
    file.write_bytes((ending.join(map(",".join, rows)) + ending * final).encode())
    with file.open(encoding="utf-8", newline="") as lines:
        read = [row for row in csv.reader(lines) if row]
    assert fingerprints.rows(file) == len(read) - 1 == len(rows) - 1


def test_an_empty_file_has_no_rows(tmp_path):
    (tmp_path / "train.csv").touch()
    assert fingerprints.rows(tmp_path / "train.csv") == 0


SHA256 = hashlib.sha256(b"id,x\n1,2\n").hexdigest()


@pytest.mark.parametrize(
    ("facts", "answer"),
    [
        ({"rows": 1}, (True, "paintings/train.csv has the public 1 rows")),
        ({"bytes": 9}, (True, "paintings/train.csv has the public 9 bytes")),
        ({"sha256": SHA256}, (True, f"paintings/train.csv has the public sha256 {SHA256}")),
        ({"rows": 2}, (False, "paintings/train.csv has 1 rows, the public one has 2")),
        ({"bytes": 8}, (False, "paintings/train.csv has 9 bytes, the public one has 8")),
        ({"sha256": "ab"}, (False, f"paintings/train.csv has sha256 {SHA256}, the public one has ab")),
        ({"rows": 1, "bytes": 8}, (False, "paintings/train.csv has 9 bytes, the public one has 8")),
        ({}, (False, "no public fingerprint is declared")),
    ],
)
def test_data_is_public_when_all_that_is_declared_of_a_file_matches(mount, facts, answer):
    mount("paintings/train.csv", "id,x\n1,2\n")
    assert fingerprints.compare({"paintings/train.csv": facts}) == answer


def test_every_declared_file_must_match(mount):
    mount("paintings/train.csv", "id\n1\n")
    mount("labels/deep/labels.csv", "id\n")
    public = {"paintings/train.csv": {"rows": 1}, "labels/deep/labels.csv": {"rows": 0}}
    assert fingerprints.compare(public) == (
        True,
        "paintings/train.csv has the public 1 rows and labels/deep/labels.csv has the public 0 rows",
    )


def test_what_is_not_mounted_is_not_public():
    assert fingerprints.compare({"paintings/train.csv": {"rows": 1}}) == (False, "paintings/train.csv is not mounted")


def test_what_cannot_be_read_is_not_public(mount):
    mount("paintings/test.csv")
    assert fingerprints.compare({"paintings/train.csv": {"bytes": 1}}) == (
        False,
        "paintings/train.csv cannot be read (No such file or directory)",
    )


@pytest.mark.parametrize("measure", [{"rows": 1}, {"bytes": 9}, {"sha256": "ab"}])
def test_a_named_pipe_as_fingerprint_is_not_waited_for(mount, measure):
    folder = mount("paintings/x.csv")
    os.mkfifo(folder / "train.csv")
    assert fingerprints.compare({"paintings/train.csv": measure}) == (
        False,
        "paintings/train.csv cannot be read (it is no file)",
    )
