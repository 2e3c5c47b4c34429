"""Odd and hostile input through the command line: a message that names it, no traceback, no wait without end.

Each test names what is attacked; reference: docs/security.md.
"""

import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from kernelwright import cli
from tests import wheelhouse
from tests.packager import shipped

DIGITS = "9" * 5_000
DEEP = 100_000
ESCAPE = "\x1b]0;owned\x07\x1b[2J"


@pytest.fixture
def project(tmp_path):
    return shipped.make(tmp_path / "proj")


@pytest.fixture
def run(project, monkeypatch, capsys):
    """Call the command line in the project; a call that waits without end is ended by an alarm."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["kernelwright", *map(str, arguments)])
        monkeypatch.chdir(project)
        before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail(f"{arguments} hangs"))
        signal.alarm(30)
        try:
            with pytest.raises(SystemExit) as ended:
                cli.main()
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        out, err = capsys.readouterr()
        assert "this is a bug" not in err, err
        assert "\x1b" not in out + err
        return ended.value.code or 0, out, err

    return run


def configure(project, lines):
    (project / "pyproject.toml").write_text(f"[tool.kernelwright]\n{shipped.CONFIGURATION}{lines}\n")


def nested(depth):
    return '{"a": ' * depth + "1" + "}" * depth


# --- kernel-metadata.json and pyproject.toml


@pytest.mark.parametrize("command", ["build", "check", "explain", "configure"])
@pytest.mark.parametrize(
    "text",
    [
        f'{{"id": "alice/toy-kernel", "title": "Toy kernel", "code_file": "a.ipynb", "id_no": {DIGITS}}}',
        f'{{"id": {DIGITS}}}',
        f'{{"id": "alice/toy-kernel", "keywords": {nested(DEEP)}}}',
        f'{{"id": "alice/toy-kernel", "keywords": {nested(900)}}}',
        '{"id": "alice/toy-kernel", "title": "\\ud800 kernel", "code_file": "\\ud800.ipynb"}',
        '{"id": 1e999, "title": NaN, "code_file": -Infinity}',
    ],
    ids=["long-number", "long-id", "deep", "rather-deep", "surrogate", "no-numbers"],
)
def test_metadata_with_a_number_of_5000_digits_or_nested_without_end(project, run, command, text):
    (project / "kernel-metadata.json").write_text(text)
    who = ["--owner", "alice"] if command == "configure" else []
    status, out, err = run(command, *who)
    if command != "configure":  # which reads the owner alone
        assert (status, "kernel-metadata.json" in out + err) == (1, True)


@pytest.mark.parametrize("command", ["build", "check"])
@pytest.mark.parametrize(
    "line",
    [
        f"commit = {{ smoke = {DIGITS} }}",
        f"exclude = {'[' * DEEP}{']' * DEEP}",
        f"exclude = {'[' * 900}{']' * 900}",
        f"commit.{'.'.join(['a'] * 1_500)} = 1",
        "commit = { smoke = inf }",
        "commit = { smoke = 1979-05-27T07:32:00Z }",
    ],
    ids=["long-number", "deep", "rather-deep", "deep-key", "infinite", "time"],
)
def test_pyproject_with_a_number_of_5000_digits_or_nested_without_end(project, run, command, line):
    configure(project, line)
    status, out, err = run(command)
    assert (status, "pyproject.toml" in out + err) == (1, True)


# --- an image's file


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('python = "3.12"\nglibc = "2.35"\ndate = ""\nsource = ""\nextends = "odd"\n', "extends itself"),
        (f"x = {'[' * DEEP}{']' * DEEP}", "not TOML"),
        (f"x = {DIGITS}", "not TOML"),
        (None, "cannot be read: Is a directory"),
        (b"\xff\xfe", "not TOML"),
    ],
    ids=["extends-itself", "deep", "long-number", "folder", "bytes"],
)
@pytest.mark.parametrize("command", [["image", "odd"], ["build"], ["check"]])
def test_an_image_that_extends_itself_is_deep_or_a_folder(project, run, text, said, command):
    file = project / "wheels/images/odd.toml"
    file.parent.mkdir(parents=True)
    file.mkdir() if text is None else file.write_bytes(text if isinstance(text, bytes) else text.encode())
    (project / "wheels/requirements.in").write_text("toolz\n")
    (project / "kernel-metadata.json").write_text(
        json.dumps(shipped.METADATA | {"dataset_sources": ["alice/toy-data", "alice/my-wheels"]})
    )
    configure(project, 'images = ["odd"]\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"')
    status, out, err = run(*command)
    assert (status, "odd.toml" in out + err, said in out + err) == (1, True, True)


# --- requirements


@pytest.mark.parametrize(
    "text",
    [
        b"--find-links a\x00b\n",
        b"--find-links " + b"a/" * 3_000 + b"\n",
        b"toolz\x00==1\n",
        b"toolz==" + DIGITS.encode() + b".*.*\n",
        b"toolz; " + b"(" * 5_000 + b"\n",
        b"\xff\xfe\n",
        b"-r other.txt\n",
    ],
    ids=["nul", "long-path", "nul-name", "long-version", "deep-marker", "bytes", "include"],
)
@pytest.mark.parametrize("command", ["wheels", "build"])
def test_requirements_with_a_nul_or_a_path_that_is_too_long(project, run, text, command):
    (project / "wheels").mkdir()
    (project / "wheels/requirements.in").write_bytes(text)
    (project / "kernel-metadata.json").write_text(
        json.dumps(shipped.METADATA | {"dataset_sources": ["alice/toy-data", "alice/my-wheels"]})
    )
    configure(project, 'wheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"')
    status, out, err = run(command)
    assert (status, "wheels/requirements.in" in out + err) == (1, True)


@pytest.mark.parametrize(
    "name",
    ["a\\u0000b", "a" * 5_000, "a/" * 3_000 + "b", "../outside/requirements.in"],
    ids=["nul", "long", "long-path", "outside"],
)
def test_a_requirements_file_whose_name_no_file_can_have_or_that_leads_out(project, run, name):
    (project.parent / "outside").mkdir()
    (project.parent / "outside/requirements.in").write_text("--no-index\n")
    (project / "kernel-metadata.json").write_text(
        json.dumps(shipped.METADATA | {"dataset_sources": ["alice/toy-data", "alice/my-wheels"]})
    )
    configure(project, f'wheels = "{name}"\nwheels_dataset = "my-wheels"')
    status, _, err = run("wheels")
    assert (status, err.count("\n")) == (1, 1)
    assert [path.name for path in (project.parent / "outside").iterdir()] == ["requirements.in"]


# --- the notebook on disk


ODD_CELLS = [
    [{"id": "a", "cell_type": "code", "source": 3, "metadata": {}}],
    [{"id": "a", "source": [3, None]}],
    [{"id": "a", "metadata": 3}],
    [{"id": "a", "metadata": {"kernelwright": 3}}],
    [{"id": "a", "metadata": {"kernelwright": {"driver": "x"}}}],
    [{"id": "a", "metadata": {"kernelwright": {"driver": None, "file": []}}}],
    [{"id": ["a"], "source": {"x": 1}}],
    [{"id": "a", "source": f"{ESCAPE} = 1"}],
    [{"id": "a", "source": "x", "metadata": {"kernelwright": {"file": ESCAPE}}}],
    [{"id": None, "source": None, "outputs": 3}],
]


@pytest.mark.parametrize("cells", ODD_CELLS, ids=range(len(ODD_CELLS)))
def test_build_check_on_odd_cells_and_what_a_terminal_would_obey(project, run, cells):
    shipped.build(project)
    notebook = project / "build/toy.ipynb"
    built = json.loads(notebook.read_text())
    for cell in cells:  # odd values in a cell that is built too
        notebook.write_text(json.dumps(built | {"cells": [*built["cells"][1:], built["cells"][0] | cell]}))
        assert run("build", "--check")[0] == 1
    notebook.write_text(json.dumps(built | {"cells": cells}))
    status, _, err = run("build", "--check")
    assert (status, "build/toy.ipynb is stale" in err) == (1, True)


@pytest.mark.parametrize("command", ["build", "check"])
def test_what_a_terminal_would_obey_in_a_name_is_shown(project, run, command):
    (project / "toy" / f"{ESCAPE}.py").write_text("x = (")
    status, out, err = run(command)
    assert (status, "\\x1b]0;owned\\x07" in out + err) == (1, True)


# --- a project nobody can write to


def obey_permissions():
    """Give up what lets root write anywhere: CAP_DAC_OVERRIDE, by prctl's PR_CAPBSET_DROP."""
    ctypes.CDLL(None).prctl(24, 1)


@pytest.mark.parametrize(
    "command",
    [
        "build",
        "rehearse --phase rerun",
        pytest.param("sample --from input --rows 1", marks=pytest.mark.full),
        pytest.param("configure --owner bob", marks=pytest.mark.full),
    ],
)
def test_a_read_only_project_is_named(command):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        project = shipped.make(Path(folder, "proj"))
        (project / "input/toy-competition").mkdir(parents=True)
        (project / "input/toy-competition/sample_submission.csv").write_text("id,x\na,1\n")
        for path in [project, *project.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        done = subprocess.run(
            [sys.executable, "-m", "kernelwright", *command.split(), "--project", str(project)],
            cwd=project,
            preexec_fn=obey_permissions,
            env={**os.environ, "HOME": folder, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        for path in project.rglob("*"):
            path.chmod(0o755)
    assert (done.returncode, "unexpected" in done.stderr, "ermission denied" in done.stderr) == (1, False, True), done


# --- lines that quadratic patterns would take minutes for


LINES = {
    "blanks": "x = 1" + " " * 100_000 + "# 1",
    "addresses": "https://" * 20_000,
    "only-blanks": " " * 100_000,
    "quotes": "'" * 50_000,
    "assignments": "x = '" + "a=" * 50_000 + "'",
    "hashes": "#" * 100_000 + " %%",
    "command": "!" + " " * 100_000 + "x",
    "marks": "%%" * 50_000,
    "keys": "-----BEGIN " * 9_000,
}


def heavy(names):
    """Return parameters of which all but the two lines that once hung are too heavy for every day."""
    return [name if name in {"blanks", "addresses"} else pytest.param(name, marks=pytest.mark.full) for name in names]


@pytest.mark.parametrize("name", heavy(LINES))
@pytest.mark.parametrize(
    "where", ["cell", *(pytest.param(where, marks=pytest.mark.full) for where in ("module", "text"))]
)
def test_a_long_line_costs_no_more_than_its_length(project, run, name, where):
    line = LINES[name]
    if where == "cell":
        cells = f"# %% [markdown]\n# {line}\n\n# %%\nx = 1  # {line}\n"
        (project / "main.py").write_text(f"{shipped.DRIVER}\n{cells}")
    else:
        text = line.replace("'", "")
        (project / f"toy/more.{'py' if where == 'module' else 'txt'}").write_text(f"# {line}\nx = '''{text}'''\n")
    assert run("build")[0] == 0
    assert run("check")[0] == 0
    assert run("pull", "--from", "build/toy.ipynb")[0] == 0


# --- code that others wrote is read and never run


@pytest.mark.parametrize(
    "command",
    [
        "check",
        *(
            pytest.param(command, marks=pytest.mark.full)
            for command in ("build", "explain", "pull --from build/toy.ipynb", "image", "wheels", "init fresh")
        ),
    ],
)
def test_nothing_of_a_project_is_executed(project, command):
    trap = f"import pathlib\npathlib.Path({str(project / 'ran')!r}).touch()\n"
    shadowed = ("pip", "venv", "platform", "typing", "csv", "tests/csv", "tests/random", "fresh/tests/csv")
    for name in (*shadowed, "toy/__init__", "toy/conftest", "conftest", "sitecustomize", "setup"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / f"{name}.py").write_text(trap)
    (project / "main.py").write_text(f"# %%\n{trap}")
    (project / "wheels").mkdir()
    (project / "wheels/requirements.in").write_text("--no-index\n--find-links ../links\npebble\n")
    wheelhouse.wheel(project / "links", "pebble")
    (project / "kernel-metadata.json").write_text(
        json.dumps(shipped.METADATA | {"dataset_sources": ["alice/toy-data", "alice/my-wheels"]})
    )
    configure(project, 'wheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"')
    program = str(Path(sys.executable).with_name("kernelwright"))
    for before in (["wheels"], ["build"]) if command.startswith("pull") else ():
        subprocess.run([program, *before], cwd=project, check=True, capture_output=True)
    subprocess.run([program, *command.split()], cwd=project, check=False, capture_output=True)
    assert not (project / "ran").exists()
