import csv

import pytest

from kernelwright.runtime import csv_file


@pytest.mark.parametrize(
    ("data", "rows"),
    [
        ("\ufeffid,x\r\n1,é\r\n\r\n".encode(), [["id", "x"], ["1", "é"]]),
        ("id,x\n1,é\n".encode("latin-1"), [["id", "x"], ["1", "é"]]),
        (b'id,x\n1,"a\nb"\n', [["id", "x"], ["1", "a\nb"]]),
        (b"id,x\n1," + b"9" * 200_000 + b"\n", [["id", "x"], ["1", "9" * 200_000]]),
        (b"", []),
    ],
    ids=["bom-crlf", "latin-1", "line-break-in-a-cell", "long-cell", "empty"],
)
def test_a_table_is_read_whatever_its_coding_and_the_length_of_its_cells(data, rows, tmp_path):
    limit = csv.field_size_limit()
    file = tmp_path / "table.csv"
    file.write_bytes(data)
    assert csv_file.read(file) == rows
    assert csv_file.count(file) == len(rows)
    assert csv.field_size_limit() == limit
