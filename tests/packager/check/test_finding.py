import pytest

from kernelwright.check import finding
from kernelwright.check.finding import Finding, Severity
from kernelwright.errors import Problem


def test_a_plain_problem_is_as_grave_as_its_code():
    problems = [Problem(code=code, file="a", message="m") for code in ("KW101", "KW102", "KW103", "")]
    judged = [Finding.of(problem, "metadata") for problem in problems]
    assert [one.severity for one in judged] == ["warning", "unready", "error", "error"]
    assert {one.check for one in judged} == {"metadata"}


def test_a_finding_keeps_the_severity_its_check_gave_it():
    given = Finding(code="KW103", file="a", message="m", severity=Severity.warning)
    assert Finding.of(given, "x") == Finding(code="KW103", file="a", message="m", severity=Severity.warning, check="x")


@pytest.mark.parametrize(("place", "location"), [(3, "a.py:3"), ("key", "a.py: key"), ("", "a.py")])
def test_json_holds_these_keys_alone(place, location):
    given = Finding(code="KW801", file="a.py", place=place, message="m", fix="f", check="secret")
    assert given.as_json() == {
        "check": "secret",
        "severity": "error",
        "code": "KW801",
        "place": location,
        "problem": "m",
        "fix": "f",
    }


def test_the_gravest_come_first_then_by_file_and_line_and_each_once():
    order = [("error", "b", 2), ("error", "b", 10), ("unready", "a", 1), ("warning", "a", 1)]
    findings = [
        Finding(code="", file=file, place=line, message="m", severity=Severity(severity))
        for severity, file, line in order
    ]
    assert finding.ordered([*reversed(findings), findings[0]]) == findings
    assert [finding.stops_a_push(findings[i:]) for i in (0, 2, 3)] == [True, True, False]
    assert [finding.has_error(findings[i:]) for i in (0, 2, 3)] == [True, False, False]
