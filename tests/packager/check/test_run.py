import json
from pathlib import Path

import pytest

from kernelwright.check.context import Context, Files
from kernelwright.check.finding import Finding
from kernelwright.check.registry import REGISTERED, register
from kernelwright.check.run import run_checks
from kernelwright.project.model import Project
from tests.packager import shipped
from tests.packager.check.surveyed import with_module

ROOT = Path(__file__).parents[3]


def codes(folder, kernel=""):
    return [(finding.check, finding.code) for finding in run_checks(folder, kernel)]


@pytest.fixture
def throwaway():
    """Register checks that last for one test."""
    before = len(REGISTERED)
    yield register
    del REGISTERED[before:]


@pytest.mark.smoke
def test_a_ready_project_has_no_finding(tmp_path):
    assert run_checks(shipped.ready(tmp_path)) == []


def test_files_that_do_not_load_are_found_beside_what_else_can_be_checked(tmp_path):
    project = shipped.make(tmp_path, id="toy", enable_internet=True, configuration='driver = "/x/main.py"\n')
    assert codes(project) == [("metadata", "KW106"), ("project", "KW005"), ("project", "KW006")]


def test_no_project_at_all_is_two_findings(tmp_path):
    assert codes(tmp_path) == [("project", "KW001"), ("project", "KW011")]


def test_a_notebook_that_cannot_be_assembled_is_found_beside_what_else_can_be_checked(tmp_path):
    project = shipped.make(tmp_path, is_private=False)
    (project / "main.py").unlink()
    findings = run_checks(project)
    assert [(finding.check, finding.severity.value) for finding in findings] == [
        ("build", "error"),
        ("metadata", "warning"),
    ]


def test_our_own_kernel_has_nothing_wrong_in_its_metadata_and_code():
    of_the_clone = {"git", "notebook", "owner", "rehearsal", "wheels"}
    errors = [finding for finding in run_checks(ROOT) if finding.severity == "error"]
    assert [finding for finding in errors if finding.check not in of_the_clone] == []


@pytest.mark.parametrize(("spoilt", "types"), [({}, {Files, Project, Context}), ({"id": "toy"}, {Files})])
def test_a_check_is_called_with_what_it_needs_where_that_can_be_had(tmp_path, throwaway, spoilt, types):
    called = []
    for needs in (Files, Project, Context):
        throwaway("mine", needs)(lambda context: [called.append(type(context))][:0])
    run_checks(shipped.make(tmp_path, **spoilt))
    assert set(called) == types


def test_what_checks_share_is_made_once(tmp_path, throwaway):
    calls = []
    for _ in range(2):
        throwaway("mine", Context)(lambda context: [context.shared(calls.append)][:0])
    run_checks(shipped.make(tmp_path))
    assert len(calls) == 1


@pytest.mark.parametrize(("hosts", "severity"), [([], "warning"), (["example.org"], "error")])
def test_errors_about_the_network_are_warnings_after_a_rehearsal_that_asked_for_no_host(
    tmp_path, throwaway, hosts, severity
):
    project = shipped.ready(tmp_path)
    file = project / "build/rehearsal/report.json"
    report = json.loads(file.read_text())
    file.write_text(json.dumps(report | {"runs": [{**run, "hosts": hosts} for run in report["runs"]]}), "utf-8")
    throwaway("network", Context)(lambda _: [Finding(code="KW501", file="main.py", place=1, message="m")])
    assert [(finding.code, finding.severity.value) for finding in run_checks(project)] == [("KW501", severity)]


def test_what_the_configuration_ignores_is_no_finding(tmp_path):
    ignoring = '[tool.kernelwright.check]\nignore = ["KW110"]\nper-file-ignores = { "toy/*.py" = ["KW8"] }\n'
    project = shipped.make(tmp_path, is_private=False, configuration=f"{shipped.CONFIGURATION}{ignoring}")
    with_module(project, '\nTOKEN = "ghp_' + "a1" * 18 + '"\n')
    (project / "toy/token.txt").write_text('TOKEN = "ghp_' + "a1" * 18 + '"\n')
    shipped.build(project)
    assert codes(project) == [("secret", "KW801"), ("rehearsal", "KW911")]


def test_a_line_with_the_comment_is_not_judged(tmp_path):
    project = shipped.ready(tmp_path)
    with_module(project, '\nTOKEN = "ghp_' + "a1" * 18 + '"  # kernelwright: allow\n')
    assert "KW801" not in {finding.code for finding in run_checks(project)}


def test_an_image_that_is_not_known_is_a_finding(tmp_path):
    configuration = f'{shipped.CONFIGURATION}images = ["1999-01"]\nwheels = "a.in"\nwheels_dataset = "toy-wheels"\n'
    project = shipped.make(tmp_path, configuration=configuration, dataset_sources=["alice/toy-wheels"])
    (project / "a.in").write_text("tiny==1.0\n")
    (finding, *_) = run_checks(project)
    assert (finding.check, finding.severity) == ("build", "error")
    assert (finding.code, finding.message.split(";")[0]) == ("KW311", 'no image "1999-01"')
