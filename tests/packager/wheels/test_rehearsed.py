"""A rehearsal's bootstrap cell installs what the image lacks: absent before it, there after it, or a clear stop."""

import json
import os
import shutil
import subprocess

import pytest

from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import interpreters
from kernelwright.project.model import load_project
from kernelwright.rehearsal import install_check, python_environment, wheels_input
from kernelwright.rehearsal.rehearse import Plan, rehearse
from kernelwright.wheels import project_locks, update
from tests import notebooks, wheelhouse

HERE = interpreters.running()
CP = f"cp{HERE.replace('.', '')}"
IMAGE = f"""
python = "{HERE}"
glibc = "2.35"
date = "2026-01-01"
source = "a test"

[distributions]
numpy = "2.0.2"
"""
DRIVER = """
# %%
import sys
from pathlib import Path

import pebble
import stone

from kernelwright.runtime import submission

assert Path(pebble.__file__).is_relative_to(sys.prefix)
submission.write([("a", pebble.VERSION), ("b", stone.VERSION)], header=("id", "answer"))
"""
KEYS = 'driver = "main.py"\nwheels = "wheels/requirements.in"\nwheels_dataset = "my-wheels"\nimages = ["mine"]\n'


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A kernel that needs two wheels, carried already, and an environment that stands for the image's."""
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    links, root = tmp_path / "links", tmp_path / "proj"
    wheelhouse.wheel(links, "pebble", "1.5")
    wheelhouse.wheel(links, "stone", "2.5", f"{CP}-{CP}-manylinux_2_17_x86_64")
    wheelhouse.wheel(links, "stone", "2.5", "cp312-cp312-manylinux_2_17_x86_64")
    notebooks.project(root, KEYS, competition_sources=["toys"], dataset_sources=["OWNER/my-wheels"])
    held = {
        "main.py": DRIVER,
        "wheels/images/mine.toml": IMAGE,
        "wheels/requirements.in": f"--no-index\n--find-links {links}\npebble\nstone\n",
    }
    for path, text in held.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    (tmp_path / "input/toys").mkdir(parents=True)
    (tmp_path / "input/toys/sample_submission.csv").write_text("id,answer\na,0\nb,0\n")
    return load_project(root)


def run(project, sandbox=None):
    plan = Plan(source=project.root.parent / "input", phases=["rerun"], layouts=["new"], sandbox=sandbox)
    return rehearse(project, plan).runs[0]


@pytest.mark.parametrize("sandbox", [None, pytest.param("process", marks=pytest.mark.full)])
def test_the_wheels_are_made_if_need_be_and_installed_before_the_first_module(project, sandbox):
    with pytest.raises(ModuleNotFoundError):
        __import__("pebble")
    done = run(project, sandbox)
    assert (done.verdict, done.detail) == ("Complete", "")
    submitted = project.build / "rehearsal/rerun-new/working/submission.csv"
    assert submitted.read_text() == "id,answer\na,1.5\nb,2.5\n"
    with pytest.raises(ModuleNotFoundError):
        __import__("pebble")  # what the notebook installs stays at its desk


def test_one_wheel_removed_and_one_byte_changed_stop_the_notebook_at_the_install_cell(project):
    folder = update.make(project).folder
    (folder / "pebble-1.5-py3-none-any.whl").unlink()
    stone = folder / f"stone-2.5-{CP}-{CP}-manylinux_2_17_x86_64.whl"
    data = bytearray(stone.read_bytes())
    data[100] ^= 1
    stone.write_bytes(data)
    done = run(project)
    assert done.verdict == "Notebook Threw Exception"
    assert "- pebble-1.5-py3-none-any.whl is missing\n" in done.detail
    assert f"- {stone.name} is altered: its sha256 is {wheelhouse.digest(stone)}, the notebook's " in done.detail
    (failed,) = [cell["id"] for cell in done.cells if cell["failed"]]
    notebook = json.loads(project.notebook.read_text())
    assert failed == next(cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code")


def test_wheels_of_another_python_are_stood_in_for_and_never_uploaded(project, tmp_path):
    update.make(project)
    image = project.root / "wheels/images/mine.toml"
    image.write_text(IMAGE.replace(f'python = "{HERE}"', 'python = "3.12"'))
    if HERE == "3.12":
        pytest.skip("this Python is the image's")
    carried = update.make(project).wheels
    assert carried == ("pebble-1.5-py3-none-any.whl", "stone-2.5-cp312-cp312-manylinux_2_17_x86_64.whl")
    wheels_input.stage(project, tmp_path / "staged", HERE)
    stand_in = f"stone-2.5-{CP}-{CP}-manylinux_2_17_x86_64.whl"
    staged = sorted(path.name for path in (tmp_path / "staged/my-wheels").glob("*.whl"))
    assert staged == sorted([*carried, stand_in])
    assert not (update.folder(project) / stand_in).exists()


def test_a_wheel_that_was_removed_is_not_stood_in_for(project, tmp_path):
    (project.root / "wheels/images/mine.toml").write_text(IMAGE.replace(f'python = "{HERE}"', 'python = "3.12"'))
    folder = update.make(project).folder
    (folder / "stone-2.5-cp312-cp312-manylinux_2_17_x86_64.whl").unlink()
    wheels_input.stage(project, tmp_path / "staged", HERE)
    staged = sorted(path.name for path in (tmp_path / "staged/my-wheels").glob("*.whl"))
    assert staged == ["pebble-1.5-py3-none-any.whl"]


def test_a_python_that_no_wheel_is_for_is_told(project, tmp_path):
    update.make(project)
    with pytest.raises(EnvironmentUnavailable) as error:
        wheels_input.stage(project, tmp_path / "staged", "3.9")
    assert str(error.value) == "stone 2.5 has no wheel for Python 3.9; put the image's Python on PATH"


REAL = """
# %%
import efficientnet, keras_applications, pydegensac  # what is rehearsed is that they are there
from importlib.metadata import version

from kernelwright.runtime import submission

submission.write([(name, "v" + version(name)) for name in NAMES], header=("id", "answer"))
"""
HELD = {"efficientnet": "1.1.1", "keras-applications": "1.0.8", "pydegensac": "0.3.0", "scikit-image": "0.25.2"}
STACK = {"numpy": "2.0.2", "papermill": "2.6.0", "ipython": "7.34.0", "ipykernel": "6.17.1", "pip": "24.1.2"}


@pytest.mark.full
def test_the_kernels_own_image_is_rehearsed_without_what_its_wheels_carry(tmp_path, monkeypatch):
    """With a registry at hand: the real distributions, the real install."""
    monkeypatch.delenv(python_environment.GIVEN)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    root, expected = tmp_path / "proj", HELD | STACK
    shutil.copytree(notebooks.ROOT / "wheels", root / "wheels")
    keys = KEYS.replace('"my-wheels"', '"glrec2021-wheels"').replace('"mine"', '"2026-08"')
    sources = {"competition_sources": ["toys"], "dataset_sources": ["OWNER/glrec2021-wheels"]}
    notebooks.project(root, keys, **sources)
    (root / "main.py").write_text(REAL.replace("NAMES", repr(list(expected))))
    (tmp_path / "input/toys").mkdir(parents=True)
    sample = "".join(f"{name},v\n" for name in expected)
    (tmp_path / "input/toys/sample_submission.csv").write_text(f"id,answer\n{sample}")
    project = load_project(root)
    done = run(project)
    assert (done.verdict, done.detail) == ("Complete", "")
    submitted = (project.build / "rehearsal/rerun-new/working/submission.csv").read_text()
    assert submitted == "id,answer\n" + "".join(f"{name},v{version}\n" for name, version in expected.items())
    (made,) = python_environment.cache_folder().iterdir()
    for name, there in [
        ("skimage", True),
        ("efficientnet", False),
        ("keras_applications", False),
        ("pydegensac", False),
    ]:
        command = [made / "bin/python", "-c", f"import {name}"]
        assert (subprocess.run(command, capture_output=True, check=False).returncode == 0) is there


@pytest.mark.full
def test_the_kernels_own_requirements_resolve_and_install_wherever_a_python_is_found(tmp_path):
    """With a registry at hand: the default image and the provisional one, three distributions, each Python here."""
    root = tmp_path / "proj"
    shutil.copytree(notebooks.ROOT / "wheels", root / "wheels")
    (root / "wheels/pylock.2026-08.toml").unlink()
    keys = KEYS.replace('"my-wheels"', '"glrec2021-wheels"').replace('"mine"', '"2026-08", "2026-08-py313"')
    notebooks.project(root, keys, dataset_sources=["OWNER/glrec2021-wheels"])
    (root / "main.py").write_text("# %%\nprint(1)\n")
    project = load_project(root)
    tags = "manylinux_2_17_x86_64.manylinux2014_x86_64"
    assert update.make(project).wheels == (
        "Keras_Applications-1.0.8-py3-none-any.whl",
        "efficientnet-1.1.1-py3-none-any.whl",
        f"pydegensac-0.3.0-cp312-cp312-{tags}.whl",
        f"pydegensac-0.3.0-cp313-cp313-{tags}.whl",
    )
    proofs = {proof.python: proof for proof in install_check.verify(project, print)}
    assert set(proofs) == {"3.11", "3.12", "3.13"}
    for version, proof in proofs.items():
        there = "proven" if interpreters.anywhere(version) else "not proven"
        assert (proof.python, proof.word) == (version, there), proof.detail


def test_the_default_images_wheels_are_exactly_what_it_lacks():
    (slot,) = project_locks.read(load_project(notebooks.ROOT))
    assert (slot.image.name, slot.is_fresh) == ("2026-08", True)
    assert [found.name for found in slot.lock.distributions] == ["efficientnet", "keras-applications", "pydegensac"]
