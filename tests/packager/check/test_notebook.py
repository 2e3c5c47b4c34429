import json

import pytest

from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import found, with_module


def test_a_notebook_not_built_is_unready(tmp_path):
    project = shipped.make(tmp_path)
    assert [(one.severity, one.location, one.message, one.fix) for one in found(project, "notebook")] == [
        ("unready", "build/toy.ipynb", "not built yet", "run `kernelwright build`")
    ]


def test_a_stale_notebook_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    with_module(project, "\nMORE = 1\n")
    assert [(one.severity, one.message) for one in found(project, "notebook")] == [
        ("unready", "stale: the sources give another notebook")
    ]


def test_a_notebook_without_a_kernelspec_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    file = project / "build/toy.ipynb"
    notebook = json.loads(file.read_text())
    del notebook["metadata"]["kernelspec"]
    file.write_text(json.dumps(notebook))
    assert ("error", "no metadata.kernelspec.name, without which Kaggle cannot run a notebook") in [
        (one.severity, one.message) for one in found(project, "notebook")
    ]


def test_a_notebook_that_is_no_json_or_too_big_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "build/toy.ipynb").write_text("{" + " " * 900_000)
    problems = [one.message for one in found(project, "notebook") if one.severity == "error"]
    assert problems == [
        "900,001 bytes; Kaggle refuses more than 1 MB and we stop at 900,000",
        "not JSON: Expecting property name enclosed in double quotes: line 1 column 900002 (char 900001)",
    ]


def test_sources_too_big_for_a_notebook_are_an_error(tmp_path):
    project = shipped.make(tmp_path)
    (project / "toy/weights.bin").write_bytes(bytes(1_000_000))
    (one,) = found(project, "size")
    assert (one.severity, one.location) == ("error", "build/toy.ipynb")
    told, largest = one.message.split(" The largest files carried: ")
    assert told.endswith("Kaggle refuses more than 1 MB and we stop at 900,000.")
    assert largest.startswith("1,000,000 bytes toy/weights.bin; ")
    assert largest.count(" bytes ") == 3


def test_code_too_big_for_a_notebook_is_still_checked_and_told_neither_to_build_nor_to_rehearse(tmp_path):
    project = shipped.make(tmp_path)
    (project / "toy/weights.bin").write_bytes(bytes(1_000_000))
    with_module(project, "\nimport requests\n\nrequests.get('https://example.org')\n")
    assert [one.check for one in run_checks(project) if one.check != "git"] == ["size", "network"]


@pytest.mark.parametrize("text", ["[]", '{"metadata": []}', '{"metadata": {"kernelspec": null}}'])
def test_a_notebook_of_another_shape_lacks_a_kernelspec(tmp_path, text):
    project = shipped.ready(tmp_path)
    (project / "build/toy.ipynb").write_text(text)
    problems = [one.message for one in found(project, "notebook") if one.severity == "error"]
    assert problems == ["no metadata.kernelspec.name, without which Kaggle cannot run a notebook"]
