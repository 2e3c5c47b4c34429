from kernelwright.rehearsal import verdict
from kernelwright.rehearsal.resource_limits import Watched
from kernelwright.rehearsal.run import Outcome


def code(source, *, duration=1.0, outputs=(), key="one"):
    metadata = {"papermill": {"duration": duration, "start_time": "then"}}
    return {"cell_type": "code", "id": key, "source": source, "metadata": metadata, "outputs": list(outputs)}


def outcome(*cells, exception=None, exceeded=None, hosts=()):
    watched = Watched(memory=[(0.0, 1_500_000_000)], exceeded=exceeded)
    notebook = {"cells": list(cells)}
    return Outcome(seconds=7.0, exception=exception, watched=watched, notebook=notebook, hosts=hosts, log="")


def test_a_run_that_left_a_valid_submission_is_complete(tmp_path):
    (tmp_path / "submission.csv").touch()
    judged = verdict.judge(outcome(code("1")), tmp_path / "submission.csv", [])
    assert judged == verdict.Verdict(word="Complete", detail="")


def test_a_limit_outranks_the_exception_it_causes(tmp_path):
    dead = {"name": "DeadKernelError", "text": "Kernel died"}
    judged = verdict.judge(outcome(code("a()", duration=None), exception=dead, exceeded="memory"), tmp_path / "x", [])
    assert judged.word == "Notebook Exceeded Allowed Compute"
    assert judged.detail == "ended at the memory limit, with 1.50 GB in use\nin cell one:\n    a()"


def test_a_long_cell_is_shown_by_its_first_lines_and_its_last_output():
    printed = {"output_type": "stream", "name": "stdout", "text": "".join(f"line {n}\n" for n in range(30))}
    source = "\n".join(f"step_{n}()" for n in range(20))
    died = {"name": "DeadKernelError", "text": "Kernel died"}
    lines = verdict.judge(outcome(code(source, duration=None, outputs=[printed]), exception=died), None, []).detail
    assert lines.splitlines()[1:4] == ["in cell one:", "    step_0()", "    step_1()"]
    assert "    step_11()\n    …\n  | line 10\n" in lines
    assert lines.endswith("  | line 29")


def test_empty_cells_do_not_count_as_left_out(tmp_path):
    (tmp_path / "submission.csv").touch()
    judged = verdict.judge(outcome(code("1"), code("\n", duration=None)), tmp_path / "submission.csv", [])
    assert judged.detail == ""


def test_an_error_outside_any_cell_is_told_in_its_own_words(tmp_path):
    raised = {"name": "NoSuchKernel", "text": "No such kernel named python9"}
    judged = verdict.judge(outcome(exception=raised, hosts=("example.org",)), tmp_path / "x", [])
    assert judged.detail == "the network was asked for: example.org\nNo such kernel named python9"
