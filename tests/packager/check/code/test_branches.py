"""Branches that a run on Kaggle takes, and those it does not."""

import pytest

from tests.packager import shipped
from tests.packager.check.surveyed import cases, found, with_driver

DOINGS = {
    "network": "requests.get('https://x.org')",
    "inputs": "open('/kaggle/input/other-data/x')",
    "exit": "exit()",
}
COMMAND = "!pip install timm"


@pytest.mark.parametrize("check", DOINGS)
@pytest.mark.parametrize("code", cases("skipped.txt"))
def test_a_branch_that_kaggle_does_not_take_is_not_judged(tmp_path, code, check):
    project = shipped.make(tmp_path)
    with_driver(project, "import requests\n" + code.replace("HERE", DOINGS[check]))
    assert found(project, check) == []


@pytest.mark.parametrize("check", DOINGS)
@pytest.mark.parametrize("code", cases("taken.txt"))
def test_a_branch_that_kaggle_may_take_is_judged(tmp_path, code, check):
    project = shipped.make(tmp_path)
    with_driver(project, "import requests\n" + code.replace("HERE", DOINGS[check]))
    assert [one.severity for one in found(project, check)].count("error") == 1


def test_a_command_in_a_branch_is_judged_as_any_code_is(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(project, f"TRAIN = False\nif TRAIN:\n    {COMMAND}\nelse:\n    {COMMAND}")
    assert [one.location for one in found(project, "network")] == ["main.py:16"]


def test_an_expression_that_kaggle_does_not_reach_is_not_judged(tmp_path):
    project = shipped.make(tmp_path)
    code = "import os\nK = os.path.exists('/kaggle')\nd = '/kaggle/input/toy-data' if K else '../input/other-data'"
    with_driver(project, code)
    assert [one.severity for one in found(project, "inputs")] == ["warning"]
