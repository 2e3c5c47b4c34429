import pytest

from kernelwright.check.run import run_checks
from tests.packager.check.code.projects import found, of_code, write

FOUND = {
    "open('/kaggle/input/eels/a.csv')": ["KW601 error main.py:2"],
    "open('/kaggle/input/datasets/alice/eels/a.csv')": ["KW601 error main.py:2"],
    "open('/kaggle/input/datasets/bob/reef-nets/a.csv')": ["KW601 error main.py:2"],
    "from pathlib import Path\nROOT = Path('../input')\n(ROOT / 'eels' / 'a.csv').read_text()": [
        "KW601 error main.py:4"
    ],
    "import os\nimport pandas as pd\npd.read_csv(os.path.join('/kaggle/input', 'eels', 'a.csv'))": [
        "KW601 error main.py:4"
    ],
    "name = 'a'\nopen(f'/kaggle/input/eels/{name}.csv')": ["KW601 error main.py:3"],
    "!unzip /kaggle/input/eels/a.zip": ["KW601 error main.py:2"],
    "FOLDS = '/kaggle/input/eels/folds.csv'": ["KW601 warning main.py:2"],
    "import os\nP = '/kaggle/input/eels/a.csv'\nif os.path.exists(P):\n    open(P)": ["KW601 warning main.py:5"],
    "from kernelwright.runtime import inputs\ninputs.find('eels')": ["KW601 error main.py:3"],
    "open('/kaggle/input/reef-nets/a.csv')": ["KW602 warning main.py:2"],
    "open('/home/dev/a.csv')": ["KW603 error main.py:2"],
    "ROOT = '/home/dev'\nopen(f'{ROOT}/a.csv')": ["KW603 error main.py:3", "KW603 warning main.py:2"],
    "open('/workspace/a.csv')": ["KW603 error main.py:2"],
    "DATA = '/Users/dev/data'": ["KW603 warning main.py:2"],
    r"DATA = 'C:\\data\\a.csv'": ["KW603 warning main.py:2"],
    "open('a.yaml')\n### a.yaml\nx: 1": ["KW604 error main.py:2"],
    "open('a.yaml')": ["KW604 warning main.py:2"],
    "from pathlib import Path\nopen(Path(__file__).parent / 'a.yaml')\n### a.yaml\nx: 1": ["KW604 error main.py:3"],
    "!python tools/run.py\n### tools/run.py\nprint()": ["KW604 error main.py:2"],
    "open('log.txt', 'w')\nopen('w/a.yaml')\n### w/a.yaml\nx: 1": ["KW604 error main.py:3"],
    "open(file='log.txt', mode='w')\nopen('w/a.yaml')\n### w/a.yaml\nx: 1": ["KW604 error main.py:3"],
    "from pathlib import Path\nPath('log.txt').open('w')\nPath('log.txt').write_text('w')\nopen('w/a.yaml')\n"
    "### w/a.yaml\nx: 1": ["KW604 error main.py:5"],
    "class Fish:\n    @staticmethod\n    def load(path, other):\n        open(path)\n\n"
    "Fish.load('a.yaml', '/tmp/b')\n### a.yaml\nx: 1": ["KW604 error main.py:5"],
    "from torchvision.io import ImageReadMode, read_image\nread_image('/home/dev/a.png', mode=ImageReadMode.RGB)": [
        "KW603 error main.py:3"
    ],
    "read = lambda file=open('/home/dev/a.csv'): file": ["KW603 error main.py:2"],
    "print()\n### fish/a.yaml\ndata: /home/dev/data": ["KW605 warning fish/a.yaml:1"],
    'print()\n### fish/a.json\n{"a": "/kaggle/input/eels/x"}': ["KW605 warning fish/a.json:1"],
}


@pytest.mark.parametrize("code", FOUND)
def test_a_path_that_leads_nowhere_on_kaggle_is_found(tmp_path, code):
    findings = [one for one in found(tmp_path, code) if "KW6" in one]
    assert sorted(findings) == sorted(FOUND[code])


NOT_FOUND = [
    "import logging\nlogging.info('read /kaggle/input/eels')\nprint('see /kaggle/input/eels')",
    "print(len([path for path in ['/home/dev/a.csv']]))",
    "raise ValueError('attach /kaggle/input/eels, or /home/dev/a')",
    '"""Made from /kaggle/input/eels/a.csv."""',
    "import os\nopen(os.path.join('/kaggle/input', os.environ['SLUG'], 'a.csv'))",
    "from glob import glob\nglob('/kaggle/input/*/a.csv')",
    "from kernelwright.runtime import inputs\ninputs.find('reef-nets')\ninputs.find('alice/reef-nets')",
    "import numpy as np\nnp.save('a.npy', [1])\nnp.load('a.npy')",
    "import os\nos.makedirs('cache')\nopen('cache/a.csv')",
    "!cp /tmp/a.yaml .\n!mv a.yaml b.yaml\nopen('b.yaml')\n### b.yaml\nx: 1",
    "%cd /tmp\nopen('a.yaml')\n### a.yaml\nx: 1",
    "with open('a.yaml', 'w') as file:\n    file.write('x')\nopen('a.yaml')\n### a.yaml\nx: 1",
    (
        "import fish.nets\n### fish/nets.py\nfrom pathlib import Path\n"
        "Path(__file__).with_name('a.yaml').read_text()\n### fish/a.yaml\nx: 1"
    ),
    "import os\nDATA = os.environ.get('DATA', '/home/dev/data')",
    "open('/tmp/a')\nopen('/etc/hostname')\nopen('/kaggle/working/a', 'w')",
    "open('/home/dev/a.csv')  # kernelwright: allow",
    "path = 'a.yaml'\ndef load(*path):\n    open(path)\nload('/tmp/b')\n### a.yaml\nx: 1",
    "path = 'a.yaml'\nmatch ['/tmp/b']:\n    case [path]:\n        open(path)\n### a.yaml\nx: 1",
    "path = 'a.yaml'\ntry:\n    print()\nexcept OSError as path:\n    open(path)\n### a.yaml\nx: 1",
]


@pytest.mark.parametrize("code", NOT_FOUND)
def test_a_path_that_is_said_made_attached_or_unknown_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW6" in one] == []


def test_the_message_says_where_the_file_is_carried(tmp_path):
    (finding,) = of_code(write(tmp_path, "open('a.yaml')\n### fish/a.yaml\nx: 1"))
    assert finding[3] == "opens 'a.yaml' in the working folder, where it is not: it is carried as 'fish/a.yaml'"


def test_an_attached_source_that_no_text_names_is_a_warning(tmp_path):
    folder = write(tmp_path, "print()")
    findings = [(one.code, one.severity.value, one.location) for one in run_checks(folder) if one.code == "KW606"]
    assert findings == [("KW606", "warning", "kernel-metadata.json: dataset_sources[0]")]
