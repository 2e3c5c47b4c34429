import pytest

from tests.packager import shipped
from tests.packager.check.surveyed import cases, found, with_driver, with_module

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
    "a_literal_of_another_owner": (
        'open("/kaggle/input/datasets/bob/toy-data/x.csv")',
        ("error", "'bob/toy-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_find_of_a_version": (
        'inputs.find("alice/toy-data/3")',
        ("error", "'alice/toy-data/3' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_command_on_what_is_attached": (
        "!unzip ../input/toy-data/x.zip",
        ("warning", "'../input/toy-data/x.zip': Kaggle mounts sources in two layouts, and this path is of one"),
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_an_input_that_is_read_and_not_attached_is_told(tmp_path, case):
    code, expected = INPUTS[case]
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.message) for one in found(project, "inputs")] == [expected]


@pytest.mark.parametrize("code", cases("missing_inputs.txt"))
def test_a_source_that_is_not_attached_is_told_however_it_is_written(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.message) for one in found(project, "inputs")] == [
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data")
    ]


@pytest.mark.parametrize(
    "code",
    [
        *cases("other_inputs.txt"),
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
    assert (one.severity, one.location) == ("warning", "kernel-metadata.json: model_sources[0]")
    assert one.message == "'google/delg/tensorFlow2/base/1' is attached, and no text of the code names it"


@pytest.mark.parametrize(
    ("code", "sources"),
    [
        ('x = "another"', {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
        ('open("oth.csv")', {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
        ("# oth is read", {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
        ('print("oth")', {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
    ],
)
def test_a_word_that_only_holds_a_slug_does_not_use_the_source(tmp_path, code, sources):
    project = shipped.make(tmp_path, **sources)
    with_driver(project, code)
    assert [one.location for one in found(project, "inputs")] == ["kernel-metadata.json: dataset_sources[1]"]


@pytest.mark.parametrize(
    ("code", "sources"),
    [
        ('inputs.find("oth")', {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
        ('where = {"data": "alice/oth"}', {"dataset_sources": ["alice/toy-data", "alice/oth"]}),
        ("import my_utils", {"kernel_sources": ["alice/my-utils"]}),
        ("from my_utils import *", {"kernel_sources": ["alice/my-utils"]}),
        ("%run my-utils/x.py", {"kernel_sources": ["alice/my-utils"]}),
    ],
)
def test_a_source_that_is_named_or_imported_is_used(tmp_path, code, sources):
    project = shipped.make(tmp_path, **sources)
    with_driver(project, code)
    assert found(project, "inputs") == []


def test_a_source_named_in_a_file_of_data_is_used(tmp_path):
    project = shipped.make(tmp_path, dataset_sources=["alice/toy-data", "alice/oth"])
    (project / "toy/settings.json").write_text('{"slug": "oth"}')
    assert found(project, "inputs") == []


def test_the_fix_of_a_missing_source_names_its_list_and_how_to_vouch_for_the_line(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(project, 'inputs.find("other-data")')
    fix = "add it to its list of sources in kernel-metadata.json, or end the line with  # kernelwright: allow"
    assert [one.fix for one in found(project, "inputs")] == [fix]


def test_a_path_in_a_file_of_settings_that_is_not_attached_is_a_warning(tmp_path):
    project = shipped.make(tmp_path)
    lines = ["a: /kaggle/input/other-data/x", "b: /kaggle/input/toy-data/x", "c: /kaggle/input/${slug}"]
    (project / "toy/settings.yaml").write_text("\n".join([*lines, "d: ../input/another  # kernelwright: allow\n"]))
    (project / "toy/notes.txt").write_text("see /kaggle/input/other-data")
    assert [(one.severity, one.location, one.message) for one in found(project, "inputs")] == [
        (
            *("warning", "toy/settings.yaml:1"),
            "'other-data' is not attached; attached: toy-competition, toy-data",
        )
    ]


def test_a_constant_of_one_module_is_known_in_another_unless_it_has_two_values(tmp_path):
    project = shipped.make(tmp_path)
    with_module(project, '\nWHERE = "other-data"\n')
    with_driver(project, "from toy import WHERE\ninputs.find(WHERE)")
    assert [one.location for one in found(project, "inputs")] == ["main.py:13"]
    with_module(project, '\nif DATA:\n    WHERE = "toy-data"\n')
    assert found(project, "inputs") == []
