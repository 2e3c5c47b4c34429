import pytest

from tests.packager import shipped
from tests.packager.preflight.surveyed import found, with_driver

INPUTS = {
    "a_literal_not_attached": (
        'open("/kaggle/input/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_literal_of_the_new_layout_not_attached": (
        'open("/kaggle/input/datasets/alice/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_literal_that_is_attached": (
        'open("/kaggle/input/toy-data/x.csv")',
        (
            "warning",
            "'/kaggle/input/toy-data/x.csv': Kaggle mounts sources in two layouts, and this path is of one",
        ),
    ),
    "a_relative_literal": (
        'open("../input/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_find_not_attached": (
        'inputs.find("bob/toy-data")',
        ("error", "'bob/toy-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_find_by_a_constant": (
        'WHERE = "other-data"\ninputs.find(WHERE)',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_an_input_that_is_read_and_not_attached_is_told(tmp_path, case):
    code, expected = INPUTS[case]
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.problem) for one in found(project, "inputs")] == [expected]


@pytest.mark.parametrize(
    "code",
    [
        'inputs.find("alice/toy-data")',
        'inputs.find("toy-data")',
        'open("/kaggle/input/other-data/x.csv")  # kernelwright: allow',
        'glob.glob("/kaggle/input/*/x.csv")',
        '"""Reads /kaggle/input/other-data/x.csv"""',
        "inputs.find(SETTINGS.slug)",
        'open("/kaggle/input")',
    ],
)
def test_an_input_that_is_attached_or_not_known_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "inputs") == []


def test_a_source_no_code_names_is_a_warning(tmp_path):
    project = shipped.make(tmp_path, model_sources=["google/delg/tensorFlow2/base/1"])
    (one,) = found(project, "inputs")
    assert (one.severity, one.place) == ("warning", "kernel-metadata.json: model_sources[0]")
    assert one.problem == "'google/delg/tensorFlow2/base/1' is attached, and no text of the code names it"
