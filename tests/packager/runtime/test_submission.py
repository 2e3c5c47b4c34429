import csv
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernelwright.runtime import cell_values, submission
from kernelwright.runtime.errors import InputNotFound, InvalidSubmission

HEADER = ("id", "landmarks")
SAMPLE = "id,landmarks\na,1 0.5\nb,\n"
OPAQUE = "with bytes, an array or an object for a value:"


@pytest.fixture(autouse=True)
def working(monkeypatch, tmp_path):
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def sample(mount, configure):
    configure(competitions=("paintings",))
    return mount("competitions/paintings/sample_submission.csv", SAMPLE) / "sample_submission.csv"


def files(folder):
    return {path.name: path.read_bytes().decode() for path in folder.iterdir()}


def refused(rows, header=HEADER):
    with pytest.raises(InvalidSubmission) as error:
        submission.write(rows, header=header)
    first, *problems = str(error.value).splitlines()
    assert first == "submission.csv is left as it was, the new rows are not valid:"
    return problems


def test_rows_are_written_with_plain_line_ends_and_nothing_beside(working):
    path = submission.write([("a", "7 0.5"), ["b", ""]], header=HEADER)
    assert path == working / "submission.csv"
    assert files(working) == {"submission.csv": "id,landmarks\na,7 0.5\nb,\n"}


def test_rows_may_be_generated_and_cells_of_any_type(working):
    submission.write(((number, number / 2) for number in (1, 2)), header=("id", "score"))
    assert files(working) == {"submission.csv": "id,score\n1,0.5\n2,1.0\n"}


def test_a_later_submission_replaces_the_former(working):
    submission.write([("a", 1)], header=HEADER)
    submission.write([("b", 2)], header=HEADER)
    assert files(working) == {"submission.csv": "id,landmarks\nb,2\n"}


def test_the_configuration_names_the_file(working, configure):
    configure(submission="answers.csv")
    assert submission.write([("a", 1)], header=HEADER) == working / "answers.csv"


TEXT = st.text(
    alphabet=st.one_of(st.sampled_from(',"\r\n\t é'), st.characters(codec="utf-8", exclude_characters="\0"))
).filter(lambda text: not cell_values.NULL.fullmatch(text.strip()))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(TEXT.filter(str.strip), TEXT, min_size=1), TEXT.filter(str.strip))
def test_what_is_written_is_what_csv_reads(table, column):
    path = submission.write(table.items(), header=("id", column))
    with path.open(encoding="utf-8", newline="") as file:
        assert [tuple(row) for row in csv.reader(file)] == [("id", column), *table.items()]


@pytest.mark.parametrize(
    ("rows", "problems"),
    [
        ([], ["- no rows"]),
        ([("a", 1), ("b",), ("c", 1, 2)], ["- 2 rows with other than 2 values: row 2, row 3"]),
        ([("a", 1), ()], ["- 1 row with other than 2 values: row 2"]),
        ([("a", 1), ("b", 1), ("a", 2)], ["- 1 id repeated: a"]),
        ([(1, 1), ("1", 2)], ["- 1 id repeated: 1"]),
        ([("", 1), (" ", 1), ("", 1)], ["- 3 ids empty: row 1, row 2, row 3"]),
        ([("a", None), ("b", float("nan")), ("c", "")], ["- 2 ids with the value NaN: a, b"]),
        ([("1", "null"), ("2", "nan"), ("3", "nano")], ["- 2 ids with the value NaN: 1, 2"]),
        ([("a", b"x"), ("b", memoryview(b"x")), ("c", object()), ("d", [1, 2])], [f"- 3 ids {OPAQUE} a, b, c"]),
        ([(str(number), None) for number in range(9)], ["- 9 ids with the value NaN: 0, 1, 2, …"]),
    ],
)
def test_malformed_rows_are_refused(rows, problems, working):
    assert refused(rows) == problems
    assert files(working) == {}


def test_a_numpy_nan_a_masked_value_and_an_array_are_refused_and_scalars_are_not(working):
    numpy = pytest.importorskip("numpy")
    for value in (numpy.float32("nan"), numpy.ma.masked):
        assert refused([("a", value)]) == ["- 1 id with the value NaN: a"]
    assert refused([("a", numpy.zeros(3))]) == [f"- 1 id {OPAQUE} a"]
    written = submission.write([("a", numpy.float32(1.5)), ("b", numpy.array(2))], header=["id", "x"])
    assert written.read_text() == "id,x\na,1.5\nb,2\n"


def test_a_row_of_the_sample_that_is_cut_short_still_asks_for_its_id(working, mount, configure):
    mount("paintings/sample_submission.csv", "id,x\na,0\nb\nc,0,9\n")
    configure(competitions=["paintings"])
    assert refused([("a", 1)], header=["id", "x"]) == ["- 1 id missing: b"]
    assert submission.write([("a", 1), ("b", 2)], header=["id", "x"]).is_file()


def test_all_problems_are_told_at_once_and_the_file_on_disk_stays(working, sample):
    submission.copy_sample()
    assert refused([("a", 1), ("a", None), ("", 1), ("c", 1), ("d",)], header=("id", "landmark")) == [
        "- the header is id,landmark; the sample's is id,landmarks",
        "- 1 row with other than 2 values: row 5",
        "- 1 id empty: row 3",
        "- 1 id repeated: a",
        "- 1 id missing: b",
        "- 1 id not in the sample: c",
        "- 1 id with the value NaN: a",
    ]
    assert files(working) == {"submission.csv": SAMPLE}


def test_the_sample_asks_for_its_ids_in_any_order(working, sample):
    submission.write([("b", "2 0.1"), ("a", "")], header=HEADER)
    assert files(working) == {"submission.csv": "id,landmarks\nb,2 0.1\na,\n"}


def test_many_missing_ids_are_counted(mount, configure):
    configure(competitions=("paintings",))
    mount("paintings/sample_submission.csv", "\ufeffid,landmarks\r\n" + "".join(f"{n},\r\n" for n in range(100)))
    assert refused([("7", 1)]) == ["- 99 ids missing: 0, 1, 2, …"]


def test_an_empty_sample_has_no_header(mount, configure):
    configure(competitions=("paintings",))
    mount("paintings/sample_submission.csv")
    assert refused([("a", 1)])[0] == "- the header is id,landmarks; the sample's is empty"


def test_the_sample_is_copied_as_it_is(working, sample):
    sample.write_bytes(SAMPLE.replace("\n", "\r\n").encode())
    assert submission.copy_sample() == working / "submission.csv"
    assert (working / "submission.csv").read_bytes() == sample.read_bytes()


def test_the_sample_of_the_second_competition_will_do(working, mount, configure):
    configure(competitions=("absent", "paintings"), sample="example.csv")
    mount("paintings/example.csv", SAMPLE)
    submission.copy_sample()
    assert files(working) == {"submission.csv": SAMPLE}


def test_a_plain_script_takes_the_sample_it_finds(working, monkeypatch, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_INPUT", str(tmp_path / "mini"))
    (tmp_path / "mini/weights").mkdir(parents=True)
    (tmp_path / "mini/paintings").mkdir()
    (tmp_path / "mini/paintings/sample_submission.csv").write_text(SAMPLE)
    submission.copy_sample()
    assert files(working) == {"submission.csv": SAMPLE}


def test_a_sample_that_is_not_mounted_is_an_error(working, mount, configure):
    configure(competitions=("paintings", "photos"))
    mount("competitions/paintings/train.csv")
    with pytest.raises(InputNotFound) as error:
        submission.copy_sample()
    assert str(error.value) == (
        "sample_submission.csv is not found in paintings, photos; mounted is paintings; "
        "attach the competition in kernel-metadata.json, or name the file as sample in pyproject.toml"
    )
    assert files(working) == {}


@pytest.mark.parametrize("act", [submission.copy_sample, lambda: submission.write([("a", 1)], header=HEADER)])
def test_a_parquet_submission_is_refused(act, configure):
    configure(submission="submission.parquet")
    with pytest.raises(InvalidSubmission) as error:
        act()
    assert str(error.value) == (
        "submission = 'submission.parquet': only .csv can be written; name a .csv file in pyproject.toml"
    )


def test_a_sample_that_the_disk_fails_to_give_stops_no_rows_that_are_valid_alone(working, sample, capsys):
    sample.unlink()
    sample.symlink_to("/proc/self/mem")  # reading it is an input/output error
    with pytest.raises(InputNotFound, match=r"sample_submission.csv cannot be read \(Input/output error\)"):
        submission.copy_sample()
    submission.write([("a", "1 0.5")], header=HEADER)
    assert files(working) == {"submission.csv": "id,landmarks\na,1 0.5\n"}
    assert "cannot be read (Input/output error): the rows are not compared with it" in capsys.readouterr().err


def test_the_record_keeps_each_submission_in_order(working, sample, monkeypatch, tmp_path):
    monkeypatch.setenv("KERNELWRIGHT_RECORD", str(tmp_path / "record"))
    submission.copy_sample()
    submission.write([("a", 1), ("b", 2)], header=HEADER, after="retrieval")
    refused([("a", 1)])
    submission.write([("a", 3), ("b", 4)], header=HEADER, after="verification")
    kept = files(tmp_path / "record")
    assert json.loads(kept.pop("submissions.json")) == [
        {"file": "submission.0.csv", "after": "sample", "rows": 2},
        {"file": "submission.1.csv", "after": "retrieval", "rows": 2},
        {"file": "submission.2.csv", "after": "verification", "rows": 2},
    ]
    assert kept == {
        "submission.0.csv": SAMPLE,
        "submission.1.csv": "id,landmarks\na,1\nb,2\n",
        "submission.2.csv": "id,landmarks\na,3\nb,4\n",
    }
    assert files(working) == {"submission.csv": kept["submission.2.csv"]}
