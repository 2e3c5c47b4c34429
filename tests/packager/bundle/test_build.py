import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import kernelwright
from kernelwright.bundle import build, cells, notebook_io
from kernelwright.errors import InvalidProject, NotebookTooLarge
from kernelwright.runtime import config
from tests import notebooks


@pytest.fixture
def tree(folder):
    """A project with modules, data of all kinds, a vendored package and names beyond ASCII."""
    folder.configure(
        'driver = "main.py"\nsources = ["pkg", "größe.py"]\nvendor = ["iniconfig", "kernelwright.runtime"]\n'
        'public = { "b/x.csv" = { rows = 2 }, "a/x.csv" = { bytes = 1 } }',
        competition_sources=["some-competition"],
    )
    folder.write("main.py", "# %% [markdown]\n# # Title\n# %%\nimport pkg.a\nprint(__file__)\n")
    folder.write("pkg/__init__.py")
    folder.write("pkg/a.py", '"""A."""\nfrom . import b\nfrom größe import x\n')
    folder.write("pkg/b.py", "import pkg\r\n")
    folder.write("pkg/data.bin", bytes(range(256)))
    folder.write("pkg/two words.txt", "ü")
    folder.write("größe.py", "x = 1")
    return folder


BUILD = "from pathlib import Path; from kernelwright import *; import sys; build(load_project(Path(sys.argv[1])))"


@pytest.mark.parametrize(
    "variables",
    [
        {"PYTHONHASHSEED": "1"},
        {"PYTHONHASHSEED": "2", "TZ": "Asia/Tokyo", "LC_ALL": "POSIX"},
    ],
)
def test_the_bytes_depend_on_nothing_but_the_tree(tree, tmp_path, variables):
    here = build.build_notebook(tree.load()).data
    other = tmp_path / "another place" / "of it"
    shutil.copytree(tree.root, other)
    for file in other.rglob("*"):
        os.utime(file, (1, 1))
    environment = {**os.environ, **variables, "PYTHONPATH": str(notebooks.ROOT)}
    subprocess.run([sys.executable, "-c", BUILD, str(other)], env=environment, check=True)
    assert (other / "build/some.ipynb").read_bytes() == here


def test_no_path_of_this_machine_gets_in(tree):
    data = build.build_notebook(tree.load()).data
    assert str(tree.root).encode() not in data
    assert sys.prefix.encode() not in data


def test_the_runtime_is_told_what_the_project_says(tree, tmp_path):
    project = tree.load()
    built = build.build_notebook(project)
    driver = notebook_io.read_driver(project.driver)
    manifest = build.runtime_config(project, built.tree, driver, {})
    assert manifest["public"] == {"a/x.csv": {"bytes": 1}, "b/x.csv": {"rows": 2}}
    names, sha256 = {"__file__": "{root}/main.py"}, cells.driver_digest(driver)
    assert manifest["driver"] == {"file": "main.py", "folder": "", "names": names, "sha256": sha256}
    assert [name for name in manifest["imports"] if name[0] in "pgm"] == ["größe", "pkg", "pkg.b", "pkg.a", "main"]
    assert manifest["files"]["größe.py"] == hashlib.sha256(b"x = 1").hexdigest()
    file = tmp_path / "kernelwright.json"
    file.write_text(build.write_manifest(manifest))
    assert config.load(file).competitions == ("some-competition",)


def test_a_notebook_that_kaggle_would_refuse_is_an_error_with_the_largest_files(folder):
    folder.configure('driver = "main.py"\nsources = ["pkg"]')
    folder.write("pkg/__init__.py")
    folder.write("pkg/big.bin", b"\xff" * 700_000)
    folder.write("pkg/small.txt", "x" * 10_000)
    with pytest.raises(NotebookTooLarge) as caught:
        build.build(folder.load())
    first, *rows, _ = str(caught.value).split("\n")
    assert first.startswith("some.ipynb: 1,")
    assert first.endswith("bytes; Kaggle refuses more than 1 MB and we stop at 900,000. The largest files carried:")
    assert rows[:2] == ["    700,000 bytes  pkg/big.bin", "     10,000 bytes  pkg/small.txt"]
    assert dict(list(caught.value.largest.items())[:2]) == {"pkg/big.bin": 700_000, "pkg/small.txt": 10_000}
    assert caught.value.size > caught.value.limit == build.LARGEST_NOTEBOOK_BYTES
    assert str(caught.value).endswith(
        "Move data into a dataset and name it in dataset_sources of kernel-metadata.json, carry fewer sources, "
        'or set carrier = "dataset", which takes the whole tree out of the notebook.'
    )
    assert not (folder.root / "build").exists()
    built = build.build_notebook(folder.load(), limit=None)
    carriers = {file.path: file.carrier for file in built.tree.files}
    assert (carriers["pkg/big.bin"], carriers["pkg/small.txt"]) == ("bootstrap", "cell")


def test_a_dataset_carries_what_is_too_large(folder):
    folder.configure(
        'driver = "main.py"\nsources = ["pkg"]\ncarrier = "dataset"\nsources_dataset = "my-big-sources"',
        dataset_sources=["OWNER/my-big-sources"],
    )
    folder.write("pkg/__init__.py")
    folder.write("pkg/big.bin", b"\xff" * 700_000)
    build.build(folder.load())
    made = folder.root / "build/sources"
    assert sorted(path.name for path in made.iterdir()) == ["dataset-metadata.json", "sources.json"]
    assert json.loads((made / "dataset-metadata.json").read_text()) == {
        "id": "OWNER/my-big-sources",
        "title": "My big sources",
        "licenses": [{"name": "other"}],
    }
    held = json.loads((made / "sources.json").read_text())
    assert held["pkg/__init__.py"] == ["text", ""]
    assert held["pkg/big.bin"][0] == "base64"
    assert {file.carrier for file in build.build_notebook(folder.load()).tree.files} == {"dataset"}
    assert len((folder.root / "build/some.ipynb").read_bytes()) < 20_000


def test_problems_of_sources_and_driver_come_at_once_and_nothing_is_written(folder):
    folder.configure('driver = "main.py"\nsources = ["pkg.py", "gone"]')
    folder.write("pkg.py", "(")
    folder.write("main.py", "# %%\n)\n")
    with pytest.raises(InvalidProject) as caught:
        kernelwright.build(folder.load())
    assert [(problem.code, problem.location) for problem in caught.value.problems] == [
        ("KW211", "pyproject.toml: tool.kernelwright.sources[1]"),
        ("KW205", "pkg.py:1"),
        ("KW203", "main.py:2"),
    ]
    assert not (folder.root / "build").exists()


def test_the_library_is_two_calls(folder):
    built = kernelwright.build_notebook(kernelwright.load_project(folder.root))
    assert isinstance(built, kernelwright.Notebook)
    assert json.loads(built.data)["cells"][-1]["source"] == ["print(1)"]
    with pytest.raises(AttributeError, match="module 'kernelwright' has no attribute 'nothing'"):
        _ = kernelwright.nothing
    assert set(kernelwright.__all__) <= set(dir(kernelwright))


def test_importing_the_package_needs_nothing(tmp_path):
    code = "import sys, kernelwright; print([n for n in sys.modules if n in ('pydantic', 'typer', 'jupytext')])"
    environment = {**os.environ, "PYTHONPATH": str(notebooks.ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.full
@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_the_bytes_are_those_of_every_python(tree, tmp_path, version):
    here = build.build_notebook(tree.load()).data
    uv = Path(sys.executable).with_name("uv")
    made = subprocess.run([uv, "venv", "--python", version, tmp_path / "venv"], capture_output=True, check=False)
    if made.returncode:
        pytest.skip(f"there is no Python {version} here, and none to be had")
    python = tmp_path / "venv/bin/python"
    install = [uv, "pip", "install", "--quiet", "--python", python, "-c", notebooks.ROOT / "constraints.txt"]
    subprocess.run([*install, "pydantic", "jupytext", "nbformat", "iniconfig"], check=True)
    environment = {**os.environ, "PYTHONPATH": str(notebooks.ROOT)}
    subprocess.run([python, "-c", BUILD, tree.root], env=environment, check=True)
    assert (tree.root / "build/some.ipynb").read_bytes() == here
