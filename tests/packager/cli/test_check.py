"""`kernelwright check` as it is called."""

import json

from typer.testing import CliRunner

from kernelwright.check.finding import Finding, Severity
from kernelwright.cli import app
from kernelwright.cli.render import show_findings
from tests.packager import shipped


def run(*arguments):
    return CliRunner().invoke(app, ["check", "--project", *map(str, arguments)])


def test_the_command_succeeds_on_a_ready_project(tmp_path):
    result = run(shipped.ready(tmp_path), "--push")
    assert (result.exit_code, result.stdout) == (0, "no problems: ready to push\n")


def test_what_is_unready_fails_only_the_check_a_push_makes(tmp_path):
    project = shipped.make(tmp_path)
    assert run(project).exit_code == 0
    assert run(project, "--push").exit_code == 1
    assert run(project).stdout.splitlines()[-1] == "2 unready: not ready to push"


def test_an_error_fails_the_command_and_each_finding_is_a_line_with_its_fix_below(tmp_path):
    result = run(shipped.ready(tmp_path, is_private=False, enable_internet=None))
    assert result.exit_code == 1
    assert result.stdout.splitlines() == [
        "kernel-metadata.json: enable_internet: KW105 error: missing, and Kaggle's client then turns the internet on",
        '    write "enable_internet": false',
        "kernel-metadata.json: is_private: KW110 warning: the notebook will be public, for everybody to read",
        '    write "is_private": true, unless that is meant',
        "1 error, 1 warning: not ready to push",
    ]


def test_a_long_path_stays_whole_in_a_pipe_and_brackets_are_no_markup(capsys):
    path = f"{'folder/' * 40}module.py"
    show_findings([Finding(code="KW501", file=path, place=3, message="x[bold]", severity=Severity.warning)])
    assert capsys.readouterr().out == f"{path}:3: KW501 warning: x[bold]\n1 warning: ready to push\n"


def test_many_warnings_of_one_code_in_a_file_are_grouped_and_errors_are_not(capsys):
    for severity in (Severity.warning, Severity.error):
        show_findings(
            [Finding(code="KW501", file="a.py", place=at, message="m", severity=severity) for at in range(1, 7)]
        )
    warnings, errors = capsys.readouterr().out.split("6 warnings: ready to push\n")
    assert warnings.splitlines() == [
        *(f"a.py:{at}: KW501 warning: m" for at in (1, 2, 3)),
        "    and 3 more KW501 in a.py: 4, 5, 6",
    ]
    assert errors.splitlines() == [*(f"a.py:{at}: KW501 error: m" for at in range(1, 7)), "6 errors: not ready to push"]


def test_the_answer_in_json_holds_every_finding(tmp_path):
    project = shipped.ready(tmp_path, is_private=False)
    assert json.loads(run(project, "--json").stdout) == {
        "ready": True,
        "findings": [
            {
                "check": "metadata",
                "severity": "warning",
                "code": "KW110",
                "place": "kernel-metadata.json: is_private",
                "problem": "the notebook will be public, for everybody to read",
                "fix": 'write "is_private": true, unless that is meant',
            }
        ],
    }
