"""The notebook in a real kernel: where its modules come from, how an edit takes effect, how cells may run again."""

import json
import subprocess
import sys

import nbformat
import pytest

from kernelwright.bundle.build import build_notebook
from kernelwright.project.model import load_project
from tests import notebooks


@pytest.fixture
def kernel(tmp_path):
    (tmp_path / "working").mkdir()
    kernel = notebooks.Kernel(tmp_path / "working")
    yield kernel
    kernel.stop()


@pytest.fixture
def chain(folder):
    """settings <- matching <- ranking, and a driver that imported all its names in its first cell."""
    folder.configure('driver = "main.py"\nsources = ["rec"]')
    folder.write("rec/__init__.py")
    folder.write("rec/settings.py", "RATIO = 1\n")
    folder.write("rec/matching.py", "from rec.settings import RATIO\ndef match(): return RATIO * 10\n")
    folder.write(
        "rec/ranking.py", "from .matching import match\nclass Rank:\n    def __call__(self): return match() + 1\n"
    )
    folder.write("main.py", "# %%\nfrom rec.ranking import Rank\nfrom rec import matching as m, settings\n")
    return build_notebook(load_project(folder.root))


def cell(built, file):
    return next(c.source for c in built.cells if c.kind == "code" and c.metadata["kernelwright"].get("file") == file)


EDITED = "{} was edited: it is no longer the file this notebook was built from\n"


def test_an_edited_cell_run_again_reaches_names_imported_earlier(kernel, chain):
    assert kernel.run_all(chain.data) == ""
    assert kernel.run("print(Rank()(), m.RATIO, settings.RATIO)") == "11 1 1\n"
    edit = cell(chain, "rec/settings.py").replace("RATIO = 1", "RATIO = 7")
    assert kernel.run(edit) == EDITED.format("rec/settings.py")
    assert kernel.run("print(Rank()(), m.RATIO, settings.RATIO)") == "71 7 7\n"
    edit = cell(chain, "rec/ranking.py").replace("+ 1", "+ 2")
    assert kernel.run(edit) == EDITED.format("rec/ranking.py")
    assert kernel.run("print(Rank()())") == "72\n"
    assert kernel.run(cell(chain, "rec/settings.py")) == ""
    assert kernel.run("print(Rank()())") == "12\n"


def test_an_edit_shows_in_tracebacks_and_in_the_source(kernel, chain):
    kernel.run_all(chain.data)
    kernel.run(cell(chain, "rec/matching.py").replace("return RATIO * 10", "return RATIO / 0"))
    assert "return RATIO / 0" in kernel.run("import inspect; print(inspect.getsource(m.match))")
    assert "return RATIO / 0" in kernel.run("import traceback\ntry: m.match()\nexcept Exception: traceback.print_exc()")


def test_a_module_edited_before_it_is_imported_says_so_and_holds(kernel, chain):
    sources = [c.source for c in chain.cells if c.kind == "code"]
    edited = [source.replace("RATIO = 1", "RATIO = 5") for source in sources]
    assert "".join(map(kernel.run, edited)) == EDITED.format("rec/settings.py")
    assert kernel.run("print(Rank()())") == "51\n"


def test_an_edit_that_is_not_python_leaves_the_notebook_usable(kernel, chain):
    kernel.run_all(chain.data)
    assert "SyntaxError" in kernel.run(cell(chain, "rec/matching.py") + "def (\n")
    assert kernel.run(cell(chain, "rec/matching.py")) == ""
    assert kernel.run("print(Rank()())") == "11\n"


def test_all_cells_may_run_again(kernel, chain):
    kernel.run_all(chain.data)
    first = kernel.run("print(settings.__file__)")
    assert kernel.run_all(chain.data) == ""
    assert kernel.run("print(Rank()())") == "11\n"
    assert kernel.run("print(settings.__file__)") != first
    assert kernel.run("import sys; print(sum('kernelwright-' in path for path in sys.path))") == "1\n"


def test_nothing_is_left_in_the_working_folder_nor_in_the_temporary_one(chain, tmp_path):
    scratch, working = tmp_path / "scratch", tmp_path / "working"
    scratch.mkdir()
    working.mkdir()
    assert notebooks.run(chain.data, working, TMPDIR=str(scratch)).status == 0
    assert list(working.iterdir()) == []
    assert [path.name for path in scratch.iterdir() if path.name.startswith("kernelwright-")] == []


@pytest.mark.smoke
def test_papermill_runs_it_as_kaggle_does(chain, tmp_path):
    file = tmp_path / "__notebook__.ipynb"
    file.write_bytes(chain.data)
    program = "import papermill; papermill.execute_notebook('__notebook__.ipynb', '__notebook__.ipynb')"
    subprocess.run([sys.executable, "-c", program], cwd=tmp_path, env=notebooks.environment(), check=True)
    ran = nbformat.read(file, as_version=4)
    assert [c for c in ran.cells if c.cell_type == "code" and c.outputs] == []


def test_our_kernel_imports_landmarks_from_its_own_tree_alone(kernel):
    """Also where another `landmarks` comes first on the path, and none once the tree is gone."""
    decoy = (
        "import os, sys; os.mkdir('landmarks'); open('landmarks/__init__.py', 'w').close(); sys.path.insert(0, '.')\n"
    )
    kernel.run(f"{decoy}import landmarks")
    built = build_notebook(load_project(notebooks.ROOT))
    for one in built.cells:
        if one.kind == "code" and "file" in one.metadata["kernelwright"]:
            assert kernel.run(one.source) == ""
    kernel.run("import shutil; shutil.rmtree('landmarks')")
    found = kernel.run(
        "import json, landmarks, landmarks.settings as s; from importlib import import_module\n"
        "print(json.dumps([s.__file__, landmarks.__file__, sys.path[0]]))"
    )
    settings, package, root = json.loads(found)
    assert (settings, package) == (f"{root}/landmarks/settings.py", f"{root}/landmarks/__init__.py")
    assert root.startswith(f"{notebooks.scratch(kernel.manager)}/kernelwright-")  # where one that is killed leaves it
    gone = "for name in [n for n in sys.modules if n.startswith('landmarks')]: del sys.modules[name]\n"
    assert "No module named 'landmarks'" in kernel.run(f"shutil.rmtree(sys.path[0])\n{gone}import landmarks")


def test_a_dataset_of_another_build_and_a_missing_one_stop_the_notebook(folder, tmp_path):
    folder.configure(
        'driver = "main.py"\nsources = ["m.py"]\ncarrier = "dataset"\nsources_dataset = "my-sources"',
        dataset_sources=["OWNER/my-sources"],
    )
    folder.write("m.py", "x = 1\n")
    built = build_notebook(load_project(folder.root))
    mounted = tmp_path / "input" / "datasets" / "OWNER" / "my-sources"
    working = tmp_path / "working"
    working.mkdir()
    assert "attach the dataset my-sources" in failure(built.data, working, tmp_path / "input")
    mounted.mkdir(parents=True)
    (mounted / "sources.json").write_bytes(built.dataset["sources.json"].replace(b"x = 1", b"x = 2"))
    message = "is of another build, see m.py: attach the dataset's newest version"
    assert message in failure(built.data, working, tmp_path / "input")
    (mounted / "sources.json").write_bytes(built.dataset["sources.json"])
    assert notebooks.run(built.data, working, KERNELWRIGHT_INPUT=str(tmp_path / "input")).status == 0


def failure(data, working, mounts):
    ran = notebooks.run(data, working, KERNELWRIGHT_INPUT=str(mounts))
    return "".join(o.get("evalue", "") for c in ran.notebook.cells for o in c.get("outputs", ()))


def test_folders_named_like_the_tree_stay_on_the_path(kernel, chain, tmp_path):
    """The bootstrap cell takes its own earlier tree off the path, and nothing else."""
    (tmp_path / "kernelwright-demo").mkdir()
    (tmp_path / "kernelwright-demo" / "mine.py").write_text("VALUE = 3\n")
    kernel.run(f"import sys; sys.path.append({str(tmp_path / 'kernelwright-demo')!r})")
    kernel.run_all(chain.data)
    kernel.run_all(chain.data)
    assert kernel.run("import mine; print(mine.VALUE)") == "3\n"
