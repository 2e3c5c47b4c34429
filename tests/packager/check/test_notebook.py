import json

import pytest

from kernelwright.check.notebook import notebook, size
from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import assembled, with_module


def codes(project):
    return [problem.code for problem in notebook(assembled(project))]


def messages(project):
    return [problem.message for problem in notebook(assembled(project)) if problem.code == "KW903"]


def test_the_notebook_as_built_is_fine_then_stale_and_unready_before_it_is_built(tmp_path):
    project = shipped.make(tmp_path)
    assert codes(project) == ["KW901"]
    shipped.build(project)
    assert codes(project) == []
    with_module(project, "\nMORE = 1\n")
    assert codes(project) == ["KW902"]


@pytest.mark.parametrize("text", ["[]", '{"metadata": []}', '{"metadata": {"kernelspec": null}}'])
def test_a_notebook_without_a_kernelspec_is_an_error(tmp_path, text):
    project = shipped.make(tmp_path)
    (project / "build").mkdir()
    (project / "build/toy.ipynb").write_text(text)
    assert messages(project) == ["no metadata.kernelspec.name, without which Kaggle cannot run a notebook"]


def test_an_edited_notebook_that_kaggle_could_run_is_only_stale(tmp_path):
    project = shipped.make(tmp_path)
    shipped.build(project)
    file = project / "build/toy.ipynb"
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert codes(project) == ["KW902"]


def test_a_notebook_that_is_no_json_and_too_big_is_an_error(tmp_path):
    project = shipped.make(tmp_path)
    (project / "build").mkdir()
    (project / "build/toy.ipynb").write_text("{" + " " * 900_000)
    assert messages(project) == [
        "900,001 bytes; Kaggle refuses more than 1 MB and we stop at 900,000",
        "not JSON: Expecting property name enclosed in double quotes: line 1 column 900002 (char 900001)",
    ]


def test_sources_too_big_for_a_notebook_are_an_error_that_names_the_ways_out(tmp_path):
    project = shipped.make(tmp_path)
    (project / "toy/weights.bin").write_bytes(bytes(1_000_000))
    (problem,) = size(assembled(project))
    assert (problem.code, problem.location) == ("KW904", "build/toy.ipynb")
    assert "; largest: toy/weights.bin (1,000,000 bytes), " in problem.message
    assert all(way in problem.fix for way in ("sources", "exclude", "dataset", 'carrier = "dataset"'))


def test_code_too_big_for_a_notebook_is_still_checked_and_told_neither_to_build_nor_to_rehearse(tmp_path):
    project = shipped.make(tmp_path)
    (project / "toy/weights.bin").write_bytes(bytes(1_000_000))
    with_module(project, '\nTOKEN = "ghp_' + "a1" * 18 + '"\n')
    assert [finding.code for finding in run_checks(project)] == ["KW904", "KW801"]
