import pytest

from tests.packager import shipped
from tests.packager.preflight.surveyed import cases, found, with_driver, with_module

ONLINE = [case.removeprefix("> ").split("\n", 1) for case in cases("online.txt")]
TOLD = "needs the network, and enable_internet is off"


@pytest.mark.parametrize(("what", "code"), ONLINE)
def test_code_that_needs_the_network_is_an_error(tmp_path, what, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.problem) for one in found(project, "network")] == [("error", f"{what} {TOLD}")]


@pytest.mark.parametrize("code", cases("offline.txt"))
def test_code_that_does_without_the_network_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "network") == []


def test_what_stands_in_an_address_before_the_host_is_not_repeated(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(
        project,
        "!git clone https://me:hidden@x.org/y.git\nimport pandas as pd\npd.read_csv('https://me:hidden@x.org/a')",
    )
    problems = sorted(one.problem for one in found(project, "network"))
    assert problems == [f"!git clone https://…@x.org/y.git {TOLD}", f"pandas.read_csv() of https://x.org {TOLD}"]


def test_the_network_in_a_module_is_told_with_its_line_and_only_where_it_runs(tmp_path):
    project = shipped.make(tmp_path)
    with_module(
        project,
        """
        import requests
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            requests.head("https://x.org")

        def fetch():
            return requests.get("https://x.org")

        if __name__ == "__main__":
            requests.get("https://x.org")
        """,
    )
    assert [one.place for one in found(project, "network")] == ["toy/__init__.py:19"]


def test_the_network_is_no_finding_where_the_internet_is_on(tmp_path):
    project = shipped.make(tmp_path, enable_internet=True, competition_sources=[])
    with_driver(project, "!pip install timm")
    assert found(project, "network") == []
