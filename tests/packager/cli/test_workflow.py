"""The workflow and the commands that the documentation tells people to use."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer.main
import yaml

from kernelwright import __version__
from kernelwright.cli import app
from kernelwright.image.kaggle_image import DEFAULT
from kernelwright.project import scaffold
from kernelwright.ship import push_log
from tests.packager import shipped
from tests.packager.loopback import Fault, Kaggle, rehearsing

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / "docs/kaggle-push.yml"
COMMANDS = typer.main.get_command(app).commands
STEPS = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["push"]["steps"]
SCRIPTS = {step["name"]: step["run"] for step in STEPS if "run" in step}
TAKE, RECORD = "Take the branch's record along", "Commit the record, also of a push that failed"
WHEELS, PUSH = "Make the wheels, if the project has any", "Push"
FOLLOW = "Follow the run for an hour, fetch its output"


def used(text):
    """Return each `kernelwright COMMAND --option…` that a text names."""
    return re.findall(r"(?<![\w./\"])kernelwright ([a-z]+)([^\n|;&#]*)", text)


def test_every_command_the_guide_shows_is_there():
    blocks = re.findall(r"^kernelwright ([a-z]+)([^\n#]*)", (ROOT / "docs/ship.md").read_text("utf-8"), re.MULTILINE)
    assert blocks
    for name, options in blocks:
        known = {option for parameter in COMMANDS[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", options)) <= known, name


@pytest.mark.parametrize("step", [name for name in SCRIPTS if used(SCRIPTS[name])])
def test_every_command_of_the_workflow_is_understood(step):
    for name, options in used(SCRIPTS[step]):
        told = COMMANDS[name].make_context(name, options.replace('"', "").split())
        assert told.command is COMMANDS[name]


def test_the_workflow_checks_and_rehearses_before_it_pushes():
    commands = [name for script in SCRIPTS.values() for name, _ in used(script)]
    assert commands == ["wheels", "build", "check", "push", "rehearse", "push", "status", "output", "status", "output"]
    assert [options for name, options in used("\n".join(SCRIPTS.values())) if name == "push"] == [
        " --dry-run --skip-rehearsal ",
        "",
    ]


def test_a_script_is_filled_in_by_the_shell_alone():
    assert not [name for name, script in SCRIPTS.items() if "${{" in script]


def test_the_workflow_installs_the_version_it_is_written_for():
    assert f'pip install "kernelwright[ship]=={__version__}"' in "".join(SCRIPTS.values())


def test_its_steps_end_in_time_for_the_record():
    job = yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["push"]
    bounded = sum(step.get("timeout-minutes", 0) for step in STEPS) + 60 * SCRIPTS[FOLLOW].count("timeout 1h")
    assert bounded < job["timeout-minutes"] < 360


def test_the_record_is_committed_and_kept_whatever_became_of_the_push():
    (record,) = (step for step in STEPS if step.get("name") == RECORD)
    (taken,) = (step for step in STEPS if step.get("name") == TAKE)
    assert record["if"] == f"always() && steps.{taken['id']}.outcome == 'success'"
    assert (STEPS[-1]["if"], STEPS[-1]["with"]["include-hidden-files"]) == ("always()", True)
    assert STEPS[-1]["with"]["path"].split()[:2] == ["pushes.jsonl", ".kernelwright/"]


@pytest.mark.full
def test_the_workflow_is_one_by_githubs_own_schema(tmp_path):
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.github-workflows"]
    done = subprocess.run([*check, str(WORKFLOW)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "ok -- validation done")
    wrong = tmp_path / "wrong.yml"
    wrong.write_text(WORKFLOW.read_text("utf-8").replace("runs-on:", "runs-at:"))
    assert subprocess.run([*check, str(wrong)], capture_output=True, check=False).returncode == 1


# The steps are run as a runner would, with real git and a bare repository for GitHub's.


class Origin:
    """A repository and its author's clone of it."""

    def __init__(self, folder):
        self.bare, self.author, self.runners = folder / "origin.git", folder / "author", folder / "runners"
        shipped.git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(self.bare))
        shipped.git(folder, "clone", "--quiet", str(self.bare), str(self.author))
        shipped.git(self.author, "checkout", "--quiet", "-B", "main")

    def commit(self, message, **files):
        """Commit files on the branch as it is by now, by its author."""
        if shipped.git(self.bare, "branch"):
            shipped.git(self.author, "pull", "--quiet", "--rebase", "origin", "main")
        for path, text in files.items():
            (self.author / path).write_text(text)
        shipped.git(self.author, "add", "--all")
        shipped.git(self.author, "commit", "--quiet", "--allow-empty", "--message", message)
        shipped.git(self.author, "push", "--quiet", "origin", "main")

    def tag(self, name, at="HEAD"):
        shipped.git(self.author, "tag", name, at)
        shipped.git(self.author, "push", "--quiet", "origin", name)

    def checkout(self, tag):
        """Return a runner's clone, at a tag."""
        folder = self.runners / f"{len(list(self.runners.glob('*')))}"
        shipped.git(self.bare, "clone", "--quiet", "--branch", tag, str(self.bare), str(folder))
        return folder

    def shows(self, path):
        return shipped.git(self.bare, "show", f"main:{path}")

    def log(self):
        return shipped.git(self.bare, "log", "--format=%s", "main").splitlines()

    def record(self):
        listed = shipped.git(self.bare, "ls-tree", "-r", "--name-only", "main", "pushes.jsonl", ".kernelwright")
        return listed.splitlines()


@pytest.fixture
def tools(tmp_path):
    """A folder at the head of PATH, for programs that a test stands in for; nobody sleeps."""
    folder = tmp_path / "tools"
    folder.mkdir()
    stand_in(folder, "sleep", "")
    return folder


@pytest.fixture
def origin(tmp_path):
    made = Origin(tmp_path)
    made.commit("one", code="1")
    made.tag("kaggle-1")
    return made


def stand_in(folder, name, script):
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


def step(name, folder, tools, **variables):
    """Run a step as GitHub does, its expressions filled in."""
    environment = {
        "HOME": str(tools),
        "BRANCH": "main",
        "REHEARSAL_INPUT": "build/mini",
        "GITHUB_REF_NAME": shipped.git(folder, "tag", "--points-at").strip() if (folder / ".git").exists() else "",
        "GIT_CONFIG_NOSYSTEM": "1",
        **variables,
        "PATH": f"{tools}:{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    command = ["bash", "-e", "-c", SCRIPTS[name]]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


def taken(origin, tools, tag):
    """Return a runner's clone with the branch's record."""
    folder = origin.checkout(tag)
    done = step(TAKE, folder, tools)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def recorded(folder, tools):
    done = step(RECORD, folder, tools)
    assert done.returncode == 0, done.stdout + done.stderr


def push(folder, version):
    """Leave what a push leaves."""
    notebook = folder / f".kernelwright/pushed/{version}.ipynb"
    notebook.parent.mkdir(parents=True, exist_ok=True)
    notebook.write_text(f"notebook {version}")
    push_log.append(folder, "pushed", {"version": version})
    push_log.finish_step(folder, "a/b")


def lines(*versions):
    return "".join(f'{{"event": "pushed", "version": {version}}}\n' for version in versions)


def test_the_first_push_is_recorded_and_nothing_else_committed(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    (folder / "code").write_text("made by a step")
    push(folder, 1)
    recorded(folder, tools)
    assert origin.shows("pushes.jsonl") == lines(1)
    assert origin.shows(".kernelwright/pushed/1.ipynb") == "notebook 1"
    assert (origin.shows("code"), origin.log()) == ("1", ["Record the push of kaggle-1", "one"])


def test_the_second_push_is_recorded_after_the_first(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    push(folder, 1)
    recorded(folder, tools)
    origin.commit("two", code="2")
    origin.tag("kaggle-2")
    folder = taken(origin, tools, "kaggle-2")
    push(folder, 2)
    recorded(folder, tools)
    assert origin.shows("pushes.jsonl") == lines(1, 2)
    assert origin.record() == [".kernelwright/pushed/1.ipynb", ".kernelwright/pushed/2.ipynb", "pushes.jsonl"]
    assert origin.log() == ["Record the push of kaggle-2", "two", "Record the push of kaggle-1", "one"]


def test_what_came_to_the_branch_meanwhile_stays(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    origin.commit("at home", code="2", **{"pushes.jsonl": lines(1).rstrip("\n")})
    push(folder, 2)
    recorded(folder, tools)
    assert (origin.shows("pushes.jsonl"), origin.shows("code")) == (lines(1, 2), "2")
    assert origin.log() == ["Record the push of kaggle-1", "at home", "one"]


def test_a_branch_that_moves_while_it_is_pushed_to_is_tried_again(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    push(folder, 2)
    author = f"env -i PATH='{os.environ['PATH']}' git -C '{origin.author}' -c user.name=x -c user.email=x@example.org"
    line = f"cp '{origin.author}/at-home.jsonl' '{origin.author}/pushes.jsonl'"
    (origin.author / "at-home.jsonl").write_text(lines(1))
    stand_in(
        folder / ".git/hooks",
        "pre-push",
        f'rm "$0"; {line}; {author} add pushes.jsonl; {author} commit -qm "at home"; {author} push -q origin main',
    )
    recorded(folder, tools)
    assert origin.shows("pushes.jsonl") == lines(1, 2)
    assert origin.log() == ["Record the push of kaggle-1", "at home", "one"]


def test_a_tag_on_an_older_commit_pushes_with_the_records_of_the_branch(origin, tools):
    origin.commit("two", code="2")
    origin.tag("kaggle-2")
    folder = taken(origin, tools, "kaggle-2")
    push(folder, 1)
    recorded(folder, tools)
    origin.tag("kaggle-3", "kaggle-1")
    folder = origin.checkout("kaggle-1")
    assert step(TAKE, folder, tools).returncode == 0
    assert ((folder / "code").read_text(), (folder / "pushes.jsonl").read_text()) == ("1", lines(1))
    push(folder, 2)
    recorded(folder, tools)
    assert (origin.shows("pushes.jsonl"), origin.shows("code")) == (lines(1, 2), "2")


def test_a_line_alone_is_recorded(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    push(folder, 1)
    recorded(folder, tools)
    folder = taken(origin, tools, "kaggle-1")
    push_log.append(folder, "ran", {"version": 1})
    recorded(folder, tools)
    assert origin.shows("pushes.jsonl") == lines(1) + '{"event": "ran", "version": 1}\n'


def test_a_push_that_was_cut_off_is_known_to_the_next_run_and_then_settled(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    with push_log.step(folder, "a/b", {"after": 0}):
        pass
    recorded(folder, tools)
    assert origin.record() == [".kernelwright/pushing.json"]
    folder = taken(origin, tools, "kaggle-1")
    assert push_log.pending_step(folder, "a/b") == {"after": 0}
    push(folder, 1)
    recorded(folder, tools)
    assert origin.record() == [".kernelwright/pushed/1.ipynb", "pushes.jsonl"]


@pytest.mark.parametrize("pushed", [False, True])
def test_nothing_to_record_makes_no_commit(origin, tools, pushed):
    if pushed:
        folder = taken(origin, tools, "kaggle-1")
        push(folder, 1)
        recorded(folder, tools)
    before = origin.log()
    recorded(taken(origin, tools, "kaggle-1"), tools)
    assert origin.log() == before


def test_a_record_that_git_ignores_is_committed_too(origin, tools):
    origin.commit("two", **{".gitignore": ".kernelwright\n*.jsonl\n"})
    origin.tag("kaggle-2")
    folder = taken(origin, tools, "kaggle-2")
    push(folder, 1)
    recorded(folder, tools)
    assert origin.record() == [".kernelwright/pushed/1.ipynb", "pushes.jsonl"]


def test_what_the_branch_has_forgotten_of_the_record_does_not_come_back(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    push(folder, 1)
    recorded(folder, tools)
    origin.commit("two")
    origin.tag("kaggle-2")
    shipped.git(origin.author, "pull", "--quiet", "--rebase", "origin", "main")
    shipped.git(origin.author, "rm", "--quiet", "-r", ".kernelwright")
    shipped.git(origin.author, "commit", "--quiet", "--message", "Old notebooks are gone")
    origin.commit("The kernel has another name", **{"pushes.jsonl": lines(7)})
    folder = taken(origin, tools, "kaggle-2")
    push(folder, 8)
    recorded(folder, tools)
    assert origin.shows("pushes.jsonl") == lines(7, 8)
    assert origin.record() == [".kernelwright/pushed/8.ipynb", "pushes.jsonl"]


def test_a_branch_that_takes_no_push_is_told_of(origin, tools):
    folder = taken(origin, tools, "kaggle-1")
    push(folder, 1)
    stand_in(origin.bare / "hooks", "pre-receive", "exit 1")
    done = step(RECORD, folder, tools)
    told = "::error::The record could not be pushed to main; commit there what the artifact holds of it\n"
    assert (done.returncode, done.stdout) == (1, told)
    assert ((folder / "pushes.jsonl").read_text(), origin.log()) == (lines(1), ["one"])


def test_a_tag_that_is_not_on_the_branch_is_told_of(origin, tools):
    shipped.git(origin.author, "commit", "--quiet", "--allow-empty", "--message", "not pushed")
    origin.tag("kaggle-2")
    done = step(TAKE, origin.checkout("kaggle-2"), tools)
    told = "::error::kaggle-2 is not on main, where pushes are recorded; push the branch, then the tag\n"
    assert (done.returncode, done.stdout) == (1, told)


@pytest.mark.parametrize(
    ("configuration", "calls"),
    [('driver = "a.py"', ""), ('wheels = "a.in"', "wheels\n"), ('kernels.b.wheels = "a.in"', "")],
)
def test_wheels_are_made_where_the_kernel_has_any(tmp_path, tools, configuration, calls):
    (tmp_path / "pyproject.toml").write_text(f"[tool.wheels]\n[tool.kernelwright]\n{configuration}\n")
    (tmp_path / "calls").touch()
    stand_in(tools, "kernelwright", 'echo "$@" >> calls')
    assert step(WHEELS, tmp_path, tools).returncode == 0
    assert (tmp_path / "calls").read_text() == calls


@pytest.mark.parametrize(
    ("ended", "told", "status"),
    [
        (0, "output\n", 0),
        (1, "", 1),
        (124, "::notice::The run goes on; follow it with: kernelwright status --wait && kernelwright output\n", 0),
    ],
)
def test_a_run_is_followed_to_its_end_or_for_an_hour(tmp_path, tools, ended, told, status):
    stand_in(tools, "timeout", f'test "$*" = "1h kernelwright status --wait" && exit {ended}')
    stand_in(tools, "kernelwright", 'echo "$@"')
    done = step(FOLLOW, tmp_path, tools)
    assert (done.stdout, done.returncode) == (told, status)


@pytest.mark.full
def test_a_new_project_is_pushed_by_the_workflow_and_a_cut_push_found_again(origin, tools, tmp_path):
    scaffold.start(origin.author, "tabular", kind="rerun", image=DEFAULT)
    shutil.rmtree(origin.author / "build")
    command = [sys.executable, "-m", "kernelwright", "configure", "--owner", "alice"]
    subprocess.run(command, cwd=origin.author, check=True, capture_output=True)
    origin.commit("A kernel")
    origin.tag("kaggle-2")
    for name in ("sudo", "pip"):
        stand_in(tools, name, 'echo "$@"')
    with Kaggle(tmp_path / "kaggle") as kaggle:
        kaggle.run = rehearsing(kaggle, origin.runners / "0/build/mini")
        kaggle.faults.append(Fault(call="SaveKernel", cut=True, after=True))
        first = job(origin, tools, kaggle)
        assert origin.record() == [".kernelwright/pushing.json"]
        second = job(origin, tools, kaggle)
    cut = "kaggle kernels push: no connection to Kaggle: Remote end closed connection without response\n"
    assert (first, second) == ([(PUSH, cut)], [])
    assert len(kaggle.kernels["alice/author"].versions) == 1
    (line,) = origin.shows("pushes.jsonl").splitlines()
    told = json.loads(line)
    commit = shipped.git(origin.author, "rev-parse", "kaggle-2").strip()
    assert (told["version"], told["commit"], told["changed"], told["rehearsal"]) == (1, commit, False, "complete")
    assert origin.record() == [f".kernelwright/pushed/{told['notebook'][:16]}.ipynb", "pushes.jsonl"]


def job(origin, tools, kaggle):
    """Run all steps; return those that failed, with what they said."""
    folder, failed = origin.checkout("kaggle-2"), []
    for name in SCRIPTS:
        if not failed or name == RECORD:
            variables = kaggle.environment(KERNELWRIGHT_ENVIRONMENT=sys.prefix)  # there is no package index
            done = step(name, folder, tools, **variables)
            failed += [(name, done.stderr)] if done.returncode else []
    return failed
