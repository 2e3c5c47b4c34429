"""Kernels whose output another kernel of the project attaches: two toys, a trainer and one that reads what it left."""

import json

import pytest

from kernelwright import cli
from kernelwright.errors import InvalidInput, InvalidProject
from kernelwright.project.model import load_project
from kernelwright.rehearsal import chain
from kernelwright.rehearsal import report as reports
from tests.packager.rehearsal.conftest import METADATA, write_kernel
from tests.packager.rehearsal.test_html_report import report, run

TRAINER = """
# %%
import pathlib

pathlib.Path("weights.txt").write_text("7")
"""
READER = """
# %%
from kernelwright.runtime import inputs, submission

weight = (inputs.find("toy-training") / "weights.txt").read_text()
submission.write([(name, weight) for name in ("a", "bb", "ccc")], header=("id", "answer"))
"""


def attach(root, name, *, kernel_sources, driver="main.py"):
    """Add a further kernel to a project: one without a competition, whose output counts."""
    with (root / "pyproject.toml").open("a") as file:
        file.write(f'\n[tool.kernelwright.kernels.{name}]\ndriver = "{driver}"\nmetadata = "{name}.json"\n')
    own = {"id": f"OWNER/toy-{name}", "title": f"Toy {name}", "code_file": f"build/{name}.ipynb"}
    bare = {"competition_sources": [], "dataset_sources": [], "kernel_sources": kernel_sources}
    (root / f"{name}.json").write_text(json.dumps({**METADATA, **own, **bare}))


@pytest.fixture
def pair(tmp_path):
    """A kernel that reads what the further kernel of its project leaves."""

    def pair(trainer=TRAINER, **metadata):
        project = write_kernel(tmp_path / "project", READER, **{"kernel_sources": ["OWNER/toy-training/3"], **metadata})
        (project.root / "train.py").write_text(trainer)
        attach(project.root, "training", kernel_sources=[], driver="train.py")
        return project.root

    return pair


def ids(root, source, kernel=""):
    return [each.metadata.id for each in chain.order(load_project(root, kernel), source)]


def rehearse(monkeypatch, root, source, *options):
    """Call the command; return its exit status."""
    program = ["kernelwright", "rehearse", "--chain", "--project", str(root), "--input", str(source), "--mounts", "new"]
    monkeypatch.setattr("sys.argv", [*program, "--phase", "rerun", *options])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return ended.value.code or 0


@pytest.mark.full
@pytest.mark.parametrize("sandbox", ["process", ""])
def test_the_second_kernel_reads_what_the_first_ones_rehearsal_left(pair, source, monkeypatch, capsys, sandbox):
    (source / "toy-training").mkdir()
    (source / "toy-training" / "weights.txt").write_text("of the input folder")
    root = pair()
    options = ["--sandbox", sandbox] if sandbox else []
    assert rehearse(monkeypatch, root, source, "--json", *options) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert [first["title"], second["title"]] == ["Toy training", "Toy kernel"]
    assert [run["verdict"] for report in (first, second) for run in report["runs"]] == ["Complete", "Complete"]
    written = (root / "build/rehearsal/rerun-new/working/submission.csv").read_text()
    assert written == "id,answer\na,7\nbb,7\nccc,7\n"


@pytest.mark.full
def test_a_first_kernel_that_failed_is_the_last_and_what_waited_for_it_is_named(pair, source, monkeypatch, capsys):
    root = pair("# %%\nraise ValueError('the loss is no number')\n")
    assert rehearse(monkeypatch, root, source, "--sandbox", "process") == 1
    out, err = capsys.readouterr()
    assert "the loss is no number" in out
    assert err == "not rehearsed, as OWNER/toy-training failed: OWNER/toy-kernel\n"
    assert not (root / "build/rehearsal").exists()


def test_each_kernel_is_given_what_those_before_it_left(pair, source):
    root = pair()
    kernels = chain.order(load_project(root), source)
    given = []

    def rehearse(kernel, outputs):
        given.append((kernel.kernel, outputs))
        (kernel.rehearsal / "commit-new/working").mkdir(parents=True)
        reports.write(report(run(phase="commit", mounts="new"), comparison=[]), kernel.rehearsal / "report.json")
        return report(run(phase="commit", mounts="new"), comparison=[])

    assert len(chain.rehearse_chain(kernels, rehearse)) == 2
    left = root / "build/rehearsal-training/commit-new/working"
    assert given == [("training", {}), ("", {"OWNER/toy-training": left})]


def test_nothing_is_rehearsed_after_a_kernel_that_failed(pair, source):
    kernels = chain.order(load_project(pair()), source)
    failed = report(run(verdict="Notebook Timeout"), comparison=[])
    assert chain.rehearse_chain(kernels, lambda *_: failed) == [failed]


def test_kernels_come_after_those_they_attach_each_once(pair, source):
    root = pair(kernel_sources=["OWNER/toy-features", "OWNER/toy-training"])
    attach(root, "features", kernel_sources=["OWNER/toy-training"])
    attach(root, "another", kernel_sources=[])
    assert ids(root, source) == ["OWNER/toy-training", "OWNER/toy-features", "OWNER/toy-kernel"]
    assert ids(root, source, "features") == ["OWNER/toy-training", "OWNER/toy-features"]
    assert ids(root, source, "training") == ["OWNER/toy-training"]


def test_a_kernel_that_goes_on_from_its_own_output_is_no_circle(pair, source):
    root = pair()
    attach(root, "resumed", kernel_sources=["OWNER/toy-resumed"])
    assert ids(root, source, "resumed") == ["OWNER/toy-resumed"]


def test_a_circle_is_named(pair, source):
    root = pair()
    attach(root, "one", kernel_sources=["OWNER/toy-two"])
    attach(root, "two", kernel_sources=["OWNER/toy-one"])
    with pytest.raises(InvalidProject) as caught:
        ids(root, source, "one")
    (problem,) = caught.value.problems
    assert (problem.code, problem.location) == ("KW013", "one.json: kernel_sources")
    circle = "OWNER/toy-one -> OWNER/toy-two -> OWNER/toy-one"
    assert problem.message == f"kernels attach one another's output in a circle: {circle}"


def test_a_kernel_source_that_is_nowhere_is_named_before_anything_runs(pair, source):
    root = pair(kernel_sources=["OWNER/toy-training", "ann/tide-features", "OWNER/toy-training-2"])
    with pytest.raises(InvalidInput) as caught:
        ids(root, source)
    assert str(caught.value).splitlines() == [
        f"kernel-metadata.json: kernel_sources: {ref!r} is no kernel of this project, and {source} has no folder "
        f"{ref.partition('/')[2]}; put that kernel's output there"
        for ref in ("ann/tide-features", "OWNER/toy-training-2")
    ]
    for slug in ("tide-features", "toy-training-2"):
        (source / slug).mkdir()
    assert ids(root, source) == ["OWNER/toy-training", "OWNER/toy-kernel"]


def test_what_is_wrong_with_the_first_kernel_is_reported(pair, source):
    root = pair()
    (root / "train.py").unlink()
    described = json.loads((root / "training.json").read_text())
    (root / "training.json").write_text(json.dumps({**described, "code_file": "train.ipynb/../../out.ipynb"}))
    with pytest.raises(InvalidProject) as caught:
        ids(root, source)
    assert [(problem.code, problem.file) for problem in caught.value.problems] == [("KW006", "training.json")]
