"""What notebooks on Kaggle commonly say, and a check must be silent on."""

import pytest

from kernelwright.preflight.survey import survey
from tests.packager import shipped
from tests.packager.preflight.surveyed import OF_CODE, cases, with_driver


@pytest.mark.parametrize("code", cases("typical.txt"))
def test_common_code_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [one for one in survey(project) if one.check in OF_CODE] == []
