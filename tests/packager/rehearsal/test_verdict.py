from kernelwright.rehearsal import verdict
from kernelwright.rehearsal.resource_limits import Usage
from kernelwright.rehearsal.run import Outcome
from kernelwright.rehearsal.verdict import Verdict, Word


def code(source, *, duration=1.0, start="then", outputs=(), key="one", status="completed"):
    metadata = {"papermill": {"duration": duration, "start_time": start, "status": status}}
    return {"cell_type": "code", "id": key, "source": source, "metadata": metadata, "outputs": list(outputs)}


def outcome(*cells, exception=None, exceeded=None, hosts=()):
    usage = Usage(memory=[(0.0, 1_500_000_000)], exceeded=exceeded)
    notebook = {"cells": list(cells)}
    return Outcome(seconds=7.0, exception=exception, usage=usage, notebook=notebook, hosts=hosts, log="")


def test_the_word_is_what_kaggle_says_of_how_a_run_ended():
    raised = {"name": "NoSuchKernel", "text": "No such kernel named python9"}
    assert verdict.judge(outcome(code("1")), [], []) == Verdict(word=Word.COMPLETE)
    left_out = outcome(code("1"), code("2", duration=None, start=None), code("\n", duration=None, start=None))
    detail = "submission.csv was not written\n1 cell never ran, as after sys.exit(0)"
    assert verdict.judge(left_out, ["submission.csv was not written"], ["x"]) == Verdict(
        word=Word.NOT_FOUND, detail=detail
    )
    assert verdict.judge(outcome(code("1")), [], ["no rows"]) == Verdict(word=Word.SCORING_ERROR, detail="no rows")
    network = verdict.judge(outcome(exception=raised, hosts=("example.org",)), [], [])
    assert network == Verdict(
        word=Word.THREW, detail="the network was asked for: example.org\nNo such kernel named python9"
    )


def test_a_limit_outranks_the_exception_it_causes():
    dead = {"name": "DeadKernelError", "text": "Kernel died"}
    judged = verdict.judge(outcome(code("a()", duration=None), exception=dead, exceeded="memory"), [], [])
    assert judged.word == "Notebook Exceeded Allowed Compute"
    assert judged.detail == "ended at the memory limit, with 1.50 GB in use\nin cell one:\n    a()"


def test_a_long_cell_is_shown_by_its_first_lines_and_its_last_output():
    printed = {"output_type": "stream", "name": "stdout", "text": "".join(f"line {n}\n" for n in range(30))}
    source = "\n".join(f"step_{n}()" for n in range(20))
    died = {"name": "DeadKernelError", "text": "Kernel died"}
    lines = verdict.judge(outcome(code(source, duration=None, outputs=[printed]), exception=died), [], []).detail
    assert lines.splitlines()[1:4] == ["in cell one:", "    step_0()", "    step_1()"]
    assert "    step_11()\n    …\n  | line 10\n" in lines
    assert lines.endswith("  | line 29")


def test_a_magic_that_is_not_there_is_shown_though_it_leaves_no_error_among_the_outputs():
    said = {"output_type": "stream", "name": "stderr", "text": "UsageError: Line magic function `%%time` not found.\n"}
    raised = {"name": "PapermillExecutionError", "text": "Exception encountered at In [2]"}
    cell = code("# how long\n%%time\nf()", outputs=[said], status="failed")
    judged = verdict.judge(outcome(code("1"), cell, exception=raised), [], [])
    assert judged.detail == (
        "in cell one:\n    # how long\n    %%time\n    f()\n  | UsageError: Line magic function `%%time` not found."
    )
    assert [cell["failed"] for cell in verdict.cells(outcome(code("1"), cell).notebook)] == [False, True]
