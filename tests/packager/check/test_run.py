from pathlib import Path

from kernelwright.check.run import run_checks
from tests.packager import shipped
from tests.packager.check.surveyed import told

ROOT = Path(__file__).parents[3]


def test_a_ready_project_has_nothing_to_mend(tmp_path):
    assert told(shipped.ready(tmp_path)) == []


def test_files_that_do_not_load_are_told_beside_what_else_can_be_checked(tmp_path):
    project = shipped.make(tmp_path, id="toy", enable_internet=True, configuration='driver = "/x/main.py"\n')
    shipped.commit(project)
    rows = {(one.check, one.location.partition(": ")[2], one.message) for one in run_checks(project)}
    slug = '"toy" should be owner/slug, the slug of 5 or more letters, digits and hyphens'
    assert rows == {
        ("project", "id", slug),
        ("project", "tool.kernelwright.driver", "'/x/main.py' is outside the project"),
        ("metadata", "enable_internet", "on, but a competition's notebook is submitted without it"),
    }


def test_our_own_kernel_has_nothing_wrong_in_its_metadata_and_code():
    of_the_clone = {"git", "notebook", "owner", "rehearsal", "wheels"}
    assert [one for one in run_checks(ROOT) if one.check not in of_the_clone] == []


def test_no_project_at_all_is_one_finding(tmp_path):
    assert next(one.message for one in run_checks(tmp_path)) == "no such file"
