"""A repository that is there becomes a project beside its modules."""

import json
import sys

import pytest

from kernelwright import cli
from kernelwright.adopt import repository
from kernelwright.bundle.build import build_notebook
from kernelwright.check.run import run_checks
from kernelwright.errors import InvalidNotebook, InvalidProject
from kernelwright.project.model import load_configuration, load_project
from tests import notebooks
from tests.packager.adopt.corpus_files import notebook

SCRIPT = '''
"""Predict."""
import csv
from .model import double

def main():
    with open("submission.csv", "w") as file:
        csv.writer(file).writerows([["id", "y"], [1, double(2)]])
    print("done")

if __name__ == "__main__":
    main()
'''


@pytest.fixture
def root(tmp_path):
    files = {
        "pyproject.toml": '[project]\nname = "fish"\n',
        "src/fish/__init__.py": "",
        "src/fish/predict.py": SCRIPT,
        "src/fish/model.py": "import numpy\n\n\ndef double(x):\n    return 2 * x\n",
        "src/fish/weights.bin": "w" * 300_000,
        "scripts/train.py": "import fish\nif __name__ == '__main__':\n    print(1)\n",
        "tests/test_fish.py": "if __name__ == '__main__':\n    predict = 1\n",
    }
    return made(tmp_path / "fish-repo", files)


def made(folder, files):
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder


def write(root):
    adoption = repository.adopt(root)
    for path, data in adoption.files.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_bytes(data)
    return adoption


def snapshot(root):
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_a_package_is_carried_rather_than_a_module_of_its_name(tmp_path):
    script = "import util\nsubmission = util.x\nif __name__ == '__main__':\n    print(submission)\n"
    made(tmp_path, {"infer.py": script, "util.py": "x = 1\n", "util/__init__.py": "x = 2\n"})
    write(tmp_path)
    assert load_configuration(tmp_path).sources == ("infer.py", "util")


def test_a_call_under_another_last_condition_is_not_taken_for_the_guards(root):
    script = root / "src/fish/predict.py"
    script.write_text(f"{script.read_text()}\nif True:\n    main()\n")
    write(root)
    assert 'runpy.run_module("fish.predict", run_name="__main__")' in (root / "kaggle/main.py").read_text()


def test_the_script_is_called_by_a_thin_driver_and_no_module_changes(root):
    before = snapshot(root)
    write(root)
    assert {path.relative_to(root).as_posix() for path in snapshot(root).keys() - before.keys()} == {
        ".gitignore",
        "kaggle/main.py",
        "kernel-metadata.json",
    }
    assert [path.name for path in before if path.read_bytes() != before[path]] == ["pyproject.toml"]
    configuration = load_configuration(root)
    assert (configuration.driver, configuration.sources) == ("kaggle/main.py", ("src/fish",))
    assert configuration.exclude == ("**/*.ipynb", "src/fish/weights.bin")
    assert (
        (root / "kaggle/main.py")
        .read_text()
        .endswith(
            'from fish.predict import main\n\nsys.argv = ["predict.py"]  # what follows are its arguments\nmain()\n'
        )
    )


@pytest.mark.full
def test_the_built_notebook_runs_the_script(root, tmp_path):
    write(root)
    run_in = tmp_path / "run"
    run_in.mkdir()
    ran = notebooks.run(build_notebook(load_project(root)).data, run_in)
    assert (ran.stdout, (run_in / "submission.csv").read_text()) == ("done\n", "id,y\n1,4\n")


def test_run_again_it_changes_nothing(root):
    write(root)
    (root / "kaggle/main.py").write_text("# %%\nprint('mine')\n")
    before = snapshot(root)
    assert write(root).files == {}
    assert snapshot(root) == before


def test_what_an_interrupted_run_did_not_write_is_written_by_the_next(root):
    *first, last = repository.adopt(root).files.items()
    made(root, {path: data.decode() for path, data in first})
    assert repository.adopt(root).files == dict([last])


def test_what_is_there_is_kept(root):
    metadata = json.dumps(notebooks.METADATA)
    made(root, {"kernel-metadata.json": metadata, ".gitignore": "build/\n"})
    write(root)
    assert ((root / "kernel-metadata.json").read_text(), (root / ".gitignore").read_text()) == (metadata, "build/\n")


def test_a_notebook_that_submits_becomes_the_driver(tmp_path):
    root = made(tmp_path / "books", {"helper.py": "x = 1\n"})
    text = notebook("inference").decode().replace("import os, json, random", "import os, json, random, helper")
    (root / "inference.ipynb").write_text(text)
    write(root)
    assert load_configuration(root).sources == ("helper.py",)
    assert "import os, json, random, helper\n" in (root / "kaggle/main.py").read_text()


def test_a_percent_script_is_the_driver_itself(tmp_path):
    root = made(tmp_path / "script", {"submit.py": "# %%\nimport low\nprint('submission')\n", "low.py": "y = 2\n"})
    write(root)
    assert (load_configuration(root).driver, load_configuration(root).sources) == ("submit.py", ("low.py",))


def test_what_kaggle_lacks_is_listed_and_what_is_opened_is_found_by_the_check_that_follows(root):
    made(
        root,
        {
            "src/fish/model.py": "import tinysegmenter\nW = open('weights/best.pt')\n\n\ndef double(x): ...\n",
            "weights/best.pt": "",
        },
    )
    write(root)
    assert (root / "wheels/requirements.in").read_text() == "tinysegmenter\n"
    opened = [finding.location for finding in run_checks(root) if finding.code == "KW604"]
    assert opened == ["src/fish/model.py:2"]
    assert build_notebook(load_project(root)).data


def test_what_has_no_script_is_carried_for_a_driver_to_be_written(tmp_path):
    root = made(tmp_path / "bare", {"src/fish/__init__.py": "", "low.py": "x = 1\n", "setup.py": ""})
    assert write(root).report[0] == "nothing says what is run: write it into kaggle/main.py"
    assert load_configuration(root).sources == ("low.py", "src/fish")
    assert "import low\nimport fish\n" in (root / "kaggle/main.py").read_text()
    assert build_notebook(load_project(root)).data


def test_what_only_the_run_finds_is_no_requirement(root):
    made(root, {"src/fish/model.py": "import sys\nsys.path.append('x')\nimport attached\n"})
    adoption = write(root)
    assert "wheels/requirements.in" not in adoption.files
    assert "attached: imported; sys.path is changed, and only the run shows what it finds there" in adoption.report


def test_other_scripts_that_may_be_meant_are_named(root):
    made(root, {"src/fish/infer.py": "if __name__ == '__main__':\n    pass\n"})
    assert repository.adopt(root).report[0] == "src/fish/predict.py: what is run; it might also be src/fish/infer.py"


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"a.txt": ""}, "no script with a __main__ guard, no notebook that submits, no package; write one first"),
        ({"pyproject.toml": "[tool"}, "pyproject.toml: not TOML: "),
    ],
)
def test_what_gives_nothing_to_start_from_is_said(tmp_path, files, message):
    with pytest.raises(InvalidProject) as raised:
        repository.adopt(made(tmp_path / "none", files))
    assert message in str(raised.value)


@pytest.mark.parametrize(
    ("name", "data", "error", "message"),
    [
        ("pyproject.toml", b"x = [", InvalidProject, "pyproject.toml: not TOML: "),
        ("pyproject.toml", b"\xff", InvalidProject, "pyproject.toml: not UTF-8 at byte 0"),
        ("kernel-metadata.json", b"{", InvalidProject, "kernel-metadata.json: not JSON: "),
        ("inference.ipynb", b"[1]", InvalidNotebook, "inference.ipynb: no list of cells"),
        ("inference.ipynb", b'{"cells": [1]}', InvalidNotebook, "inference.ipynb: "),
    ],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path, name, data, error, message):
    (tmp_path / "pkg.py").touch()
    (tmp_path / name).write_bytes(data)
    with pytest.raises(error) as caught:
        repository.adopt(tmp_path)
    assert message in str(caught.value)


def test_the_command_builds_checks_and_says_what_comes_next(root, monkeypatch, capsys):
    monkeypatch.chdir(root)
    monkeypatch.setattr(sys, "argv", ["kernelwright", "init", ".", "--adopt"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    out, _ = capsys.readouterr()
    assert not ended.value.code
    assert (root / "build/fish-repo.ipynb").is_file()
    assert "2 unready" in out
    assert out.splitlines()[-3].startswith("  kernelwright build ")
