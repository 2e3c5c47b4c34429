"""The workflow and the commands that the documentation tells people to use."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from kernelwright.cli import app

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "docs/kaggle-push.yml"
COMMANDS = typer.main.get_command(app).commands


def used(text):
    """Return each `kernelwright COMMAND --option…` that a text names."""
    return [
        (name, re.findall(r"(?<!\S)(--[a-z-]+)", options))
        for name, options in re.findall(r"^\s*(?:run: |[-$] )?kernelwright ([a-z]+)([^\n|;&#]*)", text, re.MULTILINE)
    ]


@pytest.mark.parametrize("file", ["docs/kaggle-push.yml", "docs/shipping.md"])
def test_every_command_the_documentation_shows_is_there(file):
    shown = used((ROOT / file).read_text("utf-8"))
    assert shown
    for name, options in shown:
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert set(options) <= known, name


def test_the_workflow_checks_and_rehearses_before_it_pushes():
    steps = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["push"]["steps"]
    commands = [name for step in steps for name, _ in used(f"run: {step.get('run', '')}".replace("\n", "\n$ "))]
    assert commands == ["wheels", "build", "check", "rehearse", "push"]


@pytest.mark.full
def test_the_workflow_is_one_by_githubs_own_schema(tmp_path):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*check, str(WORKFLOW)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok -- validation done")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "runs-at:"))
    assert subprocess.run([*check, str(wrong)], capture_output=True, check=False).returncode == 1
