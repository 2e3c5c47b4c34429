import importlib.util

import pytest

from kernelwright.rehearsal import submission_check, tables

READERS = [name for name in ("pyarrow", "pandas") if importlib.util.find_spec(name)]


def test_rows_come_as_text_the_header_first(tmp_path):
    (tmp_path / "a.csv").write_text('id,value\n"a,b",1\n\nc,\n')
    assert tables.read(tmp_path / "a.csv") == [["id", "value"], ["a,b", "1"], ["c", ""]]


def test_an_empty_file_has_an_empty_header(tmp_path):
    (tmp_path / "a.csv").touch()
    assert tables.read(tmp_path / "a.csv") == [[]]


@pytest.mark.skipif(bool(READERS), reason="something here reads parquet")
def test_parquet_without_a_reader_is_a_problem_that_says_what_to_install(tmp_path):
    (tmp_path / "submission.parquet").write_bytes(b"PAR1")
    (tmp_path / "sample.csv").write_text("id,value\na,0\n")
    assert submission_check.problems(tmp_path / "submission.parquet", tmp_path / "sample.csv") == [
        "submission.parquet cannot be checked: neither pyarrow nor pandas is installed; pip install pyarrow"
    ]


def test_parquet_is_held_against_the_sample_as_csv_is(tmp_path):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    (tmp_path / "sample.csv").write_text("id,value\na,0\nb,0\n")

    def held(ids, values):
        parquet.write_table(pyarrow.table({"id": ids, "value": values}), tmp_path / "submission.parquet")
        return submission_check.problems(tmp_path / "submission.parquet", tmp_path / "sample.csv")

    assert held(["a", "b"], [1.5, 2.0]) == []
    assert held(["a", "a"], [1.5, None]) == ["1 id repeated: a", "1 id missing: b", "1 id with the value NaN: a"]
    (tmp_path / "submission.parquet").write_bytes(b"no parquet")
    (problem,) = submission_check.problems(tmp_path / "submission.parquet", tmp_path / "sample.csv")
    assert problem.startswith("submission.parquet is not a parquet file that pyarrow.parquet reads: ")
