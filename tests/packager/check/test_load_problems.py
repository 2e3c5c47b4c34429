"""What keeps a project from being read or built."""

import codecs
from pathlib import Path

import pytest

from kernelwright.check import load_problems
from tests.packager import shipped
from tests.packager.check.surveyed import found


def _rows(project, check="project"):
    return [(one.severity, one.place, one.problem, one.fix) for one in found(project, check)]


@pytest.mark.parametrize("name", ["kernel-metadata.json", "pyproject.toml"])
def test_a_byte_order_mark_is_called_by_its_name(tmp_path, name):
    project = shipped.make(tmp_path)
    file = project / name
    file.write_bytes(codecs.BOM_UTF8 + file.read_bytes())
    ((severity, place, problem, fix),) = _rows(project)
    assert (severity, Path(place).name) == ("error", name)
    assert problem == "starts with a byte order mark, which its readers do not take"
    assert fix == "save it as UTF-8 without one"


def test_a_file_in_another_coding_or_out_of_form_says_how_to_mend_it(tmp_path):
    project = shipped.make(tmp_path)
    file = project / "kernel-metadata.json"
    file.write_bytes(file.read_text().encode("utf-16"))
    assert [row[3] for row in _rows(project)] == ["save it as UTF-8"]
    file.write_text('{"id": }')
    assert _rows(project) == [
        (
            *("error", "kernel-metadata.json", "not JSON: Expecting value: line 1 column 8 (char 7)"),
            "correct its JSON at that place",
        )
    ]


@pytest.mark.parametrize(
    ("line", "place", "problem", "fix"),
    [
        ("a.toml: x.driver: required, and missing", "a.toml: x.driver", "required, and missing", 'add "driver"'),
        ("a.toml: x.wheels: required beside y", "a.toml: x.wheels", "required beside y", 'add "wheels"'),
        ("a.toml: x.y: unknown key; remove it", "a.toml: x.y", "unknown key", "remove it"),
        ("no image '1'; there is: 2", "project", "no image '1'; there is: 2", "name one of these in images"),
        ("m.py:3: bad; not Python as it stands", "m.py:3", "bad; not Python as it stands", "correct the syntax"),
        ("a.toml: x.y: 3 is too much", "a.toml: x.y", "3 is too much", "correct it there"),
    ],
)
def test_each_line_has_a_place_and_a_fix(tmp_path, line, place, problem, fix):
    (one,) = load_problems.told(tmp_path, "project", [line])
    assert (one.place, one.problem, one.fix) == (place, problem, fix)


def test_no_finding_of_a_spoilt_project_is_without_a_fix(tmp_path):
    configuration = 'driver = "main.py"\nsources = 3\nwheel = "x"\ncarrier = "dataset"\n'
    project = shipped.make(tmp_path, configuration=configuration, id=None, title="x", is_private="maybe")
    assert [one for one in _rows(project) if not one[3]] == []
