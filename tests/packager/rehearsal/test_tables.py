import subprocess
import sys
from pathlib import Path

import pytest

from kernelwright.rehearsal import tables


def test_rows_come_as_text_the_header_first(tmp_path):
    (tmp_path / "a.csv").write_text('id,value\n"a,b",1\n\nc,\n')
    assert tables.read(tmp_path / "a.csv") == [["id", "value"], ["a,b", "1"], ["c", ""]]


def test_an_empty_file_has_an_empty_header(tmp_path):
    (tmp_path / "a.csv").touch()
    assert tables.read(tmp_path / "a.csv") == [[]]


def test_parquet_without_a_reader_says_what_is_needed(tmp_path):
    (tmp_path / "submission.parquet").write_bytes(b"PAR1")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    with pytest.raises(tables.Unreadable) as caught:
        tables.read(tmp_path / "submission.parquet", python)
    assert str(caught.value) == (
        f"submission.parquet cannot be checked: {python} has no pyarrow; name an image that holds it in `images`"
    )


@pytest.mark.full
def test_parquet_is_read_and_cut_by_the_images_pyarrow(kernel, tmp_path):
    python = tables.parquet_python(kernel())
    table = "pyarrow.table({'id': [1, 2, 3], 'x': ['a', None, 'c']})"
    make = f"import sys, pyarrow.parquet; pyarrow.parquet.write_table({table}, sys.argv[1])"
    whole, cut = tmp_path / "whole.parquet", tmp_path / "cut.parquet"
    subprocess.run([python, "-c", make, whole], check=True)
    assert tables.read(whole, python) == [["id", "x"], ["1", "a"], ["2", "nan"], ["3", "c"]]
    tables.cut_parquet(whole, cut, [0, 2], python)
    assert tables.read(cut, python)[1:] == [["1", "a"], ["3", "c"]]
    whole.write_bytes(Path(whole).read_bytes()[:-9])
    with pytest.raises(tables.Unreadable, match=r"^whole.parquet is not a parquet file: "):
        tables.read(whole, python)
