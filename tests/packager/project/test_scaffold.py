import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.cli.init import Kind, Template
from kernelwright.errors import InvalidInput, UnwritableOutput
from kernelwright.image.kaggle_image import DEFAULT
from kernelwright.project import scaffold
from kernelwright.project.model import load_project
from kernelwright.rehearsal import hooks
from tests import notebooks

TEMPLATES = ["images", "inference-server", "tabular"]


def start(folder, template="tabular", kind="rerun"):
    return scaffold.start(folder, template, kind=kind, image=DEFAULT)


@pytest.fixture(scope="module", params=TEMPLATES)
def started(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param) / "demo"
    start(folder, request.param)
    return folder


def test_there_is_a_template_for_each_name_on_the_command_line():
    folders = {path.name for path in scaffold.TEMPLATES.iterdir() if path.is_dir()}
    assert sorted(folders - {"adopted"}) == sorted(Template) == TEMPLATES
    assert sorted(tomllib.loads((scaffold.TEMPLATES / "kinds.toml").read_text())) == sorted(Kind)


def test_it_loads_and_builds(started):
    project = load_project(started)
    assert (project.metadata.id, project.metadata.title) == ("OWNER/demo-kernel", "Demo kernel")
    assert project.notebook == started / "build/demo-kernel.ipynb"
    assert "solution/model.py" in build_notebook(project).tree.digests


def test_its_own_tests_pass(started):
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(
        command, cwd=started, env=notebooks.environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_it_runs_in_place_on_its_mini_input(started, tmp_path):
    environment = notebooks.environment(KERNELWRIGHT_INPUT=str(started / "build/mini"), PYTHONPATH=str(notebooks.ROOT))
    subprocess.run([sys.executable, started / "kernel_src/main.py"], cwd=tmp_path, env=environment, check=True)
    scores = hooks.scores(
        load_project(started),
        tmp_path / "submission.csv",
        started / "build/mini/my-competition/truth.csv",
        tmp_path / "score.json",
    )
    assert scores.get("accuracy", 1) > 0.8
    assert scores.get("error", 0) < 2.5


def test_its_mini_input_is_the_same_every_time(started, tmp_path):
    shutil.copytree(started, tmp_path / "again", ignore=shutil.ignore_patterns("build"))
    subprocess.run([sys.executable, "tests/make_mini.py"], cwd=tmp_path / "again", check=True)
    assert contents(tmp_path / "again/build/mini") == contents(started / "build/mini")


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.full
def test_it_rehearses(started):
    command = [sys.executable, "-m", "kernelwright", "rehearse", "--project", str(started), "--json"]
    done = subprocess.run(command, cwd=notebooks.ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert {run["verdict"] for run in json.loads(done.stdout)["runs"]} == {"Complete"}


def test_files_that_are_there_stay_and_nothing_is_written(tmp_path):
    (tmp_path / "README.md").write_text("mine")
    with pytest.raises(UnwritableOutput) as caught:
        start(tmp_path)
    assert str(caught.value) == f"{tmp_path}: README.md there already; name an empty or a new folder"
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]


def test_a_start_that_was_interrupted_can_be_repeated(tmp_path, monkeypatch):
    def killed(_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(scaffold, "_make_mini", killed)
        with pytest.raises(KeyboardInterrupt):
            start(tmp_path / "demo")
    (tmp_path / "demo/kernel_src/main.py").unlink()
    start(tmp_path / "demo")
    assert (tmp_path / "demo/build/mini/my-competition/train.csv").is_file()


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_a_new_project_is_there_whole_or_not_at_all(tmp_path, monkeypatch, error):
    def interrupted(*_):
        raise error

    files = {"pyproject.toml": b"[tool.kernelwright]\n", "kernel_src/main.py": b"# %%\n"}
    with monkeypatch.context() as patched:
        patched.setattr(Path, "rename", interrupted)
        with pytest.raises(UnwritableOutput if error is OSError else error):
            scaffold.write(tmp_path / "demo", files)
    assert list(tmp_path.iterdir()) == []
    scaffold.write(tmp_path / "demo", files)
    assert {path: (tmp_path / "demo" / path).read_bytes() for path in files} == files
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


def test_a_place_where_no_folder_can_be_made_is_named(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UnwritableOutput) as error:
        scaffold.write(tmp_path / "file/demo", {"main.py": b""})
    assert str(tmp_path / "file") in str(error.value)


@pytest.mark.parametrize("template", ["images", "tabular"])
@pytest.mark.parametrize("kind", ["once", "output"])
def test_each_kind_of_kernel_runs_in_place_and_leaves_what_it_is_for(tmp_path, template, kind):
    folder = tmp_path / "demo"
    start(folder, template, kind)
    project = load_project(folder)
    assert (project.kind, project.configuration.public, project.configuration.images) == (kind, {}, (DEFAULT,))
    assert "@" not in project.driver.read_text() + (folder / "README.md").read_text()
    environment = notebooks.environment(KERNELWRIGHT_INPUT=str(folder / "build/mini"), PYTHONPATH=str(notebooks.ROOT))
    subprocess.run([sys.executable, folder / "kernel_src/main.py"], cwd=tmp_path, env=environment, check=True)
    left = sorted(path.name for path in tmp_path.iterdir() if path.is_file())
    assert left == (["model.pkl"] if kind == "output" else ["submission.csv"])


def test_a_mini_input_that_cannot_be_made_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(scaffold, "_MAKE_MINI", "tests/gone.py")
    with pytest.raises(InvalidInput, match=r"the project is written, but `python tests/gone\.py` failed: "):
        start(tmp_path)


@pytest.mark.parametrize(
    ("name", "slug"),
    [("demo", "demo-kernel"), ("My Great_Kernel!", "my-great-kernel"), ("日本", "my-kernel"), ("x" * 60, "x" * 50)],
)
def test_the_folder_names_the_kernel(name, slug):
    assert scaffold.slug(name) == slug


def test_requirements_that_are_not_installed_are_missing(tmp_path):
    assert scaffold.missing_requirements(tmp_path) == []
    (tmp_path / "requirements.txt").write_text("pytest\nno-such-distribution\n")
    assert scaffold.missing_requirements(tmp_path) == ["no-such-distribution"]


def test_no_check_misses_what_the_gateway_writes(tmp_path):
    start(tmp_path / "demo", "inference-server")
    done = subprocess.run(
        [sys.executable, "-m", "kernelwright", "check", "--json", "--project", tmp_path / "demo"],
        cwd=notebooks.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert {finding["code"] for finding in json.loads(done.stdout)["findings"]} == {"KW102", "KW901", "KW911"}
