import importlib.metadata
import os
import subprocess
import sys
from pathlib import Path

import pytest

from kernelwright.bundle import build
from kernelwright.errors import EnvironmentUnavailable
from kernelwright.image import interpreters, kaggle_image
from kernelwright.rehearsal import python_environment
from kernelwright.rehearsal.python_environment import Environment, Recipe
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


def imported(tmp_path, driver, package=""):
    """Return what the environment of a driver, and of a package of this text, is made of beside Kaggle's executor."""
    root = notebooks.project(tmp_path / "proj", 'driver = "main.py"\nsources = ["pipeline"]\nimages = ["2026-08"]')
    (root / "pipeline").mkdir()
    (root / "pipeline/__init__.py").write_text(package)
    (root / "pipeline/other.py").write_text("")
    (root / "main.py").write_text(driver)
    project = notebooks.load_project(root)
    names = python_environment._names(project, build.build_notebook(project), kaggle_image.load("2026-08"))
    return names - set(python_environment.EXECUTOR)


def test_an_environment_holds_what_the_kernel_imports_at_the_images_versions(tmp_path):
    driver = "# %%\n%matplotlib inline\nimport pipeline, cv2\n\n# %%\n!ls\nimport scipy.stats\n"
    own = {"matplotlib", "opencv-python-headless", "pillow", "scikit-image", "scipy", "tensorflow"}
    assert imported(tmp_path, driver, PIPELINE) == own
    pins = recipe(names=tuple(sorted(own))).requirements
    assert pins[-3:] == ["scikit-image==0.25.2", "scipy==1.16.3", "tensorflow==2.20.0"]


@pytest.mark.parametrize(
    ("cell", "distributions"),
    [
        ("files = !ls /kaggle\nimport numpy as np", {"numpy"}),
        ("if True:\n    !ls \\\n      -l\nimport numpy as np", {"numpy"}),
        ("!python -m jupytext --version", {"jupytext"}),
        ("!jupytext --help | head -1\n%load_ext line_profiler", {"jupytext", "line-profiler"}),
        ("from google.cloud import storage", {"google-cloud-storage"}),
        ("import pandas as pd\npd.read_excel('a.xlsx').to_markdown()", {"pandas", "openpyxl", "tabulate"}),
        ("from tqdm.notebook import tqdm", {"tqdm", "ipywidgets"}),
        ("import sys, pipeline, pydegensac", set()),
    ],
)
def test_commands_engines_and_names_of_namespaces_count_as_imports(tmp_path, cell, distributions):
    assert imported(tmp_path, f"# %%\n{cell}\n") == distributions


def test_a_version_that_is_not_known_is_left_open():
    assert recipe().requirements == ["numpy==2.0.2", "boruta"]


def test_pins_leave_out_local_builds_and_what_is_unpinned():
    pins = recipe(unpinned=frozenset({"numpy"})).pins
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
        (
            "ipywidgets==8.1.5 depends on widgetsnbextension>=4.0.12 and you require widgetsnbextension==3.6.10",
            {"widgetsnbextension"},  # ipywidgets was put over the rest on purpose
        ),
        ("error: Failed to build `scipy==1.16.3`", {"scipy"}),
        ("numpy was not found in the cache and you require numpy==2.0.2", set()),
        ("error: the disk is full", set()),
    ],
)
def test_what_is_not_for_this_python_is_read_from_what_uv_says(said, strangers):
    assert python_environment._unavailable_pins(recipe(), said) == strangers


def test_what_cannot_be_installed_is_told_and_leaves_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("UV_OFFLINE", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    wanted = recipe(
        python=interpreters.on_path(interpreters.running()), version=interpreters.running(), names=("boruta",)
    )
    with pytest.raises(EnvironmentUnavailable) as error:
        python_environment.make(wanted, tmp_path / "made", lambda _: None)
    head = f"what the kernel needs of 2026-08 cannot be installed on Python {interpreters.running()}:\n"
    assert str(error.value).startswith(head)
    assert "boruta" in str(error.value)
    assert list((tmp_path / "made").iterdir()) == []


def test_a_made_environment_is_kept_and_the_least_used_goes(tmp_path, monkeypatch):
    installed = []
    monkeypatch.setattr(
        python_environment, "_install", lambda wanted, folder, _: (installed.append(wanted.names), folder.mkdir())
    )
    monkeypatch.setattr(python_environment, "KEPT", 3)
    names = [("a",), ("b",), ("c",), ("a",), ("d",)]
    made = []
    for at, one in enumerate(names):
        made.append(python_environment.make(recipe(names=one), tmp_path, lambda _: None).folder)
        os.utime(made[-1] / "ready.txt", (at, at))
    assert installed == [("a",), ("b",), ("c",), ("d",)]
    assert sorted(tmp_path.iterdir()) == sorted([made[0], made[2], made[4]])


@pytest.fixture
def bare(tmp_path):
    """An environment that holds numpy alone, as far as its metadata says."""
    packages = tmp_path / "lib/python3.11/site-packages"
    for name in ("numpy-2.0.2", "pandas-2.2.2"):
        (packages / f"{name}.dist-info").mkdir(parents=True)
        (packages / f"{name}.dist-info/METADATA").write_text(f"Name: {name.partition('-')[0]}\n")
    return python_environment.Environment(folder=tmp_path, version="3.11", image=kaggle_image.load("2026-08"))


@pytest.mark.parametrize(
    ("log", "names"),
    [
        ("ModuleNotFoundError: No module named 'bs4'", ("beautifulsoup4",)),
        ("\x1b[0;31mModuleNotFoundError\x1b[0m: No module named 'sklearn.svm'", ("scikit-learn",)),
        ("ImportError: Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.", ("openpyxl",)),
        ("ImportError: IProgress not found. Please update jupyter and ipywidgets.", ("ipywidgets",)),
        (
            "ImportError: Unable to find a usable engine; tried using: 'pyarrow', 'fastparquet'.",
            ("pyarrow",),
        ),
        ("ModuleNotFoundError: No module named 'numpy.core.numeric'", ()),
        ("ModuleNotFoundError: No module named 'segmentation_models_pytorch'", ()),
        ("PackageNotFoundError: No package metadata was found for tokenizers", ("tokenizers",)),
        ("/usr/bin/python: No module named jupytext", ("jupytext",)),
        ("/bin/sh: 1: jupytext: not found", ("jupytext",)),
        ("/bin/sh: 1: jupytext: not found\r", ("jupytext",)),
        ("/usr/bin/python: No module named jupytext\r", ("jupytext",)),
        ("a line about tabulate that failed nowhere", ()),
    ],
)
def test_what_the_image_has_and_a_run_missed_is_read_from_its_log(bare, log, names):
    assert bare.lacking(f"before\n{log}\nafter") == names


def test_an_environment_whose_python_is_gone_is_refused_in_one_line(tmp_path):
    made = Environment(folder=tmp_path / "gone", version="3.11", image=kaggle_image.load("2026-08"))
    with pytest.raises(EnvironmentUnavailable) as error:
        made.overlay(tmp_path / "own")
    (line,) = str(error.value).splitlines()
    assert line.startswith(f"{tmp_path}/own: no environment can be made here: ")


def test_an_environment_that_is_given_is_taken_as_it_is_with_its_programs(tmp_path, monkeypatch):
    project, lines = notebooks.load_project(notebooks.project(tmp_path / "proj")), []
    given = python_environment.prepare(project, None, lines.append)
    assert lines == [f"rehearsing in {sys.prefix}, as KERNELWRIGHT_ENVIRONMENT says, whatever its versions are"]
    assert given.lacking("ModuleNotFoundError: No module named 'bs4'") == ()
    python = given.overlay(tmp_path / "own")
    assert str(python) in (tmp_path / "own/bin/jupytext").read_text()
    done = subprocess.run([tmp_path / "own/bin/jupytext", "--version"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, importlib.metadata.version("jupytext"))
    monkeypatch.setenv(python_environment.GIVEN, str(tmp_path))
    with pytest.raises(EnvironmentUnavailable, match="no environment with a Python that runs: "):
        python_environment.prepare(project, None, print)


def test_a_project_that_names_no_image_is_rehearsed_on_the_newest(tmp_path):
    root = notebooks.project(tmp_path / "proj")
    assert python_environment.image_of(notebooks.load_project(root)).name == kaggle_image.DEFAULT


def test_a_shim_that_does_not_run_is_no_python(tmp_path, monkeypatch):
    shim = tmp_path / "python3.99"
    shim.write_text("#!/bin/sh\necho 'not installed' >&2\nexit 127\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert interpreters.on_path("3.99") is None
    assert interpreters.on_path(interpreters.running()) is not None
