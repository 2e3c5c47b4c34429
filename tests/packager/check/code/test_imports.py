import pytest

from kernelwright.check.run import run_checks
from tests.packager.check.code.projects import found, of_code, write

MISSING = {
    "import audiomentations": (
        "KW401",
        "main.py:2",
        "imports 'audiomentations', which neither Kaggle's image nor wheels nor sources provide",
    ),
    "import fish.nets\n### fish/nets.py\nimport hydra.utils": (
        "KW401",
        "fish/nets.py:1",
        "imports 'hydra', which neither Kaggle's image nor wheels nor sources provide",
    ),
    "import nets\n### fish/nets.py\n": (
        "KW402",
        "main.py:2",
        "imports 'nets', which is carried as 'fish.nets' and found under that name alone",
    ),
    "import fish.eels\n### fish/nets.py\n": (
        "KW402",
        "main.py:2",
        "imports 'fish.eels', and nothing carried has that name",
    ),
    "import sys\nsys.path.insert(0, 'lib')\nimport eels\n### lib/eels.py\n": (
        "KW403",
        "main.py:4",
        "imports 'eels', which works in place: lib/eels.py is not carried",
    ),
}


@pytest.mark.parametrize("code", MISSING)
def test_an_import_of_what_is_not_there_is_an_error(tmp_path, code):
    number, place, message = MISSING[code]
    assert of_code(write(tmp_path, code)) == [(number, "error", place, message)]


THERE = [
    "import bs4, cv2, jwt, yaml, git\nfrom PIL import Image\nfrom sklearn.svm import SVC",
    "import google.protobuf, kaggle_secrets, distutils",
    "import fish.nets\nfrom fish import nets\n### fish/nets.py\nfrom . import low\n### fish/low.py\n",
    "from kernelwright.runtime import inputs",
    "try:\n    import audiomentations\nexcept ImportError:\n    pass",
    "!pip install --no-index --find-links /kaggle/input/reef-nets audiomentations\nimport audiomentations",
    "!pip install --no-index /kaggle/input/reef-nets/*.whl\nimport audiomentations",
    "import sys\nsys.path.append('/kaggle/input/reef-nets/src')\nimport eels  # kernelwright: allow",
    "from kernelwright.runtime import inputs\nimport sys\nsys.path.append(str(inputs.find('reef-nets')))\nimport eels",
    "import sys, os\nsys.path.append(os.path.join(os.path.dirname(__file__), 'fish'))\nimport nets\n### fish/nets.py\n",
    "import torch.nn.functional",
    "!cp /kaggle/input/reef-nets/*.py .\nimport eels",
    "import janestreet",
    "import sys\n# %%\n%%writefile eels.py\nx = 1\n# %%\nimport eels",
]


@pytest.mark.parametrize("code", THERE)
def test_what_is_there_or_may_be_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW4" in one] == []


def test_a_module_written_into_a_folder_that_is_not_on_the_path_is_missing(tmp_path):
    written = "# %%\n%%writefile low/eels.py\nx = 1\n# %%\nimport eels"
    assert found(tmp_path, written) == ["KW401 error main.py:6"]


def test_a_folder_that_a_command_names_may_bring_what_is_imported_from_it(tmp_path):
    code = "import sys\n!curl -o {}/eels.py https://example.org/eels.py\nsys.path.append('low')\nimport eels"
    assert found(tmp_path, code.format("low"), enable_internet=True) == []
    assert found(tmp_path, code.format("other"), enable_internet=True) == ["KW401 error main.py:5"]


def test_an_import_that_may_not_run_is_a_warning(tmp_path):
    code = "def train():\n    import audiomentations\n### fish/fit.py\nimport audiomentations"
    assert found(tmp_path, code) == ["KW401 warning fish/fit.py:1", "KW401 warning main.py:3"]


def test_the_fix_names_the_distribution(tmp_path):
    write(tmp_path, "import hydra")
    fixes = [one.fix for one in run_checks(tmp_path) if one.code == "KW401"]
    assert fixes == [
        "add hydra-core to wheels/requirements.in and run kernelwright wheels, "
        "or end the line with  # kernelwright: allow"
    ]


def test_pip_provides_what_it_installs_where_there_is_internet(tmp_path):
    assert found(tmp_path, "!pip install audiomentations\nimport audiomentations", enable_internet=True) == []


def test_a_utility_script_that_is_attached_is_provided(tmp_path):
    assert found(tmp_path, "import eel_tools", kernel_sources=["alice/eel-tools"]) == []
