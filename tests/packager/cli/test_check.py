"""`kernelwright check` as it is called."""

import json

from typer.testing import CliRunner

from kernelwright.cli import app
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


def test_an_error_fails_the_command_and_the_table_shows_severity_place_and_fix(tmp_path):
    result = run(shipped.ready(tmp_path, is_private=False, enable_internet=None))
    assert result.exit_code == 1
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines == [
        "severity  place                                  problem, and its fix",
        "error     kernel-metadata.json: enable_internet  missing, and Kaggle's client then turns the internet on",
        '                                                 write "enable_internet": false',
        "warning   kernel-metadata.json: is_private       the notebook will be public, for everybody to read",
        '                                                 write "is_private": true, unless that is meant',
        "1 error, 1 warning: not ready to push",
    ]


def test_the_answer_in_json_holds_every_finding(tmp_path):
    project = shipped.ready(tmp_path, is_private=False)
    assert json.loads(run(project, "--json").stdout) == {
        "ready": True,
        "findings": [
            {
                "check": "metadata",
                "severity": "warning",
                "place": "kernel-metadata.json: is_private",
                "problem": "the notebook will be public, for everybody to read",
                "fix": 'write "is_private": true, unless that is meant',
            }
        ],
    }
