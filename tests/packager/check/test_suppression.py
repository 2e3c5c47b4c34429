import pytest

from kernelwright.check.finding import Finding
from kernelwright.check.suppression import is_suppressed
from kernelwright.project.config import Check


def finding(code="KW501", file="toy/train.py", place=2):
    return Finding(code=code, file=file, place=place, message="m")


@pytest.mark.parametrize(
    ("wishes", "suppressed"),
    [
        (Check(), False),
        (Check(ignore=("KW501",)), True),
        (Check(ignore=("KW5",)), True),
        (Check(ignore=("KW502", "KW6")), False),
        (Check(per_file_ignores={"toy/*.py": ("KW5",)}), True),
        (Check(per_file_ignores={"**/train.py": ("KW501",)}), True),
        (Check(per_file_ignores={"toy/model.py": ("KW5",), "toy/train.py": ("KW6",)}), False),
    ],
)
def test_codes_are_ignored_by_how_they_begin_and_by_file(tmp_path, wishes, suppressed):
    assert is_suppressed(finding(), tmp_path, wishes) is suppressed


@pytest.mark.parametrize("code", ["KW001", "KW201"])
def test_what_keeps_a_project_from_being_read_or_built_is_always_shown(tmp_path, code):
    assert not is_suppressed(finding(code), tmp_path, Check(ignore=("KW",), per_file_ignores={"*": ("KW",)}))


def test_a_comment_on_the_line_and_on_no_other_suppresses_any_finding(tmp_path):
    (tmp_path / "main.py").write_text("a = 1\nb = 2  # kernelwright: allow\n", "utf-8")
    places = [1, 2, 3, 99, "key"]
    suppressed = [is_suppressed(finding(file="main.py", place=place), tmp_path, Check()) for place in places]
    assert suppressed == [False, True, False, False, False]
