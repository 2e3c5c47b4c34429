import pytest

from tests.packager.check.code.projects import found, of_code, write

NEEDS = "needs the network, and enable_internet is off"
CALLS = {
    "import requests\nrequests.get('https://a.example.org')": "requests.get(url='https://a.example.org')",
    "from requests import get\nget('https://a.example.org')": "requests.get(url='https://a.example.org')",
    "import pandas as pd\n"
    "pd.read_csv('https://a.example.org/x.csv')": "pandas.read_csv(url='https://a.example.org/x.csv')",
    "import timm\ntimm.create_model('x', True)": "timm.create_model(pretrained=True)",
    "import timm\nclass CFG:\n    p = True\n"
    "timm.create_model('x', pretrained=CFG.p)": "timm.create_model(pretrained=True)",
    "import timm\nK = {'pretrained': True}\ntimm.create_model('x', **K)": "timm.create_model(pretrained=True)",
    "import timm\ndef make(p=True):\n    timm.create_model('x', pretrained=p)\n"
    "make()": "timm.create_model(pretrained=True)",
    "from keras.applications import VGG16\nVGG16()": "keras.applications.VGG16(weights is 'imagenet' by default)",
    "from tensorflow import keras\n"
    "keras.applications.VGG16(weights='imagenet')": "keras.applications.VGG16(weights='imagenet')",
    "from torchvision import models\n"
    "models.resnet18(weights='DEFAULT')": "torchvision.models.resnet18(weights='DEFAULT')",
    "from torchvision.models import ResNet18_Weights as W, resnet18\nresnet18(weights=W.DEFAULT)": (
        "torchvision.models.resnet18(weights='torchvision.models.ResNet18_Weights.DEFAULT')"
    ),
    "import torch\nget = torch.hub.load\nget('a/b', 'c')": "torch.hub.load(repo_or_dir='a/b')",
    "from transformers import AutoModel\nNAME = 'studio/net'\nAutoModel.from_pretrained(NAME)": (
        "transformers.AutoModel.from_pretrained(pretrained_model_name_or_path='studio/net')"
    ),
    "from fastai.vision.all import *\nvision_learner(1, 2)": "vision.all.vision_learner(pretrained is True by default)",
    "import wandb\nwandb.init(project='x')": "wandb.init(…)",
    "from kaggle.api.kaggle_api_extended import KaggleApi\nKaggleApi()": "api.kaggle_api_extended.KaggleApi()",
}


@pytest.mark.parametrize("code", CALLS)
def test_a_call_that_gets_something_is_an_error(tmp_path, code):
    assert [one[3] for one in of_code(write(tmp_path, code)) if one[0] == "KW501"] == [f"{CALLS[code]} {NEEDS}"]


AT_HOME = [
    "import requests\nrequests.get('http://localhost:8000/v1')",
    "import requests\nfrom os import environ\nrequests.get(environ['URL'])",
    "import timm\ntimm.create_model('x', pretrained=False)",
    "import timm\ntimm.create_model('x', pretrained=True, checkpoint_path='/kaggle/working/a.pth')",
    "import timm\ndef make(p=True):\n    timm.create_model('x', pretrained=p)\nmake(p=False)",
    (
        "import timm\nclass CFG:\n    p: bool = True\ndef make(cfg):\n"
        "    timm.create_model('x', pretrained=cfg.p)\nmake(CFG(p=False))"
    ),
    "import keras\nkeras.applications.VGG16(weights=None)",
    "import torch\ntorch.hub.load('/kaggle/working/repo', 'x', source='local')",
    "from transformers import AutoModel\nAutoModel.from_pretrained('/kaggle/working/net')",
    "from transformers import AutoModel\nAutoModel.from_pretrained('studio/net', local_files_only=True)",
    (
        "import shutil\nfrom transformers import AutoModel\nshutil.copytree('/tmp/a', 'net')\n"
        "AutoModel.from_pretrained('net')"
    ),
    "import os\nimport wandb\nos.environ['WANDB_MODE'] = 'disabled'\nwandb.init()",
    "import wandb\nwandb.init(mode='disabled')",
    "!cp -r /tmp/nets ~/.cache/torch\nimport timm\ntimm.create_model('x', pretrained=True)",
    "import nltk\nprint('nltk.download')",
]


@pytest.mark.parametrize("code", AT_HOME)
def test_a_call_that_stays_here_or_that_only_the_run_knows_is_no_error(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW5" in one] == []


COMMANDS = {
    "!wget https://a.example.org/x.zip": "KW502 error main.py:2",
    "!git clone https://a.example.org/x.git": "KW502 error main.py:2",
    "import os\nos.system('curl https://a.example.org')": "KW502 error main.py:3",
    "%%bash\ncd /tmp\nwget https://a.example.org": "KW502 error main.py:4",
    "!pip install -q audiomentations": "KW503 error main.py:2",
    "%pip install audiomentations": "KW503 error main.py:2",
    "!pip install -U timm": "KW503 error main.py:2",
    "!pip install timm==0.0.1": "KW503 error main.py:2",
    "!pip install -r requirements.txt": "KW503 error main.py:2",
    "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-m', 'pip', 'install', 'audiomentations'])": "KW503 error main.py:3",
    "!bash -c 'pip install audiomentations'": "KW503 error main.py:2",
    "!pip install /kaggle/input/reef-nets/a-1-py3-none-any.whl": "KW504 warning main.py:2",
}


@pytest.mark.parametrize("code", COMMANDS)
def test_a_command_that_needs_the_network_is_found(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW5" in one] == [COMMANDS[code]]


LOCAL_COMMANDS = [
    "!pip install --no-index --find-links /kaggle/input/reef-nets audiomentations",
    "!pip install timm",
    "!pip list",
    "!pip install --no-deps $(ls /kaggle/input/reef-nets/*.whl)",
    "%env PIP_NO_INDEX=1\n!pip install audiomentations",
    "!git clone /kaggle/input/reef-nets/x.git",
    "!curl http://localhost:8000",
    "!echo wget https://a.example.org",
    "# !wget https://a.example.org",
]


@pytest.mark.parametrize("code", LOCAL_COMMANDS)
def test_a_command_that_stays_here_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW5" in one] == []


def test_a_kernel_with_internet_has_no_finding_of_the_network(tmp_path):
    code = "import nltk\nnltk.download('x')\n!wget https://a.example.org\n!pip install audiomentations"
    assert found(tmp_path, code, enable_internet=True) == []


def test_what_may_be_secret_in_a_command_is_not_repeated(tmp_path):
    (finding,) = of_code(write(tmp_path, f"!huggingface-cli login --token hf_{'a1' * 17}"))
    assert finding[3] == f"huggingface-cli login --token … {NEEDS}"
