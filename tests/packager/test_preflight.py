import hashlib
import json
import textwrap

import pytest
from typer.testing import CliRunner

from kernelwright.cli import app
from kernelwright.preflight.survey import survey
from kernelwright.project import load_project
from kernelwright.wheels import lock, locks
from tests.packager import shipped


def told(folder, kernel=""):
    return [(one.check, one.severity.value, one.place, one.problem) for one in survey(folder, kernel)]


def with_driver(folder, text):
    """Append a cell to the driver, before the one that writes the submission."""
    cell = f"# %%\n{textwrap.dedent(text).strip()}\n\n# %%\nsubmission.write"
    file = folder / "main.py"
    file.write_text(file.read_text().replace("# %%\nsubmission.write", cell))


def with_module(folder, text):
    file = folder / "toy/__init__.py"
    file.write_text(file.read_text() + textwrap.dedent(text))


def found(folder, check):
    return [one for one in survey(folder) if one.check == check]


def test_a_ready_project_has_nothing_to_mend(tmp_path):
    assert told(shipped.ready(tmp_path)) == []


METADATA = {
    "an_unknown_key": (
        {"enable_intrenet": False},
        ("warning", "enable_intrenet", "unknown key, which Kaggle's client ignores", "did you mean enable_internet?"),
    ),
    "internet_left_to_the_client": (
        {"enable_internet": None},
        (
            *("error", "enable_internet", "missing, and Kaggle's client then turns the internet on"),
            'write "enable_internet": false',
        ),
    ),
    "internet_on_in_a_competition": (
        {"enable_internet": "true"},
        (
            *("error", "enable_internet", "on, but a competition's notebook is submitted without it"),
            'write "enable_internet": false',
        ),
    ),
    "a_title_of_another_slug": (
        {"title": "Toy kernels"},
        (
            *("error", "title"),
            "'Toy kernels' becomes the slug 'toy-kernels', but id says 'toy-kernel': a new kernel lands elsewhere",
            "change one of the two",
        ),
    ),
    "a_gpu_of_no_shape": (
        {"enable_gpu": True},
        (
            *("error", "machine_shape"),
            "not set beside enable_gpu: Kaggle then chooses, and has chosen a GPU the image does not run on",
            'name one, such as "NvidiaTeslaT4", which is two of them',
        ),
    ),
    "a_p100": (
        {"enable_gpu": True, "machine_shape": "NvidiaTeslaP100"},
        (
            *("warning", "machine_shape", "NvidiaTeslaP100: the image's torch does not run on a P100"),
            'take "NvidiaTeslaT4"',
        ),
    ),
    "a_tpu_in_a_competition": (
        {"enable_tpu": True},
        ("warning", "enable_tpu", "on, but a competition's rerun has no TPU", 'write "enable_tpu": false'),
    ),
    "a_script": (
        {"code_file": "build/toy.py"},
        ("error", "code_file", "'build/toy.py' is no notebook", "name a file that ends in .ipynb"),
    ),
    "a_prefixed_source": (
        {"dataset_sources": ["alice/toy-data", "datasets/alice/more"]},
        (
            *("error", "dataset_sources[1]", "'datasets/alice/more' has the prefix of an address"),
            "leave datasets/ out",
        ),
    ),
    "a_source_attached_twice": (
        {"dataset_sources": ["alice/toy-data", "alice/toy-data"]},
        ("warning", "dataset_sources[1]", "'alice/toy-data' is attached twice", "remove one"),
    ),
    "two_sources_at_one_place": (
        {"dataset_sources": ["alice/toy-data", "bob/toy-data"]},
        (
            *("warning", "dataset_sources"),
            "alice/toy-data and bob/toy-data are mounted at one place in the older layout",
            "rename one, or attach one of them only",
        ),
    ),
    "an_unknown_pinning": (
        {"docker_image_pinning_type": "newest"},
        (
            *("error", "docker_image_pinning_type", "'newest' is not known to Kaggle's client"),
            'write "original" or "latest", or leave it out',
        ),
    ),
    "keywords_that_are_no_list": (
        {"keywords": "gpu"},
        ("error", "keywords", "should be a list of words", "write a list, or leave it out"),
    ),
    "a_public_notebook": (
        {"is_private": False},
        (
            *("warning", "is_private", "the notebook will be public, for everybody to read"),
            'write "is_private": true, unless that is meant',
        ),
    ),
}


@pytest.mark.parametrize("case", METADATA)
def test_a_rule_of_the_metadata_that_is_broken_is_told_with_its_fix(tmp_path, case):
    spoilt, (severity, key, problem, fix) = METADATA[case]
    rows = [
        (one.severity.value, one.place.removeprefix("kernel-metadata.json: "), one.problem, one.fix)
        for one in survey(shipped.make(tmp_path, **spoilt))
        if one.check == "metadata"
    ]
    assert rows == [(severity, key, problem, fix)]


def test_a_title_of_other_letters_becomes_the_slug_kaggle_makes_of_it(tmp_path):
    project = shipped.make(tmp_path, title="L'été: toy  Kernel!", id="alice/lete-toy-kernel")
    assert found(project, "metadata") == []


def test_the_placeholder_owner_is_told_wherever_it_stands_and_is_no_error(tmp_path):
    project = shipped.ready(tmp_path, id="OWNER/toy-kernel", dataset_sources=["OWNER/toy-data"])
    assert told(project) == [
        (
            *("owner", "unready", "kernel-metadata.json: dataset_sources[0]"),
            "OWNER/toy-data: OWNER is a placeholder",
        ),
        ("owner", "unready", "kernel-metadata.json: id", "OWNER/toy-kernel: OWNER is a placeholder"),
    ]


def test_files_that_do_not_load_are_told_beside_what_else_can_be_checked(tmp_path):
    project = shipped.make(tmp_path, id="toy", enable_internet=True, configuration='driver = "/x/main.py"\n')
    shipped.commit(project)
    rows = {(one.check, one.place.partition(": ")[2], one.problem) for one in survey(project)}
    slug = '"toy" should be owner/slug, the slug of 5 or more letters, digits and hyphens'
    assert rows == {
        ("project", "id", slug),
        ("project", "tool.kernelwright.driver", "'/x/main.py' is outside the project"),
        ("metadata", "enable_internet", "on, but a competition's notebook is submitted without it"),
    }


def test_no_project_at_all_is_one_finding(tmp_path):
    assert next(one.problem for one in survey(tmp_path)) == "no such file"


def test_a_notebook_not_built_is_unready(tmp_path):
    project = shipped.make(tmp_path)
    assert [(one.severity, one.place, one.problem, one.fix) for one in found(project, "notebook")] == [
        ("unready", "build/toy.ipynb", "not built yet", "run `kernelwright build`")
    ]


def test_a_stale_notebook_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    with_module(project, "\nMORE = 1\n")
    assert [(one.severity, one.problem) for one in found(project, "notebook")] == [
        ("unready", "stale: the sources give another notebook")
    ]


def test_a_notebook_without_a_kernelspec_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    file = project / "build/toy.ipynb"
    notebook = json.loads(file.read_text())
    del notebook["metadata"]["kernelspec"]
    file.write_text(json.dumps(notebook))
    assert ("error", "no metadata.kernelspec.name, without which Kaggle cannot run a notebook") in [
        (one.severity, one.problem) for one in found(project, "notebook")
    ]


def test_a_notebook_that_is_no_json_or_too_big_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "build/toy.ipynb").write_text("{" + " " * 900_000)
    problems = [one.problem for one in found(project, "notebook") if one.severity == "error"]
    assert problems == [
        "900,001 bytes; Kaggle refuses more than 1 MB and we stop at 900,000",
        "not JSON: Expecting property name enclosed in double quotes: line 1 column 900002 (char 900001)",
    ]


def test_sources_too_big_for_a_notebook_are_an_error(tmp_path):
    project = shipped.make(tmp_path)
    (project / "toy/weights.bin").write_bytes(bytes(1_000_000))
    (one,) = found(project, "size")
    assert (one.severity, one.place) == ("error", "toy.ipynb")
    assert one.problem.endswith("Kaggle refuses more than 1 MB and we stop at 900,000. The largest files carried:")


INPUTS = {
    "a_literal_not_attached": (
        'open("/kaggle/input/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_literal_of_the_new_layout_not_attached": (
        'open("/kaggle/input/datasets/alice/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_literal_that_is_attached": (
        'open("/kaggle/input/toy-data/x.csv")',
        (
            "warning",
            "'/kaggle/input/toy-data/x.csv': Kaggle mounts sources in two layouts, and this path is of one",
        ),
    ),
    "a_relative_literal": (
        'open("../input/other-data/x.csv")',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_find_not_attached": (
        'inputs.find("bob/toy-data")',
        ("error", "'bob/toy-data' is not attached; attached: toy-competition, toy-data"),
    ),
    "a_find_by_a_constant": (
        'WHERE = "other-data"\ninputs.find(WHERE)',
        ("error", "'other-data' is not attached; attached: toy-competition, toy-data"),
    ),
}


@pytest.mark.parametrize("case", INPUTS)
def test_an_input_that_is_read_and_not_attached_is_told(tmp_path, case):
    code, expected = INPUTS[case]
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert [(one.severity, one.problem) for one in found(project, "inputs")] == [expected]


@pytest.mark.parametrize(
    "code",
    [
        'inputs.find("alice/toy-data")',
        'inputs.find("toy-data")',
        'open("/kaggle/input/other-data/x.csv")  # kernelwright: allow',
        'glob.glob("/kaggle/input/*/x.csv")',
        '"""Reads /kaggle/input/other-data/x.csv"""',
        "inputs.find(SETTINGS.slug)",
        'open("/kaggle/input")',
    ],
)
def test_an_input_that_is_attached_or_not_known_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_driver(project, code)
    assert found(project, "inputs") == []


def test_a_source_no_code_names_is_a_warning(tmp_path):
    project = shipped.make(tmp_path, model_sources=["google/delg/tensorFlow2/base/1"])
    (one,) = found(project, "inputs")
    assert (one.severity, one.place) == ("warning", "kernel-metadata.json: model_sources[0]")
    assert one.problem == "'google/delg/tensorFlow2/base/1' is attached, and no text of the code names it"


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
    "import keras\nkeras.utils.get_file('a', 'https://x.org/a')": "keras.utils.get_file()",
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


SECRETS = {
    'login("hf_' + "a" * 34 + '")': "a token of Hugging Face",
    'KEY = "AKIA' + "A1" * 8 + '"': "a key of AWS",
    'TOKEN = "ghp_' + "a1" * 18 + '"': "a token of GitHub",
    'KEY = "AIza' + "a1b2c" * 7 + '"': "a key of Google's",
    'auth = {"username": "me", "key": "' + "0a" * 16 + '"}': "a key of Kaggle's",
    'TOKEN = "KGAT_' + "0a" * 16 + '"': "a key of Kaggle's",
    'PEM = "-----BEGIN RSA PRIVATE KEY-----"': "a private key",
    'wandb_api_key = "0123456789abcdef0123456789abcdef01234567"': "a secret",
    'HOOK = "xoxb-0123456789-abcdef"': "a token of Slack",
    'KEY = "sk-proj-0123456789abcdefghij"': "a key of OpenAI or Anthropic",
}


@pytest.mark.parametrize("code", SECRETS)
def test_a_secret_in_the_sources_is_an_error_that_does_not_repeat_it(tmp_path, code):
    project = shipped.make(tmp_path)
    with_module(project, f"\n{code}\n")
    (one,) = found(project, "secret")
    assert (one.severity, one.place) == ("error", "toy/__init__.py:12")
    assert one.problem == f"looks like {SECRETS[code]}, which everybody who sees the notebook could read"


def test_a_secret_in_the_driver_and_in_a_data_file_is_told(tmp_path):
    project = shipped.make(tmp_path)
    secret = 'TOKEN = "ghp_' + "a1" * 18 + '"'
    with_driver(project, secret)
    (project / "toy/.env").write_text(secret)
    assert [one.place for one in found(project, "secret")] == ["driver, cell 4:1", "toy/.env:1"]


@pytest.mark.parametrize(
    "code",
    [
        'secret = UserSecretsClient().get_secret("wandb_api_key")',
        'password = "changeme"',
        'PASSWORD_PATTERN = "[a-z]{3} and more words 12"',
        'token = "</s>"',
        'TOKEN = "ghp_' + "a1" * 18 + '"  # kernelwright: allow',
    ],
)
def test_what_only_sounds_like_a_secret_is_no_finding(tmp_path, code):
    project = shipped.make(tmp_path)
    with_module(project, f"\n{code}\n")
    assert found(project, "secret") == []


WITH_WHEELS = shipped.CONFIGURATION + 'wheels = "tiny.in"\nwheels_dataset = "toy-wheels"\n'
WHEEL = "tiny-1.0-py3-none-any.whl"


@pytest.fixture
def wheeled(tmp_path):
    """A ready project with one locked wheel, of which only name and digest matter here."""
    sources = ["alice/toy-data", "alice/toy-wheels"]
    project = shipped.make(tmp_path, configuration=WITH_WHEELS, dataset_sources=sources)
    (project / "tiny.in").write_text("tiny==1.0\n")
    (slot,) = locks.slots(load_project(project))
    wheels = {WHEEL: hashlib.sha256(b"a wheel").hexdigest()}
    tiny = lock.Distribution(name="tiny", version="1.0", wheels=wheels)
    locked = lock.Lock(format=lock.FORMAT, image=slot.image.name, inputs=slot.inputs, distribution=(tiny,))
    slot.file.write_bytes(lock.write(locked))
    (project / "build/wheels").mkdir(parents=True)
    (project / "build/wheels" / WHEEL).write_bytes(b"a wheel")
    shipped.build(project)
    shipped.rehearse(project)
    shipped.commit(project)
    return project


def test_wheels_that_are_locked_and_fit_are_no_finding(wheeled):
    assert told(wheeled) == []


def test_wheels_not_made_yet_are_unready(wheeled):
    (wheeled / "build/wheels" / WHEEL).unlink()
    assert told(wheeled) == [("wheels", "unready", "build/wheels", "no wheels were made yet")]


def test_a_wheel_that_is_altered_or_not_locked_is_an_error(wheeled):
    (wheeled / "build/wheels" / WHEEL).write_bytes(b"another")
    (wheeled / "build/wheels/more-1.0-py3-none-any.whl").write_bytes(b"more")
    assert told(wheeled) == [
        ("wheels", "error", "build/wheels/more-1.0-py3-none-any.whl", "no lock names it"),
        ("wheels", "error", f"build/wheels/{WHEEL}", "altered: its sha256 is not the lock's"),
    ]


def test_an_image_none_of_the_wheels_fits_is_unready(wheeled):
    other = "more-1.0-cp27-cp27m-win32.whl"
    (wheeled / "build/wheels" / WHEEL).rename(wheeled / "build/wheels" / other)
    assert ("unready", "tiny 1.0: no wheel here fits 2026-08, Python 3.12") in [
        (one.severity, one.problem) for one in found(wheeled, "wheels")
    ]


def test_a_lock_that_is_stale_is_an_error(wheeled):
    (wheeled / "tiny.in").write_text("tiny==1.0\nmore\n")
    assert [one.severity for one in found(wheeled, "build")] == ["error"]


def test_wheels_that_are_not_attached_are_an_error(tmp_path):
    project = shipped.make(tmp_path, configuration=WITH_WHEELS)
    (project / "tiny.in").write_text("tiny==1.0\n")
    assert [(one.severity, one.problem) for one in found(project, "project")] == [
        ("error", "'alice/toy-wheels' is missing, which carries the wheels")
    ]


def test_a_rehearsal_that_is_missing_is_unready(tmp_path):
    project = shipped.make(tmp_path)
    assert [(one.severity, one.problem) for one in found(project, "rehearsal")] == [
        ("unready", "this notebook was not rehearsed")
    ]


def test_a_rehearsal_of_other_bytes_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    with_module(project, "\nMORE = 1\n")
    shipped.build(project)
    assert [(one.severity, one.problem) for one in found(project, "rehearsal")] == [
        ("unready", "stale: another notebook was rehearsed")
    ]


def test_a_rehearsal_of_one_phase_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    shipped.rehearse(project, phases=("commit",))
    assert [(one.severity, one.problem) for one in found(project, "rehearsal")] == [
        ("unready", "the rerun phase was not rehearsed")
    ]


def test_a_rehearsal_of_these_bytes_that_failed_is_an_error(tmp_path):
    project = shipped.ready(tmp_path)
    shipped.rehearse(project, verdict="Notebook Timeout", phases=("rerun", "commit"))
    assert [(one.severity, one.problem) for one in found(project, "rehearsal")] == [
        ("error", "rerun, new mounts: Notebook Timeout: as told"),
        ("error", "commit, new mounts: Notebook Timeout: as told"),
    ]


def test_a_report_that_is_none_is_unready(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "build/rehearsal/report.json").write_text("[]")
    assert [one.problem for one in found(project, "rehearsal")] == ["not a report of a rehearsal"]


def test_uncommitted_changes_are_a_warning_but_not_what_a_push_records(tmp_path):
    project = shipped.ready(tmp_path)
    (project / "pushes.jsonl").write_text("{}\n")
    (project / ".kernelwright").mkdir()
    (project / ".kernelwright/x").write_text("")
    assert told(project) == []
    (project / "notes.txt").write_text("")
    assert told(project) == [("git", "warning", "git", "1 uncommitted: notes.txt")]


def test_without_git_nothing_is_said_of_it(tmp_path):
    assert found(shipped.make(tmp_path), "git") == []


def run(*arguments):
    return CliRunner().invoke(app, ["check", "--project", *map(str, arguments)])


def test_the_command_succeeds_on_a_ready_project(tmp_path):
    result = run(shipped.ready(tmp_path), "--push")
    assert (result.exit_code, result.stdout) == (0, "nothing to mend: ready to push\n")


def test_what_is_unready_fails_only_the_check_a_push_makes(tmp_path):
    project = shipped.make(tmp_path)
    assert run(project).exit_code == 0
    assert run(project, "--push").exit_code == 1
    assert run(project).stdout.splitlines()[-1] == "2 unready: not ready to push"


def test_an_error_fails_the_command_and_the_table_shows_severity_place_and_fix(tmp_path):
    result = run(shipped.ready(tmp_path, is_private=False, enable_internet=None))
    assert result.exit_code == 1
    lines = [line.rstrip() for line in result.stdout.splitlines()]
    assert lines == [
        "severity  place                                  problem, and its fix",
        "error     kernel-metadata.json: enable_internet  missing, and Kaggle's client then turns the internet on",
        '                                                 write "enable_internet": false',
        "warning   kernel-metadata.json: is_private       the notebook will be public, for everybody to read",
        '                                                 write "is_private": true, unless that is meant',
        "1 error, 1 warning: not ready to push",
    ]


def test_the_answer_in_json_holds_every_finding(tmp_path):
    project = shipped.ready(tmp_path, is_private=False)
    assert json.loads(run(project, "--json").stdout) == {
        "ready": True,
        "findings": [
            {
                "check": "metadata",
                "severity": "warning",
                "place": "kernel-metadata.json: is_private",
                "problem": "the notebook will be public, for everybody to read",
                "fix": 'write "is_private": true, unless that is meant',
            }
        ],
    }
