import pytest

from tests.packager import shipped
from tests.packager.check.surveyed import found, with_driver, with_module

BEFORE = "ends the run before the submission: Kaggle skips the cells that follow"
WITHOUT = "ends the run, and nothing before is seen to write the submission: Kaggle skips what follows"
EXITS = {
    "import sys\nsys.exit(0)": 13,
    "from sys import exit as leave\nleave()": 13,
    "from sys import *\nexit()": 13,
    "import sys\nleave = sys.exit\nleave()": 14,
    "raise SystemExit": 12,
    "raise KeyboardInterrupt()": 12,
    "import os\nif not os.environ.get('X'):\n    os._exit(0)": 14,
    "from os import _exit\n_exit(0)": 13,
    "import os\nos.abort()": 13,
    "import os\nos.kill(os.getpid(), 9)": 13,
    "import os, signal\nPID = os.getpid()\nos.kill(PID, signal.SIGKILL)": 14,
    "quit()": 12,
    "exit": 12,
    "import IPython\nIPython.Application.instance().kernel.do_shutdown(True)": 13,
    "import unittest\nunittest.main(argv=[''])": 13,
    "from absl import app\napp.run(main)": 13,
    "import signal\nsignal.raise_signal(signal.SIGTERM)": 13,
    "import _thread\n_thread.interrupt_main()": 13,
    "get_ipython().ask_exit()": 12,
}


@pytest.mark.parametrize("code", EXITS)
def test_an_exit_before_the_submission_is_an_error(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.location, one.message) for one in found(project, "exit")] == [
        ("error", f"main.py:{EXITS[code]}", BEFORE)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "def exit():\n    pass\n\nexit()",
        "import os\nos.kill(child, 9)",
        "parser.exit()",
        "app.run(main)",
        "import sys\nsys.exit  # a name",
        "import unittest\nunittest.main(argv=[''], exit=False)",
        "import sys\nsys.exit()  # kernelwright: allow",
        "import sys\nsys.exit(\n    main()\n)  # kernelwright: allow",
        "if False:\n    exit()",
    ],
)
def test_what_ends_nothing_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "exit") == []


def test_an_exit_after_the_submission_is_no_finding(tmp_path):
    project = shipped.make(tmp_path)
    file = project / "main.py"
    file.write_text(file.read_text() + "\n# %%\nimport sys\n\nsys.exit(0)\n")
    assert found(project, "exit") == []


def test_an_exit_in_a_module_is_a_warning_but_not_in_its_main_guard(tmp_path):
    project = shipped.make(tmp_path)
    with_module(project, "\nimport sys\n\ndef end():\n    sys.exit(1)\n\nif __name__ == '__main__':\n    sys.exit(0)\n")
    assert [(one.severity, one.location) for one in found(project, "exit")] == [("warning", "toy/__init__.py:15")]


SAVING = """
OUT = "submission.csv"


def _save(frame):
    frame.to_csv(OUT, index=False)


def finish(frame):
    _save(frame)


class Pipeline:
    def close(self):
        (FOLDER / "submission.csv").write_text("")


def run():
    _save(None)
"""
DRIVERS = {
    "a_function_of_a_module_writes_it": ("from toy import finish\nexit()\n# %%\nfinish(1)", BEFORE),
    "a_method_writes_it": ("import toy\npipeline = toy.Pipeline()\nexit()\n# %%\npipeline.close()", BEFORE),
    "a_function_of_the_driver_writes_it": ("def done():\n    open('submission.csv', 'w')\n\nexit()\n\ndone()", BEFORE),
    "a_table_writes_it": ("exit()\n# %%\nframe.to_csv('/kaggle/working/submission.csv')", BEFORE),
    "a_table_of_that_name_writes_it": (
        *("import pandas\nsubmission = pandas.DataFrame()\nexit()\n# %%\nsubmission.to_csv(OUT)", BEFORE),
    ),
    "a_path_writes_it": (
        *("from pathlib import Path\nOUT = Path('.') / 'submission.csv'\nexit()\n# %%\nOUT.write_text('')", BEFORE),
    ),
    "a_command_writes_it": ("exit()\n# %%\n!cp answers.csv submission.csv", BEFORE),
    "its_name_tells": ("from toy import make_submission\nexit()\n# %%\nmake_submission()", BEFORE),
    "an_exit_in_a_function": ("def main():\n    if x:\n        exit()\n    submission.write()\n\nmain()", BEFORE),
    "only_the_sample_was_read": ("x = read_csv('sample_submission.csv')\nexit()\n# %%\nprint(x)", WITHOUT),
    "only_something_follows": ("x = 1\nexit()\n# %%\nprint(x)", WITHOUT),
    "written_before": ("from toy import finish\nfinish(1)\n# %%\nexit()\n# %%\nprint(1)", ""),
    "written_before_in_the_function": ("def main():\n    submission.write()\n    exit()\n\nmain()", ""),
    "written_within": ("import sys\nfrom toy import finish\nsys.exit(\n    finish(1)\n)", ""),
    "on_one_line": ("import sys\nfrom toy import finish\nsys.exit(); finish(1)", BEFORE),
    "another_thing_of_that_name": (
        *("import subprocess\nfrom toy import run\nrun()\nexit()\n# %%\nsubprocess.run(['ls'])", ""),
    ),
    "nothing_follows": ("x = 1\n# %%\nexit()", ""),
    "a_comment_follows": ("x = 1\n# %%\nexit()\n# now submission.csv is there\n# %%\n# and the submission is made", ""),
    "a_story_follows": ("x = 1\n# %%\nexit()\n# %% [markdown]\n# the submission", ""),
}


@pytest.mark.parametrize("case", DRIVERS)
def test_the_submission_is_known_by_what_writes_it(tmp_path, case):
    code, problem = DRIVERS[case]
    project = shipped.make(tmp_path)
    with_module(project, SAVING)
    (project / "main.py").write_text(f"# %%\n{code}\n")
    assert [(one.severity, one.message) for one in found(project, "exit")] == [("error", problem)] * bool(problem)


RERUN = 'import os, sys\nimport pandas as pd\nif not os.getenv("KAGGLE_IS_COMPETITION_RERUN"):\n'
SAMPLE = 'pd.read_csv("sample_submission.csv").to_csv("submission.csv", index=False)'
WRITE = "# %%\nframe.to_csv('submission.csv')"
PASSED_ON = "ends the run where its function is called, and only the run knows where that is"
LATER = "ends the run here: a later cell that writes the submission is not reached"
REACHED = {
    "called_after": (f"def finish():\n    print(1)\n    exit()\n{WRITE}\n# %%\nfinish()", []),
    "called_before": (f"def finish():\n    exit()\n# %%\nfinish()\n{WRITE}", [("error", BEFORE)]),
    "called_by_a_function_that_is_called_before": (
        f"def stop():\n    exit()\ndef finish():\n    stop()\n# %%\nfinish()\n{WRITE}",
        [("error", BEFORE)],
    ),
    "called_by_a_function_that_is_called_after": (
        f"def stop():\n    exit()\ndef finish():\n    stop()\n{WRITE}\n# %%\nfinish()",
        [],
    ),
    "called_by_a_function_that_writes_later": (
        "def stop():\n    exit()\ndef main():\n    stop()\n    submission.write()\nmain()",
        [("error", BEFORE)],
    ),
    "called_before_and_after": (
        f"def finish():\n    exit()\n# %%\nfinish()\n{WRITE}\n# %%\nfinish()",
        [("error", BEFORE)],
    ),
    "called_by_itself": (f"def again():\n    again()\n    exit()\n{WRITE}\n# %%\nagain()", []),
    "never_called": (f"def usage():\n    exit()\n{WRITE}", []),
    "given_to_be_called": (
        f"import signal\ndef stop():\n    exit()\nsignal.signal(1, stop)\n{WRITE}",
        [("warning", PASSED_ON)],
    ),
    "a_sample_is_saved_on_commit": (f"{RERUN}    {SAMPLE}\n    sys.exit(0)\n{WRITE}", []),
    "a_sample_is_saved_in_an_earlier_cell": (
        f"import pandas as pd\n{SAMPLE}\n# %%\n{RERUN}    sys.exit()\n{WRITE}",
        [],
    ),
    "a_sample_is_saved_and_a_function_called": (
        f"def finish():\n    sys.exit()\n{RERUN}    {SAMPLE}\n    finish()\n{WRITE}",
        [],
    ),
    "a_sample_is_saved_and_the_run_ends_always": (
        f"import pandas as pd\n{SAMPLE}\nexit()\n{WRITE}",
        [("warning", LATER)],
    ),
    "no_sample_is_saved_on_commit": (f"{RERUN}    sys.exit(0)\n{WRITE}", [("error", BEFORE)]),
}


@pytest.mark.parametrize("case", REACHED)
def test_an_exit_is_judged_where_it_is_reached(tmp_path, case):
    code, expected = REACHED[case]
    project = shipped.make(tmp_path)
    (project / "main.py").write_text(f"# %%\n{code}\n")
    assert [(one.severity, one.message) for one in found(project, "exit")] == expected


def test_an_exit_in_a_kernel_of_no_competition_is_a_warning(tmp_path):
    project = shipped.make(tmp_path, competition_sources=[])
    (project / "main.py").write_text("# %%\nimport sys\n\nif len(sys.argv) > 9:\n    sys.exit()\n\n# %%\nprint(1)\n")
    assert [(one.severity, one.message) for one in found(project, "exit")] == [("warning", WITHOUT)]
