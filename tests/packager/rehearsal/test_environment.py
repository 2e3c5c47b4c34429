from pathlib import Path

import pytest

from kernelwright.bundle import build
from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import interpreters, kaggle_image
from kernelwright.rehearsal import environment
from kernelwright.rehearsal.environment import Recipe
from tests import notebooks

PIPELINE = """
import os
import PIL.Image
from skimage import transform
import made_up_name

def late():
    import tensorflow.keras
    from . import other
"""


def recipe(version="3.11", **changes):
    told = {
        "python": Path("python"),
        "version": version,
        "image": kaggle_image.load("2026-08"),
        "names": ("numpy", "boruta"),
    }
    return Recipe(**(told | changes))


def test_an_environment_holds_what_the_kernel_imports_at_the_images_versions(tmp_path):
    root = notebooks.project(tmp_path / "proj", 'driver = "main.py"\nsources = ["pipeline"]\nimages = ["2026-08"]')
    (root / "pipeline").mkdir()
    (root / "pipeline/__init__.py").write_text(PIPELINE)
    (root / "pipeline/other.py").write_text("")
    (root / "main.py").write_text("# %%\n%matplotlib inline\nimport pipeline, cv2\n\n# %%\n!ls\nimport scipy.stats\n")
    project = notebooks.load_project(root)
    found = environment._names(project, build.build_notebook(project), kaggle_image.load("2026-08"))
    own = {"opencv-python-headless", "pillow", "scikit-image", "scipy", "tensorflow"}
    assert set(found) - set(environment.STACK) == own
    assert recipe(names=found).requirements[-3:] == ["scikit-image==0.25.2", "scipy==1.16.3", "tensorflow==2.20.0"]


def test_a_version_that_is_not_known_is_left_open():
    assert recipe().requirements == ["numpy==2.0.2", "boruta"]


def test_pins_leave_out_local_builds_and_what_was_let_go():
    pins = recipe(let_go=frozenset({"numpy"})).pins
    assert "scipy==1.16.3" in pins
    assert not [pin for pin in pins if "+" in pin or pin.startswith(("numpy==", "boruta"))]


@pytest.mark.parametrize(
    ("said", "strangers"),
    [
        (
            "the current Python version (3.11.7) does not satisfy Python>=3.12 and\n  tifffile==2026.4.11 depends on",
            {"tifffile"},
        ),
        ("Because numpy==2.0.2 has no wheels with a matching Python ABI tag (e.g., `cp313`)", {"numpy"}),
        ("Because made-up-name==1.0 has no wheels with a matching Python ABI tag", set()),
        ("error: the disk is full", set()),
    ],
)
def test_what_is_not_for_this_python_is_read_from_what_uv_says(said, strangers):
    assert environment._strangers(recipe(), said) == strangers
    assert environment._strangers(recipe(version="3.12"), said) == set()


def test_what_cannot_be_installed_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    wanted = recipe(
        python=interpreters.on_path(interpreters.running()), version=interpreters.running(), names=("boruta",)
    )
    with pytest.raises(EnvironmentUnavailable) as error:
        environment.make(wanted, tmp_path / "made", lambda _: None)
    head = f"what the kernel imports of 2026-08 cannot be installed on Python {interpreters.running()}:\n"
    assert str(error.value).startswith(head)
    assert "boruta" in str(error.value)
    assert list((tmp_path / "made").iterdir()) == []


def test_a_made_environment_is_kept_and_the_least_used_goes(tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(environment, "_installed", lambda wanted, folder, _: (installed.append(folder), folder.mkdir()))
    names = [("a",), ("b",), ("c",), ("a",), ("d",)]
    made = [environment.make(recipe(names=one), tmp_path, lambda _: None).folder for one in names]
    assert installed == [made[0], made[1], made[2], made[4]]
    assert sorted(tmp_path.iterdir()) == sorted([made[0], made[2], made[4]])


def test_a_project_that_names_no_image_is_rehearsed_on_the_running_python(tmp_path):
    root = notebooks.project(tmp_path / "proj")
    (root / "main.py").write_text("# %%\nprint(1)\n")
    assert environment.prepare(notebooks.load_project(root), None, print) is None


def test_a_shim_that_does_not_run_is_no_python(tmp_path, monkeypatch):
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 'not installed' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreters.on_path("3.99") is None
    assert interpreters.on_path(interpreters.running()) is not None
