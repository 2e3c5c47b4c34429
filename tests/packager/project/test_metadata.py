"""The form of kernel-metadata.json: each value that does not fit is one problem, with its place and fix."""

import json

import pytest

from kernelwright.errors import InvalidProject
from kernelwright.project import metadata
from tests.packager import shipped

NAME = "kernel-metadata.json"


def write(folder, **changes):
    values = {key: value for key, value in (shipped.METADATA | changes).items() if value is not None}
    (folder / NAME).write_text(json.dumps(values), "utf-8")


@pytest.mark.parametrize(
    ("place", "values"),
    [
        ("id", ["toy-kernel", "alice/toy-kernel/2", "alice/toy", 3]),
        ("title", ["Toy kernel" * 6, "Toy", ["Toy kernel"]]),
        ("code_file", ["build/toy.py", 3]),
        ("language", ["r", "Python"]),
        ("kernel_type", ["script"]),
        ("is_private", ["yes"]),
        ("enable_gpu", [1]),
        ("machine_shape", [4, ["x"]]),
        ("id_no", ["abc", True, 0]),
        ("keywords", ["gpu"]),
        ("docker_image", [3, "python:3.12"]),
        ("docker_image_pinning_type", ["newest", ["x"]]),
        ("competition_sources", ["toy"]),
        ("competition_sources[0]", [["alice/toy"], ["competitions/toy"]]),
        ("dataset_sources", ["alice/toy-data"]),
        ("dataset_sources[0]", [["alice/toy-data/0"], ["datasets/alice/toy-data"]]),
        ("kernel_sources[0]", [["alice/toy-more/new"], ["alice/toy"], ["code/alice/toy-more"]]),
        ("model_sources[0]", [["google/delg/tensorFlow2/base"], ["models/google/delg/tensorFlow2/base/1"]]),
    ],
)
def test_a_value_of_the_wrong_form_is_one_problem_with_a_fix(tmp_path, place, values):
    for value in values:
        write(tmp_path, **{place.partition("[")[0]: value})
        with pytest.raises(InvalidProject) as error:
            metadata.read(tmp_path, NAME)
        (problem,) = error.value.problems
        assert (problem.code, problem.location) == ("KW005", f"{NAME}: {place}")
        assert problem.fix


def test_of_what_does_not_fit_the_rest_still_can_be_read():
    raw = {"id": "toy", "title": "Toy kernel", "enable_gpu": "True", "dataset_sources": ["alice/a", "b"], "more": 1}
    assert metadata.fitting(raw) == {"title": "Toy kernel", "enable_gpu": True}
