"""Each folder of cases/ holds a tree, its driver, and case.toml with a sentence: run in place and run as a notebook,
it prints the same, ends with the same status and writes the same files.
"""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests import notebooks

CASES = Path(__file__).with_name("cases")


def cases():
    for folder in sorted(CASES.iterdir()):
        case = tomllib.loads((folder / "case.toml").read_text("utf-8"))
        yield pytest.param(folder, case, id=folder.name)


HARDER = [pytest.param(one, marks=pytest.mark.full) for one in ("dataset", "newest IPython")]


@pytest.mark.parametrize("way", ["cells", *HARDER])
@pytest.mark.parametrize(("folder", "case"), cases())
def test_the_notebook_does_what_the_tree_does_in_place(folder, case, way, tmp_path):
    tree = tmp_path / "tree"
    shutil.copytree(folder, tree, ignore=shutil.ignore_patterns("__pycache__"))
    place, notebook = tmp_path / "place", tmp_path / "notebook"
    place.mkdir()
    notebook.mkdir()
    expected = in_place(tree, case, place)
    ran = as_notebook(tree, case, way, notebook)
    assert expected.stdout or expected.returncode, expected.stderr
    assert ran.stdout == expected.stdout, expected.stderr
    assert ran.status == expected.returncode
    assert written(notebook) == written(place)


def in_place(tree, case, working):
    program = case.get("run", [str(tree / case["driver"])])
    variables = {"PYTHONDONTWRITEBYTECODE": "1", **({"PYTHONPATH": str(tree)} if "run" in case else {})}
    return subprocess.run(
        [sys.executable, *program],
        cwd=working,
        env=notebooks.environment(**variables),
        capture_output=True,
        text=True,
        check=False,
    )


def as_notebook(tree, case, way, working):
    configuration = (
        f"driver = {json.dumps(case['driver'])}\nsources = {json.dumps(case['sources'], ensure_ascii=False)}"
    )
    if way == "dataset":
        configuration += '\ncarrier = "dataset"\nsources_dataset = "the-sources"'
    project = notebooks.project(tree, configuration, dataset_sources=["OWNER/the-sources"])
    data = notebooks.built(project)
    variables = {"KERNELWRIGHT_INPUT": str(attached(project))} if way == "dataset" else {}
    shutil.rmtree(tree)  # the notebook has nothing but itself
    python = notebooks.newest_ipython() if way == "newest IPython" else sys.executable
    return notebooks.run(data, working, python=python, **variables)


def attached(project):
    """Lay the built dataset out as it would be mounted."""
    from kernelwright.bundle import build
    from kernelwright.project.model import load_project

    build.build(load_project(project))
    shutil.copytree(project / "build" / "sources", project.parent / "input" / "the-sources")
    return project.parent / "input"


def written(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
