"""``kernelwright init``, as a user calls it."""

import json
import sys

import pytest

from kernelwright import cli
from kernelwright.project import scaffold
from kernelwright.support import atomic_files
from tests.packager.adopt.corpus_files import notebook

NEXT = ["kernelwright build", "kernelwright check", "kernelwright rehearse --input DIR"]


@pytest.fixture
def init(tmp_path, monkeypatch, capsys):
    """Call ``kernelwright init`` in a folder with a notebook: status, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "houses.ipynb").write_bytes(notebook("tabular"))

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["kernelwright", "init", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        return (ended.value.code or 0, *capsys.readouterr())

    return call


def test_a_notebook_becomes_a_project(init, tmp_path):
    status, out, err = init("first-look", "--from", "houses.ipynb")
    assert (status, err) == (0, "")
    assert sorted(file.relative_to(tmp_path).as_posix() for file in (tmp_path / "first-look").rglob("*.*")) == [
        "first-look/.gitignore",
        "first-look/README.md",
        "first-look/kernel-metadata.json",
        "first-look/kernel_src/first_look/__init__.py",
        "first-look/kernel_src/first_look/exploratory_data_analysis.py",
        "first-look/kernel_src/first_look/load_the_data.py",
        "first-look/kernel_src/first_look/model.py",
        "first-look/kernel_src/first_look/settings.py",
        "first-look/kernel_src/main.py",
        "first-look/pyproject.toml",
        "first-look/tests/test_notebook.py",
    ]
    assert "  cell 11: `show_errors`: it reads `model`, which cell 10 computes\n" in out
    assert [line.split("   ")[0].strip() for line in out.splitlines()[-3:]] == NEXT


def test_nothing_moves_when_the_cells_are_to_be_kept(init, tmp_path):
    init("kept", "--from", "houses.ipynb", "--keep-cells")
    assert [file.name for file in (tmp_path / "kept/kernel_src").iterdir()] == ["main.py"]
    driver = (tmp_path / "kept/kernel_src/main.py").read_text()
    assert all(
        cell["source"] in driver for cell in json.loads(notebook("tabular"))["cells"] if cell["cell_type"] == "code"
    )


def test_tidied_cells_are_gone(init, tmp_path):
    init("plain-one", "--from", "houses.ipynb")
    init("tidy-one", "--from", "houses.ipynb", "--tidy")
    drivers = [(tmp_path / name / "kernel_src/main.py").read_text() for name in ("plain-one", "tidy-one")]
    assert ["# train.describe()" in driver for driver in drivers] == [True, False]


def test_a_folder_with_something_in_it_is_left_alone(init, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/mine.txt").write_text("mine")
    assert init("full", "--from", "houses.ipynb") == (
        1,
        "",
        "full: there is something already; name an empty or a new folder\n",
    )
    assert [file.name for file in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_an_interrupted_conversion_leaves_nothing(init, tmp_path, monkeypatch):
    written = []

    def interrupted(source, target):
        written.append(target)
        if len(written) == 3:
            raise KeyboardInterrupt
        return replace(source, target)

    replace = atomic_files.os.replace
    before = sorted(tmp_path.iterdir())
    with monkeypatch.context() as patched:
        patched.setattr(atomic_files.os, "replace", interrupted)
        assert init("first-look", "--from", "houses.ipynb")[0] != 0
    assert sorted(tmp_path.iterdir()) == before
    assert init("first-look", "--from", "houses.ipynb")[0] == 0


def test_a_link_to_an_empty_folder_is_filled(init, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    assert init("link", "--from", "houses.ipynb")[0] == 0
    assert (tmp_path / "empty/kernel_src/main.py").is_file()
    (tmp_path / "broken").symlink_to("nowhere")
    assert init("broken", "--from", "houses.ipynb")[0] == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no json", "x.ipynb: not JSON: Expecting value: line 1 column 1 (char 0)\n"),
        (b'{"cells": 1}', "x.ipynb: no list of cells; save it as a notebook of format 4\n"),
        (
            b'{"cells": [], "metadata": {"kernelspec": {"language": "R"}}}',
            "x.ipynb: its language is r; Kernelwright builds notebooks in Python\n",
        ),
        (
            b'{"cells": [{"cell_type": "code", "source": "x = = 1"}]}',
            "x.ipynb: cell 1: line 1: invalid syntax; correct the syntax\n",
        ),
        (
            b'{"cells": [{"cell_type": "code", "source": "%%module a.py\\nx = 1"}]}',
            "x.ipynb: Kernelwright built it; take edits back with `kernelwright pull --from x.ipynb`\n",
        ),
    ],
)
def test_what_is_no_notebook_to_convert_is_said_and_nothing_written(init, tmp_path, content, message):
    (tmp_path / "x.ipynb").write_bytes(content)
    assert init("new-one", "--from", "x.ipynb") == (1, "", message)
    assert not (tmp_path / "new-one").exists()


def test_what_goes_with_a_notebook_alone_is_wrong_usage_without(init):
    assert init("new-one", "--tidy")[0] == 2
    assert init("new-one", "--from", "houses.ipynb", "--template", "tabular")[0] == 2


@pytest.mark.full
def test_the_proof_compares_how_both_end_what_they_print_and_their_files(init, tmp_path):
    source = tmp_path / "in/houses"
    source.mkdir(parents=True)
    (source / "train.csv").write_text("id,street,rooms,price\n1,a,3,100\n2,b,2,90\n")
    (source / "test.csv").write_text("id,street,rooms\n4,a,1\n")
    text = (tmp_path / "houses.ipynb").read_text()
    there = "Path('/kaggle/input/houses')"
    before = 'Path(os.environ.get(\\"KERNELWRIGHT_INPUT\\", \\"/kaggle/input\\")) / \\"houses\\"'
    assert before in text
    (tmp_path / "houses.ipynb").write_text(text.replace(before, there))
    status, out, _ = init("first-look", "--from", "houses.ipynb", "--verify", "--input", "in")
    same = "original and built notebook:\n  end: Complete\n  output (10 lines): the same\n  submission.csv: the same\n"
    assert (status, same in out) == (0, True)
    _, out, _ = init("no-input", "--from", "houses.ipynb", "--verify")
    assert "  end: an input is missing\n  output (0 lines): the same\n" in out


@pytest.mark.parametrize("kind", ["once", "output"])
def test_only_a_rerun_has_an_inference_server(init, tmp_path, kind):
    status, _, err = init("served", "--template", "inference-server", "--kind", kind)
    assert status == 2
    assert "--template inference-server is of --kind rerun alone" in " ".join(err.split())
    assert not (tmp_path / "served").exists()


def test_what_the_tests_of_a_new_project_lack_is_named(init, monkeypatch):
    monkeypatch.setattr(scaffold, "missing_requirements", lambda folder: ["grpcio", "pandas"])
    status, out, _ = init("served", "--template", "inference-server")
    assert status == 0
    assert "\nits tests need grpcio, pandas: cd served && pip install -r requirements.txt\n" in out
