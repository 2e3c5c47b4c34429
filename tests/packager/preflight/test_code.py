import pytest

from tests.packager import shipped
from tests.packager.preflight.surveyed import found, with_driver, with_module

NETWORK = {
    "!pip install timm": "!pip install timm",
    "%pip install -q timm": "%pip install -q timm",
    "files = !wget https://x.org/a": "!wget https://x.org/a",
    "import requests\nrequests.get('https://x.org')": "requests.get()",
    "import requests as r\nr.Session().get('https://x.org')": "requests.Session()",
    "from urllib.request import urlopen as fetch\nfetch('https://x.org')": "urllib.request.urlopen()",
    "import kagglehub\nkagglehub.model_download('a/b')": "kagglehub.model_download()",
    "from huggingface_hub import snapshot_download\nsnapshot_download('a/b')": "huggingface_hub.snapshot_download()",
    "import torch\ntorch.hub.load('a/b', 'c')": "torch.hub.load()",
    "from transformers import AutoModel\nAutoModel.from_pretrained('a/b')": 'from_pretrained("a/b")',
    "import keras\nkeras.applications.EfficientNetB7(weights='imagenet')": 'weights="imagenet"',
    "import timm\ntimm.create_model('x', pretrained=True)": "pretrained=True",
    "import subprocess\nsubprocess.run(['pip', 'install', 'timm'], check=True)": "pip install without --no-index",
    "import os\nos.system('pip install timm')": "pip install without --no-index",
    "!pip -q install timm": "!pip -q install timm",
    "import subprocess\nsubprocess.run(['bash', '-c', 'pip install timm'])": "pip install without --no-index",
    "import keras\nkeras.utils.get_file('a', 'https://x.org/a')": "keras.utils.get_file()",
    "import requests\nif __name__ != 'x':\n    requests.get('https://x.org')": "requests.get()",
    "import requests\nfrom typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    requests.get('x')": "requests.get()",
    "%%time\nimport requests\nrequests.get('https://x.org')": "requests.get()",
    "%matplotlib inline\nif True:\n    !ls\n    import requests\nrequests.get('https://x.org')": "requests.get()",
    "%%bash\ncd x\npip install timm": "!pip install timm",
    "!cd x && sudo wget https://x.org": "!cd x && sudo wget https://x.org",
    "!python -m pip install \\\n  timm": "!python -m pip install timm",
    "import subprocess\nsubprocess.run(['git', 'clone', 'https://x.org'])": "subprocess.run() of git",
}


@pytest.mark.parametrize("code", NETWORK)
def test_code_that_needs_the_network_is_an_error(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    (one,) = found(project, "network")
    assert (one.severity, one.problem) == (
        "error",
        f"{NETWORK[code]} needs the network, and enable_internet is off",
    )


@pytest.mark.parametrize(
    "code",
    [
        "!pip install --no-index --find-links wheels timm",
        "!ls",
        "import requests\nif False:\n    requests.get('https://x.org')",
        'x = """\n!pip install timm\n"""',
        "!pip install timm \\\n  --no-index",
        "!echo pip install timm",
        "import os\nos.system('echo pip install')",
        "%%writefile x.sh\npip install timm",
        "import requests",
        "import requests\nrequests.get('https://x.org')  # kernelwright: allow",
        "from transformers import AutoModel\nAutoModel.from_pretrained('./local')",
        "from transformers import AutoModel\nAutoModel.from_pretrained('a/b', local_files_only=True)",
        "import torch\ntorch.hub.load('folder', 'c', source='local')",
        "import keras\nkeras.applications.EfficientNetB7(weights=None)",
        "import urllib.parse\nurllib.parse.quote('a')",
        "import subprocess\nsubprocess.run(['pip', 'install', '--no-index', 'timm'], check=True)",
    ],
)
def test_code_that_does_without_the_network_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "network") == []


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


EXITS = {
    "import sys\nsys.exit(0)": 13,
    "from sys import exit as leave\nleave()": 13,
    "raise SystemExit": 12,
    "import os\nif not os.environ.get('X'):\n    os._exit(0)": 14,
    "quit()": 12,
}


@pytest.mark.parametrize("code", EXITS)
def test_an_exit_before_the_submission_is_an_error(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.place, one.problem) for one in found(project, "exit")] == [
        ("error", f"main.py:{EXITS[code]}", "ends the run before the submission: Kaggle skips the cells that follow")
    ]


def test_an_exit_after_the_submission_is_no_finding(tmp_path):
    project = shipped.make(tmp_path)
    file = project / "main.py"
    file.write_text(file.read_text() + "\n# %%\nimport sys\n\nsys.exit(0)\n")
    assert found(project, "exit") == []


def test_an_exit_in_a_module_is_a_warning_but_not_in_its_main_guard(tmp_path):
    project = shipped.make(tmp_path)
    with_module(project, "\nimport sys\n\ndef end():\n    sys.exit(1)\n\nif __name__ == '__main__':\n    sys.exit(0)\n")
    assert [(one.severity, one.place) for one in found(project, "exit")] == [("warning", "toy/__init__.py:15")]
