import pytest

from tests.packager.check.code.projects import found, of_code, write

PARSER = "import argparse\np = argparse.ArgumentParser()\n"
FOUND = {
    f"{PARSER}p.add_argument('config')\np.parse_args()": "KW701 error main.py:4",
    f"{PARSER}p.add_argument('--config', required=True)\np.parse_args()": "KW701 error main.py:4",
    "import sys\nprint(sys.argv[1])": "KW701 error main.py:3",
    "import asyncio\nasync def f():\n    pass\nasyncio.run(f())": "KW702 error main.py:5",
    "import fish\n### fish/__init__.py\nimport asyncio\nasyncio.run(print())": "KW702 warning fish/__init__.py:2",
    "from hydra import main\n@main(config_path='conf')\ndef f(cfg):\n    pass": "KW703 warning main.py:3",
    "import sys\nsys.exit()": "KW704 warning main.py:3",
    "!pip install --no-index /kaggle/input/reef-nets/faiss-1-cp39-cp39-linux_x86_64.whl": "KW705 error main.py:2",
    "print()\n### fish/a.cpython-39-x86_64-linux-gnu.so\n": "KW706 warning fish/a.cpython-39-x86_64-linux-gnu.so",
}


@pytest.mark.parametrize("code", FOUND)
def test_what_a_notebook_cannot_run_is_found(tmp_path, code):
    findings = [one for one in found(tmp_path, code) if "KW7" in one]
    assert findings == [FOUND[code]]


NOT_FOUND = [
    f"{PARSER}p.add_argument('config', nargs='?')\np.add_argument('--seed')\np.parse_args()",
    f"{PARSER}p.add_argument('config')\np.parse_args(['a.yaml'])",
    f"import sys\nsys.argv = ['a', 'b']\n{PARSER}p.add_argument('config')\np.parse_args()",
    "import sys\nsys.argv = ['a', 'b']\nprint(sys.argv[1])",
    "import asyncio, nest_asyncio\nnest_asyncio.apply()\nasyncio.run(print())",
    "!pip install --no-index /kaggle/input/reef-nets/faiss-1-py3-none-any.whl",
]


@pytest.mark.parametrize("code", NOT_FOUND)
def test_what_a_notebook_can_run_is_no_finding(tmp_path, code):
    assert [one for one in found(tmp_path, code) if "KW7" in one] == []


def test_a_command_that_jupytext_commented_out_is_a_warning(tmp_path):
    folder = write(tmp_path, "print()\n# !pip install eels")
    file = folder / "main.py"
    file.write_text(f"# ---\n# jupyter:\n#   jupytext:\n#     formats: py:percent\n# ---\n\n{file.read_text()}")
    assert of_code(folder) == [
        ("KW707", "warning", "main.py:9", "!pip install eels is a comment here, and does not run")
    ]
