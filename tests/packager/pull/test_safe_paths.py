import json

import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from kernelwright.pull import plan as plans
from tests.packager import shipped


def applied(folder, *cells):
    """Add cells to the built notebook and carry it into the project."""
    told = json.loads(build_notebook(load_project(folder)).data)
    told["cells"] += [{"cell_type": "code", "metadata": {}, "source": text} for text in cells]
    loaded = load_project(folder)
    made = plans.make_plan(loaded, json.dumps(told).encode())
    plans.apply(loaded, made)
    return [(change.action, change.place, change.what) for change in made.changes]


def contents(folder):
    return {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


INSIDE = "is not a path inside the notebook's tree"
NOWHERE = "belongs to no configured source; add its folder to sources in pyproject.toml first"
HIDDEN = "is nothing that a notebook carries: hidden, or made by a tool"
STEP = "holds an empty step, `.` or `..`; write it without"
ODD = "holds a character that is not printable; rename it"
LONG = "is longer than 1000 bytes, or than 255 in one name"
PATHS = {
    "/etc/cron.d/x": INSIDE,
    "~/x.py": INSIDE,
    ".": STEP,
    "C:/x.py": INSIDE,
    "toy\\..\\x.py": INSIDE,
    "": "names no file; write its path on that line",
    "toy/../../x.py": STEP,
    "../x.py": STEP,
    "toy/./x.py": STEP,
    "toy//x.py": STEP,
    "toy/x.py/": STEP,
    "./toy/dot.py": STEP,
    "toy/con\u202e.py": ODD,
    "toy/nul\0.py": ODD,
    "toy/a\tb.py": ODD,
    "toy/\u200b.py": ODD,
    "x.py": NOWHERE,
    "main.py": NOWHERE,
    "pyproject.toml": NOWHERE,
    ".git/hooks/post-checkout": HIDDEN,
    "toy/.git/config": HIDDEN,
    "toy/__pycache__/x.py": HIDDEN,
    "toy/x.pyc": HIDDEN,
    f"toy/{'x' * 300}.py": LONG,
    "toy/" + "d/" * 2_000 + "x.py": LONG,
    "toy": "is a folder here",
    "kernelwright/runtime/phase.py": "is carried from the environment; edit it there",
    "toy/__init__.py/x.py": "goes below toy/__init__.py, which is a file",
}


@pytest.mark.parametrize("path", PATHS)
def test_a_path_outside_the_sources_is_refused_and_nothing_is_written(project, path):
    before = contents(project.parent)
    done = applied(project, f"%%module {path}\nX = 1\n")
    assert [one for one in done if one[0] != "note"] == [("refuse", path or "%%module", PATHS[path])]
    assert contents(project.parent) == before


@pytest.mark.parametrize("path", ["toy//__init__.py", "toy/__init__.py/", "./toy/__init__.py"])
def test_a_module_whose_path_is_spelt_oddly_is_not_deleted(project, path):
    told = json.loads(build_notebook(load_project(project)).data)
    (cell,) = [one for one in told["cells"] if "".join(one["source"]).startswith("%%module toy/__init__.py")]
    cell["source"] = "".join(cell["source"]).replace("toy/__init__.py", path, 1)
    loaded = load_project(project)
    made = plans.make_plan(loaded, json.dumps(told).encode())
    plans.apply(loaded, made)
    assert [(one.action, one.place) for one in made.changes] == [("refuse", path)]
    assert (project / "toy/__init__.py").read_text() == shipped.MODULE


def test_a_symbolic_link_to_a_file_is_not_written_through(project):
    (project.parent / "outside.py").write_text("X = 1\n")
    (project / "toy/link.py").symlink_to(project.parent / "outside.py")
    with pytest.raises(Exception, match=r"link"):  # the build itself refuses it where it leads out
        applied(project, "%%module toy/link.py\nX = 2\n")
    (project / "toy/link.py").unlink()
    (project / "toy/link.py").symlink_to(project / "toy/__init__.py")
    what = "goes through toy/link.py, a symbolic link"
    assert ("refuse", "toy/link.py", what) in applied(project, "%%module toy/link.py\nX = 2\n")
    assert (project / "toy/__init__.py").read_text() == shipped.MODULE


def test_a_symbolic_link_to_a_folder_is_not_written_through(project):
    (project / "elsewhere").mkdir()
    (project / "toy/deep").symlink_to(project / "elsewhere", target_is_directory=True)
    done = applied(project, "%%module toy/deep/x.py\nX = 2\n")
    assert done == [("refuse", "toy/deep/x.py", "goes through toy/deep, a symbolic link")]
    assert list((project / "elsewhere").iterdir()) == []


def test_a_driver_that_is_a_symbolic_link_is_not_written(project):
    (project / "main.py").rename(project / "real.py")
    (project / "main.py").symlink_to("real.py")
    what = "goes through main.py, a symbolic link"
    assert applied(project, "print(1)") == [("refuse", "main.py", what)]
    assert (project / "real.py").read_text() == shipped.DRIVER


def test_nothing_pulled_is_executed(project):
    trap = f"import pathlib\npathlib.Path({str(project / 'ran')!r}).touch()\n"
    applied(project, f"%%module toy/__init__.py\n{trap}", trap, f"%%module toy/conftest.py\n{trap}")
    build_notebook(load_project(project))
    assert not (project / "ran").exists()


@pytest.mark.parametrize(
    "path", ["toy//x.py", "toy//etc/x.py", "toy/\\u0000x.py", "toy/\\ud800.py", "toy/" + "d/" * 2_000]
)
def test_a_path_that_a_set_up_cell_names_is_refused_as_that_of_a_cell_is(project, path):
    told = json.loads(build_notebook(load_project(project)).data)
    (cell,) = [one for one in told["cells"] if "".join(one["source"]).startswith("# Set-up")]
    cell["source"] = "".join(cell["source"]).replace('"files": {', f'"files": {{"{path}": "{"0" * 64}", ', 1)
    [change] = [
        one for one in plans.make_plan(load_project(project), json.dumps(told).encode()).changes if one.action != "note"
    ]
    assert (change.action, change.place) == ("refuse", json.loads(f'"{path}"'))
