import pytest

from tests.packager import shipped
from tests.packager.check.surveyed import cases, found, with_driver, with_module

ONLINE = [case.removeprefix("> ").split("\n", 1) for case in cases("online.txt")]
TOLD = "needs the network, and enable_internet is off"


@pytest.mark.parametrize(("what", "code"), ONLINE)
def test_code_that_needs_the_network_is_an_error(tmp_path, what, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.message) for one in found(project, "network")] == [("error", f"{what} {TOLD}")]


@pytest.mark.parametrize("code", cases("offline.txt"))
def test_code_that_does_without_the_network_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "network") == []


ALLOW = "or end the line with  # kernelwright: allow"
FIXES = {
    "!pip install timm": f"add --no-index, and --find-links with the folder of an attached dataset, {ALLOW}",
    "import os\nos.system('pip install timm')": (
        f"add --no-index, and --find-links with the folder of an attached dataset, {ALLOW}"
    ),
    "!wget https://x.org": f"carry it in a dataset and attach that, {ALLOW}",
}


@pytest.mark.parametrize("code", FIXES)
def test_the_fix_is_of_what_is_wrong(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [one.fix for one in found(project, "network")] == [FIXES[code]]


def test_what_stands_in_an_address_before_the_host_is_not_repeated(tmp_path):
    project = shipped.make(tmp_path)
    with_driver(
        project,
        "!git clone https://me:hidden@x.org/y.git\nimport pandas as pd\npd.read_csv('https://me:hidden@x.org/a')",
    )
    problems = sorted(one.message for one in found(project, "network"))
    assert problems == [f"!git clone https://…@x.org/y.git {TOLD}", f"pandas.read_csv() of https://x.org {TOLD}"]


HEX = "0d3f" * 8
MASKED = {
    f"!huggingface-cli login --token hf_{'a1' * 17}": "!huggingface-cli login --token …",
    f'!curl -H "Authorization: Bearer {HEX}" https://x.y': '!curl -H "Authorization: Bearer …" https://x.y',
    f'!wget "https://x.y/?token={HEX}"': '!wget "https://x.y/?…"',
    f"!wget https://x.y/{HEX}/z": "!wget https://x.y/…/z",
    f"!wandb login {HEX}aabbccdd": "!wandb login …",
    f"!KAGGLE_KEY={HEX} kaggle datasets list": "!KAGGLE_KEY=… kaggle datasets list",
    "!curl -u me:hidden https://x.y": "!curl -u … https://x.y",
    "!wget --user=me --password=hidden https://x.y": "!wget --user=… --password=… https://x.y",
    f"from transformers import AutoModel\nAutoModel.from_pretrained('hf_{'a1' * 17}')": 'from_pretrained("…")',
    "!hf download Qwen/Qwen2.5-7B-Instruct": "!hf download Qwen/Qwen2.5-7B-Instruct",
    "!pip install segmentation_models_pytorch==0.3.3": "!pip install segmentation_models_pytorch==0.3.3",
}


@pytest.mark.parametrize("code", MASKED)
def test_what_may_be_secret_is_not_repeated(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [one.message for one in found(project, "network")] == [f"{MASKED[code]} {TOLD}"]


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
    assert [one.location for one in found(project, "network")] == ["toy/__init__.py:19"]


def test_the_network_is_no_finding_where_the_internet_is_on(tmp_path):
    project = shipped.make(tmp_path, enable_internet=True, competition_sources=[])
    with_driver(project, "!pip install timm")
    assert found(project, "network") == []
