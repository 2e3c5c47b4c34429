import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernelwright.rehearsal import submission_check


@pytest.fixture
def held(tmp_path):
    """Hold a submission's text against a sample's."""

    def held(text, sample="id,value\na,0\nb,0\n"):
        (tmp_path / "submission.csv").write_text(text)
        (tmp_path / "sample.csv").write_text(sample)
        return submission_check.problems(tmp_path / "submission.csv", tmp_path / "sample.csv")

    return held


def test_any_values_under_the_right_ids_are_accepted_in_any_order(held):
    assert held("id,value\nb,two words\na,\n", "id,value\na,one 0.5\nb,one 0.5\n") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["the header is empty; the sample's is id,value"]),
        ("id\na\nb\n", ["the header is id; the sample's is id,value"]),
        ("id,value\na,1\n", ["1 id missing: b"]),
        ("id,value\na,1\na,1\nb,1\n", ["1 id repeated: a"]),
        ("id,value\na,1\nb,1\nc,1\n,1\n", ["1 id not in the sample: c", "1 id empty: line 5"]),
        ("id,value\na,NaN\nb, nan\n", ["2 ids with the value NaN: a, b"]),
        ("id,value\na,1,\nb,1\n", ["1 row with other than 2 values, in line 2"]),
        ("id,value\na,\nb,two\n", ["2 ids whose value is no number, as it is in the sample: a, b"]),
        ('id,value\n"a,1\n', ["not a csv file in UTF-8: unexpected end of data"]),
    ],
)
def test_each_kind_of_problem_is_one_line(held, text, expected):
    assert held(text) == expected


def test_many_examples_are_cut_after_three(held):
    assert held("id,value\n", "id,value\na,0\nb,0\nc,0\nd,0\n") == ["4 ids missing: a, b, c, …"]


def test_bytes_that_are_not_text_are_a_problem_not_a_crash(tmp_path):
    (tmp_path / "submission.csv").write_bytes(b"id,value\n\xff,1\n")
    (tmp_path / "sample.csv").write_text("id,value\na,0\n")
    (problem,) = submission_check.problems(tmp_path / "submission.csv", tmp_path / "sample.csv")
    assert problem.startswith("not a csv file in UTF-8: 'utf-8' codec can't decode byte 0xff")
    assert submission_check.facts(tmp_path / "submission.csv", [problem]) == {"rows": 0, "problems": [problem]}


IDS = st.lists(st.text("abcdef", min_size=1, max_size=4), min_size=1, max_size=8, unique=True)


@given(ids=IDS, more=st.sets(st.text("abcdef", min_size=1, max_size=4), max_size=3), dropped=st.integers(0, 7))
def test_a_submission_fits_exactly_when_its_ids_are_the_samples(tmp_path_factory, ids, more, dropped):
    folder = tmp_path_factory.mktemp("held")
    kept = [key for index, key in enumerate(ids) if index != dropped]
    rows = [*kept, *sorted(more - set(kept))]
    (folder / "sample.csv").write_text("id,value\n" + "".join(f"{key},0\n" for key in ids))
    (folder / "submission.csv").write_text("id,value\n" + "".join(f"{key},1\n" for key in rows))
    fits = submission_check.problems(folder / "submission.csv", folder / "sample.csv") == []
    assert fits == (set(rows) == set(ids))
