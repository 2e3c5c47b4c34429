import pytest

from kernelwright.runtime import submission_rules
from kernelwright.runtime.submission_rules import Sample

LABELS = Sample(header=("id", "label"), rows=[("a", "None"), ("b", "cat")])
PIXELS = Sample(header=("id", "rle"), rows=[("a", "1 1"), ("b", "1 1")])
SEGMENTS = Sample(header=("image_id", "class", "score"), rows=[("a", "x", "0.1"), ("a", "y", "0.2"), ("b", "x", "0.3")])
BOXES = Sample(header=("image", "label", "box"), rows=[("p", "x", "1 2"), ("p", "x", "1 3"), ("q", "y", "2 2")])
ORDERED = Sample(header=("level",), rows=[("0",), ("0",)])
LATER = Sample(header=("score", "row_id"), rows=[("0", "a"), ("0", "b")])


@pytest.mark.parametrize(
    ("sample", "rows", "problems"),
    [
        (LABELS, [("a", "None"), ("b", "nan")], ["1 id with the value NaN: b"]),
        (PIXELS, [("a", "5 2 9 1"), ("b", 3)], []),
        (PIXELS, [("a", "none"), ("b", "x")], ["2 ids whose rle is no number, as it is in the sample: a, b"]),
        (PIXELS, [("a", ""), ("b", "3 1")], []),
        (LATER, [("", "a"), (0.5, "b")], ["1 id whose score is no number, as it is in the sample: a"]),
        (PIXELS, [("a", "1"), ("b", None)], ["1 id with the value NaN: b"]),
        (SEGMENTS, [("a", "x", 1), ("a", "y", 1), ("a", "z", 1), ("b", "x", 1)], []),
        (SEGMENTS, [("b", "x", 1), ("c", "x", 1)], ["1 id missing: a", "1 id not in the sample: c"]),
        (LATER, [(0.5, "b"), (0.7, "a")], []),
        (BOXES, [("p", "y", "3 4"), ("p", "y", "3 4"), ("q", "x", "1 2")], []),
        (ORDERED, [(0.5,), (0.7,)], []),
        (
            ORDERED,
            [(1,), (None,), ("x",)],
            [
                "the number of rows is 3, the sample's is 2",
                "1 id with the value NaN: row 2",
                "1 id whose level is no number, as it is in the sample: row 3",
            ],
        ),
        (LATER, [(0.5, "b"), (0.5, "b")], ["1 id repeated: b", "1 id missing: a"]),
        (Sample(header=("id", "rle")), [("a", "x")], []),
        (
            Sample(header=("id", "x")),
            [("a", "nan")],
            ["the header is id,rle; the sample's is id,x", "1 id with the value NaN: a"],
        ),
    ],
)
def test_the_sample_says_what_is_asked_for(sample, rows, problems):
    header = ("id", "rle") if not sample.rows else sample.header
    assert submission_rules.problems(header, rows, sample) == problems


NULLS = ("#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA")
NULLS += ("NULL", "NaN", "None", "n/a", "nan", "null")


@pytest.mark.parametrize("text", NULLS)
def test_a_text_that_pandas_reads_as_nan_is_a_problem(text):
    assert submission_rules.problems(("id", "x"), [("a", text)]) == ["1 id with the value NaN: a"]
