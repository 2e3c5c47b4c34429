"""``kernelwright rehearse``, ``forecast`` and ``sample`` as a user calls them."""

import json
import subprocess
import sys

import pytest

COUNTED = """
[tool.kernelwright.forecast]
limit_hours = 9
counts = { answer = 3600 }
"""


@pytest.fixture
def command(kernel, source):
    """Call a command on a toy project, in a process of its own."""
    project = kernel()
    with (project.root / "pyproject.toml").open("a") as file:
        file.write(COUNTED)

    def command(name, *arguments):
        program = "import sys; from kernelwright.cli import main; sys.argv[0] = 'kernelwright'; main()"
        asked = [sys.executable, "-c", program, name, "--project", str(project.root), *map(str, arguments)]
        return subprocess.run(
            asked, capture_output=True, text=True, check=False, env={"COLUMNS": "200", "PATH": "/usr/bin"}
        )

    command.project, command.source = project, source
    return command


def test_a_rehearsal_prints_a_table_and_exits_with_its_verdict(command):
    asked = ["rehearse", "--input", command.source, "--phase", "rerun", "--mounts", "new"]
    done = command(*asked)
    assert done.returncode == 0, done.stderr
    table = {line.split("  ")[0]: line.split()[-1] for line in done.stdout.splitlines() if "  " in line}
    assert (table["verdict"], table["rows"], table["accuracy, answer"]) == ("Complete", "3", "0.6667")
    assert done.stdout.splitlines()[-1] == f"report: {command.project.build}/rehearsal/report.html"
    (command.project.root / "main.py").write_text("# %%\n1 / 0\n")
    done = command(*asked, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["runs"][0]["verdict"] == "Notebook Threw Exception"


def test_a_forecast_needs_no_run_here_where_a_log_tells_the_times(command, tmp_path):
    told = {"kernelwright": {"stages": [{"name": "answer", "count": 2, "seconds": 6.0}]}}
    (tmp_path / "kaggle.log").write_text(json.dumps(told))
    done = command("forecast", "--from-log", tmp_path / "kaggle.log")
    assert done.returncode == 0, done.stderr
    assert "3.00 h, within the limit of 9 h; most of it is answer" in done.stdout
    told["kernelwright"]["stages"][0]["seconds"] = 60.0
    (tmp_path / "kaggle.log").write_text(json.dumps(told))
    done = command("forecast", "--from-log", tmp_path / "kaggle.log", "--json")
    assert (done.returncode, json.loads(done.stdout)["hours"]) == (1, 30.0)


@pytest.mark.full
def test_a_forecast_runs_samples_of_the_sizes_it_is_given(command):
    done = command("forecast", "--input", command.source, "--rows", 1, "--rows", 3, "--json")
    assert done.returncode in {0, 1}, done.stderr
    (stage,) = json.loads(done.stdout)["stages"]
    assert [count for count, _ in stage["observed"]] == [1, 3]


def test_a_sample_says_what_it_kept(command, tmp_path):
    done = command("sample", "--from", command.source, "--rows", 2, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "train.csv: 2 of 2 rows",
        "sample_submission.csv: 2 of 3 rows",
        "test.csv: 2 of 3 rows",
        "truth.csv: 2 of 3 rows",
        f"{tmp_path}/out: rehearse on it with --input {tmp_path}/out",
    ]
    again = command("sample", "--from", command.source, "--rows", 2, "--out", tmp_path / "out")
    assert (again.returncode, again.stdout) == (1, "")
