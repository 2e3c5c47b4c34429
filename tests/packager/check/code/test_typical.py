"""What notebooks on Kaggle commonly say: pieces a check must be silent on, whole notebooks with what it must find."""

import json
import re

import pytest

from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import CASES, OF_CODE, cases, with_driver

NOTEBOOKS = sorted(file.stem for file in (CASES / "notebooks").iterdir())
EXPECTED = re.compile(r"\s*#~ (\w+) (\w+)$")
"""At the end of a line: the severity and the check of the one finding there."""
TWO_LAYOUTS = "Kaggle mounts sources in two layouts"


@pytest.mark.parametrize("code", cases("typical.txt"))
def test_common_code_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [one for one in run_checks(project) if one.check in OF_CODE] == []


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_of_a_whole_notebook_what_is_wrong_is_found_and_no_more(tmp_path, name):
    lines = (CASES / "notebooks" / f"{name}.txt").read_text("utf-8").split("\n")
    metadata = json.loads(lines[0].partition("META: ")[2] or "{}")
    project = shipped.make(tmp_path, **{"dataset_sources": [], **metadata})
    (project / "main.py").write_text("\n".join(EXPECTED.sub("", line) for line in lines))
    expected = {
        (f"main.py:{at}", *told.groups()) for at, line in enumerate(lines, 1) if (told := EXPECTED.search(line))
    }
    found = [one for one in run_checks(project) if one.check in OF_CODE and TWO_LAYOUTS not in one.message]
    assert {(one.location, one.severity, one.check) for one in found} == expected
