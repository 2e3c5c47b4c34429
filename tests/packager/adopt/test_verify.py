"""What two runs are compared by."""

from kernelwright.adopt.verify import Result, compare, result
from kernelwright.rehearsal.resource_limits import Usage
from kernelwright.rehearsal.run import Outcome


def ran(*outputs, exception=None):
    return Outcome(
        seconds=1,
        exception=exception,
        usage=Usage(),
        notebook={"cells": [{"outputs": list(outputs)}, {}]},
        hosts=(),
        log="",
    )


def stdout(text):
    return {"output_type": "stream", "name": "stdout", "text": text}


def test_what_is_printed_is_told_without_addresses_and_times(tmp_path):
    shown = {"output_type": "execute_result", "data": {"text/plain": ["<A at 0x7f00deadbeef>"]}}
    outcome = ran(stdout(["a\n", "Wall time: 3 s\n"]), {**stdout("noise"), "name": "stderr"}, shown)
    assert result(outcome, tmp_path) == Result(ended="Complete", printed="a\n…\n<A at …>\n", files={})


def test_a_missing_input_ends_both_alike_whatever_it_is_called(tmp_path):
    ends = [
        result(ran({"output_type": "error", "ename": name, "evalue": "x"}, exception={"name": "E"}), tmp_path).ended
        for name in ("FileNotFoundError", "InputNotFound", "KeyError")
    ]
    assert ends == ["an input is missing", "an input is missing", "KeyError: x"]


def test_runs_that_did_the_same_are_the_same():
    one = Result(ended="Complete", printed="a\n", files={"submission.csv": "1"})
    assert compare(one, one).lines == ("end: Complete", "output (1 line): the same", "submission.csv: the same")
    assert compare(one, one).same


def test_each_difference_is_shown():
    one = Result(ended="Complete", printed="a\nb\n", files={"submission.csv": "1", "x": "1"})
    other = Result(ended="KeyError: x", printed="a\nc\n", files={"submission.csv": "2"})
    comparison = compare(one, other)
    assert not comparison.same
    assert comparison.lines == (
        "end: Complete before, KeyError: x now",
        "output (2 lines): not the same",
        "  --- original",
        "  +++ built",
        "  @@ -1,2 +1,2 @@",
        "   a",
        "  -b",
        "  +c",
        "submission.csv: not the same",
        "x: only in one of them",
    )
