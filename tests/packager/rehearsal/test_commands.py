"""``kernelwright rehearse``, ``forecast`` and ``sample`` as a user calls them."""

import json
import subprocess
import sys

import pytest

from kernelwright import cli
from kernelwright.rehearsal import python_environment, rehearse
from tests.packager.rehearsal.test_html_report import report, run

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
            asked,
            capture_output=True,
            text=True,
            check=False,
            env={"COLUMNS": "200", "PATH": "/usr/bin", python_environment.GIVEN: sys.prefix},
        )

    command.project, command.source = project, source
    return command


def test_a_rehearsal_prints_a_table_and_where_its_report_is(command):
    root = command.project.root
    with (root / "pyproject.toml").open("a") as file:
        file.write('\n[tool.kernelwright.kernels.second]\ndriver = "main.py"\nsources = ["toy"]\nscore = "toy:score"\n')
        file.write('metadata = "second.json"\n')
    (root / "second.json").write_text((root / "kernel-metadata.json").read_text().replace("toy.ipynb", "second.ipynb"))
    done = command("rehearse", "--kernel", "second", "--input", command.source, "--phase", "rerun", "--mounts", "new")
    assert done.returncode == 0, done.stderr
    table = {line.split("  ")[0]: line.split()[-1] for line in done.stdout.splitlines() if "  " in line}
    assert (table["verdict"], table["rows"], table["accuracy, answer"]) == ("Complete", "3", "0.6667")
    report = command.project.build / "rehearsal-second" / "report.html"
    assert done.stdout.splitlines()[-1] == f"report: {report}"
    assert report.is_file()
    assert "only the new mounts were rehearsed; Kaggle may use either" in done.stdout.splitlines()
    assert "time: 12 h (watched), memory: 30 GB (" in done.stdout


def test_the_exit_status_is_the_verdict_and_the_report_is_printed_as_json(command, monkeypatch, capsys):
    failed = report(run(verdict="Notebook Threw Exception"), comparison=[])
    monkeypatch.setattr(rehearse, "rehearse", lambda *_, **__: failed)
    monkeypatch.setattr(sys, "argv", ["kernelwright", "rehearse", "--project", str(command.project.root), "--json"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 1
    assert json.loads(capsys.readouterr().out)["runs"][0]["verdict"] == "Notebook Threw Exception"


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
